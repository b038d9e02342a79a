"""The verb `isomorphism`: levels, years, nulls, the matrix and the explanation."""

from __future__ import annotations

import re

import numpy as np
import polars as pl
import pytest

import xinzhi
from xinzhi.core.errors import InputError, UsageError
from xinzhi.pathways import isomorphism
from xinzhi.pathways.plans.similarity import cosine


@pytest.fixture(scope="module")
def package():
    return xinzhi.load("china-provinces")


@pytest.fixture(scope="module")
def found(package):
    return isomorphism(package, years=[2005, 2016], draws=40)


def test_the_coarser_the_level_the_more_alike(found):
    rows = found.years.filter(pl.col("year") == 2016)
    assert rows["level"].to_list() == ["section", "group", "2-digit"]
    assert rows["mean_cosine"].is_sorted(descending=True)
    assert rows["activities"].to_list() == [3, 10, 38]


def test_pairs_equal_the_measure_on_the_table_itself(found, package):
    table = package.tables["activity"].filter(pl.col("year") == 2016)
    wide = table.pivot(on="industry", index="region", values="employment").fill_null(0).sort("region")
    alike = cosine(wide.drop("region").to_numpy())
    pair = found.frame.filter(
        pl.col("level") == "2-digit", pl.col("year") == 2016, pl.col("region") == "110000", pl.col("other") == "310000"
    )
    one, other = (wide["region"].to_list().index(code) for code in ("110000", "310000"))
    assert pair["cosine"].item() == pytest.approx(alike[one, other], abs=1e-12)


def test_structures_became_less_alike_and_the_summary_says_so(found):
    means = found.years.filter(pl.col("level") == "2-digit").sort("year")["mean_cosine"].to_list()
    assert means[0] > means[1]
    assert "Mean similarity went from 0.62 in 2005 to 0.59 in 2016" in found.summary("en")
    assert "由2005年的0.62变为2016年的0.59" in found.summary("zh")


def test_no_null_is_drawn_among_three_sections(found):
    rows = found.years.filter(pl.col("level") == "section")
    assert rows["expected"].null_count() == 2
    assert found.frame.filter(pl.col("level") == "section")["p_more"].null_count() == 930


def test_sampling_alone_would_make_all_alike(package):
    rows = isomorphism(package, years=[2016], levels=["2-digit"], null="sampled", draws=20, plans=False).years
    assert rows["expected"].item() > 0.99
    assert rows["p_more"].item() == 1.0


@pytest.mark.parametrize("subject", ["structure", "choice"])
def test_the_matrix_is_symmetric_and_puts_neighbours_side_by_side(found, subject):
    frame = found.matrix(subject)
    wide = np.zeros((31, 31))
    wide[frame["row"].to_numpy(), frame["column"].to_numpy()] = frame["similarity"].to_numpy()
    assert np.abs(wide - wide.T).max() < 1e-12
    assert np.abs(np.diagonal(wide) - 1).max() < 1e-12
    apart = np.random.default_rng(0).permutation(31)
    assert np.diagonal(wide, 1).mean() > np.diagonal(wide[np.ix_(apart, apart)], 1).mean()


def test_explain_names_the_nearest_and_what_differs(found):
    why = found.explain("吉林")
    assert why.peers.height == 30
    assert why.peers["cosine"].is_sorted(descending=True)
    assert why.activities["activity"][0] == "36"
    assert "Automobiles" in why.text("en")
    assert "汽车制造业" in why.text("zh")


def test_activities_add_up(found):
    rows = found.activities.filter(pl.col("level") == "2-digit", pl.col("year") == 2016)
    assert rows["share"].sum() == pytest.approx(1.0, abs=1e-12)
    assert rows["gini"].is_between(0, 1).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"years": [1999]}, "no year 1999"),
        ({"levels": ["4-digit"]}, "no level '4-digit'"),
        ({"null": "uniform"}, "null 'uniform'"),
        ({"draws": 0}, "0 draws"),
    ],
)
def test_bad_calls_are_named(package, options, message):
    with pytest.raises(UsageError, match=re.escape(message)):
        isomorphism(package, **options)


def test_bad_questions_of_the_result_are_named(found):
    for ask, message in (
        (lambda: found.matrix("money"), "subject 'money'"),
        (lambda: found.matrix(year=1999), "2-digit/1999"),
        (lambda: found.matrix("choice", year=1999), "no year with lists '1999'"),
        (lambda: found.explain("Atlantis"), "Atlantis"),
        (lambda: found.explain("Jilin", 1999), "no year '1999'"),
    ):
        with pytest.raises(UsageError, match=message):
            ask()


def test_a_region_with_nothing_is_left_out_and_named(package):
    activity = package.tables["activity"].filter(pl.col("year") == 2016)
    empty = activity.with_columns(employment=pl.when(pl.col("region") == "540000").then(0.0).otherwise("employment"))
    result = isomorphism({"activity": empty}, draws=5)
    assert len(result.places[2016]) == 30
    assert "empty-place" in [one.rule for one in result.findings]


def test_a_package_without_activity_says_so(package):
    with pytest.raises(InputError, match="needs the table 'activity'"):
        isomorphism({"accounts": package.tables["accounts"]})

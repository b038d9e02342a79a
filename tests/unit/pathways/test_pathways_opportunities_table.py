"""Opportunities of places: quadrants, exact gain, endowments that do not see the place they judge, and refusals."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import xinzhi
from xinzhi.core.errors import InputError, UsageError
from xinzhi.pathways import complexity, opportunities
from xinzhi.pathways.entry.opportunities import estimated_fit, given_fit, read_factors


@pytest.fixture(scope="module")
def tables():
    return xinzhi.load("china-provinces").tables


@pytest.fixture(scope="module")
def jobs(tables):
    return tables["activity"].filter(pl.col("year") == 2016)


@pytest.fixture(scope="module")
def accounts(tables):
    return tables["accounts"].filter(pl.col("year") == 2016)


@pytest.fixture(scope="module")
def measured(jobs, accounts):
    anchor = dict(accounts.select("region", pl.col("output_nominal") / pl.col("population")).rows())
    return complexity(jobs, place="region", activity="industry", value="employment", anchor=anchor)


@pytest.fixture(scope="module")
def endowments(tables, accounts):
    indicators = tables["indicators"].filter(pl.col("year") == 2016)
    wide = indicators.pivot(on="indicator", index="region", values="value")
    both = accounts.select("region", "schooling", "population", "output_nominal").join(wide, on="region")
    return both.select(
        "region",
        "schooling",
        energy=pl.col("energy_consumption") / pl.col("output_nominal"),
        science=pl.col("rd_expenditure") / pl.col("output_nominal"),
    )


@pytest.fixture(scope="module")
def table(measured, endowments):
    return opportunities(measured, endowments=endowments, emerging=["39", "27", "40"])


def test_every_absent_cell_is_there_once_and_no_present_one(measured, table):
    assert table.frame.height == int((~measured.present).sum())
    assert (table.frame["advantage"] < 1).all()
    assert table.frame.select("place", "activity").is_unique().all()


def test_numbers_are_those_of_complexity(measured, table):
    both = table.frame.join(measured.cells, on=["place", "activity"], suffix="_cells")
    assert both["density"].to_list() == both["density_cells"].to_list()
    assert both["gain"].to_list() == both["gain_cells"].to_list()


def test_quadrants_are_parted_at_the_medians(table):
    near, worth = table.medians
    for row in table.frame.sample(50, seed=1).rows(named=True):
        expected = ("near" if row["density"] >= near else "far") + (
            "-complex" if row["complexity"] >= worth else "-simple"
        )
        assert row["quadrant"] == expected
    assert table.frame["quadrant"].n_unique() == 4


def test_emerging_activities_are_flagged(table):
    assert set(table.frame.filter("emerging")["activity"]) == {"27", "39", "40"}


def test_percentiles_are_within_the_place(table):
    top = table.frame.drop_nulls("fit").group_by("place").agg(pl.col("density_rank").max(), pl.col("fit_rank").max())
    assert top["density_rank"].min() > 0.9
    assert top["fit_rank"].to_list() == pytest.approx([1.0] * top.height)


def test_with_few_regions_the_endowments_say_how_little_they_foretell(table):
    explained = table.endowment_fit.explained
    assert -0.1 < explained < 0.5
    assert table.endowment_fit.fit.shape == (31, 38)


def test_parts_of_the_explanation_sum_to_the_fit(table):
    row = table.frame.drop_nulls("fit").sort("fit").row(-1, named=True)
    parts = table.explain(row["place"], row["activity"])
    endowed = parts.filter(pl.col("kind") == "endowment")
    assert endowed["contribution"].sum() == pytest.approx(row["fit"], abs=1e-12)
    assert set(endowed["name"]) == {"schooling", "energy", "science"}
    related = parts.filter(pl.col("kind") == "related")
    assert related["contribution"].sum() <= row["density"] + 1e-12
    assert (related.filter(~pl.col("there"))["contribution"] == 0).all()
    assert parts.filter(pl.col("kind") == "gain")["contribution"].item() == pytest.approx(row["gain"])


def test_the_best_are_near_and_complex_and_explained_without_naming_an_activity(table):
    place = table.frame.filter(pl.col("quadrant") == "near-complex")["place"][0]
    best = table.best(place, 5)
    assert (best["quadrant"] == "near-complex").all()
    assert best["gain"].is_sorted(descending=True)
    assert table.explain(place)["activity"].unique().to_list() == [best["activity"][0]]
    assert "近而复杂" in table.summary("zh")
    assert "near and complex" in table.summary()


def test_a_place_without_an_endowment_is_named_and_has_no_fit(table):
    missing = [finding for finding in table.findings if finding.rule == "no-endowments"]
    assert [finding.key for finding in missing] == ["540000"]  # no energy balance of Tibet is published
    assert "energy" in missing[0].message.en
    assert table.frame.filter(pl.col("place") == "540000")["fit"].is_null().all()
    assert table.frame.filter(pl.col("place") != "540000")["fit"].is_not_null().all()
    assert table.explain("540000").filter(pl.col("kind") == "endowment").is_empty()


def test_only_weak_ones_when_asked(measured, table):
    fewer = opportunities(measured, weak=0.5)
    assert fewer.frame.height < table.frame.height
    assert (fewer.frame["advantage"] < 0.5).all()
    assert fewer.frame["fit"].is_null().all()
    assert fewer.frame["emerging"].is_null().all()


def test_schooling_alone_does_not_fix_the_sign(jobs, accounts):
    found = complexity(
        jobs,
        place="region",
        activity="industry",
        value="employment",
        anchor=dict(accounts.select("region", "schooling").rows()),
    )
    assert not found.signed
    assert found.anchoring.correlation**2 < found.anchoring.limit**2


@pytest.mark.parametrize("year", range(2005, 2017))
def test_it_runs_on_every_year_of_the_provinces(tables, year):
    jobs = tables["activity"].filter(pl.col("year") == year)
    accounts = tables["accounts"].filter(pl.col("year") == year)
    anchor = dict(accounts.select("region", pl.col("output_nominal") / pl.col("population")).rows())
    found = opportunities(
        complexity(jobs, place="region", activity="industry", value="employment", anchor=anchor),
        endowments=accounts.select("region", "urbanisation", wealth=pl.col("output_nominal") / pl.col("population")),
    )
    assert found.frame["place"].n_unique() == 31
    assert found.frame["gain"].is_finite().all()


def test_refusals_name_the_cure(measured, table, endowments):
    with pytest.raises(UsageError, match="no place"):
        table.explain("999999")
    with pytest.raises(UsageError, match="no opportunity"):
        table.explain(measured.matrix.places[0], "no such thing")
    with pytest.raises(UsageError, match="emerging names"):
        opportunities(measured, emerging=["AI"])
    with pytest.raises(UsageError, match="endowments, what places have"):
        opportunities(measured, intensities=endowments)
    with pytest.raises(InputError, match="lack endowments"):
        opportunities(measured, endowments=endowments.head(10))
    with pytest.raises(UsageError, match="choose a higher one"):
        opportunities(measured, weak=0.0)


def test_intensities_from_outside_must_name_the_same_factors(measured, endowments):
    need = pl.DataFrame(
        {"industry": measured.matrix.activities, "schooling": np.arange(38.0), "capital": np.arange(38.0)[::-1]}
    )
    with pytest.raises(UsageError, match="name the same ones"):
        opportunities(measured, endowments=endowments, intensities=need)
    found = opportunities(
        measured, endowments=endowments.select("region", "schooling"), intensities=need.select("industry", "schooling")
    )
    assert np.isnan(found.endowment_fit.explained)
    top = found.frame.filter(pl.col("fit") > 0)
    assert top.height > 0


def test_the_fit_never_sees_the_place_it_judges():
    rng = np.random.default_rng(0)
    endowment, advantage = rng.normal(size=(25, 2)), rng.normal(size=(25, 8))
    before = estimated_fit(advantage, endowment, ["a", "b"])
    changed = advantage.copy()
    changed[4] += 100 * rng.normal(size=8)
    # the same penalty on both sides: judge by the slopes of the others alone
    others = np.arange(25) != 4
    assert not np.allclose(before.intensity, estimated_fit(changed, endowment, ["a", "b"]).intensity)
    one, two = (estimated_fit(data[others], endowment[others], ["a", "b"]) for data in (advantage, changed))
    assert np.allclose(one.fit, two.fit)


def test_leave_one_out_by_leverage_is_leaving_each_out():
    rng = np.random.default_rng(1)
    endowment = rng.normal(size=(30, 2))
    advantage = endowment @ rng.normal(size=(2, 5)) + rng.normal(size=(30, 5))
    found = estimated_fit(advantage, endowment, ["a", "b"])
    missed = [advantage[i] - np.delete(advantage, i, axis=0).mean(axis=0) - found.fit[i] for i in range(30)]
    alone = [advantage[i] - np.delete(advantage, i, axis=0).mean(axis=0) for i in range(30)]
    assert 1 - (np.array(missed) ** 2).sum() / (np.array(alone) ** 2).sum() == pytest.approx(found.explained, abs=0.02)


def test_noise_is_not_explained_and_said_to_be_weak():
    rng = np.random.default_rng(2)
    found = estimated_fit(rng.normal(size=(31, 38)), rng.normal(size=(31, 4)), list("abcd"))
    assert found.explained < 0.05
    assert found.findings[0].rule == "weak-endowments"


def test_factors_that_tell_nothing_are_refused():
    with pytest.raises(InputError, match="same everywhere"):
        given_fit(np.ones((4, 1)), np.arange(3.0)[:, None], ["flat"])
    with pytest.raises(UsageError, match="fewer factors"):
        estimated_fit(np.ones((4, 2)), np.ones((4, 3)), list("abc"))
    with pytest.raises(InputError, match="occurs again"):
        read_factors(pl.DataFrame({"c": ["A", "A"], "f": [1.0, 2.0]}), ["A"], "place")
    with pytest.raises(InputError, match="one column a factor"):
        read_factors(pl.DataFrame({"c": ["A"]}), ["A"], "place")

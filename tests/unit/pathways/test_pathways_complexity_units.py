"""Reading cells, presence, the spectrum and the verb: what they return, and what they refuse by name."""

from __future__ import annotations

import sys

import numpy as np
import polars as pl
import pytest

from xinzhi.core.errors import InputError, UsageError
from xinzhi.pathways import complexity, opportunities, restrict, uncertainty
from xinzhi.pathways.complexity.cells import read_cells, without_empty
from xinzhi.pathways.complexity.relatedness import (
    columns_by_row,
    density,
    fitness,
    gain,
    lanczos,
    present,
    proximity,
    revealed_advantage,
    spectrum,
)
from xinzhi.pathways.internal import ComplexityOptions, Sample, measure_cells
from xinzhi.report.pages import section

TOLERANCE = 1e-12
COLUMNS = {"place": "place", "activity": "activity", "value": "value"}


def long(values: np.ndarray) -> pl.DataFrame:
    n, p = values.shape
    return pl.DataFrame(
        {
            "place": np.repeat([f"c{i:02d}" for i in range(n)], p),
            "activity": np.tile([f"a{j:02d}" for j in range(p)], n),
            "value": values.ravel(),
        }
    )


def nested(n: int = 12, p: int = 9) -> np.ndarray:
    rng = np.random.default_rng(0)
    return np.triu(np.ones((n, p)), -4)[::-1] * rng.uniform(1, 9, (n, p)) + np.eye(n, p) + 0.01


def test_a_frame_becomes_the_matrix_it_lists_in_any_order_of_rows():
    values = np.round(nested(), 3)
    rows = long(values).sample(fraction=1, shuffle=True, seed=3)
    assert read_cells(rows, **COLUMNS).values == pytest.approx(values, abs=0)
    assert read_cells(rows.to_pandas(), **COLUMNS).kind == "pandas"


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"value": -1.0}, "negative"),
        ({"value": None}, "missing-value"),
        ({"value": float("inf")}, "infinite"),
        ({"activity": "a01"}, "duplicate-key"),
        ({"place": " "}, "missing-key"),
        ({"place": None}, "missing-key"),
    ],
)
def test_rows_that_cannot_be_used_are_named(change, rule):
    rows = long(nested())
    column, value = next(iter(change.items()))
    bad = rows.with_columns(pl.when(pl.int_range(pl.len()) == 0).then(pl.lit(value)).otherwise(column).alias(column))
    with pytest.raises(InputError) as caught:
        complexity(bad, **COLUMNS)
    found = caught.value.findings[0]
    assert found.rule == rule
    assert found.line == (2 if rule == "duplicate-key" else 1)  # the row that repeats an earlier one
    assert found.hint.zh


def test_several_years_are_refused_with_the_cure():
    two = pl.concat([long(nested()), long(nested())])
    with pytest.raises(InputError) as caught:
        complexity(two, **COLUMNS)
    assert "Keep one" in caught.value.findings[0].hint.en


@pytest.mark.parametrize("mark", ["x", "<5", "..", "NP"])
def test_cells_withheld_for_disclosure_are_named_or_filled_in(mark):
    rows = long(np.round(nested(), 2)).with_columns(pl.col("value").cast(pl.String))
    masked = rows.with_columns(
        value=pl.when(pl.col("place") == "c03", pl.col("activity") == "a02").then(pl.lit(mark)).otherwise("value")
    )
    with pytest.raises(InputError) as caught:
        complexity(masked, **COLUMNS)
    assert [finding.rule for finding in caught.value.findings] == ["suppressed-cell"]
    assert caught.value.findings[0].key == "c03/a02"
    cells = read_cells(masked, **COLUMNS, suppressed=2.5)
    assert cells.values[3, 2] == 2.5
    assert "c03/a02" in cells.findings[0].message.en


def test_an_activity_nobody_has_and_a_place_with_nothing_are_left_out_and_named():
    values = nested()
    values[:, 4], values[7] = 0, 0
    found = complexity(long(values), **COLUMNS)
    assert {finding.key for finding in found.findings if finding.rule.startswith("empty")} == {"a04", "c07"}
    assert found.frame.height == 11
    assert found.activities.height == 8


def test_a_missing_column_and_an_empty_frame_are_refused():
    with pytest.raises(UsageError, match="jobs"):
        complexity(long(nested()), place="place", activity="activity", value="jobs")
    with pytest.raises(InputError, match="no rows"):
        complexity(long(nested()).clear(), **COLUMNS)


def test_too_few_places_are_refused():
    with pytest.raises(InputError, match="at least three"):
        spectrum(np.array([[True, False, True], [True, True, False]]))


@pytest.mark.parametrize("shrunk", [False, True])
def test_advantage_is_one_where_a_place_is_like_all(shrunk):
    values = np.outer([1.0, 2.0, 5.0], [3.0, 1.0, 4.0, 2.0])
    assert revealed_advantage(values, shrunk=shrunk) == pytest.approx(np.ones((3, 4)), abs=TOLERANCE)


def test_shrinking_pulls_towards_one():
    values = nested()
    values[0, 0] = 0
    plain, shrunk = revealed_advantage(values), revealed_advantage(values, shrunk=True)
    assert (np.abs(np.log(shrunk)) <= np.abs(np.log(np.maximum(plain, 1e-300))) + TOLERANCE).all()


def test_presence_rules():
    values = np.round(nested() * 40)
    expected = values.sum(axis=1, keepdims=True) * values.sum(axis=0) / values.sum()
    poisson = present(values, "poisson", level=0.01)
    assert (values[poisson] > expected[poisson]).all()
    assert present(values, "rca-and-count", least=100).sum() < present(values).sum()
    assert (present(values, "share", threshold=0.1) == (values / values.sum(axis=1, keepdims=True) >= 0.1)).all()
    with pytest.raises(UsageError, match="presence 'guess'"):
        present(values, "guess")


def test_poisson_presence_against_the_sum_of_the_tail():
    from math import exp, factorial

    values = np.array([[7.0, 3.0], [2.0, 9.0]])
    expected = values.sum(axis=1, keepdims=True) * values.sum(axis=0) / values.sum()
    tail = [
        [1 - sum(exp(-m) * m**k / factorial(k) for k in range(int(x))) for x, m in zip(row, means, strict=True)]
        for row, means in zip(values, expected, strict=True)
    ]
    assert (present(values, "poisson", level=0.2) == (np.array(tail) <= 0.2)).all()


@pytest.mark.parametrize("shape", [(700, 430), (430, 700)])
def test_the_quick_solver_agrees_with_the_whole_eigenproblem(shape):
    rng = np.random.default_rng(4)
    left, right = rng.normal(size=(shape[0], 2)), rng.normal(size=(shape[1], 2))
    here = left @ right.T + rng.normal(size=shape) > 1
    here = here[np.ix_(here.any(axis=1), here.any(axis=0))]
    diversity, ubiquity = here.sum(axis=1), here.sum(axis=0)
    scaled = here / np.sqrt(diversity)[:, None] / np.sqrt(ubiquity)
    vectors, strengths, _ = np.linalg.svd(scaled, full_matrices=False)
    found = spectrum(here)
    assert found.eigenvalues[:3] == pytest.approx(strengths[:3] ** 2, abs=TOLERANCE)
    theirs = vectors[:, 1] / np.sqrt(diversity)
    theirs /= np.sqrt((diversity * theirs**2).sum() / diversity.sum())
    theirs *= np.sign(theirs @ found.places)
    assert found.places == pytest.approx(theirs, abs=1e-11)


def test_without_any_structure_the_quick_solver_still_agrees():
    here = np.random.default_rng(0).random((900, 800)) < 0.23
    here = here[np.ix_(here.any(axis=1), here.any(axis=0))]
    scaled = here / np.sqrt(here.sum(axis=1))[:, None] / np.sqrt(here.sum(axis=0))
    strengths = np.linalg.svd(scaled, compute_uv=False)
    assert spectrum(here).eigenvalues[:2] == pytest.approx(strengths[:2] ** 2, abs=TOLERANCE)


def test_the_quick_solver_says_when_it_has_not_settled():
    spread = np.linspace(0, 1, 500)
    assert lanczos(lambda v: spread * v, np.eye(500)[-1], most=20) is None


def test_the_list_of_presences_is_the_matrix():
    here = np.random.default_rng(1).random((7, 5)) < 0.4
    assert (columns_by_row(here).toarray() == here).all()


def test_parts_that_share_nothing_are_counted_and_named():
    block = np.kron(np.eye(2), np.ones((4, 3)))
    assert spectrum(block.astype(bool)).parts == 2
    values = np.kron(np.eye(2), np.triu(np.ones((4, 4))) + 0.5)
    names = [f"c{i}" for i in range(8)], [f"a{j}" for j in range(8)]
    anchor = {name: float(i >= 4) for i, name in enumerate(names[0])}
    found = measure_cells(
        without_empty(*names, values), anchor=anchor, options=ComplexityOptions(presence="share", threshold=0.01)
    )
    assert "separate-parts" in [finding.rule for finding in found.findings]


def test_fitness_of_a_nested_matrix_decays_and_says_so():
    found = fitness(np.triu(np.ones((6, 6), dtype=bool)))
    assert found.decaying.any()
    assert (np.diff(found.log_places) < 0).all()


def test_the_anchor_turns_the_sign_of_both_indices_together():
    rows = long(nested())
    first = complexity(rows, **COLUMNS)
    turned = complexity(rows, **COLUMNS, anchor=dict(first.frame.select("place", -pl.col("complexity")).rows()))
    assert turned.frame["complexity"].to_numpy() == pytest.approx(-first.frame["complexity"].to_numpy(), abs=TOLERANCE)
    assert turned.activities["complexity"].to_numpy() == pytest.approx(
        -first.activities["complexity"].to_numpy(), abs=TOLERANCE
    )
    assert turned.sign == ("anchor", pytest.approx(1.0))


def test_an_anchor_that_fixes_nothing_is_refused():
    rows = long(nested())
    first = complexity(rows, **COLUMNS)
    index = first.frame["complexity"].to_numpy()
    rng = np.random.default_rng(0)
    noise = rng.normal(size=len(index))
    noise -= index * (noise @ index) / (index @ index) + 0
    noise -= noise.mean()
    found = complexity(rows, **COLUMNS, anchor=dict(zip(first.frame["place"], noise, strict=True)))
    assert not found.signed
    assert found.sign[0] == "undetermined"
    assert "does not fix the sign" in found.findings[0].message.en
    # what needs a sign is empty or refuses, what needs none is as it was
    for name in ("complexity", "rank", "outlook"):
        assert found.frame[name].null_count() == found.frame.height
    assert np.isnan(found.gain).all()
    assert found.density.tolist() == first.density.tolist()
    assert found.proximity.tolist() == first.proximity.tolist()
    assert found.frame["fitness"].to_list() == first.frame["fitness"].to_list()
    near = opportunities(found)
    assert near.frame["density"].to_list() == opportunities(first).frame["density"].to_list()
    assert near.frame["quadrant"].null_count() == near.frame.height
    assert "The sign of complexity is open" in near.summary()
    assert "符号无法确定" in found.summary("zh")
    with pytest.raises(InputError, match="uncertainty needs the sign of complexity"):
        uncertainty(found)
    for result in (found, near):
        assert "open" in " ".join(one.en for one in section(result).answer)
    with pytest.raises(UsageError, match="at least three"):
        complexity(rows, **COLUMNS, anchor={"c00": 1.0, "c01": 2.0})


def test_the_index_of_a_place_is_the_mean_of_those_of_its_activities():
    found = complexity(long(nested()), **COLUMNS)
    worth = found.activities["complexity"].to_numpy()
    means = found.present @ worth / found.present.sum(axis=1)
    assert found.frame["complexity"].to_numpy() == pytest.approx(means, abs=TOLERANCE)


def test_the_cells_are_a_frame_that_is_made_on_demand():
    found = complexity(long(nested()), **COLUMNS)
    assert "cells" not in vars(found)
    cells = found.cells
    assert cells.columns == ["place", "activity", "value", "advantage", "present", "density", "gain"]
    assert (cells["gain"].is_null() == cells["present"]).all()
    assert found.cells is cells
    assert "符号" in found.summary("zh")
    assert "sign" in found.summary()


def test_single_precision_keeps_six_digits():
    rows = long(nested())
    double, single = (
        complexity(rows, **COLUMNS),
        complexity(rows, **COLUMNS, options=ComplexityOptions(precision="single")),
    )
    assert single.density == pytest.approx(double.density, rel=1e-5)
    assert np.nan_to_num(single.gain) == pytest.approx(np.nan_to_num(double.gain), abs=1e-5)


def test_the_sample_filter_names_whom_it_leaves_out():
    rows = pl.DataFrame(
        {
            "c": ["A", "A", "B", "B", "C", "A", "C"],
            "i": ["x", "y", "x", "y", "z", "x", "x"],
            "t": [1, 1, 1, 1, 1, 2, 2],
            "v": [10.0, 8.0, 9.0, 9.0, 1.0, 10.0, 1.0],
        }
    )
    sample = Sample(least_population=5, least_value=1.5, least_places=2, least_periods=1)
    people = {"A": 9.0, "B": 7.0, "C": 8.0}
    kept, findings = restrict(rows, sample, place="c", activity="i", value="v", period="t", population=people)
    assert kept["c"].unique().sort().to_list() == ["A", "B"]
    assert kept["i"].unique().sort().to_list() == ["x", "y"]
    assert [finding.rule for finding in findings] == ["small-places"]
    few, said = restrict(rows, Sample(least_population=7.5), place="c", activity="i", value="v", population=people)
    assert few["c"].unique().sort().to_list() == ["A", "C"]
    assert "B" in said[0].message.zh
    brief, _ = restrict(rows, Sample(least_periods=2), place="c", activity="i", value="v", period="t")
    assert brief["c"].unique().sort().to_list() == ["A", "C"]
    rare, _ = restrict(rows, Sample(least_places=3), place="c", activity="i", value="v")
    assert rare["i"].unique().to_list() == ["x"]
    with pytest.raises(UsageError, match="population"):
        restrict(rows, sample, place="c", activity="i", value="v")
    with pytest.raises(InputError, match="leaves nothing"):
        restrict(rows, Sample(least_value=1e9), place="c", activity="i", value="v")


@pytest.mark.parametrize("convention", ["exact", "atlas", "ecomplexity", "oec", "econcomplex"])
def test_a_list_of_few_presences_gives_what_the_whole_matrix_gives(monkeypatch, convention):
    rng = np.random.default_rng(3)
    here = rng.random((90, 60)) < 0.2
    here[np.arange(90), np.arange(90) % 60] = True
    worth, found = rng.normal(size=60), []
    for share in (0.0, 1.0):
        monkeypatch.setattr(sys.modules[density.__module__], "_FEW", share)
        near = proximity(here)
        shares = density(here, near, nearest=20)
        found.append((near, shares, gain(here, near, shares, worth, convention, nearest=20)))
    for whole, few in zip(*found, strict=True):
        assert few == pytest.approx(whole, abs=1e-12, nan_ok=True)

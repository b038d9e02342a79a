"""The log t test and clubs against R ConvergenceClubs 2.2.5 on 152 countries, 1970-2003 (filtered logarithms).

Reference: ../shared/ref/paths/scripts/clubs.R: computeH, estimateMod(H, time_trim=1/3, HACmethod="FQSB"|"AQSB"),
findClubs(refCol=Y2003, time_trim=1/3, cstar=0, HACmethod="FQSB"|"AQSB"), mergeClubs("PS"|"vLT").
Known difference: with AQSB and a fixed c* the package returns a first club of 84 that rejects its own convergence
(t = -4.979) and says nothing; ours names it, and by default raises c* until the club passes, as the papers ask.
"""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from xinzhi.pathways.convergence.clubs import ClubRules, clubs, merge_clubs
from xinzhi.pathways.convergence.log_t_test import (
    LogTRules,
    hodrick_prescott,
    log_t_test,
    regress,
    relative_paths,
    variation,
)

TOLERANCE = 1e-10  # relative; the reference has 17 digits
pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def wide(shared):
    return pl.read_csv(shared / "ref/paths/clubs_filteredGDP_input.csv")


@pytest.fixture(scope="module")
def panel(wide):
    long = wide.unpivot(index="Countries", variable_name="year", value_name="income")
    return long.with_columns(pl.col("year").str.slice(1).cast(pl.Int64)).rename({"Countries": "country"})


@pytest.fixture(scope="module")
def found(panel):
    return clubs(panel, unit="country", time="year", value="income")


def test_variation_and_paths_are_those_of_the_package(shared, wide):
    values = wide.drop("Countries").to_numpy()
    expected = pl.read_csv(shared / "ref/paths/clubs_H.csv")["H"].to_numpy()
    assert variation(values) == pytest.approx(expected, rel=TOLERANCE)
    paths = pl.read_csv(shared / "ref/paths/clubs_transition_h.csv").to_numpy()
    assert relative_paths(values) == pytest.approx(paths, rel=TOLERANCE)


@pytest.mark.parametrize(
    ("variance", "error", "t"),
    [("fqsb", 0.00548281550748496, -159.55511163603694), ("aqsb", 0.00677576340005986, -129.109)],
)
def test_the_whole_panel_rejects(panel, variance, error, t):
    whole = log_t_test(panel, unit="country", time="year", value="income", rules=LogTRules(variance=variance))
    assert whole.slope == pytest.approx(-0.874811240376558, rel=TOLERANCE)
    assert whole.standard_error == pytest.approx(error, rel=TOLERANCE)
    assert whole.t == pytest.approx(t, abs=5e-4)  # the second is known to three digits
    assert not whole.converges


def test_clubs_are_those_of_the_package(shared, wide, found):
    names = wide["Countries"].to_list()
    expected = pl.read_csv(shared / "ref/paths/clubs_findClubs_FQSB.csv")
    assert found.table.height == expected.height == 7
    for number, row in enumerate(expected.iter_rows(named=True), 1):
        assert set(found.members(number)) == {names[int(place) - 1] for place in row["id"].split(";")}
    for ours, theirs in (("slope", "beta"), ("standard_error", "se"), ("t", "t")):
        assert found.table[ours].to_numpy() == pytest.approx(expected[theirs].to_numpy(), rel=TOLERANCE)
    assert found.table["units"].to_list() == [50, 30, 21, 24, 14, 11, 2]
    assert found.divergent == []
    assert found.findings == ()


@pytest.mark.parametrize(("method", "file"), [("ps", "PS"), ("vlt", "vLT")])
def test_mergers_are_those_of_the_package(shared, found, method, file):
    expected = pl.read_csv(shared / f"ref/paths/clubs_merge_{file}_FQSB.csv")
    merged = merge_clubs(found, method).table
    assert merged["units"].to_list() == expected["n"].to_list()
    assert merged["merged_from"].to_list() == [name.replace("club", "") for name in expected["merged"].to_list()]
    assert merged["slope"].to_numpy() == pytest.approx(expected["beta"].to_numpy(), rel=TOLERANCE)
    assert merged["t"].to_numpy() == pytest.approx(expected["t"].to_numpy(), rel=TOLERANCE)


def test_a_club_that_rejects_is_named_or_not_returned(panel):
    test = LogTRules(variance="aqsb")
    fixed = clubs(panel, unit="country", time="year", value="income", rules=ClubRules(test=test, raising=False))
    assert fixed.table["units"].item(0) == 84
    assert fixed.table["t"].item(0) == pytest.approx(-4.979, abs=5e-4)
    assert (fixed.table.height, len(fixed.divergent)) == (5, 3)
    assert [item.key for item in fixed.findings if item.rule == "club-rejects"] == ["1"]
    assert "fails its own test" in fixed.summary()
    raised = clubs(panel, unit="country", time="year", value="income", rules=ClubRules(test=test))
    assert raised.table["converges"].all()
    assert raised.table["sieve"].item(0) > 0


@pytest.mark.parametrize("variance", ["fqsb", "aqsb", "andrews", "newey-west"])
def test_no_club_rejects_whatever_the_variance(panel, variance):
    rules = ClubRules(test=LogTRules(variance=variance), merge="ps")
    assert clubs(panel, unit="country", time="year", value="income", rules=rules).table["converges"].all()


def test_the_filter_takes_almost_nothing_from_a_filtered_series(wide):
    values = wide.drop("Countries").to_numpy()
    assert np.abs(hodrick_prescott(values, 400.0) - values).max() < np.abs(values).max() / 10


def test_many_regressions_at_once_are_each_one(wide):
    values = wide.drop("Countries").to_numpy()
    groups = np.stack([variation(values[start : start + 20]) for start in range(0, 100, 20)])
    rules = LogTRules()
    together = regress(groups, rules).t
    assert together == pytest.approx([regress(group[None], rules).t[0] for group in groups], rel=TOLERANCE)

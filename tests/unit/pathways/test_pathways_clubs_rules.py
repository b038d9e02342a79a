"""Clubs by hand: two made clubs, order, mergers, twins, explanations."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from xinzhi.core.errors import InputError, UsageError
from xinzhi.pathways import clubs
from xinzhi.pathways.internal import ClubRules, LogTRules, merge_clubs

KEYS = {"unit": "unit", "time": "year", "value": "y"}


def two_clubs(years=40, seed=0, size=5):
    """Two groups on two diverging paths, each closing its gaps."""
    rng = np.random.default_rng(seed)
    steps = np.arange(years)
    rows = []
    for name, slope in (("high", 2.0), ("low", 1.0)):
        for number in range(size):
            path = 20 + slope * steps + rng.normal(0, 6) * 0.85**steps
            rows += [(f"{name}{number}", 1980 + step, value) for step, value in zip(steps.tolist(), path, strict=True)]
    return pl.DataFrame(rows, schema=["unit", "year", "y"], orient="row")


def test_two_clubs_are_found():
    found = clubs(two_clubs(), **KEYS)
    assert sorted(found.members(1)) == [f"high{number}" for number in range(5)]
    assert sorted(found.members(2)) == [f"low{number}" for number in range(5)]
    assert found.divergent == []
    assert found.panel_test["t"] < -1.65
    assert merge_clubs(found).table.height == merge_clubs(found, "vlt").table.height == 2


def test_a_unit_that_runs_away_diverges():
    data = two_clubs()
    away = data.filter(unit="high0").with_columns(unit=pl.lit("away"), y=20 + 8.0 * (pl.col("year") - 1980))
    found = clubs(pl.concat([data, away]), **KEYS)
    assert found.divergent == ["away"]
    assert found.frame.filter(unit="away")["club"].item() is None
    assert "1 converges with no other" in found.summary()
    assert "1个不与任何地区收敛" in found.summary("zh")


def test_explain_says_where_else_a_unit_would_fit():
    found = clubs(two_clubs(), **KEYS)
    rows = {row["club"]: row for row in found.explain("low0").iter_rows(named=True)}
    assert rows[2]["own"]
    assert not rows[1]["own"]
    assert rows[2]["t"] > -1.65 > rows[1]["t"]
    with pytest.raises(UsageError, match="no unit 'nobody'"):
        found.explain("nobody")
    with pytest.raises(UsageError, match="no club '9'"):
        found.members(9)


def test_a_panel_that_converges_is_one_club():
    found = clubs(two_clubs().filter(pl.col("unit").str.starts_with("high")), **KEYS)
    assert found.table["units"].to_list() == [5]


def test_order_by_the_last_half():
    found = clubs(two_clubs(), **KEYS, rules=ClubRules(order="last-half"))
    assert found.table["units"].to_list() == [5, 5]
    with pytest.raises(UsageError, match="last-half"):
        clubs(two_clubs(), **KEYS, rules=ClubRules(order="first"))
    with pytest.raises(UsageError, match="ps and vlt"):
        merge_clubs(found, "none")


def test_twins_are_named():
    data = two_clubs()
    twin = data.filter(unit="high1").with_columns(unit=pl.lit("twin"))
    with pytest.raises(InputError, match="identical in every year"):
        clubs(pl.concat([data, twin]), **KEYS)


def test_two_that_meet_in_one_year_do_no_harm():
    data = two_clubs()
    meet = data.filter(unit="high1", year=2010)["y"].item()
    data = data.with_columns(y=pl.when(unit="high2", year=2010).then(meet).otherwise("y"))
    found = clubs(data, **KEYS)
    assert found.table["converges"].all()
    assert found.frame.height == 10


@pytest.mark.parametrize("variance", ["fqsb", "aqsb", "andrews", "newey-west"])
def test_clubs_do_not_depend_on_the_order_or_unit_of_the_data(variance):
    rules = ClubRules(test=LogTRules(variance=variance))
    data = two_clubs(seed=4)
    one = clubs(data, **KEYS, rules=rules)
    shuffled = data.sample(fraction=1.0, shuffle=True, seed=1).with_columns(pl.col("y") * 1000)
    other = clubs(shuffled, **KEYS, rules=rules)
    assert one.frame.sort("unit").equals(other.frame.sort("unit"))
    assert other.table["t"].to_numpy() == pytest.approx(one.table["t"].to_numpy(), rel=1e-6)

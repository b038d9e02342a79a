"""Changes of lead by hand: intervals, gaps, ties, jumps, too short a series."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from xinzhi import study
from xinzhi.core.errors import InputError, UsageError
from xinzhi.pathways import lead_changes
from xinzhi.pathways.internal import LeadRules, side_by_side

KEYS = {"unit": "unit", "time": "year", "value": "y"}


def frame(**paths):
    rows = [(name, 2000 + step, value) for name, path in paths.items() for step, value in enumerate(path)]
    return pl.DataFrame(rows, schema={"unit": pl.String, "year": pl.Int64, "y": pl.Float64}, orient="row")


def only(found, challenger="a", incumbent="b"):
    return found.frame.filter(challenger=challenger, incumbent=incumbent).row(0, named=True)


def test_a_gap_makes_an_interval():
    row = only(lead_changes(frame(a=[1, None, None, 4, 5], b=[2, 2, 2, 2, 2]), **KEYS))
    assert (row["last_behind"], row["first_ahead"], row["earliest"], row["latest"]) == (2000, 2003, 2001, 2003)
    assert row["gap"]
    assert not row["tie"]


def test_a_tie_makes_an_interval():
    row = only(lead_changes(frame(a=[1, 2, 2, 3], b=[2, 2, 2, 2]), **KEYS))
    assert (row["earliest"], row["latest"], row["tie"], row["gap"]) == (2001, 2003, True, False)


def test_touching_is_not_passing():
    assert lead_changes(frame(a=[1, 2, 1, 1], b=[2, 2, 2, 2]), **KEYS).frame.height == 0


def test_a_lead_that_is_too_young_is_neither_durable_nor_not():
    rules = LeadRules(durable=3)
    young = only(lead_changes(frame(a=[1, 3, 3], b=[2, 2, 2]), **KEYS, rules=rules))
    assert young["durable"] is None
    old = only(lead_changes(frame(a=[1, 3, 3, 3], b=[2, 2, 2, 2]), **KEYS, rules=rules))
    assert old["durable"] is True
    lost = only(lead_changes(frame(a=[1, 3, 1, 1], b=[2, 2, 2, 2]), **KEYS, rules=rules))
    assert (lost["durable"], lost["lost"], lost["years_ahead"]) == (False, 2002, 1)


def test_a_jump_is_confirmed_by_a_later_year():
    steady = [10 * 1.01**step for step in range(12)]
    jumping = [9 * 1.01**step * (1.5 if step >= 6 else 1) for step in range(12)]
    row = only(lead_changes(frame(a=jumping, b=steady), **KEYS))
    assert row["jump"]
    assert (row["first_ahead"], row["latest"]) == (2006, 2007)


def test_a_jump_that_is_lost_at_once_is_not_confirmed_later():
    steady = [10 * 1.01**step for step in range(12)]
    spike = [9 * 1.01**step * (1.5 if step == 6 else 1.3 if step == 11 else 1) for step in range(12)]
    row = only(lead_changes(frame(a=spike, b=steady), **KEYS))
    assert (row["first_ahead"], row["latest"], row["lost"]) == (2006, 2006, 2007)


def test_pairs_and_words():
    data = frame(a=[1, 3], b=[2, 2], c=[5, 1])
    found = lead_changes(data, **KEYS, pairs=[("a", "b")])
    assert found.frame["challenger"].to_list() == ["a"]
    assert "0 of 1 changes of lead" in found.summary()
    assert "1次超越" in found.summary("zh")
    assert side_by_side({"x": found})["x_durable_latest"].to_list() == [None]
    with pytest.raises(UsageError, match="no unit 'z'"):
        lead_changes(data, **KEYS, pairs=[("a", "z")])
    with pytest.raises(UsageError, match="no unit 'z'"):
        found.ratio("a", "z")
    with pytest.raises(InputError, match="no logarithm"):
        lead_changes(frame(a=[1, -3], b=[2, 2]), **KEYS)


def crossing(gap: float, years: int = 28) -> pl.DataFrame:
    """Return two units of which the first passes the second halfway, by so many log points a year."""
    rows = [("a", 1996 + at, float(np.exp(gap * (at - years / 2 + 0.5)))) for at in range(years)]
    return pl.DataFrame(rows + [("b", 1996 + at, 1.0) for at in range(years)], schema=["u", "t", "v"], orient="row")


def test_a_lead_within_the_error_of_measurement_is_none():
    keys = {"unit": "u", "time": "t", "value": "v"}
    plain = lead_changes(crossing(0.002), **keys)
    assert plain.frame["first_ahead"].to_list() == [2010]
    sure = lead_changes(crossing(0.002), **keys, errors={"a": 0.003, "b": 0.004})
    assert sure.frame.is_empty()  # five thousandths a year add up faster than the lead grows
    clear = lead_changes(crossing(0.02), **keys, errors={"a": 0.0029, "b": 0.004})
    row = clear.frame.row(0, named=True)
    # ahead where 0.02 (at - 13.5) > 0.0049 at, behind where it is below -0.0049 at
    assert (row["last_behind"], row["first_ahead"]) == (1996 + 10, 1996 + 18)
    assert "0.3 to 0.4 points" in clear.summary()
    assert "测算误差" in clear.summary("zh")


def test_durable_is_at_most_a_third_of_the_panel():
    keys = {"unit": "u", "time": "t", "value": "v"}
    found = lead_changes(crossing(0.02), **keys)
    assert found.durable_years == 10  # of 28 years; twenty could not be held after 2004
    assert found.frame["durable"].to_list() == [True]
    assert lead_changes(crossing(0.02, 90), **keys).durable_years == 20
    assert lead_changes(crossing(0.02), **keys, rules=LeadRules(durable=3)).durable_years == 3


def test_the_study_takes_the_margin_from_the_bands_of_the_measurement():
    made = study("paths", "china-provinces", clubs=True).results["overtaking"]
    assert len(made.errors) == 31
    assert all(0 < one < 0.02 for one in made.errors.values())
    bare = lead_changes(made.levels, unit="unit", time="year", value="value")
    assert made.frame.height < bare.frame.height
    assert made.durable_years == 10
    assert made.frame.filter(pl.col("durable"))["latest"].max() > 2004

"""Changes of lead by hand: intervals, gaps, ties, jumps, too short a series."""

from __future__ import annotations

import polars as pl
import pytest

from xinzhi.core.errors import InputError, UsageError
from xinzhi.pathways import LeadRules, lead_changes, side_by_side

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

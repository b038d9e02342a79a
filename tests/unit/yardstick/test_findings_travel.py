"""An error in a table stops every verb that reads it; what touches the figures of a measurement travels with it."""

from __future__ import annotations

import polars as pl
import pytest

import xinzhi
from xinzhi.core.errors import InputError

TABLES = ("accounts", "investment", "regions", "vintages", "claims")


def tables():
    whole = xinzhi.load("china-provinces")
    return {name: whole.tables[name] for name in TABLES if name in whole.tables}, {
        name: dict(whole.units[name]) for name in TABLES if name in whole.units
    }


def spoilt(table, **cells):
    """Return the shipped package with other cells in the first row of a table."""
    frames, units = tables()
    first = pl.int_range(pl.len()) == 0
    frames[table] = frames[table].with_columns(
        pl.when(first).then(pl.lit(value)).otherwise(pl.col(name)).alias(name) for name, value in cells.items()
    )
    return xinzhi.load(frames, units=units)


@pytest.mark.parametrize(
    ("table", "cells"),
    [
        ("accounts", {"output_real": -1.0}),
        ("investment", {"investment_price": -1.0}),
        ("vintages", {"output_growth": 500.0}),
        ("regions", {"region": "120000"}),
    ],
)
@pytest.mark.parametrize("verb", [xinzhi.measure, xinzhi.audit, xinzhi.breaks])
def test_an_error_stops_the_verbs_that_read_the_table(table, cells, verb):
    package = spoilt(table, **cells)
    assert any(one.severity == "error" and one.table == table for one in package.findings)
    if verb is xinzhi.breaks and table == "regions":
        return
    with pytest.raises(InputError):
        verb(package)


def test_an_error_in_a_table_that_is_read_only_where_it_is_there_stops_too():
    package = spoilt("regions", region="120000")
    with pytest.raises(InputError):
        package.optional("regions", verb="measure")
    whole = xinzhi.load("china-provinces")
    assert whole.optional("firms", verb="measure") is None
    assert whole.optional("accounts", verb="measure").height == 930


def test_findings_that_touch_the_inputs_travel_with_the_measurement():
    result = xinzhi.measure("china-provinces")
    touched = {(one.table, one.column) for one in result.findings}
    assert ("investment", "investment_price") in touched
    assert ("accounts", "schooling") in touched
    assert not {("accounts", "population"), ("accounts", "labour_share"), ("prices", "residential_price")} & touched
    note = result.facts()["note.findings"]
    assert note["n"] == sum(one.severity != "note" for one in result.findings) > 0
    assert "warnings of the check" in result.summary("en")


def test_what_the_protocol_does_not_read_does_not_travel():
    rules = xinzhi.protocol.load("xinzhi-cn-2026")
    heads = xinzhi.measure("china-provinces", rules.replace({"labour.quality": "none"}))
    own = xinzhi.measure("china-provinces", rules.replace({"shares.rule": "observed_regional"}))
    assert "schooling" not in {one.column for one in heads.findings}
    assert "labour_share" in {one.column for one in own.findings}

"""How bands held in the past: the record that ships is the backtest's, said of its protocol, level and tables alone."""

from __future__ import annotations

import runpy
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

import xinzhi
from xinzhi.yardstick.estimates import record

TOOL = Path(__file__).parents[3] / "tools" / "backtest_record.py"


def test_the_record_is_what_the_backtest_gives():
    made = runpy.run_path(str(TOOL))["record"]()
    assert Path(record.__file__).with_name(record.FILE).read_text(encoding="utf-8") == made


def said_first(bands: xinzhi.Bands) -> str:
    """Return the first sentence of bands."""
    return bands.summary("en").replace("\u00a0", " ").splitlines()[0]


def known_of(bands: xinzhi.Bands, **other: Any) -> record.Record | None:
    """Return the record of bands of six years, or of others than these."""
    own = {
        "fingerprint": bands.measurement.protocol.fingerprint,
        "level": bands.level,
        "digests": bands.provenance.inputs,
        "years": 6,
    }
    return record.track_record(**own | other)


def test_the_record_stands_in_the_first_sentence_of_its_protocol():
    made = xinzhi.bands("china-provinces")
    known = known_of(made)
    assert known is not None
    assert (known.hits, known.spans) == (2, 4)
    said = said_first(made)
    assert said.endswith("in the past such a band held in 2 of 4 overlapping spans of 6 years.")
    assert "probability" not in said
    assert known_of(made, fingerprint="another") is None
    assert known_of(made, years=20) is None
    assert known_of(made, digests={}) is None


def test_nothing_is_said_of_another_level():
    assert "in the past" not in said_first(xinzhi.bands("china-provinces", 0.5))


def test_nothing_is_said_of_errors_that_are_learned_from_other_figures():
    shipped = xinzhi.load("china-provinces")
    later = pl.when(pl.col("year").is_between(2010, 2012)).then(1.3).otherwise(1.0)
    investment = shipped.tables["investment"].with_columns(pl.col("investment_nominal") * later)
    other = replace(shipped, tables={**shipped.tables, "investment": investment})
    assert "in the past" not in said_first(xinzhi.bands(other))


def test_a_part_of_the_set_has_the_record_of_the_package_that_it_learns_from():
    codes = ["140000", "220000", "630000"]
    shipped = xinzhi.load("china-provinces")
    tables = {
        name: table.filter(pl.col("region").is_in(codes)) if "region" in table.columns else table
        for name, table in shipped.tables.items()
    }
    assert "held in 92 %" in said_first(xinzhi.bands(replace(shipped, tables=tables)))

"""How bands held in the past: the record that ships is what the backtest gives, and is said of its protocol alone."""

from __future__ import annotations

import runpy
from pathlib import Path

import xinzhi
from xinzhi import protocol
from xinzhi.yardstick.estimates import record

TOOL = Path(__file__).parents[3] / "tools" / "backtest_record.py"


def test_the_record_is_what_the_backtest_gives():
    made = runpy.run_path(str(TOOL))["record"]()
    assert Path(record.__file__).with_name(record.FILE).read_text(encoding="utf-8") == made


def test_the_record_stands_in_the_first_sentence_of_its_protocol():
    measured = xinzhi.measure("china-provinces")
    known = record.record_of(measured.protocol.fingerprint, 6)
    assert known is not None
    assert (known.held, known.spans) == (2, 4)
    said = xinzhi.bands(measured).summary("en").replace("\u00a0", " ").splitlines()[0]
    assert said.endswith("in the past such a band held in 2 of 4 overlapping spans of 6 years.")
    assert "probability" not in said


def test_nothing_is_said_of_another_protocol_or_of_years_that_nobody_tested():
    assert record.record_of("another", 6) is None
    assert record.record_of(protocol.load("xinzhi-cn-2026").fingerprint, 20) is None

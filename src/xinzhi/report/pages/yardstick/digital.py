"""The page of digital capital: what hardware and software add to the growth of the nation."""

from __future__ import annotations

from typing import Any, cast

from xinzhi.core.schema import describe
from xinzhi.core.text import Text, sentences, span_text, words
from xinzhi.report.charts import kit
from xinzhi.report.palette import GROUPS
from xinzhi.report.picture import picture
from xinzhi.report.section import Section
from xinzhi.report.table import Table, table
from xinzhi.yardstick import DigitalCapital

NOTES = ("prices", "kinds", "research", "provinces")


def digital(result: DigitalCapital, *, region: str | None = None) -> Section:
    """Return the contribution of digital capital with its range, and the growth account by period."""
    del region
    facts = result.facts()
    rows = cast("list[dict[str, Any]]", facts["digital.contribution"])
    periods = _table(result, "periods")
    spread = [
        {
            "name": _span(row),
            "value": 100 * row["digital"],
            "bands": [(100 * row["digital_low"], 100 * row["digital_high"])],
        }
        for row in rows
    ]
    account = [
        {"name": _span(row), "total": 100 * row["output_growth"], **{name: 100 * row[name] for name in result.parts}}
        for row in rows
    ]
    parts = {name: (describe(result.verb, name).title, ink) for name, ink in zip(result.parts, GROUPS, strict=False)}
    return Section.of(
        "yardstick.digital",
        [
            picture("yardstick.digital", kit.spreads, spread, periods, rows[0], reference=0.0,
                    unit=words("chart.points")),
            picture("yardstick.digital_account", kit.stacked, account, periods, rows[0], parts=parts, total="total",
                    decimals=2, unit=words("chart.points")),
        ],
        [_table(result, "alone")],
        anchor="digital",
        answer=sentences(facts, result.topic),
        notes=tuple(words(f"yardstick.digital.{name}") for name in NOTES),
        sheets=tuple(_table(result, part) for part in ("account", "frame", "spread")),
    )  # fmt: skip


def _span(row: dict[str, object]) -> Text:
    return span_text(row["start"], row["end"])


def _table(result: DigitalCapital, part: str) -> Table:
    """Return a frame of the result as it stands."""
    frame = getattr(result, part)
    columns = ["choice", "value", "taken", "digital", "tfp", "reference"] if part == "alone" else None
    return table(f"digital_{part}", frame, columns, result, part=part, title=words(f"yardstick.table.digital_{part}"))

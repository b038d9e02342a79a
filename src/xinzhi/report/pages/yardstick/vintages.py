"""The pages of vintages: what every recorded revision did, and what moved growth between two packages."""

from __future__ import annotations

import polars as pl

from xinzhi.core.schema import describe
from xinzhi.core.text import sentences, words
from xinzhi.report.charts import kit
from xinzhi.report.palette import GROUPS
from xinzhi.report.picture import picture, rows_of
from xinzhi.report.section import Picture, Section
from xinzhi.report.table import Table, table
from xinzhi.yardstick import VintageChange, VintageHistory

LEAST = 1e-9  # a revision below is what is left of rounding
PARTS = ("output", "capital", "labour", "share", "protocol")


def history(result: VintageHistory, *, region: str | None = None) -> Section:
    """Return what every recorded revision did to the growth and the levels of output."""
    del region
    moved = result.growth.filter(pl.col("revision").abs() > LEAST)
    pairs = moved.select("before", "after").unique(maintain_order=True).rows()
    return Section.of(
        "yardstick.history",
        [_revised(result, before, after) for before, after in pairs],
        [_table("history", result, "levels")],
        anchor="vintages",
        answer=sentences(result.facts(), result.topic),
        sheets=(_table("history", result, "frame"),),
    )


def _revised(result: VintageHistory, before: str, after: str) -> Picture:
    """Return by region what one revision did to cumulated real growth."""
    frame = result.growth.filter(before=before, after=after).sort("revision", "region", descending=[True, False])
    kind, facts = f"history-{before}-{after}", {"before": result.called(before), "after": result.called(after)}
    twin = table(f"vintages_{before}_{after}", frame, None, result, part="growth",
                 title=words("yardstick.table.revised", **facts))  # fmt: skip
    drawn = rows_of(frame, result, part="growth", name="region", value="revision")
    shared = dict.fromkeys(("title", "headline", "how"), "revised")
    return picture(f"yardstick.{kind}", kit.bars, drawn, twin, facts, unit=words("unit_of.share"),
                   x="revised", decimals=2, **shared)  # fmt: skip


def change(result: VintageChange, *, region: str | None = None) -> Section:
    """Return what moved the growth of every region between two vintages, part by part."""
    del region
    frame = result.frame.sort("total", "region", descending=[True, False])
    parts = {name: (describe(result.verb, name).title, ink) for name, ink in zip(PARTS, GROUPS, strict=False)}
    drawn = picture(
        "yardstick.change", kit.stacked,
        rows_of(frame, result, None, name="region", total="total", **{name: name for name in PARTS}),
        table("vintages_change", frame, None, result, title=words("yardstick.table.vintages_change")),
        {"n": frame.height}, unit=words("chart.points"), x=words("chart.points"), parts=parts, total="total",
        decimals=2,
    )  # fmt: skip
    left = result.not_comparable.drop("reason")
    return Section.of(
        "yardstick.change",
        [drawn],
        [table("vintages_not_comparable", left, ["region", "reason"], result, part="not_comparable",
               title=words("yardstick.table.not_comparable"))] if left.height else [],
        anchor="vintage-change",
        answer=sentences(result.facts(), result.topic),
        sheets=(_table("change", result, "periods"), _table("change", result, "years")),
    )  # fmt: skip


def _table(name: str, result: VintageHistory | VintageChange, part: str) -> Table:
    """Return a frame of a result as it stands."""
    title = words(f"yardstick.table.{name}_{part}")
    return table(f"vintages_{name}_{part}", getattr(result, part), None, result, part=part, title=title)

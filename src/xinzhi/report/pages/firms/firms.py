"""Misallocation and decompositions: dispersion and gains over the years, and the parts of growth as bars."""

from __future__ import annotations

import polars as pl

from xinzhi.core.text import Text, sentences, words
from xinzhi.micro import TOTAL, Decomposition, Misallocation, Totals
from xinzhi.report import palette
from xinzhi.report.charts import kit
from xinzhi.report.section import Picture, Section, picture, rows_of
from xinzhi.report.sentence import finding_notes
from xinzhi.report.table import table

FULL = 100.0


def misallocation(result: Misallocation, *, region: str | None = None) -> Section:
    """Return how far firms are apart, and what reallocation would give."""
    del region
    twin = table("firms_years", result.years, None, result, part="years")
    facts = next(iter(result.facts().values()))
    drawn = [
        picture(
            f"firms.{name}", kit.lines,
            [row | {"dot": True} for row in rows_of(result.years, result, part="years", year="year", value=column,
                                                    group=words(f"firms.chart.{name}"))],
            twin, facts, y=name, decimals=decimals,
        )
        for name, column, decimals in (("gains", "gain", 1), ("dispersion", "sd_tfpr", 2))
    ]  # fmt: skip
    every = [table("firms_cells", result.frame, None, result)]
    if result.groups.height:
        every.append(table("firms_groups", result.groups, None, result, part="groups"))
    said = tuple(sentences(result.facts(), "firms"))
    return Section.of(
        "firms.misallocation", drawn, every, anchor="misallocation", answer=said,
        notes=(words("firms.limits"), *finding_notes(result.findings)),
    )  # fmt: skip


def totals(result: Totals, *, region: str | None = None) -> Section:
    """Return the sums over all firms; every cell stands in the CSV tables."""
    del region
    outer = {"amount", "year", "firms", "value", "withheld"}
    frame = result.frame.filter(pl.col(name) == TOTAL for name in result.frame.columns if name not in outer)
    every = table("firms_totals", frame.select("amount", "year", "firms", "value", "withheld"), None, result)
    said = tuple(sentences(result.facts(), "firms"))
    return Section.of("firms.totals", [], [every], anchor="totals", answer=said)


def decomposition(result: Decomposition, *, region: str | None = None) -> Section:
    """Return the parts of growth, or of the level, of aggregate productivity."""
    del region
    anchor = "covariance" if result.total == "aggregate" else "decomposition"
    said = tuple(sentences(result.facts(), "firms"))
    every = table(f"firms_{anchor}", result.frame, result.columns(), result)
    drawn = None if result.groups else _bars(result, anchor)
    notes = finding_notes(result.findings)
    return Section.of(f"firms.{anchor}", [drawn], [] if drawn else [every], anchor=anchor, answer=said, notes=notes)


def _bars(result: Decomposition, anchor: str) -> Picture:
    """Return a stacked bar for every pair of periods (or year)."""
    last = "year" if anchor == "covariance" else "end"
    inks = [*palette.GROUPS, *palette.GROUPS]
    titles = {one.name: one.title for one in result.columns()}
    parts = {name: (titles[name], ink) for name, ink in zip(result.parts, inks, strict=False)}
    rows = [
        {"name": Text(zh=str(row[last]), en=str(row[last]))}
        | {name: row[name] for name in (*result.parts, result.total)}
        for row in result.frame.with_columns(pl.col(last).cast(pl.Int64)).iter_rows(named=True)
    ]
    twin = table(f"firms_{anchor}", result.frame, result.columns(), result)
    facts = next(iter(result.facts().values()))
    return picture(
        f"firms.{anchor}", kit.stacked, rows, twin, facts, x="parts", total=result.total, decimals=3, parts=parts
    )

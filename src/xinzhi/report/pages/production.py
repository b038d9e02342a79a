"""The pages of production functions: which method says what, how surely, and whether it can be believed."""

from __future__ import annotations

import polars as pl

from xinzhi.core.text import Text, words
from xinzhi.micro import Markups, ProductionFunction, group_text, method_text
from xinzhi.report.pages.frontier.common import domain
from xinzhi.report.section import Picture, Section, rows_of, shown
from xinzhi.report.sentence import sentence
from xinzhi.report.table import table

MANY = 8  # groups in one chart
NAMES = {"method": method_text, "group": group_text}


def production(result: ProductionFunction, *, region: str | None = None) -> Section:
    """Return what a production function says: methods side by side, and what became of the search."""
    del region  # firms have none
    answer, notes = _sentences(result)
    kept = ["elasticities", "diagnostics", "minima", *(["dropped"] if result.dropped.height else [])]
    tables = [table(f"production_{part}", of=result, part=part, names=NAMES) for part in kept]
    tables.insert(0, table("production_coefficients", of=result, names=NAMES))
    return Section.of(
        "production.production", [_methods(result)], tables, anchor="production", answer=answer, notes=notes
    )


def markups(result: Markups, *, region: str | None = None) -> Section:
    """Return what markups say: their mean by revenue over the years, by group."""
    del region
    (key, facts), *_ = result.facts().items()
    _, notes = _sentences(result)
    groups = result.years["group"].unique(maintain_order=True).to_list()[:MANY]
    frame = result.years.filter(pl.col("group").is_in(groups))
    rows = rows_of(frame, result, NAMES, part="years", group="group", year="year", value="mean")
    twin = table("production_years", of=result, part="years", names=NAMES)
    drawn = shown("production.markups", result, None, facts, rows=rows, twin=twin)
    answer = [sentence(words(f"production.{key}", **facts))]
    return Section.of("production.markups", [drawn], anchor="markups", answer=answer, notes=notes)


def _sentences(result: ProductionFunction | Markups) -> tuple[list[Text], list[Text]]:
    """Return the answer and the notes that the facts of a result make."""
    said: dict[bool, list[Text]] = {True: [], False: []}
    for key, values in result.facts().items():
        for one in values if isinstance(values, list) else [values]:
            said[key.startswith("note.")].append(words(f"production.{key}", **one))
    return said[False], said[True]


def _methods(result: ProductionFunction) -> Picture | None:
    """Return the elasticities of every method with their intervals, of the first groups where there are several."""
    groups = result.elasticities["group"].unique(maintain_order=True).to_list()
    frame = result.elasticities.filter(pl.col("group").is_in(groups[:MANY])).sort("term", maintain_order=True)
    word = "production.chart.name" if len(groups) == 1 else "production.chart.group"
    rows = rows_of(frame, result, NAMES, part="elasticities", value="estimate", low="low", high="high", group="method")
    for row, (group, term) in zip(rows, frame.select("group", "term").rows(), strict=True):
        row["name"] = words(word, method=row["group"], group=group_text(group), term=term)
    known = frame.drop_nulls("estimate")
    if known.is_empty():
        return None
    sure = known.filter((pl.col("low") > 0) | (pl.col("high") < 0)).height
    facts = {"k": sure, "n": known.height, "level": f"{100 * result.provenance.options['level']:g}"}
    twin = table("production_coefficients", of=result, names=NAMES)
    ends = domain(frame, "estimate", "low", "high")
    return shown("production.methods", result, frame, facts, rows=rows, twin=twin, domain=ends)

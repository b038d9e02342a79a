"""The pages of production functions: which method says what, how surely, and whether it can be believed."""

from __future__ import annotations

import polars as pl

from xinzhi.core.text import Text, words
from xinzhi.micro import Markups, ProductionFunction, group_text, method_text
from xinzhi.report.charts import kit
from xinzhi.report.pages.frontier.common import domain
from xinzhi.report.section import Picture, Section, picture
from xinzhi.report.sentence import sentence
from xinzhi.report.table import Table, table

MANY = 8  # groups in one chart


def production(result: ProductionFunction, *, region: str | None = None) -> Section:
    """Return what a production function says: methods side by side, and what became of the search."""
    del region  # firms have none
    answer, notes = _sentences(result)
    tables = [
        _coefficients(result),
        table("production_elasticities", result.elasticities, None, result, part="elasticities", names=_names),
        table("production_diagnostics", result.diagnostics, None, result, part="diagnostics", names=_names),
        table("production_minima", result.minima, None, result, part="minima", names=_names),
        table("production_dropped", result.dropped, None, result, part="dropped") if result.dropped.height else None,
    ]
    return Section.of(
        "production.production", [_methods(result)], tables, anchor="production", answer=answer, notes=notes
    )


def markups(result: Markups, *, region: str | None = None) -> Section:
    """Return what markups say: their mean by revenue over the years, by group."""
    del region
    (key, facts), *_ = result.facts().items()
    _, notes = _sentences(result)
    groups = result.years["group"].unique(maintain_order=True).to_list()[:MANY]
    rows = [
        {"group": group_text(group), "year": year, "value": mean}
        for group, year, mean in result.years.select("group", "year", "mean").rows()
        if group in groups
    ]
    twin = table("production_years", result.years, None, result, part="years", names=_names)
    drawn = picture("production.markups", kit.lines, rows, twin, facts, y=words("production.chart.markups"), decimals=2)
    answer = [sentence(words(f"production.{key}", **facts))]
    return Section.of("production.markups", [drawn], anchor="markups", answer=answer, notes=notes)


def _sentences(result: ProductionFunction | Markups) -> tuple[list[Text], list[Text]]:
    """Return the answer and the notes that the facts of a result make."""
    said: dict[bool, list[Text]] = {True: [], False: []}
    for key, values in result.facts().items():
        for one in values if isinstance(values, list) else [values]:
            said[key.startswith("note.")].append(words(f"production.{key}", **one))
    return said[False], said[True]


_names = {"method": method_text, "group": group_text}


def _coefficients(result: ProductionFunction) -> Table:
    return table("production_coefficients", result.frame, None, result, names=_names)


def _methods(result: ProductionFunction) -> Picture | None:
    """Return the elasticities of every method with their intervals, of the first groups where there are several."""
    groups = result.elasticities["group"].unique(maintain_order=True).to_list()
    shown = result.elasticities.filter(pl.col("group").is_in(groups[:MANY]))
    rows = [
        {
            "name": words(
                "production.chart.name" if len(groups) == 1 else "production.chart.group",
                method=method_text(row["method"]), group=group_text(row["group"]), term=row["term"],
            ),
            "value": row["estimate"], "low": row["low"], "high": row["high"], "group": method_text(row["method"]),
        }
        for row in shown.sort("term", maintain_order=True).iter_rows(named=True)
    ]  # fmt: skip
    known = shown.filter(pl.col("estimate").is_not_null())
    if known.is_empty():
        return None
    sure = known.filter((pl.col("low") > 0) | (pl.col("high") < 0)).height
    level = f"{100 * result.provenance.options['level']:g}"
    return picture(
        "production.methods", kit.dots, rows, _coefficients(result), {"k": sure, "n": known.height, "level": level},
        reference=0.0, domain=domain(rows),
    )  # fmt: skip

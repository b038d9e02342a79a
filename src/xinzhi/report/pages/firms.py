"""The pages of firms: misallocation, parts of growth, sums, and production functions by method with what they imply."""

from __future__ import annotations

import polars as pl

from xinzhi import micro, words
from xinzhi.core.text import Text, same, sentences
from xinzhi.micro import internal
from xinzhi.report import palette
from xinzhi.report.pages.frontier import domain
from xinzhi.report.section import Picture, Section, rows_of, shown
from xinzhi.report.section_rows import section
from xinzhi.report.sentence import finding_notes, sentence
from xinzhi.report.table import table

MANY = 8  # groups in one chart
NAMES = {"method": internal.method_text, "group": internal.group_text}


@section.register
def misallocation(result: micro.Misallocation) -> Section:
    """Return how far firms are apart, and what reallocation would give."""
    facts, names = next(iter(result.facts().values())), ("gains", "dispersion")
    groups = {name: words.firms.chart_of(name) for name in names}
    drawn = [shown(f"firms.{name}", result, None, facts, draws={"group": groups[name]}) for name in names]
    every = [table("firms_cells", of=result)]
    if result.groups.height:
        every.append(table("firms_groups", of=result, part="groups"))
    return Section.of(
        "firms.misallocation",
        drawn,
        every,
        anchor="misallocation",
        answer=sentences(result.facts(), "firms"),
        notes=(words.firms.limits(), *finding_notes(result.findings)),
    )


@section.register
def totals(result: internal.Totals) -> Section:
    """Return the sums over all firms; every cell stands in the CSV tables."""
    shown = ["amount", "year", "firms", "value", "withheld"]
    frame = result.frame.filter(pl.col(name) == internal.TOTAL for name in result.frame.columns if name not in shown)
    every = table("firms_totals", frame, shown, result)
    return Section.of("firms.totals", [], [every], anchor="totals", answer=sentences(result.facts(), "firms"))


@section.register
def decomposition(result: micro.Decomposition) -> Section:
    """Return the parts of growth, or of the level, of aggregate productivity: a stacked bar for every pair of years."""
    anchor = "covariance" if result.total == "aggregate" else "decomposition"
    every = table(f"firms_{anchor}", result.frame, result.columns(), result)
    drawn = None
    if not result.groups:
        titles = {one.name: one.title for one in result.columns()}
        inks = [*palette.GROUPS, *palette.GROUPS]
        last = pl.col("year" if anchor == "covariance" else "end").cast(pl.Int64)
        held = result.frame.select(*result.parts, result.total, name=last)
        rows = [row | {"name": same(row["name"])} for row in held.iter_rows(named=True)]
        parts = {name: (titles[name], ink) for name, ink in zip(result.parts, inks, strict=False)}
        facts, total = next(iter(result.facts().values())), result.total
        drawn = shown(f"firms.{anchor}", result, None, facts, rows=rows, twin=every, parts=parts, total=total)
    return Section.of(
        f"firms.{anchor}",
        [drawn],
        [] if drawn else [every],
        anchor=anchor,
        answer=sentences(result.facts(), "firms"),
        notes=finding_notes(result.findings),
    )


@section.register
def production(result: micro.ProductionFunction) -> Section:
    """Return what a production function says: methods side by side, and what became of the search."""
    answer, notes = _sentences(result)
    kept = ["elasticities", "diagnostics", "minima", *(["dropped"] if result.dropped.height else [])]
    tables = [table(f"production_{part}", of=result, part=part, names=NAMES) for part in kept]
    tables.insert(0, table("production_coefficients", of=result, names=NAMES))
    return Section.of(
        "production.production", [_methods(result)], tables, anchor="production", answer=answer, notes=notes
    )


@section.register
def markups(result: micro.Markups) -> Section:
    """Return what markups say: their mean by revenue over the years, by group."""
    (key, facts), *_ = result.facts().items()
    _, notes = _sentences(result)
    groups = result.years["group"].unique(maintain_order=True).to_list()[:MANY]
    frame = result.years.filter(pl.col("group").is_in(groups))
    rows = rows_of(frame, result, NAMES, part="years", group="group", year="year", value="mean")
    twin = table("production_years", of=result, part="years", names=NAMES)
    drawn = shown("production.markups", result, None, facts, rows=rows, twin=twin)
    answer = [sentence(words.by_key(f"production.{key}", **facts))]
    return Section.of("production.markups", [drawn], anchor="markups", answer=answer, notes=notes)


def _sentences(result: micro.ProductionFunction | micro.Markups) -> tuple[list[Text], list[Text]]:
    """Return the answer and the notes that the facts of a result make."""
    said: dict[bool, list[Text]] = {True: [], False: []}
    for key, values in result.facts().items():
        for one in values if isinstance(values, list) else [values]:
            said[key.startswith("note.")].append(words.by_key(f"production.{key}", **one))
    return said[False], said[True]


def _methods(result: micro.ProductionFunction) -> Picture | None:
    """Return the elasticities of every method with their intervals, of the first groups where there are several."""
    groups = result.elasticities["group"].unique(maintain_order=True).to_list()
    frame = result.elasticities.filter(pl.col("group").is_in(groups[:MANY])).sort("term", maintain_order=True)
    word = "production.chart.name" if len(groups) == 1 else "production.chart.group"
    rows = rows_of(frame, result, NAMES, part="elasticities", value="estimate", low="low", high="high", group="method")
    for row, (group, term) in zip(rows, frame.select("group", "term").rows(), strict=True):
        row["name"] = words.by_key(word, method=row["group"], group=internal.group_text(group), term=term)
    known = frame.drop_nulls("estimate")
    if known.is_empty():
        return None
    sure = known.filter((pl.col("low") > 0) | (pl.col("high") < 0)).height
    facts = {"k": sure, "n": known.height, "level": f"{100 * result.provenance.options['level']:g}"}
    twin = table("production_coefficients", of=result, names=NAMES)
    ends = domain(frame, "estimate", "low", "high")
    return shown("production.methods", result, frame, facts, rows=rows, twin=twin, domain=ends)

"""The pages of firms: misallocation, parts of growth, and sums."""

from __future__ import annotations

from xinzhi import micro, words
from xinzhi.core.text import same
from xinzhi.micro import internal
from xinzhi.report import palette
from xinzhi.report.section import Section, shown
from xinzhi.report.section_rows import section
from xinzhi.report.sentence import finding_notes
from xinzhi.report.table import table


@section.register
def misallocation(result: micro.Misallocation) -> Section:
    """Return how far firms are apart, and what reallocation would give."""
    facts, names = next(iter(result.facts().values())), ("gains", "dispersion")
    groups = {name: words.firms.chart_of(name) for name in names}
    pictures = [shown(f"firms.{name}", result, None, facts, draws={"group": groups[name]}) for name in names]
    tables = [table("firms_cells", of=result)]
    if result.groups.height:
        tables.append(table("firms_groups", of=result, part="groups"))
    return Section.of(
        "firms.misallocation",
        pictures,
        tables,
        anchor="misallocation",
        answer=result.sentences(),
        notes=(words.firms.limits(), *finding_notes(result.findings)),
    )


@section.register
def totals(result: internal.Totals) -> Section:
    """Return the sums over all firms; every cell stands in the CSV tables."""
    columns = ["amount", "year", "firms", "value", "withheld"]
    totals = table("firms_totals", result.sums_over_all, columns, result)
    return Section.of("firms.totals", [], [totals], anchor="totals", answer=result.sentences())


@section.register
def decomposition(result: micro.Decomposition) -> Section:
    """Return the parts of growth, or of the level, of aggregate productivity: a stacked bar for every pair of years."""
    anchor = "covariance" if result.total == "aggregate" else "decomposition"
    cells = table(f"firms_{anchor}", result.frame, result.columns(), result)
    chart = None
    if not result.groups:
        titles = {column.name: column.title for column in result.columns()}
        inks = [*palette.GROUPS, *palette.GROUPS]
        rows = [row | {"name": same(row["name"])} for row in result.by_period.iter_rows(named=True)]
        parts = {name: (titles[name], ink) for name, ink in zip(result.parts, inks, strict=False)}
        facts, total = next(iter(result.facts().values())), result.total
        chart = shown(f"firms.{anchor}", result, None, facts, rows=rows, twin=cells, parts=parts, total=total)
    return Section.of(
        f"firms.{anchor}",
        [chart],
        [] if chart else [cells],
        anchor=anchor,
        answer=result.sentences(),
        notes=finding_notes(result.findings),
    )

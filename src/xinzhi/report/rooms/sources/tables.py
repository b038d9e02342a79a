"""The tables of a decomposition: twins of its pictures, the sources by region and period, and what it rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from xinzhi.core.text import Text
from xinzhi.report import flags
from xinzhi.report.catalogue import listing, words
from xinzhi.report.rooms.sources.facts import word
from xinzhi.report.tables import Column, Table, column
from xinzhi.sources.explain import assumption_frame
from xinzhi.sources.facts import lacking
from xinzhi.sources.tables import PARTS as SUMS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from xinzhi.report.rooms.sources.facts import Facts

MANY = 6  # names in one cell
PARTS = (*SUMS, "allocation_labour", "allocation_capital")


def _percent(part: str) -> Column:
    """Return the column of a part; its unit stands in the title of the table."""
    return Column(title=word(part), kind="percent")


def period(row: Mapping[str, Any]) -> str:
    """Return a period as its years."""
    return f"{row['start']}–{row['end']}"


def _hundred(row: Mapping[str, Any], names: Iterable[str]) -> list[float | None]:
    return [None if row[name] is None else 100 * row[name] for name in names]


def by_region(facts: Facts) -> Table:
    """Return the sources of every region over the whole span, highest TFP growth first."""
    parts = ["tfp_growth", *facts.parts(facts.rows), *_split(facts, facts.rows)]
    rows = [
        (facts.view.name(row["region"]), facts.view.group_of.get(row["region"]), *_hundred(row, parts), row["flags"])
        for row in facts.rows.iter_rows(named=True)
    ]
    columns = (column("region"), column("group"), *(_percent(name) for name in parts), column("flags", kind="flags"))
    return Table(
        key="sources_regions",
        title=words("sources.table.regions", span=facts.span.label),
        columns=columns,
        rows=rows,
        notes=tuple(flags.legend(set(facts.rows["flags"]))),
    )


def _split(facts: Facts, frame: pl.DataFrame) -> list[str]:
    """Return the two halves of allocation where they are known."""
    whole = facts.parts(frame)
    return [name for name in facts.parts(frame, split=True) if name not in whole]


def by_period(facts: Facts) -> Table:
    """Return the sources of every region in every period."""
    from xinzhi.report.rooms.sources.facts import with_own

    frame = with_own(facts.result.periods)
    parts = ["tfp_growth", *facts.parts(frame)]
    rows = [
        (facts.view.name(row["region"]), period(row), *_hundred(row, parts), row["flags"])
        for row in frame.sort("region", maintain_order=True).iter_rows(named=True)
    ]
    columns = (column("region"), column("period"), *(_percent(name) for name in parts))
    return Table(
        key="sources_periods",
        title=words("sources.table.periods"),
        columns=(*columns, column("flags", kind="flags")),
        rows=rows,
        notes=tuple(flags.legend(set(frame["flags"]))),
    )


def by_group(facts: Facts) -> Table:
    """Return the sources of the macro-regions and of the whole in every period, the whole span last."""
    frame = facts.result.group_periods.with_columns(
        upgrading=pl.col("upgrading_traditional") + pl.col("upgrading_emerging")
    )
    parts = ["tfp_growth", *facts.parts(frame), *_split(facts, frame)]
    order = {name: i for i, name in enumerate(facts.group_rows["region"])}
    rows = [
        (facts.groups[row["region"]], period(row), *_hundred(row, parts))
        for row in sorted(frame.iter_rows(named=True), key=lambda row: order.get(row["region"], len(order)))
    ]
    columns = (column("group"), column("period"), *(_percent(name) for name in parts))
    note = words("sources.note.between")
    return Table(key="sources_groups", title=words("sources.table.groups"), columns=columns, rows=rows, notes=(note,))


def one_region(facts: Facts, code: str, parts: Sequence[str]) -> Table:
    """Return the sources of one region in every period, one row a period."""
    frame = facts.result.periods.filter(pl.col("region") == code)
    names = ["tfp_growth", *(name for name in parts if name in frame.columns)]
    own = [name for name in parts if name not in frame.columns]
    names += [name.removesuffix("_only") for name in own]
    rows = [(period(row), *_hundred(row, names)) for row in frame.iter_rows(named=True)]
    return Table(
        key="sources_region",
        title=words("sources.table.region", name=facts.view.name(code)),
        columns=(column("period"), *(_percent(name) for name in names)),
        rows=rows,
    )


def leading(facts: Facts, kind: str, found: pl.DataFrame) -> Table:
    """Return the figures of a tile map: the leading source of every region, or what sets it apart."""
    rows = [
        (facts.view.name(code), word(source), 100 * value)
        for code, source, value in found.select("region", "source", "contribution").rows()
    ]
    columns = (
        column("region"),
        Column(title=words("sources.column.leading"), kind="name"),
        Column(title=words("sources.column.contribution"), kind="percent", unit=words("sources.unit_of.points")),
    )
    return Table(key=f"sources_{kind}", title=words(f"sources.table.{kind}"), columns=columns, rows=rows)


def reallocation(facts: Facts, rows: pl.DataFrame, names: Sequence[str]) -> Table:
    """Return what reallocation gave by year: labour, capital, and between regions where there are groups."""
    parts = [name for name in ("allocation", "allocation_labour", "allocation_capital", "allocation_between")
             if name in rows.columns]  # fmt: skip
    grouped = facts.grouped
    cells = [
        (facts.groups[name] if grouped else facts.view.name(name), row["year"], *_hundred(row, parts))
        for name in names
        for row in rows.filter(pl.col("region") == name).iter_rows(named=True)
    ]
    columns = (column("group" if grouped else "region"), column("year"), *(_percent(name) for name in parts))
    title = words("sources.table.reallocation")
    return Table(key="sources_reallocation", title=title, columns=columns, rows=cells)


def beside_means(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the parts beside those of a frontier analysis, means per year by region."""
    numbers = ("ours", "frontier", "difference")
    whole = [pl.when(pl.col(name).null_count() == 0).then(pl.col(name).mean()).alias(name) for name in numbers]
    return frame.group_by("region", "source", maintain_order=True).agg(*whole, years=pl.len().cast(pl.Int64))


def beside(facts: Facts, means: pl.DataFrame) -> Table:
    """Return both by region, means per year over the years that they share."""
    names = ("ours", "frontier", "difference")
    rows = [
        (facts.view.name(row["region"]), words(f"sources.chart.{row['source']}"), row["years"], *_hundred(row, names))
        for row in means.iter_rows(named=True)
    ]
    unit = words("sources.unit_of.points")
    columns = (
        column("region"),
        Column(title=words("sources.column.part"), kind="name"),
        Column(title=words("sources.column.years"), kind="integer"),
        *(Column(title=words(f"sources.column.{name}"), kind="percent", unit=unit) for name in names),
    )
    return Table(key="sources_beside", title=words("sources.table.beside"), columns=columns, rows=rows)


def left_out(frame: pl.DataFrame) -> list[Text]:
    """Return what a look deeper into a source could not do, as notes."""
    return [
        words("sources.note.left_out", measure=Text(zh=row[0], en=row[1]), reason=Text(zh=row[2], en=row[3]))
        for row in frame.select("measure_zh", "measure_en", "reason_zh", "reason_en").rows()
    ]


def coverage(facts: Facts) -> Table:
    """Return what could be computed, and why the rest could not."""
    rows = [
        (_quantity(name), words(f"sources.status.{status}"), Text(zh=zh, en=en))
        for name, status, zh, en in facts.result.coverage.rows()
    ]
    titles = ("quantity", "status", "reason")
    columns = tuple(Column(title=words(f"sources.column.{name}"), kind="name") for name in titles)
    return Table(key="sources_coverage", title=words("sources.table.coverage"), columns=columns, rows=rows)


def _quantity(name: str) -> Text:
    """Return the name of a quantity of the coverage: a part, or one of its ingredients."""
    return word(name) if name in PARTS else words(f"sources.chart.{name}")


def omitted(facts: Facts) -> Table | None:
    """Return the region-years without a decomposition, one row per reason; None when there are none."""
    frame = facts.result.omitted
    if not frame.height:
        return None
    found: dict[tuple[str, str], list[int]] = {}
    for code, year, missing in frame.select("region", "year", "missing").rows():
        found.setdefault((code, missing), []).append(year)
    regions: dict[tuple[str, str], list[Text]] = {}
    for (code, missing), years in found.items():
        regions.setdefault((flags.year_ranges(years), missing), []).append(facts.view.name(code))
    everyone = len(facts.view.codes)
    rows = [
        (
            years,
            words("label.all_regions", n=everyone) if len(names) == everyone > 1 else listing(names, MANY),
            lacking(missing, facts.result.names),
        )
        for (years, missing), names in regions.items()
    ]
    columns = (column("years", kind="code"), column("regions", kind="name"), column("missing", kind="name"))
    return Table(key="sources_omitted", title=words("sources.table.omitted"), columns=columns, rows=rows)


def assumptions(facts: Facts) -> Table:
    """Return what the decomposition assumes beyond the protocol, and what of it departs from the room's file."""
    rows = [
        (
            row["assumption"],
            row["value"],
            words("label.yes") if row["departs"] else None,
            Text(
                zh=row["description_zh"].partition("。")[0].removesuffix("。") + "。",
                en=row["description_en"].partition(". ")[0].removesuffix(".") + ".",
            ),
        )
        for row in assumption_frame(facts.result).iter_rows(named=True)
    ]
    columns = (
        Column(title=words("sources.column.assumption"), kind="code"),
        column("value"),
        Column(title=words("sources.column.departs"), kind="name"),
        column("description", kind="value"),
    )
    return Table(key="sources_assumptions", title=words("sources.table.assumptions"), columns=columns, rows=rows)


def findings(facts: Facts) -> Table | None:
    """Return what does not add up in the figures; None when all does."""
    if not facts.result.findings:
        return None
    found = facts.result.findings
    places = [(one.key or "").partition("/") for one in found]
    rows = [(facts.view.name(code), year, one.message) for (code, _, year), one in zip(places, found, strict=True)]
    columns = (column("region"), column("year", kind="code"), column("message", kind="name"))
    notes = tuple(dict.fromkeys(one.hint for one in found))
    return Table(key="sources_findings", title=words("sources.table.findings"), columns=columns, rows=rows, notes=notes)

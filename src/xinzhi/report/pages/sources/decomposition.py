"""The page of a decomposition: what productivity growth came from, its pictures first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from xinzhi.core.text import Text, listing, number, percent, sentences, words
from xinzhi.report.charts import kit
from xinzhi.report.pages.sources import tables
from xinzhi.report.pages.sources.tables import Shown, ink, word
from xinzhi.report.section import Picture, Section, picture, rows_of
from xinzhi.report.table import Column
from xinzhi.sources import Sources, pair

MANY = 8  # lines in one chart


def decomposition(result: Sources, *, region: str | None = None) -> Section:
    """Return what a decomposition says; its waterfall is that of `region`, or of where allocation moved most."""
    shown = tables.Shown(result)
    periods = bool(result.periods.height)
    return Section.of(
        "sources.room",
        pictures(shown, region) if periods else (),
        [
            tables.by_region(shown) if periods else None,
            tables.by_group(shown) if shown.grouped else None,
            tables.by_period(shown) if periods else None,
            tables.coverage(shown),
            tables.assumptions(shown),
            tables.omitted(shown),
            tables.findings(shown),
        ],
        anchor="sources",
        answer=_said(result, "answer."),
        notes=_notes(result),
    )


def _said(result: Sources, start: str) -> list[Text]:
    """Return the sentences of the facts whose keys start so."""
    return sentences({key: value for key, value in result.facts().items() if key.startswith(start)}, result.topic)


def _notes(result: Sources) -> tuple[Text, ...]:
    """Return what the decomposition rests on, what is missing, and what it cannot tell."""
    notes = _said(result, "basis.")
    if result.omitted.height:
        regions = result.omitted["region"].n_unique()
        notes.append(words("sources.note.omitted", years=result.omitted.height, regions=regions))
    notes = [words("sources.note.reading"), *notes]
    if (first := _estimated(result)) is not None:
        notes.append(words("sources.note.estimated", first=first, before=first - 1))
    coarse = ["coarse"] if result.provenance.options["detail"] == "sector" else []
    return (*notes, *(words(f"sources.note.{name}") for name in (*coarse, "frontier", "accounting", "periods")))


def _estimated(result: Sources) -> int | None:
    """Return the first year in which investment by sector is extrapolated; None where it never is."""
    years = result.frame.filter(pl.col("flags").str.contains("extrapolated:sector_investment"))["year"]
    return None if years.is_empty() else int(years.sort()[0])


def pictures(shown: Shown, region: str | None) -> list[Picture | None]:
    """Return every picture that the decomposition has figures for, the leading one first."""
    return [
        _stacked(shown),
        _groups(shown),
        _waterfall(shown, region),
        _map(shown),
        _reallocation(shown),
        _beside(shown),
    ]


def _unit() -> Text:
    return words("sources.unit_of.points")


def _stack(shown: Shown, frame: pl.DataFrame, name: str | Column) -> dict[str, Any]:
    """Return rows, colours and options of stacked contributions."""
    parts = shown.parts(frame)
    cells: dict[str, Any] = {one: Column(name=one, title=word(one), kind="percent") for one in (*parts, "tfp_growth")}
    inks = {one: (word(one), ink(one)) for one in parts}
    rows = rows_of(frame, shown.result, name=name, **cells)
    return {"rows": rows, "parts": inks, "x": _unit(), "total": "tfp_growth", "decimals": 2, "unit": "points"}


def _stacked(shown: Shown) -> Picture:
    """Return the regions less all of them together, part by part; their own parts where there is no sum."""
    rows = apart(shown)
    if rows.height <= 1:
        return _whole(shown)
    spread = {name: 100 * float(np.std(rows[name].drop_nulls().to_numpy())) for name in shown.parts(rows)}
    told = [words("sources.chart.part", part=word(name), value=number(size, 2)) for name, size in spread.items()]
    facts = {"span": shown.span.label, "n": rows.height, "parts": listing(told)}
    drawn = _stack(shown, rows, "region") | {"x": words("sources.unit_of.apart")}
    return picture("sources.sources", kit.stacked, drawn.pop("rows"), tables.deviations(shown, rows), facts, **drawn)


def _whole(shown: Shown) -> Picture:
    """Return the stacked parts by region, with the residual's dot."""
    rows = shown.rows
    headline = "within" if rows["breakthrough"].is_null().all() else "whole"
    drawn = _stack(shown, rows, "region")
    said = {"headline": headline, "title": "whole", "how": "whole"}
    facts = {"span": shown.span.label}
    return picture("sources.sources", kit.stacked, drawn.pop("rows"), tables.by_region(shown), facts, **drawn, **said)


def leading_parts(rows: pl.DataFrame, shown: Shown) -> pl.DataFrame:
    """Return ``region, source, contribution`` of the part that holds most of every row's difference."""
    # It is the largest part of the sign that the whole has: what is ahead where TFP is, what is behind where it is.
    names = [name for name in shown.parts(rows) if name not in {"unallocated", "within_only"}]
    signed = pl.col("contribution") * pl.when(pl.col("tfp_growth") < 0).then(-1).otherwise(1)
    return (
        rows.drop_nulls("breakthrough")
        .unpivot(names, index=["region", "tfp_growth"], variable_name="source", value_name="contribution")
        .drop_nulls("contribution")
        .sort("region", signed, descending=[False, True])
        .group_by("region", maintain_order=True)
        .first()
        .select("region", "source", "contribution")
    )


def apart(shown: Shown) -> pl.DataFrame:
    """Return the regions less all of them together; no rows where the regions have no sum."""
    whole = shown.group_rows.filter(pl.col("region") == "total") if shown.group_rows.height else shown.group_rows
    if not whole.height:
        return shown.rows.clear()
    names = [name for name in (*shown.parts(shown.rows), "tfp_growth") if whole[name][0] is not None]
    return shown.rows.with_columns(pl.col(name) - whole[name][0] for name in names)


def _groups(shown: Shown) -> Picture | None:
    """Return the stacked contributions of the macro-regions and of the whole; None where there are no groups."""
    two = pair(shown.result)
    if two is None:
        return None
    frame = shown.group_rows
    low, high = (frame.row(by_predicate=pl.col("region") == one["region"], named=True) for one in two)
    lost = {name: 100 * ((high[name] or 0.0) - (low[name] or 0.0)) for name in shown.parts(frame)}
    most = max(lost, key=lambda name: lost[name])
    names = shown.result.names
    facts = {
        "low": names.text("group", low["region"]),
        "high": names.text("group", high["region"]),
        "gap": number(sum(lost.values()), 2),
        "part": word(most),
        "most": number(lost[most], 2),
        "span": shown.span.label,
    }
    drawn = _stack(shown, frame, tables.grouping())
    return picture("sources.groups", kit.stacked, drawn.pop("rows"), tables.by_group(shown), facts, **drawn)


def _waterfall(shown: Shown, region: str | None) -> Picture:
    """Return the sources one upon the other, for one region."""
    code = shown.code(region)
    row = shown.rows.row(by_predicate=pl.col("region") == code, named=True)
    parts = [name for name in shown.parts(shown.rows, split=True) if row[name] is not None]
    steps = [(_step(name), 100 * (row[name] or 0.0), ink(name)) for name in (*parts, "tfp_growth")]
    listed = [words("sources.chart.part", part=word(name), value=percent(row[name], 2, sign=True)) for name in parts]
    facts = {"name": shown.view.name(code), "tfp": percent(row["tfp_growth"], 2), "span": shown.span.label}
    twin = tables.of_region(shown, code, parts)
    facts |= {"parts": listing(listed)}
    return picture("sources.waterfall", kit.waterfall, steps, twin, facts, y=_unit(), unit="points")


def _step(part: str) -> Text:
    """Return a word short enough to stand under a bar."""
    plain = part.removesuffix("_only")
    return words(f"sources.chart.{plain}") if plain.startswith(("upgrading_", "within")) else word(part)


def _map(shown: Shown) -> Picture | None:
    """Return the tile map of what sets a region apart; None without an arrangement of the regions, or without a sum."""
    found = leading_parts(apart(shown), shown)
    if not shown.view.tiles or not found.height:
        return None
    order = [name for name in shown.parts(shown.rows) if name in set(found["source"])]
    rows = [
        {"region": code, "group": word(source), "value": 100 * value}
        for name in order
        for code, source, value in found.filter(source=name).rows()
    ]
    counts = found["source"].value_counts(sort=True).sort("count", "source", descending=[True, False]).rows()
    listed = listing([words("sources.chart.in_regions", part=word(name), k=k) for name, k in counts])
    return picture(
        "sources.apart", kit.tiles, rows, tables.leading(shown, found),
        {"parts": listed, "span": shown.span.label}, unit="points", legend=words("sources.title.apart"),
        arrangement=shown.view.tiles, inks=[ink(name) for name in order],
    )  # fmt: skip


def _reallocation(shown: Shown) -> Picture | None:
    """Return what reallocation gave over the years by macro-region, by region where there are few and no groups."""
    frame = shown.result.groups if shown.grouped else shown.result.frame
    rows = frame.drop_nulls("allocation").sort("region", "year")
    names = [name for name in _order(shown, rows) if name in set(rows["region"])]
    if rows["year"].n_unique() <= 1 or not 0 < len(names) <= MANY:
        return None
    years = range(int(rows["year"].sort()[0]), int(rows["year"].sort()[-1]) + 1)
    known = {(region, year): value for region, year, value in rows.select("region", "year", "allocation").rows()}
    lines = [
        {"group": shown.called(name), "year": year, "value": None if value is None else 100 * value}
        for name in names
        for year in years
        for value in [known.get((name, year))]
    ]
    lead = "total" if "total" in names else names[0]
    own = rows.filter(region=lead)
    first, last = own.row(0, named=True), own.row(-1, named=True)
    facts = {
        "name": shown.called(lead),
        "first": percent(first["allocation"], 2, sign=True),
        "last": percent(last["allocation"], 2, sign=True),
        "start": first["year"],
        "end": last["year"],
    }
    twin = tables.reallocation(shown, rows, names)
    return picture("sources.reallocation", kit.lines, lines, twin, facts, y=_unit(), unit="points", reference=0)


def _order(shown: Shown, rows: pl.DataFrame) -> Sequence[str]:
    """Return the groups in the order of the regions table, the whole last; single regions by code."""
    if shown.grouped:
        return [*(group.en for group in shown.view.groups), "total"]
    codes: list[str] = rows["region"].unique().sort().to_list()
    return codes


def _beside(shown: Shown) -> Picture | None:
    """Return breakthrough against the technical change of a frontier analysis, by region; None where none was given."""
    if shown.result.beside is None:
        return None
    means = tables.beside_means(shown.result.beside)
    rows = means.filter(source="breakthrough").drop_nulls().sort("frontier", descending=True)
    if not rows.height:
        return None
    ends = rows.with_columns(low=pl.min_horizontal("ours", "frontier"), high=pl.max_horizontal("ours", "frontier"))
    cells: dict[str, Any] = {
        one: Column(name=of, title=_unit(), kind="percent")
        for one, of in (("value", "ours"), ("low", "low"), ("high", "high"))
    }
    dots = rows_of(ends, shown.result, name="region", **cells)
    same = rows.filter((pl.col("ours") > 0) == (pl.col("frontier") > 0)).height
    facts: dict[str, object] = {name: percent(float(rows[name].to_numpy().mean()), 2) for name in ("ours", "frontier")}
    facts |= {"k": same, "n": len(dots)}
    twin = tables.beside(shown, means)
    return picture("sources.beside", kit.dots, dots, twin, facts, x=_unit(), unit="points", reference=0, decimals=2)

"""The page of a decomposition: what productivity growth came from, its pictures first, and its tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core import flags
from xinzhi.core.text import Text, listing, number, percent, sentences
from xinzhi.report import palette
from xinzhi.report.pages.sources_basis import assumptions, coverage, findings, omitted
from xinzhi.report.section import Picture, Section, shown
from xinzhi.report.section_rows import section
from xinzhi.report.table import Column, Table, table
from xinzhi.sources import Sources, pair, part_name, share_range_text
from xinzhi.sources.internal import SpanView

LINES = 8  # in one chart
PERIOD = {"period": "code"}
INKS: Mapping[str, str] = {
    "breakthrough": palette.ACCENT,
    "allocation": palette.DEEP,
    "allocation_labour": palette.DEEP,
    "allocation_capital": "#8fb9dc",
    "upgrading": "#8dbf97",
    "upgrading_traditional": "#4f8a5b",
    "upgrading_emerging": "#a9cdb0",
    "within": "#7f9a99",
    "allocation_between": "#5b4a8a",
    "unallocated": palette.BAND,
    "open": palette.FAINT,
    "tfp_growth": palette.INK,
}


def word(part: str) -> Text:
    """Return the short name of a part."""
    direct = part in {"allocation_labour", "allocation_capital", "tfp_growth"}
    return words.sources.chart_of(part) if direct else part_name(part.removesuffix("_only"))


def ink(part: str) -> str:
    """Return the colour of a part."""
    return INKS[part.removesuffix("_only")]


def grouping(name: str = "region") -> Column:
    """Return the column of macro-regions."""
    return Column(title=words.sources.column_group(), kind="name", name=name, names="group")


def sums(
    view: SpanView,
    key: str,
    frame: pl.DataFrame,
    leading: Sequence[Any],
    parts: Iterable[str],
    *,
    notes: Sequence[Text] = (),
    **values: Any,  # noqa: ANN401 - of the title
) -> Table:
    """Return TFP growth and parts of it behind some leading columns; marks come last where the frame has them."""
    columns = [*leading, *(Column(name=part, title=word(part), kind="percent") for part in parts), "flags?"]
    notes = flags.legend(set(frame["flags"])) if "flags" in frame.columns else notes
    return table(key, frame, columns, view.result, notes=notes, **values)


def by_region(view: SpanView) -> Table:
    """Return the parts of every region over the whole span, highest TFP growth first."""
    frame = view.rows_with_groups
    parts = ["tfp_growth", *view.parts(frame), *view.halves(frame)]
    return sums(view, "sources_regions", frame, ["region", grouping("group")], parts, span=view.span.label)


def by_shares(view: SpanView) -> Table | None:
    """Return the parts of every region over the whole span under both labour shares; None where the data leave none."""
    if view.result.alternative is None or not view.rows.height:
        return None
    parts = view.parts(view.rows)
    shares = view.result.assumption_value("shares")
    columns = [
        Column(name=f"{part}{suffix}", title=words.sources.chart_of(f"shares_{value}", part=word(part)), kind="percent")
        for part in parts
        for suffix, value in (("", shares), ("_other", view.result.alternative.assumption_value("shares")))
    ]
    leads = ["region", Column(name="tfp_growth", title=word("tfp_growth"), kind="percent")]
    return table("sources_shares", view.beside_shares, [*leads, *columns], view.result, span=view.span.label)


def by_period(view: SpanView) -> Table:
    """Return the sources of every region in every period."""
    frame = view.periods
    return sums(view, "sources_periods", frame, ["region", PERIOD], ["tfp_growth", *view.parts(frame)])


def by_group(view: SpanView) -> Table:
    """Return the sources of the macro-regions and of the whole in every period, in the order of the picture."""
    frame = view.group_periods
    parts = ["tfp_growth", *view.parts(frame), *view.halves(frame)]
    notes = (words.sources.note_between(),)
    return sums(view, "sources_groups", frame, [grouping(), PERIOD], parts, notes=notes)


def of_region(view: SpanView, code: str, parts: Sequence[str]) -> Table:
    """Return the sources of one region in every period, one row a period."""
    frame = view.periods_of(code)
    names = [name.removesuffix("_only") for name in sorted(parts, key=lambda name: name not in frame.columns)]
    name = view.accounts.name(code)
    return sums(view, "sources_region", frame, [PERIOD], ["tfp_growth", *names], name=name)


def leading(view: SpanView, parts: pl.DataFrame) -> Table:
    """Return the figures of the tile map: the part that sets a region apart."""
    source = Column(
        name="source", title=words.sources.column_leading(), values={name: word(name) for name in parts["source"]}
    )
    points = {"contribution": {"kind": "percent", "unit": "points"}}
    return table("sources_apart", parts, ["region", source, points], view.result)


def reallocation(view: SpanView, names: Sequence[str]) -> Table:
    """Return what reallocation gave by year: labour, capital, and between regions where there are groups."""
    frame = view.years_of(names)
    leads = [grouping() if view.grouped else "region", "year"]
    return sums(view, "sources_reallocation", frame, leads, frame.columns[2:])


def comparison(view: SpanView) -> Table:
    """Return both by region, means per year over the years that they share."""
    means = view.beside_means
    values = {name: words.sources.chart_of(name) for name in means["source"].unique()}
    part = Column(name="source", title=words.sources.column_part(), values=values)
    return table("sources_beside", means, ["region", part, "years", "ours", "frontier", "difference"], view.result)


@section.register
def decomposition(result: Sources, *, region: str | None = None) -> Section:
    """Return what a decomposition says; its waterfall is that of `region`, or of where allocation moved most."""
    view = SpanView(result)
    periods = bool(result.periods.height)
    return Section.of(
        "sources.room",
        pictures(view, region) if periods else (),
        [
            by_region(view) if periods else None,
            by_shares(view) if periods else None,
            by_group(view) if view.grouped else None,
            by_period(view) if periods else None,
            coverage(result),
            assumptions(result),
            omitted(result, view.accounts),
            findings(result, view.accounts),
        ],
        anchor="sources",
        answer=_sentences(result, "answer."),
        notes=_notes(result),
    )


def _sentences(result: Sources, start: str) -> list[Text]:
    """Return the sentences of the facts whose keys start so."""
    return sentences({key: value for key, value in result.facts().items() if key.startswith(start)}, result.topic)


def _notes(result: Sources) -> tuple[Text, ...]:
    """Return what the decomposition rests on, what is missing, and what it cannot tell."""
    notes = _sentences(result, "basis.")
    if result.omitted.height:
        regions = result.omitted["region"].n_unique()
        notes.append(words.sources.note_omitted(years=result.omitted.height, regions=regions))
    notes = [words.sources.note_reading(), *notes]
    if (first := SpanView(result).first_extrapolated) is not None:
        notes.append(words.sources.note_estimated(first=first, before=first - 1))
    coarse = ["coarse"] if result.provenance.options["detail"] == "sector" else []
    return (*notes, *(words.sources.note_of(name) for name in (*coarse, "frontier", "accounting", "periods")))


def pictures(view: SpanView, region: str | None) -> list[Picture | None]:
    """Return every picture that the decomposition has figures for, the leading one first."""
    return [
        _stacked(view),
        _groups(view),
        _waterfall(view, region),
        _map(view),
        _reallocation(view),
        _comparison(view),
    ]


def _stack(view: SpanView, frame: pl.DataFrame) -> dict[str, Any]:
    """Return what a chart of stacked contributions draws, and its colours."""
    parts = view.parts(frame)
    draws = {part: part for part in (*parts, "tfp_growth")}
    return {"draws": {"name": "region", **draws}, "parts": {part: (word(part), ink(part)) for part in parts}}


def _stacked(view: SpanView) -> Picture | None:
    """Return the regions less all of them together, part by part; their own parts where there is no sum."""
    rows = view.differences
    facts: dict[str, object] = {"span": view.span_text}
    if rows.height <= 1:
        rows = view.rows
        headline = "within" if rows["breakthrough"].is_null().all() else "whole"
        more = _stack(view, rows)
        return shown("sources.whole", view.result, rows, facts, twin=by_region(view), headline=headline, **more)
    parts = view.parts(rows)
    spread = [
        [float(np.std(span_view.differences[name].drop_nulls().to_numpy())) for span_view in view.views]
        for name in parts
    ]
    sentences = [
        words.sources.chart_part(part=word(name), value=share_range_text(sizes, "plain"))
        for name, sizes in zip(parts, spread, strict=True)
    ]
    facts |= {"n": rows.height, "parts": listing(sentences)}
    twin = sums(view, "sources_deviations", rows, ["region"], ["tfp_growth", *parts], span=view.span.label)
    more = _stack(view, rows) | {"x": words.sources.unit_of_apart()}
    return shown("sources.sources", view.result, rows, facts, twin=twin, **more)


def _groups(view: SpanView) -> Picture | None:
    """Return the stacked contributions of the macro-regions and of the whole; None where there are no groups."""
    two = pair(view.result)
    if two is None:
        return None
    frame = view.group_rows
    lost = []
    for span_view in view.views:
        low, high = (
            span_view.group_rows.row(by_predicate=pl.col("region") == row["region"], named=True) for row in two
        )
        lost.append({name: (high[name] or 0.0) - (low[name] or 0.0) for name in span_view.parts(span_view.group_rows)})
    most = [max(losses, key=lambda name: losses[name]) for losses in lost]
    names = view.result.names
    same = len(set(most)) == 1
    facts = {
        "low": names.text("group", low["region"]),
        "high": names.text("group", high["region"]),
        "gap": number(100 * sum(lost[0].values()), 2),
        "span": view.span_text,
        "part": word(most[0]) if same else words.sources.either_shares(first=word(most[0]), other=word(most[-1])),
        "most": share_range_text([losses[name] for losses, name in zip(lost, most, strict=True)], "plain"),
    }
    return shown("sources.groups", view.result, frame, facts, twin=by_group(view), **_stack(view, frame))


def _waterfall(view: SpanView, region: str | None) -> Picture | None:
    """Return the sources one upon the other, for one region."""
    code = view.code(region)
    row = view.rows.row(by_predicate=pl.col("region") == code, named=True)
    parts = [name for name in view.parts(view.rows, split=True) if row[name] is not None]
    steps = [(_step(name), 100 * (row[name] or 0.0), ink(name)) for name in (*parts, "tfp_growth")]
    rows = [
        row,
        *(span_view.rows.row(by_predicate=pl.col("region") == code, named=True) for span_view in view.views[1:]),
    ]
    listed = [
        words.sources.chart_part(part=word(name), value=share_range_text([figures[name] for figures in rows]))
        for name in parts
    ]
    facts = {"name": view.accounts.name(code), "tfp": percent(row["tfp_growth"], 2), "span": view.span_text}
    facts["parts"] = listing(listed)
    return shown("sources.waterfall", view.result, None, facts, rows=steps, twin=of_region(view, code, parts))


def _step(part: str) -> Text:
    """Return a word short enough to stand under a bar."""
    base = part.removesuffix("_only")
    return words.sources.chart_of(base) if base.startswith(("upgrading_", "within")) else word(part)


def _map(view: SpanView) -> Picture | None:
    """Return the tile map of what sets a region apart; None without an arrangement of the regions, or without a sum."""
    parts = view.leading_parts
    if not view.accounts.tiles or not parts.height:
        return None
    order = [name for name in (*view.parts(view.rows), "open") if name in set(parts["source"])]
    rows = [
        {"region": row["region"], "group": word(row["source"]), "value": 100 * row["contribution"]}
        for row in sorted(parts.iter_rows(named=True), key=lambda row: order.index(row["source"]))
    ]
    counts = sorted(Counter(parts["source"]).items(), key=lambda count: (-count[1], count[0]))
    listed = listing([words.sources.chart_in_regions(part=word(name), k=k) for name, k in counts])
    facts, inks = {"parts": listed, "span": view.span_text}, [ink(name) for name in order]
    more: dict[str, Any] = {"legend": words.sources.title_apart(), "arrangement": view.accounts.tiles, "inks": inks}
    return shown("sources.apart", view.result, None, facts, rows=rows, twin=leading(view, parts), **more)


def _reallocation(view: SpanView) -> Picture | None:
    """Return what reallocation gave over the years by macro-region, by region where there are few and no groups."""
    rows = view.years
    names = [name for name in _order(view, rows) if name in set(rows["region"])]
    if rows["year"].n_unique() <= 1 or not 0 < len(names) <= LINES:
        return None
    years = range(min(rows["year"]), max(rows["year"]) + 1)
    allocation = {(row["region"], row["year"]): row["allocation"] for row in rows.iter_rows(named=True)}
    lines = [
        {"group": view.name(name), "year": year, "value": None if value is None else 100 * value}
        for name in names
        for year in years
        for value in [allocation.get((name, year))]
    ]
    lead = "total" if "total" in names else names[0]
    lead_years = [row["year"] for row in rows.iter_rows(named=True) if row["region"] == lead]
    start, end = lead_years[0], lead_years[-1]
    facts = {
        key: share_range_text([span_view.allocation(lead, year) for span_view in view.views])
        for key, year in (("first", start), ("last", end))
    }
    facts |= {"name": view.name(lead), "start": view.year(start), "end": view.year(end)}
    return shown("sources.reallocation", view.result, None, facts, rows=lines, twin=reallocation(view, names))


def _order(view: SpanView, rows: pl.DataFrame) -> Sequence[str]:
    """Return the groups in the order of the regions table, the whole last; single regions by code."""
    if view.grouped:
        return [*(group.en for group in view.accounts.groups), "total"]
    return sorted(set(rows["region"]))


def _comparison(view: SpanView) -> Picture | None:
    """Return breakthrough against the technical change of a frontier analysis, by region; None where none was given."""
    if view.result.beside is None:
        return None
    rows = view.beside_breakthrough
    if not rows.height:
        return None
    same = sum((row["ours"] > 0) == (row["frontier"] > 0) for row in rows.iter_rows(named=True))
    facts: dict[str, object] = {name: percent(float(rows[name].to_numpy().mean()), 2) for name in ("ours", "frontier")}
    facts |= {"k": same, "n": rows.height}
    return shown("sources.beside", view.result, rows, facts, twin=comparison(view))

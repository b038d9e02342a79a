"""The answer of an assessment: five sentences, and the ranking with its whiskers before the other pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from xinzhi.core.schema import describe
from xinzhi.core.text import Text, number, paragraph, words
from xinzhi.report.pages.yardstick import pictures
from xinzhi.report.pages.yardstick.measurement import measurement
from xinzhi.report.pages.yardstick.tables import notes
from xinzhi.report.picture import picture
from xinzhi.report.section import Picture, Section
from xinzhi.report.sentence import answer_of, notes_of
from xinzhi.report.table import Column, Table, column, table
from xinzhi.yardstick import Ranking, Span, View

PAIRS = {
    "band": ("low", "high", 100, 1), "place": ("rank_low", "rank_high", 1, 0),
    "over_protocols": ("protocol_low", "protocol_high", 100, 1),
    "place_over_protocols": ("protocol_rank_low", "protocol_rank_high", 1, 0),
}  # fmt: skip


def ranking(result: Ranking, *, region: str | None = None) -> Section:
    """Return what an assessment says first; the pictures behind the ranking are those of the measurement."""
    whole, facts = measurement(result.measurement, region=region), result.facts()
    drawn = [_ranked(result, one) if one.kind == "ranking" else one for one in whole.pictures]
    return replace(
        whole, answer=tuple(answer_of(facts, result.topic)), reach=tuple(notes_of(facts, result.topic)),
        pictures=tuple(drawn), sheets=(sheet(result),), document=None,
    )  # fmt: skip


def _ranked(result: Ranking, plain: Picture) -> Picture:
    """Return the ranking with whiskers, the newest period first; its headline says who stands out in both."""
    view = View(result.measurement)
    if result.bands is None and not result.protocols:
        return plain
    newest = view.spans[-1]
    facts = {"span": newest.label, **_headline(result, newest)}
    key = "ranking_ties" if "k" in facts else "ranking_ranges"
    level = 0.9 if result.bands is None else result.bands.level
    how = paragraph([words("how.ranking_ranges"), words("how.whiskers", level=level)])
    twin = shown(result)
    made = picture("ranking", pictures.ranking, view, twin, facts, headline=key, how=how, ranked=result)
    return replace(made, legend=twin.notes)


def _headline(result: Ranking, newest: Span) -> dict[str, object]:
    """Return how many pairs of regions differ in the newest period, where bands tell."""
    said = result.bands
    if said is None:
        return {}
    pairs = said.pairs.filter(start=newest.start, end=newest.end, component="estimates")
    return {"k": int(pairs["decided"].sum()), "n": pairs.height} if pairs.height else {}


def sheet(result: Ranking) -> Table:
    """Return every column of both periods, for the workbook."""
    codes = result.frame.with_columns(code=pl.col("region"))
    names = ["code", *result.frame.columns]
    return table("ranking", codes, names, result, known=True, notes=notes("ranking_ranges", result.frame["flags"]))


def shown(result: Ranking) -> Table:
    """Return both periods side by side, ranges in one cell each."""
    view = View(result.measurement)
    spans = list(dict.fromkeys([view.spans[-1], view.lead]))
    frame = result.of(spans[0].start, spans[0].end).select("region", group="region")
    columns = [describe(result.verb, name) for name in ("region", "group")]
    for span in spans:
        mine = result.of(span.start, span.end)
        cells = {"tfp_growth": mine["tfp_growth"], "rank": mine["rank"], "grade": mine["grade"], "flags": mine["flags"]}
        cells |= {name: _spelled(mine, *pair) for name, pair in PAIRS.items()} | {"among_first": mine["among_first"]}
        order = (
            "tfp_growth",
            "band",
            "over_protocols",
            "rank",
            "place",
            "place_over_protocols",
            "among_first",
            "grade",
            "flags",
        )
        kept = [name for name in order if cells[name].null_count() < mine.height]
        other = pl.DataFrame({"region": mine["region"], **{f"{name}{span.label.en}": cells[name] for name in kept}})
        frame = frame.join(other, on="region", how="left", maintain_order="left")
        columns += [_column(result, name, span) for name in kept]
    called: Mapping[str, Callable[[Any], Text | None]] = {"region": view.name, "group": view.group_of.get}
    return table("ranking", frame, columns, names=called, notes=notes("ranking_ranges", result.frame["flags"]))


def _spelled(rows: pl.DataFrame, low: str, high: str, times: float, decimals: int) -> pl.Series:
    """Return a range as one cell."""
    pairs = rows.select(low, high).rows()
    spelled = [None if one is None else _range(times * one, times * other, decimals) for one, other in pairs]
    return pl.Series(spelled, dtype=pl.String)


def _range(low: float, high: float, decimals: int) -> str:
    """Write a range; one of a single value is that value."""
    ends = [number(end, decimals) for end in (low, high)]
    return ends[0] if ends[0] == ends[1] else f"{ends[0]} – {ends[1]}"


def _column(result: Ranking, name: str, span: Span) -> Column:
    """Return the column of a period: as the schema describes it, a range by the words of the page."""
    plain = column(name, "text") if name in PAIRS else describe(result.verb, name)
    title = words("column.in_period", title=plain.title, period=span.label)
    return replace(plain, name=f"{name}{span.label.en}", title=title)


def sides(result: Ranking) -> dict[str, str]:
    """Return on which side of all together each region is in the newest period: above, below, or a tie."""
    if result.bands is None or result.bands.part is not None:
        return {}
    newest = View(result.measurement).spans[-1]
    rows = result.bands.frame.filter(start=newest.start, end=newest.end, component="estimates")
    sure = result.bands.decided
    return {
        code: "above" if chance >= sure else "below" if chance <= 1 - sure else "tie"
        for code, chance in rows.select("region", "above_nation").drop_nulls().rows()
    }

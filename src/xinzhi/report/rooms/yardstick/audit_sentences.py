"""The finding of an audit in plain words, and the headlines of its charts: sentences made from the numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from xinzhi.core.text import listing, number, words
from xinzhi.report.rooms.yardstick import levels
from xinzhi.report.rooms.yardstick.audit_view import share

if TYPE_CHECKING:
    from xinzhi.core.text import Text
    from xinzhi.report.rooms.yardstick.audit_view import AuditView

NEAR = 3  # ranks that one would still call the same place
NAMED = 3  # choices named one by one
HALF = 0.5
ALIKE = 0.0005  # a choice that makes less of the spread than is shown of it


def answer(view: AuditView) -> tuple[Text, ...]:
    """Return the sentences that lead the report: who could rank first, who would move furthest, what decides."""
    rows = view.rows
    if rows.is_empty():
        return (words("audit.nothing", n=f"{view.audit.protocols.height:,}"),)
    if rows.height == 1:
        return (_alone(view), _decides(view))
    return (*_game(view), _decides(view))


def reach(view: AuditView) -> tuple[Text, ...]:
    """Return the sentences behind the answer: the set, the official figures, the changes, the game of all."""
    rows = view.rows
    opening = words("audit.set", n=f"{view.protocols:,}")
    if rows.height < 2:  # noqa: PLR2004 - one region has no ranks
        return (opening, *_others(view))
    ends = rows.sort("official", descending=True).select("region", "official").rows()
    (first, high), (last, low) = ends[0], ends[-1]
    names = {"first": view.name(first), "last": view.name(last)}
    official = words("audit.official", span=view.span.label, low=low, high=high, **names)
    return (opening, official, *_changes(view), *_others(view), _everyone(view))


def warning(view: AuditView) -> Text:
    """Return what the set must not be used for."""
    return words("audit.warning", protocol=view.audit.grid.protocol.title)


def _alone(view: AuditView) -> Text:
    row = view.rows.row(0, named=True)
    figures = {"low": row["minimum"], "high": row["maximum"], "official": row["official"]}
    return words("audit.alone", name=view.name(row["region"]), span=view.span.label, **figures)


def _game(view: AuditView) -> tuple[Text, ...]:
    rows, code = view.rows, view.furthest
    if code is None or not rows["rank_gain"].max():
        return (words("audit.no_game", n=rows.height, span=view.span.label),)
    first = rows.filter(pl.col("best_rank") == 1).height
    row = view.row(code)
    return (
        words("audit.first", k=first, n=rows.height, span=view.span.label),
        words("audit.jump", name=view.name(code), official=row["official_rank"], best=row["best_rank"]),
    )


def _changes(view: AuditView) -> tuple[Text, ...]:
    """Return by which changes the region that moves furthest does so."""
    row = view.row(view.furthest or "")
    if not row["rank_gain"]:
        return ()
    departures = view.departures(int(str(row["best_protocol"])))
    return (words("audit.changes", name=view.name(str(row["region"])), departures=departures),)


def _decides(view: AuditView) -> Text:
    if not view.shares:
        return words("audit.no_spread")
    name, part = next(iter(view.shares.items()))
    key = "audit.decides" if part >= HALF else "audit.largest"
    return words(key, name=_titles(view)[name], share=share(part))


def _others(view: AuditView) -> tuple[Text, ...]:
    """Return what the other choices make of the spread, the smallest together."""
    rest = [(name, part) for name, part in list(view.shares.items())[1:] if part >= ALIKE]
    if not rest:
        return ()
    named = [words("audit.part", name=_titles(view)[name], share=share(part)) for name, part in rest[:NAMED]]
    if len(rest) > NAMED:
        named.append(words("audit.rest", share=share(sum(part for _, part in rest[NAMED:]))))
    return (words("audit.others", parts=listing(named)),)


def _titles(view: AuditView) -> dict[str, Text]:
    return {choice.name: levels.title(choice) for choice in view.choices}


def _everyone(view: AuditView) -> Text:
    rows = view.rows
    same_place = rows.filter((pl.col("everyone_rank") - pl.col("official_rank")).abs() <= NEAR).height
    gain = rows.select(pl.col("growth_gain").mean()).item()
    return words("audit.everyone", gain=gain, k=same_place, n=rows.height, near=NEAR)


def room_headline(view: AuditView) -> Text:
    """Return the headline of the chart of gaming room."""
    if not view.rows["rank_gain"].max():
        return words("headline.room_none", span=view.span.label)
    first = view.rows.filter(pl.col("best_rank") == 1).height
    return words("headline.room", k=first, n=view.rows.height, span=view.span.label)


def ranks_headline(view: AuditView) -> Text:
    """Return the headline of the chart of ranks under one protocol for all."""
    moved = view.rows.select((pl.col("rank_p95") - pl.col("rank_p05")).median()).item()
    if not moved:
        return words("headline.ranks_none", span=view.span.label)
    return words("headline.ranks", places=number(moved, 0), span=view.span.label)


def curve_headline(view: AuditView, region: str | None = None) -> Text:
    """Return the headline of the specification curve of a region."""
    found = view.curve(region)
    figures = {"low": found.values[0], "high": found.values[-1], "official": found.official}
    return words(
        "headline.curve", name=view.name(found.code), n=f"{len(found.values):,}", span=view.span.label, **figures
    )


def curves_headline(view: AuditView) -> Text:
    """Return the headline of the small curves of all regions."""
    spread, between = view.rows.select(
        (pl.col("maximum") - pl.col("minimum")).median(), between=pl.col("official").max() - pl.col("official").min()
    ).row(0)
    return words("headline.curves", spread=spread, between=between, span=view.span.label)


def variance_headline(view: AuditView) -> Text:
    """Return the headline of the variance by choice."""
    name, part = next(iter(view.shares.items()))
    return words("headline.variance", name=_titles(view)[name], share=share(part), span=view.span.label)


def reversals_headline(view: AuditView) -> Text:
    """Return the headline of the rank reversals."""
    inside = view.audit.reversals.filter(view.span.holds(), pl.col("region") < pl.col("other"))
    turned = inside.filter(pl.col("above") > 0, pl.col("above") < 1).height
    if not turned:
        return words("headline.reversals_none", span=view.span.label)
    return words("headline.reversals", k=f"{turned:,}", n=f"{inside.height:,}", span=view.span.label)

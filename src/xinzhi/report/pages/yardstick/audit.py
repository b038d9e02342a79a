"""What an audit says: sentences made from the numbers, the pictures that show them, the section and the document."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import polars as pl
from altair.typing import ChartType

from xinzhi.core.text import Text, number, paragraph, share, words
from xinzhi.report.charts.kit.names import END, MOST
from xinzhi.report.document import protocol_summary, rows, text
from xinzhi.report.pages.yardstick import audit_pictures, audit_tables
from xinzhi.report.pages.yardstick.audit_view import AuditView
from xinzhi.report.pages.yardstick.parameters import introduction
from xinzhi.report.section import Picture, Section
from xinzhi.report.sentence import answer_of, notes_of
from xinzhi.report.table import Table, without_notes
from xinzhi.yardstick import Audit, choice_title


def reach(view: AuditView) -> tuple[Text, ...]:
    """Return the sentences behind the answer; where a region moves, also by which changes."""
    facts = view.audit.facts()
    said = notes_of(facts, view.audit.topic)
    if "audit.jump" in facts:
        row = view.row(view.furthest or "")
        departures = view.departures(int(str(row["best_protocol"])))
        said.insert(2, words("audit.changes", name=view.name(str(row["region"])), departures=departures))
    return tuple(said)


def warning(view: AuditView) -> Text:
    """Return what the set must not be used for."""
    return words("audit.warning", protocol=view.audit.grid.protocol.title)


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
    return words("headline.variance", name=choice_title(name), share=share(part), span=view.span.label)


def reversals_headline(view: AuditView) -> Text:
    """Return the headline of the rank reversals."""
    inside = view.audit.reversals.filter(view.span.holds(), pl.col("region") < pl.col("other"))
    turned, compared = inside.filter(pl.col("above") > 0, pl.col("above") < 1).height, inside.n_unique("region") + 1
    values = {"k": f"{turned:,}", "n": f"{inside.height:,}", "span": view.span.label}
    if 1 < compared < len(view.codes):
        return words("headline.reversals_ends", regions=compared, all=f"{len(view.codes):,}", **values)
    return words("headline.reversals" if turned else "headline.reversals_none", **values)


# Each picture is a row: what draws it, its table, its headline, its unit.
PICTURES: Mapping[str, tuple[Callable[..., ChartType], Callable[..., Table], Callable[..., Text], str]] = {
    "room": (audit_pictures.room, audit_tables.room, room_headline, "rank"),
    "ranks": (audit_pictures.ranks, audit_tables.ranks, ranks_headline, "rank"),
    "curve": (audit_pictures.curve, audit_tables.curve, curve_headline, "percent"),
    "variance": (audit_pictures.variance, audit_tables.variance, variance_headline, "share"),
    "reversals": (audit_pictures.reversals, audit_tables.reversals, reversals_headline, "share"),
}


def audit(result: Audit, *, region: str | None = None) -> Section:
    """Return what an audit says; the specification curve is that of the region asked for."""
    return section(AuditView(result), region)


def section(view: AuditView, region: str | None = None) -> Section:
    """Return what an audit says."""
    several = view.rows.height > 1
    has = {"curve": view.rows.height > 0, "variance": bool(view.shares)}
    return Section(
        key="audit",
        title=words("title.audit"),
        answer=(paragraph(answer_of(view.audit.facts(), view.audit.topic)),),
        reach=reach(view),
        warning=warning(view),
        pictures=tuple(_picture(view, kind, region) for kind in PICTURES if has.get(kind, several)),
        sketches=(_curves(view),) if several else (),
        notes=(words("note.convention_audit"),),
        behind=(_choices(view), _left_out(view)),
        sheets=tuple(audit_tables.contents(view)),
        document=partial(_own, view),
    )


def _choices(view: AuditView) -> Section:
    """Return what was varied."""
    return Section(
        key="choices",
        title=words("title.choices"),
        answer=(),
        intro=(words("note.choices"), *introduction(view.audit.grid.protocol)),
        tables=(without_notes(audit_tables.choices(view)),),
    )


def _left_out(view: AuditView) -> Section:
    """Return the alternatives that the data cannot compute."""
    left_out, title = audit_tables.left_out(view), words("title.left_out")
    if not left_out.rows:
        return Section(key="left-out", title=title, answer=(), intro=(words("note.nothing_left_out"),))
    return Section(key="left-out", title=title, answer=(), tables=(left_out,))


def _own(view: AuditView, made: Section, source: Text) -> dict[str, Any]:
    """Return what the page of an audit has otherwise than those of other results."""
    protocol = view.audit.grid.protocol
    return {
        "leads": True,
        "subtitle": words("title.subtitle_audit", package=source, protocol=protocol.title, span=view.span.label),
        "cover": words("cover.audit"),
        "made": words("note.about_audit", verb=view.audit.provenance.verb, package=source),
        "data": summary(view, made),
        "tables": audit_tables.contents(view),
        "protocol": protocol,
        "notes": (words("note.convention"),),
    }


def _picture(view: AuditView, kind: str, region: str | None) -> Picture:
    draw, twin, headline, unit = PICTURES[kind]
    of: dict[str, str | None] = {"region": region} if kind == "curve" else {}
    return Picture(
        kind=kind,
        title=words(f"title.{kind}"),
        headline=headline(view, **of),
        draw=partial(draw, view, **of),
        how=_how(view, kind),
        unit=words(f"unit_of.{unit}"),
        twin=without_notes(twin(view, **of)),
    )


def _how(view: AuditView, kind: str) -> Text:
    how = words("how.variance_one" if kind == "variance" and view.rows.height == 1 else f"how.{kind}")
    of_many = view.rows.height > MOST and kind != "curve"
    return paragraph([how, words("how.ends", n=END)]) if of_many else how


def _curves(view: AuditView) -> Picture:
    return Picture(
        kind="curves",
        sketch=True,
        title=words("title.curves"),
        headline=curves_headline(view),
        draw=partial(audit_pictures.small_curves, view),
        how=_how(view, "curves"),
        unit=words("unit_of.percent"),
        twin=without_notes(audit_tables.growth(view)),
    )


def summary(view: AuditView, lead: Section) -> dict[str, Any]:
    """Return the audit as a JSON-ready dictionary: growth in log points per year, texts in both languages."""
    result = view.audit
    return {
        "answer": text(lead.answer[0]),
        "reach": text(paragraph(lead.reach)),
        "warning": text(warning(view)),
        "leading_period": list(result.official_span),
        "unit": "log points per year",
        "provenance": result.provenance.to_dict(),
        "protocol": protocol_summary(result.grid.protocol),
        "protocols": result.protocols.height,
        "choices": [
            {"choice": choice.name, "parameters": choice.paths, "levels": [one.label() for one in choice.levels]}
            for choice in result.grid.choices
        ],
        "left_out": rows(result.left_out),
        "shares": view.shares,
        "names": rows(result.regions),
        "regions": rows(result.frame),
        "variance": rows(result.variance),
        "reversals": rows(result.reversals.filter(view.span.holds())),
    }

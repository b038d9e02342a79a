"""The audit as a section and a document: what choosing one's own yardstick buys, for a reader who was not there."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from xinzhi.core.text import Text, paragraph, same, words
from xinzhi.report.charts.kit.names import END, MOST
from xinzhi.report.document import rows, text
from xinzhi.report.rooms.yardstick import audit_curves, audit_pictures, audit_tables
from xinzhi.report.rooms.yardstick import audit_sentences as sentences
from xinzhi.report.rooms.yardstick.audit_view import AuditView
from xinzhi.report.rooms.yardstick.parameters import introduction
from xinzhi.report.section import Picture, Section, Sketch
from xinzhi.report.table import without_notes
from xinzhi.report.writing import Document, foot, protocol_summary

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from altair.typing import ChartType

    from xinzhi.report.table import Table
    from xinzhi.yardstick import Audit

NAMES = ("audit.html", "audit.xlsx", "audit.csv", "audit.json")
# Each picture is a row: what draws it, its table, its headline, its unit.
PICTURES: Mapping[str, tuple[Callable[..., ChartType], Callable[..., Table], Callable[..., Text], str]] = {
    "room": (audit_pictures.room, audit_tables.room, sentences.room_headline, "rank"),
    "ranks": (audit_pictures.ranks, audit_tables.ranks, sentences.ranks_headline, "rank"),
    "curve": (audit_pictures.curve, audit_tables.curve, sentences.curve_headline, "percent"),
    "variance": (audit_pictures.variance, audit_tables.variance, sentences.variance_headline, "share"),
    "reversals": (audit_pictures.reversals, audit_tables.reversals, sentences.reversals_headline, "share"),
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
        answer=(paragraph(sentences.answer(view)),),
        reach=sentences.reach(view),
        warning=sentences.warning(view),
        pictures=tuple(_picture(view, kind, region) for kind in PICTURES if has.get(kind, several)),
        sketches=(_curves(view),) if several else (),
        notes=(words("note.convention_audit"),),
    )


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


def _curves(view: AuditView) -> Sketch:
    return Sketch(
        kind="curves",
        title=words("title.curves"),
        headline=sentences.curves_headline(view),
        draw=partial(audit_curves.picture, view),
        how=_how(view, "curves"),
        unit=words("unit_of.percent"),
        twin=without_notes(audit_tables.growth(view)),
    )


def document(result: Audit) -> Document:
    """Return the report of an audit."""
    view = AuditView(result)
    lead, protocol = section(view), result.grid.protocol
    source = same(result.provenance.package or "xinzhi")
    left_out = audit_tables.left_out(view)
    page, book, table, data = NAMES
    return Document(
        names=(page, book, data),
        title=words("title.audit"),
        about=source,
        subtitle=words("title.subtitle_audit", package=source, protocol=protocol.title, span=view.span.label),
        cover=words("cover.audit"),
        source=source,
        foot=foot(source, result.provenance),
        made=words("note.about_audit", verb=result.provenance.verb, package=source),
        sections=[
            lead,
            Section(
                key="choices",
                title=words("title.choices"),
                answer=(),
                intro=(words("note.choices"), *introduction(protocol)),
                tables=(without_notes(audit_tables.choices(view)),),
            ),
            Section(
                key="left-out",
                title=words("title.left_out"),
                answer=(),
                intro=() if left_out.rows else (words("note.nothing_left_out"),),
                tables=(left_out,) if left_out.rows else (),
            ),
        ],
        provenance=result.provenance,
        frames={table: result.frame},
        data=summary(view, lead),
        leads=True,
        tables=audit_tables.contents(view),
        protocol=protocol,
        notes=(words("note.convention"),),
    )


def summary(view: AuditView, lead: Section) -> dict[str, Any]:
    """Return the audit as a JSON-ready dictionary: growth in log points per year, texts in both languages."""
    result = view.audit
    return {
        "answer": text(lead.answer[0]),
        "reach": text(paragraph(lead.reach)),
        "warning": text(sentences.warning(view)),
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

"""The report of an audit as one page: self-contained, in both languages, readable offline and on paper."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from markupsafe import Markup

from xinzhi.report import markup, svg
from xinzhi.report.audit import answer, smalls, tables
from xinzhi.report.catalogue import paragraph, words
from xinzhi.report.charts import audit as charts
from xinzhi.report.charts import bars
from xinzhi.report.html import render
from xinzhi.report.section import Figure
from xinzhi.report.tables import without_notes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from xinzhi.core.text import Language, Text
    from xinzhi.report.audit.view import AuditView
    from xinzhi.report.tables import Table

UNITS = {"room": "rank", "ranks": "rank", "curve": "percent", "variance": "share", "reversals": "share"}


def page(view: AuditView, *, language: Language) -> str:
    """Return the report as HTML; it opens in `language`, and a reader can switch."""
    protocol, source = view.audit.grid.protocol, answer.source(view)
    return render(
        "audit.html.j2",
        words("title.audit"),
        source,
        language=language,
        subtitle=words("title.subtitle_audit", package=source, protocol=protocol.title, span=view.span.label),
        table=partial(markup.table, decimals=int(protocol.value("reporting.decimals"))),
        answer=paragraph(answer.answer(view)),
        reach=paragraph(answer.reach(view)),
        warning=answer.warning(view),
        figures=figures(view),
        foot_line=answer.foot(view),
        choices=without_notes(tables.choices(view)),
        left_out=tables.left_out(view),
        protocol=protocol,
        provenance=view.audit.provenance,
        source=source,
    )


def figures(view: AuditView) -> list[Figure]:
    """Return the pictures that the audit has figures for."""
    found = [_figure(view, kind) for kind in charts.available(view)]
    if view.rows.height > 1:
        after = next((at for at, one in enumerate(found, start=1) if one.key == "curve"), len(found))
        found.insert(after, _curves(view))
    return found


def _figure(view: AuditView, kind: str) -> Figure:
    twins: Mapping[str, Callable[[AuditView], Table]] = {
        "room": tables.room,
        "ranks": tables.ranks,
        "curve": tables.curve,
        "variance": tables.variance,
        "reversals": tables.reversals,
    }
    return Figure(
        key=kind,
        section=words(f"title.{kind}"),
        headline=charts.headline(view, kind),
        svg=Markup(svg.inline(partial(charts.draw, view, kind), kind)),  # noqa: S704 - made here, its words escaped
        how=_how(view, kind),
        unit=words(f"unit_of.{UNITS[kind]}"),
        twin=without_notes(twins[kind](view)),
    )


def _how(view: AuditView, kind: str) -> Text:
    how = words("how.variance_one" if kind == "variance" and view.rows.height == 1 else f"how.{kind}")
    of_many = view.rows.height > bars.MOST and kind != "curve"
    return paragraph([how, words("how.ends", n=bars.END)]) if of_many else how


def _curves(view: AuditView) -> Figure:
    return Figure(
        key="curves",
        section=words("title.curves"),
        headline=answer.curves_headline(view),
        svg=Markup(smalls.picture(view, "curves")),  # noqa: S704 - made here, its words escaped
        how=_how(view, "curves"),
        unit=words("unit_of.percent"),
        twin=without_notes(tables.growth(view)),
    )

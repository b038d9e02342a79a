"""What an audit says: sentences made from the numbers, the pictures that show them, the section and the document."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Literal

from markupsafe import Markup

from xinzhi import words
from xinzhi.core.schema import describe
from xinzhi.core.text import Text, number, paragraph, share
from xinzhi.report.charts import kinds
from xinzhi.report.charts.axes import END, MOST, Row
from xinzhi.report.charts.chart import Drawing
from xinzhi.report.charts.chart import described as described_chart
from xinzhi.report.document import protocol_summary, rows, text
from xinzhi.report.pages.yardstick import audit_pictures as pictures
from xinzhi.report.pages.yardstick import audit_tables
from xinzhi.report.pages.yardstick.measurement import Headline
from xinzhi.report.pages.yardstick.tables import introduction, of_table
from xinzhi.report.section import Picture, Section, picture
from xinzhi.report.section_rows import section
from xinzhi.report.sentence import answer_of, notes_of
from xinzhi.report.table import Table, without_notes
from xinzhi.yardstick import Audit
from xinzhi.yardstick.internal import AuditView, choice_title, departure, level_text

Kind = Literal["room", "ranks", "curve", "curves", "variance", "reversals"]
RANKED = {"value": "reference_rank", "mark": "best_rank", "tick": "rank_median"}  # fields of the pictures of ranks


def reach(view: AuditView) -> tuple[Text, ...]:
    """Return the sentences behind the answer; where a region moves, also by which changes."""
    facts = view.audit.facts()
    sentences = notes_of(facts, view.audit.topic)
    if "audit.jump" in facts:
        row = view.row(view.furthest or "")
        departures = view.departures(int(str(row["best_protocol"])))
        sentences.insert(
            2 + ("note.audit_what_if_closed" in facts),
            words.shared.audit_changes(name=view.name(str(row["region"])), departures=departures),
        )
    return tuple(sentences)


def headroom(view: AuditView) -> Headline:
    """Return the headline of the chart of gaming room."""
    figures = {"k": view.leading, "n": view.ranked.height}
    return "room" if view.ranked["rank_gain"].max() else "room_none", figures


def ranks(view: AuditView) -> Headline:
    """Return the headline of the chart of ranks under one protocol for all."""
    spread = view.rank_spread
    return ("ranks", {"places": number(spread, 0)}) if spread else ("ranks_none", {})


def _curve(view: AuditView, region: str | None, level: tuple[str, int] | None = None) -> Picture:
    """Return the specification curve of a region; of the protocols alone that have one level of a choice."""
    curve = view.curve(region, level)
    facts: dict[str, object] = {"low": curve.values[0], "high": curve.values[-1], "reference": curve.reference}
    facts |= {"name": view.name(curve.code), "n": f"{len(curve.values):,}"}
    if level is not None:
        facts["level"] = departure(next(choice for choice in view.choices if choice.name == level[0]), level[1])
    headline = "curve" if level is None else "curve_kept", facts
    twin = audit_tables.curve(view, curve)
    return _picture(view, "curve", headline, pictures.curve, curve, twin, view=view)


def hold(section: Section, audit: Audit, region: str | None, level: tuple[str, int]) -> Section:
    """Return the section of an audit whose curve shows the protocols alone that have one level of a choice."""
    held_curve = _curve(AuditView(audit), region, level)
    return replace(
        section, pictures=tuple(held_curve if picture.kind == "curve" else picture for picture in section.pictures)
    )


def levels(audit: Audit) -> list[tuple[Text, list[tuple[str, Text]]]]:
    """Return the choices that were varied: title, and of every level its key and what it is."""
    view = AuditView(audit)
    return [
        (choice_title(code.name), [(f"{code.name}:{at}", level_text(code, at)) for at in range(len(code.levels))])
        for code in view.ordered
        if len(code.levels) > 1
    ]


def curves(view: AuditView) -> Headline:
    """Return the headline of the small curves of all regions."""
    spread, between = view.growth_spreads
    return "curves", {"spread": spread, "between": between}


def variance(view: AuditView) -> Headline:
    """Return the headline of the variance by choice."""
    name, part = next(iter(view.shares.items()))
    return "variance", {"name": choice_title(name), "share": share(part)}


def reversals(view: AuditView) -> Headline:
    """Return the headline of the rank reversals."""
    turned, pairs, compared = view.pairs
    facts = {"k": f"{turned:,}", "n": f"{pairs:,}"}
    if 1 < compared < len(view.codes):
        return "reversals_ends", {"regions": compared, "all": f"{len(view.codes):,}", **facts}
    return "reversals" if turned else "reversals_none", facts


@section.register
def audit(result: Audit, *, region: str | None = None) -> Section:
    """Return what an audit says; the specification curve is that of the region asked for."""
    view, facts = AuditView(result), result.facts()
    return Section(
        key="audit",
        title=words.shared.title_audit(),
        answer=(paragraph(answer_of(facts, result.topic)),),
        reach=reach(view),
        warning=words.shared.audit_warning(protocol=result.grid.protocol.title),
        pictures=tuple(picture for picture in charts(view, region) if picture is not None),
        sketches=(_curves(view),) if view.rows.height > 1 else (),
        notes=(words.shared.note_convention_audit(),),
        behind=tuple(_annexes(view)),
        sheets=tuple(audit_tables.contents(view)),
        document=partial(_words_of, view),
    )


def charts(view: AuditView, region: str | None = None) -> list[Picture | None]:
    """Return every picture that the audit has figures for, the leading one first."""
    several = view.rows.height > 1 and view.audit.regions_declared.complete
    return [
        _places(view, "room", headroom(view), pictures.headroom(view), "reference_to_best") if several else None,
        _places(view, "ranks", ranks(view), pictures.ranks(view), "middle_ranks") if several else None,
        _curve(view, region) if view.rows.height else None,
        _picture(view, "variance", variance(view), pictures.variance, view, audit_tables.variance(view), "share")
        if view.shares
        else None,
        _picture(view, "reversals", reversals(view), pictures.reversals, view, audit_tables.reversals(view), "share")
        if several
        else None,
    ]


def _picture(
    view: AuditView,
    kind: Kind,
    headline: Headline,
    chart: Callable[..., Drawing],
    rows: object,
    twin: Table,
    unit: str = "percent",
    /,
    **options: Any,  # noqa: ANN401 - the options of the chart
) -> Picture:
    """Return a picture with its table and the sentence that it shows."""
    (key, facts), height = headline, view.rows.height
    how: Text = words.shared.how_of("variance_one" if kind == "variance" and height == 1 else kind)
    if height > MOST and kind != "curve":
        how = paragraph([how, words.shared.how_ends(n=END)])
    facts = {**facts, "span": view.span.label}
    return picture(kind, chart, rows, without_notes(twin), facts, headline=key, how=how, unit=unit, **options)


def _places(view: AuditView, kind: Kind, headline: Headline, rows: Sequence[Row], column: str) -> Picture:
    """Return a picture of the ranks that a region could have."""
    picture = _picture(
        view,
        kind,
        headline,
        kinds.spreads,
        rows,
        audit_tables.regions(view, kind),
        "rank",
        x="rank_axis",
        columns=[(words.shared.chart_of(column), "text")],
    )
    titles = {name: describe("audit", column) for name, column in RANKED.items()}
    return replace(picture, chart=described_chart(picture.chart, titles, 0))


def _curves(view: AuditView) -> Picture:
    twin = audit_tables.regions(view, "curves")
    return _picture(view, "curves", curves(view), pictures.small_curves, view, twin)


def _annexes(view: AuditView) -> list[Section]:
    """Return what a region would gain by misreporting, what was varied, and what the data cannot compute."""
    sections = []
    if view.audit.misreports.height:
        misreports = without_notes(audit_tables.misreport_kinds(view))
        sections = [of_table("misreports", misreports, (words.shared.note_misreports_intro(),))]
    varied: tuple[Text | Markup, ...] = (words.shared.note_choices(), *introduction(view.audit.grid.protocol))
    choices = of_table("choices", without_notes(audit_tables.choices(view)), varied)
    return [*sections, choices, of_table("left-out", audit_tables.left_out(view))]


def _words_of(view: AuditView, section: Section, source: Text) -> dict[str, object]:
    """Return what the page of an audit has otherwise than those of other results."""
    protocol = view.audit.grid.protocol
    return {
        "leads": True,
        "subtitle": words.shared.title_subtitle_audit(package=source, protocol=protocol.title, span=view.span.label),
        "cover": words.shared.cover_audit(),
        "method": words.shared.note_about_audit(verb=view.audit.provenance.verb, package=source),
        "data": summary(view, section),
        "tables": section.sheets,
        "protocol": protocol,
        "notes": (words.shared.note_convention(),),
    }


def summary(view: AuditView, lead: Section) -> dict[str, object]:
    """Return the audit as a JSON-ready dictionary: growth in log points per year, texts in both languages."""
    result = view.audit
    return {
        "answer": text(lead.answer[0]),
        "reach": text(paragraph(lead.reach)),
        "warning": None if lead.warning is None else text(lead.warning),
        "leading_period": list(result.official_span),
        "unit": "log points per year",
        "provenance": result.provenance.to_dict(),
        "protocol": protocol_summary(result.grid.protocol),
        "protocols": result.protocols.height,
        "choices": [
            {"choice": choice.name, "parameters": choice.paths, "levels": [level.label() for level in choice.levels]}
            for choice in result.grid.choices
        ],
        "left_out": rows(result.left_out),
        "shares": view.shares,
        "names": rows(result.regions),
        "regions": rows(result.frame),
        "variance": rows(result.variance),
        "misreports": rows(result.misreports),
        "reversals": rows(view.reversals),
    }

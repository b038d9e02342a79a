"""What an audit says: sentences made from the numbers, the pictures that show them, the section and the document."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import polars as pl

from xinzhi.core.schema import Column, describe
from xinzhi.core.text import Text, number, paragraph, share, words
from xinzhi.report.charts import kit
from xinzhi.report.charts.kit.names import END, MOST
from xinzhi.report.document import protocol_summary, rows, text
from xinzhi.report.pages.yardstick import audit_pictures as pictures
from xinzhi.report.pages.yardstick import audit_tables
from xinzhi.report.pages.yardstick.audit_tables import AuditView, level_text
from xinzhi.report.pages.yardstick.measurement import Headline
from xinzhi.report.pages.yardstick.tables import introduction
from xinzhi.report.section import Picture, Section, picture
from xinzhi.report.sentence import answer_of, notes_of
from xinzhi.report.table import without_notes
from xinzhi.yardstick import Audit, choice_title, departure

RANKED = {"value": "reference_rank", "mark": "best_rank", "tick": "rank_median"}  # fields of the pictures of ranks


def reach(view: AuditView) -> tuple[Text, ...]:
    """Return the sentences behind the answer; where a region moves, also by which changes."""
    facts = view.audit.facts()
    said = notes_of(facts, view.audit.topic)
    if "audit.jump" in facts:
        row = view.row(view.furthest or "")
        departures = view.departures(int(str(row["best_protocol"])))
        said.insert(2, words("audit.changes", name=view.name(str(row["region"])), departures=departures))
    return tuple(said)


def room(view: AuditView) -> Headline:
    """Return the headline of the chart of gaming room."""
    first = view.ranked.filter(pl.col("best_rank") == 1).height
    return "room" if view.ranked["rank_gain"].max() else "room_none", {"k": first, "n": view.ranked.height}


def ranks(view: AuditView) -> Headline:
    """Return the headline of the chart of ranks under one protocol for all."""
    moved = view.ranked.select((pl.col("rank_p95") - pl.col("rank_p05")).median()).item()
    return ("ranks", {"places": number(moved, 0)}) if moved else ("ranks_none", {})


def curve(view: AuditView, region: str | None = None) -> Headline:
    """Return the headline of the specification curve of a region."""
    found = view.curve(region)
    figures = {"low": found.values[0], "high": found.values[-1], "reference": found.reference}
    return "curve", figures | {"name": view.name(found.code), "n": f"{len(found.values):,}"}


def kept(section: Section, audit: Audit, region: str | None, held: tuple[str, int]) -> Section:
    """Return the section of an audit whose curve shows the protocols alone that have one level of a choice."""
    view = AuditView(audit)
    found = view.curve(region, held)
    choice = next(one for one in view.choices if one.name == held[0])
    headline = words(
        "headline.curve_kept", name=view.name(found.code), n=f"{len(found.values):,}", low=found.values[0],
        high=found.values[-1], level=departure(choice, held[1]), span=view.span.label, reference=found.reference,
    )  # fmt: skip
    twin = without_notes(audit_tables.curve(view, region, held))
    drawn = [
        replace(one, draw=partial(pictures.curve, view=view, region=region, held=held), headline=headline, twin=twin)
        if one.kind == "curve"
        else one
        for one in section.pictures
    ]
    return replace(section, pictures=tuple(drawn))


def levels(audit: Audit) -> list[tuple[Text, list[tuple[str, Text]]]]:
    """Return the choices that were varied: title, and of every level its key and what it is."""
    view = AuditView(audit)
    return [
        (choice_title(one.name), [(f"{one.name}:{at}", level_text(one, at)) for at in range(len(one.levels))])
        for one in view.ordered
        if len(one.levels) > 1
    ]


def curves(view: AuditView) -> Headline:
    """Return the headline of the small curves of all regions."""
    spread, between = view.rows.select(
        (pl.col("maximum") - pl.col("minimum")).median(), between=pl.col("reference").max() - pl.col("reference").min()
    ).row(0)
    return "curves", {"spread": spread, "between": between}


def variance(view: AuditView) -> Headline:
    """Return the headline of the variance by choice."""
    name, part = next(iter(view.shares.items()))
    return "variance", {"name": choice_title(name), "share": share(part)}


def reversals(view: AuditView) -> Headline:
    """Return the headline of the rank reversals."""
    inside = view.audit.reversals.filter(view.span.holds(), pl.col("region") < pl.col("other"))
    turned, compared = inside.filter(pl.col("above") > 0, pl.col("above") < 1).height, inside.n_unique("region") + 1
    facts = {"k": f"{turned:,}", "n": f"{inside.height:,}"}
    if 1 < compared < len(view.codes):
        return "reversals_ends", {"regions": compared, "all": f"{len(view.codes):,}", **facts}
    return "reversals" if turned else "reversals_none", facts


def audit(result: Audit, *, region: str | None = None) -> Section:
    """Return what an audit says; the specification curve is that of the region asked for."""
    view, facts = AuditView(result), result.facts()
    return Section(
        key="audit",
        title=words("title.audit"),
        answer=(paragraph(answer_of(facts, result.topic)),),
        reach=reach(view),
        warning=words("audit.warning", protocol=result.grid.protocol.title),
        pictures=tuple(one for one in drawn(view, region) if one is not None),
        sketches=(_curves(view),) if view.rows.height > 1 else (),
        notes=(words("note.convention_audit"),),
        behind=(*([_misreports(view)] if result.misreports.height else []), _choices(view), _left_out(view)),
        sheets=tuple(audit_tables.contents(view)),
        document=partial(_own, view),
    )


def drawn(view: AuditView, region: str | None = None) -> list[Picture | None]:
    """Return every picture that the audit has figures for, the leading one first."""
    several = view.rows.height > 1 and view.audit.regions_declared.complete
    along: dict[str, Column | Text] = {
        "x": words("chart.place_on_curve"),
        "part": Column(title=words("chart.told.part"), kind="level"),
    }
    places = partial(_picture, view, chart=kit.spreads, unit="rank", x="rank_axis")
    ranked = {name: describe("audit", column) for name, column in RANKED.items()}
    ranked |= {end: Column(title=words(f"chart.told.{end}"), kind="integer") for end in ("low", "high")}
    best, middle = ([(words(f"chart.{name}"), "text")] for name in ("reference_to_best", "middle_ranks"))
    of_one = partial(curve, region=region)
    return [
        replace(places("room", room, rows=pictures.room(view), columns=best), told=ranked) if several else None,
        replace(places("ranks", ranks, rows=pictures.ranks(view), columns=middle), told=ranked) if several else None,
        replace(_picture(view, "curve", of_one, pictures.curve, view, region=region), told=along)
        if view.rows.height
        else None,
        _picture(view, "variance", variance, pictures.variance, view, "share") if view.shares else None,
        _picture(view, "reversals", reversals, pictures.reversals, view, "share") if several else None,
    ]


def _picture(
    view: AuditView,
    kind: str,
    headline: Callable[[AuditView], Headline],
    chart: Callable[..., Any],
    rows: Any,  # noqa: ANN401 - whatever the chart draws
    unit: str = "percent",
    **options: Any,  # noqa: ANN401 - the options of the chart
) -> Picture:
    """Return a picture with its table and the sentence that it shows."""
    key, facts = headline(view)
    twin = without_notes(audit_tables.twin(view, kind, options.get("region")))
    return picture(
        kind, chart, rows, twin, facts | {"span": view.span.label}, headline=key,
        how=_how(view, kind), unit=unit, **options,
    )  # fmt: skip


def _curves(view: AuditView) -> Picture:
    return replace(_picture(view, "curves", curves, pictures.small_curves, view), sketch=True)


def _how(view: AuditView, kind: str) -> Text:
    how = words("how.variance_one" if kind == "variance" and view.rows.height == 1 else f"how.{kind}")
    of_many = view.rows.height > MOST and kind != "curve"
    return paragraph([how, words("how.ends", n=END)]) if of_many else how


def _misreports(view: AuditView) -> Section:
    """Return what a region would gain by misreporting its data."""
    return Section(
        key="misreports",
        title=words("title.misreports"),
        answer=(),
        intro=(words("note.misreports_intro"),),
        tables=(without_notes(audit_tables.misreport_kinds(view)),),
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
        "tables": made.sheets,
        "protocol": protocol,
        "notes": (words("note.convention"),),
    }


def summary(view: AuditView, lead: Section) -> dict[str, Any]:
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
            {"choice": choice.name, "parameters": choice.paths, "levels": [one.label() for one in choice.levels]}
            for choice in result.grid.choices
        ],
        "left_out": rows(result.left_out),
        "shares": view.shares,
        "names": rows(result.regions),
        "regions": rows(result.frame),
        "variance": rows(result.variance),
        "misreports": rows(result.misreports),
        "reversals": rows(result.reversals.filter(view.span.holds())),
    }

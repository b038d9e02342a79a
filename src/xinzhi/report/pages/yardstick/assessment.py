"""The assessment as a document: the measurement leads, the topics follow in brief, then what the figures rest on.

`outline.yaml` says what stands in the main part and what in the annex; the rest follows from it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
from markupsafe import Markup

from xinzhi import words
from xinzhi.core.finding import Finding
from xinzhi.core.parameters import read_yaml
from xinzhi.core.periods import with_period
from xinzhi.core.result import Result
from xinzhi.core.schema import COMMON, describe
from xinzhi.core.text import Text, Values, has, paragraph, span_text
from xinzhi.data import Package
from xinzhi.protocol import Protocol
from xinzhi.report.document import Data, Document, answer_and_notes, foot, protocol_summary, rows, text
from xinzhi.report.page import bilingual_html, package_line
from xinzhi.report.pages import section
from xinzhi.report.pages.yardstick import tables
from xinzhi.report.pages.yardstick.measurement import measurement as lead_section
from xinzhi.report.pages.yardstick.regions import profiles, shown
from xinzhi.report.pages.yardstick.tables import protocol as parameters
from xinzhi.report.section import Section
from xinzhi.report.sentence import sentence
from xinzhi.report.table import Column, Kind, Table, column, table
from xinzhi.studies import Assessment, input_units
from xinzhi.yardstick import Measurement, Ranking
from xinzhi.yardstick.internal import View

NAMES = (
    "report.html",
    "assessment.xlsx",
    "assessment-data.xlsx",
    "growth.csv",
    "levels.csv",
    "assessment.json",
    "growth.csv-metadata.json",
    "levels.csv-metadata.json",
    "assessment.datapackage.json",
)


def document(
    measurement: Measurement,
    protocol: Protocol,
    package: Package,
    topics: Sequence[Section] = (),
    notes: Sequence[Text] = (),
    ranking: Ranking | None = None,
    briefs: Mapping[str, str] | None = None,
) -> Document:
    """Return the assessment of a package: `topics` are what the topics of the essay say of it.

    `briefs` says for the codes of regions where their brief stands.
    """
    view, source, units = View(measurement), package_line(package), input_units(protocol, package)
    offices = package.issued_by(measurement.provenance.inputs)
    measurement = replace(measurement, provenance=replace(measurement.provenance, issuers=offices))
    lead = lead_section(measurement) if ranking is None else section(ranking)
    page, book, _, yearly, levels, data, *_ = NAMES
    made: Values = {"verb": measurement.provenance.verb, "package": source, "gap": f"{measurement.identity_gap:.1e}"}
    regions = overview([lead, *topics], [view.name(code) for code in view.codes])
    growth = replace(lead, title=words.shared.title_growth(), answer=(), reach=(), sheets=(), document=None)
    main, annex = split([growth, *topics, *basis(view, package.findings, units, briefs or {}, regions)])
    return Document.from_results(
        "assessment",
        [measurement],
        [lead],
        source,
        notes,
        leads=True,
        protocol=protocol,
        names=(page, book, data),
        about=package.title,
        subtitle=words.shared.title_subtitle(package=source, protocol=protocol.full_title),
        cover=words.shared.cover_title(),
        method=words.shared.note_about(**made),
        sections=[replace(lead, pictures=()), *main],
        annex=annex,
        frames={yearly: Data(measurement), levels: Data(measurement, "levels")},
        data={**summary(view, lead, package, topics), "notes": [text(note) for note in notes]},
        tables=contents(view, package, units, [lead, *topics], regions),
        first=outline()["workbook"],
        notes=(words.shared.note_convention(),),
    )


def basis(
    view: View, found: Sequence[Finding], units: Mapping[str, str], briefs: Mapping[str, str], regions: Table
) -> list[Section]:
    """Return what stands behind the topics of an assessment: the regions, then what all figures rest on."""
    protocol = view.measurement.protocol
    more = (words.shared.note_more_findings(shown=tables.SHOWN, n=len(found)),) if len(found) > tables.SHOWN else ()
    codes, only = shown(view)
    return [
        Section(
            key="regions",
            title=words.shared.title_regions(),
            answer=(),
            intro=(paragraph([words.shared.label_how(), words.shared.how_region()]), *only),
            tables=(_linked(regions, view, codes),),
            profiles=tuple(replace(one, brief=briefs.get(one.code, "")) for one in profiles(view, units, codes)),
        ),
        tables.of_table("coverage", tables.shown(view, "coverage")),
        tables.of_table(
            "protocol", tables.parameters_on_page(parameters(protocol), protocol.id), tables.introduction(protocol)
        ),
        tables.of_table("findings", tables.findings_on_page(tables.findings(found)), notes=more),
        tables.of_table("omitted", tables.omitted(view)),
    ]


def _linked(regions: Table, view: View, codes: Sequence[str]) -> Table:
    """Return the rows of the regions that the page shows one by one, each of which leads to its accounts."""
    link, rows = Markup('<a href="#r-{}">{}</a>'), dict(zip(view.codes, regions.rows, strict=True))
    return replace(
        regions, rows=[(link.format(code, bilingual_html(rows[code][0])), *rows[code][1:]) for code in codes]
    )


def contents(
    view: View, package: Package, units: Mapping[str, str], sections: Sequence[Section], regions: Table
) -> list[Table]:
    """Return the tables of the workbook, one a sheet; a sheet of the first section stands in the place of its like."""
    lead, *topics = sections
    own = {one.key: one for one in lead.sheets}
    first, *others = [own.get(one.key, one) for one in tables.workbook(view, units)]
    return [
        first,
        regions,
        *others,
        parameters(view.measurement.protocol),
        tables.findings(package.findings),
        *(table for one in topics for table in one.contents()),
    ]


def summary(view: View, lead: Section, package: Package, topics: Sequence[Section] = ()) -> dict[str, Any]:
    """Return the assessment as a JSON-ready dictionary: growth in log points per year, texts in both languages."""
    result = view.measurement
    frames = ("coverage", "omitted", "regions", "periods", "group_periods")
    return {
        "answer": text(paragraph(lead.answer)),
        "reach": text(paragraph(lead.reach)),
        "leading_period": [view.lead.start, view.lead.end],
        "unit": "log points per year",
        "provenance": result.provenance.to_dict(),
        "protocol": protocol_summary(result.protocol),
        "package": {
            "name": package.name,
            "version": package.version,
            "title": text(package.title),
            "issuers": {table: [text(office) for office in offices] for table, offices in package.issuers.items()},
        },
        "identity_gap": result.identity_gap,
        "findings": [finding.to_dict() for finding in package.findings],
        **{name: rows(getattr(result, name)) for name in frames},
        "national_periods": rows(view.national_periods),
        "topics": {one.key: answer_and_notes(one) for one in topics},
    }


# Title and sentence of a topic whose tables cannot be used.
UNUSABLE = {
    "scope": ("scope.title.scope", "scope.note.unknown", "why"),
    "sources": ("sources.title.room", "sources.note.unusable", "reason"),
    "paths": ("pathways.title.brief", "pathways.answer.left_out", "why"),
    "frontier": ("frontier.title.brief", "frontier.answer.unusable", "reason"),
    "risks": ("register.title.brief", "register.answer.left_out", "why"),
}


def topics(study: Assessment) -> list[Section]:
    """Return the sections that the data are enough for; a topic whose tables cannot be used says so in its own."""
    found = [_spans(study)]
    for topic in ("scope", "sources", "sectors", "paths", "frontier", "risks"):
        if topic in study.unusable:
            found.append(_unusable(topic, study))
        elif topic in study.topics:
            results = study.topics[topic].results
            one = BRIEF[topic](study, results) if topic in BRIEF else section(results[topic])
            found.append(_footed(one, study, results))
    return [one for one in found if one is not None]


def _spans(study: Assessment) -> Section | None:
    """Return why the page has several figures of productivity growth."""
    frame = study.more["spans"]
    if frame["topic"].n_unique() < 2:  # noqa: PLR2004 - one kind of figure needs no reconciling
        return None
    newest, frame = span_text(frame["start"][0], frame["end"][0]), with_period(frame)
    ends = dict(frame.group_by("topic").agg(pl.col("end").max()).iter_rows())
    names: tuple[tuple[str, Kind], ...] = (
        ("period", "code"),
        ("figure", "percent"),
        ("same_span", "percent"),
        ("reference", "percent"),
        ("span_effect", "percent"),
        ("weighting_effect", "percent"),
        ("method_effect", "percent"),
    )
    columns = [column("spans.topic", "name"), *(column(f"spans.{name}", kind, span=newest) for name, kind in names)]
    called: Mapping[str, Callable[[Any], Text | None]] = {"topic": words.spans.topic_of}
    reasons = [words.spans.reason_of(topic, end=ends[topic]) for topic in frame["topic"].unique(maintain_order=True)]
    if "sectors" in study.topics and "sectors" in study.topics["sectors"].results:
        years: Any = study.topics["sectors"].results["sectors"]
        first, last = (getattr(years.years["year"], end)() for end in ("min", "max"))
        reasons.append(words.spans.reason_sectors(start=first, end=last))
    shown = table("spans_figures", frame, columns, names=called, notes=reasons)
    return Section(
        key="spans",
        title=words.spans.title_spans(),
        answer=(words.spans.answer_spans(span=newest),),
        tables=(shown,),
    )


def _footed(one: Section | None, study: Assessment, results: Mapping[str, Result]) -> Section | None:
    """Return a section whose charts name the offices that issued what its results read."""
    if one is None or not results:
        return one
    made = next(iter(results.values())).provenance
    offices = study.package.issued_by(
        dict.fromkeys(table for result in results.values() for table in result.provenance.inputs)
    )
    return replace(one, foot=foot(study.source, replace(made, issuers=offices)))


def _unusable(topic: str, study: Assessment) -> Section | None:
    """Return a section that says why a topic could not be studied."""
    if topic not in UNUSABLE:
        return None
    title, answer, name = UNUSABLE[topic]
    said, last = words.by_key(answer, **{name: study.unusable[topic]}), max(study.measurement.frame["year"].to_list())
    return Section(key=topic, title=words.by_key(title, day=f"{last}-12-31"), answer=(said,))


def _paths(study: Assessment, results: Mapping[str, Any]) -> Section:
    """Return the industry space and what each region could enter; where a test forbids it, test and evidence."""
    whole = section(results["complexity"])
    chances = section(results["opportunities"]) if "opportunities" in results else None
    if chances is not None and results["opportunities"].silent:
        return replace(chances, key="paths", title=words.pathways.title_brief())
    regions = [one for one in chances.pictures if one.kind == "regions"] if chances is not None else []
    year = words.pathways.answer_year(year=study.topics["paths"].more["year"])
    return replace(
        whole,
        key="paths",
        title=words.pathways.title_brief(),
        pictures=whole.pictures[:1],
        tables=tuple(one.twin for one in regions),
        answer=(year, *whole.answer[:2], *(sentence(one.headline) for one in regions)),
    )


def _risks(_: Assessment, results: Mapping[str, Any]) -> Section:
    """Return the matrix of the register and what was not checked; debt alone where there is no register."""
    known = "register" in results
    whole = section(results["register" if known else "debt"])
    shown = tuple(one for one in whole.tables if known and one.key in {"register_worst", "register_unchecked"})
    notes = (words.register.note_thresholds(),) if known else whole.notes
    return replace(
        whole,
        key="risks",
        title=words.register.title_brief(),
        pictures=whole.pictures[:1],
        tables=shown,
        sheets=() if known else whole.sheets,
        notes=(*notes, words.register.note_more()),
    )


def _scope(study: Assessment, results: Mapping[str, Any]) -> Section:
    """Return what counts, led by the digital core where the package is of the economy whose core is known."""
    from xinzhi.report.pages.scope.classify import brief

    whole = brief(results["scope"])
    if study.package.tables["accounts"]["year"].max() != study.measurement.frame["year"].max():
        whole = replace(whole, notes=(*whole.notes, words.scope.note_default_day()))
    if "core" not in results:
        return whole
    core = section(results["core"])
    return replace(
        whole,
        answer=(*core.answer, *whole.answer),
        pictures=(*core.pictures, *whole.pictures),
        notes=(*whole.notes, *core.notes),
    )


def _sources(_: Assessment, results: Mapping[str, Any]) -> Section:
    """Return the parts of growth; where there are cells of firms, what firms gave stands after what the whole did."""
    whole = section(results["sources"])
    if "among_firms" not in results:
        return whole
    firms = section(results["among_firms"])
    return replace(
        whole,
        answer=(*whole.answer[:1], *firms.answer[:2], *whole.answer[1:], *firms.answer[2:]),
        tables=(*whole.tables, *(one.twin for one in firms.pictures)),
        notes=(*whole.notes, *firms.notes),
    )


def _frontier(_: Assessment, results: Mapping[str, Any]) -> Section | None:
    from xinzhi.report.pages.productivity_change import brief

    return brief(results["change"])


BRIEF: Mapping[str, Callable[[Assessment, Mapping[str, Result]], Section | None]] = {
    "scope": _scope,
    "sources": _sources,
    "paths": _paths,
    "frontier": _frontier,
    "risks": _risks,
}


EMPTY = ("", Text(zh="", en=""))


@cache
def outline() -> Mapping[str, Any]:
    """Return what the main part shows by topic, and the columns of the table of regions."""
    found: Mapping[str, Any] = read_yaml(Path(__file__).with_name("outline.yaml"))
    return found


def split(sections: Sequence[Section]) -> tuple[list[Section], list[Section]]:
    """Return the main part and the annex of sections."""
    known, topics = {one.key: one for one in sections}, outline()["topics"]
    main = {key: _main(known[key], row) for key, row in topics.items() if key in known}
    annex = [_rest(one, main[one.key], topics[one.key]) if one.key in main else one for one in sections]
    return list(main.values()), [one for one in annex if one is not None]


def _main(one: Section, row: Mapping[str, Any]) -> Section:
    """Return what the main part shows of a topic."""
    drawn = tuple(shown for kind in row.get("pictures", ()) for shown in one.pictures if shown.kind == kind)
    wanted: Mapping[str, Sequence[str]] = row.get("tables", {})
    tables = tuple(_some(table, wanted[table.key]) for table in one.tables if table.key in wanted)
    return Section(
        key=one.key,
        title=one.title,
        answer=one.answer[: row.get("sentences")],
        warning=one.warning,
        foot=one.foot,
        pictures=drawn or one.pictures[:1],
        tables=tables,
    )


def _some(whole: Table, names: Sequence[str]) -> Table:
    """Return some columns of a table, without the rows that have nothing in them; all of it where none are named."""
    held = [name for name in names if name in {one.name for one in whole.columns}]
    if not held:
        return whole
    some = whole.select(*held)
    return replace(some, rows=[row for row in some.rows if any(_told(cell) for cell in row[1:])])


def _told(cell: object) -> bool:
    return cell is not None and cell not in EMPTY


def _rest(one: Section, main: Section, row: Mapping[str, Any]) -> Section | None:
    """Return what the annex shows of a topic; None where the main part has all of it."""
    kept: Mapping[str, Sequence[str]] = row.get("annex", {})
    shown = {picture.kind for picture in main.pictures}
    pictures = [picture for picture in one.pictures if picture.kind in kept.get("pictures", {picture.kind} - shown)]
    tables = [table for table in one.tables if table.key in kept.get("tables", {table.key})]
    rest = replace(
        one,
        anchor=f"annex-{one.key}",
        answer=one.answer[len(main.answer) :],
        warning=None,
        reach=(),
        pictures=tuple(pictures),
        tables=tuple(table for table in tables if table not in main.tables),
    )
    held = (rest.answer, rest.intro, rest.pictures, rest.sketches, rest.tables, rest.notes, rest.ledgers, rest.profiles)
    return rest if any(held) else None


def overview(sections: Sequence[Section], regions: Sequence[Text]) -> Table:
    """Return the table of the regions, in their order: columns of the tables of the topics, side by side."""
    drawn = {picture.twin.key: picture.twin for one in sections for picture in one.pictures}
    tables = {table.key: table for one in sections for table in one.contents()} | drawn
    # of a column that a table has for several periods, each; by the title that it has beside those of other topics
    found = [
        (tables[key], one)
        for key, name in outline()["overview"]
        if key in tables
        for one in tables[key].columns
        if re.fullmatch(rf"{name}(\d.*)?", one.name)
    ]
    cells = [_by_region(whole, one) for whole, one in found]
    titles = {one: f"column.overview_{one}" for _, column in found if has(f"column.overview_{(one := column.name)}")}
    shown = [replace(one, title=words.by_key(titles[one.name])) if one.name in titles else one for _, one in found]
    return Table(
        key="overview",
        title=words.shared.table_overview(),
        columns=(describe(COMMON, "region"), *shown),
        rows=[(name, *(some.get(name) for some in cells)) for name in regions],
        notes=(words.shared.note_dash(), words.shared.note_overview()),
    )


def _by_region(whole: Table, one: Column) -> dict[Any, Any]:
    """Return the cells of a column by the name of the region, the first where there are several."""
    head = next(at for at, other in enumerate(whole.columns) if other.name in {"region", "regions"})
    place = whole.columns.index(one)
    return {row[head]: row[place] for row in reversed(whole.rows) if _told(row[place])}

"""The assessment as a document: the measurement leads, the topics follow in brief, then what the figures rest on.

`outline.yaml` says what stands in the main part and what in the annex; the rest follows from it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Literal

from markupsafe import Markup

from xinzhi import words
from xinzhi.core.finding import Finding
from xinzhi.core.periods import with_period
from xinzhi.core.result import Result
from xinzhi.core.schema import COMMON, describe
from xinzhi.core.text import Text, Values, has, paragraph, span_text
from xinzhi.data import Package
from xinzhi.frontier import ProductivityChange
from xinzhi.pathways.internal import Opportunities
from xinzhi.protocol import Protocol
from xinzhi.report.document import Data, Document, answer_and_notes, foot, protocol_summary, rows, text
from xinzhi.report.page import bilingual_html, package_line
from xinzhi.report.pages import section
from xinzhi.report.pages.yardstick import tables
from xinzhi.report.pages.yardstick.measurement import measurement as lead_section
from xinzhi.report.pages.yardstick.outline import has_content, outline, split
from xinzhi.report.pages.yardstick.regions import profiles, visible
from xinzhi.report.pages.yardstick.tables import protocol as parameters
from xinzhi.report.section import Section
from xinzhi.report.sentence import sentence
from xinzhi.report.table import Column, Kind, Table, Writers, column, table
from xinzhi.scope import Scope
from xinzhi.sectors import Sectors
from xinzhi.studies.internal import Assessment, Study, input_units
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
    values: Values = {"verb": measurement.provenance.verb, "package": source, "gap": f"{measurement.identity_gap:.1e}"}
    regions = overview([lead, *topics], [view.name(code) for code in view.codes])
    head = () if ranking is None else tuple(ranking.head())
    rest = (*lead.answer, *lead.reach) if head else ()  # behind a click, in the annex
    growth = replace(lead, title=words.shared.title_growth(), answer=rest, reach=(), sheets=(), document=None)
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
        method=words.shared.note_about(**values),
        sections=[replace(lead, pictures=(), answer=head, reach=()) if head else replace(lead, pictures=()), *main],
        annex=annex,
        frames={yearly: Data(measurement), levels: Data(measurement, "levels")},
        data={**summary(view, lead, package, topics), "notes": [text(note) for note in notes]},
        tables=contents(view, package, units, [lead, *topics], regions),
        first=outline().workbook,
        notes=(words.shared.note_convention(),),
    )


def basis(
    view: View, findings: Sequence[Finding], units: Mapping[str, str], briefs: Mapping[str, str], regions: Table
) -> list[Section]:
    """Return what stands behind the topics of an assessment: the regions, then what all figures rest on."""
    protocol = view.measurement.protocol
    more = (
        (words.shared.note_more_findings(shown=tables.SHOWN, n=len(findings)),) if len(findings) > tables.SHOWN else ()
    )
    codes, only = visible(view)
    return [
        Section(
            key="regions",
            title=words.shared.title_regions(),
            answer=(),
            intro=(paragraph([words.shared.label_how(), words.shared.how_region()]), *only),
            tables=(_with_links(regions, view, codes),),
            profiles=tuple(
                replace(profile, brief=briefs.get(profile.code, "")) for profile in profiles(view, units, codes)
            ),
        ),
        tables.of_table("coverage", tables.table_of(view, "coverage")),
        tables.of_table(
            "protocol", tables.parameters_on_page(parameters(protocol), protocol.id), tables.introduction(protocol)
        ),
        tables.of_table("findings", tables.findings_on_page(tables.findings(findings)), notes=more),
        tables.of_table("omitted", tables.omitted(view)),
    ]


def _with_links(regions: Table, view: View, codes: Sequence[str]) -> Table:
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
    sheets = {sheet.key: sheet for sheet in lead.sheets}
    first, *rest = [sheets.get(sheet.key, sheet) for sheet in tables.workbook(view, units)]
    return [
        first,
        regions,
        *rest,
        parameters(view.measurement.protocol),
        tables.findings(package.findings),
        *(table for topic in topics for table in topic.contents()),
    ]


def summary(view: View, lead: Section, package: Package, topics: Sequence[Section] = ()) -> dict[str, object]:
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
        "topics": {topic.key: answer_and_notes(topic) for topic in topics},
    }


Measured = Literal["accounts", "sources", "frontier", "sectors"]  # topics that have a figure of TFP growth

# Title and sentence of a topic whose tables cannot be used.
UNUSABLE: Mapping[str, Callable[[str, Text], tuple[Text, Text]]] = {
    "scope": lambda day, why: (words.scope.title_scope(day=day), words.scope.note_unknown(why=why)),
    "sources": lambda _, why: (words.sources.title_room(), words.sources.note_unusable(reason=why)),
    "paths": lambda _, why: (words.pathways.title_brief(), words.pathways.answer_left_out(why=why)),
    "frontier": lambda _, why: (words.frontier.title_brief(), words.frontier.answer_unusable(reason=why)),
    "risks": lambda _, why: (words.register.title_brief(), words.register.answer_left_out(why=why)),
}


def topics(study: Assessment) -> list[Section]:
    """Return the sections that the data are enough for; a topic whose tables cannot be used says so in its own."""
    sections = [_spans(study)]
    for topic in ("scope", "sources", "sectors", "paths", "frontier", "risks"):
        if topic in study.unusable:
            sections.append(_unusable(topic, study))
        elif topic in study.topics:
            topic_study = study.topics[topic]
            part = BRIEF[topic](study, topic_study) if topic in BRIEF else section(topic_study.results[topic])
            sections.append(_footed(part, study, topic_study.results))
    return [part for part in sections if part is not None]


def _spans(study: Assessment) -> Section | None:
    """Return why the page has several figures of productivity growth."""
    frame = study.more["spans"]
    if frame["topic"].n_unique() < 2:  # noqa: PLR2004 - one kind of figure needs no reconciling
        return None
    newest, frame = span_text(frame["start"][0], frame["end"][0]), with_period(frame)
    ends: dict[Measured, int] = {}
    for row in frame.iter_rows(named=True):
        ends[row["topic"]] = max(row["end"], ends.get(row["topic"], row["end"]))
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
    labels: Writers = {"topic": words.spans.topic_of}
    reasons = [words.spans.reason_of(topic, end=end) for topic, end in ends.items()]
    if "sectors" in study.topics and "sectors" in study.topics["sectors"].results:
        first, last = study.topics["sectors"].result(Sectors).ends
        reasons.append(words.spans.reason_sectors(start=first["year"], end=last["year"]))
    figures = table("spans_figures", frame, columns, names=labels, notes=reasons)
    return Section(
        key="spans",
        title=words.spans.title_spans(),
        answer=(words.spans.answer_spans(span=newest),),
        tables=(figures,),
    )


def _footed(part: Section | None, study: Assessment, results: Mapping[str, Result]) -> Section | None:
    """Return a section whose charts name the offices that issued what its results read."""
    if part is None or not results:
        return part
    provenance = next(iter(results.values())).provenance
    offices = study.package.issued_by(
        dict.fromkeys(table for result in results.values() for table in result.provenance.inputs)
    )
    return replace(part, foot=foot(study.source, replace(provenance, issuers=offices)))


def _unusable(topic: str, study: Assessment) -> Section | None:
    """Return a section that says why a topic could not be studied."""
    if topic not in UNUSABLE:
        return None
    day = f"{max(study.measurement.frame['year'].to_list())}-12-31"
    title, answer = UNUSABLE[topic](day, study.unusable[topic])
    return Section(key=topic, title=title, answer=(answer,))


def _paths(_: Assessment, study: Study) -> Section:
    """Return the industry space and what each region could enter; where a test forbids it, test and evidence."""
    space, opportunities = section(study.results["complexity"]), study.find(Opportunities)
    chances = None if opportunities is None else section(opportunities)
    if chances is not None and opportunities is not None and opportunities.silent:
        return replace(chances, key="paths", title=words.pathways.title_brief())
    regions = [picture for picture in chances.pictures if picture.kind == "regions"] if chances is not None else []
    year = words.pathways.answer_year(year=study.more["year"])
    return replace(
        space,
        key="paths",
        title=words.pathways.title_brief(),
        pictures=space.pictures[:1],
        tables=tuple(picture.twin for picture in regions),
        answer=(year, *space.answer[:2], *(sentence(picture.headline) for picture in regions)),
    )


def _risks(_: Assessment, study: Study) -> Section:
    """Return the matrix of the register and what was not checked; debt alone where there is no register."""
    registered = "register" in study.results
    risks = section(study.results["register" if registered else "debt"])
    tables = tuple(
        item_table
        for item_table in risks.tables
        if registered and item_table.key in {"register_worst", "register_unchecked"}
    )
    notes = (words.register.note_thresholds(),) if registered else risks.notes
    return replace(
        risks,
        key="risks",
        title=words.register.title_brief(),
        pictures=risks.pictures[:1],
        tables=tables,
        sheets=() if registered else risks.sheets,
        notes=(*notes, words.register.note_more()),
    )


def _scope(assessment: Assessment, study: Study) -> Section:
    """Return what counts, led by the digital core where the package is of the economy whose core is known."""
    from xinzhi.report.pages.scope.classify import brief

    scope = brief(study.result(Scope))
    if assessment.package.tables["accounts"]["year"].max() != assessment.measurement.frame["year"].max():
        scope = replace(scope, notes=(*scope.notes, words.scope.note_default_day()))
    if "core" not in study.results:
        return scope
    core = section(study.results["core"])
    return replace(
        scope,
        answer=(*core.answer, *scope.answer),
        pictures=(*core.pictures, *scope.pictures),
        notes=(*scope.notes, *core.notes),
    )


def _sources(_: Assessment, study: Study) -> Section:
    """Return the parts of growth; where there are cells of firms, what firms gave stands after what the whole did."""
    growth = section(study.results["sources"])
    if "among_firms" not in study.results:
        return growth
    firms = section(study.results["among_firms"])
    return replace(
        growth,
        answer=(*growth.answer[:1], *firms.answer[:2], *growth.answer[1:], *firms.answer[2:]),
        tables=(*growth.tables, *(picture.twin for picture in firms.pictures)),
        notes=(*growth.notes, *firms.notes),
    )


def _frontier(_: Assessment, study: Study) -> Section | None:
    """Return an index of productivity beside the accounts."""
    from xinzhi.report.pages.productivity_change import brief

    return brief(study.result(ProductivityChange))


BRIEF: Mapping[str, Callable[[Assessment, Study], Section | None]] = {
    "scope": _scope,
    "sources": _sources,
    "paths": _paths,
    "frontier": _frontier,
    "risks": _risks,
}


def overview(sections: Sequence[Section], regions: Sequence[Text]) -> Table:
    """Return the table of the regions, in their order: columns of the tables of the topics, side by side."""
    twins = {picture.twin.key: picture.twin for part in sections for picture in part.pictures}
    tables = {table.key: table for part in sections for table in part.contents()} | twins
    # of a column that a table has for several periods, each; by the title that it has beside those of other topics
    rows = [(tables[key], name) for key, name in outline().overview if key in tables]
    entries = [(source, entry, name) for source, name in rows for entry in source.columns]
    matches = [(source, entry) for source, entry, name in entries if re.fullmatch(rf"{name}(\d.*)?", entry.name)]
    cells = [_by_region(source, entry) for source, entry in matches]
    columns = [_overview_column(entry) for _, entry in matches]
    return Table(
        key="overview",
        title=words.shared.table_overview(),
        columns=(describe(COMMON, "region"), *columns),
        rows=[(name, *(values.get(name) for values in cells)) for name in regions],
        notes=(words.shared.note_dash(), words.shared.note_overview()),
    )


def _overview_column(entry: Column) -> Column:
    """Return a column with the title that it has beside those of other topics."""
    key = f"column.overview_{entry.name}"
    return replace(entry, title=words.by_key(key)) if has(key) else entry


def _by_region(source: Table, entry: Column) -> dict[object, object]:
    """Return the cells of a column by the name of the region, the first where there are several."""
    head = next(at for at, heading in enumerate(source.columns) if heading.name in {"region", "regions"})
    place = source.columns.index(entry)
    return {row[head]: row[place] for row in reversed(source.rows) if has_content(row[place])}

"""Pages to look things up: a protocol, methods, terms, how good the data are, and every result as a file."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from markupsafe import Markup

from xinzhi import words
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.result import Result
from xinzhi.core.schema import Column, Kind
from xinzhi.core.text import LANGUAGES, NOTHING, Text, has, listing, read_words, same, span_text
from xinzhi.data import tables_by_name
from xinzhi.protocol import Protocol, diff
from xinzhi.report import Section, Table
from xinzhi.report.internal import LANG, bilingual_html
from xinzhi.report.internal import tables as parameters
from xinzhi.studies.internal import Assessment
from xinzhi.web.page import Address, Call, Page, Part
from xinzhi.web.pages import category, topic
from xinzhi.web.parameters import assessment_of, decimals, kicker
from xinzhi.web.store import Store
from xinzhi.yardstick.internal import View

PAGES = ("audit", "claim", "categories", "projects")  # that have a method of their own
LINK = Markup('<a href="{}">{}</a>')
OWN_PAGES = ("able", "audit", "bridge")  # topics with a page of their own

Row = tuple[str, str, Text, int]  # topic, name, title, rows


def protocols(store: Store) -> Sequence[str]:
    """Return the ids of the protocols that ship, and of the one of the site."""
    return [rules.id for rules in store.protocols()]


def protocol(store: Store, address: Address) -> Page:
    """Return the page of a protocol, beside the one of the site or the one that is asked for."""
    rules, reference = store.protocol(address.key or None), store.protocol(address.query.get("against"))
    state = words.web.protocol_state(state=words.shared.status_of(rules.state), authority=rules.authority)
    parts = [Part(section=parameters_of(rules))]
    lead = [state, rules.description]
    if rules.fingerprint != reference.fingerprint:
        table = departures(rules, reference)
        parts.insert(
            0,
            Part(
                section=Section(
                    key="departures",
                    title=words.web.protocol_departures(other=reference.title),
                    tables=(table,),
                    answer=(
                        words.web.protocol_counted(n=len(table.rows), of=len(rules.parameters), other=reference.title),
                    ),
                )
            ),
        )
    return Page(
        title=rules.title,
        kicker=words.web.protocol_kicker(id=rules.id, version=rules.version, mark=rules.fingerprint),
        lead=lead,
        parts=parts,
        template="protocol.html.j2",
        more={
            "others": [(shipped.id, shipped.title) for shipped in store.protocols()],
            "own": rules.id,
            "against": reference.id,
            "calls": calls(rules, reference),
            "mark": f"{rules.id}@{rules.fingerprint}",
        },
    )


def calls(rules: Protocol, reference: Protocol) -> dict[str, str]:
    """Return the lines that show a protocol, or two beside each other."""
    if rules.fingerprint == reference.fingerprint:
        command, python = f"xinzhi protocol show {rules.id}", f'protocol.load("{rules.id}").to_dict()'
    else:
        command = f"xinzhi protocol diff {rules.id} {reference.id}"
        python = f'protocol.diff(protocol.load("{rules.id}"), protocol.load("{reference.id}"))'
    return {
        "python": f"from xinzhi import protocol; {python}",
        "cli": command,
        "r": f'xinzhi <- reticulate::import("xinzhi"); xinzhi$protocol$load("{rules.id}")',
    }


def parameters_of(rules: Protocol) -> Section:
    """Return the parameters of a protocol as the report shows them."""
    full = parameters.protocol(rules)
    table = parameters.parameters_on_page(full, rules.id)
    rows = [
        (Markup('<span id="{}">{}</span>').format(path, row[0]), *row[1:])
        for (path, *_), row in zip(full.rows, table.rows, strict=True)
    ]
    return Section(key="parameters", title=full.title, answer=(), tables=(replace(table, rows=rows),))


def departures(rules: Protocol, reference: Protocol) -> Table:
    """Return a row for every parameter whose values differ."""
    rows: list[tuple[object, ...]] = []
    for row in diff(rules, reference):
        silent = words.web.protocol_silent()  # of a protocol that does not fix it
        value, reference_value = (
            parameters.in_words(side.parameters[row.path]) if row.path in side.parameters else silent
            for side in (rules, reference)
        )
        if value == reference_value:
            reference_value = words.terminal.other_source(value=value)
        rows.append(
            (
                row.title,
                value,
                reference_value,
            )
        )
    columns = (
        Column(name="title", title=words.shared.column_title(), kind="name"),
        Column(name="here", title=rules.title, kind="value"),
        Column(name="there", title=reference.title, kind="value"),
    )
    title = words.web.protocol_departures(other=reference.title)
    return Table(key="departures", title=title, columns=columns, rows=rows)


def methods(store: Store, address: Address) -> Page:
    """Return how figures are made: what each topic asks, the parameters of the site's protocol, the references."""
    study, rules = assessment_of(store), store.rules
    return Page(
        title=words.web.methods_title(),
        kicker=words.web.protocol_kicker(id=rules.id, version=rules.version, mark=rules.fingerprint),
        lead=[words.web.methods_lead(), rules.description, words.web.methods_exact()],
        study=study,
        call=Call(topic="measure"),
        decimals=decimals(study),
        parts=[
            Part(section=_section(_topics(store, address))),
            Part(section=_section(_groups(rules, address)), link=("protocol", rules.id)),
            Part(section=_section(_references(rules, address))),
        ],
    )


def _section(table: Table) -> Section:
    return Section(key=table.key, title=table.title, answer=(), tables=(table,))


def _table(page: str, name: str, rows: Sequence[tuple[object, ...]], /, **kinds: Kind) -> Table:
    columns = tuple(
        Column(name=name, title=words.by_key(f"web.{page}.{name}"), kind=kind) for name, kind in kinds.items()
    )
    return Table(key=name, title=words.by_key(f"web.{page}.{name}"), columns=columns, rows=rows)


def _links(rules: Protocol, address: Address, paths: Sequence[str]) -> Markup:
    """Return parameters, each leading to its value and argument."""
    link = address.to("protocol", rules.id)
    return Markup(", ").join(
        LINK.format(f"{link}#{path}", bilingual_html(rules.parameters[path].title)) for path in paths
    )


def _topics(store: Store, address: Address) -> Table:
    """Return how each topic is studied; its page has the answer."""
    rows = [
        (LINK.format(address.to("topic", key), bilingual_html(title)), words.web.methods_of_of(key))
        for key, title, _ in topic.topic_answers(store)
    ]
    rows += [
        (LINK.format(address.to(key), bilingual_html(words.web.nav_of(key))), words.web.methods_of_of(key))
        for key in PAGES
        if key != "categories" or category.ready(store)
    ]
    return _table("methods", "topics", rows, topic="name", asks="text")


def _groups(rules: Protocol, address: Address) -> Table:
    """Return the parameters by group, each leading to its value and argument."""
    groups: dict[str, list[str]] = {}
    for path in rules.parameters:
        groups.setdefault(path.partition(".")[0], []).append(path)
    titles = {name: f"web.methods.group.{name}" for name in groups}
    rows = [
        (words.by_key(titles[name]) if has(titles[name]) else same(name), len(paths), _links(rules, address, paths))
        for name, paths in groups.items()
    ]
    return _table("methods", "groups", rows, part="name", count="integer", parameters="text")


def _references(rules: Protocol, address: Address) -> Table:
    """Return the works that the protocol rests on, and the parameters for which each is cited."""
    cited: dict[str, list[str]] = {}
    for path, parameter in rules.parameters.items():
        for work in parameter.reference:
            cited.setdefault(work.title, []).append(path)
    rows = [(work, _links(rules, address, paths)) for work, paths in sorted(cited.items())]
    return _table("methods", "references", rows, work="name", cited="text")


@dataclass(frozen=True, slots=True)
class Term:
    """A term of the glossary."""

    name: Text
    about: Text  # what it is here; empty where the name says it

    @property
    def place(self) -> str:
        """The place on the page that a link leads to."""
        ascii_name = unicodedata.normalize("NFKD", self.name.en).encode("ascii", "ignore").decode().lower()
        return re.sub(r"[^a-z0-9]+", "-", ascii_name).strip("-")

    @property
    def parts(self) -> list[str]:
        """What one may type of it: each of several names by itself, and the abbreviation in brackets."""
        parts = (re.split(r"\s*[、,()（）]\s*", name) for name in (self.name.zh, self.name.en))
        return [part for part in chain.from_iterable(parts) if part]


def terms() -> list[tuple[Text, list[Term]]]:
    """Return the glossary: the title of each part and its terms."""
    return [
        (
            Text(**part["title"]),
            [
                Term(Text(zh=term["zh"], en=term["en"]), Text(**term.get("about", {"zh": "", "en": ""})))
                for term in part["terms"]
            ],
        )
        for part in read_words("glossary.yaml")
    ]


def glossary(store: Store, address: Address) -> Page:  # noqa: ARG001 - the same for every package
    """Return the terms in both languages, that of the page first."""
    translation = next(code for code in LANGUAGES if code != address.language)
    place, foreign = Markup('<span id="{}">{}</span>'), Markup('<span lang="{}">{}</span>')
    parts = terms()
    sections: list[Section] = []
    for title, terms_of_part in parts:
        rows: list[tuple[object, ...]] = [
            (
                place.format(term.place, bilingual_html(term.name)),
                foreign.format(LANG[translation], term.name.lang(translation)),
                term.about,
            )
            for term in terms_of_part
        ]
        table = _table("glossary", "terms", rows, term="name", other="text", about="text")
        sections.append(_section(replace(table, key=f"terms-{len(sections) + 1}", title=title)))
    return Page(
        title=words.web.glossary_title(),
        kicker=words.web.glossary_counted(n=sum(len(part_terms) for _, part_terms in parts)),
        lead=[words.web.glossary_lead()],
        parts=[Part(section=section) for section in sections],
    )


def data(store: Store, address: Address) -> Page:  # noqa: ARG001 - a page without a question
    """Return how good the data are: grades under the protocol of the site, what was found, and the tables."""
    study = assessment_of(store)
    view = View(study.measurement)
    findings = store.findings()
    lead = [
        words.web.data_grades_lead(span=view.spans[-1].label, **view.grade_counts(view.spans[-1])),
        words.web.data_found_lead(n=len(findings), errors=sum(finding.severity == "error" for finding in findings)),
        words.web.data_tables_lead(
            n=len(store.package.tables), rows=sum(frame.height for frame in store.package.tables.values())
        ),
    ]
    full = parameters.findings(findings)
    return Page(
        title=words.web.data_title(),
        kicker=kicker(study),
        lead=lead,
        study=study,
        call=Call(topic="measure"),
        decimals=decimals(study),
        parts=[
            Part(section=_section(grades(study))),
            Part(section=_section(tables(store))),
            Part(
                section=Section(
                    key="findings", title=full.title, answer=(), tables=(parameters.findings_on_page(full),)
                )
            ),
        ],
        template="data.html.j2",
    )


def grades(study: Assessment) -> Table:
    """Return the grades: a row a region, a column a period."""
    view = View(study.measurement)
    spans = [view.whole, *view.spans]
    periods = study.measurement.periods.rows(named=True)
    grades_by_period = {(row["region"], row["start"], row["end"]): row["grade"] for row in periods}
    rows: list[tuple[object, ...]] = [
        (view.name(code), *(grades_by_period.get((code, span.start, span.end)) or NOTHING for span in spans))
        for code in view.codes
    ]
    columns = [Column(name="region", title=words.web.column_region(), kind="name")]
    columns += [Column(name=f"p{span.start}", title=span.label, kind="text") for span in spans]
    return Table(
        key="grades",
        title=words.web.data_grades(),
        columns=tuple(columns),
        rows=rows,
        notes=(words.web.data_grades_how(),),
    )


def tables(store: Store) -> Table:
    """Return the tables of the package: rows, years, and the offices that issued the figures."""
    package = store.package
    rows: list[tuple[object, ...]] = []
    for name, frame in package.tables.items():
        years = frame["year"].drop_nulls() if "year" in frame.columns else None
        span = same(NOTHING) if years is None or years.is_empty() else span_text(years.min(), years.max())
        offices = package.issuers.get(name) or package.issuers.get("", ())
        title = tables_by_name()[name].title if name in tables_by_name() else name
        rows.append((title, frame.height, frame.width, span, listing(offices) if offices else same(NOTHING)))
    kinds: dict[str, Kind] = {"rows": "integer", "columns": "integer", "years": "text", "offices": "text"}
    return _table("data", "tables", rows, table="name", **kinds)


def downloads(store: Store, address: Address) -> Page:  # noqa: ARG001 - a page without a question
    """Return every result as a file: what it holds, and how many rows."""
    study = assessment_of(store)
    rows = downloadable_results(store)
    return Page(
        title=words.web.downloads_title(),
        kicker=study.source,
        lead=[words.web.downloads_lead(n=len(rows)), words.web.downloads_formats()],
        study=study,
        call=Call(topic="assess"),
        template="downloads.html.j2",
        more={"rows": rows, "export": f"xinzhi data export {store.package.name} {store.package.name}"},
    )


def downloadable_results(store: Store) -> list[Row]:
    """Return the results that pages offer as files: those of the assessment, then those of the other topics."""
    study = assessment_of(store)
    bands = study.ranking.bands
    first: Mapping[str, Result] = {"ranking": study.ranking, **({} if bands is None else {"bands": bands})}
    rows: list[Row] = [("measure", "measurement", words.web.file_measurement(), study.measurement.frame.height)]
    rows += [("assess", name, words.by_key(f"web.file.{name}"), result.frame.height) for name, result in first.items()]
    for key, study_of_topic in study.topics.items():
        if key in topic.COMPLETE:
            continue
        for name, result in study_of_topic.results.items():
            rows.append(
                (
                    "assess",
                    name if name == key else f"{key}.{name}",
                    store.section(study_of_topic, name).title,
                    result.frame.height,
                )
            )
    for key in (*topic.COMPLETE, *topic.OUTSIDE, *OWN_PAGES):
        try:
            study_of_topic = store.study(key)
        except (InputError, UsageError):
            continue
        for part in topic.sections(store, study_of_topic, Call(topic=key)):
            if part.file is not None:
                rows.append((*part.file, part.section.title, study_of_topic.results[part.result].frame.height))
    return rows

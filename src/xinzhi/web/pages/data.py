"""How good the data are: the grade of every region and period, what was found, and the tables with their sources."""

from __future__ import annotations

from typing import Any

from xinzhi.core.schema import Column
from xinzhi.core.text import NOTHING, listing, same, span_text, words
from xinzhi.data import known_tables
from xinzhi.report import Section, Table
from xinzhi.report.pages.yardstick import tables as parameters
from xinzhi.studies import Assessment
from xinzhi.web.page import Address, Asked, Page, Part
from xinzhi.web.settings import decimals, kicker, overall
from xinzhi.web.store import Store
from xinzhi.yardstick import NATIONAL, View


def page(store: Store, address: Address) -> Page:  # noqa: ARG001 - a page without a question
    """Return the page; its grades are those under the protocol of the site."""
    study = overall(store)
    view = View(study.measurement)
    newest = view.of(view.spans[-1]).filter(view.of(view.spans[-1])["region"] != NATIONAL)
    counts = {grade: newest.filter(grade=grade).height for grade in "ABCD"}
    found = store.findings()
    lead = [
        words("web.data.grades_lead", span=view.spans[-1].label, **counts),
        words("web.data.found_lead", n=len(found), errors=sum(one.severity == "error" for one in found)),
        words("web.data.tables_lead", n=len(store.package.tables),
              rows=sum(one.height for one in store.package.tables.values())),
    ]  # fmt: skip
    full = parameters.findings(found)
    return Page(
        title=words("web.data.title"), kicker=kicker(study), lead=lead, study=study,
        asked=Asked(topic="measure"), decimals=decimals(study),
        parts=[
            Part(section=Section(key="grades", title=words("web.data.grades"), answer=(), tables=(grades(study),))),
            Part(section=Section(key="tables", title=words("web.data.tables"), answer=(), tables=(tables(store),))),
            Part(section=Section(key="findings", title=full.title, answer=(),
                                 tables=(parameters.findings_on_page(full),))),
        ],
        template="data.html.j2",
    )  # fmt: skip


def grades(study: Assessment) -> Table:
    """Return the grades: a row a region, a column a period."""
    view = View(study.measurement)
    spans = [view.whole, *view.spans]
    known = study.measurement.periods.select("region", "start", "end", "grade")
    held = {(region, start, end): grade for region, start, end, grade in known.rows()}
    rows: list[tuple[Any, ...]] = [
        (view.name(code), *(held.get((code, span.start, span.end)) or NOTHING for span in spans)) for code in view.codes
    ]
    columns = [Column(name="region", title=words("web.column.region"), kind="name")]
    columns += [Column(name=f"p{span.start}", title=span.label, kind="text") for span in spans]
    return Table(
        key="grades", title=words("web.data.grades"), columns=tuple(columns), rows=rows,
        notes=(words("web.data.grades_how"),),
    )  # fmt: skip


def tables(store: Store) -> Table:
    """Return the tables of the package: rows, years, and the offices that issued the figures."""
    package = store.package
    rows: list[tuple[Any, ...]] = []
    for name, frame in package.tables.items():
        years = frame["year"].drop_nulls() if "year" in frame.columns else None
        span = same(NOTHING) if years is None or years.is_empty() else span_text(years.min(), years.max())
        offices = package.issuers.get(name) or package.issuers.get("", ())
        rows.append(
            (
                known_tables()[name].title if name in known_tables() else name,
                frame.height,
                frame.width,
                span,
                listing(offices) if offices else same(NOTHING),
            )
        )
    columns = (
        Column(name="table", title=words("web.data.table"), kind="name"),
        Column(name="rows", title=words("web.data.rows"), kind="integer"),
        Column(name="columns", title=words("web.data.columns"), kind="integer"),
        Column(name="years", title=words("web.data.years"), kind="text"),
        Column(name="offices", title=words("web.data.offices"), kind="text"),
    )
    return Table(key="tables", title=words("web.data.tables"), columns=columns, rows=rows)

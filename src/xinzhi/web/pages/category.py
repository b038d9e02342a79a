"""An industry: which regions have it, on what evidence, and which name it in their plans."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from xinzhi import words
from xinzhi.core.schema import Column
from xinzhi.core.text import NOTHING, Text, listing
from xinzhi.pathways.internal import Able, NamedCategories
from xinzhi.report import Section, Table
from xinzhi.report.internal import table
from xinzhi.web.page import Address, Call, Page, Part, file
from xinzhi.web.parameters import assessment_of
from xinzhi.web.store import Store

NEEDS = ("plans", "plan_categories", "capability")
COLUMNS = ("region", "able", "grade", "designation", "output", "output_year", "stated", "rank", "quotient", "reason")
FACTS = ("region", "evidence", "name", "value", "year", "issuer")


def ready(store: Store) -> bool:
    """Say whether the package has plans and evidence of what regions can do."""
    return all(name in store.package.tables for name in NEEDS)


def keys(store: Store) -> Sequence[str]:
    """Return the categories that plans name."""
    return [] if not ready(store) else sorted(str(code) for code in store.package.tables["plan_categories"]["category"])


def named_categories(store: Store) -> NamedCategories:
    """Return what the newest plans name, beside what the regions are able to do."""
    return NamedCategories(store.study("able").result(Able), store.package.tables["plans"])


def page(store: Store, address: Address) -> Page:
    """Return the page of an industry, or of all of them."""
    plans = named_categories(store)
    page_of_all = Page(
        title=words.web.category_title(),
        study=store.study("able"),
        reads=NEEDS,
        call=Call(topic="able"),
        kicker=assessment_of(store).source,
        files=[file("able", "able")],
    )
    return _category(page_of_all, plans, address.key) if address.key else _overview(page_of_all, plans, store)


def _overview(page: Page, plans: NamedCategories, store: Store) -> Page:
    """Return the page of all industries."""
    names = plans.able.names
    rows = [
        {
            **row,
            "open": row["open"] if row["able"] + row["proxy"] else NOTHING,
            "name": names.text("category", row["category"]),
        }
        for row in plans.by_category.rows(named=True)
    ]
    first = plans.by_category.row(0, named=True)
    lead = words.web.category_lead(
        most=names.text("category", first["category"]),
        named=first["named"],
        have=first["named_and_had"],
        year=plans.year,
    )
    answer = store.section(store.study("able")).answer
    return replace(page, lead=[lead, *answer], template="categories.html.j2", more={"rows": rows})


def _category(page: Page, plans: NamedCategories, category: str) -> Page:
    """Return the page of an industry."""
    names, evidence = plans.able.names, plans.evidence(category)
    tables = [_verdicts(plans, category)]
    if evidence.height:
        tables.append(table("pathways_facts", evidence, FACTS, plans.able, part="evidence"))
    section = Section(
        key="regions",
        title=words.web.category_regions(),
        answer=(),
        tables=tuple(tables),
        notes=(words.pathways.able_limits(),),
    )
    return replace(
        page, title=names.text("category", category), lead=_lead(plans, category), parts=[Part(section=section)]
    )


def _lead(plans: NamedCategories, category: str) -> list[Text]:
    """Return how many regions name and have an industry, and who names it without evidence."""
    row = next(row for row in plans.by_category.rows(named=True) if row["category"] == category)
    lead: list[Text] = [words.web.category_one(year=plans.year, **row)]
    if not row["able"] + row["proxy"]:
        return [*lead, words.web.category_unjudged()]
    if lacking := plans.lacking(category):
        regions = listing([plans.able.names.region(code) for code in lacking])
        lead.append(words.web.category_lacking(names=regions, n=len(lacking)))
    return lead


def _verdicts(plans: NamedCategories, category: str) -> Table:
    """Return the regions that have it or name it, with the evidence."""
    planned = Column(name="planned", title=words.web.category_planned(), kind="flag")
    columns = [*COLUMNS[:2], planned, *COLUMNS[2:]]
    return table("pathways_able", plans.verdicts(category), columns, plans.able, drop_empty=True)

"""An industry: which regions have it, on what evidence, and which name it in their plans."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from xinzhi import words
from xinzhi.core.schema import Column
from xinzhi.core.text import NOTHING, listing
from xinzhi.pathways.internal import Able
from xinzhi.report import Section, Table
from xinzhi.report.internal import table
from xinzhi.web.page import Address, Call, Page, Part, file
from xinzhi.web.parameters import assessment_of
from xinzhi.web.store import Store

NEEDS = ("plans", "plan_categories", "capability")
HAVE = ("able", "by proxy")
WORDS = {"able": "able", "by proxy": "proxy", "not able": "unable", "unknown": "unknown"}
COLUMNS = ("region", "able", "grade", "designation", "output", "output_year", "stated", "rank", "quotient", "reason")


def ready(store: Store) -> bool:
    """Say whether the package has plans and evidence of what regions can do."""
    return all(name in store.package.tables for name in NEEDS)


def keys(store: Store) -> Sequence[str]:
    """Return the categories that plans name."""
    return [] if not ready(store) else sorted(str(code) for code in store.package.tables["plan_categories"]["category"])


def page(store: Store, address: Address) -> Page:
    """Return the page of an industry, or of all of them."""
    study = store.study("able")
    result = study.result(Able)
    standings = standing(store, result)
    common: dict[str, Any] = {
        "study": study,
        "reads": NEEDS,
        "call": Call(topic="able"),
        "kicker": assessment_of(store).source,
        "files": [file("able", "able")],
    }
    if not address.key:
        section = store.section(study)
        rows = [
            {
                **row,
                "open": row["open"] if row["able"] + row["proxy"] else NOTHING,
                "name": result.names.text("category", row["category"]),
            }
            for row in standings.rows(named=True)
        ]
        lead = [
            words.web.category_lead(
                most=result.names.text("category", standings["category"][0]),
                named=int(standings["named"][0]),
                have=int(standings["named_and_had"][0]),
                year=_year(store),
            )
        ]
        return Page(
            title=words.web.category_title(),
            lead=[*lead, *section.answer],
            template="categories.html.j2",
            more={"rows": rows},
            **common,
        )
    row = standings.row(by_predicate=pl.col("category") == address.key, named=True)
    rows_of_category = result.frame.filter(category=address.key)
    wished = planned_categories(store).filter(category=address.key)["region"].to_list()
    lead = [words.web.category_one(year=_year(store), **row)]
    having = rows_of_category.filter(pl.col("able").is_in(HAVE))["region"].to_list()
    if not row["able"] + row["proxy"]:
        lead.append(words.web.category_unjudged())
    elif lacking := [code for code in wished if code not in having]:
        lead.append(
            words.web.category_lacking(names=listing([result.names.region(code) for code in lacking]), n=len(lacking))
        )
    facts = result.evidence.filter(for_category=address.key)
    tables = [_stands(result, rows_of_category, wished)]
    if facts.height:
        evidence = table(
            "pathways_facts", facts, ("region", "evidence", "name", "value", "year", "issuer"), result, part="evidence"
        )
        tables.append(evidence)
    section = Section(
        key="regions",
        title=words.web.category_regions(),
        answer=(),
        tables=tuple(tables),
        notes=(words.pathways.able_limits(),),
    )
    return Page(title=result.names.text("category", address.key), lead=lead, parts=[Part(section=section)], **common)


def standing(store: Store, result: Able) -> pl.DataFrame:
    """Return for every category how many regions name it and have it, the most named first."""
    counts = [pl.col("able").eq(value).sum().alias(name) for value, name in WORDS.items()]
    had = result.frame.with_columns(have=pl.col("able").is_in(HAVE))
    available = planned_categories(store).join(had.filter("have"), on=["region", "category"], how="semi")
    wished = planned_categories(store).group_by("category").agg(named=pl.len())
    return (
        result.frame.group_by("category")
        .agg(counts)
        .join(wished, on="category", how="left")
        .join(available.group_by("category").agg(named_and_had=pl.len()), on="category", how="left")
        .with_columns(pl.col("named", "named_and_had").fill_null(0))
        .with_columns(open=pl.col("named") - pl.col("named_and_had"))
        .sort(["named", "category"], descending=[True, False])
    )


def _year(store: Store) -> int:
    return int(str(store.package.tables["plans"]["year"].max()))


def planned_categories(store: Store) -> pl.DataFrame:
    """Return the regions and categories that the newest plans name."""
    return store.package.tables["plans"].filter(pl.col("year") == _year(store), pl.col("named") == 1)


def _stands(result: Able, frame: pl.DataFrame, planned_regions: Sequence[str]) -> Table:
    """Return the regions that have it or name it, with the evidence."""
    order = {"able": 0, "by proxy": 1, "unknown": 2, "not able": 3}
    rows = (
        frame.filter(pl.col("able").is_in(HAVE) | pl.col("region").is_in(planned_regions))
        .with_columns(place=pl.col("able").replace_strict(order), planned=pl.col("region").is_in(planned_regions))
        .sort("place", "region")
    )
    planned = Column(name="planned", title=words.web.category_planned(), kind="flag")
    return table("pathways_able", rows, [*COLUMNS[:2], planned, *COLUMNS[2:]], result, drop_empty=True)

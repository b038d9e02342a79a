"""Statements that every expert would sign, on the package that ships: ``tests/cases/sense.yaml``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

import xinzhi
from xinzhi.data import names_of
from xinzhi.pathways import able, choices, plan
from xinzhi.pathways.internal import northeast
from xinzhi.risks import register
from xinzhi.studies.brief import of_region
from xinzhi.studies.brief_facts import read
from xinzhi.studies.draft import SILENT
from xinzhi.yardstick import peers

CASES: dict[str, list[dict[str, Any]]] = yaml.safe_load(
    (Path(__file__).parents[2] / "cases" / "sense.yaml").read_text("utf-8")
)
LEAST, FIRST = 120, 2000


def parts(text: str) -> list[str]:
    return [one.strip() for one in str(text).split(",")]


@pytest.fixture(scope="module")
def package() -> xinzhi.Package:
    return xinzhi.load("china-provinces")


def codes(package: xinzhi.Package, regions: str) -> list[str]:
    known = package.tables["regions"]["region"].to_list()
    every = names_of(package)
    return known if regions == "all" else [every.resolve(one, known) for one in parts(regions)]


def wrong(case: dict[str, Any], answer: str) -> bool:
    """Say whether an answer is none of those that it must be, or one of those that it must not be."""
    return answer not in parts(case["is"]) if "is" in case else answer in parts(case["never"])


def of_able(package: xinzhi.Package, cases: list[dict[str, Any]]) -> Iterator[str]:
    found = {(row["region"], row["category"]): row["able"] for row in able(package).frame.iter_rows(named=True)}
    for case in cases:
        for region in codes(package, case["region"]):
            for category in parts(case["category"]):
                if wrong(case, answer := found[region, category]):
                    yield f"{region} {category}: {answer}; {case['why']}"


def of_choices(package: xinzhi.Package, cases: list[dict[str, Any]]) -> Iterator[str]:
    found = choices(package, categories="all", draws=5)
    change = {(row["region"], row["category"]): row["change"] for row in found.without_herd().iter_rows(named=True)}
    verdict = dict(found.frame.filter(year=found.last_year()).select("category", "verdict").iter_rows())
    for case in cases:
        for category in parts(case["category"]):
            answers = (
                [verdict[category]]
                if "region" not in case
                else [change[region, category] for region in codes(package, case["region"])]
            )
            for answer in answers:
                if wrong(case, answer):
                    yield f"{case.get('region', '')} {category}: {answer}; {case['why']}"


def of_register(package: xinzhi.Package, cases: list[dict[str, Any]]) -> Iterator[str]:
    found = register(package, able=able(package))
    rows = found.checks.filter(pitfall="misfit").select("region", "item", "status").iter_rows()
    status = {(region, item): answer for region, item, answer in rows}
    owed = dict(found.matrix.filter(pitfall="debt").select("region", pl.col("severity").fill_null("none")).iter_rows())
    for case in cases:
        for region in codes(package, case["region"]):
            if owed[region] != case.get("debt", owed[region]):
                yield f"{region} debt: {owed[region]}; {case['why']}"
            for category in parts(case["category"]) if "category" in case else ():
                answer = status.get((region, category), "not planned")
                if wrong(case, answer):
                    yield f"{region} {category}: {answer}; {case['why']}"


def of_plan(package: xinzhi.Package, cases: list[dict[str, Any]]) -> Iterator[str]:
    found = plan(package)
    told = set(found.frame.select("region", "category").iter_rows())
    free = set(plan(package, untested=True).candidates["category"])
    first = found.summary().splitlines()[0]
    for case in cases:
        if "first" in case and case["first"] not in first:
            yield f"{first}; {case['why']}"
        if absent := set(parts(case.get("weighed", ""))) - free - {""}:
            yield f"no candidates: {absent}; {case['why']}"
        if there := set(parts(case.get("unweighed", ""))) & free:
            yield f"candidates: {there}; {case['why']}"
        for region in codes(package, case["region"]):
            for category in parts(case.get("category", "")):
                if (region, category) in told:
                    yield f"{region} {category}; {case['why']}"


def of_brief(package: xinzhi.Package, cases: list[dict[str, Any]]) -> Iterator[str]:
    shared = read(package, "xinzhi-cn-2026", SILENT)
    kinds = package.tables["plan_categories"].select("name_en", "category").iter_rows()
    code_of = dict(kinds)
    made = {}
    for code in codes(package, "all"):
        brief = of_region(shared, code)
        built = {code_of[one["category"].en] for one in brief.parts["moves"].get("moves.build", [])}
        rest = brief.parts["moves"].get("moves.rest", {}).get("names")
        built |= set() if rest is None else {code for name, code in code_of.items() if f"{name} (" in rest.en}
        shown = brief.parts["moves"].get("moves.unproven", {}).get("names")
        asked = set() if shown is None else {code for name, code in code_of.items() if f"{name} (" in shown.en}
        made[code] = (built, " ".join(line.en for part in brief.parts for line in brief.sentences(part)), asked)
    for case in cases:
        for region in codes(package, case["region"]):
            built, text, asked = made[region]
            lacking = {one for one in parts(case.get("moves", "")) if one and one not in built}
            told = {one for one in parts(case.get("never", "")) if one in built}
            if lacking or told:
                yield f"{region}: lacks {lacking}, told {told}; {case['why']}"
            if wronged := asked & set(parts(case.get("unasked", ""))):
                yield f"{region}: is to show evidence on {wronged}; {case['why']}"
            if case.get("says", "") not in text:
                yield f"{region} does not say {case['says']}; {case['why']}"
            for one in case.get("never_says", "").split(" ; "):
                if one and one in text:
                    yield f"{region} says {one}; {case['why']}"


def of_peers(package: xinzhi.Package, cases: list[dict[str, Any]]) -> Iterator[str]:
    found = peers(xinzhi.measure(package), package)
    for case in cases:
        for region in codes(package, case["region"]):
            near = set(found.codes(region))
            lacking = set(codes(package, case["among"])) - near if "among" in case else set()
            odd = set(codes(package, case["never"])) & near if "never" in case else set()
            if lacking or odd:
                yield f"{region}: lacks {lacking}, has {odd}; {case['why']}"


STILL = 0.02


def of_northeast(package: xinzhi.Package, cases: list[dict[str, Any]]) -> Iterator[str]:
    rows = package.tables["accounts"].select("region", "year", "population").drop_nulls()
    change = {}
    for code in codes(package, "Liaoning, Jilin, Heilongjiang"):
        path = rows.filter(pl.col("region") == code, pl.col("year") >= FIRST).sort("year")["population"]
        change[code] = path[-1] / path[0] - 1
    told, name = northeast(package).summary("en"), names_of(package).region
    refused = {code for code in change if f"{name(code).en}: no comparison of any series" in told}
    for case in cases:
        for region in codes(package, case["region"]):
            ways = {"falls": change[region] < -0.1, "still": abs(change[region]) < STILL}
            if not ways.get(case.get("population", ""), True):
                yield f"{region}: {change[region]:.3f}; {case['why']}"
            others = codes(package, case["less_than"]) if "less_than" in case else []
            if any(change[region] >= change[one] for one in others):
                yield f"{region}: {change}; {case['why']}"
            if case.get("control") == "refused" and region not in refused:
                yield f"{region}: not refused; {case['why']}"


def of_opportunities(package: xinzhi.Package, cases: list[dict[str, Any]]) -> Iterator[str]:
    made = xinzhi.studies.paths(package, deeper=False)
    found = made.results["opportunities"]
    first = found.summary().splitlines()[0]
    for case in cases:
        if "first" in case and case["first"] not in first:
            yield f"{first}; {case['why']}"
        for region in codes(package, case["region"]):
            told = set(found.best(region)["activity"])
            for industry in parts(case.get("industry", "")):
                if industry in told:
                    yield f"{region} {industry}; {case['why']}"


def of_scope(package: xinzhi.Package, cases: list[dict[str, Any]]) -> Iterator[str]:
    del package
    for case in cases:
        judged = xinzhi.scope.classify(parts(case["industry"]), as_of=str(case.get("as_of", "2026-11-28"))).frame
        for code, answer in judged.select("code", "verdict").iter_rows():
            if wrong(case, answer):
                yield f"{code}: {answer}; {case['why']}"


ASK = {
    "able": of_able,
    "choices": of_choices,
    "register": of_register,
    "plan": of_plan,
    "opportunities": of_opportunities,
    "scope": of_scope,
    "brief": of_brief,
    "peers": of_peers,
    "northeast": of_northeast,
}


def test_there_are_enough_statements_and_each_says_why() -> None:
    every = [case for cases in CASES.values() for case in cases]
    assert len(every) >= LEAST
    assert all(case.get("why") for case in every)


@pytest.mark.parametrize("verb", CASES)
def test_every_statement_holds(package: xinzhi.Package, verb: str) -> None:
    assert list(ASK[verb](package, CASES[verb])) == []

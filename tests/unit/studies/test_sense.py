"""Statements that every expert would sign, on the package that ships: ``tests/cases/sense.yaml``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import xinzhi
from xinzhi.data import names_of
from xinzhi.pathways import able, choices, plan
from xinzhi.risks import register

CASES: dict[str, list[dict[str, Any]]] = yaml.safe_load(
    (Path(__file__).parents[2] / "cases" / "sense.yaml").read_text("utf-8")
)
LEAST = 60


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
            answers = [verdict[category]] if "region" not in case else [
                change[region, category] for region in codes(package, case["region"])
            ]  # fmt: skip
            for answer in answers:
                if wrong(case, answer):
                    yield f"{case.get('region', '')} {category}: {answer}; {case['why']}"


def of_register(package: xinzhi.Package, cases: list[dict[str, Any]]) -> Iterator[str]:
    found = register(package, able=able(package))
    rows = found.checks.filter(pitfall="misfit").select("region", "item", "status").iter_rows()
    status = {(region, item): answer for region, item, answer in rows}
    for case in cases:
        for region in codes(package, case["region"]):
            for category in parts(case["category"]):
                answer = status.get((region, category), "not planned")
                if wrong(case, answer):
                    yield f"{region} {category}: {answer}; {case['why']}"


def of_plan(package: xinzhi.Package, cases: list[dict[str, Any]]) -> Iterator[str]:
    found = plan(package)
    told = set(found.frame.select("region", "category").iter_rows())
    first = found.summary().splitlines()[0]
    for case in cases:
        if "first" in case and case["first"] not in first:
            yield f"{first}; {case['why']}"
        for region in codes(package, case["region"]):
            for category in parts(case.get("category", "")):
                if (region, category) in told:
                    yield f"{region} {category}; {case['why']}"


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
}


def test_there_are_enough_statements_and_each_says_why() -> None:
    every = [case for cases in CASES.values() for case in cases]
    assert len(every) >= LEAST
    assert all(case.get("why") for case in every)


@pytest.mark.parametrize("verb", CASES)
def test_every_statement_holds(package: xinzhi.Package, verb: str) -> None:
    assert list(ASK[verb](package, CASES[verb])) == []

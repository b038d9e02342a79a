"""What the topics of an assessment say, each in brief: the sections after the growth accounts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from xinzhi.core.text import words
from xinzhi.report.pages import section
from xinzhi.report.section import Section
from xinzhi.report.sentence import sentence

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from xinzhi.core.result import Result
    from xinzhi.studies import Assessment

# Title and sentence of a topic whose tables cannot be used.
UNUSABLE = {
    "scope": ("scope.title.scope", "scope.note.unknown", "why"),
    "sources": ("sources.title.room", "sources.note.unusable", "reason"),
    "paths": ("pathways.title.brief", "pathways.answer.left_out", "why"),
    "frontier": ("frontier.title.brief", "frontier.answer.unusable", "reason"),
    "risks": ("register.title.brief", "register.answer.left_out", "why"),
}


def sections(study: Assessment) -> list[Section]:
    """Return the sections that the data are enough for, in the order of the topics.

    A topic whose tables are not there is left out; one whose tables cannot be used says so in its section.
    """
    makers: Mapping[str, Callable[[Assessment, Mapping[str, Result]], Section | None]] = {
        "scope": _scope, "sources": _sources, "sectors": _sectors, "paths": _paths, "frontier": _frontier,
        "risks": _risks,
    }  # fmt: skip
    found = []
    for topic, maker in makers.items():
        if topic in study.unusable:
            found.append(_unusable(topic, study))
        elif topic in study.topics:
            found.append(maker(study, study.topics[topic].results))
    return [one for one in found if one is not None]


def _unusable(topic: str, study: Assessment) -> Section | None:
    """Return a section that says why a topic could not be studied."""
    if topic not in UNUSABLE:
        return None
    title, answer, name = UNUSABLE[topic]
    last = max(study.measurement.frame["year"].to_list())
    return Section(
        key=topic, title=words(title, day=f"{last}-12-31"), answer=(words(answer, **{name: study.unusable[topic]}),)
    )


def _scope(_: Assessment, results: Mapping[str, Any]) -> Section:
    from xinzhi.report.pages.scope.classify import brief

    return brief(results["scope"])


def _sources(_: Assessment, results: Mapping[str, Any]) -> Section:
    return section(results["sources"])


def _sectors(_: Assessment, results: Mapping[str, Any]) -> Section:
    return section(results["sectors"])


def _paths(study: Assessment, results: Mapping[str, Any]) -> Section:
    """Return the industry space and the regions' table of what each could enter."""
    whole, chances = section(results["complexity"]), section(results["opportunities"])
    regions = next(one for one in chances.pictures if one.kind == "regions")
    year = words("pathways.answer.year", year=study.topics["paths"].more["year"])
    return replace(
        whole, key="paths", title=words("pathways.title.brief"), pictures=whole.pictures[:1], tables=(regions.twin,),
        answer=(year, *whole.answer[:2], sentence(regions.headline)),
    )  # fmt: skip


def _frontier(study: Assessment, results: Mapping[str, Any]) -> Section | None:
    from xinzhi.report.pages.frontier import brief

    return brief(results["frontier"], study.measurement)


def _risks(_: Assessment, results: Mapping[str, Any]) -> Section:
    """Return the matrix of the register and what was not checked; debt alone where there is no register."""
    if "register" not in results:
        whole = section(results["debt"])
        return replace(
            whole, key="risks", title=words("register.title.brief"), pictures=whole.pictures[:1], tables=(),
            notes=(*whole.notes, words("register.note.more")),
        )  # fmt: skip
    whole = section(results["register"])
    missing = tuple(one for one in whole.tables if one.key == "register_unchecked")
    return replace(
        whole, key="risks", title=words("register.title.brief"), pictures=whole.pictures[:1], tables=missing, sheets=(),
        notes=(words("register.note.thresholds"), words("register.note.more")),
    )  # fmt: skip

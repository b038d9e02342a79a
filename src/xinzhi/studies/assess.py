"""The assessment: the growth accounts of all regions, and every topic that the data are enough for, each once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.result import Result
from xinzhi.core.text import LANGUAGES, Text, same
from xinzhi.data import Package
from xinzhi.protocol import Protocol
from xinzhi.studies.brief import Brief
from xinzhi.studies.firm_cells import digest, read_cells
from xinzhi.studies.industries import PANEL, PlanEvidence
from xinzhi.studies.plain import load
from xinzhi.studies.spans import reconciled
from xinzhi.studies.study import SILENT, Draft, Progress, Study, first_line, options, title
from xinzhi.yardstick import Bands, Measurement, Ranking

TOPICS = ("scope", "sources", "sectors", "paths", "frontier", "risks")
LEAST = 2  # regions of a frontier, at the least
DETAILED = ("industry_accounts", "sector_accounts")


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessOptions:
    """What can be asked of `assess`."""

    protocol: Protocol | str = "xinzhi-cn-2026"
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    briefs: bool = False
    cells: Any = None
    encoding: str | None = None

    @property
    def topics(self) -> tuple[str, ...]:
        """The topics beside the growth accounts."""
        for name in (*self.only, *self.skip):
            if name not in (*TOPICS, "none"):
                raise UsageError("studies.no-topic", name=name, known=[same(topic) for topic in TOPICS])
        wanted = self.only or TOPICS
        return tuple(topic for topic in TOPICS if topic in wanted and topic not in self.skip)


@dataclass(frozen=True, kw_only=True, repr=False)
class Assessment(Study):
    """A study of all topics.

    Parameters
    ----------
    package, protocol
        What was read, and the yardstick.
    topics
        The study of every topic that the data are enough for.
    unusable
        Why a topic whose tables are there could not be studied.
    briefs
        The brief of every region, where they were asked for.
    """

    package: Package
    protocol: Protocol
    topics: Mapping[str, Study]
    unusable: Mapping[str, Text]
    briefs: tuple[Brief, ...] = ()

    @property
    def measurement(self) -> Measurement:
        """The growth accounts."""
        found: Any = self.results["measurement"]
        return found  # type: ignore[no-any-return] # put there by `assess`

    @property
    def ranking(self) -> Ranking:
        """What is said first: the newest period, every rank with its range."""
        found: Any = self.results["ranking"]
        return found  # type: ignore[no-any-return] # put there by `assess`


def assess(source: Any, *, progress: Progress = SILENT, **asked: Any) -> Assessment:  # noqa: ANN401 - a package; options
    """Assess all regions of a package: growth accounts, and every topic that the data are enough for.

    Parameters
    ----------
    source
        A data package, its name or path.
    progress
        Who is told how far it is.
    asked
        Fields of `AssessOptions`: `protocol`, topics `only` or to `skip`, `briefs` of all regions, `cells` of firms.

    Examples
    --------
    >>> import xinzhi
    >>> made = xinzhi.studies.assess("china-provinces", only=("scope", "frontier"))
    >>> list(made.results), list(made.topics)
    (['measurement', 'ranking', 'scope.core', 'scope.dependence', 'scope', 'frontier.change'], ['scope', 'frontier'])
    """
    from xinzhi.yardstick import measure, require_value_added, require_yearly

    wish: AssessOptions = options(AssessOptions, asked)
    wanted = wish.topics
    progress.step("read")
    package = load(source, wish.encoding)
    cells = None if wish.cells is None else read_cells(wish.cells)
    progress.step("measure")
    measured = measure(package, wish.protocol)
    require_value_added(measured.protocol, "assess")
    require_yearly(measured.panel, "assess")
    progress.step("bands")
    protocols = _protocols(measured)
    ranked = _ranking(package, measured, protocols)
    topics: dict[str, Study] = {}
    held = PlanEvidence(package)
    makers: Mapping[str, Callable[[Package, Measurement], Study | None]] = {
        "scope": _scope, "sectors": _sectors, "frontier": _frontier,
        "sources": lambda package, measured: _sources(package, measured, cells),
        "paths": lambda package, measured: _paths(package, measured, held),
        "risks": lambda package, _: _risks(package, held),
    }  # fmt: skip
    unusable: dict[str, Text] = {}
    for topic in wanted:
        progress.step(topic)
        try:
            made = makers[topic](package, measured)
        except (InputError, UsageError) as error:
            unusable[topic] = _why(topic, error)
            continue
        if made is not None:
            topics[topic] = made
    results: dict[str, Result] = {"measurement": measured, "ranking": ranked}
    for topic, made in topics.items():
        results |= {name if name == topic else f"{topic}.{name}": one for name, one in made.results.items()}
    return Assessment(
        name="assess",
        source=title(package),
        results=results,
        notes=tuple(note for made in topics.values() for note in made.notes),
        findings=tuple(package.findings),
        package=package,
        protocol=measured.protocol,
        more={"spans": reconciled(measured, topics)} | ({} if cells is None else {"cells": digest(cells)}),
        topics=topics,
        unusable=unusable,
        briefs=_briefs(package, measured, protocols, progress) if wish.briefs else (),
    )


def _briefs(
    package: Package, measured: Measurement, protocols: pl.DataFrame | None, progress: Progress
) -> tuple[Brief, ...]:
    """Return the brief of every region that was measured."""
    from xinzhi.studies.brief import of_region
    from xinzhi.studies.brief_read import read

    progress.step("briefs")
    shared = read(package, measured.protocol, measured=measured, protocols=protocols)
    return tuple(of_region(shared, code) for code in measured.frame["region"].unique().sort().to_list())


def _protocols(measured: Measurement) -> pl.DataFrame | None:
    """Return the ranges over protocols of the newest and the last official period; None without periods."""
    from xinzhi.yardstick import View, robustness

    if not measured.periods.height:
        return None
    view = View(measured)
    return robustness(measured, [(one.start, one.end) for one in dict.fromkeys([view.spans[-1], view.lead])])


def _ranking(package: Package, measured: Measurement, protocols: pl.DataFrame | None) -> Ranking:
    """Put the newest and the last official period side by side, with bands and ranges where they can be had."""
    from xinzhi.yardstick import bands, ranking

    estimates: Bands | None
    try:
        estimates = bands(measured, inputs=False)
    except (InputError, UsageError):  # nothing is estimated, or there is too little to learn errors from
        estimates = None
    return ranking(measured, package, bands=estimates, protocols=protocols)


def _why(topic: str, error: InputError | UsageError) -> Text:
    """Return why a topic could not be studied: its first line, of the scope the first two, of others all."""
    why = error.values.get("why")
    if error.code == "studies.nothing" and isinstance(why, Text):
        return Text(zh=why.zh.replace("\n", "；"), en=why.en.replace("\n", "; "))
    if topic in {"sources", "frontier"}:
        return error.text
    if topic != "scope":
        return first_line(error)
    lines = {language: error.lang(language).splitlines()[:2] for language in LANGUAGES}
    return Text(**{language: " ".join(line.strip() for line in some) for language, some in lines.items()})


def _scope(package: Package, measurement: Measurement) -> Study | None:
    """Take the last day of the last year measured: the same data give the same report on any day."""
    from xinzhi.studies.scope import scope

    last = max(measurement.frame["year"].to_list())
    return _or_none("studies.no-industry-table", lambda: scope(package, as_of=f"{last}-12-31"))


def _sources(package: Package, measurement: Measurement, cells: Study | None) -> Study | None:
    from xinzhi.studies.sources import sources

    if not any(name in package.tables for name in DETAILED):
        return None
    return sources(package, measurement=measurement, protocol=measurement.protocol, deeper=False, cells=cells)


def _sectors(package: Package, measurement: Measurement) -> Study | None:
    """Put the sectors side by side; nothing where the package does not reach so far."""
    from xinzhi.studies.sectors import sectors

    try:
        return sectors(package, measurement=measurement, protocol=measurement.protocol, deeper=False)
    except InputError:
        return None


def _paths(package: Package, measurement: Measurement, held: PlanEvidence) -> Study | None:
    """Return complexity and what regions could enter in the last year of industries."""
    from xinzhi.studies.paths import paths

    table = package.optional("activity", verb="paths")
    if table is None or not {*PANEL.values(), "year"} <= set(table.columns) or not table.height:
        return None
    made = paths(package, measurement=measurement, evidence=held, protocol=measurement.protocol, deeper=False)
    return replace(made, more={"year": int(table["year"].max())})  # type: ignore[arg-type] # years are whole numbers


def _frontier(package: Package, measurement: Measurement) -> Study | None:
    """Return the Malmquist index of capital and labour over the years of official figures."""
    from xinzhi.studies.frontier import frontier

    ways: dict[str, Any] = {"measurement": measurement, "protocol": measurement.protocol}
    made = _or_none("studies.two-years", lambda: frontier(package, **ways))
    change = None if made is None else made.results["change"].frame
    if made is None or change is None or change["unit"].n_unique() < LEAST or not change["index"].count():
        return None
    return replace(made, notes=())  # they stand in the section of the topic


def _risks(package: Package, held: PlanEvidence) -> Study | None:
    """Return the register and its evidence; debt alone where there are no plans, nothing without either."""
    from xinzhi.risks import debt
    from xinzhi.studies.risks import risks

    if {"plans", "plan_categories"} <= set(package.tables):
        return risks(package, evidence=held, only=("register",))
    if not {"debt", "fiscal"} & set(package.tables):
        return None
    draft = Draft(name="risks", source=title(package), package=package, results={"debt": debt(package)})
    return draft.done()


def _or_none(code: str, recipe: Callable[[], Study]) -> Study | None:
    """Return what a recipe gives; None where it says by this code that the package has nothing for it."""
    try:
        return recipe()
    except (InputError, UsageError) as error:
        if error.code != code:
            raise
        return None

"""The assessment: the growth accounts of all regions, and every topic that the data are enough for, each once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from xinzhi import frontier as frontier_methods
from xinzhi import risks as risk_methods
from xinzhi import sources as sources_methods
from xinzhi import yardstick
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.lazy import pl
from xinzhi.core.text import Text, clauses, same
from xinzhi.studies.brief import of_region
from xinzhi.studies.brief_facts import read
from xinzhi.studies.draft import PROTOCOL, SILENT, Draft, Study, title
from xinzhi.studies.frontier import frontier
from xinzhi.studies.paths import paths
from xinzhi.studies.plan import PANEL, PlanEvidence
from xinzhi.studies.registry import topic
from xinzhi.studies.risks import risks
from xinzhi.studies.scope import scope
from xinzhi.studies.sectors import sectors
from xinzhi.studies.sources import digest, read_cells, sources
from xinzhi.studies.yardstick import examined
from xinzhi.yardstick import internal

if TYPE_CHECKING:
    from xinzhi.core.arrays import AnyFrame, AnyPackage
    from xinzhi.core.result import Result
    from xinzhi.data import Package
    from xinzhi.protocol import Protocol
    from xinzhi.studies.brief import Brief
    from xinzhi.studies.draft import Progress
    from xinzhi.yardstick import Bands, Measurement, Ranking

TOPICS = ("scope", "sources", "sectors", "paths", "frontier", "risks")
LEAST = 2  # regions of a frontier, at the least
DETAILED = ("industry_accounts", "sector_accounts")


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
        return self.result(yardstick.Measurement)

    @property
    def ranking(self) -> Ranking:
        """What is said first: the newest period, every rank with its range."""
        return self.result(yardstick.Ranking)


@topic
def assess(
    source: AnyPackage,
    *,
    protocol: Protocol | str = PROTOCOL,
    only: tuple[str, ...] = (),
    skip: tuple[str, ...] = (),
    briefs: bool = False,
    cells: AnyFrame = None,
    encoding: str | None = None,
    progress: Progress = SILENT,
) -> Assessment:
    """Assess all regions of a package: growth accounts, and every topic that the data are enough for.

    `only` and `skip` name topics; `briefs` are those of all regions; `cells` is a study of firms or its folder.

    Examples
    --------
    >>> import xinzhi
    >>> made = xinzhi.studies.assess("china-provinces", only=("scope", "frontier"))
    >>> list(made.results), list(made.topics)
    (['measurement', 'ranking', 'scope.core', 'scope.dependence', 'scope', 'frontier.change'], ['scope', 'frontier'])
    """
    names = _topics(only, skip)
    draft, package = Draft.of("assess", source, encoding, progress)
    firms = None if cells is None else read_cells(cells)
    progress.step("measure")
    measured = yardstick.measure(package, protocol)
    internal.require_value_added(measured.protocol, "assess")
    internal.require_yearly(measured.panel, "assess")
    progress.step("bands")
    protocols = _protocols(measured)
    ranked = _ranking(measured, protocols)
    topics: dict[str, Study] = {}
    makers = _makers(package, measured, firms)
    unusable: dict[str, Text] = {}
    for name in names:
        progress.step(name)
        try:
            part = makers[name]()
        except (InputError, UsageError) as error:
            unusable[name] = _reason(name, error)
        else:
            topics |= {} if part is None else {name: part}
    pages: tuple[Brief, ...] = ()
    if briefs:
        progress.step("briefs")
        shared = read(package, measured.protocol, measured=measured, protocols=protocols)
        pages = tuple(of_region(shared, code) for code in measured.frame["region"].unique().sort().to_list())
    results: dict[str, Result] = {"measurement": measured, "ranking": ranked}
    for name, part in topics.items():
        results |= {key if key == name else f"{name}.{key}": result for key, result in part.results.items()}
    package = examined(package)  # what `check` lists, so that all say as many
    return Assessment(
        name="assess",
        source=draft.source,
        results=results,
        notes=tuple(note for part in topics.values() for note in part.notes),
        findings=tuple(package.findings),
        package=package,
        protocol=measured.protocol,
        more={"spans": reconciled(measured, topics)} | ({} if firms is None else {"cells": digest(firms)}),
        topics=topics,
        unusable=unusable,
        briefs=pages,
    )


def _topics(only: Collection[str], skip: Collection[str]) -> list[str]:
    """Return the topics beside the growth accounts; an unknown one is refused."""
    for name in (*only, *skip):
        if name not in (*TOPICS, "none"):
            raise UsageError("studies.no-topic", name=name, known=[same(topic_name) for topic_name in TOPICS])
    return [name for name in TOPICS if name in (only or TOPICS) and name not in skip]


def _protocols(measured: Measurement) -> pl.DataFrame | None:
    """Return the ranges over protocols of the newest and the last official period; None without periods."""
    if not measured.periods.height:
        return None
    view = internal.View(measured)
    return yardstick.robustness(
        measured, [(span.start, span.end) for span in dict.fromkeys([view.spans[-1], view.lead])]
    )


def _ranking(measured: Measurement, protocols: pl.DataFrame | None) -> Ranking:
    """Put the newest and the last official period side by side, with bands and ranges where they can be had."""
    estimates: Bands | None
    try:
        estimates = yardstick.bands(measured, inputs=False)
    except (InputError, UsageError):  # nothing is estimated, or there is too little to learn errors from
        estimates = None
    return yardstick.ranking(measured, bands=estimates, protocols=protocols)


def _reason(topic: str, error: InputError | UsageError) -> Text:
    """Return why a topic could not be studied: the reasons of its parts, the whole error, or what it begins with."""
    reasons = error.values.get("reasons")
    if isinstance(reasons, tuple):
        return clauses(reasons)
    if topic in {"sources", "frontier"}:
        return error.text
    if topic != "scope":
        return error.reason
    if error.head == error.text or not isinstance(error, InputError):
        return error.text
    head, first = error.head, error.findings[0].text
    return Text(zh=f"{head.zh}： {first.zh}", en=f"{head.en}: {first.en}")


def _makers(package: Package, measured: Measurement, cells: Study | None) -> Mapping[str, Callable[[], Study | None]]:
    """Return what makes each topic; a maker gives None where the package does not reach so far."""
    evidence = PlanEvidence(package)
    last = max(measured.frame["year"].to_list())  # the same data give the same report on any day
    return {
        "scope": lambda: _or_none("studies.no-industry-table", lambda: scope(package, as_of=f"{last}-12-31")),
        "sources": lambda: (
            sources(package, measurement=measured, protocol=measured.protocol, deeper=False, cells=cells)
            if any(name in package.tables for name in DETAILED)
            else None
        ),
        "sectors": lambda: _sectors(package, measured),
        "paths": lambda: _paths(package, measured, evidence),
        "frontier": lambda: _frontier(package, measured),
        "risks": lambda: _risks(package, evidence),
    }


def _sectors(package: Package, measured: Measurement) -> Study | None:
    """Put the sectors side by side; nothing where the package does not reach so far."""
    try:
        return sectors(package, measurement=measured, protocol=measured.protocol, deeper=False)
    except InputError:
        return None


def _paths(package: Package, measured: Measurement, evidence: PlanEvidence) -> Study | None:
    """Return complexity and what regions could enter in the last year of industries."""
    table = package.optional("activity", verb="paths")
    if table is None or not {*PANEL.values(), "year"} <= set(table.columns) or not table.height:
        return None
    study = paths(package, measurement=measured, protocol=measured.protocol, evidence=evidence, deeper=False)
    return replace(study, more={"year": int(table["year"].max())})  # type: ignore[arg-type] # years are whole numbers


def _frontier(package: Package, measured: Measurement) -> Study | None:
    """Return the Malmquist index of capital and labour over the years of official figures."""
    study = _or_none("studies.two-years", lambda: frontier(package, measurement=measured, protocol=measured.protocol))
    change = None if study is None else study.results["change"].frame
    if study is None or change is None or change["unit"].n_unique() < LEAST or not change["index"].count():
        return None
    return replace(study, notes=())  # they stand in the section of the topic


def _risks(package: Package, evidence: PlanEvidence) -> Study | None:
    """Return the register and its evidence; debt alone where there are no plans, nothing without either."""
    if {"plans", "plan_categories"} <= set(package.tables):
        return risks(package, evidence=evidence, only=("register",))
    if not {"debt", "fiscal"} & set(package.tables):
        return None
    draft = Draft(name="risks", source=title(package), package=package, results={"debt": risk_methods.debt(package)})
    return draft.done()


def _or_none(code: str, recipe: Callable[[], Study]) -> Study | None:
    """Return what a recipe gives; None where it says by this code that the package has nothing for it."""
    try:
        return recipe()
    except (InputError, UsageError) as error:
        if error.code != code:
            raise
        return None


def _no_spans() -> pl.DataFrame:
    """Return a frame of figures without rows."""
    years = dict.fromkeys(("start", "end"), pl.Int64)
    figures = ("figure", "same_span", "reference", "span_effect", "weighting_effect", "method_effect")
    return pl.DataFrame(schema={"topic": pl.String, **years, **dict.fromkeys(figures, pl.Float64)})


def reconciled(measurement: Measurement, topics: Mapping[str, Study]) -> pl.DataFrame:
    """Return a row for every figure of productivity growth: the accounts' in the newest period, and what differs."""
    # `reference` plus the three effects is `figure`, exactly: the accounts' sum of the regions in the years of the
    # topic, the mean of the regions instead of their sum, and what is left, the method. `same_span` is the topic's own
    # figure in the newest period, where it has its years; the first row is of that period. Empty where the regions have
    # no sum.
    view = internal.View(measurement)
    added = _yearly(measurement.national, "year", "tfp_growth")
    newest = view.spans[-1] if view.spans else view.lead
    lead = range(newest.start + 1, newest.end + 1) if isinstance(newest.end, int) else range(0)
    if not added or not lead or not set(lead) <= set(added):
        return _no_spans()
    years = {span: range(span.start + 1, span.end + 1) for span in (newest, view.lead, view.whole)}
    series: list[tuple[str, dict[int, float], dict[int, float]]] = [
        ("accounts", {year: added[year] for year in inside}, added)
        for inside in years.values()
        if set(inside) <= set(added)
    ]
    if "sources" in topics:
        groups = topics["sources"].result(sources_methods.Sources).groups
        series.append(("sources", _yearly(groups.filter(region="total"), "year", "tfp_growth"), added))
    if "frontier" in topics:
        change = topics["frontier"].result(frontier_methods.ProductivityChange)
        points = _yearly(change.complete, "period", "index")
        series.append(
            (
                "frontier",
                {year: change / 100 for year, change in points.items()},
                _yearly(measurement.frame, "year", "tfp_growth"),
            )
        )
    rows = [_row(*row, added, list(lead)) for row in series if row[1] and set(row[1]) <= set(added)]
    return pl.DataFrame(rows, schema=_no_spans().schema)


def _yearly(frame: pl.DataFrame, year: str, value: str) -> dict[int, float]:
    """Return the mean of a figure by year."""
    means = frame.fill_nan(None).drop_nulls(value).group_by(year).agg(pl.col(value).mean())
    return dict(means.sort(year).iter_rows())


def _row(
    topic: str, figures: dict[int, float], alike: dict[int, float], added: dict[int, float], lead: list[int]
) -> dict[str, object]:
    """Return one row: `alike` are the accounts weighted as the topic weighs regions, `added` those of their sum."""

    def mean(series: Mapping[int, float], years: Collection[int]) -> float:
        return sum(series[year] for year in years) / len(years)

    reference, figure = mean(added, lead), mean(figures, figures)
    return {
        "topic": topic,
        "start": min(figures) - 1,
        "end": max(figures),
        "figure": figure,
        "same_span": mean(figures, lead) if set(lead) <= set(figures) else None,
        "reference": reference,
        "span_effect": mean(added, figures) - reference,
        "weighting_effect": mean(alike, figures) - mean(added, figures),
        "method_effect": figure - mean(alike, figures),
    }

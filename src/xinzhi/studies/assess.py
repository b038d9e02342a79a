"""The assessment: the growth accounts of all regions, and every topic that the data are enough for, each once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.text import LANGUAGES, Text, same
from xinzhi.studies.industries import PANEL, anchor_or_level, endowments_of
from xinzhi.studies.plain import load
from xinzhi.studies.study import SILENT, Draft, Study, first_line, options, title

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from xinzhi.core.result import Result
    from xinzhi.data import Package
    from xinzhi.pathways import Opportunities
    from xinzhi.protocol import Protocol
    from xinzhi.studies.study import Progress
    from xinzhi.yardstick import Measurement

TOPICS = ("scope", "sources", "sectors", "paths", "frontier", "risks")
GOODS = ("capital", "labour", "output")
REFERENCE = "sequential"  # best practice once reached is not lost: what falls short of it is inefficiency
LEAST = 2  # regions and years of a frontier, at the least
DETAILED = ("industry_accounts", "sector_accounts")


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessOptions:
    """What can be asked of `assess`."""

    protocol: Protocol | str = "xinzhi-cn-2026"
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
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
    """

    package: Package
    protocol: Protocol
    topics: Mapping[str, Study]
    unusable: Mapping[str, Text]

    @property
    def measurement(self) -> Measurement:
        """The growth accounts."""
        found: Any = self.results["measurement"]
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
        Fields of `AssessOptions`: `protocol`, topics `only` or to `skip`.

    Examples
    --------
    >>> import xinzhi
    >>> made = xinzhi.studies.assess("china-provinces", only=("scope", "frontier"))
    >>> list(made.results), list(made.topics)
    (['measurement', 'scope', 'frontier'], ['scope', 'frontier'])
    """
    from xinzhi.yardstick import measure

    wish: AssessOptions = options(AssessOptions, asked)
    wanted = wish.topics
    progress.step("read")
    package = load(source, wish.encoding)
    progress.step("measure")
    measured = measure(package, wish.protocol)
    makers: Mapping[str, Callable[[Package, Measurement], Study | None]] = {
        "scope": _scope, "sources": _sources, "sectors": _sectors, "paths": _paths, "frontier": _frontier,
    }  # fmt: skip
    topics: dict[str, Study] = {}
    unusable: dict[str, Text] = {}
    for topic in wanted:
        progress.step(topic)
        try:
            made = _risks(package, topics.get("paths")) if topic == "risks" else makers[topic](package, measured)
        except (InputError, UsageError) as error:
            unusable[topic] = _why(topic, error)
            continue
        if made is not None:
            topics[topic] = made
    results: dict[str, Result] = {"measurement": measured}
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
        topics=topics,
        unusable=unusable,
    )


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


def _draft(topic: str, package: Package) -> Draft:
    return Draft(name=topic, source=title(package), package=package)


def _scope(package: Package, measurement: Measurement) -> Study | None:
    """Take the last day of the last year measured: the same data give the same report on any day."""
    from xinzhi.scope import classify_package

    last = max(measurement.frame["year"].to_list())
    found = classify_package(package, as_of=f"{last}-12-31")
    if found is None:
        return None
    draft = _draft("scope", package)
    draft.results["scope"] = found
    return draft.done()


def _sources(package: Package, measurement: Measurement) -> Study | None:
    from xinzhi.studies.sources import sources

    if not any(name in package.tables for name in DETAILED):
        return None
    return sources(package, measurement=measurement, protocol=measurement.protocol, deeper=False)


def _sectors(package: Package, measurement: Measurement) -> Study | None:
    """Put the sectors side by side; nothing where the package does not reach so far."""
    from xinzhi.sectors import advance

    draft = _draft("sectors", package)
    try:
        draft.results["sectors"] = advance(package, measurement)
    except InputError:
        return None
    return draft.done()


def _paths(package: Package, measurement: Measurement) -> Study | None:
    """Return complexity and what regions could enter in the last year of industries."""
    import polars as pl

    from xinzhi.pathways import complexity, opportunities, with_names

    table = package.tables.get("activity")
    if table is None or not {*PANEL.values(), "year"} <= set(table.columns) or not table.height:
        return None
    year = int(table["year"].max())  # type: ignore[arg-type] # years are whole numbers
    rows = table.filter(pl.col("year") == year).drop_nulls("employment")
    anchor = anchor_or_level(package, year, lambda: measurement)
    draft = _draft("paths", package)
    found = with_names(complexity(rows, **PANEL, anchor=anchor), package)
    draft.results["complexity"] = found
    have = endowments_of(package, year)

    def chances() -> Opportunities:
        try:
            return opportunities(found, endowments=have)
        except InputError as error:
            draft.note("no-fit", why=error.text)
            return opportunities(found)

    draft.results["opportunities"] = with_names(chances(), package)
    return draft.done(year=year)


def _frontier(package: Package, measurement: Measurement) -> Study | None:
    """Return the Malmquist index of capital and labour over the years of official figures."""
    from xinzhi.frontier import labelled, package_goods, productivity_change

    goods = package_goods(package, GOODS, lambda: measurement)
    frame, labels = goods.take(goods.official_years())
    if min(frame["region"].n_unique(), frame["year"].n_unique()) < LEAST:
        return None
    change = productivity_change(frame, "region", "year", GOODS[:2], GOODS[2:], reference=REFERENCE)
    if not change.frame["index"].drop_nulls().len():
        return None
    draft = _draft("frontier", package)
    draft.results["frontier"] = labelled(change, labels)
    return draft.done()


def _risks(package: Package, paths: Study | None) -> Study | None:
    """Return the register and its evidence; debt alone where there are no plans, nothing without either."""
    from xinzhi.risks import debt
    from xinzhi.studies.risks import risks

    if {"plans", "plan_categories"} <= set(package.tables):
        found: Any = None if paths is None else paths.results.get("opportunities")
        return risks(package, opportunities=found, only=("register",))
    if not {"debt", "fiscal"} & set(package.tables):
        return None
    draft = _draft("risks", package)
    draft.results["debt"] = debt(package)
    return draft.done()

"""What wrong figures do to the headline, and whether `check` says a word: each case of `wrong_data.py` by its effect.

An effect is the change of yearly TFP growth in any published period, of the nation or of a region, and of the level of
a region. It is silent where neither a warning nor an error is new. A case has a name, KIND/NUMBER, that is its seed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any, Literal

import polars as pl
from fuzz.wrong_data import KINDS, Tables

NATION, REGION, LEVEL = 0.001, 0.005, 0.1  # a year, a year, log points: less may be silent
TABLES = ("regions", "accounts", "investment", "nation")
KNOWN = {  # open, with the reason
    "real-investment": "investment of single provinces moves by more in a year than its price has since 2000",
    "noise": "investment of provinces is itself that uneven",
    "shifted/16": "likewise: investment of one province lags the others in some years",
    "shifted/18": "output of one province moves as the others do, a year apart",
    "pasted-lower/13": "investment of single provinces moves by more in a year than a row pasted off",
    "pasted-lower/16": "likewise",
    "definition-break/14": "employment of one province 12 % up without its break, before 2005",
}
Outcome = Literal["refused", "warned", "no effect", "silent", "over budget"]
Growth = dict[tuple[str, ...], float]


@dataclass(frozen=True)
class Effect:
    """What one case does: to the headline, in points a year and log points, and what is said."""

    what: str
    outcome: Outcome
    nation: float = 0.0
    region: float = 0.0
    level: float = 0.0
    rules: tuple[str, ...] = ()

    def __str__(self) -> str:
        size = f"nation {100 * self.nation:.2f}, region {100 * self.region:.2f} points a year, level {self.level:.2f}"
        return f"{self.outcome}: {self.what}; {size}; {', '.join(self.rules) or 'no finding'}"


@dataclass(frozen=True)
class Headline:
    """Yearly TFP growth of the nation and of regions by period, and log levels of regions in the last year."""

    nation: Growth
    regions: Growth
    levels: Growth


def names(count: int) -> list[str]:
    """Return the names of about `count` cases, as many of each kind."""
    each = -(-count // len(KINDS))
    return [f"{kind}/{number}" for kind in KINDS for number in range(each)]


def reason(name: str) -> str | None:
    """Return why a case is open, by its name or its kind."""
    return KNOWN.get(name, KNOWN.get(name.partition("/")[0]))


def run(name: str) -> Effect:
    """Damage the package as the case says and judge what comes of it."""
    from xinzhi.core.errors import XinzhiError
    from xinzhi.data import load

    tables = dict(original())
    what = KINDS[name.partition("/")[0]](Random(name), tables)  # noqa: S311 - no secret
    try:
        package = load(tables, units=units(tables))
    except XinzhiError as error:
        return Effect(what, "refused", rules=(type(error).__name__,))
    new = new_findings(package)
    rules = tuple(sorted({problem.rule for problem in new}))
    headline = None
    with contextlib.suppress(XinzhiError):
        headline = headline_of(package)
    if headline is None:
        return Effect(what, "refused", rules=rules)
    return _judge(what, headline, rules, error=any(problem.severity == "error" for problem in new))


def new_findings(package: Any) -> list[Any]:
    """Return the errors and warnings that the undamaged package does not have."""
    return [problem for problem in package.findings if problem.severity != "note" and identity(problem) not in usual()]


def _judge(what: str, headline: Headline, rules: tuple[str, ...], *, error: bool) -> Effect:
    before = undamaged()
    nation, region, level = (
        distance(getattr(before, part), getattr(headline, part)) for part in ("nation", "regions", "levels")
    )
    outcome: Outcome = "warned"
    if error:
        outcome = "refused"
    elif max(nation, region, level) < 1e-9:
        outcome = "no effect"
    elif not rules:
        outcome = "over budget" if nation > NATION or region > REGION or level > LEVEL else "silent"
    return Effect(what, outcome, nation, region, level, rules)


def distance(before: Growth, after: Growth) -> float:
    """Return the largest difference; a figure that is lost without a word counts as one point."""
    return max((abs(value - after.get(key, value + 0.01)) for key, value in before.items()), default=0.0)


def identity(problem: Any) -> tuple[object, ...]:
    """Return what makes a finding another one."""
    return tuple(getattr(problem, name) for name in ("rule", "table", "column", "key", "severity"))


def headline_of(package: Any) -> Headline:
    """Measure a package under the default protocol."""
    import xinzhi

    result = xinzhi.measure(package)
    last = result.levels["year"].max() or 0
    return Headline(
        {tuple(map(str, row[:-1])): row[-1] for row in _finite(result.national_periods, ["start", "end"])},
        {tuple(map(str, row[:-1])): row[-1] for row in _finite(result.periods, ["region", "start", "end"])},
        {
            (str(region), str(last)): float(level)
            for region, level in result.levels.filter(pl.col("year") == last)
            .select("region", pl.col("tfp_level").log())
            .drop_nulls()
            .iter_rows()
        },
    )


def _finite(frame: pl.DataFrame, key: list[str]) -> Iterator[tuple[object, ...]]:
    yield from frame.select(*key, "tfp_growth").filter(pl.col("tfp_growth").is_finite()).iter_rows()


@cache
def original() -> Tables:
    """Return the tables of the growth accounts of the package that ships, as a user would have written them."""
    from xinzhi.data import load

    package = load("china-provinces")
    return {name: package.tables[name] for name in TABLES}


def units(tables: Tables) -> dict[str, dict[str, str]]:
    from xinzhi.data import load

    written = load("china-provinces").units
    return {
        name: {column: unit for column, unit in written[name].items() if column in tables[name].columns}
        for name in tables
    }


@cache
def _package() -> Any:
    from xinzhi.data import load

    return load(original(), units=units(original()))


@cache
def usual() -> frozenset[tuple[object, ...]]:
    """Return what `check` says of the undamaged package."""
    return frozenset(identity(problem) for problem in _package().findings)


@cache
def undamaged() -> Headline:
    return headline_of(_package())

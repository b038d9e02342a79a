"""Measure, audit, claim, vintages, bands, backtest, bridge and digital capital of a package."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from xinzhi import data, yardstick
from xinzhi.core.errors import InputError, UsageError
from xinzhi.studies.draft import PROTOCOL, SILENT, Draft
from xinzhi.studies.registry import on_server, topic
from xinzhi.studies.tables import load
from xinzhi.yardstick import internal

if TYPE_CHECKING:
    from xinzhi.core.arrays import AnyFrame, AnyPackage
    from xinzhi.core.finding import Finding
    from xinzhi.data import Package
    from xinzhi.protocol import Protocol
    from xinzhi.studies.draft import Progress, Study

_PERIOD = re.compile(r"\s*(\d{4})\s*[-:–—]\s*(\d{4})\s*")
CLAIM = {"region": "--region", "start": "--from", "end": "--to", "growth": "--growth"}  # what a single claim needs


@on_server("region", "level", "quick")
@topic
def bands(
    source: AnyPackage,
    *,
    protocol: Protocol | str = PROTOCOL,
    level: float | None = None,
    quick: bool = False,
    region: str | None = None,
    encoding: str | None = None,
    progress: Progress = SILENT,
) -> Study:
    """Study how sure the growth of estimated years is.

    `level` is that of the bands; `quick` leaves the range over protocols out.

    Examples
    --------
    >>> import xinzhi
    >>> list(xinzhi.studies.bands("china-provinces", quick=True).results)
    ['bands']
    """
    draft, package = Draft.of("bands", source, encoding, progress, "measure")
    measured = yardstick.measure(package, protocol)
    protocols = None
    if not quick:
        progress.step("audit")
        protocols = draft.run("audit", lambda: yardstick.audit(package, measured.protocol))
    progress.step("bands")
    result = yardstick.bands(measured, level, protocols=protocols)
    draft.results["bands"] = result
    return draft.done(
        draft.code(region, result.frame["region"]),
        pairs=result.pairs,
        components=result.components,
        coverage=result.coverage,
        scenario=result.scenario,
        spread=result.spread,
    )


@on_server()
@topic
def backtest(
    source: AnyPackage,
    *,
    protocol: Protocol | str = PROTOCOL,
    encoding: str | None = None,
    progress: Progress = SILENT,
) -> Study:
    """Study whether the bands of estimated years would have held in the past.

    Examples
    --------
    >>> import xinzhi
    >>> list(xinzhi.studies.backtest("china-provinces").results)
    ['backtest']
    """
    draft, package = Draft.of("backtest", source, encoding, progress, "backtest")
    result = yardstick.backtest(package, protocol)
    draft.results["backtest"] = result
    return draft.done(ends=result.ends)


@on_server("to", "period")
@topic
def bridge(
    source: AnyPackage,
    *,
    protocol: Protocol | str = PROTOCOL,
    to: str = "pwt-10.01",
    period: str | None = None,
    encoding: str | None = None,
    progress: Progress = SILENT,
) -> Study:
    """Study what makes the difference between our TFP growth of the nation and that of another source.

    `to` names the other source, `period` two years with a dash between them.

    Examples
    --------
    >>> import xinzhi
    >>> made = xinzhi.studies.bridge("china-provinces", to="cip-4.0", period="2007-2012")
    >>> made.results["bridge"].frame["step"][-1]
    'remains'
    """
    years = None if period is None else _years(period)  # one that cannot be read is an error before the work
    draft, package = Draft.of("bridge", source, encoding, progress, "measure")
    draft.results["bridge"] = yardstick.bridge(package, protocol, to=to, period=years)
    return draft.done()


def _years(period: str) -> tuple[int, int]:
    """Return the years of a period."""
    match = _PERIOD.fullmatch(period)
    if not match:
        raise UsageError("studies.period", period=period)
    return int(match[1]), int(match[2])


@on_server()
@topic
def digital(
    source: AnyPackage,
    *,
    protocol: Protocol | str = PROTOCOL,
    choose: Mapping[str, Any] | None = None,
    region: str | None = None,
    encoding: str | None = None,
    progress: Progress = SILENT,
) -> Study:
    """Study what hardware and software contribute to the growth of the nation.

    `choose` has other values of the choices of `digital_capital`.

    Raises
    ------
    UsageError
        When a region is asked for: the data have no investment by product of provinces.

    Examples
    --------
    >>> import xinzhi
    >>> made = xinzhi.studies.digital("china-provinces", choose={"rate_of_return": 0.1})
    >>> made.results["digital"].periods["end"][-1]
    2020
    """
    if region is not None and region.casefold() not in data.nation_codes():
        raise UsageError("yardstick.digital-of-a-region", region=region)
    draft, package = Draft.of("digital", source, encoding, progress, "measure")
    draft.results["digital"] = yardstick.digital_capital(package, protocol, **(choose or {}))
    return draft.done()


@on_server("region", "growth", "investment", "labour", "schooling")
@topic
def goals(
    source: AnyPackage,
    *,
    region: str | None = None,
    growth: str | float | None = None,
    investment: str | float | None = None,
    labour: str | float | None = None,
    schooling: float | None = None,
    protocol: Protocol | str = PROTOCOL,
    encoding: str | None = None,
    progress: Progress = SILENT,
) -> Study:
    """Study what growth targets require of total factor productivity, and the targets of a region.

    `growth` stands in for the target, `investment` for the two scenarios, `labour` and `schooling` for the rules that
    carry them on. Text is in percent, a number a ratio; `schooling` in years a year.

    Examples
    --------
    >>> import xinzhi
    >>> xinzhi.studies.goals("china-provinces", region="Anhui").results["goals"].region
    '340000'
    """
    draft, package = Draft.of("goals", source, encoding, progress, "measure")
    result = yardstick.goals(
        package, region, growth=growth, investment=investment, labour=labour, schooling=schooling, protocol=protocol
    )
    draft.results["goals"] = result
    draft.notes.extend(result.remarks)
    return draft.done(result.region, targets=result.targets, misses=result.misses, record=result.record)


@on_server("region")
@topic
def measure(
    source: AnyPackage,
    *,
    protocol: Protocol | str = PROTOCOL,
    region: str | None = None,
    encoding: str | None = None,
    progress: Progress = SILENT,
) -> Study:
    """Measure every region under one protocol.

    Examples
    --------
    >>> import xinzhi
    >>> xinzhi.studies.measure("china-provinces").results["measurement"].periods.height
    186
    """
    draft, package = Draft.of("measure", source, encoding, progress, "measure")
    result = yardstick.measure(package, protocol)
    draft.results["measurement"] = result
    return draft.done(draft.code(region, result.regions["region"]))


@on_server("region", "what_if")
@topic
def audit(
    source: AnyPackage,
    *,
    protocol: Protocol | str = PROTOCOL,
    region: str | None = None,
    encoding: str | None = None,
    what_if: bool = False,
    progress: Progress = SILENT,
) -> Study:
    """Study what every admissible protocol says of a package, and what choosing among them gains.

    `region` is the one whose specification curve is drawn; `what_if` admits alternatives without a source, too.

    Examples
    --------
    >>> import xinzhi
    >>> xinzhi.studies.audit("china-provinces", region="Jilin").region
    '220000'
    """
    draft, package = Draft.of("audit", source, encoding, progress, "audit")
    result = yardstick.audit(package, protocol, what_if=what_if)
    draft.results["audit"] = result
    return draft.done(
        draft.code(region, result.regions["region"]),
        protocols=result.protocols.height,
        official_span=result.official_span,
        variance=result.variance,
        left_out=result.left_out,
    )


@on_server("region", "start", "end", "growth", "rounding")
@topic
def claim(
    source: AnyPackage,
    *,
    region: str | None = None,
    start: int | None = None,
    end: int | None = None,
    growth: str | float | None = None,
    rounding: str | float | None = None,
    claims: AnyFrame = None,
    protocol: Protocol | str = PROTOCOL,
    encoding: str | None = None,
    progress: Progress = SILENT,
) -> Study:
    """Hold published growth rates to the yardstick: one claim, a table, or the table `claims` of the package.

    One claim has `region`, `start`, `end`, `growth` and perhaps `rounding`; text in `growth` is in percent, a number a
    ratio. `claims` is a table of them.

    Examples
    --------
    >>> import xinzhi
    >>> made = xinzhi.studies.claim("china-provinces", region="Jilin", start=2012, end=2017, growth="2.6%")
    >>> made.more["supported"]
    True
    """
    single = _single_claim({"region": region, "start": start, "end": end, "growth": growth}, rounding, claims)
    draft, package = Draft.of("claim", source, encoding, progress, "claim")
    if single is not None:
        result: internal.Claims = yardstick.check_claim(package, protocol=protocol, **single)
    else:
        result = yardstick.check_claims(package, claims, protocol, encoding=encoding)
    draft.results["claim"] = result
    return draft.done(supported=result.supported, departures=result.departures)


def _single_claim(parts: Mapping[str, Any], rounding: str | float | None, claims: AnyFrame) -> dict[str, Any] | None:
    """Return the claim that the options make; None when a table is meant."""
    missing = [option for name, option in CLAIM.items() if parts[name] is None]
    if claims is not None and (len(missing) < len(CLAIM) or rounding is not None):
        raise UsageError("studies.claims-alone")
    if len(missing) == len(CLAIM) and rounding is None:
        return None
    if missing:
        options = list(CLAIM.values())
        raise UsageError("studies.one-claim", options=options, missing=missing, nation="--region" in missing)
    return {**parts, "rounding": rounding}


@on_server("start", "end")
@topic
def vintages(
    source: AnyPackage,
    *,
    before: AnyPackage = None,
    start: int | None = None,
    end: int | None = None,
    protocol: Protocol | str = PROTOCOL,
    encoding: str | None = None,
    progress: Progress = SILENT,
) -> Study:
    """Study what the revisions that a package records did, and what moved growth since an older package.

    `before` is an older package to compare with, from `start` to `end`.

    Examples
    --------
    >>> import xinzhi
    >>> list(xinzhi.studies.vintages("china-provinces").results)
    ['history']
    """
    draft, package = Draft.of("vintages", source, encoding, progress, "vintages")
    more: dict[str, object] = {}
    history: internal.VintageHistory | None
    if before is None:
        history = yardstick.vintage_history(package)
    else:
        history = draft.run("history", lambda: yardstick.vintage_history(package))
        change = yardstick.compare_vintages(load(before, encoding), package, protocol, start=start, end=end)
        draft.results["change"] = change
        more = {"periods": change.periods, "years": change.years, "not_comparable": change.not_comparable}
    if history is not None:
        draft.results["history"] = history
        more |= {"levels": history.levels, "growth": history.growth}
    return draft.done(**more)


def check(source: AnyPackage, *, encoding: str | None = None) -> tuple[Finding, ...]:
    """Return everything that is wrong with a package, and the breaks in its series where they can be judged.

    Parameters
    ----------
    source
        A data package, its name or path.
    encoding
        The encoding of CSV files that are not UTF-8.

    Examples
    --------
    >>> import xinzhi
    >>> sorted({one.severity for one in xinzhi.studies.check("china-provinces")})
    ['note', 'warning']
    """
    return tuple(examined(load(source, encoding)).findings)


def examined(package: Package) -> Package:
    """Return a package whose findings have the breaks in its series, too, where they can be judged: once each."""
    try:
        breaks = internal.break_findings(package)
    except InputError:  # tables with errors have no series to judge
        return package
    return replace(package, findings=(*package.findings, *breaks))

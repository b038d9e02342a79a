"""Measure, audit, claim, vintages, bands, backtest, bridge and digital capital of a package."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from xinzhi import yardstick
from xinzhi.core.arrays import AnyPackage
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.finding import Finding
from xinzhi.data import Package, nation_codes
from xinzhi.protocol import Protocol
from xinzhi.studies.study import PROTOCOL, SILENT, Asked, Draft, Progress, Study, options
from xinzhi.studies.tables import load

_PERIOD = re.compile(r"\s*(\d{4})\s*[-:–—]\s*(\d{4})\s*")
ONE = {"region": "--region", "start": "--from", "end": "--to", "growth": "--growth"}  # what a single claim needs


@dataclass(frozen=True, slots=True, kw_only=True)
class BandsOptions:
    """What can be asked of `bands`."""

    protocol: Protocol | str = PROTOCOL
    level: float | None = None
    quick: bool = False
    region: str | None = None
    encoding: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestOptions:
    """What can be asked of `backtest`."""

    protocol: Protocol | str = PROTOCOL
    encoding: str | None = None


def bands(source: AnyPackage, *, progress: Progress = SILENT, **asked: Asked) -> Study:
    """Study how sure the growth of estimated years is.

    The options are the fields of `BandsOptions`; `quick` leaves the range over protocols out.

    Examples
    --------
    >>> import xinzhi
    >>> list(xinzhi.studies.bands("china-provinces", quick=True).results)
    ['bands']
    """
    wish: BandsOptions = options(BandsOptions, asked)
    draft, package = Draft.of("bands", source, wish.encoding, progress, "measure")
    measured, protocols = yardstick.measure(package, wish.protocol), None
    if not wish.quick:
        progress.step("audit")
        protocols = draft.run("audit", lambda: yardstick.audit(package, measured.protocol))
    progress.step("bands")
    draft.results["bands"] = found = yardstick.bands(measured, wish.level, protocols=protocols)
    frames = ("pairs", "components", "coverage", "scenario", "spread")
    region = draft.code(wish.region, found.frame["region"])
    return draft.done(region=region, **{name: getattr(found, name) for name in frames})


def backtest(source: AnyPackage, *, progress: Progress = SILENT, **asked: Asked) -> Study:
    """Study whether the bands of estimated years would have held in the past.

    The options are the fields of `BacktestOptions`.

    Examples
    --------
    >>> import xinzhi
    >>> list(xinzhi.studies.backtest("china-provinces").results)
    ['backtest']
    """
    wish: BacktestOptions = options(BacktestOptions, asked)
    draft, package = Draft.of("backtest", source, wish.encoding, progress, "backtest")
    draft.results["backtest"] = found = yardstick.backtest(package, wish.protocol)
    return draft.done(ends=found.ends)


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeOptions:
    """What can be asked of `bridge`."""

    protocol: Protocol | str = PROTOCOL
    to: str = "pwt-10.01"
    period: str | None = None
    encoding: str | None = None

    @property
    def years(self) -> tuple[int, int] | None:
        """The years of the period; None where none was asked for."""
        if self.period is None:
            return None
        found = _PERIOD.fullmatch(self.period)
        if not found:
            raise UsageError("studies.period", period=self.period)
        return int(found[1]), int(found[2])


def bridge(source: AnyPackage, *, progress: Progress = SILENT, **asked: Asked) -> Study:
    """Study what makes the difference between our TFP growth of the nation and that of another source.

    The options are the fields of `BridgeOptions`.

    Examples
    --------
    >>> import xinzhi
    >>> made = xinzhi.studies.bridge("china-provinces", to="cip-4.0", period="2007-2012")
    >>> made.results["bridge"].frame["step"][-1]
    'remains'
    """
    wish: BridgeOptions = options(BridgeOptions, asked)
    years = wish.years  # a period that cannot be read is an error before the work
    draft, package = Draft.of("bridge", source, wish.encoding, progress, "measure")
    draft.results["bridge"] = yardstick.bridge(package, wish.protocol, to=wish.to, period=years)
    return draft.done()


@dataclass(frozen=True, slots=True, kw_only=True)
class DigitalOptions:
    """What can be asked of `digital`."""

    protocol: Protocol | str = PROTOCOL
    choose: Mapping[str, Any] = field(default_factory=dict)
    region: str | None = None
    encoding: str | None = None


def digital(source: AnyPackage, *, progress: Progress = SILENT, **asked: Asked) -> Study:
    """Study what hardware and software contribute to the growth of the nation.

    The options are the fields of `DigitalOptions`; `choose` has other values of the choices of `digital_capital`.

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
    wish: DigitalOptions = options(DigitalOptions, asked)
    if wish.region is not None and wish.region.casefold() not in nation_codes():
        raise UsageError("yardstick.digital-of-a-region", region=wish.region)
    draft, package = Draft.of("digital", source, wish.encoding, progress, "measure")
    draft.results["digital"] = yardstick.digital_capital(package, wish.protocol, **wish.choose)
    return draft.done()


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureOptions:
    """What can be asked of `measure`."""

    protocol: Protocol | str = PROTOCOL
    region: str | None = None
    encoding: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditOptions(MeasureOptions):
    """What can be asked of `audit`."""

    what_if: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimOptions:
    """What can be asked of `claim`: one claim, or a table of them; text in `growth` is in percent, a number a ratio."""

    region: str | None = None
    start: int | None = None
    end: int | None = None
    growth: Any = None
    rounding: Any = None
    claims: Any = None
    protocol: Protocol | str = PROTOCOL
    encoding: str | None = None

    @property
    def one(self) -> dict[str, Any] | None:
        """The claim that the options make; None when a table is meant."""
        given = {name: getattr(self, name) for name in ONE}
        missing = [ONE[name] for name, value in given.items() if value is None]
        if self.claims is not None and (len(missing) < len(ONE) or self.rounding is not None):
            raise UsageError("studies.claims-alone")
        if len(missing) == len(ONE) and self.rounding is None:
            return None
        if missing:
            raise UsageError(
                "studies.one-claim", options=list(ONE.values()), missing=missing, nation="--region" in missing
            )
        return given | {"rounding": self.rounding}


@dataclass(frozen=True, slots=True, kw_only=True)
class VintagesOptions:
    """What can be asked of `vintages`."""

    before: Any = None
    start: int | None = None
    end: int | None = None
    protocol: Protocol | str = PROTOCOL
    encoding: str | None = None


def measure(source: AnyPackage, *, progress: Progress = SILENT, **asked: Asked) -> Study:
    """Measure every region under one protocol.

    The options are the fields of `MeasureOptions`.

    Examples
    --------
    >>> import xinzhi
    >>> xinzhi.studies.measure("china-provinces").results["measurement"].periods.height
    186
    """
    wish: MeasureOptions = options(MeasureOptions, asked)
    draft, package = Draft.of("measure", source, wish.encoding, progress, "measure")
    draft.results["measurement"] = result = yardstick.measure(package, wish.protocol)
    return draft.done(region=draft.code(wish.region, result.regions["region"]))


def audit(source: AnyPackage, *, progress: Progress = SILENT, **asked: Asked) -> Study:
    """Study what every admissible protocol says of a package, and what choosing among them gains.

    The options are the fields of `AuditOptions`; `region` is the one whose specification curve is drawn.

    Examples
    --------
    >>> import xinzhi
    >>> xinzhi.studies.audit("china-provinces", region="Jilin").region
    '220000'
    """
    wish: AuditOptions = options(AuditOptions, asked)
    draft, package = Draft.of("audit", source, wish.encoding, progress, "audit")
    draft.results["audit"] = result = yardstick.audit(package, wish.protocol, what_if=wish.what_if)
    more: dict[str, Any] = {name: getattr(result, name) for name in ("official_span", "variance", "left_out")}
    region = draft.code(wish.region, result.regions["region"])
    return draft.done(region=region, protocols=result.protocols.height, **more)


def claim(source: AnyPackage, *, progress: Progress = SILENT, **asked: Asked) -> Study:
    """Hold published growth rates to the yardstick: one claim, a table, or the table `claims` of the package.

    The options are the fields of `ClaimOptions`.

    Examples
    --------
    >>> import xinzhi
    >>> made = xinzhi.studies.claim("china-provinces", region="Jilin", start=2012, end=2017, growth="2.6%")
    >>> made.more["supported"]
    True
    """
    wish: ClaimOptions = options(ClaimOptions, asked)
    one = wish.one
    draft, package = Draft.of("claim", source, wish.encoding, progress, "claim")
    if one is not None:
        result: yardstick.Claims = yardstick.check_claim(package, protocol=wish.protocol, **one)
    else:
        result = yardstick.check_claims(package, wish.claims, wish.protocol, encoding=wish.encoding)
    draft.results["claim"] = result
    return draft.done(supported=result.supported, departures=result.departures)


def vintages(source: AnyPackage, *, progress: Progress = SILENT, **asked: Asked) -> Study:
    """Study what the revisions that a package records did, and what moved growth since an older package.

    The options are the fields of `VintagesOptions`; `before` is an older package to compare with.

    Examples
    --------
    >>> import xinzhi
    >>> list(xinzhi.studies.vintages("china-provinces").results)
    ['history']
    """
    wish: VintagesOptions = options(VintagesOptions, asked)
    draft, package = Draft.of("vintages", source, wish.encoding, progress, "vintages")
    more: dict[str, Any] = {}
    if wish.before is None:
        history = yardstick.vintage_history(package)
    else:
        history = draft.run("history", lambda: yardstick.vintage_history(package))
        change = yardstick.compare_vintages(
            load(wish.before, wish.encoding), package, wish.protocol, start=wish.start, end=wish.end
        )
        draft.results["change"] = change
        more = {name: getattr(change, name) for name in ("periods", "years", "not_comparable")}
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
        breaks = yardstick.break_findings(package)
    except InputError:  # tables with errors have no series to judge
        return package
    return replace(package, findings=(*package.findings, *breaks))

"""The yardstick: growth accounts, what other protocols would say, claims held to it, and what revisions did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.finding import Finding
from xinzhi.protocol import Protocol
from xinzhi.studies.plain import load
from xinzhi.studies.study import SILENT, Draft, Progress, Study, options, title

ONE = {"region": "--region", "start": "--from", "end": "--to", "growth": "--growth"}  # what a single claim needs


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureOptions:
    """What can be asked of `measure`."""

    protocol: Protocol | str = "xinzhi-cn-2026"
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
    protocol: Protocol | str = "xinzhi-cn-2026"
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
            raise UsageError("studies.one-claim", options=list(ONE.values()), missing=missing,
                             nation="--region" in missing)  # fmt: skip
        return given | {"rounding": self.rounding}


@dataclass(frozen=True, slots=True, kw_only=True)
class VintagesOptions:
    """What can be asked of `vintages`."""

    before: Any = None
    start: int | None = None
    end: int | None = None
    protocol: Protocol | str = "xinzhi-cn-2026"
    encoding: str | None = None


def measure(source: Any, *, progress: Progress = SILENT, **asked: Any) -> Study:  # noqa: ANN401 - a package; options
    """Measure every region under one protocol.

    Parameters
    ----------
    source
        A data package, its name or path.
    progress
        Who is told how far it is.
    asked
        Fields of `MeasureOptions`.

    Examples
    --------
    >>> import xinzhi
    >>> xinzhi.studies.measure("china-provinces").results["measurement"].periods.height
    186
    """
    from xinzhi import yardstick

    wish: MeasureOptions = options(MeasureOptions, asked)
    draft = _read(source, "measure", wish.encoding, progress)
    result = yardstick.measure(draft.package, wish.protocol)  # type: ignore[arg-type] # it was read
    draft.results["measurement"] = result
    return draft.done(region=_code(wish.region, result))


def audit(source: Any, *, progress: Progress = SILENT, **asked: Any) -> Study:  # noqa: ANN401 - a package; options
    """Study what every admissible protocol says of a package, and what choosing among them gains.

    Parameters
    ----------
    source
        A data package, its name or path.
    progress
        Who is told how far it is.
    asked
        Fields of `AuditOptions`; `region` is the one whose specification curve is drawn.

    Examples
    --------
    >>> import xinzhi
    >>> xinzhi.studies.audit("china-provinces", region="Jilin").region
    '220000'
    """
    from xinzhi import yardstick

    wish: AuditOptions = options(AuditOptions, asked)
    draft = _read(source, "audit", wish.encoding, progress)
    result = yardstick.audit(draft.package, wish.protocol, what_if=wish.what_if)  # type: ignore[arg-type] # it was read
    draft.results["audit"] = result
    more: dict[str, Any] = {name: getattr(result, name) for name in ("official_span", "variance", "left_out")}
    return draft.done(region=_code(wish.region, result), protocols=result.protocols.height, **more)


def claim(source: Any, *, progress: Progress = SILENT, **asked: Any) -> Study:  # noqa: ANN401 - a package; options
    """Hold published growth rates to the yardstick: one claim, a table, or the table `claims` of the package.

    Parameters
    ----------
    source
        A data package, its name or path.
    progress
        Who is told how far it is.
    asked
        Fields of `ClaimOptions`.

    Examples
    --------
    >>> import xinzhi
    >>> made = xinzhi.studies.claim("china-provinces", region="Jilin", start=2012, end=2017, growth="2.6%")
    >>> made.more["supported"]
    True
    """
    from xinzhi import yardstick

    wish: ClaimOptions = options(ClaimOptions, asked)
    one = wish.one
    draft = _read(source, "claim", wish.encoding, progress)
    package: Any = draft.package
    if one is not None:
        result: yardstick.Claims = yardstick.check_claim(package, protocol=wish.protocol, **one)
    else:
        result = yardstick.check_claims(package, wish.claims, wish.protocol, encoding=wish.encoding)
    draft.results["claim"] = result
    return draft.done(supported=result.supported, departures=result.departures)


def vintages(source: Any, *, progress: Progress = SILENT, **asked: Any) -> Study:  # noqa: ANN401 - a package; options
    """Study what the revisions that a package records did, and what moved growth since an older package.

    Parameters
    ----------
    source
        A data package, its name or path.
    progress
        Who is told how far it is.
    asked
        Fields of `VintagesOptions`; `before` is an older package to compare with.

    Examples
    --------
    >>> import xinzhi
    >>> list(xinzhi.studies.vintages("china-provinces").results)
    ['history']
    """
    from xinzhi import yardstick

    wish: VintagesOptions = options(VintagesOptions, asked)
    draft = _read(source, "vintages", wish.encoding, progress)
    package: Any = draft.package
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


def check(source: Any, *, encoding: str | None = None) -> tuple[Finding, ...]:  # noqa: ANN401 - a package
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
    from xinzhi.yardstick import break_findings

    package = load(source, encoding)
    try:
        return (*package.findings, *break_findings(package))
    except InputError:  # tables with errors have no series to judge
        return tuple(package.findings)


def _read(source: Any, name: str, encoding: str | None, progress: Progress) -> Draft:  # noqa: ANN401 - a package
    """Return the draft of a study whose package is read, and tell that its own step begins."""
    progress.step("read")
    package = load(source, encoding)
    progress.step(name)
    return Draft(name=name, source=title(package), package=package)


def _code(region: str | None, result: Any) -> str | None:  # noqa: ANN401 - a measurement or an audit
    """Return the code of the region that was asked for."""
    return None if region is None else result.names.resolve(region, result.regions["region"].to_list())

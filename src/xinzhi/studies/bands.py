"""The latest years: bands around what is estimated, which regions can be told apart, and whether bands have held."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from xinzhi import yardstick
from xinzhi.data import names_of
from xinzhi.protocol import Protocol
from xinzhi.studies.plain import load
from xinzhi.studies.study import SILENT, Draft, Progress, Study, options, title


@dataclass(frozen=True, slots=True, kw_only=True)
class BandsOptions:
    """What can be asked of `bands`."""

    protocol: Protocol | str = "xinzhi-cn-2026"
    level: float | None = None
    quick: bool = False
    region: str | None = None
    encoding: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestOptions:
    """What can be asked of `backtest`."""

    protocol: Protocol | str = "xinzhi-cn-2026"
    encoding: str | None = None


def bands(source: Any, *, progress: Progress = SILENT, **asked: Any) -> Study:  # noqa: ANN401 - a package; options
    """Study how sure the growth of estimated years is.

    Parameters
    ----------
    source
        A data package, its name or path.
    progress
        Who is told how far it is.
    asked
        Fields of `BandsOptions`; `quick` leaves the range over protocols out.

    Examples
    --------
    >>> import xinzhi
    >>> list(xinzhi.studies.bands("china-provinces", quick=True).results)
    ['bands']
    """
    wish: BandsOptions = options(BandsOptions, asked)
    progress.step("read")
    package = load(source, wish.encoding)
    progress.step("measure")
    measured = yardstick.measure(package, wish.protocol)
    draft = Draft(name="bands", source=title(package), package=package)
    protocols = None
    if not wish.quick:
        progress.step("audit")
        protocols = draft.run("audit", lambda: yardstick.audit(package, measured.protocol))
    progress.step("bands")
    found = yardstick.bands(measured, wish.level, protocols=protocols)
    draft.results["bands"] = found
    region = None
    if wish.region is not None:
        region = names_of(package).resolve(wish.region, found.frame["region"].unique().sort().to_list())
    frames = ("pairs", "components", "coverage", "scenario", "spread")
    return draft.done(region=region, **{name: getattr(found, name) for name in frames})


def backtest(source: Any, *, progress: Progress = SILENT, **asked: Any) -> Study:  # noqa: ANN401 - a package; options
    """Study whether the bands of estimated years would have held in the past.

    Parameters
    ----------
    source
        A data package, its name or path.
    progress
        Who is told how far it is.
    asked
        Fields of `BacktestOptions`.

    Examples
    --------
    >>> import xinzhi
    >>> list(xinzhi.studies.backtest("china-provinces").results)
    ['backtest']
    """
    wish: BacktestOptions = options(BacktestOptions, asked)
    progress.step("read")
    package = load(source, wish.encoding)
    progress.step("backtest")
    found = yardstick.backtest(package, wish.protocol)
    draft = Draft(name="backtest", source=title(package), package=package, results={"backtest": found})
    return draft.done(ends=found.ends)

"""What `xinzhi paths` was asked, and which verbs of the room answer: of a package, or of a plain table."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xinzhi.cli.found import Found
from xinzhi.cli.industries import PANEL, anchor_of, endowments_of, industries
from xinzhi.cli.speech import say
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.text import Text

if TYPE_CHECKING:
    import polars as pl

    from xinzhi.core.result import Result
    from xinzhi.data import Package
    from xinzhi.pathways import Complexity
    from xinzhi.yardstick import Measurement

Spans = tuple[tuple[int, int], tuple[int, int]]
LEAST_YEARS = 4  # two spans of two years
LUMP = 500.0  # jobs come in plants: amounts are drawn in lots of so many persons


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The options of the call."""

    data: str
    year: int | None
    anchor: str | None
    region: str | None
    threshold: float
    clubs: bool
    spans: Spans | None
    columns: tuple[str | None, str | None, str | None]
    draws: int | None
    protocol: str
    encoding: str | None
    quiet: bool


def spans(text: str | None) -> Spans | None:
    """Return the training and the test span of ``A:B,C:D``.

    Raises
    ------
    UsageError
        When it is written otherwise.
    """
    if text is None:
        return None
    try:
        (a, b), (c, d) = (tuple(int(one) for one in part.split(":")) for part in text.split(","))
    except ValueError:
        message = f"--backtest {text}: write both spans, as in 2005:2010,2011:2016."
        raise UsageError(message) from None
    return (a, b), (c, d)


def of_package(asked: Asked) -> Found:
    """Return everything that a package is enough for."""
    from xinzhi.cli.progress import steps
    from xinzhi.data import load
    from xinzhi.pathways import names_in
    from xinzhi.report.page import package_line

    if any(asked.columns):
        if Path(asked.data).suffix and not Path(asked.data).exists():
            message = f"{asked.data}: there is no such file."
            raise InputError(message)
        message = f"--place, --activity and --value name columns of a plain table; {asked.data} is a data package."
        raise UsageError(message)
    said = {
        "read": say("读取数据", "reading the data"),
        "space": say("复杂度与机会", "complexity and opportunities"),
        "alike": say("结构与规划", "structures and plans"),
        "together": say("收敛与超越", "convergence and overtaking"),
        "test": say("回测", "testing forecasts"),
        "write": say("写出", "writing"),
    }
    with steps(said, quiet=asked.quiet) as step:
        step("read")
        package = load(asked.data, encoding=asked.encoding)
        found = Found(source=package_line(package), place_names=names_in(package, "regions", "region"))
        found.places = _places(package)
        measurement = _measured(package, asked, found)
        if not asked.clubs:
            step("space")
            _space(package, asked, found)
            step("alike")
            _alike(package, asked, found)
        step("together")
        _together(package, measurement, asked, found)
        if not asked.clubs:
            step("test")
            _test(package, asked, found)
        step("write")
    found.results = [_sealed(result, package) for result in found.results]
    return found


def _places(package: Package) -> tuple[str, ...]:
    tables = [package.tables[name] for name in ("activity", "accounts") if name in package.tables]
    return tuple(dict.fromkeys(str(code) for table in tables for code in table["region"].unique().sort()))


def _sealed(result: Result, package: Package) -> Result:
    """Return a result with the names of the package, and with what it was computed from."""
    from xinzhi.pathways import Opportunities, with_names

    result = with_names(result, package)
    if isinstance(result, Opportunities):
        result = replace(result, measured=with_names(result.measured, package))
    return replace(result, provenance=replace(result.provenance, package=package.name))


def _measured(package: Package, asked: Asked, found: Found) -> Measurement | None:
    from xinzhi.protocol import load
    from xinzhi.yardstick import measure

    rules = load(asked.protocol)
    try:
        return measure(package, rules)
    except InputError as error:
        why = str(error).splitlines()[0]
        found.notes.append(Text(zh=f"无法测算全要素生产率：{why}", en=f"productivity cannot be measured: {why}"))
        return None


def _space(package: Package, asked: Asked, found: Found) -> None:
    """Add complexity, its intervals, and what each region could enter."""
    from xinzhi.pathways import ComplexityOptions, complexity, opportunities, uncertainty

    name = Text(zh="经济复杂度", en="complexity")
    table, year = industries(package, asked.year, found, verb="paths")
    if table is None:
        return
    anchor = anchor_of(package, asked.anchor, year)
    if anchor is not None and asked.anchor is None:
        found.notes.append(
            Text(zh=f"复杂度的方向按{year}年人均产出确定（--anchor 可另选）",
                 en=f"which end of complexity is up follows output per head of {year} (--anchor chooses another)")
        )  # fmt: skip
    options = ComplexityOptions(threshold=asked.threshold)
    measured: Complexity | None = found.add(name, lambda: complexity(table, **PANEL, anchor=anchor, options=options))
    if measured is None:
        return
    found.add(Text(zh="名次区间", en="intervals of ranks"),
              lambda: uncertainty(measured, draws=_draws(asked, LUMP / _persons(package))))  # fmt: skip
    emerging = _emerging(package, measured, found)
    have = endowments_of(package, year)

    def chances() -> Result:
        try:
            return opportunities(measured, endowments=have, emerging=emerging)
        except InputError as error:
            found.notes.append(Text(zh=f"未计算禀赋契合：{error}", en=f"no fit to endowments: {error}"))
            return opportunities(measured, emerging=emerging)

    found.add(Text(zh="机会", en="opportunities"), chances)


def _persons(package: Package) -> float:
    from xinzhi.data.units import parse

    return float(parse(package.units.get("activity", {}).get("employment", "persons")).scale)


def _draws(asked: Asked, unit: float = 1.0) -> Any:  # noqa: ANN401 - Draws
    from xinzhi.pathways import Draws

    chosen = Draws(density=False, unit=unit)
    return chosen if asked.draws is None else replace(chosen, draws=asked.draws)


def _emerging(package: Package, measured: Complexity, found: Found) -> list[str] | None:
    """Return the industries that count as emerging by the lists in force; None where codes are not of the standard."""
    from xinzhi.scope import classify_package

    accounts = package.tables.get("accounts", package.tables["activity"])
    try:
        judged = classify_package(package, as_of=f"{int(accounts['year'].max())}-12-31")  # type: ignore[arg-type] # years
    except (InputError, UsageError) as error:
        why = str(error).splitlines()[0]
        found.notes.append(Text(zh=f"未标注新兴产业：{why}", en=f"emerging industries are not marked: {why}"))
        return None
    return None if judged is None else [code for code in judged.mask() if code in measured.matrix.activities]


def _alike(package: Package, asked: Asked, found: Found) -> None:
    """Add how alike structures and plans are."""
    from xinzhi.pathways import isomorphism

    if "activity" not in package.tables:
        return
    result = found.add(Text(zh="结构相似", en="likeness"), lambda: isomorphism(package, draws=asked.draws))
    if result is not None and result.choice is not None:
        # The plans have a section and a summary of their own.
        found.results[-1:] = [replace(result, choice=None), result.choice]


def _together(package: Package, measurement: Measurement | None, asked: Asked, found: Found) -> None:
    """Add convergence, overtaking, the conditions of a leap, and the Northeast."""
    from xinzhi.pathways import (
        ClubRules,
        beta_convergence,
        clubs,
        lane_changes,
        lead_changes,
        leapfrog,
        northeast,
        sigma_convergence,
    )  # fmt: skip

    if measurement is not None:
        keys: dict[str, Any] = {"unit": "region", "time": "year", "value": "tfp_level"}
        levels = measurement.levels
        rules = ClubRules.yearly()
        found.add(Text(zh="收敛俱乐部", en="clubs"), lambda: clubs(levels, **keys, rules=rules))
        found.add(Text(zh="β收敛", en="beta convergence"), lambda: beta_convergence(levels, **keys))
        found.add(Text(zh="σ收敛", en="sigma convergence"), lambda: sigma_convergence(levels, **keys))
        found.add(Text(zh="超越", en="overtaking"), lambda: lead_changes(levels, **keys))
    years = (
        [] if asked.clubs or "activity" not in package.tables else sorted(package.tables["activity"]["year"].unique())
    )
    lanes = None
    if len(years) > 1:
        between = (years[0], years[-1])
        lanes = found.add(
            Text(zh="换道", en="lane changes"),
            lambda: lane_changes(package.tables["activity"], **PANEL, period="year", between=between),
        )
    if measurement is not None and not asked.clubs:
        found.add(Text(zh="赶超条件", en="conditions of a leap"),
                  lambda: leapfrog(package, measurement=measurement, lanes=lanes))  # fmt: skip
    try:
        if {"accounts", "sector_accounts"} <= set(package.tables):
            found.add(Text(zh="东北", en="the Northeast"), lambda: northeast(package, measurement=measurement))
    except UsageError:
        found.notes.append(Text(zh="数据中没有东北三省", en="the three provinces of the Northeast are not in the data"))


def _test(package: Package, asked: Asked, found: Found) -> None:
    """Add the test of forecasts out of time."""
    if "activity" not in package.tables:
        return
    table = package.tables["activity"]
    chosen = asked.spans or _halves(sorted(int(year) for year in table["year"].unique()))
    if chosen is None:
        found.notes.append(Text(zh="年份不足，未做回测", en="too few years for a backtest"))
        return
    _backtest(table, {**PANEL, "period": "year"}, chosen, asked, found)


def _halves(years: list[int]) -> Spans | None:
    """Return the first and the second half of the years; None when there are too few."""
    if len(years) < LEAST_YEARS:
        return None
    half = len(years) // 2
    return (years[0], years[half - 1]), (years[half], years[-1])


def _backtest(table: Any, columns: dict[str, str], chosen: Spans, asked: Asked, found: Found) -> None:  # noqa: ANN401 - a frame
    """Add the backtest with both cutoffs; where too few cells enter from below one half, with the other alone."""
    from xinzhi.pathways import BacktestOptions, backtest

    options = BacktestOptions() if asked.draws is None else BacktestOptions(draws=asked.draws)
    train, test = chosen

    def run() -> Result:
        try:
            return backtest(table, **columns, train=train, test=test, options=options)
        except InputError as error:
            why = str(error).splitlines()[0]
            found.notes.append(Text(zh=f"只以1为界回测：{why}", en=f"backtest below 1 only: {why}"))
            return backtest(table, **columns, train=train, test=test, options=replace(options, absent=(1.0,)))

    found.add(Text(zh="回测", en="backtest"), run)


def of_table(asked: Asked) -> Found:
    """Return what a plain table of places, activities and amounts, or of places and years, is enough for."""
    from xinzhi.cli.plain import PERIODS, read_plain

    place, activity, value = asked.columns
    if place is None or value is None or (activity is None and not asked.clubs):
        message = "a plain table needs --place, --activity and --value; with --clubs --place and --value."
        raise UsageError(message)
    keys = [name for name in (place, activity) if name is not None]
    frame = read_plain(asked.data, asked.encoding, text=keys).frame
    for name in (*keys, value, *([asked.anchor] if asked.anchor else [])):
        if name not in frame.columns:
            message = f"{Path(asked.data).name} has no column '{name}'; it has {', '.join(frame.columns)}."
            raise UsageError(message)
    period = next((name for name in frame.columns if name.lower() in PERIODS), None)
    name = Path(asked.data).name
    found = Found(source=Text(zh=name, en=name), places=tuple(str(one) for one in frame[place].unique().sort()))
    if asked.clubs:
        _series(frame, place, period, value, found)
        return found
    _cells(frame, (place, str(activity), value), period, asked, found)
    return found


def _series(frame: pl.DataFrame, place: str, period: str | None, value: str, found: Found) -> None:
    """Add convergence and overtaking of one series."""
    import polars as pl

    from xinzhi.pathways import beta_convergence, clubs, lead_changes, sigma_convergence

    if period is None:
        message = "--clubs needs a column of years, called year, period or time."
        raise UsageError(message)
    rows = frame.with_columns(pl.col(period).cast(pl.Int64))
    keys: dict[str, Any] = {"unit": place, "time": period, "value": value}
    found.add(Text(zh="收敛俱乐部", en="clubs"), lambda: clubs(rows, **keys))
    found.add(Text(zh="β收敛", en="beta convergence"), lambda: beta_convergence(rows, **keys))
    found.add(Text(zh="σ收敛", en="sigma convergence"), lambda: sigma_convergence(rows, **keys))
    found.add(Text(zh="超越", en="overtaking"), lambda: lead_changes(rows, **keys))


def _cells(frame: pl.DataFrame, columns: tuple[str, str, str], period: str | None, asked: Asked, found: Found) -> None:
    """Add complexity, intervals and opportunities of a year, and the backtest where it was asked for."""
    import polars as pl

    from xinzhi.pathways import ComplexityOptions, complexity, opportunities, uncertainty

    place, activity, value = columns
    now = frame
    if period is not None:
        frame = frame.with_columns(pl.col(period).cast(pl.Int64))
        years = frame[period].unique().sort().to_list()
        chosen = years[-1] if asked.year is None else asked.year
        if chosen not in years:
            message = f"--year {asked.year}: the table has {years[0]} to {years[-1]}."
            raise UsageError(message)
        now = frame.filter(pl.col(period) == chosen)
    anchor = None
    if asked.anchor is not None:
        anchor = dict(now.group_by(place).agg(pl.col(asked.anchor).cast(pl.Float64).mean()).drop_nulls().rows())
    keys: dict[str, Any] = {"place": place, "activity": activity, "value": value}
    options = ComplexityOptions(threshold=asked.threshold)
    # Without it nothing else can be said: an error here is the answer.
    measured = complexity(now, **keys, anchor=anchor, options=options)
    found.results.append(measured)
    found.add(Text(zh="名次区间", en="intervals of ranks"), lambda: uncertainty(measured, draws=_draws(asked)))
    found.add(Text(zh="机会", en="opportunities"), lambda: opportunities(measured))
    if asked.spans is None:
        return
    if period is None:
        message = "--backtest needs a column of years, called year, period or time."
        raise UsageError(message)
    _backtest(frame, {**keys, "period": period}, asked.spans, asked, found)

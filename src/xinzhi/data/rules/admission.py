"""Admission: what the figures of a region must pass before its productivity is ranked, by ``admission.yaml``."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import polars as pl

from xinzhi.core.errors import XinzhiError
from xinzhi.core.finding import Finding
from xinzhi.core.parameters import read_yaml, setting
from xinzhi.core.text import Text
from xinzhi.data.casting import Sheet
from xinzhi.data.nation import NEEDED, series_of
from xinzhi.data.raw import ROW, Say

GRADES = "ABCD"
_FILE = Path(__file__).with_name("admission.yaml")
_PLAUSIBLE = Path(__file__).with_name("plausible.yaml")
_KEY = ["region", "year"]
_VALUE = {"region": pl.String, "year": pl.Int64, "test": pl.String, "value": pl.Float64}
Tables = Mapping[str, pl.DataFrame]
Units = Mapping[str, Mapping[str, str]]


def terms() -> dict[str, Any]:
    """Return the document of ``admission.yaml``."""
    return dict(read_yaml(_FILE))


def limits(test: str) -> list[float]:
    """Return the limits of a test, beyond which a figure is B, C and D; infinite where there is none."""
    above = terms()["tests"][test]["above"]
    return [float(above.get(grade, math.inf)) for grade in GRADES[1:]]


def values(tables: Tables, units: Units) -> pl.DataFrame:
    """Return the value of every test of a package: ``region, year, test, value``."""
    # A ratio for ``investment``, else log points: of revised output over output by expenditure (``vintage``, carried on
    # from its last year), of the deflator of output a year less that of the nation (``deflator``), of the sum of the
    # regions over the nation (``sum_*``, the same for all regions). Tests whose series are not there have no rows.
    accounts = tables.get("accounts")
    if accounts is None or not {*_KEY, "output_nominal"} <= set(accounts.columns):
        return pl.DataFrame(schema=_VALUE)
    accounts = accounts.join(_total_investment(tables), on=_KEY, how="left").sort(_KEY)
    revised, vintages = pl.col("output_nominal"), tables.get("vintages")
    if vintages is not None and {*_KEY, "vintage", "output_nominal"} <= set(vintages.columns):
        census = vintages.filter(pl.col("vintage") == "census4").select(*_KEY, census="output_nominal")
        accounts, revised = accounts.join(census, on=_KEY, how="left"), pl.coalesce("census", "output_nominal")
    accounts = accounts.with_columns(revised=revised)
    tests = [_test(accounts, "investment", pl.col("invested") / pl.col("output_nominal"))]
    if "expenditure_gdp" in accounts.columns:
        gap = (pl.col("revised") / pl.col("expenditure_gdp")).log().forward_fill().over("region")
        tests.append(_test(accounts, "vintage", gap))
    tests += _against_the_nation(accounts, tables, units)
    return pl.concat(tests)


def _total_investment(tables: Tables) -> pl.DataFrame:
    """Return investment at current prices of all assets."""
    frame = tables.get("investment")
    if frame is None or not {*_KEY, "investment_nominal"} <= set(frame.columns):
        return pl.DataFrame(schema={"region": pl.String, "year": pl.Int64, "invested": pl.Float64})
    if "asset" in frame.columns and (frame["asset"] == "total").any():
        frame = frame.filter(pl.col("asset") == "total")
    total = pl.when(pl.col("investment_nominal").is_not_null().all()).then(pl.col("investment_nominal").sum())
    return frame.group_by(_KEY).agg(invested=total)


def _test(frame: pl.DataFrame, name: str, value: pl.Expr) -> pl.DataFrame:
    """Return the finite values of one test."""
    rows = frame.select(*_KEY, test=pl.lit(name), value=value.cast(pl.Float64))
    return rows.filter(pl.col("value").is_finite())


def _against_the_nation(accounts: pl.DataFrame, tables: Tables, units: Units) -> Iterator[pl.DataFrame]:
    """Yield what the regions say against the table `nation`; nothing where they do not make up the nation."""
    nation = tables.get("nation")
    if nation is None or not set(NEEDED) <= set(nation.columns):
        return
    columns = {"sum_output": "output_nominal", "sum_investment": "invested", "sum_employment": "employment"}
    money = units.get("accounts", {}).get("output_nominal")
    sums: dict[str, pl.DataFrame] = {}
    for test, column in columns.items():
        series = terms()["tests"][test]["series"]
        if column in accounts.columns:
            unit = units.get("accounts", {}).get(column, money)
            sums[test] = _ratio_of_sum(accounts, column, _series(nation, series, unit))
    output = sums["sum_output"]
    low, high = (math.log(bound) for bound in terms()["complete"]["within"])
    complete = output.filter(pl.col("value").is_between(low, high)).select("year")
    for test, frame in sums.items():
        values_of_regions = accounts.select(_KEY).join(frame.join(complete, on="year", how="semi"), on="year")
        yield _test(values_of_regions, test, pl.col("value"))
    if "output_real" in accounts.columns and complete.height:
        yield _deflators(accounts, nation, money)


def _series(nation: pl.DataFrame, variable: str, unit: str | None) -> pl.DataFrame:
    """Return a series of the nation; empty where it is not there, or of another kind."""
    with suppress(XinzhiError):  # units of other money, or vintages without a choice: no test, and the reader names it
        return series_of(nation, variable, unit).select("year", "value")
    return pl.DataFrame(schema={"year": pl.Int64, "value": pl.Float64})


def _ratio_of_sum(accounts: pl.DataFrame, column: str, nation: pl.DataFrame) -> pl.DataFrame:
    """Return the log of the sum of the regions over the nation, by year with a figure of every region."""
    regions = accounts.filter(pl.col(column).is_not_null())["region"].n_unique()
    sums = accounts.group_by("year").agg(pl.col(column).sum(), there=pl.col(column).count())
    pairs = sums.filter(pl.col("there") == regions).join(nation, on="year")
    return pairs.select("year", value=(pl.col(column) / pl.col("value")).log())


def _deflators(accounts: pl.DataFrame, nation: pl.DataFrame, money: str | None) -> pl.DataFrame:
    """Return growth of the implicit deflator of each region less that of the nation, within one vintage of output."""
    level, growth = _series(nation, "gdp_nominal", money), _series(nation, "gdp_growth", "percent")
    prices = level.sort("year").with_columns(step=pl.col("value").log().diff(), gap=pl.col("year").diff())
    prices = prices.filter(pl.col("gap") == 1).join(growth, on="year", suffix="_real")
    prices = prices.select("year", nation=pl.col("step") - (pl.col("value_real") / 100).log1p())
    before = {name: pl.col(name).shift(1).over("region") for name in ("output_nominal", "output_real", "revised")}
    same = pl.lit(value=True)
    if "output_vintage" in accounts.columns:
        same = pl.col("output_vintage").eq_missing(pl.col("output_vintage").shift(1).over("region"))
    within = pl.col("output_nominal") / before["output_nominal"]
    nominal = pl.when(same).then(within).otherwise(pl.col("revised") / before["revised"])
    follows = pl.col("year").diff().over("region") == 1
    step = pl.when(follows).then((nominal / (pl.col("output_real") / before["output_real"])).log())
    steps = accounts.with_columns(step=step).join(prices, on="year")
    return _test(steps, "deflator", pl.col("step") - pl.col("nation"))


def moving_mean(single: pl.DataFrame) -> pl.DataFrame:
    """Return values of single years: where a test has a window, the mean of the years around each."""
    parts = [
        single.filter(pl.col("test").is_in([name for name, test in terms()["tests"].items() if "window" not in test]))
    ]
    for name, test in terms()["tests"].items():
        if "window" not in test:
            continue
        half = test["window"] // 2
        rows = single.filter(pl.col("test") == name)
        window = rows.join(rows, on="region", suffix="_near").filter(
            (pl.col("year") - pl.col("year_near")).abs() <= half
        )
        mean = window.group_by("region", "year").agg(value=pl.col("value_near").mean(), years=pl.len())
        mean = mean.filter(pl.col("years") >= test["fewest"])
        parts.append(mean.select(*_KEY, test=pl.lit(name), value="value"))
    return pl.concat(parts)


def add_grades(tested: pl.DataFrame) -> pl.DataFrame:
    """Add the grade that each value has by its test, as a number from 0 (A) to 3 (D)."""
    bounds = {name: limits(name) for name in terms()["tests"]}
    size = pl.col("value").abs()
    beyond = [
        size > pl.col("test").replace_strict({name: bound[at] for name, bound in bounds.items()}) for at in range(3)
    ]
    return tested.with_columns(grade=pl.sum_horizontal(beyond).cast(pl.Int64))


def failed_tests(sheets: Mapping[str, Sheet]) -> Iterator[Finding]:
    """Yield the tests that regions fail (D), once for each region, and sums that are not the nation, once for each."""
    if "accounts" not in sheets or not sheets["accounts"].has_key_columns or sheets["accounts"].frame.is_empty():
        return
    tables = {name: sheet.frame for name, sheet in sheets.items() if sheet.has_key_columns}
    single = values(tables, {name: sheet.units for name, sheet in sheets.items()})
    rows = add_grades(moving_mean(single)) if not single.is_empty() else single
    for name in single["test"].unique(maintain_order=True):
        values_of_test = rows.filter(pl.col("test") == name)
        if name.startswith("sum_"):
            off = values_of_test.filter(pl.col("grade") > 0).unique("year", keep="first", maintain_order=True)
            yield from _findings(sheets["accounts"], off.with_columns(region=pl.lit("")), name)
        else:
            failed = (pl.col("grade") == len(GRADES) - 1) & (
                pl.col("value") <= terms()["tests"][name].get("slip", math.inf)
            )
            yield from _findings(sheets["accounts"], values_of_test.filter(failed), name)


def common_steps(sheets: Mapping[str, Sheet]) -> Iterator[Finding]:
    """Yield the years in which output of all regions together leaves the nation's growth, and others around do not."""
    needed = {*_KEY, "output_real", "output_nominal"}
    accounts, nation = (sheets.get(name) for name in ("accounts", "nation"))
    if accounts is None or nation is None or not needed <= set(accounts.frame.columns):
        return
    tables = {name: sheet.frame for name, sheet in sheets.items() if sheet.has_key_columns}
    single = values(tables, {name: sheet.units for name, sheet in sheets.items()})
    complete = single.filter(pl.col("test") == "sum_output").select("year").unique()
    if complete.is_empty():
        return
    regions = accounts.frame["region"].n_unique()
    sums = accounts.frame.group_by("year").agg(pl.col("output_real").sum(), there=pl.col("output_real").count())
    steps = sums.filter(pl.col("there") == regions).sort("year").with_columns(gap=pl.col("year").diff())
    steps = steps.select("year", "gap", step=pl.col("output_real").log().diff()).filter(pl.col("gap") == 1)
    official = _series(nation.frame, "gdp_growth", "percent").select("year", growth=(pl.col("value") / 100).log1p())
    steps = steps.join(official, on="year").join(complete, on="year", how="semi")
    steps = steps.select("year", off=pl.col("step") - pl.col("growth"))
    bounds = setting(_PLAUSIBLE, "common_step")
    distance = (pl.col("year") - pl.col("year_near")).abs()
    neighbours = steps.join(steps, how="cross", suffix="_near").filter(distance.is_between(1, bounds["years"]))
    usual = neighbours.group_by("year").agg(pl.col("off_near").median(), pl.len().alias("years"))
    off = steps.join(usual.filter(pl.col("years") > bounds["years"] // 2), on="year")
    off = off.with_columns(value=pl.col("off") - pl.col("off_near")).filter(pl.col("value").abs() > bounds["within"])
    first = accounts.frame.group_by("year").agg(pl.col(ROW).min())
    say = Say(
        message="data.common-step",
        column="output_real",
        value=lambda row: _percent(row["value"]),
        words=lambda row: {"year": str(row["year"]), "reference": Text(**bounds["reference"])},
    )
    yield from accounts.findings(off.join(first, on="year"), say)


def _findings(accounts: Sheet, off: pl.DataFrame, name: str) -> Iterator[Finding]:
    """Yield one finding for each region, at the year that is furthest off."""
    size = pl.col("value").abs()
    worst = off.group_by("region", maintain_order=True).agg(
        pl.col("year", "value").sort_by(size, descending=True).first(), years=pl.col("year").sort()
    )
    summed = name.startswith("sum_")
    rows = accounts.frame.select(ROW, *_KEY)
    first = rows.group_by("year").agg(pl.col(ROW).min()) if summed else rows
    placed = worst.join(first, on="year" if summed else _KEY, how="inner")
    test, ratio = terms()["tests"][name], terms()["tests"][name]["unit"] == "ratio"
    bound = limits(name)[0 if summed else -1]
    texts = {key: Text(**test[key]) for key in ("title", "reference", "cure")}
    yield from accounts.findings(
        placed,
        Say(
            message="data.admission-sum" if summed else "data.admission-failed",
            column="year" if summed else "region",
            value=lambda row: f"{row['value']:.2f}" if ratio else _percent(row["value"]),
            expected=f"<= {bound:g}" if ratio else f"{_percent(-bound)} … {_percent(bound)}",
            words=lambda row: texts | {"years": row["years"], "at": row["year"]},
        ),
    )


def _percent(change: float) -> str:
    """Return a change in log points as people read it; limits on both sides are not alike in percent."""
    return f"{100 * math.expm1(change):+.1f} %"

"""Rules of identity: what the figures of regions say about each other and about all of them, year by year."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from xinzhi.core.finding import Finding
from xinzhi.core.parameters import setting
from xinzhi.core.text import Text
from xinzhi.data.casting import Sheet
from xinzhi.data.catalogue import Column
from xinzhi.data.raw import ROW, Say

_FILE = Path(__file__).with_name("identities.yaml")
_TABLES = ("accounts", "investment")
_KEY = ["region", "year"]
_YEARS_LISTED = 5
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Row:
    """One row of the file: a column, over another where `by` is set."""

    of: str
    within: float
    reference: Text
    by: str | None = None
    against: str | None = None
    since: int = 0
    window: int | None = None
    times: float | None = None

    @property
    def columns(self) -> set[str]:
        return {name for name in (self.of, self.by, self.against) if name is not None}


@dataclass(frozen=True, slots=True)
class _Panel:
    """Both tables by region and year, with the row of each figure."""

    sheets: Mapping[str, Sheet]
    frame: pl.DataFrame

    def sheet(self, column: str) -> Sheet:
        """Return the table that a column stands in."""
        return next(sheet for sheet in self.sheets.values() if column in _described(sheet))

    def column(self, name: str) -> Column:
        """Return what is known of a column."""
        return next(column for column in self.sheet(name).columns() if column.name == name)

    def bound(self, row: _Row) -> float:
        """Return how far a column may move in a year by itself."""
        growth = self.column(row.of).growth
        return math.inf if growth is None or row.by is not None else growth.bound

    def steps(self, of: str, by: str | None, since: int, window: int | None = None) -> pl.DataFrame:
        """Return the change of each figure since the one before, within one vintage and without breaks.

        With `window`, since the figure that stands so many years before.
        """
        value = pl.col(of) if by is None else pl.col(of) / pl.col(by)
        used = [name for name in (of, by) if name is not None]
        figures = self.frame.filter(pl.all_horizontal(pl.col(name) > 0 for name in used))
        last = {"step": value.log().diff(window or 1), "gap": pl.col("year").diff(window or 1)}
        steps = figures.with_columns(change.over("region").alias(name) for name, change in last.items())
        flags = {self.column(name).break_flag for name in used}
        conditions = [
            pl.col("year") - (window or 0) >= (since if window is None else since - 1),
            pl.col("step").is_finite(),
        ]
        conditions += [pl.col(flag).fill_null(0) != 1 for flag in flags if flag in self.frame.columns]
        if "output_nominal" in used and "output_vintage" in self.frame.columns:
            conditions.append(pl.col("vintage").eq_missing(pl.col("vintage").shift(1).over("region")))
            steps = steps.rename({"output_vintage": "vintage"})
        row = f"{ROW}_{self.sheet(of).name}"
        return steps.filter(conditions).select("region", "year", "gap", "step", pl.col(row).alias(ROW))


def identities(sheets: Mapping[str, Sheet]) -> Iterator[Finding]:
    """Yield what single years and series of regions contradict."""
    panel = _panel(sheets)
    if panel is None:
        return
    for row in _rows("step_apart.rows"):
        yield from _steps_apart(panel, row)
    for row in _rows("step_of_all.rows"):
        yield from _steps_of_all(panel, row)
    for column in setting(_FILE, "shifted.columns"):
        yield from _shifted(panel, column)
    for column, count in setting(_FILE, "repeated.figures").items():
        yield from _repeated(panel, column, count)
    yield from _alike(panel)


def _rows(name: str) -> list[_Row]:
    """Return the rows of one rule."""
    return [_Row(**{**entry, "reference": Text(**entry["reference"])}) for entry in setting(_FILE, name)]


def _panel(sheets: Mapping[str, Sheet]) -> _Panel | None:
    """Return the tables of one series a region, of enough regions; None where there is none."""
    tables, frame = {}, None
    for name in _TABLES:
        sheet = sheets.get(name)
        if sheet is None or not sheet.has_key_columns or not {*_KEY} <= set(sheet.frame.columns):
            continue
        rows = sheet.frame.drop_nulls(_KEY).rename({ROW: f"{ROW}_{name}"})
        if "asset" in rows.columns:
            rows = rows.filter(pl.col("asset") == "total") if (rows["asset"] == "total").any() else rows
        if rows.is_empty() or rows.select(_KEY).is_duplicated().any():
            continue
        tables[name] = sheet
        columns = {*_described(sheet), f"{ROW}_{name}"} - {*(_KEY if frame is None else frame.columns)}
        rows = rows.select(*_KEY, *(column for column in rows.columns if column in columns - {*_KEY}))
        frame = rows if frame is None else frame.join(rows, on=_KEY, how="full", coalesce=True)
    if frame is None or frame["region"].n_unique() < setting(_FILE, "regions"):
        return None
    return _Panel(tables, frame.sort(_KEY))


def _described(sheet: Sheet) -> set[str]:
    """Return the columns of a table that belong to it; what else stands there is the caller's own."""
    return {column.name for column in sheet.columns() if column.name in sheet.frame.columns}


def _there(panel: _Panel, names: set[str]) -> bool:
    """Whether all columns hold figures."""
    return all(name in panel.frame.columns and panel.frame.schema[name].is_numeric() for name in names)


def _steps_apart(panel: _Panel, row: _Row) -> Iterator[Finding]:
    """Yield once for each region the step that is furthest from the median step of the regions."""
    if not _there(panel, row.columns):
        return
    steps = panel.steps(row.of, row.by, row.since, row.window)
    group = ["year", "gap"]
    steps = steps.with_columns(away=pl.col("step") - pl.col("step").median().over(group), n=pl.len().over(group))
    steps = steps.filter(pl.col("n") >= setting(_FILE, "regions"))
    usual = steps.select(pl.col("away").abs().median()).item()
    bound = max(row.within, (row.times or setting(_FILE, "step_apart.times")) * (usual or 0.0))
    usual_growth = pl.col("step").abs() <= panel.bound(row) * pl.col("gap")  # beyond it the step is named already
    outliers = steps.filter(pl.col("away").abs() > bound, usual_growth).sort(pl.col("away").abs(), descending=True)
    worst = outliers.group_by("region", maintain_order=True).agg(
        pl.col(ROW, "year", "away").first(), years=pl.col("year")
    )
    say = Say(
        message="data.step-apart",
        column=row.of,
        value=lambda at: _percent(at["away"]),
        expected=f"{_percent(-bound)} … {_percent(bound)}",
        words=lambda at: {
            "of": row.of if row.by is None else f"{row.of} / {row.by}",
            "year": str(at["year"]),
            "count": len(at["years"]),
            "reference": row.reference,
        },
    )
    yield from panel.sheet(row.of).findings(worst.drop_nulls(ROW), say)


def _steps_of_all(panel: _Panel, row: _Row) -> Iterator[Finding]:
    """Yield the years in which the median of the regions leaves the price beside it, or the years around."""
    if not _there(panel, row.columns):
        return
    medians = _medians(panel.steps(row.of, row.by, row.since))
    if row.against is not None:
        expected_steps = _medians(panel.steps(row.against, None, row.since)).select("year", usual="step")
    else:
        distance = (pl.col("year") - pl.col("year_near")).abs()
        neighbours = medians.join(medians, how="cross", suffix="_near")
        neighbours = neighbours.filter(distance.is_between(1, setting(_FILE, "step_of_all.years")))
        expected_steps = neighbours.group_by("year").agg(
            (pl.col("step_near") / pl.col("gap_near")).median().alias("usual")
        )
    outliers = medians.join(expected_steps, on="year").with_columns(
        away=pl.col("step") - pl.col("usual") * (pl.col("gap") if row.against is None else 1)
    )
    say = Say(
        message="data.step-of-all",
        column=row.of,
        value=lambda at: _percent(at["away"]),
        expected=f"{_percent(-row.within)} … {_percent(row.within)}",
        words=lambda at: {
            "of": row.of if row.by is None else f"{row.of} / {row.by}",
            "by": row.against or "",
            "year": str(at["year"]),
            "reference": row.reference,
        },
    )
    yield from panel.sheet(row.of).findings(outliers.filter(pl.col("away").abs() > row.within).drop_nulls(ROW), say)


def _medians(steps: pl.DataFrame) -> pl.DataFrame:
    """Return the median step of each year, of the gap that most regions have."""
    rows = steps.group_by("year", "gap").agg(pl.col("step").median(), pl.col(ROW).min(), n=pl.len())
    rows = rows.filter(pl.col("n") >= setting(_FILE, "regions")).sort("n", descending=True)
    return rows.unique("year", keep="first", maintain_order=True).sort("year")


def _shifted(panel: _Panel, column: str) -> Iterator[Finding]:
    """Yield the regions whose series follows the others of the year before or after."""
    if not _there(panel, {column}):
        return
    rule = setting(_FILE, "shifted")
    steps = panel.steps(column, None, rule["since"]).filter(pl.col("gap") == 1)
    if steps.is_empty():
        return
    years = steps.select(pl.int_ranges(pl.col("year").min(), pl.col("year").max() + 1).explode().alias("year"))
    medians = steps.group_by("year").agg(pl.col("step").median())
    by_region = years.join(steps.pivot(on="region", index="year", values="step"), on="year", how="left").sort("year")
    if by_region.height < rule["years"] or by_region.width <= setting(_FILE, "regions"):
        return
    values = by_region.drop("year").cast(pl.Float64).to_numpy()
    common = years.join(medians, on="year", how="left").sort("year")["step"].to_numpy()
    first = dict(steps.group_by("region").agg(pl.col(ROW).min()).iter_rows())
    current, lagging, leading = (_correlations(values, common, lag, rule["years"]) for lag in (0, 1, -1))
    if np.median(current) < rule["common"]:
        return
    gain = np.maximum(lagging, leading) - current
    rows = [
        {ROW: first[region], "lag": 1 if lagging[at] > leading[at] else -1, "gain": float(gain[at])}
        for at, region in enumerate(by_region.columns[1:])
        if gain[at] > rule["margin"]
    ]
    say = Say(
        message="data.series-shifted",
        column=column,
        value=lambda at: f"{at['gain']:.2f}",
        words=lambda at: {"late": "late" if at["lag"] > 0 else "early", "reference": Text(**rule["reference"])},
    )
    if rows:
        yield from panel.sheet(column).findings(pl.DataFrame(rows).drop_nulls(ROW), say)


def _correlations(series: Floats, common: Floats, lag: int, fewest: int) -> Floats:
    """Return the correlation of each column with the common movement `lag` years before; -1 of too few years."""
    moves = series[lag:] if lag >= 0 else series[:lag]
    medians = common[: len(common) - lag] if lag >= 0 else common[-lag:]
    valid = ~np.isnan(moves) & ~np.isnan(medians)[:, None]
    n = valid.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        x, y = (
            np.where(valid, part, 0.0) - np.where(valid, np.where(valid, part, 0.0).sum(axis=0) / n, 0.0)
            for part in (moves, medians[:, None])
        )
        value = (x * y).sum(axis=0) / np.sqrt((x**2).sum(axis=0) * (y**2).sum(axis=0))
    return np.where((n >= fewest - 1) & np.isfinite(value), value, -1.0)


def _repeated(panel: _Panel, column: str, count: int) -> Iterator[Finding]:
    """Yield once for each region the figures that are that of the year before to the last digit."""
    if not _there(panel, {column}):
        return
    rule = setting(_FILE, "repeated")
    sheet = panel.sheet(column)
    row = f"{ROW}_{sheet.name}"
    figures = panel.frame.filter(pl.col(column) > 0, pl.col("year") >= rule["since"]).select(*_KEY, column, row)
    same = [pl.col(column) == pl.col(column).shift(back).over("region") for back in range(1, count)]
    figures = figures.with_columns(again=pl.all_horizontal(same).fill_null(value=False))
    if figures["again"].sum() > rule["share"] * figures.height:  # constants, such as one share for all years
        return
    runs = figures.filter(pl.col("again"), ~_short(column, rule["digits"]))
    rows = runs.group_by("region", maintain_order=True).agg(pl.col(row).first().alias(ROW), years=pl.col("year"))
    say = Say(
        message="data.figure-repeated",
        column=column,
        words=lambda at: {"years": at["years"][:_YEARS_LISTED], "count": count, "reference": Text(**rule["reference"])},
    )
    yield from sheet.findings(rows.drop_nulls(ROW), say)


def _short(column: str, digits: int) -> pl.Expr:
    """Whether a figure is written with fewer digits, so that it may well come again."""
    size = pl.col(column).log10().floor()
    scaled = pl.col(column) * pl.lit(10.0) ** (digits - 2 - size)
    return (scaled - scaled.round()).abs() < 1e-6  # noqa: PLR2004 - rounding


def _alike(panel: _Panel) -> Iterator[Finding]:
    """Yield the series that hold the figures of another region, or of another column."""
    rule = setting(_FILE, "alike")
    for column in setting(_FILE, "repeated.figures"):
        if _there(panel, {column}):
            yield from _alike_regions(panel, column)
    for first_column, second_column in rule["columns"]:
        if not _there(panel, {first_column, second_column}):
            continue
        equal = panel.frame.filter(pl.col(first_column) == pl.col(second_column), pl.col(first_column) > 0)
        sheet = panel.sheet(first_column)
        if 2 * equal.height > panel.frame.select(pl.col(first_column).is_not_null().sum()).item():
            continue
        regions = equal.group_by("region").agg(pl.col(f"{ROW}_{sheet.name}").min().alias(ROW), n=pl.len())
        yield from sheet.findings(
            regions.filter(pl.col("n") >= rule["years"] // 2).drop_nulls(ROW), _say_alike(first_column, second_column)
        )


def _alike_regions(panel: _Panel, column: str) -> Iterator[Finding]:
    """Yield the regions whose figures of a column are those of another region."""
    sheet = panel.sheet(column)
    row = f"{ROW}_{sheet.name}"
    figures = panel.frame.filter(pl.col(column) > 0).select(*_KEY, column, row)
    years = setting(_FILE, "alike.years")
    lags = {f"{column}_{lag}": pl.col(column).shift(lag).over("region") for lag in range(years)}
    runs = figures.with_columns(**lags, span=pl.col("year") - pl.col("year").shift(years - 1).over("region"))
    runs = runs.filter(pl.col("span") == years - 1)
    groups = runs.group_by("year", *lags, maintain_order=True).agg(pl.col("region", row))
    groups = groups.filter(pl.col("region").list.len() > 1)
    pairs = groups.select(
        other=pl.col("region").list.first(), region=pl.col("region").list.slice(1), **{ROW: pl.col(row).list.slice(1)}
    )
    pairs = pairs.explode("region", ROW).unique("region", keep="first", maintain_order=True)
    if pairs.is_empty() or pairs.height * 2 > figures["region"].n_unique():  # one series for all of them
        return
    for pair in pairs.drop_nulls(ROW).sort("region").partition_by("region", maintain_order=True):
        yield from sheet.findings(pair, _say_alike(column, str(pair["other"].item())))


def _say_alike(column: str, other: str) -> Say:
    rule = setting(_FILE, "alike")
    return Say(
        message="data.series-alike",
        column=column,
        words=lambda _: {"other": other, "years": str(rule["years"]), "reference": Text(**rule["reference"])},
    )


def _percent(change: float) -> str:
    """Return a change in log points as people read it."""
    return f"{100 * math.expm1(change):+.1f} %"

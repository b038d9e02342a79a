"""The ledger of a region's own targets: what each needs a year from the newest figure, beside the past pace."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from xinzhi.core.arrays import FloatArray
from xinzhi.data import Package
from xinzhi.yardstick.goals.arithmetic import convention
from xinzhi.yardstick.panel import Panel

PERCENT = 100.0
_SERIES = {"rd_ratio": ("rd_intensity", 1.0)}  # indicators of the package that a target is about, and their scale
_COLUMNS = [
    "region",
    "indicator",
    "document",
    "document_year",
    "title",
    "start",
    "end",
    "measure",
    "low",
    "high",
    "unit",
]
_SCHEMA = {
    "base_year": pl.Int64,
    "base_value": pl.Float64,
    "needed_pace": pl.Float64,
    "past_pace": pl.Float64,
    "state": pl.String,
}


def ledger(targets: pl.DataFrame, package: Package, panel: Panel, output: FloatArray) -> pl.DataFrame:
    """Return the targets of the newest documents with base, needed and past pace, and state.

    A pace is percent a year for growth and points a year for levels. The state is ``on_track`` where the past pace is
    at least that needed, ``behind`` where it is lower, ``no_data`` where no series of the package tells.
    """
    newest = targets.filter(pl.col("document_year") == pl.col("document_year").max().over("region"))
    series = {
        "gdp_growth": _growth(panel, output),
        "urbanisation": _column(package, "accounts", "urbanisation"),
        **{name: _indicator(package, code, scale) for name, (code, scale) in _SERIES.items()},
    }
    rows = [_assess(row, series.get(row["indicator"], {})) for row in newest.iter_rows(named=True)]
    paces = pl.DataFrame(rows, schema=_SCHEMA, orient="row")
    columns = [*_COLUMNS, *(name for name in ("wording", "quote", "source") if name in newest.columns)]
    frame = pl.concat([newest.select(columns), paces], how="horizontal")
    return frame.sort(pl.col("state") == "no_data", maintain_order=True)  # what can be followed comes first


Values = Mapping[str, Mapping[int, float]]  # by region and year


def _growth(panel: Panel, output: FloatArray) -> Values:
    """Return yearly growth of real output in percent."""
    growth = PERCENT * (output[:, 1:] / output[:, :-1] - 1)
    return {
        region: _by_year(panel.years[1:].tolist(), line) for region, line in zip(panel.regions, growth, strict=True)
    }


def _by_year(years: list[int], values: FloatArray) -> dict[int, float]:
    return {year: value for year, value in zip(years, values.tolist(), strict=True) if value == value}  # noqa: PLR0124 - not NaN


def _column(package: Package, table: str, name: str) -> Values:
    """Return a column of a table with regions and years."""
    frame = package.tables.get(table)
    if frame is None or name not in frame.columns:
        return {}
    values: dict[str, dict[int, float]] = {}
    for region, year, value in frame.select("region", "year", name).drop_nulls().iter_rows():
        values.setdefault(region, {})[year] = value
    return values


def _indicator(package: Package, code: str, scale: float) -> Values:
    """Return an indicator of the package."""
    frame = package.tables.get("indicators")
    if frame is None:
        return {}
    values: dict[str, dict[int, float]] = {}
    rows = frame.filter(indicator=code).select("region", "year", "value").drop_nulls()
    for region, year, value in rows.iter_rows():
        values.setdefault(region, {})[year] = value * scale
    return values


def _assess(
    row: Mapping[str, object], series: Values
) -> tuple[int | None, float | None, float | None, float | None, str]:
    """Return base year and value, needed and past pace, and the state of one target."""
    values = series.get(str(row["region"]), {})
    low = row["low"]
    if not values or not isinstance(low, float | int):
        return None, None, None, None, "no_data"
    span = int(convention("horizon.value"))
    base = max(values)
    if row["measure"] == "growth":
        past = [values[year] for year in range(base - span + 1, base + 1) if year in values]
        pace = sum(past) / len(past)
        return base, values[base], float(low), pace, _state(float(low), pace)
    end = int(str(row["end"]))
    if row["measure"] != "level" or end <= base or base - span not in values:
        return base, values[base], None, None, "no_data"
    needed = (float(low) - values[base]) / (end - base)
    pace = (values[base] - values[base - span]) / span
    return base, values[base], needed, pace, _state(needed, pace)


def _state(needed: float, pace: float) -> str:
    """Return whether a pace of the past is enough."""
    return "on_track" if pace >= needed * (1 - float(convention("on_track"))) else "behind"

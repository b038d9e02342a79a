"""Slips of a unit in a series: a step of whole powers of ten, which is 10,000 persons for persons or 万 for 亿."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path

import polars as pl

from xinzhi.core.finding import Finding
from xinzhi.core.parameters import setting
from xinzhi.core.quarters import label
from xinzhi.core.text import Values
from xinzhi.data.casting import Sheet
from xinzhi.data.catalogue import Column, limit
from xinzhi.data.raw import ROW, Say

_FILE = Path(__file__).with_name("plausible.yaml")
_TEN = math.log(10)
_POWERS = {1: "ten", 3: "thousand", 4: "wan", 8: "yi"}


def unit_slips(sheet: Sheet, year: str) -> dict[str, pl.DataFrame]:
    """Return the steps that are a wrong unit by column: row, step, powers of ten, and whether it only leads `back`.

    Each figure is compared with the last one before it of its series, so that a gap hides nothing.
    """
    columns = [column for column in sheet.columns() if _is_judged(column)]
    group = list(sheet.group)
    slips = {}
    for column in columns:
        steps = _steps(sheet.frame, column.name, year, group)
        off = steps.filter(_is_slip(column, year))
        if off.is_empty():
            continue
        rows = off.join(_next_steps(steps, group), on=ROW, how="left")
        slips[column.name] = rows.with_columns(_goes_back(rows, group).alias("back"))
    return slips


def _is_judged(column: Column) -> bool:
    """Whether the size of a column says something about its unit."""
    return column.type == "number" and not column.share and not column.percentage


def _steps(frame: pl.DataFrame, name: str, year: str, group: list[str]) -> pl.DataFrame:
    """Return the change of each positive figure since the last one of its series, and the periods between."""
    figures = frame.filter(pl.col(name) > 0, pl.col(year).is_not_null())
    before = [pl.col(name).log().diff(), pl.col(year).diff()]
    if group:
        before = [change.over(group) for change in before]
    return figures.select(ROW, *group, year, step=before[0], gap=before[1]).with_columns(
        powers=(pl.col("step") / _TEN).round().cast(pl.Int64, strict=False)
    )


def _is_slip(column: Column, year: str) -> pl.Expr:
    """Whether a step is some powers of ten and far beyond what the column may do in the time."""
    tolerance, times = setting(_FILE, "unit_slip.near"), setting(_FILE, "unit_slip.times")
    powers, size = pl.col("powers").abs(), pl.col("step").abs()
    close = (powers >= 1) & ((size - powers * _TEN).abs() <= tolerance)
    thousandfold = size > limit("slip_step") - tolerance
    if column.growth is None:
        return pl.all_horizontal(close, thousandfold)
    close = close | thousandfold  # beyond it no true step hides
    beyond = size > times * column.growth.bound * pl.max_horizontal(pl.col("gap"), 1)
    if column.growth.since is not None:  # before, smaller powers of ten are history
        beyond &= (pl.col(year) >= column.growth.since) | thousandfold
    return pl.all_horizontal(close, beyond)


def _next_steps(steps: pl.DataFrame, group: list[str]) -> pl.DataFrame:
    """Return the step after each, and the one before, where the figure follows directly."""
    sides = {"after": pl.col("step").shift(-1), "before": pl.col("step").shift(1)}
    return steps.select(ROW, **{side: step.over(group) if group else step for side, step in sides.items()})


def _goes_back(rows: pl.DataFrame, group: list[str]) -> pl.Series:
    """Whether a step is the way back from a figure that is named already."""
    back = (pl.col("step") + pl.col("before")).abs() <= setting(_FILE, "unit_slip.near") * 2
    opposite = pl.col("powers") == -pl.col("powers").shift(1)
    return rows.select((back & (opposite.over(group) if group else opposite)).fill_null(value=False)).to_series()


def slip_findings(sheet: Sheet, year: str, slips: Mapping[str, pl.DataFrame]) -> Iterator[Finding]:
    """Yield one finding for each wrong unit, with the year and the likely slip."""
    tolerance = setting(_FILE, "unit_slip.near") * 2

    def values(row: Values) -> dict[str, object]:
        single = row["after"] is not None and abs(row["step"] + row["after"]) <= tolerance
        large, powers = row["powers"] > 0, abs(row["powers"])
        return {
            "since": "alone" if single else "on",
            "year": str(label(row[year])),
            "times": f"{10**powers:,}",
            "direction": "large" if large else "small",
            "slip": _POWERS.get(powers, "other"),
        }

    for name, rows in slips.items():
        yield from sheet.findings(
            rows.filter(~pl.col("back")), Say(message="data.unit-slip", column=name, words=values)
        )

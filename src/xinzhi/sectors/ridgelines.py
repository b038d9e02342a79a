"""Kernel densities over the years: whether a distribution moves, spreads, or splits into two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import polars as pl

from xinzhi.core.arrays import FloatArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.result import Facts, Result
from xinzhi.sectors.conventions import method, series_text, setting
from xinzhi.sectors.figures import figures, reason

Rule = Literal["silverman", "scott"]
_FEWEST = setting("density.fewest")


def bandwidth(values: FloatArray, rule: Rule | float = "silverman") -> float:
    """Return the bandwidth of a normal kernel (Silverman 1986, equations 3.30 and 3.31; Scott 1992)."""
    if isinstance(rule, int | float):
        if not rule > 0:
            raise UsageError("sectors.bandwidth-not-positive", value=float(rule))
        return float(rule)
    if rule not in {"silverman", "scott"}:
        raise UsageError("sectors.unknown-bandwidth", rule=rule)
    values = np.asarray(values, dtype=np.float64)
    spread, factor = float(values.std(ddof=1)), float(np.power(values.size, -0.2))
    if rule == "scott":
        return spread * factor
    low, high = np.quantile(values, [0.25, 0.75])
    quartiles = float(high - low) / 1.34
    # more than half the values equal: the quartiles say nothing
    return 0.9 * (min(spread, quartiles) if quartiles > 0 else spread) * factor


def kernel_density(values: FloatArray, at: FloatArray, width: float) -> FloatArray:
    """Return the normal kernel density of values `(n,)` at the points `(m,)`."""
    distance = (np.asarray(at)[:, None] - np.asarray(values)[None, :]) / width
    return np.asarray(np.exp(-0.5 * distance**2).mean(axis=1) / (width * np.sqrt(2 * np.pi)))


@dataclass(frozen=True, repr=False, kw_only=True)
class Densities(Result, verb="ridgelines", topic="sectors", key=("year", "x")):
    """Kernel densities of one figure, year by year on one grid.

    `years` has bandwidth, moments and peaks of each year, or why it has no density; `rule` chose the bandwidth.
    """

    years: pl.DataFrame
    rule: str

    def facts(self) -> Facts:
        """Return where the peak and the spread went, and whether there are several peaks."""
        drawn = self.years.drop_nulls("bandwidth")
        first, last = drawn.row(0, named=True), drawn.row(-1, named=True)
        values = {
            "value": series_text(str(self.provenance.options["value"]), self.names),
            "first": first["year"],
            "last": last["year"],
            "before": first["mode"],
            "after": last["mode"],
            "modes_before": first["modes"],
            "modes_after": last["modes"],
        }
        facts: Facts = {"answer.densities": values}
        if first["mean"] and last["mean"]:
            before, after = (row["deviation"] / row["mean"] for row in (first, last))
            facts["answer.deviation"] = {"before": before, "after": after}
        return facts | {"note.bandwidth": {"rule": method("bandwidth", self.rule)}}


def ridgelines(
    frame: object, value: str, *, years: Sequence[int] | None = None, rule: Rule | float = "silverman"
) -> Densities:
    """Return the kernel density of a figure over the regions in every year, on one grid.

    Parameters
    ----------
    frame, value
        A frame with ``region, year`` and the figure, and the figure's column.
    years
        Which years; all by default.
    rule
        Bandwidth of every year: ``silverman`` (0.9 times the smaller of the standard deviation and the interquartile
        range over 1.34, times n to the power of -1/5), ``scott`` (the standard deviation times the same), or a number.

    Notes
    -----
    A year with fewer than three regions, or whose values are all equal, has no density; `years` says so. The grid spans
    all years and three bandwidths more on either side.

    Examples
    --------
    >>> data = pl.DataFrame({"region": list("abcd"), "year": 2020, "y": [1.0, 2.0, 2.5, 4.0]})
    >>> curve = ridgelines(data, "y").frame
    >>> bool(abs(np.trapezoid(curve["density"], curve["x"]) - 1) < 0.01)
    True
    """
    given = figures(frame, [value], verb="ridgelines")
    table = given.frame.drop_nulls(value)
    table = table.filter(pl.col("year").is_in(list(years))) if years is not None else table
    samples = {int(year): table.filter(year=year)[value].to_numpy() for year in table["year"].unique().sort()}
    widths = {year: bandwidth(one, rule) if one.size >= _FEWEST else 0.0 for year, one in samples.items()}
    drawn = {year: width for year, width in widths.items() if width > 0}
    if not drawn:
        raise InputError("sectors.no-density", value=value, fewest=_FEWEST)
    tail = setting("density.tails") * max(drawn.values())
    pool = np.concatenate([samples[year] for year in drawn])
    grid = np.linspace(pool.min() - tail, pool.max() + tail, int(setting("density.points")))
    curves = {year: kernel_density(samples[year], grid, width) for year, width in drawn.items()}
    points = [pl.DataFrame({"year": [year] * grid.size, "x": grid, "density": curve}) for year, curve in curves.items()]
    return Densities(
        frame=pl.concat(points).with_columns(pl.col("year").cast(pl.Int64)),
        years=_years(samples, drawn, curves, grid),
        rule=str(rule),
        kind=given.kind,
        provenance=given.provenance("ridgelines", value=value, rule=str(rule)),
    )


def _years(
    samples: dict[int, FloatArray], drawn: dict[int, float], curves: dict[int, FloatArray], grid: FloatArray
) -> pl.DataFrame:
    """Return one row a year: its size, bandwidth, moments and peaks, or why it has no density."""
    rows = []
    for year, values in samples.items():
        row: dict[str, object] = {"year": year, "regions": values.size, "mean": float(values.mean())}
        if year in drawn:
            curve = curves[year]
            inner = curve[1:-1]
            peaks = np.flatnonzero((inner > curve[:-2]) & (inner >= curve[2:]))
            row |= {"bandwidth": drawn[year], "deviation": float(values.std(ddof=1))}
            row |= {"modes": int(peaks.size), "mode": float(grid[curve.argmax()])}
        else:
            why = reason("few", fewest=_FEWEST) if values.size < _FEWEST else reason("constant")
            row |= {"reason_zh": why.zh, "reason_en": why.en}
        rows.append(row)
    schema: dict[str, Any] = {"year": pl.Int64, "regions": pl.Int64, "bandwidth": pl.Float64, "mean": pl.Float64}
    schema |= {"deviation": pl.Float64, "modes": pl.Int64, "mode": pl.Float64}
    schema |= {"reason_zh": pl.String, "reason_en": pl.String}
    return pl.DataFrame(rows, schema=schema)

"""Kernel densities over the years: whether a distribution moves, spreads, or splits into two."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
import polars as pl

from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.result import Provenance, Result
from xinzhi.sectors.parameters import setting
from xinzhi.sectors.reading import KEYS, frame_of, tidy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xinzhi.core.arrays import FloatArray
    from xinzhi.core.text import Language, Text

Rule = Literal["silverman", "scott"]
_FEWEST = 3


def bandwidth(values: FloatArray, rule: Rule | float = "silverman") -> float:
    """Return the bandwidth of a normal kernel.

    Parameters
    ----------
    values
        `(n,)`.
    rule
        ``silverman``: 0.9 times the smaller of the standard deviation and the interquartile range over 1.34, times
        n to the power of -1/5; ``scott``: the standard deviation times n to the power of -1/5; or a number.

    Returns
    -------
    float
        0 where all values are equal.

    Raises
    ------
    UsageError
        When the rule is unknown or a number that is not positive.

    Notes
    -----
    Silverman (1986), Density Estimation for Statistics and Data Analysis, equations 3.30 and 3.31; Scott (1992),
    Multivariate Density Estimation, as scipy's `gaussian_kde` uses it in one dimension.

    Examples
    --------
    >>> round(bandwidth(np.array([1.0, 2.0, 3.0, 4.0]), "scott"), 4)
    0.9784
    """
    if isinstance(rule, int | float):
        if not rule > 0:
            message = f"a bandwidth of {rule:g}: it must be positive."
            raise UsageError(message)
        return float(rule)
    if rule not in {"silverman", "scott"}:
        message = f"unknown bandwidth rule '{rule}': it is silverman, scott or a number."
        raise UsageError(message)
    values = np.asarray(values, dtype=np.float64)
    spread, factor = float(values.std(ddof=1)), float(np.power(values.size, -0.2))
    if rule == "scott":
        return spread * factor
    low, high = np.quantile(values, [0.25, 0.75])
    quartiles = float(high - low) / 1.34
    # more than half the values equal: the quartiles say nothing
    return 0.9 * (min(spread, quartiles) if quartiles > 0 else spread) * factor


def kernel_density(values: FloatArray, at: FloatArray, width: float) -> FloatArray:
    """Return the normal kernel density of values `(n,)` at the points `(m,)`.

    Examples
    --------
    >>> kernel_density(np.array([0.0]), np.array([0.0]), 1.0).round(4).tolist()
    [0.3989]
    """
    distance = (np.asarray(at)[:, None] - np.asarray(values)[None, :]) / width
    density: FloatArray = np.exp(-0.5 * distance**2).mean(axis=1) / (width * np.sqrt(2 * np.pi))
    return density


@dataclass(frozen=True, repr=False, kw_only=True)
class Densities(Result):
    """Kernel densities of one figure, year by year on one grid.

    Parameters
    ----------
    frame
        ``year, x, density``: the ridgelines.
    years
        ``year, regions, bandwidth, mean, deviation, modes, mode`` (number of peaks, and where the highest is); a year
        that has no density has a `reason_zh, reason_en`.
    rule
        How the bandwidth was chosen.
    names
        What the figure is called, where it has a name; `dataclasses.replace` adds it.
    """

    key: ClassVar[tuple[str, ...]] = ("year", "x")

    years: pl.DataFrame
    rule: str
    names: Mapping[str, Text] = field(default_factory=dict)

    def summary(self, language: Language = "en") -> str:
        """Return where the peak and the spread went, and whether there are several peaks."""
        drawn = self.years.drop_nulls("bandwidth")
        if not drawn.height:
            return self.provenance.foot()
        first, last = drawn.row(0, named=True), drawn.row(-1, named=True)
        value = str(self.provenance.options["value"])
        what = self.names[value].lang(language) if value in self.names else value
        line = (
            f"{what}，{first['year']}年至{last['year']}年：主峰由 {first['mode']:.4g} 移至 {last['mode']:.4g}，"
            f"标准差由 {first['deviation']:.4g} 变为 {last['deviation']:.4g}，"
            f"峰数 {first['modes']} → {last['modes']}（带宽：{self.rule}）"
            if language == "zh"
            else f"{what}, {first['year']} to {last['year']}: highest peak {first['mode']:.4g} to {last['mode']:.4g}, "
            f"standard deviation {first['deviation']:.4g} to {last['deviation']:.4g}, "
            f"peaks {first['modes']} to {last['modes']} (bandwidth: {self.rule})"
        )
        return f"{line}\n{self.provenance.foot()}"


def ridgelines(
    frame: object, value: str, *, years: Sequence[int] | None = None, rule: Rule | float = "silverman"
) -> Densities:
    """Return the kernel density of a figure over the regions in every year, on one grid.

    Parameters
    ----------
    frame
        A frame with ``region, year`` and the figure.
    value
        Its column.
    years
        Which years; all by default.
    rule
        Bandwidth of every year: see `bandwidth`.

    Raises
    ------
    UsageError
        When the rule is unknown.
    InputError
        When the column is missing, or no year has a density.

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
    from xinzhi import __version__

    columns, kind = frame_of(frame, [*KEYS, value], verb="ridgelines")
    table = tidy(columns, [value], verb="ridgelines").drop_nulls(value)
    table = table.filter(pl.col("year").is_in(list(years))) if years is not None else table
    samples = {int(year): table.filter(year=year)[value].to_numpy() for year in table["year"].unique().sort()}
    widths = {year: bandwidth(one, rule) if one.size >= _FEWEST else 0.0 for year, one in samples.items()}
    drawn = {year: width for year, width in widths.items() if width > 0}
    if not drawn:
        message = f"'{value}' has no density in any year: every year has fewer than {_FEWEST} regions or equal values."
        raise InputError(message)
    tail = setting("density.tails") * max(drawn.values())
    pool = np.concatenate([samples[year] for year in drawn])
    grid = np.linspace(pool.min() - tail, pool.max() + tail, int(setting("density.points")))
    curves = {year: kernel_density(samples[year], grid, width) for year, width in drawn.items()}
    points = [pl.DataFrame({"year": [year] * grid.size, "x": grid, "density": curve}) for year, curve in curves.items()]
    return Densities(
        frame=pl.concat(points).with_columns(pl.col("year").cast(pl.Int64)),
        years=_years(samples, drawn, curves, grid),
        rule=str(rule),
        kind=kind,
        provenance=Provenance(verb="ridgelines", version=__version__, options={"value": value, "rule": str(rule)}),
    )


def _years(
    samples: dict[int, FloatArray], drawn: dict[int, float], curves: dict[int, FloatArray], grid: FloatArray
) -> pl.DataFrame:
    """Return one row a year: its size, bandwidth, moments and peaks, or why it has no density."""
    rows = []
    for year, values in samples.items():
        few = values.size < _FEWEST
        row: dict[str, object] = {"year": year, "regions": values.size, "mean": float(values.mean())}
        if year in drawn:
            curve = curves[year]
            inner = curve[1:-1]
            peaks = np.flatnonzero((inner > curve[:-2]) & (inner >= curve[2:]))
            row |= {"bandwidth": drawn[year], "deviation": float(values.std(ddof=1))}
            row |= {"modes": int(peaks.size), "mode": float(grid[curve.argmax()])}
        else:
            row["reason_zh"] = f"不足 {_FEWEST} 个地区" if few else "数值全部相等"
            row["reason_en"] = f"fewer than {_FEWEST} regions" if few else "all values are equal"
        rows.append(row)
    schema = {
        "year": pl.Int64,
        "regions": pl.Int64,
        "bandwidth": pl.Float64,
        "mean": pl.Float64,
        "deviation": pl.Float64,
        "modes": pl.Int64,
        "mode": pl.Float64,
        "reason_zh": pl.String,
        "reason_en": pl.String,
    }
    return pl.DataFrame(rows, schema=schema)

"""The verb `peak_to_peak`: utilisation as output against the trend through its peaks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import polars as pl

from xinzhi.core.errors import InputError
from xinzhi.core.result import Result
from xinzhi.risks.inputs import finding, provenance, refuse, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinzhi.core.arrays import BoolArray, FloatArray
    from xinzhi.core.finding import Finding
    from xinzhi.core.text import Language

_FEWEST, _ROUNDING = 3, 1e-12


@dataclass(frozen=True, repr=False, kw_only=True)
class PeakToPeak(Result):
    """Utilisation by the trend through peaks.

    Parameters
    ----------
    frame
        ``unit, year, value, trend, utilisation, peak, section``: `utilisation` is value over trend, at most 1;
        `section` says whether the trend is ``between`` peaks, or carried on ``before`` the first or ``after`` the last.
    findings
        Units whose trend rests on fewer than two peaks, and gaps.
    """

    key: ClassVar[tuple[str, ...]] = ("unit", "year")

    findings: tuple[Finding, ...]

    def summary(self, language: Language = "en") -> str:
        """Return the lowest rate of the last year, and how much of it is carried on beyond the last peak."""
        last = self.frame.filter(pl.col("year") == pl.col("year").max()).sort("utilisation")
        low = last.row(0, named=True)
        beyond = last.filter(pl.col("section") == "after").height
        if language == "zh":
            return (
                f"{low['year']} 年 {last.height} 个单元中利用率最低的是 {low['unit']}（{low['utilisation']:.1%}）；"
                f"{beyond} 个的趋势是从最后一个峰值外推的。\n{self.provenance.foot()}"
            )
        return (
            f"{low['year']}: of {last.height} units {low['unit']} uses least of its capacity "
            f"({low['utilisation']:.1%}); the trend of {beyond} is carried on beyond the last peak.\n"
            f"{self.provenance.foot()}"
        )


def peak_to_peak(
    source: Any,  # noqa: ANN401 - any kind of frame
    *,
    unit: str = "industry",
    value: str = "output",
    fixed: str | None = None,
) -> PeakToPeak:
    """Measure utilisation against the log-linear trend through the peaks of output (or of output per fixed input).

    Parameters
    ----------
    source
        A frame with `unit`, ``year`` and `value`.
    unit, value
        Names of the columns.
    fixed
        A fixed input, such as the capital stock; the ratio of `value` to it is then followed.

    Raises
    ------
    InputError
        When a value is not positive, a year is missing inside a series, or a unit has fewer than three years.

    Notes
    -----
    Klein and Summers (1966), *The Wharton Index of Capacity Utilization*. Peaks are years above both neighbours; where
    a year lies above the line through them it becomes a peak too, so that no rate exceeds 1. Before the first and after
    the last peak the nearest line is carried on; with one peak the trend is level there and a finding says so. It takes
    every peak for full capacity: after a slump that never ended it calls the new level full.

    Examples
    --------
    >>> rows = pl.DataFrame({"industry": ["a"] * 5, "year": range(2000, 2005), "output": [1.0, 2.0, 1.0, 2.0, 1.0]})
    >>> peak_to_peak(rows).frame["utilisation"].to_list()
    [0.5, 1.0, 0.5, 1.0, 0.5]
    """
    numbers = [value] if fixed is None else [value, fixed]
    frame, kind = table(source, numbers, verb="peak_to_peak", keys=[unit, "year"])
    refuse(frame, numbers, verb="peak_to_peak", keys=[unit, "year"], positive=True)
    parts, findings = [], []
    for (name,), rows in frame.drop_nulls(numbers).group_by(unit, maintain_order=True):
        years = rows["year"].to_numpy()
        if len(years) < _FEWEST or (np.diff(years) != 1).any():
            message = (
                f"peak_to_peak: {name} has {len(years)} years, {years[0]}-{years[-1]}; at least {_FEWEST} without a "
                "gap are needed. Fill the gap or shorten the series."
            )
            raise InputError(message)
        series = rows[value].to_numpy() if fixed is None else (rows[value] / rows[fixed]).to_numpy()
        log = np.log(series)
        trend, peaks = through_peaks(log)
        if peaks.sum() == 1:
            findings.append(_one_peak(str(name), int(years[peaks][0])))
        parts.append(_rows(str(name), years.tolist(), log, trend, peaks))
    if not parts:
        message = f"peak_to_peak: no row has {' and '.join(numbers)}."
        raise InputError(message)
    return PeakToPeak(
        frame=pl.concat(parts),
        findings=tuple(findings),
        kind=kind,
        provenance=provenance("peak_to_peak", None, unit=unit, value=value, fixed=fixed),
    )


def through_peaks(series: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Return the trend through the peaks of a series (T,), nowhere below it, and where the peaks are.

    Examples
    --------
    >>> through_peaks(np.array([0.0, 2.0, 1.0, 4.0, 3.0]))[0].tolist()
    [1.0, 2.0, 3.0, 4.0, 5.0]
    """
    inner = (series[1:-1] > series[:-2]) & (series[1:-1] >= series[2:])
    peaks = np.concatenate([[False], inner, [False]])
    if not peaks.any():
        peaks[int(np.argmax(series))] = True
    while True:
        trend = _line(np.flatnonzero(peaks), series)
        over = np.where(peaks, 0.0, series - trend)
        highest = int(np.argmax(over))
        if over[highest] <= _ROUNDING:
            return np.maximum(trend, series), peaks
        peaks[highest] = True


def _line(at: np.ndarray[Any, np.dtype[np.int64]], series: FloatArray) -> FloatArray:
    """Return straight lines through the peaks, the outer ones carried on."""
    place = np.arange(len(series))
    trend = np.interp(place, at, series[at])
    if len(at) > 1:
        first = (series[at[1]] - series[at[0]]) / (at[1] - at[0])
        last = (series[at[-1]] - series[at[-2]]) / (at[-1] - at[-2])
        trend = np.where(place < at[0], series[at[0]] + first * (place - at[0]), trend)
        trend = np.where(place > at[-1], series[at[-1]] + last * (place - at[-1]), trend)
    return np.asarray(trend, dtype=float)


def _rows(unit: str, years: Sequence[int], log: FloatArray, trend: FloatArray, peaks: BoolArray) -> pl.DataFrame:
    at = np.flatnonzero(peaks)
    place = np.arange(len(log))
    section = np.where(place < at[0], "before", np.where(place > at[-1], "after", "between"))
    return pl.DataFrame(
        {
            "unit": [unit] * len(log),
            "year": years,
            "value": np.exp(log),
            "trend": np.exp(trend),
            "utilisation": np.exp(log - trend),
            "peak": peaks,
            "section": section.tolist(),
        }
    )


def _one_peak(unit: str, year: int) -> Finding:
    return finding(
        "one-peak",
        "warning",
        (f"只有 {year} 年一个峰值，趋势取水平", f"there is one peak, {year}: the trend is level"),
        ("延长序列，或改用调查数据。", "Lengthen the series, or use the survey."),
        key=unit,
    )

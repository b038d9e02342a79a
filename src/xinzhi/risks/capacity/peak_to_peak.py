"""The verb `peak_to_peak`: utilisation as output against the trend through its peaks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from xinzhi.core.arrays import AnyFrame, BoolArray, FloatArray
from xinzhi.core.errors import InputError
from xinzhi.core.finding import Finding, finding
from xinzhi.core.result import Facts, Result
from xinzhi.data import Field, tidy

_FEWEST, _ROUNDING, _FULL = 3, 1e-12, 0.9995  # full to the decimal that is shown


@dataclass(frozen=True, repr=False, kw_only=True)
class PeakToPeak(Result, verb="peak_to_peak", topic="overcapacity", key=("unit", "year")):
    """Utilisation by the trend through peaks, at most 1; one row a unit and year.

    `section` says whether the trend lies between peaks or is carried on; `findings` name the units with fewer than two.
    """

    findings: tuple[Finding, ...]

    def last(self) -> pl.DataFrame:
        """Return the last year of every unit, the lowest rate first."""
        return self.frame.sort("year").group_by("unit", maintain_order=True).last().sort("utilisation", "unit")

    def facts(self) -> Facts:
        """Return which unit is lowest in its last year, and how many trends are carried on beyond the last peak."""
        last = self.last()
        low = last.row(0, named=True)
        values = {
            "n": last.height, "name": self.names.region(low["unit"]), "rate": low["utilisation"], "year": low["year"],
            "k": last.filter(section="after").height,
        }  # fmt: skip
        return {"headline.all_at_line" if low["utilisation"] >= _FULL else "headline.last": values}


def peak_to_peak(
    source: AnyFrame, *, unit: str = "industry", value: str = "output", fixed: str | None = None
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
    fields = [Field(unit, "code"), Field("year", "year"), *(Field(name, sign="positive") for name in numbers)]
    read = tidy(source, fields, key=[unit, "year"], verb="peak_to_peak", named=True)
    parts, findings = [], []
    for (name,), rows in read.frame.drop_nulls(numbers).group_by(unit, maintain_order=True):
        years = rows["year"].to_numpy()
        if len(years) < _FEWEST or (np.diff(years) != 1).any():
            span: dict[str, Any] = {"first": int(years[0]), "last": int(years[-1])}
            raise InputError("capacity.too-few-years", name=name, n=len(years), least=_FEWEST, **span)
        series = rows[value].to_numpy() if fixed is None else (rows[value] / rows[fixed]).to_numpy()
        log = np.log(series)
        trend, peaks = through_peaks(log)
        if peaks.sum() == 1:
            findings.append(finding("capacity.one-peak", words={"year": int(years[peaks][0])}, key=str(name)))
        parts.append(_rows(str(name), years.tolist(), log, trend, peaks))
    if not parts:
        raise InputError("capacity.no-row", names=numbers)
    return PeakToPeak(
        frame=pl.concat(parts),
        findings=tuple(findings),
        kind=read.kind,
        provenance=read.provenance(unit=unit, value=value, fixed=fixed),
    )


def through_peaks(series: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Return the trend through the peaks of a series (T,), nowhere below it, and where the peaks are."""
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

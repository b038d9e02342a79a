"""Units by years: a long frame read into a matrix, with gaps, repeats and impossible values named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from xinzhi.core.arrays import AnyFrame, BoolArray, FloatArray, IntArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.finding import Finding, Severity, finding
from xinzhi.core.result import FrameKind
from xinzhi.data import Field, tidy
from xinzhi.pathways.conventions import check_option, setting

Gaps = Literal["refuse", "drop"]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitYears:
    """A matrix of units by years."""

    units: tuple[str, ...]
    years: IntArray
    values: FloatArray
    findings: tuple[Finding, ...] = ()
    kind: FrameKind = "polars"
    inputs: Mapping[str, str] = field(default_factory=dict)  # digest of what was read

    def row(self, unit: str) -> FloatArray:
        """Return the series of a unit."""
        if unit not in self.units:
            raise UsageError("pathways.unknown", what="unit", asked=unit, known=list(self.units))
        return np.asarray(self.values[self.units.index(unit)])


def read_unit_years(frame: AnyFrame, *, unit: str, time: str, value: str, verb: str) -> UnitYears:
    """Return a long frame as a matrix of units by years; what is missing is NaN."""
    fields = [Field("unit", "code", column=unit), Field("year", "year", column=time), Field("value", column=value)]
    table = tidy(frame, fields, key=("unit", "year"), verb=verb, table="panel", columns_from_caller=True)
    rows = table.frame.drop_nulls("value")
    if not rows.height:
        raise InputError("pathways.no-values", verb=verb, column=value)
    units, years = rows["unit"].unique().sort(), rows["year"].unique().sort()
    matrix = np.full((len(units), len(years)), np.nan)
    place = np.searchsorted(units.to_numpy(), rows["unit"].to_numpy())
    matrix[place, np.searchsorted(years.to_numpy(), rows["year"].to_numpy())] = rows["value"].to_numpy()
    return UnitYears(
        units=tuple(units.to_list()), years=years.to_numpy(), values=matrix, kind=table.kind, inputs=table.inputs
    )


def balanced(panel: UnitYears, *, verb: str, gaps: Gaps = "refuse", fewest: int = setting("log_t.units")) -> UnitYears:
    """Return a panel without gaps, at equal distances in time."""
    check_option("gaps", gaps, Gaps)
    years, units = panel.years, panel.units
    if len(years) < 2:  # noqa: PLR2004 - a change needs two years
        raise InputError("pathways.one-year", verb=verb, year=years[0])
    usual = int(np.median(steps := np.diff(years)))
    for place in np.flatnonzero(steps != usual)[:1]:
        raise InputError("pathways.uneven", verb=verb, first=years[place], last=years[place + 1], usual=usual)
    finite = np.isfinite(panel.values)
    holed = ~finite.all(axis=1)
    severity: Severity = "error" if gaps == "refuse" else "warning"
    findings = tuple(
        finding("pathways.gap", severity=severity, key=units[row], words={"years": years[~finite[row]].tolist()})
        for row in np.flatnonzero(holed)
    )
    if holed.any() and gaps == "refuse":
        names = [units[row] for row in np.flatnonzero(holed)]
        raise InputError("pathways.gaps", findings, verb=verb, n=len(names), of=len(units), units=names)
    complete = np.flatnonzero(~holed)
    if len(complete) < fewest:
        raise InputError("pathways.few-units", findings, verb=verb, n=len(complete), least=fewest)
    return replace(
        panel,
        units=tuple(units[row] for row in complete),
        values=panel.values[complete],
        findings=(*panel.findings, *findings),
    )


def logarithms(panel: UnitYears, *, verb: str) -> UnitYears:
    """Return the panel in natural logarithms."""
    units, years, values = panel.units, panel.years, panel.values
    findings = tuple(
        finding("pathways.no-logarithm", key=f"{units[row]}/{years[column]}", value=f"{values[row, column]:g}")
        for row, column in np.argwhere(values <= 0)
    )
    if findings:
        raise InputError("pathways.no-logarithms", findings, verb=verb, n=len(findings), first=findings[0].key)
    return replace(panel, values=np.log(values))


def span(panel: UnitYears, start: int | None, end: int | None, *, verb: str) -> UnitYears:
    """Return the years from `start` to `end`, both included."""
    mask: BoolArray = np.ones(len(panel.years), dtype=np.bool_)
    if start is not None:
        mask &= panel.years >= start
    if end is not None:
        mask &= panel.years <= end
    if not mask.any():
        raise UsageError(
            "pathways.no-years", verb=verb, start=start, end=end, first=panel.years[0], last=panel.years[-1]
        )
    return replace(panel, years=panel.years[mask], values=panel.values[:, mask])


def grown_alike(logs: FloatArray) -> bool:
    """Return whether logarithms, units by years, change from year to year by the same in all units, rounding apart."""
    return bool(np.ptp(np.diff(logs, axis=1), axis=0).max() <= logs.size * np.spacing(np.abs(logs).max()))

"""Which places and activities to measure: a filter that is written down, because the ranking depends on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.finding import Finding, finding
from xinzhi.data.frames import read_any

if TYPE_CHECKING:
    from collections.abc import Mapping


_SHOWN = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What a place and an activity must have to be measured; zero asks for nothing.

    Parameters
    ----------
    least_population
        Population of the place, in the unit of the mapping that is handed in (the Atlas: a million).
    least_value
        Mean total of the place over the periods, in the unit of the values (the Atlas: a billion US dollars of trade).
    least_activity
        Mean total of the activity over the periods.
    least_places
        Places in which the activity is not zero, in at least one period.
    least_periods
        Periods in which the place, and the activity, hold anything.
    """

    least_population: float = 0.0
    least_value: float = 0.0
    least_activity: float = 0.0
    least_places: int = 0
    least_periods: int = 0


def restrict(
    frame: Any,  # noqa: ANN401 - any kind of frame
    sample: Sample,
    *,
    place: str,
    activity: str,
    value: str,
    period: str | None = None,
    population: Mapping[str, float] | None = None,
) -> tuple[pl.DataFrame, tuple[Finding, ...]]:
    """Return the rows of the places and activities that pass, and a finding for each rule that left some out.

    Places are judged first, on all rows; activities afterwards, on what the places that stay hold. Every year is cut to
    the same places and activities, so that nothing enters or leaves by the filter.

    Parameters
    ----------
    frame
        One row per place, activity (and period).
    sample
        The filter.
    place, activity, value, period
        Names of its columns; no `period`: one date.
    population
        By place; needed for `Sample.least_population`.

    Returns
    -------
    tuple
        The rows that stay, as a polars frame, and the findings.

    Raises
    ------
    UsageError
        When a column or the population is missing.
    InputError
        When nothing is left.

    Examples
    --------
    >>> long = pl.DataFrame({"c": ["A", "A", "B"], "i": ["x", "y", "x"], "v": [5.0, 4.0, 1.0]})
    >>> rows, findings = restrict(long, Sample(least_value=2), place="c", activity="i", value="v")
    >>> rows["c"].to_list(), findings[0].message.en
    (['A', 'A'], '1 place holds less than 2 on average: B.')
    """
    table, _ = read_any(frame, "cells")
    rows = table.cells
    missing = [name for name in (place, activity, value, *([period] if period else [])) if name not in rows.columns]
    if missing:
        raise UsageError("pathways.no-column", column=missing, columns=rows.columns)
    amount = pl.col(value).cast(pl.Float64, strict=False).fill_null(0.0)
    times = rows[period].n_unique() if period else 1
    findings: list[Finding] = []
    rows = _populous(rows, place, sample.least_population, population, findings)
    for column, least, small, brief in (
        (place, sample.least_value, "pathways.small-places", "pathways.brief-places"),
        (activity, sample.least_activity, "pathways.small-activities", "pathways.brief-activities"),
    ):
        few = rows.group_by(column).agg(total=amount.sum() / times).filter(pl.col("total") < least)[column]
        rows = _without(rows, few, findings, small, least)
        if period and sample.least_periods:
            active = rows.filter(amount > 0).group_by(column).agg(n=pl.col(period).n_unique())
            kept = active.filter(pl.col("n") >= sample.least_periods)[column]
            few = rows.filter(~pl.col(column).is_in(kept.implode()))[column].unique()
            rows = _without(rows, few, findings, brief, sample.least_periods)
    spread = rows.filter(amount > 0).group_by(activity).agg(n=pl.col(place).n_unique())
    kept = spread.filter(pl.col("n") >= sample.least_places)[activity]
    rare = rows.filter(~pl.col(activity).is_in(kept.implode()))[activity].unique() if sample.least_places else kept[:0]
    rows = _without(rows, rare, findings, "pathways.rare-activities", sample.least_places)
    if rows.is_empty():
        raise InputError("pathways.filter-empty", findings)
    return rows, tuple(findings)


def _populous(
    rows: pl.DataFrame,
    place: str,
    least: float,
    population: Mapping[str, float] | None,
    findings: list[Finding],
) -> pl.DataFrame:
    """Leave out places with too few people."""
    if least <= 0:
        return rows
    if population is None:
        raise UsageError("pathways.no-population")
    names = rows[place].cast(pl.String).unique().to_list()
    unknown = sorted(name for name in names if name not in population)
    if unknown:
        raise UsageError("pathways.population-missing", places=unknown)
    few = pl.Series(place, [name for name in names if population[name] < least], dtype=pl.String)
    return _without(rows, few, findings, "pathways.few-people", least)


def _without(rows: pl.DataFrame, names: pl.Series, findings: list[Finding], rule: str, least: float) -> pl.DataFrame:
    """Leave out some names and say so."""
    if names.is_empty():
        return rows
    listed = sorted(str(name) for name in names)
    said = {"n": len(listed), "left": listed, "least": f"{least:g}"}
    findings.append(finding(rule, table="cells", column=names.name, words=said))
    return rows.filter(~pl.col(names.name).cast(pl.String).is_in(listed))

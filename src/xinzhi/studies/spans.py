"""Why one page has several figures of productivity growth: what span, weighting and method make of each difference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from xinzhi.studies.study import Study
from xinzhi.yardstick import Measurement

SCHEMA = {
    "topic": pl.String, "start": pl.Int64, "end": pl.Int64, "figure": pl.Float64, "same_span": pl.Float64,
    "reference": pl.Float64, "span_effect": pl.Float64, "weighting_effect": pl.Float64, "method_effect": pl.Float64,
}  # fmt: skip


def reconciled(measurement: Measurement, topics: Mapping[str, Study]) -> pl.DataFrame:
    """Return a row for every figure of productivity growth: the accounts' in the newest period, and what differs."""
    # `reference` plus the three effects is `figure`, exactly: the accounts' sum of the regions in the years of the
    # topic, the mean of the regions instead of their sum, and what is left, the method. `same_span` is the topic's own
    # figure in the newest period, where it has its years; the first row is of that period. Empty where the regions have
    # no sum.
    from xinzhi.yardstick import View

    view = View(measurement)
    added = _yearly(measurement.national, "year", "tfp_growth")
    newest = view.spans[-1] if view.spans else view.lead
    lead = range(newest.start + 1, newest.end + 1) if isinstance(newest.end, int) else range(0)
    if not added or not lead or not set(lead) <= set(added):
        return pl.DataFrame(schema=SCHEMA)
    years = {span: range(span.start + 1, span.end + 1) for span in (newest, view.lead, view.whole)}
    series: list[tuple[str, dict[int, float], dict[int, float]]] = [
        ("accounts", {year: added[year] for year in one}, added) for one in years.values() if set(one) <= set(added)
    ]
    if "sources" in topics:
        groups: Any = topics["sources"].results["sources"]
        series.append(("sources", _yearly(groups.groups.filter(region="total"), "year", "tfp_growth"), added))
    if "frontier" in topics:
        change: Any = topics["frontier"].results["change"]
        points = _yearly(change.complete, "period", "index")
        series.append(
            (
                "frontier",
                {year: one / 100 for year, one in points.items()},
                _yearly(measurement.frame, "year", "tfp_growth"),
            )
        )
    rows = [_row(*one, added, list(lead)) for one in series if one[1] and set(one[1]) <= set(added)]
    return pl.DataFrame(rows, schema=SCHEMA)


def _yearly(frame: pl.DataFrame, year: str, value: str) -> dict[int, float]:
    """Return the mean of a figure by year."""
    known = frame.fill_nan(None).drop_nulls(value).group_by(year).agg(pl.col(value).mean())
    return dict(known.sort(year).iter_rows())


def _row(
    topic: str, own: dict[int, float], alike: dict[int, float], added: dict[int, float], lead: list[int]
) -> dict[str, Any]:
    """Return one row: `alike` are the accounts weighted as the topic weighs regions, `added` those of their sum."""

    def mean(series: Mapping[int, float], years: Any) -> float:  # noqa: ANN401 - any years
        return sum(series[year] for year in years) / len(years)

    reference, figure = mean(added, lead), mean(own, own)
    return {
        "topic": topic, "start": min(own) - 1, "end": max(own), "figure": figure,
        "same_span": mean(own, lead) if set(lead) <= set(own) else None, "reference": reference,
        "span_effect": mean(added, own) - reference, "weighting_effect": mean(alike, own) - mean(added, own),
        "method_effect": figure - mean(alike, own),
    }  # fmt: skip

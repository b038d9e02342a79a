"""Categories of the herd test: their demand, prices and limits from the package."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.arrays import FloatArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.text import Text
from xinzhi.data import Package, names_of
from xinzhi.risks.inputs import GAPS, finite_number, setting

_QUARTERS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """One category of the plans."""

    code: str
    name: Text
    regions: tuple[str, ...]  # that name it
    sizes: FloatArray  # their shares of national employment in its divisions, of those that are known
    sized: tuple[str, ...]  # which regions these are
    divisions: tuple[str, ...]  # that the table `activity` has
    missing: tuple[str, ...]  # that it lacks
    base: float  # utilisation at the start (0-1)
    place: float  # share of its own past means over so many quarters that were lower
    spread: float  # standard deviation of its yearly log change
    survey: tuple[str, ...]  # the series behind both
    reason: Text | None  # why nothing can be computed; None where it can


def read_categories(
    package: Package, year: int | None, requested: Sequence[str] | None, demand: Collection[str] = ()
) -> tuple[int, int, tuple[Category, ...]]:
    """Return the year of the plans, the year of the sizes, and the categories; those of `demand` have their own."""
    verb = "herd_entry"
    plans = package.require("plans", ["region", "year", "category", "named"], verb=verb)
    kinds = package.require("plan_categories", ["category", "divisions"], verb=verb)
    jobs = package.require("activity", ["region", "industry", "year", "employment"], verb=verb, despite=GAPS)
    rates = package.require("capacity", ["period", "industry", "utilisation"], verb=verb)
    years = sorted(int(plan_year) for plan_year in plans["year"].unique())
    plan_year = years[-1] if year is None else year
    if plan_year not in years:
        raise UsageError("capacity.no-plans", year=plan_year, known=years)
    category_codes = kinds["category"].to_list()
    codes = sorted(category_codes) if requested is None else list(requested)
    if unknown := [code for code in codes if code not in category_codes]:
        raise UsageError("capacity.no-category", asked=unknown[0], known=sorted(category_codes))
    of_sizes = int(jobs["year"].max() or 0)  # type: ignore[arg-type] # whole years
    last = jobs.filter(pl.col("year") == of_sizes, pl.col("employment").is_not_null())
    employed: dict[str, dict[str, float]] = {}
    for industry, region, count in last.select("industry", "region", "employment").iter_rows():
        employed.setdefault(industry, {})[region] = count
    current_plans = plans.filter(pl.col("year") == plan_year, pl.col("named") > 0).sort("region")
    naming_regions = dict(current_plans.group_by("category", maintain_order=True).agg("region").iter_rows())
    division = dict(kinds.select("category", pl.col("divisions").str.split(";")).iter_rows())
    names, survey = names_of(package), survey_series(rates)
    return (
        plan_year,
        of_sizes,
        tuple(
            _category(
                code,
                names.text("category", code),
                naming_regions.get(code, []),
                division[code] or [],
                employed,
                survey,
                unjudged_reason(code, demand),
            )
            for code in codes
        ),
    )


def _category(
    code: str,
    name: Text,
    regions: Sequence[str],
    divisions: Sequence[str],
    employed: Mapping[str, Mapping[str, float]],
    survey: Mapping[str, tuple[str, float, float, float]],
    unjudged: str | None,
) -> Category:
    measured_divisions = [division for division in divisions if division in employed]
    weight = {division: sum(employed[division].values()) for division in measured_divisions}
    total = sum(weight.values())
    sizes_by_region = {
        region: [employed[part][region] for part in measured_divisions if region in employed[part]]
        for region in regions
    }
    sized = {region: sum(parts) / total for region, parts in sizes_by_region.items() if parts and total > 0}
    measured = unjudged != "utilisation_unknown"
    surveyed = (
        [division for division in measured_divisions if division in survey and weight[division] > 0] if measured else []
    )
    base = spread = place = float("nan")
    if surveyed:
        heavy = np.array([weight[division] for division in surveyed])
        base = float(np.average([survey[division][1] for division in surveyed], weights=heavy))
        spread = float(np.average([survey[division][2] for division in surveyed], weights=heavy))
        place = float(np.average([survey[division][3] for division in surveyed], weights=heavy))
    reasons = {
        "unmapped": not divisions,
        "no_division": not measured_divisions,
        "not_named": not regions,
        "not_surveyed": not surveyed,
        "no_size": not sized or float(np.median(list(sized.values()))) <= 0,
    }
    if not measured and measured_divisions and regions:
        reasons = {}
    why = next((key for key, holds in reasons.items() if holds), unjudged)
    return Category(
        code=code,
        name=name,
        regions=tuple(regions),
        sizes=np.array(list(sized.values())),
        sized=tuple(sized),
        divisions=tuple(measured_divisions),
        missing=tuple(division for division in divisions if division not in employed),
        base=base,
        place=place,
        spread=spread,
        survey=tuple(dict.fromkeys(survey[division][0] for division in surveyed)),
        reason=None if why is None else _reason(code, why, divisions),
    )


def _reason(code: str, why: str, divisions: Sequence[str]) -> Text:
    """Return why nothing can be computed, with what is dated of its supply where demand or use is what is missing."""
    part = setting("overcapacity", "not_as_output.part").get(code, {})
    reason, supply = (
        words.overcapacity.reason_of(why, divisions=divisions, **part),
        setting("overcapacity", "not_as_output.supply"),
    )
    if why not in {"demand_unknown", "utilisation_unknown"} or code not in supply:
        return reason
    return words.overcapacity.supply_beside(why=reason, seen=words.overcapacity.supply_of(code, **supply[code]))


def unjudged_reason(code: str, demand: Collection[str]) -> str | None:
    """Return why a category cannot be judged by its plants or by national output; None where it can."""
    if code in setting("overcapacity", "not_as_output.utilisation"):
        return "utilisation_unknown"
    if code in demand or code not in setting("overcapacity", "not_as_output.demand"):
        return None
    return "part_unknown" if code in setting("overcapacity", "not_as_output.part") else "demand_unknown"


def survey_series(rates: pl.DataFrame) -> dict[str, tuple[str, float, float, float]]:
    """Return for every division the survey series that stands for it, its level (0-1), log spread and place."""
    quarters = rates.filter(pl.col("period").str.contains("Q"), pl.col("utilisation").is_not_null()).with_columns(
        place=pl.col("period").str.slice(0, 4).cast(pl.Int64) * _QUARTERS
        + pl.col("period").str.slice(5, 1).cast(pl.Int64)
    )
    if not quarters.height:
        raise InputError("capacity.no-quarter")
    since = int(quarters["place"].max() or 0) - setting("overcapacity", "wave.base_quarters")  # type: ignore[arg-type] # whole
    recent = quarters.filter(pl.col("place") > since).group_by("industry")
    level = dict(recent.agg(pl.col("utilisation").mean() / 100).iter_rows())
    spread, places = _spreads(quarters), _places(quarters, since)
    by_division: dict[str, tuple[str, float, float, float]] = {}
    for wider in ("sections", "survey"):  # the narrower series comes last and stays
        for series, divisions in setting("overcapacity", f"utilisation.{wider}").items():
            if series in level:
                # a whole section says nothing of the place of an industry in its own past
                place = places[series] if wider == "survey" else float("nan")
                by_division |= {
                    division: (series, float(level[series]), spread[series], place) for division in divisions
                }
    return by_division


def _places(quarters: pl.DataFrame, since: int) -> dict[str, float]:
    """Return for every series the share of its own past means (of as many quarters) that lie below the last one."""
    span = setting("overcapacity", "wave.base_quarters")
    past_places = {}
    for (series,), rows in quarters.sort("place").group_by("industry"):
        when, rates = rows["place"].to_numpy(), rows["utilisation"].to_numpy()
        ends = range(int(when[0]) + span - 1, since + span + 1)
        inside = [(when > end - span) & (when <= end) for end in ends]
        means = np.array([rates[window].mean() for window in inside if window.any()])
        past_places[str(series)] = float((means[:-1] < means[-1]).mean()) if len(means) > 1 else float("nan")
    return past_places


def _spreads(quarters: pl.DataFrame) -> dict[str, float]:
    """Return the standard deviation of a year's log change; the convention where there are too few."""
    before = quarters.select("industry", place=pl.col("place") + _QUARTERS, past="utilisation")
    changes = (
        quarters.join(before, on=["industry", "place"])
        .with_columns(change=(pl.col("utilisation") / pl.col("past")).log())
        .group_by("industry")
        .agg(spread=pl.col("change").std(), count=pl.len())
    )
    usual, least = setting("overcapacity", "wave.spread"), setting("overcapacity", "wave.least_changes")
    spreads = dict.fromkeys(quarters["industry"].to_list(), float(usual))
    return spreads | {
        name: float(value) for name, value, count in changes.iter_rows() if count >= least and value is not None
    }


def national_growth(package: Package, window: int) -> tuple[float, int, int]:
    """Return the mean yearly growth of real output of all regions together, and its first and last year."""
    accounts = package.require("accounts", ["region", "year", "output_real"], verb="herd_entry", despite=GAPS)
    total = (
        accounts.drop_nulls("output_real")
        .group_by("year")
        .agg(pl.col("output_real").sum(), pl.col("region").n_unique())
        .filter(pl.col("region") == pl.col("region").max())
        .sort("year")
    )
    if total.height <= window:
        raise InputError("capacity.no-growth", window=window)
    first, last = total.row(-1 - window, named=True), total.row(-1, named=True)
    span = int(last["year"] - first["year"])
    return float((last["output_real"] / first["output_real"]) ** (1 / span) - 1), int(first["year"]), int(last["year"])


def check_demand(growth_rates: Mapping[str, float] | None, codes: Sequence[str]) -> None:
    """Refuse growth of a category that is not there, or no growth rate."""
    for code, rate in (growth_rates or {}).items():
        if code not in codes:
            raise UsageError("capacity.demand-of", code=code)
        if not -1 < finite_number("herd_entry", f"demand['{code}']", rate) < 1:
            raise UsageError("capacity.demand-rate", code=code, rate=rate)

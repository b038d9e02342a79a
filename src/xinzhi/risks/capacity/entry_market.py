"""A market into which capacity comes: what a wave of entry starts from, and what draws of it make of the market.

Demand, sizes and numbers are drawn once for a category and used on every path of demand, so that paths and kinds of
entry differ by what is assumed and not by chance.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.arrays import FloatArray, IntArray
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


def check_demand(growth_rates: Any, codes: Sequence[str]) -> None:  # noqa: ANN401 - a mapping, to be checked
    """Refuse growth of a category that is not there, or no growth rate."""
    for code, rate in (growth_rates or {}).items():
        if code not in codes:
            raise UsageError("capacity.demand-of", code=code)
        if not -1 < finite_number("herd_entry", f"demand['{code}']", rate) < 1:
            raise UsageError("capacity.demand-rate", code=code, rate=rate)


_STEPS = 100
ENTRY, CUTS = ("all", "uncertain"), setting("overcapacity", "told.cuts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """What is assumed of a market."""

    demand_elasticity: float
    supply_elasticity: float
    variable_cost: float
    margin: float
    spillover: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what is no market."""
        if not self.demand_elasticity > 0:
            raise UsageError("capacity.market-demand")
        if not self.supply_elasticity >= 0:
            raise UsageError("capacity.market-supply")
        if not 0 < self.variable_cost <= 1:
            raise UsageError("capacity.market-variable-cost")
        if not 1 - self.variable_cost - self.margin >= 0:
            raise UsageError("capacity.market-shares")
        if not self.margin > 0:
            raise UsageError("capacity.market-margin")
        if not self.spillover < 1:
            raise UsageError("capacity.market-spillover")

    @property
    def fixed_cost(self) -> float:
        """Fixed cost as a share of revenue at the start."""
        return 1.0 - self.variable_cost - self.margin


def pressure(market: Market, demand: FloatArray, added: FloatArray) -> FloatArray:
    """Return demand over capacity, both 1 at the start; utilisation and price rise with it."""
    capacity = 1.0 + added
    return np.asarray(demand * capacity ** (market.spillover - 1.0) if market.spillover else demand / capacity)


def outcome(market: Market, base: float, demand: FloatArray, added: FloatArray) -> tuple[FloatArray, FloatArray]:
    r"""Return utilisation and price (1 at the start) once capacity is added."""
    # Demand :math:`u_0 D\,p^{-\varepsilon}` meets :math:`u_0 p^{\sigma} K` with :math:`K = 1 + A` and :math:`D = (1 +
    # G) K^{\theta}`: :math:`p = x^{1/(\sigma+\varepsilon)}`, :math:`u = u_0 p^{\sigma}`, :math:`x = D/K`. Where that
    # passes full capacity, :math:`u = 1` and the price clears the market.
    x = pressure(market, demand, added)
    price = x ** (1.0 / (market.supply_elasticity + market.demand_elasticity))
    used = base * price**market.supply_elasticity
    full = used > 1.0
    if full.any():
        price = np.where(full, (base * x) ** (1.0 / market.demand_elasticity), price)
    return np.minimum(used, 1.0), price


def profit(market: Market, base: float, used: FloatArray, price: FloatArray) -> FloatArray:
    """Return profit of a unit of capacity over its revenue at the start."""
    return np.asarray((price - market.variable_cost) * used / base - market.fixed_cost)


def break_even_ratio(market: Market) -> float:
    r"""Return demand over capacity (both 1 at the start) at which profit is nil."""
    # The price solves :math:`p^{1+\sigma} - v p^{\sigma} = F`, which rises in :math:`p` on :math:`[v, 1]`; then
    # :math:`x^* = p^{\sigma+\varepsilon}`.
    low, high, power = market.variable_cost, 1.0, market.supply_elasticity
    for _ in range(_STEPS):
        middle = (low + high) / 2
        earns = middle ** (1 + power) - market.variable_cost * middle**power > market.fixed_cost
        low, high = (low, middle) if earns else (middle, high)
    return float(high ** (power + market.demand_elasticity))


def threshold_ratio(market: Market, base: float, threshold: float) -> float | None:
    """Return demand over capacity (both 1 at the start) at which utilisation is the threshold (both 0-1)."""
    # None where prices take all the excess and utilisation does not move.
    if not market.supply_elasticity > 0:
        return None
    return float((threshold / base) ** (1.0 + market.demand_elasticity / market.supply_elasticity))


def break_even_capacity(market: Market, demand: FloatArray, ratio: float) -> FloatArray:
    """Return the capacity (added over that of the start) at which `demand` over capacity is `ratio`."""
    # May be negative.
    return np.asarray((demand / ratio) ** (1.0 / (1.0 - market.spillover)) - 1.0)


def offsetting_spillover(demand: float, added: float) -> float | None:
    """Return the elasticity of demand with respect to capacity that would keep utilisation; None without entry."""
    # Zero or below: demand outgrows capacity by itself. Above 1: no spill-over of that kind would do.
    return None if added <= 0 else float(1.0 - np.log(demand) / np.log1p(added))


def simulate(
    category: Category, market: Market, growth: tuple[float, str], rules: Mapping[str, Any], seed: int
) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of one category for the frame, the bands and the waves of `herd_entry`."""
    head: dict[str, Any] = {
        "category": category.code,
        "name_zh": category.name.zh,
        "name_en": category.name.en,
        "regions": len(category.regions),
        "survey": ";".join(category.survey) or None,
        "divisions": ";".join(category.divisions) or None,
    }
    # a forecast of the trade is the base path; the others keep their distance from it
    rates = {path: growth[0] * multiple for path, multiple in rules["demand"].items()}
    rows: dict[str, list[dict[str, Any]]] = {"frame": [], "bands": [], "waves": []}
    if category.reason is not None:
        why = {"growth_source": growth[1], "status_zh": category.reason.zh, "status_en": category.reason.en}
        if np.isfinite(category.base):  # what is used today is known where only its demand is not
            head |= {"base_utilisation": category.base, "base_place": _finite_or_none(category.place)}
        rows["frame"] = [
            head | why | {"entry": entry, "demand": path, "growth": None if growth[1] == "unknown" else rate}
            for path, rate in rates.items()
            for entry in ENTRY
        ]
        return rows
    draws = _draw(category, rules, np.random.default_rng([seed, crc32(category.code.encode())]))
    done = words.overcapacity.status_computed()
    ratio, edge = break_even_ratio(market), threshold_ratio(market, category.base, float(rules["threshold"]) / 100)
    for path, rate in rates.items():
        demands = np.exp(int(rules["horizon"]) * np.log1p(rate) + draws.shocks)
        bears = _at(
            CUTS, np.sort(demands), lambda demand: break_even_capacity(market, demand, ratio) / draws.entrant_size
        )
        # a draw ends at the threshold with that many entrants, so that half of the draws do with their median
        few = None if edge is None else float(np.median(break_even_capacity(market, demands, edge) / draws.size))
        more = _three("break_even", bears) | {"growth": rate, "growth_source": growth[1], "entrants_at_threshold": few}
        for entry in ENTRY:
            head_of_path: dict[str, Any] = {"entry": entry, "demand": path}
            figures, bands, middle = _outcomes(category, market, rules, draws, demands, entry)
            needed = None if edge is None else (1.0 + rate) * (edge / middle) ** (1.0 / int(rules["horizon"])) - 1.0
            status: dict[str, Any] = {"growth_at_threshold": needed, "status_zh": done.zh, "status_en": done.en}
            rows["frame"].append(head | head_of_path | more | figures | status)
            rows["bands"].extend({"category": category.code} | head_of_path | band for band in bands)
    rows["waves"] = [_wave(category, market, rules, draws, growth[0] * rules["demand"]["base"])]
    return rows


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draws:
    """What is drawn for a category, (B,) each."""

    # `shocks` multiply demand at the end of the horizon (in logs), `added` is the capacity that each kind of entry adds
    # (over that of the nation), `own_entry` that of an entrant which knows nothing of the others; `size` is that of one
    # in each draw, `entrant_size` its middle.

    shocks: FloatArray
    added: Mapping[str, FloatArray]
    usual: Mapping[str, float]
    own_entry: FloatArray
    size: FloatArray
    entrant_size: float


def _draw(category: Category, rules: Mapping[str, Any], rng: np.random.Generator) -> _Draws:
    count, most = int(rules["draws"]), len(category.regions)
    shocks = np.sqrt(int(rules["horizon"])) * category.spread * rng.standard_normal(count)
    uncertain = _how_many(most, rules, rng)
    size = _sizes(category, rules, rng)
    numbers = {"all": np.full(count, most), "uncertain": uncertain}
    added = {entry: _capacity_growth(size, numbers[entry], rules, rng) for entry in ENTRY}
    median = rules["rule"] == "median"
    entrant_size = float(np.median(size)) if median else float(np.mean(size))
    return _Draws(
        shocks=shocks,
        added=added,
        usual={entry: float(np.median(capacity)) for entry, capacity in added.items()},
        own_entry=_capacity_growth(size, 1 + _how_many(most - 1, rules, rng), rules, rng),
        size=size if median else np.full(count, entrant_size),
        entrant_size=entrant_size,
    )


def _sizes(category: Category, rules: Mapping[str, Any], rng: np.random.Generator) -> FloatArray:
    """Return sizes: a median for each draw (resampled over the regions), or what each region adds to its own."""
    if rules["rule"] == "own":
        return category.sizes * float(rules["expansion"])
    count = len(category.sizes)
    order = np.argsort(category.sizes)
    ranks = np.argsort(order)
    # whole numbers sort faster than sizes: the median of the ranks is that of the sizes
    again = np.sort(ranks[rng.integers(count, size=(int(rules["draws"]), count))], axis=1)
    middle = category.sizes[order][again[:, [(count - 1) // 2, count // 2]]].mean(axis=1)
    return np.asarray(middle * float(rules["scale"]))


def _how_many(regions: int, rules: Mapping[str, Any], rng: np.random.Generator) -> IntArray:
    """Draw how many of so many regions build, when the share that does is common and unknown."""
    a, b = (float(shape) for shape in rules["realised"])
    return np.asarray(rng.binomial(regions, rng.beta(a, b, size=int(rules["draws"]))), dtype=np.int64)


def _capacity_growth(
    size: FloatArray, entrants: IntArray, rules: Mapping[str, Any], rng: np.random.Generator
) -> FloatArray:
    """Return capacity added over that of the nation, for each draw."""
    if rules["rule"] == "median":
        return np.asarray(size * entrants)
    order = rng.permuted(np.tile(size, (len(entrants), 1)), axis=1)
    upto = np.arange(order.shape[1])[None, :] < entrants[:, None]
    return np.asarray((order * upto).sum(axis=1))


def _outcomes(
    category: Category, market: Market, rules: Mapping[str, Any], draws: _Draws, demands: FloatArray, entry: str
) -> tuple[dict[str, Any], list[dict[str, Any]], float]:
    """Return the figures of one path of demand and kind of entry, their percentiles, and demand over capacity."""
    added = draws.added[entry]
    used, price = outcome(market, category.base, demands, added)
    gain = profit(market, category.base, used, price)
    # utilisation and price rise with demand over capacity: that alone has to be put in order
    x = np.sort(pressure(market, demands, added))
    cuts = [*CUTS, *(float(cut) for cut in rules["percentiles"])]
    ends = _at(cuts, x, lambda x: np.stack(outcome(market, category.base, x, np.zeros_like(x))))
    figures = (
        _three("utilisation", ends[0])
        | _three("price", ends[1])
        | {
            "base_utilisation": category.base,
            "base_place": _finite_or_none(category.place),
            "entrant_size": draws.entrant_size,
            "capacity_added": draws.usual[entry],
            "chance_below": float((used * 100 < float(rules["threshold"])).mean()),
            "profit": float(gain.mean()),
            "chance_loss": float((gain < 0).mean()),
            "offsetting_spillover": offsetting_spillover(float(np.median(demands)), draws.usual[entry]),
        }
    )
    bands = [
        {"percentile": int(cut), "utilisation": float(u), "price": float(p)}
        for cut, u, p in zip(rules["percentiles"], *ends[:, len(CUTS) :], strict=True)
    ]
    return figures, bands, float(np.median(x))


def _finite_or_none(figure: float) -> float | None:
    """Return a figure; None where it is not a number."""
    return figure if np.isfinite(figure) else None


def _three(name: str, percentiles: FloatArray) -> dict[str, float]:
    """Return the median, low and high of a figure from its first three percentiles."""
    low, middle, high = (float(figure) for figure in percentiles[: len(CUTS)])
    return {name: middle, f"{name}_low": low, f"{name}_high": high}


def _at(cuts: Sequence[float], ordered: FloatArray, what: Callable[[FloatArray], FloatArray]) -> FloatArray:
    """Return percentiles (..., C) of a rising function of draws in order (B,), between draws on a straight line."""
    place = (len(ordered) - 1) * np.asarray(cuts, dtype=float) / 100
    below = np.floor(place).astype(int)
    low, high = what(ordered[below]), what(ordered[np.minimum(below + 1, len(ordered) - 1)])
    return np.asarray(low + (place - below) * (high - low))


def _wave(category: Category, market: Market, rules: Mapping[str, Any], draws: _Draws, rate: float) -> dict[str, Any]:
    """Return what an entrant expects that knows its own entry and nothing of the others', and what all get."""
    demands = np.exp(int(rules["horizon"]) * np.log1p(rate) + draws.shocks)
    profit_alone, profit_of_all = (
        profit(market, category.base, *outcome(market, category.base, demands, added))
        for added in (draws.own_entry, draws.added["all"])
    )
    return {
        "category": category.code,
        "expected_profit": float(profit_alone.mean()),
        "chance_loss": float((profit_alone < 0).mean()),
        "profit_if_all": float(profit_of_all.mean()),
        "wave": bool(profit_alone.mean() > 0 > profit_of_all.mean()),
    }

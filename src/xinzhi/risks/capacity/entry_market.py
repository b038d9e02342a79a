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

from xinzhi.core.arrays import FloatArray, IntArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.text import Text, words
from xinzhi.data import Package, names_of
from xinzhi.risks.inputs import GAPS, checked, setting

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
    package: Package, year: int | None, asked: Sequence[str] | None, demand: Collection[str] = ()
) -> tuple[int, int, tuple[Category, ...]]:
    """Return the year of the plans, the year of the sizes, and the categories; those of `demand` have their own."""
    verb = "herd_entry"
    plans = package.require("plans", ["region", "year", "category", "named"], verb=verb)
    kinds = package.require("plan_categories", ["category", "divisions"], verb=verb)
    jobs = package.require("activity", ["region", "industry", "year", "employment"], verb=verb, despite=GAPS)
    rates = package.require("capacity", ["period", "industry", "utilisation"], verb=verb)
    years = sorted(int(one) for one in plans["year"].unique())
    chosen = years[-1] if year is None else year
    if chosen not in years:
        raise UsageError("capacity.no-plans", year=chosen, known=years)
    known = kinds["category"].to_list()
    codes = sorted(known) if asked is None else list(asked)
    if unknown := [code for code in codes if code not in known]:
        raise UsageError("capacity.no-category", asked=unknown[0], known=sorted(known))
    of_sizes = int(jobs["year"].max() or 0)  # type: ignore[arg-type] # whole years
    last = jobs.filter(pl.col("year") == of_sizes, pl.col("employment").is_not_null())
    employed: dict[str, dict[str, float]] = {}
    for industry, region, count in last.select("industry", "region", "employment").iter_rows():
        employed.setdefault(industry, {})[region] = count
    here = plans.filter(pl.col("year") == chosen, pl.col("named") > 0).sort("region")
    named = dict(here.group_by("category", maintain_order=True).agg("region").iter_rows())
    division = dict(kinds.select("category", pl.col("divisions").str.split(";")).iter_rows())
    names, survey = names_of(package), survey_series(rates)
    return (
        chosen,
        of_sizes,
        tuple(
            _category(
                code,
                names.text("category", code),
                named.get(code, []),
                division[code] or [],
                employed,
                survey,
                unjudged(code, demand),
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
    there = [one for one in divisions if one in employed]
    weight = {one: sum(employed[one].values()) for one in there}
    total = sum(weight.values())
    own = {one: [employed[part][one] for part in there if one in employed[part]] for one in regions}
    sized = {one: sum(parts) / total for one, parts in own.items() if parts and total > 0}
    measured = unjudged != "utilisation_unknown"
    surveyed = [one for one in there if one in survey and weight[one] > 0] if measured else []
    base = spread = place = float("nan")
    if surveyed:
        heavy = np.array([weight[one] for one in surveyed])
        base = float(np.average([survey[one][1] for one in surveyed], weights=heavy))
        spread = float(np.average([survey[one][2] for one in surveyed], weights=heavy))
        place = float(np.average([survey[one][3] for one in surveyed], weights=heavy))
    reasons = {
        "unmapped": not divisions,
        "no_division": not there,
        "not_named": not regions,
        "not_surveyed": not surveyed,
        "no_size": not sized or float(np.median(list(sized.values()))) <= 0,
    }
    if not measured and there and regions:
        reasons = {}
    why = next((key for key, holds in reasons.items() if holds), unjudged)
    return Category(
        code=code,
        name=name,
        regions=tuple(regions),
        sizes=np.array(list(sized.values())),
        sized=tuple(sized),
        divisions=tuple(there),
        missing=tuple(one for one in divisions if one not in employed),
        base=base,
        place=place,
        spread=spread,
        survey=tuple(dict.fromkeys(survey[one][0] for one in surveyed)),
        reason=None if why is None else _reason(code, why, divisions),
    )


def _reason(code: str, why: str, divisions: Sequence[str]) -> Text:
    """Return why nothing can be computed, with what is dated of its supply where demand or use is what is missing."""
    part = setting("overcapacity", "not_as_output.part").get(code, {})
    said, seen = (
        words(f"overcapacity.reason.{why}", divisions=divisions, **part),
        setting("overcapacity", "not_as_output.supply"),
    )
    if why not in {"demand_unknown", "utilisation_unknown"} or code not in seen:
        return said
    return words("overcapacity.supply.beside", why=said, seen=words(f"overcapacity.supply.{code}", **seen[code]))


def unjudged(code: str, demand: Collection[str]) -> str | None:
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
    found: dict[str, tuple[str, float, float, float]] = {}
    for wider in ("sections", "survey"):  # the narrower series comes last and stays
        for series, divisions in setting("overcapacity", f"utilisation.{wider}").items():
            if series in level:
                # a whole section says nothing of the place of an industry in its own past
                own = places[series] if wider == "survey" else float("nan")
                found |= {one: (series, float(level[series]), spread[series], own) for one in divisions}
    return found


def _places(quarters: pl.DataFrame, since: int) -> dict[str, float]:
    """Return for every series the share of its own past means (of as many quarters) that lie below the last one."""
    span = setting("overcapacity", "wave.base_quarters")
    found = {}
    for (series,), own in quarters.sort("place").group_by("industry"):
        when, rates = own["place"].to_numpy(), own["utilisation"].to_numpy()
        ends = range(int(when[0]) + span - 1, since + span + 1)
        inside = [(when > end - span) & (when <= end) for end in ends]
        means = np.array([rates[one].mean() for one in inside if one.any()])
        found[str(series)] = float((means[:-1] < means[-1]).mean()) if len(means) > 1 else float("nan")
    return found


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
    found = dict.fromkeys(quarters["industry"].to_list(), float(usual))
    return found | {
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


def check_demand(given: Any, codes: Sequence[str]) -> None:  # noqa: ANN401 - a mapping, to be checked
    """Refuse growth of a category that is not there, or no growth rate."""
    for code, rate in (given or {}).items():
        if code not in codes:
            raise UsageError("capacity.demand-of", code=code)
        if not -1 < checked("herd_entry", f"demand['{code}']", rate) < 1:
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
    one: Category, market: Market, growth: tuple[float, str], rules: Mapping[str, Any], seed: int
) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of one category for the frame, the bands and the waves of `herd_entry`."""
    head: dict[str, Any] = {
        "category": one.code,
        "name_zh": one.name.zh,
        "name_en": one.name.en,
        "regions": len(one.regions),
        "survey": ";".join(one.survey) or None,
        "divisions": ";".join(one.divisions) or None,
    }
    # a forecast of the trade is the base path; the others keep their distance from it
    rates = {path: growth[0] * multiple for path, multiple in rules["demand"].items()}
    rows: dict[str, list[dict[str, Any]]] = {"frame": [], "bands": [], "waves": []}
    if one.reason is not None:
        why = {"growth_source": growth[1], "status_zh": one.reason.zh, "status_en": one.reason.en}
        if np.isfinite(one.base):  # what is used today is known where only its demand is not
            head |= {"base_utilisation": one.base, "base_place": _known(one.place)}
        rows["frame"] = [
            head | why | {"entry": entry, "demand": path, "growth": None if growth[1] == "unknown" else rate}
            for path, rate in rates.items()
            for entry in ENTRY
        ]
        return rows
    draws = _draw(one, rules, np.random.default_rng([seed, crc32(one.code.encode())]))
    done = words("overcapacity.status.computed")
    ratio, edge = break_even_ratio(market), threshold_ratio(market, one.base, float(rules["threshold"]) / 100)
    for path, rate in rates.items():
        wanted = np.exp(int(rules["horizon"]) * np.log1p(rate) + draws.shocks)
        bears = _at(CUTS, np.sort(wanted), lambda demand: break_even_capacity(market, demand, ratio) / draws.each)
        # a draw ends at the threshold with that many entrants, so that half of the draws do with their median
        few = None if edge is None else float(np.median(break_even_capacity(market, wanted, edge) / draws.size))
        more = _three("break_even", bears) | {"growth": rate, "growth_source": growth[1], "entrants_at_threshold": few}
        for entry in ENTRY:
            here: dict[str, Any] = {"entry": entry, "demand": path}
            figures, bands, middle = _outcomes(one, market, rules, draws, wanted, entry)
            needed = None if edge is None else (1.0 + rate) * (edge / middle) ** (1.0 / int(rules["horizon"])) - 1.0
            said: dict[str, Any] = {"growth_at_threshold": needed, "status_zh": done.zh, "status_en": done.en}
            rows["frame"].append(head | here | more | figures | said)
            rows["bands"].extend({"category": one.code} | here | band for band in bands)
    rows["waves"] = [_wave(one, market, rules, draws, growth[0] * rules["demand"]["base"])]
    return rows


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draws:
    """What is drawn for a category, (B,) each."""

    # `shocks` multiply demand at the end of the horizon (in logs), `added` is the capacity that each kind of entry adds
    # (over that of the nation), `alone` that of an entrant which knows nothing of the others; `size` is that of one in
    # each draw, `each` its middle.

    shocks: FloatArray
    added: Mapping[str, FloatArray]
    usual: Mapping[str, float]
    alone: FloatArray
    size: FloatArray
    each: float


def _draw(one: Category, rules: Mapping[str, Any], rng: np.random.Generator) -> _Draws:
    count, most = int(rules["draws"]), len(one.regions)
    shocks = np.sqrt(int(rules["horizon"])) * one.spread * rng.standard_normal(count)
    some = _how_many(most, rules, rng)
    size = _sizes(one, rules, rng)
    numbers = {"all": np.full(count, most), "uncertain": some}
    added = {entry: _added(size, numbers[entry], rules, rng) for entry in ENTRY}
    median = rules["rule"] == "median"
    each = float(np.median(size)) if median else float(np.mean(size))
    return _Draws(
        shocks=shocks,
        added=added,
        usual={entry: float(np.median(capacity)) for entry, capacity in added.items()},
        alone=_added(size, 1 + _how_many(most - 1, rules, rng), rules, rng),
        size=size if median else np.full(count, each),
        each=each,
    )


def _sizes(one: Category, rules: Mapping[str, Any], rng: np.random.Generator) -> FloatArray:
    """Return sizes: a median for each draw (resampled over the regions), or what each region adds to its own."""
    if rules["rule"] == "own":
        return one.sizes * float(rules["expansion"])
    known = len(one.sizes)
    order = np.argsort(one.sizes)
    ranks = np.argsort(order)
    # whole numbers sort faster than sizes: the median of the ranks is that of the sizes
    again = np.sort(ranks[rng.integers(known, size=(int(rules["draws"]), known))], axis=1)
    middle = one.sizes[order][again[:, [(known - 1) // 2, known // 2]]].mean(axis=1)
    return np.asarray(middle * float(rules["scale"]))


def _how_many(regions: int, rules: Mapping[str, Any], rng: np.random.Generator) -> IntArray:
    """Draw how many of so many regions build, when the share that does is common and unknown."""
    a, b = (float(one) for one in rules["realised"])
    return np.asarray(rng.binomial(regions, rng.beta(a, b, size=int(rules["draws"]))), dtype=np.int64)


def _added(size: FloatArray, entrants: IntArray, rules: Mapping[str, Any], rng: np.random.Generator) -> FloatArray:
    """Return capacity added over that of the nation, for each draw."""
    if rules["rule"] == "median":
        return np.asarray(size * entrants)
    order = rng.permuted(np.tile(size, (len(entrants), 1)), axis=1)
    upto = np.arange(order.shape[1])[None, :] < entrants[:, None]
    return np.asarray((order * upto).sum(axis=1))


def _outcomes(
    one: Category, market: Market, rules: Mapping[str, Any], draws: _Draws, wanted: FloatArray, entry: str
) -> tuple[dict[str, Any], list[dict[str, Any]], float]:
    """Return the figures of one path of demand and kind of entry, their percentiles, and demand over capacity."""
    added = draws.added[entry]
    used, price = outcome(market, one.base, wanted, added)
    gain = profit(market, one.base, used, price)
    # utilisation and price rise with demand over capacity: that alone has to be put in order
    x = np.sort(pressure(market, wanted, added))
    cuts = [*CUTS, *(float(cut) for cut in rules["percentiles"])]
    ends = _at(cuts, x, lambda x: np.stack(outcome(market, one.base, x, np.zeros_like(x))))
    figures = (
        _three("utilisation", ends[0])
        | _three("price", ends[1])
        | {
            "base_utilisation": one.base,
            "base_place": _known(one.place),
            "entrant_size": draws.each,
            "capacity_added": draws.usual[entry],
            "chance_below": float((used * 100 < float(rules["threshold"])).mean()),
            "profit": float(gain.mean()),
            "chance_loss": float((gain < 0).mean()),
            "offsetting_spillover": offsetting_spillover(float(np.median(wanted)), draws.usual[entry]),
        }
    )
    bands = [
        {"percentile": int(cut), "utilisation": float(u), "price": float(p)}
        for cut, u, p in zip(rules["percentiles"], *ends[:, len(CUTS) :], strict=True)
    ]
    return figures, bands, float(np.median(x))


def _known(figure: float) -> float | None:
    """Return a figure; None where it is not a number."""
    return figure if np.isfinite(figure) else None


def _three(name: str, found: FloatArray) -> dict[str, float]:
    """Return the median, low and high of a figure from its first three percentiles."""
    low, middle, high = (float(one) for one in found[: len(CUTS)])
    return {name: middle, f"{name}_low": low, f"{name}_high": high}


def _at(cuts: Sequence[float], ordered: FloatArray, what: Callable[[FloatArray], FloatArray]) -> FloatArray:
    """Return percentiles (..., C) of a rising function of draws in order (B,), between draws on a straight line."""
    place = (len(ordered) - 1) * np.asarray(cuts, dtype=float) / 100
    below = np.floor(place).astype(int)
    low, high = what(ordered[below]), what(ordered[np.minimum(below + 1, len(ordered) - 1)])
    return np.asarray(low + (place - below) * (high - low))


def _wave(one: Category, market: Market, rules: Mapping[str, Any], draws: _Draws, rate: float) -> dict[str, Any]:
    """Return what an entrant expects that knows its own entry and nothing of the others', and what all get."""
    wanted = np.exp(int(rules["horizon"]) * np.log1p(rate) + draws.shocks)
    alone, every = (
        profit(market, one.base, *outcome(market, one.base, wanted, added))
        for added in (draws.alone, draws.added["all"])
    )
    return {
        "category": one.code,
        "expected_profit": float(alone.mean()),
        "chance_loss": float((alone < 0).mean()),
        "profit_if_all": float(every.mean()),
        "wave": bool(alone.mean() > 0 > every.mean()),
    }

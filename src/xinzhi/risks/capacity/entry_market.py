"""A market into which capacity comes: what a wave of entry starts from, and what draws of it make of the market.

Demand, sizes and numbers are drawn once for a category and used on every path of demand, so that paths and kinds of
entry differ by what is assumed and not by chance.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypedDict
from zlib import crc32

import numpy as np

from xinzhi import words
from xinzhi.core.arrays import FloatArray, IntArray
from xinzhi.core.errors import UsageError
from xinzhi.risks.capacity.entry_categories import Category
from xinzhi.risks.inputs import setting

_STEPS = 100
Row = dict[str, object]


class Choices(TypedDict, total=False):
    """What ``overcapacity.yaml`` has under `wave` beside the paths of demand, and `spillover`."""

    horizon: int
    draws: int
    window: int
    least_changes: int
    base_quarters: int
    rule: Literal["median", "own"]
    scale: float
    expansion: float
    threshold: float
    spread: float
    realised: tuple[float, float]
    percentiles: Sequence[float]
    demand_elasticity: float
    supply_elasticity: float
    variable_cost: float
    margin: float
    spillover: float


class Assumptions(Choices, total=False):
    """All that is assumed; `demand` has a multiple of growth for each path."""

    demand: Mapping[str, float]


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
    category: Category, market: Market, growth: tuple[float, str], rules: Assumptions, seed: int
) -> dict[str, list[Row]]:
    """Return the rows of one category for the frame, the bands and the waves of `herd_entry`."""
    head: Row = {
        "category": category.code,
        "name_zh": category.name.zh,
        "name_en": category.name.en,
        "regions": len(category.regions),
        "survey": ";".join(category.survey) or None,
        "divisions": ";".join(category.divisions) or None,
    }
    # a forecast of the trade is the base path; the others keep their distance from it
    rates = {path: growth[0] * multiple for path, multiple in rules["demand"].items()}
    rows: dict[str, list[Row]] = {"frame": [], "bands": [], "waves": []}
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
            head_of_path: Row = {"entry": entry, "demand": path}
            figures, bands, middle = _outcomes(category, market, rules, draws, demands, entry)
            needed = None if edge is None else (1.0 + rate) * (edge / middle) ** (1.0 / int(rules["horizon"])) - 1.0
            status: Row = {"growth_at_threshold": needed, "status_zh": done.zh, "status_en": done.en}
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


def _draw(category: Category, rules: Assumptions, rng: np.random.Generator) -> _Draws:
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


def _sizes(category: Category, rules: Assumptions, rng: np.random.Generator) -> FloatArray:
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


def _how_many(regions: int, rules: Assumptions, rng: np.random.Generator) -> IntArray:
    """Draw how many of so many regions build, when the share that does is common and unknown."""
    a, b = (float(shape) for shape in rules["realised"])
    return np.asarray(rng.binomial(regions, rng.beta(a, b, size=int(rules["draws"]))), dtype=np.int64)


def _capacity_growth(size: FloatArray, entrants: IntArray, rules: Assumptions, rng: np.random.Generator) -> FloatArray:
    """Return capacity added over that of the nation, for each draw."""
    if rules["rule"] == "median":
        return np.asarray(size * entrants)
    order = rng.permuted(np.tile(size, (len(entrants), 1)), axis=1)
    upto = np.arange(order.shape[1])[None, :] < entrants[:, None]
    return np.asarray((order * upto).sum(axis=1))


def _outcomes(
    category: Category, market: Market, rules: Assumptions, draws: _Draws, demands: FloatArray, entry: str
) -> tuple[Row, list[Row], float]:
    """Return the figures of one path of demand and kind of entry, their percentiles, and demand over capacity."""
    added = draws.added[entry]
    used, price = outcome(market, category.base, demands, added)
    gain = profit(market, category.base, used, price)
    # utilisation and price rise with demand over capacity: that alone has to be put in order
    x = np.sort(pressure(market, demands, added))
    cuts = [*CUTS, *(float(cut) for cut in rules["percentiles"])]
    ends = _at(cuts, x, lambda x: np.stack(outcome(market, category.base, x, np.zeros_like(x))))
    figures: Row = (
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
    bands: list[Row] = [
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


def _wave(category: Category, market: Market, rules: Assumptions, draws: _Draws, rate: float) -> Row:
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

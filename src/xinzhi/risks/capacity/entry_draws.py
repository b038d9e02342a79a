"""One category of a wave: draws of demand, of the size and the number of entrants, and what the market makes of them.

Demand, sizes and numbers are drawn once for a category and used on every path of demand, so that paths and kinds of
entry differ by what is assumed and not by chance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np

from xinzhi.risks.capacity.entry_market import (
    break_even_capacity,
    break_even_ratio,
    offsetting_spillover,
    outcome,
    pressure,
    profit,
    threshold_ratio,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from xinzhi.core.arrays import FloatArray, IntArray
    from xinzhi.risks.capacity.entry_inputs import Category
    from xinzhi.risks.capacity.entry_market import Market

ENTRY, CUTS = ("all", "uncertain"), (5.0, 50.0, 95.0)


def simulate(
    one: Category, market: Market, growth: tuple[float, str], rules: Mapping[str, Any], seed: int
) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of one category for the frame, the bands and the waves of `herd_entry`.

    Parameters
    ----------
    one
        The category.
    market
        The assumptions on the market.
    growth
        Growth of its demand a year, and where that comes from.
    rules
        All assumptions, as ``wave`` in ``overcapacity.yaml`` has them.
    seed
        Of the draws; the stream is the category's own.
    """
    head: dict[str, Any] = {
        "category": one.code, "name_zh": one.name.zh, "name_en": one.name.en, "regions": len(one.regions),
        "survey": ";".join(one.survey) or None, "divisions": ";".join(one.divisions) or None,
    }  # fmt: skip
    # a forecast of the trade is the base path; the others keep their distance from it
    rates = {path: growth[0] * multiple for path, multiple in rules["demand"].items()}
    rows: dict[str, list[dict[str, Any]]] = {"frame": [], "bands": [], "waves": []}
    if one.reason is not None:
        why = {"growth_source": growth[1], "status_zh": one.reason.zh, "status_en": one.reason.en}
        rows["frame"] = [
            head | why | {"entry": entry, "demand": path, "growth": rate}
            for path, rate in rates.items()
            for entry in ENTRY
        ]
        return rows
    draws = _draw(one, rules, np.random.default_rng([seed, crc32(one.code.encode())]))
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
            said: dict[str, Any] = {"growth_at_threshold": needed, "status_zh": "已计算", "status_en": "computed"}
            rows["frame"].append(head | here | more | figures | said)
            rows["bands"].extend({"category": one.code} | here | band for band in bands)
    rows["waves"] = [_wave(one, market, rules, draws, growth[0] * rules["demand"]["base"])]
    return rows


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draws:
    """What is drawn for a category, (B,) each.

    `shocks` multiply demand at the end of the horizon (in logs), `added` is the capacity that each kind of entry adds
    (over that of the nation), `alone` that of an entrant which knows nothing of the others; `size` is that of one in
    each draw, `each` its middle.
    """

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

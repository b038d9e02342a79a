"""Every admissible protocol at once: each input is built once per distinct branch, and combined as arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from xinzhi.core.arrays import FloatArray, IntArray
from xinzhi.core.errors import XinzhiError
from xinzhi.core.index_numbers import log_index
from xinzhi.core.shares import averaged
from xinzhi.core.text import Text
from xinzhi.protocol import Protocol
from xinzhi.yardstick import capital as capitals
from xinzhi.yardstick import inputs as inputs_
from xinzhi.yardstick.audit.choices import Choice, Grid
from xinzhi.yardstick.panel import Panel

GROUPS = ("output", "capital", "labour", "shares", "index")
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An alternative that this package cannot compute, and why."""

    values: Mapping[str, Any]
    reason: Text


def computable(panel: Panel, protocol: Protocol, found: tuple[Choice, ...]) -> tuple[tuple[Choice, ...], list[LeftOut]]:
    """Drop the levels that the package cannot compute, and choices of which only the official level is left."""
    kept: list[Choice] = []
    left_out: list[LeftOut] = []
    for choice in found:
        bad = set()
        for at, level in enumerate(choice.levels[1:], start=1):
            try:
                rules = protocol.replace(level.values)
                rules.require()
                _build_all(panel, rules)
            except XinzhiError as error:
                bad.add(at)
                values = {path: level.values[path] for path in level.departs}
                # A level that only adds to one already left out says nothing new.
                if not any(item.values.items() <= values.items() for item in left_out):
                    left_out.append(LeftOut(values, error.text))
        reduced = choice.without(bad)
        if len(reduced.levels) > 1:
            kept.append(reduced)
    return tuple(kept), left_out


def _build_all(panel: Panel, rules: Protocol) -> None:
    """Build every input once, to learn whether the package has what the rules need."""
    made = inputs_.output(panel, rules)
    capitals.capital(panel, rules, made.values, inputs_.deflator(panel))
    inputs_.labour(panel, rules)
    inputs_.quality(panel, rules)
    inputs_.labour_share(panel, rules)


def evaluate(panel: Panel, grid: Grid, spans: list[Span]) -> FloatArray:
    """Return mean TFP growth of every combination, region and period."""
    axes = {
        group: [at for at, choice in enumerate(grid.choices) if choice.name.startswith(f"{group}.")] for group in GROUPS
    }
    rules = {group: _branches(grid, axes[group]) for group in GROUPS}
    made = [inputs_.output(panel, item).values for item in rules["output"]]
    work = np.stack([_growth(_labour(panel, item)) for item in rules["labour"]])
    share = [inputs_.labour_share(panel, item).values for item in rules["shares"]]
    stock = _capital(panel, rules, made)
    years = [(panel.years > start) & (panel.years <= end) for start, end in spans]
    joint = np.stack([_joint(_growth(machines), work, share, rules, years) for machines in _distinct(stock)])
    gain = np.stack([_means(_growth(item), years) for item in made])
    if len(stock) == 1 or len(joint) == len(made):
        # (V, C, L, S, F, R, P): output less the index of inputs.
        tfp = gain[:, None, None, None, None] - joint
    else:
        tfp = gain[:, None, None, None, None] - np.repeat(joint, len(made), axis=0)
    return _in_order(tfp, grid, axes)


def _branches(grid: Grid, axes: list[int]) -> list[Protocol]:
    """Return the official protocol under every combination of the choices on some axes."""
    out = []
    for levels in product(*(grid.choices[axis].levels for axis in axes)):
        changed = {path: level.values[path] for level in levels for path in level.departs}
        out.append(grid.protocol.replace(changed) if changed else grid.protocol)
    return out


def _labour(panel: Panel, rules: Protocol) -> FloatArray:
    """Return labour times human capital."""
    return inputs_.labour(panel, rules).values * inputs_.quality(panel, rules).values


def _capital(panel: Panel, rules: Mapping[str, list[Protocol]], made: list[FloatArray]) -> list[FloatArray]:
    """Return capital `(C, R, T)` once for every output that changes it (through a first capital-output ratio)."""
    deflator = inputs_.deflator(panel)
    out: list[FloatArray] = []
    for output in made:
        branches = []
        for at, item in enumerate(rules["capital"]):
            by_output = _reads_output(item)
            branches.append(
                out[0][at] if out and not by_output else capitals.capital(panel, item, output, deflator).values
            )
        out.append(np.stack(branches))
    return out


def _reads_output(rules: Protocol) -> bool:
    """Return whether capital depends on real output under these rules."""
    return rules.declares("capital.initial_rule") and rules.value("capital.initial_rule") == "capital_output_ratio"


def _distinct(stock: list[FloatArray]) -> list[FloatArray]:
    """Return one entry where every output leaves the same capital."""
    same = all(np.array_equal(item, stock[0], equal_nan=True) for item in stock[1:])
    return stock[:1] if same else stock


def _growth(level: FloatArray) -> FloatArray:
    """Return log growth over the year before."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.diff(np.log(level), axis=-1, prepend=np.nan)


def _means(growth: FloatArray, years: list[np.ndarray[tuple[int], np.dtype[np.bool_]]]) -> FloatArray:
    """Return the mean over every period on a new last axis; NaN where a year is missing."""
    return np.stack([growth[..., inside].mean(axis=-1) for inside in years], axis=-1)


def _joint(
    machines: FloatArray,
    work: FloatArray,
    share: list[FloatArray],
    rules: Mapping[str, list[Protocol]],
    years: list[np.ndarray[tuple[int], np.dtype[np.bool_]]],
) -> FloatArray:
    """Return the mean growth of the index of inputs `(C, L, S, F, R, P)`."""
    out = np.empty((len(machines), len(work), len(share), len(rules["index"]), machines.shape[1], len(years)))
    for s, (labour_share, share_rule) in enumerate(zip(share, rules["shares"], strict=True)):
        current = share_rule.declares("shares.averaging") and share_rule.value("shares.averaging") == "current"
        weight = labour_share if current else averaged(labour_share)
        for f, index in enumerate(rules["index"]):
            formula = index.value("index.formula")
            if formula == "tornqvist":
                of_capital, of_labour = _means((1 - weight) * machines, years), _means(weight * work, years)
                out[:, :, s, f] = of_capital[:, None] + of_labour[None]
                continue
            for item, persons in enumerate(work):
                change = np.stack([machines, np.broadcast_to(persons, machines.shape)])
                shares = np.broadcast_to(np.stack([1 - labour_share, labour_share])[:, None], change.shape)
                out[:, item, s, f] = _means(log_index(change, shares, formula=formula), years)
    return out


def _in_order(tfp: FloatArray, grid: Grid, axes: Mapping[str, list[int]]) -> FloatArray:
    """Split the branch axes into one per choice, and bring these into the order of the grid."""
    sizes = [
        len(grid.choices[axis].levels)
        for group in ("output", "capital", "labour", "shares", "index")
        for axis in axes[group]
    ]
    order = [axis for group in GROUPS for axis in axes[group]]
    split = tfp.reshape(*sizes, *tfp.shape[-2:])
    return split.transpose([*np.argsort(order).tolist(), split.ndim - 2, split.ndim - 1])


@dataclass(frozen=True, slots=True)
class Spread:
    """One period over all protocols, each array `(R,)`: positions point into the rows that were given."""

    quantiles: FloatArray
    ranks: FloatArray
    official_rank: IntArray
    best_rank: IntArray
    best: IntArray
    highest: IntArray
    single: IntArray
    everyone_rank: IntArray
    above: FloatArray


QUANTILES = (0.0, 0.05, 0.5, 0.95, 1.0)


def spread(values: FloatArray, departures: IntArray, changed: IntArray) -> Spread:
    """Return the spread of a period over protocols."""
    official = values[0]
    ranks = rank(values)
    own = 1 + (official[None, None, :] > values[:, :, None]).sum(axis=2, dtype=np.int64) - (official[None] > values)
    best_rank = own.min(axis=0)
    top = values.max(axis=0)
    # Order protocols by (attains the best rank, few departures, high growth) in one key each.
    wanted = np.where(own == best_rank, departures[:, None], departures.max() + 1)
    fewest = wanted.min(axis=0)
    best = np.where(wanted == fewest, values, -np.inf).argmax(axis=0)
    one = np.where((changed == 1)[:, None], values, -np.inf)
    return Spread(
        quantiles=np.quantile(values, QUANTILES, axis=0),
        ranks=np.quantile(ranks, QUANTILES, axis=0),
        official_rank=ranks[0],
        best_rank=best_rank,
        best=best,
        highest=values.argmax(axis=0),
        single=one.argmax(axis=0),
        everyone_rank=rank(top[None])[0],
        above=np.stack([(values[:, [row]] > values).mean(axis=0) for row in range(values.shape[1])]),
    )


def rank(values: FloatArray) -> IntArray:
    """Return the rank of every region within a row, 1 = highest; equal values share the better rank."""
    order = np.argsort(-values, axis=1, kind="stable")
    ranked = np.take_along_axis(values, order, axis=1)
    position = np.arange(1, values.shape[1] + 1)
    fresh = np.ones(values.shape, dtype=np.bool_)
    fresh[:, 1:] = ranked[:, 1:] != ranked[:, :-1]
    shared = np.maximum.accumulate(np.where(fresh, position, 0), axis=1)
    out = np.empty(values.shape, dtype=np.int64)
    np.put_along_axis(out, order, shared, axis=1)
    return out

"""The gaming test: how far a region moves by convention alone, and which convention lifts it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import polars as pl

from xinzhi.core.arrays import FloatArray, IntArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.result import Facts, Result
from xinzhi.sectors.composite.build import (
    UNIT,
    Convention,
    Ranking,
    aggregate,
    blocks,
    build,
    positive_where_needed,
    weigh,
    yearly_ranks,
)
from xinzhi.sectors.composite.system import System
from xinzhi.sectors.composite.transform import Normalisation, normalise, treat
from xinzhi.sectors.composite.weights import spread_entropy
from xinzhi.sectors.conventions import convention, departures

_CHOICES = ("treatment", "normalisation", "weights", "aggregation", "pooled")


@dataclass(frozen=True, repr=False, kw_only=True)
class Gaming(Result, verb="index_gaming", topic="sectors", key=("region", "year")):
    """What choosing the convention buys.

    `frame` says by region and year how far the rank moves: `convention` is the set of fewest departures that attains
    `best_rank` (empty when none helps), `single` the one departure that helps most, and `shift` the constant before the
    logarithm of the entropy that helps most, a documented misuse that has no part in the other columns. `conventions`
    has every convention that was tried, the index's own first, `shifts` what each constant does to weights and ranks,
    and `ranks` `(conventions, rows)` every rank.
    """

    conventions: pl.DataFrame
    shifts: pl.DataFrame
    left_out: pl.DataFrame
    ranks: IntArray

    def last(self) -> pl.DataFrame:
        """Return the rows of the last year, in the order of the index."""
        return self.frame.filter(pl.col("year") == pl.col("year").max()).sort("rank", "region")

    def facts(self) -> Facts:
        """Return who could rise furthest, by what, and what a constant before the logarithm does."""
        last = self.last()
        names = self.names.distinct("region", last["region"])
        top = last.sort("gain", "region", descending=[True, False]).row(0, named=True)
        worst = self.shifts.sort("furthest", descending=True).row(0, named=True)
        counts = {"count": self.conventions.height, "first": int((last["best_rank"] == 1).sum())}
        counts |= {"regions": last.height, "year": top["year"]}
        spread = float((last["worst_rank"] - last["best_rank"]).to_numpy().mean())
        facts: Facts = {"answer.gaming": counts | {"gain": float(last["gain"].to_numpy().mean()), "spread": spread}}
        if top["gain"]:
            places = {"region": names[top["region"]], "rank": top["rank"], "best": top["best_rank"]}
            facts["answer.furthest"] = places | {"how": departures(top["convention"])}
        return facts | {
            "headline.shift": {"shift": f"{worst['shift']:.6f}".rstrip("0").rstrip("."), "furthest": worst["furthest"]}
        }


def gaming(result: Ranking) -> Gaming:
    """Return how far every region moves by convention alone: all are ranked under every combination of conventions."""
    values = result.filled[result.complete]
    years = result.table.years[result.complete]
    tried, found, refused = [], [], []
    for how in _conventions(result.convention):
        try:
            index = _index(values, years, result.system, how)
        except (UsageError, InputError) as error:
            refused.append((_departures(how, result.convention), error.text.zh, error.text.en))
            continue
        tried.append(how)
        found.append(yearly_ranks(index, years))
    table = np.array(found)
    moved = [_departures(how, result.convention) for how in tried]
    counts = np.array([len(text.split(", ")) if text else 0 for text in moved])
    shifts, shifted = _shifts(values, years, result)
    own = result.frame.filter(pl.col("status") != "incomplete").select("region", "year", "rank")
    return Gaming(
        frame=own.with_columns(_columns(table, counts, moved)).with_columns(_shift_columns(table[0], shifted)),
        provenance=replace(result.provenance, verb="index gaming"),
        kind=result.kind,
        conventions=_listed(tried, counts),
        shifts=shifts,
        left_out=pl.DataFrame(
            refused, schema=dict.fromkeys(("convention", "reason_zh", "reason_en"), pl.String), orient="row"
        ),
        ranks=table,
        names=result.names,
    )


def shifted_entropy(scores: FloatArray, shift: float) -> FloatArray:
    """Return entropy weights after a constant before the logarithm, a documented misuse: `entropy` adds nothing."""
    return spread_entropy(scores + shift)


def _conventions(own: Convention) -> Iterator[Convention]:
    """Yield the index's own convention, then every combination of the choices."""
    levels = convention("gaming")
    axes: list[list[object]] = []
    for name in _CHOICES:
        value = getattr(own, name)
        others: list[object] = [Normalisation(item) if name == "normalisation" else item for item in levels[name]]
        label = value.method if isinstance(value, Normalisation) else value
        axes.append([value, *(item for item in others if getattr(item, "method", item) != label)])
    for combination in product(*axes):
        yield replace(own, **dict(zip(_CHOICES, combination, strict=True)))  # type: ignore[arg-type] # each is of its field's type


def _index(values: FloatArray, years: IntArray, system: System, how: Convention) -> FloatArray:
    """Return the index alone; means that need it get the positive range."""
    index = np.empty(len(values))
    for _, rows in blocks(years, pooled=how.pooled):
        treated = np.column_stack([treat(values[rows, at], how.treatment).values for at in range(values.shape[1])])
        scores = normalise(treated, system.directions, how.normalisation, system.targets)
        weights = weigh(how.weights, treated, system)
        index[rows] = aggregate(positive_where_needed(scores, how.aggregation), weights, how.aggregation)
    return index


def _departures(how: Convention, own: Convention) -> str:
    return ", ".join(f"{name}={how.label(name)}" for name in _CHOICES if getattr(how, name) != getattr(own, name))


def _columns(table: IntArray, counts: IntArray, moved: list[str]) -> list[pl.Series]:
    best, worst = table.min(axis=0), table.max(axis=0)
    order = np.argsort(counts, kind="stable")
    attained = order[(table[order] == best).argmax(axis=0)]
    alone = np.flatnonzero(counts <= 1)
    single = alone[table[alone].argmin(axis=0)]
    places = np.arange(table.shape[1])
    return [
        pl.Series("best_rank", best),
        pl.Series("worst_rank", worst),
        pl.Series("gain", table[0] - best),
        pl.Series("convention", [moved[at] for at in attained.tolist()], dtype=pl.String),
        pl.Series("departures", counts[attained]),
        pl.Series("single_rank", table[single, places]),
        pl.Series("single_gain", table[0] - table[single, places]),
        pl.Series("single", [moved[at] for at in single.tolist()], dtype=pl.String),
    ]


def _shifts(values: FloatArray, years: IntArray, result: Ranking) -> tuple[pl.DataFrame, IntArray]:
    """Return what each constant does, and the ranks under it; against entropy weights without any."""
    built = build(values, years, result.system, replace(result.convention, weights="entropy", pooled=True))
    scores = normalise(built.treated, result.system.directions, UNIT)
    plain = yearly_ranks(built.index, years)
    rows, found = [], []
    for shift in convention("entropy_shifts"):
        weights = shifted_entropy(scores, float(shift))
        ranks = yearly_ranks(aggregate(built.scores, weights, result.convention.aggregation), years)
        found.append(ranks)
        moves = np.abs(ranks - plain)
        rows.append(
            {
                "shift": float(shift),
                "largest_weight": float(weights.max()),
                "largest_change": float(np.abs(weights - built.weights[0]).max()),
                "moved": int((moves > 0).sum()),
                "furthest": int(moves.max()),
            }
        )
    return pl.DataFrame(rows), np.array(found)


def _shift_columns(own: IntArray, shifted: IntArray) -> list[pl.Series]:
    best = shifted.argmin(axis=0)
    rank = shifted[best, np.arange(shifted.shape[1])]
    constants = np.array(convention("entropy_shifts"), dtype=np.float64)
    return [
        pl.Series("shift_rank", rank),
        pl.Series("shift_gain", own - rank),
        pl.Series("shift", np.where(rank < own, constants[best], np.nan), nan_to_null=True),
    ]


def _listed(tried: list[Convention], counts: IntArray) -> pl.DataFrame:
    rows = [
        {"number": number, "departures": int(counts[number]), **{name: how.label(name) for name in _CHOICES}}
        for number, how in enumerate(tried)
    ]
    return pl.DataFrame(rows)

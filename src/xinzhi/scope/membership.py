"""How far every class of a standard belongs to a definition on a day: a share with its bounds.

A class that belongs wholly has the interval [1, 1], one that does not [0, 0], a starred one the bounds of its star.
Where the definition is written in another standard, the concordance carries the intervals over: a class that is split
among several can hold no less than the least and no more than the most of what it is split into.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from xinzhi.core.arrays import AnyFrame, FloatArray, IntArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.data import Field, tidy
from xinzhi.scope.concordance import Concordance, concordance
from xinzhi.scope.dated import Definition, classes
from xinzhi.scope.standard import GBT, ISIC, standard, unknown


@dataclass(frozen=True)
class Interval:
    """Shares of many classes or industries with their bounds, three arrays of the same length."""

    lower: FloatArray
    share: FloatArray
    upper: FloatArray

    @classmethod
    def nothing(cls, size: int) -> Interval:
        """Return intervals of which nothing belongs."""
        return cls(np.zeros(size), np.zeros(size), np.zeros(size))


@dataclass(frozen=True)
class Membership:
    """How far the classes of a standard belong to one definition on one day."""

    definition: Definition
    interval: Interval
    entry: IntArray
    split: Any
    unmapped: Any


def membership(
    definition: Definition,
    day: date,
    name: str,
    *,
    pairs: Concordance | None = None,
    weights: Mapping[str, float] | None = None,
) -> Membership:
    """Return how far every class of the standard `name` belongs to a definition on a day."""
    tree = standard(definition.standard)
    size = len(tree.classes)
    found, entry = Interval.nothing(size), np.full(size, -1, dtype=np.int64)
    for number, line in enumerate(definition.entries):
        if not line.holds(day):
            continue
        at = np.array([tree.positions[code] for code in classes(line, definition.standard)], dtype=np.int64)
        entry[at] = number
        category = definition.categories.get(line.category)
        if category is not None and not category.inside:
            continue
        star = line.star
        for array, value in zip(
            (found.lower, found.share, found.upper),
            (star.lower, star.share, star.upper) if star else (1.0, 1.0, 1.0),
            strict=True,
        ):
            array[at] = np.maximum(array[at], value)
    if definition.standard == name:
        no = np.zeros(size, dtype=bool)
        return Membership(definition, found, entry, no, no)
    return _carried(definition, name, found, entry, pairs or concordance(), weights)


def _carried(
    definition: Definition,
    name: str,
    found: Interval,
    entry: IntArray,
    pairs: Concordance,
    weights: Mapping[str, float] | None,
) -> Membership:
    """Return the membership in the other standard, through the concordance."""
    if {definition.standard, name} != {GBT, ISIC}:
        names = {"definition": definition.id, "mine": definition.standard, "asked": name}
        raise UsageError("scope.no-concordance", **names)
    # The way goes from the industries asked for to the standard of the list, so that every target's share is known.
    rows = pairs.shares("isic" if name == GBT else "gbt", weights)
    here, there = standard(name), standard(definition.standard)
    rows = rows.filter(rows["source"].is_in(here.classes) & rows["target"].is_in(there.classes))
    at = np.array([here.positions[code] for code in rows["source"]], dtype=np.int64)
    to = np.array([there.positions[code] for code in rows["target"]], dtype=np.int64)
    part = rows["share"].to_numpy()
    equal = (rows["split"] == "equal").to_numpy()
    size = len(here.classes)
    result = Interval(np.ones(size), np.zeros(size), np.zeros(size))
    np.add.at(result.share, at, part * found.share[to])
    np.minimum.at(result.lower, at[equal], found.lower[to[equal]])
    np.maximum.at(result.upper, at[equal], found.upper[to[equal]])
    known = ~equal
    low, high = np.zeros(size), np.zeros(size)
    np.add.at(low, at[known], part[known] * found.lower[to[known]])
    np.add.at(high, at[known], part[known] * found.upper[to[known]])
    exact = np.zeros(size, dtype=bool)
    exact[at[known]] = True
    result.lower[exact], result.upper[exact] = low[exact], high[exact]
    lines = np.full(size, -1, dtype=np.int64)
    inside = found.upper[to] > 0
    lines[at[~inside]] = entry[to[~inside]]
    lines[at[inside]] = entry[to[inside]]
    unmapped = np.ones(size, dtype=bool)
    unmapped[at] = False
    result.lower[unmapped], result.share[unmapped], result.upper[unmapped] = 0.0, 0.0, 1.0
    split = np.zeros(size, dtype=bool)
    split[at[equal]] = True
    return Membership(definition, result, lines, split & (result.lower < result.upper), unmapped)


def union(parts: Sequence[Interval], size: int) -> Interval:
    """Return how much of every class is in at least one of several lists, each counted once: Fréchet's bounds."""
    if not parts:
        return Interval.nothing(size)
    lower = np.max([part.lower for part in parts], axis=0)
    upper = np.minimum(1.0, np.sum([part.upper for part in parts], axis=0))
    share = 1.0 - np.prod([1.0 - part.share for part in parts], axis=0)
    return Interval(lower, np.clip(share, lower, upper), upper)


def gather(found: Interval, groups: Sequence[IntArray], weights: FloatArray | None) -> Interval:
    """Return the shares of industries of several classes; without weights, between the least and the most of them."""
    result = Interval.nothing(len(groups))
    for number, at in enumerate(groups):
        own = weights[at] if weights is not None else np.zeros(len(at))
        if own.sum() > 0:
            own = own / own.sum()
            for array, values in (
                (result.lower, found.lower),
                (result.share, found.share),
                (result.upper, found.upper),
            ):
                array[number] = own @ values[at]
        else:
            result.lower[number] = found.lower[at].min()
            result.share[number] = found.share[at].mean()
            result.upper[number] = found.upper[at].max()
    return result


@dataclass(frozen=True)
class Use:
    """What the use test says of every class of a standard."""

    interval: Interval
    rows: pl.DataFrame
    line: Any


def read_use(native: AnyFrame, name: str) -> Use:
    """Read the use test: ``code, total, threshold``, and ``lower, upper`` where there are bounds."""
    bounds = [Field(column, required=False) for column in ("lower", "upper")]
    fields = [
        Field("code", "code", missing="refuse"),
        Field("total", missing="refuse"),
        Field("threshold", missing="refuse"),
    ]
    rows = tidy(native, [*fields, *bounds], verb="classify", table="use test").frame
    rows = rows.with_columns(
        pl.col("total").alias(column) for column in ("lower", "upper") if column not in rows.columns
    ).select("code", "total", "lower", "upper", "threshold")
    tree = standard(name)
    size = len(tree.classes)
    result, line = Interval.nothing(size), np.full(size, -1, dtype=np.int64)
    for number, (code, total, lower, upper, threshold) in enumerate(rows.iter_rows()):
        known = tree.normal(code)
        if known is None:
            raise InputError("scope.use-unknown", why=unknown(tree, code).text)
        at = np.array([tree.positions[one] for one in tree.below(known)], dtype=np.int64)
        if (line[at] >= 0).any():
            raise InputError("scope.use-twice", code=code)
        line[at] = number
        result.share[at] = total >= threshold
        result.lower[at] = lower >= threshold
        result.upper[at] = upper >= threshold
    return Use(result, rows, line)


@dataclass(frozen=True)
class Question:
    """What is asked: the day, the standard, the definitions, and what splits and weighs classes."""

    day: date
    name: str
    chosen: tuple[Definition, ...]
    pairs: Concordance
    splits: Mapping[str, float] | None
    weights: FloatArray | None
    use: Use | None


@dataclass(frozen=True)
class Answer:
    """Shares of industries: of every definition, of the use test, and of their union."""

    codes: tuple[str, ...]
    groups: list[IntArray]
    lists: list[tuple[Membership, Interval]]
    use: Interval | None
    total: Interval


def answer(question: Question, codes: Sequence[str]) -> Answer:
    """Return how far industries are in scope."""
    tree = standard(question.name)
    groups = [np.array([tree.positions[one] for one in tree.below(code)], dtype=np.int64) for code in codes]
    found = [
        membership(one, question.day, question.name, pairs=question.pairs, weights=question.splits)
        for one in question.chosen
    ]
    parts = [one.interval for one in found]
    if question.use is not None:
        parts.append(question.use.interval)
    size = len(tree.classes)
    return Answer(
        codes=tuple(codes),
        groups=groups,
        lists=[(one, gather(one.interval, groups, question.weights)) for one in found],
        use=gather(question.use.interval, groups, question.weights) if question.use is not None else None,
        total=gather(union(parts, size), groups, question.weights),
    )

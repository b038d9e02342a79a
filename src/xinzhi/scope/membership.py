"""How far every class of a standard belongs to a definition on a day: a share with its bounds.

A class that belongs wholly has the interval [1, 1], one that does not [0, 0], a starred one the bounds of its star.
Where the definition is written in another standard, the concordance carries the intervals over: a class that is split
among several can hold no less than the least and no more than the most of what it is split into.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Literal

import numpy as np
import polars as pl

from xinzhi.core.arrays import AnyFrame, BoolArray, FloatArray, IntArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.data import Field, tidy
from xinzhi.scope.dated import Definition, classes
from xinzhi.scope.standard import GBT, ISIC, document, level_text, standard, table, unknown_code_error

_ERRATA = "standards/errata.yaml"
Direction = Literal["isic", "gbt"]


@dataclass(frozen=True)
class Concordance:
    """Pairs of classes of GB/T 4754-2017 and ISIC Rev.4, and the `unmapped` classes of GB/T 4754-2017.

    The `origin` of a pair is ``annex``, or ``mended`` or ``inferred`` where the annex has a fault (`errata`).
    """

    pairs: pl.DataFrame
    unmapped: tuple[str, ...]

    def targets(self, code: str, to: Direction = "isic") -> tuple[str, ...]:
        """Return the classes that one class goes to."""
        source = "gbt" if to == "isic" else "isic"
        return tuple(self.pairs.filter(pl.col(source) == code)[to])

    def shares(self, to: Direction = "isic", weights: Mapping[str, float] | None = None) -> pl.DataFrame:
        """Return ``source, target, share, split``: how every class is split over its targets; its shares sum to 1.

        `split` is ``whole``, ``weighted`` (in proportion to `weights` of the targets, never negative) or, without,
        ``equal``.
        """
        source = "gbt" if to == "isic" else "isic"
        for code, weight in (weights or {}).items():
            if not isinstance(weight, int | float) or not math.isfinite(weight) or weight < 0:
                raise UsageError("scope.bad-weight-of", code=code, weight=weight)
        weight_by_code = {str(code): float(weight) for code, weight in (weights or {}).items()}
        rows = self.pairs.select(source=source, target=to).with_columns(
            weight=pl.col("target").replace_strict(weight_by_code, default=0.0, return_dtype=pl.Float64)
            if weight_by_code
            else pl.lit(0.0)
        )
        total, count = pl.col("weight").sum().over("source"), pl.len().over("source")
        share = pl.when(total > 0).then(pl.col("weight") / total).otherwise(1 / count)
        split = pl.when(count == 1).then(pl.lit("whole")).when(total > 0).then(pl.lit("weighted"))
        return rows.select("source", "target", share=share, split=split.otherwise(pl.lit("equal")))

    def translate(
        self,
        series: AnyFrame,
        to: Direction = "isic",
        *,
        value: str = "value",
        weights: Mapping[str, float] | None = None,
    ) -> Translation:
        """Translate a series of class values (``code`` and `value`, which adds up; the rest are keys), keeping totals.

        `lower` counts only what goes nowhere else, `upper` everything that may go there: with values that are not
        negative, no way of splitting leaves these bounds. `weights` are those of `shares`; an `InputError` names what
        is no class.
        """
        rows = _series(series, value, GBT if to == "isic" else ISIC)
        keys = [name for name in rows.columns if name not in ("code", value)]
        shares = self.shares(to, weights)
        joined = rows.join(shares, left_on="code", right_on="source", how="left")
        lost = joined.filter(pl.col("target").is_null()).select(*keys, "code", value)
        part = pl.col(value) * pl.col("share")
        exact_part = pl.when(pl.col("split") != "equal").then(part)
        summed = (
            joined.filter(pl.col("target").is_not_null())
            .group_by(*keys, code="target")
            .agg(
                part.sum().alias(value),
                lower=exact_part.otherwise(pl.min_horizontal(value, 0.0)).sum(),
                upper=exact_part.otherwise(pl.max_horizontal(value, 0.0)).sum(),
            )
        )
        return Translation(frame=summed.sort(*keys, "code"), unmapped=lost)


@dataclass(frozen=True)
class Translation:
    """A series in the other standard."""

    frame: pl.DataFrame
    unmapped: pl.DataFrame = field(repr=False)


@cache
def concordance(*, mend: bool = True) -> Concordance:
    """Return the concordance of GB/T 4754-2017 and ISIC Rev.4 (GB/T 4754-2017, Appendix C).

    Parameters
    ----------
    mend
        Whether classes that the annex forgot get the targets of `errata`; without, they are unmapped.

    Examples
    --------
    >>> concordance().pairs.height, concordance().unmapped
    (1474, ('9030',))
    """
    classes = standard(GBT).classes
    printed = table("standards/" + document(_ERRATA)["table"])
    pairs = printed.filter(pl.col("gbt").is_in(classes)).unique(maintain_order=True)
    pairs = pairs.with_columns(origin=pl.lit("annex"))
    if mend:
        rows = [
            (code, about["isic"], about["status"])
            for code, about in document(_ERRATA)["missing"].items()
            if about["isic"] is not None
        ]
        pairs = pl.concat([pairs, pl.DataFrame(rows, schema=pairs.schema, orient="row")])
    codes_in_annex = set(pairs["gbt"])
    return Concordance(pairs.sort("gbt", "isic"), tuple(code for code in classes if code not in codes_in_annex))


def errata() -> pl.DataFrame:
    """Return what is wrong in the annex, and what is done about it.

    Returns
    -------
    polars.DataFrame
        ``side`` (``gbt`` or ``isic``), ``code, kind`` (``missing``, ``group``, ``misprint``, ``repeated``), ``isic``
        (the target given), ``status, because``.

    Examples
    --------
    >>> errata()["kind"].value_counts().sort("kind").rows()
    [('group', 10), ('misprint', 3), ('missing', 11), ('repeated', 2)]
    """
    sections = document(_ERRATA)
    missing, foreign, isic = (sections[part].items() for part in ("missing", "foreign", "isic"))
    rows = [("gbt", code, "missing", entry["isic"], entry["status"], entry["because"]) for code, entry in missing]
    rows += [("gbt", code, entry["is"], None, "not used", entry["because"]) for code, entry in foreign]
    rows += [("gbt", row["gbt"], "repeated", row["isic"], "once", row["because"]) for row in sections["repeated"]]
    rows += [("isic", code, entry["is"], None, "as printed", entry["because"]) for code, entry in isic]
    names = ("side", "code", "kind", "isic", "status", "because")
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")


def _series(series: AnyFrame, value: str, name: str) -> pl.DataFrame:
    """Return the series as a polars frame whose codes are classes of the standard."""
    typed = tidy(series, [Field("code", "code"), Field(value)], extra=True, verb="translate", table="series").frame
    tree = standard(name)
    order = [name for name in typed.columns if name not in ("code", value)]
    rows = typed.select(*order, "code", value)
    for code in rows["code"].unique().drop_nulls():
        class_code = tree.normal(code)
        if class_code is None:
            raise InputError("scope.not-a-code", why=unknown_code_error(tree, code).text)
        if tree.level(class_code) != "class":
            level = level_text(tree.level(class_code))
            raise InputError(
                "scope.not-a-class", code=code, level=level, standard=name, classes=list(tree.below(class_code)[:3])
            )
    return rows.with_columns(pl.col("code").map_elements(tree.normal, return_dtype=pl.String))


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
    split: BoolArray
    unmapped: BoolArray


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
    interval, entry = Interval.nothing(size), np.full(size, -1, dtype=np.int64)
    for number, line in enumerate(definition.entries):
        if not line.holds(day):
            continue
        at = np.array([tree.positions[code] for code in classes(line, definition.standard)], dtype=np.int64)
        entry[at] = number
        category = definition.categories.get(line.category)
        if category is not None and not category.inside:
            continue
        star = (line.star.lower, line.star.share, line.star.upper) if line.star else (1.0, 1.0, 1.0)
        for array, value in zip((interval.lower, interval.share, interval.upper), star, strict=True):
            array[at] = np.maximum(array[at], value)
    if definition.standard == name:
        no = np.zeros(size, dtype=bool)
        return Membership(definition, interval, entry, no, no)
    return _convert_membership(definition, name, interval, entry, pairs or concordance(), weights)


def _convert_membership(
    definition: Definition,
    name: str,
    interval: Interval,
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
    target_standard, source_standard = standard(name), standard(definition.standard)
    rows = rows.filter(rows["source"].is_in(target_standard.classes) & rows["target"].is_in(source_standard.classes))
    at = np.array([target_standard.positions[code] for code in rows["source"]], dtype=np.int64)
    to = np.array([source_standard.positions[code] for code in rows["target"]], dtype=np.int64)
    part = rows["share"].to_numpy()
    equal = (rows["split"] == "equal").to_numpy()
    size = len(target_standard.classes)
    result = Interval(np.ones(size), np.zeros(size), np.zeros(size))
    np.add.at(result.share, at, part * interval.share[to])
    np.minimum.at(result.lower, at[equal], interval.lower[to[equal]])
    np.maximum.at(result.upper, at[equal], interval.upper[to[equal]])
    exact_rows = ~equal
    low, high = np.zeros(size), np.zeros(size)
    np.add.at(low, at[exact_rows], part[exact_rows] * interval.lower[to[exact_rows]])
    np.add.at(high, at[exact_rows], part[exact_rows] * interval.upper[to[exact_rows]])
    exact = np.zeros(size, dtype=bool)
    exact[at[exact_rows]] = True
    result.lower[exact], result.upper[exact] = low[exact], high[exact]
    lines = np.full(size, -1, dtype=np.int64)
    inside = interval.upper[to] > 0
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


def gather(interval: Interval, groups: Sequence[IntArray], weights: FloatArray | None) -> Interval:
    """Return the shares of industries of several classes; without weights, between the least and the most of them."""
    result = Interval.nothing(len(groups))
    for number, at in enumerate(groups):
        group_weights = weights[at] if weights is not None else np.zeros(len(at))
        if group_weights.sum() > 0:
            group_weights = group_weights / group_weights.sum()
            for name in ("lower", "share", "upper"):
                getattr(result, name)[number] = group_weights @ getattr(interval, name)[at]
        else:
            result.lower[number] = interval.lower[at].min()
            result.share[number] = interval.share[at].mean()
            result.upper[number] = interval.upper[at].max()
    return result


@dataclass(frozen=True)
class Use:
    """What the use test says of every class of a standard."""

    interval: Interval
    rows: pl.DataFrame
    line: IntArray


def read_use(native: AnyFrame, name: str) -> Use:
    """Read the use test: ``code, total, threshold``, and ``lower, upper`` where there are bounds."""
    bounds = [Field(column, required=False) for column in ("lower", "upper")]
    fields = [
        Field("code", "code", missing="refuse"),
        *(Field(name, missing="refuse") for name in ("total", "threshold")),
    ]
    rows = tidy(native, [*fields, *bounds], verb="classify", table="use test").frame
    rows = rows.with_columns(
        pl.col("total").alias(column) for column in ("lower", "upper") if column not in rows.columns
    ).select("code", "total", "lower", "upper", "threshold")
    tree = standard(name)
    size = len(tree.classes)
    result, line = Interval.nothing(size), np.full(size, -1, dtype=np.int64)
    for number, (code, total, lower, upper, threshold) in enumerate(rows.iter_rows()):
        normal_code = tree.normal(code)
        if normal_code is None:
            raise InputError("scope.use-unknown", why=unknown_code_error(tree, code).text)
        at = np.array([tree.positions[class_code] for class_code in tree.below(normal_code)], dtype=np.int64)
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
    definitions: tuple[Definition, ...]
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
    groups = [
        np.array([tree.positions[class_code] for class_code in tree.below(code)], dtype=np.int64) for code in codes
    ]
    memberships = [
        membership(definition, question.day, question.name, pairs=question.pairs, weights=question.splits)
        for definition in question.definitions
    ]
    parts = [member.interval for member in memberships]
    if question.use is not None:
        parts.append(question.use.interval)
    size = len(tree.classes)
    return Answer(
        codes=tuple(codes),
        groups=groups,
        lists=[(member, gather(member.interval, groups, question.weights)) for member in memberships],
        use=gather(question.use.interval, groups, question.weights) if question.use is not None else None,
        total=gather(union(parts, size), groups, question.weights),
    )

"""The verb `classify`: industries in, shares in scope with their bounds, reasons and references out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from xinzhi.core.errors import InputError
from xinzhi.core.result import Provenance
from xinzhi.scope.choosing import choose
from xinzhi.scope.facts import read_date
from xinzhi.scope.industries import read_industries
from xinzhi.scope.membership import Interval, gather, membership, union
from xinzhi.scope.pairs import concordance
from xinzhi.scope.result import Scope
from xinzhi.scope.tables import detail, shares, totals
from xinzhi.scope.tree import standard as tree_of
from xinzhi.scope.usetest import read_use

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from xinzhi.core.arrays import FloatArray, IntArray
    from xinzhi.scope.membership import Membership
    from xinzhi.scope.model import Definition
    from xinzhi.scope.pairs import Concordance
    from xinzhi.scope.tree import Standard
    from xinzhi.scope.usetest import Use


@dataclass(frozen=True)
class Question:
    """What is asked: the day, the standard, the definitions, and what splits and weighs classes.

    Parameters
    ----------
    day, name
        The day, and the standard of the industries.
    chosen
        The definitions.
    pairs, splits
        The concordance, and the weights of its target classes.
    weights
        Weight of every class of the standard, None without any.
    use
        The use test, None without one.
    """

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


def classify(
    industries: Any,  # noqa: ANN401 - any kind of frame, a path, or codes
    *,
    as_of: object,
    definitions: Sequence[str | Path | Definition] | None = None,
    standard: str | None = None,
    weights: Mapping[str, float] | None = None,
    splits: Mapping[str, float] | None = None,
    use: Any = None,  # noqa: ANN401 - any kind of frame
) -> Scope:
    """Say of every industry whether it is in scope on a day, by how much, why, and by whose word.

    Parameters
    ----------
    industries
        A frame of any kind, or the path of a CSV, .xlsx or parquet file: ``code`` (any level, with or without the
        letter of its section); ``region`` and ``year`` where there are any; columns of numbers that add up,
        such as output or employment, weigh the totals. Or the codes alone, in a list.
    as_of
        The day whose definitions count: a date, ``YYYY-MM-DD``, or a year, which means its last day.
    definitions
        Names of definitions, paths of files of your own, or definitions; by default those in force on the day that are
        meant for it (`xinzhi.scope.definitions` lists them).
    standard
        Standard of the codes, ``GB/T 4754-2017`` (the default) or ``ISIC Rev.4``.
    weights
        Output or employment of classes of that standard, by code: with them, an industry that holds several classes has
        an exact share; without, its share is bounded by its classes, which weigh equally in between.
    splits
        Output or employment of the classes into which the concordance splits a class, by code, where a definition is
        written in the other standard; without, a class is split equally, and bounded.
    use
        The use test: a frame with ``code`` and ``total`` (the digital dependence of `digital_dependence`), with
        ``lower, upper`` where it has bounds, and ``threshold``. An industry at or above its threshold is in scope
        because it uses.

    Returns
    -------
    Scope
        `frame` has a row per industry (and region and year), `totals` the sums, `lists` what every definition says.

    Raises
    ------
    UsageError
        When the date cannot be read, or a definition is a template or not in force on the day: the one that was is
        named.
    InputError
        When a column is missing, a code is unknown (the nearest is offered), a code stands twice, or a code stands
        beside one that holds it while there is a measure, so that it would count twice.

    Notes
    -----
    An industry in two lists counts once. Where a class belongs only in part to both, the part in either
    has the bounds of Fréchet (1935): at least the larger share, at most the sum of the two and 1; the share in between
    is that of lists that know nothing of each other.

    Examples
    --------
    >>> import polars as pl
    >>> table = pl.DataFrame({"code": ["39", "17", "C27"], "output": [120.0, 60.0, 20.0]})
    >>> scope = classify(table, as_of="2024-01-01")
    >>> scope.frame.select("code", "share", "verdict").rows()
    [('39', 1.0, 'in'), ('17', 0.0, 'out'), ('27', 1.0, 'in')]
    >>> scope.totals.select("measure", "share").rows()
    [('output', 0.7)]
    """
    from xinzhi import __version__
    from xinzhi.data.package import fingerprint

    day = read_date(as_of)
    tree = tree_of(standard)
    name = tree.name
    read = read_industries(industries, name, None)
    chosen = choose(definitions, day)
    test = read_use(use, name) if use is not None else None
    question = Question(day, name, chosen, concordance(), splits, _class_weights(weights, tree), test)
    found = answer(question, read.codes)
    lists = detail(question, found)
    frame = shares(question, found, lists, read)
    return Scope(
        frame=frame,
        totals=totals(frame, read),
        lists=lists,
        question=question,
        findings=read.findings,
        measures=read.measures,
        kind=read.kind,
        provenance=Provenance(
            verb="scope",
            version=__version__,
            inputs={"industries": fingerprint(read.rows, {})},
            options={
                "as_of": day.isoformat(),
                "standard": name,
                "definitions": [one.id for one in chosen],
                "use": test is not None,
            },
        ),
    )


def answer(question: Question, codes: Sequence[str]) -> Answer:
    """Return how far industries are in scope."""
    tree = tree_of(question.name)
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


def _class_weights(weights: Mapping[str, float] | None, tree: Standard) -> FloatArray | None:
    """Return the weight of every class, zero where none is given."""
    if weights is None:
        return None
    result = np.zeros(len(tree.classes))
    for code, weight in weights.items():
        known = tree.normal(code)
        if known is None or tree.level(known) != "class":
            message = (
                f"weights are by class of {tree.name}; '{code}' is none (nearest: {tree.suggest(code) or 'none'})."
            )
            raise InputError(message)
        if not np.isfinite(weight) or weight < 0:
            message = f"the weight of {code} is {weight}: output or employment is a number of at least 0."
            raise InputError(message)
        result[tree.positions[known]] = weight
    return result

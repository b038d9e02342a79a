"""The verb `classify`: industries in, shares in scope with their bounds, reasons and references out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from xinzhi.core.errors import InputError
from xinzhi.core.result import Provenance
from xinzhi.scope.concordance import concordance
from xinzhi.scope.conventions import read_date
from xinzhi.scope.definitions import choose
from xinzhi.scope.industries import read_industries
from xinzhi.scope.membership import Question, answer
from xinzhi.scope.scope import Scope
from xinzhi.scope.standard import standard as tree_of
from xinzhi.scope.tables import detail, read_use, shares, totals

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from xinzhi.core.arrays import FloatArray
    from xinzhi.scope.definition import Definition
    from xinzhi.scope.standard import Standard


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


def _class_weights(weights: Mapping[str, float] | None, tree: Standard) -> FloatArray | None:
    """Return the weight of every class, zero where none is given."""
    if weights is None:
        return None
    result = np.zeros(len(tree.classes))
    for code, weight in weights.items():
        known = tree.normal(code)
        if known is None or tree.level(known) != "class":
            near = tree.suggest(code) or "–"
            raise InputError("scope.weight-by-class", standard=tree.name, code=code, near=near)
        if not np.isfinite(weight) or weight < 0:
            raise InputError("scope.bad-weight-of", code=code, weight=weight)
        result[tree.positions[known]] = weight
    return result

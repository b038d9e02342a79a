"""The use test as one more list: industries whose digital dependence reaches the threshold are in scope by use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from xinzhi.core.errors import InputError
from xinzhi.scope.membership import Interval
from xinzhi.scope.reading import frame, require
from xinzhi.scope.tree import standard, unknown

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Use:
    """What the use test says of every class of a standard.

    Parameters
    ----------
    interval
        1 where the dependence reaches the threshold, 0 where not; the bounds where its own bounds straddle it.
    rows
        ``code, total, lower, upper, threshold`` as given.
    line
        Number of the row that speaks for a class, -1 where none does.
    """

    interval: Interval
    rows: pl.DataFrame
    line: Any


def read_use(native: Any, name: str) -> Use:  # noqa: ANN401 - any kind of frame
    """Read the use test: ``code, total, threshold``, and ``lower, upper`` where there are bounds.

    Raises
    ------
    InputError
        When a column is missing, a code unknown, or a class would be tested twice.
    """
    import polars as pl

    rows = frame(native, "use")[0]
    require(rows, ("code", "total", "threshold"), "use")
    rows = rows.with_columns(
        pl.col("code").cast(pl.String),
        lower=pl.col("lower") if "lower" in rows.columns else pl.col("total"),
        upper=pl.col("upper") if "upper" in rows.columns else pl.col("total"),
    ).select("code", "total", "lower", "upper", "threshold")
    if rows.null_count().sum_horizontal().item():
        empty = rows.filter(pl.any_horizontal(pl.all().is_null()))["code"].to_list()
        message = (
            f"use: a figure is missing for {', '.join(map(str, empty))}; leave out industries that were not tested."
        )
        raise InputError(message)
    tree = standard(name)
    size = len(tree.classes)
    result, line = Interval.nothing(size), np.full(size, -1, dtype=np.int64)
    for number, (code, total, lower, upper, threshold) in enumerate(rows.iter_rows()):
        known = tree.normal(code)
        if known is None:
            message = f"use: {unknown(tree, code)}"
            raise InputError(message)
        at = np.array([tree.positions[one] for one in tree.below(known)], dtype=np.int64)
        if (line[at] >= 0).any():
            message = f"use: classes of {code} are tested twice; list every class once."
            raise InputError(message)
        line[at] = number
        result.share[at] = total >= threshold
        result.lower[at] = lower >= threshold
        result.upper[at] = upper >= threshold
    return Use(result, rows, line)

"""Two frames of one kind side by side, with the difference of every number."""

from __future__ import annotations

from collections.abc import Sequence

from xinzhi.core.errors import UsageError
from xinzhi.core.lazy import pl


def side_by_side(first: pl.DataFrame, second: pl.DataFrame, key: Sequence[str], name: str) -> pl.DataFrame:
    """Return the rows of both frames by their key; `name` is what a refusal calls them.

    Columns of the second end in ``_other``, differences in ``_difference``. A column that only one of them has stands
    as it is. Without a `key` the columns that are neither fractions nor flags identify a row.
    """
    keys = list(key) or [column for column, kind in first.schema.items() if not (kind.is_float() or kind == pl.Boolean)]
    _check_keys(first, second, keys, name)
    pairs = first.join(second, on=keys, how="full", coalesce=True, suffix="_other", nulls_equal=True)
    numbers = [
        column
        for column, kind in first.schema.items()
        if kind.is_numeric() and column not in keys and column in second.columns and second.schema[column].is_numeric()
    ]
    differences = [_difference(column, first.schema[column]).alias(f"{column}_difference") for column in numbers]
    return pairs.with_columns(differences).sort(keys)


def _difference(column: str, kind: pl.DataType) -> pl.Expr:
    """Return the first less the second; counts are signed first, since those of polars cannot be below zero."""
    first, second = pl.col(column), pl.col(f"{column}_other")
    return first.cast(pl.Int64) - second.cast(pl.Int64) if kind.is_integer() else first - second


def _check_keys(first: pl.DataFrame, second: pl.DataFrame, keys: Sequence[str], name: str) -> None:
    """Refuse frames whose rows are not identified in the same way."""
    missing = [column for column in keys if column not in first.columns or column not in second.columns]
    if missing or not keys:
        raise UsageError("core.compare-keys", name=name, columns=missing or list(first.columns))
    kinds = [column for column in keys if first.schema[column] != second.schema[column]]
    if kinds:
        raise UsageError("core.compare-kinds", name=name, columns=kinds)
    if any(frame.select(keys).is_duplicated().any() for frame in (first, second)):
        raise UsageError("core.compare-twice", name=name, columns=list(keys))

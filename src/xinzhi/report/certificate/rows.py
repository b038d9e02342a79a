"""Rows by their key, in two steps, so that a long key is not written once for every row."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

T = TypeVar("T")

SEPARATOR = "/"


def keys(frame: pl.DataFrame, key: Sequence[str]) -> list[tuple[str, str]]:
    """Return the key of every row: all parts but the last, joined, and the last.

    Examples
    --------
    >>> keys(pl.DataFrame({"region": ["220000"], "asset": ["total"], "year": [2017]}), ["region", "asset", "year"])
    [('220000/total', '2017')]
    """
    parts = frame.select(pl.col(key).cast(pl.String).fill_null("")).rows()
    return [(SEPARATOR.join(heads), last) for *heads, last in parts]


def nest(names: Iterable[tuple[str, str]], values: Iterable[T]) -> dict[str, dict[str, T]]:
    """Return values by the two steps of their keys."""
    nested: dict[str, dict[str, T]] = {}
    for (head, last), value in zip(names, values, strict=True):
        nested.setdefault(head, {})[last] = value
    return nested


def flat(nested: Mapping[str, Mapping[str, T]]) -> dict[str, T]:
    """Return values by their whole keys, such as ``220000/2017``."""
    return {whole(head, last): value for head, below in nested.items() for last, value in below.items()}


def whole(head: str, last: str) -> str:
    """Return the whole key of its two steps."""
    return f"{head}{SEPARATOR}{last}" if head else last

"""The sha256 of a table in canonical form."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping


def fingerprint(frame: pl.DataFrame, units: Mapping[str, str]) -> str:
    """Return the sha256 of a table whose rows and columns may stand in any order.

    Columns are taken in the order of their names, rows in the order of their values. Of each column the name, the
    unit, which cells are empty, and the bytes of the values are digested: numbers as IEEE 754 doubles, little endian.

    Parameters
    ----------
    frame
        The table, typed.
    units
        The units of its columns.

    Examples
    --------
    >>> import polars as pl
    >>> one = fingerprint(pl.DataFrame({"region": ["a", "b"], "x": [1.0, 2.0]}), {})
    >>> one == fingerprint(pl.DataFrame({"x": [2.0, 1.0], "region": ["b", "a"]}), {})
    True
    """
    names = sorted(frame.columns)
    frame = frame.select(names)
    texts = [name for name in names if frame.schema[name] == pl.String]
    frame = frame.sort([*texts, *(name for name in names if name not in texts)])
    digest = hashlib.sha256(json.dumps([frame.height, *((name, units.get(name)) for name in names)]).encode())
    for column in frame:
        digest.update(column.is_null().to_numpy().tobytes())
        if column.dtype == pl.String:
            # Lengths first, so that no two lists of texts run together to the same bytes.
            digest.update(column.str.len_bytes().fill_null(0).cast(pl.UInt32).to_numpy().astype("<u4").tobytes())
            digest.update("".join(column.fill_null("").to_list()).encode())
        else:
            # Adding zero makes one of the two zeros of IEEE 754.
            digest.update((column.cast(pl.Float64).fill_null(0.0) + 0.0).to_numpy().astype("<f8").tobytes())
    return digest.hexdigest()

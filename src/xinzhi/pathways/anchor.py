"""What fixes the sign of complexity: a known series by place, in whatever form the caller has it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from xinzhi.core.errors import InputError, UsageError
from xinzhi.data.frames import read_frames

if TYPE_CHECKING:
    from collections.abc import Iterable

    import polars as pl


def read_anchor(
    anchor: Any,  # noqa: ANN401 - a mapping, a pandas series, any kind of frame, or the name of a column
    frame: Any = None,  # noqa: ANN401 - any kind of frame
    *,
    place: str = "place",
) -> dict[str, float]:
    """Return the anchor by place; places without a value are left out.

    Parameters
    ----------
    anchor
        A mapping or a pandas series from place to number; a frame with a column of places and one of numbers; or the
        name of a column of `frame`, which holds one number a place.
    frame
        The frame of the cells, for the name of a column.
    place
        Name of the column of places.

    Raises
    ------
    UsageError
        When the anchor is of another kind, or a column is not there.
    InputError
        When a value is no number, or a place has several.

    Examples
    --------
    >>> import polars as pl
    >>> read_anchor({"A": 1, "B": None})
    {'A': 1.0}
    >>> read_anchor(pl.DataFrame({"city": ["A", "B"], "wage": [3.0, 2.0]}), place="city")
    {'A': 3.0, 'B': 2.0}
    """
    if isinstance(anchor, str):
        return _of_rows(_columns(frame, place, anchor).iter_rows())
    if hasattr(anchor, "items") and not hasattr(anchor, "columns"):
        return _of_rows(anchor.items())
    (table,), _ = read_frames({"anchor": anchor})
    names = table.cells.columns
    if len(names) != 2:  # noqa: PLR2004 - places and numbers
        message = f"the anchor has the columns {', '.join(names)}; it needs two, the places and one number for each."
        raise UsageError(message)
    key = place if place in names else names[0]
    return _of_rows(table.cells.select(key, next(name for name in names if name != key)).iter_rows())


def _columns(frame: Any, place: str, column: str) -> pl.DataFrame:  # noqa: ANN401 - any kind of frame
    (table,), _ = read_frames({"cells": frame})
    if column not in table.cells.columns:
        message = f"anchor='{column}': the frame has no such column; it has {', '.join(table.cells.columns)}."
        raise UsageError(message)
    return table.cells.select(place, column).unique(maintain_order=True)


def _of_rows(rows: Iterable[tuple[Any, Any]]) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, given in rows:
        try:
            value = math.nan if given is None else float(given)
        except (TypeError, ValueError):
            message = f"the anchor of {name} is '{given}', which is no number; leave it empty if it is not known."
            raise InputError(message) from None
        if math.isinf(value):
            message = f"the anchor of {name} is infinite; leave it empty if it is not known."
            raise InputError(message)
        if math.isnan(value):
            continue
        if found.get(str(name), value) != value:
            message = f"the anchor of {name} is {found[str(name)]:g} and {value:g}: one number a place is needed."
            raise InputError(message)
        found[str(name)] = value
    return found

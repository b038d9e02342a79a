"""Read inputs, outputs and bad outputs from arrays or frames, with the names of units and columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from xinzhi.core.errors import InputError, UsageError
from xinzhi.frontier.data import Data

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from xinzhi.core.arrays import FloatArray
    from xinzhi.core.result import FrameKind

_Part = tuple["FloatArray", tuple[str, ...], "tuple[str, ...] | None", "FrameKind"]


def read_data(x: Any, y: Any, bad: Any = None, units: str | Sequence[Any] | None = None) -> Data:  # noqa: ANN401 - arrays or frames
    """Return the data of n units.

    Parameters
    ----------
    x, y, bad
        Arrays `(n, k)` or `(n,)`, or frames of any kind whose numeric columns are the goods.
    units
        Names of the units, or the name of the column of `x` (and of the other frames that have it) which holds them.
        When None: the one text column of a frame, the labels of a pandas index, or numbers from 1.

    Raises
    ------
    UsageError
        When tables differ in length or units, or columns are neither numbers nor the names of the units.
    InputError
        When a value is missing or infinite, or two units share a name.
    """
    column = units if isinstance(units, str) else None
    parts = {name: _part(name, part, column) for name, part in (("x", x), ("y", y), ("b", bad)) if part is not None}
    lengths = {name: part[0].shape[0] for name, part in parts.items()}
    if len(set(lengths.values())) > 1:
        message = f"x, y and bad must have one row for each unit; they have {lengths}."
        raise UsageError(message)
    n = lengths["x"]
    if n == 0:
        message = "there is no unit: x has no rows."
        raise InputError(message)
    names = _names(parts, units, n)
    for name, (values, goods, _, _) in parts.items():
        _finite(name, values, goods, names)
    b = parts.get("b")
    return Data(
        x=parts["x"][0],
        y=parts["y"][0],
        b=None if b is None else b[0],
        units=names,
        inputs=parts["x"][1],
        outputs=parts["y"][1],
        bads=() if b is None else b[1],
        kind=parts["x"][3],
    )


def _part(name: str, native: Any, column: str | None) -> _Part:  # noqa: ANN401 - an array or a frame
    if not hasattr(native, "columns"):
        try:
            values = np.asarray(native, dtype=float)
        except (TypeError, ValueError) as error:
            message = f"{name} must hold numbers only, or be a frame; {error}."
            raise UsageError(message) from error
        values = values[:, None] if values.ndim == 1 else values
        if values.ndim != 2 or values.shape[1] == 0:  # noqa: PLR2004 - units by goods
            message = f"{name} must be an array of units by goods; got shape {np.shape(native)}."
            raise UsageError(message)
        label = getattr(native, "name", None)  # a pandas or polars series
        goods = (
            (str(label),) if label and values.shape[1] == 1 else tuple(f"{name}{i + 1}" for i in range(values.shape[1]))
        )
        return values, goods, _index_labels(native), "polars"
    from xinzhi.data.frames import read_frames

    tables, kind = read_frames({name: native})
    return _goods(name, tables[0].cells, column, native, kind)


def _goods(name: str, cells: pl.DataFrame, column: str | None, native: Any, kind: FrameKind) -> _Part:  # noqa: ANN401 - a frame
    """Return the numbers of a frame, and the names of its units when a column or the index holds them."""
    import polars.selectors as cs

    labels = None
    holders = [column] if column is not None and column in cells.columns else []
    holders = holders or [level for level in getattr(getattr(native, "index", None), "names", []) if level is not None]
    holders = holders or cells.select(~cs.numeric()).columns
    if len(holders) > 1:
        message = f"{name} has more than one column that could name the units: {', '.join(holders)}; say units=..."
        raise UsageError(message)
    if holders:
        labels = tuple(map(str, cells[holders[0]].to_list()))
        cells = cells.drop(holders[0])
    words = cells.select(~cs.numeric()).columns
    if words or not cells.columns:
        message = f"{name} must hold numbers: " + (f"column '{words[0]}' is text." if words else "no column is left.")
        raise UsageError(message)
    values = cells.cast(dict.fromkeys(cells.columns, _float())).fill_null(np.nan).to_numpy()
    return values, tuple(cells.columns), labels or _index_labels(native), kind


def _float() -> Any:  # noqa: ANN401 - a polars type
    import polars as pl

    return pl.Float64


def _index_labels(native: Any) -> tuple[str, ...] | None:  # noqa: ANN401 - anything
    """Return the labels of a pandas index of words; row numbers are no names."""
    index = getattr(native, "index", None)
    if index is None or callable(index) or index.dtype.kind in "iuf":
        return None
    return tuple(map(str, index))


def _names(parts: dict[str, _Part], units: str | Sequence[Any] | None, n: int) -> tuple[str, ...]:
    given = [(name, part[2]) for name, part in parts.items() if part[2] is not None]
    if units is not None and not isinstance(units, str):
        names = tuple(map(str, units))
    elif isinstance(units, str) and not given:
        message = f"no table has a column '{units}' with the names of the units."
        raise UsageError(message)
    else:
        names = given[0][1] or () if given else tuple(str(number + 1) for number in range(n))
        for name, others in given[1:]:
            if others != names:
                message = f"the units of {name} are not those of {given[0][0]}, row by row; sort both alike."
                raise UsageError(message)
    if len(names) != n:
        message = f"units has {len(names)} names for {n} units."
        raise UsageError(message)
    if len(set(names)) < n:
        twice = next(name for name in names if names.count(name) > 1)
        message = f"the unit '{twice}' occurs more than once; give every unit its own name (units=...)."
        raise InputError(message)
    return names


def _finite(name: str, values: FloatArray, goods: tuple[str, ...], names: tuple[str, ...]) -> None:
    bad = np.argwhere(~np.isfinite(values))
    if bad.size:
        unit, good = bad[0]
        message = (
            f"{name}: '{goods[good]}' of unit '{names[unit]}' is missing or infinite "
            f"({len(bad)} such values); fill it or leave the unit out."
        )
        raise InputError(message)

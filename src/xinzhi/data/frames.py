"""Frames of any kind that narwhals knows: pandas, polars (eager and lazy), pyarrow, duckdb relations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw
import polars as pl

from xinzhi.core.errors import InputError
from xinzhi.data.raw import RawTable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinzhi.core.result import FrameKind

_KINDS: Mapping[str, FrameKind] = {"PANDAS": "pandas", "PYARROW": "pyarrow", "DUCKDB": "duckdb"}


def read_frames(frames: Mapping[str, Any]) -> tuple[list[RawTable], FrameKind]:
    """Return frames as tables, and the kind of the first of them.

    Parameters
    ----------
    frames
        Table names and frames. A pandas index that has names becomes columns.

    Raises
    ------
    InputError
        When something is no frame.
    """
    tables: list[RawTable] = []
    kind: FrameKind = "polars"
    for name, native in frames.items():
        cells, this = _polars(name, native)
        kind = kind if tables else this
        lines = pl.int_range(1, cells.height + 1, dtype=pl.UInt32, eager=True)
        tables.append(RawTable(name=str(name), cells=cells, lines=lines))
    return tables, kind


def _polars(name: str, native: Any) -> tuple[pl.DataFrame, FrameKind]:  # noqa: ANN401 - any kind of frame
    try:
        frame = nw.from_native(native)
    except TypeError as error:
        message = (
            f"the table '{name}' is a {type(native).__name__}; hand in a pandas, polars or pyarrow frame, "
            "or a duckdb relation."
        )
        raise InputError(message) from error
    kind = _KINDS.get(frame.implementation.name, "polars")
    if kind == "pandas" and any(level is not None for level in native.index.names):
        frame = nw.from_native(native.reset_index())
    if isinstance(frame, nw.LazyFrame):
        frame = frame.collect(backend="polars")
    try:
        cells = frame.to_polars()
    except ModuleNotFoundError as error:
        message = f"the table '{name}' is a {kind} frame, which needs pyarrow to be read: install pyarrow."
        raise InputError(message) from error
    return cells.rename(str.strip), kind

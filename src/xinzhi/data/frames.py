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
        Table names and frames. A pandas index that has names becomes columns. A table as the readers of files give it
        stays as it is, with its file and lines.

    Raises
    ------
    InputError
        When something is no frame, or two columns of one share a name.
    """
    tables: list[RawTable] = []
    kind: FrameKind = "polars"
    for name, native in frames.items():
        if isinstance(native, RawTable):
            tables.append(native)
            continue
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
    except nw.exceptions.DuplicateError as error:
        raise _twice(name) from error
    kind = _KINDS.get(frame.implementation.name, "polars")
    if kind == "pandas" and any(level is not None for level in native.index.names):
        native = native.reset_index()
    if kind == "pandas":
        frame = nw.from_native(_plain(_dated(native)))
    if isinstance(frame, nw.LazyFrame):
        frame = frame.collect(backend="polars")
    try:
        cells = frame.to_polars()
    except ModuleNotFoundError as error:
        message = f"the table '{name}' is a {kind} frame, which needs pyarrow to be read: install pyarrow."
        raise InputError(message) from error
    try:
        return cells.rename(str.strip), kind
    except pl.exceptions.DuplicateError as error:
        raise _twice(name) from error


def _dated(frame: Any) -> Any:  # noqa: ANN401 - a pandas frame
    """Return a pandas frame whose periods are the dates on which they begin: polars takes them for bare counts."""
    periods = [name for name, kind in frame.dtypes.items() if type(kind).__name__ == "PeriodDtype"]
    return frame.assign(**{name: frame[name].dt.to_timestamp() for name in periods}) if periods else frame


def _plain(frame: Any) -> Any:  # noqa: ANN401 - a pandas frame
    """Return a pandas frame whose columns of words and numbers hold words: the check names the cell that is none."""
    loose = [name for name, kind in frame.dtypes.items() if kind.kind == "O"]
    kinds = {name: set(map(type, frame[name].dropna())) for name in loose}
    mixed = [name for name, found in kinds.items() if str in found and len(found) > 1]
    return frame.assign(**{name: frame[name].map(str, na_action="ignore") for name in mixed}) if mixed else frame


def _twice(name: str) -> InputError:
    message = f"the table '{name}' has two columns of the same name; rename or drop one of them."
    return InputError(message)

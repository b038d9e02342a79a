"""Frames of any kind as polars, and what they must hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinzhi.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from xinzhi.core.result import FrameKind


def frame(native: Any, name: str) -> tuple[pl.DataFrame, FrameKind]:  # noqa: ANN401 - any kind of frame
    """Return a frame of any kind, or the CSV or parquet file of a path, as polars, and the kind it was.

    Raises
    ------
    InputError
        When it is no frame, or the file cannot be read.
    """
    from pathlib import Path

    import polars as pl

    from xinzhi.data.frames import read_frames

    if isinstance(native, str | Path):
        path = Path(native)
        if not path.is_file():
            message = f"there is no file {path}: hand in a frame, or the path of a CSV or parquet file."
            raise InputError(message)
        if path.suffix == ".parquet":
            return pl.read_parquet(path), "polars"
        return _csv(path), "polars"
    tables, kind = read_frames({name: native})
    return tables[0].cells, kind


def _csv(path: Any) -> pl.DataFrame:  # noqa: ANN401 - a path
    """Return a CSV file; codes stay text, so that ``01`` keeps its zero."""
    import polars as pl

    try:
        header = pl.read_csv(path, n_rows=0).columns
        text = {name: pl.String for name in header if name in ("code", "industry", "region", "from", "to")}
        return pl.read_csv(path, schema_overrides=text, infer_schema_length=None)
    except (pl.exceptions.PolarsError, UnicodeDecodeError) as error:
        message = f"{path} cannot be read as UTF-8 CSV: {error}."
        raise InputError(message) from error


def require(rows: pl.DataFrame, columns: Sequence[str], name: str) -> None:
    """Check that a frame has its columns, and rows at all.

    Raises
    ------
    InputError
        When a column is missing; those that are there are named.
    """
    missing = [column for column in columns if column not in rows.columns]
    if missing:
        message = (
            f"{name} has no column {', '.join(repr(column) for column in missing)}; "
            f"it has {', '.join(rows.columns) or 'none'}. Add or rename it."
        )
        raise InputError(message)
    if rows.is_empty():
        message = f"{name} has no rows."
        raise InputError(message)

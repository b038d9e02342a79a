"""Files whose columns have types of their own: parquet, Arrow, Stata, SPSS and SDMX-ML."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import polars as pl

from xinzhi.core.errors import UsageError, guarded
from xinzhi.data.raw import RawTable


def read_columnar(path: Path, name: str) -> RawTable:
    """Return the table of such a file, by its suffix; lines count its rows from 1."""
    suffix = path.suffix.lower()
    cells = COLUMNAR[suffix](path)
    lines = pl.int_range(1, cells.height + 1, dtype=pl.UInt32, eager=True)
    return RawTable(name=name, file=path.name, cells=cells.rename(str.strip), lines=lines)


def _polars(path: Path) -> pl.DataFrame:
    with guarded("data.bad-columnar", pl.exceptions.PolarsError, OSError, path=path):
        if path.suffix.lower() == ".parquet":
            return pl.read_parquet(path, glob=False, hive_partitioning=False)
        return pl.read_ipc(path.read_bytes())


def _readstat(path: Path) -> pl.DataFrame:
    """Return the values of a Stata or SPSS file as they are stored: codes, not their labels."""
    _need("pyreadstat", "io", path)
    import pyreadstat

    read = pyreadstat.read_dta if path.suffix.lower() == ".dta" else pyreadstat.read_sav
    with guarded("data.bad-columnar", pyreadstat.ReadstatError, ValueError, OverflowError, OSError, path=path):
        cells, _ = read(str(path), output_format="polars")
    return _without_blanks(cells)


def _sdmx(path: Path) -> pl.DataFrame:
    """Return the observations of an SDMX-ML message, generic or structure specific, of all its data sets."""
    _need("pysdmx", "sdmx", path)
    from xml.parsers.expat import ExpatError

    import narwhals as nw
    from pysdmx.errors import PysdmxError
    from pysdmx.io import read_sdmx

    odd = (PysdmxError, ExpatError, ImportError, ValueError, LookupError, TypeError, AttributeError)
    with guarded("data.bad-sdmx", *odd, path=path):
        sets: list[Any] = [one.data for one in read_sdmx(path, validate=False).get_datasets()]
        cells = pl.concat([nw.from_native(one).to_polars() for one in sets], how="diagonal_relaxed")
    return _without_blanks(cells)


def _without_blanks(cells: pl.DataFrame) -> pl.DataFrame:
    """Return cells in which an empty text, the gap of these formats, is none."""
    return cells.with_columns(pl.col(pl.String).replace("", None))


def _need(package: str, extra: str, path: Path) -> None:
    if find_spec(package) is None:
        raise UsageError("data.no-extra", file=path.name, package=package, extra=extra)


COLUMNAR: Mapping[str, Callable[[Path], pl.DataFrame]] = {
    **dict.fromkeys((".parquet", ".arrow", ".feather", ".ipc"), _polars),
    **dict.fromkeys((".dta", ".sav"), _readstat),
    ".xml": _sdmx,
}

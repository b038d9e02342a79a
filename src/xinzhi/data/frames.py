"""One table from anywhere: a frame (pandas, polars eager and lazy, pyarrow, duckdb), a mapping, a result or a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import polars as pl

from xinzhi.core.errors import InputError, UsageError, system_reason, translate_native_errors
from xinzhi.core.finding import format_findings
from xinzhi.core.result import FrameKind, Result
from xinzhi.data.casting import cast, looks_numeric
from xinzhi.data.catalogue import table_name
from xinzhi.data.raw import RawTable

TEXTS = (".csv", ".tsv", ".txt")
BOOKS = (".xlsx", ".xls")
_KINDS: Mapping[str, FrameKind] = {"PANDAS": "pandas", "PYARROW": "pyarrow", "DUCKDB": "duckdb"}


def read_columnar(path: Path, name: str, *, labels: bool = False) -> RawTable:
    """Return the table of such a file, by its suffix; lines count its rows from 1."""
    suffix = path.suffix.lower()
    cells = _readstat(path, labels=True) if labels and suffix in STATISTICAL else COLUMNAR[suffix](path)
    lines = pl.int_range(1, cells.height + 1, dtype=pl.UInt32, eager=True)
    return RawTable(name=name, file=path.name, cells=cells.rename(str.strip), lines=lines)


def _with_polars(path: Path) -> pl.DataFrame:
    with translate_native_errors("data.bad-columnar", pl.exceptions.PolarsError, OSError, path=path):
        if path.suffix.lower() == ".parquet":
            return pl.read_parquet(path, glob=False, hive_partitioning=False)
        return pl.read_ipc(path.read_bytes())


def _readstat(path: Path, *, labels: bool = False) -> pl.DataFrame:
    """Return the values of a Stata or SPSS file as they are stored: codes; or where all are labelled, their labels."""
    _need("pyreadstat", "io", path)
    import pyreadstat

    reader = pyreadstat.read_dta if path.suffix.lower() == ".dta" else pyreadstat.read_sav
    with translate_native_errors(
        "data.bad-columnar", pyreadstat.ReadstatError, ValueError, OverflowError, OSError, path=path
    ):
        cells, about = reader(str(path), output_format="polars")
    labels_by_name = about.variable_value_labels if labels else {}
    labelled = {
        name: cells[name].replace_strict(texts, default=None, return_dtype=pl.String)
        for name, texts in labels_by_name.items()
    }
    return _without_blanks(
        cells.with_columns(
            series for name, series in labelled.items() if series.null_count() == cells[name].null_count()
        )
    )


def _sdmx(path: Path) -> pl.DataFrame:
    """Return the observations of an SDMX-ML message, generic or structure specific, of all its data sets."""
    _need("pysdmx", "sdmx", path)
    from xml.parsers.expat import ExpatError

    import narwhals as nw
    from pysdmx.errors import PysdmxError
    from pysdmx.io import read_sdmx

    odd = (PysdmxError, ExpatError, ImportError, ValueError, LookupError, TypeError, AttributeError)
    with translate_native_errors("data.bad-sdmx", *odd, path=path):
        sets: list[Any] = [dataset.data for dataset in read_sdmx(path, validate=False).get_datasets()]
        cells = pl.concat([nw.from_native(dataset).to_polars() for dataset in sets], how="diagonal_relaxed")
    return _without_blanks(cells)


def _without_blanks(cells: pl.DataFrame) -> pl.DataFrame:
    """Return cells in which an empty text, the gap of these formats, is none."""
    return cells.with_columns(pl.col(pl.String).replace("", None))


def _need(package: str, extra: str, path: Path) -> None:
    if find_spec(package) is None:
        raise UsageError("data.no-extra", file=path.name, package=package, extra=extra)


COLUMNAR: Mapping[str, Callable[[Path], pl.DataFrame]] = {
    **dict.fromkeys((".parquet", ".arrow", ".feather", ".ipc"), _with_polars),
    **dict.fromkeys((".dta", ".sav"), _readstat),
    ".xml": _sdmx,
}
STATISTICAL = (".dta", ".sav")
FILES = (*TEXTS, *BOOKS, *COLUMNAR)


def read_any(
    source: Any,  # noqa: ANN401 - any kind of table
    name: str,
    *,
    encoding: str | None = None,
    labels: bool = False,
) -> tuple[RawTable, FrameKind]:
    """Return one table, of a frame, a mapping, a result or a file, and the kind of frame it came as.

    With `labels` a column of Stata or SPSS holds the labels of its values where all of them have one.
    """
    if isinstance(source, (str, Path)):
        return read_file(Path(source), name, encoding=encoding, labels=labels), "polars"
    if isinstance(source, Result):
        table, _ = read_any(source.frame, name)
        return table, source.kind
    if isinstance(source, Mapping):
        try:
            source = pl.DataFrame(source, strict=False)
        except (pl.exceptions.PolarsError, TypeError, ValueError) as error:
            raise InputError("data.no-mapping", name=name, reason=str(error).splitlines()[0]) from error
    tables, kind = read_frames({name: source})
    return tables[0], kind


def read_file(path: Path, name: str, *, encoding: str | None = None, labels: bool = False) -> RawTable:
    """Return the table of a file: CSV, the first sheet with rows of a workbook, or one whose columns have types."""
    # Cells of text files and workbooks are text as written, so that codes keep their zeros; `tidy` and `infer_numbers`
    # cast them.
    suffix = path.suffix.lower()
    if not path.is_file():
        raise InputError("data.no-file", path=path)
    if suffix in COLUMNAR:
        return read_columnar(path, name, labels=labels)
    from xinzhi.data.delimited import read_delimited
    from xinzhi.data.workbook import read_sheet

    try:
        grid = read_sheet(path, name) if suffix in BOOKS else read_delimited(path, name, encoding=encoding)
    except OSError as error:
        raise InputError("data.unreadable", path=path, reason=system_reason(error)) from error
    errors = [problem for problem in grid.findings if problem.severity == "error"]
    if errors:
        raise InputError("data.unreadable-table", grid.findings, path=path, what=format_findings(errors))
    return RawTable(name=name, file=path.name, cells=grid.cells, lines=grid.lines, header=grid.header)


def infer_numbers(cells: pl.DataFrame, *, text: Iterable[str] = ()) -> pl.DataFrame:
    """Return cells with numbers where every cell of a column is one; the columns `text` stay as they are written."""
    as_text = set(text)
    return pl.DataFrame(
        [_parse_column(column, number=column.name not in as_text).alias(column.name) for column in cells]
    )


def _parse_column(column: pl.Series, *, number: bool) -> pl.Series:
    """Return numbers, or words; figures with a control character stay as written, to be named by who needs figures."""
    if number and looks_numeric(column):
        return cast(column, "number").values
    words = cast(column, "text")
    return column if number and words.bad.any() and looks_numeric(words.values) else words.values


def read_frames(frames: Mapping[str, Any]) -> tuple[list[RawTable], FrameKind]:
    """Return frames as tables, and the kind of the first of them."""
    tables: list[RawTable] = []
    kind: FrameKind = "polars"
    for name, native in frames.items():
        if isinstance(native, RawTable):
            tables.append(native)
            continue
        cells, this = (native, kind) if isinstance(native, pl.DataFrame) else _to_polars(name, native)
        kind = kind if tables else this
        try:
            cells = cells.rename(str.strip)
        except pl.exceptions.DuplicateError as error:
            raise InputError("data.same-name", name=name) from error
        lines = pl.int_range(1, cells.height + 1, dtype=pl.UInt32, eager=True)
        label = table_name(str(name), frames)
        tables.append(RawTable(name=label, cells=cells, lines=lines))
    return tables, kind


def _to_polars(name: str, native: Any) -> tuple[pl.DataFrame, FrameKind]:  # noqa: ANN401 - any kind of frame
    """Return a frame of any kind as one of polars."""
    import narwhals as nw  # what polars has read needs none

    try:
        frame = nw.from_native(native)
    except TypeError as error:
        raise InputError("data.no-frame", name=name, given=type(native).__name__) from error
    except nw.exceptions.DuplicateError as error:
        raise InputError("data.same-name", name=name) from error
    kind = _KINDS.get(frame.implementation.name, "polars")
    if kind == "pandas" and any(level is not None for level in native.index.names):
        native = native.reset_index()
    if kind == "pandas":
        frame = nw.from_native(_plain(_periods_to_dates(native)))
    if isinstance(frame, nw.LazyFrame):
        frame = frame.collect(backend="polars")
    try:
        return frame.to_polars(), kind
    except ModuleNotFoundError as error:
        raise InputError("data.no-pyarrow", name=name, kind=kind) from error
    except (NotImplementedError, TypeError, ValueError, OverflowError, pl.exceptions.PolarsError) as error:
        raise InputError("data.frame-unread", name=name, kind=kind, reason=str(error).splitlines()[0]) from error


def _periods_to_dates(frame: Any) -> Any:  # noqa: ANN401 - a pandas frame
    """Return a pandas frame whose periods are the dates on which they begin: polars takes them for bare counts."""
    periods = [name for name, kind in frame.dtypes.items() if type(kind).__name__ == "PeriodDtype"]
    return frame.assign(**{name: frame[name].dt.to_timestamp() for name in periods}) if periods else frame


def _plain(frame: Any) -> Any:  # noqa: ANN401 - a pandas frame
    """Return a pandas frame whose columns of words and numbers hold words: the check names the cell that is none."""
    loose = [name for name, kind in frame.dtypes.items() if kind.kind == "O"]
    kinds = {name: set(map(type, frame[name].dropna())) for name in loose}
    mixed = [name for name, types in kinds.items() if str in types and len(types) > 1]
    return frame.assign(**{name: frame[name].map(str, na_action="ignore") for name in mixed}) if mixed else frame

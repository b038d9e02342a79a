"""Write any result to a file, by its suffix: csv, sdmx.csv, parquet, xlsx or dta."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from os import PathLike
from pathlib import Path

import polars as pl
import polars.selectors as cs

from xinzhi.core.errors import UsageError
from xinzhi.core.files import whole_file
from xinzhi.core.formulas import guarded
from xinzhi.core.result import Result
from xinzhi.core.schema import describe, described
from xinzhi.core.text import is_known
from xinzhi.report.sdmx import write_sdmx

STATA_LABEL = 80


def write(result: Result, path: str | PathLike[str]) -> Path:
    """Write the tidy frame of a result, whole or not at all.

    Parameters
    ----------
    result
        What any verb returns.
    path
        Where to; the suffix says how: ``.csv``, ``.sdmx.csv`` (SDMX-CSV 2.0, one observation a row), ``.parquet``,
        ``.xlsx`` or ``.dta`` (Stata; needs ``xinzhi[io]``).

    Returns
    -------
    Path
        The file.

    Raises
    ------
    UsageError
        When the suffix is unknown, the place cannot be written, pyreadstat is missing for ``.dta``, or a result without
        a key and figures is to be SDMX-CSV.

    Notes
    -----
    Numbers are written at full precision. CSV is UTF-8; when a text is not plain ASCII, a byte order mark goes in front
    by which Excel knows it; a text that begins with ``=``, ``+``, ``-`` or ``@`` gets an apostrophe in front, so that
    no spreadsheet computes it, and `xinzhi.load` takes it off again. Parquet, xlsx and dta carry the protocol's
    fingerprint.

    Examples
    --------
    >>> import tempfile, xinzhi
    >>> path = write(xinzhi.measure("china-provinces"), Path(tempfile.mkdtemp()) / "growth.csv")
    >>> path.name
    'growth.csv'
    """
    target = Path(path)
    writers: Mapping[str, Callable[[Result, Path], None]] = {
        ".csv": lambda result, place: write_csv(result.frame, place),
        ".sdmx.csv": write_sdmx,
        ".parquet": _parquet,
        ".xlsx": _xlsx,
        ".dta": _dta,
    }
    suffix = ".sdmx.csv" if target.name.lower().endswith(".sdmx.csv") else target.suffix.lower()
    writer = writers.get(suffix)
    if writer is None:
        raise UsageError("report.unknown-suffix", file=target.name, suffixes=list(writers))
    with whole_file(target) as temporary:
        writer(result, temporary)
    return target


def write_csv(frame: pl.DataFrame, path: Path) -> None:
    """Write a frame as CSV in UTF-8, with a byte order mark when a text is not plain ASCII; lists are joined by ;."""
    frame = guarded(frame.with_columns(pl.col(pl.List(pl.String)).list.join(";")))
    frame = frame.with_columns(cs.by_dtype(pl.List).cast(pl.List(pl.String)).list.join(";"))
    texts = frame.select(pl.col(pl.String)).get_columns()
    plain = all((text.str.len_bytes() == text.str.len_chars()).all() for text in texts)
    frame.write_csv(path, include_bom=not plain)


def _parquet(result: Result, path: Path) -> None:
    marks = {"xinzhi": result.provenance.foot(), **_provenance(result)}
    result.frame.write_parquet(path, metadata=marks)


def _provenance(result: Result) -> dict[str, str]:
    inputs = {f"input {name}": digest for name, digest in result.provenance.inputs.items()}
    named = {"protocol": result.provenance.protocol, "fingerprint": result.provenance.protocol_fingerprint}
    return {**{name: value for name, value in named.items() if value}, **inputs}


def _xlsx(result: Result, path: Path) -> None:
    marks = {"xinzhi": result.provenance.foot(), "verb": result.provenance.verb, **_provenance(result)}
    write_book(result.frame, path, name=type(result).__name__.lower(), frozen=len(type(result).key), marks=marks)


def write_book(frame: pl.DataFrame, path: Path, *, name: str, frozen: int, marks: Mapping[str, str]) -> None:
    """Write a frame as a workbook of two sheets: the rows, and the marks of what made them; no text is computed."""
    from xlsxwriter import Workbook

    from xinzhi.report.workbook import MADE, SAFE

    book = Workbook(path, SAFE)
    book.set_properties({"created": MADE})
    sheet = book.add_worksheet(name)
    sheet.write_row(0, 0, frame.columns, book.add_format({"bold": True}))
    sheet.freeze_panes(1, frozen)
    for place, cells in enumerate(frame.get_columns()):
        for line, value in enumerate(cells.to_list(), start=1):
            if is_known(value):
                sheet.write_number(line, place, value)
            elif value is not None and not isinstance(value, float):
                sheet.write_string(line, place, str(value))
    about = book.add_worksheet("provenance")
    for line, pair in enumerate(marks.items()):
        about.write_row(line, 0, pair)
    book.close()


def _dta(result: Result, path: Path) -> None:
    if importlib.util.find_spec("pyreadstat") is None:
        raise UsageError("report.no-pyreadstat")
    import pyreadstat

    known = [name for name in result.frame.columns if described(result.verb, name)]
    labels: dict[str, str | None] = {name: describe(result.verb, name).title.en[:STATA_LABEL] for name in known}
    frame = result.frame.with_columns(pl.col(pl.Boolean).cast(pl.Int8))
    pyreadstat.write_dta(frame, str(path), file_label=result.provenance.foot()[:STATA_LABEL], column_labels=labels)

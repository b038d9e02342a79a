"""What is shown, as bytes of a file: a result or a table as csv, xlsx, parquet or SDMX-CSV, a picture as svg or png."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, get_args

import polars as pl

from xinzhi.core.errors import UsageError, guarded
from xinzhi.core.result import Result
from xinzhi.core.text import Language, Text
from xinzhi.report.export import write, write_book, write_csv, write_sdmx
from xinzhi.report.table import Table

TableKind = Literal["csv", "xlsx", "parquet", "sdmx"]
PictureKind = Literal["svg", "png", "json"]
SCALE = 2  # pixels of a png for each of the picture, for screens of twice the density


def file_of(what: Result | Table, kind: TableKind, language: Language = "en", foot: str = "") -> bytes:
    """Return a result, or a table as it is shown, as a file.

    Parameters
    ----------
    what
        What a verb returned: its tidy frame, numbers at full precision. Or a table of a section: its columns are titled
        in the language, with their units, its cells as they are shown.
    kind
        ``csv``, ``xlsx``, ``parquet``; of a result also ``sdmx``, SDMX-CSV 2.0.
    language
        Of the titles and cells of a table.
    foot
        The line that stands under a table: protocol and fingerprint.

    Raises
    ------
    UsageError
        When there is no such kind.

    Examples
    --------
    >>> import xinzhi
    >>> file_of(xinzhi.measure("china-provinces"), "csv")[:19]
    b'region,year,output_'
    """
    if kind not in get_args(TableKind) or (kind == "sdmx" and isinstance(what, Table)):
        raise UsageError("report.unknown-suffix", file=kind, suffixes=list(get_args(TableKind)))
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"table.{kind}"
        if isinstance(what, Table):
            _table(frame_of(what, language), path, foot)
        elif kind == "sdmx":
            write_sdmx(what, path)
        else:
            write(what, path)
        return path.read_bytes()


def _table(frame: pl.DataFrame, path: Path, foot: str) -> None:
    match path.suffix:
        case ".csv":
            write_csv(frame, path)
        case ".parquet":
            frame.write_parquet(path, metadata={"xinzhi": foot})
        case _:
            write_book(frame, path, name="table", frozen=1, marks={"xinzhi": foot})


def frame_of(table: Table, language: Language = "en") -> pl.DataFrame:
    """Return a table as a frame: titles with units, texts in the language, numbers as numbers."""
    columns: dict[str, pl.Series] = {}
    for at, one in enumerate(table.columns):
        title, unit = one.title.lang(language), one.unit.lang(language)
        name = f"{title} ({unit})" if unit else title
        while name in columns:
            name += "'"
        columns[name] = _series(name, [row[at] for row in table.rows], language)
    return pl.DataFrame(columns)


def _series(name: str, cells: Sequence[Any], language: Language) -> pl.Series:
    """Return cells as numbers where all are, else as texts."""
    kinds = {type(cell) for cell in cells if cell is not None}
    if kinds and kinds <= {int, float}:
        return pl.Series(name, cells, dtype=pl.Int64 if kinds == {int} else pl.Float64)
    said = [cell.lang(language) if isinstance(cell, Text) else None if cell is None else str(cell) for cell in cells]
    return pl.Series(name, said, dtype=pl.String)


def drawing(
    result: Result, picture: str | None, kind: PictureKind, language: Language = "en", *, region: str | None = None
) -> bytes:
    """Return a picture of a result as a file: svg, png, or its Vega-Lite specification as json.

    Parameters
    ----------
    result, picture, language, region
        As in `plot`.
    kind
        ``svg``, ``png`` or ``json``.

    Examples
    --------
    >>> import xinzhi
    >>> drawing(xinzhi.measure("china-provinces"), "ranking", "svg")[:4]
    b'<svg'
    """
    import vl_convert

    from xinzhi.report.writing import plot

    spec: dict[str, Any] = plot(result, picture, language, region=region).to_dict()
    if kind == "json":
        return json.dumps(spec, ensure_ascii=False).encode()
    with guarded("report.not-drawn", ValueError, name=picture or ""):
        if kind == "png":
            return vl_convert.vegalite_to_png(spec, scale=SCALE)
        return vl_convert.vegalite_to_svg(spec).encode()

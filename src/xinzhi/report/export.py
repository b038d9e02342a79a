"""Write any result to a file, by its suffix: csv, sdmx.csv, parquet, xlsx or dta; a table as the bytes of a file."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, get_args

import polars as pl
import polars.selectors as cs

from xinzhi import words
from xinzhi.core import flags
from xinzhi.core.errors import UsageError
from xinzhi.core.extras import require
from xinzhi.core.files import whole, whole_file
from xinzhi.core.formulas import escape_formulas
from xinzhi.core.result import Result
from xinzhi.core.schema import Column, describe, described
from xinzhi.core.text import Language, Text, is_finite_number, same
from xinzhi.report.document import Data, Document
from xinzhi.report.table import FRACTIONS, Table

CONTEXT = ["http://www.w3.org/ns/csvw", {"@language": "en"}]
PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
BESIDE = "-metadata.json"  # the name under which CSV on the Web looks for the metadata of a file
JOINT = ";"  # between the items of a list in a cell
# Types of Data Package (Table Schema 2.0, field types) and of CSV on the Web ("Metadata Vocabulary for Tabular Data",
# W3C 2015, section 5.11.1), by kinds of polars.
TYPES = ((pl.Boolean, "boolean", "boolean"), (pl.Date, "date", "date"), (pl.Datetime, "datetime", "dateTime"))
NUMBERS = (("integer", "integer"), ("number", "double"))
# SDMX-CSV field guide 2.0: STRUCTURE, STRUCTURE_ID, ACTION, then dimensions, the measure, attributes. Concepts have
# the names of the SDMX Content-Oriented Guidelines, Annex 1 (REF_AREA, TIME_PERIOD, OBS_STATUS, UNIT_MEASURE).
AGENCY = "XINZHI"
CONCEPTS = {"region": "REF_AREA"}
PERIODS = ("year", "end", "date")  # of the key: the first that is there is the period of an observation
INDICATORS = ("INDICATOR", "MEASURE", "VARIABLE")  # what the dimension of the columns is called: the first that is free
INFORMATION = "I"  # what the file does to a data base that takes it in: nothing is said of its rows elsewhere
STATUS = "OBS_STATUS"
NORMAL = "A"
STATA_LABEL = 80
TableKind = Literal["csv", "xlsx", "parquet", "sdmx"]


def names(document: Document) -> list[str]:
    """Return the names of the files that describe the CSV files of a document."""
    if not document.frames:
        return []
    # Not datapackage.json: a folder may hold the files of several studies, or be a data package itself.
    return [*(f"{name}{BESIDE}" for name in document.frames), f"{Path(document.names[2]).stem}.datapackage.json"]


def metadata_files(document: Document, language: Language) -> list[dict[str, object]]:
    """Return the content of those files, in the order of their names."""
    if not document.frames:
        return []
    tables = [csvw(name, data, document) for name, data in document.frames.items()]
    return [*tables, data_package(document, language)]


def columns(result: Result, part: str = "frame") -> list[Column]:
    """Return the columns of a frame with the unit in which they are stored: fractions are no percent."""
    entries = []
    for name, kind in getattr(result, part).schema.items():
        column = (
            describe(result.verb, name, part)
            if described(result.verb, name, part)
            else Column(name=name, title=same(name))
        )
        stored = column.kind in FRACTIONS and kind.is_numeric()
        unit = words.export.fraction(unit=column.unit) if stored and column.unit.en else column.unit
        entries.append(replace(column, name=name, unit=unit))
    return entries


def _types(kind: pl.DataType) -> tuple[str, str]:
    """Return the type of a column in both vocabularies."""
    if kind.is_numeric():
        return NUMBERS[0] if kind.is_integer() else NUMBERS[1]
    return next(
        ((field_type, web_type) for dtype, field_type, web_type in TYPES if kind == dtype), ("string", "string")
    )


def _bilingual(text: Text) -> dict[str, str]:
    return {"en": text.en, "zh": text.zh}


def csvw(name: str, data: Data, document: Document) -> dict[str, object]:
    """Return the CSV on the Web metadata of a file: columns with titles in both languages, units, primary key."""
    frame, provenance = data.frame, data.result.provenance
    listed = []
    for column in columns(data.result, data.part):
        kind = frame.schema[column.name]
        entry: dict[str, object] = {"name": column.name, "titles": {"und": [column.name], **_bilingual(column.title)}}
        entry["datatype"] = _types(kind.inner if isinstance(kind, pl.List) else kind)[1]  # type: ignore[arg-type] # a class of types is none here
        if isinstance(kind, pl.List):
            entry["separator"] = JOINT
        if column.unit.en:
            entry["schema:unitText"] = [
                {"@value": text, "@language": key} for key, text in _bilingual(column.unit).items()
            ]
        listed.append(entry)
    key = _key(data)
    return {
        "@context": CONTEXT,
        "url": name,
        "dc:title": [{"@value": text, "@language": key_} for key_, text in _bilingual(document.cover).items()],
        "dc:source": [{"@value": text, "@language": key_} for key_, text in _bilingual(document.source).items()],
        "dc:creator": f"xinzhi {provenance.version}",
        "dc:identifier": provenance.foot(),
        "dialect": {"encoding": "utf-8", "header": True},
        "tableSchema": {"columns": listed, **({"primaryKey": key} if key else {})},
    }


def _key(data: Data) -> list[str]:
    """Return the key of a frame where its rows are told apart by it."""
    key = [name for name in data.result.key if name in data.frame.columns]
    if not key or len(key) < len(data.result.key) or data.frame.select(key).is_duplicated().any():
        return []
    return [] if any(data.frame[name].null_count() for name in key) else key


def data_package(document: Document, language: Language) -> dict[str, object]:
    """Return the Data Package of the CSV files of a document (Data Package 2.0), titles in the language asked for."""
    provenance = document.provenance
    resources = []
    for name, data in document.frames.items():
        fields: list[dict[str, object]] = []
        for column in columns(data.result, data.part):
            kind = data.frame.schema[column.name]
            entry: dict[str, object] = {
                "name": column.name,
                "type": "list" if isinstance(kind, pl.List) else _types(kind)[0],
            }
            entry |= {"title": column.title.lang(language), "titles": _bilingual(column.title)}
            entry |= {"delimiter": JOINT} if isinstance(kind, pl.List) else {}
            fields.append(
                entry
                | ({"unit": column.unit.lang(language), "units": _bilingual(column.unit)} if column.unit.en else {})
            )
        key = _key(data)
        schema = {"fields": fields, "missingValues": [""], **({"primaryKey": key} if key else {})}
        stem = Path(name).stem
        resources.append(
            {
                "name": stem,
                "type": "table",
                "path": name,
                "format": "csv",
                "mediatype": "text/csv",
                "encoding": "utf-8",
                "dialect": {"header": True, "delimiter": ","},
                "schema": schema,
            }
        )
    sources = [{"title": document.source.lang(language)}]
    if provenance.issuers is not None:
        sources.append({"title": provenance.issuers.lang(language)})
    return {
        "$schema": PROFILE,
        "name": Path(document.names[2]).stem,
        "title": document.cover.lang(language),
        "titles": _bilingual(document.cover),
        "description": document.foot.lang(language),
        "sources": sources,
        "xinzhi": provenance.to_dict(),
        "resources": resources,
    }


@dataclass(frozen=True, slots=True)
class _Parts:
    """The columns of a frame by what they become."""

    key: Sequence[Column]
    measures: Sequence[Column]
    attributes: Sequence[Column]


def concept(name: str, period: str | None = None) -> str:
    """Return the name of a column as a concept of SDMX."""
    if name == period:
        return "TIME_PERIOD"
    return CONCEPTS.get(name, "".join(sign if sign.isalnum() else "_" for sign in name).upper())


def _parts(result: Result) -> _Parts:
    entries = columns(result)
    key = [column for column in entries if column.name in type(result).key]
    rest = [column for column in entries if column.name not in type(result).key and column.kind != "flags"]
    numeric = [column for column in rest if result.frame.schema[column.name].is_numeric()]
    texts = [column for column in rest if not result.frame.schema[column.name].is_numeric()]
    if not key or not numeric:
        raise UsageError("report.no-observations", name=type(result).__name__)
    return _Parts(key, numeric, texts)


def observations(result: Result) -> pl.DataFrame:
    """Return the observations of a result; what is unknown has none."""
    # The frame has ``STRUCTURE, STRUCTURE_ID, ACTION``, a column for every part of the key, ``INDICATOR`` (the name of
    # the column), ``OBS_VALUE``, ``UNIT_MEASURE``, ``OBS_STATUS`` (code list CL_OBS_STATUS), ``COMMENT_OBS`` (the flags
    # in words), and the columns of text.
    parts, frame = _parts(result), result.frame
    cells = frame["flags"].to_list() if "flags" in frame.columns else [None] * frame.height
    frame = frame.with_columns(
        pl.Series(STATUS, [status(cell) for cell in cells], dtype=pl.String),
        pl.Series("COMMENT_OBS", [flags.in_full(cell).en if cell else None for cell in cells], dtype=pl.String),
    )
    keys = [column.name for column in parts.key]
    texts = [column.name for column in parts.attributes]
    period = next((name for name in PERIODS if name in keys), None)
    concepts = {name: concept(name, period) for name in (*keys, *texts)}
    indicator = next(name for name in INDICATORS if name not in concepts.values())
    dimensions = [*(concepts[name] for name in keys), indicator]
    units = {column.name: column.unit.en or None for column in parts.measures}
    index, provenance = [*keys, *texts, STATUS, "COMMENT_OBS"], result.provenance
    long = frame.unpivot(list(units), index=index, variable_name=indicator, value_name="OBS_VALUE").rename(concepts)
    long = long.with_columns(pl.col("OBS_VALUE").cast(pl.Float64)).filter(pl.col("OBS_VALUE").is_finite())
    structure = f"{AGENCY}:{concept(provenance.verb)}({provenance.version.partition('.dev')[0]})"
    return long.select(
        STRUCTURE=pl.lit("dataflow"),
        STRUCTURE_ID=pl.lit(structure),
        ACTION=pl.lit(INFORMATION),
        **{name: pl.col(name) for name in dimensions[:-1]},
        **{indicator: pl.col(indicator).str.to_uppercase()},
        OBS_VALUE=pl.col("OBS_VALUE"),
        UNIT_MEASURE=pl.col(indicator).replace_strict(units, return_dtype=pl.String),
        **{name: pl.col(name) for name in (STATUS, "COMMENT_OBS", *(concepts[name] for name in texts))},
        COMMENT_DSET=pl.lit(provenance.foot()),
    ).sort(dimensions)


def status(cell: str | None) -> str:
    """Return the status of an observation with such flags: of several the first in the order of ``flags.yaml``."""
    kinds = {kind for kind, _ in flags.split(cell)}
    return next((code for kind, code in codes().items() if kind in kinds), NORMAL)


def codes() -> dict[str, str]:
    """Return the code of every kind of flag that changes the status of an observation."""
    return {kind: row["status"] for kind, row in flags.kinds().items() if "status" in row}


def write_sdmx(result: Result, path: Path) -> None:
    """Write the observations of a result as SDMX-CSV 2.0, UTF-8 without a byte order mark."""
    frame = observations(result)
    lists = [name for name, kind in frame.schema.items() if isinstance(kind, pl.List)]
    escape_formulas(frame.with_columns(pl.col(lists).cast(pl.List(pl.String)).list.join(";"))).write_csv(path)


def write(result: Result, path: str | PathLike[str]) -> Path:
    """Write the tidy frame of a result, whole or not at all.

    Parameters
    ----------
    result
        What any verb returns.
    path
        Where to; the suffix says how: ``.csv``, ``.sdmx.csv`` (SDMX-CSV 2.0, one observation a row), ``.parquet``,
        ``.xlsx`` or ``.dta`` (Stata; needs ``xinzhi[io]``).

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


def write_tables(results: Mapping[str, Result], folder: Path, name: str) -> list[Path]:
    """Write the frames of results as CSV, as one set: what can be had of a study without the extra ``report``."""
    names = [f"{name}.csv"] if len(results) == 1 else [f"{name}-{key}.csv" for key in results]
    with whole(folder, names) as paths:
        for result, path in zip(results.values(), paths, strict=True):
            write_csv(result.frame, path)
    return [folder / file for file in names]


def write_csv(frame: pl.DataFrame, path: Path) -> None:
    """Write a frame as CSV in UTF-8, with a byte order mark when a text is not plain ASCII; lists are joined by ;."""
    frame = escape_formulas(frame.with_columns(pl.col(pl.List(pl.String)).list.join(";")))
    frame = frame.with_columns(cs.by_dtype(pl.List).cast(pl.List(pl.String)).list.join(";"))
    texts = frame.select(pl.col(pl.String)).get_columns()
    ascii_only = all((text.str.len_bytes() == text.str.len_chars()).all() for text in texts)
    frame.write_csv(path, include_bom=not ascii_only)


def _parquet(result: Result, path: Path) -> None:
    marks = {"xinzhi": result.provenance.foot(), **_provenance(result)}
    result.frame.write_parquet(path, metadata=marks)


def _provenance(result: Result) -> dict[str, str]:
    inputs = {f"input {name}": digest for name, digest in result.provenance.inputs.items()}
    protocol = {"protocol": result.provenance.protocol, "fingerprint": result.provenance.protocol_fingerprint}
    return {**{name: value for name, value in protocol.items() if value}, **inputs}


def _xlsx(result: Result, path: Path) -> None:
    marks = {"xinzhi": result.provenance.foot(), "verb": result.provenance.verb, **_provenance(result)}
    write_book(result.frame, path, name=type(result).__name__.lower(), frozen=len(type(result).key), marks=marks)


def write_book(frame: pl.DataFrame, path: Path, *, name: str, frozen: int, marks: Mapping[str, str]) -> None:
    """Write a frame as a workbook of two sheets: the rows, and the marks of what made them; no text is computed."""
    require("xlsxwriter")
    from xlsxwriter import Workbook

    from xinzhi.report.workbook import MADE, SAFE

    book = Workbook(path, SAFE)
    book.set_properties({"created": MADE})
    sheet = book.add_worksheet(name)
    sheet.write_row(0, 0, frame.columns, book.add_format({"bold": True}))
    sheet.freeze_panes(1, frozen)
    for place, cells in enumerate(frame.get_columns()):
        for line, value in enumerate(cells.to_list(), start=1):
            if is_finite_number(value):
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

    names = [name for name in result.frame.columns if described(result.verb, name)]
    labels: dict[str, str | None] = {name: describe(result.verb, name).title.en[:STATA_LABEL] for name in names}
    frame = result.frame.with_columns(pl.col(pl.Boolean).cast(pl.Int8))
    pyreadstat.write_dta(frame, str(path), file_label=result.provenance.foot()[:STATA_LABEL], column_labels=labels)


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
    for at, column in enumerate(table.columns):
        title, unit = column.title.lang(language), column.unit.lang(language)
        name = f"{title} ({unit})" if unit else title
        while name in columns:
            name += "'"
        columns[name] = _series(name, [row[at] for row in table.rows], language)
    return pl.DataFrame(columns)


def _series(name: str, cells: Sequence[object], language: Language) -> pl.Series:
    """Return cells as numbers where all are, else as texts."""
    kinds = {type(cell) for cell in cells if cell is not None}
    if kinds and kinds <= {int, float}:
        return pl.Series(name, cells, dtype=pl.Int64 if kinds == {int} else pl.Float64)
    return pl.Series(name, [_plain_text(cell, language) for cell in cells], dtype=pl.String)


def _plain_text(cell: object, language: Language) -> str | None:
    """Return a cell as a plain text in one language; None stays None."""
    if isinstance(cell, Text):
        return cell.lang(language)
    return None if cell is None else str(cell)

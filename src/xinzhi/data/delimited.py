"""Delimited text: every cell as text, every row with its line, whatever an editor did to the file."""

from __future__ import annotations

import codecs
import csv
import io
import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl

from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.finding import Finding, finding
from xinzhi.core.formulas import unescape_formulas
from xinzhi.data.raw import TOP, Grid, grid, header_below

_GB = "gb18030"
_MARKS = ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_HEADER = re.compile(rb"\S[^\n]*")  # the first line that is not blank
_GUARDED = re.compile(rb"'[=+\-@\t\r]")  # a text that was kept from being a formula
_SHOWN = 40
_NOT_OF_FILES = frozenset({"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined"})


def utf8(data: bytes, table: str, file: str, encoding: str | None) -> tuple[bytes | None, list[Finding]]:
    """Return a text file in UTF-8 without byte order mark."""
    codec = _lookup(encoding)
    mark = next((name for start, name in _MARKS if data.startswith(start)), None)
    if b"\0" in data and mark is None:
        two_bytes = codec is not None and codec.startswith(("utf-16", "utf-32"))
        text = _decode(data, str(codec), file) if two_bytes else "\0"
        if "\0" in text:
            raise InputError("data.zero-bytes", file=file)
        return text.encode(), []
    bare = data.removeprefix(codecs.BOM_UTF8)
    findings = [finding("data.byte-order-mark", table=table, file=file, line=1)] if len(bare) < len(data) else []
    bad = None if mark else _first_bad(bare)
    if mark is None and bad is None:
        return bare, findings
    if codec is not None:
        return _decode(data, codec, file).encode(), findings
    if mark is not None:
        return None, [finding("data.encoding-unknown", table=table, file=file, line=1, value=mark.upper())]
    return None, [_encoding_finding(bare, int(bad or 0), table, file)]


def _lookup(encoding: str | None) -> str | None:
    if encoding is None:
        return None
    try:
        codec = codecs.lookup(encoding)
    except (LookupError, ValueError) as error:
        raise UsageError("data.no-encoding", encoding=encoding) from error
    if codec.name in _NOT_OF_FILES or not getattr(codec, "_is_text_encoding", True):
        raise UsageError("data.no-encoding", encoding=encoding)
    return codec.name


def _first_bad(data: bytes) -> int | None:
    if data.isascii():
        return None
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start
    return None


def _decode(data: bytes, codec: str, file: str) -> str:
    try:
        text, _ = codecs.lookup(codec).decode(data)
    except (UnicodeError, AttributeError, TypeError) as error:
        line = data[: getattr(error, "start", 0)].count(b"\n") + 1
        raise InputError("data.other-encoding", file=file, line=line, codec=codec) from error
    if not isinstance(text, str) or "\0" in text:
        raise InputError("data.no-text", file=file, codec=codec)
    return text.removeprefix("\ufeff")


def _encoding_finding(data: bytes, bad: int, table: str, file: str) -> Finding:
    """Return the finding for bytes that are not UTF-8: GB18030 when they read as such."""
    line = data[:bad].count(b"\n") + 1
    start = data.rfind(b"\n", 0, bad) + 1
    end = data.find(b"\n", bad)
    try:
        data.decode(_GB)
        excerpt = data[start : end if end >= 0 else len(data)].decode(_GB, errors="replace").strip()[:_SHOWN]
    except UnicodeDecodeError:
        return finding("data.encoding-unknown", table=table, file=file, line=line, value=f"0x{data[bad]:02X}")
    return finding("data.encoding-gb18030", table=table, file=file, line=line, value=excerpt, expected="UTF-8")


_DELIMITERS = (",", ";", "\t", "|")
_NEVER = "\x1f"  # the unit separator of ASCII; files with it are read the slow way


@dataclass(frozen=True, slots=True, kw_only=True)
class _Records:
    """The records of a file: header, regular rows with their lines, and the lines with another number of fields."""

    header: list[str]
    line: int
    cells: pl.DataFrame
    lines: pl.Series
    ragged: list[tuple[int, int]]


def read_delimited(
    path: Path, table: str, *, encoding: str | None = None, delimiter: str | None = None, data: bytes | None = None
) -> Grid:
    """Read a delimited text file, or the bytes that were read from it."""
    if delimiter and (len(delimiter.encode()) > 1 or not (delimiter == "\t" or delimiter.isprintable())):
        raise InputError("data.no-delimiter", path=path, delimiter=delimiter)
    if path.is_char_device():  # such as /dev/zero, which has no end
        raise InputError("data.no-file", path=path)
    data, findings = utf8(path.read_bytes() if data is None else data, table, path.name, encoding)
    if data is None:
        return Grid(cells=pl.DataFrame(), lines=pl.Series(dtype=pl.UInt32), findings=tuple(findings))
    data, ends = _one_line_end(data)
    if ends:
        findings.append(finding("data.mixed-line-ends", table=table, file=path.name, value=ends))
    if not data or data.isspace():
        raise InputError("data.file-empty", path=path, table=table)
    if not data.endswith(b"\n"):
        findings.append(finding("data.unended-line", table=table, file=path.name, line=data.count(b"\n") + 1))
    records = _records(data, delimiter or _sniff(data), path)
    if below := _title(data, records, table):
        findings.append(
            finding("data.title-above-header", table=table, file=path.name, line=records.line, value=str(below))
        )
        return Grid(cells=pl.DataFrame(), lines=pl.Series(dtype=pl.UInt32), findings=tuple(findings))
    width = str(len(records.header))
    findings += [
        finding("data.ragged-row", table=table, file=path.name, line=line, value=str(count), expected=width)
        for line, count in records.ragged
    ]
    cells = unescape_formulas(records.cells) if b"'" in data and _GUARDED.search(data) else records.cells
    table_grid = grid(records.header, cells, records.lines, table=table, file=path.name, line=records.line)
    return replace(table_grid, findings=(*findings, *table_grid.findings))


def _title(data: bytes, records: _Records, table: str) -> int | None:
    """Return the line of the header where a lone title, without delimiters, stands above it."""
    if len(records.header) > 1 or not records.ragged:
        return None
    top = data.split(b"\n", TOP)[:TOP]
    rows = (
        (line, next(csv.reader([row.decode()], delimiter=_sniff(row)), [])) for line, row in enumerate(top, start=1)
    )
    return header_below(records.header, rows, table)


def _one_line_end(data: bytes) -> tuple[bytes, str | None]:
    r"""Return the text with ``\n`` alone, and which line ends it mixes, if it does."""
    if b"\r" not in data:
        return data, None
    pairs = data.count(b"\r\n")
    counts = {"CRLF": pairs, "LF": data.count(b"\n") - pairs, "CR": data.count(b"\r") - pairs}
    used = [f"{count} {name}" for name, count in counts.items() if count]
    return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n"), ", ".join(used) if len(used) > 1 else None


def _sniff(data: bytes) -> str:
    match = _HEADER.search(data)
    header = match[0].decode() if match else ""
    return max(_DELIMITERS, key=header.count)


def _records(data: bytes, delimiter: str, path: Path) -> _Records:
    """Split into records: fast when every record is a line, else one by one."""
    if (simple := _plain(data, delimiter)) is not None:
        return simple
    if _NEVER.encode() not in data:
        lines = _lines(data)
        if b'"' not in data or not (lines.str.count_matches('"', literal=True) % 2 == 1).any():
            records = _one_a_line(data, lines, delimiter)
            if records is not None:
                return records
    return _read_records(data, delimiter, path)


def _plain(data: bytes, delimiter: str) -> _Records | None:
    """Read a file without quotes and blank lines, all of whose lines have as many fields; None where it is another."""
    end, (sign, newline) = data.find(b"\n"), f"{delimiter}\n".encode()
    width = data.count(delimiter.encode(), 0, end) + 1
    if width == 1 or delimiter.isspace() or b'"' in data or not data.endswith(b"\n") or end > csv.field_size_limit():
        return None
    signs = np.frombuffer(data, dtype=np.uint8)
    signs = signs[(signs == sign) | (signs == newline)]
    if (
        signs.size % width
        or (signs == newline).sum() * width != signs.size
        or (signs[width - 1 :: width] == sign).any()
    ):
        return None
    rows = signs.size // width - 1
    cells = _cells(data, width, delimiter) if rows else _no_cells(width)
    if cells.height != rows:
        return None
    header = next(csv.reader([data[:end].decode()], delimiter=delimiter))
    lines = pl.int_range(2, rows + 2, dtype=pl.UInt32, eager=True)
    return _Records(header=header, line=1, cells=cells, lines=lines, ragged=[])


def _lines(data: bytes) -> pl.Series:
    frame = pl.read_csv(
        io.BytesIO(data), has_header=False, separator=_NEVER, quote_char=None, schema={"line": pl.String}
    )
    return frame["line"].fill_null("")


def _one_a_line(data: bytes, lines: pl.Series, delimiter: str) -> _Records | None:
    """Read a file whose records are lines; None when that turns out not to be so."""
    bare = lines.str.replace_all(r'"[^"]*"', "") if b'"' in data else lines
    count = bare.str.count_matches(delimiter, literal=True) + 1
    numbers = pl.int_range(1, len(lines) + 1, dtype=pl.UInt32, eager=True)
    filled = lines.str.strip_chars() != ""
    top = int(filled.arg_max() or 0)
    if len(lines[top]) > csv.field_size_limit():
        return None
    header = next(csv.reader([lines[top]], delimiter=delimiter))
    body = filled & (numbers > top + 1)
    good = body & (count == len(header))
    ragged = body & ~good
    rows = int(good.sum())
    if rows < len(lines) - 1:
        data = "\n".join([lines[top], *lines.filter(good)]).encode()
    cells = _cells(data, len(header), delimiter) if rows else _no_cells(len(header))
    if cells.height != rows:
        return None
    off = zip(numbers.filter(ragged).to_list(), count.filter(ragged).to_list(), strict=True)
    return _Records(header=header, line=top + 1, cells=cells, lines=numbers.filter(good), ragged=list(off))


def _cells(data: bytes, width: int, delimiter: str) -> pl.DataFrame:
    schema = _no_cells(width).schema
    try:
        return pl.read_csv(io.BytesIO(data), has_header=False, skip_rows=1, separator=delimiter, schema=schema)
    except pl.exceptions.PolarsError:  # quotes that only the slow reader can make sense of
        return _no_cells(0)


def _no_cells(width: int) -> pl.DataFrame:
    return pl.DataFrame(schema={str(number): pl.String for number in range(width)})


def _read_records(data: bytes, delimiter: str, path: Path) -> _Records:
    """Read record by record: fields that span lines, quotes in odd places."""
    reader = csv.reader(io.StringIO(data.decode(), newline=""), delimiter=delimiter)
    rows: list[list[str]] = []
    lines: list[int] = []
    line = 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append(row)
                lines.append(line)
            line = reader.line_num + 1
    except csv.Error as error:
        raise InputError("data.not-delimited", path=path, line=line, error=error) from error
    if not rows:
        raise InputError("data.only-quotes", path=path)
    header, width = rows[0], len(rows[0])
    body = list(zip(lines[1:], rows[1:], strict=True))
    good = [(number, row) for number, row in body if len(row) == width]
    cells = {str(number): [row[number] or None for _, row in good] for number in range(width)}
    return _Records(
        header=header,
        line=lines[0],
        cells=pl.DataFrame(cells, schema=_no_cells(width).schema),
        lines=pl.Series([number for number, _ in good], dtype=pl.UInt32),
        ragged=[(number, len(row)) for number, row in body if len(row) != width],
    )

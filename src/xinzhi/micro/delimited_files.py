"""Text files of firms: their encoding, and where a cell stands that should be a number and is none."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from xinzhi.core.errors import InputError, UsageError

_CHUNK = 1 << 22
_GB = "gb18030"
_UTF8 = "utf-8-sig"
_DELIMITERS = ",;\t|"
_LINE = re.compile(r"CSV Error on Line: (\d+)")
_FILE = re.compile(r"file = (.+)")
_WIDTH = re.compile(r"Expected Number of Columns: (\d+) Found: (\d+)")
_NUMBER = re.compile(r"\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*")


def is_text(path: Path) -> bool:
    """Say whether a file is delimited text, by its name."""
    return path.suffix.lower() in {".csv", ".tsv"}


def codec_of(encoding: str) -> str:
    """Return the name of an encoding as Python knows it."""
    try:
        return codecs.lookup(encoding).name
    except LookupError as error:
        raise UsageError("data.no-encoding", encoding=encoding) from error


def first_bad_line(path: Path, codec: str) -> int | None:
    """Return the first line that is not in an encoding."""
    decoder, line = codecs.getincrementaldecoder(codec)(), 1
    with path.open("rb") as file:
        while True:
            block = file.read(_CHUNK)
            try:
                decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                return line + bytes(error.object)[: error.start].count(b"\n")
            if not block:
                return None
            line += block.count(b"\n")


def in_utf8(path: Path, encoding: str | None, target: Path) -> Path:
    """Return a file in UTF-8: itself, or what is written of it to `target` where an encoding is named.

    A file in another encoding is refused, with its first line that is not UTF-8, the encoding that it seems to be in
    and the cure; nothing is guessed, since a wrong guess gives other firms and regions.
    """
    codec = None if encoding is None else codec_of(encoding)
    bad = first_bad_line(path, _UTF8)
    if bad is None:
        return path
    if codec is None:
        seems = _GB.upper() if first_bad_line(path, _GB) is None else "?"
        raise InputError("micro.encoding", (), file=path.name, line=bad, seems=seems)
    wrong = first_bad_line(path, codec)
    if wrong is not None:
        raise InputError("data.other-encoding", (), file=path.name, line=wrong, codec=codec)
    target.parent.mkdir(parents=True, exist_ok=True)
    decode = codecs.getincrementaldecoder(codec)()
    with path.open("rb") as file, target.open("wb") as output:
        while block := file.read(_CHUNK):
            output.write(decode.decode(block).encode())
    return target


def header_of(path: Path, codec: str = _UTF8) -> tuple[list[str], str]:
    """Return the names of the columns of a text file, and what stands between them."""
    with path.open(encoding=codec, newline="") as file:
        first = file.readline(_CHUNK)
        file.seek(0)
        delimiter = max(_DELIMITERS, key=first.count)
        names = [name.strip() for name in next(csv.reader(file, delimiter=delimiter), [])]
    if not any(names):
        raise InputError("micro.no-header", (), file=path.name)
    counts: dict[str, int] = {}
    for at, name in enumerate(names):  # a name that stands twice, or none
        counts[name] = counts.get(name, 0) + 1
        names[at] = name if name and counts[name] == 1 else f"{name}_{at + 1}"
    return names, delimiter


def csv_error(message: str) -> InputError | None:
    """Return the error for a row that does not fit the header, from what the engine says, which also quotes cells."""
    line, file, counts = _LINE.search(message), _FILE.search(message), _WIDTH.search(message)
    if line is None or file is None:
        return None
    width = counts.groups() if counts else ("?", "?")
    return InputError("micro.csv", (), file=Path(file[1]).name, line=int(line[1]), expected=width[0], found=width[1])


def first_no_number(
    paths: Sequence[Path], columns: Mapping[str, str], encoding: str | None
) -> dict[str, tuple[str, int]]:
    """Return file and line of the first cell of every column, by role, that is not blank and holds no number."""
    pending, places = dict(columns), {}
    for path in paths:
        codec = _UTF8 if first_bad_line(path, _UTF8) is None else codec_of(encoding or _UTF8)
        names, delimiter = header_of(path, codec)
        with path.open(encoding=codec, newline="") as file:
            rows = csv.reader(file, delimiter=delimiter)
            next(rows)
            place = {role: names.index(name) for role, name in pending.items() if name in names}
            for row in rows:
                for role, at in list(place.items()):
                    if at < len(row) and row[at].strip() and not _NUMBER.fullmatch(row[at]):
                        places[role] = (path.name, rows.line_num)
                        del place[role], pending[role]
                if not place:
                    break
        if not pending:
            break
    return places

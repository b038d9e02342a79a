"""Encodings: is a file UTF-8, and if not, what is it."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.finding import finding

if TYPE_CHECKING:
    from xinzhi.core.finding import Finding

_GB = "gb18030"
_MARKS = ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_SHOWN = 40


def utf8(data: bytes, table: str, file: str, encoding: str | None) -> tuple[bytes | None, list[Finding]]:
    """Return a text file in UTF-8 without byte order mark.

    Parameters
    ----------
    data
        The bytes of the file.
    table, file
        Where findings stand.
    encoding
        The encoding of files that are not UTF-8; a file that is UTF-8 is read as such all the same, since one
        package may hold both.

    Returns
    -------
    bytes or None, list[Finding]
        None, with the finding that names the encoding, when the file is not UTF-8 and `encoding` is not given.

    Raises
    ------
    InputError
        When the file is no text, or not in `encoding`.
    UsageError
        When `encoding` is not the name of an encoding.
    """
    codec = _lookup(encoding)
    mark = next((name for start, name in _MARKS if data.startswith(start)), None)
    if b"\0" in data and mark is None:
        raise InputError("data.zero-bytes", file=file)
    bare = data.removeprefix(codecs.BOM_UTF8)
    found = [finding("data.byte-order-mark", table=table, file=file, line=1)] if len(bare) < len(data) else []
    bad = None if mark else _first_bad(bare)
    if mark is None and bad is None:
        return bare, found
    if codec is not None:
        return _decode(data, codec, file).encode(), found
    if mark is not None:
        return None, [finding("data.encoding-unknown", table=table, file=file, line=1, value=mark.upper())]
    return None, [_named(bare, int(bad or 0), table, file)]


def _lookup(encoding: str | None) -> str | None:
    if encoding is None:
        return None
    try:
        return codecs.lookup(encoding).name
    except LookupError as error:
        raise UsageError("data.no-encoding", encoding=encoding) from error


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


def _named(data: bytes, bad: int, table: str, file: str) -> Finding:
    """Return the finding for bytes that are not UTF-8: GB18030 when they read as such."""
    line = data[:bad].count(b"\n") + 1
    start = data.rfind(b"\n", 0, bad) + 1
    end = data.find(b"\n", bad)
    try:
        data.decode(_GB)
        shown = data[start : end if end >= 0 else len(data)].decode(_GB, errors="replace").strip()[:_SHOWN]
    except UnicodeDecodeError:
        return finding("data.encoding-unknown", table=table, file=file, line=line, value=f"0x{data[bad]:02X}")
    return finding("data.encoding-gb18030", table=table, file=file, line=line, value=shown, expected="UTF-8")

"""Structure: is a table known, has it rows, has it the columns that it needs and no others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinzhi.core.finding import Place, finding
from xinzhi.core.text import Text
from xinzhi.data.catalogue import known_tables, nearest_column

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinzhi.core.finding import Finding
    from xinzhi.data.sheet import Sheet

_DECLARED = Text(zh="描述文件已声明", en="the descriptor declares it")


def structure(sheet: Sheet) -> Iterator[Finding]:
    """Yield an unknown or empty table, missing columns, and columns that are not known."""
    table, file = sheet.name, sheet.raw.file
    if table not in known_tables():
        yield finding("data.unknown-table", table=table, file=file, value=table, expected=", ".join(known_tables()))
    if sheet.frame.is_empty():
        yield finding("data.empty-table", table=table, file=file)
    yield from _missing(sheet)
    if not sheet.spec.open:
        yield from _unknown(sheet)


def _missing(sheet: Sheet) -> Iterator[Finding]:
    present = set(sheet.frame.columns)
    for column in sheet.spec.columns.values():
        if column.required and column.name not in present:
            yield _missing_column(sheet, column.name, column.text)
            present.add(column.name)
    for name in sheet.raw.fields:
        if name not in present:
            yield _missing_column(sheet, name, _DECLARED)


def _missing_column(sheet: Sheet, name: str, what: Text) -> Finding:
    place: Place = {"table": sheet.name, "file": sheet.raw.file, "line": sheet.raw.header, "column": name}
    return finding("data.missing-column", words={"what": what}, **(place | {"expected": name}))


def _unknown(sheet: Sheet) -> Iterator[Finding]:
    """Yield unknown columns; one that the descriptor declares is the caller's own, unless it looks like a slip."""
    for name in sheet.raw.cells.columns:
        if sheet.spec.column(name) is not None:
            continue
        near = nearest_column(name, sheet.spec)
        if near is not None:
            yield finding(
                "data.unknown-column",
                table=sheet.name,
                file=sheet.raw.file,
                line=sheet.raw.header,
                column=name,
                value=name,
                expected=near,
            )
        elif name not in sheet.raw.fields:
            yield finding(
                "data.unknown-column-far",
                table=sheet.name,
                file=sheet.raw.file,
                line=sheet.raw.header,
                column=name,
                value=name,
            )

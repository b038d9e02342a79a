"""Official figures: does one after the end of its series say what it is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import polars as pl

from xinzhi.core.text import Text
from xinzhi.data.catalogue import NOMINAL, STATUS
from xinzhi.data.facts import facts
from xinzhi.data.raw import ROW, Say
from xinzhi.data.rules.codes import provinces

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from xinzhi.core.finding import Finding
    from xinzhi.data.sheet import Sheet

_ALLOWED = ", ".join(facts("tables.yaml")["status"])


def official(sheet: Sheet, sheets: Mapping[str, Sheet]) -> Iterator[Finding]:
    """Yield figures whose status is empty, and those past the end of an official Chinese series without a right one."""
    ends = [end for end in facts("codes/official_ends.yaml")["series"] if _applies(sheet, end)]
    ends = ends if ends and provinces(sheets) else []
    for end in ends:
        yield from _after(sheet, end)
    yield from _blank(sheet, {str(end["column"]): int(end["last_official_year"]) for end in ends})


def _blank(sheet: Sheet, ends: Mapping[str, int]) -> Iterator[Finding]:
    """Yield once for each column that a status is empty; after the official end that is an error already."""
    for name in sheet.frame.columns:
        status = _status(name)
        if name.endswith(STATUS) or status not in sheet.frame.columns or sheet.spec.column(name) is None:
            continue
        empty = pl.col(name).is_not_null() & pl.col(status).is_null()
        if name in ends:
            empty &= pl.col(str(sheet.year)) <= ends[name]
        rows = sheet.where(empty)
        rows = rows.filter([sheet.raw.text(status, row) is None for row in rows[ROW]])
        yield from _once(sheet, rows, Say(message="data.status-blank", column=status, expected=_ALLOWED), {})


def _once(sheet: Sheet, rows: pl.DataFrame, say: Say, words: Mapping[str, object]) -> Iterator[Finding]:
    """Yield one finding for all of the rows, at the first of them."""
    count = {"count": rows.height}
    yield from sheet.findings(rows.sort(ROW).head(1), replace(say, words=lambda _: {**words, **count}))


def _applies(sheet: Sheet, end: Mapping[str, Any]) -> bool:
    return sheet.name == end["table"] and end["column"] in sheet.frame.columns and sheet.year is not None


def _after(sheet: Sheet, end: Mapping[str, Any]) -> Iterator[Finding]:
    name, last = str(end["column"]), int(end["last_official_year"])
    status = _status(name)
    later = (pl.col(str(sheet.year)) > last) & pl.col(name).is_not_null()
    words = {"last": last, "reference": Text(**end["reference"])}
    there = status in sheet.frame.columns
    blank = sheet.where(later & pl.col(status).is_null() if there else later)
    yield from _once(sheet, blank, Say(message="data.status-missing", column=name, expected=status), words)
    if not there:
        return
    wrong = sheet.where(later & (pl.col(status) == "official"))
    say = Say(message="data.status-contradicted", column=status, expected="extrapolated, proxy", words=lambda _: words)
    yield from sheet.findings(wrong, say)


def _status(name: str) -> str:
    """Return the name of the column with the status of a figure: without ``_nominal``, which says nothing about it."""
    return name.removesuffix(NOMINAL) + STATUS

"""Official figures: does one after the end of its series say what it is."""

from __future__ import annotations

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


def official(sheet: Sheet, sheets: Mapping[str, Sheet]) -> Iterator[Finding]:
    """Yield figures of Chinese provinces after the end of the official series that bear no status or the wrong one."""
    ends = [end for end in facts("codes/official_ends.yaml")["series"] if _applies(sheet, end)]
    if ends and provinces(sheets):
        for end in ends:
            yield from _after(sheet, end)


def _applies(sheet: Sheet, end: Mapping[str, Any]) -> bool:
    return sheet.name == end["table"] and end["column"] in sheet.frame.columns and sheet.year is not None


def _after(sheet: Sheet, end: Mapping[str, Any]) -> Iterator[Finding]:
    name, last = str(end["column"]), int(end["last_official_year"])
    status = _status(name)
    later = (pl.col(str(sheet.year)) > last) & pl.col(name).is_not_null()
    words = {"last": last, "reference": Text(**end["reference"])}
    if status not in sheet.frame.columns:
        rows = sheet.where(later).sort(ROW).head(1)
        yield from sheet.findings(
            rows, Say(message="status-missing", column=name, expected=status, words=lambda _: words)
        )
        return
    blank = sheet.where(later & pl.col(status).is_null())
    yield from sheet.findings(blank, Say(message="status-missing", column=name, expected=status, words=lambda _: words))
    wrong = sheet.where(later & (pl.col(status) == "official"))
    say = Say(message="status-contradicted", column=status, expected="extrapolated, proxy", words=lambda _: words)
    yield from sheet.findings(wrong, say)


def _status(name: str) -> str:
    """Return the name of the column with the status of a figure: without ``_nominal``, which says nothing about it."""
    return name.removesuffix(NOMINAL) + STATUS

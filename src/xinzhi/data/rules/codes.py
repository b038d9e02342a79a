"""Codes: do those of regions, industries and categories exist."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from xinzhi.core.text import read_words
from xinzhi.data.catalogue import limit, nearest
from xinzhi.data.facts import facts
from xinzhi.data.raw import ROW, Say

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from xinzhi.core.finding import Finding
    from xinzhi.data.catalogue import Column
    from xinzhi.data.sheet import Sheet

PROVINCES = "GB/T 2260"
_STANDARDS = (PROVINCES, "GB/T 4754")
_REGIONS = "regions.region"


def codes(sheet: Sheet, sheets: Mapping[str, Sheet]) -> Iterator[Finding]:
    """Yield every code once that neither the table it refers to nor the standard that it follows knows."""
    for column in sheet.columns():
        if column.type != "code" or column.values:
            continue
        known, source = _known(sheet, column, sheets)
        if known is None:
            continue
        found = sheet.frame.filter(pl.col(column.name).is_not_null()).group_by(column.name)
        rows = found.agg(pl.col(ROW).min(), count=pl.len()).filter(~pl.col(column.name).is_in(list(known)))
        for code, row in zip(
            rows[column.name], rows.select(ROW, "count").partition_by(ROW, maintain_order=True), strict=True
        ):
            say = Say(
                message=_message(column), column=column.name, expected=_expected(code, known, source), words=_count
            )
            yield from sheet.findings(row, say)


def standard(name: str) -> dict[str, list[str]]:
    """Return the codes of a standard with their names.

    Examples
    --------
    >>> standard("GB/T 2260")["220000"]
    ['吉林', '吉林省', 'Jilin']
    """
    document = read_words("regions.yaml") if name == PROVINCES else facts("codes/gbt4754.yaml")
    found: dict[str, list[str]] = document["codes"]
    return found


def provinces(sheets: Mapping[str, Sheet]) -> bool:
    """Return whether the regions of a package are Chinese provinces: it says so, or most of its codes are theirs."""
    home = sheets.get("regions")
    if home is not None and (field := home.raw.fields.get("region")) is not None and field.codes:
        return field.codes.startswith(PROVINCES)
    seen: set[str] = set()
    for sheet in [home] if home is not None else sheets.values():
        if "region" in sheet.frame.columns:
            seen |= set(sheet.frame["region"].drop_nulls().unique())
    return bool(seen) and len(seen & set(standard(PROVINCES))) >= limit("gb2260_share") * len(seen)


def _known(
    sheet: Sheet, column: Column, sheets: Mapping[str, Sheet]
) -> tuple[Mapping[str, Collection[str]] | None, str]:
    """Return the codes that a column may hold, each with its names, and where they come from."""
    here = f"{sheet.name}.{column.name}"
    refers = _REGIONS if column.role == "region" and column.name == "region" else column.refers
    if refers and refers != here:
        home = sheets.get(refers.split(".")[0])
        if home is not None and not home.frame.is_empty() and column.name in home.frame.columns:
            return _names(home, column.name), refers
    if refers == _REGIONS and provinces(sheets):
        return standard(PROVINCES), PROVINCES
    if column.codes in _STANDARDS:
        return standard(str(column.codes)), str(column.codes)
    return None, ""


def _names(home: Sheet, code: str) -> dict[str, list[str]]:
    labels = [name for name in ("name_zh", "name_en") if name in home.frame.columns]
    rows = home.frame.filter(pl.col(code).is_not_null()).select(code, *labels).iter_rows()
    return {first: [name for name in rest if name] for first, *rest in rows}


def _expected(code: str, known: Mapping[str, Collection[str]], source: str) -> str:
    """Return the code whose name was written, or the nearest code, or where the codes stand."""
    named = next((other for other, names in known.items() if code in names), None)
    if named is None and source == _REGIONS:  # the table may know Beijing by another of its names
        named = next((other for other, names in standard(PROVINCES).items() if code in names and other in known), None)
    near = named or nearest(code, known)
    if near is None:
        return source
    return f"{near} ({', '.join(list(known[near])[:1])})" if known[near] else near


def _message(column: Column) -> str:
    return {"region": "data.unknown-region", "industry": "data.unknown-industry"}.get(column.name, "data.unknown-code")


def _count(row: dict[str, object]) -> dict[str, object]:
    return {"count": row["count"]}

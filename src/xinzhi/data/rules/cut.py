"""Cut: tables that end in the middle of a group of rows, as a file does that was not written to its end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import polars as pl

from xinzhi.core.finding import Finding
from xinzhi.core.parameters import setting
from xinzhi.data.casting import Sheet
from xinzhi.data.raw import ROW, Say

_FILE = Path(__file__).with_name("plausible.yaml")
_SHOWN = 5


def cut(sheet: Sheet, regions: Sheet | None) -> Iterator[Finding]:
    """Yield at most one finding: within which group of rows the table ends, or which regions it does not reach."""
    keys = sheet.raw.cells.select(sheet.key)
    changes = {name: int(keys[name].ne_missing(keys[name].shift(1)).sum()) for name in sheet.key}
    nested, start = sorted(sheet.key, key=lambda name: changes[name]), 0
    for level, name in enumerate(nested[:-1]):
        rows = keys.slice(start)
        ids = rows[name].rle_id()
        if int(ids[-1]) + 1 > rows[name].n_unique():  # rows of a group do not stand together
            return
        if ids[-1] + 1 >= setting(_FILE, "cut.groups"):
            if level == 0 and name == "region" and regions is not None and (later := _beyond(rows[name], regions)):
                yield from _at_end(sheet, name, "data.region-cut", regions=later[:_SHOWN], count=len(later))
                return
            before, count = _begins_alike(rows, ids, nested[level + 1 :])
            if before:
                yield from _at_end(sheet, name, "data.table-cut", before=before, count=count, last=str(rows[name][-1]))
                return
        start += int(ids.eq(ids[-1]).arg_max() or 0)


def _begins_alike(rows: pl.DataFrame, ids: pl.Series, inner: list[str]) -> tuple[int, int]:
    """Return the rows of the last group but one and of the last, where no other is the mere beginning of another."""
    last = int(ids.eq(ids[-1]).sum())
    if len(ids) == last or int(ids.eq(ids[-1] - 1).sum()) <= last:
        return 0, 0
    groups = (
        pl.select(id=ids, key=rows.select(pl.struct(inner).hash()).to_series())
        .group_by("id", maintain_order=True)
        .agg("key", count=pl.len())
        .with_columns(before=pl.col("count").shift(1, fill_value=0), of=pl.col("key").shift(1))
    )
    short = pl.col("count") < pl.col("before")
    alike = groups.select(short & (pl.col("of").list.head("count") == pl.col("key"))).to_series()
    if alike.sum() != 1 or not alike[-1]:
        return 0, 0
    return int(groups["before"][-1]), int(groups["count"][-1])


def _beyond(present: pl.Series, regions: Sheet) -> list[str]:
    """Return the regions after the last one, where the table has all up to it in the order of the table `regions`."""
    listed = regions.raw.cells["region"].cast(pl.String).to_list() if "region" in regions.raw.cells.columns else []
    there = present.cast(pl.String).unique(maintain_order=True).to_list()
    return listed[len(there) :] if listed[: len(there)] == there else []


def _at_end(sheet: Sheet, column: str, code: str, **words: object) -> Iterator[Finding]:
    last = pl.DataFrame({ROW: [sheet.raw.cells.height - 1]}, schema={ROW: pl.UInt32})
    yield from sheet.findings(last, Say(message=code, column=column, words=lambda _: words))


def ends(sheets: Mapping[str, Sheet], known: frozenset[str]) -> Iterator[Finding]:
    """Yield the tables that end too early, but for those of which something says so already."""
    for name, sheet in sheets.items():
        if name not in known and len(sheet.key) > 1 and sheet.keyed and not sheet.frame.is_empty():
            yield from cut(sheet, sheets.get("regions"))

"""Magnitude: figures of other tables beside output and employment of the region, where 1e4 and 1e8 are mistaken."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path

import polars as pl

from xinzhi.core.finding import Finding
from xinzhi.core.parameters import read_yaml, setting
from xinzhi.core.text import Text
from xinzhi.data.casting import Sheet
from xinzhi.data.raw import ROW, Say
from xinzhi.data.units import Unit, parse

_FILE = Path(__file__).with_name("plausible.yaml")
# What a column is held against: those of `accounts` of the same dimension, the first that there is.
_BESIDE = {"money": ("output_nominal", "output_real"), "people": ("employment", "population")}
_JUDGED = ("accounts", "investment")  # by `plausible.yaml`, column by column


def magnitude(sheets: Mapping[str, Sheet]) -> Iterator[Finding]:
    """Yield the columns, and the regions of a column, that are some powers of ten off."""
    accounts = sheets.get("accounts")
    named = {one[side] for one in read_yaml(_FILE)["ratios"] for side in ("of", "by")}
    for name, sheet in sheets.items():
        if not sheet.keyed or sheet.frame.is_empty() or not {"region", "year"} <= set(sheet.key):
            continue
        for column in sheet.columns():
            unit = sheet.units.get(column.name)
            if unit is None or column.type != "number" or (name in _JUDGED and column.name in named):
                continue
            yield from _beside(sheet, column.name, parse(unit), accounts)


def _beside(sheet: Sheet, column: str, unit: Unit, accounts: Sheet | None) -> Iterator[Finding]:
    """Yield what one column says: beside another one, or a price beside those of the other regions."""
    by = ""
    if unit.dimension in _BESIDE:
        there = {} if accounts is None or not accounts.keyed else accounts.units
        alike = (
            one for one in _BESIDE[unit.dimension] if one in there and parse(there[one]).dimension == unit.dimension
        )
        if accounts is None or (by := next(alike, "")) == "":
            return
    elif not unit.dimension.startswith("money per"):
        return
    figures = _logs(sheet, column)
    if by and accounts is not None:
        known = accounts.frame.filter(pl.col(by) > 0).select("region", "year", by=pl.col(by).log())
        figures = figures.join(known, on=["region", "year"]).with_columns(pl.col("log") - pl.col("by"))
    medians = figures.group_by("region", maintain_order=True).agg(pl.col(ROW).first(), pl.col("log").median())
    middle = medians.select(pl.col("log").median()).item()
    same = (
        by
        and accounts is not None
        and (parse(accounts.units[by]).atom, parse(accounts.units[by]).scale) == (unit.atom, unit.scale)
    )
    low, high = setting(_FILE, "magnitude.within")
    if same and middle is not None and not math.log(low) <= middle <= math.log(high):
        yield from sheet.findings(medians.head(1).with_columns(log=pl.lit(middle)), _say(column, by, low, high))
    elif medians.height >= setting(_FILE, "regions"):
        apart = setting(_FILE, "magnitude.apart")
        # a single industry is nearly absent from some regions: less than the square of it is told from a wrong unit
        least = (
            apart**2 if any(sheet.frame[key].n_unique() == 1 for key in {*sheet.key} - {"region", "year"}) else apart
        )
        within = pl.col("log").is_between(-math.log(least), math.log(apart))
        off = medians.with_columns(pl.col("log") - middle).filter(~within)
        yield from sheet.findings(off, _say(column, by, None, apart))


def _logs(sheet: Sheet, column: str) -> pl.DataFrame:
    """Return the log of the positive figures of a column, added up over what else the key tells apart."""
    figures = sheet.frame.filter(pl.col(column) > 0)
    if set(sheet.key) == {"region", "year"}:
        return figures.select("region", "year", ROW, log=pl.col(column).log())
    grouped = figures.group_by("region", "year", maintain_order=True)
    return grouped.agg(pl.col(ROW).first(), log=pl.col(column).sum().log())


def _say(column: str, by: str, low: float | None, high: float) -> Say:
    """Return what is said of a region, or with `low` of all of them."""
    reference = Text(**read_yaml(_FILE)["magnitude"]["reference"])
    return Say(
        message="data.ratio-implausible-whole"
        if low is not None
        else "data.region-apart"
        if by
        else "data.price-apart",
        severity="warning",
        column=column,
        expected=f"{1 / high if low is None else low:g} - {high:g}",
        value=lambda found: f"{math.exp(found['log']):.3g}",
        words=lambda found: {"of": column, "by": by, "reference": reference, "region": found["region"]},
    )

"""From an index that compares with the year before to one with a fixed base."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from xinzhi.data.raw import ROW, Say

if TYPE_CHECKING:
    from xinzhi.core.finding import Finding
    from xinzhi.data.sheet import Sheet
    from xinzhi.data.units import Unit


def cumulate(sheet: Sheet, name: str, unit: Unit) -> tuple[pl.Series, str | None, list[Finding]]:
    """Return a chained yearly index as levels with a fixed base, the base year, and where the chain breaks.

    The base is the first year that every series has. The first link of a series leads from a year before it, whose
    level is not known, so the series counts from 1 in the year of that link.

    Parameters
    ----------
    sheet
        The table, sorted by series and year.
    name
        The column with links, such as 103.5 for a rise of 3.5 % when `unit` is ``index previous year=100``.
    unit
        The unit of the links.

    Returns
    -------
    values, base, findings
        Levels, null from a missing link on; one finding for the first missing link of every series.
    """
    year, group = sheet.year, list(sheet.group)
    known = sheet.frame.drop_nulls([name, year]) if year else sheet.frame.clear()
    if year is None or known.is_empty():
        return pl.repeat(None, sheet.frame.height, dtype=pl.Float64, eager=True).alias(name), None, []
    gap = (pl.col(year).diff() != 1).fill_null(value=False)
    link = pl.when(pl.int_range(pl.len()) == 0).then(1.0).otherwise(pl.col(name) * float(unit.scale))
    known = known.select(ROW, *group, year, gap=_over(gap, group), level=_over(link.cum_prod(), group))
    known = known.with_columns(broken=_over(pl.col("gap").cum_max(), group))
    first = known.filter(_over(pl.int_range(pl.len()) == 0, group))
    base = first[year].max()
    level = pl.when(~pl.col("broken")).then("level")
    at_base = _over(level.filter(pl.col(year) == base).first(), group)
    levels = known.select(ROW, (level / at_base).alias(name))
    values = sheet.frame.select(ROW).join(levels, on=ROW, how="left", maintain_order="left")[name]
    rows = known.filter("gap", _over(pl.col("gap").cum_sum() == 1, group)).select(ROW)
    return values, str(base), list(sheet.findings(rows, Say(message="chain-broken", column=name)))


def _over(expression: pl.Expr, group: list[str]) -> pl.Expr:
    return expression.over(group) if group else expression

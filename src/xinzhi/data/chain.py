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

    The base is the first year that every series has. The first link of a series leads from the year before it. Where
    that year has a row, left blank since nothing leads to it, the series counts from 1 there; else it counts from 1 in
    the year of the first link.

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
    known = sheet.frame.filter(_counts(name, year, group)) if year else sheet.frame.clear()
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
    return values, str(base), list(sheet.findings(rows, Say(message="data.chain-broken", column=name)))


def _counts(name: str, year: str, group: list[str]) -> pl.Expr:
    """Whether a row has a link, or opens its series: the blank row of the year before the first link."""
    linked = pl.col(name).is_not_null()
    next_year = _over(pl.col(year).shift(-1), group) == pl.col(year) + 1
    opens = ~linked & _over(linked.shift(-1), group) & next_year & (_over(linked.cum_sum(), group) == 0)
    return pl.col(year).is_not_null() & (linked | opens)


def _over(expression: pl.Expr, group: list[str]) -> pl.Expr:
    return expression.over(group) if group else expression

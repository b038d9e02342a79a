"""Charts: the frames behind the pictures of a decomposition; the pictures themselves are the report room's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinzhi.core.errors import UsageError
from xinzhi.sources.result import PARTS

if TYPE_CHECKING:
    import polars as pl

    from xinzhi.sources.result import Sources

_STACK = (*PARTS, "unallocated")


def stacked(result: Sources, start: int | None = None, end: int | None = None) -> pl.DataFrame:
    """Return stacked contributions by region, with the residual for the dot.

    Parameters
    ----------
    result
        A decomposition.
    start, end
        A period of `Sources.periods`; the whole span by default.

    Returns
    -------
    polars.DataFrame
        ``region, name_zh, name_en, source, contribution, tfp_growth, rank``, log points per year, regions by TFP
        growth; parts that are unknown are left out.

    Raises
    ------
    UsageError
        When there is no such period.

    Examples
    --------
    >>> from xinzhi.sources import charts, decompose
    >>> charts.stacked(decompose("china-provinces")).columns[3:6]
    ['source', 'contribution', 'tfp_growth']
    """
    import polars as pl

    rows = _period(result, start, end)
    names = result.measurement.regions.select("region", "name_zh", "name_en")
    return (
        rows.with_columns(rank=pl.col("tfp_growth").rank("ordinal", descending=True).cast(pl.Int64))
        .unpivot(_STACK, index=["region", "tfp_growth", "rank"], variable_name="source", value_name="contribution")
        .drop_nulls("contribution")
        .join(names, on="region", how="left", maintain_order="left")
        .select("region", "name_zh", "name_en", "source", "contribution", "tfp_growth", "rank")
        .sort("rank", maintain_order=True)
    )


def waterfall(result: Sources, region: str, start: int | None = None, end: int | None = None) -> pl.DataFrame:
    """Return the steps from output growth over inputs to TFP, and from its sources to it, for one region.

    Returns
    -------
    polars.DataFrame
        ``step, value, bottom, top``: the sources one on the other, then ``tfp_growth`` from 0.

    Raises
    ------
    UsageError
        When the region or the period is not there.

    Examples
    --------
    >>> from xinzhi.sources import charts, decompose
    >>> charts.waterfall(decompose("china-provinces"), "520000")["step"].to_list()[-1]
    'tfp_growth'
    """
    import polars as pl

    rows = _period(result, start, end).filter(pl.col("region") == region)
    if not rows.height:
        message = (
            f"region '{region}' has no figures in that period; regions are codes such as {result.frame['region'][0]}."
        )
        raise UsageError(message)
    here = rows.row(0, named=True)
    order = ("breakthrough", "allocation_capital", "allocation_labour", *PARTS[2:], "unallocated")
    steps = [(name, here[name]) for name in order if here[name] is not None]
    # Without a frontier, breakthrough and upgrading are one step.
    if here["breakthrough"] is None:
        steps = [
            ("within", here["within"]),
            *((name, value) for name, value in steps if name.startswith(("alloc", "unall"))),
        ]
    out, at = [], 0.0
    for name, value in steps:
        out.append((name, value, at, at + value))
        at += value
    out.append(("tfp_growth", here["tfp_growth"], 0.0, here["tfp_growth"]))
    schema = {"step": pl.String, "value": pl.Float64, "bottom": pl.Float64, "top": pl.Float64}
    return pl.DataFrame(out, schema=schema, orient="row")


def leading(result: Sources, start: int | None = None, end: int | None = None) -> pl.DataFrame:
    """Return the leading source of every region, for the map.

    The source with the largest contribution of the sign that the residual has: what made it grow, or made it fall.

    Returns
    -------
    polars.DataFrame
        ``region, source, contribution, tfp_growth``.

    Examples
    --------
    >>> from xinzhi.sources import charts, decompose
    >>> charts.leading(decompose("china-provinces")).height
    31
    """
    import polars as pl

    signed = pl.col("contribution") * pl.col("tfp_growth").sign()
    return (
        stacked(result, start, end)
        .filter(pl.col("source") != "unallocated")
        .sort("region", signed, descending=[False, True])
        .group_by("region", maintain_order=True)
        .first()
        .select("region", "source", "contribution", "tfp_growth")
    )


def over_time(result: Sources) -> pl.DataFrame:
    """Return reallocation of capital and labour by macro-region and year.

    Returns
    -------
    polars.DataFrame
        ``region`` (macro-region or ``total``; single regions where there are none), ``year, part, contribution`` with
        the parts ``allocation_capital, allocation_labour, allocation_between``.

    Examples
    --------
    >>> from xinzhi.sources import charts, decompose
    >>> sorted(charts.over_time(decompose("china-provinces"))["part"].unique())
    ['allocation_between', 'allocation_capital', 'allocation_labour']
    """
    table = result.groups if result.groups.height else result.frame
    parts = [
        name for name in ("allocation_capital", "allocation_labour", "allocation_between") if name in table.columns
    ]
    return table.unpivot(parts, index=["region", "year"], variable_name="part", value_name="contribution").drop_nulls()


def _period(result: Sources, start: int | None, end: int | None) -> pl.DataFrame:
    """Return the rows of one period, the whole span by default."""
    import polars as pl

    table = result.periods
    if not table.height:
        message = "the decomposition has no period: see its coverage and omitted."
        raise UsageError(message)
    last = table.row(-1, named=True)
    first, final = last["start"] if start is None else start, last["end"] if end is None else end
    rows = table.filter(pl.col("start") == first, pl.col("end") == final)
    if not rows.height:
        known = ", ".join(f"{a}-{b}" for a, b in table.select("start", "end").unique(maintain_order=True).iter_rows())
        message = f"no period {first}-{final}: there are {known}."
        raise UsageError(message)
    return rows

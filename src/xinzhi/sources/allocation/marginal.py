"""Marginal products: what one more unit of capital or labour earns, and how unequal that is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinzhi.core.errors import InputError
from xinzhi.sources.reading import read, require_positive

if TYPE_CHECKING:
    import polars as pl

_COLUMNS = ("output", "capital", "labour", "labour_share")


def marginal_products(
    frame: Any,  # noqa: ANN401 - any kind of frame
    *,
    columns: tuple[str, str, str, str] = _COLUMNS,
    keys: tuple[str, str, str] = ("region", "industry", "year"),
) -> pl.DataFrame:
    """Return the value of the marginal products of capital and labour.

    Parameters
    ----------
    frame
        One row per region, industry and year.
    columns
        Names of value added, capital, labour and the labour share.
    keys
        Names of region, industry and year.

    Returns
    -------
    polars.DataFrame
        Keys, ``output``, ``capital``, ``labour``, ``labour_share``, ``mpk`` and ``mpl``: the share of a factor times
        output per unit of it, the marginal product of a function with these elasticities.

    Raises
    ------
    InputError
        When a figure is missing or not positive, or a share not below 1.

    Examples
    --------
    >>> import polars as pl
    >>> row = {"region": ["r"], "industry": ["a"], "year": [1], "output": [100.0], "capital": [200.0]}
    >>> frame = pl.DataFrame(row | {"labour": [10.0], "labour_share": [0.4]})
    >>> marginal_products(frame).select("mpk", "mpl").rows()
    [(0.3, 4.0)]
    """
    import polars as pl

    rows, _ = read(frame, keys, columns)
    require_positive(rows, columns, keys)
    rows = rows.rename(dict(zip(columns, _COLUMNS, strict=True)))
    if rows.filter(pl.col("labour_share") >= 1).height:
        message = "a labour share is 1 or more: capital would earn nothing. Correct the share or leave the row out."
        raise InputError(message)
    share = pl.col("labour_share")
    return rows.with_columns(
        mpk=(1 - share) * pl.col("output") / pl.col("capital"), mpl=share * pl.col("output") / pl.col("labour")
    )


def dispersion(
    frame: Any,  # noqa: ANN401 - any kind of frame
    *,
    products: tuple[str, ...] = ("mpk", "mpl"),
    keys: tuple[str, str, str] = ("region", "industry", "year"),
) -> pl.DataFrame:
    """Return how unequal marginal products are between regions, between industries and altogether.

    Parameters
    ----------
    frame
        What `marginal_products` returns, or any frame with such columns.
    products
        Columns of marginal products.
    keys
        Names of region, industry and year.

    Returns
    -------
    polars.DataFrame
        ``year, factor, dimension, sd_log, gap_90_10, units``. Between ``regions``: within the same industry, mean over
        industries; between ``industries``: within the same region, mean over regions; ``all``: over both. The standard
        deviation is of logs, the gap the log of the ninth over the first decile.

    Notes
    -----
    Hsieh and Klenow (2009), Quarterly Journal of Economics 124(4), table II, for the measures.

    Examples
    --------
    >>> import polars as pl
    >>> rows = {"region": ["r", "s"], "industry": ["a", "a"], "year": [1, 1]}
    >>> out = dispersion(pl.DataFrame(rows | {"mpk": [1.0, 1.0], "mpl": [1.0, 2.718281828]}))
    >>> out.filter(dimension="regions").select("factor", pl.col("sd_log").round(3)).rows()
    [('mpk', 0.0), ('mpl', 0.5)]
    """
    import polars as pl

    rows, _ = read(frame, keys, products)
    require_positive(rows, products, keys)
    region, industry, year = keys
    tables = []
    for factor in products:
        logs = pl.col(factor).log()
        for dimension, within in (("regions", [year, industry]), ("industries", [year, region]), ("all", [year])):
            tables.append(
                rows.group_by(within, maintain_order=True)
                .agg(
                    sd=logs.std(ddof=0),
                    gap=logs.quantile(0.9, "linear") - logs.quantile(0.1, "linear"),
                    units=pl.len().cast(pl.Int64),
                )
                .group_by(pl.col(year).alias("year"), maintain_order=True)
                .agg(sd_log=pl.col("sd").mean(), gap_90_10=pl.col("gap").mean(), units=pl.col("units").sum())
                .select(
                    "year",
                    pl.lit(factor).alias("factor"),
                    pl.lit(dimension).alias("dimension"),
                    "sd_log",
                    "gap_90_10",
                    "units",
                )
                .sort("year")
            )
    return pl.concat(tables).sort("year", maintain_order=True)

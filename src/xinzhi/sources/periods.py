"""Periods: the parts over spans of years, as means per year and as sums from the first year on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl


def period_means(frame: pl.DataFrame, wanted: Sequence[Sequence[int]]) -> pl.DataFrame:
    """Return the mean per year of every part over the periods of the protocol and over the whole span.

    Log growth chains by adding up, so the mean times ``years`` is the chained change over the period.

    Parameters
    ----------
    frame
        ``region, year`` and numbers, with or without ``flags``.
    wanted
        Pairs ``[start, end]``; one that reaches beyond the years of the frame is cut to them.

    Returns
    -------
    polars.DataFrame
        ``region, start, end, years`` and the means; regions that lack a year of a period are left out of it, and a
        part that is unknown in one year is unknown in the period.

    Examples
    --------
    >>> import polars as pl
    >>> rows = pl.DataFrame({"region": ["a", "a"], "year": [2001, 2002], "x": [0.01, 0.03]})
    >>> period_means(rows, [[1990, 2001]]).rows()
    [('a', 2000, 2001, 1, 0.01), ('a', 2000, 2002, 2, 0.02)]
    """
    import polars as pl
    import polars.selectors as cs

    numbers = frame.select(cs.float()).columns
    first, last = frame["year"].min(), frame["year"].max()
    spans = [] if not isinstance(first, int) or not isinstance(last, int) else _spans(wanted, first - 1, last)
    flags = [_union()] if "flags" in frame.columns else []
    tables = [
        frame.filter(pl.col("year").is_between(start + 1, end))
        .group_by("region", maintain_order=True)
        .agg(
            pl.len().cast(pl.Int64).alias("years"),
            # Polars leaves nulls out of a mean; a mean over other years than those of the period would be another one.
            *(pl.when(pl.col(name).null_count() == 0).then(pl.col(name).mean()).alias(name) for name in numbers),
            *flags,
        )
        .filter(pl.col("years") == end - start)
        .select("region", pl.lit(start).alias("start"), pl.lit(end).alias("end"), pl.exclude("region"))
        for start, end in spans
    ]
    empty = frame.head(0).select(
        "region",
        pl.col("year").alias("start"),
        pl.col("year").alias("end"),
        pl.col("year").alias("years"),
        pl.exclude("region", "year"),
    )
    return pl.concat([empty, *tables], how="vertical_relaxed")


def _spans(wanted: Sequence[Sequence[int]], first: int, last: int) -> list[tuple[int, int]]:
    """Return the periods cut to the years that there are, the whole span last."""
    cut = [(max(int(start), first), min(int(end), last)) for start, end in wanted]
    spans = [span for span in dict.fromkeys(cut) if span[0] < span[1] and span != (first, last)]
    return [*spans, (first, last)]


def _union() -> pl.Expr:
    """Return every mark that any of the years has."""
    import polars as pl

    marks = pl.col("flags").str.split(";").list.explode().unique().sort()
    return marks.filter(marks != "").str.join(";").alias("flags")


def cumulative(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the parts summed from the first year of every region on; null after a gap in its years.

    Examples
    --------
    >>> import polars as pl
    >>> rows = pl.DataFrame({"region": ["a", "a"], "year": [2001, 2002], "x": [0.01, 0.03]})
    >>> cumulative(rows)["x"].round(9).to_list()
    [0.01, 0.04]
    """
    import polars as pl
    import polars.selectors as cs

    steady = (pl.col("year") - pl.col("year").first() == pl.int_range(pl.len())).over("region")
    # Polars carries a sum across nulls; a sum with a hole in it is none.
    numbers = frame.select(cs.float()).columns
    return frame.select(
        "region",
        "year",
        *(
            pl.when(steady & (pl.col(name).is_null().cast(pl.Int64).cum_sum().over("region") == 0))
            .then(pl.col(name).cum_sum().over("region"))
            .alias(name)
            for name in numbers
        ),
    )

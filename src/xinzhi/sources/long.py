"""Long: arrays by industry, region and year as tidy rows; a number that cannot be had is null, not NaN."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from xinzhi.core.arrays import BoolArray, FloatArray, IntArray


def by_region(
    names: Sequence[str], years: IntArray, columns: Mapping[str, FloatArray], keep: BoolArray, flags: Sequence[str] = ()
) -> pl.DataFrame:
    """Return the cells `(R, T)` that are kept as rows ``region, year`` and the columns.

    Examples
    --------
    >>> by_region(["a"], np.array([2000, 2001]), {"x": np.array([[1.0, 2.0]])}, np.array([[False, True]])).rows()
    [('a', 2001, 2.0)]
    """
    import polars as pl

    row, column = np.nonzero(keep)
    out = {
        "region": _words(names, row),
        "year": pl.Series(years[column], dtype=pl.Int64),
        **{name: _numbers(values[row, column]) for name, values in columns.items()},
    }
    if len(flags):
        out["flags"] = pl.Series(
            np.array(flags, dtype=object).reshape(keep.shape)[row, column].tolist(), dtype=pl.String
        )
    return pl.DataFrame(out)


def by_industry(
    axes: tuple[Sequence[str], Sequence[str], IntArray],
    columns: Mapping[str, FloatArray],
    keep: BoolArray,
    codes: Mapping[str, tuple[Sequence[str], IntArray]],
) -> pl.DataFrame:
    """Return the cells that are kept as rows ``region, industry, year``, sorted so, and the columns.

    Parameters
    ----------
    axes
        Industries, regions and years.
    columns, keep
        Arrays `(I, R, T)`.
    codes
        Columns of words: their names, and a position `(I, R, T)` in them; -1 is null.
    """
    import polars as pl

    industries, regions, years = axes
    # Region first, so that the rows of one region stand together.
    region, industry, year = np.nonzero(keep.transpose(1, 0, 2))
    at = (industry, region, year)
    return pl.DataFrame(
        {
            "region": _words(regions, region),
            "industry": _words(industries, industry),
            "year": pl.Series(years[year], dtype=pl.Int64),
            **{name: _numbers(values[at]) for name, values in columns.items()},
            **{name: _words(words, position[at]) for name, (words, position) in codes.items()},
        }
    )


def _numbers(values: FloatArray) -> pl.Series:
    import polars as pl

    return pl.Series(np.ascontiguousarray(values), dtype=pl.Float64, nan_to_null=True)


def _words(names: Sequence[str], position: IntArray) -> pl.Series:
    """Return the name at every position; null where it is negative."""
    import polars as pl

    index = pl.Series(np.where(position < 0, len(names), position), dtype=pl.UInt32)
    return pl.Series([*names, None], dtype=pl.String).gather(index)

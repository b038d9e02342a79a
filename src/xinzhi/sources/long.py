"""Long: tables as arrays by industry, region and year, and back; what cannot be had is NaN there and null here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from xinzhi.core.arrays import BoolArray, FloatArray, IntArray
    from xinzhi.yardstick import Panel


@dataclass(frozen=True, slots=True)
class Cube:
    """A table on the axes of a panel: columns come out as arrays `(I, R, T)` with NaN where there is no row."""

    rows: pl.DataFrame
    names: tuple[str, ...]
    place: tuple[IntArray, IntArray, IntArray]
    shape: tuple[int, int, int]

    @classmethod
    def of(cls, table: pl.DataFrame, key: str, panel: Panel) -> Cube:
        """Place the rows of a table; those of unknown regions and years are left out."""
        import polars as pl

        first, last = int(panel.years[0]), int(panel.years[-1])
        rows = table.filter(pl.col("region").is_in(list(panel.regions)) & pl.col("year").is_between(first, last))
        names = tuple(rows[key].unique().sort().to_list())
        place = (
            _position(rows[key], names),
            _position(rows["region"], panel.regions),
            rows["year"].to_numpy().astype(np.int64) - first,
        )
        return cls(rows, names, place, (len(names), *panel.shape))

    def column(self, name: str) -> FloatArray:
        """Return a column; all NaN when the table has none, or none that are numbers."""
        import polars as pl

        out = np.full(self.shape, np.nan)
        if name in self.rows.columns:
            out[self.place] = self.rows[name].cast(pl.Float64, strict=False).fill_null(np.nan).to_numpy()
        return out

    def gives(self, name: str) -> bool:
        """Return whether the table has any figure in a column."""
        return name in self.rows.columns and bool(np.isfinite(self.column(name)).any())

    def unofficial(self, status: str) -> FloatArray:
        """Return 1 where a status column says something other than official, 0 elsewhere."""
        out = np.zeros(self.shape)
        if status in self.rows.columns:
            out[self.place] = (self.rows[status].fill_null("official") != "official").cast(int).to_numpy()
        return out


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


def _position(codes: pl.Series, names: tuple[str, ...]) -> IntArray:
    """Return the position of every code among the names."""
    import polars as pl

    return codes.cast(pl.Enum(list(names))).to_physical().to_numpy().astype(np.int64)

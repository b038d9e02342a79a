"""Spread: the rows of a table on the axes industry, region and year."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import polars as pl

    from xinzhi.core.arrays import FloatArray, IntArray
    from xinzhi.yardstick.panel import Panel


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


def _position(codes: pl.Series, names: tuple[str, ...]) -> IntArray:
    """Return the position of every code among the names."""
    import polars as pl

    return codes.cast(pl.Enum(list(names))).to_physical().to_numpy().astype(np.int64)

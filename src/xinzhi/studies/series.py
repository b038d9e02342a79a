"""One indicator of regions over the years, as a frame, as lines, and as a table with a column a region."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from xinzhi.core.lazy import pl

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class Series:
    """An indicator over the years: ``region, year, value``, by region and year, without what is unknown."""

    frame: pl.DataFrame

    @classmethod
    def from_column(cls, frame: pl.DataFrame, name: str, factor: float = 1) -> Series:
        """Return the series of a column of a frame of regions and years, times a factor."""
        values = frame.select("region", "year", value=factor * pl.col(name))
        return cls(values.fill_nan(None).drop_nulls("value").sort("region", "year"))

    @property
    def positive(self) -> bool:
        """Whether a scale of ratios can show all figures."""
        return bool((self.frame["value"] > 0).all())

    @property
    def last(self) -> int:
        """The last year."""
        return int(str(self.frame["year"].max()))

    @property
    def latest(self) -> pl.DataFrame:
        """The regions in the last year, the largest figure first."""
        return self.frame.filter(year=self.last).sort("value", descending=True)

    @property
    def by_year(self) -> pl.DataFrame:
        """The years, with a column for each region."""
        table = self.frame.pivot("region", index="year", values="value").sort("year")
        return table.select("year", *(name for name in table.columns if name != "year"))

    @cached_property
    def lines(self) -> Mapping[str, Sequence[tuple[int, float]]]:
        """Years and figures of each region."""
        points: dict[str, list[tuple[int, float]]] = {}
        for region, year, value in self.frame.rows():
            points.setdefault(region, []).append((year, value))
        return points

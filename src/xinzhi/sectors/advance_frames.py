"""The frames of sectors side by side: the coordination map, its parts by sector, and what each page shows of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import polars as pl

from xinzhi.core.result import Result
from xinzhi.core.text import Text

DEGREE = "coordination_corrected"
AXES = ("development", "coupling_corrected")


@dataclass(frozen=True, repr=False, kw_only=True)
class SectorsFrames(Result):
    """The coordination map and the frames that follow from it; the last year leads."""

    sectors: pl.DataFrame
    obstacles: pl.DataFrame
    years: pl.DataFrame
    indicators: pl.DataFrame
    bounds: pl.DataFrame
    drag: pl.DataFrame
    omitted: pl.DataFrame

    def codes(self) -> list[str]:
        """Return the sectors in their order."""
        return self.sectors["sector"].unique(maintain_order=True).to_list()

    @property
    def ends(self) -> tuple[dict[str, float], dict[str, float]]:
        """The means of the first and of the last year."""
        return self.years.row(0, named=True), self.years.row(-1, named=True)

    @cached_property
    def region_names(self) -> dict[str, Text]:
        """The names of the regions, no two alike."""
        return self.names.distinct("region", sorted({*self.frame["region"], *self.omitted["region"]}))

    @cached_property
    def last(self) -> pl.DataFrame:
        """The coordination map of the last year, best coordinated first."""
        rows = self.frame.filter(year=self.ends[1]["year"])
        return rows.sort(DEGREE, "region", descending=[True, False], nulls_last=True)

    @cached_property
    def last_sectors(self) -> pl.DataFrame:
        """The sectors of the regions in the last year."""
        return self.sectors.filter(year=self.ends[1]["year"])

    @cached_property
    def last_obstacles(self) -> pl.DataFrame:
        """The mean obstacle degrees of the last year, heaviest first."""
        return self.obstacles.filter(year=self.ends[1]["year"]).sort("obstacle", descending=True)

    @property
    def most_held_back(self) -> str:
        """The region that its lowest sector holds back most in the last year."""
        return str(self.last_sectors.sort("gain", "region", descending=[True, False])["region"][0])

    @property
    def paths(self) -> pl.DataFrame:
        """The regions of the last year on the map, in its first and last year."""
        years = [end["year"] for end in self.ends]
        rows = self.frame.filter(pl.col("year").is_in(years)).sort("region", "year").drop_nulls(AXES[1])
        lagging = self.last.select("region", "lagging")
        return rows.select("region", "year", *AXES).join(lagging, on="region", maintain_order="left")

    @property
    def mean_path(self) -> pl.DataFrame:
        """The means of the regions on the map, by year."""
        # Sorted, a group is added up by one thread: the last digit does not hang on how many there are.
        return self.frame.group_by("year").agg(pl.col(AXES).sort().mean()).sort("year").drop_nulls()

    @property
    def risen(self) -> int:
        """How many regions are better coordinated in the last year than in the first."""
        ends = self.frame.filter(pl.col("year").is_in([end["year"] for end in self.ends])).sort("region", "year")
        change = ends.group_by("region").agg(pl.col(DEGREE).last() - pl.col(DEGREE).first())
        return change.filter(pl.col(DEGREE) > 0).height

    @property
    def first_and_last(self) -> pl.DataFrame:
        """The coordination map of the last year with that of the first beside it, as ``<name>_0``, rank and change."""
        names = (*AXES, DEGREE)
        first = self.frame.filter(year=self.ends[0]["year"])
        before = first.select("region", *(pl.col(name).alias(f"{name}_0") for name in names))
        rows = self.last.join(before, on="region", how="left", maintain_order="left").with_row_index("rank", 1)
        return rows.with_columns(
            pl.col("^grade_.*$").fill_null("–"),
            change=pl.col(DEGREE) - pl.col(f"{DEGREE}_0"),
            lagging=pl.col("lagging").fill_null(""),
        )

    @property
    def obstacles_by_region(self) -> pl.DataFrame:
        """The obstacle degrees of the regions in the last year, a column a sector; of the heaviest highest first."""
        by_sector = self.last_sectors.pivot("sector", index="region", values="obstacle")
        return by_sector.sort(self.last_obstacles["sector"][0], "region", descending=[True, False], nulls_last=True)

    def largest_in(self, sector: str) -> int:
        """Return in how many regions a sector is the heaviest obstacle of the last year."""
        heaviest = pl.col("obstacle") == pl.col("obstacle").max().over("region")
        return self.last_sectors.filter(heaviest, sector=sector).height

    @property
    def lagging_counts(self) -> pl.DataFrame:
        """In how many regions of the last year each sector lags, most first."""
        rows = self.obstacles.filter(year=self.ends[1]["year"]).filter(pl.col("lagging") > 0)
        return rows.sort("lagging", descending=True).select("sector", "lagging")

    @property
    def lagging_by_region(self) -> pl.DataFrame:
        """The lowest sectors of the regions in the last year, and what their rise would gain."""
        gains = self.last_sectors.group_by("region").agg(pl.col("gain").max())
        rows = self.last.with_columns(pl.col("lagging", "lagging_by_rank").fill_null(""))
        return rows.join(gains, on="region", how="left", maintain_order="left")

    def sectors_of(self, region: str) -> pl.DataFrame:
        """Return the sectors of a region in the last year, lowest level first."""
        return self.last_sectors.filter(region=region).sort("level")

    def path_of(self, region: str) -> pl.DataFrame:
        """Return the coordination of a region over the years."""
        return self.frame.filter(region=region).sort("year").with_columns(pl.col("^grade_.*$").fill_null("–"))

    @property
    def interpolated(self) -> bool:
        """Whether any row of the map rests on marked figures."""
        return not self.frame.filter(pl.col("flags") != "").is_empty()

    @property
    def bounds_as_text(self) -> pl.DataFrame:
        """The bounds of the indicators, without gaps in where they stand."""
        return self.bounds.with_columns(pl.col("lower_at", "upper_at").fill_null(""))

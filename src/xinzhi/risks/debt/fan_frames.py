"""The frames of a debt fan that its page shows."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from xinzhi.core.result import Result


@dataclass(frozen=True, repr=False, kw_only=True)
class FanFrames(Result):
    """The past, the ends and the percentiles of ratios, and the frames that follow from them."""

    history: pl.DataFrame
    ends: pl.DataFrame

    def percentiles_of(self, region: str) -> pl.DataFrame:
        """Return ``year`` and the percentiles of the ratio of a region."""
        rows = self.frame.filter(region=region).sort("year")
        return rows.pivot(on="percentile", index="year", values="debt_ratio")

    def past_of(self, region: str) -> dict[int, float]:
        """Return the ratio of a region in the years before, in percent."""
        rows = self.history.filter(region=region).select("year", 100 * pl.col("debt_ratio"))
        return dict(rows.iter_rows())

    @property
    def last_percentiles(self) -> dict[tuple[str, float], float]:
        """The ratio at the end by region and percentile, in percent."""
        last = self.frame.join(self.ends.select("region", year="end_year"), on=["region", "year"])
        rows = last.select("region", "percentile", "debt_ratio")
        return {(code, cut): 100 * value for code, cut, value in rows.iter_rows()}

    @property
    def ends_by_median(self) -> pl.DataFrame:
        """The ends, the highest median first."""
        return self.ends.sort("median", "region", descending=[True, False])

    @property
    def early_starts(self) -> dict[int, list[str]]:
        """The regions whose figures end before those of others, by year."""
        rows = self.ends.filter(pl.col("start_year") < self.ends["start_year"].max())
        groups = rows.group_by("start_year", maintain_order=True)
        return {int(str(year)): part["region"].to_list() for (year,), part in groups}

"""The frames of explosive series that pages and tables show."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import polars as pl

from xinzhi.core.result import Result
from xinzhi.risks.prices.series import Timeline

RISE, FALL = "positive", "negative"  # the signals of episodes


@dataclass(frozen=True, repr=False, kw_only=True)
class BubbleFrames(Result):
    """The statistics and episodes of many series, and the frames that follow from them."""

    statistics: pl.DataFrame
    episodes: pl.DataFrame
    critical: pl.DataFrame
    level: int

    @cached_property
    def timeline(self) -> Timeline:
        """Return the dates as places on a line of time."""
        return Timeline.from_dates(self.frame["date"])

    def rejecting_episodes(self) -> pl.DataFrame:
        """Return the episodes of the series whose GSADF rejects."""
        return self.episodes.filter("rejects")

    def episodes_of(self, series: str) -> pl.DataFrame:
        """Return the episodes of a series whose GSADF rejects."""
        return self.rejecting_episodes().filter(series=series)

    @cached_property
    def tested(self) -> pl.DataFrame:
        """The series that were tested, by how far GSADF passes its critical value."""
        return by_excess(self.statistics.filter(status="tested"), "gsadf")

    @property
    def untested(self) -> pl.DataFrame:
        """The series that could not be tested."""
        return self.statistics.filter(pl.col("status") != "tested")

    @property
    def leading_series(self) -> str:
        """The series that says most: an ongoing rise, else the longest episode, else the nearest to its limit."""
        episodes = self.rejecting_episodes()
        for rows in (episodes.filter(pl.col("ongoing") & (pl.col("signal") == RISE)), episodes):
            if rows.height:
                return str(rows.sort("duration", descending=True, maintain_order=True)["series"][0])
        return str(self.tested["series"][0])

    def path(self, series: str) -> pl.DataFrame:
        """Return the statistic of a series by date."""
        return self.frame.filter(series=series)

    @property
    def by_longest_episode(self) -> list[str]:
        """The rejecting series, the longest single episode first."""
        longest = self.rejecting_episodes().group_by("series", maintain_order=True).agg(pl.col("duration").max())
        return longest.sort("duration", descending=True, maintain_order=True)["series"].to_list()

    @property
    def by_total_duration(self) -> list[str]:
        """The rejecting series, the one that was explosive longest first."""
        episodes = self.rejecting_episodes().group_by("series", maintain_order=True)
        length = episodes.agg(pl.col("duration").sum().alias("length"))
        return length.sort("length", descending=True, maintain_order=True)["series"].to_list()

    @property
    def peaks(self) -> pl.DataFrame:
        """The rejecting episodes with the statistic and the critical value at their peaks."""
        at_peak = self.frame.select("series", pl.col("date").alias("peak"), "bsadf", "critical_value")
        return self.rejecting_episodes().join(at_peak, on=["series", "peak"], how="left", maintain_order="left")

    @property
    def highest_peak(self) -> dict[str, object]:
        """The peak that passes its critical value furthest."""
        return by_excess(self.peaks, "bsadf").row(0, named=True)

    def peaks_of(self, series: list[str]) -> pl.DataFrame:
        """Return the peaks of some series, in their order, with dates."""
        rows = pl.DataFrame({"series": series}).join(self.peaks, on="series", maintain_order="left_right")
        return self.timeline.with_dates(rows)

    @property
    def crowded_date(self) -> tuple[str | None, int]:
        """The date on which most series are explosive at once, and how many."""
        places = [
            place
            for row in self.rejecting_episodes().iter_rows(named=True)
            for place in range(self.timeline.places[row["start"]], self.timeline.places[row["last"]] + 1)
        ]
        counts = pl.Series("at", places).value_counts().sort("count", "at", descending=[True, False])
        return self.timeline.date_at(int(counts["at"][0])), int(counts["count"][0])

    @property
    def statistics_with_limits(self) -> pl.DataFrame:
        """The tested series, each statistic beside its critical value."""
        limits = self.critical.filter(level=self.level).pivot("statistic", index="series", values="critical_value")
        limits = limits.select("series", *(pl.col(name).alias(f"{name}_limit") for name in ("sadf", "adf")))
        rows = self.timeline.with_dates(self.tested)
        return rows.join(limits, on="series", how="left", maintain_order="left")


def by_excess(frame: pl.DataFrame, statistic: str) -> pl.DataFrame:
    """Return rows ordered by how far a statistic passes its critical value."""
    return frame.sort(pl.col(statistic) - pl.col("critical_value"), descending=True, maintain_order=True)

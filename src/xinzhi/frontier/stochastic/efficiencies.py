"""What stochastic frontiers of both kinds say of efficiencies: those of the last period, and their means over time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import polars as pl

from xinzhi import words
from xinzhi.core.facts import Fact
from xinzhi.core.result import Facts
from xinzhi.core.schema import Column
from xinzhi.core.text import Text
from xinzhi.frontier.lines import Lines, first_lines
from xinzhi.frontier.unit_names import Labelled


@dataclass(frozen=True, repr=False, kw_only=True)
class Efficiencies(Labelled):
    """A result with an efficiency for each row of the call."""

    @property
    def drawable(self) -> bool:
        """Whether figures may be shown."""
        return True

    @cached_property
    def rows(self) -> pl.DataFrame:
        """The frame with ``unit``, as the call named it, else the number of the row."""
        frame = self.frame
        unit = pl.col("unit" if "unit" in frame.columns else "row").cast(pl.String)
        return frame.with_columns(unit=unit)

    @property
    def codes(self) -> list[str]:
        """The units."""
        return self.rows["unit"].unique(maintain_order=True).to_list()

    @cached_property
    def latest(self) -> pl.DataFrame:
        """The rows of the last period (all without periods), the most efficient first."""
        rows = self.rows
        if "period" in rows.columns:
            rows = rows.filter(pl.col("period") == pl.col("period").max())
        return self.with_groups(rows.sort("efficiency", descending=True, nulls_last=True))

    @property
    def latest_how(self) -> str:
        """How to read `latest`: with intervals, or without."""
        return "sfa_dots" if "lower" in self.frame.columns else "sfa_plain"

    @cached_property
    def history(self) -> Lines:
        """Mean efficiency over the periods: of the chosen unit, of the groups, or of all; none without periods."""
        rows = self.rows
        if "period" not in rows.columns or rows["period"].n_unique() <= 1 or not rows["period"].dtype.is_numeric():
            return Lines(frames={}, kind="score")
        frames: dict[Text, pl.DataFrame] = {words.frontier.chart_all(what=self.what(self.codes)): rows}
        if self.labels.unit is not None:
            frames = {self.names.region(self.labels.unit): rows.filter(pl.col("unit") == self.labels.unit)}
        elif self.labels.groups:
            frames = self._by_group(rows) or frames
        return Lines(frames={name: _means(frame) for name, frame in first_lines(frames).items()}, kind="score")

    def _by_group(self, rows: pl.DataFrame) -> dict[Text, pl.DataFrame]:
        """Return the rows of each group that has some, in the order of the groups."""
        parts = self.with_groups(rows).partition_by("group", as_dict=True)
        groups = dict.fromkeys(self.labels.groups.values())
        return {group: parts[(group.en,)] for group in groups if (group.en,) in parts}

    @property
    def history_headline(self) -> Fact | None:
        """Mean efficiency of all in the first and the last period; None where figures are not shown."""
        if not self.drawable:
            return None
        start, *_, end = _means(self.rows).rows()
        return words.frontier.headline_history(start=start[0], first=start[1], end=end[0], last=end[1])

    def column(self, name: str, frame: str = "frame") -> Column:
        """Return the description of a column, also of a line."""
        return self.history.column(name) if frame == "history.by_period" else super().column(name, frame)

    def efficiency_facts(self) -> Facts:
        """Return the mean efficiency, the best and the worst: of the last period where there are several."""
        last = self.latest.drop_nulls("efficiency")
        if not last.height:
            return {"answer.nothing": {}}
        best, worst = last.row(0, named=True), last.row(-1, named=True)
        values: dict[str, object] = {
            "n": last.height,
            "mean": float(last["efficiency"].to_numpy().mean()),
            "what": self.what(last["unit"]),
            "best": self.names.region(best["unit"]),
            "most": best["efficiency"],
            "worst": self.names.region(worst["unit"]),
            "least": worst["efficiency"],
        }
        if "period" in self.frame.columns:
            return {"headline.sfa_in": {**values, "period": best["period"]}}
        return {"headline.sfa": values}


def _means(rows: pl.DataFrame) -> pl.DataFrame:
    """Return ``period, value``: the mean efficiency of each period."""
    return rows.group_by("period").agg(value=pl.col("efficiency").mean()).sort("period")

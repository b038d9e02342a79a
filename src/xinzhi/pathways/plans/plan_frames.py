"""The frames of a plan that pages and tables show."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from xinzhi.core.result import Result
from xinzhi.pathways.industries import Explanation

SHOWN_KINDS = ("coordinated", "queue", "greedy", "herd")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PlanExplanation(Explanation):
    """Why a region gets what it gets."""

    assigned: pl.DataFrame
    passed: pl.DataFrame


@dataclass(frozen=True, repr=False, kw_only=True)
class PlanFrames(Result):
    """The candidates, regions and kinds of plan, and the frames that follow from them."""

    candidates: pl.DataFrame
    regions: pl.DataFrame
    comparison: pl.DataFrame

    @property
    def gains(self) -> pl.DataFrame:
        """The gain that each kind of plan realises under the caps, and what crowding loses."""
        order = pl.DataFrame({"kind": SHOWN_KINDS})
        return order.join(self.comparison, on="kind", maintain_order="left").with_columns(
            realised=pl.col("gain_realised"), crowded=pl.col("gain_named") - pl.col("gain_realised")
        )

    @property
    def herd_and_plan(self) -> pl.DataFrame:
        """The categories that any plan uses: how many regions the herd sends there, within the cap and beyond it."""
        return self.crowded().with_columns(within=pl.col("herd") - pl.col("herd_excess"), beyond=pl.col("herd_excess"))

    @property
    def scarce(self) -> pl.DataFrame:
        """The categories of which one more place would add something, most first."""
        return self.candidates.filter(pl.col("cap_price") > 0).sort("cap_price", descending=True)

    @property
    def grid(self) -> pl.DataFrame:
        """Every region and every category that any region gets, with what the assignment adds."""
        used = self.candidates.select("category").join(self.frame, on="category", how="semi", maintain_order="left")
        cells = self.regions.select("region").join(used, how="cross", maintain_order="left_right")
        values = self.frame.select("region", "category", "value")
        return cells.join(values, on=["region", "category"], how="left", maintain_order="left")

    def crowded(self) -> pl.DataFrame:
        """Return the categories that any plan uses, those of the herd first."""
        used = self.candidates.filter(pl.max_horizontal("coordinated", "herd", "greedy") > 0)
        return used.sort("herd", "greedy", "category", descending=[True, True, False])

"""The frames of what regions are able to do that pages and tables show."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from xinzhi.core.result import Result
from xinzhi.core.text import LANGUAGES, unit_text

VALUES = ("able", "by proxy", "not able", "unknown")
SHADES = {"able": 3.0, "by proxy": 2.0, "not able": 0.0}  # of a cell; what is unknown has none


@dataclass(frozen=True, repr=False, kw_only=True)
class AbleFrames(Result):
    """The verdicts on regions and categories, the evidence, and the frames that follow from them."""

    evidence: pl.DataFrame
    everywhere: pl.DataFrame
    as_of: int

    def table(self) -> pl.DataFrame:
        """Return how many regions are able, able by proxy, not able and unknown, by category, most able first."""
        counts = self.everywhere.group_by("category").agg(
            (pl.col("able") == name).sum().cast(pl.Int64).alias(name) for name in VALUES
        )
        return counts.sort(pl.col("able") * 100 + pl.col("by proxy"), "category", descending=[True, False])

    @property
    def counts(self) -> pl.DataFrame:
        """`table` with names that hold no space."""
        return self.table().rename({name: name.replace(" ", "_") for name in SHADES})

    @property
    def with_verdict(self) -> pl.DataFrame:
        """The regions and categories that are judged."""
        return self.frame.filter(pl.col("able") != "unknown")

    @property
    def verdicts(self) -> pl.DataFrame:
        """Every region with the verdict on each category that is judged anywhere, and its ``value`` as a shade."""
        categories = self.table().filter(pl.col("unknown") < self.frame["region"].n_unique()).select("category")
        regions = self.frame.select("region").unique().sort("region")
        cells = regions.join(categories, how="cross", maintain_order="left_right")
        cells = cells.join(self.frame, on=["region", "category"], how="left", maintain_order="left")
        return cells.with_columns(value=pl.col("able").replace_strict(SHADES, default=None, return_dtype=pl.Float64))

    @property
    def evidence_in_words(self) -> pl.DataFrame:
        """The evidence with its units in words."""
        units = {unit: unit_text(unit) for unit in self.evidence["unit"].drop_nulls().unique()}
        rows = self.evidence.with_columns(
            pl.col("unit")
            .replace_strict({unit: text.lang(language) for unit, text in units.items()})
            .alias(f"unit_{language}")
            for language in LANGUAGES
        )
        return rows.drop("unit")

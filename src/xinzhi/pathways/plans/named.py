"""What the newest plans of the regions name, beside the evidence of what the regions are able to do."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import polars as pl

from xinzhi.pathways.plans.capability import Able

HAVE = ("able", "by proxy")
COUNTS = {"able": "able", "by proxy": "proxy", "not able": "unable", "unknown": "unknown"}
ORDER = ("able", "by proxy", "unknown", "not able")


@dataclass(frozen=True)
class NamedCategories:
    """The categories that the newest plans of a package name, and the verdicts on them; `plans` is its table."""

    able: Able
    plans: pl.DataFrame

    @property
    def year(self) -> int:
        """The year of the newest plans."""
        return int(str(self.plans["year"].max()))

    @cached_property
    def frame(self) -> pl.DataFrame:
        """The regions and the categories that their newest plans name."""
        return self.plans.filter(pl.col("year") == self.year, pl.col("named") == 1)

    @cached_property
    def by_category(self) -> pl.DataFrame:
        """How many regions name and have each category, and how many verdicts there are of each kind; most named first.

        The columns are ``category, able, proxy, unable, unknown, named, named_and_had, open``.
        """
        counts = [pl.col("able").eq(value).sum().alias(name) for value, name in COUNTS.items()]
        having = self.able.frame.filter(pl.col("able").is_in(HAVE))
        available = self.frame.join(having, on=["region", "category"], how="semi").group_by("category")
        return (
            self.able.frame.group_by("category")
            .agg(counts)
            .join(self.frame.group_by("category").agg(named=pl.len()), on="category", how="left")
            .join(available.agg(named_and_had=pl.len()), on="category", how="left")
            .with_columns(pl.col("named", "named_and_had").fill_null(0))
            .with_columns(open=pl.col("named") - pl.col("named_and_had"))
            .sort(["named", "category"], descending=[True, False])
        )

    def categories_of(self, region: str) -> list[str]:
        """Return the categories that the plan of a region names."""
        return self.frame.filter(region=region)["category"].to_list()

    def regions_of(self, category: str) -> list[str]:
        """Return the regions that name a category."""
        return self.frame.filter(category=category)["region"].to_list()

    def lacking(self, category: str) -> list[str]:
        """Return the regions that name a category, and of which no evidence says that they have it."""
        having = self.able.frame.filter(pl.col("able").is_in(HAVE), category=category)["region"].to_list()
        return [code for code in self.regions_of(category) if code not in having]

    def verdicts(self, category: str) -> pl.DataFrame:
        """Return the regions that have a category or name it (``planned``), with the verdict on each."""
        planned = pl.col("region").is_in(self.regions_of(category))
        rows = self.able.frame.filter(pl.col("able").is_in(HAVE) | planned, category=category)
        return rows.with_columns(planned=planned).sort(pl.col("able").cast(pl.Enum(ORDER)), "region")

    def evidence(self, category: str) -> pl.DataFrame:
        """Return the evidence on a category."""
        return self.able.evidence.filter(for_category=category)

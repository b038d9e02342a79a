"""The frames of a screening that pages and workbooks show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from xinzhi.core.result import Result

_IDS = ("id", "archive_id")


@dataclass(frozen=True, repr=False, kw_only=True)
class ScreeningFrames(Result):
    """Candidates, ledger, changes and texts, and the frames that follow from them."""

    candidates: pl.DataFrame
    ledger: pl.DataFrame
    changes: pl.DataFrame
    projects: pl.DataFrame
    archive: pl.DataFrame

    def candidate(self, project: str, rank: int = 1) -> Mapping[str, float]:
        """Return the row of a candidate of a project: log-odds of each verdict."""
        return self.candidates.filter(pl.col("id") == project, pl.col("rank") == rank).row(0, named=True)

    def ranks(self, project: str) -> list[int]:
        """Return the ranks of the candidates of a project."""
        return self.candidates.filter(pl.col("id") == project)["rank"].to_list()

    def with_titles(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return verdicts with the titles of their projects."""
        return frame.join(self.projects.select("id", "title"), on="id", how="left", maintain_order="left")

    def verdict_rows(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return verdicts with the titles of both texts, and the evidence in both languages."""
        titles = self.archive.select(pl.col("id").alias("archive_id"), pl.col("title").alias("archive_title"))
        rows = self.with_titles(frame).join(titles, on="archive_id", how="left", maintain_order="left")
        return rows.rename({"evidence": "evidence_en"}).with_columns(
            pl.col("evidence_zh", "evidence_en").replace("", None), pl.col("archive_title").fill_null("")
        )

    def entries_of(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the ledger of verdicts beside the record that comes closest."""
        closest = self.ledger.filter((pl.col("rank") == 1) & (pl.col("level") >= 0))
        pairs = frame.select(_IDS).drop_nulls()
        return pairs.join(closest, on=_IDS, how="inner", maintain_order="left_right")

    def changes_of(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return what changed of verdicts beside the record that comes closest: ``changed_zh, changed_en``."""
        changed = frame.select(_IDS).drop_nulls().join(self.changes, on=_IDS, how="inner", maintain_order="left_right")
        return changed.rename({"zh": "changed_zh", "en": "changed_en"})

"""How projects of known truth were judged: verdicts beside the truth, shares by level, precision and recall."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from made_up_projects import EASY

if TYPE_CHECKING:
    from xinzhi.risks.projects.screening import Screening


def judged(found: Screening, truth: pl.DataFrame) -> pl.DataFrame:
    """Return the verdicts beside the truth.

    Parameters
    ----------
    found
        A screening of labelled projects.
    truth
        ``id, archive_id, label, level`` of the generator.

    Returns
    -------
    polars.DataFrame
        ``id, label, level, verdict, probability, right``: `right` says whether a repackaged project's closest archived
        record is its source.
    """
    both = truth.join(found.frame, on="id", how="inner", suffix="_found")
    right = (pl.col("label") == "repackaged") & (pl.col("archive_id") == pl.col("archive_id_found")).fill_null(
        value=False
    )
    return both.with_columns(right.alias("right")).select("id", "label", "level", "verdict", "probability", "right")


def by_level(table: pl.DataFrame) -> pl.DataFrame:
    """Return how the projects of every kind were judged: shares of the four verdicts, and of right sources.

    Parameters
    ----------
    table
        What `judged` returns.
    """
    verdicts = ("repackaged", "follow-on", "new", "cannot tell")
    shares = [(pl.col("verdict") == name).mean().alias(name) for name in verdicts]
    return (
        table.group_by("label", "level")
        .agg(pl.len().alias("projects"), *shares, pl.col("right").mean())
        .sort("label", "level", descending=[True, False])
    )


def precision_recall(table: pl.DataFrame, *, hard: bool, threshold: float | None = None) -> dict[str, float]:
    """Return precision and recall of ``repackaged``.

    A hit is a repackaged project that is called so with the right source.

    Parameters
    ----------
    table
        What `judged` returns.
    hard
        Whether genuine new projects of the same sector and city count among the negatives.
    threshold
        Call repackaged what is at least so probable, and nothing undecided; by default take the verdicts, of which
        ``cannot tell`` counts as neither.

    Returns
    -------
    dict
        ``precision``; ``recall`` among the decided; ``recall_of_all``; ``cannot_tell``, the undecided share.
    """
    new = (pl.col("label") == "new") & ((pl.col("level") == EASY) | pl.lit(hard))
    part = table.filter((pl.col("label") == "repackaged") | new)
    said = pl.col("verdict") == "repackaged" if threshold is None else pl.col("probability") >= threshold
    told = pl.col("verdict") != "cannot tell" if threshold is None else pl.lit(value=True)
    true = pl.col("label") == "repackaged"
    hits, calls, decided, every, open_ = part.select(
        (said & pl.col("right")).sum().alias("hits"),
        said.sum().alias("calls"),
        (told & true).sum().alias("decided"),
        true.sum().alias("every"),
        (~told).mean().alias("open"),
    ).row(0)
    return {
        "precision": hits / max(calls, 1),
        "recall": hits / max(decided, 1),
        "recall_of_all": hits / max(every, 1),
        "cannot_tell": float(open_),
    }

"""Projects of known truth: what they were, and whether the probabilities came true."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from xinzhi.core.errors import InputError

if TYPE_CHECKING:
    from xinzhi.risks.projects.screen import Screening


LABELS = ("repackaged", "follow-on", "new")
_NORMAL_95 = 1.959963984540054


def with_truth(found: Screening, truth: pl.DataFrame) -> Screening:
    """Return a screening that knows what some of its projects are: `plot` then draws its calibration.

    Parameters
    ----------
    found
        A screening.
    truth
        ``id`` and ``label`` (``repackaged, follow-on, new``) of projects that somebody has looked at or made up; where
        known ``archive_id``, the source of a repackaged one.

    Raises
    ------
    InputError
        When a column is missing, a label unknown, a project labelled twice, or none of the projects is labelled.

    Examples
    --------
    >>> from xinzhi.risks import screen
    >>> old = pl.DataFrame({"id": ["a1"], "text": ["肥西县水厂，总投资1.83亿元"]})
    >>> new = pl.DataFrame({"id": ["p1"], "text": ["长丰县学校，总投资2.4亿元"]})
    >>> with_truth(screen(new, old), pl.DataFrame({"id": ["p1"], "label": ["new"]})).truth.rows()
    [('p1', 'new')]
    """
    if missing := [name for name in ("id", "label") if name not in truth.columns]:
        raise InputError("projects.label-columns", missing=missing, known=truth.columns)
    known = truth.with_columns(pl.col("id").cast(pl.String)).join(found.frame.select("id"), on="id", how="semi")
    strange = known.filter(~pl.col("label").is_in(LABELS) | pl.col("label").is_null())["label"].unique().to_list()
    twice = known.filter(pl.col("id").is_duplicated())["id"].unique(maintain_order=True).to_list()
    if strange:
        raise InputError("projects.unknown-label", labels=strange, known=LABELS)
    if twice:
        raise InputError("projects.labelled-twice", ids=twice)
    if not known.height:
        raise InputError("projects.none-labelled")
    return replace(found, truth=known)


def calibration_table(table: pl.DataFrame, bins: int = 10) -> pl.DataFrame:
    """Return how often projects were repackaged, by the probability that was said.

    Parameters
    ----------
    table
        What `judged` returns, or any table of ``label`` and ``probability``.
    bins
        How many bins of equal width.

    Returns
    -------
    polars.DataFrame
        ``up_to, said, was, projects``: upper bound of the bin, mean probability, share that was repackaged, how many;
        ``lower, upper``: the 95 % interval of that share (Wilson 1927).

    Examples
    --------
    >>> seen = pl.DataFrame({"label": ["new"] * 9 + ["repackaged"], "probability": [0.1] * 10})
    >>> calibration_table(seen).select("said", "was", "projects", pl.col("lower", "upper").round(3)).row(0)
    (0.1, 0.1, 10, 0.018, 0.404)
    """
    tenth = (pl.col("probability") * bins).floor().clip(0, bins - 1)
    frame = (
        table.group_by(tenth.alias("up_to"))
        .agg(
            pl.col("probability").mean().alias("said"),
            (pl.col("label") == "repackaged").mean().alias("was"),
            pl.len().cast(pl.Int64).alias("projects"),
        )
        .sort("up_to")
        .with_columns((pl.col("up_to") + 1) / bins)
    )
    share, square = pl.col("was"), _NORMAL_95**2 / pl.col("projects")
    middle = (share + square / 2) / (1 + square)
    half = (square * share * (1 - share) + square**2 / 4).sqrt() / (1 + square)
    return frame.with_columns((middle - half).clip(0, 1).alias("lower"), (middle + half).clip(0, 1).alias("upper"))

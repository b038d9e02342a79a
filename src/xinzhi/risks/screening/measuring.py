"""How well a screening does on labelled projects: precision and recall by level of disguise, and calibration."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from xinzhi.core.errors import InputError
from xinzhi.risks.screening.calibration import reliability

if TYPE_CHECKING:
    from xinzhi.risks.screening.result import Screening

HARD, EASY = 9, 0
LABELS = ("repackaged", "follow-on", "new")
_NORMAL_95 = 1.959963984540054
_NAMED = 3


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
        message = f"labels stand in the columns id and label; {', '.join(missing)} is not among {list(truth.columns)}."
        raise InputError(message)
    known = truth.with_columns(pl.col("id").cast(pl.String)).join(found.frame.select("id"), on="id", how="semi")
    strange = known.filter(~pl.col("label").is_in(LABELS) | pl.col("label").is_null())["label"].unique().to_list()
    twice = known.filter(pl.col("id").is_duplicated())["id"].unique(maintain_order=True).to_list()
    if strange or twice or not known.height:
        why = (
            f"{', '.join(map(str, strange[:_NAMED]))} is no label; a label is one of {', '.join(LABELS)}"
            if strange
            else f"{', '.join(twice[:_NAMED])} is labelled twice"
            if twice
            else "none of the labelled projects was screened; the identifiers must be those of the projects"
        )
        message = f"labels: {why}."
        raise InputError(message)
    return replace(found, truth=known)


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
    happened = (table["label"] == "repackaged").cast(pl.Float64).to_numpy()
    rows = reliability(table["probability"].to_numpy(), happened, bins)
    frame = pl.DataFrame(rows, schema=["up_to", "said", "was", "projects"], orient="row")
    share, count = frame["was"].to_numpy(), frame["projects"].to_numpy()
    square = _NORMAL_95**2 / count
    middle = (share + square / 2) / (1 + square)
    half = np.sqrt(square * share * (1 - share) + square**2 / 4) / (1 + square)
    lower, upper = np.clip(middle - half, 0.0, 1.0), np.clip(middle + half, 0.0, 1.0)
    return frame.with_columns(pl.Series("lower", lower), pl.Series("upper", upper))

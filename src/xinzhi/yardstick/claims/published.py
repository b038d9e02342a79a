"""Published claims about TFP growth in China, compiled with their sources: the table of `published_claims`."""

from __future__ import annotations

from pathlib import Path

import polars as pl


def published_claims() -> pl.DataFrame:
    """Return claims about TFP growth in China that were published, as they were printed, one row each.

    Columns are those of a table of claims, and `data` (the vintage of the data), `author, year, outlet, place,
    address`, `figure` (``printed``, or ``worked`` from a printed index), `second_hand` and `confidence` of the row as a
    claim.

    Examples
    --------
    >>> published_claims().height
    102
    """
    return pl.read_csv(Path(__file__).with_name("published.csv"), infer_schema=False)

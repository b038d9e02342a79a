"""Periods of a frame in words."""

from __future__ import annotations

import polars as pl

from xinzhi.core.text import span_text


def with_period(frame: pl.DataFrame) -> pl.DataFrame:
    """Add ``period``, the first and the last year as each language writes a span."""
    span = span_text("{}", "{}")
    return frame.with_columns(
        period_zh=pl.format(span.zh, "start", "end"), period_en=pl.format(span.en, "start", "end")
    )

"""Columns of compiled source tables, whose figures stay text."""

from __future__ import annotations

from pathlib import Path

import polars as pl


def read(sources: Path, name: str) -> pl.DataFrame:
    """Return one table of the compilation as text."""
    return pl.read_csv(sources / name, infer_schema=False)


def number(name: str) -> pl.Expr:
    """Return a column of text as numbers."""
    return pl.col(name).cast(pl.Float64)


def whole(name: str) -> pl.Expr:
    """Return a column of text as whole numbers, also where a spreadsheet wrote 1996.0."""
    return number(name).cast(pl.Int64)


def text(name: str) -> pl.Expr:
    """Return numbers as text, whole ones without a decimal point."""
    return pl.col(name).cast(pl.String).str.replace(r"\.0$", "")

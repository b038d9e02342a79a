"""Coverage: how far official figures carry every series that stands behind a measurement."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import polars as pl

    from xinzhi.core.arrays import BoolArray, FloatArray
    from xinzhi.yardstick.panel import Panel

SERIES = {
    "output": ("accounts", "output_real"),
    "investment": ("investment", "investment_nominal"),
    "investment_price": ("investment", "investment_price"),
    "capital": ("accounts", "capital"),
    "capital_services": ("accounts", "capital_services"),
    "employment": ("accounts", "employment"),
    "hours": ("accounts", "hours"),
    "labour_services": ("accounts", "labour_services"),
    "schooling": ("accounts", "schooling"),
    "human_capital": ("accounts", "human_capital"),
    "labour_share": ("accounts", "labour_share"),
}


def coverage_table(panel: Panel) -> pl.DataFrame:
    """Return first year, last year and last official year of every series that the package gives.

    The last official year is the last one in which every region that has the series has an official figure; null when
    there is none. Output that is only first published counts as official, and `last_revised_year` says how far
    revised figures go.
    """
    import polars as pl

    rows = []
    for series, (table, column) in SERIES.items():
        values, unofficial = _values(panel, table, column)
        if values is None or not np.isfinite(values).any():
            continue
        known = np.isfinite(values)
        present = panel.years[known.any(axis=0)]
        preliminary = panel.preliminary if series == "output" else np.zeros_like(known)
        rows.append(
            {
                "series": series,
                "column": f"{table}.{column}",
                "first_year": int(present[0]),
                "last_year": int(present[-1]),
                "last_official_year": _last_common(panel, known & ~unofficial),
                "last_revised_year": _last_common(panel, known & ~unofficial & ~preliminary),
            }
        )
    schema = {
        "series": pl.String,
        "column": pl.String,
        "first_year": pl.Int64,
        "last_year": pl.Int64,
        "last_official_year": pl.Int64,
        "last_revised_year": pl.Int64,
    }
    return pl.DataFrame(rows, schema=schema)


def _values(panel: Panel, table: str, column: str) -> tuple[FloatArray | None, BoolArray]:
    """Return the values `(R, T)` of a column and its unofficial cells; assets are merged."""
    if table == "accounts":
        values = panel.accounts.get(column)
        return values, panel.unofficial.get(column, np.zeros(panel.shape, dtype=np.bool_))
    cells = panel.investment.get(column)
    if cells is None:
        return None, np.zeros(panel.shape, dtype=np.bool_)
    known = np.isfinite(cells)
    values = np.where(known.any(axis=0), np.where(known, cells, 0.0).sum(axis=0), np.nan)
    mask = panel.unofficial.get(column)
    return values, np.zeros(panel.shape, dtype=np.bool_) if mask is None else np.asarray(mask.any(axis=0))


def _last_common(panel: Panel, official: BoolArray) -> int | None:
    """Return the last year in which every region that ever has an official figure has one."""
    ever = official[official.any(axis=1)]
    if not ever.size:
        return None
    years = panel.years[ever.all(axis=0)]
    return int(years[-1]) if years.size else None

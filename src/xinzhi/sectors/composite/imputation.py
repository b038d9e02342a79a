"""Gaps: filled only by a method that is named, and counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xinzhi.core.errors import UsageError

if TYPE_CHECKING:
    import polars as pl

    from xinzhi.core.arrays import FloatArray, IntArray

IMPUTATIONS = ("none", "mean", "median", "linear", "nearest", "group-mean")


def impute(values: FloatArray, keys: pl.DataFrame, method: str) -> FloatArray:
    """Return the table with its gaps filled as far as the method reaches.

    Parameters
    ----------
    values
        `(n, m)`, NaN where missing.
    keys
        ``region, year``, and ``group`` for ``group-mean``: `n` rows.
    method
        ``none``; ``mean``, ``median`` (of the other regions in the same year); ``group-mean`` (of its group in the same
        year); ``linear`` (between two years of the same region, never beyond them); ``nearest`` (the nearest year of
        the same region, the earlier of two).

    Raises
    ------
    UsageError
        When there is no such method, or no column `group` for ``group-mean``.

    Examples
    --------
    >>> import polars as pl
    >>> keys = pl.DataFrame({"region": ["a", "a", "a"], "year": [2020, 2021, 2023]})
    >>> impute(np.array([[1.0], [np.nan], [4.0]]), keys, "linear").ravel().tolist()
    [1.0, 2.0, 4.0]
    """
    if method not in IMPUTATIONS:
        message = f"imputation '{method}' is not known: take one of {', '.join(IMPUTATIONS)}."
        raise UsageError(message)
    if method == "none" or np.isfinite(values).all():
        return values
    years = keys["year"].to_numpy()
    if method in ("linear", "nearest"):
        return _over_time(values, keys["region"].to_numpy(), years, method)
    if method == "group-mean":
        if "group" not in keys.columns:
            message = "imputation 'group-mean' needs a column `group` beside region and year."
            raise UsageError(message)
        years = keys.select("year", "group").to_struct().rank("dense").to_numpy()
    return _across(values, years, np.nanmedian if method == "median" else np.nanmean)


def _across(values: FloatArray, cells: IntArray, middle: np.ufunc | object) -> FloatArray:
    filled = values.copy()
    for cell in np.unique(cells):
        rows = np.flatnonzero(cells == cell)
        block = values[rows]
        gaps = ~np.isfinite(block)
        for column in np.flatnonzero(gaps.any(axis=0) & ~gaps.all(axis=0)).tolist():
            filled[rows[gaps[:, column]], column] = middle(block[:, column])  # type: ignore[operator] # a numpy function
    return filled


def _over_time(values: FloatArray, regions: np.ndarray, years: IntArray, method: str) -> FloatArray:
    filled = values.copy()
    order = np.lexsort((years, regions))
    for rows in np.split(order, np.flatnonzero(regions[order][1:] != regions[order][:-1]) + 1):
        block, times = values[rows], years[rows].astype(np.float64)
        gaps = ~np.isfinite(block)
        for column in np.flatnonzero(gaps.any(axis=0) & ~gaps.all(axis=0)).tolist():
            gap = gaps[:, column]
            known, level = times[~gap], block[~gap, column]
            if method == "linear":
                filled[rows[gap], column] = np.interp(times[gap], known, level, left=np.nan, right=np.nan)
            else:
                filled[rows[gap], column] = level[np.abs(times[gap][:, None] - known).argmin(axis=1)]
    return filled

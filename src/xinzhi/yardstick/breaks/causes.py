"""Known causes of breaks: censuses and changes of definition on record, and seams that the package declares."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xinzhi.yardstick.breaks.rules import words

if TYPE_CHECKING:
    from xinzhi.core.arrays import BoolArray
    from xinzhi.core.text import Text
    from xinzhi.data import Package
    from xinzhi.yardstick.breaks.judge import Judgement
    from xinzhi.yardstick.breaks.rules import Rules
    from xinzhi.yardstick.panel import Panel


def causes(package: Package, panel: Panel, found: Judgement, terms: Rules) -> list[tuple[Text, BoolArray]]:
    """Return every known cause of breaks in one series with the region-years `(R, T)` that it covers.

    A cause of an outlier also covers the next year, in which the level comes back.
    """
    from xinzhi.data.rules.codes import PROVINCES, standard

    chinese = np.isin(panel.regions, list(standard(PROVINCES)))[:, None]
    known = [
        (event.text, chinese & np.isin(panel.years, event.years))
        for event in terms.events
        if found.rule.name in event.series
    ]
    known.append((words("seams", "vintage"), _vintages(package, panel, found)))
    known.append((words("seams", "status"), _status(panel, found)))
    outlier = found.breaks.outlier
    return [(text, mask | _next(mask & outlier)) for text, mask in known]


def _next(mask: BoolArray) -> BoolArray:
    out = np.zeros_like(mask)
    out[:, 1:] = mask[:, :-1]
    return out


def _vintages(package: Package, panel: Panel, found: Judgement) -> BoolArray:
    """Return the years in which nominal output changes its vintage; real output is chained across them."""
    import polars as pl

    out = np.zeros(panel.shape, dtype=np.bool_)
    table = package.tables["accounts"]
    if found.rule.name != "output_nominal" or "output_vintage" not in table.columns:
        return out
    rows = table.sort("region", "year").with_columns(before=pl.col("output_vintage").shift(1).over("region"))
    changed = rows.filter(pl.col("before") != pl.col("output_vintage"))
    row = np.searchsorted(panel.regions, changed["region"].to_numpy())
    out[row, changed["year"].to_numpy() - panel.years[0]] = True
    return out


def _status(panel: Panel, found: Judgement) -> BoolArray:
    """Return the years in which the figures begin or cease to be official."""
    marks = panel.unofficial.get(found.rule.column)
    if marks is None:
        return np.zeros(panel.shape, dtype=np.bool_)
    mask = marks.any(axis=0) if marks.ndim > found.growth.ndim else marks
    changed: BoolArray = mask != np.roll(mask, 1, axis=1)
    changed[:, 0] = False
    return changed

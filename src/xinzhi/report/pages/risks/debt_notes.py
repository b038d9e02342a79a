"""Notes that the pages on local debt share: years that are missing, and swaps of hidden debt."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from xinzhi.core.text import Text, listing, same, words
from xinzhi.report.sentence import arrangement
from xinzhi.risks import conventions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinzhi.core.names import Names

LISTED = 6  # names that a note lists


def gaps(frame: pl.DataFrame, names: Names) -> list[Text]:
    """Return a note that names the regions with years missing inside their series."""
    said = []
    for (code,), rows in frame.group_by("region", maintain_order=True):
        years = rows["year"].to_list()
        if missing := sorted(set(range(min(years), max(years))) - set(years)):
            listed = listing([same(year) for year in missing], limit=LISTED)
            said.append(words("debt.chart.years_of", name=names.region(code), years=listed))
    return [words("debt.note.gaps", names=listing(said, limit=LISTED))] if said else []


def swaps(codes: Sequence[str], past: pl.DataFrame | None = None, *, ahead: bool = False) -> list[Text]:
    """Return a note on swaps of hidden debt, for provinces of China only.

    `past` (``year, net_borrowing``) gives the share of net borrowing in the years of swaps; `ahead` says that the
    result carries net borrowing on into the future.
    """
    if not arrangement(codes):
        return []
    if past is None:
        return [words("debt.note.swaps_ahead" if ahead else "debt.note.swaps")]
    first, last = conventions("public_debt")["swaps"]["value"]
    during = past.filter(pl.col("year").is_between(first, last))
    total, part = (float(one["net_borrowing"].to_numpy().sum()) for one in (past, during))
    if not during.height:
        return []
    return [words("debt.note.swaps_share", share=part / total) if 0 < part <= total else words("debt.note.swaps")]

"""Names and colours of sectors, and which region a picture of one region shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from xinzhi.core.errors import UsageError
from xinzhi.core.names import Names, distinct
from xinzhi.core.text import Text
from xinzhi.report.palette import GROUPS
from xinzhi.report.sentence import arrangement, short, spread
from xinzhi.sectors import Index, Sectors, sector_text

__all__ = ["arrangement", "chosen", "distinct", "region_text", "sector_inks", "sector_parts", "short", "spread"]

INKS = {"economy": GROUPS[0], "education": GROUPS[4], "culture": GROUPS[2], "green": GROUPS[5]}


def region_text(code: str, names: Mapping[str, Text] | Names) -> Text:
    """Return the name of a region: its own, else that of a province of China, else its code."""
    return (names if isinstance(names, Names) else Names({"region": names})).region(code)


def chosen(region: str | None, codes: Sequence[str], names: Mapping[str, Text] | Names, default: str) -> str:
    """Return the code of the region that a picture of one region shows; it may be asked for by code or by name."""
    if region is None:
        return default
    return (names if isinstance(names, Names) else Names({"region": names})).resolve(region, codes)


def chosen_or_why(
    region: str | None, codes: Sequence[str], result: Sectors | Index, year: int, left: Iterable[str], default: str
) -> str:
    """Return the code of the region chosen; of one that was left out, `explain` raises what it lacks."""
    try:
        return chosen(region, codes, result.names, default)
    except UsageError:
        absent = sorted(set(left) - set(codes))
        if not absent or not _is_one(region, absent, result.names):
            raise
        result.explain(result.names.resolve(region, absent), year)
        raise


def _is_one(region: str | None, codes: Sequence[str], names: Names) -> bool:
    try:
        return bool(names.resolve(region, codes))
    except UsageError:
        return False


def sector_inks(names: Sequence[str]) -> dict[str, str]:
    """Return the colour of every sector, the same on every page."""
    others = [ink for ink in GROUPS if ink not in INKS.values()]
    free = [name for name in names if name not in INKS]
    return {name: INKS.get(name) or others[free.index(name) % len(others)] for name in names}


def sector_parts(names: Sequence[str]) -> dict[str, tuple[Text, str]]:
    """Return the word and the colour of every sector."""
    return {name: (sector_text(name), ink) for name, ink in sector_inks(names).items()}

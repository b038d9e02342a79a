"""Names, quarters, bands and columns that the sections on overcapacity share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinzhi.core.errors import UsageError
from xinzhi.core.text import Text
from xinzhi.report.catalogue import has, same, words
from xinzhi.report.rooms.sectors.names import distinct, region_text
from xinzhi.report.tables import Column
from xinzhi.risks.inputs import setting

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import polars as pl

    from xinzhi.report.tables import Kind

TOTAL = "industry_total"
CONVENTIONS = "capacity/overcapacity.yaml"
_LISTED, _LAST_LATIN = 8, "\u024f"
FULL = 100.0
PERCENT = "%"


def column(name: str, kind: Kind, unit: Text | None = None) -> Column:
    """Return a column of a table on overcapacity."""
    title = words(f"overcapacity.column.{name}")
    return Column(title=title, kind=kind, unit=unit) if unit else Column(title=title, kind=kind)


def known(prefix: str, name: str) -> Text:
    """Return a word of the catalogue, or the name itself where it has none."""
    key = f"overcapacity.{prefix}.{name}"
    return words(key) if has(key) else same(name)


def times(value: float | None) -> float | None:
    """Return a share as per cent."""
    return None if value is None else FULL * value


def sections() -> set[str]:
    """Return the series of the survey that are sums of industries: whole sections, and all industry."""
    return {TOTAL, *setting(CONVENTIONS, "utilisation.sections")}


def industry_names(codes: Iterable[str], labels: Mapping[str, Text]) -> dict[str, Text]:
    """Return the names of the industries of a survey, no two alike; a package may have them in Chinese only.

    Examples
    --------
    >>> industry_names(["coal", "lignite"], {"coal": Text(zh="煤炭开采和洗选业", en="煤炭开采和洗选业")})["coal"].en
    'coal mining and washing'
    """
    found = {}
    for code in codes:
        here = known("series", code) if has(f"overcapacity.series.{code}") else same(code.replace("_", " "))
        given = labels.get(code, here)
        found[code] = Text(zh=given.zh, en=given.en if _latin(given.en) else here.en)
    return distinct(found)


def _latin(text: str) -> bool:
    return all(sign <= _LAST_LATIN or not sign.isalpha() for sign in text)


def unit_names(codes: Iterable[str]) -> dict[str, Text]:
    """Return the names of units of any kind; provinces of China have theirs, others go by their codes."""
    return distinct({code: region_text(code, {}) for code in codes})


def chosen(asked: str | None, names: Mapping[str, Text], otherwise: str) -> str:
    """Return the code of what was asked for by code or by name in either language.

    Raises
    ------
    UsageError
        When nothing is called so.

    Examples
    --------
    >>> chosen("steel", {"01": Text(zh="钢铁", en="steel")}, "02")
    '01'
    """
    if asked is None:
        return otherwise
    for code, name in names.items():
        if asked in {code, name.zh, name.en}:
            return code
    shown = ", ".join(name.en for name in list(names.values())[:_LISTED])
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    message = f"there is no '{asked}' here; there are {shown}{more}."
    raise UsageError(message)


def quarter(year: int, number: int) -> Text:
    """Return a quarter in words.

    Examples
    --------
    >>> quarter(2025, 2)
    Text(zh='2025年二季度', en='2025 Q2')
    """
    return words(f"overcapacity.chart.quarter_{number}", year=year)


def zones(bands: pl.DataFrame) -> list[tuple[float | None, float | None, Text]]:
    """Return the bands of the level as zones of an axis, with their names; none where there is one band only."""
    if bands.height < 2:  # noqa: PLR2004 - a single band has no edge
        return []
    edges = bands["below"].to_list()
    starts = [None, *edges[:-1]]
    return [(low, high, band_name(name)) for low, high, name in zip(starts, edges, bands["name"], strict=True)]


def band_name(name: str) -> Text:
    """Return what a band is called: as the conventions say, else by its own name."""
    for one in setting(CONVENTIONS, "utilisation.bands"):
        if one["name"] == name:
            return Text(zh=one["zh"], en=one["en"])
    return same(name)


def edges_of(bands: pl.DataFrame) -> Sequence[float]:
    """Return the edges of the bands, lowest first."""
    return [float(edge) for edge in bands["below"].drop_nulls()]

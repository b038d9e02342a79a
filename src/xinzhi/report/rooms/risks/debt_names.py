"""What regions, figures and gaps of the sections on local debt are called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from xinzhi.core.text import Text
from xinzhi.report.catalogue import listing, same, words
from xinzhi.report.numbers import number
from xinzhi.report.rooms.pathways.names import code_of
from xinzhi.report.rooms.sectors.names import arrangement, distinct, region_text
from xinzhi.report.tables import Column

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from xinzhi.report.tables import Kind

LISTED = 6
SWAPS = range(2021, 2027)  # special refinancing bonds since December 2020; for 2024-2026 by the NPC on 8 November 2024
SURE = 0.005  # a chance nearer to nought or one than draws can tell


@dataclass(frozen=True, slots=True)
class Names:
    """Names of the regions of a result, no two alike."""

    known: Mapping[str, Text]

    @classmethod
    def of(cls, codes: Iterable[str], labels: Mapping[str, Text]) -> Names:
        """Return the names of codes: those of the result, else those of provinces of China, else the codes."""
        return cls(distinct({code: region_text(code, labels) for code in dict.fromkeys(codes)}))

    def __call__(self, code: str) -> Text:
        """Return the name of a region."""
        return self.known.get(code, same(code))

    def asked(self, region: str | None, otherwise: str) -> str:
        """Return the code of the region asked for by code or name.

        Raises
        ------
        UsageError
            When no region is called so.
        """
        return otherwise if region is None else code_of(region, self.known)

    def some(self, codes: Sequence[str]) -> Text:
        """Return the first few names of many, and how many there are."""
        return listing([self(code) for code in codes], limit=LISTED)


def column(name: str, kind: Kind, unit: str | None = None, /, **values: object) -> Column:
    """Return a column of a table of local debt, its unit one of the catalogue."""
    title = words(f"debt.column.{name}", **values)
    return (
        Column(title=title, kind=kind, unit=words(f"debt.unit_of.{unit}")) if unit else Column(title=title, kind=kind)
    )


def hundred(value: float | None) -> float | None:
    """Return a ratio as per cent."""
    return None if value is None else 100 * value


def points(value: float | None, decimals: int = 1) -> str:
    """Write a change of a ratio as signed percentage points."""
    return number(hundred(value), decimals, sign=True)


def moves(value: float) -> Text:
    """Write a change of a ratio in words: by how many percentage points it rises or falls.

    Examples
    --------
    >>> moves(0.026).zh, moves(-0.031).en, moves(0.0001).en
    ('上升2.6个百分点', 'falls by 3.1 points', 'hardly moves')
    """
    size = number(100 * abs(value), 1)
    if size == number(0.0, 1):
        return words("debt.chart.hardly_moves")
    return words("debt.chart.rises_by" if value > 0 else "debt.chart.falls_by", value=size)


def chance(value: float) -> str:
    """Write a chance in per cent; what draws cannot tell from certain is no more than nearly so.

    Examples
    --------
    >>> chance(0.612), chance(1.0), chance(0.001)
    ('61', '> 99', '< 1')
    """
    return "> 99" if value > 1 - SURE else "< 1" if value < SURE else number(100 * value, 0)


def span(years: int) -> Text:
    """Return a number of years in words."""
    return words("debt.chart.one_year") if years == 1 else words("debt.chart.some_years", n=years)


def latest(frame: pl.DataFrame, *columns: str) -> int | None:
    """Return the last of the years in which the most regions have all of these figures; None: no year has them.

    Examples
    --------
    >>> rows = pl.DataFrame({"year": [2023, 2023, 2024, 2024], "to_output": [0.1, 0.2, 0.3, None]})
    >>> latest(rows, "to_output")
    2023
    """
    counts = frame.drop_nulls(columns).group_by("year").len()
    return None if not counts.height else int(counts.sort("len", "year")["year"][-1])


def gaps(frame: pl.DataFrame, names: Names) -> tuple[Text, ...]:
    """Return a note that names the regions with years missing inside their series."""
    found = []
    for (code,), rows in frame.group_by("region", maintain_order=True):
        years = rows["year"].to_list()
        missing = sorted(set(range(min(years), max(years))) - set(years))
        if missing:
            listed = listing([same(year) for year in missing], limit=LISTED)
            found.append(words("debt.chart.years_of", name=names(str(code)), years=listed))
    return (words("debt.note.gaps", names=listing(found, limit=LISTED)),) if found else ()


def swapped(codes: Sequence[str], past: pl.DataFrame | None = None, *, ahead: bool = False) -> tuple[Text, ...]:
    """Return a note on swaps of hidden debt, for provinces of China only.

    Parameters
    ----------
    codes
        The regions of the result.
    past
        ``year, net_borrowing``: gives the share of net borrowing in the years of swaps; None: the note is without it.
    ahead
        Whether the result carries net borrowing on into the future.
    """
    if not arrangement(codes):
        return ()
    if past is None:
        return (words("debt.note.swaps_ahead" if ahead else "debt.note.swaps"),)
    during = past.filter(pl.col("year").is_in(SWAPS))
    total, part = (float(one["net_borrowing"].to_numpy().sum()) for one in (past, during))
    if not during.height:
        return ()
    if not 0 < part <= total:
        return (words("debt.note.swaps"),)
    return (words("debt.note.swaps_share", share=number(100 * part / total, 0)),)


def clauses(items: Sequence[Text]) -> Text:
    """Join clauses that hold commas of their own."""
    return Text(zh="；".join(item.zh for item in items), en="; ".join(item.en for item in items))


def sentence(text: Text) -> Text:
    """Return a headline as a sentence of the answer."""
    return Text(zh=f"{text.zh}。", en=f"{text.en}.")

"""Names of regions, sectors and figures, and which region a picture of one region shows."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from xinzhi.core.errors import UsageError
from xinzhi.core.text import LANGUAGES, Text
from xinzhi.report.catalogue import has, read_yaml, same, words
from xinzhi.report.charts.style import width
from xinzhi.report.palette import GROUPS
from xinzhi.report.tables import Column
from xinzhi.report.view import Arrangement
from xinzhi.sectors.conventions import region_text as region_text  # noqa: PLC0414 - pages of other rooms take it from here
from xinzhi.sectors.advance import sector_text

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from xinzhi.core.result import Result
    from xinzhi.report.tables import Kind

_LISTED = 8
INKS = {"economy": GROUPS[0], "education": GROUPS[4], "culture": GROUPS[2], "green": GROUPS[5]}


def distinct(texts: Mapping[str, Text]) -> dict[str, Text]:
    """Return names of which no two read alike in either language: those that do get their codes.

    Examples
    --------
    >>> distinct({"a": Text(zh="文化", en="culture"), "b": Text(zh="文化业", en="culture")})["b"]
    Text(zh='文化业 (b)', en='culture (b)')
    """
    counts = {language: Counter(text.lang(language) for text in texts.values()) for language in LANGUAGES}
    return {
        code: Text(zh=f"{text.zh} ({code})", en=f"{text.en} ({code})")
        if any(counts[language][text.lang(language)] > 1 for language in LANGUAGES)
        else text
        for code, text in texts.items()
    }


def label(name: str, names: Mapping[str, Text] | None = None) -> Text:
    """Return what a column is called in words: as the result says, as the catalogue does, else its own name."""
    if names and name in names:
        return names[name]
    key = f"sectors.series.{name}"
    return words(key) if has(key) else same(name)


def short(text: Text, most: float) -> Text:
    """Return a text cut to a width, in units of its size, so that no chart has to cut it.

    Examples
    --------
    >>> short(Text(zh="研究与试验发展经费投入强度", en="research and development"), 9).en
    'research and d…'
    """
    return Text(zh=_cut(text.zh, most), en=_cut(text.en, most))


def _cut(line: str, most: float) -> str:
    if width(line) <= most:
        return line
    while line and width(line) + 1 > most:
        line = line[:-1]
    return f"{line.rstrip()}…"


def called(result: Result) -> Text:
    """Return what the figure of a result is called."""
    return label(str(result.provenance.options["value"]), getattr(result, "names", None))


def column(name: str, kind: Kind, unit: Text | None = None, /, **values: object) -> Column:
    """Return a column of a table of this room."""
    title = words(f"sectors.column.{name}", **values)
    return Column(title=title, kind=kind, unit=unit) if unit else Column(title=title, kind=kind)


def arrangement(codes: Collection[str]) -> Mapping[str, Sequence[object]]:
    """Return the tiles of a known set of regions that holds all of these, or nothing."""
    known = [Arrangement(**one) for one in read_yaml("tiles.yaml").values()]
    return next((one.tiles for one in known if codes and set(codes) <= set(one.tiles)), {})


def chosen(region: str | None, codes: Sequence[str], names: Mapping[str, Text], default: str) -> str:
    """Return the code of the region that a picture of one region shows; it may be asked for by code or by name.

    Raises
    ------
    UsageError
        When no region of the result is called so.
    """
    if region is None:
        return default
    found = next((code for code in codes if region in {code, *_both(region_text(code, names))}), None)
    if found is None:
        shown = ", ".join(region_text(code, names).en for code in codes[:_LISTED])
        more = ", ..." if len(codes) > _LISTED else ""
        message = f"there is no region '{region}' in this result: it has {shown}{more}."
        raise UsageError(message)
    return found


def _both(text: Text) -> tuple[str, str]:
    return text.zh, text.en


def sector_inks(names: Sequence[str]) -> dict[str, str]:
    """Return the colour of every sector, the same on every page."""
    others = [ink for ink in GROUPS if ink not in INKS.values()]
    free = [name for name in names if name not in INKS]
    return {name: INKS.get(name) or others[free.index(name) % len(others)] for name in names}


def sector_parts(names: Sequence[str]) -> dict[str, tuple[Text, str]]:
    """Return the word and the colour of every sector."""
    return {name: (sector_text(name), ink) for name, ink in sector_inks(names).items()}


def spread(years: Sequence[int], most: int) -> list[int]:
    """Return at most so many of the years, the first and the last among them.

    Examples
    --------
    >>> spread([2000, 2001, 2002, 2003, 2004, 2005, 2006], 3)
    [2000, 2003, 2006]
    """
    if len(years) <= most:
        return list(years)
    return [years[round(i * (len(years) - 1) / (most - 1))] for i in range(most)]

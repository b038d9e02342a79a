"""Flags in plain words: what is behind a figure that is not a plain official one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

from xinzhi.core.text import Text, clauses, has, join_names, listing, read_words, same, span_text, words


@cache
def kinds() -> Mapping[str, Mapping[str, str]]:
    """Return mark and standing of each kind of flag, in the order in which they are listed."""
    table: Mapping[str, Mapping[str, str]] = read_words("flags.yaml")
    return table


def split(flags: str | None) -> list[tuple[str, str]]:
    """Return the (kind, series) pairs of a flags cell."""
    pairs = (flag.partition(":") for flag in (flags or "").split(";") if flag)
    return [(kind, series) for kind, _, series in pairs]


def is_official(flags: str | None) -> bool:
    """Say whether the figure rests on official figures alone."""
    return all(_standing(kind) == "official" for kind, _ in split(flags))


def is_extrapolated(flags: str | None) -> bool:
    """Say whether the figure rests on one for which no official figure exists."""
    return any(_standing(kind) == "extrapolated" for kind, _ in split(flags))


def marked_span(start: int | str, end: int | str, cells: Iterable[str | None]) -> Text:
    """Return a period or one year in words, with the mark of figures that no official ones stand behind."""
    span = same(start) if start == end else span_text(start, end)
    return words(f"label.{'extrapolated' if any(map(is_extrapolated, cells)) else 'span'}", span=span)


def _standing(kind: str) -> str:
    return kinds().get(kind, {}).get("standing", "official")


def _place(kind: str) -> int:
    """Return where a kind stands in the list of kinds; unknown ones stand behind."""
    return list(kinds()).index(kind) if kind in kinds() else len(kinds())


def mark(kind: str) -> str:
    """Return the letter of a kind of flag; an unknown kind is its own mark."""
    letter: str = kinds().get(kind, {}).get("mark", kind)
    return letter


def marks(flags: str | None, *, without: Iterable[str] = ()) -> str:
    """Return the letters of a flags cell, in the order of the list of kinds."""
    return _marks(flags, frozenset(without))


@cache  # a table has a few different cells, many times
def _marks(flags: str | None, without: frozenset[str]) -> str:
    present = {kind for kind, _ in split(flags)} - without
    return " ".join(mark(kind) for kind in sorted(present, key=lambda kind: (_place(kind), kind)))


def kind_name(kind: str) -> Text:
    """Return the short name of a kind of flag."""
    return words(f"flag.{kind}.name") if has(f"flag.{kind}.name") else same(kind)


def series_name(series: str) -> Text:
    """Return the name of a series in the terms of the statistics bureau."""
    key = f"series.{series}"
    return words(key) if has(key) else same(series)


def legend(flags: Iterable[str | None]) -> list[Text]:
    """Return one line per kind of flag that occurs: its mark, name and meaning."""
    present = {kind for cell in flags for kind, _ in split(cell)}
    return [
        words("flag.line", mark=mark(kind), name=kind_name(kind), meaning=words(f"flag.{kind}.meaning"))
        for kind in kinds()
        if kind in present
    ]


def runs(years: Iterable[int]) -> list[list[int]]:
    """Return the first and last of all years that follow one another."""
    spans: list[list[int]] = []
    for year in sorted(set(years)):
        if spans and year == spans[-1][1] + 1:
            spans[-1][1] = year
        else:
            spans.append([year, year])
    return spans


def year_ranges(years: Iterable[int]) -> Text:
    """Write years as ranges."""
    return join_names([same(first) if first == last else span_text(first, last) for first, last in runs(years)])


def in_words(rows: Iterable[tuple[int, str | None]]) -> list[Text]:
    """Spell out the flags of yearly figures: per kind and series one line with its years."""
    years_by_pair: dict[tuple[str, str], list[int]] = {}
    for year, cell in rows:
        for pair in split(cell):
            years_by_pair.setdefault(pair, []).append(year)
    return [
        words(
            "flag.spelled", mark=mark(kind), series=series_name(series), kind=kind_name(kind), years=year_ranges(years)
        )
        for (kind, series), years in sorted(years_by_pair.items(), key=lambda entry: (_place(entry[0][0]), entry[0][1]))
    ]


@cache
def in_full(cell: str) -> Text:
    """Spell out a flags cell: every kind with its series."""
    series_by_kind: dict[str, list[Text]] = {}
    for kind, series in sorted(split(cell), key=lambda pair: _place(pair[0])):
        series_by_kind.setdefault(kind, []).append(series_name(series))
    return clauses(
        [words("flag.of", kind=kind_name(kind), series=listing(names)) for kind, names in series_by_kind.items()]
    )

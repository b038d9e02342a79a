"""Flags in plain words: what is behind a figure that is not a plain official one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from xinzhi.core.text import Text, clauses, has, listing, read_words, same, words


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


def _standing(kind: str) -> str:
    return kinds().get(kind, {}).get("standing", "official")


def mark(kind: str) -> str:
    """Return the letter of a kind of flag; an unknown kind is its own mark."""
    return kinds().get(kind, {}).get("mark", kind)


def marks(flags: str | None, *, without: Iterable[str] = ()) -> str:
    """Return the letters of a flags cell, in the order of the list of kinds."""
    found = {kind for kind, _ in split(flags)} - set(without)
    known = [kind for kind in kinds() if kind in found]
    return " ".join(mark(kind) for kind in [*known, *sorted(found - set(known))])


def kind_name(kind: str) -> Text:
    """Return the short name of a kind of flag."""
    return words(f"flag.{kind}.name") if has(f"flag.{kind}.name") else same(kind)


def series_name(series: str) -> Text:
    """Return the name of a series in the terms of the statistics bureau."""
    key = f"series.{series}"
    return words(key) if has(key) else same(series)


def legend(flags: Iterable[str | None]) -> list[Text]:
    """Return one line per kind of flag that occurs: its mark, name and meaning."""
    found = {kind for cell in flags for kind, _ in split(cell)}
    ordered = [kind for kind in kinds() if kind in found]
    return [
        words("flag.line", mark=mark(kind), name=kind_name(kind), meaning=words(f"flag.{kind}.meaning"))
        for kind in ordered
    ]


def year_ranges(years: Sequence[int]) -> str:
    """Write years as ranges."""
    spans: list[list[int]] = []
    for year in sorted(set(years)):
        if spans and year == spans[-1][1] + 1:
            spans[-1][1] = year
        else:
            spans.append([year, year])
    return ", ".join(str(first) if first == last else f"{first}–{last}" for first, last in spans)


def in_words(rows: Iterable[tuple[int, str | None]]) -> list[Text]:
    """Spell out the flags of yearly figures: per kind and series one line with its years."""
    found: dict[tuple[str, str], list[int]] = {}
    for year, cell in rows:
        for pair in split(cell):
            found.setdefault(pair, []).append(year)
    order = list(kinds())
    pairs = sorted(found, key=lambda pair: (order.index(pair[0]) if pair[0] in order else len(order), pair[1]))
    return [
        words(
            "flag.spelled",
            mark=mark(kind),
            series=series_name(series),
            kind=kind_name(kind),
            years=year_ranges(found[kind, series]),
        )
        for kind, series in pairs
    ]


@cache
def in_full(cell: str) -> Text:
    """Spell out a flags cell: every kind with its series."""
    order = list(kinds())
    found: dict[str, list[Text]] = {}
    for kind, series in sorted(split(cell), key=lambda pair: order.index(pair[0]) if pair[0] in order else len(order)):
        found.setdefault(kind, []).append(series_name(series))
    parts = [words("flag.of", kind=kind_name(kind), series=listing(names)) for kind, names in found.items()]
    return clauses(parts)

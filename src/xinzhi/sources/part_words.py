"""The parts of growth and the ranges of their shares in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from xinzhi import words
from xinzhi.core.names import Names
from xinzhi.core.text import Text
from xinzhi.sources.assumptions import setting

Row = dict[str, Any]
ORDER = (
    "allocation", "upgrading", "upgrading_traditional", "upgrading_emerging", "breakthrough", "within",
    "allocation_between", "unallocated",
)  # fmt: skip
_NOTHING = setting("nothing")  # what a sentence with two decimals of a percentage point writes as 0.00


def known_parts(row: Row) -> dict[str, float]:
    """Return the known parts of a row; where there is no frontier, what the industries did themselves is one part."""
    rest = {name: row.get(name) for name in ("allocation", "allocation_between", "unallocated")}
    if row["breakthrough"] is None:
        industry_parts = {"within": row["tfp_growth"] - sum(value or 0.0 for value in rest.values())}
    elif row["upgrading_emerging"]:
        industry_parts = {name: row[name] for name in ("breakthrough", "upgrading_traditional", "upgrading_emerging")}
    else:
        industry_parts = {"breakthrough": row["breakthrough"], "upgrading": row["upgrading_traditional"]}
    parts = industry_parts | {name: value for name, value in rest.items() if value is not None and abs(value) > 0}
    return {name: parts[name] for name in ORDER if name in parts}


def part_name(part: str) -> Text:
    """Return the short name of a part."""
    return words.by_key(f"sources.part.{part}")


def share_range_text(values: Iterable[float], kind: str = "signed") -> Text:
    """Return a share as percentage points, or the range of several: ``signed``, ``plain``, in ``tenths`` or ``whole``.

    A ``score`` or its ``error`` is a number and no share.

    Examples
    --------
    >>> share_range_text([0.0207, 0.012]).en, share_range_text([0.0001, 0.00011], "plain").en
    ('+1.20 to +2.07', '0.01')
    """
    ordered = sorted(values)
    low, high = (words.sources.figure_of(kind, value=value) for value in (ordered[0], ordered[-1]))
    return low if low == high else words.sources.figure_range(low=low, high=high)


def lacking(missing: str, names: Names) -> Text:
    """Say what a region-year of `Sources.omitted` lacks, with the names of its industries."""
    parts = []
    for entry in missing.split(";"):
        series, _, which = entry.partition(":")
        industries = [names.text("industry", code) for code in which.split(",")] if which else [words.sources.every()]
        parts.append(words.sources.lack(series=words.sources.series_of(series), industries=industries))
    return Text(zh="；".join(part.zh for part in parts), en="; ".join(part.en for part in parts))


def movements(groups: Sequence[tuple[Text, Sequence[Row]]]) -> dict[str, Text]:
    """Return what moving labour and capital gave in either group."""
    if any(row["allocation_labour"] is None for _, rows in groups for row in rows):
        return {}
    sentences = [
        words.sources.moves(
            name=name,
            labour=_gave([row["allocation_labour"] for row in rows]),
            capital=_gave([row["allocation_capital"] for row in rows]),
        )
        for name, rows in groups
    ]
    return {"low": sentences[0], "high": sentences[1]}


def _direction(value: float) -> str:
    """Return whether a move gave, cost or did nothing."""
    if abs(value) < _NOTHING:
        return "nothing"
    return "gave" if value > 0 else "cost"


def _gave(values: Sequence[float]) -> Text:
    """Return what a move gave, in words that follow its sign; where the labour shares decide on it, its range."""
    ways = {_direction(value) for value in values}
    if len(ways) > 1:
        return words.sources.gave_either(size=share_range_text(values))
    return words.sources.gave_of(ways.pop(), size=share_range_text([abs(value) for value in values], "plain"))


def period_ends(ends: Mapping[str, Sequence[Text]]) -> dict[str, object]:
    """Return both ends with which of them there are."""
    which = "most" if ends["most"] else "least"
    if ends["most"] and ends["least"]:
        which = "both"
    return {**ends, "which": which}

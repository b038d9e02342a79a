"""Screening: how real public texts are judged, for `bench/bench_screen.py`; they are in `../shared` and do not ship.

Buyers (where none is named, titles) whose hash is even were looked at when words and bounds were chosen; the
others were only counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from xinzhi.risks import screen

if TYPE_CHECKING:
    from collections.abc import Iterable

    Pair = tuple[str, str]

REAL = Path(__file__).resolve().parent.parent.parent / "shared/data/china/projects"
LIMITS = (0.90, 0.80)


@dataclass(frozen=True, slots=True)
class Seen:
    """Projects of judged pairs: what is said of them, and how the pairs that are said were judged."""

    found: dict[str, tuple[str, str, float | None]]
    said: dict[str, str]
    shared: list[Pair]

    def row(self, name: str, at: set[str]) -> str:
        """Return a row of the table of the docs, on the projects `at`."""
        kinds = [kind for other, kind in self.said.items() if other in at]
        wanted = [other for _, other in self.shared if other in at]
        unlisted = kinds.count("not judged")
        figures = (
            len(kinds),
            kinds.count("repeat"),
            len(kinds) - kinds.count("repeat") - unlisted,
            unlisted,
            len(wanted),
            sum(other in self.said for other in wanted),
        )
        return f"| {name} | {' | '.join(map(str, figures))} |"


def real() -> tuple[str, list[tuple[str, float, float]]]:
    """Print every judged pair that is missed, and what else is said; return the table of the docs, and what is wanted.

    What is wanted is told as name, value and least value. A pair that nobody judged counts as wrong.
    """
    every = pl.read_csv(REAL / "projects.csv", infer_schema=False).select(
        "id",
        "title",
        "date",
        pl.col("content").alias("text"),
        "owner",
        pl.col("province").alias("region"),
        pl.col("investment_1e8cny").alias("investment_yi"),
        pl.col("city").alias("place"),
    )
    known = pl.read_csv(REAL / "known_repeats.csv", infer_schema=False)
    pairs = {(one, other): label for one, other, label in known.select("id_earlier", "id_later", "label").iter_rows()}
    seen = _asked(every, pairs)
    facts = {row["id"]: row for row in every.iter_rows(named=True)}
    for other, kind in seen.said.items():
        if kind != "repeat":
            _, one, chance = seen.found[other]
            print(f"  {kind}: {other} {facts[other]['title']} | {one} {facts[one]['title']} | {chance:.2f}")
    for one, other in seen.shared:
        if other not in seen.said:
            verdict, _, chance = seen.found[other]
            print(f"  missed: {other} {facts[other]['title']} | {one} {facts[one]['title']} | {verdict} {chance}")
    looked = {name for name in seen.found if _even(facts[name]["owner"] or facts[name]["title"])}
    heads = (
        "judged pairs",
        "said to be repackaged",
        "rightly",
        "judged otherwise",
        "pair not judged",
        "share a sum or an owner",
        "found",
    )
    lines = [
        f"| {' | '.join(heads)} |",
        "|---" * len(heads) + "|",
        seen.row("looked at", looked),
        seen.row("only counted", {*seen.found} - looked),
        seen.row("together", {*seen.found}),
        _asked(every.drop("date"), pairs).row("together, days of notices not given", {*seen.found}),
    ]
    print("\n".join(f"  {line}" for line in lines))
    whole = [other for (_, other), label in pairs.items() if label == "repeat"]
    print(f"  of all {len(whole)} judged repeats {sum(other in seen.said for other in whole)} are said")
    right, hits = [*seen.said.values()].count("repeat"), sum(other in seen.said for _, other in seen.shared)
    return "\n".join(lines), [
        ("real texts, precision", right / max(len(seen.said), 1), LIMITS[0]),
        ("real repeats that share sum or owner, recall", hits / max(len(seen.shared), 1), LIMITS[1]),
    ]


def _asked(every: pl.DataFrame, pairs: dict[Pair, str]) -> Seen:
    """Return what is said of the later project of every judged pair, each held against what came before it."""
    found: dict[str, tuple[str, str, float | None]] = {}
    later = {other for _, other in pairs}
    left = list(dict.fromkeys(other for _, other in pairs))
    while left:
        asked = [name for name in left if not any((one, name) in pairs and one in left for one in later)]
        earlier = {one for one, other in pairs if other in asked}
        archive = every.filter(~pl.col("id").is_in(later - earlier | set(asked)))
        frame = screen(every.filter(pl.col("id").is_in(asked)), archive).frame
        found |= {row[0]: row[1:] for row in frame.select("id", "verdict", "archive_id", "probability").iter_rows()}
        left = [name for name in left if name not in asked]
    said = {other: _judged(pairs, one, other) for other, (verdict, one, _) in found.items() if verdict == "repackaged"}
    fact = {row["id"]: (row["owner"] or "", row["investment_yi"] or "") for row in every.iter_rows(named=True)}
    shared = [
        (one, other)
        for (one, other), label in pairs.items()
        if label == "repeat" and any(a and a == b for a, b in zip(fact[one], fact[other], strict=True))
    ]
    return Seen(found, said, shared)


def _even(name: str) -> bool:
    return int(sha256(name.encode()).hexdigest(), 16) % 2 == 0


def _judged(pairs: dict[Pair, str], one: str, other: str) -> str:
    """Return how a pair was judged; a third tender repeats the first when each repeats the one before it."""
    chain = _chain({pair: label for pair, label in pairs.items() if label == "repeat"}, other)
    return pairs.get((one, other), "repeat" if one in chain else "not judged")


def _chain(pairs: Iterable[Pair], name: str) -> set[str]:
    """Return every project that pairs lead to from one."""
    reached, left = {name}, [name]
    while left:
        at = left.pop()
        near = {pair[pair[0] == at] for pair in pairs if at in pair}
        left += near - reached
        reached |= near
    return reached

"""The ledger view: project and archived text side by side, what agrees marked in both, and what it weighs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from xinzhi.core.text import Text, number, words
from xinzhi.report.section import Entry, Ledger, Piece
from xinzhi.report.sentence import clauses
from xinzhi.risks import Comparison, Screening, joined_spans, value_words, verdict_text

LONGEST, KEPT = 240, 100  # signs of a stretch without marks, and how many stay at either end of a longer one
NEARLY = ("within 25 %", "within 10 %", "within 3 %")
SMALL = 0.05  # natural log-odds that are not worth a line


def ledger(pair: Comparison, result: Screening, rank: int = 1) -> Ledger:
    """Return a pair of texts with the evidence that they are one project; `rank` says which of its candidates."""
    marks = pair.marks()
    rows = pair.ledger.filter(pl.col("level") >= 0).sort("weight", descending=True, maintain_order=True)
    marked = {field for field, _, _ in marks}
    order = [field for field in rows["field"].to_list() if field in marked]
    numbers = {field: at for at, field in enumerate(order, start=1)}
    near = set(rows.filter(pl.col("agreement").is_in(NEARLY))["field"].to_list())
    texts, shared = (pair.project_text, pair.archive_text), pair.passages()
    sides = tuple(
        tuple(pieces(text, [((here, there)[side], field) for field, here, there in marks], numbers, near, shared[side]))
        for side, text in enumerate(texts)
    )
    odds = result.candidates.filter((pl.col("id") == pair.id) & (pl.col("rank") == rank)).row(0, named=True)
    entries, origin = _entries(rows, numbers, _quoted(pair, marks, shared), odds["odds_repackaged"])
    names, fields = result.names, value_words("field", "ledger")
    silent = [fields[name] for name in pair.ledger.filter(pl.col("level") < 0)["field"].to_list()]
    return Ledger(
        key=f"screen-{re.sub(r'[^0-9A-Za-z]+', '-', pair.id)}-{result.frame['id'].index_of(pair.id)}-{rank}",
        title=words(
            "screen.title.ledger", name=names.text("project", pair.id), source=names.text("archive", pair.archive_id)
        ),
        finding=verdict_text(pair.verdict) if rank == 1 else words("screen.chart.candidate", rank=rank),
        heads=(words("screen.chart.project", id=pair.id), words("screen.chart.archive", id=pair.archive_id)),
        sides=(sides[0], sides[1]),
        entries=entries,
        zero=origin,
        total=_total(pair.verdict, odds, rank),
        notes=(*_changes(pair), *([words("screen.chart.silent", fields=silent)] if silent else [])),
    )


def pieces(
    text: str,
    marked: Sequence[tuple[tuple[int, int], str]],
    numbers: Mapping[str, int],
    near: set[str],
    shared: Sequence[tuple[int, int]],
) -> Iterator[Piece]:
    """Yield a text in pieces: marked words whole, and between them what both texts share word for word."""
    at = 0
    for (start, end), field in [*sorted(marked), ((len(text), len(text)), "")]:
        yield from _between(text, at, start, shared)
        if field:
            yield Piece(
                text=text[start:end],
                mark=numbers[field],
                field=value_words("field", "ledger")[field],
                near=field in near,
            )
        at = end


def _between(text: str, start: int, end: int, shared: Sequence[tuple[int, int]]) -> Iterator[Piece]:
    at = start
    inside = [(max(a, start), min(b, end)) for a, b in shared if a < end and b > start]
    for a, b in [*joined_spans(inside), (end, end)]:
        if a > at:
            yield Piece(text=_brief(text[at:a]))
        if b > a:
            yield Piece(text=text[a:b], shared=True)
        at = b


def _brief(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:KEPT]} […] {text[-KEPT:]}"


def _quoted(
    pair: Comparison,
    marks: Sequence[tuple[str, tuple[int, int], tuple[int, int]]],
    shared: tuple[Sequence[tuple[int, int]], Sequence[tuple[int, int]]],
) -> dict[str, tuple[str, str]]:
    """Return what the two texts say by field: the words for a place, the longest common passage of the wording."""
    said = {row["field"]: (row["project"] or "", row["archive"] or "") for row in pair.ledger.iter_rows(named=True)}
    here = next(((a, b) for field, a, b in marks if field == "place"), None)
    if here is not None:
        (a, b), (c, d) = here
        said["place"] = (pair.project_text[a:b], pair.archive_text[c:d])
    said["text"] = (_longest(pair.project_text, shared[0]), _longest(pair.archive_text, shared[1]))
    return said


def _longest(text: str, spans: Sequence[tuple[int, int]]) -> str:
    return _brief(max((text[a:b] for a, b in spans), key=len, default=""))


def _entries(
    rows: pl.DataFrame, numbers: Mapping[str, int], said: Mapping[str, tuple[str, str]], odds: float
) -> tuple[tuple[Entry, ...], float]:
    """Return the lines of the ledger, and where the bars begin."""
    fields, levels = value_words("field", "ledger"), value_words("agreement", "ledger")
    lines = [
        (numbers.get(field), fields[field], levels[level], said[field], weight)
        for field, level, weight in rows.select("field", "agreement", "weight").rows()
    ]
    rest = odds - float(rows["weight"].sum())
    if abs(rest) >= SMALL:
        lines.append((None, words("screen.chart.rest"), Text(zh="", en=""), ("", ""), rest))
    low, high = min(0.0, *(line[-1] for line in lines)), max(0.0, *(line[-1] for line in lines))
    room = (high - low) or 1.0
    found = tuple(
        Entry(
            mark=mark, field=field, agreement=level, words=quoted, figure=number(weight, 1, sign=True),
            start=round(100 * (min(weight, 0.0) - low) / room, 2), length=round(100 * abs(weight) / room, 2),
            against=weight < 0,
        )
        for mark, field, level, quoted, weight in lines
    )  # fmt: skip
    return found, round(-100 * low / room, 2)


def _total(row: Mapping[str, Any], odds: Mapping[str, Any], rank: int) -> Text:
    total = words(
        "screen.chart.total", total=number(odds["odds_repackaged"], 1, sign=True), reached=f"{row['reached']:,}"
    )
    if rank > 1 or row["verdict"] == "follow-on" or odds["odds_follow_on"] > odds["odds_repackaged"]:
        later = words("screen.chart.later", total=number(odds["odds_follow_on"], 1, sign=True))
        return Text(zh=total.zh + later.zh, en=f"{total.en} {later.en}")
    return total


def _changes(pair: Comparison) -> Iterator[Text]:
    for key, what in zip(("found", "changed"), pair.sentences(), strict=True):
        if what:
            yield words(f"screen.chart.{key}", what=clauses(what))

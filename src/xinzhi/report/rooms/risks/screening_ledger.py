"""The ledger view: project and archived text side by side, what agrees marked in both, and what it weighs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import polars as pl

from xinzhi.core.text import Text
from xinzhi.report.catalogue import listing, words
from xinzhi.report.numbers import number
from xinzhi.report.rooms.risks.screening_names import chance, span
from xinzhi.report.rooms.risks.screening_tables import agreement
from xinzhi.report.section import Entry, Ledger, Piece
from xinzhi.risks.projects.marking import joined
from xinzhi.risks.projects.sentences import FIELDS, REASONS, VERDICTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from xinzhi.report.rooms.risks.screening_names import Names
    from xinzhi.risks import Comparison, Screening
    from xinzhi.risks.projects.marking import Span

LONGEST, KEPT = 240, 100  # signs of a stretch without marks, and how many stay at either end of a longer one
NEARLY = ("within 25 %", "within 10 %", "within 3 %")
SMALL = 0.05  # natural log-odds that are not worth a line


def ledger(pair: Comparison, result: Screening, names: Names, rank: int = 1) -> Ledger:
    """Return a pair of texts with the evidence that they are one project.

    Parameters
    ----------
    pair
        A project beside a record of the archive.
    result, names
        What it is from, and what the texts are called.
    rank
        Which of the project's candidates it is.
    """
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
    entries, nought = _entries(rows, numbers, _quoted(pair, marks, shared), odds["odds_repackaged"])
    silent = [FIELDS[name] for name in pair.ledger.filter(pl.col("level") < 0)["field"].to_list()]
    return Ledger(
        key=f"screen-{re.sub(r'[^0-9A-Za-z]+', '-', pair.id)}-{result.frame['id'].index_of(pair.id)}-{rank}",
        title=words("screen.title.ledger", name=names.project(pair.id), source=names.source(pair.archive_id)),
        finding=_finding(pair.verdict) if rank == 1 else words("screen.chart.candidate", rank=rank),
        heads=(words("screen.chart.project", id=pair.id), words("screen.chart.archive", id=pair.archive_id)),
        sides=(sides[0], sides[1]),
        entries=entries,
        nought=nought,
        total=_total(pair.verdict, odds, rank),
        notes=(*_changes(pair.changes), *([words("screen.chart.silent", fields=listing(silent))] if silent else [])),
    )


def pieces(
    text: str,
    marked: Sequence[tuple[Span, str]],
    numbers: Mapping[str, int],
    near: set[str],
    shared: Sequence[Span],
) -> Iterator[Piece]:
    """Yield a text in pieces: marked words whole, and between them what both texts share word for word.

    Parameters
    ----------
    text
        The text.
    marked
        Spans that do not overlap, and their fields.
    numbers, near
        The number of each field, and the fields that agree only nearly.
    shared
        Spans that stand word for word in the other text.
    """
    at = 0
    for (start, end), field in [*sorted(marked), ((len(text), len(text)), "")]:
        yield from _between(text, at, start, shared)
        if field:
            yield Piece(text=text[start:end], mark=numbers[field], field=FIELDS[field], near=field in near)
        at = end


def _between(text: str, start: int, end: int, shared: Sequence[Span]) -> Iterator[Piece]:
    at = start
    inside = [(max(a, start), min(b, end)) for a, b in shared if a < end and b > start]
    for a, b in [*joined(inside), (end, end)]:
        if a > at:
            yield Piece(text=_brief(text[at:a]))
        if b > a:
            yield Piece(text=text[a:b], shared=True)
        at = b


def _brief(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:KEPT]} […] {text[-KEPT:]}"


def _quoted(
    pair: Comparison, marks: Sequence[tuple[str, Span, Span]], shared: tuple[Sequence[Span], Sequence[Span]]
) -> dict[str, tuple[str, str]]:
    """Return what the two texts say by field.

    Of a place these are the words themselves, for the ledger has its full name; of the wording the longest passage that
    stands in both.
    """
    said = {row["field"]: (row["project"] or "", row["archive"] or "") for row in pair.ledger.iter_rows(named=True)}
    here = next(((a, b) for field, a, b in marks if field == "place"), None)
    if here is not None:
        (a, b), (c, d) = here
        said["place"] = (pair.project_text[a:b], pair.archive_text[c:d])
    said["text"] = (_longest(pair.project_text, shared[0]), _longest(pair.archive_text, shared[1]))
    return said


def _longest(text: str, spans: Sequence[Span]) -> str:
    return _brief(max((text[a:b] for a, b in spans), key=len, default=""))


def _entries(
    rows: pl.DataFrame, numbers: Mapping[str, int], said: Mapping[str, tuple[str, str]], odds: float
) -> tuple[tuple[Entry, ...], float]:
    """Return the lines of the ledger, and where the bars begin."""
    lines = [
        (numbers.get(field), FIELDS[field], agreement(level), said[field], weight)
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


def _finding(row: Mapping[str, Any]) -> Text:
    found = words(
        "screen.chart.finding", verdict=VERDICTS[row["verdict"]], chance=chance(row["probability"]),
        span=span(row["lower"], row["upper"]),
    )  # fmt: skip
    if row["verdict"] == "follow-on":
        found = words("screen.chart.as_later", finding=found, chance=chance(row["probability_follow_on"]))
    return words("screen.chart.because", finding=found, reason=REASONS[row["reason"]]) if row["reason"] else found


def _total(row: Mapping[str, Any], odds: Mapping[str, Any], rank: int) -> Text:
    total = words(
        "screen.chart.total", total=number(odds["odds_repackaged"], 1, sign=True), reached=f"{row['reached']:,}"
    )
    if rank > 1 or row["verdict"] == "follow-on" or odds["odds_follow_on"] > odds["odds_repackaged"]:
        later = words("screen.chart.later", total=number(odds["odds_follow_on"], 1, sign=True))
        return Text(zh=total.zh + later.zh, en=f"{total.en} {later.en}")
    return total


def _changes(changed: pl.DataFrame) -> Iterator[Text]:
    if changed.height:
        what = Text(zh="；".join(changed["zh"].to_list()), en="; ".join(changed["en"].to_list()))
        yield words("screen.chart.changed", what=what)

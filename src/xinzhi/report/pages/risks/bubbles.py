"""The pages of `bubbles` and `panel_bubbles`: what is explosive, since when, by which critical values."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import polars as pl

from xinzhi.core.text import Text, listing, sentences, words
from xinzhi.report.pages.risks import bubble_pictures as pictures
from xinzhi.report.section import Section
from xinzhi.report.sentence import MOST_NOTES, capital
from xinzhi.report.table import table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from xinzhi.core.finding import Finding
    from xinzhi.report.table import Table
    from xinzhi.risks import Bubbles, PanelBubbles

_NAMED = 3


def bubbles(result: Bubbles, *, region: str | None = None) -> Section:
    """Return which series explode, since when, and by which critical values; `region` is the series that leads."""
    names = result.names.distinct("series", result.statistics["series"])
    tested = result.statistics.filter(status="tested")
    series = pictures.leading(result) if region is None else result.series_code(region)
    row = result.statistics.row(by_predicate=pl.col("series") == series, named=True)
    answer = sentences(result.facts(), "bubbles")
    if row["status"] != "tested":
        why = Text(zh=row["reason_zh"], en=row["reason_en"])
        answer = [words("bubbles.answer.not_tested", name=names[series], why=why), *answer]
    every = pictures.statistics(result)
    drawn = [
        pictures.one_series(result, series) if row["status"] == "tested" else None,
        pictures.time_line(result),
        pictures.many_series(result),
        every if tested.height > 1 else None,
    ]
    tables = [every.twin] if tested.height == 1 else []
    if result.episodes.height and not result.rejecting_episodes().height:
        tables.append(pictures.episode_table(result))
    return Section.of(
        "bubbles.section",
        drawn,
        [*tables, _untested(result)],
        anchor="bubbles",
        answer=answer,
        notes=(
            _convention("convention", result.convention, "meaning"),
            words("bubbles.note.invisible"),
            *_notes(names, result.findings),
        ),
    )


def panel(result: PanelBubbles, *, region: str | None = None) -> Section:
    """Return whether a panel explodes as a whole, and when."""
    del region
    names = result.names.distinct("series", result.members)
    row = result.statistics.row(0, named=True)
    members = words("bubbles.note.members", members=[*names.values()], lag=row["lag"], order=row["order"])
    episodes = result.timeline.with_dates(result.episodes)
    columns = ("start", "signal", "peak", "last", "duration", "ongoing")
    return Section.of(
        "bubbles.panel_section",
        [pictures.panel_path(result)],
        [table("bubbles_panel_episodes", episodes, columns, result, part="episodes") if episodes.height else None],
        anchor="bubbles-panel",
        answer=sentences(result.facts(), "bubbles"),
        notes=(members, _convention("panel_convention", row["convention"], "panel"), *_notes(names, result.findings)),
    )


def _convention(note: str, name: str, meaning: str) -> Text:
    """Return by which convention episodes are dated, and what it means."""
    key = f"bubbles.convention.{name}"
    return words(f"bubbles.note.{note}", convention=words(f"{key}.name"), meaning=words(f"{key}.{meaning}"))


def _untested(result: Bubbles) -> Table | None:
    """Return what was not tested and why; None where everything was."""
    left = result.statistics.filter(pl.col("status") != "tested")
    return table("bubbles_untested", left, ("series", "reason"), result, part="statistics") if left.height else None


def _notes(names: Mapping[str, Text], findings: Iterable[Finding]) -> list[Text]:
    """Return what was found in the series, each thing once with the names that it holds for."""
    by_text: dict[Text, list[Text]] = defaultdict(list)
    for one in findings:
        if one.severity == "error" and one.key is not None:
            continue  # it stands in the table of what was not tested
        message = Text(zh=f"{one.message.zh}{one.hint.zh}", en=f"{capital(one.message).en} {one.hint.en}".strip())
        by_text[message] += [] if one.key is None else [names.get(one.key, Text(zh=one.key, en=one.key))]
    notes = [
        words("bubbles.note.finding", names=listing(some, limit=_NAMED), text=text) if some else text
        for text, some in by_text.items()
    ]
    rest = len(notes) - MOST_NOTES
    return [*notes[:MOST_NOTES], words("bubbles.note.more", k=rest)] if rest > 0 else notes


__all__ = ["bubbles", "panel"]

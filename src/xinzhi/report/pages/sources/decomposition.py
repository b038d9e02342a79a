"""The page of a decomposition: what productivity growth came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinzhi.core.text import Text, sentences, words
from xinzhi.report.pages.sources import tables
from xinzhi.report.pages.sources.pictures import pictures
from xinzhi.report.section import Section

if TYPE_CHECKING:
    from xinzhi.sources import Sources


def decomposition(result: Sources, *, region: str | None = None) -> Section:
    """Return what a decomposition says; its waterfall is that of `region`, or of where allocation moved most."""
    shown = tables.Shown(result)
    periods = bool(result.periods.height)
    return Section.of(
        "sources.room",
        pictures(shown, region) if periods else (),
        [
            tables.by_group(shown) if shown.grouped else None,
            tables.by_period(shown) if periods else None,
            tables.coverage(shown),
            tables.assumptions(shown),
            tables.omitted(shown),
            tables.findings(shown),
        ],
        anchor="sources",
        answer=_said(result, "answer."),
        notes=_notes(result),
    )


def _said(result: Sources, start: str) -> list[Text]:
    """Return the sentences of the facts whose keys start so."""
    return sentences({key: value for key, value in result.facts().items() if key.startswith(start)}, result.topic)


def _notes(result: Sources) -> tuple[Text, ...]:
    """Return what the decomposition rests on, what is missing, and what it cannot tell."""
    notes = _said(result, "basis.")
    if result.omitted.height:
        regions = result.omitted["region"].n_unique()
        notes.append(words("sources.note.omitted", years=result.omitted.height, regions=regions))
    coarse = ["coarse"] if result.provenance.options["detail"] == "sector" else []
    return (*notes, *(words(f"sources.note.{name}") for name in (*coarse, "frontier", "accounting", "periods")))

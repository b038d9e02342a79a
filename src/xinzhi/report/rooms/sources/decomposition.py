"""The section of a decomposition: what productivity growth came from, region by region."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinzhi.core.text import sentences
from xinzhi.report.catalogue import words
from xinzhi.report.rooms.sources import tables
from xinzhi.report.rooms.sources.facts import Facts
from xinzhi.report.rooms.sources.pictures import pictures
from xinzhi.report.section import Section

if TYPE_CHECKING:
    from xinzhi.core.text import Text
    from xinzhi.sources.decompose import Sources


def decomposition(result: Sources, *, region: str | None = None) -> Section:
    """Return what a decomposition says.

    Parameters
    ----------
    result
        What `xinzhi.sources.decompose` returns.
    region
        The region of the waterfall, by code or name; None: the one in which allocation moved most.

    Raises
    ------
    UsageError
        When the region has no figures.
    """
    facts = Facts(result)
    drawn = pictures(facts, region) if result.periods.height else ()
    listed = [tables.by_group(facts)] if facts.grouped else []
    listed += [tables.by_period(facts)] if result.periods.height else []
    listed += [tables.coverage(facts), tables.assumptions(facts)]
    listed += [table for table in (tables.omitted(facts), tables.findings(facts)) if table is not None]
    return Section(
        key="sources",
        title=words("sources.title.room"),
        answer=_said(result, "answer."),
        pictures=drawn,
        tables=tuple(listed),
        notes=_notes(result),
    )


def _said(result: Sources, start: str) -> tuple[Text, ...]:
    """Return the sentences of the facts whose keys start so."""
    facts = {key: value for key, value in result.facts().items() if key.startswith(start)}
    return tuple(sentences(facts, result.topic))


def _notes(result: Sources) -> tuple[Text, ...]:
    """Return what the decomposition rests on, what is missing, and what it cannot tell."""
    detail = result.provenance.options["detail"]
    notes = [*_said(result, "basis.")]
    if result.omitted.height:
        years = result.omitted.height
        notes.append(words("sources.note.omitted", years=years, regions=result.omitted["region"].n_unique()))
    if detail == "sector":
        notes.append(words("sources.note.coarse"))
    return (*notes, words("sources.note.frontier"), words("sources.note.accounting"), words("sources.note.periods"))

"""Which definitions speak on a day; those that do not are refused by name, with the one that did."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from xinzhi.core.errors import UsageError
from xinzhi.core.text import Text, words
from xinzhi.scope.conventions import read_date
from xinzhi.scope.definition import definition, shipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date
    from pathlib import Path

    from xinzhi.scope.definition import Definition


def definitions(day: object = None) -> pl.DataFrame:
    """Return the definitions that ship with xinzhi.

    Parameters
    ----------
    day
        Only those in force on this day, when given.

    Returns
    -------
    polars.DataFrame
        ``definition, title_zh, title_en, status, standard, valid_from, valid_to, default, needs, missing, source``.

    Examples
    --------
    >>> definitions("2016-06-30").filter(status="complete")["definition"].to_list()
    ['five-powers', 'oecd-rd-intensity-2016']
    """
    asked = None if day is None else read_date(day)
    rows = [
        {
            "definition": one.id,
            "title_zh": one.title.zh,
            "title_en": one.title.en,
            "status": one.status,
            "standard": one.standard,
            "valid_from": one.valid_from,
            "valid_to": one.valid_to,
            "default": one.default,
            "needs": one.needs(),
            "missing": one.missing,
            "source": one.source,
        }
        for one in shipped().values()
        if asked is None or one.valid(asked)
    ]
    schema = {"valid_from": pl.Date, "valid_to": pl.Date}
    return pl.DataFrame(rows, schema_overrides=schema, infer_schema_length=None)


def choose(names: Sequence[str | Path | Definition] | None, day: date) -> tuple[Definition, ...]:
    """Return the definitions that were asked for, or by default all that are in force on the day and meant for it.

    Raises
    ------
    UsageError
        When one is a template, not in force on the day, or named twice; or when none is in force.
    """
    if names is None:
        found = [one for one in shipped().values() if one.default and one.valid(day) and one.status != "template"]
        if not found:
            first = _earliest()
            raise UsageError("scope.none-in-force", day=day, first=first.id, since=first.valid_from)
        return tuple(found)
    if isinstance(names, str):
        names = [names]
    found = [definition(name) for name in names]
    for one in found:
        _usable(one, day)
    ids = [one.id for one in found]
    twice = {name for name in ids if ids.count(name) > 1}
    if twice:
        raise UsageError("scope.named-twice", names=sorted(twice))
    return tuple(found)


def _usable(one: Definition, day: date) -> None:
    """Refuse a definition that cannot speak on a day."""
    if not one.valid(day):
        values = {"name": one.id, "title": one.title, "day": day, "span": one.in_force()}
        raise UsageError("scope.not-in-force", then=_then(one, day), **values)
    if one.status == "template":
        counts = words("scope.span.needs", needs=one.needs())
        needs = Text(zh=counts.zh, en=f" {counts.en}") if one.counts else ""
        raise UsageError("scope.template", name=one.id, title=one.title, missing=one.missing, needs=needs)


def _then(one: Definition, day: date) -> Text:
    """Say which definition of the same series was valid on the day, or else which others were."""
    same = [other for other in shipped().values() if other.series == one.series and other.valid(day)]
    if same:
        return words("scope.span.then", names=_named(same))
    others = [other for other in shipped().values() if other.valid(day) and other.status != "template"]
    return words("scope.span.others", names=_named(others)) if others else words("scope.span.none")


def _named(some: Iterable[Definition]) -> list[Text]:
    return [
        words(f"scope.span.{'template' if one.status == 'template' else 'named'}", name=one.id, span=one.in_force())
        for one in some
    ]


def _earliest() -> Definition:
    return min((one for one in shipped().values() if one.status != "template"), key=lambda one: one.valid_from)

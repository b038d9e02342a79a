"""Which definitions speak on a day; those that do not are refused by name, with the one that did."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinzhi.core.errors import UsageError
from xinzhi.scope.loading import definition, shipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date
    from pathlib import Path

    import polars as pl

    from xinzhi.scope.model import Definition


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
    import polars as pl

    from xinzhi.scope.facts import read_date

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
            message = (
                f"no definition is in force on {day}: the earliest, "
                f"{_earliest().id}, begins on {_earliest().valid_from}."
            )
            raise UsageError(message)
        return tuple(found)
    if isinstance(names, str):
        names = [names]
    found = [definition(name) for name in names]
    for one in found:
        _usable(one, day)
    ids = [one.id for one in found]
    twice = {name for name in ids if ids.count(name) > 1}
    if twice:
        message = f"definitions named twice: {', '.join(sorted(twice))}; name each once."
        raise UsageError(message)
    return tuple(found)


def _usable(one: Definition, day: date) -> None:
    """Refuse a definition that cannot speak on a day."""
    if not one.valid(day):
        message = (
            f"the definition {one.id} ({one.title.en}) is not in force on {day}: it is valid {one.span()}. "
            f"{_then(one, day)}"
        )
        raise UsageError(message)
    if one.status == "template":
        needs = f" A complete transcription counts {one.needs()}." if one.counts else ""
        message = (
            f"the definition {one.id} ({one.title.en}) is a template and cannot classify: missing are {one.missing}."
            f"{needs} Print its file (`xinzhi scope --template {one.id}`, or `definition_template`), fill in the codes "
            "from the official text, and pass its path."
        )
        raise UsageError(message)


def _then(one: Definition, day: date) -> str:
    """Say which definition of the same series was valid on the day, or else which others were."""
    same = [other for other in shipped().values() if other.series == one.series and other.valid(day)]
    if same:
        return f"On that day {_named(same)} was valid."
    others = [other for other in shipped().values() if other.valid(day) and other.status != "template"]
    if others:
        return f"No definition of its series was valid then; usable on that day: {_named(others)}."
    return "No definition was valid then."


def _named(found: Iterable[Definition]) -> str:
    return ", ".join(f"{one.id} ({one.span()}{', a template' if one.status == 'template' else ''})" for one in found)


def _earliest() -> Definition:
    return min((one for one in shipped().values() if one.status != "template"), key=lambda one: one.valid_from)

"""The definitions that ship and those of one's own: read, checked, chosen for a day, or refused by name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import polars as pl

from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.finding import Finding, listed
from xinzhi.core.text import Text, words
from xinzhi.scope import checking
from xinzhi.scope.conventions import HERE, SHOWN, read_date
from xinzhi.scope.dated import Definition, build
from xinzhi.scope.standard import standard


def read_definition(path: str | Path) -> Definition:
    """Read a definition file of your own, such as a transcription of an official list, ready for `classify`.

    Parameters
    ----------
    path
        A YAML file in the form of those under ``definitions``; `definition_template` prints one to start from.

    Raises
    ------
    InputError
        When anything is wrong; its `findings` name line, fault and cure.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> text = definition_template("digital-core-divisions").replace('code: "65"', 'code: "6x"')
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder, "mine.yaml")
    ...     _ = file.write_text(text, encoding="utf-8")
    ...     [finding.rule for finding in check_definition(file)]
    ['count', 'unknown-code']
    """
    found, definition = _read(Path(path))
    if found or definition is None:
        raise InputError("scope.bad-definition", found, path=path, problems=listed(found, SHOWN))
    return definition


def check_definition(path: str | Path) -> list[Finding]:
    """Return all that is wrong with a definition file, in the order of its lines; nothing, when it can be used."""
    return _read(Path(path))[0]


def _read(path: Path) -> tuple[list[Finding], Definition | None]:
    from xinzhi.core.yamlfile import YamlError, read

    try:
        source = read(path)
    except YamlError as error:
        return [error.finding], None
    found = list(checking.shape(source))
    if found:
        return _ordered(found), None
    found = list(checking.content(source))
    if source.content["status"] == "template":
        return _ordered(found), None if found else build(source)
    unknown = [item for item in found if item.rule in ("unknown-standard", "no-code", "no-entries")]
    definition = None if unknown else build(source)
    if definition is not None:
        known = _known_only(definition)
        found += checking.counts(known, source)
    return _ordered(found), definition


def _ordered(found: list[Finding]) -> list[Finding]:
    return sorted(found, key=lambda item: item.line or 0)


def _known_only(definition: Definition) -> Definition:
    """Return a definition without the codes that its standard does not know, so that the rest can be counted."""
    names = standard(definition.standard).names
    entries = tuple(
        replace(
            entry,
            codes=tuple(code for code in entry.codes if code in names),
            excluded=tuple(code for code in entry.excluded if code in names),
        )
        for entry in definition.entries
    )
    return replace(definition, entries=entries)


@cache
def shipped() -> dict[str, Definition]:
    """Return the definitions that come with xinzhi, by name."""
    folder = HERE / "definitions"
    return {path.stem: read_definition(path) for path in sorted(folder.glob("*.yaml"))}


def definition(name: str | Path | Definition) -> Definition:
    """Return a definition that ships with xinzhi, or one of your own.

    Parameters
    ----------
    name
        Its name, the path of a YAML file, or a definition.

    Raises
    ------
    UsageError
        When there is neither such a name nor such a file.
    InputError
        When the file is wrong.

    Examples
    --------
    >>> definition("digital-core-divisions").span()
    'since 2021-05-27'
    """
    if isinstance(name, Definition):
        return name
    if isinstance(name, str) and name in shipped():
        return shipped()[name]
    if Path(name).is_file():
        return read_definition(name)
    from xinzhi.data.catalogue import nearest

    near = nearest(str(name), shipped())
    if near:
        raise UsageError("scope.no-definition-near", name=name, near=near, known=list(shipped()))
    raise UsageError("scope.no-definition", name=name, known=list(shipped()))


def definition_template(name: str) -> str:
    """Return the text of a definition file that ships, to start a transcription from.

    Parameters
    ----------
    name
        Such as ``digital-economy-2021``: its title, source, categories and counts are there, its codes are to be
        filled in.

    Examples
    --------
    >>> print(definition_template("energy-saving-2021").splitlines()[0])
    id: energy-saving-2021
    """
    return Path(definition(name).file).read_text("utf-8")


def definitions(day: object = None) -> pl.DataFrame:
    """Return the definitions that ship with xinzhi.

    Parameters
    ----------
    day
        Only those in force on this day, when given.

    Returns
    -------
    polars.DataFrame
        ``definition, title_zh, title_en, status, standard, valid_from, valid_to, default, needs, missing_zh,
        missing_en, source``.

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
            "missing_zh": one.missing.zh,
            "missing_en": one.missing.en,
            "source": one.source,
        }
        for one in shipped().values()
        if asked is None or one.valid(asked)
    ]
    schema = {"valid_from": pl.Date, "valid_to": pl.Date}
    return pl.DataFrame(rows, schema_overrides=schema, infer_schema_length=None)


def choose(names: Sequence[str | Path | Definition] | None, day: date) -> tuple[Definition, ...]:
    """Return the definitions asked for, in force on the day and no templates; by default all that are meant for it."""
    if names is None:
        found = [one for one in shipped().values() if one.default and one.valid(day) and one.status != "template"]
        if not found:
            first = min((one for one in shipped().values() if one.status != "template"), key=lambda one: one.valid_from)
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


def timeline(until: object = "2026-12-31") -> pl.DataFrame:
    """Return the five powers with their eras, for a timeline.

    Parameters
    ----------
    until
        Where the era that has no end is cut off.

    Returns
    -------
    polars.DataFrame
        ``order, power, title_zh, title_en, begins, ends, open_start, open_end, event_zh, event_en, alternatives,
        leading_zh, leading_en, codes``: `alternatives` are other dates that could be taken, as text. `begins` of the
        first era is null and `open_start` true.

    Examples
    --------
    >>> timeline().select("power", "begins").rows()[1]
    ('horse', datetime.date(1769, 1, 5))
    """
    last = read_date(until)
    rows = [
        {
            "order": order,
            "power": one.id,
            "title_zh": one.title.zh,
            "title_en": one.title.en,
            "begins": one.begins,
            "ends": one.ends or last,
            "open_start": one.begins is None,
            "open_end": one.ends is None,
            "event_zh": one.event.zh,
            "event_en": one.event.en,
            "alternatives": "; ".join(f"{day}: {event.en}" for day, event in one.alternatives),
            "leading_zh": "、".join(name.zh for name, _ in one.leading),
            "leading_en": ", ".join(name.en for name, _ in one.leading),
            "codes": ";".join(code for _, codes in one.leading for code in codes),
        }
        for order, one in enumerate(definition("five-powers").eras, start=1)
    ]
    return pl.DataFrame(rows, schema_overrides={"begins": pl.Date, "ends": pl.Date})

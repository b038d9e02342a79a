"""From a YAML file to a definition, or to the list of everything that is wrong with it."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.text import Text
from xinzhi.scope import checking, counting
from xinzhi.scope.facts import HERE
from xinzhi.scope.model import Category, Count, Definition, Entry, Era, Star

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from xinzhi.core.finding import Finding
    from xinzhi.protocol.yamlfile import Source

_COUNTS = ("middle", "small", "class")


def read_definition(path: str | Path) -> Definition:
    """Read a definition file of your own, such as a transcription of an official list.

    Parameters
    ----------
    path
        A YAML file in the form of those under ``definitions``; `definition_template` prints one to start from.

    Returns
    -------
    Definition
        Ready for `classify`.

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
        lines = "\n  ".join(finding.sentence() for finding in found)
        message = f"{path} is no definition that can be used:\n  {lines}"
        raise InputError(message, found)
    return definition


def check_definition(path: str | Path) -> list[Finding]:
    """Return everything that is wrong with a definition file, in the order of its lines; nothing, when it can be used.

    Parameters
    ----------
    path
        The YAML file.
    """
    return _read(Path(path))[0]


def _read(path: Path) -> tuple[list[Finding], Definition | None]:
    from xinzhi.protocol.yamlfile import YamlError, read

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
        found += counting.counts(known, source)
    return _ordered(found), definition


def _ordered(found: list[Finding]) -> list[Finding]:
    return sorted(found, key=lambda item: item.line or 0)


def _known_only(definition: Definition) -> Definition:
    """Return a definition without the codes that its standard does not know, so that the rest can be counted."""
    from dataclasses import replace

    from xinzhi.scope.tree import standard

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


def build(source: Source) -> Definition:
    """Return the definition of a file whose form is right."""
    body = source.content
    eras = _eras(body.get("eras") or {})
    entries = tuple(_entry(item) for item in body.get("entries") or ())
    categories = {str(key): _category(str(key), item) for key, item in (body.get("categories") or {}).items()}
    for era in eras:
        categories[era.id] = Category(id=era.id, title=era.title, counts={})
    return Definition(
        id=body["id"],
        series=body["series"],
        title=Text(**body["title"]),
        authority=Text(**body["authority"]),
        source=body["source"].strip(),
        note=Text(**body["note"]) if body.get("note") else None,
        status=body["status"],
        standard=body["standard"],
        valid_from=body["valid_from"],
        valid_to=body.get("valid_to"),
        default=bool(body.get("default")),
        missing=str(body.get("missing") or "").strip(),
        categories=categories,
        entries=(*entries, *_leading(eras)),
        counts=tuple(_count(item) for item in body.get("counts") or ()),
        eras=eras,
        file=source.file,
    )


def _category(key: str, item: Mapping[str, Any]) -> Category:
    counts = {name: item[name] for name in _COUNTS if item.get(name) is not None}
    return Category(id=key, title=Text(zh=item["zh"], en=item["en"]), inside=item.get("in", True), counts=counts)


def _count(item: Mapping[str, Any]) -> Count:
    numbers = {name: int(value) for name, value in item.items() if name != "of"}
    return Count(of=tuple(map(str, item.get("of") or ())), numbers=numbers)


def _entry(item: Mapping[str, Any]) -> Entry:
    codes = (item["code"],) if item.get("code") else tuple(item["codes"])
    name = Text(zh=item.get("zh") or item.get("en") or "", en=item.get("en") or item.get("zh") or "")
    return Entry(
        codes=tuple(map(str, codes)),
        excluded=tuple(map(str, item.get("except") or ())),
        category=str(item.get("category") or ""),
        middle=str(item.get("middle") or ""),
        name=name if name.zh else None,
        star=_star(item) if item.get("starred") else None,
        intensity=item.get("intensity"),
        valid_from=item.get("valid_from"),
        valid_to=item.get("valid_to"),
    )


def _star(item: Mapping[str, Any]) -> Star:
    lower, upper = float(item.get("lower") or 0.0), float(1.0 if item.get("upper") is None else item["upper"])
    share = item.get("share")
    return Star(
        share=(lower + upper) / 2 if share is None else float(share),
        lower=lower,
        upper=upper,
        source=str(item.get("source") or "").strip(),
        assumed=share is None,
    )


def _eras(items: Mapping[str, Any]) -> tuple[Era, ...]:
    """Return the eras; one ends on the day before the next begins."""
    keys = list(items)
    begins: list[date | None] = [items[key].get("from") for key in keys]
    nexts = [*begins[1:], None][: len(begins)]
    return tuple(
        Era(
            id=str(key),
            title=Text(**items[key]["title"]),
            begins=begin,
            ends=following - timedelta(days=1) if following else None,
            event=Text(**items[key]["event"]),
            evidence=items[key]["evidence"].strip(),
            alternatives=tuple(
                (other["date"], Text(**other["event"])) for other in items[key].get("alternatives") or ()
            ),
            leading=tuple(
                (Text(zh=sector["zh"], en=sector["en"]), tuple(map(str, sector.get("codes") or ())))
                for sector in items[key]["leading"]
            ),
        )
        for key, begin, following in zip(keys, begins, nexts, strict=True)
    )


def _leading(eras: Sequence[Era]) -> list[Entry]:
    return [
        Entry(codes=codes, category=era.id, name=name, valid_from=era.begins, valid_to=era.ends)
        for era in eras
        for name, codes in era.leading
        if codes
    ]


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
    hint = f" Did you mean {near}?" if near else ""
    message = f"there is no definition '{name}', and no such file.{hint} Definitions: {', '.join(shipped())}."
    raise UsageError(message)


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

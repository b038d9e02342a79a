"""The definitions that ship and those of one's own: read, held to schema and standard, chosen for a day, or refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Any

import polars as pl

from xinzhi import words
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.finding import Finding, Place, finding, format_findings
from xinzhi.core.text import Text
from xinzhi.core.yamlfile import KeyPath, Source
from xinzhi.scope.dated import Definition, Entry, build, classes
from xinzhi.scope.standard import HERE, SHOWN, Standard, document, read_date, standard

_KINDS: dict[str, type | UnionType] = {
    "word": str,
    "long": str,
    "text": dict,
    "date": date,
    "flag": bool,
    "number": int | float,
    "map": dict,
    "list": list,
    "said": str | dict,
}


def shape(source: Source) -> Iterator[Finding]:
    """Yield what is wrong with the form of a definition: unknown or missing fields, and values of another kind."""
    yield from source.findings
    content = source.content
    if not isinstance(content, dict):
        yield _fault(source, (), "no-mapping")
        return
    yield from _fields(source, (), content, "definition")
    parts = {"categories": "category", "eras": "era", "counts": "count", "entries": "entry"}
    for part, name in parts.items():
        items = content.get(part)
        numbered = enumerate(items) if isinstance(items, list) else ()
        for key, row in items.items() if isinstance(items, dict) else numbered:
            yield from _fields(source, (part, str(key)), row, name)


def _fields(source: Source, path: KeyPath, row: object, name: str) -> Iterator[Finding]:
    rules = document("schema.yaml")[name]
    if not isinstance(row, dict):
        yield _fault(source, path, "no-mapping")
        return
    for key, value in row.items():
        rule = rules.get(str(key))
        if rule is None:
            yield _fault(source, (*path, str(key)), "unknown-field", name=key, known=list(rules))
        elif value is not None:
            yield from _value(source, (*path, str(key)), value, rule)
    for key, rule in rules.items():
        if rule.get("required") and row.get(key) is None:
            yield _fault(source, path, "missing-field", name=key)


def _value(source: Source, path: KeyPath, value: object, rule: Mapping[str, Any]) -> Iterator[Finding]:
    kind = rule["kind"]
    wrong = not isinstance(value, _KINDS[kind]) or (kind == "number" and isinstance(value, bool))
    wrong = wrong or (kind in {"text", "said"} and isinstance(value, dict) and not {"zh", "en"} <= set(value))
    if wrong:
        yield _fault(source, path, "wrong-kind", given=value, need=words.scope.kind_of(kind))
    elif "values" in rule and value not in rule["values"]:
        yield _fault(source, path, "unknown-value", given=value, known=list(rule["values"]))


def content(source: Source) -> Iterator[Finding]:
    """Yield what is wrong with the content of a definition whose form is right: codes, stars, dates, counts."""
    body = source.content
    begins, ends = body["valid_from"], body.get("valid_to")
    if ends is not None and ends < begins:
        yield _fault(source, ("valid_to",), "dates-reversed", begins=begins, ends=ends)
    if body["status"] == "template":
        if not body.get("missing"):
            yield _fault(source, ("status",), "template-without-missing")
        return
    if not body.get("entries") and not body.get("eras"):
        yield _fault(source, ("status",), "no-entries")
        return
    if body["standard"] not in document("standards/standards.yaml"):
        standards = list(document("standards/standards.yaml"))
        yield _fault(source, ("standard",), "unknown-standard", name=body["standard"], known=standards)
        return
    tree = standard(body["standard"])
    for at, entry in enumerate(body.get("entries") or ()):
        yield from _entry(source, ("entries", str(at)), entry, tree)
    for key, era in (body.get("eras") or {}).items():
        for at, sector in enumerate(era["leading"]):
            path = ("eras", str(key), "leading", str(at), "codes")
            yield from _codes(source, path, sector.get("codes") or (), tree)
    yield from _twice(source, tree)


def _entry(source: Source, path: KeyPath, entry: Mapping[str, Any], tree: Standard) -> Iterator[Finding]:
    listed = [entry["code"]] if entry.get("code") else list(entry.get("codes") or ())
    if not listed:
        yield _fault(source, path, "no-code")
    yield from _codes(source, path, listed, tree)
    yield from _codes(source, (*path, "except"), entry.get("except") or (), tree)
    inside = set(_below(listed, tree))
    for code in entry.get("except") or ():
        if code in tree.names and not set(tree.below(code)) <= inside:
            yield _fault(source, (*path, "except"), "except-outside", code=code)
    categories = source.content.get("categories")
    if categories and str(entry.get("category")) not in {str(key) for key in categories}:
        names = {"name": entry.get("category"), "known": list(map(str, categories))}
        yield _fault(source, (*path, "category"), "unknown-category", **names)
    yield from _star(source, path, entry)


def _star(source: Source, path: KeyPath, entry: Mapping[str, Any]) -> Iterator[Finding]:
    bounds = {name: entry[name] for name in ("lower", "share", "upper") if entry.get(name) is not None}
    if bounds and not entry.get("starred"):
        yield _fault(source, (*path, next(iter(bounds))), "share-without-star")
    values = [entry.get("lower") or 0.0, *([bounds["share"]] if "share" in bounds else []), bounds.get("upper", 1.0)]
    if values != sorted(values) or values[0] < 0 or values[-1] > 1:
        at = (*path, next(iter(bounds), "starred"))
        yield _fault(source, at, "share-out-of-bounds", values=str(values))
    if "share" in bounds and entry.get("starred") and not entry.get("source"):
        yield _fault(source, (*path, "share"), "share-without-source")


def _codes(source: Source, path: KeyPath, codes: object, tree: Standard) -> Iterator[Finding]:
    for code in codes if isinstance(codes, (list, tuple)) else ():
        if code not in tree.names:
            nearest_code = tree.suggest(code)
            like = {"near": nearest_code, "name": tree.names[nearest_code]} if nearest_code else {}
            rule = "unknown-code-near" if nearest_code else "unknown-code"
            yield _fault(source, path, rule, code=code, standard=tree.name, **like)


def _below(codes: Iterable[str], tree: Standard) -> list[str]:
    """Return the classes below those of the codes that the standard knows."""
    known_codes = [code for code in codes if code in tree.names]
    return [name for code in known_codes for name in tree.below(code)]


def _twice(source: Source, tree: Standard) -> Iterator[Finding]:
    """Yield lines of which a class already stands in an earlier line of the same days."""
    first_entry: dict[tuple[str, object, object], int] = {}
    for at, entry in enumerate(source.content.get("entries") or ()):
        listed = [entry["code"]] if entry.get("code") else list(entry.get("codes") or ())
        out = set(_below(entry.get("except") or (), tree))
        inside = [name for name in _below(listed, tree) if name not in out]
        again = []
        for name in inside:
            key = (name, entry.get("valid_from"), entry.get("valid_to"))
            if first_entry.setdefault(key, at) != at:
                again.append((name, first_entry[key]))
        if again and not entry.get("starred"):
            name, first = again[0]
            line = source.line(("entries", str(first)))
            yield _fault(source, ("entries", str(at)), "class-twice", name=name, first=line)


def _fault(source: Source, path: KeyPath, rule: str, **values: object) -> Finding:
    return finding(f"scope.{rule}", file=source.file, line=source.line(path), key=".".join(path) or None, words=values)


def counts(definition: Definition, source: Source) -> Iterator[Finding]:
    """Yield every count that a complete list misses, or that a partial list exceeds."""
    parts = [
        (
            ("counts", str(at)),
            count.numbers,
            [entry for entry in definition.entries if not count.of or entry.category in count.of],
        )
        for at, count in enumerate(definition.counts)
    ]
    parts += [
        (("categories", key), category.counts, [entry for entry in definition.entries if entry.category == key])
        for key, category in definition.categories.items()
    ]
    for path, numbers, entries in parts:
        for name, expected in numbers.items():
            count = len(definition.categories) if name == "categories" else tally(entries, name, definition.standard)
            if count == expected or (definition.status == "partial" and count < expected):
                continue
            place: Place = {"file": source.file, "line": source.line(path), "key": ".".join(path)}
            place["value"], place["expected"] = str(count), str(expected)
            yield finding("scope.count", **place, words={"what": words.scope.counted_of(name)})


def tally(entries: Sequence[Entry], name: str, of: str) -> int:
    """Count what lines hold."""
    if name in ("entries", "small"):
        return len(entries)
    if name == "middle":
        return len({(entry.category, entry.middle) for entry in entries if entry.middle})
    tree = standard(of)
    touched = {code for entry in entries for code in classes(entry, of)}
    digits = {"division": 2, "group": 3, "class": 4}[name]
    return len({code[:digits] for code in touched if code in tree.names})


def read_definition(path: str | Path) -> Definition:
    """Read a definition file of your own, such as a transcription of an official list, ready for `classify`.

    Parameters
    ----------
    path
        A YAML file in the form of those under ``definitions``; `definition_template` prints one to start from.

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
    findings, definition = _read(Path(path))
    if findings or definition is None:
        raise InputError("scope.bad-definition", findings, path=path, problems=format_findings(findings, SHOWN))
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
    definition, findings = None, list(shape(source))
    if not findings:
        findings = list(content(source))
        template = source.content["status"] == "template"
        if not any(template or problem.rule in ("unknown-standard", "no-code", "no-entries") for problem in findings):
            definition = build(source)
            findings += [] if template else counts(_valid_codes(definition), source)
    return sorted(findings, key=lambda problem: problem.line or 0), definition


def _valid_codes(definition: Definition) -> Definition:
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
def shipped_definitions() -> dict[str, Definition]:
    """Return the definitions that come with xinzhi, by name."""
    folder = HERE / "definitions"
    return {path.stem: read_definition(path) for path in sorted(folder.glob("*.yaml"))}


def definition(name: str | Path | Definition) -> Definition:
    """Return a definition that ships with xinzhi, or one of your own.

    Parameters
    ----------
    name
        Its name, the path of a YAML file, or a definition.

    Examples
    --------
    >>> definition("digital-core-divisions").span()
    'since 2021-05-27'
    """
    if isinstance(name, Definition):
        return name
    if isinstance(name, str) and name in shipped_definitions():
        return shipped_definitions()[name]
    if Path(name).is_file():
        return read_definition(name)
    from xinzhi.data.catalogue import nearest

    nearest_id = nearest(str(name), shipped_definitions())
    if nearest_id:
        raise UsageError("scope.no-definition-near", name=name, near=nearest_id, known=list(shipped_definitions()))
    raise UsageError("scope.no-definition", name=name, known=list(shipped_definitions()))


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
    on_day = None if day is None else read_date(day)
    rows = [
        {
            "definition": shipped_definition.id,
            "title_zh": shipped_definition.title.zh,
            "title_en": shipped_definition.title.en,
            "status": shipped_definition.status,
            "standard": shipped_definition.standard,
            "valid_from": shipped_definition.valid_from,
            "valid_to": shipped_definition.valid_to,
            "default": shipped_definition.default,
            "needs": shipped_definition.needs(),
            "missing_zh": shipped_definition.missing.zh,
            "missing_en": shipped_definition.missing.en,
            "source": shipped_definition.source.en,
        }
        for shipped_definition in shipped_definitions().values()
        if on_day is None or shipped_definition.valid(on_day)
    ]
    schema = {"valid_from": pl.Date, "valid_to": pl.Date}
    return pl.DataFrame(rows, schema_overrides=schema, infer_schema_length=None)


def choose(names: Sequence[str | Path | Definition] | None, day: date) -> tuple[Definition, ...]:
    """Return the requested definitions, in force on the day and no templates; by default all that are meant for it."""
    if names is None:
        return _defaults(day)
    requested = [definition(name) for name in ([names] if isinstance(names, str) else names)]
    for candidate in requested:
        _refuse_unusable(candidate, day)
    ids = [definition.id for definition in requested]
    if twice := {name for name in ids if ids.count(name) > 1}:
        raise UsageError("scope.named-twice", names=sorted(twice))
    return tuple(requested)


def _defaults(day: date) -> tuple[Definition, ...]:
    """Return the definitions in force on a day that are used where none is named."""
    complete = [candidate for candidate in shipped_definitions().values() if candidate.status != "template"]
    defaults = tuple(candidate for candidate in complete if candidate.default and candidate.valid(day))
    if not defaults:
        first = min(complete, key=lambda candidate: candidate.valid_from)
        raise UsageError("scope.none-in-force", day=day, first=first.id, since=first.valid_from)
    return defaults


def _refuse_unusable(definition: Definition, day: date) -> None:
    """Raise a `UsageError` for a definition that is not in force on a day or is a template."""
    if not definition.valid(day):
        values = {"name": definition.id, "title": definition.title, "day": day, "span": definition.in_force()}
        raise UsageError("scope.not-in-force", then=_then(definition, day), **values)
    if definition.status == "template":
        counts = words.scope.span_needs(needs=definition.needs())
        needs = Text(zh=counts.zh, en=f" {counts.en}") if definition.counts else ""
        values = {"name": definition.id, "title": definition.title, "missing": definition.missing}
        raise UsageError("scope.template", **values, needs=needs)


def _then(requested: Definition, day: date) -> Text:
    """Say which definition of the same series was valid on the day, or else which others were."""
    same = [
        candidate
        for candidate in shipped_definitions().values()
        if candidate.series == requested.series and candidate.valid(day)
    ]
    if same:
        return words.scope.span_then(names=_titles(same))
    valid_others = [
        candidate
        for candidate in shipped_definitions().values()
        if candidate.valid(day) and candidate.status != "template"
    ]
    return words.scope.span_others(names=_titles(valid_others)) if valid_others else words.scope.span_none()


def _titles(definitions_named: Iterable[Definition]) -> list[Text]:
    return [
        (
            words.scope.span_template(name=definition.id, span=definition.in_force())
            if definition.status == "template"
            else words.scope.span_named(name=definition.id, span=definition.in_force())
        )
        for definition in definitions_named
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
            "power": era.id,
            "title_zh": era.title.zh,
            "title_en": era.title.en,
            "begins": era.begins,
            "ends": era.ends or last,
            "open_start": era.begins is None,
            "open_end": era.ends is None,
            "event_zh": era.event.zh,
            "event_en": era.event.en,
            "alternatives": "; ".join(f"{day}: {event.en}" for day, event in era.alternatives),
            "leading_zh": "、".join(name.zh for name, _ in era.leading),
            "leading_en": ", ".join(name.en for name, _ in era.leading),
            "codes": ";".join(code for _, codes in era.leading for code in codes),
        }
        for order, era in enumerate(definition("five-powers").eras, start=1)
    ]
    return pl.DataFrame(rows, schema_overrides={"begins": pl.Date, "ends": pl.Date})

"""Hold a definition file to the schema, to its standard and to its counts: every fault with its line and its cure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from xinzhi.core.finding import Finding, finding
from xinzhi.core.text import words
from xinzhi.core.yamlfile import KeyPath, Source
from xinzhi.scope.conventions import document
from xinzhi.scope.dated import Definition, Entry, classes
from xinzhi.scope.standard import Standard, standard

_KINDS: dict[str, tuple[type, ...]] = {
    "word": (str,),
    "long": (str,),
    "text": (dict,),
    "date": (date,),
    "flag": (bool,),
    "number": (int, float),
    "map": (dict,),
    "list": (list,),
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
        rows = items.items() if isinstance(items, dict) else enumerate(items) if isinstance(items, list) else ()
        for key, item in rows:
            yield from _fields(source, (part, str(key)), item, name)


def _fields(source: Source, path: KeyPath, item: object, name: str) -> Iterator[Finding]:
    rules = document("schema.yaml")[name]
    if not isinstance(item, dict):
        yield _fault(source, path, "no-mapping")
        return
    for key, value in item.items():
        rule = rules.get(str(key))
        if rule is None:
            yield _fault(source, (*path, str(key)), "unknown-field", name=key, known=list(rules))
        elif value is not None:
            yield from _value(source, (*path, str(key)), value, rule)
    for key, rule in rules.items():
        if rule.get("required") and item.get(key) is None:
            yield _fault(source, path, "missing-field", name=key)


def _value(source: Source, path: KeyPath, value: object, rule: Mapping[str, Any]) -> Iterator[Finding]:
    kind = rule["kind"]
    wrong = not isinstance(value, _KINDS[kind]) or (kind == "number" and isinstance(value, bool))
    wrong = wrong or (kind == "text" and isinstance(value, dict) and not {"zh", "en"} <= set(value))
    if wrong:
        yield _fault(source, path, "wrong-kind", given=value, need=words(f"scope.kind.{kind}"))
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
        known = list(document("standards/standards.yaml"))
        yield _fault(source, ("standard",), "unknown-standard", name=body["standard"], known=known)
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
    inside = {name for code in listed if code in tree.names for name in tree.below(code)}
    for code in entry.get("except") or ():
        if code in tree.names and not set(tree.below(code)) <= inside:
            yield _fault(source, (*path, "except"), "except-outside", code=code)
    categories = source.content.get("categories")
    if categories and str(entry.get("category")) not in {str(key) for key in categories}:
        names = {"name": entry.get("category"), "known": list(map(str, categories))}
        yield _fault(source, (*path, "category"), "unknown-category", **names)
    yield from _star(source, path, entry)


def _star(source: Source, path: KeyPath, entry: Mapping[str, Any]) -> Iterator[Finding]:
    given = {name: entry[name] for name in ("lower", "share", "upper") if entry.get(name) is not None}
    if given and not entry.get("starred"):
        yield _fault(source, (*path, next(iter(given))), "share-without-star")
    values = [entry.get("lower") or 0.0, *([given["share"]] if "share" in given else []), given.get("upper", 1.0)]
    if values != sorted(values) or values[0] < 0 or values[-1] > 1:
        at = (*path, next(iter(given), "starred"))
        yield _fault(source, at, "share-out-of-bounds", values=str(values))
    if "share" in given and entry.get("starred") and not entry.get("source"):
        yield _fault(source, (*path, "share"), "share-without-source")


def _codes(source: Source, path: KeyPath, codes: object, tree: Standard) -> Iterator[Finding]:
    for code in codes if isinstance(codes, (list, tuple)) else ():
        if code in tree.names:
            continue
        near = tree.suggest(code)
        if near:
            yield _fault(
                source, path, "unknown-code-near", code=code, standard=tree.name, near=near, name=tree.names[near]
            )
        else:
            yield _fault(source, path, "unknown-code", code=code, standard=tree.name)


def _twice(source: Source, tree: Standard) -> Iterator[Finding]:
    """Yield lines of which a class already stands in an earlier line of the same days."""
    seen: dict[tuple[str, object, object], int] = {}
    for at, entry in enumerate(source.content.get("entries") or ()):
        listed = [entry["code"]] if entry.get("code") else list(entry.get("codes") or ())
        out = {name for code in entry.get("except") or () if code in tree.names for name in tree.below(code)}
        inside = [name for code in listed if code in tree.names for name in tree.below(code) if name not in out]
        again = []
        for name in inside:
            key = (name, entry.get("valid_from"), entry.get("valid_to"))
            if seen.setdefault(key, at) != at:
                again.append((name, seen[key]))
        if again and not entry.get("starred"):
            name, first = again[0]
            line = source.line(("entries", str(first)))
            yield _fault(source, ("entries", str(at)), "class-twice", name=name, first=line)


def _fault(source: Source, path: KeyPath, rule: str, **values: object) -> Finding:
    return finding(f"scope.{rule}", file=source.file, line=source.line(path), key=".".join(path) or None, words=values)


def counts(definition: Definition, source: Source) -> Iterator[Finding]:
    """Yield every count that a complete list misses, or that a partial list exceeds."""
    for at, count in enumerate(definition.counts):
        path = ("counts", str(at))
        entries = [entry for entry in definition.entries if not count.of or entry.category in count.of]
        for name, expected in count.numbers.items():
            found = len(definition.categories) if name == "categories" else tally(entries, name, definition.standard)
            yield from _compare(definition, source, path, name, (found, expected))
    for key, category in definition.categories.items():
        inside = [entry for entry in definition.entries if entry.category == key]
        for name, expected in category.counts.items():
            found = tally(inside, name, definition.standard)
            yield from _compare(definition, source, ("categories", key), name, (found, expected))


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


def _compare(
    definition: Definition, source: Source, path: tuple[str, ...], name: str, pair: tuple[int, int]
) -> Iterator[Finding]:
    found, expected = pair
    if found == expected or (definition.status == "partial" and found < expected):
        return
    yield finding(
        "scope.count",
        file=source.file,
        line=source.line(path),
        key=".".join(path),
        value=str(found),
        expected=str(expected),
        words={"what": words(f"scope.counted.{name}")},
    )

"""Dated definitions: which codes are in, since when, by whose authority; from the content of a file to a definition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain
from typing import Any, Literal

from xinzhi import words
from xinzhi.core.text import Language, Text
from xinzhi.core.yamlfile import Source
from xinzhi.scope.standard import standard

Status = Literal["complete", "partial", "template"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Star:
    """How much of a class belongs, where it belongs only in part."""

    share: float
    lower: float
    upper: float
    source: str = ""
    assumed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Codes that belong together in one line of a definition."""

    codes: tuple[str, ...]
    excluded: tuple[str, ...] = ()
    category: str = ""
    middle: str = ""
    name: Text | None = None
    star: Star | None = None
    intensity: float | None = None
    valid_from: date | None = None
    valid_to: date | None = None

    def holds(self, day: date) -> bool:
        """Return whether the line is in force on a day."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """A category of a definition; `inside` says whether its industries are in scope, `counts` what it must hold."""

    id: str
    title: Text
    inside: bool = True
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many codes a complete transcription holds."""

    of: tuple[str, ...]
    numbers: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Era:
    """One of the five powers: since when, by which event, with which leading sectors."""

    id: str
    title: Text
    begins: date | None
    ends: date | None
    event: Text
    evidence: Text
    alternatives: tuple[tuple[date, Text], ...]
    leading: tuple[tuple[Text, tuple[str, ...]], ...]


@dataclass(frozen=True, kw_only=True)
class Definition:
    """A dated definition of what is in scope; a `series` is one in which edition follows edition.

    Its status is ``complete`` (all codes, and the counts agree), ``partial`` (some are missing) or ``template`` (no
    codes: it refuses to classify; `missing` says what is needed). It is in force from `valid_from` to `valid_to`;
    `default` says whether `classify` uses it when nothing else is asked for.
    """

    id: str
    series: str
    title: Text
    authority: Text
    source: Text
    note: Text | None
    status: Status
    standard: str
    valid_from: date
    valid_to: date | None
    default: bool
    missing: Text
    categories: Mapping[str, Category]
    entries: tuple[Entry, ...]
    counts: tuple[Count, ...]
    eras: tuple[Era, ...]
    file: str

    def valid(self, day: date) -> bool:
        """Return whether the definition is in force on a day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    def span(self, language: Language = "en") -> str:
        """Return its validity: ``2017-10-01 to 2020-12-31``, or ``since 2017-10-01``."""
        return self.in_force().lang(language)

    def in_force(self) -> Text:
        """Return its validity in both languages."""
        first = self.valid_from.isoformat()
        if self.valid_to is None:
            return words.scope.span_since(first=first)
        return words.scope.span_between(first=first, last=self.valid_to.isoformat())

    def needs(self) -> str:
        """Return what a complete transcription must count, such as ``485 classes; 9 categories``."""
        return "; ".join(_count_text(count) for count in self.counts)


_PLURALS = {
    "division": "divisions",
    "group": "groups",
    "class": "classes",
    "middle": "middle groups",
    "small": "small classes",
}


def _count_text(count: Count) -> str:
    numbers = ", ".join(f"{number} {_PLURALS.get(name, name)}" for name, number in count.numbers.items())
    return f"{numbers} ({', '.join(count.of)})" if count.of else numbers


def classes(entry: Entry, of: str) -> tuple[str, ...]:
    """Return the classes of the standard `of` that a line holds, less those that it excepts."""
    tree = standard(of)
    out = {name for code in entry.excluded for name in tree.below(code)}
    names = chain.from_iterable(tree.below(code) for code in entry.codes)
    return tuple(dict.fromkeys(name for name in names if name not in out))


_COUNTS = ("middle", "small", "class")


def build(source: Source) -> Definition:
    """Return the definition of a file whose form is right."""
    body = source.content
    eras = _eras(body.get("eras") or {})
    entries = tuple(_entry(entry) for entry in body.get("entries") or ())
    sectors = [(era, name, codes) for era in eras for name, codes in era.leading]
    leading = tuple(
        Entry(codes=codes, category=era.id, name=name, valid_from=era.begins, valid_to=era.ends)
        for era, name, codes in sectors
        if codes
    )
    categories = {str(key): _category(str(key), category) for key, category in (body.get("categories") or {}).items()}
    categories |= {era.id: Category(id=era.id, title=era.title, counts={}) for era in eras}
    return Definition(
        id=body["id"],
        series=body["series"],
        title=Text(**body["title"]),
        authority=Text(**body["authority"]),
        source=_bilingual(body["source"]),
        note=Text(**body["note"]) if body.get("note") else None,
        status=body["status"],
        standard=body["standard"],
        valid_from=body["valid_from"],
        valid_to=body.get("valid_to"),
        default=bool(body.get("default")),
        missing=Text(**(body.get("missing") or {"zh": "", "en": ""})),
        categories=categories,
        entries=(*entries, *leading),
        counts=tuple(_count(count) for count in body.get("counts") or ()),
        eras=eras,
        file=source.file,
    )


def _bilingual(value: str | Mapping[str, str]) -> Text:
    """Return a text in both languages, or one that stands for both."""
    texts = dict.fromkeys(("zh", "en"), value) if isinstance(value, str) else value
    return Text(zh=texts["zh"].strip(), en=texts["en"].strip())


def _category(key: str, entry: Mapping[str, Any]) -> Category:
    counts = {name: entry[name] for name in _COUNTS if entry.get(name) is not None}
    return Category(id=key, title=Text(zh=entry["zh"], en=entry["en"]), inside=entry.get("in", True), counts=counts)


def _count(entry: Mapping[str, Any]) -> Count:
    numbers = {name: int(value) for name, value in entry.items() if name != "of"}
    return Count(of=tuple(map(str, entry.get("of") or ())), numbers=numbers)


def _entry(entry: Mapping[str, Any]) -> Entry:
    codes = (entry["code"],) if entry.get("code") else tuple(entry["codes"])
    name = Text(zh=entry.get("zh") or entry.get("en") or "", en=entry.get("en") or entry.get("zh") or "")
    return Entry(
        codes=tuple(map(str, codes)),
        excluded=tuple(map(str, entry.get("except") or ())),
        category=str(entry.get("category") or ""),
        middle=str(entry.get("middle") or ""),
        name=name if name.zh else None,
        star=_star(entry) if entry.get("starred") else None,
        intensity=entry.get("intensity"),
        valid_from=entry.get("valid_from"),
        valid_to=entry.get("valid_to"),
    )


def _star(entry: Mapping[str, Any]) -> Star:
    lower, upper = float(entry.get("lower") or 0.0), float(1.0 if entry.get("upper") is None else entry["upper"])
    share = entry.get("share")
    return Star(
        share=(lower + upper) / 2 if share is None else float(share),
        lower=lower,
        upper=upper,
        source=str(entry.get("source") or "").strip(),
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
            evidence=_bilingual(items[key]["evidence"]),
            alternatives=tuple(
                (alternative["date"], Text(**alternative["event"]))
                for alternative in items[key].get("alternatives") or ()
            ),
            leading=tuple(
                (Text(zh=sector["zh"], en=sector["en"]), tuple(map(str, sector.get("codes") or ())))
                for sector in items[key]["leading"]
            ),
        )
        for key, begin, following in zip(keys, begins, nexts, strict=True)
    )

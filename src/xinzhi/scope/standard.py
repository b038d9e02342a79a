"""Industrial classifications as trees: what a code is and is called, what is above and below it; with conventions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Literal

import polars as pl

from xinzhi import words
from xinzhi.core.errors import UsageError
from xinzhi.core.text import Text

HERE = Path(__file__).parent
_YEAR_DIGITS = 4
SHOWN = 20  # findings that a message lists


@cache
def document(name: str) -> Any:  # noqa: ANN401 - the file decides
    """Return a YAML file of this room, such as ``thresholds.yaml``; callers must not change it."""
    from xinzhi.core.yamlfile import read

    return read(HERE / name).content


@cache
def table(name: str) -> pl.DataFrame:
    """Return a CSV file of this room as text."""
    return pl.read_csv(HERE / name, infer_schema=False)


def convention(name: str) -> Any:  # noqa: ANN401 - the file decides
    """Return the value of a convention of ``scope.yaml``."""
    return document("scope.yaml")[name]["value"]


def read_date(value: object) -> date:
    """Return a date from a date, ``YYYY-MM-DD`` or a year, which means its last day: the statistics of a year close it.

    Examples
    --------
    >>> read_date("2021-05-27"), read_date(2021)
    (datetime.date(2021, 5, 27), datetime.date(2021, 12, 31))
    """
    if isinstance(value, date):
        return date(value.year, value.month, value.day)
    text = str(value).strip()
    try:
        if text.isdigit() and len(text) == _YEAR_DIGITS:
            return date(int(text), 12, 31)
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError("scope.no-date", asked=value) from error


Level = Literal["section", "division", "group", "class"]
LEVELS: tuple[Level, ...] = ("section", "division", "group", "class")
_FOLDER = "standards"
_ERRATA = "standards/errata.yaml"
GBT = "GB/T 4754-2017"
ISIC = "ISIC Rev.4"


@dataclass(frozen=True, slots=True)
class Code:
    """One code of a standard: `parents` nearest first, `children` right below it, all `classes` in it (or itself)."""

    code: str
    level: Level
    name_zh: str
    parents: tuple[str, ...]
    children: tuple[str, ...]
    classes: tuple[str, ...]


@dataclass(frozen=True)
class Standard:
    """An industrial classification: Chinese names in order (empty where unknown), and the code above every code."""

    name: str
    names: Mapping[str, str]
    parents: Mapping[str, str] = field(repr=False)

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """All classes, in the order of the standard."""
        return tuple(code for code in self.names if self.level(code) == "class")

    @cached_property
    def positions(self) -> dict[str, int]:
        """Position of every class in `classes`."""
        return {code: at for at, code in enumerate(self.classes)}

    @cached_property
    def _children(self) -> dict[str, list[str]]:
        children: dict[str, list[str]] = {code: [] for code in self.names}
        for code, parent in self.parents.items():
            children[parent].append(code)
        return children

    def level(self, code: str) -> Level:
        """Return the level that a code of this standard has: its length tells."""
        return "section" if code.isalpha() else LEVELS[len(code) - 1]

    def counts(self) -> dict[Level, int]:
        """Return how many codes each level has."""
        levels = [self.level(code) for code in self.names]
        return {level: levels.count(level) for level in LEVELS}

    def normal(self, code: object) -> str | None:
        """Return the code that was written, without the letter of its section; None when there is none such."""
        text = str(code).strip()
        if text in self.names:
            return text
        bare = text[1:]
        if text[:1].isalpha() and bare in self.names and self.above(bare)[-1:] == (text[0].upper(),):
            return bare
        return None

    def above(self, code: str) -> tuple[str, ...]:
        """Return the codes above one, the nearest first."""
        ancestors: list[str] = []
        while code in self.parents:
            code = self.parents[code]
            ancestors.append(code)
        return tuple(ancestors)

    def below(self, code: str) -> tuple[str, ...]:
        """Return all classes in a code; a class holds itself."""
        if self.level(code) == "class":
            return (code,)
        return tuple(name for child in self._children[code] for name in self.below(child))

    def children(self, code: str) -> tuple[str, ...]:
        """Return the codes right below one."""
        return tuple(self._children[code])

    def suggest(self, code: object) -> str | None:
        """Return the code that an unknown one most likely means: that of the same name, or the nearest number."""
        text = str(code).strip()
        matches = [candidate for candidate, name in self.names.items() if name and name == text]
        if matches:
            return matches[-1]
        digits = text.lstrip("ABCDEFGHIJKLMNOPQRSTUabcdefghijklmnopqrstu")
        if not digits.isdigit():
            return None
        if len(digits) == 1:
            digits = f"0{digits}"  # a number has lost its zero
        misprint = document(_ERRATA)["foreign"].get(digits, {}).get("of") if self.name == GBT else None
        if misprint or digits in self.names:
            return str(misprint or digits)
        same = [candidate for candidate in self.names if len(candidate) == len(digits) and candidate.isdigit()]
        if not same:
            return next(
                (candidate for candidate in self.names if candidate.isdigit() and digits.startswith(candidate)), None
            )
        return min(
            same, key=lambda candidate: (-_common(candidate, digits), abs(int(candidate) - int(digits)), candidate)
        )


def standard(name: str | None = None) -> Standard:
    """Return a standard that xinzhi holds.

    Parameters
    ----------
    name
        ``GB/T 4754-2017`` (the default) or ``ISIC Rev.4``, in the usual spellings; of the latter only the classes that
        the annex of the former names.

    Examples
    --------
    >>> standard().names["3973"]
    '集成电路制造'
    """
    spelling = name or str(convention("default_standard"))
    documents = document(f"{_FOLDER}/standards.yaml")
    spellings = {
        _plain(spelt): identifier for identifier, about in documents.items() for spelt in (identifier, *about["also"])
    }
    if _plain(spelling) not in spellings:
        raise UsageError("scope.unknown-standard-asked", asked=spelling, known=list(documents))
    return _standard(spellings[_plain(spelling)])


def _plain(name: str) -> str:
    """Return a name without what spellings of it differ in: case, blanks and signs."""
    return "".join(filter(str.isalnum, name.lower()))


@cache
def _standard(name: str) -> Standard:
    about = document(f"{_FOLDER}/standards.yaml")[name]
    rows = table(f"{_FOLDER}/{about['file']}")
    if "parent" in rows.columns:
        names = dict(zip(rows["code"], rows["name_zh"], strict=True))
        parents = {code: parent for code, parent in rows.select("code", "parent").iter_rows() if parent}
        return Standard(name, names, parents)
    return _derive_higher_levels(name, about["sections"], dict(rows.select("code", "name_zh").iter_rows()))


def _derive_higher_levels(name: str, sections: Mapping[str, list[str]], classes: Mapping[str, str]) -> Standard:
    """Return a standard of which only the classes are written down: their first digits are the codes above them."""
    names: dict[str, str] = {}
    parents: dict[str, str] = {}
    for code, title in classes.items():
        section = next(letter for letter, (first, last) in sections.items() if first <= code[:2] <= last)
        for prefix, parent in ((section, ""), (code[:2], section), (code[:3], code[:2])):
            names.setdefault(prefix, "")
            if parent:
                parents[prefix] = parent
        names[code], parents[code] = title, code[:3]
    return Standard(name, names, parents)


def lookup(code: object, name: str | None = None) -> Code:
    """Look a code up: its level and names, what is above and below it.

    Parameters
    ----------
    code, name
        A code, such as ``39``, ``C39`` or ``3973``, and the standard, by default GB/T 4754-2017.

    Examples
    --------
    >>> lookup("C39").level, lookup("3973").parents
    ('division', ('397', '39', 'C'))
    """
    tree = standard(name)
    normal_code = tree.normal(code)
    if normal_code is None:
        raise unknown_code_error(tree, code)
    return Code(
        code=normal_code,
        level=tree.level(normal_code),
        name_zh=tree.names[normal_code],
        parents=tree.above(normal_code),
        children=tree.children(normal_code),
        classes=tree.below(normal_code),
    )


def level_text(level: str) -> Text:
    """Return the name of a level of a standard."""
    names = {
        "section": words.scope.level_section,
        "division": words.scope.level_division,
        "group": words.scope.level_group,
        "class": words.scope.level_class,
    }
    return names[level]()


def unknown_code_error(tree: Standard, code: object) -> UsageError:
    """Return the error that a standard has no such code, with the one that was probably meant."""
    nearest_code = tree.suggest(code)
    if nearest_code is None:
        return UsageError("scope.no-code-of", code=code, standard=tree.name)
    name = industry_name(nearest_code, tree.name)
    level = level_text(tree.level(nearest_code))
    return UsageError("scope.no-code-near", code=code, standard=tree.name, near=nearest_code, name=name, level=level)


def _common(first: str, second: str) -> int:
    """Return how many first characters two codes share."""
    return next((at for at, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), len(first))


_ENGLISH = "standards/names-en.yaml"


def industry_name(code: str, name: str | None = None, own_names: Mapping[str, Text] | None = None) -> Text:
    """Return what an industry is called.

    The standard has English names for sections and divisions only: a group or class is called by its code and division.

    Parameters
    ----------
    code, name
        A code as the standard writes it, and the standard.
    own_names
        Names that go first.

    Examples
    --------
    >>> industry_name("3973")
    Text(zh='集成电路制造', en='3973 in Computers, communication and other electronic equipment')
    """
    if own_names and code in own_names:
        return own_names[code]
    tree = standard(name)
    english: Mapping[str, str] = document(_ENGLISH)[tree.name]["names"]
    above = next(
        (code_or_ancestor for code_or_ancestor in (code, *tree.above(code)) if code_or_ancestor in english), None
    )
    en = code
    if above is not None:
        en = english[above] if above == code else f"{code} in {english[above]}"
    return Text(zh=tree.names.get(code) or en, en=en)

"""Units of measurement: read, compared, converted and written in one way.

A unit is written ``[scale] unit [per unit] [at YEAR prices]`` or ``index BASE=VALUE``: ``1e8 CNY at 2000 prices``,
``1e4 persons``, ``CNY per m2``, ``percent``, ``index 2000=1``, ``index previous year=100``. Scales may be numbers
or words (``wan``, ``million``, 万, 亿); the usual Chinese spellings (亿元, 万人, 万吨标准煤, 上年=100) are read too.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from xinzhi import words
from xinzhi.core.errors import InputError
from xinzhi.core.parameters import read_yaml
from xinzhi.core.text import Text

_FACTS = Path(__file__).with_name("units.yaml")


@dataclass(frozen=True, slots=True)
class Atom:
    """What a unit counts: its dimension, its spellings, and the multiples that have names."""

    name: str
    dimension: str
    spellings: tuple[str, ...]
    multiples: tuple[tuple[Fraction, tuple[str, ...]], ...]

    @property
    def singular(self) -> str:
        """The word after ``per``: ``person``, not ``persons``."""
        first = self.spellings[0]
        return first if f"{first}s" == self.name else self.name

    def multiple(self, size: Fraction) -> str | None:
        """Return the name of `size` atoms: ``percent`` for a hundredth of a ratio."""
        return next((words[0] for multiple_size, words in self.multiples if multiple_size == size), None)


class Word(NamedTuple):
    """What one spelling means: so many of that atom."""

    atom: str
    size: Fraction


@cache
def atoms() -> dict[str, Atom]:
    """Return the known atoms by name."""
    return {
        name: Atom(
            name=name,
            dimension=entry["dimension"],
            spellings=tuple(entry["spellings"]),
            multiples=tuple((Fraction(size), tuple(words)) for size, words in entry.get("multiples", {}).items()),
        )
        for name, entry in read_yaml(_FACTS)["atoms"].items()
    }


@cache
def sizes_and_names() -> dict[str, Word]:
    """Return what every spelling means, in lower case."""
    spellings_table = {}
    for atom in atoms().values():
        for spelling in (atom.name, *atom.spellings):
            spellings_table[spelling.lower()] = Word(atom.name, Fraction(1))
        for size, spellings in atom.multiples:
            spellings_table |= {spelling.lower(): Word(atom.name, size) for spelling in spellings}
    return spellings_table


@cache
def scales() -> dict[str, Fraction]:
    """Return the size of every scale word, longest word first."""
    entries = read_yaml(_FACTS)["scales"]
    return {word: Fraction(entries[word]) for word in sorted(entries, key=len, reverse=True)}


@cache
def chained() -> dict[str, str]:
    """Return ``year``, ``quarter`` or ``month`` for every way to say that an index compares with the period before."""
    return {word: period for period, spellings in read_yaml(_FACTS)["chained"].items() for word in spellings}


INDEX = "index"
ANY_BASE = "BASE"
CONSTANT = "constant"

_NUMBER = r"\d+(?:\.\d+)?(?:e\+?\d{1,2})?(?![\d.])"
_SCALE = re.compile(rf"10\^(?P<power>\d{{1,2}})\s*|(?P<number>{_NUMBER})\s*", re.IGNORECASE)
_INDEX = re.compile(rf"(?:index|指数)?\s*\(?(?P<base>[^=()]+?)\s*=\s*(?P<value>{_NUMBER})\)?", re.IGNORECASE)
_PRICES = re.compile(
    r"(?P<unit>.+?)(?:\s+(?:at|in)\s+(?P<year>\d{4}|constant)\s+prices|\s*\((?P<zh>\d{4}年|不变)(?:不变)?价格?\))",
    re.IGNORECASE,
)
_PER = re.compile(r"\s+per\s+(?!cent\b|mille\b)|\s*/\s*", re.IGNORECASE)
_YEAR = re.compile(r"\d{4}")
_EXAMPLES = ("1e8 CNY", "1e8 USD", "1e8 EUR", "1e4 persons", "1e4 tce", "1e4 t", "index 2000=1")
_CUTOFF = 0.5
_LONGEST = 100  # letters of a unit
_LARGEST = Fraction(10) ** 100  # what a double holds with room to spare
_PARTS = ("dimension", "atom", "per", "prices", "base")


class UnitError(InputError):
    """A unit that is not known, or that does not convert into the one that is wanted."""

    def __init__(
        self,
        code: str,
        /,
        nearest: str | None = None,
        why: Text | None = None,
        **values: Any,  # noqa: ANN401 - values of a message
    ) -> None:
        super().__init__(code, nearest=nearest, why=why, **values)
        self.nearest = nearest
        self.why = why


@dataclass(frozen=True, slots=True, repr=False)
class Unit:
    """A unit of measurement."""

    atom: str
    scale: Fraction = Fraction(1)
    per: str | None = None
    prices: str | None = None
    base: str | None = None

    @property
    def dimension(self) -> str:
        """What is measured, such as ``money per area``: units of one dimension may convert."""
        if self.atom == INDEX:
            return INDEX
        numerator = atoms()[self.atom].dimension
        return f"{numerator} per {atoms()[self.per].dimension}" if self.per else numerator

    @property
    def chained(self) -> bool:
        """Whether it is an index that compares with the period before."""
        return self.base is not None and self.base.startswith("previous ")

    def __str__(self) -> str:
        if self.atom == INDEX:
            return INDEX if self.base is None else f"{INDEX} {self.base}={_number(1 / self.scale)}"
        name = atoms()[self.atom].multiple(self.scale) if self.scale < 1 else None
        if name is None and self.per and self.scale < 1:
            text = f"{self.atom} per {_number(1 / self.scale)} {self.per}"
        else:
            text = name or (self.atom if self.scale == 1 else f"{_number(self.scale)} {self.atom}")
            text += f" per {atoms()[self.per].singular}" if self.per else ""
        return f"{text} at {self.prices} prices" if self.prices else text

    def __repr__(self) -> str:
        return f"Unit('{self}')"


@lru_cache(maxsize=1024)
def parse(text: str) -> Unit:
    """Return the unit that a text means."""
    if len(text) > _LONGEST:
        raise _unknown_unit_error(text[:_LONGEST] + "…")
    normalised = " ".join(unicodedata.normalize("NFKC", text).split())
    if normalised.lower() in {INDEX, "指数"}:
        return Unit(INDEX)
    if match := _INDEX.fullmatch(normalised):
        return _index(match, text)
    prices = None
    if match := _PRICES.fullmatch(normalised):
        year = (match["year"] or match["zh"]).lower().removesuffix("年")
        normalised, prices = match["unit"], CONSTANT if year == "不变" else year
    numerator, *denominators = _PER.split(normalised)
    scale, atom = _measure(numerator, text)
    if not denominators:
        return Unit(atom, scale, prices=prices)
    if len(denominators) > 1:
        raise _unknown_unit_error(text)
    divisor, per = _measure(denominators[0], text)
    return Unit(atom, scale / divisor, per=per, prices=prices)


def is_unit(text: str) -> bool:
    """Return whether a text is a unit."""
    try:
        parse(text)
    except UnitError:
        return False
    return True


def factor(source: Unit, target: Unit) -> Fraction:
    """Return the exact number that turns figures in `source` into figures in `target`."""
    for part in _PARTS:
        if getattr(source, part) != getattr(target, part):
            raise mismatch(source, target, part)
    return source.scale / target.scale


def mismatch(source: Unit, target: Unit, part: str) -> UnitError:
    """Return the error for units that differ in `part`: ``dimension, atom, per, prices, base``."""
    return UnitError("data.units-differ", source=source, target=target, why=words.data.differ_of(part))


def _index(match: re.Match[str], text: str) -> Unit:
    value = Fraction(match["value"])
    period = chained().get(match["base"].lower())
    base = match["base"].removesuffix("年").strip()
    if value == 0 or not (period or base == ANY_BASE or _YEAR.fullmatch(base)):
        raise _unknown_unit_error(text)
    return Unit(INDEX, 1 / value, base=f"previous {period}" if period else base)


def _measure(part: str, text: str) -> tuple[Fraction, str]:
    """Return size and atom of one side of a unit, such as ``1e8 CNY``."""
    size, rest = Fraction(1), part.strip()
    while rest and size:
        if (word := sizes_and_names().get(rest.lower())) and 1 / _LARGEST < size < _LARGEST:
            return size * word.size, word.atom
        step, length = _scale(rest)
        if not length:
            break
        size, rest = size * step, rest[length:].lstrip()
    raise _unknown_unit_error(text)


def _scale(rest: str) -> tuple[Fraction, int]:
    """Return the size of the scale that a text starts with, and how many letters it takes."""
    if match := _SCALE.match(rest):
        power = match["power"]
        return Fraction(10) ** int(power) if power else Fraction(match["number"]), match.end()
    word = next((word for word in scales() if rest.lower().startswith(word)), "")
    return scales().get(word, Fraction(1)), len(word)


def _unknown_unit_error(text: str) -> UnitError:
    spellings = {spelling: str(Unit(*word)) for spelling, word in sizes_and_names().items() if len(spelling) > 1}
    spellings |= {example.lower(): example for example in _EXAMPLES}
    close = difflib.get_close_matches(text.strip().lower(), spellings, n=1, cutoff=_CUTOFF)
    nearest = spellings[close[0]] if close else None
    if nearest:
        return UnitError("data.unknown-unit", nearest=nearest, text=text)
    return UnitError("data.no-such-unit", text=text, first=_EXAMPLES[0], other=_EXAMPLES[3])


def _number(size: Fraction) -> str:
    if size.denominator != 1:
        return repr(float(size))
    digits = str(size.numerator)
    bare = digits.rstrip("0")
    zeros = len(digits) - len(bare)
    return f"{bare}e{zeros}" if zeros > 2 else digits  # noqa: PLR2004 - 100 reads better than 1e2

"""The words of units, read from ``units.yaml``."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import NamedTuple

from xinzhi.data.facts import facts

_FACTS = "units.yaml"


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
        return next((words[0] for known, words in self.multiples if known == size), None)


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
        for name, entry in facts(_FACTS)["atoms"].items()
    }


@cache
def words() -> dict[str, Word]:
    """Return what every spelling means, in lower case."""
    found = {}
    for atom in atoms().values():
        for spelling in (atom.name, *atom.spellings):
            found[spelling.lower()] = Word(atom.name, Fraction(1))
        for size, spellings in atom.multiples:
            found |= {spelling.lower(): Word(atom.name, size) for spelling in spellings}
    return found


@cache
def scales() -> dict[str, Fraction]:
    """Return the size of every scale word, longest word first."""
    entries = facts(_FACTS)["scales"]
    return {word: Fraction(entries[word]) for word in sorted(entries, key=len, reverse=True)}


@cache
def chained() -> dict[str, str]:
    """Return ``year``, ``quarter`` or ``month`` for every way to say that an index compares with the period before."""
    return {word: period for period, spellings in facts(_FACTS)["chained"].items() for word in spellings}

"""The choices that a protocol leaves open: its own values, their alternatives, which of them combine, and words."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import product

import numpy as np

from xinzhi import words
from xinzhi.core.arrays import BoolArray, IntArray
from xinzhi.core.errors import UsageError
from xinzhi.core.text import Text, clauses, join_with_commas, read_words, same, unit_text
from xinzhi.protocol import DatedValue, Protocol, registry, specification

LONGEST = 40


def level_text(choice: Choice, at: int) -> Text:
    """Return what one level of a choice means: the values that tell it from the reference level."""
    values, reference = choice.levels[at].values, choice.levels[0].values
    if at:
        telling = [path for path in values if path not in reference or reference[path] != values[path]]
    else:
        spellings = {
            path: {repr(level.values[path]) for level in choice.levels if path in level.values} for path in values
        }
        telling = [path for path in values if len(spellings[path]) > 1]
    return join_with_commas([value_text(path, values[path]) for path in telling or values])


def departure(choice: Choice, at: int) -> Text:
    """Return a level that departs as ``choice: level``."""
    return words.shared.audit_departure(name=specification(choice.name).title, level=level_text(choice, at))


def value_text(path: str, value: object) -> Text:
    """Return the value of a parameter in a few words; a ratio of at most 1 in percent."""
    if isinstance(value, DatedValue):
        first, *rest = value.entries
        later = [words.shared.audit_from(year=start.year, value=value_text(path, dated)) for start, dated in rest]
        return join_with_commas([value_text(path, first[1]), *later])
    parameter = specification(path)
    if isinstance(value, str):
        return _short().get(path, {}).get(value) or _cut(parameter.allowed.get(value) or same(value))
    if isinstance(value, bool) or not isinstance(value, int | float):
        return _cut(same(value))
    if parameter.unit == "ratio" and parameter.maximum == 1:
        return same(f"{100 * value:g}%")
    if parameter.unit in {"ratio", "choice", "year"}:
        return same(f"{value:g}")
    unit = unit_text(parameter.unit)
    return Text(zh=f"{value:g}{unit.zh}", en=f"{value:g} {unit.en}")


def _cut(text: Text) -> Text:
    def short(words_cut: str) -> str:
        return words_cut if len(words_cut) <= LONGEST else f"{words_cut[: LONGEST - 1]}…"

    return Text(zh=short(text.zh), en=short(text.en))


@cache
def _short() -> Mapping[str, Mapping[str, Text]]:
    document = read_words("levels.yaml")
    return {path: {name: Text(**text) for name, text in values.items()} for path, values in document.items()}


def departures_text(choices: Sequence[Choice], row: IntArray) -> Text:
    """Return how a combination of levels departs from the reference one; empty where it does not."""
    return clauses([departure(choice, at) for choice, at in zip(choices, row.tolist(), strict=True) if at])


@dataclass(frozen=True, slots=True)
class Level:
    """One way to settle a choice: the values of its parameters that are in force, and how many depart."""

    values: Mapping[str, object]
    departs: tuple[str, ...]

    def label(self) -> str:
        """Return the departures as ``path=value``; empty for the reference level."""
        return ", ".join(f"{path}={spell(self.values[path])}" for path in self.departs)


@dataclass(frozen=True, slots=True)
class Choice:
    """One axis of the dispute: parameters that depend on one another are settled together.

    `name` is the parameter that the others hang on, such as ``shares.rule``; the first level is the protocol's own.
    """

    name: str
    paths: tuple[str, ...]
    levels: tuple[Level, ...]

    def without(self, positions: set[int]) -> Choice:
        """Return the choice without some of its levels."""
        return Choice(
            self.name, self.paths, tuple(level for at, level in enumerate(self.levels) if at not in positions)
        )


@dataclass(frozen=True)
class Grid:
    """Every combination of the choices, and which of them are admissible."""

    protocol: Protocol
    choices: tuple[Choice, ...]
    admissible: BoolArray

    @cached_property
    def rows(self) -> IntArray:
        """The admissible combinations `(N, d)`, the reference one first."""
        return np.argwhere(self.admissible)

    def values(self, row: IntArray) -> dict[str, object]:
        """Return the parameters of one combination that are in force."""
        picked: dict[str, object] = {}
        for choice, at in zip(self.choices, row.tolist(), strict=True):
            picked |= choice.levels[at].values
        return picked

    def departures(self, row: IntArray) -> tuple[str, ...]:
        """Return the parameters in which a combination departs from the reference protocol."""
        pairs = zip(self.choices, row.tolist(), strict=True)
        return tuple(path for choice, at in pairs for path in choice.levels[at].departs)

    def departure_counts(self) -> IntArray:
        """Return how many parameters depart, for every cell of the grid."""
        total = np.zeros(self.admissible.shape, dtype=np.int64)
        for axis, choice in enumerate(self.choices):
            counts = np.array([len(level.departs) for level in choice.levels], dtype=np.int64)
            total += counts.reshape(_along(axis, self.admissible.ndim))
        return total


def spell(value: object) -> str:
    """Return a value as a table shows it.

    >>> spell(DatedValue.from_mapping({1952: "geometric", 1993: "reported"}))
    'geometric;1993:reported'
    """
    if isinstance(value, DatedValue):
        first, *rest = value.entries
        return ";".join([str(first[1]), *(f"{start.year}:{version}" for start, version in rest)])
    return f"{value:g}" if isinstance(value, float) else str(value)


def choices(protocol: Protocol) -> tuple[Choice, ...]:
    """Return the choices of a protocol: every parameter with alternatives, joined with those that hang on it.

    A parameter is in force when the catalogue needs it under the other values; a combination that changes one which is
    not in force would be the same yardstick twice and is left out.
    """
    # What is only reported differently is no other yardstick.
    specifications = {path: specification(path) for path in protocol.parameters}
    measured = [
        path
        for path, parameter in specifications.items()
        if parameter.group != "reporting" and parameter.role == "computation"
    ]
    open_paths = [path for path in measured if len(_candidates(protocol, path)) > 1]
    return tuple(_choice(protocol, group) for group in _dependent_groups(open_paths))


def _candidates(protocol: Protocol, path: str) -> list[object]:
    """Return the protocol's own value and its alternatives, each once."""
    parameter = protocol.parameters[path]
    candidates: list[object] = []
    if parameter.value is None:
        return candidates
    for value in (parameter.value, *(alternative.value for alternative in parameter.alternatives)):
        if value is not None and value not in candidates:
            candidates.append(value)
    return candidates


def _dependent_groups(paths: list[str]) -> Iterator[list[str]]:
    """Group paths of which one decides whether another is in force."""
    group = {path: path for path in paths}

    def root(path: str) -> str:
        return path if group[path] == path else root(group[path])

    for path in paths:
        for condition in specification(path).needed_when:
            if condition in group:
                group[root(path)] = root(condition)
    for head in dict.fromkeys(root(path) for path in paths):
        yield [path for path in paths if root(path) == head]


def _choice(protocol: Protocol, paths: list[str]) -> Choice:
    """Return one choice with its levels, the reference one first."""
    levels: list[Level] = []
    for combination in product(*(_candidates(protocol, path) for path in paths)):
        values = dict(zip(paths, combination, strict=True))
        idle = [path for path in paths if not _in_force(protocol, path, values)]
        if any(values[path] != protocol.parameters[path].value for path in idle):
            continue
        departs = tuple(path for path in paths if path not in idle and values[path] != protocol.parameters[path].value)
        levels.append(Level({path: values[path] for path in paths if path not in idle}, departs))
    head = next((path for path in paths if not set(specification(path).needed_when) & set(paths)), paths[0])
    return Choice(head, tuple(paths), tuple(levels))


def _in_force(protocol: Protocol, path: str, values: Mapping[str, object]) -> bool:
    """Return whether the catalogue needs a parameter under these values and the rest of the protocol."""

    def versions(path_read: str) -> tuple[object, ...]:
        value = values.get(
            path_read, protocol.parameters[path_read].value if path_read in protocol.parameters else None
        )
        return value.values() if isinstance(value, DatedValue) else (value,)

    needed = specification(path).needed_when
    return all(any(value in allowed for value in versions(condition)) for condition, allowed in needed.items())


def grid(protocol: Protocol, selection: tuple[Choice, ...]) -> Grid:
    """Return all combinations of the choices, less those that the protocol excludes."""
    if not selection:
        raise UsageError("yardstick.no-alternatives", id=protocol.id)
    admissible = np.ones(tuple(len(choice.levels) for choice in selection), dtype=np.bool_)
    for exclusion in protocol.exclude:
        hit = np.ones_like(admissible)
        for path, value in exclusion.when.items():
            hit &= _has(protocol, selection, path, value)
        admissible &= ~hit
    if not admissible.ravel()[0]:
        excluded = protocol.excluded_combination()
        reason = excluded.reason if excluded else ""
        raise UsageError("yardstick.excludes-itself", id=protocol.id, reason=reason)
    return Grid(protocol, selection, admissible)


def sourced_levels(
    protocol: Protocol, selection: tuple[Choice, ...]
) -> tuple[tuple[Choice, ...], list[tuple[str, object]]]:
    """Keep the levels of which every value is used by a source; return also the values that none uses.

    A protocol that says of none of its alternatives what they are used for admits them all.
    """
    paths = [path for choice in selection for path in choice.paths]
    alternatives = [(path, alternative) for path in paths for alternative in protocol.parameters[path].alternatives]
    if not any(alternative.used_for for _, alternative in alternatives):
        return selection, []
    without = [(path, alternative.value) for path, alternative in alternatives if not alternative.used_for]
    rest, dropped = [], []
    for choice in selection:
        alien = [
            [pair for pair in without if pair[0] in level.departs and level.values[pair[0]] == pair[1]]
            for level in choice.levels
        ]
        rest.append(choice.without({at for at, values in enumerate(alien) if values}))
        dropped += [pair for values in alien for pair in values]
    return tuple(choice for choice in rest if len(choice.levels) > 1), [pair for pair in without if pair in dropped]


def has_unsourced(protocol: Protocol, selection: tuple[Choice, ...]) -> bool:
    """Say whether alternatives are among the levels that no source uses for the economy."""
    paths = [path for choice in selection for path in choice.paths]
    alternatives = [(path, alternative) for path in paths for alternative in protocol.parameters[path].alternatives]
    without = [(path, alternative.value) for path, alternative in alternatives if not alternative.used_for]
    return any(
        path in level.departs and level.values[path] == value
        for choice in selection
        for level in choice.levels
        for path, value in without
    )


def close(selection: tuple[Choice, ...], paths: Collection[str]) -> tuple[Choice, ...]:
    """Settle some parameters at the protocol's own value: drop the levels that depart in them."""
    rest = [
        choice.without({at for at, level in enumerate(choice.levels) if set(level.departs) & set(paths)})
        for choice in selection
    ]
    return tuple(choice for choice in rest if len(choice.levels) > 1)


def within(
    protocol: Protocol, selection: tuple[Choice, ...], most: int, order: Sequence[str]
) -> tuple[tuple[Choice, ...], tuple[str, ...]]:
    """Close parameters in this order until no more than `most` combinations are left; return what was closed too."""
    closed: list[str] = []
    for path in order:
        if not selection or int(grid(protocol, selection).admissible.sum()) <= most:
            break
        rest = close(selection, [path])
        if rest != selection:
            selection = rest
            closed.append(path)
    return selection, tuple(closed)


def _has(protocol: Protocol, selection: tuple[Choice, ...], path: str, value: object) -> BoolArray:
    """Return the cells in which a parameter is in force with a value."""
    for axis, choice in enumerate(selection):
        if path in choice.paths:
            hit = np.array([path in level.values and _is(level.values[path], value) for level in choice.levels])
            return np.asarray(hit.reshape(_along(axis, len(selection))))
    current = protocol.parameters[path].value if path in protocol.parameters else None
    return np.asarray(_is(current, value))


def _is(current: object, target: object) -> bool:
    """Return whether a value, in any of its years, is the one wanted."""
    return target in current.values() if isinstance(current, DatedValue) else current == target


def _along(axis: int, dimensions: int) -> tuple[int, ...]:
    """Return the shape that lays a vector along one axis of a grid."""
    return tuple(-1 if dimension == axis else 1 for dimension in range(dimensions))


@dataclass(frozen=True, slots=True)
class Nearest:
    """The published protocol nearest to every admissible one."""

    names: tuple[str, ...]
    which: IntArray
    distance: IntArray


def nearest_protocols(full_grid: Grid) -> Nearest:
    """Compare every admissible protocol with the registry on the parameters that are open."""
    # A parameter that only one of the two has in force counts as a difference. Of equally near ones the first in the
    # registry is named.
    others = (protocol_of_registry for protocol_of_registry in registry())
    published = [
        protocol_of_registry
        for protocol_of_registry in others
        if protocol_of_registry.status == "published" and protocol_of_registry.id != full_grid.protocol.id
    ] or [full_grid.protocol]
    needed = {
        published_protocol.id: {
            path for path in published_protocol.required_paths() if published_protocol.declares(path)
        }
        for published_protocol in published
    }
    rows = full_grid.rows
    distance = np.zeros((len(rows), len(published)), dtype=np.int64)
    for axis, choice in enumerate(full_grid.choices):
        theirs = [
            {
                path: published_protocol.parameters[path].value
                for path in choice.paths
                if path in needed[published_protocol.id]
            }
            for published_protocol in published
        ]
        table = [
            [
                sum(level.values.get(path) != published_values.get(path) for path in choice.paths)
                for published_values in theirs
            ]
            for level in choice.levels
        ]
        distance += np.array(table)[rows[:, axis]]
    which = distance.argmin(axis=1)
    return Nearest(
        names=tuple(published_protocol.id for published_protocol in published),
        which=which,
        distance=np.take_along_axis(distance, which[:, None], axis=1)[:, 0],
    )

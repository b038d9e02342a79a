"""The protocol of the registry that every admissible one is nearest to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from xinzhi.core.arrays import IntArray
from xinzhi.protocol import Protocol, registry
from xinzhi.yardstick.audit.choices import Choice, Grid


@dataclass(frozen=True, slots=True)
class Nearest:
    """The published protocol nearest to every admissible one."""

    names: tuple[str, ...]
    which: IntArray
    distance: IntArray


def nearest(every: Grid) -> Nearest:
    """Compare every admissible protocol with the registry on the parameters that are open."""
    # A parameter that only one of the two has in force counts as a difference. Of equally near ones the first in the
    # registry is named.
    published = [item for item in registry() if item.id != every.protocol.id] or [every.protocol]
    rows = every.rows
    distance = np.zeros((len(rows), len(published)), dtype=np.int64)
    for axis, choice in enumerate(every.choices):
        table = np.array([[_differences(choice, at, item) for item in published] for at in range(len(choice.levels))])
        distance += table[rows[:, axis]]
    which = distance.argmin(axis=1)
    return Nearest(
        names=tuple(item.id for item in published),
        which=which,
        distance=np.take_along_axis(distance, which[:, None], axis=1)[:, 0],
    )


def _differences(choice: Choice, at: int, other: Protocol) -> int:
    """Return in how many parameters one level of a choice differs from a published protocol."""
    values = choice.levels[at].values
    needed = set(other.needed())
    return sum(
        values.get(path) != (other.parameters[path].value if path in needed and other.declares(path) else None)
        for path in choice.paths
    )

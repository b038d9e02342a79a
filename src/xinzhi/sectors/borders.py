"""Who borders on whom: the land borders of the provinces, and neighbours that a caller brings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from xinzhi.core.errors import InputError, UsageError
from xinzhi.sectors.parameters import document
from xinzhi.sectors.reading import shorten

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xinzhi.core.arrays import FloatArray

    Neighbours = Mapping[str, Sequence[str]]

Islands = Literal["refuse", "drop"]


def contiguity(*, sea: bool = False) -> dict[str, tuple[str, ...]]:
    """Return the neighbours of each of the 31 provincial regions of the mainland, by code.

    Parameters
    ----------
    sea
        Also join Hainan to Guangdong across the Qiongzhou Strait; without it Hainan has no neighbour.

    Returns
    -------
    dict
        68 land borders, each on both sides; the facts stand in ``contiguity.yaml`` with their source.

    Examples
    --------
    >>> contiguity()["460000"], contiguity(sea=True)["460000"]
    ((), ('440000',))
    """
    facts = document("contiguity.yaml")
    found = {region: list(others) for region, others in facts["land"].items()}
    if sea:
        for item in facts["sea"]:
            one, other = item["pair"]
            found[one].append(other)
            found[other].append(one)
    return {region: tuple(sorted(others)) for region, others in found.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """Spatial weights of a set of regions.

    Parameters
    ----------
    regions
        The regions that have neighbours, sorted.
    matrix
        Row-standardised weights `(n, n)`, every row adding up to 1 and the diagonal 0.
    dropped
        Islands that were left out.
    parts
        Number of separate parts that the neighbours fall into.
    """

    regions: tuple[str, ...]
    matrix: FloatArray
    dropped: tuple[str, ...] = ()
    parts: int = 1


def spatial_weights(neighbours: Neighbours, regions: Sequence[str], *, islands: Islands = "refuse") -> Weights:
    """Return row-standardised weights among regions.

    Parameters
    ----------
    neighbours
        Region and those it borders on; borders must be named on both sides.
    regions
        The regions wanted; a neighbour that is not among them does not count.
    islands
        What to do with a region that has no neighbour among them: ``refuse`` or ``drop``.

    Raises
    ------
    UsageError
        When `islands` is neither.
    InputError
        When a region is not in the list, borders on itself, a border is named on one side only, or there are islands
        that are not to be dropped.

    Examples
    --------
    >>> spatial_weights({"a": ["b"], "b": ["a", "c"], "c": ["b"]}, ["a", "b", "c"]).matrix.tolist()
    [[0.0, 1.0, 0.0], [0.5, 0.0, 0.5], [0.0, 1.0, 0.0]]
    """
    if islands not in {"refuse", "drop"}:
        message = f"islands='{islands}': it is refuse or drop."
        raise UsageError(message)
    wanted = sorted(set(regions))
    if unknown := [name for name in wanted if name not in neighbours]:
        message = f"no neighbours are given for {shorten(unknown)}: add them to the list, or leave the regions out."
        raise InputError(message)
    _symmetric(neighbours, wanted)
    alone = [name for name in wanted if not set(neighbours[name]) & set(wanted)]
    if alone and islands == "refuse":
        message = (
            f"no neighbour among the regions: {shorten(alone)}. Name one "
            "(contiguity(sea=True) joins Hainan to Guangdong), or leave such regions out with islands='drop'."
        )
        raise InputError(message)
    kept = [name for name in wanted if name not in alone]
    place = {name: position for position, name in enumerate(kept)}
    matrix = np.zeros((len(kept), len(kept)))
    for name in kept:
        for other in neighbours[name]:
            if other in place:
                matrix[place[name], place[other]] = 1.0
    if not kept:
        message = "no two of the regions are neighbours."
        raise InputError(message)
    return Weights(
        regions=tuple(kept),
        matrix=matrix / matrix.sum(axis=1, keepdims=True),
        dropped=tuple(alone),
        parts=_parts(matrix),
    )


def _symmetric(neighbours: Neighbours, wanted: Sequence[str]) -> None:
    """Raise where a border stands on one side only, or a region borders on itself."""
    for one in wanted:
        for other in neighbours[one]:
            if one == other or one not in neighbours.get(other, ()):
                side = "borders on itself" if one == other else f"borders on {other}, but {other} does not on {one}"
                message = f"the neighbours contradict themselves: {one} {side}."
                raise InputError(message)


def _parts(matrix: FloatArray) -> int:
    """Return the number of separate parts of a graph."""
    label = np.arange(len(matrix))
    while True:
        # every region takes the smallest label among itself and its neighbours, until none changes
        near = np.where(matrix > 0, label[None, :], len(matrix)).min(axis=1)
        smaller = np.minimum(label, near)
        if (smaller == label).all():
            return int(np.unique(label).size)
        label = smaller

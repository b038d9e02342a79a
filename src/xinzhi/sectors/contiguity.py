"""Who borders on whom: the land borders of the provinces, and neighbours that a caller brings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from xinzhi.core.arrays import FloatArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.spatial import adjacency, parts, row_standardised
from xinzhi.sectors.conventions import document

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
    """Spatial weights of a set of regions."""

    regions: tuple[str, ...]
    matrix: FloatArray
    dropped: tuple[str, ...] = ()
    parts: int = 1


def spatial_weights(neighbours: Neighbours, regions: Sequence[str], *, islands: Islands = "refuse") -> Weights:
    """Return row-standardised weights among regions."""
    if islands not in {"refuse", "drop"}:
        raise UsageError("sectors.islands", islands=islands)
    wanted = sorted(set(regions))
    if unknown := [name for name in wanted if name not in neighbours]:
        raise InputError("sectors.no-neighbours-given", names=unknown)
    _symmetric(neighbours, wanted)
    inside = set(wanted)
    alone = [name for name in wanted if inside.isdisjoint(neighbours[name])]
    if alone and islands == "refuse":
        raise InputError("sectors.island", names=alone)
    kept = [name for name in wanted if name not in alone]
    if not kept:
        raise InputError("sectors.no-neighbours")
    matrix = adjacency(neighbours, kept)
    return Weights(regions=tuple(kept), matrix=row_standardised(matrix), dropped=tuple(alone), parts=parts(matrix))


def _symmetric(neighbours: Neighbours, wanted: Sequence[str]) -> None:
    """Raise where a border stands on one side only, or a region borders on itself."""
    for region in wanted:
        for other in neighbours[region]:
            if region == other:
                raise InputError("sectors.borders-itself", region=region)
            if region not in neighbours.get(other, ()):
                raise InputError("sectors.one-sided-border", region=region, other=other)

"""The set of regions that sums, ranks, levels and gaming refer to: who declares it, and which of them are there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from xinzhi.core.result import Facts
from xinzhi.core.text import Text
from xinzhi.data import NATION, Package
from xinzhi.protocol import Protocol

# Who declares the set: the protocol under its fingerprint, the table `regions` of the package, or nobody.
By = Literal["protocol", "regions", "accounts"]


@dataclass(frozen=True, slots=True)
class RegionSet:
    """The declared set of regions, and those of them that could not be measured here.

    `foreign` says that the protocol declares a set and these regions are none of it, so that its national series are
    those of another population.
    """

    declared: tuple[str, ...]
    missing: tuple[str, ...]
    by: By
    foreign: bool = False

    @property
    def complete(self) -> bool:
        """Whether every region of the set was measured, so that sums and ranks mean the set."""
        return not self.missing

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary, for provenance and certificate."""
        return {"declared_by": self.by, "declared": len(self.declared), "missing": list(self.missing)}

    def facts(self, names: Sequence[Text]) -> Facts:
        """Return what is said where the set is not whole, or was declared by nobody; `names` are those measured."""
        said: Facts = {"note.set_foreign": {"n": len(names)}} if self.foreign else {}
        n, k = len(self.declared), len(self.declared) - len(self.missing)
        if not self.complete:
            return said | {"note.set_incomplete": {"n": n, "k": k, "by": self.by}}
        return said | ({"note.set_undeclared": {"n": n}} if self.by == "accounts" and n > 1 else {})


UNDECLARED = RegionSet((), (), "accounts")


def region_set(package: Package, protocol: Protocol, regions: Sequence[str], measured: Sequence[str]) -> RegionSet:
    """Return the declared set for the regions of a package, of which some were measured.

    The protocol's set holds where every region belongs to it: a file with a few of its regions does not make another
    set. For regions of another kind (counties, countries, industries) the package's table `regions` declares it; where
    there is neither, the regions that were handed in stand for the set, and results say so.
    """
    table = package.optional("regions", verb="measure")
    declared: tuple[str, ...]
    by: By
    if list(regions) == [NATION]:  # the one region that the national series of a protocol speak of
        return RegionSet((NATION,), tuple({NATION} - set(measured)), "protocol")
    if protocol.regions and set(regions) <= set(protocol.regions):
        declared, by = tuple(protocol.regions), "protocol"
    elif table is not None and "region" in table.columns:
        declared, by = tuple(sorted({*table["region"].drop_nulls().to_list(), *regions})), "regions"
    else:
        declared, by = tuple(regions), "accounts"
    foreign = (
        bool(protocol.regions) and not set(regions) & set(protocol.regions) and protocol.declares("shares.national")
    )
    there = set(measured) if by != "accounts" else set(declared)
    return RegionSet(declared, tuple(code for code in declared if code not in there), by, foreign)

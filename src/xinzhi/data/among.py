"""A package that holds a part of the provinces, among the others of the package that ships.

What is said of a region must not depend on who else is in its package: a share of the nation, a rank and a worst
quarter need all regions.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import polars as pl

from xinzhi.data.loading import load
from xinzhi.data.package import Package

WHOLE = "china-provinces"
_REVISED = 0.05  # censuses have moved the output of a year by up to a few percent; another place is further off
_PROVINCE = re.compile(r"\d\d0000")


@dataclass(frozen=True, slots=True)
class Among:
    """A package with the regions that it lacks, its own regions, and the fingerprints of what the others come from."""

    package: Package
    regions: tuple[str, ...]
    read: dict[str, str]


def among(package: Package) -> Among | None:
    """Return a package with the other provinces in each of its tables; None where it holds no part of them, or all.

    A package whose output is not that of the provinces (it may use their codes for something else) stands alone.

    Examples
    --------
    >>> from xinzhi.data import load
    >>> among(load("china-provinces")) is None
    True
    """
    own = package.tables.get("regions")
    codes = set() if own is None else set(own["region"].to_list())
    if not codes or not all(_PROVINCE.fullmatch(one) for one in codes):
        return None
    whole = load(WHOLE)
    if not codes < set(whole.tables["regions"]["region"].to_list()) or not _same_places(package, whole):
        return None
    shared = [name for name, table in package.tables.items() if "region" in table.columns and name in whole.tables]
    elsewhere = ~pl.col("region").is_in(list(codes))
    tables = {
        name: pl.concat([package.tables[name], whole.tables[name].filter(elsewhere)], how="diagonal_relaxed")
        .select(package.tables[name].columns)
        .sort("region", maintain_order=True)
        for name in shared
    }
    return Among(
        package=replace(package, tables={**package.tables, **tables}),
        regions=tuple(sorted(codes)),
        read={f"{WHOLE}/{name}": whole.fingerprint(name) for name in shared},
    )


def _same_places(package: Package, whole: Package) -> bool:
    """Return whether output in a package is, up to a revision, that of the provinces with the same codes."""
    own = package.tables.get("accounts")
    if own is None or "output_nominal" not in own.columns:
        return False
    both = own.join(whole.tables["accounts"], on=["region", "year"]).drop_nulls(
        ["output_nominal", "output_nominal_right"]
    )
    apart = (pl.col("output_nominal") / pl.col("output_nominal_right") - 1).abs().median()
    return both.height > 0 and float(both.select(apart).item()) <= _REVISED

"""Indicators out of a data package: ratios, made from its tables as far as these reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from xinzhi.core.errors import InputError
from xinzhi.sectors.composite.messages import finding, refuse
from xinzhi.sectors.composite.reading import load_system

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Any

    from xinzhi.data import Package
    from xinzhi.sectors.composite.system import Indicator, Part, System

_KEY = ["region", "year"]
_LONG = "indicators"


def from_package(package: Package | str | Path, system: System | str | Path | Mapping[str, Any]) -> pl.DataFrame:
    """Return the indicators of a system that a package can fill, as ratios in the unit that the system states.

    Parameters
    ----------
    package
        A data package, or the name or path of one.
    system
        As in `index`.

    Returns
    -------
    polars.DataFrame
        ``region, year`` and a column for every indicator within reach, for the years in which there is any.

    Raises
    ------
    InputError
        When nothing is within reach, a table has errors, or a denominator is zero.

    Examples
    --------
    >>> frame = from_package("china-provinces", "xinzhi-sectors")
    >>> frame.columns[:3], frame["region"].n_unique()
    (['region', 'year', 'schooling'], 31)
    """
    from xinzhi.data import Package, load

    source = package if isinstance(package, Package) else load(package)
    rules = load_system(system)
    whole: pl.DataFrame | None = None
    for item in rules.indicators:
        column = _column(source, item)
        if column is None:
            continue
        whole = column if whole is None else whole.join(column, on=_KEY, how="full", coalesce=True)
    if whole is None:
        message = f"the package {source.name} has nothing that the system {rules.id} is made from."
        raise InputError(message)
    return whole.sort("year", "region")


def _column(package: Package, item: Indicator) -> pl.DataFrame | None:
    """Return one indicator by region and year, or None where the package does not reach."""
    parts = [part for part in (item.numerator, item.divisor) if part]
    if not parts or any(part.table is None for part in parts):
        return None
    read = [_part(package, part) for part in parts]
    found = [frame for frame in read if frame is not None]
    if len(found) < len(read):
        return None
    column = found[0].with_columns(pl.col("value") * item.factor)
    if item.divisor:
        column = column.join(found[1].rename({"value": "below"}), on=_KEY).with_columns(
            pl.col("value") / pl.col("below")
        )
        if (bad := column.filter(pl.col("value").is_infinite() | pl.col("value").is_nan())).height:
            place = {"column": item.divisor.label(), "key": f"{bad['region'][0]}/{bad['year'][0]}"}
            refuse(f"{package.name} cannot be used", [finding("infinite-value", place=place, name=item.code)])
    return column.select(*_KEY, pl.col("value").alias(item.code))


def _part(package: Package, part: Part) -> pl.DataFrame | None:
    """Return a column by region and year, without gaps; None where the package does not have it."""
    name = str(part.table)
    frame = package.tables.get(name)
    if frame is None:
        return None
    if name == _LONG and part.key is None:
        frame, column = frame.filter(pl.col("indicator") == part.column), "value"
    else:
        column = part.column
        if part.key is not None:
            if part.key not in frame.columns:
                return None
            frame = frame.filter(pl.col(part.key).cast(pl.String) == part.value)
    if not {*_KEY, column} <= set(frame.columns):
        return None
    package.require(name, [*_KEY, column], verb="index", despite=["missing-year"])
    found = frame.select(*_KEY, pl.col(column).cast(pl.Float64).alias("value")).drop_nulls()
    if not found.height:
        return None
    if found.select(_KEY).is_duplicated().any():
        message = (
            f"{part.label()} has several rows per region and year: say which in the system, as "
            f"{name}.{part.column}[key=value]."
        )
        raise InputError(message)
    return found

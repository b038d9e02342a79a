"""The accounts of the nation: one series of the table ``nation``, in the vintage that ``nation.yaml`` chooses."""

from __future__ import annotations

from typing import Any

import polars as pl

from xinzhi.core.errors import InputError
from xinzhi.core.parameters import read_yaml, setting
from xinzhi.data.catalogue import HERE
from xinzhi.data.package import Package
from xinzhi.data.units import factor, parse

NATION = "nation"
NEEDED = ("variable", "year", "value", "unit", "status")


def national_series(package: Package, variable: str, *, unit: str | None = None, verb: str = "nation") -> pl.DataFrame:
    """Return one series of the nation: for each year the figure of the vintage that counts.

    Parameters
    ----------
    package, variable
        A package with the table ``nation``, and a variable such as ``gfcf_nominal``.
    unit
        Unit of the figures; as written where None, of the first row where rows differ.
    verb
        Who needs it, for the message.

    Returns
    -------
    polars.DataFrame
        ``year, value, status, vintage``, sorted by year; years without a figure are not there.

    Raises
    ------
    InputError
        When one year has several figures of which none is chosen, or when a unit does not convert.

    Examples
    --------
    >>> from xinzhi.data import load
    >>> series = national_series(load("china-provinces"), "gfcf_nominal")
    >>> series.filter(year=2017)["value"].item()
    348300.11
    """
    series = series_of(package.require("nation", NEEDED, verb=verb), variable, unit)
    if series.is_empty():
        raise InputError("data.nation-variable", verb=verb, name=package.name, variable=variable)
    return series


def series_of(table: pl.DataFrame, variable: str, unit: str | None = None) -> pl.DataFrame:
    """Return one series of a table of the nation, empty where it has none."""
    vintage = pl.col("vintage") if "vintage" in table.columns else pl.lit(None, dtype=pl.String)
    rows = table.filter(pl.col("variable") == variable, pl.col("value").is_not_null())
    rows = rows.with_columns(vintage.alias("vintage"))
    # for each year the rows of the first vintage of the list; all rows where none of them is of the list
    choice = national_choice(variable)
    order = {name: at for at, name in enumerate(choice["vintages"])} if choice else {}
    place = pl.col("vintage").replace_strict(order, default=None, return_dtype=pl.Int64)
    first = (place == place.min().over("year")).fill_null(value=False)
    rows = rows.filter(place.is_null().all() | first)
    if rows["year"].n_unique() < rows.height:
        twice = rows.filter(pl.col("year").is_duplicated())
        vintages = sorted({str(name) for name in twice["vintage"]})
        raise InputError("data.nation-vintages", variable=variable, year=twice["year"].min(), vintages=vintages)
    units = rows["unit"].to_list()
    present = [label for label in dict.fromkeys(units) if label is not None]  # a figure without a unit is none
    target = parse(unit or present[0]) if present else None
    sizes = {label: float(factor(parse(label), target)) for label in present if target is not None}
    value = pl.col("value") * pl.Series([sizes.get(label) for label in units], dtype=pl.Float64)
    return rows.select("year", value, "status", "vintage").sort("year")


def national_choice(variable: str) -> dict[str, Any] | None:
    """Return the choice of ``nation.yaml`` for a variable: its vintages in order, and the reason; None without one."""
    choices: list[dict[str, Any]] = read_yaml(HERE / "nation.yaml")["choices"]
    return next((choice for choice in choices if variable in choice["variables"]), None)


def nation_codes() -> frozenset[str]:
    """Return what the nation may be called, in lower case.

    >>> "china" in nation_codes()
    True
    """
    account = setting(HERE / "nation.yaml", "account")
    return frozenset(str(spelling).casefold() for spelling in (NATION, *account["name"].values(), *account["also"]))

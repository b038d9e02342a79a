"""The nation as a package of one region, from its own series; and a part of the provinces put among the others.

What is said of a region must not depend on who else is in its package: a share of the nation, a rank and a worst
quarter need all regions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from math import exp, log, log1p
from typing import Any

import polars as pl

from xinzhi.core.parameters import setting
from xinzhi.data.catalogue import HERE
from xinzhi.data.loading import load
from xinzhi.data.nation import NATION, national_series, series_of
from xinzhi.data.package import Package

AMOUNT, PERSONS = "1e8 CNY", "1e4 persons"


def national_package(package: Package, *, verb: str = "nation") -> Package:
    """Return the nation as a package of one region, built from the table ``nation`` alone.

    Output is moved by the published growth; investment is national gross fixed capital formation. Its price is what
    its published volume leaves, and the deflator of output before that volume begins. Years in which employment breaks
    are marked; ``nation.yaml`` lists them.

    Parameters
    ----------
    package
        A package with the table `nation`: ``gdp_nominal``, ``gdp_growth``, ``gfcf_nominal`` and ``employment``, and
        where known ``gcf_nominal`` with ``gcf_growth_real``, and ``schooling_6plus``.
    verb
        Who needs it, for the message.

    Raises
    ------
    InputError
        When a series that is needed is not there.

    Examples
    --------
    >>> import xinzhi
    >>> national_package(xinzhi.load("china-provinces")).tables["accounts"]["year"].min()
    1978
    """
    account = setting(HERE / "nation.yaml", "account")
    nominal = _values(package, "gdp_nominal", AMOUNT, verb)
    growth = {year: log1p(value / 100) for year, value in _values(package, "gdp_growth", None, verb).items()}
    invested = _values(package, "gfcf_nominal", AMOUNT, verb)
    workers = _values(package, "employment", PERSONS, verb)
    real = _chain_output(nominal, growth)
    first = min(real)
    price = _price(package, invested, {year: nominal[year] / real[year] for year in real})
    tables = {
        "regions": pl.DataFrame(
            {"region": [NATION], "name_zh": [account["name"]["zh"]], "name_en": [account["name"]["en"]]}
        ),
        "accounts": _accounts(package, account, nominal, real, workers),
        "investment": pl.DataFrame(
            {
                "region": NATION,
                "year": list(price),
                "asset": "total",
                "investment_nominal": [invested[year] for year in price],
                "investment_status": "official",
                "investment_price": list(price.values()),
                "investment_price_status": "proxy",
            }
        ),
        "nation": package.tables["nation"],
    }
    units = {
        "accounts": {
            "output_nominal": AMOUNT,
            "output_real": f"{AMOUNT} at {first} prices",
            "employment": PERSONS,
            "schooling": "years",
            "expenditure_gdp": AMOUNT,
        },
        "investment": {"investment_nominal": AMOUNT, "investment_price": f"index {min(price)}=1"},
    }
    return replace(load(tables, units=units), name=package.name)


def _accounts(
    package: Package,
    account: Mapping[str, Any],
    nominal: Mapping[int, float],
    real: Mapping[int, float],
    workers: Mapping[int, float],
) -> pl.DataFrame:
    """Return the accounts of the nation, one row a year."""
    schooling = _if_there(package, "schooling_6plus", "years")
    breaks = set(account["employment_breaks"]["years"])
    years = list(real)
    return pl.DataFrame(
        {
            "region": NATION,
            "year": years,
            "output_nominal": [nominal[year] for year in years],
            "output_real": list(real.values()),
            "employment": pl.Series([workers.get(year) for year in years], dtype=pl.Float64),
            "employment_break": [int(year in breaks and {year - 1, year} <= set(workers)) for year in years],
            "schooling": pl.Series([schooling.get(year) for year in years], dtype=pl.Float64),
            # Investment is the nation's own: there is no other account that it would have to be brought to.
            "expenditure_gdp": [nominal[year] for year in years],
        }
    )


def _values(package: Package, variable: str, unit: str | None, verb: str) -> dict[int, float]:
    """Return one series of the nation by year."""
    return dict(national_series(package, variable, unit=unit, verb=verb).select("year", "value").iter_rows())


def _if_there(package: Package, variable: str, unit: str | None) -> dict[int, float]:
    """Return one series of the nation by year; nothing where the table has none."""
    return dict(series_of(package.tables["nation"], variable, unit).select("year", "value").iter_rows())


def _chain_output(nominal: Mapping[int, float], growth: Mapping[int, float]) -> dict[int, float]:
    """Return output at the prices of its first year, until a year or its growth is missing."""
    years = sorted(year for year in nominal if year in growth or year + 1 in growth)
    if not years:
        return {}
    level = {years[0]: nominal[years[0]]}
    for before, year in pairwise(years):
        if year != before + 1 or year not in growth:
            break
        level[year] = level[before] * exp(growth[year])
    return level


def _price(package: Package, invested: Mapping[int, float], deflator: Mapping[int, float]) -> dict[int, float]:
    """Return the price of investment in the years that have it, the first one at 1."""
    # The volume is published for capital formation with inventories: inventories take the price of the whole.
    total, volume = _if_there(package, "gcf_nominal", AMOUNT), _if_there(package, "gcf_growth_real", None)
    years = sorted(year for year in invested if year in deflator)
    price = dict.fromkeys(years[:1], 1.0)
    for before, year in pairwise(years):
        if year != before + 1:
            break
        factor = deflator[year] / deflator[before]
        if year in volume and {before, year} <= set(total):
            factor = exp(log(total[year] / total[before]) - log1p(volume[year] / 100))
        price[year] = price[before] * factor
    return price


WHOLE = "china-provinces"
_REVISED = 0.05  # censuses have moved the output of a year by up to a few percent; another place is further off
_PROVINCE = re.compile(r"\d\d0000")


@dataclass(frozen=True, slots=True)
class Among:
    """A package with the regions that it lacks, its own regions, and the fingerprints of what the others come from."""

    package: Package
    regions: tuple[str, ...]
    digests: dict[str, str]


def among(package: Package) -> Among | None:
    """Return a package with the other provinces in each of its tables; None where it holds no part of them, or all.

    A package whose output is not that of the provinces (it may use their codes for something else) stands alone.

    >>> from xinzhi.data import load
    >>> among(load("china-provinces")) is None
    True
    """
    regions = package.tables.get("regions")
    codes = set() if regions is None else set(regions["region"].to_list())
    if not codes or not all(_PROVINCE.fullmatch(code) for code in codes):
        return None
    country = load(WHOLE)
    if not codes < set(country.tables["regions"]["region"].to_list()) or not _same_places(package, country):
        return None
    shared = [name for name, table in package.tables.items() if "region" in table.columns and name in country.tables]
    elsewhere = ~pl.col("region").is_in(list(codes))
    tables = {
        name: pl.concat([package.tables[name], country.tables[name].filter(elsewhere)], how="diagonal_relaxed")
        .select(package.tables[name].columns)
        .sort("region", maintain_order=True)
        for name in shared
    }
    return Among(
        package=replace(package, tables={**package.tables, **tables}),
        regions=tuple(sorted(codes)),
        digests={f"{WHOLE}/{name}": country.fingerprint(name) for name in shared},
    )


def _same_places(package: Package, country: Package) -> bool:
    """Return whether output in a package is, up to a revision, that of the provinces with the same codes."""
    accounts = package.tables.get("accounts")
    if accounts is None or "output_nominal" not in accounts.columns:
        return False
    pairs = accounts.join(country.tables["accounts"], on=["region", "year"]).drop_nulls(
        ["output_nominal", "output_nominal_right"]
    )
    difference = (pl.col("output_nominal") / pl.col("output_nominal_right") - 1).abs().median()
    return pairs.height > 0 and float(pairs.select(difference).item()) <= _REVISED

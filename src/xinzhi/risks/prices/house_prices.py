"""House prices of a data package as series for the test."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, get_args

import polars as pl

from xinzhi.core.errors import UsageError
from xinzhi.data import Package, load
from xinzhi.risks.prices.conventions import setting
from xinzhi.risks.projects.places import name_of

Places = Literal["cities", "provinces"]
Homes = Literal["second-hand", "new"]
_COLUMNS = {"second-hand": "second_hand_mom", "new": "new_home_mom"}
_GAPS = ("missing-year", "missing-month")  # a hole stays a hole; the test names it
_FLAT = 100.0  # an index whose base is the previous month
_YUAN_PER_HEAD = 1e4  # 1e8 CNY over 1e4 persons


def house_prices(
    package: Package | str | Path | Mapping[str, pl.DataFrame], of: Places = "cities", *, homes: Homes = "second-hand"
) -> pl.DataFrame:
    """Return house prices, one row a place and date.

    Parameters
    ----------
    package
        A data package, or its name or path: `city_prices` (indices, previous month = 100) or `prices` (CNY per m2).
    of
        ``cities`` (monthly, chained) or ``provinces`` (yearly).
    homes
        Of cities: ``second-hand`` homes, or ``new`` ones, whose prices at filing were administered in many cities.

    Notes
    -----
    Cities have ``city, name_zh, name_en, month, price, log_price``; the month before the first is 100, and a month that
    is missing breaks the chain (null or no row there; the next month counts from 100 again). Provinces have ``region,
    name_zh, name_en, year, price, log_price, price_to_output`` (100 m2 in years of output per head; null without
    `accounts`).

    A steady growth rate is an explosive root in levels, not in logarithms, nor beside a fundamental that grows as fast:
    test ``log_price`` or ``price_to_output``. New-home and second-hand indices of the 70 cities are compiled in
    different ways; do not join them.

    Examples
    --------
    >>> cities = house_prices("china-provinces")
    >>> cities["city"].n_unique(), cities["month"].min(), cities["month"].max()
    (70, '2017-12', '2025-12')
    """
    for name, value, allowed in (("of", of, get_args(Places)), ("homes", homes, get_args(Homes))):
        if value not in allowed:
            raise UsageError("prices.one-of", name=name, given=value, allowed=allowed)
    data = package if isinstance(package, Package) else load(package)
    prices = _cities(data, _COLUMNS[homes]) if of == "cities" else _provinces(data)
    return prices.with_columns(pl.col("price").log().alias("log_price"))


def _cities(package: Package, column: str) -> pl.DataFrame:
    """Return chained indices of the cities, with the month before the first."""
    table = package.require("city_prices", [column], verb="house_prices", despite=_GAPS)
    rows = table.select("city", "month", (pl.col(column) / _FLAT).alias("step")).sort("city", "month")
    number = pl.col("month").str.slice(0, 4).cast(pl.Int64) * 12 + pl.col("month").str.slice(5, 2).cast(pl.Int64)
    has_step = pl.col("step").is_not_null()
    rows = rows.with_columns(number.alias("at"), has_step.alias("known"))
    # a new stretch begins wherever the month before is not known
    breaks = ~pl.col("known").shift(1, fill_value=False) | (pl.col("at").diff() != 1).fill_null(value=True)
    rows = rows.with_columns(breaks.over("city").cast(pl.Int64).cum_sum().over("city").alias("stretch"))
    price = pl.when("known").then(_FLAT * pl.col("step").cum_prod().over("city", "stretch"))
    rows = rows.with_columns(price.alias("price"))
    begins = rows.filter("known").group_by("city", maintain_order=True).agg(pl.col("at").min())
    base = begins.select(
        "city",
        pl.format("{}-{}", (pl.col("at") - 2) // 12, ((pl.col("at") - 2) % 12 + 1).cast(pl.String).str.zfill(2)).alias(
            "month"
        ),
        pl.lit(_FLAT).alias("price"),
    )
    # the base month may stand there without a value
    observed = rows.select("city", "month", "price").join(base, on=["city", "month"], how="anti")
    prices = pl.concat([observed, base])
    codes = prices["city"].unique().to_list()
    names = [name_of(int(code)) if code.isdigit() else (code, code) for code in codes]
    zh, en = ([name[at] for name in names] for at in (0, 1))
    labels = pl.DataFrame({"city": codes, "name_zh": zh, "name_en": en}, schema_overrides={"city": pl.String})
    return prices.join(labels, on="city").select("city", "name_zh", "name_en", "month", "price").sort("city", "month")


def _provinces(package: Package) -> pl.DataFrame:
    """Return yearly prices, and 100 m2 in years of output per head."""
    table = package.require("prices", ["residential_price"], verb="house_prices", despite=_GAPS)
    rows = table.select("region", "year", pl.col("residential_price").alias("price"))
    accounts = package.optional("accounts", verb="house_prices")
    if accounts is not None and {"output_nominal", "population"} <= set(accounts.columns):
        per_head = _YUAN_PER_HEAD * pl.col("output_nominal") / pl.col("population")
        rows = rows.join(accounts.select("region", "year", per_head.alias("head")), on=["region", "year"], how="left")
        cost = float(setting("home.area")) * pl.col("price")
        rows = rows.with_columns((cost / pl.col("head")).alias("price_to_output")).drop("head")
    else:
        rows = rows.with_columns(pl.lit(None, dtype=pl.Float64).alias("price_to_output"))
    regions = package.optional("regions", verb="house_prices")
    if regions is not None and {"name_zh", "name_en"} <= set(regions.columns):
        rows = rows.join(regions.select("region", "name_zh", "name_en"), on="region", how="left")
    return rows.sort("region", "year")

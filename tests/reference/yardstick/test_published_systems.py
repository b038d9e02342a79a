"""Published systems measured through `xinzhi.measure`, from their own inputs.

Tolerances: Penn World Table 10.01 rtfpna 1e-6 log points (the file holds float32 values); CIP 4.0 TFP (value added)
1e-12; Chinese provincial capital stocks 1e-9 relative.
Reference calls: ../shared/ref/growth/README.md; the provincial stocks are CHNCapitalStock 0.1.1, CompK(method="ZJ").
"""

from __future__ import annotations

import gzip

import numpy as np
import polars as pl
import pytest

import xinzhi
from xinzhi import protocol

pytestmark = pytest.mark.shared


def test_penn_world_table_tfp_of_every_country_with_hours(shared):
    with gzip.open(shared / "data" / "world" / "pwt1001.csv.gz") as handle:
        table = pl.read_csv(handle.read(), infer_schema_length=None)
    names = {"countrycode": "region", "rgdpna": "output_real", "rkna": "capital_services", "emp": "employment"}
    names |= {"avh": "hours", "hc": "human_capital", "labsh": "labour_share"}
    accounts = table.select("year", "rtfpna", *names).rename(names)
    units = {
        "output_real": "1e6 USD at 2017 prices",
        "employment": "1e6 persons",
        "hours": "hours per person",
        "labour_share": "ratio",
    }
    keep = accounts.filter(pl.all_horizontal(pl.col(name).is_not_null() for name in names.values()))
    package = xinzhi.load({"accounts": keep.drop("rtfpna")}, units={"accounts": units})
    result = xinzhi.measure(package, "pwt-10.01")
    published = keep.sort("region", "year").select(
        "region", "year", growth=pl.col("rtfpna").log().diff().over("region"), gap=pl.col("year").diff().over("region")
    )
    both = result.frame.join(published.filter(pl.col("gap") == 1), on=["region", "year"]).drop_nulls("growth")
    assert both.height == 3067
    assert (both["tfp_growth"] - both["growth"]).abs().max() <= 1e-6


def test_china_industrial_productivity_of_37_industries(shared):
    cells = pl.read_csv(shared / "ref" / "growth" / "cip40_china_growth_accounts.csv")
    table = cells.pivot(on="var", index=["industry", "year"], values="value").sort("industry", "year")
    industry = "industry"
    accounts = table.select(
        pl.col(industry).alias("region"),
        "year",
        output_real=pl.col("g(VA)").fill_null(0).cum_sum().over(industry).exp(),
        capital_services=pl.col("g(K-input)"),
        labour_services=pl.col("g(L-input)"),
        labour_share=pl.col("LC") / pl.col("Nominal VA"),
    )
    result = xinzhi.measure({"accounts": accounts}, "cip-4.0")
    published = table.select(pl.col(industry).alias("region"), "year", tfp=pl.col("TFP(VA basis)")).drop_nulls()
    both = result.frame.join(published, on=["region", "year"])
    assert both.height >= 37 * 30
    assert (both["tfp_growth"] - both["tfp"]).abs().max() <= 1e-12


@pytest.mark.parametrize(("identifier", "rate"), [("zhang-2004", "0.096"), ("zhang-2004", "0.1096")])
def test_capital_stocks_of_30_provinces(shared, identifier, rate):
    folder = shared / "ref" / "growth"
    inputs = pl.read_csv(folder / "chncapitalstock_inputs.csv", null_values="NA").filter(pl.col("prv") != "chongqing")
    tables = {
        "investment": inputs.select(
            region="prv", year="yr", investment_nominal="invest", investment_price="InvestPrice", asset=pl.lit("total")
        ),
        "accounts": inputs.select(
            region="prv",
            year="yr",
            output_real=3 * pl.col("invest").abs() + 1,
            employment=pl.lit(1.0),
            labour_share=pl.lit(0.5),
            output_nominal=3 * pl.col("invest").abs() + 1,
            schooling=pl.lit(8.0),
        ),
    }
    rules = protocol.load(identifier).replace({"capital.depreciation": float(rate)})
    ours = xinzhi.measure(tables, rules).inputs
    theirs = pl.read_csv(folder / "chncapitalstock_outputs.csv", null_values="NA").filter(
        (pl.col("bt") == 1952) & (pl.col("delta") == float(rate)) & (pl.col("method") == "ZJ")
    )
    both = ours.join(theirs.select(region="prv", year="yr", K="K"), on=["region", "year"])
    assert both.height == 30 * 71
    assert np.abs(both["capital"] / both["K"] - 1).max() <= 1e-9

"""Published systems measured through `xinzhi.measure`, from their own inputs.

Tolerances: Penn World Table 10.01 rtfpna 1e-6 log points (the file holds float32 values); CIP 4.0 TFP (value added)
1e-12; Chinese provincial capital stocks 1e-9 relative; BEA-BLS integrated TFP 5e-4 log points (the index is printed to
three decimals); growth of capital in the shipped package under zhang-2004 2e-8 (prices of the reference have six
decimals); EU KLEMS labour share of Austria 1e-6 (measured 6e-8), TFP 5e-4 percentage points in the median, as in
`tests/reference/protocol/test_anchors.py`.
Reference calls: ../shared/ref/growth/README.md; the provincial stocks are CHNCapitalStock 0.1.1, CompK(method="ZJ").
"""

from __future__ import annotations

import gzip

import numpy as np
import polars as pl
import pytest

import xinzhi
from xinzhi import protocol
from xinzhi.core.errors import InputError

pytestmark = pytest.mark.shared


def penn_world_table(shared):
    with gzip.open(shared / "data" / "world" / "pwt1001.csv.gz") as handle:
        table = pl.read_csv(handle.read(), infer_schema_length=None, null_values="NA")
    names = {"countrycode": "region", "rgdpna": "output_real", "rkna": "capital_services", "emp": "employment"}
    names |= {"avh": "hours", "hc": "human_capital", "labsh": "labour_share"}
    return table.select("year", "rtfpna", *names).rename(names)


UNITS = {
    "output_real": "1e6 USD at 2017 prices",
    "employment": "1e6 persons",
    "hours": "hours per person",
    "labour_share": "ratio",
}


def held_to_published(accounts):
    """Measure a table of countries, and return its TFP growth beside the published one, with the frame of each."""
    package = xinzhi.load({"accounts": accounts.drop("rtfpna")}, units={"accounts": UNITS})
    published = accounts.sort("region", "year").select(
        "region", "year", growth=pl.col("rtfpna").log().diff().over("region"), gap=pl.col("year").diff().over("region")
    )
    result = xinzhi.measure(package, "pwt-10.01")
    return result.frame.join(published.filter(pl.col("gap") == 1), on=["region", "year"]).drop_nulls("growth")


def test_penn_world_table_tfp_of_every_country_year(shared):
    """All 6,289 country-years with published TFP; the issue asks for 6,283 below 1e-6."""
    both = held_to_published(penn_world_table(shared).filter(pl.col("rtfpna").is_not_null()))
    assert both.height == 6289
    error = (both["tfp_growth"] - both["growth"]).abs()
    assert (error < 1e-6).sum() == 6289
    assert both.filter(pl.col("flags").str.contains("proxy:hours")).height > 3000


@pytest.mark.parametrize("suffix", ["csv", "dta"])
def test_penn_world_table_as_it_is_downloaded(shared, tmp_path, suffix):
    """`connect` makes the same package of the file itself: 6,289 country-years below 1e-6 (measured 1.9e-7)."""
    with gzip.open(shared / "data" / "world" / "pwt1001.csv.gz") as handle:
        table = pl.read_csv(handle.read(), infer_schema_length=None, null_values="NA")
    path = tmp_path / f"pwt1001.{suffix}"
    if suffix == "dta":
        pytest.importorskip("pyreadstat").write_dta(table, str(path))
    else:
        table.write_csv(path, null_value="NA")
    package = xinzhi.data.connect("pwt", path)
    assert package.units["accounts"]["output_real"] == "1e8 USD at 2017 prices"
    ours = xinzhi.measure(package, "pwt-10.01").frame
    published = table.sort("countrycode", "year").select(
        "year", region="countrycode", growth=pl.col("rtfpna").log().diff().over("countrycode")
    )
    both = ours.join(published, on=["region", "year"]).drop_nulls("growth")
    assert both.height == 6289
    assert (both["tfp_growth"] - both["growth"]).abs().max() < 1e-6


def test_eu_klems_as_it_is_downloaded(shared, tmp_path):
    """TFP of Austria as a whole: 26 years, 5e-4 percentage points in the median (measured 2e-5)."""
    table = pl.read_parquet(shared / "data" / "world" / "euklems_austria.parquet")
    table.write_csv(tmp_path / "growth accounts.csv")
    package = xinzhi.data.connect("euklems", tmp_path / "growth accounts.csv")
    published = table.filter(var="VAConTFP", nace_r2_code="TOT").select("year", tfp="value")
    both = xinzhi.measure(package, "euklems-intanprod-2023").frame.join(published, on="year").drop_nulls("tfp_growth")
    error = (100 * both["tfp_growth"] - both["tfp"]).abs()
    assert len(error) == 26
    assert error.median() <= 5e-4


def test_a_country_alone_has_the_figures_that_it_has_among_all(shared):
    """Some countries publish hours, some for a few years, some never: none needs the United States beside it."""
    accounts = penn_world_table(shared).filter(pl.col("rtfpna").is_not_null())
    whole = held_to_published(accounts)
    worst = 0.0
    for code in ("BRA", "BOL", "AGO", "CHN", "ZWE"):
        alone = held_to_published(accounts.filter(region=code))
        both = alone.join(whole, on=["region", "year"], suffix="_whole")
        assert both.height == alone.height > 20
        worst = max(worst, (both["tfp_growth"] - both["tfp_growth_whole"]).abs().max())
    assert worst <= 1e-12


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


def long_to_wide(path, key):
    return pl.read_csv(path).pivot(on="var", index=[key, "year"], values="value").sort(key, "year")


def volume(table, key, quantities, costs):
    """Return the volume index of some inputs whose contribution, at mean shares of all costs, is the sum of theirs."""
    own = [table[cost] / table["GO"] for cost in costs]
    total = sum(own)

    def over(values):
        return table.select(key).with_columns(values.alias("x")).select(pl.col("x").shift(1).over(key))["x"]

    moved = pl.Series([0.0] * table.height)
    for quantity, share in zip(quantities, own, strict=True):
        logs = table.select(pl.when(pl.col(quantity) > 0).then(pl.col(quantity)).log())[quantity]
        moved = moved + ((share + over(share)) * (logs - over(logs))).fill_null(0)
    growth = (moved / (total + over(total))).fill_null(0).fill_nan(0)
    return table.select(key).with_columns(growth.alias("g")).select(pl.col("g").cum_sum().over(key).exp())["g"]


def test_bea_bls_gross_output_tfp_of_63_industries(shared):
    """Ten inputs: five of capital and two of labour as volume indices, energy, materials and services as they are."""
    table = long_to_wide(shared / "ref" / "growth" / "bea_bls_ilpa_1997_2023.csv", "industry")
    capital = [name.removesuffix("_COMP") for name in table.columns if name.startswith("Capital_") and "COMP" in name]
    labour = [name.removesuffix("_COMP") for name in table.columns if name.startswith("Labor_") and "COMP" in name]
    assert (len(capital), len(labour)) == (5, 2)

    def index(names):
        return volume(table, "industry", [f"{name}_Q" for name in names], [f"{name}_COMP" for name in names])

    accounts = table.select(
        pl.col("industry").alias("region"),
        "year",
        gross_output_nominal="GO",
        gross_output_real="GO_Q",
        capital_services=index(capital),
        labour_services=index(labour),
        labour_compensation=sum(pl.col(f"{name}_COMP") for name in labour),
        **{f"{name.lower()}_nominal": pl.col(f"{name}_COMP") for name in ("Energy", "Materials", "Services")},
        **{f"{name.lower()}_real": pl.col(f"{name}_Q") for name in ("Energy", "Materials", "Services")},
    )
    result = xinzhi.measure({"accounts": accounts}, "bea-bls-ilpa")
    published = table.select(
        pl.col("industry").alias("region"), "year", index=pl.col("TFP_INDEX_PUBLISHED").log().diff().over("industry")
    )
    both = result.frame.join(published, on=["region", "year"]).drop_nulls("index")
    assert both.height == 1638
    assert (both["tfp_growth"] - both["index"]).abs().max() <= 5e-4
    parts = ["capital", "labour", "human_capital", "intermediate"]
    total = both.select(pl.sum_horizontal(*(f"{name}_contribution" for name in parts), "tfp_growth")).to_series()
    assert (total - both["output_growth"]).abs().max() <= 1e-12
    assert result.national.is_empty()
    bought = [name for name in accounts.columns if name.split("_")[0] in {"energy", "materials", "services"}]
    with pytest.raises(InputError, match="intermediate"):
        xinzhi.measure({"accounts": accounts.drop(bought)}, "bea-bls-ilpa")


def test_eu_klems_pays_the_self_employed_like_employees(shared):
    """LAB = COMP H_EMP / H_EMPE of Austria's industries, and TFP from LAB_QI and CAP_QI, through `measure`."""
    table = pl.read_parquet(shared / "data" / "world" / "euklems_austria.parquet")
    wanted = ["VA_CP", "VA_Q", "LAB", "COMP", "H_EMP", "H_EMPE", "LAB_QI", "CAP_QI", "VAConTFP"]
    wide = table.filter(pl.col("var").is_in(wanted)).pivot(
        on="var", index=["nace_r2_code", "year"], values="value", aggregate_function="first"
    )
    whole = wide.drop_nulls(["VA_CP", "VA_Q", "COMP", "H_EMP", "H_EMPE", "LAB_QI", "CAP_QI"]).filter(
        (pl.col("VA_CP") > 0) & (pl.col("H_EMPE") > 0) & (pl.col("H_EMPE") <= pl.col("H_EMP"))
    )
    accounts = whole.select(
        region="nace_r2_code",
        year="year",
        output_nominal="VA_CP",
        output_real="VA_Q",
        employee_compensation="COMP",
        hours=pl.col("H_EMP") * 1e6,
        employee_hours=pl.col("H_EMPE") * 1e6,
        labour_services="LAB_QI",
        capital_services="CAP_QI",
    )
    units = {"accounts": {"hours": "hours", "employee_hours": "hours", "output_real": "index 2015=1"}}
    result = xinzhi.measure(xinzhi.load({"accounts": accounts}, units=units), "euklems-intanprod-2023")
    both = result.inputs.join(
        whole.select(region="nace_r2_code", year="year", share=pl.col("LAB") / pl.col("VA_CP")), on=["region", "year"]
    ).drop_nulls("share")
    inside = both.filter(pl.col("share").is_between(0, 1, closed="none"))
    assert inside.height > 700
    assert (inside["labour_share"] - inside["share"]).abs().max() <= 1e-6
    growth = result.frame.join(whole.select(region="nace_r2_code", year="year", tfp="VAConTFP"), on=["region", "year"])
    error = (100 * growth["tfp_growth"] - growth["tfp"]).abs().drop_nulls()
    assert len(error) > 700
    assert error.median() <= 5e-4
    short = xinzhi.load({"accounts": accounts.drop("employee_compensation")}, units=units)
    with pytest.raises(InputError, match="employee_compensation"):
        xinzhi.measure(short, "euklems-intanprod-2023")


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
            output_real=3 * pl.col("invest").median().over("prv"),
            employment=pl.lit(1.0),
            labour_share=pl.lit(0.5),
            output_nominal=3 * pl.col("invest").median().over("prv"),
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


def test_growth_of_capital_in_the_shipped_package_is_that_of_the_r_package(shared):
    """CompK(method = "ZJ", delta = .096, bt = 1952), 31 provinces, growth of 1997-2022."""
    stocks = pl.read_csv(shared / "ref" / "growth" / "chncapitalstock_outputs.csv", null_values="NA")
    stocks = stocks.filter(pl.col("bt") == 1952, pl.col("delta") == 0.096, pl.col("method") == "ZJ").sort("prv", "yr")
    spelling = {"neimenggu": "inner mongolia", "xizang": "tibet"}
    theirs = stocks.select(pl.col("prv").replace(spelling), year="yr", theirs=pl.col("K").log().diff().over("prv"))
    result = xinzhi.measure("china-provinces", "zhang-2004")
    names = result.regions.select("region", prv=pl.col("name_en").str.to_lowercase())
    ours = result.frame.join(names, on="region").select("prv", "year", ours="capital_growth")
    both = ours.join(theirs, on=["prv", "year"]).drop_nulls()
    assert both.height == 31 * 26
    assert (both["ours"] - both["theirs"]).abs().max() <= 2e-8


@pytest.mark.parametrize("identifier", [item.id for item in protocol.registry() if item.status == "published"])
def test_no_published_protocol_takes_over_an_adjustment_of_investment_from_ours(identifier):
    rules = protocol.load(identifier)
    for path, without in (("capital.benchmark", "none"), ("estimates.investment_rule", "off")):
        assert rules.choice(path, without) == without

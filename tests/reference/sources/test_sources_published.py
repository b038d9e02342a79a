"""Reallocation and Domar aggregation on published industry accounts, and the provinces of China.

CIP 4.0 (2023), 37 industries and Total of China 1987-2017: reallocation is the published TFP of Total less the
share-weighted sum of the published TFP of the industries, shares averaged over two years. BEA-BLS integrated accounts
(release of 25 April 2025), 63 industries 1997-2023: the Domar-weighted sum of the published TFP indices, printed with
three decimals of 100.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import xinzhi
from xinzhi.sources import decompose

EXACT = 1e-10
IDENTITY = 1e-12
# The index has 3 decimals and a single industry misses it by up to 3.8e-4; weighted by Domar shares less is left.
BEA_YEAR = 1e-4


@pytest.fixture(scope="module")
def cip(shared):
    rows = pl.read_csv(shared / "ref" / "growth" / "cip40_china_growth_accounts.csv")
    return rows.pivot("var", index=["industry", "year"], values="value").sort("industry", "year")


def _index(name):
    return pl.col(name).fill_null(0).cum_sum().over("industry").exp()


@pytest.fixture(scope="module")
def cip_package(cip):
    table = cip.select(
        "industry",
        "year",
        region=pl.lit("CHN"),
        output_nominal=pl.col("Nominal VA") / 1e4,
        output_real=_index("g(VA)"),
        capital_services=pl.col("g(K-input)"),
        labour_services=pl.col("g(L-input)"),
        labour_share=pl.col("LC") / pl.col("Nominal VA"),
    )
    total, industries = table.filter(industry="Total").drop("industry"), table.filter(pl.col("industry") != "Total")
    names = industries.select("industry").unique().sort("industry").with_columns(name_en="industry", name_zh="industry")
    return xinzhi.load({"accounts": total, "industry_accounts": industries, "industries": names})


@pytest.mark.shared
def test_cip_reallocation_is_total_less_industries(cip, cip_package):
    result = decompose(cip_package, "cip-4.0")
    share = pl.col("Nominal VA") / pl.col("Nominal VA").sum().over("year")
    published = (
        cip.filter(pl.col("industry") != "Total")
        .with_columns(share=share)
        .with_columns(weight=(pl.col("share") + pl.col("share").shift().over("industry")) / 2)
        .group_by("year")
        .agg(industries=(pl.col("weight") * pl.col("TFP(VA basis)")).sum())
        .join(cip.filter(industry="Total").select("year", total="TFP(VA basis)"), on="year")
    )
    both = result.frame.join(published, on="year")
    assert both.height == 30
    assert (both["allocation"] - (both["total"] - both["industries"])).abs().max() <= EXACT
    assert (both["within"] - both["industries"]).abs().max() <= EXACT
    assert (both["tfp_growth"] - both["total"]).abs().max() <= EXACT
    assert result.identity_gap < IDENTITY
    row = both.filter(year=2010).row(0, named=True)
    assert round(100 * row["within"], 2) == 0.10
    assert round(100 * row["tfp_growth"], 2) == -1.23


@pytest.mark.shared
def test_cip_names_what_one_region_of_indices_cannot_give(cip_package):
    result = decompose(cip_package, "cip-4.0", emerging=["ICT"])
    assert result.frame["breakthrough"].is_null().all()
    assert result.frame["upgrading_emerging"].is_null().all()
    status = dict(result.coverage.select("quantity", "status").iter_rows())
    assert status["breakthrough"] == "not_computed"
    assert status["allocation_labour"] == "computed"
    reason = result.coverage.filter(quantity="breakthrough")["reason_en"][0]
    assert "indices" in reason


def _bea(shared):
    rows = pl.read_csv(shared / "ref" / "growth" / "bea_bls_ilpa_1997_2023.csv")
    return rows.pivot("var", index=["industry", "year"], values="value").sort("industry", "year")


def _tornqvist(table, names):
    """Return log growth of the index of some inputs, by industry."""
    total = pl.sum_horizontal(f"{name}_COMP" for name in names)
    parts = []
    for name in names:
        share = pl.col(f"{name}_COMP") / total
        mean = (share + share.shift().over("industry")) / 2
        quantity = pl.when(pl.col(f"{name}_Q") > 0).then(pl.col(f"{name}_Q")).log()
        parts.append((mean * quantity.diff().over("industry")).fill_null(0).fill_nan(0))
    return table.select(pl.sum_horizontal(parts)).to_series()


def _two_years(name):
    return pl.col(f"w_{name}_mean")


@pytest.mark.shared
def test_bea_bls_domar_sum_is_that_of_the_published_indices(shared):
    raw = _bea(shared)
    capital = ["Capital_Art", "Capital_R&D", "Capital_IT", "Capital_Software", "Capital_Other"]
    labour, bought = ["Labor_Col", "Labor_NoCol"], ["Energy", "Materials", "Services"]
    money = {
        key: pl.sum_horizontal(f"{name}_COMP" for name in names)
        for key, names in (("k", capital), ("l", labour), ("m", bought))
    }
    table = raw.with_columns(
        pl.Series("dk", _tornqvist(raw, capital)),
        pl.Series("dl", _tornqvist(raw, labour)),
        pl.Series("dm", _tornqvist(raw, bought)),
        value=money["k"] + money["l"],
        gross=money["k"] + money["l"] + money["m"],
        wages=money["l"],
        spent=money["m"],
    )
    industries = table.select(
        "industry",
        "year",
        region=pl.lit("USA"),
        output_nominal="value",
        capital_services=pl.col("dk").cum_sum().over("industry").exp(),
        labour_services=pl.col("dl").cum_sum().over("industry").exp(),
        labour_compensation="wages",
        gross_output_nominal="gross",
        gross_output_real="GO_Q",
        intermediate_nominal="spent",
        intermediate_real=pl.col("dm").cum_sum().over("industry").exp(),
    )
    # The aggregate: value added, capital and labour of all industries by the same index.
    shares = [
        (pl.col(name) / pl.col(name).sum().over("year")).alias(f"w_{name}") for name in ("value", "rent", "wages")
    ]
    go = pl.col("GO_Q").log().diff().over("industry")
    bought_share = (
        pl.col("spent") / pl.col("gross") + (pl.col("spent") / pl.col("gross")).shift().over("industry")
    ) / 2
    table = table.with_columns(
        dv=(go - bought_share * pl.col("dm")) / (1 - bought_share), rent=pl.col("value") - pl.col("wages")
    ).with_columns(shares)
    table = table.with_columns(
        ((pl.col(f"w_{name}") + pl.col(f"w_{name}").shift().over("industry")) / 2).alias(f"w_{name}_mean")
        for name in ("value", "rent", "wages")
    )
    whole = (
        table.group_by("year")
        .agg(
            v=(_two_years("value") * pl.col("dv")).sum(),
            k=(_two_years("rent") * pl.col("dk")).sum(),
            l=(_two_years("wages") * pl.col("dl")).sum(),
            output_nominal=pl.col("value").sum(),
            wages=pl.col("wages").sum(),
        )
        .sort("year")
        .select(
            "year",
            "output_nominal",
            region=pl.lit("USA"),
            output_real=pl.col("v").cum_sum().exp(),
            capital_services=pl.col("k").cum_sum().exp(),
            labour_services=pl.col("l").cum_sum().exp(),
            labour_share=pl.col("wages") / pl.col("output_nominal"),
        )
    )
    names = industries.select("industry").unique().with_columns(name_en="industry", name_zh="industry")
    package = xinzhi.load({"accounts": whole, "industry_accounts": industries, "industries": names})
    result = decompose(package, "cip-4.0")
    published = raw.select("industry", "year", published=pl.col("TFP_INDEX_PUBLISHED").log().diff().over("industry"))
    both = result.industries.join(published, on=["industry", "year"])
    assert both["industry"].n_unique() == 63
    domar = (
        both.group_by("year")
        .agg(
            ours=(pl.col("domar_weight") * pl.col("tfp_growth")).sum(),
            theirs=(pl.col("domar_weight") * pl.col("published")).sum(),
            weight=pl.col("domar_weight").sum(),
        )
        .sort("year")
    )
    assert (domar["ours"] - domar["theirs"]).abs().max() < BEA_YEAR
    joint = domar.join(result.frame, on="year")
    assert (joint["ours"] - joint["within"]).abs().max() < EXACT
    assert 1.6 < domar["weight"].mean() < 2.0
    assert result.frame["allocation"].abs().max() < 0.005


@pytest.mark.shared
def test_assumed_sector_shares_are_those_of_cip(cip):
    from xinzhi.sources.assumptions import catalogue

    second = {
        "CLM",
        "PTM",
        "MEM",
        "NMM",
        "F&B",
        "TBC",
        "TEX",
        "WEA",
        "LEA",
        "W&F",
        "P&P",
        "PET",
        "CHE",
        "R&P",
        "BUI",
        "MET",
        "MEP",
        "MCH",
        "ELE",
        "ICT",
        "INS",
        "TRS",
        "OTH",
        "UTL",
        "CON",
    }
    sector = (
        pl.when(pl.col("industry") == "AGR")
        .then(pl.lit("1"))
        .when(pl.col("industry").is_in(second))
        .then(pl.lit("2"))
        .otherwise(pl.lit("3"))
    )
    sums = (
        cip.filter(pl.col("industry") != "Total")
        .group_by(sector.alias("sector"), "year")
        .agg(share=pl.col("LC").sum() / pl.col("Nominal VA").sum())
    )
    known = {(row[0], row[1]): row[2] for row in sums.iter_rows()}
    table = catalogue()["sector_labour_shares"]["value"]
    assert set(table) == {"1", "2", "3"}
    for name, years in table.items():
        for year, value in years.items():
            assert value == pytest.approx(known[name, year], abs=6e-5)


def test_provinces_add_up_in_every_region_year():
    result = decompose("china-provinces")
    frame = result.frame
    assert frame.height == 31 * 20
    assert (frame["year"].min(), frame["year"].max()) == (2004, 2023)
    official = xinzhi.measure("china-provinces").frame.select("region", "year", official="tfp_growth")
    both = frame.join(official, on=["region", "year"])
    total = both.select(
        pl.sum_horizontal("breakthrough", "allocation", "upgrading_traditional", "upgrading_emerging", "unallocated")
    ).to_series()
    assert (total - both["official"]).abs().max() <= IDENTITY
    assert (both["allocation"] - both["allocation_capital"] - both["allocation_labour"]).abs().max() <= IDENTITY
    weighted = result.industries.group_by("region", "year").agg(
        pl.col("breakthrough", "upgrading").sum().name.suffix("_sum"), weight=pl.col("weight").sum()
    )
    joined = frame.join(weighted, on=["region", "year"])
    assert (joined["breakthrough"] - joined["breakthrough_sum"]).abs().max() <= IDENTITY
    assert (joined["upgrading"] - joined["upgrading_sum"]).abs().max() <= IDENTITY
    assert np.allclose(joined["weight"], 1.0, atol=IDENTITY)


def test_provinces_read_as_is_known_of_them():
    # Labour left farming in Guizhou as nowhere else; the Northeast gained nothing by moving factors.
    result = decompose("china-provinces")
    whole = result.periods.filter(start=2003, end=2023)
    here = {row["region"]: row for row in whole.iter_rows(named=True)}
    guizhou, chongqing, liaoning, jilin = (here[code] for code in ("520000", "500000", "210000", "220000"))
    assert guizhou["allocation"] == whole["allocation"].max()
    assert guizhou["allocation"] / guizhou["tfp_growth"] > 0.5
    assert 0.2 < chongqing["allocation"] / chongqing["tfp_growth"] < 0.6
    assert abs(liaoning["allocation"]) < 0.003
    assert jilin["allocation"] < 0
    assert jilin["tfp_growth"] < whole["tfp_growth"].median()
    groups = {row["region"]: row for row in result.group_periods.filter(start=2003, end=2023).iter_rows(named=True)}
    assert groups["Northeast"]["allocation"] < groups["East"]["allocation"] - 0.002
    # The shift of best practice tells no region from another; reallocation and distance do.
    spread = {name: whole[name].std() for name in ("breakthrough", "allocation", "upgrading")}
    assert spread["breakthrough"] < spread["allocation"] / 4 < spread["upgrading"] / 4


def test_the_page_shows_the_figures_of_the_provinces():
    page = (Path(__file__).parents[3] / "docs" / "sources.md").read_text("utf-8")
    columns = ("allocation", "upgrading_traditional", "breakthrough")
    result = decompose("china-provinces")
    for row in result.group_periods.filter(start=2003, end=2023).iter_rows(named=True):
        figures = [row[name] for name in ("tfp_growth", *columns, "allocation_between")]
        name = "all" if row["region"] == "total" else row["region"]
        assert f"| {name} | {' | '.join(f'{100 * one:.2f}' for one in figures)} |".replace("-0.00", "0.00") in page
    for name, value in (("shares", "by_sector"), ("initial_split", "output"), ("after_official", "stop")):
        other = decompose("china-provinces", assume={name: value}, measurement=result.measurement).group_periods
        row = other.filter(region="total").sort(pl.col("end") - pl.col("start")).row(-1, named=True)
        line = next(line for line in page.splitlines() if line.startswith(f"| `{name}: {value}`"))
        assert line.endswith(f"| {' | '.join(f'{100 * row[one]:.2f}' for one in columns)} |")

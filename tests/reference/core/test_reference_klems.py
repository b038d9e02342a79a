"""Industry growth accounts: CIP 4.0 (China), EU KLEMS & INTANProd (Austria), BEA-BLS (United States).

References: ``cip40_china_growth_accounts.csv`` (CIP 4.0, 2023, workbook 4), ``euklems_austria.parquet`` and table A1 of
deliverable D2.3.1, ``bea_bls_ilpa_1997_2023.csv`` (release of 25 April 2025). Tolerances:

- CIP: value-added and gross-output TFP and every contribution, 38 x 30 cells: 1e-12 (measured 3e-16).
- EU KLEMS: growth of value added against its published contributions: 5e-5 percentage points (printed digits).
  Labour compensation with the corner rule: 1e-6 of value added, every cell.
  TFP from the indices of labour and capital services: median 2e-4, 95th percentile 1e-2 percentage points, without
  1996 (first year of the labour-composition data) and 2011 (break: NACE/ISCED revision, median 0.14); single cells of
  industries at the corner or with negative user costs differ by up to 3.2 (C19, 2020).
  Capital services from ten asset stocks, depreciation of table A1 and user costs: median 2e-4, 90th percentile 1e-3
  log points; industries with negative user costs differ by up to 0.04 (the treatment is not published in full).
- BEA-BLS: integrated TFP from ten inputs, 63 industries: 5e-4 log points (the published index has three decimals).
"""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from xinzhi.core import inventory
from xinzhi.core import labour as shares
from xinzhi.core.arrays import fill_with_last
from xinzhi.core.index_numbers import contributions

pytestmark = pytest.mark.shared

ASSETS = ["IT", "CT", "Soft_DB", "TraEq", "OMach", "OCon", "Rstruc", "Cult", "RD", "OIPP"]


@pytest.fixture(scope="module")
def cip(shared, cells):
    return cells(shared / "ref" / "growth" / "cip40_china_growth_accounts.csv", "industry", long="var")


@pytest.fixture(scope="module")
def austria(shared, cells):
    return cells(shared / "data" / "world" / "euklems_austria.parquet", "nace_r2_code", long="var")


def test_cip_value_added_tfp(cip, log_growth):
    share = cip["LC"] / cip["Nominal VA"]
    growth = np.array([log_growth(cip["g(L-input)"]), log_growth(cip["g(K-input)"])])
    parts = contributions(growth, np.array([share, 1 - share]), formula="tornqvist")
    error = cip["g(VA)"] - parts.sum(axis=0) - cip["TFP(VA basis)"]
    assert np.isfinite(error).sum() == 1140
    assert np.nanmax(np.abs(error)) < 1e-12
    assert np.nanmax(np.abs(parts[0] - cip["Cv(hours)"] - cip["Cv(L-quality)"])) < 1e-12
    assert np.nanmax(np.abs(parts[1] - cip["Cv(K-stock)"] - cip["Cv(K-quality)"])) < 1e-12


def test_cip_gross_output_tfp(cip, log_growth):
    names = ["Cg(II)", "Cg(K-stock)", "Cg(K-quality)", "Cg(Hours)", "Cg(L-quality)"]
    growth = [log_growth(cip[name.replace("Cg", "g")]) for name in names[1:]]
    share = np.array([cip["Nominal II"], cip["KC"], cip["KC"], cip["LC"], cip["LC"]]) / cip["Nominal GO"]
    parts = contributions(np.array([cip["g(II)"], *growth]), share, formula="tornqvist")
    error = cip["g(GO)"] - parts.sum(axis=0) - cip["TFP(GO basis)"]
    assert np.isfinite(error).sum() == 1140
    assert np.nanmax(np.abs(error)) < 1e-12
    for part, name in zip(parts, names, strict=True):
        assert np.nanmax(np.abs(part - cip[name])) < 1e-12


def test_cip_total_is_the_sum_of_the_industries(cip):
    total = cip.row("Total")
    industries = [row for row in range(len(cip.units)) if row != total]
    share = cip["Nominal VA"][industries] / cip["Nominal VA"][total]
    error = contributions(cip["g(VA)"][industries], share, formula="tornqvist").sum(axis=0) - cip["g(VA)"][total]
    assert np.nanmax(np.abs(error)) < 1e-12


def test_euklems_value_added_is_the_sum_of_its_contributions(austria):
    names = ["VAConH", "VAConLC", "VAConTangNICT", "VAConTangICT", "VAConIntang", "VAConTFP"]
    error = austria["VA_G"] - sum(austria[name] for name in names)
    assert np.isfinite(error).sum() == 1400
    assert np.nanmax(np.abs(error)) < 5e-5


def test_euklems_labour_share_with_the_corner_rule(austria):
    with np.errstate(divide="ignore", invalid="ignore"):
        known = austria["H_EMPE"] > 0
        hours = np.where(known, austria["H_EMPE"], np.nan)
        labour = shares.impute_self_employed(austria["COMP"], hours, austria["H_EMP"])
        share = shares.corner(labour / austria["VA_CP"], 0.95)
        error = np.abs(share - austria["LAB"] / austria["VA_CP"])
    assert np.isfinite(error).sum() == 1496
    assert np.nanmax(error) < 1e-6


def test_euklems_tfp_from_indices_of_services(austria, log_growth):
    share = austria["LAB"] / austria["VA_CP"]
    growth = np.array([log_growth(austria["LAB_QI"]), log_growth(austria["CAP_QI"])])
    parts = contributions(growth, np.array([share, 1 - share]), formula="tornqvist")
    error = np.abs(100 * (log_growth(austria["VA_Q"]) - parts.sum(axis=0)) - austria["VAConTFP"])
    known = np.isfinite(error)
    assert known.sum() == 1399
    broken = np.isin(austria.years, [1996, 2011])
    plain = error[:, ~broken][known[:, ~broken]]
    assert np.median(plain) < 2e-4
    assert np.quantile(plain, 0.95) < 1e-2
    assert np.nanmedian(error[:, austria.column(2011)]) > 0.1


@pytest.fixture(scope="module")
def capital(shared, austria):
    """Stocks, prices, rates of table A1 and income of capital of the industries that table A1 names."""
    table = pl.read_csv(shared / "ref" / "growth" / "euklems_depreciation_A1.csv").with_columns(
        pl.col("code").str.replace("_", "-").replace("TOT-IND", "TOT_IND")
    )
    table = table.rename({"RStruc": "Rstruc"}).filter(pl.col("code").is_in(austria.units))
    rows = [austria.row(code) for code in table["code"]]
    current = np.array([austria[f"K_{name}"][rows] for name in ASSETS])
    stock = np.array([austria[f"Kq_{name}"][rows] for name in ASSETS])
    stock = np.where(np.isfinite(stock), stock, 0.0)
    price = fill_with_last(np.where(stock > 0, current, np.nan) / np.where(stock > 0, stock, np.nan))
    rate = table.select(ASSETS).to_numpy().T[:, :, None]
    return price, stock, rate, austria["CAP"][rows], austria["CAP_QI"][rows]


@pytest.mark.parametrize(("years", "median"), [(3, 2e-4), (1, 3e-4)])
def test_euklems_capital_services_from_asset_stocks(capital, log_growth, years, median):
    price, stock, rate, income, published = capital
    gains = inventory.revaluation(price, years=years, centred=True)
    returns = inventory.internal_return(income, price, stock, rate, gains)
    cost = inventory.settle_negative(inventory.user_cost(price, returns, rate, gains), "zero")
    index = inventory.capital_services(stock, cost)
    error = np.abs(log_growth(index) - log_growth(published))
    known = np.isfinite(error)
    assert known.sum() > 1000
    assert np.median(error[known]) < median
    assert np.quantile(error[known], 0.9) < 1e-3
    assert error[known].max() < 0.05


def test_bea_bls_integrated_tfp(shared, cells, log_growth):
    table = cells(shared / "ref" / "growth" / "bea_bls_ilpa_1997_2023.csv", "industry", long="var")
    names = [name.removesuffix("_COMP") for name in table.variables if name.endswith("_COMP")]
    assert len(names) == 10
    cost = np.array([table[f"{name}_COMP"] for name in names])
    growth = log_growth(np.array([table[f"{name}_Q"] for name in names]))
    inputs = contributions(growth, cost / cost.sum(axis=0), formula="tornqvist").sum(axis=0)
    error = log_growth(table["GO_Q"]) - inputs - log_growth(table["TFP_INDEX_PUBLISHED"])
    assert np.isfinite(error).sum() == 1638
    assert np.nanmax(np.abs(error)) < 5e-4
    assert np.nanmedian(np.abs(error)) < 1e-5

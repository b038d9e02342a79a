"""Balanced output of China's provinces, 1996-2025, against an independent computation of the same system.

Reference: ``../shared/design/balance/`` (a dense system of all 1,829 unknowns), its tables ``balanced_growth.csv`` and
``balanced_periods.csv`` and its acceptance figures. Evidence is read from these tables, rounded to 1e-4 points, and the
weights that ship to 1e-4. Tolerances: growth and standard errors of a year .002 points, of a period .001 and .001,
levels 1e-4, the rounding of the smallest; the acceptance figures as at each of them.
"""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files

import numpy as np
import polars as pl
import pytest

from xinzhi.yardstick.balance import balance, load_weights

PACKAGE = files("xinzhi.data") / "packages" / "china-provinces"
PERIODS = [(1996, 2000), (2000, 2007), (2007, 2012), (2012, 2017), (2017, 2023), (2017, 2025), (2019, 2025)]
LATE = 0.008  # the error of producer prices that a model stands in for, from 2020


def national(variable, vintage):
    nation = pl.read_csv(str(PACKAGE / "nation.csv"), infer_schema_length=None)
    rows = nation.filter(pl.col("variable") == variable, pl.col("vintage").str.starts_with(vintage))
    return dict(rows.select("year", "value").iter_rows())


def read_nation(shared):
    level, growth = national("gdp_nominal", "census5"), national("gdp_growth", "census4")
    table = pl.read_csv(shared / "data/china/ruler/nation_annual_gdp_census5.csv").filter(branch="gdp")
    for year, nominal, real in table.select("year", "nominal_1e8_cny", "real_growth_percent").iter_rows():
        level[year], growth[year] = nominal, real
    growth[2020] = 2.3
    years = range(1996, 2026)
    return {
        "year": list(years),
        "nominal": [level[year] for year in years],
        "volume_growth": [np.log1p(growth[year] / 100) for year in years],
    }


def residuals(shared):
    """Return the spread of producer prices of each province around a line on the nation's, over the median."""
    nation = {year: np.log(value / 100) for year, value in national("ppi", "").items()}
    table = pl.read_csv(shared / "data/china/ruler/prices_by_province.csv", infer_schema_length=None)
    table = table.filter(pl.col("value") > 0, pl.col("year").is_between(2001, 2019), variable="ppi")
    spread = {}
    for (region,), rows in table.group_by("region_code"):
        x, y = np.array([nation[year] for year in rows["year"]]), np.log(rows["value"].to_numpy() / 100)
        spread[str(region)] = np.std(y - np.polyval(np.polyfit(x, y, 1), x))
    middle = np.median(list(spread.values()))
    return pl.DataFrame({"region": list(spread), "size": [float(value / middle) for value in spread.values()]})


def read(path):
    return pl.read_csv(path, schema_overrides={"region": pl.String}, infer_schema_length=None)


@pytest.fixture(scope="module")
def reference(shared):
    return read(shared / "design/balance/balanced_growth.csv")


@pytest.fixture(scope="module")
def frames(shared, reference):
    """Return evidence and nation."""
    prices = read(shared / "design/balance/deflators.csv")
    rows = reference.join(prices, on=["region", "year"]).join(residuals(shared), on="region")
    log = pl.col("nominal_published").log()
    first = rows.filter(year=1997).select(
        "region", year=pl.lit(1996), nominal=(log - (pl.col("published") + pl.col("published_growth")) / 100).exp()
    )
    late = pl.when(pl.col("year") >= 2020).then(LATE * pl.col("size")).otherwise(0.0)
    later = rows.select(
        "region",
        "year",
        nominal="nominal_published",
        volume_growth=pl.col("published_growth") / 100,
        mix=pl.col("mix_scaled") / 100,
        cpi=pl.col("cpi_scaled") / 100,
        mix_sd=late,
    )
    return pl.concat([first.cast({"year": pl.Int64}), later], how="diagonal"), read_nation(shared)


@pytest.fixture(scope="module")
def balanced(frames):
    return balance(*frames, "china-provinces", periods=PERIODS)


@pytest.mark.shared
def test_every_year_of_every_province_is_that_of_the_dense_system(balanced, reference):
    both = reference.rename({"standard_error": "error"}).join(balanced.frame, on=["region", "year"])
    assert both.height == 31 * 29
    # growth of levels is rounded more coarsely: the level of the smallest province has four digits
    for name, peer, tolerance in (
        ("growth", "balanced_growth", 2e-3),
        ("standard_error", "error", 2e-3),
        ("deflator_growth", "balanced_deflator", 1e-2),
    ):
        assert (100 * both[name] - both[peer]).abs().max() < tolerance, name
    assert (both["nominal"] / both["nominal_balanced"] - 1).abs().max() < 1e-4


@pytest.mark.shared
def test_every_period_is_that_of_the_dense_system(balanced, shared):
    peer = read(shared / "design/balance/balanced_periods.csv")
    both = peer.rename({"standard_error": "error"}).join(balanced.periods, on=["region", "start", "end"])
    assert both.height == 31 * len(PERIODS)
    assert (100 * both["growth"] - both["balanced"]).abs().max() < 1e-3
    assert (100 * both["standard_error"] - both["error"]).abs().max() < 1e-3


@pytest.mark.shared
def test_the_acceptance_figures(balanced):
    fit = balanced.fit
    assert fit.gap < 1e-9
    assert fit.within >= 0.95
    assert fit.nominal_within >= 0.95
    assert 0.7 < fit.chi_square / fit.degrees < 1.2
    assert (fit.degrees, fit.identities) == (1674, 59)
    assert fit.identities_chi_square == pytest.approx(19.8, abs=0.1)
    for period, error in {(2012, 2017): 0.59, (2017, 2025): 0.40}.items():
        assert 100 * balanced.span(*period)["standard_error"].median() == pytest.approx(error, abs=0.03)
    flagged = balanced.frame.filter("flag").select("region", "year").rows()
    assert set(flagged) == {("150000", 2021), ("220000", 2003), ("640000", 2007), ("640000", 2008)}


@pytest.mark.shared
def test_without_prices_and_with_a_free_common_error_volumes_move_by_one_number_a_year(frames):
    weights = load_weights("china-provinces")
    fixed = replace(weights.nominal, lasting=dict.fromkeys(weights.nominal.lasting, 1e-4), single=1e-4)
    free = replace(weights.volume, common=1e3)
    exact = {"prices": {}, "reliability": {}, "benchmarks": {}, "level": 1e-3}
    made = balance(*frames, replace(weights, volume=free, nominal=fixed, **exact))
    moved = made.frame.drop_nulls("growth").select("year", by=100 * (pl.col("growth") - pl.col("growth_published")))
    spread = moved.group_by("year").agg((pl.col("by") - pl.col("by").mean()).abs().max())
    assert spread["by"].max() < 1e-5
    assert moved["by"].abs().max() > 1


def revisions(shared):
    """Return what the censuses of 2018 and 2023 did to real growth, by province, year and census."""
    first = read(shared / "data/china/nation/first_published_growth.csv").select(
        "region", "year", "growth_first_published"
    )
    census = read(str(PACKAGE / "vintages.csv")).filter(vintage="census4").select("region", "year", "output_growth")
    last = read(shared / "design/balance/balanced_growth.csv").select("region", "year", "published_growth")
    log = [(1 + pl.col(name) / 100).log() for name in ("output_growth", "growth_first_published")]
    return (
        last.join(census, on=["region", "year"])
        .join(first, on=["region", "year"], how="left")
        .with_columns(of_2018=log[0] - log[1], of_2023=pl.col("published_growth") / 100 - log[0])
    )


@pytest.mark.shared
def test_standard_errors_would_have_held_the_later_revisions(balanced, shared):
    """Of 31 provinces in four spans, revisions less their mean within 1.645 standard errors: 113 of 124."""
    changes, held = revisions(shared), []
    for start, end, census in (
        (2000, 2007, "of_2018"),
        (2007, 2012, "of_2018"),
        (2012, 2017, "of_2018"),
        (2017, 2022, "of_2023"),
    ):
        years = changes.filter(pl.col("year").is_between(start + 1, end))
        mean = years.group_by("region").agg(pl.col(census).mean().alias("change"))
        both = balanced.span(start, end).join(mean, on="region")
        change = both["change"] - both["change"].mean()
        held.append(int((change.abs() <= 1.645 * both["standard_error"]).sum()))
    assert held == [26, 26, 30, 31]

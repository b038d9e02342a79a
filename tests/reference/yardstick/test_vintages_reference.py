"""Vintages of the Penn World Table and of China's provincial accounts.

References: the change of China's TFP growth 1978-2011 between the Penn World Table 10.0 and 10.01, computed apart from
this project as output -0.52, capital -(1 - .582) x 2.91 = -1.22, labour and share none (percentage points a year;
hours, human capital and labour shares of both releases are bit for bit the same). That capital figure takes one mean
share for all years; year by year it is -1.21, so the tolerance is 0.011. Parts sum to 1e-12.
Figures of the censuses: first published, after the fourth and after the fifth economic census (National Bureau of
Statistics), read here with `csv` in plain Python. Tolerance 1e-12.
"""

from __future__ import annotations

import csv
import gzip
import math
from importlib.resources import files
from pathlib import Path

import polars as pl
import pytest

import xinzhi
from xinzhi import protocol
from xinzhi.yardstick.compare_vintages import PARTS, compare_vintages, vintage_history

NAMES = {
    "countrycode": "region",
    "year": "year",
    "rgdpna": "output_real",
    "rkna": "capital_services",
    "emp": "employment",
    "avh": "hours",
    "hc": "human_capital",
    "labsh": "labour_share",
}
UNITS = {"output_real": "1e6 USD at 2017 prices", "employment": "1e6 persons", "hours": "hours per person"}


def release(table):
    numbers = [pl.col(name).cast(pl.Float64) for name in NAMES if name not in {"countrycode", "year"}]
    accounts = table.select(pl.col("countrycode").cast(pl.String), pl.col("year").cast(pl.Int64), *numbers)
    accounts = accounts.rename(NAMES).filter(pl.col("output_real").is_not_null())
    return xinzhi.load({"accounts": accounts}, units={"accounts": UNITS})


@pytest.fixture(scope="module")
def change(shared):
    world = shared / "data" / "world"
    with gzip.open(world / "pwt1001.csv.gz") as handle:
        newer = release(pl.read_csv(handle.read(), infer_schema_length=None))
    older = release(pl.read_parquet(world / "pwt1000.parquet"))
    rules = protocol.load("pwt-10.01").replace({"labour.quality": "given"})
    return compare_vintages(older, newer, rules, start=1978, end=2011)


@pytest.mark.shared
def test_china_between_two_releases_of_the_penn_world_table(change):
    row = change.frame.row(by_predicate=pl.col("region") == "CHN", named=True)
    points = {name: 100 * row[name] for name in ("before", "after", *PARTS, "total")}
    assert points["before"] == pytest.approx(2.38, abs=0.005)
    assert points["after"] == pytest.approx(0.64, abs=0.005)
    assert points["output"] == pytest.approx(-0.52, abs=0.011)
    assert points["capital"] == pytest.approx(-1.22, abs=0.011)
    assert (points["labour"], points["share"], points["protocol"]) == (0.0, 0.0, 0.0)
    assert points["total"] == pytest.approx(-1.74, abs=0.005)


@pytest.mark.shared
def test_the_page_shows_the_countries_that_moved_by_half_a_point(change):
    page = (Path(__file__).parents[3] / "docs" / "vintages.md").read_text("utf-8")
    moved = change.frame.filter(pl.col("total").abs() >= 0.005)
    assert set(moved["region"]) == {"DOM", "CHN", "LUX", "MYS", "SAU"}
    for row in moved.iter_rows(named=True):
        figures = [f"{100 * row[name] + 0:.2f}" for name in ("before", "after", "output", "capital")]
        line = " | ".join([*figures, "0", "0", f"{100 * row['total']:.2f}"]).replace("-0.00", "0.00")
        assert f"| {line} |" in page


@pytest.mark.shared
def test_parts_of_every_country_sum_to_its_change(change):
    frame = change.frame
    assert frame.height > 90
    assert (frame.select(pl.sum_horizontal(PARTS)).to_series() - frame["total"]).abs().max() < 1e-12
    assert ((frame["after"] - frame["before"]) - frame["total"]).abs().max() < 1e-12


@pytest.fixture(scope="module")
def by_hand():
    with (files("xinzhi.data") / "packages" / "china-provinces" / "vintages.csv").open(encoding="utf-8") as handle:
        return {(row["vintage"], row["region"], int(row["year"])): row for row in csv.DictReader(handle)}


@pytest.fixture(scope="module")
def history():
    return vintage_history("china-provinces")


def test_the_census_of_2018_cut_the_output_of_tianjin_by_a_third(history, by_hand):
    level = {name: float(by_hand[name, "120000", 2017]["output_nominal"]) for name in ("first_published", "census4")}
    cut = history.frame.row(
        by_predicate=(pl.col("region") == "120000") & (pl.col("year") == 2017) & (pl.col("after") == "census4"),
        named=True,
    )
    assert cut["level"] == pytest.approx(level["census4"] / level["first_published"] - 1, abs=1e-12)
    assert round(cut["level"], 3) == -0.329
    worst = history.levels.row(0, named=True)
    assert (worst["region"], worst["lowest_year"]) == ("120000", 2016)
    assert round(worst["lowest"], 3) == -0.358


def test_the_census_of_2023_moved_growth_between_henan_and_shanghai(history, by_hand):
    rows = history.growth.filter(pl.col("after") == "census5")
    assert rows.height == 31
    for row in rows.iter_rows(named=True):
        logs = {
            name: sum(
                math.log1p(float(by_hand[name, row["region"], year]["output_growth"]) / 100)
                for year in range(2016, 2023)
            )
            for name in ("census4", "census5")
        }
        assert row["revision"] == pytest.approx(math.expm1(logs["census5"] - logs["census4"]), abs=1e-12)
    low, high = rows.row(0, named=True), rows.row(-1, named=True)
    assert (low["region"], low["start"], low["end"], round(100 * low["revision"], 1)) == ("410000", 2015, 2022, -1.2)
    assert (high["region"], round(100 * high["revision"], 1)) == ("310000", 2.0)


def test_the_census_of_2018_cut_growth_where_output_had_been_inflated(history, by_hand):
    """Reference: the published growth itself, by hand; first publications of single years are known from the press."""
    # Tianjin 17.4 % in 2010 and Liaoning -2.5 % in 2016 are the figures that the bureaus announced.
    assert float(by_hand["first_published", "120000", 2010]["output_growth"]) == pytest.approx(17.4, abs=0.05)
    assert float(by_hand["first_published", "210000", 2016]["output_growth"]) == pytest.approx(-2.5, abs=0.05)
    rows = history.growth.filter(pl.col("after") == "census4")
    low = rows.row(0, named=True)
    logs = {
        name: sum(math.log1p(float(by_hand[name, "120000", year]["output_growth"]) / 100) for year in range(2000, 2023))
        for name in ("first_published", "census4")
    }
    assert (low["region"], low["start"], low["end"]) == ("120000", 1999, 2022)
    assert low["revision"] == pytest.approx(math.expm1(logs["census4"] - logs["first_published"]), abs=1e-12)

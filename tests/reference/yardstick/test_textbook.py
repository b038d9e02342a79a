"""The protocol `textbook` against the program that the page for R and Stata users prints, written here line by line."""

from __future__ import annotations

import math
import statistics
from pathlib import Path

import polars as pl
import pytest

import xinzhi

PAGE = Path(__file__).parents[3] / "docs" / "for-r-and-stata-users.md"


@pytest.fixture(scope="module")
def recipe():
    """The residual by region and year: the Stata program, a region after the other, in plain Python."""
    tables = xinzhi.load("china-provinces").tables
    rows = (
        tables["accounts"].join(tables["investment"], on=["region", "year"], how="left").filter(pl.col("year") >= 1996)
    )
    residuals, before = {}, {}
    for row in rows.sort("region", "year").iter_rows(named=True):
        region, year = row["region"], row["year"]
        nominal, price = row["investment_nominal"], row["investment_price"]
        invested = None if nominal is None or price is None else nominal / price
        capital = None
        if year == 1996:
            capital = 10 * invested
        elif before[region]["capital"] is not None and invested is not None:
            capital = (1 - 0.096) * before[region]["capital"] + invested
        now = {"capital": capital} | {name: row[name] for name in ("output_real", "employment", "labour_share")}
        then = before.get(region)
        if then is not None and None not in (*now.values(), *then.values()):
            share = (now["labour_share"] + then["labour_share"]) / 2
            step = {name: math.log(now[name]) - math.log(then[name]) for name in now}
            residuals[region, year] = step["output_real"] - share * step["employment"] - (1 - share) * step["capital"]
        before[region] = now
    return residuals


def growth(protocol):
    frame = xinzhi.measure("china-provinces", protocol=protocol).frame
    return {(region, year): value for region, year, value in frame.select("region", "year", "tfp_growth").iter_rows()}


def test_the_protocol_is_the_recipe(recipe):
    measured = growth("textbook")
    assert len(recipe) == 527
    assert {place for place, value in measured.items() if value is not None} == set(recipe)
    assert max(abs(measured[place] - value) for place, value in recipe.items()) < 1e-12


def test_what_the_recipe_costs_is_what_the_page_says(recipe):
    reference = growth("xinzhi-cn-2026")
    regions = {region for region, _ in recipe}
    gaps = [
        abs(statistics.mean(recipe[place] - reference[place] for place in recipe if place[0] == region))
        for region in sorted(regions)
    ]
    mean, most = 100 * statistics.mean(gaps), 100 * max(gaps)
    said = f"by {mean:.1f} points a year in the mean of the regions, by up to {most:.1f} in one"
    assert said in PAGE.read_text(encoding="utf-8")

"""The nation on its own accounts: equal to the arithmetic written out, and to nobody's choice of regions."""

from __future__ import annotations

import math
from pathlib import Path

import polars as pl
import pytest

import xinzhi
from xinzhi.core.errors import InputError
from xinzhi.data import national_package, national_series
from xinzhi.yardstick.internal import View

TOLERANCE = 1e-12


@pytest.fixture(scope="module")
def china():
    return xinzhi.load("china-provinces")


@pytest.fixture(scope="module")
def nation(china):
    return xinzhi.measure_nation(china)


def series(china, name):
    return dict(national_series(china, name).select("year", "value").iter_rows())


def test_growth_by_hand(china, nation):
    growth, share = series(china, "gdp_growth"), nation.protocol.value("shares.national")
    persons = series(china, "employment")
    made = {row["year"]: row for row in nation.frame.iter_rows(named=True)}
    for year in (2005, 2013, 2017):
        row = made[year]
        weight = (share[year - 1] + share[year]) / 2
        assert row["output_growth"] == pytest.approx(math.log1p(growth[year] / 100), abs=TOLERANCE)
        assert row["labour_growth"] == pytest.approx(math.log(persons[year] / persons[year - 1]), abs=TOLERANCE)
        inputs = (1 - weight) * row["capital_growth"] + weight * (row["labour_growth"] + row["human_capital_growth"])
        assert row["tfp_growth"] == pytest.approx(row["output_growth"] - inputs, abs=TOLERANCE)


def test_the_stock_is_a_perpetual_inventory_of_published_volume(china, nation):
    value, whole = series(china, "gfcf_nominal"), series(china, "gcf_nominal")
    volume = series(china, "gcf_growth_real")
    kept = 1 - nation.protocol.value("capital.depreciation")
    stock = dict(nation.inputs.select("year", "capital").iter_rows())
    flow = {year: stock[year] - kept * stock[year - 1] for year in range(2001, 2024)}
    for year in range(2002, 2024):
        wanted = (1 + volume[year] / 100) * value[year] / whole[year] * whole[year - 1] / value[year - 1]
        assert flow[year] / flow[year - 1] == pytest.approx(wanted, rel=1e-9)


def test_breaks_take_the_moves_beside_them(nation):
    raw = nation.panel.account("employment")[0]
    moves = {int(year): math.log(raw[at + 1] / raw[at]) for at, year in enumerate(nation.panel.years[1:])}
    made = dict(nation.frame.select("year", "labour_growth").iter_rows())
    for year in (1990, 2020):
        assert made[year] == pytest.approx((moves[year - 1] + moves[year + 1]) / 2, abs=TOLERANCE)


def test_the_figures_are_those_of_the_pages(nation):
    rows = {row["start"]: row for row in nation.periods.iter_rows(named=True)}
    assert [round(100 * rows[start]["tfp_growth"], 2) for start in (2000, 2007, 2012, 2017)] == [3.83, 1.77, 1.77, 1.68]
    assert 0.016 <= rows[2017]["tfp_growth"] <= 0.022  # an independent computation


def test_the_regions_handed_in_do_not_matter(china, nation):
    alone = xinzhi.load({"nation": china.tables["nation"]})
    again = xinzhi.measure_nation(alone)
    assert (again.frame["tfp_growth"] - nation.frame["tfp_growth"]).abs().max() <= TOLERANCE
    assert nation.regions_declared.complete
    assert not nation.regions_declared.foreign


@pytest.mark.parametrize("missing", ["gdp_nominal", "gdp_growth", "gfcf_nominal", "employment"])
def test_a_series_that_is_missing_is_named(china, missing):
    table = china.tables["nation"].filter(pl.col("variable") != missing)
    with pytest.raises(InputError) as caught:
        national_package(xinzhi.load({"nation": table}))
    assert missing in str(caught.value)


def test_without_the_table_nothing_is_invented():
    with pytest.raises(InputError) as caught:
        xinzhi.measure_nation({"accounts": pl.DataFrame({"region": ["a"], "year": [2000]})})
    assert "nation" in str(caught.value)


def test_the_table_of_the_page(china, nation):
    together = {row["start"]: row for row in xinzhi.measure(china).national_periods.iter_rows(named=True)}
    own = {row["start"]: row for row in nation.periods.iter_rows(named=True)}
    view = View(xinzhi.measure(china))
    implied = {row["start"]: row["nation_tfp_growth"] for row in view.national_periods.iter_rows(named=True)}
    mixed = " | ".join(f"{100 * implied[start]:.2f}" for start in (2000, 2007, 2012, 2017))
    page = (Path(__file__).parents[3] / "docs" / "yardstick.md").read_text("utf-8")
    for name, rows in (("the nation", own), ("the regions together", together)):
        figures = " | ".join(f"{100 * rows[start]['tfp_growth']:.2f}" for start in (2000, 2007, 2012, 2017))
        assert f"| {name} | {figures} |" in page
    assert f"| their inputs, the nation's output | {mixed} |" in page
    assert f"({100 * together[2012]['output_growth']:.2f} against {100 * own[2012]['output_growth']:.2f} %" in page


def test_official_figures_of_investment_say_that_they_are_adjusted(china, country):
    made = xinzhi.measure(china)
    view = View(made)
    for language, told, short in (
        ("en", "investment adjusted to revised output and to the nation’s total", "investment adjusted"),
        ("zh", "投资按修订后产出和全国总额调整", "投资经调整"),
    ):
        assert told in made.summary(language).splitlines()[0]
        assert short in view.span_text(view.lead).lang(language)
    for way, told in (("none", ""), ("revised_output", ", investment adjusted to revised output")):
        other = View(xinzhi.measure(china, made.protocol.replace({"capital.benchmark": way})))
        assert getattr(other.adjusted(other.lead), "en", "") == told
    abroad = View(xinzhi.measure(xinzhi.load(country())))
    assert not any(abroad.adjusted(span) for span in abroad.spans)

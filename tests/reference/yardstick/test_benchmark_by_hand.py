"""Investment brought to revised output and to the nation, computed again from the CSV files in plain Python.

The calculation shares no code with xinzhi: revised over expenditure GDP of every province and year, and one factor a
year that brings the sum to national gross fixed capital formation. Tolerance: 1e-12 for the series that the protocol
carries and for a region alone, 1e-9 for growth of the sum against the nation. ``before_the_choices.csv`` holds the
figures of the protocol before it had any of these choices: with all of them off they come back at 1e-12.
"""

from __future__ import annotations

import csv
import math
from importlib.resources import files
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import xinzhi
from xinzhi.core.errors import InputError
from xinzhi.data import load
from xinzhi.protocol import load as load_protocol
from xinzhi.yardstick.capital import investment
from xinzhi.yardstick.estimating import benchmark, live
from xinzhi.yardstick.inputs import deflator
from xinzhi.yardstick.panel import read_panel

OURS = load_protocol("xinzhi-cn-2026")
OFF = {
    "capital.benchmark": "none",
    "estimates.investment_rule": "off",
    "estimates.control_total": "none",
    "estimates.schooling_rule": "hold",
    "labour.breaks": "flag",
    "shares.after": "carry",
}
VINTAGE = "census4 (yearbook 2024 vintage)"


def rows(table):
    with (files("xinzhi.data") / "packages" / "china-provinces" / f"{table}.csv").open(encoding="utf-8") as handle:
        yield from csv.DictReader(handle)


def column(table, name):
    return {(row["region"], int(row["year"])): float(row[name]) for row in rows(table) if row[name]}


NOMINAL, REVISED, OLD = (
    column(*place)
    for place in (
        ("investment", "investment_nominal"),
        ("accounts", "output_nominal"),
        ("accounts", "expenditure_gdp"),
    )
)
NATION = {
    int(row["year"]): float(row["value"])
    for row in rows("nation")
    if row["variable"] == "gfcf_nominal" and row["vintage"] == VINTAGE
}
REGIONS = sorted({region for region, _ in REVISED})


def ratio(region, year):
    year = min(max(year, 2000), 2017)
    return REVISED[region, year] / OLD[region, year]


def factor(year):
    return NATION[year] / math.fsum(NOMINAL[region, year] * ratio(region, year) for region in REGIONS)


@pytest.fixture(scope="module")
def panel():
    return read_panel(load("china-provinces"))


def test_the_ratio_of_the_protocol_is_that_of_the_nation_to_the_provinces():
    stated = OURS.value("capital.national_ratio")
    assert (min(stated), max(stated)) == (1996, 2023)
    assert stated == pytest.approx({year: factor(year) for year in stated}, rel=1e-12)


def test_provinces_invest_more_than_the_nation():
    """Sum of the provinces over the nation, as in the input-output tables of 2002-2020 within 3 %."""
    known = {2002: 1.03, 2007: 1.23, 2010: 1.27, 2012: 1.34, 2015: 1.34, 2017: 1.22}
    for year, shown in known.items():
        assert math.fsum(NOMINAL[region, year] for region in REGIONS) / NATION[year] == pytest.approx(shown, abs=0.045)


def test_computed_live_from_the_package_the_factor_is_the_same(panel):
    stated, made = benchmark(panel, OURS).values, benchmark(panel, live(OURS)).values
    assert np.nanmax(np.abs(stated / made - 1)) < 1e-12


@pytest.mark.parametrize("kind", ["revised_output", "national"])
def test_every_region_year_is_moved_as_by_hand(panel, kind):
    moved = investment(panel, OURS.replace(OFF | {"capital.benchmark": kind}), deflator(panel), list(panel.assets))
    nominal = (moved.real * moved.price)[0]
    price = {**column("investment", "investment_price")}
    for (region, year), value in NOMINAL.items():
        own = ratio(region, year)
        common = factor(min(max(year, 1996), 2023)) if kind == "national" else 1.0
        got = nominal[panel.region_index(region), year - panel.years[0]]
        expected = value * own * common / price[region, 2000]
        assert got == pytest.approx(expected, rel=1e-12)


def test_the_reconciled_sum_grows_with_the_nation(panel):
    """In value where provinces publish, in volume where the control total has taken over: it does not count twice."""
    made = investment(panel, OURS, deflator(panel), list(panel.assets))
    price = panel.investment["investment_price"][0]
    nominal = made.real[0] * made.price[0] * price[:, 2000 - panel.years[0], None]
    total = nominal.sum(axis=0)
    for year in range(1997, 2018):
        at = year - panel.years[0]
        assert math.log(total[at] / total[at - 1]) == pytest.approx(math.log(NATION[year] / NATION[year - 1]), abs=1e-9)
    base = 2017 - panel.years[0]
    volume = (nominal / price * price[:, base, None]).sum(axis=0)[base:]
    index = panel.control["national_volume"][base:]
    known = np.isfinite(index)
    assert np.log(volume / volume[0])[known] == pytest.approx((index - index[0])[known], abs=1e-9)


def test_what_the_benchmark_does_to_the_nation_by_period():
    """Percent a year; the table of docs/choices.md. The review of the data had +1.0, +1.0, +0.3 and -0.4."""
    spans = [[2002, 2007], [2007, 2012], [2012, 2017], [2017, 2023]]
    found = {}
    for kind in ("none", "revised_output", "national"):
        made = xinzhi.measure("china-provinces", OURS.replace({"capital.benchmark": kind, "reporting.periods": spans}))
        found[kind] = {
            (row["start"], row["end"]): (100 * row["capital_growth"], 100 * row["tfp_growth"])
            for row in made.national_periods.to_dicts()
        }
    capital = [14.85, 14.33, 12.74], [15.42, 14.90, 13.63], [10.88, 11.18, 10.25], [6.65, 7.07, 6.96]
    tfp = [2.88, 3.16, 4.02], [1.35, 1.63, 2.31], [1.87, 1.72, 2.20], [1.92, 1.71, 1.76]
    for span, *expected in zip(spans, capital, tfp, strict=True):
        for at, values in enumerate(expected):
            assert [found[kind][tuple(span)][at] for kind in found] == pytest.approx(values, abs=0.0051)


def test_a_region_alone_has_the_figure_that_it_has_among_all():
    whole = load("china-provinces")
    every = xinzhi.measure(whole, OURS).frame
    for region in ("120000", "150000", "630000"):
        tables = {
            name: whole.tables[name].filter(pl.col("region") == region)
            for name in ("accounts", "investment", "regions")
        }
        alone = xinzhi.measure(tables, OURS).frame
        both = alone.join(every, on=["region", "year"], suffix="_all")
        assert both.height == alone.height > 20
        assert (both["tfp_growth"] - both["tfp_growth_all"]).abs().max() < 1e-12


def test_with_estimates_benchmark_links_and_grades_off_the_old_frame_comes_back():
    """``measure("china-provinces", "xinzhi-cn-2026")`` at e486624^: `periods` and `national_periods` of all spans."""
    made = xinzhi.measure("china-provinces", OURS.replace(OFF | {"reporting.grades": "off"}))
    old = pl.read_csv(Path(__file__).with_name("before_the_choices.csv"), schema_overrides={"region": pl.String})
    now = pl.concat([frame.select(old.columns) for frame in (made.periods, made.national_periods)])
    both = old.join(now, on=["region", "start", "end"], suffix="_now")
    assert both.height == old.height == 192
    for name in old.columns[3:]:
        assert (both[name] - both[f"{name}_now"]).abs().max() < 1e-12, name
    assert made.graded is None
    assert made.periods["grade"].null_count() == made.periods.height
    place = pl.col("tfp_growth").rank("min", descending=True).over("start", "end")
    ranks = old.filter(pl.col("region") != "total").with_columns(place=place)
    ranks = ranks.join(made.periods, on=["region", "start", "end"], suffix="_now")
    assert (ranks["place"] == ranks["rank"]).all()  # nobody is left out


def test_without_expenditure_gdp_nothing_is_invented():
    """The region stays as published, flagged missing in every year that has investment."""
    whole = load("china-provinces")
    tables = {name: whole.tables[name] for name in ("accounts", "investment", "regions")}
    tables["accounts"] = tables["accounts"].drop("expenditure_gdp")
    tables = {name: table.filter(pl.col("region") == "520000") for name, table in tables.items()}
    bare = xinzhi.measure(tables, OURS)
    raw = xinzhi.measure(tables, OURS.replace({"capital.benchmark": "none"}))
    official = pl.col("year") <= 2017
    assert bare.frame.filter(official)["flags"].str.contains("missing:benchmark").all()
    assert (bare.frame.filter(official)["tfp_growth"] - raw.frame.filter(official)["tfp_growth"]).abs().max() < 1e-12


def test_without_ratio_and_nation_it_refuses_with_the_cure():
    whole = load("china-provinces")
    tables = {name: whole.tables[name] for name in ("accounts", "investment", "regions")}
    with pytest.raises(InputError) as caught:
        xinzhi.measure(tables, OURS.replace({"capital.national_ratio": None}))
    assert caught.value.code == "yardstick.no-national-investment"
    some = {name: table.filter(pl.col("region") < "150000") for name, table in tables.items()}
    with pytest.raises(InputError) as caught:
        xinzhi.measure(some | {"nation": whole.tables["nation"]}, OURS.replace({"capital.national_ratio": None}))
    assert caught.value.code == "yardstick.benchmark-of-a-part"


def test_counties_are_not_held_to_a_nation_that_is_not_theirs():
    """Without a nation of their own they are left as they are, flagged; with one it is theirs that counts."""
    whole = load("china-provinces")
    tables = {name: whole.tables[name] for name in ("accounts", "investment")}
    tables = {
        name: table.filter(pl.col("region") < "140000").with_columns(region=pl.lit("c") + pl.col("region"))
        for name, table in tables.items()
    }
    free = OURS.replace(OFF | {"capital.benchmark": "national"})
    bare = xinzhi.measure(tables, free)
    assert bare.frame["flags"].str.contains("missing:benchmark").all()
    own = whole.tables["nation"].with_columns(value=pl.col("value") / 10)
    theirs = xinzhi.measure(tables | {"nation": own}, free)
    assert not theirs.frame.filter(pl.col("year").is_between(2001, 2017))["flags"].str.contains("missing").any()
    made = investment(theirs.panel, free, deflator(theirs.panel), list(theirs.panel.assets))
    at = 2010 - theirs.panel.years[0]
    price = theirs.panel.investment["investment_price"][0][:, 2000 - theirs.panel.years[0]]
    total = (made.real[0][:, at] * made.price[0][:, at] * price).sum()
    assert total == pytest.approx(NATION[2010] / 10, rel=1e-12)

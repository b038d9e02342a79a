"""Wrong units and impossible zeros, each put into the shipped package: every one is found."""

from __future__ import annotations

import time

import polars as pl
import pytest

import xinzhi
from xinzhi.core.errors import InputError
from xinzhi.data import check, load

JIANGSU, GUIZHOU, TIBET, SHANGHAI = "320000", "520000", "540000", "310000"
COLUMNS = {
    "employment": ("accounts", ["employment"]),
    "investment": ("investment", ["investment_nominal"]),
    "output at current prices": ("accounts", ["output_nominal"]),
    "output at constant prices": ("accounts", ["output_real"]),
    "output": ("accounts", ["output_nominal", "output_real"]),
}


@pytest.fixture(scope="module")
def shipped():
    package = load("china-provinces")
    tables = {name: package.tables[name] for name in ("accounts", "investment", "regions")}
    return tables, {name: dict(package.units[name]) for name in ("accounts", "investment")}


@pytest.fixture(scope="module")
def known(shipped):
    return {_mark(found) for found in check(shipped[0], units=shipped[1])}


def _mark(found):
    return found.rule, found.severity, found.column, found.key, found.value, found.message.en


def _new(shipped, known, table=None, frame=None, unit=None):
    tables, units = shipped
    if frame is not None:
        tables = {**tables, table: frame}
    if unit is not None:
        units = {**units, unit[0]: {**units[unit[0]], unit[1]: unit[2]}}
    marks = {_mark(found) for found in check(tables, units=units)}
    return {(rule, severity) for rule, severity, *_ in marks - known}


def _times(shipped, columns, factor, region=None, year=None):
    table, names = COLUMNS.get(columns, ("investment" if columns.startswith("investment") else "accounts", [columns]))
    at = pl.lit(value=True) if region is None else pl.col("region") == region
    at = at if year is None else at & (pl.col("year") == year)
    return table, shipped[0][table].with_columns(
        pl.when(at).then(pl.col(name) * factor).otherwise(name) for name in names
    )


@pytest.mark.parametrize("region", [None, JIANGSU, GUIZHOU, TIBET, SHANGHAI])
@pytest.mark.parametrize("factor", [1e4, 1e-4, 10.0])
@pytest.mark.parametrize("columns", COLUMNS)
def test_ten_thousand_for_a_hundred_million_never_passes(shipped, known, columns, factor, region):
    found = _new(shipped, known, *_times(shipped, columns, factor, region))
    assert found & {
        ("ratio-implausible", "error"),
        ("ratio-implausible", "warning"),
        ("region-apart", "error"),
        ("region-apart", "warning"),
    }
    if factor != 10:
        assert {severity for _, severity in found} >= {"error"}


@pytest.mark.parametrize(
    ("columns", "region"),
    [
        ("output at current prices", None),
        ("output at constant prices", None),
        ("output at current prices", JIANGSU),
        ("output at constant prices", JIANGSU),
        ("population", JIANGSU),
        ("employment", JIANGSU),
        ("investment", JIANGSU),
    ],
)
def test_the_column_in_another_unit_is_marked_and_not_its_neighbour(shipped, known, columns, region):
    table, frame = _times(shipped, columns, 1e4, region)
    found = [one for one in check({**shipped[0], table: frame}, units=shipped[1]) if _mark(one) not in known]
    wrong = {one.column for one in found if one.rule in {"ratio-implausible", "region-apart"}}
    assert wrong == {COLUMNS.get(columns, (table, [columns]))[1][0]}
    places = {one.key.partition("/")[0] for one in found if one.rule in {"ratio-implausible", "region-apart"}}
    assert region is None or places == {region}


@pytest.mark.parametrize(
    ("column", "factor", "region", "year", "rule"),
    [
        ("schooling", 0, JIANGSU, 2012, ("not-positive", "error")),
        ("labour_share", 0, JIANGSU, 2012, ("not-positive", "error")),
        ("investment_price", 1.3, JIANGSU, 2005, ("price-spike", "warning")),
        ("investment_price", 1.1, JIANGSU, 2005, ("price-spike", "warning")),
        ("investment_price", 1.1, GUIZHOU, 2014, ("price-spike", "warning")),
        ("investment_price", 1 / 1.1, TIBET, 1999, ("price-spike", "warning")),
        ("investment_nominal", 0, JIANGSU, 2012, ("infinite-step", "error")),
    ],
)
def test_one_wrong_cell_is_found(shipped, known, column, factor, region, year, rule):
    assert rule in _new(shipped, known, *_times(shipped, column, factor, region, year))


def test_two_digits_that_change_places_in_a_price_are_found(shipped, known):
    prices = shipped[0]["investment"]
    here = (pl.col("region") == JIANGSU) & (pl.col("year") == 2005)
    value = f"{prices.filter(here)['investment_price'].item():.6f}"
    swapped = float(f"{value[:2]}{value[3]}{value[2]}{value[4:]}")
    assert abs(swapped / float(value) - 1) > 0.05
    frame = prices.with_columns(pl.when(here).then(swapped).otherwise("investment_price").alias("investment_price"))
    assert ("price-spike", "warning") in _new(shipped, known, "investment", frame)


@pytest.mark.parametrize("unit", ["percent", "per mille"])
def test_labour_shares_declared_in_another_unit_are_found_and_the_unit_named(shipped, known, unit):
    assert ("labour-share-implausible", "error") in _new(shipped, known, unit=("accounts", "labour_share", unit))
    units = {**shipped[1], "accounts": {**shipped[1]["accounts"], "labour_share": unit}}
    (found,) = [one for one in check(shipped[0], units=units) if one.rule == "labour-share-implausible"]
    assert found.expected == "ratio"


def test_investment_declared_in_another_unit_is_found(shipped, known):
    unit = ("investment", "investment_nominal", "1e4 CNY")
    assert ("ratio-implausible", "error") in _new(shipped, known, unit=unit)


def test_a_panel_of_countries_may_lie_far_apart():
    size = [1 / 30, 1 / 15, 1 / 8, 1 / 4, 1 / 2, 1, 1.5, 2, 3, 4, 5]
    frame = pl.DataFrame({"region": [f"c{at:02}" for at in range(11)], "year": 2019, "employment": 100.0})
    frame = frame.with_columns(output_nominal=pl.Series([one * 1e3 for one in size]))
    units = {"accounts": {"employment": "1e4 persons", "output_nominal": "1e8 USD"}}
    assert not check({"accounts": frame}, units=units)
    slip = frame.with_columns(
        output_nominal=pl.col("output_nominal") * pl.when(pl.col("region") == "c05").then(1e4).otherwise(1)
    )
    assert {found.rule for found in check({"accounts": slip}, units=units)} == {"region-apart"}


def test_one_slip_is_one_finding(shipped, known):
    table, frame = _times(shipped, "employment", 1e4, JIANGSU)
    marks = {_mark(found) for found in check({**shipped[0], table: frame}, units=shipped[1])}
    assert len([one for one in marks - known if one[1] == "error"]) == 1


def test_columns_that_are_not_there_are_no_matter(shipped):
    tables, units = shipped
    for column in ("population", "employment", "output_real", "output_nominal", "labour_share"):
        fewer = {**units, "accounts": {name: unit for name, unit in units["accounts"].items() if name != column}}
        frame = {**tables, "accounts": tables["accounts"].drop(column)}
        assert not [found for found in check(frame, units=fewer) if found.severity == "error"]


def test_three_thousand_regions_take_a_second():
    regions, years = 3000, 26
    frame = pl.DataFrame({"region": [f"r{at:04}" for at in range(regions)]}).join(
        pl.DataFrame({"year": range(2000, 2000 + years)}), how="cross"
    )
    frame = frame.with_columns(output_nominal=100.0, output_real=100.0, employment=50.0, population=100.0)
    invested = frame.select("region", "year", investment_nominal=pl.lit(40.0), investment_price=pl.lit(1.0))
    units = {"accounts": {"output_real": "1e8 CNY at 2000 prices"}, "investment": {"investment_price": "index 2000=1"}}
    start = time.process_time()
    found = check({"accounts": frame, "investment": invested}, units=units)
    assert time.process_time() - start < 6
    assert not [one for one in found if one.severity == "error"]


SPANS = {
    "one year": pl.col("year") == 2012,
    "one region": (pl.col("region") == JIANGSU) & (pl.col("year") == 2012),
    "from a year on": pl.col("year") >= 2010,
    "one region from a year on": (pl.col("region") == TIBET) & (pl.col("year") >= 2010),
}


@pytest.mark.parametrize("span", SPANS)
@pytest.mark.parametrize("factor", [1e3, 1e4, 1e8, 1e-4])
@pytest.mark.parametrize(
    "column", ["output_nominal", "output_real", "employment", "population", "schooling", "investment_nominal"]
)
def test_a_slip_of_a_unit_is_an_error_wherever_it_begins(shipped, column, factor, span):
    table = "investment" if column.startswith("investment") else "accounts"
    slipped = pl.when(SPANS[span]).then(pl.col(column) * factor).otherwise(column).alias(column)
    found = check({**shipped[0], table: shipped[0][table].with_columns(slipped)}, units=shipped[1])
    year = {"one year": "2012", "one region": "2012"}.get(span, "2011" if column == "schooling" else "2010")
    slips = [one for one in found if one.rule == "unit-slip" and one.column == column]
    assert slips
    assert {one.severity for one in slips} == {"error"}
    assert all(one.key.endswith(year) and f" {year}" in one.message.en for one in slips)
    assert len(slips) == (1 if "region" in span else 31)


def test_a_slip_of_a_unit_stops_the_measurement(shipped):
    slipped = pl.when(SPANS["from a year on"]).then(pl.col("output_real") * 1e4).otherwise("output_real")
    package = load(
        {**shipped[0], "accounts": shipped[0]["accounts"].with_columns(slipped.alias("output_real"))}, units=shipped[1]
    )
    with pytest.raises(InputError, match="10,000 times as large"):
        xinzhi.measure(package)


def _rules(shipped, table, **columns):
    frame = shipped[0][table].with_columns(**columns)
    return {(one.rule, one.severity) for one in check({**shipped[0], table: frame}, units=shipped[1])}


def test_persons_of_urban_units_are_not_all_employed(shipped):
    here = pl.when(pl.col("region") == JIANGSU).then(pl.col("employment") * 0.24).otherwise("employment")
    assert ("ratio-implausible", "error") in _rules(shipped, "accounts", employment=here)


@pytest.mark.parametrize("times", [0.92, 0.95, 1.05, 1.08])
def test_a_common_step_of_all_regions_is_named(times):
    package = load("china-provinces")
    frame = package.tables["accounts"].with_columns(
        pl.when(pl.col("year") >= 2010)
        .then(pl.col("output_real") * times)
        .otherwise("output_real")
        .alias("output_real")
    )
    tables = {"accounts": frame, "nation": package.tables["nation"], "regions": package.tables["regions"]}
    units = {"accounts": dict(package.units["accounts"])}
    named = [one for one in check(tables, units=units) if one.rule == "common-step"]
    assert [one.key.rpartition("/")[2] for one in named] == ["2010"]

"""What single years and series of regions contradict: one damage for each rule, and none of the shipped package."""

from __future__ import annotations

import polars as pl
import pytest

from xinzhi.data import check, load

RULES = {"step-apart", "step-of-all", "series-shifted", "figure-repeated", "series-alike"}
JIANGSU, ZHEJIANG = "320000", "330000"
REGION, YEAR = pl.col("region"), pl.col("year")


@pytest.fixture(scope="module")
def shipped():
    package = load("china-provinces")
    tables = {name: package.tables[name] for name in ("accounts", "investment", "regions")}
    return tables, {name: dict(package.units[name]) for name in ("accounts", "investment")}


def found(shipped, table=None, column=None, where=None, value=None):
    tables, units = shipped
    if table is not None:
        frame = tables[table].with_columns(pl.when(where).then(value).otherwise(column).alias(column))
        tables = {**tables, table: frame}
    return {(one.rule, one.column, (one.key or "").partition("/")[0]) for one in check(tables, units=units)}


def test_the_shipped_package_breaks_none_of_the_rules(shipped):
    assert not {rule for rule, _, _ in found(shipped)} & RULES
    assert not {one.rule for one in load("china-provinces").findings} & RULES


def test_output_of_one_region_in_another_vintage_is_a_step_apart(shipped):
    where = (REGION == JIANGSU) & (YEAR >= 2008)
    new = found(shipped, "accounts", "output_real", where, pl.col("output_real") * 0.85)
    assert ("step-apart", "output_real", JIANGSU) in new


def test_a_break_that_owns_up_is_no_step_apart(shipped):
    tables, units = shipped
    where = (REGION == JIANGSU) & (YEAR >= 2008)
    new = found(shipped, "accounts", "employment", where, pl.col("employment") * 1.13)
    assert ("step-apart", "employment", JIANGSU) in new
    flagged = tables["accounts"].with_columns(
        pl.when((REGION == JIANGSU) & (YEAR == 2008)).then(1).otherwise("employment_break").alias("employment_break"),
        pl.when(where).then(pl.col("employment") * 1.13).otherwise("employment").alias("employment"),
    )
    assert ("step-apart", "employment", JIANGSU) not in found(({**tables, "accounts": flagged}, units))


@pytest.mark.parametrize(
    ("column", "factor"), [("schooling", 1.08), ("employment", 0.9), ("output_real", 0.92), ("output_nominal", 1.08)]
)
def test_a_definition_that_changes_in_all_regions_is_a_step_of_all(shipped, column, factor):
    new = found(shipped, "accounts", column, YEAR >= 2010, pl.col(column) * factor)
    assert {of for rule, of, _ in new if rule == "step-of-all"} == {
        "output_nominal" if column == "output_real" else column
    }


def test_a_price_of_investment_against_the_year_before_is_no_index(shipped):
    step = pl.col("investment_price") / pl.col("investment_price").shift(1).over("region")
    everywhere = found(shipped, "investment", "investment_price", YEAR >= 2008, step)
    assert any(rule == "step-of-all" for rule, _, _ in everywhere)
    single = found(shipped, "investment", "investment_price", (YEAR >= 2002) & (REGION == JIANGSU), step)
    assert ("step-apart", "investment_price", JIANGSU) in single


@pytest.mark.parametrize("by", [1, -1])
def test_a_series_shifted_by_a_year_follows_the_others_of_another_year(shipped, by):
    moved = pl.col("output_nominal").shift(by).over("region")
    assert ("series-shifted", "output_nominal", JIANGSU) in found(
        shipped, "accounts", "output_nominal", REGION == JIANGSU, moved
    )


def test_a_figure_pasted_one_row_lower_is_that_of_the_year_before(shipped):
    where = (REGION == JIANGSU) & YEAR.is_between(2005, 2009)
    new = found(shipped, "investment", "investment_nominal", where, pl.col("investment_nominal").shift(1))
    assert ("figure-repeated", "investment_nominal", JIANGSU) in new


def test_a_constant_share_of_all_years_is_no_figure_repeated(shipped):
    new = found(shipped, "accounts", "labour_share", pl.col("labour_share").is_not_null(), pl.lit(0.5123))
    assert not [one for one in new if one[0] in {"figure-repeated", "series-alike"}]


def test_figures_of_another_region_or_column_are_alike(shipped):
    tables, _ = shipped
    other = tables["accounts"].filter(region=ZHEJIANG)
    accounts = tables["accounts"].join(other.select("year", other="employment"), on="year", how="left")
    value = pl.when(REGION == JIANGSU).then("other").otherwise("employment")
    copied = accounts.with_columns(value.alias("employment")).drop("other")
    assert ("series-alike", "employment", ZHEJIANG) in found(({**tables, "accounts": copied}, shipped[1]))
    real = found(shipped, "accounts", "output_real", REGION == JIANGSU, pl.col("output_nominal"))
    assert ("series-alike", "output_nominal", JIANGSU) in real


def test_output_at_constant_prices_is_output_at_current_ones_in_its_base_year(shipped):
    new = found(shipped, "accounts", "output_real", REGION == JIANGSU, pl.col("output_real") * 1.2)
    assert ("region-apart", "output_real", JIANGSU) in new or ("region-apart", "output_nominal", JIANGSU) in new


def test_fewer_than_five_regions_say_nothing(shipped):
    tables, units = shipped
    few = {name: frame.filter(REGION.is_in([JIANGSU, ZHEJIANG, "110000", "310000"])) for name, frame in tables.items()}
    new = found(
        (few, units), "accounts", "output_real", (REGION == JIANGSU) & (YEAR >= 2008), pl.col("output_real") * 0.85
    )
    assert not {rule for rule, _, _ in new} & RULES

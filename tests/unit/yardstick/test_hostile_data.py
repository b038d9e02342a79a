"""Data that would mislead: a stock of capital below zero, and figures that differ by rounding alone."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import xinzhi
from xinzhi import protocol
from xinzhi.core.errors import UsageError
from xinzhi.yardstick.internal import View


def tables(regions=("AA", "BB", "CC"), last=2023):
    """Return regions that are multiples of the first: all grow alike."""
    rows = [(size, region, year) for size, region in enumerate(regions, 1) for year in range(2000, last + 1)]
    accounts = [
        {
            "region": region,
            "year": year,
            "output_nominal": size * 100 * 1.08 ** (year - 2000),
            "output_real": size * 100 * 1.05 ** (year - 2000),
            "employment": size * 50.0,
            "labour_share": 0.5,
            "schooling": 8 + 0.05 * (year - 2000),
        }
        for size, region, year in rows
    ]
    investment = [
        {
            "region": region,
            "asset": "total",
            "year": year,
            "investment_nominal": size * 30 * 1.05 ** (year - 2000),
            "investment_price": 1.03 ** (year - 2000),
        }
        for size, region, year in rows
    ]
    return {"accounts": pl.DataFrame(accounts), "investment": pl.DataFrame(investment)}


def exhausted(column="investment_nominal", value=-500.0):
    """Return the same regions of which the first writes more off in 2010 than it has."""
    made = tables()
    here = (pl.col("region") == "AA") & (pl.col("year") == 2010)
    changed = made["investment"].with_columns(pl.when(here).then(value).otherwise(column).alias(column))
    return xinzhi.load(made | {"investment": changed})


@pytest.fixture(scope="module")
def gone():
    return xinzhi.measure(exhausted())


def test_a_stock_below_zero_is_a_finding_with_region_year_and_cure(gone):
    found = [one for one in gone.findings if one.rule == "capital-exhausted"]
    assert [(one.key, one.table, one.column, one.value) for one in found] == [
        ("AA/2010", "investment", "investment_nominal", "-500")
    ]
    for language, words in (("en", ("AA", "2010", "Correct the investment")), ("zh", ("AA", "2010", "请更正投资额"))):
        assert all(word in gone.summary(language).splitlines()[1] for word in words)  # behind whose share it is


def test_of_several_assets_the_finding_stands_where_most_was_written_off():
    made = tables()
    half = made["investment"].with_columns(pl.col("investment_nominal") / 2)
    here = (pl.col("region") == "AA") & (pl.col("year") == 2010)
    both = [
        half.with_columns(
            asset=pl.lit(asset), investment_nominal=pl.when(here).then(spent).otherwise("investment_nominal")
        )
        for asset, spent in (("equipment", 20.0), ("structures", -520.0))
    ]
    rules = protocol.load("xinzhi-cn-2026").replace(
        {
            "capital.measure": "services",
            "capital.rate_of_return": "internal",
            "capital.asset_depreciation": {"equipment": 0.15, "structures": 0.04},
            "capital.revaluation_years": 3,
            "capital.revaluation_window": "trailing",
            "capital.negative_user_cost": "zero",
        }
    )
    package = xinzhi.load(made | {"investment": pl.concat(both)})
    (found,) = [one for one in xinzhi.measure(package, rules).findings if one.rule == "capital-exhausted"]
    place = package.place("investment", region="AA", asset="structures", year=2010)
    assert (found.value, found.file, found.line) == ("-500", *place)
    assert place != package.place("investment", region="AA", asset="equipment", year=2010)


def test_no_year_after_a_stock_below_zero_is_measured_or_ranked(gone):
    mine = gone.frame.filter(region="AA")
    assert mine["year"].to_list() == list(range(2001, 2010))
    assert mine["capital_growth"].abs().max() < 0.05
    assert gone.inputs.filter(region="AA")["year"].max() == 2009
    late = gone.omitted.filter(region="AA")
    assert late["year"].to_list() == list(range(2010, 2024))
    assert set(late["missing"]) == {"capital_exhausted"}
    assert gone.periods.filter(region="AA")["end"].max() < 2010
    assert gone.frame.filter(region="BB")["year"].max() == 2023
    with pytest.raises(UsageError, match="fell to zero or below"):
        gone.explain("AA", 2015)
    assert xinzhi.audit(exhausted()).frame.filter(region="AA", start=2017).is_empty()


def test_a_stock_of_a_later_year_lets_the_region_begin_anew():
    entry = {"region": "AA", "year": 2012, "value": 300.0, "reference": "made up"}
    rules = protocol.load("xinzhi-cn-2026").replace({"capital.initial_table": [entry]})
    made = xinzhi.measure(exhausted(), rules)
    assert made.frame.filter(region="AA")["year"].to_list() == list(range(2013, 2024))
    assert not [one for one in made.findings if one.rule == "capital-exhausted"]


@pytest.mark.parametrize(("timing", "last"), [("end_of_year", 2009), ("beginning_of_year", 2010), ("mid_year", 2009)])
def test_the_year_of_the_finding_is_that_of_the_investment_at_any_timing(timing, last):
    made = xinzhi.measure(exhausted(), protocol.load("xinzhi-cn-2026").replace({"capital.timing": timing}))
    assert [one.key for one in made.findings if one.rule == "capital-exhausted"] == ["AA/2010"]
    assert made.frame.filter(region="AA")["year"].max() == last


def test_what_differs_by_rounding_alone_shares_a_rank():
    package = xinzhi.load(tables())
    made = xinzhi.measure(package)
    growth = made.periods.filter(start=2012)["tfp_growth"].to_numpy()
    assert np.ptp(growth) < 1e-15
    assert set(made.periods["rank"]) == {1}
    for language in ("en", "zh"):
        said = made.summary(language)
        assert not any(word in said for word in ("highest", "ranks first", "最快", "居首"))
    view = View(made)
    assert not view.has_ends(view.lead)
    ranks = ("reference_rank", "best_rank", "everyone_rank", "rank_minimum", "rank_maximum")
    audited = xinzhi.audit(package)
    assert {value for name in ranks for value in audited.frame[name].unique()} == {1}
    assert "note.audit_reference" not in audited.facts()


def test_of_so_few_regions_that_all_are_among_the_first_nobody_is_said_to_be():
    """Two regions, and five: with as many as first places or fewer, each is among the first whatever it does."""
    for names, told in ((("AA", "BB"), False), (("AA", "BB", "CC", "DD", "EE"), True)):
        made = tables(names)
        grown = pl.col("output_real") * (1 + 0.01 * pl.col("region").rank("dense") * (pl.col("year") - 2000) / 10)
        study = xinzhi.study("assess", made | {"accounts": made["accounts"].with_columns(output_real=grown)})
        assert study.ranking.protocols > 0
        assert ("among the top 3" in study.ranking.summary("en")) is told
        assert ("排在前3位" in study.ranking.summary("zh")) is told


def test_figures_that_differ_are_ranked_and_told():
    made = tables()
    faster = pl.when(pl.col("region") == "CC").then(1.002 ** (pl.col("year") - 2000)).otherwise(1.0)
    made["accounts"] = made["accounts"].with_columns(pl.col("output_real") * faster)
    measured = xinzhi.measure(xinzhi.load(made))
    rows = measured.periods.filter(start=2012, end=2017)
    assert dict(rows.select("region", "rank").iter_rows()) == {"AA": 2, "BB": 2, "CC": 1}
    assert "highest in CC" in measured.summary("en")


@pytest.mark.parametrize(("fast", "named"), [(2, True), (7, False)])
def test_ends_name_all_that_tie_or_nobody(fast, named):
    regions = [f"F{k}" for k in range(fast)] + [f"S{k}" for k in range(8)]
    made = tables(regions)
    pace = {region: (1.002 if region[0] == "F" else 1 - 0.0001 * at) for at, region in enumerate(regions)}
    made["accounts"] = made["accounts"].with_columns(
        pl.col("output_real") * pl.col("region").replace_strict(pace) ** (pl.col("year") - 2000)
    )
    text = xinzhi.measure(xinzhi.load(made)).summary("en")
    assert ("highest in F0" in text) is named


def test_regions_that_all_tie_are_not_listed_as_the_first():
    ranked = xinzhi.study("assess", xinzhi.load(tables([f"R{k}" for k in range(8)], last=2017)), only=("none",)).ranking
    assert "8 of 8 regions tie for the first 3 places" in ranked.summary("en")
    assert "8个地区中的8个并列前3位" in ranked.summary("zh")


def test_a_first_stock_from_output_needs_no_investment_in_its_year():
    made = tables()
    none = (pl.col("region") == "AA") & (pl.col("year") == 2000)
    made["investment"] = made["investment"].with_columns(
        pl.when(none).then(0.0).otherwise("investment_nominal").alias("investment_nominal")
    )
    rules = protocol.load("xinzhi-cn-2026").replace(
        {"capital.initial_rule": "capital_output_ratio", "capital.initial_year": 2000, "capital.benchmark": "none"}
    )
    stock = xinzhi.measure(xinzhi.load(made), rules).inputs.filter(region="AA", year=2000)["capital"].item()
    assert stock == pytest.approx(rules.value("capital.initial_output_ratio") * 100)


def first(result, language="en"):
    return result.summary(language).splitlines()[0]


def test_a_labour_share_of_another_nation_is_said_first_with_the_way_to_ones_own():
    package = xinzhi.load(tables())
    rules = protocol.load("xinzhi-cn-2026")
    made = xinzhi.measure(package)
    claims = pl.DataFrame({"region": ["AA"], "start": [2012], "end": [2017], "growth": [0.03]})
    assessed = xinzhi.study("assess", package, only=("none",)).ranking
    for result in (made, xinzhi.audit(package), assessed, xinzhi.check_claims(package, claims)):
        for language in ("en", "zh"):
            said = first(result, language)
            assert rules.title.lang(language) in said
            assert all(word in said for word in ("xinzhi protocol new", "shares.rule", "observed_regional"))
        assert "the share that the data give is not used" in first(result)
    assert made.frame["flags"].str.contains("proxy:labour_share").all()
    bare = tables()
    bare["accounts"] = bare["accounts"].drop("labour_share")
    assert "that the data give" not in first(xinzhi.measure(xinzhi.load(bare)))
    own = xinzhi.measure(package, rules.replace({"shares.rule": "observed_regional"}))
    assert own.regions_declared.foreign is None
    assert set(own.frame["labour_share"]) == {0.5}


def test_what_is_not_official_is_named_and_not_called_official_later():
    made = xinzhi.measure(xinzhi.load(tables()))
    for language, start, share in (("en", "No period rests", "labour share"), ("zh", "没有一个时期", "劳动者报酬份额")):
        lines = made.summary(language).splitlines()
        opening = next(line for line in lines if line.startswith(start))
        reach = next(line for line in lines if "2023" in line and ("carry as far" in line or "截止年份" in line))
        assert share in opening
        assert share not in reach

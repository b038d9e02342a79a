"""What cannot be computed is named: bad figures, missing industries, totals that do not add up, wrong calls."""

from __future__ import annotations

import polars as pl
import pytest

import xinzhi
from made_up_economy import made_up_economy
from xinzhi.core.errors import InputError, UsageError
from xinzhi.sources import assumptions, decompose

TIGHT = 1e-12


@pytest.fixture
def tables():
    return dict(made_up_economy(4, 3, 5, seed=3).tables)


def _change(tables, column, value, **where):
    here = pl.all_horizontal(pl.col(name) == key for name, key in where.items())
    changed = tables["industry_accounts"].with_columns(
        pl.when(here).then(value).otherwise(pl.col(column)).alias(column)
    )
    return tables | {"industry_accounts": changed}


@pytest.mark.parametrize(("column", "value"), [("capital", 0.0), ("output_nominal", -3.0)])
def test_zero_capital_and_negative_value_added_are_refused_with_their_place(tables, column, value):
    bad = _change(tables, column, value, region="r1", industry="i2", year=2002)
    with pytest.raises(InputError, match=r"sources\.decompose cannot use the table 'industry_accounts'") as caught:
        decompose(xinzhi.load(bad))
    assert [found.column for found in caught.value.findings] == [column]
    assert "r1" in str(caught.value)


def test_a_missing_industry_leaves_its_region_year_out_and_is_named(tables):
    rows = tables["industry_accounts"].filter(
        ~((pl.col("region") == "r1") & (pl.col("industry") == "i2") & (pl.col("year") == 2002))
    )
    result = decompose(xinzhi.load(tables | {"industry_accounts": rows}))
    left = result.omitted.select("region", "year").rows()
    assert left == [("r1", 2002), ("r1", 2003)]
    assert result.omitted["missing"][0].endswith("capital:i2;labour:i2;labour_share:i2")
    assert result.frame.height == 4 * 4 - 2
    with pytest.raises(UsageError, match=r"missing in it or in the year before.*i2"):
        result.explain("r1", 2003)
    assert result.cumulative.filter(region="r1", year=2004)["allocation"].to_list() == [None]


def test_a_region_without_industries_is_left_out_and_named(tables):
    rows = tables["industry_accounts"].filter(pl.col("region") != "r1")
    result = decompose(xinzhi.load(tables | {"industry_accounts": rows}))
    assert result.frame["region"].unique().sort().to_list() == ["r0", "r2", "r3"]
    assert "capital" in result.omitted.filter(region="r1")["missing"][0].split(";")
    assert result.summary("en").startswith("TFP rose in")
    assert "some region lacks years" in result.summary("en").splitlines()[0]


def test_codes_of_ones_own_need_no_table_of_industries(tables):
    alone = {name: tables[name] for name in ("accounts", "industry_accounts")}
    own = decompose(xinzhi.load(alone), emerging=["i1"]).frame
    assert own.equals(decompose(xinzhi.load(tables), emerging=["i1"]).frame)
    mixed = alone["industry_accounts"].with_columns(pl.col("industry").replace({"i0": "13", "i1": "14"}))
    with pytest.raises(InputError, match="the industry 'i2' is not known"):
        decompose(xinzhi.load(alone | {"industry_accounts": mixed}))


@pytest.mark.parametrize("what", ["row", "index"])
def test_a_hole_in_a_sector_costs_the_years_beside_it_and_no_others(what):
    package = xinzhi.load("china-provinces")
    names = ("accounts", "regions", "investment", "sector_accounts", "sector_investment")
    tables = {name: package.tables[name] for name in names}
    here = (pl.col("region") == "520000") & (pl.col("sector") == "3") & (pl.col("year") == 2010)
    index = pl.col("output_index_previous_year_100")
    rows = tables["sector_accounts"]
    holed = rows.filter(~here) if what == "row" else rows.with_columns(pl.when(~here).then(index))
    result = decompose(xinzhi.load(tables | {"sector_accounts": holed}))
    left = result.omitted.filter((pl.col("region") == "520000") & pl.col("year").is_between(2004, 2017))
    assert left["year"].to_list() == ([2010, 2011] if what == "row" else [2010])
    assert "output_growth:3" in left["missing"][-1]
    both = result.frame.join(decompose(package).frame, on=["region", "year"], suffix="_whole")
    for name in ("tfp_growth", "breakthrough", "allocation", "upgrading"):
        assert (both[name] - both[f"{name}_whole"]).abs().max() < TIGHT
    assert "第三产业的不变价增加值的增长" in result.summary("zh") or what == "row"


def test_industry_that_a_region_never_had_weighs_nothing_there(tables):
    rows = tables["industry_accounts"].filter(~((pl.col("region") == "r1") & (pl.col("industry") == "i2")))
    result = decompose(xinzhi.load(tables | {"industry_accounts": rows}))
    assert result.frame.height == 16
    assert result.industries.filter(region="r1")["industry"].unique().sort().to_list() == ["i0", "i1"]
    assert result.identity_gap < TIGHT
    rules = {found.rule for found in result.findings if found.key.startswith("r1/")}
    assert {"industries-do-not-add-up", "labour-does-not-add-up", "capital-does-not-add-up"} <= rules


def test_industries_that_do_not_add_up_are_a_finding_with_the_gap_and_the_identity_holds(tables):
    doubled = tables["industry_accounts"].with_columns(
        pl.when(pl.col("region") == "r2")
        .then(pl.col("output_nominal", "output_real") * 1.1)
        .otherwise(pl.col("output_nominal", "output_real"))
    )
    result = decompose(xinzhi.load(tables | {"industry_accounts": doubled}))
    found = [item for item in result.findings if item.rule == "industries-do-not-add-up"]
    assert [item.key.split("/")[0] for item in found] == ["r2"]
    assert float(found[0].value) == pytest.approx(0.1, abs=1e-4)
    assert "+10.0 %" in found[0].message.en
    assert result.identity_gap < TIGHT


def test_growth_that_does_not_add_up_is_spread_and_listed(tables):
    jump = tables["accounts"].with_columns(
        output_real=pl.when((pl.col("region") == "r0") & (pl.col("year") >= 2003))
        .then(pl.col("output_real") * 1.05)
        .otherwise(pl.col("output_real"))
    )
    result = decompose(xinzhi.load(tables | {"accounts": jump}))
    found = [item for item in result.findings if item.rule == "growth-does-not-add-up"]
    assert [item.key for item in found] == ["r0/2003"]
    gap = result.frame.filter(region="r0", year=2003)["output_gap"][0]
    assert gap == pytest.approx(0.0488, abs=2e-3)


def test_only_totals_give_a_frontier_and_no_reallocation(country):
    result = decompose(country(regions=3, years=8, first=1996))
    assert result.provenance.options["detail"] == "total"
    assert result.frame["allocation"].is_null().all()
    total = result.frame["breakthrough"] + result.frame["upgrading"]
    assert (total - result.frame["tfp_growth"]).abs().max() < TIGHT
    why = result.coverage.filter(quantity="allocation_labour").row(0, named=True)
    assert why["status"] == "not_computed"
    assert "Only" in why["reason_en"] or "only" in why["reason_en"]
    assert "sector_accounts" in why["reason_zh"]


def test_one_region_gives_reallocation_and_no_frontier(tables):
    alone = {name: t.filter(region="r1") if "region" in t.columns else t for name, t in tables.items()}
    result = decompose(xinzhi.load(alone), emerging=["i1"])
    assert result.frame["allocation"].is_not_null().all()
    for name in ("breakthrough", "upgrading_traditional", "upgrading_emerging"):
        assert result.frame[name].is_null().all()
    total = result.frame["within"] + result.frame["allocation"]
    assert (total - result.frame["tfp_growth"]).abs().max() < TIGHT
    assert "too few comparable regions" in result.coverage.filter(quantity="breakthrough")["reason_en"][0]


def test_industries_without_capital_fall_back_and_say_so(tables):
    bare = tables | {"industry_accounts": tables["industry_accounts"].drop("capital")}
    result = decompose(xinzhi.load(bare))
    assert result.provenance.options["detail"] == "total"
    assert "capital" in result.coverage.filter(quantity="finer_detail")["reason_en"][0]
    with pytest.raises(InputError, match="no figures in capital"):
        decompose(xinzhi.load(bare), detail="industry")


def test_sectors_need_the_same_codes_and_investment():
    package = xinzhi.load("china-provinces")
    some = {name: package.tables[name] for name in ("accounts", "investment", "regions", "sector_accounts")}
    with pytest.raises(InputError, match="sector_investment"):
        decompose(xinzhi.load(some), detail="sector")
    split = package.tables["sector_investment"].filter(pl.col("sector") != "1")
    with pytest.raises(InputError, match="sectors differ"):
        decompose(xinzhi.load(some | {"sector_investment": split}), detail="sector")


def test_wrong_calls_say_what_is_right(tables):
    package = xinzhi.load(tables)
    with pytest.raises(UsageError, match="did you mean 'best_of'"):
        decompose(package, assume={"best_off": 3})
    with pytest.raises(UsageError, match="scale and show"):
        decompose(package, assume={"output_gap": "hide"})
    with pytest.raises(UsageError, match="whole number above 0"):
        assumptions({"best_of": 0})
    with pytest.raises(UsageError, match="a number above 0"):
        assumptions({"gap_limit": -1.0})
    with pytest.raises(UsageError, match="emerging names zz"):
        decompose(package, emerging=["zz"])
    with pytest.raises(UsageError, match=r"write \['i1'\]"):
        decompose(package, emerging="i1")
    with pytest.raises(UsageError, match="2 times true or false among 2 values"):
        decompose(package, emerging=[True, False])
    with pytest.raises(UsageError, match="got DataFrame"):
        decompose(package, emerging=tables["industries"])
    with pytest.raises(UsageError, match="unknown detail"):
        decompose(package, detail="firm")
    with pytest.raises(InputError, match="by_sector"):
        decompose(
            xinzhi.load(tables | {"industry_accounts": tables["industry_accounts"].drop("labour_share")}),
            assume={"shares": "by_sector"},
        )


def test_labour_share_outside_the_ratio_names_the_industry(tables):
    rows = (
        tables["industry_accounts"]
        .with_columns(
            labour_compensation=pl.when(pl.col("industry") == "i1")
            .then(pl.col("output_nominal") * 1.3)
            .otherwise(pl.col("output_nominal") * 0.5)
        )
        .drop("labour_share")
    )
    with pytest.raises(InputError, match="labour share of industry i1"):
        decompose(xinzhi.load(tables | {"industry_accounts": rows}))


def test_intermediate_inputs_that_reach_gross_output_are_refused(tables):
    whole = tables["industry_accounts"].with_columns(
        gross_output_nominal=2 * pl.col("output_nominal"),
        gross_output_real=2 * pl.col("output_real"),
        intermediate_nominal=pl.col("output_nominal"),
        intermediate_real=pl.col("output_real"),
    )
    double = decompose(xinzhi.load(tables | {"industry_accounts": whole}))
    assert double.coverage.filter(quantity="gross_output")["status"].to_list() == ["computed"]
    bad = _change(
        tables | {"industry_accounts": whole}, "intermediate_nominal", 900.0, region="r1", industry="i2", year=2002
    )
    with pytest.raises(InputError, match="reach gross output in 1 rows") as caught:
        decompose(xinzhi.load(bad))
    assert [(found.key, found.column) for found in caught.value.findings] == [("r1/i2/2002", "intermediate_nominal")]


def test_gross_output_columns_are_known_to_the_data(tables):
    whole = tables["industry_accounts"].with_columns(
        gross_output_nominal=2 * pl.col("output_nominal"), intermediate_nominal=-1.0
    )
    rules = {found.rule for found in xinzhi.load(tables | {"industry_accounts": whole}).findings}
    assert "not-positive" in rules
    assert "unknown-column" not in rules

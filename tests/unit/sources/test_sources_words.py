"""Sentences follow the signs of the figures, and what looks deeper into a source says what it could not do."""

from __future__ import annotations

import re
from dataclasses import replace

import polars as pl
import pytest

import xinzhi
from made_up_economy import made_up_economy
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.names import Names
from xinzhi.core.text import Text, sentences
from xinzhi.sources import allocation, decompose, innovation, upgrading
from xinzhi.sources.part_words import lacking
from xinzhi.sources.result import contrast, pair

PARTS = ("breakthrough", "allocation", "upgrading_traditional", "allocation_between")


@pytest.fixture(scope="module")
def provinces():
    return decompose("china-provinces")


def _with(result, **groups):
    """Return a result whose macro-regions have the given parts, in percentage points a year."""
    rows = [
        {
            "region": name,
            "start": 2003,
            "end": 2023,
            "years": 20,
            "tfp_growth": sum(values[:4]) / 100,
            **dict(zip(PARTS, (value / 100 for value in values[:4]), strict=True)),
            "upgrading_emerging": 0.0,
            "allocation_labour": values[4] / 100,
            "allocation_capital": (values[1] - values[4]) / 100,
            "unallocated": 0.0,
        }
        for name, values in groups.items()
    ]
    table = pl.DataFrame(rows).select(result.group_periods.columns)
    return replace(result, group_periods=table, alternative=None)


def test_reasons_are_the_parts_that_hold_the_gap(provinces):
    east, northeast, west = (2.0, 0.5, -0.5, 0.0, 0.6), (1.0, 0.5, -0.5, 0.0, -0.2), (2.0, 1.5, 0.0, 0.0, 1.0)
    result = _with(provinces, East=east, Northeast=northeast, West=west)
    low, high = pair(result)
    assert (low["region"], high["region"]) == ("Northeast", "East")
    first, second = sentences(contrast(result), "sources")
    assert "Northeast grew by 1.00 points a year less than East (1.00 against 2.00\u00a0%)" in first.en
    assert "The gap lies in shift of best practice (+1.00 against +2.00); it does not lie in reallocation" in first.en
    assert second.en == (
        "Northeast: moving labour cost 0.20, moving capital gave 0.70 points a year; "
        "East: moving labour gave 0.60 points a year, moving capital cost 0.10; "
        "both in 2003–2023 (partly extrapolated)."
    )
    assert "差距在于最佳实践推进（+1.00对+2.00）" in first.zh
    assert "东北劳动流动每年损失0.20个百分点，资本流动每年贡献0.70个百分点" in second.zh


def test_a_largest_group_that_grows_least_stands_against_the_fastest(provinces):
    result = _with(provinces, East=(1.0, 0, 0, 0, 0), West=(3.0, 0, 0, 0, 0), Central=(2.0, 0, 0, 0, 0))
    assert [row["region"] for row in pair(result)] == ["East", "West"]
    assert "moving labour gave nothing" in sentences(contrast(result), "sources")[1].en


def test_groups_that_grow_alike_have_no_gap_to_explain(provinces):
    result = _with(provinces, East=(1.0, 0, 0, 0, 0), West=(1.01, 0, 0, 0, 0))
    assert [one.en for one in sentences(contrast(result), "sources")] == [
        "East and West grew alike, by 1.00 and 1.01\u00a0% a year, in 2003–2023 (partly extrapolated)."
    ]


def test_a_fall_is_called_one(provinces):
    falling = provinces.group_periods.with_columns(tfp_growth=-pl.col("tfp_growth"))
    (whole,) = falling.filter(region="total", start=2003, end=2023)["tfp_growth"]
    assert f"fell by {-100 * whole:.2f}\u00a0% a year" in replace(provinces, group_periods=falling).summary("en")


def test_what_is_lacking_is_said_with_the_names_of_the_industries():
    assert lacking("labour_share:26,35", Names()).zh == "26、35的劳动者报酬份额"
    names = Names({"industry": {"3": Text(zh="第三产业", en="tertiary sector")}})
    assert (
        lacking("output_growth:3;capital", names).en
        == "growth of value added of tertiary sector; capital of every industry"
    )


@pytest.mark.parametrize(("least", "rest"), [(-0.01, "below"), (0.01, "above")])
def test_distance_names_who_came_closest_and_who_least(provinces, least, rest):
    rows = provinces.periods.filter(start=2003, end=2023).head(4)
    changed = rows.with_columns(upgrading=pl.Series([0.04, 0.03, 0.02, least]))
    said = replace(provinces, periods=changed, alternative=None)
    told = said.facts()["answer.distance"]
    names = [said.names.region(code).en for code in rows["region"]]
    assert [one.en for one in told["most"]] == [f"{names[0]} (+4.00)", f"{names[1]} (+3.00)"]
    # those that widened, and not the next to them
    assert [one.en.partition(" (")[0] for one in told["least"]] == ([names[3]] if least < 0 else [names[3], names[2]])
    assert told["rest"] == rest
    assert ("closed least" in said.summary("en")) == (rest == "above")


def test_the_shift_of_best_practice_is_told_by_its_ends(provinces):
    whole = [one.periods.filter(start=2003, end=2023)["breakthrough"] for one in (provinces, provinces.alternative)]
    rows = pl.concat(whole)
    told = provinces.facts()["answer.common"]
    assert (told["low"], told["high"]) == (rows.min(), rows.max())


def test_only_what_closed_is_said_to_have_closed_and_one_value_is_told_once(provinces):
    rows = provinces.periods.filter(start=2003, end=2023).head(6)
    parts = [0.0012, 0.00001, -0.0002, -0.001, -0.0009, -0.0019]  # six counties: one closed, one stood still
    changed = rows.with_columns(upgrading=pl.Series(parts), breakthrough=pl.lit(0.01752))
    said = replace(provinces, periods=changed, alternative=None).facts()
    told = said["answer.distance"]
    assert (len(told["most"]), len(told["least"])) == (1, 3)
    assert "answer.common_one" in said
    none = replace(provinces, periods=changed.with_columns(upgrading=-pl.col("upgrading").abs()), alternative=None)
    assert "answer.distance_none" in none.facts()
    assert "closed in no region" in none.summary("en")


def test_the_speed_of_structural_change_is_the_mean_over_regions(provinces):
    found = upgrading.in_depth(provinces)
    told, change = found.facts()["upgrading.turned"], found.change()
    speeds = found.frame.group_by("region").agg(pl.col("nav").mean())["nav"].to_list()
    assert told["speed"] == pytest.approx(sum(speeds) / len(speeds), rel=1e-12)
    assert f"{100 * told['speed']:.1f}\u00a0% of labour" in found.summary("en")
    assert (told["closer"], told["n"]) == ((change["theil_end"] < change["theil_start"]).sum(), 31)
    assert told["higher"] == (change["advancement_end"] > change["advancement_start"]).sum()


@pytest.mark.parametrize(("t", "told"), [(1.95, "either"), (1.97, "follows"), (-1.97, "against"), (-1.95, "either")])
def test_a_factor_follows_its_return_where_the_coefficient_is_significant(t, told):
    assert allocation.in_depth.__globals__["way"](t) == told


def test_regions_go_by_code_or_name(provinces):
    codes = provinces.measurement.panel.regions
    assert [provinces.names.resolve(name, codes) for name in ("220000", "吉林", "Jilin", "22")] == ["220000"] * 4
    with pytest.raises(UsageError, match="no region 'Jilinn'"):
        provinces.explain("Jilinn", 2010)


def test_allocation_in_depth_gives_the_figures_of_its_measures(provinces):
    found = allocation.in_depth(provinces)
    assert found.key == ("year", "factor", "dimension")
    flow = allocation.flows(found.products, factor="labour", product="mpl").frame
    assert found.flows.filter(factor="labour")["coefficient"][0] == flow["coefficient"][0]
    assert (
        found.gains["gain"].to_list()
        == allocation.equalising_gain(
            provinces.inputs, substitution=3, columns=("output_nominal", "capital", "labour", "labour_share")
        )["gain"].to_list()
    )
    more = allocation.in_depth(provinces, substitution=5)
    assert (more.gains["gain"] > found.gains["gain"]).all()
    total = found.productivity.select(pl.sum_horizontal("within", "static", "dynamic") - pl.col("total")).to_series()
    assert total.abs().max() < 1e-12
    assert "goes" not in found.summary("zh")


def test_depth_names_what_it_cannot_do():
    totals = decompose(xinzhi.load({"accounts": made_up_economy(4, 3, 5, seed=3).tables["accounts"]}))
    with pytest.raises(InputError, match="two industries, two regions"):
        allocation.in_depth(totals)
    with pytest.raises(InputError, match="one industry only"):
        upgrading.in_depth(totals)
    package = xinzhi.load(made_up_economy(4, 3, 5, seed=3).tables)
    with pytest.raises(InputError, match="needs the table 'indicators'"):
        innovation.in_depth(decompose(package), package)
    other = package.tables["accounts"].select("region", "year", indicator=pl.lit("patents"), value=pl.lit(1.0))
    bare = xinzhi.load({**package.tables, "indicators": other})
    with pytest.raises(InputError, match=r"no indicator of innovation.*rd_expenditure"):
        innovation.in_depth(decompose(bare), bare)


def test_an_industry_without_a_year_leaves_shift_share_out_and_says_so():
    tables = made_up_economy(3, 3, 6, seed=3).tables
    here = (pl.col("region") == "r1") & (pl.col("industry") == "i2") & (pl.col("year") == 2003)
    rows = tables["industry_accounts"].with_columns(labour_share=pl.when(~here).then(pl.col("labour_share")))
    found = allocation.in_depth(decompose(xinzhi.load(tables | {"industry_accounts": rows})))
    assert found.productivity.height == 0
    assert found.left_out["measure_en"].to_list() == ["shift-share of labour productivity"]
    assert "industries appear or vanish" in found.summary("en")


def test_one_region_has_structure_and_nothing_to_catch_up_with():
    tables = {
        name: table.filter(pl.col("region") == "r1") if "region" in table.columns else table
        for name, table in made_up_economy(3, 3, 5, seed=2).tables.items()
    }
    found = upgrading.in_depth(decompose(xinzhi.load(tables)))
    assert found.catch_up is None
    assert found.left_out["measure_en"].to_list() == ["advancement", "catching up"]
    assert found.change()["theil_start"].is_not_null().all()


def test_innovation_needs_no_price_to_give_shares():
    package = xinzhi.load("china-provinces")
    found = innovation.in_depth(decompose(package), package)
    assert found.leading().row(0)[:2] == ("110000", 2023)
    assert abs(found.elasticity.coefficients[0]) < 1.96 * found.elasticity.standard_errors[0]
    assert found.facts()["innovation.elasticity"]["way"] == "none"
    without = {
        **package.tables,
        "indicators": package.tables["indicators"].filter(pl.col("indicator") != "rd_expenditure"),
    }
    bare = xinzhi.load(without)
    left = innovation.in_depth(decompose(bare), bare)
    assert left.elasticity is None
    assert "the stock of knowledge and its elasticity" in left.left_out["measure_en"].to_list()


@pytest.fixture(scope="module")
def by_sector(provinces):
    return decompose("china-provinces", measurement=provinces.measurement, assume={"shares": "by_sector"})


def _whole(table):
    return {row["region"]: row for row in table.filter(start=2003, end=2023).to_dicts()}


def test_the_other_shares_are_those_of_a_run_with_them(provinces, by_sector):
    for name in ("frame", "periods", "group_periods", "industries"):
        assert getattr(provinces.alternative, name).equals(getattr(by_sector, name))
        assert getattr(by_sector.alternative, name).equals(getattr(provinces, name))
    assert provinces.alternative.alternative is None
    assert [one.assumption_value("shares") for one in (provinces, provinces.alternative)] == ["common", "by_sector"]
    tables = made_up_economy(3, 3, 5, seed=2).tables  # whose industries are none of the three sectors
    assert decompose(xinzhi.load(tables)).alternative is None
    assert decompose(xinzhi.load({"accounts": tables["accounts"]})).alternative is None


def test_what_is_said_does_not_depend_on_the_shares_chosen(provinces, by_sector):
    def said(result, language):
        facts = {key: value for key, value in result.facts().items() if key.startswith("answer.")}
        return [sorted(re.split("[；、，。, ]+|and ", one.lang(language))) for one in sentences(facts, "sources")]

    for language in ("zh", "en"):  # in an order that may be that of either
        assert said(provinces, language) == said(by_sector, language)


def test_regions_are_named_that_stand_at_the_end_under_both_shares(provinces, by_sector):
    told = provinces.facts()
    runs = [_whole(one.periods) for one in (provinces, by_sector)]
    for key, part in (("answer.allocation", "allocation"), ("answer.distance", "upgrading")):
        for end, sign in (("most", -1), ("least", 1)):
            tops = [sorted(run, key=lambda code, run=run: sign * run[code][part])[:3] for run in runs]
            both = [code for code in tops[0] if code in tops[1]]
            values = [sorted(100 * run[code][part] for run in runs) for code in both]
            listed = [one.en.replace("\N{MINUS SIGN}", "-") for one in told[key][end]]
            assert [one.partition(" (")[0] for one in listed] == [provinces.names.region(code).en for code in both]
            for text, (low, high) in zip(listed, values, strict=True):
                assert f"({low:+.2f} to {high:+.2f}" in text
    assert [one.en.split()[0] for one in told["answer.allocation"]["most"]] == ["Guizhou"]
    assert "Hainan" not in str([one.en for one in told["answer.distance"]["most"]])


def test_a_gap_lies_where_both_shares_say_so(provinces, by_sector):
    runs = [_whole(one.group_periods) for one in (provinces, by_sector)]
    low, high = (row["region"] for row in pair(provinces))
    assert (low, high) == ("Northeast", "East")
    gap = runs[0][low]["tfp_growth"] - runs[0][high]["tfp_growth"]
    told = contrast(provinces)["answer.gap"]
    named = {key: [one.en.partition(" (")[0] for one in told[key]] for key in ("why", "not_why", "open")}
    for part, name in zip(
        PARTS, ("shift of best practice", "reallocation", "distance closed", "moves between regions"), strict=True
    ):
        holds = [run[low][part] - run[high][part] <= 0.1 * gap for run in runs]
        assert name in named["why" if all(holds) else "open" if any(holds) else "not_why"]
    (said, _) = sentences(contrast(provinces), "sources")
    assert "whether it lies in distance closed (a difference of \N{MINUS SIGN}0.36 to +0.03) depends on the" in said.en
    assert "是否在于差距缩小（相差\N{MINUS SIGN}0.36至+0.03），取决于所假定的劳动者报酬份额。" in said.zh


def _under(result, **changed):
    return replace(result, alternative=replace(result.alternative, **changed))


def test_lists_and_gaps_on_which_the_shares_disagree(provinces):
    rows, moved = provinces.alternative.periods, pl.col("allocation")
    assert "answer.allocation" not in _under(provinces, periods=rows.with_columns(-moved)).facts()
    for change, en, zh in (
        (pl.when(moved < 0).then(moved + 0.05).otherwise(moved), "most in Guizhou (", "最大：贵州（"),
        (pl.when(moved > 0.006).then(moved - 0.01).otherwise(moved), "least in Hainan (", "最小：海南（"),
    ):
        told = _under(provinces, periods=rows.with_columns(change.alias("allocation"))).facts()
        (said,) = sentences({"answer.allocation": told["answer.allocation"]}, "sources")
        assert f"reallocation gave {en}" in said.en
        assert f"要素再配置贡献{zh}" in said.zh
        assert said.en.count(";") == 1  # before the TFP of one region
    up = provinces.alternative.group_periods.with_columns(
        pl.when(pl.col("region") == "Northeast").then(pl.col(name) + 0.1).otherwise(name).alias(name) for name in PARTS
    )
    (said, _) = sentences(contrast(_under(provinces, group_periods=up)), "sources")
    assert "No part surely holds the gap" in said.en
    assert "没有哪一项确定拉开差距" in said.zh


def test_every_sentence_on_years_that_are_extrapolated_says_so(provinces):
    """All but those on structure, which rest on official labour and value added, and on the shares of one year."""
    package = xinzhi.load("china-provinces")
    looks = [allocation.in_depth(provinces), upgrading.in_depth(provinces), innovation.in_depth(provinces, package)]
    facts = {key: value for one in (provinces, *looks) for key, value in one.facts().items()}
    official = ("upgrading.turned", "innovation.ends", "basis.", "note.")
    told = sentences({key: value for key, value in facts.items() if not key.startswith(official)}, "sources")
    assert len(told) == 12
    for one in told:
        assert "(partly extrapolated)" in one.en
        assert "（部分为外推）" in one.zh
    early = decompose("china-provinces", assume={"after_official": "stop"}, detail="sector")
    assert early.frame["year"].max() <= 2017
    assert "extrapolated" not in early.facts()["answer.whole"]["span"].en


def test_looks_in_depth_hold_under_both_labour_shares(provinces, by_sector):
    """What equal marginal products would bring has a range; capital moves against its return under one share alone."""
    found, other = allocation.in_depth(provinces), allocation.in_depth(by_sector)
    assert found.alternative.gains.equals(other.gains)
    facts = found.facts()
    ends = sorted(100 * one.gains["gain"][0] for one in (found, other))
    assert facts["allocation.gain"]["then"].en == f"{ends[0]:.0f} to {ends[1]:.0f}"
    ts = {
        one["factor"]: [view.flows.filter(factor=one["factor"])["t"][0] for view in (found, other)]
        for one in facts["allocation.flow"]
    }
    assert min(ts["labour"]) > 1.96
    assert ts["capital"][0] < -1.96 < ts["capital"][1]
    assert {one["factor"]: one["way"] for one in facts["allocation.flow"]} == {"labour": "follows", "capital": "open"}
    said = {language: found.summary(language) for language in ("en", "zh")}
    assert "whether capital grew faster or more slowly where it had earned more" in said["en"]
    assert "depends on the labour shares assumed" in said["en"]
    assert "取决于所假定的劳动者报酬份额" in said["zh"]
    alone = replace(found, alternative=None).facts()["allocation.flow"]
    assert [one["way"] for one in alone] == ["follows", "against"]


def test_catching_up_is_said_where_both_labour_shares_say_so(provinces):
    found = upgrading.in_depth(provinces)
    told = found.facts()["upgrading.chance"]
    assert "with the other labour shares it is 0.119" in told["beside"].en
    closing = found.catch_up.placebo.with_columns(coefficient=pl.col("high") + 0.1)
    catching = replace(found.alternative, catch_up=replace(found.alternative.catch_up, placebo=closing))
    facts = replace(found, alternative=catching).facts()
    assert "upgrading.open" in facts
    (said,) = sentences({"upgrading.open": facts["upgrading.open"]}, "sources")
    assert "depends on the labour shares assumed" in said.en
    assert "取决于所假定的劳动者报酬份额" in said.zh
    short = found.catch_up.placebo.with_columns(low=pl.lit(None, pl.Float64))
    few = replace(found.alternative, catch_up=replace(found.alternative.catch_up, placebo=short))
    assert "upgrading.short" in replace(found, alternative=few).facts()


def test_an_explanation_has_the_parts_under_both_labour_shares(provinces, by_sector):
    parts = {row["part"]: row for row in provinces.explain("Jilin", 2020).parts.to_dicts()}
    other = by_sector.frame.filter(region="220000", year=2020).row(0, named=True)
    assert parts["allocation"]["other"] == pytest.approx(other["allocation"], abs=1e-12)
    ends = sorted(100 * parts["allocation"][name] for name in ("value", "other"))
    assert f"{ends[0]:+.2f} to {ends[1]:+.2f}" in provinces.explain("Jilin", 2020).text()
    assert by_sector.alternative.explain("Jilin", 2020).parts["other"].null_count() == len(parts)

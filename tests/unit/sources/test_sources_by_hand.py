"""Two regions and two industries, worked by hand; the same figures stand in docs/sources.md.

Labour share one half, prices constant, so TFP is output over the root of capital times labour. Everything below is
written out with logarithms of the figures of the tables, without the code under test.
"""

from __future__ import annotations

import sys
from math import log

import polars as pl
import pytest

import xinzhi
from xinzhi import protocol
from xinzhi.core.errors import InputError, UsageError
from xinzhi.sources import decompose

TIGHT = 1e-12
# Törnqvist weights add industries up to 1e-4 of the growth of the sum; the rest is the gap that the identity carries.
GAP = 1e-3

# region, industry, year: output, capital, labour
FIGURES = {
    ("A", "x", 2000): (100.0, 100.0, 100.0),
    ("A", "x", 2001): (132.0, 121.0, 100.0),
    ("A", "y", 2000): (100.0, 100.0, 100.0),
    ("A", "y", 2001): (100.0, 100.0, 100.0),
    ("B", "x", 2000): (50.0, 100.0, 100.0),
    ("B", "x", 2001): (72.0, 100.0, 144.0),
    ("B", "y", 2000): (100.0, 100.0, 100.0),
    ("B", "y", 2001): (82.5, 100.0, 56.25),
}


def tables(figures=FIGURES):
    rows = [(r, i, t, *values, 0.5) for (r, i, t), values in figures.items()]
    names = ["region", "industry", "year", "output_nominal", "capital", "employment", "labour_share"]
    industries = pl.DataFrame(rows, schema=names, orient="row").with_columns(output_real="output_nominal")
    accounts = (
        industries.group_by("region", "year")
        .agg(pl.col("output_nominal", "output_real", "capital", "employment").sum())
        .with_columns(labour_share=0.5)
    )
    codes = pl.DataFrame({"industry": ["x", "y"], "name_zh": ["甲", "乙"], "name_en": ["x", "y"]})
    return {"accounts": accounts, "industry_accounts": industries, "industries": codes}


# The national labour share of these years: the protocol's own series is that of China.
RULES = protocol.load("xinzhi-cn-2026").replace({"shares.national": {2000: 0.5, 2001: 0.5}})


@pytest.fixture(scope="module")
def result():
    return decompose(tables(), RULES, emerging=["x"])


def test_two_regions_and_two_industries_by_hand(result):
    rows = {row["region"]: row for row in result.frame.iter_rows(named=True)}
    # Best practice: in x, A is ahead (levels 0 and -0.69) and grows by ln(1.2); in y both begin level, and B, growing
    # by ln(1.1), is the best of the second year.
    best_x, best_y = log(1.2), log(1.1)
    w_a, w_b = (100 / 200 + 132 / 232) / 2, (50 / 150 + 72 / 154.5) / 2
    gap_a = log(232 / 200) - w_a * log(1.32)
    gap_b = log(154.5 / 150) - w_b * log(1.44) - (1 - w_b) * log(0.825)
    assert abs(gap_a) < GAP
    assert abs(gap_b) < 5 * GAP
    moved_a = 0.5 * (w_a * log(1.21) - log(221 / 200))
    moved_b = 0.5 * (w_b * log(1.44) + (1 - w_b) * log(0.5625) - log(200.25 / 200))
    tfp_a = log(232 / 200) - 0.5 * log(221 / 200)
    tfp_b = log(154.5 / 150) - 0.5 * log(200.25 / 200)
    assert rows["A"]["tfp_growth"] == pytest.approx(tfp_a, abs=TIGHT)
    assert rows["B"]["tfp_growth"] == pytest.approx(tfp_b, abs=TIGHT)
    assert rows["A"]["allocation"] == pytest.approx(moved_a, abs=TIGHT)
    assert rows["B"]["allocation"] == pytest.approx(moved_b, abs=TIGHT)
    assert rows["A"]["allocation_capital"] == pytest.approx(moved_a, abs=TIGHT)
    assert rows["B"]["allocation_labour"] == pytest.approx(moved_b, abs=TIGHT)
    # The gap of each region is part of its industries' residuals, and so of the frontier that it makes.
    ahead_x, ahead_y = best_x + gap_a, best_y + gap_b
    assert rows["A"]["breakthrough"] == pytest.approx(w_a * ahead_x + (1 - w_a) * ahead_y, abs=TIGHT)
    assert rows["B"]["breakthrough"] == pytest.approx(w_b * ahead_x + (1 - w_b) * ahead_y, abs=TIGHT)
    assert rows["A"]["upgrading_emerging"] == pytest.approx(0.0, abs=TIGHT)
    assert rows["A"]["upgrading_traditional"] == pytest.approx((1 - w_a) * (gap_a - ahead_y), abs=TIGHT)
    assert rows["B"]["upgrading_emerging"] == pytest.approx(w_b * (log(1.2) + gap_b - ahead_x), abs=TIGHT)
    assert rows["B"]["upgrading_traditional"] == pytest.approx(0.0, abs=TIGHT)
    assert result.identity_gap < TIGHT


def test_distance_and_leader_of_every_industry(result):
    rows = {(row["region"], row["industry"]): row for row in result.industries.iter_rows(named=True)}
    gaps = dict(result.frame.select("region", "output_gap").iter_rows())
    assert rows["B", "x"]["leader"] == "A"
    assert rows["A", "y"]["leader"] == "B"
    # Behind by ln 2 at the start; both grew by ln 1.2 but for the gaps of their regions.
    assert rows["B", "x"]["distance"] == pytest.approx(log(2) + gaps["A"] - gaps["B"], abs=TIGHT)
    assert rows["A", "x"]["distance"] == 0
    assert rows["B", "x"]["emerging"]
    assert not rows["B", "y"]["emerging"]


def test_shown_gap_stands_in_its_own_column():
    shown = decompose(tables(), assume={"output_gap": "show"})
    assert (shown.frame["unallocated"] - shown.frame["output_gap"]).abs().max() == 0
    assert (shown.frame["allocation"] - decompose(tables()).frame["allocation"]).abs().max() < TIGHT
    total = shown.frame.select(pl.sum_horizontal("within", "allocation", "unallocated")).to_series()
    assert (total - shown.frame["tfp_growth"]).abs().max() < TIGHT
    assert shown.provenance.options["assume.output_gap"] == "show"


def test_explain_names_industries_assumptions_and_what_departs():
    shown = decompose(tables(), assume={"best_of": 2}).explain("B", 2001)
    text = shown.text("en")
    assert "reallocation (allocation)" in text
    assert "best_of = 2" in text
    assert shown.assumptions.filter(pl.col("departs"))["assumption"].to_list() == ["best_of"]
    assert "要素再配置（配置）" in shown.text("zh")
    with pytest.raises(UsageError, match="2001–2001, not for 1999"):
        decompose(tables()).explain("B", 1999)
    with pytest.raises(UsageError, match="no region 'Q'"):
        decompose(tables()).explain("Q", 2001)


def test_summary_leads_with_the_finding_in_both_languages(result):
    english = result.summary("en").splitlines()
    assert english[0].startswith("TFP of all regions together grew by")
    assert any(line.startswith("2 regions, 2001–2001, by industries") for line in english)
    assert result.summary("zh").startswith("全部地区2000—2001年全要素生产率年均增长")


def test_frontier_analysis_beside():
    theirs = pl.DataFrame(
        {"unit": ["A", "B"], "period": [2001, 2001], "efficiency_change": [1.0, 1.1], "technical_change": [1.05, 1.0]}
    )
    both = decompose(tables(), frontier=theirs).beside
    assert both["source"].to_list() == ["breakthrough", "upgrading_and_allocation", "total"] * 2
    one = both.filter(region="A", source="breakthrough").row(0, named=True)
    assert one["frontier"] == pytest.approx(log(1.05))
    assert one["difference"] == pytest.approx(one["ours"] - one["frontier"])
    with pytest.raises(InputError, match="no column 'technical_change'"):
        decompose(tables(), frontier=theirs.drop("technical_change"))
    with pytest.raises(InputError, match="no region-year in common"):
        decompose(tables(), frontier=theirs.with_columns(period=pl.lit(1900)))
    with pytest.raises(InputError, match="is not positive"):
        decompose(tables(), frontier=theirs.with_columns(technical_change=pl.lit(-0.1)))


def test_a_package_of_any_frames_comes_back_as_its_own_kind():
    frames = {name: table.to_pandas() for name, table in tables().items()}
    assert type(decompose(xinzhi.load(frames)).to_native()).__module__.startswith("pandas")


def test_levels_behind_the_industries_and_flags_of_the_official_accounts_come_along():
    found = decompose("china-provinces")
    sums = found.inputs.group_by("region", "year").agg(pl.col("capital", "labour").sum())
    both = sums.join(found.measurement.inputs, on=["region", "year"], suffix="_official")
    for name in ("capital", "labour"):
        assert (both[name] / both[f"{name}_official"] - 1).abs().max() < TIGHT
    # Tianjin's employment of 2007 is a break in the statistics, and so is what it does to reallocation.
    assert "break:employment" in found.frame.filter(region="120000", year=2007)["flags"][0]
    later = found.frame
    assert later["year"].max() == 2023
    assert later.filter(pl.col("year") > 2018)["flags"].str.contains("extrapolated:sector_investment").all()
    assert not later.filter(pl.col("year") <= 2017)["flags"].str.contains("extrapolated:sector_investment").any()
    deflated = later["flags"].str.contains("proxy:sector_output")
    assert later.filter(deflated)["year"].unique().to_list() == [2023]
    assert decompose("china-provinces", assume={"after_official": "stop"}).frame["year"].max() == 2017


def test_value_added_after_the_last_index_is_deflated_by_the_price_of_the_region():
    found = decompose("china-provinces", assume={"output_gap": "show"})
    rows = xinzhi.load("china-provinces").tables["sector_accounts"].filter(region="220000")
    value = {(sector, year): one for sector, year, one in rows.select("sector", "year", "output_nominal").rows()}
    whole = log(sum(value[s, 2023] for s in "123") / sum(value[s, 2022] for s in "123"))
    official = found.measurement.frame.filter(region="220000", year=2023)["output_growth"][0]
    grown = dict(found.industries.filter(region="220000", year=2023).select("industry", "output_growth").rows())
    for sector in "123":
        by_hand = log(value[sector, 2023] / value[sector, 2022]) - (whole - official)
        assert grown[sector] == pytest.approx(by_hand, abs=TIGHT)


def test_assumed_sector_shares_stay_ratios_and_meet_the_official_one():
    found = decompose("china-provinces", assume={"shares": "by_sector"})
    rows = found.industries.with_columns(part=pl.col("weight") * pl.col("labour_share"))
    assert rows["labour_share"].is_between(0, 1, closed="none").all()
    mean = rows.group_by("region", "year").agg(pl.col("part").sum())
    official = found.measurement.frame.select("region", "year", "labour_share")
    both = mean.join(official, on=["region", "year"])
    assert (both["part"] - both["labour_share"]).abs().max() < TIGHT
    farming = rows.filter(industry="1")["labour_share"].mean()
    assert farming > rows.filter(industry="2")["labour_share"].mean() + 0.3


@pytest.mark.parametrize("timing", ["mid_year", "beginning_of_year"])
def test_sectors_add_up_under_other_protocols(timing):
    import xinzhi.protocol

    rules = xinzhi.protocol.load("xinzhi-cn-2026").replace(
        {"capital.timing": timing, "index.formula": "fisher", "shares.rule": "observed_regional"}
    )
    found = decompose("china-provinces", rules)
    assert found.identity_gap < TIGHT
    assert found.frame["region"].n_unique() == 31


def test_what_capital_and_labour_of_industries_contribute_by_hand(result):
    w_b = (50 / 150 + 72 / 154.5) / 2
    rows = {(row["region"], row["industry"]): row for row in result.industries.iter_rows(named=True)}
    x, y = rows["B", "x"], rows["B", "y"]
    assert x["labour_contribution"] == pytest.approx(w_b * 0.5 * log(1.44), abs=TIGHT)
    assert y["labour_contribution"] == pytest.approx((1 - w_b) * 0.5 * log(0.5625), abs=TIGHT)
    assert x["capital_contribution"] == y["capital_contribution"] == 0.0
    w_a = (100 / 200 + 132 / 232) / 2
    assert rows["A", "x"]["capital_contribution"] == pytest.approx(w_a * 0.5 * log(1.21), abs=TIGHT)


@pytest.mark.parametrize("share", [0.3, 0.7])
def test_contributions_of_industries_and_their_residuals_make_up_their_growth(share):
    made = tables()
    for name in ("accounts", "industry_accounts"):
        skill = pl.col("year").replace_strict({2000: 1.0, 2001: 1.2})
        made[name] = made[name].with_columns(labour_share=pl.lit(share), human_capital=skill)
    ours = protocol.load("xinzhi-cn-2026").replace({"labour.quality": "given"})
    rows = decompose(made, ours).industries
    assert rows.height == 4
    assert (rows["human_capital_growth"] - log(1.2)).abs().max() < TIGHT
    parts = sum(rows[name] for name in ("capital_contribution", "labour_contribution", "breakthrough", "upgrading"))
    assert (parts - rows["weight"] * rows["output_growth"]).abs().max() < TIGHT
    assert (rows["capital_contribution"] - rows["weight"] * (1 - share) * rows["capital_growth"]).abs().max() < TIGHT


def test_a_measurement_at_hand_is_not_made_again(result, monkeypatch):
    package = xinzhi.load(tables())
    measured = xinzhi.measure(package, RULES)
    monkeypatch.setattr(sys.modules["xinzhi.sources.decompose"], "measure", None)
    again = decompose(package, emerging=["x"], measurement=measured)
    assert again.frame.equals(result.frame)
    assert again.measurement is measured
    other = tables({place: (2 * output, *rest) for place, (output, *rest) in FIGURES.items()})
    with pytest.raises(UsageError, match="other figures"):
        decompose(other, measurement=measured)

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import xinzhi
from xinzhi import micro
from xinzhi.core.errors import InputError, UsageError

pytest.importorskip("ibis", reason="the extra micro is not installed")


def made_up(firms=3000):
    return micro.mock(firms, (2000, 2002), seed=1)


def test_plans_with_strange_words_are_refused(tmp_path):
    plan = tmp_path / "plan.yaml"
    for text, error in (
        ("job: [totals]", UsageError),
        ("jobs: [dance]", UsageError),
        ("rules: {fewest: 3}", UsageError),
        ("- a", InputError),
        ("layout: other", UsageError),
        ("a: [", InputError),
        ("rules: 3", UsageError),
        ("rules: {least: many}", UsageError),
        ("sigma: three", UsageError),
        ("jobs: [3]", UsageError),
        ("dimensions: 4", UsageError),
    ):
        plan.write_text(text, encoding="utf-8")
        with pytest.raises(error):
            xinzhi.study("firms", made_up(), plan=str(plan))


@pytest.mark.parametrize(
    ("plan", "en", "zh"),
    [
        ("", "labour productivity (current prices, logs)", "劳动生产率（当年价，对数）"),
        ("value: tfp", "total factor productivity (current prices, logs)", "全要素生产率（当年价，对数）"),
        ("deflator: prices.csv", "labour productivity (constant prices, logs)", "劳动生产率（不变价，对数）"),
        ("{value: tfp, deflator: prices.csv}", "productivity (constant prices, logs)", "全要素生产率（不变价，对数）"),
    ],
)
def test_the_page_says_whose_productivity_it_is_and_at_which_prices(tmp_path, plan, en, zh):
    frame = made_up(1500)
    prices = frame.select("industry", "year").unique().with_columns(deflator=1.1 ** (pl.col("year") - 1990))
    prices = prices.with_columns(capital_deflator="deflator")
    prices.write_csv(tmp_path / "prices.csv")
    (tmp_path / "plan.yaml").write_text(plan, encoding="utf-8")
    made = xinzhi.study("firms", frame, plan=str(tmp_path / "plan.yaml"), out=str(tmp_path / "cells"))
    for study in (made, xinzhi.study("firms", tmp_path / "cells")):
        for name in ("decomposition", "covariance"):
            assert en in study.results[name].summary("en")
            assert zh in study.results[name].summary("zh")
    assert ("at prices of 2000" in "".join(one.en for one in made.notes)) == ("deflator" in plan)


def test_a_deflator_takes_inflation_out_of_growth_and_nothing_else(tmp_path):
    frame = made_up(1500)
    prices = frame.select("industry", "year").unique().with_columns(deflator=5 * 1.1 ** (pl.col("year") - 1990))
    prices = prices.with_columns(capital_deflator=pl.lit(2.0))  # constant prices of capital
    prices.write_csv(tmp_path / "prices.csv")
    for value in ("labour", "tfp"):
        (tmp_path / "plain.yaml").write_text(f"value: {value}", encoding="utf-8")
        (tmp_path / "real.yaml").write_text(f"{{value: {value}, deflator: prices.csv}}", encoding="utf-8")
        plain, real = (
            xinzhi.study("firms", frame, plan=str(tmp_path / f"{one}.yaml")).more["cells"] for one in ("plain", "real")
        )
        gap = plain["decomposition"]["growth"] - real["decomposition"]["growth"]
        assert gap.to_list() == pytest.approx([np.log(1.1)] * 2, abs=2e-3)
        assert plain["misallocation"].equals(real["misallocation"])
        first = [cells["covariance"]["aggregate"][0] for cells in (plain, real)]
        assert first[0] == pytest.approx(first[1], abs=1e-6)


def test_tfp_at_constant_prices_needs_prices_of_capital(tmp_path):
    frame = made_up(1500)
    prices = frame.select("industry", "year").unique().with_columns(deflator=1.03 ** (pl.col("year") - 2000))
    growth = {}
    for name, table in {"half": prices, "whole": prices.with_columns(capital_deflator="deflator")}.items():
        table.write_csv(tmp_path / f"{name}.csv")
        (tmp_path / "plan.yaml").write_text(
            f"{{jobs: [totals, decomposition], value: tfp, deflator: {name}.csv}}", encoding="utf-8"
        )
        made = xinzhi.study("firms", frame, plan=str(tmp_path / "plan.yaml"))
        growth[name] = made.results.get("decomposition")
        said = [(one.zh, one.en) for one in made.notes if "capital_deflator" in one.en]
        assert len(said) == (name == "half")
        assert all("capital_deflator" in zh for zh, _ in said)
    assert growth["half"] is None
    assert growth["whole"].value == "tfp-constant"


@pytest.mark.parametrize("lost", [{"year": 2001, "industry": "20"}, {"year": 2000, "industry": "21"}])
def test_a_deflator_with_a_gap_leaves_the_decompositions_out_and_says_why(tmp_path, lost):
    frame = made_up(1500)
    prices = frame.select("industry", "year").unique().with_columns(deflator=1.0)
    gone = pl.all_horizontal(pl.col(name) == value for name, value in lost.items())
    prices.filter(~gone).write_csv(tmp_path / "prices.csv")
    (tmp_path / "plan.yaml").write_text("deflator: prices.csv", encoding="utf-8")
    made = xinzhi.study("firms", frame, plan=str(tmp_path / "plan.yaml"))
    assert list(made.results) == ["totals", "misallocation"]
    assert any(f"lacks years of the industries {lost['industry']}" in one.en for one in made.notes)


def test_a_plan_sets_how_misallocation_is_measured(tmp_path):
    frame = made_up()
    plan = tmp_path / "plan.yaml"
    plan.write_text(
        "{jobs: [misallocation], trim: 0.02, labour: labour, capital_share: 0.4, by: [ownership],"
        " measurement_error: true}",
        encoding="utf-8",
    )
    made = xinzhi.study("firms", frame, plan=str(plan), out=str(tmp_path / "cells"))
    told = made.results["misallocation"]
    verb = micro.misallocation(
        frame, trim=0.02, labour="labour", capital_share=0.4, by=["ownership"], measurement_error=True
    )
    hidden = told.frame.filter("withheld").height
    assert hidden == 0  # so that the verb has the same rows
    both = told.frame.join(verb.frame, on=["industry", "year"])
    assert both["gain"].to_list() == pytest.approx(both["gain_right"].to_list(), rel=6e-3)
    # industries count by their published totals, which hold firms that are trimmed
    assert told.years["gain"].to_list() == pytest.approx(verb.years["gain"].to_list(), rel=0.05)
    assert told.noise.share == pytest.approx(verb.noise.share, rel=6e-3)
    groups = told.groups.join(verb.groups, on=["dimension", "year"])
    assert groups.height == 3
    assert groups["gain_within"].to_list() == pytest.approx(groups["gain_within_right"].to_list(), rel=6e-3)
    again = xinzhi.study("firms", tmp_path / "cells").results["misallocation"]
    assert again.noise.share == told.noise.share
    assert again.groups.height == 3


def test_the_region_of_a_plan_is_that_of_the_firms_and_blank_industries_take_no_part_in_misallocation(tmp_path):
    frame = made_up().with_columns(
        pl.when(pl.col("firm") % 3 == 0).then(pl.lit("")).otherwise("industry").alias("industry")
    )
    frame = frame.with_columns(
        pl.when(pl.col("firm") % 2 == 0).then(pl.lit("220102")).otherwise(pl.lit("33")).alias("region")
    )
    plan = tmp_path / "plan.yaml"
    plan.write_text("region: 吉林\njobs: [totals, misallocation]\n", encoding="utf-8")
    made = xinzhi.study("firms", frame, plan=str(plan))
    own = frame.filter(pl.col("firm") % 2 == 0)
    every = made.more["cells"]["totals_output"].filter(pl.col("industry") == "*")
    counted = own.group_by("year").len().sort("year")["len"].to_list()
    assert every.sort("year")["firms"].to_list() == pytest.approx(counted, abs=2.5)
    assert "" not in made.more["cells"]["misallocation"]["industry"].to_list()
    said = {language: "\n".join(one.lang(language) for one in made.notes) for language in ("zh", "en")}
    outside, blank = frame.height - own.height, own.filter(pl.col("industry") == "").height
    assert f"{outside:,} rows are not of 吉林" in said["en"]
    assert f"{outside:,}行不属于计划所写的地区（吉林）" in said["zh"]
    assert f"{blank:,} rows have no industry" in said["en"]
    plan.write_text("region: 浙江省\njobs: [totals]\n", encoding="utf-8")
    with pytest.raises(InputError, match="no row is of 浙江省"):
        xinzhi.study("firms", own, plan=str(plan))
    plan.write_text("region: 长春市\nlayout: survey\njobs: [totals]\n", encoding="utf-8")
    headed = {"firm": "法人代码", "year": "年份", "industry": "行业代码", "region": "省地县码", "output": "工业增加值"}
    own.rename(headed).select(headed.values()).write_parquet(tmp_path / "all.parquet")
    held = xinzhi.study("firms", tmp_path / "all.parquet", plan=str(plan))
    assert any("whether these firms are of 长春市 is not checked" in one.sentence("en") for one in held.findings)

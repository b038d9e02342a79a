"""Totals that are withheld are not given back by what else is told of firms."""

from __future__ import annotations

import polars as pl
import pytest
from attacker import attack
from few_firms import few

import xinzhi
from xinzhi import micro


def hidden_totals(cells):
    """Return which industries and years are withheld in any table of totals."""
    tables = [frame for name, frame in cells.items() if name.startswith("totals_")]
    return {
        row for one in tables for row in one.filter(pl.col("withheld") != "").select("industry", "year").iter_rows()
    }


def test_the_yearly_figure_gives_back_no_total_that_is_withheld():
    cells = xinzhi.study("firms", few({"20": 3, "21": 40, "22": 45, "23": 60, "24": 80})).more["cells"]
    totals, told, years = cells["totals_output"], cells["misallocation"], cells["misallocation_years"]
    assert {"primary", "secondary"} <= set(totals["withheld"])
    shown = told.filter(~pl.col("withheld"))
    assert shown.height
    assert not hidden_totals(cells) & set(shown.select("industry", "year").iter_rows())
    # the weights are totals that anyone can read: the yearly figure is one more sum of them, and says nothing new
    both = shown.join(totals, on=["industry", "year"])
    again = both.group_by("year").agg(
        efficiency=((pl.col("efficiency").log() * pl.col("value")).sum() / pl.col("value").sum()).exp()
    )
    assert again.sort("year")["efficiency"].to_list() == pytest.approx(years["efficiency"].to_list(), abs=1e-3)


def test_a_share_of_capital_gives_back_no_wages_that_are_withheld():
    frame = few({"20": 30, "21": 40, "22": 45})
    lump = (pl.col("industry") == "20") & (pl.col("year") == 2002)
    first = lump & (pl.col("firm") == 1)
    paid = pl.when(first).then(9 * pl.col("output")).when(lump).then(0.01 * pl.col("output")).otherwise("wages")
    cells = xinzhi.study("firms", frame.with_columns(wages=paid)).more["cells"]
    hidden = hidden_totals(cells)
    assert {year for industry, year in hidden if industry == "20"} == {2002}
    told = cells["misallocation"]
    # the share is one of totals that are told: what is withheld has no part in it
    seen = frame.filter(pl.struct("industry", "year").map_elements(lambda row: tuple(row.values()) not in hidden, bool))
    true = seen.group_by("industry").agg(share=1 - pl.col("wages").sum() / pl.col("output").sum())
    both = told.filter(~pl.col("withheld")).join(true, on="industry")
    assert both["capital_share"].to_list() == pytest.approx(both["share"].to_list(), rel=6e-3)
    assert "20" in both["industry"]
    assert set(told.filter(pl.col("withheld"))["capital_share"]) == {None}
    kept = told.filter(~pl.col("withheld"))
    for name in ("efficiency", "sd_tfpr", "gain", "mix_gain"):
        assert kept[name].to_list() == kept[name].round_sig_figs(3).to_list()


def with_turnover(sizes):
    """Return firms of three years; some of the second year are new, some of the first are gone."""
    frame = few(sizes, years=(2001, 2002, 2003), seed=5)
    gone = (pl.col("firm") % 3 == 0) & (pl.col("year") == 2003)
    new = (pl.col("firm") % 3 == 1) & (pl.col("year") == 2001)
    return frame.filter(~gone & ~new)


def test_who_sees_all_files_of_a_payload_gets_back_nothing_that_is_withheld(tmp_path):
    """An attacker has every CSV file: no equation between them holds a single unknown, and no total is narrowed."""
    frame = with_turnover({"20": 3, "21": 40, "22": 45, "23": 60, "24": 80})
    xinzhi.study("firms", frame, out=str(tmp_path))
    files = {one.stem: pl.read_csv(one, schema_overrides={"industry": pl.String}) for one in tmp_path.glob("*.csv")}
    assert {"misallocation", "covariance_industry", "decomposition_industry"} <= set(files)
    rules = micro.Rules()
    for value in ("output", "capital", "labour", "wages"):  # the totals by themselves
        sums = micro.cell_sums(micro.panel(frame), ["industry"], value, rules)
        for year in (2001, 2002, 2003):
            told = (
                files[f"totals_{value}"].filter(pl.col("year") == year).with_columns(pl.col("withheld").fill_null(""))
            )
            true = micro.with_margins(sums.filter(pl.col("year") == year), ["industry"], rules)
            found = attack(true, told, ["industry"]).filter(pl.col("withheld") == "primary")
            assert found.height
            assert (found["most"] > 1.14 * found["value"]).all()
            assert (found["least"] < 0.86 * found["value"]).all()
    hidden = hidden_totals(files)
    levels, growth = files["covariance_industry"], files["decomposition_industry"]
    unknown = set(levels.filter("withheld").select("industry", "year").iter_rows())
    of_labour = files["totals_labour"].filter(pl.col("withheld").is_not_null() & (pl.col("withheld") != ""))
    assert set(of_labour.select("industry", "year").iter_rows()) <= unknown
    assert {("20", year) for year in (2001, 2002, 2003)} <= unknown
    # the level of all is the weighted sum of the levels of industries: it must have two unknowns, or none
    for year in (2001, 2002, 2003):
        assert len({industry for industry, at in unknown if at == year}) != 1
        assert files["covariance"].filter(pl.col("year") == year)["withheld"].to_list() == [False]
    # growth is the difference of two levels: with one of them withheld it must be, too
    for row in growth.filter(pl.col("growth").is_not_null()).iter_rows(named=True):
        assert not {(row["industry"], row["start"]), (row["industry"], row["end"])} & unknown
    # the yearly figure of misallocation is weighted by totals that are published, every one
    shown = files["misallocation"].filter(~pl.col("withheld"))
    assert not hidden & set(shown.select("industry", "year").iter_rows())
    assert files["misallocation_years"]["firms"].sum() == shown["firms"].sum()
    assert set(files["misallocation"].filter("withheld").select("industry", "year").iter_rows()) >= hidden


def test_a_firm_with_almost_all_labour_is_not_told_as_an_aggregate(tmp_path):
    frame = few({"20": 20, "21": 40, "22": 50})
    giant = pl.when(pl.col("firm") == 1).then(1e3 * pl.col("labour").sum()).otherwise("labour")
    plan = tmp_path / "plan.yaml"
    plan.write_text("jobs: [misallocation, decomposition, covariance]\n", encoding="utf-8")
    cells = xinzhi.study("firms", frame.with_columns(labour=giant), plan=str(plan)).more["cells"]
    assert cells["covariance"]["withheld"].to_list() == [True, True]
    assert cells["decomposition"]["growth"].to_list() == [None]
    by = cells["covariance_industry"]
    assert set(by.filter(pl.col("industry") == "20")["aggregate"]) == {None}
    assert by.filter(~pl.col("withheld")).height
    assert set(cells["decomposition_industry"].filter(pl.col("industry") == "20")["growth"]) == {None}


def test_few_entrants_are_told_with_those_who_exit():
    frame = with_turnover({"20": 60, "21": 70, "22": 80})
    few_new = (
        (pl.col("industry") == "20") & (pl.col("firm") % 3 == 1) & (pl.col("firm") > 12) & (pl.col("year") >= 2002)
    )
    made = xinzhi.study("firms", frame.filter(~few_new))
    told = made.more["cells"]["decomposition_industry"]
    row = told.filter((pl.col("industry") == "20") & (pl.col("start") == 2001)).row(0, named=True)
    assert row["merged"] in {"net", "growth"}
    assert row["growth"] is not None
    assert row["n_entry"] is None
    assert row["entry"] is None
    whole = told.filter(pl.col("merged") == "").with_columns(
        total=pl.sum_horizontal("mean", "covariance", "entry", "exit")
    )
    assert whole.height
    assert whole["total"].to_list() == pytest.approx(whole["growth"].to_list(), abs=5e-3)


def test_merging_keeps_the_sum():
    sums = {"industry": "a", "year": 2, "amount": "labour", "value": 100.0, "top1": 5.0, "top2": 4.0}
    cohorts = [("stay", 1, 50), ("stay", 2, 50), ("entry", 2, 20), ("moved_in", 2, 3), ("exit", 1, 30)]
    sums = pl.DataFrame([sums | {"cohort": name, "side": side, "firms": n} for name, side, n in cohorts])
    frame = pl.DataFrame(
        {
            "industry": "a",
            "start": 1,
            "end": 2,
            "growth": 1.0,
            "mean": 0.5,
            "covariance": 0.1,
            "entry": 0.3,
            "moved_in": 0.2,
            "exit": -0.1,
            "n_stay": 50,
            "n_entry": 20,
            "n_moved_in": 3,
            "n_exit": 30,
        }
    )
    made = micro.merge_cohorts(frame, sums, ["industry"]).row(0, named=True)
    assert made["merged"] == "moves"
    assert (made["entry"], made["moved_in"], made["n_moved_in"], made["exit"]) == (0.5, None, None, -0.1)
    assert made["n_entry"] == 25
    for exits, merged in ((3, "net"), (60, "moves")):
        fewer = sums.with_columns(firms=pl.when(pl.col("cohort") == "exit").then(exits).otherwise("firms"))
        assert micro.merge_cohorts(frame, fewer, ["industry"])["merged"].item() == merged
    fewer = sums.with_columns(firms=pl.when(pl.col("cohort") == "exit").then(3).otherwise("firms"))
    made = micro.merge_cohorts(frame, fewer, ["industry"]).row(0, named=True)
    assert made["net_entry"] == pytest.approx(0.4)
    assert made["mean"] + made["covariance"] + made["net_entry"] == pytest.approx(made["growth"])
    assert made["n_exit"] is None
    giant = sums.with_columns(top1=pl.when(pl.col("cohort") == "stay").then(95.0).otherwise("top1"))
    made = micro.merge_cohorts(frame, giant, ["industry"]).row(0, named=True)
    assert (made["merged"], made["growth"], made["mean"]) == ("growth", 1.0, None)

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from attacker import attack
from called import called

import xinzhi
from xinzhi import micro
from xinzhi.core.errors import InputError
from xinzhi.micro.internal import TOTAL
from xinzhi.studies.firm_plan import Plan
from xinzhi.studies.firms import _fingerprint, _Run

pytest.importorskip("ibis", reason="the extra micro is not installed")
SECRET = 987_654_321.125


def made_up(firms=3000):
    return micro.mock(firms, (2000, 2002), seed=1)


def poisoned():
    """Return firms of which one stands alone in its industry, under a name that is found again."""
    frame = made_up().with_columns(pl.col("firm").cast(pl.String))
    alone = frame.head(1).with_columns(
        firm=pl.lit("SECRET-FIRM"),
        industry=pl.lit("99"),
        output=SECRET,
        capital=SECRET,
        labour=SECRET,
        wages=SECRET / 2,
    )
    bad = frame.slice(1, 3).with_columns(firm=pl.lit("SECRET-BAD") + pl.col("firm"), capital=-SECRET)
    return pl.concat([frame, alone, bad])


def test_nothing_of_a_lone_firm_is_written_or_said(tmp_path):
    source, cells = tmp_path / "firms.parquet", tmp_path / "cells"
    poisoned().write_parquet(source)
    made = xinzhi.study("firms", source, out=str(cells))
    made.write(tmp_path / "page")
    said = "\n".join([made.summary("en"), made.summary("zh"), *(one.sentence() for one in made.findings)])
    files = [one for one in (*cells.rglob("*"), *(tmp_path / "page").rglob("*")) if one.is_file()]
    assert {"manifest.json", "misallocation.csv", "totals_output.csv", "firms.html"} <= {one.name for one in files}
    for text in (said, *(one.read_bytes().decode("latin-1") for one in files)):
        assert "SECRET" not in text
        assert "987654321" not in text.replace(",", "").replace(".", "")
        assert "987654" not in text
    totals = pl.read_csv(cells / "totals_output.csv", schema_overrides={"industry": pl.String})
    kinds = totals.filter(pl.col("industry") == "99")["withheld"].unique().to_list()
    assert kinds == ["primary"]
    assert totals.filter(pl.col("withheld") == "secondary").height
    assert "fewer than 10 rows are zero or negative" in said


def test_a_manifest_says_what_was_done(tmp_path):
    plan = tmp_path / "plan.yaml"
    plan.write_text("jobs: [totals, decomposition]\nrules: {least: 20}\nmethod: diewert-fox\n", encoding="utf-8")
    xinzhi.study("firms", made_up(), plan=str(plan), out=str(tmp_path / "cells"))
    manifest = json.loads((tmp_path / "cells" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["rules"]["least"] == 20
    assert manifest["plan"]["jobs"] == ["totals", "decomposition"]
    again = xinzhi.study("firms", tmp_path / "cells").results["decomposition"]
    assert again.method == "diewert-fox"
    assert len(manifest["protocol_fingerprint"]) == 64
    assert manifest["engine"].startswith("duckdb")
    assert manifest["tables"]["totals_output"]["cells"] == 32 * 3
    assert not (tmp_path / "cells" / ".parts").exists()


def test_cells_are_read_back(tmp_path):
    made = xinzhi.study("firms", made_up(), out=str(tmp_path))
    again = xinzhi.study("firms", tmp_path)
    assert list(again.results) == list(made.results)
    for name in made.results:
        assert again.results[name].frame.height == made.results[name].frame.height
    assert again.results["misallocation"].years["gain"].to_list() == pytest.approx(
        made.results["misallocation"].years["gain"].to_list()
    )


def test_missing_columns_drop_jobs_and_are_named():
    made = xinzhi.study("firms", made_up().drop("capital"))
    assert list(made.results) == ["totals", "decomposition", "covariance"]
    notes = "\n".join(one.en for one in made.notes)
    assert "left out: misallocation: the table of firms lacks the columns capital" in notes
    assert "there is no column 'capital', and no total of it" in notes
    with pytest.raises(InputError):
        xinzhi.study("firms", made_up().select("firm", "year"))


def test_a_run_that_was_interrupted_goes_on_with_the_next_job(tmp_path, monkeypatch):
    def stopped(*_, **__):
        raise KeyboardInterrupt

    source = made_up().with_columns(wages=pl.when(pl.col("industry") == "20").then(9e9).otherwise("wages"))
    with monkeypatch.context() as patched:
        patched.setattr(micro, "decompose", stopped)
        with pytest.raises(KeyboardInterrupt):
            xinzhi.study("firms", source, out=str(tmp_path))
    assert {one.name for one in (tmp_path / ".parts").glob("*/*")} == {"totals", "misallocation"}
    with monkeypatch.context() as patched:
        patched.setattr(micro, "misallocation", stopped)
        made = xinzhi.study("firms", source, out=str(tmp_path))
    whole = xinzhi.study("firms", source)
    assert [one.en for one in made.notes] == [one.en for one in whole.notes]
    assert all(made.more["cells"][name].equals(frame) for name, frame in whole.more["cells"].items())
    assert not (tmp_path / ".parts").exists()


def test_a_run_does_not_go_on_with_other_figures():
    frame = micro.mock(200, (2000, 2001), seed=1)
    keys = [
        _fingerprint(micro.panel(one), Plan(), micro.Rules())
        for one in (frame, frame.reverse(), frame.with_columns(pl.col("capital") * 7))
    ]
    assert keys[0] == keys[1]
    assert keys[0] != keys[2]


def few(sizes, years=(2001, 2002), seed=3):
    """Return made-up firms, so many in each industry."""
    rng, rows, firm = np.random.default_rng(seed), [], 0
    for industry, n in sizes.items():
        for _ in range(n):
            firm += 1
            for year in years:
                capital, labour = np.exp(rng.normal(5, 1)), np.exp(rng.normal(3, 1))
                output = capital**0.4 * labour**0.6 * np.exp(rng.normal(0, 0.5))
                rows.append((firm, year, industry, output, capital, labour, 0.55 * output))
    named = ["firm", "year", "industry", "output", "capital", "labour", "wages"]
    return pl.DataFrame(rows, schema=named, orient="row")


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


def test_an_industry_without_a_share_of_capital_does_not_stop_the_others():
    bad = pl.when(pl.col("industry") == "20").then(2 * pl.col("output")).otherwise("wages")
    made = xinzhi.study("firms", made_up().with_columns(wages=bad))
    assert "20" not in made.results["misallocation"].frame["industry"]
    assert any("1 industries have a share of capital outside" in note.en for note in made.notes)


def test_the_survey_is_read_whatever_its_columns_were_called(tmp_path):
    base = made_up(4000)
    names = [
        {
            "firm": "法人代码",
            "industry": "行业代码",
            "output": "工业增加值",
            "capital": "固定资产净值年平均余额",
            "labour": "从业人员年平均人数",
        },
        {
            "firm": "组织机构代码",
            "industry": "行业类别",
            "output": "增加值",
            "capital": "固定资产合计",
            "labour": "从业人员平均人数",
        },
    ]
    for year, headed in zip((2001, 2013), names, strict=True):
        part = base.filter(pl.col("year") == (2000 if year == 2001 else 2002))
        part = part.with_columns(
            pl.lit("4050" if year == 2001 else "3812").alias("industry"), firm=pl.format("A{}", "firm")
        )
        part = part.rename(headed).with_columns(
            pl.lit("110").alias("登记注册类型"), pl.lit("220102").alias("省地县码"), (pl.col("wages")).alias("应付工资")
        )
        part.select(*headed.values(), "登记注册类型", "省地县码", "应付工资").write_parquet(
            tmp_path / f"{year}.parquet"
        )
    held = micro.read_survey(tmp_path)
    assert held.years == [2001, 2013]
    rows = held.engine.collect(held.table.select("year", "industry", "region", "ownership").distinct()).sort("year")
    assert rows.rows() == [(2001, "38", "220000", "state"), (2013, "38", "220000", "state")]
    plan = tmp_path / "plan.yaml"
    plan.write_text("layout: survey\njobs: [covariance]\n", encoding="utf-8")
    made = xinzhi.study("firms", tmp_path, plan=str(plan))
    assert made.results["covariance"].frame["year"].to_list() == [2001, 2013]


def test_the_command_line_writes_mocks_and_cells(tmp_path, monkeypatch):
    monkeypatch.setenv("XINZHI_LANG", "en")

    def run(*words):
        done = called("firms", *words, cwd=tmp_path)
        return done.returncode, done.stdout, done.stderr

    code, out, _ = run("mock", "--number", "1500", "--out", "data", "--json")
    assert code == 0
    assert json.loads(out)["rows"] > 1500
    plan = tmp_path / "plan.yaml"
    plan.write_text("jobs: [covariance]\n", encoding="utf-8")
    code, out, _ = run("data", "--plan", "plan.yaml", "--out", "cells", "--json")
    assert code == 0
    assert json.loads(out)["results"][0]["provenance"]["verb"] == "micro_decompose"
    assert (tmp_path / "cells" / "manifest.json").is_file()
    code, _, _ = run("cells", "--out", "page")
    assert code == 0
    assert (tmp_path / "page" / "firms.html").is_file()
    code, _, err = run("nothing")
    assert code == 3
    assert "no table of firms" in err


@pytest.mark.parametrize("bad", [4, 30])
def test_a_firm_with_a_bad_row_does_not_exit_and_enter(tmp_path, bad):
    plan = tmp_path / "plan.yaml"
    plan.write_text("jobs: [decomposition]\n", encoding="utf-8")
    rows = [
        (f, year, 5.0 + f % 7 + year % 5, 2.0)
        for f in range(400)
        for year in (2001, 2002, 2003)
        if f % 10 or year == 2001 + f % 3
    ]
    whole = pl.DataFrame(rows, schema=["firm", "year", "output", "labour"], orient="row")
    hurt = pl.when((pl.col("firm") % 10 == 1) & (pl.col("firm") < 10 * bad) & (pl.col("year") == 2002))
    torn = whole.with_columns(hurt.then(-1.0).otherwise("output").alias("output"))
    before, after = (xinzhi.study("firms", one, plan=str(plan)) for one in (whole, torn))
    was, now = (one.more["cells"]["decomposition"] for one in (before, after))
    assert not now["withheld"].any()
    moved = 0 if bad == 30 else bad  # so few count as entry and exit
    assert (now["n_exit"] - was["n_exit"]).abs().max() <= 5 * (moved > 0)
    assert now["n_rotation_out"].fill_null(0).to_list() == ([30, 0] if bad == 30 else [0, 0])
    parts = now.select("mean", "covariance", "entry", "exit", "rotation_in", "rotation_out").sum_horizontal()
    assert parts.to_list() == pytest.approx(now["growth"].to_list(), abs=0.01)
    assert any("both periods" in note.en for note in after.notes)
    assert not any("both periods" in note.en for note in before.notes)


def with_losses(frame, part=0.05):
    """Return firms of which a part has negative value added, as in every survey."""
    lost = pl.Series(np.random.default_rng(0).random(frame.height) < part)
    return frame.with_columns(output=pl.when(lost).then(-pl.col("output")).otherwise("output"))


def test_negative_amounts_do_not_end_misallocation_half_way(tmp_path):
    plan = tmp_path / "plan.yaml"
    plan.write_text("{jobs: [misallocation], by: [region], measurement_error: true}", encoding="utf-8")
    frame = with_losses(made_up())
    made = xinzhi.study("firms", frame, plan=str(plan))
    names = {"misallocation", "misallocation_years", "misallocation_groups", "measurement_error"}
    assert set(made.more["cells"]) == names
    assert not any("left out" in one.en for one in made.notes)
    # who takes no part makes no group look larger: the same groups are blank without them
    alone = xinzhi.study("firms", frame.filter(pl.col("output") > 0), plan=str(plan))
    assert made.more["cells"]["misallocation_groups"].equals(alone.more["cells"]["misallocation_groups"])


def test_totals_say_what_lies_below_zero(tmp_path):
    frame = with_losses(made_up())
    plan = tmp_path / "plan.yaml"
    plan.write_text("{jobs: [totals], dimensions: [industry]}", encoding="utf-8")
    made = xinzhi.study("firms", frame, plan=str(plan), out=str(tmp_path / "cells"))
    below = made.more["cells"]["negative_amounts"]
    true = frame.filter(pl.col("output") < 0).group_by("year").agg(pl.col("output").sum()).sort("year")
    assert below["amount"].unique().to_list() == ["output"]
    assert below["value"].to_list() == pytest.approx(true["output"].to_list(), rel=6e-3)
    margin = made.more["cells"]["totals_output"].filter(pl.col("industry") == TOTAL).sort("year")
    whole = frame.group_by("year").agg(pl.col("output").sum()).sort("year")
    assert (margin["value"] + below["value"]).to_list() == pytest.approx(whole["output"].to_list(), rel=1e-2)
    assert "of amounts above zero" in made.summary("en")
    assert "大于零的数额" in made.summary("zh")
    manifest = json.loads((tmp_path / "cells" / "manifest.json").read_text(encoding="utf-8"))
    assert any("totals of 'output' are of amounts above zero" in one["en"] for one in manifest["notes"])
    assert manifest["tables"]["negative_amounts"]["cells"] == 3
    again = xinzhi.study("firms", tmp_path / "cells").more["cells"]["negative_amounts"]
    assert again["value"].to_list() == below["value"].to_list()
    # few with losses, or one that dominates them, are not told
    one = pl.when((pl.col("output") < 0) & (pl.col("firm") == frame.filter(pl.col("output") < 0)["firm"][0]))
    for torn in (with_losses(made_up(), 0.001), frame.with_columns(output=one.then(-1e12).otherwise("output"))):
        told = xinzhi.study("firms", torn, plan=str(plan)).more["cells"]["negative_amounts"]
        assert told["withheld"].any()
        assert told.filter("withheld").select("firms", "value").null_count().row(0) == (told["withheld"].sum(),) * 2


def test_the_sentence_of_gains_says_of_which_industries_it_is():
    made = xinzhi.study("firms", few({"20": 3, "21": 40, "22": 45, "23": 60, "24": 80}))
    years, cells = made.results["misallocation"].years, made.more["cells"]
    told = cells["misallocation"].filter(~pl.col("withheld")).select("industry", "year")
    totals = cells["totals_output"]
    part = totals.join(told, on=["industry", "year"]).group_by("year").agg(part=pl.col("value").sum())
    both = part.join(totals.filter(pl.col("industry") == TOTAL), on="year").sort("year")
    assert years["covered"].to_list() == pytest.approx((both["part"] / both["value"]).to_list(), abs=1e-3)
    said = made.results["misallocation"]
    least = min(years["covered"][0], years["covered"][-1])
    assert f"published industries (at least {100 * least:.0f}\u00a0% of value added in both years)" in said.summary(
        "en"
    )
    assert f"所公布行业（两年至少占增加值的{100 * least:.0f}%）" in said.summary("zh")
    assert "equal inside every industry measured" in micro.misallocation(few({"21": 40})).summary("en")


def test_parts_that_are_told_add_up_to_the_whole_that_is_told():
    made = xinzhi.study("firms", made_up())
    for name, key in (("decomposition", "answer.growth"), ("covariance", "answer.aggregate")):
        result = made.results[name]
        facts = result.facts()
        parts = [round(one["mean"], 4) for one in facts["answer.part"]]
        assert f"{sum(parts):.4f}" == f"{facts[key]['total']:.4f}"
        assert facts[key]["total"] == pytest.approx(result.frame[result.total].mean(), abs=6e-3)


def test_a_job_that_fails_leaves_no_table(tmp_path, monkeypatch):
    def fails(*_, **__):
        raise InputError("micro.negative-cell", ())

    plan = tmp_path / "plan.yaml"
    plan.write_text("{jobs: [totals, misallocation], by: [region]}", encoding="utf-8")
    monkeypatch.setattr(_Run, "_groups", fails)
    made = xinzhi.study("firms", made_up(), plan=str(plan), out=str(tmp_path / "cells"))
    assert list(made.results) == ["totals"]
    assert not list((tmp_path / "cells").glob("misallocation*"))
    assert any("left out: misallocation" in one.en for one in made.notes)


def test_totals_alone_are_a_study(tmp_path):
    plan = tmp_path / "plan.yaml"
    plan.write_text("jobs: [totals]", encoding="utf-8")
    made = xinzhi.study("firms", made_up(), plan=str(plan), out=str(tmp_path / "cells"))
    assert "4 tables of totals, of 96 cells each" in made.summary("en")
    again = xinzhi.study("firms", tmp_path / "cells")
    assert again.results["totals"].facts() == made.results["totals"].facts()
    assert (tmp_path / "page" / "firms.html") in again.write(tmp_path / "page")
    with pytest.raises(InputError, match="lacks the columns output, capital, labour"):
        xinzhi.study("firms", made_up().select("firm", "year", "industry"), plan=str(plan))


def test_an_enterprise_of_many_plants_is_one_firm_to_the_rules():
    frame = few({"20": 40, "21": 40, "22": 45, "23": 60, "24": 60})
    # an enterprise with a plant in every industry holds most of all; no two plants do
    giant = frame.group_by("industry", "year").first().with_columns(firm=pl.lit(999), output=1e6)
    held = micro.panel(pl.concat([frame, giant.select(frame.columns).cast(dict(frame.schema))]), duplicates="plants")
    rules = micro.Rules()
    sums = micro.cell_sums(held, ["industry"], "output", rules)
    margin = sums.filter(pl.col("industry") == TOTAL)
    assert margin["firms"].to_list() == [40 + 40 + 45 + 60 + 60 + 1] * 2
    assert (margin["top1"] == 5e6).all()
    assert (
        micro.protect(sums, ["industry"]).filter(pl.col("industry") == TOTAL)["withheld"].to_list() == ["primary"] * 2
    )
    plants = sums.filter(pl.col("industry") != TOTAL)  # taken for firms, they would give the margin away
    naive = micro.protect(plants, ["industry"])
    assert naive.filter(pl.col("industry") == TOTAL)["withheld"].to_list() == [""] * 2
    table = held.table
    both = replace(held, table=table.mutate(value=table.output, weight=table.labour))
    cohorts = micro.cohort_sums(both, (), {2001: 2002}, ["output"], rules)
    assert set(cohorts["firms"]) == {246}

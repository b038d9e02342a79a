from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from called import called
from few_firms import few

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

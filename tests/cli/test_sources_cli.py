"""`xinzhi sources` as a user meets it: exit codes, what is printed, what is written."""

from __future__ import annotations

import json
import shutil

import polars as pl
import pytest
from called import answering

import xinzhi
from made_up_economy import made_up_economy
from xinzhi.data.descriptor import export


@pytest.fixture
def xinzhi_sources(monkeypatch, capsys):
    return answering(monkeypatch, capsys, "sources")


@pytest.fixture(scope="module")
def economy(tmp_path_factory):
    """Return a folder of csv with four regions and three industries."""
    return export(xinzhi.load(made_up_economy(4, 3, 6, seed=3).tables), tmp_path_factory.mktemp("made") / "up")


@pytest.fixture
def broken(economy, tmp_path):
    """Return a maker of the same folder with a changed table of industries."""

    def make(change):
        folder = tmp_path / "broken"
        shutil.copytree(economy, folder)
        path = folder / "industry_accounts.csv"
        change(pl.read_csv(path)).write_csv(path)
        return folder

    return make


HERE = (pl.col("region") == "r1") & (pl.col("industry") == "i2") & (pl.col("year") == 2002)


def test_main_job_leads_with_the_finding_and_writes_the_page(xinzhi_sources, tmp_path):
    code, out, err = xinzhi_sources("china-provinces", "--out", tmp_path, "--top", 3, "--region", "吉林")
    assert (code, err) == (0, "")
    assert out.replace("\u00a0", " ").startswith("TFP of all regions together grew by 2.50 % a year in 2003–2023")
    assert "Northeast grew by 0.32 points a year less than East" in out
    assert "Jilin" in out
    names = {path.name for path in tmp_path.iterdir()}
    assert {"sources.html", "sources.xlsx", "sources.json", "sources-sources.csv", "sources-upgrading.csv"} <= names


def test_json_is_one_document_with_figures_at_full_precision(xinzhi_sources):
    code, out, _ = xinzhi_sources("china-provinces", "--json")
    found = json.loads(out)
    assert code == 0
    assert [one["provenance"]["verb"] for one in found["results"]] == [
        "sources",
        "sources.allocation",
        "sources.upgrading",
        "sources.innovation",
    ]
    row = found["results"][0]["frame"][0]
    parts = ("breakthrough", "allocation", "upgrading_traditional", "upgrading_emerging", "unallocated")
    assert sum(row[name] for name in parts) == pytest.approx(row["tfp_growth"], abs=1e-12)
    assert {"periods", "group_periods", "coverage", "omitted", "findings", "left_out"} <= found.keys()


def test_chinese_and_options_on_a_folder_of_csv(xinzhi_sources, economy, tmp_path):
    codes = tmp_path / "emerging.txt"
    codes.write_text("industry\ni1  # chips\n", encoding="utf-8")
    arguments = ("--emerging", codes, "--assume", "best_of=2", "--assume", "output_gap=show", "--lang", "zh")
    code, out, _ = xinzhi_sources(economy, *arguments)
    assert code == 0
    assert "新兴产业差距缩小" in out
    assert "创新" in out
    assert xinzhi_sources(economy, "--detail", "total", "--json")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--assume", "foo=1"), "unknown assumption 'foo'"),
        (("--assume", "shares"), "write it as NAME=VALUE"),
        (("--assume", "best_of=[1"), "--assume"),
        (("--detail", "fine"), "unknown detail 'fine'"),
        (("--emerging", "i9"), "emerging names i9"),
        (("--emerging", "nowhere.csv"), "there is no such file"),
        (("--region", "Q"), "there is no region 'Q'"),
    ],
)
def test_misuse_says_what_is_right(xinzhi_sources, economy, arguments, message):
    code, out, err = xinzhi_sources(economy, *arguments)
    assert (code, out) == (2, "")
    assert message in err


@pytest.mark.parametrize(("column", "value"), [("capital", 0.0), ("output_nominal", -5.0)])
def test_zero_capital_and_negative_value_added_are_named_with_their_line(xinzhi_sources, broken, column, value):
    def change(table):
        return table.with_columns(pl.when(HERE).then(value).otherwise(pl.col(column)).alias(column))

    code, _, err = xinzhi_sources(broken(change))
    assert code == 3
    assert f"column '{column}' (r1/i2/2002)" in err
    assert "industry_accounts.csv, line" in err


def test_a_missing_row_is_named_and_the_rest_is_computed(xinzhi_sources, broken):
    code, out, _ = xinzhi_sources(broken(lambda table: table.filter(~HERE)))
    assert code == 1  # the package has an error: a missing year
    assert "Left out of 2000–2005 for a year without figures: r1 2002: value added of i2" in out


def test_industries_that_do_not_add_up_are_told(xinzhi_sources, broken):
    def change(table):
        return table.with_columns(
            pl.when(pl.col("region") == "r2").then(pl.col(name) * 1.2).otherwise(pl.col(name)).alias(name)
            for name in ("output_nominal", "output_real")
        )

    code, out, _ = xinzhi_sources(broken(change))
    assert code == 0
    assert "In 1 of 4 regions industries and totals do not quite add up" in out


def test_a_malmquist_index_stands_beside(xinzhi_sources, economy, tmp_path):
    code, _, err = xinzhi_sources(economy, "--frontier", "sequential", "--out", tmp_path)
    assert (code, err) == (0, "")
    assert "Beside a frontier analysis" in (tmp_path / "sources.html").read_text(encoding="utf-8")
    code, _, err = xinzhi_sources(economy, "--frontier", "nowhere")
    assert code == 2
    assert "choose one of contemporaneous, sequential" in err

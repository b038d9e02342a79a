"""The main job and the small verbs, run as a user runs them."""

from __future__ import annotations

import json
import subprocess
import sys

import polars as pl

import xinzhi

FILES = ["report.html", "assessment.xlsx", "growth.csv", "levels.csv", "assessment.json"]
FILES += ["certificate.json", "prov.json", "ro-crate-metadata.json"]


def run(*words):
    done = subprocess.run(
        [sys.executable, "-m", "xinzhi", *map(str, words)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_assess_writes_everything_and_says_so_in_one_document(tmp_path):
    document = json.loads(run("assess", "china-provinces", "--out", tmp_path / "out", "--json"))
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(FILES)
    assert document["protocol"]["id"] == "xinzhi-cn-2026"
    assert document["identity_gap"] < 1e-12
    growth = pl.read_csv(tmp_path / "out" / "growth.csv", schema_overrides={"region": pl.String})
    expected = xinzhi.measure("china-provinces").frame
    assert (growth["tfp_growth"] - expected["tfp_growth"]).abs().max() < 1e-15


def test_a_changed_parameter_changes_the_fingerprint(tmp_path):
    plain = json.loads(run("assess", "china-provinces", "--out", tmp_path / "a", "--json"))
    other = json.loads(
        run("assess", "china-provinces", "--set", "capital.depreciation=1.096e-1", "--out", tmp_path / "b", "--json")
    )
    assert plain["protocol"]["fingerprint"] != other["protocol"]["fingerprint"]


def test_an_exported_package_gives_the_same_assessment(tmp_path):
    run("data", "export", "china-provinces", tmp_path / "mine")
    mine = xinzhi.measure(tmp_path / "mine").frame
    assert mine.equals(xinzhi.measure("china-provinces").frame)


def test_audit_prints_one_document():
    document = json.loads(run("audit", "china-provinces", "--json"))
    assert document["protocols"] > 10_000
    assert len(document["official_span"]) == 2


def test_protocol_list_and_diff_speak_chinese():
    assert "中国省级" in run("protocol", "list", "--lang", "zh")
    assert "capital.depreciation" in run("protocol", "diff", "xinzhi-cn-2026", "pwt-10.01", "--lang", "zh")
    assert json.loads(run("protocol", "show", "zhang-2004", "--json"))["id"] == "zhang-2004"


def test_data_list_names_the_shipped_package():
    assert json.loads(run("data", "list", "--json"))[0]["name"] == "china-provinces"

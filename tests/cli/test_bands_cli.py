"""`xinzhi bands` and `xinzhi backtest` as a user meets them."""

from __future__ import annotations

import json

import pytest
from called import answering, main_files


@pytest.fixture
def run(monkeypatch, capsys):
    return answering(monkeypatch, capsys)


def test_bands_of_the_package_with_page_and_tables(run, tmp_path):
    code, out, err = run("bands", "china-provinces", "--quick", "--out", tmp_path, "--top", 3)
    assert (code, err) == (0, "")
    assert "In 2017–2023" in out
    assert "Guangdong" in out
    assert "Hubei" not in out.split("bands.csv")[-1]
    assert main_files(tmp_path) == {"bands.html", "bands.xlsx", "bands.json", "bands.csv"}
    page = (tmp_path / "bands.html").read_text(encoding="utf-8")
    assert "A rank of an estimated period is quoted with its range" in page


def test_one_region_in_chinese(run):
    code, out, _ = run("bands", "china-provinces", "--quick", "--region", "吉林", "--lang", "zh")
    assert code == 0
    assert "吉林" in out
    assert "位次范围" in out


def test_json_is_one_document(run):
    code, out, _ = run("bands", "china-provinces", "--quick", "--json")
    document = json.loads(out)
    assert code == 0
    assert {"pairs", "components", "coverage", "scenario"} <= set(document)
    assert document["results"][0]["frame"][0]["component"] == "estimates"


def test_a_level_out_of_range_is_misuse(run):
    code, out, err = run("bands", "china-provinces", "--quick", "--level", "1.5")
    assert (code, out) == (2, "")
    assert "level 1.5" in err


def test_a_changed_control_is_said_and_levels_are_left_out(run):
    code, out, _ = run("bands", "china-provinces", "--quick", "--set", "estimates.control_total=none")
    assert code == 0
    assert "There is no control total" in out
    assert "less all together" in out


def test_backtest_prints_every_horizon(run, tmp_path):
    code, out, err = run("backtest", "china-provinces", "--out", tmp_path)
    assert (code, err) == (0, "")
    assert "in real time" in out
    assert main_files(tmp_path) == {
        "backtest.html",
        "backtest.xlsx",
        "backtest.json",
        "backtest.csv",
    }

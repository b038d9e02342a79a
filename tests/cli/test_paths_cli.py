"""`xinzhi paths` as a user meets it: exit codes, what is printed, what is written."""

from __future__ import annotations

import json
import re

import numpy as np
import polars as pl
import pytest
from called import answering


@pytest.fixture
def paths(monkeypatch, capsys):
    return answering(monkeypatch, capsys, "paths")


@pytest.fixture
def trade(tmp_path):
    """Return a csv of twelve places and codes with leading noughts, over two years: a nested pattern."""
    rng = np.random.default_rng(1)
    rows = [
        (f"P{i:02d}", f"{j:02d}", year, 10.0 + rng.uniform() if i + j < 13 else 0.2, float(20 - i))
        for year in (2010, 2015)
        for i in range(12)
        for j in range(1, 13)
    ]
    path = tmp_path / "trade.csv"
    frame = pl.DataFrame(rows, schema=["place", "code", "year", "amount", "wage"], orient="row")
    frame.write_csv(path)
    return path


COLUMNS = ("--place", "place", "--activity", "code", "--value", "amount")


def test_main_job_runs_end_to_end(paths, tmp_path):
    code, out, err = paths("china-provinces", "--region", "吉林", "--draws", 20, "--out", tmp_path)
    assert code == 0
    first = re.search(r"Guangdong \((.+?)\), Zhejiang \(.+?\) and Fujian \((.+?)\) are the most complex of 31", out)
    assert first is not None
    ends = [[int(end) for end in one.split(" to ")] for one in first.groups()]
    assert ends[0][0] == 1
    assert min(ends[1]) <= 3 <= max(ends[1])
    assert "the least; in brackets the ranges of their ranks by draws." in out
    assert "Nothing can be recommended from this" in out
    assert "Near and complex" not in out
    assert "The log t procedure sorts 31 regions into 4 clubs" in out
    assert "against the synthetic control in" in out
    assert "follows output per head of 2016" in err
    names = {path.name for path in tmp_path.iterdir()}
    assert {"paths.html", "paths.xlsx", "paths.json", "paths-complexity.csv", "paths-backtest.csv"} <= names


def test_clubs_alone_in_chinese_and_json(paths):
    code, out, _ = paths("china-provinces", "--clubs", "--json", "--lang", "zh")
    found = json.loads(out)
    assert code == 0
    verbs = [one["provenance"]["verb"] for one in found["results"]]
    assert verbs == ["clubs", "beta_convergence", "sigma_convergence", "lead_changes", "northeast"]


def test_a_plain_table_keeps_its_codes(paths, trade):
    code, out, _ = paths(trade, *COLUMNS, "--anchor", "wage", "--json", "--draws", 20)
    found = json.loads(out)
    assert code == 0
    assert {row["activity"] for row in found["results"][2]["frame"]} <= {f"{j:02d}" for j in range(1, 13)}
    assert [one["provenance"]["verb"] for one in found["results"]] == ["complexity", "uncertainty", "opportunities"]


def test_a_series_of_a_plain_table(paths, tmp_path):
    rows = [(f"u{i}", year, np.exp(0.01 * year * (i % 2) + i / 10)) for i in range(8) for year in range(1990, 2010)]
    path = tmp_path / "income.csv"
    pl.DataFrame(rows, schema=["unit", "year", "income"], orient="row").write_csv(path)
    code, out, _ = paths(path, "--clubs", "--place", "unit", "--value", "income")
    assert code == 0
    assert "None of 8 regions converges with another" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("china-provinces", "--year", 1900, "--draws", 20), "has 2005 to 2016"),
        (("china-provinces", "--anchor", "luck", "--draws", 20), "--anchor luck"),
        (("china-provinces", "--backtest", "2005-2010"), "write both spans"),
        (("china-provinces", "--place", "region"), "is a data package"),
        (("china-provinces", "--clubs", "--region", "Mars"), "no region 'Mars'"),
        (("china-provinces", "--lang", "fr"), "zh or en"),
    ],
)
def test_misuse_says_what_is_right(paths, arguments, message):
    code, out, err = paths(*arguments)
    assert (code, out) == (2, "")
    assert message in err


def test_bad_tables_are_named(paths, trade):
    assert paths(trade)[0] == 2
    code, _, err = paths("nowhere.csv", *COLUMNS)
    assert code == 3
    assert "nowhere.csv: there is no such file" in err
    code, _, err = paths(trade, "--place", "where", "--activity", "code", "--value", "amount")
    assert code == 2
    assert "no column 'where'. It has place, code" in err
    trade.write_text(trade.read_text().replace(",0.2,", ",-0.2,", 1))
    code, _, err = paths(trade, *COLUMNS, "--year", 2010)
    assert code == 3  # a finding that names the cell
    assert "-0.2 is negative" in err


def test_findings_name_file_and_line_of_a_year_in_the_middle(paths, trade):
    whole = trade.read_text().splitlines()
    at = next(number for number, line in enumerate(whole) if line.startswith("P03,04,2015"))
    trade.write_text("\n".join([*whole, whole[at]]))
    code, _, err = paths(trade, *COLUMNS)
    assert code == 3
    assert f"trade.csv, line {len(whole) + 1}, column 'code'" in err
    assert f"line {at + 1}" in err
    whole[at] = "P03,04,2015,,17"
    trade.write_text("\n".join(whole))
    for more in ((), ("--backtest", "2010:2010,2015:2015")):
        _, _, err = paths(trade, *COLUMNS, "--lang", "zh", *more)
        assert f"trade.csv，第{at + 1}行，“amount”列" in err


@pytest.mark.parametrize(
    ("language", "place"),
    [
        ("en", "paths: panel.csv, line 2, column 'gdp' (c/2001): 'x' is"),
        ("zh", "paths：panel.csv，第2行，“gdp”列（c/2001）：“x”不是"),
    ],
)
def test_a_wrong_cell_of_clubs_is_said_once_with_the_line_of_the_file(paths, tmp_path, language, place):
    path = tmp_path / "panel.csv"
    path.write_text("place,year,gdp\nc,2001,x\na,2000,1\nb,2000,2\nc,2000,3\na,2001,1\nb,2001,2\n")
    code, _, err = paths(path, "--clubs", "--place", "place", "--value", "gdp", "--lang", language)
    assert code == 3
    assert err.count(place) == 1, err


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "left out: clubs, beta convergence and sigma convergence: 1 of 3 units have gaps: c. "),
        ("zh", "未计算收敛俱乐部、β收敛、σ收敛：3个单元中有1个存在缺口：c。"),
    ],
)
def test_parts_left_out_for_one_reason_share_a_line_without_the_names_of_verbs(paths, tmp_path, language, said):
    path = tmp_path / "panel.csv"
    path.write_text("place,year,gdp\nc,2001,3\na,2000,1\nb,2000,2\na,2001,1\nb,2001,2\n")
    _, out, err = paths(path, "--clubs", "--place", "place", "--value", "gdp", "--lang", language)
    assert (out + err).count(said) == 1, out + err

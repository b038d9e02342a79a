"""`xinzhi sectors` as a user meets it: exit codes, what is printed, what is written."""

from __future__ import annotations

import json

import polars as pl
import pytest
from called import answering

import xinzhi
from xinzhi.sectors import from_package

NAMES = {"220000": "A1", "310000": "B2", "510000": "C3"}
MISTAKEN = """id: mine
indicators:
  - indicator: schooling
    sector: education
    unit: years
    denominator: score
  - indicator: rd_intensity
    sector: innovation
    direction: 2
    unit: percent
    denominatr: output
"""
OWN = """id: mine
title: {zh: 我的体系, en: my system}
indicators:
  - {indicator: schooling, sector: education, direction: 1, unit: years, denominator: score}
  - {indicator: rd_intensity, sector: innovation, direction: 1, unit: percent, denominator: output}
  - {indicator: robots, sector: innovation, direction: 1, unit: items, denominator: worker}
"""


@pytest.fixture
def run(monkeypatch, capsys):
    return answering(monkeypatch, capsys, "sectors")


@pytest.fixture(scope="module")
def package():
    return xinzhi.load("china-provinces")


@pytest.fixture(scope="module")
def wide(package):
    return from_package(package, "xinzhi-sectors").filter(pl.col("year").is_between(2015, 2017))


@pytest.fixture
def small(package, tmp_path):
    """Three regions of other names, one of which misses a year."""
    folder = tmp_path / "small"
    folder.mkdir()
    for table in ("accounts", "indicators", "activity_sections", "investment"):
        rows = package.tables[table].filter(pl.col("region").is_in(list(NAMES)))
        rows = rows.with_columns(pl.col("region").replace(NAMES))
        if table == "accounts":
            rows = rows.filter(~((pl.col("region") == "B2") & (pl.col("year") == 2013)))
        rows.write_parquet(folder / f"{table}.parquet")
    names = {
        "region": list(NAMES.values()),
        "name_zh": ["甲地", "乙地", "丙地"],
        "name_en": ["Aland", "Bland", "Cland"],
    }
    pl.DataFrame(names).write_parquet(folder / "regions.parquet")
    return folder


def test_the_main_job_names_who_lags_and_writes_the_page(run, tmp_path):
    code, out, err = run("china-provinces", "--out", tmp_path, "--region", "吉林")
    assert (code, err) == (0, "")
    assert "Jilin 2019" in out
    assert "public culture is a region's lowest sector in 15 of 30 in 2019" in out
    assert "schooling contributed" in out.partition("By rank among the regions")[0]
    assert "The Gini coefficient of output per head at constant prices" in out
    names = {path.name for path in tmp_path.iterdir()}
    assert {"sectors.html", "sectors.xlsx", "sectors.json", "sectors-sectors.csv", "sectors-inequality.csv"} <= names
    assert "The sectors of Jilin" in (tmp_path / "sectors.html").read_text("utf-8")


def test_json_is_one_document_with_the_frames(run):
    code, out, _ = run("china-provinces", "--json", "--years", "2015:2019")
    document = json.loads(out)
    assert code == 0
    verbs = [one["provenance"]["verb"] for one in document["results"]]
    assert verbs == ["education", "advance", "culture", "green", "inequality", "ridgelines"]
    assert {row["year"] for row in document["results"][0]["frame"]} == set(range(2015, 2020))
    assert {row["year"] for row in document["results"][4]["frame"]} == set(range(2015, 2020))
    assert {row["year"] for row in document["results"][1]["frame"]} == set(range(2015, 2020))
    assert document["economy"] == "tfp"
    assert document["results"][4]["provenance"]["inputs"]["accounts"]
    whole = json.loads(run("china-provinces", "--json")[1])["results"]
    assert whole[1]["provenance"]["inputs"] == document["results"][1]["provenance"]["inputs"]


def test_a_small_package_with_a_missing_year_runs_and_speaks_chinese(run, small):
    code, out, _ = run(small, "--lang", "zh")
    assert code == 1  # done, and a year is missing
    assert "3个地区各领域的平均水平" in out
    assert "人均地区生产总值（不变价格）的基尼系数" in out


def test_without_capital_the_economy_is_output_per_worker_and_it_is_said(run, small):
    (small / "investment.parquet").unlink()
    code, out, err = run(small)
    assert code == 1  # done, and a year is missing
    assert "lowest sector" in out or "at one level" in out
    assert "the economy is output per worker" in err
    code, out, _ = run(small, "--json")
    assert json.loads(out)["economy"] == "output_per_worker"


def test_without_population_inequality_is_left_out_and_it_is_said(run, small):
    # culture is counted per resident: without residents the sectors cannot stand side by side, and the others do
    accounts = pl.read_parquet(small / "accounts.parquet").drop("population")
    accounts.write_parquet(small / "accounts.parquet")
    code, out, err = run(small)
    assert code == 1  # done, and a year is missing
    assert "population" in err
    assert "left out: the four sectors side by side" in err
    assert "human capital per worker" in out


def test_what_the_data_reach_is_done_and_the_section_that_is_missing_named(run, small, tmp_path):
    (small / "activity_sections.parquet").unlink()
    code, out, err = run(small, "--lang", "zh", "--out", tmp_path / "out")
    assert code == 1
    assert "未计算四个领域的对照：需要门类“culture_sports”的就业人员" in err
    assert "基尼系数" in out
    assert (tmp_path / "out" / "sectors.html").is_file()


def test_an_index_prints_intervals_and_what_convention_does(run, tmp_path):
    code, out, err = run("china-provinces", "--system", "xinzhi-sectors", "--draws", 200, "--out", tmp_path)
    assert (code, err) == (0, "")
    assert "Beijing" in next(line for line in out.splitlines() if line.startswith(" 1 "))
    assert "200 draws" in out
    assert "300 conventions in use" in out
    names = {path.name for path in tmp_path.iterdir()}
    assert {"sectors-index.csv", "sectors-uncertainty.csv", "sectors-gaming.csv", "sectors-sensitivity.csv"} <= names


def test_an_index_as_json_has_weights_coverage_and_findings(run):
    code, out, _ = run("china-provinces", "--system", "nqpf-dofile-25", "--draws", 50, "--json", "--region", "Jilin")
    document = json.loads(out)
    assert code == 0
    assert sum(not row["covered"] for row in document["coverage"]) == 16
    assert sum(row["weight"] for row in document["weights"]) == pytest.approx(1)
    assert any(one["rule"] == "raw-size" for one in document["findings"])
    assert len(document["explanation"]) == 9
    assert document["system"]["id"] == "nqpf-dofile-25"


@pytest.mark.parametrize("suffix", ["csv", "parquet", "xlsx"])
def test_a_table_of_indicators_gives_the_index_of_the_package(run, wide, tmp_path, suffix):
    file = tmp_path / f"wide.{suffix}"
    {"csv": wide.write_csv, "parquet": wide.write_parquet, "xlsx": wide.write_excel}[suffix](file)
    options = ("--system", "xinzhi-sectors", "--draws", 20, "--json", "--years", "2016:2017")
    code, out, _ = run(file, *options)
    assert code == 0
    _, packaged, _ = run("china-provinces", *options)
    own, theirs = (
        {(row["region"], row["year"]): row["index"] for row in json.loads(said)["results"][0]["frame"] if row["index"]}
        for said in (out, packaged)
    )
    assert own == pytest.approx(theirs)


def test_a_system_of_ones_own_on_a_table_names_what_is_missing(run, wide, tmp_path):
    wide.write_csv(tmp_path / "wide.csv")
    (tmp_path / "own.yaml").write_text(OWN, "utf-8")
    code, out, _ = run(tmp_path / "wide.csv", "--system", tmp_path / "own.yaml", "--draws", 20, "--weights", "equal")
    assert code == 0
    assert "missing, 1 of 3 indicators: robots" in out


def test_a_mistaken_system_lists_its_lines_and_exits_with_3(run, tmp_path):
    (tmp_path / "bad.yaml").write_text(MISTAKEN, "utf-8")
    code, _, err = run("china-provinces", "--system", tmp_path / "bad.yaml")
    assert code == 3
    assert "[no-direction] bad.yaml, line 3 (schooling)" in err
    assert "[bad-direction] bad.yaml, line 9" in err
    assert "[unknown-key] bad.yaml, line 11" in err
    code, out, _ = run("china-provinces", "--system", tmp_path / "bad.yaml", "--json")
    assert code == 3
    assert [one["line"] for one in json.loads(out)["findings"] if one["severity"] == "error"] == [3, 11, 9]


def test_a_file_that_is_no_yaml_names_the_line(run, tmp_path):
    (tmp_path / "bad.yaml").write_text("id: mine\nindicators:\n  - indicator: [a\n", "utf-8")
    code, _, err = run("china-provinces", "--system", tmp_path / "bad.yaml")
    assert code == 3
    assert "line 4" in err


def test_a_bad_cell_names_its_line_and_column(run, wide, tmp_path):
    rows = wide.write_csv().splitlines()
    cells = rows[5].split(",")
    cells[3] = "n/a"
    (tmp_path / "wide.csv").write_text("\n".join([*rows[:5], ",".join(cells), *rows[6:]]), "utf-8")
    code, _, err = run(tmp_path / "wide.csv", "--system", "xinzhi-sectors")
    assert code == 3
    assert "line 6, column 'education_spending'" in err


def test_the_systems_are_listed_with_their_coverage(run):
    code, out, _ = run("--list")
    assert code == 0
    assert "9 / 25" in out
    assert "11 / 11" in out
    code, out, _ = run("--list", "--json")
    listed = {row["id"]: row for row in json.loads(out)["systems"]}
    assert len(listed["nqpf-dofile-25"]["missing"]) == 16
    assert listed["xinzhi-sectors"]["last_year"] == 2017


def test_vikor_has_no_intervals_and_it_is_said(run):
    code, out, err = run("china-provinces", "--system", "xinzhi-sectors", "--aggregation", "vikor")
    assert code == 0
    assert "300 conventions" in out
    assert "no rank intervals around vikor" in err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ((), 2, "missing: DATA"),
        (("china-provinces", "--draws", "5"), 2, "for an index only"),
        (("china-provinces", "--years", "2017:2011"), 2, "write the first and the last year"),
        (("china-provinces", "--years", "later"), 2, "write the first and the last year"),
        (("china-provinces", "--years", "1990:1995"), 3, "the indicators reach"),
        (("china-provinces", "--region", "Atlantis"), 2, "no region 'Atlantis'"),
        (("china-provinces", "--region", "Tibet"), 2, "missing: output per unit of energy"),
        (("china-provinces", "--lang", "fr"), 2, "zh or en"),
        (("china-provinces", "--protocol", "none"), 2, "unknown protocol"),
        (("nowhere",), 3, "no such file or folder"),
        (("china-provinces", "--system", "none"), 2, "take one of nqpf-dofile-25"),
        (("china-provinces", "--system", "none.yaml"), 3, "none.yaml"),
        (("china-provinces", "--system", "xinzhi-sectors", "--weights", "magic"), 2, "take one of equal, expert"),
        (("china-provinces", "--system", "xinzhi-sectors", "--aggregation", "magic"), 2, "arithmetic, geometric"),
        (("china-provinces", "--system", "xinzhi-sectors", "--normalisation", "magic"), 2, "min-max, z"),
        (("china-provinces", "--system", "xinzhi-sectors", "--normalisation", "min-max:1"), 2, "min-max:1:100"),
        (("china-provinces", "--system", "xinzhi-sectors", "--draws", "0"), 2, "between 1 and"),
        (("china-provinces", "--system", "xinzhi-sectors", "--aggregation", "geometric"), 2, "min-max:1:100"),
        (("china-provinces", "--system", "xinzhi-sectors", "--years", "1990:1995"), 3, "in 1990–1995"),
        (("nowhere.csv", "--system", "xinzhi-sectors"), 3, "there is no file"),
    ],
)
def test_misuse_and_unusable_input_say_what_to_do(run, arguments, code, message):
    left, out, err = run(*arguments)
    assert left == code
    assert message in err
    assert "Traceback" not in out + err


def test_a_table_without_any_indicator_names_both_sides(run, tmp_path):
    pl.DataFrame({"region": ["a"], "year": [2020], "other": [1.0]}).write_csv(tmp_path / "wide.csv")
    code, _, err = run(tmp_path / "wide.csv", "--system", "xinzhi-sectors")
    assert code == 3
    assert "none of the 11 indicators" in err
    assert "other" in err

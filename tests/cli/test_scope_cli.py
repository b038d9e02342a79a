"""`xinzhi scope`, run as a user runs it."""

from __future__ import annotations

import json
import sys

import polars as pl
import pytest
from called import called, main_files

from xinzhi.cli import app

FLOWS = "from,to,value\n39,36,50\n36,39,20\n39,17,5\n39,output,100\n36,output,100\n17,output,100\n"


def run(*words, cwd=None):
    return called("scope", *words, cwd=cwd)


def test_the_package_that_ships(tmp_path):
    plain = run("china-provinces")
    assert plain.stdout.startswith("Value added of the digital core went from 4.8")
    why = (
        "Without a day, scope takes the end of the last year of the data, and the report that of the last year measured"
    )
    assert why in plain.stdout + plain.stderr
    done = run("china-provinces", "--as-of", "2024-01-01", "--out", tmp_path / "out", "--json")
    assert done.returncode == 0, done.stderr
    assert why not in done.stdout + done.stderr  # a day was named
    document = json.loads(done.stdout)
    [overall] = document["overall"]
    assert overall["year"] == 2016
    assert overall["lower"] <= overall["share"] <= overall["upper"]
    assert [one["provenance"]["verb"] for one in document["results"]] == ["digital_core", "digital_dependence", "scope"]
    assert document["results"][2]["provenance"]["options"]["definitions"] == [
        "digital-core-divisions",
        "five-powers",
        "high-tech-manufacturing-2017",
        "strategic-emerging-2018",
    ]
    assert {"63", "64", "65"} <= set(document["absent"])
    names = main_files(tmp_path / "out")
    tables = {f"scope-{name}.csv" for name in ("digitalcore", "dependence", "scope")}
    assert names == {"scope.html", "scope.xlsx", "scope.json"} | tables
    assert pl.read_csv(tmp_path / "out" / "scope-scope.csv").height == len(document["results"][2]["frame"])


def test_a_table_and_the_use_test_together(tmp_path):
    (tmp_path / "industries.csv").write_text("code,output\n39,1\n36,2\n17,3\n")
    (tmp_path / "flows.csv").write_text(FLOWS)
    plain = run("industries.csv", "--as-of", 2024, cwd=tmp_path)
    assert "1 of 3 industries count in full as new quality" in plain.stdout
    both = run("industries.csv", "--as-of", 2024, "--io", "flows.csv", "--digital", "39", cwd=tmp_path)
    assert both.returncode == 0, both.stderr
    assert "2 of 3 industries count in full as new quality" in both.stdout
    assert "and use test;" in both.stdout
    alone = json.loads(run("--io", "flows.csv", "--digital", "39", "--json", cwd=tmp_path).stdout)
    assert alone["threshold"] == pytest.approx((0.5 / 0.9 + 0.05 / 0.9) / 2 + 0.25 * (0.5 - 0.05) / 0.9, abs=1e-9)


def test_the_eras_are_held_to_a_table_of_energy(tmp_path):
    rows = ["country,year,Human muscle,Animal muscle,Coal"]
    rows += [f"X,{year},40,{60 - year % 100},{year % 100}" for year in (1800, 1850)]
    (tmp_path / "energy.csv").write_text("\n".join(rows) + "\n")
    done = run("--energy", "energy.csv", "--out", "out", "--json", "--region", "X", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    led = [row["power"] for row in document["results"][0]["frame"] if row["reading"] == "animals"]
    assert led == ["horse", "human"]
    assert {"changes", "eras", "findings"} <= set(document)
    assert main_files(tmp_path / "out") == {f"scope.{kind}" for kind in ("html", "xlsx", "json", "csv")}
    nowhere = run("--energy", "energy.csv", "--region", "Y", cwd=tmp_path)
    assert (nowhere.returncode, "no such country; it has X" in nowhere.stderr) == (2, True)
    (tmp_path / "other.csv").write_text("country,year,Coal\nX,1800,1\n")
    bare = run("--energy", "other.csv", cwd=tmp_path)
    assert bare.returncode in (1, 3)
    assert "no column for human or animal muscle" in bare.stderr


def test_definitions_listed_printed_and_explained():
    listed = json.loads(run("--list", "--as-of", "2016-06-30", "--json").stdout)["definitions"]
    assert "high-tech-manufacturing-2013" in [one["definition"] for one in listed]
    assert "digital-economy-2021" not in [one["definition"] for one in listed]
    assert "模板" in run("--list", "--lang", "zh").stdout
    assert run("--template", "culture-2018").stdout.startswith("id: culture-2018")
    told = run("--explain", "44", "--as-of", 1913).stdout
    assert told.startswith("44 Electric power and heat, 1913-12-31: in (100.0\xa0%)")
    told = run("--explain", "17", "--as-of", "2024").stdout
    assert told.startswith("17 Textiles, 2024-12-31: unknown (share unknown)")
    assert "只录入一部分" in run("--explain", "17", "--as-of", "2024", "--lang", "zh").stdout
    rows = json.loads(run("--explain", "C3973", "--as-of", "2019-01-01", "--json").stdout)["explain"]
    assert rows[-1]["definition"] == "union"
    assert rows[-1]["verdict"] == "in"


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ((), 2, "name a table of industries"),
        (("ok.csv",), 2, "scope depends on the day"),
        (("ok.csv", "--as-of", "31.12.2024"), 2, "is no date"),
        (("ok.csv", "--as-of", "1700"), 2, "no definition is in force"),
        (("ok.csv", "--as-of", "2024", "--definition", "three-new-2018"), 2, "is a template"),
        (("ok.csv", "--as-of", "2015", "--definition", "high-tech-manufacturing-2017"), 2, "2013-01-01 to 2017-09-30"),
        (("ok.csv", "--as-of", "2024", "--definition", "nope"), 2, "no definition 'nope'"),
        (("ok.csv", "--as-of", "2024", "--standard", "NACE"), 2, "no tree of the standard 'NACE'"),
        (("ok.csv", "--as-of", "2024", "--lang", "fr"), 2, "--lang fr"),
        (("ok.csv", "--as-of", "2024", "--region", "A"), 2, "--io"),
        (("--io", "flows.csv"), 2, "belong together"),
        (("--io", "flows.csv", "--digital", "40"), 2, "the core names 40"),
        (("--io", "flows.csv", "--digital", ","), 2, "names no industry"),
        (("--io", "bare.csv", "--digital", "39"), 3, "no gross output"),
        (("--explain", "999", "--as-of", "2024"), 2, "'999' is no code"),
        (("nothing.csv", "--as-of", "2024"), 3, "no such file"),
        (("column.csv", "--as-of", "2024"), 3, "no column 'code'"),
        (("junk.xlsx", "--as-of", "2024"), 3, "cannot be read"),
        (("package", "--as-of", "2024"), 3, "has no industries"),
        (("unknown.csv", "--as-of", "2024"), 3, "Is it 1329 in"),
        (("word.csv", "--as-of", "2024"), 3, "line 3"),
        (("twice.csv", "--as-of", "2024"), 3, "count twice"),
    ],
)
def test_what_cannot_be_done_says_why(words, code, says, files, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["xinzhi", "scope", *words])
    monkeypatch.setenv("XINZHI_LANG", "en")
    monkeypatch.chdir(files)
    with pytest.raises(SystemExit) as left:
        app.run()
    assert left.value.code == code
    assert capsys.readouterr().err.count(says) == 1


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scope")
    texts = {
        "ok.csv": "code,output\n39,1\n",
        "column.csv": "x,output\n39,1\n",
        "unknown.csv": "code,output\n1322,1\n",
        "word.csv": "code,output\n39,1\n17,n/a\n26,2\n",
        "twice.csv": "code,output\n39,1\n391,1\n",
        "junk.xlsx": "hello",
        "flows.csv": FLOWS,
        "bare.csv": "from,to,value\n39,36,50\n",
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
    (folder / "package").mkdir()
    pl.DataFrame({"region": ["a"], "year": [2000]}).write_parquet(folder / "package" / "accounts.parquet")
    return folder


def test_misuse_in_json_is_one_document(files):
    done = run("unknown.csv", "--as-of", "2024", "--json", cwd=files)
    document = json.loads(done.stdout)
    assert done.returncode == 3
    assert [finding["rule"] for finding in document["findings"]] == ["unknown-code"]
    assert document["message"] == "the industries cannot be classified"

"""`xinzhi frontier` on tables as offices have them: what cannot be used is named with file, line, column and cure."""

from __future__ import annotations

import json
import sys

import polars as pl
import pytest
from called import answering

from xinzhi.cli import main


@pytest.fixture
def xinzhi_frontier(monkeypatch, capsys):
    return answering(monkeypatch, capsys, "frontier")


PANEL = "u,year,k,y\n" + "".join(
    f"{u},{t},{k + t - 2000},{k * 3}\n" for k, u in enumerate("abcd", 2) for t in (2000, 2001, 2002)
)


@pytest.mark.parametrize(
    ("old", "new", "en", "zh"),
    [
        (
            "c,2001,5,12\n",
            "c,2001,5,12\nc,2001,5,12\n",
            "line 10, column 'year' (c/2001): the key c/2001 occurs again; it stands first in line 9",
            "第10行，“year”列（c/2001）：主键c/2001重复，首次出现在第9行",
        ),
        (
            "u,year,k,y",
            "Output of plants,,,\nu,year,k,y",
            "line 1 looks like a title; the header seems to stand in line 2. Delete the lines above",
            "第1行像是标题，表头似乎在第2行。删除表头之前的各行",
        ),
    ],
)
def test_a_row_twice_and_a_title_are_named_with_their_line(xinzhi_frontier, tmp_path, old, new, en, zh):
    path = tmp_path / "plants.csv"
    path.write_text(PANEL.replace(old, new), encoding="utf-8")
    for language, said in (("en", en), ("zh", zh)):
        code, out, err = xinzhi_frontier(path, "-x", "k", "-y", "y", "--lang", language)
        assert (code, out, err.count(said)) == (3, "", 1)


@pytest.mark.parametrize(
    ("cell", "slipped", "line", "beside"),
    [("c,2001,5,12", "c,2001,5,120000", 9, "the periods beside it"), ("c,2000,4,", "c,2000,40000,", 8, "the periods")],
)
def test_a_cell_in_another_unit_is_named(xinzhi_frontier, tmp_path, cell, slipped, line, beside):
    path = tmp_path / "plants.csv"
    path.write_text(PANEL.replace(cell, slipped), encoding="utf-8")
    assert cell in PANEL
    code, out, _ = xinzhi_frontier(path, "-x", "k", "-y", "y", "--index", "sequential", "--out", tmp_path / "out")
    assert code == 0
    assert out.count(f"plants.csv, line {line}, column ") == 1
    assert "000 times" in out
    assert beside in out
    assert f"plants.csv, line {line}" in (tmp_path / "out" / "frontier.html").read_text(encoding="utf-8")
    found = json.loads(xinzhi_frontier(path, "-x", "k", "-y", "y", "--json")[1])["findings"]
    assert [(one["rule"], one["line"]) for one in found] == [("slip-in-series", line)]


def test_a_cell_in_another_unit_of_one_year_is_told_from_the_other_columns(xinzhi_frontier, tmp_path):
    path = tmp_path / "plants.csv"
    path.write_text("u,k,e,y\na,2,3,5\nb,3,40000,8\nc,4,5,9\nd,5,8,11\n", encoding="utf-8")
    code, out, _ = xinzhi_frontier(path, "-x", "k,e", "-y", "y", "--lang", "zh")
    assert code == 0
    assert "plants.csv，第3行，“e”列（b）：40000约为其他各列、各行所示水平的" in out
    path.write_text("u,k,e,y\na,2,3,5\nb,3,4,8\nc,400,500,900\nd,5,8,11\n", encoding="utf-8")
    assert "约为" not in xinzhi_frontier(path, "-x", "k,e", "-y", "y", "--lang", "zh")[1]  # a large unit is no slip


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "A name with a comma is put in quotes, as in '\"y, tons\"'."), ("zh", "含逗号的列名请加引号")],
)
def test_a_name_with_a_comma_is_quoted_and_it_is_told(xinzhi_frontier, tmp_path, language, said):
    path = tmp_path / "plants.csv"
    path.write_text('u,k,"y, tons"\na,2,3\nb,3,4\nc,4,7\n', encoding="utf-8")
    assert xinzhi_frontier(path, "-x", "k", "-y", '"y, tons"', "--lang", language)[0] == 0
    code, _, err = xinzhi_frontier(path, "-x", "k", "-y", "y, tons", "--lang", language)
    assert code == 2
    assert said in err


def test_a_header_of_two_rows_is_told(xinzhi_frontier, tmp_path):
    rows = ["unit,goods,,year", ",k,y,", "a,2,3,2000", "b,3,4,2000", "c,4,7,2000"]
    (tmp_path / "two.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    pl.DataFrame([row.split(",") for row in rows], orient="row").with_columns(pl.all().replace("", None)).write_excel(
        tmp_path / "two.xlsx", include_header=False
    )
    for name in ("two.csv", "two.xlsx"):
        for language, said in (
            ("en", "the header takes two rows (lines 1 and 2)"),
            ("zh", "表头占两行（第1行和第2行）"),
        ):
            code, out, err = xinzhi_frontier(tmp_path / name, "-x", "k", "-y", "y", "--lang", language)
            assert (code, out, said in err) == (3, "", True), err


def test_a_column_without_a_name_is_no_header_of_two_rows(xinzhi_frontier, tmp_path):
    path = tmp_path / "noted.csv"
    path.write_text("u,k,y,\na,2,3,old plant\nb,3,4,\nc,4,7,\n", encoding="utf-8")
    assert xinzhi_frontier(path, "-x", "k", "-y", "y")[0] == 0


def test_labels_of_stata_name_the_units(xinzhi_frontier, tmp_path):
    pyreadstat = pytest.importorskip("pyreadstat")
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"prov": [1, 2, 3], "k": [2.0, 3.0, 4.0], "y": [3.0, 4.0, 7.0]})
    names = {1: "北京", 2: "天津", 3: "河北"}
    pyreadstat.write_dta(frame, tmp_path / "a.dta", variable_value_labels={"prov": names})
    assert "河北" in xinzhi_frontier(tmp_path / "a.dta", "-x", "k", "-y", "y", "--lang", "zh")[1]
    pyreadstat.write_dta(frame, tmp_path / "b.dta", variable_value_labels={"prov": {1: "北京"}})
    assert "北京" not in xinzhi_frontier(tmp_path / "b.dta", "-x", "k", "-y", "y", "--lang", "zh")[1]


def test_a_long_table_is_told_to_be_one_and_bars_part_columns(xinzhi_frontier, tmp_path):
    path = tmp_path / "plants.csv"
    path.write_text("u,what,value\na,k,2\na,y,3\nb,k,3\nb,y,4\n", encoding="utf-8")
    for language, said in (("en", "so that the table is long"), ("zh", "表是长格式")):
        code, _, err = xinzhi_frontier(path, "-x", "k", "-y", "y", "--lang", language)
        assert (code, said in err) == (2, True)
    path.write_text("u|k|y\na|2|3\nb|3|4\nc|4|7\n", encoding="utf-8")
    assert xinzhi_frontier(path, "-x", "k", "-y", "y")[0] == 0


def test_a_column_of_words_shows_its_first_cells_only(xinzhi_frontier, tmp_path):
    path = tmp_path / "plants.csv"
    path.write_text("u;k;y\n" + "".join(f"p{at};2,5;3,5\n" for at in range(60)), encoding="utf-8")
    code, _, err = xinzhi_frontier(path, "-x", "k", "-y", "y")
    assert code == 3
    assert err.count("is not a number") == 21
    assert "and 99 more, see --json" in err


def test_a_step_that_nobody_typed_is_not_named(tmp_path, monkeypatch, capsys):
    folder = tmp_path / "own"
    folder.mkdir()
    pl.DataFrame({"地区": ["北京"], "年份": [2020]}).write_parquet(folder / "accounts.parquet")
    monkeypatch.setattr(sys, "argv", ["xinzhi", "assess", str(folder)])
    with pytest.raises(SystemExit):
        main()
    said = capsys.readouterr().err
    assert said.startswith("xinzhi: assess needs the table 'accounts'")
    monkeypatch.setattr(sys, "argv", ["xinzhi", "check", str(folder)])
    with pytest.raises(SystemExit):
        main()
    assert "Call it 'region' if it is that" in capsys.readouterr().out


@pytest.mark.parametrize("asked", [("--index", "malmquist"), ("--sfa", "half-normal")])
@pytest.mark.parametrize(
    ("language", "place"),
    [
        ("en", "frontier: plants.csv, line 2, column 'y' (b/2002): "),
        ("zh", "frontier：plants.csv，第2行，“y”列（b/2002）："),
    ],
)
def test_the_line_is_that_of_the_file_however_the_rows_sort(xinzhi_frontier, tmp_path, asked, language, place):
    path = tmp_path / "plants.csv"
    path.write_text(PANEL.replace("u,year,k,y\n", "u,year,k,y\nb,2002,5,-9\n").replace("b,2002,5,9\n", ""))
    code, _, err = xinzhi_frontier(path, "-x", "k", "-y", "y", *asked, "--lang", language)
    assert code == 3
    assert place in err, err


def test_rows_that_were_pasted_twice_are_named_and_no_option_is_asked_for(xinzhi_frontier, tmp_path):
    path = tmp_path / "plants.csv"
    path.write_text("u,k,y\na,1,2\na,1,2\nb,2,3\nb,2,3\nc,3,4\n")
    code, _, err = xinzhi_frontier(path, "-x", "k", "-y", "y", "--unit", "u")
    assert code == 3
    assert "line 3, column 'u' (a): the key a occurs again; it stands first in line 2" in err
    assert "--period" not in err


BADS = "u,k,y,co2\na,1,2,1\nb,2,3,1\nc,3,3,2\nd,4,5,2\n"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_advice_on_bad_outputs_can_be_typed(xinzhi_frontier, tmp_path, language):
    path = tmp_path / "plants.csv"
    path.write_text(BADS)
    asked = (path, "-x", "k", "-y", "y", "-b", "co2", "-m", "directional", "--lang", language)
    code, _, err = xinzhi_frontier(*asked)
    assert code
    assert "--disposability kuosmanen" in err
    code, out, err = xinzhi_frontier(*asked, "--disposability", "kuosmanen", "--json")
    assert not code, err
    options = json.loads(out)["results"][0]["provenance"]["options"]
    assert options["disposability"] == "kuosmanen"


@pytest.mark.parametrize(
    "asked", [(), ("-b", "co2", "--window", "2"), ("-b", "co2", "--group", "u"), ("--sfa", "half-normal")]
)
def test_disposability_without_bad_outputs_is_refused(xinzhi_frontier, tmp_path, asked):
    path = tmp_path / "plants.csv"
    path.write_text(BADS)
    code, _, err = xinzhi_frontier(path, "-x", "k", "-y", "y", "--disposability", "strong", *asked)
    assert code == 2
    assert "--disposability" in err


@pytest.mark.parametrize(
    ("language", "said"), [("en", "1,200 pairs of adjacent periods. 13,"), ("zh", "1,200组相邻时期。共求解13,")]
)
def test_thousands_are_written_alike_in_a_sentence(xinzhi_frontier, tmp_path, language, said):
    path = tmp_path / "plants.csv"
    rows = [f"u{at},{year},{at % 37 + 1},{at % 11 + year - 1999}" for at in range(1200) for year in (2000, 2001)]
    path.write_text("\n".join(["u,year,k,y", *rows]))
    code, out, err = xinzhi_frontier(path, "-x", "k", "-y", "y", "-i", "malmquist", "--lang", language)
    assert not code, err
    assert said in out, out[:900]
    assert {"en": "1,200 of 1,200 units", "zh": "1,200个单元中1,200个"}[language] in out

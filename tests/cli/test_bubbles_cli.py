"""`xinzhi bubbles` as a user meets it: packages, tables of one's own, what is printed and written, what is refused."""

from __future__ import annotations

import datetime as dt
import json

import numpy as np
import openpyxl
import polars as pl
import pytest
from called import answering, main_files

from xinzhi.risks import bubbles as computed
from xinzhi.risks.prices.critical import explosive_series

USUAL = ("--critical", "stored")


@pytest.fixture
def run(monkeypatch, capsys):
    return answering(monkeypatch, capsys, "bubbles")


@pytest.fixture
def frame():
    """Return a wide table of 80 months: one series with a bubble, and two random walks."""
    rng = np.random.default_rng(6)
    up = explosive_series(80, 1, rng)[:, 0]
    a, b = (100 + rng.standard_normal((80, 2)).cumsum(axis=0)).T
    month = [f"{2010 + at // 12}-{at % 12 + 1:02d}" for at in range(80)]
    return pl.DataFrame({"month": month, "up": up, "a": a, "b": b})


@pytest.fixture
def write(tmp_path):
    def written(frame, name="prices.csv"):
        path = tmp_path / name
        frame.write_csv(path)
        return path

    return written


def cell(frame, row, column, value):
    """Return a table with one cell changed; row 0 stands in line 2 of the file."""
    return frame.with_columns(
        pl.when(pl.int_range(pl.len()) == row)
        .then(pl.lit(value))
        .otherwise(pl.col(column).cast(pl.String))
        .alias(column)
    )


def test_cities_of_the_package_end_to_end(run, tmp_path):
    code, out, err = run("--draws", 100, "--region", "上海", "--panel", "--out", tmp_path, "--lang", "zh")
    assert code == 0
    assert "70个序列中有" in out
    assert "上海：2017-12至2025-12，97个观测值" in out
    assert "35个序列（2017-12至2025-12）整体" in out
    assert "只检验最长的连续段2017-12至2023-12" in err
    assert "检验城市的价格的对数" in err
    names = main_files(tmp_path)
    assert names == {"bubbles.html", "bubbles.xlsx", "bubbles.json", "bubbles-bubbles.csv", "bubbles-panelbubbles.csv"}


def test_provinces_and_another_figure_as_one_document(run):
    code, out, err = run("china-provinces", "--of", "provinces", "--value", "price_to_output", "--json", *USUAL)
    found = json.loads(out)
    assert (code, err) == (0, "")
    assert len(found["statistics"]) == 31
    assert {row["lag"] for row in found["statistics"]} == {0}
    assert found["episodes"] == []
    assert found["names"]["Jilin"] == {"zh": "吉林", "en": "Jilin"}


def test_a_wide_and_a_long_table_say_what_the_verb_says(run, frame, write):
    long = frame.unpivot(index="month", variable_name="place", value_name="price")
    expected = computed(long, "place", "month", "price", critical="stored")
    for arguments in ((write(frame),), (write(long, "long.csv"), "--series", "place")):
        code, out, _ = run(*arguments, *USUAL, "--json")
        found = json.loads(out)
        assert code == 0
        assert [row["gsadf"] for row in found["statistics"]] == expected.statistics["gsadf"].to_list()
        assert [row["start"] for row in found["episodes"]] == expected.episodes["start"].to_list()
    code, out, err = run(write(frame), *USUAL)
    row = expected.episodes.row(0, named=True)
    assert all(word in out for word in ("up", "rise", row["start"], row["last"]))
    assert "--log takes logarithms" in err


def test_dates_stay_as_they_are_written(run, frame, write):
    tens = frame.with_columns(pl.Series("month", [f"{2010 + at // 12}.{at % 12 + 1}" for at in range(80)]))
    assert json.loads(run(write(tens), *USUAL, "--json")[1])["statistics"][0]["last"] == "2016.8"
    _, out, _ = run(write(frame.drop("month")), "--date", "row", *USUAL, "--json")
    assert json.loads(out)["statistics"][0]["last"] == 80
    compact = frame.with_columns(pl.col("month").str.replace("-", ""))
    assert json.loads(run(write(compact), *USUAL, "--json")[1])["statistics"][0]["first"] == "201001"


def test_what_is_not_tested_is_listed_with_line_and_cure(run, frame, write):
    holed = cell(frame, 40, "a", None).with_columns(pl.col("a").cast(pl.Float64))
    code, out, err = run(write(holed), *USUAL, "--region", "a")
    assert code == 0
    assert "1 could not be tested" in out
    assert "prices.csv, line 42, column 'a' (a): the series is interrupted: 2013-05 is missing" in err
    assert "gaps longest" in err
    code, out, _ = run(write(holed), *USUAL, "--gaps", "longest", "--json")
    assert json.loads(out)["untested"] == []
    zeroed = cell(frame, 40, "a", "0").with_columns(pl.col("a").cast(pl.Float64))
    assert "line 42, column 'a' (a): 1 zero among positive values" in run(write(zeroed), *USUAL)[2]
    code, out, err = run(write(zeroed), *USUAL, "--log", "--json")
    found = json.loads(out)
    assert [(one["line"], one["column"], one["key"]) for one in found["untested"]] == [(42, "a", "a")]
    assert [row["status"] for row in found["statistics"]] == ["tested", "tested", "not-positive"]
    assert found["statistics"][0]["gsadf"] == pytest.approx(
        computed(
            frame.select(pl.lit("up").alias("s"), "month", pl.col("up").log()), "s", "month", "up", critical="stored"
        )
        .statistics["gsadf"]
        .item()
    )


def test_a_word_among_the_figures_sets_its_series_aside(run, frame, write):
    worded = cell(cell(frame, 5, "a", "n/a"), 9, "a", "…")
    code, out, err = run(write(worded), *USUAL, "--region", "a")
    assert (code, "1 could not be tested" in out) == (0, True)
    assert "prices.csv, line 7, column 'a' (a): 'n/a' is no number, nor is 1 more cell. Mend it" in err
    long = worded.with_columns(pl.col("up", "a", "b").cast(pl.String)).unpivot(index="month", variable_name="place")
    code, out, err = run(write(long, "long.csv"), "--series", "place", *USUAL)
    assert (code, "long.csv, line 87, column 'value' (a): 'n/a'" in err) == (0, True)
    code, out, err = run(write(worded.select("month", "a")), *USUAL)
    assert (code, out, "column 'a' (a): 'n/a' is no number" in err) == (3, "", True)


def test_dates_in_the_heading_and_thousands_separators_are_read(run, frame, write):
    expected = json.loads(run(write(frame), *USUAL, "--json")[1])
    across = frame.transpose(include_header=True, header_name="place", column_names="month")
    for arguments in ((), ("--series", "place")):
        found = json.loads(run(write(across), *arguments, *USUAL, "--json")[1])
        assert found["statistics"] == expected["statistics"]
        assert "prices.csv has the dates in its heading and a series in each row" in found["notes"]
    worded = across.with_columns(
        pl.when(pl.col("place") == "a").then(pl.lit("x")).otherwise("2010-03").alias("2010-03")
    )
    assert "prices.csv, line 3, column '2010-03' (a): 'x' is no number" in run(write(worded), *USUAL)[2]
    large = frame.with_columns((pl.col("up", "a", "b") * 1000).round(2))
    plain = json.loads(run(write(large), *USUAL, "--json")[1])
    comma = large.with_columns(pl.Series(name, [f"{one:,.2f}" for one in large[name]]) for name in ("up", "a", "b"))
    found = json.loads(run(write(comma), *USUAL, "--json")[1])
    assert found["results"][0]["frame"] == plain["results"][0]["frame"]
    assert any("thousands separators" in note for note in found["notes"])


def test_headings_that_are_dates_of_a_workbook_are_named(run, frame, tmp_path):
    across = frame.transpose(include_header=True, header_name="place", column_names="month")
    path = tmp_path / "prices.xlsx"
    book = openpyxl.Workbook()
    book.active.append(["place", *(dt.datetime.strptime(one, "%Y-%m") for one in frame["month"])])  # noqa: DTZ007 - Excel has no zones
    for row in across.rows():
        book.active.append(row)
    book.save(path)
    code, out, err = run(path, *USUAL)
    assert (code, out, "prices.xlsx, line 1: 80 columns with figures have a heading" in err) == (3, "", True)


def test_the_page_says_whether_logarithms_were_taken(run, frame, write, tmp_path):
    for options, said in (((), "up, as given"), (("--log",), "up, in logarithms")):
        assert run(write(frame), *USUAL, "--region", "up", *options, "--out", tmp_path / "out")[0] == 0
        assert said in (tmp_path / "out" / "bubbles.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: cell(f, 5, "month", "Mar-14"), "prices.csv, line 7, column 'month': 'Mar-14' is no date"),
        (lambda f: cell(f, 5, "month", "2010Q2"), "line 7, column 'month': '2010Q2' is of another frequency"),
        (lambda f: cell(f, 5, "month", "2010-05"), "line 7, column 'month': the date 2010-05 stands already in line 6"),
        (lambda f: f.drop("month"), "line 2, column 'up': '100.0' is no date"),
        (lambda f: f.select("month", pl.lit("x").alias("word")), "no column beside 'month' has numbers"),
    ],
)
def test_bad_tables_are_named(run, frame, write, change, message):
    code, out, err = run(write(change(frame)), *USUAL)
    assert (code, out) == (3, "")
    assert message in err


def test_short_series_are_tested_without_lags(run, frame, write):
    code, out, err = run(write(frame.head(30)), "--draws", 100, "--json")
    found = json.loads(out)
    assert (code, err) == (0, "")
    assert {row["lag"] for row in found["statistics"]} == {0}
    assert any("lag 0 (the series are short)" in note for note in found["notes"])


def test_a_table_too_short_is_a_finding(run, frame, write):
    code, _, err = run(write(frame.head(8)), *USUAL)
    assert code == 3
    assert "prices.csv, column 'up' (up): 8 observations, fewer than 10" in err
    code, _, err = run(write(frame.select("month", up=pl.lit(None, pl.Float64))), "--value", "up")
    assert (code, "(up): 0 observations" in err) == (3, True)
    code, _, err = run(write(frame.with_columns(-pl.col("up")).select("month", "up")), "--log")
    assert (code, "line 2, column 'up' (up): not positive" in err) == (3, True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--series", "place"), "has no column 'place'"),
        (("--value", "aa"), "has no column 'aa'. It has month, up, a and b"),
        (("--region", "Mars"), "no series 'Mars'"),
        (("--lag", "x"), "aic or bic"),
        (("--lag", 2), "critical: simulated"),
        (("--level", 80), "90, 95 and 99"),
        (("--of", "cities"), "is a plain table"),
        (("--convention", "loose"), "convention must be one of"),
    ],
)
def test_misuse_says_what_is_right(run, frame, write, arguments, message):
    code, out, err = run(write(frame), *USUAL, *arguments)
    assert (code, out) == (2, "")
    assert message in err


def test_misuse_of_a_package(run):
    assert "is a data package" in run("china-provinces", "--series", "city")[2]
    assert "a logarithm already" in run("china-provinces", "--value", "log_price", "--log")[2]
    assert run("nowhere.csv")[0] == 3


def test_a_column_of_figures_with_a_remark_is_not_proposed_as_one_of_names(run, frame, write):
    remark = cell(cell(frame, 5, "month", "2010-05"), 9, "up", "n.a.")
    code, _, err = run(write(remark), *USUAL)
    assert code == 3
    assert "stands already in line 6" in err
    assert "--series" not in err

from __future__ import annotations

import polars as pl
import pytest

from xinzhi import micro
from xinzhi.core.errors import InputError, UsageError

pytest.importorskip("ibis", reason="the extra micro is not installed")


def firms(**more):
    base = {"firm": ["a", "b", "a", "b"], "year": [2000, 2000, 2001, 2001], "output": [1.0, 2.0, 3.0, 4.0]}
    return pl.DataFrame(base | more)


def told(held):
    return {one.rule: one.message.en for one in held.findings}


def test_what_is_wrong_with_cells_is_counted_and_nothing_is_dropped():
    held = micro.panel(firms(capital=[-1.0, 0.0, None, float("inf")], industry=["x", "", "x", "x"]))
    assert [(one.rule, one.column, one.severity) for one in held.findings] == [
        ("missing", "industry", "note"),
        ("missing", "capital", "note"),
        ("not-positive", "capital", "warning"),
    ]
    assert held.rows["rows"].sum() == 4


def test_logarithms_leave_out_rows_and_say_how_many():
    held = micro.panel(firms(capital=[-1.0, 0.0, None, 5.0])).positive("output", "capital")
    assert held.rows.rows() == [(2001, 1)]
    assert "3 rows take no part, because output and capital" in told(held)["left-out"]
    with pytest.raises(InputError, match="no row has usable capital"):
        micro.panel(firms(capital=[0.0] * 4)).positive("capital")


def test_rows_without_firm_or_year_are_left_out_and_counted():
    frame = pl.concat([firms(), pl.DataFrame({"firm": [None, "c"], "year": [2000, None], "output": [9.0, 9.0]})])
    held = micro.panel(frame)
    assert held.rows.rows() == [(2000, 2), (2001, 2)]
    assert held.engine.collect(held.table.aggregate(n=held.table.count())).item() == 4
    assert told(held) == {
        "no-firm": "1 rows name no firm and are left out.",
        "no-year": "1 rows have no year and are left out.",
    }


def test_duplicates_are_refused_or_settled_by_a_stated_policy():
    frame = pl.concat([firms(), pl.DataFrame({"firm": ["a", "a"], "year": [2000, 2000], "output": [7.0, 0.5]})])
    with pytest.raises(InputError, match="1 firm-years have more than one row"):
        micro.panel(frame)
    held = micro.panel(frame, duplicates="largest")
    kept = held.engine.collect(held.table.filter(held.table.year == 2000)).sort("firm")
    assert kept["output"].to_list() == [7.0, 2.0]
    assert [(one.rule, one.severity) for one in held.findings] == [("duplicate", "warning")]
    assert micro.panel(frame, duplicates="unchecked").rows["rows"].sum() == 6


def test_a_firm_in_two_industries_is_named_as_such():
    frame = pl.DataFrame({"firm": [1, 1, 2], "year": [1, 1, 1], "industry": ["x", "y", "x"], "output": [1.0, 2.0, 3.0]})
    with pytest.raises(InputError, match="1 firm-years stand in two industries"):
        micro.panel(frame)
    held = micro.panel(frame, duplicates="plants")
    assert sorted(held.engine.collect(held.table.select("firm"))["firm"]) == ["1/x", "1/y", "2/x"]
    with pytest.raises(InputError, match="not unique"):
        micro.panel(pl.concat([frame, frame]), duplicates="plants")


def test_small_counts_are_masked():
    held = micro.panel(firms(capital=[-1.0, 1.0, 1.0, 1.0]), least=10)
    assert told(held)["not-positive"].startswith("fewer than 10 rows")


def test_lags_know_gaps():
    frame = pl.DataFrame(
        {"firm": [1, 1, 1, 2, 2], "year": [2000, 2001, 2003, 2000, 2002], "output": [10.0, 11, 13, 20, 22]}
    )
    held = micro.panel(frame.reverse())
    lagged = held.engine.collect(held.lag("output")).sort("firm", "year")
    assert lagged["output_lag"].to_list() == [None, 10.0, None, None, None]
    assert held.engine.collect(held.lag("output", years=2)).sort("firm", "year")["output_lag"].to_list() == [
        None,
        None,
        11.0,
        None,
        20.0,
    ]


def test_columns_are_named_typed_and_missed_by_name():
    frame = firms().rename({"firm": "id"})
    assert micro.panel(frame, {"firm": "id"}).columns["firm"] == "id"
    with pytest.raises(InputError, match="lacks the columns firm"):
        micro.panel(frame)
    with pytest.raises(UsageError, match="no column 'kapital'"):
        micro.panel(firms(), {"capital": "kapital"})
    with pytest.raises(UsageError, match="unknown columns 'tfpr'"):
        micro.panel(firms(), {"tfpr": "output"})
    with pytest.raises(UsageError, match="unknown duplicates"):
        micro.panel(firms(), duplicates="drop")
    with pytest.raises(InputError, match="should hold numbers"):
        micro.panel(firms().with_columns(output=pl.lit("much")))
    with pytest.raises(InputError, match="no usable rows"):
        micro.panel(firms().clear())
    with pytest.raises(InputError, match="lacks the columns capital"):
        micro.panel(firms()).need("capital")


@pytest.mark.parametrize("kind", ["pandas", "pyarrow", "lazy", "csv", "parquet", "folder", "ibis"])
def test_tables_of_every_kind_are_read(kind, tmp_path):
    frame = firms()
    match kind:
        case "pandas":
            source = frame.to_pandas()
        case "pyarrow":
            source = frame.to_arrow()
        case "lazy":
            source = frame.lazy()
        case "csv":
            source = tmp_path / "it's firms.csv"
            frame.write_csv(source)
        case "parquet":
            source = tmp_path / "firms.parquet"
            frame.write_parquet(source)
        case "folder":
            source = tmp_path
            for year, part in frame.group_by("year"):
                part.write_parquet(tmp_path / f"{year[0]}.parquet")
        case "ibis":
            engine = micro.connect()
            source = engine.table(frame)
            assert micro.panel(source, engine=engine).years == [2000, 2001]
            return
    assert micro.panel(source).rows.rows() == [(2000, 2), (2001, 2)]


def test_no_file_is_an_error_of_the_input(tmp_path):
    with pytest.raises(InputError, match="no table of firms"):
        micro.panel(tmp_path / "nothing.parquet")
    with pytest.raises(InputError, match="no table of firms"):
        micro.panel(tmp_path)


def test_turnover_counts_cohorts():
    counted = micro.panel(firms()).turnover()
    assert counted.select("year", "stay", "entry", "exit").rows() == [(2001, 2, 0, 0)]

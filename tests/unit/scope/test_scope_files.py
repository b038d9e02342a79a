"""Packages, files of one table, input-output tables in long form, and what industries are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from xinzhi.core.errors import InputError
from xinzhi.data import load
from xinzhi.scope import (
    classify,
    classify_package,
    digital_dependence,
    industry_name,
    read_input_output,
    standard,
)

if TYPE_CHECKING:
    from pathlib import Path

ACTIVITY = {
    "region": ["a", "a", "b", "b"] * 2,
    "industry": ["39", "17"] * 4,
    "year": [2015] * 4 + [2020] * 4,
    "employment": [1.0, 9.0, 5.0, 5.0, 2.0, 8.0, None, 4.0],
}


def test_a_package_is_weighed_in_the_last_year_by_the_day() -> None:
    package = load({"activity": pl.DataFrame(ACTIVITY)})
    late, early = (classify_package(package, as_of=day) for day in ("2024-01-01", 2017))
    assert early is not None
    assert late is not None
    assert early.overall.select("year", "total").rows() == [(2015, 20.0)]
    # In 2017 the divisions of the digital core were not in force: 35 of the 36 classes of 39 are of another list.
    assert early.overall["in_scope"].item() == pytest.approx(6 * 35 / 36, abs=1e-12)
    assert late.overall.select("year", "total", "in_scope").rows() == [(2020, 14.0, 2.0)]
    assert [finding.rule for finding in late.findings] == ["no-weight"]
    assert late.provenance.package == package.name
    before = classify_package(package, as_of=1950)
    assert before is not None
    assert before.frame["year"].unique().to_list() == [2015]


def test_the_package_that_ships_equals_a_sum_by_hand() -> None:
    package = load("china-provinces")
    scope = classify_package(package, as_of="2024-01-01")
    assert scope is not None
    rows = package.tables["activity"].filter(pl.col("year") == 2016)
    whole = rows.filter(pl.col("industry").is_in(["27", "39"]))["employment"].sum()
    assert scope.overall["in_scope_lower"].item() == pytest.approx(whole, rel=1e-12)
    assert scope.overall["total"].item() == pytest.approx(rows["employment"].sum(), rel=1e-12)
    assert {"63", "64", "65"} <= set(scope.absent)
    assert scope.title("employment").zh == "城镇单位就业人员"
    assert scope.units == {"employment": "1e4 persons"}
    assert "Guangdong" in scope.summary("en")
    assert "广东" in scope.summary("zh")


def test_a_package_without_industries_has_no_scope_and_one_without_figures_has_no_totals() -> None:
    accounts = pl.DataFrame({"region": ["a"], "year": [2000], "employment": [1.0]})
    assert classify_package(load({"accounts": accounts}), as_of=2024) is None
    bare = classify_package(load({"industries": pl.DataFrame({"industry": ["39", "17"]})}), as_of=2024)
    assert bare is not None
    assert bare.measures == ()
    assert bare.totals.is_empty()


@pytest.mark.parametrize("kind", ["csv", "gb18030", "xlsx", "parquet"])
def test_a_file_of_one_table_is_read_in_every_form(kind: str, tmp_path: Path) -> None:
    rows = pl.DataFrame({"code": ["06", "39"], "year": [2020, 2020], "output": [1.5, 2.0]})
    path = tmp_path / f"industries.{'csv' if kind == 'gb18030' else kind}"
    if kind == "xlsx":
        rows.write_excel(path)
    elif kind == "parquet":
        rows.write_parquet(path)
    else:
        rows.write_csv(path)
    if kind == "gb18030":
        path.write_bytes(path.read_text().replace("output", "产出").encode("gb18030"))
        with pytest.raises(InputError, match="gb18030"):
            classify(path, as_of=2024)
        return
    scope = classify(path, as_of=2024)
    assert scope.frame.select("code", "year", "share").rows() == [("06", 2020, None), ("39", 2020, 1.0)]
    assert scope.measures == ("output",)


def test_a_word_among_numbers_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "industries.csv"
    path.write_text("code,name,output\n39,chips,1\n17,cloth,n/a\n26,acid,3\n")
    with pytest.raises(InputError) as caught:
        classify(path, as_of=2024)
    [finding] = caught.value.findings
    assert (finding.rule, finding.line, finding.column, finding.value) == ("text-in-number", 3, "output", "n/a")


LONG = [("39", "36", 50.0), ("36", "39", 20.0), ("39", "output", 100.0), ("36", "output", 100.0)]


def test_long_input_output_tables_with_years_and_regions() -> None:
    flows = pl.DataFrame(LONG, schema=["from", "to", "value"], orient="row")
    assert list(read_input_output(flows)) == [None]
    two = pl.concat([flows.with_columns(year=pl.lit(year)) for year in (2010, 2020)])
    tables = read_input_output(two)
    assert list(tables) == [2010, 2020]
    wide = flows.with_columns(from_region=pl.lit("A"), to_region=pl.lit("A"))
    [table] = read_input_output(wide).values()
    found = digital_dependence(table, digital=["39"], region="A", threshold=0.5)
    # d'(L - I) of the two industries, by hand: L = [[1, .5], [.2, 1]] / 0.9
    assert found.frame["total"].to_list() == pytest.approx([1 / 0.9 - 1, 0.5 / 0.9], abs=1e-12)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda rows: rows.filter(pl.col("to") != "output"), "no gross output"),
        (lambda rows: rows.drop("value"), "'value'"),
        (lambda rows: rows.with_columns(from_region=pl.lit("A")), "'to_region'"),
        (lambda rows: rows.with_columns(value=pl.lit("x")), "line 1, column 'value'.*'x' is not a number"),
        (lambda rows: rows.with_columns(year=pl.Series([2010, None, 2010, 2010])), "column 'year'.*missing"),
    ],
)
def test_long_tables_that_cannot_be_used(change, says) -> None:
    with pytest.raises(InputError, match=says):
        read_input_output(change(pl.DataFrame(LONG, schema=["from", "to", "value"], orient="row")))


@pytest.mark.parametrize("name", ["GB/T 4754-2017", "ISIC Rev.4"])
def test_every_code_has_a_name_and_no_two_divisions_share_one(name: str) -> None:
    tree = standard(name)
    names = {code: industry_name(code, name) for code in tree.names}
    assert all(text.zh and text.en.isascii() for text in names.values())
    if name == "GB/T 4754-2017":
        divisions = [names[code].en for code in tree.names if tree.level(code) == "division"]
        assert len(set(divisions)) == len(divisions) == 97

"""The coding template: written, filled in, read back, and used; bad cells are named by line."""

from __future__ import annotations

import polars as pl
import pytest

import xinzhi
from xinzhi.core.errors import InputError, UsageError
from xinzhi.pathways import choices, plan_template, read_plan_template


@pytest.fixture(scope="module")
def package():
    return xinzhi.load("china-provinces")


def fill(folder, package, year=2025):
    """Fill the template in with what the package knows of a year."""
    empty = pl.read_csv(folder / "plans.csv", infer_schema=False)
    known = package.tables["plans"].filter(pl.col("year") == year).select("region", "category", "named", "mentioned")
    full = empty.select("region", "year", "category").join(known, on=["region", "category"], maintain_order="left")
    full.write_csv(folder / "plans.csv")


def test_round_trip_gives_the_same_result(package, tmp_path):
    plan_template(2025, package=package).write(tmp_path / "coding")
    fill(tmp_path / "coding", package)
    tables = read_plan_template(tmp_path / "coding")
    names = ("regions", "accounts", "capability")
    mine = choices(xinzhi.load({**{name: package.tables[name] for name in names}, **tables}), draws=5)
    theirs = choices(package, years=2025, draws=5)
    assert mine.frame.equals(theirs.frame)
    assert mine.overlap.equals(theirs.overlap)


def test_empty_cells_stay_unknown(package, tmp_path):
    plan_template(2027, regions=["220000", "110000"], package=package).write(tmp_path)
    tables = read_plan_template(tmp_path)
    assert tables["plans"].height == 86
    assert tables["plans"]["named"].null_count() == 86
    names = ("regions", "accounts", "capability")
    data = xinzhi.load({**{name: package.tables[name] for name in names}, **tables})
    with pytest.raises(InputError, match="0 regions have a full list"):
        choices(data, draws=5)


@pytest.mark.parametrize(("language", "word"), [("zh", "未见不等于没有"), ("en", "not seen is not absent")])
def test_the_rules_are_written_in_both_languages(package, tmp_path, language, word):
    paths = plan_template(2025, package=package).write(tmp_path, language=language)
    assert [path.name for path in paths] == ["plans.csv", "plan_categories.csv", "coding-rules.md"]
    assert word in paths[2].read_text(encoding="utf-8")
    assert not list(tmp_path.glob("*.part"))


def test_filled_in_lists_are_not_overwritten(package, tmp_path):
    template = plan_template(2025, package=package)
    template.write(tmp_path)
    with pytest.raises(UsageError, match="already"):
        template.write(tmp_path)


@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [
        ("named", "yes", "plan-named"),
        ("mentioned", "0", "plan-mentioned"),
        ("category", "ships", "plan-category"),
        ("year", "next", "plan-year"),
        ("region", "", "plan-region"),
    ],
)
def test_bad_cells_are_named_with_their_line(package, tmp_path, column, value, rule):
    plan_template(2025, package=package).write(tmp_path)
    fill(tmp_path, package)
    table = pl.read_csv(tmp_path / "plans.csv", infer_schema=False)
    first = int((table["named"] == "1").arg_max())
    table.with_columns(
        pl.when(pl.int_range(pl.len()) == first).then(pl.lit(value)).otherwise(pl.col(column)).alias(column)
    ).write_csv(tmp_path / "plans.csv")
    with pytest.raises(InputError) as caught:
        read_plan_template(tmp_path)
    assert caught.value.findings[0].rule == rule
    assert caught.value.findings[0].line == first + 2


def test_a_cell_that_stands_twice_is_named(package, tmp_path):
    plan_template(2025, regions=["110000"], package=package).write(tmp_path)
    table = pl.read_csv(tmp_path / "plans.csv", infer_schema=False)
    pl.concat([table, table.head(1)]).write_csv(tmp_path / "plans.csv")
    with pytest.raises(InputError, match="stands twice"):
        read_plan_template(tmp_path)


def test_missing_files_columns_and_regions_are_named(package, tmp_path):
    with pytest.raises(InputError, match=r"has no plans\.csv"):
        read_plan_template(tmp_path)
    plan_template(2025, package=package).write(tmp_path)
    (tmp_path / "plans.csv").write_text("region,year\n", encoding="utf-8")
    with pytest.raises(InputError, match="lacks the columns category, named and mentioned"):
        read_plan_template(tmp_path)
    with pytest.raises(UsageError, match="no region 'Atlantis'"):
        plan_template(2025, regions=["Atlantis"], package=package)
    with pytest.raises(UsageError, match="lack the columns divisions"):
        plan_template(2025, package=package, categories=package.tables["plan_categories"].drop("divisions"))

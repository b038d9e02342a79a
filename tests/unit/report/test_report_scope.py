"""The section of the package `scope`: pictures, tables and sentences against the frames they stand for."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import polars as pl
import pytest
from called import main_files

import xinzhi
from xinzhi.core.errors import UsageError
from xinzhi.core.names import NO_NAMES
from xinzhi.core.text import Text, number
from xinzhi.data import load
from xinzhi.report import write_report
from xinzhi.report.pages import section
from xinzhi.report.pages.scope.classify import brief, era_of
from xinzhi.report.pages.yardstick.assessment import topics as sections
from xinzhi.scope import classify, classify_package, digital_dependence, history, input_output
from xinzhi.studies import assess

CARRIERS = ("Human muscle", "Animal muscle", "Coal", "Primary electricity")
ENERGY = [
    ("Sweden", 1800, 20.0, 60.0, 20.0, None),
    ("Sweden", 1801, 20.0, 60.0, 20.0, 0.0),
    ("Sweden", 1990, 5.0, 1.0, 44.0, 50.0),
    ("Land", 1800, 60.0, 20.0, 20.0, 0.0),
    ("Land", 1801, 50.0, 20.0, 30.0, 0.0),
]


def _table(step: float):
    flows = [[10.0, 50.0 + step, 5.0], [20.0, 10.0, 5.0], [2.0, 5.0, 10.0]]
    return input_output(flows, [100.0, 200.0, 150.0], industries=["39", "36", "x1"])


@pytest.fixture(scope="module")
def results():
    two = pl.DataFrame(
        {"code": ["39", "26", "17"] * 2, "year": [2015] * 3 + [2020] * 3, "output": [1.0, 2, 7, 4, 2, 4]}
    )
    digital = {"39": {"lower": 0.5, "share": 0.8, "upper": 1.0}}
    return {
        "package": classify_package(load("china-provinces"), as_of="2024-01-01"),
        "years": classify(two, as_of=2024),
        "bare": classify(pl.DataFrame({"code": ["39", "26", "17"]}), as_of=2024),
        "nothing": classify(pl.DataFrame({"code": ["17", "18"], "output": [1.0, 2.0]}), as_of=2024),
        "old": classify(pl.DataFrame({"code": ["44", "17"], "output": [1.0, 2.0]}), as_of=1913),
        "use": digital_dependence({2000: _table(0.0), 2010: _table(30.0)}, digital=digital, threshold=0.2),
        "one": digital_dependence(_table(0.0), digital=["39"], threshold="one-tenth"),
        "energy": history(pl.DataFrame(ENERGY, schema=["Entity", "Year", *CARRIERS], orient="row")),
    }


KINDS = {
    "package": ["treemap", "lists", "regions", "timeline"],
    "years": ["treemap", "lists", "years", "timeline"],
    "bare": ["treemap", "lists", "timeline"],
    "nothing": ["lists", "timeline"],
    "old": ["treemap", "timeline"],
    "use": ["share", "industries"],
    "one": ["industries"],
    "energy": ["leads", "carriers"],
}


@pytest.mark.parametrize("name", KINDS)
def test_every_picture_draws_in_both_languages(results, name) -> None:
    found = section(results[name])
    assert [picture.kind for picture in found.pictures] == KINDS[name]
    for picture in found.pictures:
        drawn = str(picture.figure("topic").svg)
        assert drawn.count('class="zh"') == drawn.count('class="en"') > 0
        assert picture.headline.zh
        assert picture.headline.en
        for language in ("zh", "en"):
            assert xinzhi.plot(results[name], picture.kind, language).to_dict()["title"]["text"]


@pytest.mark.parametrize("name", KINDS)
def test_tables_are_whole_and_their_keys_differ(results, name) -> None:
    contents = section(results[name]).contents()
    assert len({table.key for table in contents}) == len(contents)
    for table in contents:
        assert table.title.zh != table.title.en
        assert all(len(row) == len(table.columns) for row in table.rows)


def test_what_is_said_equals_the_frame(results) -> None:
    scope = results["package"]
    found = section(scope)
    whole = scope.overall.row(0, named=True)
    lead = found.answer[1].en
    assert [number(100 * whole[name]) in lead for name in ("share", "lower", "upper")] == [True] * 3
    assert found.answer[0].en.startswith("On 2024-01-01, 2 of 38 industries")
    regions = next(picture for picture in found.pictures if picture.kind == "regions")
    best = scope.totals.sort("share", descending=True).row(0, named=True)
    assert f"Guangdong with {number(100 * best['share'])}" in regions.headline.en
    assert regions.twin.rows[0][1] == best["region"]
    assert len(regions.twin.rows) == scope.totals.height


def test_overlaps_are_counted_once(results) -> None:
    scope = results["package"]
    table = next(table for table in section(scope).contents() if table.key == "scope_lists")
    shares = [row[2] for row in table.rows]
    *lists, total, twice, union = shares
    assert sum(lists) == pytest.approx(total, abs=1e-9)
    assert total - twice == pytest.approx(union, abs=1e-9)
    assert union == pytest.approx(100 * scope.overall["share"].item(), abs=1e-9)
    assert twice > 0


def test_what_is_missing_is_said(results) -> None:
    said = " ".join(note.en for note in section(results["package"]).notes)
    assert "(63)" in said
    assert "(65)" in said
    assert "Strategic Emerging" in said
    assert "OECD taxonomy" in said
    assert "2016" in said
    old = classify_package(load("china-provinces"), as_of=1913)
    assert "later than 1913-12-31" in section(old).notes[0].en
    nothing = section(results["nothing"])
    assert "0.0" in nothing.answer[1].en


def test_the_use_test_is_told_with_its_bounds(results) -> None:
    use = results["use"]
    found = section(use)
    last = use.by_year.row(-1, named=True)
    assert number(100 * last["in_scope"]) in found.answer[0].en
    assert "2000" in found.answer[1].en
    first = found.pictures[1].twin.rows[0]
    assert first[1].en == "Automobiles"
    assert first[3] == pytest.approx(use.frame.filter(year=2010)["total"].max(), abs=1e-12)
    assert "2000" not in section(results["one"]).answer[0].en


def test_history_draws_the_country_that_is_asked_for(results) -> None:
    energy = results["energy"]
    assert "Sweden" in section(energy).pictures[1].headline.en
    assert "瑞典" in section(energy).pictures[1].headline.zh
    assert "Land" in section(energy, region="Land").pictures[1].headline.en
    with pytest.raises(UsageError, match="no country 'Nowhere'"):
        section(energy, region="Nowhere")
    runs = section(energy).pictures[0].twin.rows
    assert [(row[0].en, row[2], row[3]) for row in runs] == [
        ("Land", 1800, 1801),
        ("Sweden", 1800, 1801),
        ("Sweden", 1990, 1990),
    ]


@pytest.mark.parametrize(("year", "power"), [(1600, "human"), (1800, "horse"), (1913, "electric"), (2024, "computing")])
def test_the_era_of_a_day(year: int, power: str) -> None:
    assert era_of(dt.date(year, 6, 1)).id == power


def test_the_brief_section_is_short() -> None:
    judged = classify_package(load("china-provinces"), as_of="2024-01-01")
    assert judged is not None
    found = brief(judged)
    assert [picture.kind for picture in found.pictures] == ["treemap"]
    assert len(found.tables[0].rows) == 11
    assert found.figures()


def test_an_assessment_says_when_scope_cannot_be_judged() -> None:
    accounts = load("china-provinces").tables
    tables = {name: accounts[name] for name in ("accounts", "investment", "regions")}
    assert sections(assess(load(tables), only=("scope",))) == []
    odd = pl.DataFrame({"industry": ["211", "Z9"]})
    (told,) = sections(assess(load({**tables, "industries": odd}), only=("scope",)))
    assert "no code of GB/T 4754-2017" in told.answer[0].en
    assert told.pictures == ()


def test_regions_without_names_have_their_official_ones(results) -> None:
    bare = replace(results["package"], names=NO_NAMES)
    picture = next(one for one in section(bare).pictures if one.kind == "regions")
    assert picture.twin.rows[0][0].en == "Guangdong"


def test_the_room_writes_all_its_files(results, tmp_path) -> None:
    files = write_report(
        [results["package"], results["use"], results["energy"]], tmp_path, name="scope", source=Text(zh="甲", en="a")
    )
    assert {file.name for file in files} == {file.name for file in tmp_path.iterdir()}
    assert main_files(tmp_path) == {
        "scope.html",
        "scope.xlsx",
        "scope.json",
        "scope-scope.csv",
        "scope-dependence.csv",
        "scope-history.csv",
    }
    page = (tmp_path / "scope.html").read_text(encoding="utf-8")
    assert 'id="scope-treemap"' in page or "scope-treemap" in page
    assert "NaN" not in page

"""The section on the register: its figures are those of the frames, and not checked never looks like clear."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

import xinzhi
from xinzhi import pathways, risks
from xinzhi.core.errors import UsageError
from xinzhi.core.text import LANGUAGES, Text
from xinzhi.report import write_report
from xinzhi.report.pages import section
from xinzhi.report.pages.register import figure, telling
from xinzhi.risks.register.rules import rules

PITFALLS = ["misfit", "overcapacity", "overbuilding", "herding", "debt", "old-wine", "bubble"]
JILIN = "220000"


@pytest.fixture(scope="module")
def package():
    return xinzhi.load("china-provinces")


@pytest.fixture(scope="module")
def found(package):
    """Return a register with evidence on every pitfall: one price that goes on rising, one project that is old wine."""
    episodes = pl.DataFrame({"series": ["310000", "220100"], "start": ["2024-05", "2020-01"], "ongoing": [True, False]})
    projects = pl.DataFrame(
        {
            "id": ["p1", "p2"],
            "region": [JILIN, "340000"],
            "verdict": ["repackaged", "new"],
            "probability": [0.97, 0.02],
            "archive_id": ["a7", None],
        }
    )
    return risks.register(package, able=pathways.able(package), bubbles=episodes, screening=projects)


@pytest.fixture(scope="module")
def told(found):
    return section(found, region="吉林")


def picture(told, kind):
    return next(one for one in told.pictures if one.kind == kind)


def layers(drawn):
    """Return the rows of every layer of a picture."""
    spec = drawn.chart.spec("en")
    data = (layer["data"] for layer in spec["layer"])
    return [spec["datasets"][rows["name"]] if "name" in rows else rows["values"] for rows in data]


def test_the_headline_counts_the_regions_of_each_pitfall(found, told):
    counts = {
        name: found.frame.filter(pitfall=name)["region"].n_unique() for name in ("misfit", "overcapacity", "debt")
    }
    headline = picture(told, "matrix").headline.en
    for name, count in counts.items():
        assert f"{'overcapacity now' if name == 'overcapacity' else name} {count}" in headline
    assert "of 31" in headline
    assert "not checked" not in headline  # every pitfall was checked somewhere


def test_the_matrix_shows_shares_numbers_and_the_worst_and_keeps_what_was_not_checked_apart(found, told):
    drawn = picture(told, "matrix")
    filled, hollow, *_ = layers(drawn)
    dark = found.matrix.filter(status="not checked")
    assert len(filled) + len(hollow) == 31 * len(PITFALLS)
    assert {(one["row"], one["text"]) for one in hollow} == {
        (found.names.region(code).en, "–") for code in dark["region"].unique()
    }
    cells = {(one["row"], one["column"]): one for one in filled}
    row = found.matrix.filter(region=JILIN, pitfall="debt").row(0, named=True)
    assert cells["Jilin", "debt"]["mark"] == f"{row['flagged']} !!"
    assert cells["Jilin", "debt"]["value"] == pytest.approx(100 * row["flagged"] / row["checked"])
    assert cells["Anhui", "old wine"]["mark"] == "0"
    assert cells["Jilin", "old wine"]["mark"] == "1 !!"
    assert cells["Shanghai", "bubble"]["mark"] == "1 !"
    assert ("Beijing", "bubble") not in cells
    twin = drawn.twin.rows
    assert [(one[3], one[4]) for one in twin] == found.matrix.select("checked", "flagged").rows()
    for _, _, _, checked, flagged, share, *_ in twin:
        assert share == (pytest.approx(100 * flagged / checked) if checked else None)


def test_a_column_that_says_nothing_is_not_drawn(found, package):
    plain = risks.register(package)
    assert telling(plain) == ["overcapacity", "overbuilding", "herding", "debt"]
    drawn = picture(section(plain), "matrix")
    assert {one["column"] for rows in layers(drawn)[:1] for one in rows} == {
        "overcapacity now",
        "if all build",
        "herding",
        "debt",
    }
    assert len(drawn.twin.rows) == 31 * len(PITFALLS)  # the table has them all
    assert telling(found) == PITFALLS


def test_the_worst_flags_and_what_is_national_lead_the_tables(found, told):
    first, second, *_ = told.tables
    assert (first.key, second.key) == ("register_worst", "register_national")
    assert len(first.rows) == found.worst().height
    assert len(second.rows) == found.national.height
    assert all(0 < row[5] <= 60 for row in first.rows)  # the base rate of each


def test_a_region_has_its_own_figures_each_against_its_own_threshold(found, told):
    drawn = picture(told, "ledger")
    mine = found.checks.filter(region=JILIN)
    counted = mine.filter(pl.col("status") != "not checked").height
    flagged, alerts = (
        mine.filter(status="flagged").height,
        found.frame.filter(region=JILIN, severity="alert").height,
    )
    assert drawn.headline.en.startswith(f"Jilin: {counted} figures checked, {flagged} flagged, {alerts} of them")
    assert len(drawn.twin.rows) == mine.height
    cells = layers(drawn)[0]
    one = next(cell for cell in cells if cell["column"].startswith("excess borrowing"))
    value = mine.filter(rule="borrowing-beyond-stable")["value"][0]
    assert (one["row"], one["mark"]) == ("the region itself", f"{100 * value:.1f}\u00a0% !!")
    assert "excess borrowing ≥ 1\u00a0%" in {cell["column"] for cell in cells}
    project = next(cell for cell in cells if cell["row"] == "p1")
    assert project["mark"] == "97\u00a0% !!"


def test_tables_lose_no_flag_and_no_check(found, told):
    tables = {one.key: one for one in told.contents()}
    assert sum(row[6] for row in tables["register_flags"].rows) == found.frame.height
    missing = found.checks.filter(status="not checked")
    not_given = [one for one in found.findings if one.rule == "evidence-not-given"]
    untouched = found.matrix.filter(status="not checked").join(found.checks, on=["region", "pitfall"], how="anti")
    said = [one.message.en for one in not_given]
    rest = untouched.filter(~pl.col("reason_en").is_in(said)).height
    rows = tables["register_unchecked"].rows
    assert sum(row[4] for row in rows) == missing.height + 31 * len(not_given) + rest
    assert all(row[5] for row in rows)
    assert len(tables["register_rules"].rows) == len(rules())


def test_the_answer_says_what_was_checked_and_that_nothing_is_added_up(found, told, package):
    lines = [one.en for one in told.answer]
    assert any(line.startswith("Not checked for speculative bubble: 29 of 31") for line in lines)
    assert "Each flag stands on its own figure; there is no total score." in lines
    alone = section(risks.register(package))
    assert any(
        line.en == "Not checked: does not fit, old wine in new bottles and speculative bubble." for line in alone.answer
    )
    assert {one.kind for one in alone.pictures} == {"matrix"}
    assert not any("score" in name for name in found.matrix.columns)


@pytest.mark.parametrize("kind", ["matrix", "ledger"])
def test_pictures_fit_both_languages(told, kind):
    drawn = picture(told, kind)
    assert "…" not in "".join(one.lang(language) for one in (drawn.title, drawn.how) for language in LANGUAGES)
    page = str(drawn.figure("topic").svg)
    assert 'lang="zh-CN"' in page


def test_a_figure_is_never_rounded_onto_its_threshold():
    assert figure("idle-now", 0.0998, 0.1).zh == "9.98%"
    assert figure("named-by-most", 0.5, 0.5).zh == "50%"
    assert figure("idle-if-all-build", None) is None
    assert figure("ongoing-episode", -1.0, 0.0).en == "no"
    assert figure("named-by-most", 0.92).en == "92\xa0%"
    assert figure("named-by-most", 0.4998, 0.5).zh == "49.98%"
    assert figure("borrowing-beyond-stable", 0.0134, 0.01).zh == "1.3%"


def thin():
    plans = pl.DataFrame({"region": ["a"], "year": [2026], "category": ["c"], "named": [1]})
    kinds = pl.DataFrame({"category": ["c"], "divisions": ["36"], "informative": [1]})
    return {"plans": plans, "plan_categories": kinds}


def test_thin_input_says_why():
    found = risks.register(thin())
    told = section(found, region="a")
    text = " ".join(one.en for one in told.answer)
    assert "Not checked" in text
    for drawn in told.pictures:
        for language in LANGUAGES:
            drawn.chart.spec(language)
    nobody = replace(found, frame=found.frame.clear(), checks=found.checks.clear(), matrix=found.matrix.clear())
    empty = section(nobody)
    assert empty.pictures == ()
    assert [one.en for one in empty.answer] == ["There is no region to check."]


def test_many_regions_are_drawn_to_fifty_and_the_one_asked_for_is_among_them():
    codes = [f"r{i:03d}" for i in range(80)]
    plans = pl.DataFrame({"region": codes, "year": 2026, "category": "c", "named": 1})
    told = section(risks.register({**thin(), "plans": plans}), region="r079")
    drawn = picture(told, "matrix")
    rows = {one["row"] for cells in layers(drawn) for one in cells}
    assert len(rows) == 50
    assert "r079" in rows
    assert "first 50" in drawn.how.en
    assert len(drawn.twin.rows) == 80 * len(PITFALLS)


def test_an_unknown_region_is_named(found):
    with pytest.raises(UsageError, match="Atlantis"):
        section(found, region="Atlantis")


def test_the_brief_is_the_matrix_and_one_sentence_a_pitfall(package, brief):
    told = brief(package, "risks")
    assert (told.key, [one.kind for one in told.pictures]) == ("risks", ["matrix"])
    assert any(line.en.startswith("Not checked: old wine in new bottles") for line in told.answer)
    assert any(line.en.startswith("Does not fit:") for line in told.answer)


def test_the_brief_of_a_package_without_plans_is_its_debt_and_without_debt_there_is_none(package, brief):
    without = replace(package, tables={name: one for name, one in package.tables.items() if "plan" not in name})
    told = brief(without, "risks")
    assert told.key == "risks"
    assert told.pictures
    assert (
        brief(replace(package, tables={**{name: package.tables[name] for name in ("accounts", "investment")}}), "risks")
        is None
    )
    broken = package.tables["plans"].drop("category")
    said = brief(replace(package, tables={**package.tables, "plans": broken}), "risks")
    assert said.pictures == ()
    assert "category" in said.answer[0].en


def test_a_page_of_several_results_needs_the_region_in_one_of_them(tmp_path):
    rates = pl.DataFrame({"period": ["2024Q1", "2025Q1"], "industry": "coal", "utilisation": [70.0, 72.0]})
    both = [risks.register(thin()), risks.capacity(rates)]
    source = Text(zh="样本", en="sample")
    written = write_report(both, tmp_path, name="risks", source=source, region="a")
    assert "risks-register-ledger" in written[0].read_text(encoding="utf-8")
    with pytest.raises(UsageError, match="nowhere"):
        write_report(both, tmp_path, name="risks", source=source, region="nowhere")


def test_a_region_alone_has_no_base_rate_and_still_a_page(package):
    frames = {
        name: table.filter(region="520000").with_columns(region=pl.lit("X1")) if "region" in table.columns else table
        for name, table in package.tables.items()
    }  # under a code of its own it is no part of the provinces
    alone = xinzhi.load(frames, units={name: dict(units) for name, units in package.units.items()})
    result = risks.register(alone, able=pathways.able(alone))
    assert result.worst()["base_rate"].null_count() == result.worst().height > 0
    worst = next(one for one in section(result).tables if one.key == "register_worst")
    assert len(worst.rows) == result.worst().height

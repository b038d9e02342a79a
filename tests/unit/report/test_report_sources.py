"""The three sources in a report: every picture draws in both languages and says what the frames hold."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest
from called import main_files

import xinzhi
from made_up_economy import made_up_economy
from xinzhi.core.errors import UsageError
from xinzhi.core.text import same
from xinzhi.report import pages, write_report
from xinzhi.report.charts.chart import Canvas
from xinzhi.report.charts.plane import labels
from xinzhi.sources import allocation, decompose, innovation, upgrading
from xinzhi.sources.internal import SpanView

TIGHT = 1e-9
OWN = ["sources", "groups", "waterfall", "apart", "reallocation"]


@pytest.fixture(scope="module")
def package():
    return xinzhi.load("china-provinces")


@pytest.fixture(scope="module")
def result(package):
    return decompose(package)


@pytest.fixture(scope="module")
def made_up():
    """Return six regions in two groups and five industries, one of them emerging, with names."""
    economy = made_up_economy(6, 5, 8, seed=4)
    groups = ["North"] * 3 + ["South"] * 3
    regions = pl.DataFrame(
        {
            "region": [f"r{i}" for i in range(6)],
            "name_zh": [f"州{i}" for i in range(6)],
            "name_en": [f"State {i}" for i in range(6)],
            "group_zh": ["北部"] * 3 + ["南部"] * 3,
            "group_en": groups,
        }
    )
    return decompose(xinzhi.load(economy.tables | {"regions": regions}), emerging=["i3"])


@pytest.fixture(scope="module")
def deeper(package, result):
    return (allocation.in_depth(result), upgrading.in_depth(result), innovation.in_depth(result, package))


def _draw(section):
    for picture in section.pictures:
        drawn = str(picture.figure("topic").svg)
        assert drawn.count('class="zh"') == drawn.count('class="en"') > 0
        for text in (picture.title, picture.headline, picture.how):
            assert text.zh != text.en
        assert picture.twin.rows


def test_every_picture_of_the_provinces_draws_in_both_languages(result, deeper):
    section = pages.section(result)
    assert [picture.kind for picture in section.pictures] == OWN
    kinds = [[picture.kind for picture in pages.section(one).pictures] for one in deeper]
    assert kinds == [["returns", "gain", "flow-labour", "flow-capital"], ["structure", "speed"], ["innovation"]]
    for one in (section, *(pages.section(found) for found in deeper)):
        _draw(one)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_plot_validates_and_titles_state_the_finding(result, language):
    title = "".join(xinzhi.plot(result, "waterfall", language, region="520000").to_dict()["title"]["text"])
    assert ("Guizhou" if language == "en" else "贵州") in title
    assert "2.73" in title
    assert xinzhi.plot(result, language=language).to_dict()["title"]["subtitle"].startswith("xinzhi")
    with pytest.raises(UsageError, match="choose one of sources, groups, waterfall"):
        xinzhi.plot(result, "pie", language)


def test_the_answer_reads_the_laggard_against_the_largest_group(result):
    said = " ".join(one.en for one in pages.section(result).answer)
    whole = result.group_periods.filter(start=2003, end=2023)
    figures = {row["region"]: row for row in whole.iter_rows(named=True)}
    gap = 100 * (figures["East"]["tfp_growth"] - figures["Northeast"]["tfp_growth"])
    assert f"Northeast grew by {gap:.2f} points a year less than East" in said
    assert "The gap lies in reallocation (a difference of \N{MINUS SIGN}0.34 to \N{MINUS SIGN}0.25)" in said
    assert "whether it lies in distance closed" in said
    assert "moving capital cost" in said


def test_pictures_hold_the_figures_of_the_frame(result):
    facts = SpanView(result)
    twin = {picture.kind: picture.twin for picture in pages.section(result, region="Jilin").pictures}
    parts = facts.parts(facts.rows)
    assert parts == ["allocation", "upgrading", "breakthrough"]
    total = result.group_periods.filter(region="total", start=2003, end=2023).row(0, named=True)
    own = {row["region"]: row for row in result.periods.filter(start=2003, end=2023).iter_rows(named=True)}
    rows = facts.differences.select("region", "tfp_growth", *parts).rows()
    for (code, tfp, *rest), shown in zip(rows, twin["sources"].rows, strict=True):
        assert tfp == pytest.approx(own[code]["tfp_growth"] - total["tfp_growth"], abs=TIGHT)
        assert shown[1:5] == pytest.approx([100 * tfp, *(100 * value for value in rest)], abs=TIGHT)
        # What moved between the regions belongs to the whole alone.
        assert sum(rest) == pytest.approx(tfp + total["allocation_between"], abs=TIGHT)
    last = twin["waterfall"].rows[-1]
    jilin = result.periods.filter(region="220000", start=2003, end=2023).row(0, named=True)
    assert last[1] == pytest.approx(100 * jilin["tfp_growth"])
    assert sum(last[2:]) == pytest.approx(last[1], abs=TIGHT)
    found = {row["region"]: row for row in facts.leading_parts.iter_rows(named=True)}
    assert found["520000"]["source"] == "allocation"
    for code, row in found.items():  # what is largest under both labour shares, else neither
        largest = []
        for one in (result, result.alternative):
            rows = one.periods.filter(start=2003, end=2023, region=code).row(0, named=True)
            whole = one.group_periods.filter(start=2003, end=2023, region="total").row(0, named=True)
            whole["upgrading"] = whole["upgrading_traditional"]
            way = 1 if rows["tfp_growth"] > whole["tfp_growth"] else -1
            largest.append(
                max(
                    ("allocation", "upgrading", "breakthrough"), key=lambda p, w=way, r=rows, t=whole: w * (r[p] - t[p])
                )
            )
        assert row["source"] == (largest[0] if largest[0] == largest[1] else "open")
    assert {"open", "allocation", "upgrading"} <= {row["source"] for row in found.values()}


def test_both_labour_shares_stand_side_by_side(result):
    section = pages.section(result)
    (both,) = (table for table in section.tables if table.key == "sources_shares")
    row = next(row for row in both.rows if "Guizhou" in str(row[0]))
    runs = [
        one.periods.filter(start=2003, end=2023, region="520000").row(0, named=True)
        for one in (result, result.alternative)
    ]
    parts = ("allocation", "upgrading", "breakthrough")
    assert row[2:] == pytest.approx([100 * run[part] for part in parts for run in runs], abs=TIGHT)
    assert [column.title.en for column in both.columns[2:4]] == [
        "reallocation, one share",
        "reallocation, shares by sector",
    ]
    groups = next(picture for picture in section.pictures if picture.kind == "groups")
    assert "reallocation or distance closed, by the labour shares assumed, 0.34 to 0.36 points" in groups.headline.en


def test_emerging_industries_and_named_groups_have_their_own_colours(made_up):
    section = pages.section(made_up)
    assert [picture.kind for picture in section.pictures] == ["sources", "groups", "waterfall", "reallocation"]
    _draw(section)
    titles = [column.title.en for column in section.pictures[0].twin.columns]
    assert "distance closed by emerging industries" in titles
    assert section.answer[-2].en.startswith(("In 2000–2007 North grew", "In 2000–2007 South grew"))
    depth = pages.section(upgrading.in_depth(made_up))
    assert [picture.kind for picture in depth.pictures] == ["speed"]
    assert "no such order" in depth.notes[-1].en


def test_one_region_shows_what_its_industries_did_themselves():
    tables = made_up_economy(3, 3, 5, seed=2).tables
    one = {
        name: table.filter(pl.col("region") == "r1") if "region" in table.columns else table
        for name, table in tables.items()
    }
    section = pages.section(decompose(xinzhi.load(one)))
    assert [picture.kind for picture in section.pictures] == ["sources", "waterfall", "reallocation"]
    _draw(section)
    assert "industries' own growth" in section.answer[0].en


def test_only_totals_show_no_allocation():
    result = decompose(xinzhi.load({"accounts": made_up_economy(4, 3, 5, seed=2).tables["accounts"]}))
    section = pages.section(result)
    assert "reallocation" not in section.pictures[0].headline.en
    assert "reallocation" not in [picture.kind for picture in section.pictures]
    _draw(section)


def test_a_gap_is_named_and_leaves_the_whole_span_to_the_others():
    tables = made_up_economy(4, 3, 6, seed=3).tables
    hole = (pl.col("region") == "r1") & (pl.col("industry") == "i2") & (pl.col("year") == 2002)
    result = decompose(xinzhi.load(tables | {"industry_accounts": tables["industry_accounts"].filter(~hole)}))
    section = pages.section(result)
    assert "TFP rose in 3 of 3 regions in 2000–2005" in section.answer[0].en
    assert any("r1 2002: value added of i2" in note.en for note in section.notes)
    with pytest.raises(UsageError, match="no decomposition over 2000–2005"):
        pages.section(result, region="r1")


def test_a_frontier_analysis_stands_beside(package, result):
    rows = result.frame.select(
        unit="region",
        period="year",
        efficiency_change=pl.lit(1.0),
        technical_change=pl.col("breakthrough").exp(),
    )
    section = pages.section(decompose(package, frontier=rows))
    picture = section.pictures[-1]
    assert picture.kind == "beside"
    assert "signs agree in 31 of 31 regions" in picture.headline.en
    _draw(section)


def test_points_of_a_flow_lie_around_their_regression(deeper):
    found = deeper[0]
    means = found.flow_means("labour")
    assert means.height == 93
    assert abs(float(means["product"].to_numpy().mean())) < TIGHT
    assert pl.Series(means["product"] * means["growth"]).sum() > 0


def test_crowded_points_lose_their_names():
    rows = [{"x": 0.0, "y": 0.0, "name": same("a")}, {"x": 0.01, "y": 0.0, "name": same("b")}]
    rows.append({"x": 1.0, "y": 1.0, "name": same("c")})
    written = [
        row["name"].en
        for row, *_ in labels(rows, {"x": (-0.1, 1.1), "y": (-0.1, 1.1)}, (40, 40), Canvas("en", 40, phone=False))
    ]
    assert sorted(written) == ["a", "c"]


def test_brief_section_of_an_assessment(package, brief):
    assert brief(package, "sources").pictures[0].kind == "sources"
    tables = made_up_economy(3, 3, 5, seed=2).tables
    assert brief(xinzhi.load({"accounts": tables["accounts"]}), "sources") is None
    bad = tables["industry_accounts"].with_columns(capital=pl.lit(0.0))
    said = brief(xinzhi.load(tables | {"industry_accounts": bad}), "sources")
    assert said.pictures == ()
    assert "could not be computed" in said.answer[0].en


def test_page_workbook_and_tables_are_written(made_up, tmp_path):
    files = write_report(
        [made_up, allocation.in_depth(made_up)], tmp_path, name="sources", source=same("made up"), region="r2"
    )
    assert {path.name for path in files} == {path.name for path in tmp_path.iterdir()}
    assert main_files(tmp_path) == {
        "sources.html",
        "sources.xlsx",
        "sources.json",
        "sources-sources.csv",
        "sources-allocation.csv",
    }
    assert "State 2: the parts one upon the other" in files[0].read_text(encoding="utf-8")


def test_the_waterfall_shows_where_reallocation_moved_most_under_both_labour_shares(result):
    shown = SpanView(result)
    least = {
        code: min(abs(one.rows.filter(region=code)["allocation"][0]) for one in shown.views)
        for code in shown.rows["region"]
    }
    assert shown.code(None) == max(least, key=least.get)
    alone = SpanView(replace(result, alternative=None))
    moved = alone.rows.sort(pl.col("allocation").abs(), descending=True)
    assert alone.code(None) == moved["region"][0]

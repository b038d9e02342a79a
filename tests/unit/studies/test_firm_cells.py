"""Cells of an office beside the sources of growth: what is computed, what share they cover, what is said of gaps."""

from __future__ import annotations

import json
import math

import polars as pl
import pytest

import xinzhi
from xinzhi.core.errors import InputError
from xinzhi.report.certificate import verify
from xinzhi.report.pages.yardstick.assessment import topics
from xinzhi.sources.allocation import among_firms
from xinzhi.studies.firm_plan import read_plan

pytest.importorskip("ibis", reason="the extra micro is not installed")
EFFICIENCY = {("13", 2010): 0.500, ("13", 2011): 0.520, ("13", 2012): 0.510, ("26", 2010): 0.400, ("26", 2012): 0.440}
VALUE = {
    ("13", 2010): 3e8,
    ("13", 2011): 4e8,
    ("13", 2012): 5e8,
    ("26", 2010): 1e8,
    ("26", 2011): 1e8,
    ("26", 2012): 2e8,
}


def cells(folder, years=(2010, 2011, 2012), **plan):
    """Write a folder of cells: two industries, of which one is withheld in 2011; amounts in thousand yuan."""
    folder.mkdir()
    shift = years[0] - 2010
    rows = [(name, year + shift, EFFICIENCY.get((name, year)), (name, year) not in EFFICIENCY) for name, year in VALUE]
    named = ["industry", "year", "efficiency", "withheld"]
    frame = pl.DataFrame(rows, schema=named, orient="row").with_columns(
        firms=pl.lit(50), gain=1 / pl.col("efficiency") - 1
    )
    frame.write_csv(folder / "misallocation.csv")
    years_of = frame.group_by("year").agg(
        firms=pl.lit(90), efficiency=pl.lit(0.5), gain=pl.lit(1.0), sd_tfpr=pl.lit(0.4)
    )
    years_of.sort("year").write_csv(folder / "misallocation_years.csv")
    totals = [(name, year + shift, 50, value, None) for (name, year), value in VALUE.items()]
    totals += [("*", year, 100, 9e8, None) for year in years]
    schema = {"industry": pl.String, "year": pl.Int64, "firms": pl.Int64, "value": pl.Float64, "withheld": pl.String}
    pl.DataFrame(totals, schema=schema, orient="row").write_csv(folder / "totals_output.csv")
    known = {"sigma": None, "method": "melitz-polanec", "value": "labour", "deflator": None} | plan
    tables = {name: {} for name in ("misallocation", "misallocation_years", "totals_output")}
    told = {"tables": tables, "plan": known, "notes": [], "rules": {"digits": 3}}
    (folder / "manifest.json").write_text(json.dumps(told), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def jilin(tmp_path_factory):
    folder = cells(tmp_path_factory.mktemp("jilin") / "cells", region="吉林", unit="1e3 CNY")
    return xinzhi.study("sources", "china-provinces", cells=str(folder), deeper=False)


def test_efficiency_of_industries_is_chained_by_value_added_and_covers_a_share_of_output(jilin):
    made = jilin.results["among_firms"]
    growth = dict(made.frame.select("year", "growth").iter_rows())
    assert growth == pytest.approx({2011: math.log(0.52 / 0.5), 2012: math.log(0.51 / 0.52)})  # 26 is withheld in 2011
    accounts = xinzhi.load("china-provinces").tables["accounts"].filter(pl.col("region") == "220000")
    gdp = dict(accounts.select("year", "output_nominal").iter_rows())  # in 1e8 CNY, a thousand yuan is 1e-5 of that
    share = (3e3 / gdp[2010] + 4e3 / gdp[2011]) / 2
    assert made.frame["share"][0] == pytest.approx(share)
    assert made.frame["contribution"][0] == pytest.approx(share * growth[2011])
    beside = jilin.results["sources"].frame.filter(pl.col("region") == "220000", pl.col("year").is_in([2011, 2012]))
    assert made.frame["allocation"].to_list() == pytest.approx(beside["allocation"].to_list())
    assert made.frame["tfp_growth"].to_list() == pytest.approx(beside["tfp_growth"].to_list())
    half = 0.0005
    deviation = pl.Series(growth.values()).std()
    said = jilin.results["among_firms"].summary("en")
    assert f"the 2 yearly changes have a standard deviation of {100 * deviation:.2f}" in said
    assert "inside one of these are in neither" in said
    assert made.frame["rounding"][0] == pytest.approx(half / (1 / 0.52) + half / 0.5)  # of a gain of .923, and of e


def test_rounding_of_a_mean_is_that_of_the_cells_that_are_left_in_it(jilin):
    none = pl.DataFrame(schema={"region": pl.String, "year": pl.Int64, "output": pl.Float64})
    low = {0: 0.500, 1: 0.501, 2: None}  # withheld every third year
    rows = [("13", year, 0.9, 10.0) for year in range(2003, 2014)]
    rows += [("14", year, low[(year - 2003) % 3], 10.0) for year in range(2003, 2014)]
    cells = pl.DataFrame(rows, schema=["industry", "year", "efficiency", "value"], orient="row")

    def mean(given):
        facts = among_firms(jilin.results["sources"], given, none, digits=3).facts()["firms.beside"]
        return facts["growth"], facts["rounding"]

    growth, bound = mean(cells)
    each = [
        cells.with_columns(
            pl.when(pl.int_range(pl.len()) == row).then(pl.col("efficiency") + 0.0005).otherwise("efficiency")
        )
        for row in range(cells.height)
    ]
    assert bound == pytest.approx(sum(abs(mean(one)[0] - growth) for one in each), rel=0.01)
    fine = cells.with_columns(
        efficiency=pl.lit(0.967), gain=pl.when(pl.col("year") > 2003).then(0.0337).otherwise(0.0338)
    )
    growth, bound = mean(fine)
    assert growth == pytest.approx(math.log(1.0338 / 1.0337) / 10)
    assert bound == pytest.approx(0.00005 * (1 / 1.0338 + 1 / 1.0337) / 10, rel=0.3)


def test_both_languages_put_firms_beside_industries_and_do_not_add_them(jilin):
    zh, en = (jilin.results["among_firms"].summary(language) for language in ("zh", "en"))
    mean = 100 * (math.log(0.51 / 0.5)) / 2
    assert "2010—2012年" in zh
    assert f"{mean:+.2f}个百分点" in zh
    assert "吉林，三次产业之间的再配置" in zh
    assert "不与行业之间的再配置相加" in zh
    assert f"{mean:+.2f} points a year" in en
    assert "does not add to reallocation among them" in en


def test_the_page_of_an_assessment_tells_of_firms_after_the_whole(tmp_path):
    folder = cells(tmp_path / "cells", unit="1e3 CNY")
    made = xinzhi.studies.assess("china-provinces", only=("sources",), cells=xinzhi.study("firms", folder))
    section = next(one for one in topics(made) if one.key == "sources")
    assert "reallocation among firms" in section.answer[1].en.casefold()
    assert "among the three sectors gave" in section.answer[1].en
    assert "in the output-weighted mean of 31 regions" in section.answer[1].en
    assert "31个地区按产出加权平均，三次产业之间" in section.answer[1].zh
    assert "sources_among_firms" in {one.key for one in section.tables}
    assert any("do not say of which region" in one.en for one in section.answer)
    # whoever verifies the files needs the cells, and an honest report is not called forged
    made.write(tmp_path / "page")
    issued = tmp_path / "page" / "certificate.json"
    found = verify(issued, made.package, files=tmp_path / "page")
    assert [one.rule for one in found.differences] == ["not-recomputed"]
    assert "--cells" in found.differences[0].sentence()
    assert verify(issued, made.package, files=tmp_path / "page", cells=folder).equal


def test_cells_of_other_years_regions_or_units_are_named(jilin, tmp_path):
    result = jilin.results["sources"]
    rows = [("13", year, 0.5 + 0.01 * (year - 1990), 9.0) for year in (1990, 1991)]
    early = pl.DataFrame(rows, schema=["industry", "year", "efficiency", "value"], orient="row")
    none = pl.DataFrame(schema={"region": pl.String, "year": pl.Int64, "output": pl.Float64})
    said = among_firms(result, early, none, regions=["220000"], extra_regions=["金门"], digits=3).summary("en")
    assert "has no decomposition of these years" in said
    assert "names no unit of output" in said
    assert "1 region that is not decomposed (金门)" in said
    vast = xinzhi.study(
        "sources", "china-provinces", deeper=False, cells=str(cells(tmp_path / "vast", region="22", unit="1e8 CNY"))
    )
    assert "which cannot be: check unit and region" in vast.summary("en")
    assert vast.results["among_firms"].frame["share"].null_count() == 2

    with pytest.raises(InputError, match="no industry that is published in two consecutive years"):
        among_firms(result, early.filter(pl.col("year") == 1990), none, digits=3)


def test_what_cannot_be_used_says_why(tmp_path):
    with pytest.raises(InputError, match="no folder of cells"):
        xinzhi.study("sources", "china-provinces", cells=str(tmp_path))
    folder = cells(tmp_path / "cells", region="Atlantis")
    made = xinzhi.study("sources", "china-provinces", cells=str(folder), deeper=False)
    assert "among_firms" not in made.results
    assert "the cells are of Atlantis" in made.notes[0].en
    plan = tmp_path / "plan.yaml"
    plan.write_text("region: 220000\nlayout: survey\n", encoding="utf-8")
    assert (read_plan(str(plan)).region, read_plan(str(plan)).unit) == ("220000", "1e3 CNY")
    plan.write_text("unit: bushels\n", encoding="utf-8")
    with pytest.raises(InputError, match="bushels"):
        read_plan(str(plan))

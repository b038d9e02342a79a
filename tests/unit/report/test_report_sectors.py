"""What the report says of `sectors`: every picture draws and is valid, and headlines state what frames say."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache

import numpy as np
import polars as pl
import pytest
from called import main_files

import xinzhi
from xinzhi import sectors
from xinzhi.core.errors import UsageError
from xinzhi.core.names import Names
from xinzhi.core.result import Result
from xinzhi.core.text import Text
from xinzhi.report import section_rows, write_report
from xinzhi.report.lettering import width
from xinzhi.report.pages import section
from xinzhi.report.rows import rows_of_topic
from xinzhi.report.sentence import arrangement, distinct, truncate
from xinzhi.sectors.conventions import departures, method

FIGURE = "output_per_head"
KINDS = {
    "sectors": ("map", "levels", "obstacles", "lagging", "region"),
    "index": ("ranking", "scores", "weights", "region"),
    "uncertainty": ("ranks",),
    "gaming": ("room", "shift"),
    "exact": ("variance",),
    "sobol": ("variance",),
    "inequality": ("parts", "gini"),
    "ungrouped": ("gini",),
    "densities": ("ridges",),
    "education": ("contribution",),
    "unweighed": ("human-capital",),
    "culture": ("employment",),
    "green": ("intensity", "productivity", "costs"),
}


@cache
def package():
    return xinzhi.load("china-provinces")


@cache
def per_head():
    accounts = package().tables["accounts"].with_columns((pl.col("output_real") / pl.col("population")).alias(FIGURE))
    groups = package().tables["regions"].select("region", group="group_en")
    rows = accounts.select("region", "year", FIGURE).drop_nulls().filter(pl.col("year").is_between(2000, 2019))
    return rows.join(groups, on="region")


@cache
def composite():
    return sectors.index(package())


PRICES = pl.DataFrame({"indicator": ["so2_emissions"], "price": [0.5]})


def pace():
    """Ratios of green productivity to the year before, as a frontier gives them: one region rises, one falls."""
    return pl.DataFrame({"unit": ["110000", "120000"] * 2, "period": [2016, 2016, 2017, 2017], "index": [1.1, 0.9] * 2})


MAKERS = {
    "sectors": lambda: sectors.advance(package(), xinzhi.measure(package())),
    "index": composite,
    "uncertainty": lambda: composite().uncertainty(200),
    "gaming": lambda: composite().gaming(),
    "exact": lambda: composite().sensitivity(),
    "sobol": lambda: composite().sensitivity("sobol", draws=100),
    "inequality": lambda: sectors.inequality(per_head(), FIGURE, group="group"),
    "ungrouped": lambda: sectors.inequality(per_head(), FIGURE),
    "densities": lambda: sectors.ridgelines(per_head(), FIGURE),
    "education": lambda: sectors.education(package(), xinzhi.measure(package())),
    "unweighed": lambda: sectors.education(package()),
    "culture": lambda: sectors.culture(package()),
    "green": lambda: sectors.green(package(), productivity=pace(), prices=PRICES),
}


@cache
def result(name):
    return MAKERS[name]()


@pytest.mark.parametrize("name", KINDS)
def test_a_section_has_its_pictures_and_words_in_both_languages(name):
    made = section(result(name))
    assert tuple(one.kind for one in made.pictures) == KINDS[name]
    said = [made.title, *made.answer, *made.notes, *(one.headline for one in made.pictures)]
    said += [one.how for one in made.pictures] + [column.title for table in made.contents() for column in table.columns]
    for text in said:
        assert text.zh
        assert text.en
        assert "{" not in text.zh + text.en
        assert "nan" not in f"{text.zh} {text.en}".split()
    assert made.answer


@pytest.mark.parametrize(("name", "kind"), [(name, kind) for name, kinds in KINDS.items() for kind in kinds])
def test_every_picture_draws_and_is_valid(name, kind):
    picture = next(one for one in section(result(name)).pictures if one.kind == kind)
    drawn = str(picture.figure("topic").svg)
    assert drawn.count('class="zh"') == drawn.count('class="en"') > 0
    spec = xinzhi.plot(result(name), kind, "zh").to_dict()
    assert "".join(spec["title"]["text"]) == picture.headline.zh
    for row in picture.twin.rows:
        assert len(row) == len(picture.twin.columns)


def test_the_results_of_the_room_that_have_a_face_are_registered():
    rows = rows_of_topic("sectors").sections
    for name in KINDS:
        kind = type(result(name))
        assert section(result(name)).key
        assert kind.__name__ in rows or section_rows.section.dispatch(kind) is not section_rows.section.dispatch(Result)


def test_headlines_on_coordination_equal_the_frame():
    found = result("sectors")
    made = section(found)
    first, last = found.years.row(0, named=True), found.years.row(-1, named=True)
    degree = "coordination_corrected"
    wide = found.frame.filter(pl.col("year").is_in([first["year"], last["year"]])).sort("year")
    rises = wide.group_by("region").agg(pl.col(degree).last() > pl.col(degree).first())[degree].sum()
    headline = made.pictures[0].headline.en
    assert f"rose in {rises} of {last['regions']} regions" in headline
    assert f"from {first[degree]:.3f} to {last[degree]:.3f}" in headline
    now = found.frame.filter(year=last["year"]).sort(degree)
    said = " ".join(text.en for text in made.answer)
    notes = " ".join(text.en for text in made.notes)
    assert f"lowest in {found.names.region(now['region'][0]).en} ({now[degree][0]:.3f})" in notes
    assert "coordination is highest" not in said
    rise = last["culture"] - first["culture"]
    assert f"public culture (+{rise:.2f})" in said
    assert last["economy"] - first["economy"] > rise


def test_the_lowest_sector_is_counted_by_level_and_by_rank():
    found = result("sectors")
    now = found.obstacles.filter(year=2019)
    top = now.sort("lagging_by_rank", descending=True).row(0, named=True)
    placed = now.sort("lagging", descending=True).row(0, named=True)
    said = " ".join(text.en for text in section(found).answer)
    assert f"public {top['sector']} is a region's lowest sector in {top['lagging_by_rank']} of 30 in 2019" in said
    assert f"public {placed['sector']} is in {placed['lagging']}." in said


def test_obstacles_of_a_region_add_up_to_100():
    table = section(result("sectors")).pictures[2].twin
    assert [round(sum(row[1:]), 9) for row in table.rows] == [100.0] * len(table.rows)


def test_the_region_drawn_is_the_one_asked_for_by_code_or_name():
    found = result("sectors")
    for asked in ("220000", "吉林", "Jilin"):
        assert section(found, region=asked).pictures[-1].title.en == "The sectors of Jilin"
    default = found.sectors.filter(year=2019).sort("gain", descending=True)["region"][0]
    assert section(found).pictures[-1].title.en.endswith(found.names.region(default).en)
    assert "Guizhou" in section(composite(), region="贵州").pictures[-1].headline.en


@pytest.mark.parametrize(
    ("name", "asked", "message"),
    [
        ("sectors", "Atlantis", "no region 'Atlantis'.*Beijing"),
        ("sectors", "Tibet", "missing: output per unit of energy"),
        ("index", "Atlantis", "no region 'Atlantis'.*Beijing"),
    ],
)
def test_a_region_that_is_not_there_is_named(name, asked, message):
    with pytest.raises(UsageError, match=message):
        section(result(name), region=asked)


def test_a_region_without_all_indicators_is_told_which_are_missing():
    frame = sectors.from_package(package(), "xinzhi-sectors")
    holed = frame.with_columns(schooling=pl.when(pl.col("region") != "220000").then("schooling"))
    with pytest.raises(UsageError, match="Jilin in 2017 has no index: schooling missing"):
        section(sectors.index(holed.filter(pl.col("year") == 2017)), region="吉林")


def test_ranking_weights_and_coverage_equal_the_index():
    made = section(composite())
    now = composite().frame.filter(year=2017).sort("rank")
    ranking, _, weights, _ = (one.twin for one in made.pictures)
    assert [row[2] for row in ranking.rows] == now["index"].to_list()
    assert ranking.rows[0][1].zh == "北京"
    assert sum(row[2] for row in weights.rows) == pytest.approx(100)
    heavy = composite().weights.sort("weight", descending=True)
    assert f"{100 * heavy['weight'][0]:.1f}" in made.answer[1].en
    assert f"The heaviest {int((heavy['weight'].cum_sum() < 0.5).sum()) + 1} of 11" in made.pictures[2].headline.en


def test_missing_indicators_are_named_and_raw_sizes_warned_of():
    partial = section(sectors.index(package(), "nqpf-dofile-25"))
    assert "9 of the 25 indicators" in partial.answer[2].en
    assert any("a total without a denominator" in note.en for note in partial.notes)
    coverage = next(table for table in partial.tables if table.key == "index_coverage")
    assert [row[2].en for row in coverage.rows].count("missing") == 16


def test_rank_intervals_are_ordered_by_the_rank_of_the_index():
    found = result("uncertainty")
    rows = section(found).pictures[0].twin.rows
    now = found.frame.filter(year=2017).sort("rank")
    assert [row[1] for row in rows] == list(range(1, 32))
    assert [(row[3], row[5]) for row in rows] == now.select("rank_p05", "rank_p95").rows()
    span = (now["rank_p95"] - now["rank_p05"]).mean()
    assert f"span {span:.1f} places of 31" in section(found).pictures[0].headline.en


def test_a_rank_outside_its_own_interval_is_said_to_be():
    found = result("uncertainty")
    now = found.last
    out = now.filter((pl.col("rank") < pl.col("rank_p05")) | (pl.col("rank") > pl.col("rank_p95")))
    told = found.facts()["answer.beyond"]
    assert [one.en for one in told["names"]] == [found.names.region(code).en for code in out["region"]] == ["Guangxi"]
    assert "entropy and arithmetic mean) are an exception" in found.summary("en")
    inside = replace(found, frame=found.frame.with_columns(rank_p05=1, rank_p95=31))
    assert "answer.beyond" not in inside.facts()


def test_gaming_states_the_best_and_worst_ranks():
    found = result("gaming")
    made = section(found)
    now = found.frame.filter(year=2017)
    room = (now["worst_rank"] - now["best_rank"]).mean()
    assert f"spans {room:.1f} places" in made.pictures[0].headline.en
    assert f"{(now['best_rank'] == 1).sum()} of 31 regions" in made.pictures[0].headline.en
    top = now.sort("gain", "region", descending=[True, False]).row(0, named=True)
    assert f"from {top['rank']} to {top['best_rank']}" in made.answer[1].en


def test_departures_are_words():
    assert departures("weights=critic, pooled=false").zh == "权重：CRITIC法、各年共用界限与权重：逐年另定"
    assert departures("").en == ""
    assert departures("normalisation=min-max 1-100").en == "normalisation: min-max 1-100"


@pytest.mark.parametrize("name", ["treatment", "normalisation", "weights", "aggregation", "imputation"])
def test_every_method_has_a_name_in_chinese(name):
    from xinzhi.sectors.composite.build import AGGREGATIONS
    from xinzhi.sectors.composite.transform import NORMALISATIONS

    known = {
        "treatment": ("none", "winsorise", "log", "box-cox"),
        "normalisation": NORMALISATIONS,
        "weights": ("equal", "expert", "ahp", "entropy", "critic", "deviation", "pca", "merec"),
        "aggregation": AGGREGATIONS,
        "imputation": ("none", "mean", "median", "group-mean", "linear", "nearest"),
    }
    for level in known[name]:
        assert method(name, level).zh != level


def test_parts_of_inequality_and_group_names():
    named = replace(result("inequality"), names=Names({"series": {"East": Text(zh="东部", en="East")}}))
    made = section(named)
    last = named.frame.row(-1, named=True)
    assert f"{100 * last['between'] / last['gini']:.0f}\N{NO-BREAK SPACE}% is between the groups" in made.answer[1].en
    pairs = made.tables[0]
    assert any(row[0] == Text(zh="东部", en="East") for row in pairs.rows)


def test_moran_and_markov_say_what_their_tests_say():
    recent, borders = per_head().filter(pl.col("year") > 2015), sectors.contiguity(sea=True)
    moran = sectors.moran(recent, FIGURE, neighbours=borders, draws=99)
    last = moran.frame.row(-1, named=True)
    assert ("Neighbours are alike" in moran.summary("en")) == (last["p_permutation"] <= 0.05)
    markov = sectors.markov(per_head(), FIGURE, neighbours=borders)
    assert ("The neighbours matter" in markov.summary("en")) == (markov.homogeneity.p < 0.05)


def test_an_assessment_gets_the_section_or_nothing(brief):
    assert brief(package(), "sectors").key == "sectors"
    bare = replace(package(), tables={name: package().tables[name] for name in ("accounts", "investment")})
    assert brief(bare, "sectors") is None


def test_levels_of_ones_own_with_ties_and_foreign_regions():
    levels = pl.DataFrame(
        {"region": ["a", "b"] * 2, "year": [1, 1, 2, 2], "x": [0.2, 0.5, 0.4, 0.5], "y": [0.3, 0.5, 0.1, 0.5]}
    )
    made = section(sectors.advance(levels=levels))
    assert [one.kind for one in made.pictures] == ["map", "levels", "obstacles", "region"]
    assert "y fell" in made.answer[0].en
    for one in made.pictures:
        str(one.figure("topic").svg)


def test_levels_of_one_year_say_so():
    levels = pl.DataFrame({"region": ["a", "b"], "year": [1, 1], "x": [0.2, 0.5], "y": [0.3, 0.6]})
    made = section(sectors.advance(levels=levels))
    assert "Only 1 has all sectors" in made.pictures[1].headline.en
    assert "Mean levels of 2 regions" in made.answer[0].en
    for one in made.pictures:
        str(one.figure("topic").svg)


def test_long_names_and_names_that_read_alike_are_drawn():
    rng = np.random.default_rng(3)
    names = ["x", "y", "z"]
    long = "a very long name of an indicator that no chart could ever hold beside its axis without cutting it"
    items = [
        {"indicator": "x", "name": {"zh": "文化", "en": "culture"}, "sector": "culture"},
        {"indicator": "y", "name": {"zh": "很长" * 40, "en": long}, "sector": "culture"},
        {"indicator": "z", "name": {"zh": "很长" * 40, "en": long}, "sector": "a sector with a name " * 5},
    ]
    rows = [item | {"direction": 1, "unit": "%", "denominator": "total"} for item in items]
    groups = {"culture": {"name": {"zh": "文化业", "en": "culture"}}}
    system = {"id": "mine", "indicators": rows, "sectors": groups}
    frame = pl.DataFrame({"region": list("abcde"), "year": 2000, **{name: rng.random(5) for name in names}})
    made = section(sectors.index(frame, system))
    for one in made.pictures:
        assert str(one.figure("topic").svg)


def test_names_are_told_apart_cut_and_found():
    same = {"a": Text(zh="吉林", en="Jilin"), "b": Text(zh="吉林", en="Chilin"), "c": Text(zh="辽宁", en="Liaoning")}
    found = distinct(same)
    assert (found["a"].en, found["c"].en) == ("Jilin (a)", "Liaoning")
    assert width(truncate(Text(zh="研究与试验发展", en="research and development"), 6).zh) <= 6
    assert arrangement(["AUS"]) == {}


def test_a_page_of_an_index_is_written(tmp_path):
    files = write_report(
        [composite(), result("uncertainty")], tmp_path, name="sectors", source=Text(zh="测试", en="test"), language="zh"
    )
    assert {path.name for path in files} == {path.name for path in tmp_path.iterdir()}
    assert main_files(tmp_path) == {
        "sectors.html",
        "sectors.xlsx",
        "sectors.json",
        "sectors-index.csv",
        "sectors-uncertainty.csv",
    }
    document = json.loads((tmp_path / "sectors.json").read_text("utf-8"))
    assert document["results"][0]["topic"] == "index"
    assert "名次区间" in (tmp_path / "sectors.html").read_text("utf-8")


def test_headlines_on_single_sectors_equal_the_frame():
    contribution = section(result("education")).pictures[0].headline
    spans = result("education").spans.drop_nulls("contribution")
    assert f"{100 * spans['contribution'].mean():.2f} points a year" in contribution.en
    intensity, productivity, costs = (one.headline for one in section(result("green")).pictures)
    sums = (
        result("green").frame.filter(indicator="so2_emissions").group_by("year").agg(pl.col("quantity", "output").sum())
    )
    ratio = sums.sort("year").select(pl.col("quantity") / pl.col("output")).to_series()
    fall = f"{100 * (1 - ratio[-1] / ratio[0]):.0f}"
    assert intensity.zh.startswith(f"起止年份之间：单位GDP二氧化硫排放−{fall}%（2004—2017年）")
    assert "above its start in 1 of 2 regions, from 0.81 in Tianjin to 1.21 in Beijing" in productivity.en
    last = result("green").costs.drop_nulls("share")
    last = last.filter(year=int(last["year"].max()))
    assert f"到宁夏的{100 * last['share'].max():.2f}%" in costs.zh
    assert not section(sectors.green(package())).pictures[1:]

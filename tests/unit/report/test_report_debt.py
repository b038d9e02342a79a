"""Local debt in a report: pictures in both languages, and figures that are calculated here once more."""

from __future__ import annotations

import json
import math

import numpy as np
import polars as pl
import pytest

import xinzhi
from xinzhi import risks
from xinzhi.core.errors import UsageError
from xinzhi.core.text import Text
from xinzhi.report import pages
from xinzhi.report.charts import kinds
from xinzhi.report.charts.years import tints
from xinzhi.report.pages.debt_paths import _nested
from xinzhi.report.pages.overcapacity import reason
from xinzhi.risks.debt.debt_fan import chance

TIGHT = 1e-9
SMALL = {
    "region": ["a"] * 3 + ["b"] * 3,
    "year": [2020, 2021, 2022] * 2,
    "debt": [50.0, 60.0, 66.0, 20.0, 22.0, 23.0],
    "output": [100.0, 110.0, 121.0, 80.0, 90.0, 88.0],
}


@pytest.fixture(scope="module")
def owed():
    return risks.debt("china-provinces")


@pytest.fixture(scope="module")
def moved(owed):
    return risks.debt_dynamics(owed)


@pytest.fixture(scope="module")
def fanned(owed):
    return risks.debt_fan(owed, draws=300)


@pytest.fixture(scope="module")
def stressed(owed):
    return risks.debt_stress(owed)


def small(**columns):
    return pl.DataFrame(SMALL | columns)


def drawn(result, region=None):
    """Return the pictures of a result by kind, each drawn in both languages."""
    section = pages.section(result, region=region)
    for text in (section.title, *section.answer, *section.notes):
        assert text.zh
        assert text.en
    for picture in section.pictures:
        shown = str(picture.figure("topic").svg)
        assert shown.count('class="zh"') == shown.count('class="en"') > 0
        assert picture.headline.zh != picture.headline.en
        assert picture.twin.rows
        assert all(len(row) == len(picture.twin.columns) for row in picture.twin.rows)
    titles = [table.title.en[:31].lower() for table in section.contents()]
    assert len(set(titles)) == len(titles)
    return {picture.kind: picture for picture in section.pictures}, section


def notes(section):
    return " ".join(note.en for note in section.notes)


def test_debt_is_held_against_output_and_revenue_of_the_last_full_year(owed):
    found, section = drawn(owed)
    assert list(found) == ["output", "revenue", "history"]
    rows = owed.frame.filter(year=2024)
    total = rows["explicit"].sum() / rows["output"].sum()
    assert f"31 regions is {100 * total:.1f}\N{NO-BREAK SPACE}% of output" in found["output"].headline.en
    weight = rows["explicit"].sum() / rows["revenue"].sum()
    assert f"{100 * weight:.0f}\N{NO-BREAK SPACE}% of general budget revenue" in found["revenue"].headline.en
    for name, ratio, against in (("output", "to_output", "output"), ("revenue", "to_revenue", "revenue")):
        values = [row[3] for row in found[name].twin.rows]
        assert values == sorted((100 * one for one in rows[ratio]), reverse=True)
        for _, explicit, below, value in found[name].twin.rows:
            assert value == pytest.approx(100 * explicit / below, abs=TIGHT), against
    assert "Qinghai" in found["output"].headline.en
    assert "No region is graded or coloured" in section.notes[0].en
    said = notes(section)
    assert "press report of 12 January 2021" in said
    assert "Debt of 2025 without revenue in Beijing" in said
    assert "since the end of 2020 is that" in said
    assert "legend" not in json.dumps(xinzhi.plot(owed, "output").to_dict()["layer"])


def test_history_shows_the_highest_the_middle_the_lowest_and_the_region_asked_for(owed):
    order = owed.frame.filter(year=2024).sort("to_output", descending=True)["region"].to_list()
    assert (order[0], order[-1]) == ("630000", "310000")
    columns = [column.title.en for column in drawn(owed)[0]["history"].twin.columns]
    assert columns == ["year", "Qinghai", owed.names.region(order[15]).en, "Shanghai"]
    found = drawn(owed, region="吉林")[0]["history"]
    assert [column.title.en for column in found.twin.columns][1] == "Jilin"
    series = owed.frame.filter(region="220000").drop_nulls("to_output").sort("year")
    shown = {row[0]: row[1] for row in found.twin.rows if row[1] is not None}
    assert shown == pytest.approx({year: 100 * ratio for year, ratio in series.select("year", "to_output").rows()})
    with pytest.raises(UsageError, match="no region 'Mars'"):
        pages.section(owed, region="Mars")


def test_vehicles_stand_apart_and_only_if_given(owed):
    part = owed.frame.filter(pl.col("year") == 2023, pl.col("region") != "540000")
    given = part.select("region", "year", vehicles=0.5 * pl.col("output"))
    found, section = drawn(risks.debt("china-provinces", vehicles=given))
    twin = found["vehicles"].twin
    assert len(twin.rows) == 30
    assert all(row[2] == pytest.approx(50, abs=TIGHT) for row in twin.rows)
    assert all(row[3] == pytest.approx(row[1] + row[2], abs=TIGHT) for row in twin.rows)
    assert (
        "is 50.0\N{NO-BREAK SPACE}% of output in 30 regions, beside explicit debt of" in found["vehicles"].headline.en
    )
    assert "was not given" not in notes(section)
    assert "was not given" in notes(drawn(owed)[1])


def test_bands_colour_only_what_they_grade_and_say_the_band_by_word():
    rows = small(hidden=[10.0, 12.0, 14.0, None, None, None], resources=[20.0, 21.0, 22.0, 50.0, 51.0, 52.0])
    result = risks.debt(rows)
    found, section = drawn(result)
    assert found["bands"].twin.rows == [(Text(zh="a", en="a"), pytest.approx(100 * 80 / 22), Text(zh="红", en="red"))]
    assert "1 red (a)" in found["bands"].headline.en
    assert "Not graded: b (hidden debt not given)." in notes(section)
    spec = json.dumps(xinzhi.plot(result, "bands", "zh").to_dict(), ensure_ascii=False)
    assert all(word in spec for word in ("红", "橙", "黄", "绿"))  # one region shows where all bands lie


def test_own_bands_have_their_words_and_source_and_no_colours_of_ours():
    own = {
        "name": "law",
        "numerator": ["explicit"],
        "denominator": "output",
        "source": "Statute 7.",
        "dated": 2020,
        "grades": [{"name": "low", "from": 0, "zh": "低", "en": "light"}, {"name": "high", "from": 0.3}],
    }
    result = risks.debt(small(), bands=own)
    found, section = drawn(result)
    assert [row[2].en for row in found["bands"].twin.rows] == ["high", "light"]
    assert "Source of the bands: Statute 7." in notes(section)
    assert "press" not in notes(section)
    assert "high from 30\N{NO-BREAK SPACE}%" in notes(section)


def test_what_moved_the_ratio_adds_up_and_is_the_mean_of_the_frame(moved):
    found, section = drawn(moved)
    twin = found["contributions"].twin
    assert [column.title.en for column in twin.columns][4:] == [
        "interest",
        "real growth",
        "prices",
        "net borrowing beyond interest",
    ]
    assert len(twin.rows) == 31
    for row in twin.rows:
        assert row[3] == pytest.approx(sum(row[4:]), abs=TIGHT)
    tianjin = moved.frame.filter(region="120000")
    first = twin.rows[0]
    assert first[0].en == "Tianjin"
    assert first[3] == pytest.approx(100 * sum(tianjin["change"]) / tianjin.height, abs=TIGHT)
    mean = 100 * sum(moved.frame["change"]) / moved.frame.height
    net = 100 * sum(moved.frame["net_borrowing"]) / moved.frame.height
    assert f"rises by {mean:.1f} points a year" in found["contributions"].headline.en
    assert f"net borrowing beyond interest {net:+.1f}" in found["contributions"].headline.en
    jilin = drawn(moved, region="Jilin")[0]["years"]
    own = moved.frame.filter(region="220000").sort("year")
    assert [row[0] for row in jilin.twin.rows] == own["year"].to_list()
    assert [row[2] for row in jilin.twin.rows] == pytest.approx([100 * one for one in own["change"]])
    swaps = moved.frame.filter(pl.col("year").is_in(range(2021, 2026)))["net_borrowing"]
    share = 100 * sum(swaps) / sum(moved.frame["net_borrowing"])
    assert f"hold {share:.0f}\N{NO-BREAK SPACE}% of all net borrowing beyond interest" in notes(section)
    held = section.tables[0]
    assert all(row[3] == pytest.approx(row[1] - row[2], abs=TIGHT) for row in held.rows)
    assert [row[3] for row in held.rows] == pytest.approx([row[3] for row in twin.rows])


def test_parts_that_are_not_known_everywhere_stay_together():
    plain, section = drawn(risks.debt_dynamics(small()))
    names = [column.title.en for column in plain["contributions"].twin.columns][4:]
    assert names == ["interest", "growth and prices", "net borrowing beyond interest"]
    assert "Real output is not known everywhere" in notes(section)
    full = small(output_real=[100.0, 108.0, 117.0, 80.0, 86.0, 84.0], interest=[2.0] * 6, primary_balance=[-3.0] * 6)
    found, section = drawn(risks.debt_dynamics(full))
    names = [column.title.en for column in found["contributions"].twin.columns][4:]
    assert names == ["interest", "real growth", "prices", "primary deficit", "other adjustment"]
    assert "rate of interest" not in notes(section)
    assert "may be that" not in notes(section)
    deficit = {row[0].en: row[7] for row in found["contributions"].twin.rows}
    assert deficit == pytest.approx({"a": 100 * (3 / 110 + 3 / 121) / 2, "b": 100 * (3 / 90 + 3 / 88) / 2})


def test_fan_has_the_percentiles_of_the_frame_and_ends_with_today_and_the_chance(fanned):
    found, section = drawn(fanned, region="天津")
    own = fanned.frame.filter(region="120000")
    for year, *values in found["fan"].twin.rows:
        expected = own.filter(year=year).sort("percentile")["debt_ratio"]
        assert values == pytest.approx([100 * one for one in expected])
    end = fanned.ends.filter(region="120000").row(0, named=True)
    headline = found["fan"].headline.en
    assert headline.startswith(f"Tianjin: debt to output is {100 * end['start']:.0f}\N{NO-BREAK SPACE}% in 2025")
    assert f"the chance of a rise {100 * end['chance_higher']:.0f}" in headline
    likely = sum(one > 0.5 for one in fanned.ends["chance_higher"])
    assert f"In {likely} of 31 regions" in found["ends"].headline.en
    medians = [row[4] for row in found["ends"].twin.rows]
    assert medians == sorted((100 * one for one in fanned.ends["median"]), reverse=True)
    early = fanned.ends.filter(pl.col("start_year") == 2024)["region"].to_list()
    assert "220000" in early
    # past net borrowing holds swaps and is carried on: the page must not say that the fan is without them
    assert "no further swap" not in notes(section)
    assert "These paths carry that part on too" in notes(section)
    assert "start in 2024: Jilin" in notes(section)
    left = fanned.persistence.filter(variable="net_borrowing")["coefficient"][0]
    assert "shocks last as one autoregression of all regions says (coefficients: growth" in notes(section)
    assert f"net borrowing beyond interest {left:.2f})" in notes(section)
    layers = xinzhi.plot(fanned, "fan", region="120000").to_dict()["layer"]
    assert sum(one["mark"]["type"] == "area" for one in layers) == 3


def test_stress_is_what_the_frame_says_and_names_what_cannot_be_computed(stressed):
    found, section = drawn(stressed)
    assert list(found) == ["stress", "paths"]
    last = stressed.frame.filter(pl.col("year") == pl.col("year").max().over("region"))
    means = {}
    for scenario in ("growth", "interest", "land", "combined"):
        values = last.filter(scenario=scenario)["over_baseline"].to_list()
        means[scenario] = 100 * math.fsum(values) / len(values)
    assert f"rises by {means['combined']:.1f} points" in found["stress"].headline.en
    assert f"less land revenue {means['land']:+.1f}" in found["stress"].headline.en
    combined = last.filter(scenario="combined").sort("over_baseline", descending=True)["over_baseline"]
    assert [row[-1] for row in found["stress"].twin.rows] == pytest.approx([100 * one for one in combined])
    assert "“vehicles taken over”: not computable: vehicles' debt not given" in notes(section)
    assert "Not drawn: vehicles taken over (not computable: vehicles' debt not given)." in found["paths"].how.en
    funds = stressed.inputs.drop_nulls("fund_ratio").sort("fund_ratio")
    most = 100 * funds["fund_ratio"][-1]
    assert funds["region"][-1] == "120000"
    assert f"most in Tianjin ({most:.1f}\N{NO-BREAK SPACE}%)" in notes(section)
    assert f"is {100 * funds['fund_ratio'].median():.1f}\N{NO-BREAK SPACE}% of output in the median" in notes(section)
    assert "the two end at different ratios" in notes(section)
    jilin = drawn(stressed, region="Jilin")[0]["paths"].twin
    base = stressed.frame.filter(region="220000", scenario="baseline").sort("year")
    assert [row[1] for row in jilin.rows[1:]] == pytest.approx([100 * one for one in base["debt_ratio"]])
    assert jilin.rows[0][1] == pytest.approx(100 * stressed.inputs.filter(region="220000")["start"][0])


def test_scenarios_of_the_callers_own_stand_beside_the_standard_ones():
    vehicles = small().filter(region="a").select("region", "year", vehicles=pl.lit(30.0))
    owed = risks.debt(small(), vehicles=vehicles)
    found, section = drawn(risks.debt_stress(owed, scenarios={"boom": {"growth": 0.05}}, baseline={"rate": 0.03}))
    assert list(found) == ["stress", "compared", "paths"]
    boom = [column.title.en for column in found["compared"].twin.columns].index("boom")
    assert all(row[boom] < 0 for row in found["compared"].twin.rows)
    assert "“vehicles taken over” for b: not computable" in notes(section)
    does = {row[0].en: row[1].en for row in section.tables[0].rows}
    assert does["boom"] == "as set in the call"
    assert does["baseline"].startswith("as set in the call")


def test_a_change_is_a_rise_or_a_fall_in_words():
    falls = small(debt=[50.0, 40.0, 30.0, 20.0, 22.0, 23.0], vehicles=[1.0] * 6)
    moved, _ = drawn(risks.debt_dynamics(falls), region="a")
    change = 100 * (30 / 121 - 50 / 100)
    assert f"falls by {-change:.1f} points in all" in moved["years"].headline.en
    assert f"累计下降{-change:.1f}个百分点" in moved["years"].headline.zh
    history = drawn(risks.debt(falls))[0]["history"].headline
    assert "a由2020年的50.0%降至2022年的24.8%" in history.zh
    assert "b由2020年的25.0%升至2022年的26.1%" in history.zh


def test_thin_input_says_why_and_draws_nothing_empty():
    one = risks.debt(pl.DataFrame({"region": ["x"], "year": [2020], "debt": [50.0], "output": [100.0]}))
    found, section = drawn(one)
    low, high = xinzhi.plot(one, "output").to_dict()["layer"][0]["encoding"]["x"]["scale"]["domain"]
    assert high - low > 4  # a single dot has an axis that can be read, not one of hundredths
    assert list(found) == ["output"]
    assert section.answer[0].en == "In 2020 explicit debt of x is 50.0\N{NO-BREAK SPACE}% of output."
    bare = pl.DataFrame({"region": ["x"], "year": [2020], "debt": [50.0], "output": [None]})
    found, section = drawn(risks.debt(bare.with_columns(pl.col("output").cast(pl.Float64))))
    assert found == {}
    assert "No region has debt and output or revenue" in section.answer[0].en
    gapped = small().filter((pl.col("region") != "a") | (pl.col("year") != 2021))
    assert "Years missing inside a series: a 2021" in notes(drawn(risks.debt(gapped))[1])
    assert list(drawn(risks.debt_stress(small()))[0]) == ["stress", "paths"]


@pytest.mark.parametrize("cuts", [[50], [60], [10, 90], [10, 60, 90]])
def test_fans_of_any_percentiles_and_of_one_region(cuts):
    rows = pl.DataFrame(
        {
            "region": ["k"] * 8,
            "year": list(range(2010, 2018)),
            "debt_ratio": [0.5] * 8,
            "growth": [0.05, 0.06, 0.04, 0.05, 0.07, 0.03, 0.05, 0.05],
            "rate": [0.03] * 7 + [0.04],
            "net_borrowing": [0.01, 0.02, 0.0, 0.01, 0.03, 0.01, 0.0, 0.01],
        }
    )
    found, _ = drawn(risks.debt_fan(rows, percentiles=cuts, draws=50, horizon=1))
    assert list(found) == ["fan", "ends"]
    assert ("percentiles" in found["fan"].headline.en) == (len(cuts) > 1)
    assert "After 1 year " in found["ends"].headline.en


def test_a_fan_opens_from_the_last_known_value_and_its_bands_grow_darker():
    word = {name: Text(zh=f"{name}成", en=f"band {name}") for name in (9, 5)}
    bands = {word[9]: [(2022, 0.5, 2.0)], word[5]: [(2022, 0.8, 1.5)]}
    chart = kinds.fan([(2020, 1.0), (2021, 1.2), (2022, None)], bands, [(2022, 1.3)], y=Text(zh="率", en="ratio")).spec(
        "en"
    )
    areas = [layer for layer in chart["layer"] if layer["mark"]["type"] == "area"]
    assert [area["data"]["values"][0] for area in areas] == [
        {"year": 2021, "low": 1.2, "high": 1.2, "group": f"band {name}", "piece": 0} for name in (9, 5)
    ]
    pale, dark = (sum(int(ink[i : i + 2], 16) for i in (1, 3, 5)) for ink in tints(2))
    assert pale > dark


def test_names_of_chances_and_of_the_year_that_most_regions_have():
    assert [chance(one).en for one in (0.0, 0.5, 0.996)] == ["< 1", "50", "> 99"]
    result = risks.debt(small(revenue=[1.0, None, None, 2.0, 3.0, None]))
    assert result.last_year("to_output", "to_revenue") == 2020
    assert result.last_year("to_output") == 2022
    assert result.last_year("vehicles_to_output") is None


def test_tables_are_in_percent_of_what_the_frames_hold_as_fractions(owed, stressed, fanned):
    (ratios,) = drawn(owed)[1].tables
    rows = owed.frame.filter(year=2024).sort("to_output", "region", descending=[True, False])
    names = [one.name for one in ratios.columns][1:]
    assert names[:2] == ["to_output", "to_revenue"]
    assert "vehicles_to_output" not in names  # nobody has it
    for place, name in enumerate(names, start=1):
        expected = [None if value is None else 100 * value for value in rows[name]]
        assert [row[place] for row in ratios.rows] == pytest.approx(expected), name
    scenarios, inputs = drawn(stressed)[1].tables
    for place, name in enumerate(("growth", "growth_deviation", "rate", "net_borrowing"), start=2):
        assert inputs.columns[place].name == name
        expected = [100 * value for value in stressed.inputs[name]]
        assert [row[place] for row in inputs.rows] == pytest.approx(expected), name
    last = stressed.frame.filter(pl.col("year") == pl.col("year").max().over("region"))
    land = last.filter(scenario="land").drop_nulls("over_baseline").sort("over_baseline", descending=True)
    row = next(row for row in scenarios.rows if row[0].en == "less land revenue")
    assert row[2:4] == (land.height, pytest.approx(100 * land["over_baseline"].mean()))
    assert row[4:] == (stressed.names.region(land["region"][0]), pytest.approx(100 * land["over_baseline"][0]))
    ends = drawn(fanned)[0]["ends"].twin
    chances = {code: 100 * value for code, value in fanned.ends.select("region", "chance_higher").rows()}
    called = {fanned.names.region(code): value for code, value in chances.items()}
    assert {row[0]: row[-1] for row in ends.rows} == pytest.approx(called)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_plot_is_valid_in_both_languages(fanned, stressed, owed, moved, language):
    for result in (owed, moved, fanned, stressed):
        title = xinzhi.plot(result, language=language).to_dict()["title"]["text"]
        assert ("负债率" in "".join(title) or "债务" in "".join(title)) == (language == "zh")


def test_notes_name_regions_without_a_fan_and_shocks_that_last():
    rng = np.random.default_rng(3)
    shocks = np.cumsum(rng.normal(0, 0.004, 25))
    keys = {"region": ["k"] * 25 + ["new"] * 2, "year": [*range(2000, 2025), 2023, 2024]}
    rows = pl.DataFrame(keys | {"debt_ratio": [0.5] * 27, "growth": [0.05] * 27, "rate": [0.03] * 27}).with_columns(
        net_borrowing=pl.Series([*(0.02 + shocks), 0.02, 0.02])
    )
    section = drawn(risks.debt_fan(rows, draws=50, order=0))[1]
    assert "Shocks to net borrowing beyond interest last into the next year" in notes(section)
    assert "Too few years for a fan: new" in notes(section)
    assert "too short for shocks of its own" not in notes(section)


def test_grades_of_a_framework_for_countries_say_so():
    section = drawn(risks.debt("china-provinces", bands="lic-dsf-2018"))[1]
    assert "was made by the IMF and the World Bank for countries" in notes(section)


def test_bands_of_a_fan_are_nested_and_a_firm_without_figures_says_why():
    assert _nested([5, 25, 50, 75, 95]) == [(5, 95), (25, 75)]
    assert reason("no interest", 3).zh == "缺少利息支出"
    assert reason("profit of 3 years in a row is not known", 3).zh == "缺少连续3年的利润"

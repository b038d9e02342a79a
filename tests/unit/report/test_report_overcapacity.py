"""Overcapacity in a report: every picture draws in both languages and says what the frames hold."""

from __future__ import annotations

import json
import re

import polars as pl
import pytest

import xinzhi
from xinzhi import risks
from xinzhi.core.errors import UsageError
from xinzhi.report import pages

TIGHT = 1e-9
CHK, FN, LOSSES = "caballero-hoshi-kashyap", "fukuda-nakamura", "losses"
SUMS = ["industry_total", "mining", "manufacturing", "utilities"]
NBSP = "\N{NO-BREAK SPACE}"


def draws(section):
    for picture in section.pictures:
        drawn = str(picture.figure("topic").svg)
        assert drawn.count('class="zh"') == drawn.count('class="en"') > 0
        assert picture.headline.zh != picture.headline.en
        assert picture.twin.rows
    for text in (section.title, *section.answer, *section.notes):
        assert text.zh
        assert text.en
        assert not re.search(r"[\u4e00-\u9fff]", text.en)
    return {picture.kind: picture for picture in section.pictures}


def figures(text):
    """Return the numbers of a text, in order."""
    return [float(one.replace("\N{MINUS SIGN}", "-")) for one in re.findall(r"[\N{MINUS SIGN}]?\d+(?:\.\d+)?", text)]


def survey(periods, industries=("coal",), low=70.0):
    rows = [(period, name, low + at + i) for i, name in enumerate(industries) for at, period in enumerate(periods)]
    return pl.DataFrame(rows, schema=["period", "industry", "utilisation"], orient="row")


@pytest.fixture(scope="module")
def package():
    return xinzhi.load("china-provinces")


@pytest.fixture(scope="module")
def wave(package):
    return risks.herd_entry(package)


@pytest.fixture(scope="module")
def shown(wave):
    return draws(pages.section(wave))


def test_the_survey_is_held_against_its_own_past(package):
    result = risks.capacity(package)
    found = draws(pages.section(result))
    assert list(found) == ["utilisation", "change", "quarters", "history"]
    now = result.latest.filter(pl.col("period") == "2025Q2", ~pl.col("industry").is_in(SUMS))
    past = result.frame.filter(pl.col("quarter") == 2, pl.col("year") < 2025)
    low = dict(past.group_by("industry").agg(pl.col("utilisation").quantile(0.1, "linear")).rows())
    rates = dict(now.select("industry", "utilisation").rows())
    below = sum(rate < low[name] for name, rate in rates.items())
    idle = sum(rate < 75 for rate in rates.values())
    assert figures(found["utilisation"].headline.en) == [2025, 2, below, len(rates), idle, 75, min(rates.values())]
    before = dict(past.filter(pl.col("year") == 2024).select("industry", "utilisation").rows())
    fell = sum(rates[name] < before[name] for name in rates)
    assert f"{fell} of {len(rates)} industries fell" in found["change"].headline.en
    cells = {cells[0].zh: cells[2:4] for cells in found["utilisation"].twin.rows}
    assert cells["汽车制造业"] == (71.3, -1.7)


def test_industries_have_names_in_both_languages(package):
    said = json.dumps(xinzhi.plot(risks.capacity(package), "utilisation", "en").to_dict(), ensure_ascii=False)
    assert "non-metallic mineral products" in said
    assert "pharmaceuticals (2025 Q1)" in said  # its last quarter is an older one
    assert not re.search(r"[\u4e00-\u9fff]", said)


def test_a_missing_quarter_breaks_the_line(package):
    twin = draws(pages.section(risks.capacity(package), region="煤炭开采和洗选业"))["history"].twin
    missing = {cells[0].en for cells in twin.rows if cells[1] is None}
    assert missing == {"2017 Q3", "2018 Q4", "2023 Q2"}
    chart = xinzhi.plot(risks.capacity(package), "history", region="coal").to_dict()
    area = next(one for one in chart["layer"] if one["mark"]["type"] == "area")
    pieces = {row["piece"] for row in area["data"]["values"]}
    assert len(pieces) == len(missing) + 1  # so does its band


def test_the_usual_range_is_called_what_it_is(package):
    result = risks.capacity(package)
    section = pages.section(result)
    said = next(one.headline for one in section.pictures if one.kind == "history")
    past = result.frame.filter(
        pl.col("industry") == "nonmetallic_minerals", pl.col("quarter") == 2, pl.col("year") < 2025
    )
    ends = [past["utilisation"].quantile(share, "linear") for share in (0.1, 0.9)]
    assert f"{ends[0]:.1f} to {ends[1]:.1f}{NBSP}% for the inner 80{NBSP}% of the same quarter" in said.en
    assert past["utilisation"].min() < ends[0]  # it is not the whole range
    assert sum("规模以上工业" in one.zh for one in section.answer) == 1


@pytest.mark.parametrize(
    ("frame", "options", "kinds"),
    [
        (survey(["2025Q1"]), {}, ["utilisation"]),
        (survey(["2024Q1", "2025Q1"]), {}, ["utilisation", "change", "quarters"]),
        (
            survey(["2023Q1", "2024Q1", "2025Q1"]),
            {"bands": [{"name": "any", "below": None}]},
            ["utilisation", "change", "quarters", "history"],
        ),
        (survey(["2023FY", "2024FY"]), {}, []),
        (survey(["2025Q1"], [f"branch {i}" for i in range(60)], low=1.0), {}, ["utilisation"]),
    ],
)
def test_a_thin_survey_says_what_it_can(frame, options, kinds):
    section = pages.section(risks.capacity(frame, **options))
    assert list(draws(section)) == kinds
    assert section.answer
    assert section.contents()


def test_an_industry_that_is_not_there_is_refused(package):
    with pytest.raises(UsageError, match="there is no industry 'tea' here"):
        pages.section(risks.capacity(package), region="tea")


def test_the_wave_counts_who_names_and_who_breaks_even(wave, shown):
    found = shown
    assert list(found) == ["crowd", "lure", "idle", "chances", "outlook", "prices", "offsets"]
    base = wave.frame.filter(entry="all", demand="base").drop_nulls("utilisation")
    over = base.filter(pl.col("regions") > pl.col("break_even"))
    sure = over.filter(pl.col("regions") > pl.col("break_even_high")).height
    top = base.sort(pl.col("regions") - pl.col("break_even")).row(-1, named=True)
    said = found["crowd"].headline
    assert figures(said.en) == [over.height, base.height, top["regions"], round(top["break_even"])]
    assert top["name_zh"] in said.zh
    assert figures(pages.section(wave).answer[1].en)[0] == sure
    twin = {cells[0].zh: cells for cells in found["crowd"].twin.rows}
    assert twin[top["name_zh"]][1:5] == tuple(
        top[name] for name in ("regions", "break_even", "break_even_low", "break_even_high")
    )
    lure = wave.waves.filter((pl.col("expected_profit") > 0) & (pl.col("profit_if_all") < 0)).height
    assert figures(found["lure"].headline.en)[:2] == [lure, base.height]
    likely = {
        entry: wave.frame.filter(
            pl.col("entry") == entry, pl.col("demand") == "base", pl.col("chance_below") > 0.5
        ).height
        for entry in ("all", "uncertain")
    }
    assert f"{likely['all']} of {base.height} categories more likely" in found["idle"].headline.en
    assert f"{likely['uncertain']} if an unknown share does" in found["idle"].headline.en


def test_how_far_the_answer_rests_on_demand_is_said(wave, shown):
    found = shown
    counts = wave.frame.filter(pl.col("chance_below") > 0.5).group_by("entry", "demand").len()["len"].to_list()
    # a case that no category meets is not among the groups
    least = min(counts) if len(counts) == 6 else 0
    assert figures(found["chances"].headline.en)[:2] == [least, max(counts)]
    assert [title.title.en for title in found["chances"].twin.columns[1:4]] == [
        "all, slow demand",
        "all, base demand",
        "all, fast demand",
    ]
    shown = {cells[0].en: cells[1:] for cells in found["chances"].twin.rows}
    own = wave.frame.filter(category="auto")
    asked = [(entry, path) for entry in ("all", "uncertain") for path in ("low", "base", "high")]
    chances = [100 * own.filter(entry=entry, demand=path)["chance_below"][0] for entry, path in asked]
    assert shown["Automobiles and parts"] == pytest.approx(chances)


def test_tables_of_the_wave_are_in_percent_of_what_the_frame_holds(wave, shown):
    row = wave.frame.filter(category="auto", entry="all", demand="base").row(0, named=True)
    tables = {table.key: table for table in pages.section(wave).contents()}
    for key, names in (
        ("herd_categories", ("base_utilisation", "growth", "entrant_size", "capacity_added")),
        ("herd_offsets", ("capacity_added",)),
        ("herd_idle", ("base_utilisation",)),
        ("herd_prices", ("price", "price_low", "price_high")),
    ):
        table = tables[key]
        cells = next(cells for cells in table.rows if cells[0].en == "Automobiles and parts")
        held = dict(zip([one.name for one in table.columns], cells, strict=True))
        assert {name: held[name] for name in names} == pytest.approx({name: 100 * row[name] for name in names}), key
    held = dict(zip([one.name for one in tables["herd_crowd"].columns], range(6), strict=True))
    cells = next(cells for cells in tables["herd_crowd"].rows if cells[0].en == "Automobiles and parts")
    assert cells[held["break_even"]] == row["break_even"]  # a number of entrants
    assert set(shown) >= {"crowd", "offsets"}


@pytest.mark.parametrize("asked", ["auto", "汽车（含零部件）", "Automobiles and parts"])
def test_one_category_has_its_range(wave, asked):
    picture = next(one for one in pages.section(wave, region=asked).pictures if one.kind == "outlook")
    row = wave.frame.filter(category="auto", entry="all", demand="base").row(0, named=True)
    ends = [round(100 * row[name]) for name in ("utilisation_low", "utilisation_high")]
    assert figures(picture.headline.en)[2:5] == [*ends, row["regions"]]
    spec = json.dumps(xinzhi.plot(wave, "outlook", "zh").to_dict(), ensure_ascii=False)
    assert "需求较快" in spec


def test_what_cannot_be_computed_is_named(wave, package):
    section = pages.section(wave, region="finance")
    assert "Finance could not be computed: divisions 66, 67 and 68" in section.answer[0].en
    assert "outlook" not in {one.kind for one in section.pictures}
    table = next(one for one in section.tables if one.key == "herd_left_out")
    assert len(table.rows) == wave.frame.filter(pl.col("utilisation").is_null())["category"].n_unique()
    alone = pages.section(risks.herd_entry(package, categories=["finance"]))
    assert not alone.pictures
    assert "None of 1 categories" in alone.answer[0].en
    with pytest.raises(UsageError, match="there is no category 'Jilin' here"):
        pages.section(wave, region="Jilin")


def test_without_a_wave_no_wave_is_claimed(package):
    result = risks.herd_entry(package, rule="own", draws=400, percentiles=(10, 50, 90), spillover=0.1)
    section = pages.section(result)
    found = draws(section)
    assert not result.waves["wave"].any()
    assert "None of 17 categories is a wave" in found["lure"].headline.en
    assert "No category of 17" in found["crowd"].headline.en
    assert "80%" in found["idle"].how.en
    said = " ".join(note.en for note in section.notes)
    assert "enlarge what it had in 2016 by 30" in said
    assert "0.10" in said
    values = {
        cells[3]: cells[2].en for table in section.tables if table.key == "herd_assumptions" for cells in table.rows
    }
    assert values["rule"] == "given in the call"
    assert values["horizon"].startswith("The years of a five-year plan")


YEARS = range(2015, 2022)
RATES = pl.DataFrame({"year": list(range(2010, 2022)), "rate_short": 0.04, "rate_long": 0.05, "coupon": 0.03})


def firms():
    """Return synthetic firms: one healthy, one subsidised and losing, one lent on, one without interest known."""
    rows = []
    for name, interest, ebit, growth, profit in (
        ("sound", 20.0, 40.0, 0.0, 5.0),
        ("fed", 1.0, -5.0, 0.0, -5.0),
        ("lent", 20.0, 1.0, 5.0, 1.0),
        ("dark", None, 40.0, 0.0, 1.0),
    ):
        for at, year in enumerate(YEARS):
            rows.append(
                {
                    "firm": name,
                    "year": year,
                    "bank_short": 100.0 + growth * at,
                    "bank_long": 200.0,
                    "bonds": 0.0,
                    "interest": interest,
                    "ebit": ebit,
                    "assets": 500.0,
                    "profit": profit,
                }
            )
    return pl.DataFrame(rows)


def test_zombies_are_shown_by_criterion_and_what_is_not_known_is_said():
    result = risks.zombies(firms(), rates=RATES)
    section = pages.section(result, region="fed")
    found = draws(section)
    assert list(found) == ["zombies", "overlap", "judged"]
    shares = {cells[0].en: cells for cells in found["zombies"].twin.rows if cells[1] == 2021}
    assert shares["subsidised credit (CHK)"][2:7] == pytest.approx((3, 1, 100 / 3, 25, 50))  # dark may be one or not
    assert shares["losses in a row"][2:7] == pytest.approx((4, 1, 25, 25, 25))
    # in the first two years of the table only firms that once earned are judged: the band says so
    first = next(c for c in found["zombies"].twin.rows if c[0].en == "losses in a row" and c[1] == 2015)
    assert first[4:7] == pytest.approx((0, 0, 25))
    assert f"1 of 3, 2021; 25 to 50{NBSP}%" in found["zombies"].headline.en
    assert f"25.0{NBSP}% (1 of 4, 2021)" in found["zombies"].headline.en
    layers = xinzhi.plot(result, "zombies").to_dict()
    dotted = [row for rows in layers["datasets"].values() for row in rows if row.get("dot")]
    assert min(row["year"] for row in dotted if row["group"] == "losses in a row") == 2017
    named = next(one for one in section.tables if one.key == "zombies_firms")
    assert [cells[0] for cells in named.rows] == ["fed", "lent"]
    unknown = next(one for one in section.tables if one.key == "zombies_unknown")
    assert any("no interest" in cells[1].en for cells in unknown.rows)
    own = next(one for one in section.tables if one.key == "zombies_firm")
    assert len(own.rows) == result.frame.filter(firm="fed").height


def test_how_far_criteria_agree_is_a_share_of_the_firms_of_each():
    result = risks.zombies(firms(), rates=RATES)
    twin = draws(pages.section(result))["overlap"].twin
    for cells, row in zip(twin.rows, result.overlap.iter_rows(named=True), strict=True):
        assert cells[2:5] == (row["both"], row["first_only"], row["second_only"])
        assert cells[5] == pytest.approx(100 * row["agreement"])
    chart = xinzhi.plot(result, "overlap").to_dict()
    shown = {(r["row"], r["column"]): r["value"] for rows in chart["datasets"].values() for r in rows if "value" in r}
    pair = result.overlap.filter(first=CHK, second=FN).row(0, named=True)
    shared = 100 * pair["both"] / (pair["both"] + pair["first_only"])
    assert shown["subsidised credit (CHK)", "earnings and renewed loans (FN)"] == pytest.approx(shared)
    other = 100 * pair["both"] / (pair["both"] + pair["second_only"])
    assert shown["earnings and renewed loans (FN)", "subsidised credit (CHK)"] == pytest.approx(other)
    assert pair["first_only"] != pair["both"]


@pytest.mark.parametrize(
    ("columns", "kinds", "answer"),
    [
        (["firm", "year", "profit"], ["zombies", "judged"], "Share of zombie firms"),
        (["firm", "year", "assets"], [], "No criterion could be applied"),
    ],
)
def test_few_columns_still_give_a_section(columns, kinds, answer):
    section = pages.section(risks.zombies(firms().select(columns)))
    assert list(draws(section)) == kinds
    assert section.answer[0].en.startswith(answer)
    assert any("is not applied" in note.en for note in section.notes)


def test_one_year_cannot_be_judged_and_a_single_year_is_a_dot():
    one = firms().filter(pl.col("year") == 2015, pl.col("firm") == "fed")
    section = pages.section(risks.zombies(one))
    assert list(draws(section)) == ["judged"]
    assert section.answer[0].en == "No firm could be judged."
    two = firms().filter(pl.col("year") == 2015)
    # in the first year only firms without a loss are judged: a share of zero would be an artefact
    assert list(draws(pages.section(risks.zombies(two)))) == ["judged"]

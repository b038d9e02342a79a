"""The brief of a region: what any expert would expect of three of them, and what is left out where data are missing."""

from __future__ import annotations

import re
from dataclasses import replace

import polars as pl
import pytest

import xinzhi
from xinzhi.core.errors import UsageError
from xinzhi.core.text import has
from xinzhi.protocol import load as load_protocol
from xinzhi.studies.brief import of_region
from xinzhi.studies.brief_facts import read
from xinzhi.studies.internal import Progress
from xinzhi.yardstick import gaps

ORDER = ["answer", "growth", "where", "able", "gaps", "moves", "flags", "company", "record"]
JILIN, BEIJING, GUIZHOU = "220000", "110000", "520000"


@pytest.fixture(scope="module")
def package():
    return xinzhi.load("china-provinces")


@pytest.fixture(scope="module")
def shared(package):
    return read(package, "xinzhi-cn-2026")


@pytest.fixture(scope="module")
def made(shared):
    return {code: of_region(shared, code) for code in shared.package.tables["regions"]["region"]}


def codes_of(made, key):
    """Return the categories of the moves of a brief, in English."""
    return [row["category"].en for row in made.parts["moves"].get(key, [])]


def spoken(brief):
    """Return every sentence of all parts in both languages."""
    return " ".join(f"{line.en} {line.zh}" for part in brief.parts for line in brief.sentences(part))


def test_seven_parts_and_the_record_answer_first(made):
    assert all(list(one.parts) == ORDER for one in made.values())


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("code", [JILIN, BEIJING, GUIZHOU])
def test_it_speaks_both_languages(made, code, language):
    text = made[code].summary(language)
    assert made[code].about.lang(language) in text
    assert ("全要素生产率" in text) == (language == "zh")
    if language == "en":
        assert not re.search(r"[\u4e00-\u9fff]", text)


def test_the_period_before_says_what_its_published_inputs_are_adjusted_to(made):
    text = spoken(made[JILIN])
    assert "published inputs, investment adjusted to revised output and to the nation’s total, no band" in text
    assert "投入为公布数字，投资按修订后产出和全国总额调整，不设区间" in text


def test_bands_of_another_rule_say_that_they_have_no_track_record(made, package):
    assert "growth.untested" not in made[JILIN].parts["growth"]
    other = load_protocol("xinzhi-cn-2026").replace({"capital.depreciation": 0.08})
    brief = of_region(read(package, other), JILIN)
    assert "No data on the past accuracy" in spoken(brief)
    assert "历史准确率的数据" in spoken(brief)


def test_a_side_is_taken_only_where_it_is_decided(made, shared):
    start, end = 2017, 2023
    rows = shared.bands.frame.filter(start=start, end=end, component="estimates")
    chance = dict(rows.select("region", "above_nation").rows())
    for code, one in made.items():
        side = one.parts["answer"]["growth.banded"]["side"]
        decided = chance[code] >= shared.bands.decided or chance[code] <= 1 - shared.bands.decided
        assert (side != "tie") == decided


def test_a_side_that_fewer_than_nine_in_ten_protocols_share_is_of_the_reference(made, shared):
    above = dict(shared.protocols.select("region", "protocol_above").rows())
    alone = {code for code, one in made.items() if one.parts["answer"]["growth.banded"]["alone"]}
    assert alone == {"630000"}  # Qinghai is the slowest under the reference alone
    assert "under the reference protocol slower than" in made["630000"].sentences("answer")[0].en
    for code, one in made.items():
        told = one.parts["answer"]["growth.banded"]
        agree = {"above": above[code], "below": 1 - above[code], "tie": 1}[told["side"]]
        assert told["alone"] == (agree < 0.9)
        row = one.parts["growth"].get("growth.protocols_ranked") or one.parts["growth"]["growth.protocols"]
        assert row["protocol_low"] <= told["value"] + 1e-9
        assert told["value"] <= row["protocol_high"]


def test_who_is_told_apart_by_the_estimates_alone_and_not_with_revisions_counted_is_named(made, shared):
    sure = {
        component: {
            frozenset(pair)
            for pair in shared.bands.pairs.filter(pl.col("decided"), start=2017, end=2023, component=component)
            .select("region", "other")
            .rows()
        }
        for component in ("estimates", "everything")
    }
    names = shared.bands.names
    lost = set()
    for code, one in made.items():
        told = next((said for key, said in one.parts["company"].items() if "lost" in said), {"lost": ""})
        for other in made:
            apart = names.region(other) in [*told.get("faster", ()), *told.get("slower", ())]
            if apart and frozenset((code, other)) not in sure["everything"]:
                assert frozenset((code, other)) in sure["estimates"]
                assert "with revisions counted" in told["lost"].en
                assert names.region(other).zh in told["lost"].zh
                lost.add(code)
        assert bool(told["lost"]) == (code in lost)
    assert 0 < len(lost) < len(made)
    one = made[min(lost)]
    assert any(
        "; with revisions counted, " in said.en and "，计入修订后与" in said.zh for said in one.sentences("company")
    )


def test_the_scenario_of_corrections_stands_in_the_first_sentence_where_it_moves_the_region(made, shared):
    moved = shared.bands.scenario.filter(pl.col("difference").abs() >= 0.005, start=2017, end=2023)
    told = {code for code, one in made.items() if one.parts["answer"]["growth.banded"]["moved"]}
    assert told == set(moved["region"]) & set(made) == {"120000", "140000", "210000", "450000"}
    assert "; growth would be 3.2\u00a0% if the fall of investment rates" in made["140000"].sentences("answer")[0].en


def test_no_rank_without_its_range_and_none_of_grade_d(made, shared):
    newest = shared.measured.periods.filter(start=2017, end=2023)
    for code, grade in newest.select("region", "grade").rows():
        assert ("growth.ranks" in made[code].parts["growth"]) == (grade != "D")


def test_what_is_recommended_is_made_there_and_not_flagged_for_capacity(made, shared):
    able = {(row["region"], row["category"]): row["able"] for row in shared.able.frame.iter_rows(named=True)}
    flagged = set(shared.register.national.filter(pl.col("rule").is_in(["idle-now", "idle-if-all-build"]))["item"])
    names = {shared.able.names.text("category", one).en: one for one in shared.able.frame["category"].unique()}
    for code, one in made.items():
        built = [names[name] for name in codes_of(one, "moves.build")]
        assert len(built) <= 3
        assert all(able[code, category] == "able" for category in built)
        assert not flagged & set(built)


def test_a_move_says_what_was_checked_and_who_else_names_it_and_the_surest_come_first(made, shared):
    register = shared.register
    most = set(register.national.filter(rule="named-by-most")["item"])
    seen = set(
        register.checks.filter(
            pl.col("rule").is_in(["idle-now", "idle-if-all-build"]), pl.col("status") != "not checked"
        )["item"]
    )
    names = {shared.able.names.text("category", one).en: one for one in shared.able.frame["category"].unique()}
    kinds = set()
    for one in made.values():
        rows = one.parts["moves"].get("moves.build", [])
        said = [line.en for line in one.sentences("moves")]
        for row in rows:
            code, line = names[row["category"].en], next(t for t in said if t.startswith(row["category"].en + " ("))
            assert (row["capacity"] != "none") == (code in seen) == ("national capacity has no figures" not in line)
            assert row["most"] == (code in most) == ("name the link of the chain first" in line)
            head = next(said for said in one.parts["answer"]["answer.moves"] if said["capacity"] == row["capacity"])
            assert row["category"].zh in head["names"].zh
            assert row["checked"] == head["checked"]
            assert row["checked"].en in line
            kinds.add(row["capacity"])
        size = {"both": 0, "survey": 1, "wave": 1, "none": 2}
        order = [(not row["named"], row["grade"] != "high", size[row["capacity"]], row["others"]) for row in rows]
        assert order == sorted(order)
    assert kinds == {"both", "survey", "wave", "none"}


def test_no_move_is_dropped_in_silence(made):
    guangdong = made["440000"]
    assert codes_of(guangdong, "moves.build") == [
        "Integrated circuits",
        "Artificial intelligence",
        "Low-altitude economy",
    ]
    said = "\n".join(line.zh for line in guangdong.sentences("answer"))
    assert "全国产能利用率已检查、未见警示，“各地都建”因缺数据未模拟：集成电路/半导体" in said
    assert "共8类，以上3类在前，其余（各查了什么见第五部分）：家电家居轻工/建材（2019年）；机器人" in said
    others = guangdong.parts["moves"]["moves.rest"]["names"].zh
    assert "家电家居轻工/建材（只做了“各地都建”的模拟）；机器人/具身智能（只查了全国产能利用率，多数" in others
    for one in made.values():
        rest = one.parts["moves"].get("moves.rest")
        assert (rest is None) == ("answer.moves_rest" not in one.parts["answer"])
        if rest is not None:
            assert rest["of"] - rest["n"] == len(rest["names"].en.split("; ")) == len(rest["bare"].en.split("; "))


def test_nothing_made_is_shown_as_evidence_of_nothing(made):
    told = [row["evidence_en"] for one in made.values() for row in one.more["evidence"].to_dicts()]
    assert told
    assert not [text for text in told if ": 0 " in text]


def test_evidence_is_asked_for_where_a_series_shows_little_and_not_where_there_is_none(made, shared):
    rows = {(row["region"], row["category"]): row for row in shared.able.frame.iter_rows(named=True)}
    names = {shared.able.names.text("category", one).en: one for one in shared.able.frame["category"].unique()}
    both = 0
    for code, one in made.items():
        parts, planned = one.parts["moves"], set(shared.plans.of(code))
        low = set(shared.able.little(code)) & planned
        assert ("moves.unproven" in parts) == bool(low)
        for category in low:
            row = rows[code, category]
            assert (row["able"], row["output"] < 0.5, (row["quotient"] or 0) < 0.5) == ("unknown", True, True)
        silent = {kind for kind in planned if rows[code, kind]["able"] == "unknown"} - low - shared.plans.general
        assert ("moves.no_figure" in parts) == bool(silent)
        if "moves.no_figure" in parts:
            told = {names.get(name) for name in parts["moves.no_figure"]["names"].en.split("; ")} - {None}
            assert told <= silent
        both += bool(low and silent)
    assert both
    assert "（集成电路产量，2019年）" in made["460000"].parts["moves"]["moves.unproven"]["names"].zh


def test_stop_takes_two_young_series(made, shared):
    assert not any("moves.stop" in one.parts["moves"] for one in made.values())
    assert "moves.contradicted" in made["620000"].parts["moves"]
    young = {"output_year": shared.able.as_of, "quotient_year": shared.able.as_of, "quotient": 0.01}
    mine = (pl.col("region") == "620000") & (pl.col("category") == "ai")
    frame = shared.able.frame.with_columns(
        pl.when(mine).then(pl.lit(value)).otherwise(pl.col(name)).alias(name) for name, value in young.items()
    )
    told = of_region(replace(shared, able=replace(shared.able, frame=frame)), "620000").parts["moves"]
    assert "Artificial intelligence" in told["moves.stop"]["names"].en
    assert "moves.contradicted" not in told


@pytest.mark.parametrize(
    ("code", "expected"), [(BEIJING, "Artificial intelligence"), (GUIZHOU, "Computing power and data centres")]
)
def test_moves_that_every_expert_would_sign(made, code, expected):
    assert expected in codes_of(made[code], "moves.build")


def test_jilin_is_known_for_cars_and_told_the_chance_if_all_build(made):
    parts = made[JILIN].parts
    assert "Automobiles" in parts["able"]["able.can"]["names"].en
    assert "汽车（含零部件）（13个，45至91%）" in parts["moves"]["moves.if_all"]["some"].zh
    assert "Automobiles" not in parts["moves"]["moves.if_all"]["sure"].en
    said = next(line.en for line in made[JILIN].sentences("moves") if "13, 45 to 91\u00a0%" in line.en)
    assert said.startswith("If all that is planned is built (in brackets")
    assert "below 75\u00a0% after 5 years, demand growing by 10.6 to 2.7\u00a0% a year" in said
    assert "look at demand first, as with fast demand it does not idle: " in said
    assert "Automobiles" not in parts["moves"]["moves.idle_now"]["names"].en
    assert "moves.none" in parts["moves"]
    assert parts["flags"]["flags.one"][0]["pitfall"].en == "excessive debt"


def test_capital_is_no_want_where_it_is_abundant(made):
    row = made[JILIN].parts["gaps"]["gaps.one"][0]
    assert row["verdict"] == "abundant"
    assert row["level"] > row["level_peers"]


def test_a_gap_is_called_sure_only_where_its_band_lies_above_zero(made):
    rows = [row for one in made.values() for row in one.parts["gaps"].get("gaps.one", [])]
    assert {row["verdict"] for row in rows} == {"unsure", "abundant", "doubtful", "unsteady", "chance", "plain"}
    assert not any("answer.gaps" in one.parts["answer"] for one in made.values())


def test_a_gap_that_survives_among_all_is_the_headline(shared):
    parts = shared.bands.components.with_columns(pl.col("relative_half_width") / 3)
    found = gaps(shared.measured, shared.peers, bands=replace(shared.bands, components=parts))
    told = [of_region(replace(shared, gaps=found), code) for code in found.frame.filter("sure")["region"].unique()]
    assert told
    for one in told:
        rows = one.parts["gaps"]["gaps.one"]
        assert one.parts["answer"]["answer.gaps"]["names"]
        assert all(row["low"] > 0 and row["least"] > 0 for row in rows if row["verdict"] in {"sure", "residual"})
        assert "survives among all gaps" in one.sentences("answer")[1].en


def test_nothing_unknown_is_called_unable(made):
    assert all("不适合" not in one.summary("zh") for one in made.values())
    for one in made.values():
        counts = one.parts["able"]["able.named"]["counts"].zh
        assert ("able.contradicted" in one.parts["able"]) == ("不具备条件" in counts.replace("不等于不具备条件", ""))
        assert "，0类" not in f"，{counts}"


def test_the_record_stands_in_every_brief(made):
    for one in made.values():
        assert one.parts["record"]["backcast.same"]["n"] == 62
        assert "backcast.coin" in one.parts["record"]
        assert "backcast.unscored" in one.parts["record"]


def test_the_brief_of_hainan_has_no_neighbour(made):
    assert "company.island" in made["460000"].parts["company"]


def test_a_package_with_accounts_alone_says_what_is_left_out(package):
    few = {name: package.tables[name] for name in ("regions", "accounts", "investment", "nation")}
    bare = xinzhi.study("brief", few, region="22")
    assert list(bare.parts) == ["answer", "growth", "where", "gaps", "company", "record"]
    said = " ".join(note.en for note in bare.notes)
    assert all(word in said for word in ("evidence of ability", "the register", "reallocation"))
    assert "peers.missing" in bare.parts["company"]


def test_a_package_without_plans_lists_what_can_be_done(package):
    few = {name: one for name, one in package.tables.items() if name not in {"plans", "plan_categories"}}
    bare = xinzhi.study("brief", replace(package, tables=few), region="Guizhou")
    assert "able.only" in bare.parts["able"]
    assert "flags" not in bare.parts
    assert "computing" in bare.summary().lower()


def test_official_years_alone_have_no_band_and_no_side(package):
    few = {
        name: frame.filter(pl.col("year") <= 2017) if "year" in frame.columns else frame
        for name, frame in package.tables.items()
        if name in {"regions", "accounts", "investment", "nation"}
    }
    bare = xinzhi.study("brief", few, region="Jilin")
    assert "growth.plain" in bare.parts["answer"]
    assert all(row["verdict"] in {"plain", "unsure", "abundant"} for row in bare.parts["gaps"].get("gaps.one", []))


def test_every_step_that_is_told_has_words(package):
    told = []
    xinzhi.study("brief", package, region="Jilin", progress=Progress(step=told.append))
    xinzhi.study("assess", package, only=("none",), briefs=True, progress=Progress(step=told.append))
    assert "briefs" in told
    assert all(has(f"terminal.step.{name}") for name in told)


def test_an_unknown_region_is_named_with_a_suggestion(package):
    with pytest.raises(UsageError, match="Did you mean Jilin"):
        xinzhi.study("brief", package, region="Jlin")
    with pytest.raises(UsageError, match="name the region"):
        xinzhi.study("brief", package)


def test_the_headline_tells_no_shortfall_from_none_that_is_sure_and_from_one_that_does_not_count(made):
    heads = {code: one.parts["answer"] for code, one in made.items()}
    assert "answer.none_short" in heads[BEIJING]
    assert "answer.uncounted" in heads["630000"]
    for one in made.values():
        rows = one.parts["gaps"].get("gaps.one", [])
        above = any(row["banded"] and row["low"] > 0 for row in rows)
        assert above != bool({"answer.no_gaps", "answer.none_short"} & set(one.parts["answer"]))


def test_capital_is_called_abundant_only_where_the_printed_figures_say_so(made):
    rows = [row for one in made.values() for row in one.parts["gaps"].get("gaps.one", [])]
    assert all(round(row["level"], 1) > round(row["level_peers"], 1) for row in rows if row["verdict"] == "abundant")


def test_the_record_beside_the_band_is_that_of_bands_of_as_many_years(made):
    said = made[JILIN].sentences("answer")[0].en.replace("\u00a0", " ")
    assert "over 6 years, such bands of single regions held in 92 %" in said


def test_what_reallocation_brought_holds_under_both_labour_shares(made, shared):
    runs = [one.periods.filter(start=2017, end=2023) for one in shared.sources.views]
    moved = [dict(run.select("region", "allocation").iter_rows()) for run in runs]
    for code, one in made.items():
        low, high = (f"{100 * size:.2f}".replace("-", "\N{MINUS SIGN}") for size in sorted(run[code] for run in moved))
        said = one.parts["where"]["where.allocation_of"]["total"].en
        assert said.replace("\N{MINUS SIGN}0.00", "0.00") == (low if low == high else f"{low} to {high}")
        for row in one.parts["gaps"].get("gaps.one", []):
            if row["factor"].en.startswith("reallocation"):
                assert row["shares"]
                agree = [run[code] < sorted(run[peer] for peer in shared.peers.codes(code))[2] for run in moved]
                assert all(agree) or row["verdict"] in {"shares", "doubtful"}
            else:
                assert not row["shares"]
    (row,) = (row for row in made["540000"].parts["gaps"]["gaps.one"] if row["shares"])
    assert (row["gap"].en, row["verdict"]) == ("0.52 to 1.10", "plain")
    text = spoken(made["540000"])
    assert "Ranges go from one labour share for all sectors to shares by sector." in text
    assert "with other sets of peers or labour shares 0.43 to 1.10" in text

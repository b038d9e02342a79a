"""The answer of an assessment: five sentences that say no more than what is computed, and ranks with their ranges."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

import xinzhi
from xinzhi.core.text import sentences
from xinzhi.data import national_series
from xinzhi.studies import assess
from xinzhi.yardstick import audit, measure, ranking, robustness
from xinzhi.yardstick.internal import View
from xinzhi.yardstick.ranking import _whole

NEWEST, OFFICIAL = (2017, 2023), (2012, 2017)


@pytest.fixture(scope="module")
def shipped():
    """Return the assessment of China's provinces without its topics."""
    return assess("china-provinces", only=("none",))


def told(result, language="en"):
    """Return the facts of a ranking, and its sentences by key."""
    facts = result.facts()
    said = {key: sentences({key: values}, result.topic)[0].lang(language) for key, values in facts.items()}
    return facts, said


def alone(package, code):
    """Return a package of one region."""
    return replace(
        package, tables={name: package.tables[name].filter(region=code) for name in ("accounts", "investment")}
    )


@pytest.fixture(scope="module")
def audited(shipped):
    return audit(shipped.package)


def test_robustness_is_that_of_the_audit(shipped, audited):
    found = robustness(shipped.measurement, [OFFICIAL, NEWEST])
    whole = audited.frame.join(found, on=["region", "start", "end"], how="inner")
    assert whole.height == found.height == 62
    ranked = whole["rank_p05"].is_not_null()
    assert (ranked == whole["among_first"].is_not_null()).all()
    assert ranked.sum() < 62  # grade D has no rank
    for mine, other in (("protocol_low", "p05"), ("protocol_high", "p95")):
        assert (whole[mine] - whole[other]).abs().max() < 1e-12
    assert (whole["protocol_rank_low"] <= whole["rank_p05"]).all()
    assert (whole["protocol_rank_high"] >= whole["rank_p95"]).all()
    assert (whole["protocol_rank_high"] - whole["rank_p95"]).max() < 1


@pytest.mark.parametrize("span", [OFFICIAL, NEWEST])
def test_ranks_over_protocols_are_of_those_under_which_the_data_of_a_region_pass(shipped, audited, span):
    at = audited.spans.index(span)
    failed, growth = audited.admission.of_span(at), audited.estimates.of_span(at)
    ranked = ~failed[0]
    failed, growth = failed[:, ranked], growth[:, ranked]
    places = (growth[:, :, None] < growth[:, None, :]).sum(axis=2) + 1
    rows = audited.frame.filter(start=span[0], end=span[1]).sort("region").filter(ranked)
    found = robustness(shipped.measurement, [span]).sort("region").filter(ranked)
    assert 0 < failed.any(axis=0).sum() < len(places)
    for name, part in (("minimum", 0), ("p05", 0.05), ("median", 0.5), ("p95", 0.95), ("maximum", 1)):
        by_hand = [np.quantile(own[~bad], part) for own, bad in zip(places.T, failed.T, strict=True)]
        assert rows[f"rank_{name}"].to_numpy() == pytest.approx(by_hand, abs=1e-12)
    assert found["among_first"].to_numpy() == pytest.approx(((places <= 3) & ~failed).mean(axis=0), abs=1e-12)


def test_the_side_of_a_region_is_that_of_the_protocols_with_the_whole_moved_as_the_regions(shipped, audited):
    found = robustness(shipped.measurement, [NEWEST]).sort("region")
    growth, whole = audited.estimates.of_span(audited.spans.index(NEWEST)), shipped.measurement.national_periods
    reference = whole.filter(start=NEWEST[0], end=NEWEST[1])["tfp_growth"].item()
    size = shipped.package.tables["accounts"].filter(pl.col("year").is_between(NEWEST[0] + 1, NEWEST[1]))
    size = size.group_by("region").agg(pl.col("output_nominal").sum()).sort("region")["output_nominal"].to_numpy()
    nation = reference + ((growth - growth[0]) * (size / size.sum())).sum(axis=1)
    assert found["protocol_above"].to_numpy() == pytest.approx((growth > nation[:, None]).mean(axis=0), abs=1e-12)
    changed = shipped.protocol.replace({"capital.depreciation": 0.06})
    other = measure(shipped.package, changed)
    after = other.national_periods.filter(start=NEWEST[0], end=NEWEST[1])["tfp_growth"].item()
    rows = [one.periods.filter(start=NEWEST[0], end=NEWEST[1]).sort("region") for one in (shipped.measurement, other)]
    moved = (rows[1]["tfp_growth"] - rows[0]["tfp_growth"]).to_numpy() @ (size / size.sum())
    assert abs(after - reference) > 0.002
    assert after - reference == pytest.approx(moved, abs=0.001)


def test_a_region_has_its_range_over_protocols_and_the_scenario_where_it_moves(shipped):
    some = pl.col("region").is_in(["140000", "520000"])
    tables = {name: shipped.package.tables[name].filter(some) for name in ("accounts", "investment")}
    made = assess(replace(shipped.package, tables=tables), only=("none",)).ranking
    said = told(made)[1]["ranking.each_band"].replace("\u00a0", " ")
    for row in made.in_period(*NEWEST).iter_rows(named=True):
        ends = [f"{100 * row[f'protocol_{end}']:.1f}" for end in ("low", "high")]
        assert f", {ends[0]} to {ends[1]} % under nine in ten protocols" in said
    scenario = dict(made.bands.scenario.filter(start=2017, end=2023).select("region", "corrected").iter_rows())
    assert said.count("inflated figures") == 1  # Guizhou hardly moves
    assert f"growth would be {100 * scenario['140000']:.1f} %" in said
    assert "3.2 % if the fall" in told(shipped.ranking)[1]["ranking.robust"].replace("\u00a0", " ")


def test_who_is_above_all_together_under_too_few_protocols_is_not_called_faster(shipped):
    frame = shipped.ranking.frame.with_columns(protocol_above=pl.lit(0.89))
    said = told(replace(shipped.ranking, frame=frame))[1]["ranking.robust"]
    assert "none is among the top 3" in said
    assert "90" in said


def test_every_rank_of_an_estimated_period_has_its_range(shipped):
    for (start, end), estimated in ((NEWEST, True), (OFFICIAL, False)):
        rows = shipped.ranking.in_period(start, end)
        assert rows["rank_low"].is_not_null().all() is estimated or not estimated
        assert (rows["rank"].is_null() | rows["protocol_rank_low"].is_not_null()).all()
        assert not estimated or rows.filter(pl.col("rank").is_not_null() & pl.col("rank_low").is_null()).is_empty()
    plain = ranking(shipped.measurement)
    assert plain.in_period(*NEWEST)["rank"].is_null().all()
    assert plain.in_period(*OFFICIAL)["rank"].is_not_null().any()
    failed = View(shipped.measurement).unranked(View(shipped.measurement).lead)
    assert failed
    assert (
        shipped.ranking.in_period(*OFFICIAL).filter(pl.col("region").is_in(failed))["protocol_rank_low"].is_null().all()
    )


def test_five_sentences_lead_newest_first(shipped):
    facts, said = told(shipped.ranking)
    keys = [key for key in facts if not key.startswith("note.")]
    assert keys == [
        "ranking.newest_band",
        "ranking.robust",
        "ranking.nation",
        "ranking.before_mixed",
        "ranking.carried",
    ]
    assert said["ranking.newest_band"].startswith("In 2017–2023")
    band = facts["ranking.newest_band"]
    rows = shipped.ranking.bands.frame.filter(region="total", start=2017, end=2023)
    assert (band["low"], band["high"]) == rows.filter(component="estimates").select("low", "high").row(0)
    first = shipped.ranking.bands.facts()["answer.nation"]  # what `bands` says of the same period
    assert (band["low"], band["high"]) == (first["low"], first["high"])
    assert band["low"] <= band["tfp"] <= band["high"]
    _, chinese = told(shipped.ranking, "zh")
    assert not any(letter.isascii() and letter.isalpha() for key in keys for letter in chinese[key] if letter != "D")


def test_who_is_among_the_first_of_estimated_years_is_told_apart_by_the_bands(shipped):
    made = shipped.ranking
    band = made.bands.frame.filter(start=2017, end=2023, component="estimates")
    above = band.filter(pl.col("above_nation") >= made.bands.decided)["region"]
    often = made.in_period(*NEWEST).filter(pl.col("among_first") > 0.5)
    names = made.names
    said = told(made)[1]["ranking.robust"].replace("\u00a0", " ")
    assert {"140000", "150000"} <= set(often["region"])  # Inner Mongolia by most protocols, and by its band anywhere
    for row in often.iter_rows(named=True):
        shown = f"rank is {row['rank_low']} to {row['rank_high']}"
        assert (names.region(row["region"]).en in said) is (row["region"] in above)
        assert row["region"] not in above or shown in said
    none = made.bands.frame.with_columns(above_nation=pl.lit(0.5))
    alone = told(replace(made, bands=None))[1]["ranking.robust"]
    assert "whose error cannot be told" in alone  # who is certain cannot be known
    assert "among the top" not in alone
    said = told(replace(made, bands=replace(made.bands, frame=none)))[1]["ranking.robust"]
    assert "none is among the top" in said


def test_the_audit_says_whose_reference_rank_few_protocols_give(audited):
    start, end = audited.official_span
    rows = audited.ranked(audited.frame.filter(start=start, end=end))
    k = rows.filter(~pl.col("reference_rank").is_between(pl.col("rank_p05"), pl.col("rank_p95"))).height
    assert audited.facts()["note.audit_outside"]["k"] == k > 0


def test_earlier_periods_are_called_higher_only_beyond_the_band(shipped):
    made = shipped.ranking
    high = told(made)[0]["ranking.newest_band"]["high"]
    view = View(made.measurement)
    assert all(view.national_of(span)["tfp_growth"] > high for span in view.spans[:-1])
    wide = made.bands.frame.with_columns(
        pl.when(pl.col("region") == "total").then(pl.col("high") + 0.0025).otherwise(pl.col("high")).alias("high")
    )
    facts, said = told(replace(made, bands=replace(made.bands, frame=wide)))
    assert "ranking.before_mixed" in facts
    assert "2.2 % in 2012–2017" in said["ranking.before_mixed"].partition("cannot")[0].replace("\u00a0", " ")
    total = pl.col("region") == "total"
    everything = wide.with_columns(
        pl.when(total).then(at).otherwise(pl.col(end)).alias(end) for end, at in (("low", -1.0), ("high", 1.0))
    )
    assert "ranking.before_same" in replace(made, bands=replace(made.bands, frame=everything)).facts()


def test_the_sum_of_the_regions_stands_beside_the_nation(shipped):
    said = shipped.ranking.facts()["ranking.nation"]
    table = shipped.package.tables["nation"].filter(
        pl.col("variable") == "gdp_growth", pl.col("vintage").str.starts_with("census4 (final")
    )
    known = {year: value for year, value in table.select("year", "value").rows() if 2017 < year <= 2023}
    nation = np.mean([np.log1p(known[year] / 100) for year in range(2018, 2024)])
    row = View(shipped.measurement).national_of(View(shipped.measurement).spans[-1])
    assert said["nation"] == pytest.approx(nation, abs=1e-12)
    assert said["implied"] == pytest.approx(row["tfp_growth"] - row["output_growth"] + said["nation"], abs=1e-12)
    tables = {name: frame for name, frame in shipped.package.tables.items() if name != "nation"}
    without = measure(replace(shipped.package, tables=tables))
    assert "ranking.nation" not in ranking(without).facts()
    assert "answer.nation" not in without.facts()


def test_every_period_stands_beside_the_nation(shipped):
    growth = dict(national_series(shipped.package, "gdp_growth").select("year", "value").iter_rows())
    for row in View(shipped.measurement).national_periods.iter_rows(named=True):
        nation = np.mean([np.log1p(growth[year] / 100) for year in range(row["start"] + 1, row["end"] + 1)])
        assert row["nation_growth"] == pytest.approx(nation, abs=1e-12)
        assert row["nation_tfp_growth"] == pytest.approx(row["tfp_growth"] - row["output_growth"] + nation, abs=1e-12)
    for made in (shipped.ranking, shipped.measurement):
        said = made.summary("en").replace("\u00a0", " ")
        for figure in ("1.5 %", "0.7 % in 2007–2012", "2.9 % in 2000–2007", "2.0 % in 1996–2000", "1.8 % in 1996–2023"):
            assert figure in said
    assert "1.5 % in 2012–2017" in shipped.ranking.summary("en").replace("\u00a0", " ")
    assert "1.6 % in 2017–2023" in shipped.measurement.summary("en").replace("\u00a0", " ")


def test_an_order_of_periods_is_told_only_where_both_outputs_give_it(shipped):
    said = told(shipped.ranking)[1]["ranking.before_mixed"].replace("\u00a0", " ")
    higher, within, depends = said.split("; ")
    assert "3.9 % in 2000–2007 is higher even allowing" in higher
    assert "2.2 % in 2012–2017 cannot be told" in within
    assert "2007–2012 (2.3 % with the sum of the regions, 0.7 % with the nation’s own output)" in depends
    assert "1996–2000" in depends
    assert "which give 1.8 and 1.6 % in 2017–2023" in depends
    without = {"nation": shipped.measurement.panel.nation | {"gdp_growth": {}}}
    plain = replace(shipped.measurement, panel=replace(shipped.measurement.panel, **without))
    said = told(replace(shipped.ranking, measurement=plain))[1]["ranking.before_mixed"]
    assert "the order depends" not in said
    assert "2007–2012" in said.partition("higher")[0]


def test_the_note_on_findings_says_by_how_much_growth_moves(shipped):
    said = shipped.ranking.facts()["note.findings_moved_all"]
    measured, view = shipped.measurement, View(shipped.measurement)
    codes = {(one.key or "").partition("/")[0] for one in measured.findings if one.severity == "warning"} & set(
        view.codes
    )
    assert (said["n"], said["k"]) == (sum(one.severity == "warning" for one in measured.findings), len(codes))
    inputs = measured.inputs.filter(~pl.col("region").is_in(list(codes)))
    rest = (
        inputs.group_by("year")
        .agg(
            pl.col("output", "capital", "labour").sum(),
            human=(pl.col("human_capital") * pl.col("labour")).sum() / pl.col("labour").sum(),
            share=(pl.col("labour_share") * pl.col("output")).sum() / pl.col("output").sum(),
        )
        .sort("year")
    )
    step = rest.with_columns(
        weight=(pl.col("share") + pl.col("share").shift()) / 2,
        **{name: pl.col(name).log().diff() for name in ("output", "capital", "labour", "human")},
    ).filter(pl.col("year").is_between(2018, 2023))
    growth = step.select(
        (
            pl.col("output")
            - (1 - pl.col("weight")) * pl.col("capital")
            - pl.col("weight") * (pl.col("labour") + pl.col("human"))
        ).mean()
    ).item()
    assert said["all"] == pytest.approx(abs(growth - said["tfp"]), abs=1e-9)
    assert said["single"] > 0


def test_one_region_has_its_band_and_no_rank(shipped):
    made = assess(alone(shipped.package, "520000"), only=("none",)).ranking
    facts, said = told(made)
    assert "% band 0.0 to 1.9" in said["ranking.newest_band"]
    assert "ranking.nation" not in facts
    assert "ranking.robust" not in facts
    assert (
        facts["ranking.alone"]["protocol_low"]
        < facts["ranking.newest_band"]["tfp"]
        < facts["ranking.alone"]["protocol_high"]
    )
    assert made.frame["rank"].is_null().all()
    mine = shipped.ranking.frame.filter(region="520000")
    for name in ("tfp_growth", "low", "high"):
        assert made.frame[name].to_list() == pytest.approx(mine[name].to_list(), abs=1e-12)


def test_a_part_of_the_set_is_told_as_the_measurement_tells_it_behind_its_newest_period(shipped):
    some = ["220000", "210000", "230000"]
    tables = {
        name: shipped.package.tables[name].filter(pl.col("region").is_in(some)) for name in ("accounts", "investment")
    }
    made = assess(replace(shipped.package, tables=tables), only=("none",))
    facts = dict(made.ranking.facts())
    assert next(iter(facts)) == "ranking.each_band"
    del facts["ranking.each_band"]
    assert facts == made.measurement.facts()
    assert made.ranking.frame["rank"].is_null().all()


def test_a_made_up_country_without_estimates_has_sentences_without_bands(country):
    made = assess(xinzhi.load(country(regions=12, years=25, first=1990)), only=("none",)).ranking
    assert made.bands is None
    facts, said = told(made)
    assert "ranking.newest" in facts
    assert "band" not in " ".join(said.values())
    assert "ranking.nation" not in facts
    for language in ("zh", "en"):
        assert made.summary(language)


def test_ranks_of_estimated_years_stand_in_no_table_without_their_range(shipped):
    from xinzhi.report.pages.yardstick import tables

    view = View(shipped.measurement)
    titles = [column.name for column in tables.ranking(view).columns]
    assert "rank" in titles
    assert not any(name.startswith("rank20") for name in titles)
    periods = tables.table_of(view, "periods")
    at = {column.name: place for place, column in enumerate(periods.columns)}
    ends = {row[at["end"]] for row in periods.rows if row[at["rank"]] is not None}
    assert ends
    assert max(ends) < 2023


def test_figures_of_several_topics_are_reconciled_exactly(tmp_path, country):
    made = assess("china-provinces", only=("sources", "frontier"))
    frame = made.more["spans"]
    assert frame["topic"].to_list() == ["accounts", "accounts", "accounts", "sources", "frontier"]
    parts = frame.select(total=pl.sum_horizontal("reference", "span_effect", "weighting_effect", "method_effect"))
    assert (parts["total"] - frame["figure"]).abs().max() < 1e-12
    assert frame.select("start", "end").row(0) == (2017, 2023)  # that with which the report begins
    newest = made.topics["sources"].results["sources"].facts()["answer.newest"]
    assert (newest["start"], newest["end"]) == (2017, 2023)
    own = frame.filter(topic="sources")
    assert newest["rate"] == pytest.approx(own["same_span"].item(), abs=1e-12)
    assert newest["rate"] == pytest.approx(own["reference"].item(), abs=1e-12)
    own = made.topics["sources"].results["sources"].facts()["answer.whole"]
    assert frame.filter(topic="sources")["figure"].item() == pytest.approx(own["rate"], abs=1e-12)
    shown = made.topics["frontier"].results["change"].facts()["headline.change"]["value"]
    assert 100 * frame.filter(topic="frontier")["figure"].item() == pytest.approx(shown, abs=1e-9)
    made.write(tmp_path)
    page = (tmp_path / "report.html").read_text("utf-8")
    assert 'id="spans"' in page
    assert (
        page.index('id="spans"') < page.index('id="sources"') < page.index('id="regions"') < page.index('id="protocol"')
    )
    plain = assess(xinzhi.load(country()), only=("none",))
    plain.write(tmp_path)
    assert 'id="spans"' not in (tmp_path / "report.html").read_text("utf-8")


def test_a_few_regions_lead_with_the_newest_period_of_each(shipped):
    some = ["140000", "370000", "520000"]
    cut = {
        name: shipped.package.tables[name].filter(pl.col("region").is_in(some))
        for name in ("accounts", "investment", "regions")
    }
    made = assess(replace(shipped.package, tables=cut), only=("none",))
    _, said = told(made.ranking)
    first = next(iter(said.values())).replace("\u00a0", " ")
    assert first.startswith("In 2017–2023, the newest period")
    for row in shipped.ranking.in_period(*NEWEST).filter(pl.col("region").is_in(some)).to_dicts():
        name, tfp, low, high = (
            shipped.ranking.names.region(row["region"]).en,
            *(f"{100 * row[one]:.1f}" for one in ("tfp_growth", "low", "high")),
        )
        assert f"{name} {tfp} % ({low} to {high} %" in first
        assert f"{100 * np.expm1(row['output_growth']):.1f} % compound" in first
    assert "such bands of single regions held in 92 %" in first


def test_growth_of_output_is_told_in_logarithms_and_compound(shipped):
    facts, said = told(shipped.ranking)
    assert facts["ranking.nation"]["nation_compound"] == pytest.approx(0.0524, abs=5e-5)  # as published, 5.24 % a year
    assert "(in logarithms; output 5.4 % compound)" in said["ranking.newest_band"].replace("\u00a0", " ")


@pytest.mark.parametrize(("part", "told"), [(0.876, 88), (0.874, 87), (0.9999, 99), (1.0, 100)])
def test_a_part_of_the_protocols_is_rounded_as_in_the_table_and_100_is_said_of_all_alone(part, told):
    assert _whole(part) == told


def test_no_rank_of_estimated_years_stands_without_its_range(shipped):
    measured = shipped.measurement
    for name in ("rank", "raw_rank", "linked_rank"):
        late = measured.periods.filter(pl.col("end") == 2023)
        assert late[name].is_null().all()
        assert measured.periods.filter(start=2012)[name].is_not_null().any()
    assert "rank" not in measured.national_periods.columns
    rows = shipped.ranking.in_period(*NEWEST).drop_nulls("rank")
    assert rows.height > 25
    assert rows["rank_low"].is_not_null().all()
    order = rows.sort("tfp_growth", descending=True)["rank"]
    assert order.to_list() == sorted(order)


def test_sentences_of_sources_and_paths_mark_estimated_years():
    for language, mark in (("en", "2017–2023 (partly extrapolated)"), ("zh", "2017—2023年（部分为外推）")):
        said = xinzhi.sources.decompose("china-provinces").summary(language).splitlines()
        assert mark.replace("2017", "2003") in said[0]
        assert mark in said[1]
        notes = [note.lang(language) for note in xinzhi.study("paths", "china-provinces", clubs=True).notes]
        assert any(mark.replace("2017", "2018") in note for note in notes)

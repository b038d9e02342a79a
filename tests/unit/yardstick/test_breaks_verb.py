from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

import xinzhi
from xinzhi import protocol
from xinzhi.core.errors import InputError, ProtocolError
from xinzhi.yardstick import breaks
from xinzhi.yardstick.breaking import linked_growth
from xinzhi.yardstick.breaks import SCHEMA
from xinzhi.yardstick.internal import break_findings, break_marks
from xinzhi.yardstick.panel import read_panel

YEARS = np.arange(1990, 2015)
CODES = ["110000", "120000", "130000", "140000", "150000", "210000", "220000", "230000"]


@pytest.fixture(scope="module")
def found():
    return breaks("china-provinces")


@pytest.fixture(scope="module")
def ours():
    return protocol.load("xinzhi-cn-2026")


def tables(country, *, codes=None, **broken):
    made = country(regions=len(CODES), years=len(YEARS), first=int(YEARS[0]), seed=7)
    names = dict(zip(sorted(made["accounts"]["region"].unique()), codes or CODES, strict=True))
    out = {name: table.with_columns(pl.col("region").replace(names)) for name, table in made.items()}
    accounts = out["accounts"].with_columns(schooling=8 * 1.01 ** (pl.col("year") - 1990), labour_share=pl.lit(0.5))
    for column, (region, year, factor) in broken.items():
        later = (pl.col("region") == region) & (pl.col("year") >= year)
        accounts = accounts.with_columns(pl.when(later).then(pl.col(column) * factor).otherwise(column).alias(column))
    out["accounts"] = accounts
    return out


def row(result, region, year, series):
    return result.frame.filter(region=region, year=year, series=series).row(0, named=True)


def test_columns_and_key(found):
    assert found.frame.columns == list(SCHEMA)
    assert not found.frame.select(found.key).is_duplicated().any()
    assert set(found.frame["kind"]) == {"level_shift", "outlier"}
    assert (found.frame["explained"] == found.frame["census"].is_not_null()).all()
    assert found.reason is None
    assert found.frame["move"].is_finite().all()


def test_a_pair_points_at_each_other_with_one_score(found):
    pairs = found.frame.filter(kind="outlier")
    assert pairs.height
    for one in pairs.iter_rows(named=True):
        other = row(found, one["region"], one["pair"], one["series"])
        assert other["pair"] == one["year"]
        assert abs(one["year"] - other["year"]) == 1
        assert other["score"] == -one["score"]
        assert np.sign(one["score"]) == np.sign(one["move"] - one["expected"])
    assert found.frame.filter(kind="level_shift")["pair"].null_count() == found.frame.filter(kind="level_shift").height


def test_a_planted_shift_is_found_with_its_size(country, ours):
    made = tables(country, employment=("130000", 2007, 0.7))
    one = row(breaks(made), "130000", 2007, "employment")
    assert one["kind"] == "level_shift"
    assert one["move"] - one["expected"] == pytest.approx(np.log(0.7), abs=0.05)
    assert not one["explained"]
    share = sum(ours.series("shares.national", [2006, 2007])) / 2
    assert one["tfp_effect"] == pytest.approx(-share * (one["move"] - one["expected"]), abs=1e-12)


def test_output_and_schooling_have_their_effects(country, ours):
    made = tables(country, output_real=("110000", 2001, 1.4), schooling=("120000", 2003, 1.3))
    result = breaks(made, ours)
    up = row(result, "110000", 2001, "output_real")
    assert up["tfp_effect"] == pytest.approx(up["move"] - up["expected"], abs=0.02)
    taught = row(result, "120000", 2003, "schooling")
    assert taught["tfp_effect"] < -0.05
    assert row(breaks(made, ours.replace({"labour.quality": "none"})), "120000", 2003, "schooling")["tfp_effect"] == 0


def test_a_regional_share_has_an_effect_and_a_mark_where_it_is_read(country, ours):
    made = tables(country, labour_share=("140000", 2001, 1.4))
    regional = ours.replace({"shares.rule": "observed_regional"})
    own = row(breaks(made, regional), "140000", 2001, "labour_share")["tfp_effect"]
    national = row(breaks(made, ours), "140000", 2001, "labour_share")["tfp_effect"]
    assert abs(own) > 0
    assert national == 0  # a region's own share does not enter the national series of the protocol
    panel = read_panel(xinzhi.load(made))
    assert break_marks(panel, regional)["break:labour_share"].sum() == 1
    assert "break:labour_share" not in break_marks(panel, ours)


def test_under_a_national_share_a_break_in_a_regions_own_share_has_no_effect(ours):
    own = breaks("china-provinces", ours).frame.filter(series="labour_share")
    assert ours.value("shares.rule") == "observed_national"
    assert own["tfp_effect"].is_not_null().any()
    assert own["tfp_effect"].drop_nulls().abs().max() == 0


def test_marks_follow_what_the_protocol_reads(ours):
    panel = read_panel(xinzhi.load("china-provinces"))
    assert set(break_marks(panel, ours)) == {"break:employment", "break:output", "break:investment", "break:schooling"}
    heads = ours.replace({"labour.quality": "none", "output.vintage": "first_published"})
    assert set(break_marks(panel, heads)) == {"break:employment", "break:investment"}


def test_marks_are_the_breaks(found, ours):
    panel = read_panel(xinzhi.load("china-provinces"))
    mask = break_marks(panel, ours)["break:employment"]
    where = {(panel.regions[r], int(panel.years[t])) for r, t in np.argwhere(mask)}
    assert where == set(found.frame.filter(series="employment").select("region", "year").iter_rows())


def test_marks_are_fast(ours):
    panel = read_panel(xinzhi.load("china-provinces"))
    break_marks(panel, ours)
    spent = []
    for _ in range(3):
        start = time.process_time()
        break_marks(panel, ours)
        spent.append(time.process_time() - start)
    assert min(spent) < 0.03


def test_a_census_explains_only_its_series_and_chinese_regions(country):
    made = tables(country, employment=("130000", 2010, 0.7))
    assert row(breaks(made), "130000", 2010, "employment")["census"] == "population census of 2010"
    made = tables(country, output_real=("130000", 2010, 0.7))
    assert row(breaks(made), "130000", 2010, "output_real")["census"] is None
    elsewhere = [f"x{number}" for number in range(len(CODES))]
    made = tables(country, codes=elsewhere, employment=("x2", 2010, 0.7))
    assert row(breaks(made), "x2", 2010, "employment")["census"] is None


def test_an_event_that_names_a_region_needs_its_mark_and_no_alarm(ours):
    """Beijing 2021: a move too small for an alarm is a break where event and package agree, and nowhere else."""
    panel = read_panel(xinzhi.load("china-provinces"))
    row, column = panel.region_index("110000"), 2021 - int(panel.years[0])
    persons = panel.accounts["employment"].copy()
    persons[row, column:] *= 1.07  # a fall of 1.6 % is left of the 8 %
    calm = replace(panel, accounts={**panel.accounts, "employment": persons})
    assert break_marks(calm, ours)["break:employment"][row, column]
    assert linked_growth(calm, ours.replace({"labour.linked_growth": None}))[row, column] > 0
    unmarked = np.array(panel.breaks)
    unmarked[row, column] = False
    elsewhere = ("x0", *panel.regions[1:])
    for other in (replace(calm, breaks=unmarked), replace(calm, regions=elsewhere)):
        assert not break_marks(other, ours)["break:employment"][row, column]


def test_a_change_of_vintage_explains_nominal_output_anywhere(country):
    elsewhere = [f"x{number}" for number in range(len(CODES))]
    made = tables(country, codes=elsewhere, output_nominal=("x2", 2005, 1.5), output_real=("x3", 2005, 1.5))
    vintage = pl.when(pl.col("year") < 2005).then(pl.lit("census4")).otherwise(pl.lit("census5"))
    made["accounts"] = made["accounts"].with_columns(output_vintage=vintage)
    result = breaks(made)
    assert row(result, "x2", 2005, "output_nominal")["census"] == "change of vintage"
    assert row(result, "x3", 2005, "output_real")["census"] is None


def test_the_end_of_an_official_series_explains(country):
    made = tables(country)
    later = (pl.col("region") == "130000") & (pl.col("year") >= 2006)
    made["investment"] = made["investment"].with_columns(
        pl.when(later)
        .then(pl.col("investment_nominal") * 3)
        .otherwise("investment_nominal")
        .alias("investment_nominal"),
        investment_status=pl.when(pl.col("year") >= 2006).then(pl.lit("extrapolated")).otherwise(pl.lit("official")),
    )
    result = breaks(made)
    assert row(result, "130000", 2006, "investment")["census"] == "end of the official series"
    assert row(result, "130000", 2006, "investment")["tfp_effect"] < 0


def test_assets_are_added_up(country):
    made = tables(country)
    half = made["investment"].with_columns(investment_nominal=pl.col("investment_nominal") / 2)
    later = (pl.col("region") == "130000") & (pl.col("year") >= 2006)
    machines = half.with_columns(
        pl.when(later)
        .then(pl.col("investment_nominal") * 4)
        .otherwise("investment_nominal")
        .alias("investment_nominal"),
        asset=pl.lit("machinery"),
    )
    made["investment"] = pl.concat([half.with_columns(asset=pl.lit("structures")), machines])
    found = [one for one in break_findings(made) if one.table == "investment"]
    assert [one.key for one in found] == ["130000/2006"]


def test_without_investment_there_are_breaks_but_no_effect(country):
    made = tables(country, employment=("130000", 2007, 0.7))
    result = breaks({"accounts": made["accounts"]})
    assert row(result, "130000", 2007, "employment")["tfp_effect"] is None
    assert "investment" in result.reason.en
    assert result.reason.en in result.summary("en")
    assert result.reason.zh in result.summary("zh")


def test_a_package_without_any_series_is_refused():
    with pytest.raises(InputError, match=r"none of the series that can break.*accounts\.employment"):
        breaks({"accounts": pl.DataFrame({"region": ["110000"], "year": [2000], "population": [1.0]})})


def test_an_empty_span_gives_no_rows():
    made = {"accounts": pl.DataFrame({"region": ["a"] * 3, "year": [2000, 2001, 2002], "employment": [1.0, 2.0, 9.0]})}
    result = breaks(made)
    assert result.frame.is_empty()
    assert result.judged["moves"].to_list() == [0]
    assert result.summary("en").startswith("0 breaks")
    assert break_findings(made) == []


def test_an_unverified_protocol_is_refused():
    drafts = [one.id for one in protocol.registry() if one.status == "unverified"]
    for name in drafts:
        with pytest.raises(ProtocolError):
            breaks("china-provinces", name)


def test_the_summary_speaks_both_languages(found):
    english, chinese = (found.summary(language).replace("\u00a0", " ") for language in ("en", "zh"))
    assert "Anhui 2020 employment −26.0 % (expected 0.0 %), level shift" in english
    assert "安徽2020年就业人员−26.0%（应为0.0%），水平移动" in chinese
    assert "population census of 2020" in english
    assert "第七次全国人口普查" in chinese
    assert found.provenance.foot() in english


def test_findings_warn_only_of_what_nobody_explains(found):
    listed = break_findings("china-provinces")
    assert len(listed) == found.frame.height
    assert {one.rule for one in listed} == {"series-break"}
    quiet = found.frame.filter(pl.col("explained") | pl.col("marked")).height
    assert sum(one.severity == "note" for one in listed) == quiet
    assert sum(one.severity == "warning" for one in listed) == found.frame.height - quiet
    by_key = {(one.table, one.column, one.key): one for one in listed}
    anhui = by_key["accounts", "employment", "340000/2020"]
    assert (anhui.severity, anhui.value, anhui.expected) == ("note", "-26.0 %", "+0.0 %")
    assert "第七次全国人口普查" in anhui.sentence("zh")
    assert "population census of 2020" in anhui.sentence("en")
    assert by_key["investment", "investment_nominal", "210000/total/2015"].severity == "warning"
    assert "The move of 2007 undoes it" in by_key["accounts", "employment", "120000/2006"].sentence("en")
    assert not any("{" in one.sentence(language) for one in listed for language in ("en", "zh"))


def test_provenance_names_what_was_read(found):
    assert set(found.provenance.inputs) == {"accounts", "investment"}
    assert found.provenance.protocol == "xinzhi-cn-2026"
    assert found.provenance.options["false_alarm_rate"] == 0.01


def test_every_finding_stands_on_the_line_of_its_row():
    package = xinzhi.load("china-provinces")
    line = {}
    for table in ("accounts", "investment"):
        origin = package.origins[table]
        keys = [name for name in ("region", "asset", "year") if name in package.tables[table].columns]
        rows = package.tables[table].select(keys).rows()
        line |= {(table, "/".join(map(str, row))): at for row, at in zip(rows, origin.lines, strict=True)}
    for one in break_findings(package):
        assert line[one.table, one.key] == one.line
    assert package.place("accounts", region="990000", year=2007) == ("accounts.csv", None)


def test_a_step_between_two_books_is_a_break_that_is_not_linked_and_says_why(found, ours):
    """Heilongjiang 2010: old figures of 2007 and 2012, a revised one between; with a link growth is 1.1 points more."""
    row = found.frame.filter(region="230000", series="employment").row(0, named=True)
    assert (row["year"], row["marked"], row["explained"], row["linkable"]) == (2010, True, True, False)
    assert "those of 2011 and 2012 are not" in row["census"]
    assert "Employment of Heilongjiang in 2010 (+12.0\u00a0%) is not linked" in found.summary("en")
    assert "黑龙江2010年的就业（+12.0%）不衔接" in found.summary("zh")
    stated = {region: dict(years) for region, years in ours.value("labour.linked_growth").items()}
    stated["230000"] = {2010: row["expected"]}
    linked = ours.replace({"labour.linked_growth": stated})
    period = {"region": "230000", "start": 2007, "end": 2012}
    runs = [xinzhi.measure("china-provinces", one).periods for one in (ours, linked)]
    both = [one.filter(**period).row(0, named=True) for one in runs]
    assert 100 * (both[1]["tfp_growth"] - both[0]["tfp_growth"]) == pytest.approx(1.1, abs=0.05)
    assert (both[0]["grade"], both[0]["rank"]) == ("D", None)
    others = replace(found, frame=found.frame.filter(pl.col("region") != "230000"))
    assert others.facts()["breaks.unlinked"] == []

"""Two vintages of made-up data: parts by hand, and what cannot be compared."""

from __future__ import annotations

import math

import polars as pl
import pytest

import xinzhi
from xinzhi import protocol
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.shapley import shapley
from xinzhi.yardstick.compare_vintages import PARTS, compare_vintages, vintage_history


@pytest.fixture(scope="module")
def simple():
    """The accounts of a given stock and persons, with each region's own share."""
    values = {"capital.measure": "given_stock", "labour.unit": "persons", "labour.quality": "none"}
    return protocol.load("pwt-10.01").replace(values)


def vintage(growth, years=range(2000, 2005), skip=()):
    """Return a package whose regions grow at constant rates: output, capital, labour, and the level of the share."""
    rows = [
        {
            "region": region,
            "year": year,
            "output_real": 100 * math.exp(output * (year - 2000)),
            "capital": 300 * math.exp(capital * (year - 2000)),
            "employment": 50 * math.exp(labour * (year - 2000)),
            "labour_share": share,
        }
        for region, (output, capital, labour, share) in growth.items()
        for year in years
        if (region, year) not in skip
    ]
    return xinzhi.load({"accounts": pl.DataFrame(rows)})


OLD = {"a": (0.08, 0.10, 0.02, 0.5), "b": (0.05, 0.04, 0.01, 0.6)}
NEW = {"a": (0.07, 0.12, 0.02, 0.5), "b": (0.05, 0.04, 0.03, 0.4)}


def test_parts_by_hand(simple):
    frame = compare_vintages(vintage(OLD), vintage(NEW), simple).frame
    a, b = frame.to_dicts()
    assert (a["region"], a["start"], a["end"]) == ("a", 2000, 2004)
    # a: .08 - .5 x .10 - .5 x .02 = .02, then .07 - .5 x .12 - .5 x .02 = 0: output -.01, capital -.5 x .02.
    assert [a["before"], a["after"]] == pytest.approx([0.02, 0.0], abs=1e-12)
    assert [a[name] for name in PARTS] == pytest.approx([-0.01, -0.01, 0.0, 0.0, 0.0], abs=1e-12)
    # b: the share moves from .6 to .4 and labour from .01 to .03, half of their joint effect to each:
    # labour -(.6 + .4) / 2 x .02; share (.04 - (.01 + .03) / 2) x -.2.
    assert [b[name] for name in PARTS] == pytest.approx([0.0, 0.0, -0.01, -0.004, 0.0], abs=1e-12)
    assert b["total"] == pytest.approx(-0.014, abs=1e-12)


def test_what_did_not_change_has_a_part_of_exactly_zero(simple):
    a = compare_vintages(vintage(OLD), vintage(NEW), simple).frame.row(0, named=True)
    assert (a["labour"], a["share"], a["protocol"]) == (0.0, 0.0, 0.0)


def test_another_ruler_is_the_protocol_part(simple):
    constant = simple.replace({"shares.rule": "constant", "shares.constant": 0.4})
    frame = compare_vintages(vintage(OLD), vintage(OLD), constant, before_protocol=simple).frame
    a = frame.row(0, named=True)
    # The share falls from .5 to .4: -.1 x (.10 - .02).
    assert a["protocol"] == pytest.approx(-0.008, abs=1e-12) == a["total"]
    assert [a[name] for name in PARTS[:-1]] == [0.0] * 4


def test_the_vintage_that_a_protocol_names_is_data():
    ours = protocol.load("xinzhi-cn-2026")
    old = ours.replace({"output.vintage": "census4", "capital.depreciation": 0.1096})
    change = compare_vintages("china-provinces", "china-provinces", ours, before_protocol=old, start=2015, end=2022)
    history = vintage_history("china-provinces").growth.filter(pl.col("after") == "census5")
    both = change.frame.join(history, on="region")
    assert both.height == 31
    # Output of the accounts is written with a few decimals, so its growth is that of the vintage to about 1e-8.
    assert (both["output"] - (1 + both["revision"]).log() / 7).abs().max() < 1e-7
    assert both["protocol"].abs().min() > 1e-6
    assert both["capital"].abs().max() == both["labour"].abs().max() == 0


def test_periods_and_years_average_to_one_another(simple):
    periods = simple.replace({"reporting.periods": [[2000, 2002], [2002, 2004], [2010, 2012]]})
    change = compare_vintages(vintage(OLD), vintage(NEW), periods)
    assert change.periods["start"].unique().sort().to_list() == [2000, 2002]
    assert change.years.height == 8
    columns = ["before", "after", *PARTS, "total"]
    by_year = change.years.group_by("region").agg(pl.col(columns).mean()).sort("region")
    for name in columns:
        assert by_year[name].to_list() == pytest.approx(change.frame[name].to_list(), abs=1e-12)


def test_regions_of_one_vintage_alone_are_listed(simple):
    change = compare_vintages(vintage(OLD), vintage({**NEW, "c": NEW["a"]}), simple)
    assert change.frame["region"].to_list() == ["a", "b"]
    assert change.not_comparable.rows() == [("c", "newer_only", "仅见于新版数据", "only in the newer vintage")]
    turned = compare_vintages(vintage({**NEW, "c": NEW["a"]}), vintage(OLD), simple)
    assert turned.not_comparable["reason"].to_list() == ["older_only"]
    assert "Not comparable: 1 region." in change.summary("en")
    assert "不可比的地区：1个" in change.summary("zh")


def test_regions_that_lack_a_year_are_listed_with_the_reason(simple):
    short = vintage(NEW, skip={("b", 2000), ("b", 2001)})
    own = compare_vintages(vintage(OLD), short, simple)
    assert own.frame.select("region", "start").rows() == [("a", 2000), ("b", 2002)]
    asked = compare_vintages(vintage(OLD), short, simple, start=2000, end=2004)
    assert asked.frame["region"].to_list() == ["a"]
    assert asked.not_comparable.select("region", "reason_en").rows() == [
        ("b", "not measured in every year of 2001–2004 in both vintages")
    ]


def test_a_gap_is_not_averaged_over(simple):
    old = vintage(OLD)
    gapped = old.tables["accounts"].with_columns(
        capital=pl.when((pl.col("region") == "b") & (pl.col("year") == 2002)).then(None).otherwise("capital")
    )
    change = compare_vintages(xinzhi.load({"accounts": gapped}), vintage(NEW), simple)
    assert change.frame["region"].to_list() == ["a"]
    assert change.not_comparable.row(0)[3].startswith("years are missing between 2001 and 2004")


@pytest.mark.parametrize(
    ("other", "word"),
    [({"z": NEW["a"]}, "no region in common"), (NEW, "no year in common")],
)
def test_vintages_of_something_else_are_refused(other, word, simple):
    years = range(1950, 1955) if "year" in word else range(2000, 2005)
    with pytest.raises(InputError, match=word) as caught:
        compare_vintages(vintage(OLD), vintage(other, years), simple)
    assert caught.value.exit_code == 3


def test_years_that_no_region_has_are_refused(simple):
    with pytest.raises(InputError, match="no region can be compared"):
        compare_vintages(vintage(OLD), vintage(NEW), simple, start=2000, end=2010)


@pytest.mark.parametrize("span", [{"start": 2000}, {"end": 2004}, {"start": 2004, "end": 2000}])
def test_years_that_are_no_span_are_refused(span, simple):
    with pytest.raises(UsageError, match="the earlier first"):
        compare_vintages(vintage(OLD), vintage(NEW), simple, **span)


def test_shapley_of_three_changes_by_hand():
    outcome = [0, 1, 2, 6, 3, 5, 5, 13]  # bits: the first change is 1, the second 2, the third 4
    parts = shapley(pl.Series(outcome).cast(pl.Float64).to_numpy())
    expected = [
        2 / 6 * 1 + 1 / 6 * (6 - 2) + 1 / 6 * (5 - 3) + 2 / 6 * (13 - 5),
        2 / 6 * 2 + 1 / 6 * (6 - 1) + 1 / 6 * (5 - 3) + 2 / 6 * (13 - 5),
        2 / 6 * 3 + 1 / 6 * (5 - 1) + 1 / 6 * (5 - 2) + 2 / 6 * (13 - 6),
    ]
    assert parts.tolist() == pytest.approx(expected, abs=1e-12)
    assert parts.sum() == pytest.approx(13, abs=1e-12)


def test_history_by_hand():
    def rows(name, nominal, growth, first):
        return [("a", first + at, name, *pair) for at, pair in enumerate(zip(nominal, growth, strict=True))]

    table = [*rows("first_published", [100, 110, 121], [10, 10, 10], 2000), *rows("census4", [90, 121], [8, 12], 2001)]
    schema = ["region", "year", "vintage", "output_nominal", "output_growth"]
    history = vintage_history({"vintages": pl.DataFrame(table, schema=schema, orient="row")})
    assert history.frame["level"].to_list() == pytest.approx([90 / 110 - 1, 0.0], abs=1e-12)
    assert history.growth.select("start", "end").row(0) == (2000, 2002)
    assert history.growth["revision"][0] == pytest.approx(1.08 * 1.12 / 1.21 - 1, abs=1e-12)
    assert history.levels.select("lowest_year", "highest_year", "last_year", "last").row(0) == (2001, 2002, 2002, 0.0)


@pytest.mark.parametrize(
    ("names", "word"),
    [(["census4", "census4"], "one vintage"), (["census4", "rescaled"], "rescaled, of which it is not known")],
)
def test_a_history_needs_two_vintages_in_a_known_order(names, word):
    table = pl.DataFrame({"region": ["a", "a"], "year": [2000, 2001], "vintage": names, "output_growth": [5.0, 6.0]})
    data = xinzhi.load({"vintages": table})
    with pytest.raises(InputError, match=word):
        vintage_history(data)


def test_a_history_needs_the_table():
    with pytest.raises(InputError, match="needs the table 'vintages'"):
        vintage_history(vintage(OLD))

"""The ruler does not bend: the figure of a region does not depend on which other regions are in the package.

Tolerance 1e-12 log points. Every protocol of the registry that the shipped package can be measured under, and every
single departure of the reference protocol, region by region alone and among all: every province under the protocols of
`ALL`, the provinces of `ODD` under every protocol, and of all other pairs every twelfth. ``shares.national`` equals the
mean over the 31 provinces that `make_national_share` computes from the CSV file with exact sums, sharing no code.
"""

from __future__ import annotations

import pathlib
import sys

import polars as pl
import pytest

import xinzhi
from xinzhi import protocol
from xinzhi.core.errors import InputError, XinzhiError

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "protocol"))
from make_national_share import national_share

TOLERANCE = 1e-12
OURS = protocol.load("xinzhi-cn-2026")
ALL = ("xinzhi-cn-2026", "zhang-2004")
ODD = ("210000", "500000")  # Liaoning has more gaps than others; the investment of Chongqing begins in 1996
TABLES = ("accounts", "investment", "vintages", "regions")


def variants():
    """Yield the protocols of the registry, and the reference protocol with one alternative each."""
    for rules in protocol.registry():
        yield rules.id, rules
    for path, item in OURS.parameters.items():
        for other in item.alternatives:
            rules = OURS.replace({path: other.value})
            yield f"{path}={other.value}"[:60], rules


def measurable():
    whole = xinzhi.load("china-provinces")
    for name, rules in variants():
        try:
            yield name, rules, xinzhi.measure(whole, rules)
        except XinzhiError:
            continue


def alone(region, *, tables=TABLES):
    whole = xinzhi.load("china-provinces")
    frames = {name: whole.tables[name].filter(pl.col("region") == region) for name in tables}
    return xinzhi.load(frames, units={name: dict(whole.units[name]) for name in tables})


def test_every_province_alone_has_the_figures_that_it_has_among_all():
    """Every protocol that can be measured, every province, every year: growth, contributions, inputs, and periods."""
    seen = {name: (rules, result) for name, rules, result in measurable()}
    assert {"xinzhi-cn-2026", "zhang-2004"} <= set(seen)
    assert len(seen) >= 20
    worst = 0.0
    for place, region in enumerate(xinzhi.load("china-provinces").tables["regions"]["region"]):
        package = alone(region)
        for at, (name, (rules, whole)) in enumerate(seen.items()):
            if name not in ALL and region not in ODD and (place + at) % 12:
                continue
            if region not in set(whole.frame["region"]):
                with pytest.raises(InputError):
                    xinzhi.measure(package, rules)
                continue
            one = xinzhi.measure(package, rules)
            for frame in ("frame", "periods"):
                here, there = getattr(one, frame), getattr(whole, frame).filter(region=region)
                key = [column for column in ("region", "year", "start", "end") if column in here.columns]
                both = here.join(there, on=key, suffix="_whole")
                # A region that begins later has a whole span of its own; the other periods are the same.
                assert both.height == there.height, (region, name, frame)
                assert frame == "periods" or here.height == there.height
                figures = [c for c in here.columns if here[c].dtype == pl.Float64 and c != "tfp_level"]
                gaps = both.select((pl.col(c) - pl.col(f"{c}_whole")).abs().max() for c in figures)
                worst = max(worst, *gaps.row(0))
            levels = one.inputs.join(whole.inputs, on=["region", "year"], suffix="_whole")
            for column in ("output", "capital", "labour", "human_capital", "labour_share"):
                worst = max(worst, (levels[column] / levels[f"{column}_whole"] - 1).abs().max())
    assert worst <= TOLERANCE


def test_a_few_regions_are_no_nation_no_ranking_and_no_level():
    one = xinzhi.measure(alone("520000"))
    assert one.provenance.regions["declared_by"] == "protocol"
    assert one.provenance.regions["declared"] == 31
    assert len(one.provenance.regions["missing"]) == 30
    for frame in (one.national, one.national_periods, one.groups, one.group_periods, one.levels):
        assert frame.is_empty()
    assert one.periods["rank"].is_null().all()
    assert one.frame["tfp_level"].is_null().all()
    assert "note.set_incomplete" in one.facts()
    assert "1 of the 31" in one.summary("en")
    assert "31个" in one.summary("zh")


def test_the_whole_package_has_its_set():
    whole = xinzhi.measure("china-provinces")
    assert whole.provenance.regions == {"declared_by": "protocol", "declared": 31, "missing": []}
    assert not any(key.startswith("note.set") for key in whole.facts())


def test_a_claim_about_a_region_alone_is_judged_as_among_all():
    """1.8 % for Guizhou was "supported" by a file of Guizhou alone, whose own labour share passed for the nation's."""
    asked = {"region": "520000", "start": 2012, "end": 2017, "growth": "1.8%"}
    among, by_itself = (xinzhi.check_claim(package, **asked) for package in ("china-provinces", alone("520000")))
    assert among.verdict == by_itself.verdict != "supported"
    gap = (among.frame["reference"] - by_itself.frame["reference"]).abs().max()
    assert gap <= TOLERANCE
    assert by_itself.provenance.regions["declared"] == 31


def test_the_national_share_of_the_protocol_is_that_of_the_31_provinces():
    stated, made = OURS.value("shares.national"), national_share()
    assert list(stated) == list(made) == list(range(2000, 2018))
    assert max(abs(stated[year] - made[year]) for year in made) <= TOLERANCE


def test_the_national_share_of_the_protocol_is_what_the_bureau_adds_up():
    """The provincial income accounts as added up in the bureau's own database, printed to four decimals."""
    table = xinzhi.load("china-provinces").tables["nation"]
    rows = table.filter(pl.col("variable") == "labour_share_sum_of_provinces").select("year", "value").rows()
    assert len(rows) == 18
    assert max(abs(OURS.value("shares.national")[year] - value) for year, value in rows) <= 1.5e-4


def nation(values):
    rows = [("labour_share", year, value, "ratio", "estimate") for year, value in values.items()]
    return pl.DataFrame(rows, schema=["variable", "year", "value", "unit", "status"], orient="row")


def test_without_the_series_the_table_nation_is_read_and_digested():
    rules = OURS.replace({"shares.national": None})
    whole = xinzhi.load("china-provinces")
    tables = {name: whole.tables[name] for name in TABLES} | {"nation": nation(OURS.value("shares.national"))}
    units = {name: dict(whole.units[name]) for name in TABLES}
    ours = xinzhi.measure(xinzhi.load(tables, units=units), rules)
    theirs = xinzhi.measure(whole)
    both = ours.frame.join(theirs.frame, on=["region", "year"], suffix="_whole")
    assert both.height == theirs.frame.height
    assert (both["tfp_growth"] - both["tfp_growth_whole"]).abs().max() <= TOLERANCE
    assert "nation" in ours.provenance.inputs


def test_with_neither_the_protocol_refuses_and_names_the_cure():
    rules = OURS.replace({"shares.national": None})
    whole = xinzhi.load("china-provinces")
    tables = {name: whole.tables[name] for name in TABLES}
    with pytest.raises(InputError) as caught:
        xinzhi.measure(xinzhi.load(tables, units={name: dict(whole.units[name]) for name in TABLES}), rules)
    assert caught.value.code == "yardstick.no-national-share"
    assert "nation" in str(caught.value)


def test_the_share_is_carried_to_years_that_the_package_alone_does_not_reach():
    """A package of 2018-2023 has no year with an observed share; the protocol's last one, 2017, is carried, flagged."""
    whole = xinzhi.load("china-provinces")
    # Investment after 2017 moves with output, so that 2017 must be there; its own share is taken out.
    observed = pl.when(pl.col("year") > 2017).then("labour_share")
    accounts = whole.tables["accounts"].filter(pl.col("year") >= 2017).with_columns(labour_share=observed)
    tables = {"accounts": accounts, "investment": whole.tables["investment"]}
    short = xinzhi.load(tables, units={name: dict(whole.units[name]) for name in tables})
    rules = OURS.replace({"output.price_base": None, "shares.after": "carry"})
    ours, theirs = xinzhi.measure(short, rules), xinzhi.measure(whole, rules)
    both = ours.frame.filter(pl.col("year") > 2019).join(theirs.frame, on=["region", "year"], suffix="_whole")
    assert both.height == 31 * 4
    assert (both["labour_share"] - both["labour_share_whole"]).abs().max() <= TOLERANCE
    assert both["flags"].str.contains("carried:labour_share").all()


def test_the_protocol_may_not_carry_a_series_that_is_none():
    for bad in ({2000: "a"}, {"x": 0.5}, {2000: 1.5}, {}, 0.5, {True: 0.5}, {1700: 0.5}):
        with pytest.raises(XinzhiError):
            OURS.replace({"shares.national": bad})


def test_a_series_is_part_of_the_fingerprint():
    moved = {**OURS.value("shares.national"), 2017: 0.5}
    assert OURS.replace({"shares.national": moved}).fingerprint != OURS.fingerprint

"""Bridges add up, reach the published figure, and agree with measuring under the changed protocol."""

from __future__ import annotations

import math
from itertools import permutations
from pathlib import Path

import polars as pl
import pytest

import xinzhi
from xinzhi.core.errors import InputError, UsageError
from xinzhi.data import national_series
from xinzhi.protocol import DatedValue
from xinzhi.yardstick.bridge import _orders

TOLERANCE = 1e-12
WALKS = [("pwt-10.01", (2012, 2017)), ("pwt-10.01", (1978, 2019)), ("cip-4.0", (2012, 2017)), ("cip-4.0", (2007, 2012))]
DOCS = Path(__file__).parents[3] / "docs"


@pytest.fixture(scope="module")
def china():
    return xinzhi.load("china-provinces")


@pytest.fixture(scope="module")
def walks(china):
    return {key: xinzhi.bridge(china, to=key[0], period=key[1]) for key in WALKS}


@pytest.mark.parametrize("key", WALKS)
def test_it_adds_up(walks, key):
    walk = walks[key]
    for column in ("ordered", "mean"):
        assert abs(walk.frame[column].sum() - (walk.theirs - walk.ours)) <= TOLERANCE
    assert abs(walk.frame["after"][-1] - walk.theirs) <= TOLERANCE
    inside = walk.frame.select(
        ((pl.col("low") - 1e-12 <= pl.col("mean")) & (pl.col("mean") <= pl.col("high") + 1e-12)).all()
    )
    assert inside.item()


def test_it_ends_where_the_source_is(china, walks):
    tfp = dict(national_series(china, "pwt1001_rtfpna").select("year", "value").iter_rows())
    walk = walks["pwt-10.01", (2012, 2017)]
    assert walk.theirs == pytest.approx(math.log(tfp[2017] / tfp[2012]) / 5, abs=TOLERANCE)
    assert abs(walk.frame.filter(step="remains")["mean"].item()) < 1e-6
    assert walks["cip-4.0", (2012, 2017)].theirs == pytest.approx(-0.008)
    for key in WALKS[2:]:  # nothing but the rounding of six printed rates
        assert abs(walks[key].frame.filter(step="remains")["mean"].item()) <= 6 * 0.00005


def test_it_starts_from_the_nation(china, walks):
    measured = xinzhi.measure_nation(china)
    assert walks["pwt-10.01", (2012, 2017)].ours == pytest.approx(
        measured.periods.filter(start=2012)["tfp_growth"].item(), abs=TOLERANCE
    )


def test_a_step_is_the_protocol_measured_again(china, walks):
    """Depreciation comes after output, which enters TFP on its own: its step is the change of our own figure."""
    rates = dict(national_series(china, "pwt1001_delta").select("year", "value").iter_rows())
    rules = xinzhi.protocol.load("xinzhi-cn-2026").replace({"capital.depreciation": DatedValue.from_mapping(rates)})
    changed = xinzhi.measure_nation(china, rules).periods.filter(start=2012)["tfp_growth"].item()
    walk = walks["pwt-10.01", (2012, 2017)]
    step = walk.frame.filter(step="depreciation")["ordered"].item()
    assert step == pytest.approx(changed - walk.ours, abs=TOLERANCE)


def test_all_steps_together_are_the_protocol_of_the_source(china):
    """Hours, human capital, services and shares as the source has them, measured by its own protocol."""
    read = {
        name: dict(national_series(china, f"pwt1001_{name}").select("year", "value").iter_rows())
        for name in ("rgdpna", "rkna", "emp", "avh", "hc", "labsh", "rtfpna")
    }
    columns = ("output_real", "capital_services", "employment", "hours", "human_capital", "labour_share")
    rows = [
        {"region": "CHN", "year": year, **{new: read[old][year] for new, old in zip(columns, read, strict=False)}}
        for year in sorted(read["emp"])
    ]
    package = xinzhi.load({"accounts": pl.DataFrame(rows)}, units={"accounts": {"hours": "hours per person"}})
    made = xinzhi.measure(package, "pwt-10.01").frame.filter(pl.col("year").is_between(2013, 2017))["tfp_growth"].mean()
    walk = xinzhi.bridge(china, to="pwt-10.01", period=(2012, 2017))
    assert walk.frame["after"][-2] == pytest.approx(made, abs=TOLERANCE)


def test_orders_keep_what_replaces_one_another():
    steps = [{"axis": "a"}, {"axis": "b"}, {"axis": "b"}, {"axis": "c"}]
    every = set(_orders(steps, (0, 1, 2, 3)))
    assert every == {order for order in permutations(range(4)) if order.index(1) < order.index(2)}


@pytest.mark.parametrize(
    ("asked", "word"),
    [
        ({"to": "elsewhere"}, "pwt-10.01"),
        ({"period": (2017, 2012)}, "the earlier one first"),
        ({"period": (2012,)}, "two years"),
        ({"period": (1900, 1950)}, "1978"),
        ({"to": "pwt-10.01", "period": (2017, 2023)}, "2019"),
        ({"to": "cip-4.0", "period": (2000, 2010)}, "2012-2017"),
    ],
)
def test_what_there_is_no_bridge_for_is_named(china, asked, word):
    with pytest.raises(UsageError, match=word):
        xinzhi.bridge(china, **asked)


def test_without_the_rows_of_the_source_nothing_is_invented(china):
    table = china.tables["nation"].filter(~pl.col("variable").str.starts_with("pwt1001_hc"))
    with pytest.raises(InputError, match="pwt1001_hc"):
        xinzhi.bridge({"nation": table}, to="pwt-10.01")


@pytest.mark.parametrize(("language", "word"), [("en", "reference protocol"), ("zh", "基准协议")])
def test_the_sentences(walks, language, word):
    said = walks["pwt-10.01", (2012, 2017)].summary(language)
    assert word in said
    assert "1.77" in said


def test_the_tables_of_the_page(walks):
    page = (DOCS / "bridge.md").read_text("utf-8")
    for key in (WALKS[0], WALKS[2]):
        walk = walks[key]
        for row in walk.frame.iter_rows(named=True):
            figures = " | ".join(f"{100 * row[name] + 0.0:.2f}" for name in ("ordered", "mean", "low", "high"))
            assert f"| {row['kind']} | {figures} |".replace("-0.00", "0.00") in page


def test_a_range_whose_ends_are_printed_alike_is_none(walks):
    for made in walks.values():
        row, said = made.facts()["bridge.largest"], made.summary("en")
        alike = f"{100 * row['low']:.2f}" == f"{100 * row['high']:.2f}"
        assert ("whatever the order of the steps" in said) == alike
        assert ("by the order of the steps" in said) != alike
        assert ("与各步的次序无关" in made.summary("zh")) == alike


def test_a_period_reaches_from_the_year_before_the_first_measured_one_to_the_last(china, walks):
    years = xinzhi.measure_nation(china).frame["year"]
    assert walks["pwt-10.01", (1978, 2019)].start == years.min() - 1


@pytest.mark.parametrize("beyond", [(1977, 2012), (2012, 2024)])
def test_a_year_outside_the_measured_ones_is_refused(china, beyond):
    years = xinzhi.measure_nation(china).frame["year"]
    assert (years.min() - 2, years.max() + 1) == (1977, 2024)
    with pytest.raises(UsageError, match="1978"):
        xinzhi.bridge(china, period=beyond)

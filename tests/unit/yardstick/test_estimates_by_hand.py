"""Estimated investment and the tables of periods on two regions, in numbers that can be checked on paper."""

from __future__ import annotations

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from xinzhi import protocol
from xinzhi.core.errors import InputError
from xinzhi.yardstick import breaking, capital, digital, estimating
from xinzhi.yardstick.compare_vintages import _cumulate_growth
from xinzhi.yardstick.estimates import draws
from xinzhi.yardstick.growth_accounts import Growth
from xinzhi.yardstick.panel import Panel
from xinzhi.yardstick.periods import period_table, region_set

NAN = np.nan
NONE = np.zeros((2, 4), dtype=bool)
LATER = np.array([[False, False, True, True], [False, False, False, True]])  # the second has one more official year


def panel(investment, price=None, **accounts):
    """Return two regions over 2017-2020 with one asset, whose later investment is not official."""
    return Panel(
        regions=("a", "b"),
        years=np.arange(2017, 2021),
        accounts={name: np.array(values) for name, values in accounts.items()},
        assets=("total",),
        investment={
            "investment_nominal": np.array([investment]),
            "investment_price": np.ones((1, 2, 4)) if price is None else np.array([price]),
        },
        vintages={},
        unofficial={"investment_nominal": LATER[None], "investment_price": NONE[None]},
        preliminary=NONE,
        breaks=NONE,
        hours_per_person=False,
    )


FLOWS = [[10.0, 20.0, 22.0, 33.0], [5.0, 5.0, 10.0, 20.0]]


def test_growth_of_fixed_assets_is_published_or_that_of_marked_investment():
    published = [[1.0, 2.0, 4.0, NAN], [NAN] * 4]
    growth = estimating.indicator_growth(panel(FLOWS, fixed_asset_investment=published))
    expected = [[NAN, math.log(2), math.log(2), math.log(1.5)], [NAN, NAN, NAN, math.log(2)]]
    np.testing.assert_allclose(growth, expected, atol=1e-12)


def test_levels_go_on_from_the_last_official_one():
    flows = panel(FLOWS)
    growth = np.full((2, 4), math.log(1.1))
    levels = estimating._extrapolate_levels(flows, flows.investment["investment_nominal"], growth)  # noqa: SLF001 - the formula by itself
    np.testing.assert_allclose(levels[0, :, 2:], [[22, 24.2], [10, 11]], atol=1e-12)


@pytest.mark.parametrize("region", [0, 1])
def test_a_region_that_invests_nothing_has_no_level_to_go_on_from(region):
    flows = np.array(FLOWS)
    flows[region, :3] = 0.0
    with pytest.raises(InputError) as error:
        estimating._extrapolate_levels(panel(flows), flows[None], np.zeros((2, 4)))  # noqa: SLF001 - the formula by itself
    assert "ab"[region] in str(error.value)


def test_marks_stand_where_investment_is_official_or_estimated_by_the_protocol_itself():
    flows, rules = panel(FLOWS), protocol.load("xinzhi-cn-2026")
    everywhere = {"carried:benchmark": np.ones((2, 4), dtype=bool)}
    off = rules.replace({"estimates.investment_rule": "off"})
    assert estimating.rule_of(rules) != "off"
    assert estimating._in_use(flows, off, everywhere)["carried:benchmark"].all()  # noqa: SLF001 - the formula by itself
    assert (estimating._in_use(flows, rules, everywhere)["carried:benchmark"] == ~LATER).all()  # noqa: SLF001 - the formula by itself


def test_a_price_continued_from_an_earlier_year_moves_by_retail_prices_and_then_by_the_deflator(monkeypatch):
    monkeypatch.setattr(estimating, "retail_growth", lambda _panel: np.full((2, 4), math.log(1.1)))
    monkeypatch.setattr(estimating, "deflator_growth", lambda _panel: np.full((2, 4), math.log(1.2)))
    flows = panel(FLOWS, price=[[1.0, 2.0, 3.0, 4.0], [1.0, 1.0, 1.0, 1.0]])
    price, proxy = estimating._price_as_of(flows, 2, 1)  # noqa: SLF001 - of 2018, one year of retail prices
    np.testing.assert_allclose(price[0], [[1, 2, 2.2, 2.64], [1, 1, 1.1, 1.32]], atol=1e-12)
    assert proxy[0].tolist() == [[False, False, True, True]] * 2


def test_schooling_rises_by_the_difference_of_the_last_two_censuses():
    rules = protocol.load("xinzhi-cn-2026").replace({"estimates.schooling_census": None})
    counted = panel(FLOWS, schooling_15plus=[[7.0, 8.0, NAN, 8.5], [NAN, 6.0, NAN, NAN]])
    rise = estimating.census_growth(counted, rules)
    np.testing.assert_allclose(rise, [[0.25], [NAN]])


def test_errors_of_a_price_are_those_of_retail_prices_and_then_of_the_deflator():
    # Official prices end in 2017; for one year retail prices stand in, whose own errors are known of region a alone,
    # then the deflator, whose errors are common to all.
    flows = panel(FLOWS)
    proxy = np.array([[[False, True, True, True]] * 2])
    flows = replace(flows, unofficial={**flows.unofficial, "investment_price": proxy})
    rules = protocol.load("xinzhi-cn-2026").replace({"estimates.retail_years": 1})
    retail = draws.Exchange(np.array([[1.0, 2.0], [NAN, NAN]]), np.array([0.1, 0.3]), np.array([True, False]))
    deflator = draws.Exchange(np.full((2, 2), NAN), np.full(2, NAN), np.zeros(2, dtype=bool))
    errors = SimpleNamespace(price=(retail, deflator), common=(np.array([0.5, 0.6]), np.array([0.01, 0.02])))
    projection = SimpleNamespace(rows=np.array([0, 1]), at=np.arange(4), shape=(2, 3))
    giver, source = np.array([[0, 1], [1, 0]]), np.array([[0, 1, 0], [1, 0, 0]])
    steps = draws._prices(flows, rules, projection, errors, giver, source)(slice(None))  # noqa: SLF001 - the formula by itself
    first = [[0.5 + 0.1 * 1, 0.02, 0.01], [0.5, 0.02, 0.01]]  # b has no error to give
    second = [[0.6, 0.01, 0.01], [0.6 + 0.3 * 2, 0.01, 0.01]]
    np.testing.assert_allclose(steps, np.cumsum([first, second], axis=2), atol=1e-12)


def growth():
    tfp = np.array([[NAN, 0.01, 0.03, 0.05], [NAN, 0.04, 0.02, NAN]])
    flows = {name: np.full((2, 4), 0.5) for name in Growth.__dataclass_fields__ if name.endswith(("_growth", "_share"))}
    flows |= {f"{name}_contribution": np.zeros((2, 4)) for name in ("capital", "labour", "human_capital")}
    flows = {name: values for name, values in flows.items() if not name.startswith("intermediate")}
    return Growth(**flows | {"tfp_growth": tfp, "output_growth": 2 * tfp + 0.02}, identity_gap=0.0)


def test_a_period_is_the_mean_of_its_years_and_the_last_is_the_whole_span():
    table = period_table(["a", "b"], np.arange(2017, 2021), growth(), {}, [(2017, 2019), (2018, 2020)])
    rows = {row[:3]: row[3:] for row in table.select("region", "start", "end", "tfp_growth", "tfp_part", "rank").rows()}
    assert list(rows) == [("a", 2017, 2019), ("b", 2017, 2019), ("a", 2018, 2020), ("a", 2017, 2020)]
    assert rows["a", 2017, 2019] == pytest.approx((0.02, 0.02 / 0.06, 2))
    assert rows["b", 2017, 2019] == pytest.approx((0.03, 0.03 / 0.08, 1))
    assert rows["a", 2018, 2020] == pytest.approx((0.04, 0.04 / 0.10, 1))
    assert rows["a", 2017, 2020] == pytest.approx((0.03, 0.03 / 0.08, 1))


@pytest.mark.parametrize(
    ("columns", "own"),
    [
        ({}, False),
        ({"labour_share": [None, None]}, False),
        ({"labour_share": [0.5, None]}, True),
        ({"labour_share": [None, None], "labour_compensation": [1.0, 1.0]}, True),
    ],
)
def test_a_share_of_its_own_is_one_with_figures(columns, own):
    data = region_package(["x", "y"], columns)
    declared = region_set(data, protocol.load("xinzhi-cn-2026"), ["x", "y"], ["x", "y"])
    assert declared.has_own_share is own
    assert (declared.by, declared.declared, declared.missing) == ("accounts", ("x", "y"), ())


def test_some_provinces_belong_to_the_set_of_the_protocol():
    declared = region_set(region_package(["110000"], {}), protocol.load("xinzhi-cn-2026"), ["110000"], ["110000"])
    assert (declared.by, len(declared.declared), len(declared.missing)) == ("protocol", 31, 30)


def region_package(regions, columns):
    """Return what `region_set` reads of a package without a table of regions."""
    accounts = pl.DataFrame({"region": regions, **columns}, strict=False)
    return SimpleNamespace(tables={"accounts": accounts}, optional=lambda _name, verb: None)  # noqa: ARG005 - its name is that of the caller


def test_productivity_is_what_the_assets_and_the_others_leave():
    years = np.arange(2000, 2004)
    rows = {"year": [2001, 2003], "output_growth": [0.1, 0.2], "tfp_growth": [0.05, 0.06]}
    rows |= {"labour_contribution": [0.01, 0.02], "human_capital_contribution": [0.001, 0.002]}
    contribution = np.array([[0, 0, 0, 0.01], [0, 0.01, 0, 0.03], [0, 0.02, 0, 0.04], [0, 0.03, 0, 0.07]])
    published = np.array([[True, False, False, True], [True, True, False, False]])
    history = SimpleNamespace(
        years=years, account=pl.DataFrame(rows), published=published, position=lambda: np.array([1, 3])
    )
    assets = SimpleNamespace(contribution=contribution, rate_of_return=np.array([NAN, 0.11, 0.12, 0.13]))
    table = digital._account(history, assets)  # noqa: SLF001 - the formula by itself
    assert dict(zip(digital.ASSETS, table.select(digital.ASSETS).rows()[0], strict=True)) == pytest.approx(
        dict(zip(digital.ASSETS, [0, 0.01, 0.02, 0.03], strict=True))
    )
    assert table["tfp"].to_list() == pytest.approx([0.1 - 0.011 - 0.06, 0.2 - 0.022 - 0.15])
    assert table["digital"].to_list() == pytest.approx([0.05, 0.11])
    assert table["rate_of_return"].to_list() == [0.11, 0.13]
    assert table["status"].to_list() == ["estimate", "transcribed"]


def test_growth_of_several_years_is_compounded_from_the_year_before_the_first():
    frame = pl.DataFrame(
        {
            "region": ["a"] * 3,
            "year": [2001, 2002, 2003],
            "before": ["v1"] * 3,
            "after": ["v2"] * 3,
            "old": [math.log(1.1), math.log(1.2), None],
            "new": [math.log(1.2), math.log(1.3), None],
            "growth": [math.log(1.2 / 1.1), math.log(1.3 / 1.2), None],
        }
    )
    row = _cumulate_growth(frame).row(0, named=True)
    assert (row["start"], row["end"]) == (2000, 2002)
    figures = [row[name] for name in ("growth_before", "growth_after", "revision")]
    assert figures == pytest.approx([0.32, 0.56, 1.56 / 1.32 - 1])


@pytest.mark.parametrize("marked", [0, 1])
def test_what_one_asset_estimates_is_estimated_for_the_region_from_then_on(marked):
    flows = panel(FLOWS)
    unofficial = np.zeros((2, 2, 4), dtype=bool)
    unofficial[marked, 1, 2] = True  # of region b in 2019 alone
    proxy = np.zeros((2, 2, 4), dtype=bool)
    proxy[marked, 0, 1] = True
    both = {name: np.repeat(values, 2, axis=0) for name, values in flows.investment.items()}
    marks = {"investment_nominal": unofficial, "investment_price": proxy}
    flows = replace(flows, assets=("machines", "structures"), investment=both, unofficial=marks)
    off = {"estimates.investment_rule": "off", "capital.benchmark": "none", "output.price_base": None}
    rules = protocol.load("xinzhi-cn-2026").replace(off)
    marks = capital.investment(flows, rules, np.ones((2, 4)), ["machines", "structures"]).marks
    assert marks["extrapolated:investment"].tolist() == [[False] * 4, [False, False, True, True]]
    assert marks["proxy:investment_price"].tolist() == [[False, True, False, False], [False] * 4]


def test_only_the_years_of_a_geometric_rule_have_a_rate():
    rules = {"capital.depreciation_rule": ["geometric", "geometric", "reported", "geometric"]}
    rates = {2017: 0.1, 2018: 0.1, 2020: 0.2}

    def values(path, years):
        return rules[path] if path in rules else [rates[year] for year in years]

    dated = SimpleNamespace(values=values, declares=lambda _path: False)
    assert capital.depreciation_rates(panel(FLOWS), dated, ("total",)).tolist() == [[[0.1, 0.1, 0.0, 0.2]]]


def test_a_status_changes_in_the_year_after_which_it_is_another():
    flows = panel(FLOWS)
    for column in ("investment_nominal", "output_nominal"):
        marked = replace(flows, unofficial={"investment_nominal": LATER[None], "output_nominal": ~LATER})
        judgement = SimpleNamespace(rule=SimpleNamespace(column=column), growth=np.zeros((2, 4)))
        changes = breaking._status(marked, judgement)  # noqa: SLF001 - the formula by itself
        assert changes.tolist() == [[False, False, True, False], [False, False, False, True]]

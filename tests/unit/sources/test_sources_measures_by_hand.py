"""Structural change, dispersion, catching up and knowledge on a few rows, in numbers that can be checked on paper."""

from __future__ import annotations

from math import log, sqrt

import numpy as np
import polars as pl
import pytest

from xinzhi.core.errors import InputError
from xinzhi.sources.allocation import dispersion
from xinzhi.sources.allocation.among_firms import _half
from xinzhi.sources.innovation import knowledge_stock
from xinzhi.sources.placebo import _by_group
from xinzhi.sources.upgrading import CatchUp, catch_up, structural_change


def test_the_lilien_index_weighs_the_growth_of_industries_by_their_mean_shares():
    rows = {"region": ["r"] * 6, "industry": ["a", "b", "c"] * 2, "year": [0] * 3 + [1] * 3}
    speed = structural_change(pl.DataFrame(rows | {"labour": [50.0, 50.0, 0.0, 40.0, 60.0, 0.0]})).row(0, named=True)
    assert speed["lilien"] == pytest.approx(sqrt(0.45 * log(0.8) ** 2 + 0.55 * log(1.2) ** 2))
    assert speed["nav"] == pytest.approx(0.1)


@pytest.mark.parametrize("labour", [[50.0, 50.0, 100.0, 0.0], [100.0, 0.0, 50.0, 50.0]])
def test_an_industry_that_comes_or_goes_leaves_the_norm_of_absolute_values_alone(labour):
    rows = {"region": ["r"] * 4, "industry": ["a", "b"] * 2, "year": [0, 0, 1, 1], "labour": labour}
    speed = structural_change(pl.DataFrame(rows)).row(0, named=True)
    assert speed["lilien"] is None
    assert speed["nav"] == pytest.approx(0.5)


def test_dispersion_between_regions_is_a_mean_over_industries():
    rows = {"region": ["r", "s", "r", "s"], "industry": ["a", "a", "b", "b"], "year": [1] * 4}
    ratios = {"mpk": [1.0, 2.0, 1.0, 8.0], "mpl": [1.0] * 4}
    table = dispersion(pl.DataFrame(rows | ratios)).filter(factor="mpk", dimension="regions").row(0, named=True)
    assert table["sd_log"] == pytest.approx((log(2) + log(8)) / 2 / 2)  # half of each ratio in logs
    assert table["gap_90_10"] == pytest.approx(0.8 * (log(2) + log(8)) / 2)
    assert table["units"] == 4


def test_half_a_unit_of_the_last_digit():
    values = pl.DataFrame({"value": [0.0, 123.0, -4560.0, 0.0789]})
    halves = values.select(half=_half(pl.col("value"), 3))["half"].to_list()
    assert halves == pytest.approx([0.0, 0.5, 5.0, 0.00005])


def test_a_group_has_the_mean_of_its_units_with_a_figure():
    values = np.array([[1.0, np.nan, np.nan], [3.0, 4.0, np.nan], [5.0, 6.0, 7.0]])
    means = _by_group(values, np.array([0, 0, 1]))
    assert means.tolist() == [[2.0, 4.0, 0.0], [2.0, 4.0, 0.0], [5.0, 6.0, 7.0]]


@pytest.mark.parametrize(
    ("coefficients", "supported"),
    [([0.3, 0.2], True), ([0.3, 0.1], False), ([0.2, 0.2], False), ([0.3, 1.0], False)],
)
def test_catching_up_is_more_than_chance_by_both_estimates(coefficients, supported):
    placebo = pl.DataFrame({"coefficient": coefficients, "high": [0.2, 0.1]})
    assert CatchUp(regression=None, dropped=0, placebo=placebo).supported is supported


def test_two_rows_are_too_few_to_catch_up():
    rows = {"region": ["r"] * 3, "industry": ["a"] * 3, "year": [0, 1, 2], "distance": [0.5, 0.4, 0.3]}
    table = pl.DataFrame(rows | {"tfp_growth": [0.0, 0.05, 0.04], "frontier_growth": [0.0, 0.01, 0.02]})
    with pytest.raises(InputError) as error:
        catch_up(table)
    assert error.value.code == "sources.few-rows"


def test_knowledge_begins_in_the_steady_state_of_the_growth_of_all_regions():
    rows = {"region": ["r", "r", "s", "s"], "year": [0, 1, 0, 1], "rd": [10.0, 30.0, 30.0, 50.0]}
    stock = knowledge_stock(pl.DataFrame(rows), value="rd", obsolescence=0.25)["stock"].to_list()
    assert stock == pytest.approx([8.0, 0.75 * 8 + 30, 24.0, 0.75 * 24 + 50])  # 10 and 30 over 1 + 0.25
    with pytest.raises(InputError) as error:
        knowledge_stock(pl.DataFrame(rows).filter(year=0), value="rd")
    assert error.value.code == "sources.no-common-years"

"""Bands of more regions than are compared two by two."""

from __future__ import annotations

import sys

import polars as pl
import pytest

import xinzhi
from xinzhi.core.parameters import setting
from xinzhi.yardstick import ranking

PAIR = ["region", "other", "start", "end", "component"]


@pytest.fixture(scope="module")
def measured():
    return xinzhi.measure("china-provinces")


@pytest.fixture(scope="module")
def everyone(measured):
    return xinzhi.bands(measured, inputs=False)


@pytest.fixture(scope="module")
def ends(measured):
    """Bands where at most ten regions are compared with all others; of more the three at either end."""
    limits = {"most_compared": 10, "compared_ends": 3}
    with pytest.MonkeyPatch.context() as patch:
        module = sys.modules["xinzhi.yardstick.audit.outcomes"]
        patch.setattr(module, "setting", lambda file, name: limits.get(name) or setting(file, name))
        return xinzhi.bands(measured, inputs=False)


def test_of_many_regions_those_at_the_ends_are_compared_and_the_answer_says_so(ends):
    leading = ends.leading.filter(pl.col("region") != "total").sort("measured", descending=True)["region"].to_list()
    start, end = ends.leading.select("start", "end").row(0)
    pairs = ends.pairs.filter(start=start, end=end, component="estimates")
    assert {*pairs["region"], *pairs["other"]} == {*leading[:3], *leading[-3:]}
    assert (pairs.height, ends.compared, ends.compares_ends) == (15, 6, True)
    assert "Only the 6 regions at the ends of the ranking are compared." in ends.summary()
    assert "只比较排名两端的6个地区" in ends.summary("zh")


def test_a_pair_at_the_ends_has_the_probability_that_it_has_among_all(ends, everyone):
    assert not everyone.compares_ends
    assert ends.frame.equals(everyone.frame)
    both = ends.pairs.join(everyone.pairs, on=PAIR, suffix="_of_all")
    assert both.height == ends.pairs.height > 0
    assert both["probability"].equals(both["probability_of_all"], check_names=False)


def test_who_is_told_apart_is_not_said_of_all_where_only_the_ends_are_compared(measured, ends, everyone):
    assert "pairs of regions" in ranking(measured, bands=everyone).summary()
    assert "pairs of regions" not in ranking(measured, bands=ends).summary()

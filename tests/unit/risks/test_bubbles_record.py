"""Critical values on record are those of the bootstrap, and are there for the prices that ship alone."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from polars.testing import assert_frame_equal

from xinzhi import risks
from xinzhi.risks.prices import record
from xinzhi.risks.prices.series import Series

TOOL = runpy.run_path(str(Path(__file__).parents[3] / "tools" / "bubbles_record.py"))


@pytest.fixture(scope="module")
def shipped() -> list[Series]:
    """The price series that ship."""
    return list(TOOL["shipped_series"]())


def test_the_record_has_every_series_that_ships_and_no_other(shipped: list[Series]):
    assert record.table()["digest"].to_list() == [TOOL["digest_of"](series) for series in shipped]


@pytest.mark.parametrize("at", [0, 7, 41])
def test_the_record_is_what_the_bootstrap_gives(shipped: list[Series], at: int):
    computed = TOOL["row"](shipped[at])
    recorded = record.table().row(at, named=True)
    assert computed.keys() == recorded.keys()
    for name, value in computed.items():
        if isinstance(value, str):
            assert value == recorded[name]
        else:
            np.testing.assert_allclose(value, recorded[name], rtol=1e-9)


@pytest.mark.parametrize("other", [{"level": 90}, {"seed": 1}, {"draws": 500}, {"lag": 3}, {"window": 20}])
def test_other_rules_have_no_record(shipped: list[Series], other: dict[str, Any]):
    rules = {**TOOL["rules_of"](shipped[0]), "level": 95}
    assert record.recorded_values(record.digest(shipped[0].level, **rules)) is not None
    assert record.recorded_values(record.digest(shipped[0].level, **{**rules, **other})) is None
    assert record.recorded_values(record.digest(shipped[0].level * 1.001, **rules)) is None


def test_the_pointwise_line_is_bootstrapped_and_rejects_as_often():
    prices = risks.house_prices("china-provinces").filter(city="110000")
    rules = risks.BubbleRules(gaps="longest")
    usual = risks.bubbles(prices, "city", "month", "log_price", rules=rules)
    pointwise = risks.bubbles(prices, "city", "month", "log_price", rules=rules, convention="pointwise")
    assert_frame_equal(usual.critical, pointwise.critical, rel_tol=1e-9, abs_tol=0.0)  # of another processor
    assert usual.statistics["p_value"].to_list() == pointwise.statistics["p_value"].to_list()

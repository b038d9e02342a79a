"""The audit with the choices of benchmark, breaks, valuation, later share, schooling and price opened.

A sample of its protocols, every value of every choice among them, is measured one by one by `measure`, which shares no
code with the combination of branches. Tolerance: 1e-12 log points.
"""

from __future__ import annotations

import time

import numpy as np
import polars as pl
import pytest

import xinzhi
from xinzhi.core.errors import UsageError
from xinzhi.protocol import load as load_protocol

OURS = load_protocol("xinzhi-cn-2026")
OPENED = {
    "capital.benchmark": {"none", "revised_output", "national"},
    "labour.breaks": {"flag", "link"},
    "shares.valuation": {"market_prices", "factor_cost"},
    "shares.after": {"carry", "input_output"},
    "estimates.schooling_rule": {"hold", "trend", "census_growth"},
    "capital.price_after_official": {"as_published_proxy", "output_deflator", "national_deflator"},
}
CPU = 4.0


@pytest.fixture(scope="module")
def audit():
    package = xinzhi.load("china-provinces")
    xinzhi.measure(package)
    start = time.process_time()
    result = xinzhi.audit(package)
    return result, time.process_time() - start


def test_the_new_choices_are_open_and_the_audit_is_quick(audit):
    result, seconds = audit
    assert result.protocols.height >= 10_000
    for path, values in OPENED.items():
        assert set(result.protocols[path].drop_nulls()) >= values, path
    assert seconds < CPU * 3  # a loaded machine; bench/ holds the figure itself


def test_what_is_closed_is_listed_with_its_reason(audit):
    result, _ = audit
    shut = result.left_out.filter(pl.col("reason").str.contains("all combinations are more than"))
    assert {row.split("=")[0] for row in shut["departures"]} == {"index.formula", "capital.timing", "shares.averaging"}
    assert (shut["reason_zh"] != shut["reason"]).all()


def test_a_sample_equals_measure(audit):
    result, _ = audit
    rng = np.random.default_rng(15)
    numbers = [0, *rng.choice(result.protocols.height, 24, replace=False).tolist()]
    for path, values in OPENED.items():  # every value at least once
        rows = [result.protocols.filter(pl.col(path) == value)["number"].sample(1, seed=7) for value in values]
        numbers += [int(row.item()) for row in rows]
    package = xinzhi.load("china-provinces")
    for number in numbers:
        one = xinzhi.measure(package, result.protocol(number)).periods.select("region", "start", "end", "tfp_growth")
        both = result.tfp(number).join(one, on=["region", "start", "end"], suffix="_measured")
        assert both.height == result.tfp(number).height
        assert (both["tfp_growth"] - both["tfp_growth_measured"]).abs().max() < 1e-12


def test_choices_may_be_closed_by_hand(audit):
    result, _ = audit
    closed = [*OPENED, "capital.initial_rule", "output.vintage", "index.formula", "capital.timing", "shares.averaging"]
    small = xinzhi.audit("china-provinces", closed=closed)
    assert small.protocols.height < result.protocols.height / 100
    for path in OPENED:
        if path in small.protocols.columns:
            assert len(set(small.protocols[path].drop_nulls()) - {""}) <= 1
    with pytest.raises(UsageError) as caught:
        xinzhi.audit("china-provinces", closed=["capital.benchmrk"])
    assert caught.value.code == "protocol.unknown-path"

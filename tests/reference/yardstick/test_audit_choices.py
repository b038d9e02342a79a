"""The audit with the choices of benchmark, breaks, valuation, later share, schooling, price and estimates opened.

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
USED = {
    "output.vintage": {"latest", "census4", "first_published"},
    "capital.benchmark": {"none", "national"},
    "labour.breaks": {"flag", "link"},
    "labour.quality": {"schooling", "none"},
    "shares.valuation": {"market_prices", "factor_cost"},
    "shares.after": {"carry", "input_output"},
    "shares.constant": {"0.5", "0.583", "0.6"},
    "estimates.schooling_rule": {"trend", "census_growth"},
    "capital.price_after_official": {"as_published_proxy", "national_deflator"},
    "estimates.investment_rule": {"half", "fai_growth"},
    "estimates.control_total": {"national_volume", "none"},
}
WHAT_IF = {
    "capital.benchmark": {"none", "revised_output", "national"},
    "capital.initial_rule": {"ratio_to_investment", "steady_state", "capital_output_ratio"},
    "shares.constant": {"0.5", "0.583", "0.6", "0.65"},
    "estimates.schooling_rule": {"hold", "trend", "census_growth"},
    "capital.price_after_official": {"as_published_proxy", "output_deflator", "national_deflator"},
}
CPU = 4.0


@pytest.fixture(scope="module")
def package():
    return xinzhi.load("china-provinces")


@pytest.fixture(scope="module")
def audit(package):
    xinzhi.measure(package)
    start = time.process_time()
    result = xinzhi.audit(package)
    return result, time.process_time() - start


@pytest.fixture(scope="module")
def what_if(package):
    return xinzhi.audit(package, what_if=True)


def values(result, path):
    return set(result.protocols[path].drop_nulls()) - {""}


def test_what_sources_use_for_china_is_open_and_the_audit_is_quick(audit):
    result, seconds = audit
    assert result.protocols.height >= 10_000
    for path, wanted in USED.items():
        assert values(result, path) == wanted, path
    assert seconds < CPU * 3  # a loaded machine; bench/ holds the figure itself


def test_every_departure_of_the_admissible_set_has_a_source(audit):
    result, _ = audit
    for choice in result.grid.choices:
        for level in choice.levels:
            for path in level.departs:
                (used,) = [one for one in OURS.parameters[path].alternatives if one.value == level.values[path]]
                assert used.used_for == ("china",), path
                assert used.reference, path


def test_what_no_source_uses_is_listed_and_opened_on_demand(audit, what_if):
    result, _ = audit
    unused = set(result.left_out.filter(pl.col("reason").str.contains("what-if"))["departures"])
    assert {"shares.constant=0.65", "capital.timing=mid_year", "index.formula=paasche"} <= unused
    for path, wanted in WHAT_IF.items():
        assert values(what_if, path) == wanted, path
    assert what_if.what_if is None
    assert result.what_if.protocols == what_if.frame.filter(start=2012, end=2017)["protocols"][0]
    assert result.what_if.first == what_if.frame.filter(start=2012, end=2017, best_rank=1).height
    shut = what_if.left_out.filter(pl.col("reason").str.contains("combinations"))["departures"].to_list()
    assert [label.partition("=")[0] for label in shut] == list(result.what_if.closed)
    assert result.facts()["note.audit_what_if_closed"]["n"] == len(shut) > 0


def test_more_protocols_never_lower_the_best_rank(audit, what_if):
    keys = ["region", "start", "end"]
    both = audit[0].frame.filter(start=2012, end=2017).join(what_if.frame, on=keys, suffix="_more")
    assert (both["best_rank_more"] <= both["best_rank"]).all()
    assert both.filter(pl.col("grade") == "D")["best_rank"].null_count() == 2


def test_what_is_closed_is_listed_with_its_reason(what_if):
    shut = what_if.left_out.filter(pl.col("reason").str.contains("all combinations are more than"))
    closed = {row.split("=")[0] for row in shut["departures"]}
    estimates = {"estimates.investment_rule", "estimates.control_total"}
    assert closed == {"index.formula", "capital.timing", "shares.averaging", *estimates}
    assert (shut["reason_zh"] != shut["reason"]).all()


def sample(result, opened, count):
    rng = np.random.default_rng(15)
    numbers = [0, *rng.choice(result.protocols.height, count, replace=False).tolist()]
    for path, wanted in opened.items():  # every value at least once
        rows = [result.protocols.filter(pl.col(path) == value)["number"].sample(1, seed=7) for value in sorted(wanted)]
        numbers += [int(row.item()) for row in rows]
    return numbers


@pytest.mark.parametrize("wider", [False, True])
def test_a_sample_equals_measure(audit, what_if, package, wider):
    result, opened = (what_if, WHAT_IF) if wider else (audit[0], USED)
    for number in sample(result, opened, 12):
        one = xinzhi.measure(package, result.protocol(number)).periods.select("region", "start", "end", "tfp_growth")
        both = result.tfp(number).join(one, on=["region", "start", "end"], suffix="_measured")
        assert both.height == result.tfp(number).drop_nulls().height
        assert (both["tfp_growth"] - both["tfp_growth_measured"]).abs().max() < 1e-12


def test_a_ruler_under_which_the_data_fail_gains_no_rank(audit, package):
    # Tianjin's output was cut and its investment never: as published, or revised beside output as first published, they
    # are of two books: grade D, and no rank.
    result, _ = audit
    at, here = result.spans.index((2012, 2017)), result.regions["region"].to_list().index("120000")
    barred = result.admission.of_span(at)[:, here]
    two_books = (pl.col("capital.benchmark") == "none") | (pl.col("output.vintage") == "first_published")
    assert barred.tolist() == result.protocols.select(two_books).to_series().to_list()
    first = result.protocols.filter(pl.Series(barred), pl.col("output.vintage") == "first_published")["number"]
    for number in (int(np.flatnonzero(barred)[0]), int(first[-1])):
        grade = xinzhi.measure(package, result.protocol(number)).periods.filter(region="120000", start=2012, end=2017)
        assert grade["grade"].item() == "D"
    best = result.frame.filter(region="120000", start=2012, end=2017)["best_protocol"].item()
    assert not barred[best]


def test_choices_may_be_closed_by_hand(audit):
    result, _ = audit
    small = xinzhi.audit("china-provinces", closed=[path for path in USED if path != "labour.breaks"])
    assert small.protocols.height < result.protocols.height / 100
    moved = {path for path in small.protocols.columns[4:] if len(values(small, path)) > 1}
    assert moved <= {
        "labour.breaks",
        "capital.depreciation_rule",
        "capital.depreciation",
        "shares.rule",
    }
    with pytest.raises(UsageError) as caught:
        xinzhi.audit("china-provinces", closed=["capital.benchmrk"])
    assert caught.value.code == "protocol.unknown-path"

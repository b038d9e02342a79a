"""Valuation of the labour share and its move after 2017, computed again from the table of the nation in plain Python.

The calculation shares no code with xinzhi: shares by year from nation.csv and the protocol's own series, divided by one
less net taxes, and moved by the input-output tables. Tolerance: 1e-12.
"""

from __future__ import annotations

import csv
from importlib.resources import files
from itertools import pairwise

import numpy as np
import polars as pl
import pytest

import xinzhi
from xinzhi.core.errors import ProtocolError
from xinzhi.data import load
from xinzhi.protocol import load as load_protocol
from xinzhi.yardstick.inputs import labour_share
from xinzhi.yardstick.panel import read_panel

OURS = load_protocol("xinzhi-cn-2026")
OBSERVED = OURS.value("shares.national")
TABLES = (2017, 2018, 2020, 2023)


def nation(variable, vintage):
    with (files("xinzhi.data") / "packages" / "china-provinces" / "nation.csv").open(encoding="utf-8") as handle:
        rows = [row for row in csv.DictReader(handle) if row["variable"] == variable and row["vintage"] == vintage]
    return {int(row["year"]): float(row["value"]) for row in rows}


def table(variable):
    """A share of the input-output tables, on a straight line between them."""
    known = nation(variable, "input-output table as published")
    out = {}
    for start, end in pairwise(TABLES):
        for year in range(start, end + 1):
            out[year] = known[start] + (known[end] - known[start]) * (year - start) / (end - start)
    return out


def taxes(year):
    own = nation("net_taxes_share_sum_of_provinces", "provincial income accounts")
    moved = table("net_taxes_on_production_share")
    return own[min(max(year, 2000), 2017)] + (moved[min(year, 2023)] - moved[2017] if year > 2017 else 0.0)


def share(year, valuation, after):
    moved = table("labour_share")
    own = OBSERVED[min(max(year, 2000), 2017)]
    if after == "input_output" and year > 2017:
        own += moved[min(year, 2023)] - moved[2017]
    if valuation == "market_prices":
        return own
    return own / (1 - taxes(year if after == "input_output" else min(year, 2017)))


@pytest.fixture(scope="module")
def panel():
    return read_panel(load("china-provinces"))


def test_the_series_of_the_protocol_are_those_of_the_nation():
    assert OURS.value("shares.input_output") == pytest.approx(table("labour_share"), abs=1e-12)
    stated = OURS.value("shares.net_taxes")
    assert stated == pytest.approx({year: taxes(year) for year in range(2000, 2024)}, abs=1e-12)
    assert 0.12 < stated[2017] < stated[2012] < 0.145


@pytest.mark.parametrize("valuation", ["market_prices", "factor_cost"])
@pytest.mark.parametrize("after", ["carry", "input_output"])
def test_every_year_has_the_share_by_hand(panel, valuation, after):
    rules = OURS.replace({"shares.valuation": valuation, "shares.after": after})
    made = labour_share(panel, rules)
    for year in range(1996, 2026):
        got = made.values[:, year - panel.years[0]]
        assert got == pytest.approx(np.full(31, share(year, valuation, after)), abs=1e-12)
    carried, moved = (made.marks.get(f"{kind}:labour_share") for kind in ("carried", "proxy"))
    columns = panel.years - panel.years[0]
    assert carried[:, columns[panel.years < 2000]].all()
    assert not carried[:, columns[(panel.years >= 2000) & (panel.years <= 2017)]].any()
    if after == "input_output":
        assert moved[:, columns[(panel.years > 2017) & (panel.years <= 2023)]].all()
        assert carried[:, columns[panel.years > 2023]].all()
    else:
        assert moved is None
        assert carried[:, columns[panel.years > 2017]].all()


def test_the_labour_share_of_2017_is_about_57_percent_at_factor_cost():
    assert share(2017, "market_prices", "carry") == pytest.approx(0.4997, abs=1e-4)
    assert share(2017, "factor_cost", "carry") == pytest.approx(0.5688, abs=1e-4)
    moved = table("labour_share")
    assert moved[2023] - moved[2017] == pytest.approx(0.014, abs=1e-12)


def test_what_the_choices_do_to_the_nation():
    """Percent a year; the table of docs/choices.md."""
    found = {}
    for valuation in ("market_prices", "factor_cost"):
        for after in ("carry", "input_output"):
            rules = OURS.replace({"shares.valuation": valuation, "shares.after": after})
            rows = xinzhi.measure("china-provinces", rules).national_periods.to_dicts()
            found[valuation, after] = {row["start"]: 100 * row["tfp_growth"] for row in rows if row["end"] != 2023}
            found[valuation, after][2017] = next(100 * row["tfp_growth"] for row in rows if row["start"] == 2017)
    gain = {
        start: found["factor_cost", "carry"][start] - found["market_prices", "carry"][start] for start in (2012, 2017)
    }
    assert gain == pytest.approx({2012: 0.73, 2017: 0.48}, abs=0.01)
    moved = found["market_prices", "input_output"][2017] - found["market_prices", "carry"][2017]
    assert moved == pytest.approx(0.04, abs=0.01)


def test_a_regional_share_moves_by_the_change_of_the_nation(panel):
    """Beijing has a table of 2023 of its own, 0.5439: the rule misses it by 0.010."""
    rules = OURS.replace({"shares.rule": "observed_regional"})
    made = labour_share(panel, rules).values
    own = panel.account("labour_share")
    last, end = 2017 - panel.years[0], 2023 - panel.years[0]
    assert made[:, end] - own[:, last] == pytest.approx(np.full(31, 0.014), abs=1e-12)
    assert made[panel.region_index("110000"), end] - 0.5439 == pytest.approx(0.010, abs=0.001)


def test_without_the_series_it_refuses_and_names_it():
    for path, changes in (
        ("shares.net_taxes", {"shares.valuation": "factor_cost"}),
        ("shares.input_output", {"shares.after": "input_output"}),
    ):
        with pytest.raises(ProtocolError) as caught:
            xinzhi.measure("china-provinces", OURS.replace({**changes, path: None}))
        assert caught.value.code == "protocol.leaves-blank"
        assert path in caught.value.text.zh


def test_a_region_alone_has_the_figure_that_it_has_among_all():
    whole = load("china-provinces")
    rules = OURS.replace({"shares.valuation": "factor_cost"})
    every = xinzhi.measure(whole, rules).frame
    tables = {name: whole.tables[name].filter(pl.col("region") == "520000") for name in ("accounts", "investment")}
    alone = xinzhi.measure(tables, rules).frame
    both = alone.join(every, on=["region", "year"], suffix="_all")
    assert (both["tfp_growth"] - both["tfp_growth_all"]).abs().max() < 1e-12

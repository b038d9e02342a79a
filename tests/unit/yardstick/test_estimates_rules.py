"""The rules of estimated years: mixed last official years, the control total, breaks, schooling, what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

import xinzhi
from xinzhi.core.errors import InputError
from xinzhi.data import load
from xinzhi.protocol import load as load_protocol
from xinzhi.yardstick.capital import investment
from xinzhi.yardstick.estimating import (
    as_of,
    common_end,
    estimated_cells,
    extend_schooling,
    live,
)
from xinzhi.yardstick.growth_accounts import build_inputs
from xinzhi.yardstick.inputs import deflator
from xinzhi.yardstick.panel import control_index, read_panel

OFF = {
    "estimates.investment_rule": "off",
    "estimates.control_total": "none",
    "estimates.schooling_rule": "hold",
    "labour.breaks": "flag",
}
QINGHAI, GUANGDONG, ANHUI = "630000", "440000", "340000"


@pytest.fixture(scope="module")
def china():
    return load("china-provinces")


@pytest.fixture(scope="module")
def panel(china):
    return read_panel(china)


@pytest.fixture(scope="module")
def ours():
    """The protocol without the choices that have tests of their own."""
    return load_protocol("xinzhi-cn-2026").replace({"capital.benchmark": "none", "labour.breaks": "flag"})


def at(panel, year):
    return int(year - panel.years[0])


def nominal(panel, protocol):
    made = investment(panel, protocol, deflator(panel), list(panel.assets))
    return made.real[0] * made.price[0], made.price[0]


def without(panel, *names):
    return replace(panel, control={name: value for name, value in panel.control.items() if name not in names})


def test_with_all_rules_off_investment_labour_and_schooling_are_those_of_the_package(panel, ours):
    made, marks = build_inputs(panel, ours.replace(OFF))
    free, price = nominal(panel, ours.replace(OFF))
    assert np.nanmax(np.abs(free / panel.investment["investment_nominal"][0] - 1)) < 1e-12
    persons = panel.account("employment")
    assert np.array_equal(made.labour, np.where(persons > 0, persons, np.nan), equal_nan=True)
    assert not marks.get("extrapolated:schooling", np.zeros(1)).any()
    assert np.isfinite(price).any()


def test_the_growth_of_fixed_asset_investment_without_a_control_is_what_the_package_does(panel, ours):
    rules = ours.replace({**OFF, "estimates.investment_rule": "fai_growth"})
    made, ours_too = nominal(panel, rules)[0], panel.investment["investment_nominal"][0]
    until = at(panel, 2023) + 1
    assert (
        np.nanmax(np.abs(made[:, :until] / ours_too[:, :until] - 1)) < 5e-4
    )  # the table of fixed-asset investment is rounded


def test_a_region_alone_has_the_figure_that_it_has_among_all(china, ours):
    whole = xinzhi.measure(china, ours).frame
    for code in ("110000", ANHUI, QINGHAI, "540000"):
        tables = {name: china.tables[name].filter(region=code) for name in ("regions", "accounts", "investment")}
        units = {name: dict(china.units[name]) for name in ("accounts", "investment")}
        alone = xinzhi.measure(xinzhi.load(tables, units=units), ours).frame
        both = alone.join(whole, on=["region", "year"], suffix="_whole").filter(pl.col("year") > 2017)
        assert both.height == 6
        for name in ("capital_growth", "labour_growth", "human_capital_growth"):
            assert (both[name] - both[f"{name}_whole"]).abs().max() < 1e-12


def test_a_pseudo_end_at_the_true_end_is_the_shipped_path_bit_for_bit(panel, ours):
    assert as_of(panel, 2017, 3) is panel
    assert as_of(panel, 2020, 3) is panel
    mine = build_inputs(as_of(panel, 2017, 3), ours)[0]
    shipped = xinzhi.measure("china-provinces", ours).accounts.inputs
    for name in ("output", "capital", "labour", "human_capital", "labour_share"):
        assert np.array_equal(getattr(mine, name), getattr(shipped, name), equal_nan=True)


def test_a_pseudo_end_knows_nothing_that_was_published_later(panel, ours):
    then = as_of(panel, 2010, 3)
    after = then.years > 2010
    assert np.isnan(then.investment["investment_nominal"][..., after & (then.years <= 2017)]).all()
    assert int(then.years[common_end(then)]) == 2010
    assert np.isnan(then.account("schooling")[:, then.years > 2012]).all()
    assert np.isnan(then.account("labour_share")[:, after]).all()
    # prices are official to 2012, retail prices to 2015, then the deflator of output
    price, growth = (
        then.investment["investment_price"][0],
        np.diff(np.log(then.investment["investment_price"][0]), axis=1),
    )
    assert np.array_equal(
        price[:, then.years <= 2012], panel.investment["investment_price"][0][:, then.years <= 2012], equal_nan=True
    )
    retail = np.diff(np.log(panel.account("retail_price")), axis=1)
    year = at(panel, 2014)
    assert np.allclose(growth[:, year - 1], retail[:, year - 1])
    # the share of investment among the regions after 2010 is not known either: moving it changes nothing
    given = panel.investment["investment_nominal"].copy()
    given[0, :, after] = given[0, ::-1, after]
    price = np.broadcast_to(panel.investment["investment_price"][:, :1], given.shape)
    pair = [
        replace(panel, investment={**panel.investment, "investment_nominal": one, "investment_price": price})
        for one in (panel.investment["investment_nominal"], given)
    ]
    rules = live(ours).replace({"estimates.control_total": "national_value"})
    made = [nominal(as_of(one, 2010, 3), rules)[0][:, : at(panel, 2018)] for one in pair]
    assert np.allclose(*made, rtol=1e-12, equal_nan=True)


def test_pseudo_ends_keep_to_the_total_of_the_regions(panel, ours):
    rules = live(ours)
    then = as_of(panel, 2010, 3)
    made, price = nominal(then, rules)
    true = panel.investment["investment_nominal"][0]
    for year in (2011, 2014, 2017):
        here, base = at(panel, year), at(panel, 2010)
        mine = (made[:, here] / price[:, here] * price[:, base]).sum()
        old = panel.investment["investment_price"][0]
        assert mine == pytest.approx((true[:, here] / old[:, here] * old[:, base]).sum(), rel=1e-12)


def published(panel, region, until, factor=1.0):
    """The panel had a region published its investment for longer."""
    row = panel.regions.index(region)
    later = np.zeros(panel.shape, dtype=bool)
    later[row] = (panel.years > 2017) & (panel.years <= until)
    figures, mask = panel.investment["investment_nominal"].copy(), panel.unofficial["investment_nominal"].copy()
    figures[0][later] *= factor
    mask[0] &= ~later
    return replace(
        panel,
        investment={**panel.investment, "investment_nominal": figures},
        unofficial={**panel.unofficial, "investment_nominal": mask},
    )


def test_a_region_that_goes_on_publishing_is_fixed_and_the_others_share_the_rest(panel, ours):
    rules = live(ours)
    mixed = published(published(panel, QINGHAI, 2019), GUANGDONG, 2022)
    made, price = nominal(mixed, rules)
    plain, _ = nominal(panel, rules)
    rows = [panel.regions.index(code) for code in (QINGHAI, GUANGDONG)]
    given = panel.investment["investment_nominal"][0]
    assert np.allclose(
        made[rows[0], at(panel, 2018) : at(panel, 2020)], given[rows[0], at(panel, 2018) : at(panel, 2020)]
    )
    assert np.allclose(
        made[rows[1], at(panel, 2018) : at(panel, 2023)], given[rows[1], at(panel, 2018) : at(panel, 2023)]
    )
    base = at(panel, 2017)
    for year in range(2018, 2024):
        here = at(panel, year)
        totals = [(one[:, here] / price[:, here] * price[:, base]).sum() for one in (made, plain)]
        assert totals[0] == pytest.approx(totals[1], rel=1e-12)
    assert estimated_cells(mixed)[rows[1], at(panel, 2023)]
    assert not estimated_cells(mixed)[rows[1], at(panel, 2022)]
    assert common_end(mixed) == base


def test_a_control_below_what_is_fixed_is_refused(panel, ours):
    tight = published(panel, GUANGDONG, 2022, factor=40)
    with pytest.raises(InputError) as error:
        build_inputs(tight, live(ours))
    assert error.value.code == "yardstick.control-below-fixed"
    assert "2018" in error.value.text.en
    assert "2018" in error.value.text.zh


def test_without_a_control_total_the_cure_is_named_in_both_languages(panel, ours):
    with pytest.raises(InputError) as error:
        build_inputs(without(panel, "national_volume"), live(ours))
    assert error.value.code == "yardstick.no-control-total"
    assert "estimates.control_total" in error.value.text.zh
    free = live(ours).replace({"estimates.control_total": "none"})
    build_inputs(without(panel, "national_volume"), free)


def test_a_changed_protocol_refuses_a_part_of_the_regions(china, ours):
    some = ["110000", "120000"]
    tables = {name: china.tables[name].filter(pl.col("region").is_in(some)) for name in ("accounts", "investment")}
    units = {name: dict(china.units[name]) for name in tables}
    package = xinzhi.load({**tables, "nation": china.tables["nation"]}, units=units)
    with pytest.raises(InputError) as error:
        xinzhi.measure(package, ours.replace({"estimates.investment_weight": 0.4}))
    assert error.value.code == "yardstick.control-of-a-part"
    xinzhi.measure(package, ours.replace({"estimates.investment_rule": "fai_growth"}))


def test_other_regions_than_the_declared_ones_need_a_nation_of_their_own(china, ours):
    named = pl.col("region").str.slice(0, 2) + "9999"
    tables = {name: china.tables[name].with_columns(region=named) for name in ("accounts", "investment")}
    units = {name: dict(china.units[name]) for name in tables}
    with pytest.raises(InputError) as error:
        xinzhi.measure(xinzhi.load(tables, units=units), ours)
    assert error.value.code == "yardstick.no-control-total"
    own = xinzhi.load({**tables, "nation": china.tables["nation"]}, units=units)
    frames = (xinzhi.measure(one, ours).frame.filter(~pl.col("region").str.starts_with("50")) for one in (own, china))
    mine, theirs = (one["tfp_growth"] for one in frames)  # Chongqing's first stock goes by its code
    assert (mine - theirs).abs().max() < 1e-12


def test_investment_that_is_not_positive_cannot_be_moved(panel, ours):
    figures = panel.investment["investment_nominal"].copy()
    figures[0, panel.regions.index(ANHUI), at(panel, 2017)] = -3.0
    bad = replace(panel, investment={**panel.investment, "investment_nominal": figures})
    with pytest.raises(InputError) as error:
        build_inputs(bad, ours)
    assert error.value.code == "yardstick.base-not-positive"
    assert ANHUI in error.value.text.en


def test_schooling_moves_alike_everywhere_after_its_last_year(panel, ours):
    observed = panel.account("schooling")
    held = np.where(np.isfinite(observed), observed, observed[:, [at(panel, 2019)]])
    moved, where = extend_schooling(panel, ours, held)
    rise = float(ours.value("estimates.schooling_growth"))
    assert np.allclose((moved - held)[:, at(panel, 2023)], 4 * rise)
    assert where[:, at(panel, 2020)].all()
    assert not where[:, at(panel, 2019)].any()
    assert 0.03 < rise < 0.15


def test_flags_say_what_is_estimated():
    frame = xinzhi.measure("china-provinces").frame
    flags = frame.filter(pl.col("year") == 2023)["flags"]
    assert flags.str.contains("extrapolated:investment").all()
    assert flags.str.contains("extrapolated:schooling").all()
    broken = frame.filter(region=ANHUI, year=2020)["flags"].item()
    assert "proxy:employment" in broken
    assert not frame.filter(pl.col("year") <= 2017)["flags"].str.contains("extrapolated").any()


def test_the_volume_takes_inventories_off_by_the_ratio_at_current_prices():
    years = np.arange(2000, 2004)
    nation = {
        "gfcf_nominal": {2000: 90.0, 2001: 99.0, 2002: 121.0},
        "gcf_nominal": {2000: 100.0, 2001: 110.0, 2002: 121.0},
        "gcf_growth_real": {2001: 5.0, 2002: 2.0, 2003: 1.0},
    }
    made = control_index(nation, years)
    step = np.diff(made["national_volume"])
    assert step == pytest.approx([np.log(1.05), np.log(1.02 / 0.9), np.log(1.01)])
    assert np.isnan(made["national_value"][3])
    assert control_index({}, years) == {}

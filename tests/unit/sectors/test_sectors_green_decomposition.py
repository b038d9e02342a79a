"""Green: intensities, Tapio's states, LMDI with zeros, Kaya."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

import xinzhi
from xinzhi import sectors
from xinzhi.core.errors import InputError, UsageError
from xinzhi.sectors.green import decoupling_state
from xinzhi.sectors.lmdi import lmdi_additive

TOLERANCE = 1e-12


@pytest.mark.parametrize(
    ("pressure", "driver", "state"),
    [
        (-0.01, 0.05, "strong_decoupling"),
        (0.0, 0.05, "weak_decoupling"),
        (0.02, 0.05, "weak_decoupling"),
        (0.05, 0.05, "expansive_coupling"),
        (0.07, 0.05, "expansive_negative_decoupling"),
        (-0.07, -0.05, "recessive_decoupling"),
        (-0.05, -0.05, "recessive_coupling"),
        (-0.02, -0.05, "weak_negative_decoupling"),
        (0.01, -0.05, "strong_negative_decoupling"),
        (0.01, 0.0, None),
        (math.nan, 0.05, None),
    ],
)
def test_the_eight_states_of_tapio(pressure, driver, state):
    assert decoupling_state(np.array([pressure]), np.array([driver])) == [state]


def test_the_band_of_coupling_includes_its_ends():
    assert decoupling_state(np.array([0.8, 1.2]), np.array([1.0, 1.0])) == ["expansive_coupling"] * 2


def test_decoupling_names_what_has_no_elasticity():
    data = pl.DataFrame(
        {
            "region": list("aabbccd"),
            "year": [1, 2, 1, 2, 1, 2, 1],
            "energy": [1.0, 1.1, 0.0, 5.0, 1.0, 2.0, 1.0],
            "gdp": [1.0, 1.2, 1.0, 1.1, 1.0, 1.0, 1.0],
        }
    )
    result = sectors.decoupling(data, "energy", "gdp")
    assert result.frame.select("region", "state").rows() == [("a", "weak_decoupling")]
    assert result.frame["elasticity"][0] == pytest.approx(0.5, abs=1e-9)
    assert dict(result.omitted.select("region", "reason_en").iter_rows()) == {
        "b": "not positive at the start: a rate of change is not defined",
        "c": "the driver did not move: the elasticity is not defined",
    }
    assert "弱脱钩 1" in result.summary("zh")
    with pytest.raises(UsageError, match="span 0"):
        sectors.decoupling(data, "energy", "gdp", span=0)


def test_the_provinces_decouple_over_five_years():
    result = sectors.decoupling("china-provinces", "so2_emissions", span=5)
    last = result.frame.filter(year=2017)
    assert last.filter(state="strong_decoupling").height == 30


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        # a factor that comes from zero takes the whole change
        ([0.0, 3.0], [2.0, 5.0], [10.0, 0.0]),
        # and one that goes to zero
        ([2.0, 5.0], [0.0, 3.0], [-10.0, 0.0]),
        # zero at both ends: nothing moved
        ([0.0, 3.0], [0.0, 5.0], [0.0, 0.0]),
        ([0.0, 3.0], [2.0, 0.0], [0.0, 0.0]),
        # two factors from zero share the change
        ([0.0, 0.0, 4.0], [2.0, 3.0, 5.0], [15.0, 15.0, 0.0]),
        # 0/0 beside a zero counts as unchanged
        ([0.0, math.nan], [2.0, 5.0], [10.0, 0.0]),
    ],
)
def test_zeros_by_the_analytical_limit(before, after, expected):
    assert lmdi_additive(np.array(before), np.array(after)).tolist() == pytest.approx(expected, abs=TOLERANCE)


def test_the_limit_is_where_small_numbers_lead():
    # the strategy of a small number, which Ang and Liu (2007) compare with the limit
    before, after = np.array([0.0, 3.0]), np.array([2.0, 5.0])
    gaps = []
    for exponent in (20, 100, 300):
        small = np.where(before == 0, 10.0**-exponent, before)
        gaps.append(abs(lmdi_additive(small, after)[0] - lmdi_additive(before, after)[0]))
    assert gaps[0] > gaps[1] > gaps[2]
    assert gaps[2] < 0.02


def test_a_missing_factor_is_missing_and_a_negative_one_refused():
    assert np.isnan(lmdi_additive(np.array([1.0, math.nan]), np.array([2.0, 1.0]))).all()
    with pytest.raises(InputError, match="is negative"):
        lmdi_additive(np.array([1.0, -1.0]), np.array([2.0, 1.0]))


def test_lmdi_over_fuels_by_hand():
    # coal 4 -> 2 and gas 1 -> 3 units, with 3 and 2 of carbon a unit: 14 -> 12
    rows = [
        {"region": "a", "year": year, "fuel": fuel, "use": use, "content": content}
        for year, amounts in ((1, (4.0, 1.0)), (2, (2.0, 3.0)))
        for fuel, use, content in zip(("coal", "gas"), amounts, (3.0, 2.0), strict=True)
    ]
    result = sectors.lmdi(pl.DataFrame(rows), ["use", "content"], item="fuel", total="carbon")
    coal = (6 - 12) / math.log(6 / 12) * math.log(2 / 4)
    gas = (6 - 2) / math.log(6 / 2) * math.log(3)
    use, content = result.frame["additive"].to_list()
    assert use == pytest.approx(coal + gas, abs=TOLERANCE) == pytest.approx(-2.0, abs=TOLERANCE)
    assert content == 0.0
    assert result.frame["multiplicative"].to_list() == pytest.approx([12 / 14, 1.0], abs=TOLERANCE)
    assert "carbon of 1 region changed by −14" in result.summary("en")


def test_a_fuel_that_is_missing_at_one_end_is_named():
    rows = pl.DataFrame(
        {"region": "a", "year": [1, 1, 2], "fuel": ["coal", "gas", "coal"], "use": [1.0, 2.0, 3.0], "content": 1.0}
    )
    for span in (1, None):
        result = sectors.lmdi(rows, ["use", "content"], item="fuel", span=span)
        assert result.frame.height == 0
        assert result.omitted.select("region", "year", "reason_en").rows() == [("a", 2, "a factor is missing")]


def test_from_nothing_there_is_no_ratio():
    rows = pl.DataFrame({"region": "a", "year": [1, 2], "use": [0.0, 2.0], "content": [3.0, 3.0]})
    result = sectors.lmdi(rows, ["use", "content"])
    assert result.frame["additive"].to_list() == [6.0, 0.0]
    assert result.frame["multiplicative"].null_count() == 2
    assert "no ratio" in result.omitted["reason_en"][0]


def test_lmdi_refuses_what_it_cannot_take():
    rows = pl.DataFrame({"region": ["a", "a"], "year": [1, 1], "use": [1.0, 2.0]})
    with pytest.raises(InputError) as caught:
        sectors.lmdi(rows, ["use"])
    assert (caught.value.findings[0].rule, caught.value.findings[0].key) == ("duplicate-key", "a/1")
    with pytest.raises(UsageError, match="one factor or more"):
        sectors.lmdi(rows, [])
    with pytest.raises(InputError, match="no column 'price'"):
        sectors.lmdi(rows, ["price"])


def test_kaya_of_the_provinces_is_exact():
    result = sectors.kaya("china-provinces", "so2_emissions", span=None)
    assert result.factors == ("population", "affluence", "energy_intensity", "emission_content")
    parts = result.frame.group_by("region").agg(pl.col("additive").sum(), pl.col("multiplicative").product())
    both = parts.join(result.totals, on="region")
    assert (both["additive"] - (both["after"] - both["before"])).abs().max() < 1e-9
    assert (both["multiplicative"] / (both["after"] / both["before"]) - 1).abs().max() < 1e-9
    # Tibet reports energy once: nothing to compare
    assert "540000" not in result.frame["region"]


def test_kaya_names_a_denominator_of_zero():
    rows = pl.DataFrame(
        {
            "region": list("aabb"),
            "year": [1, 2, 1, 2],
            "population": 1.0,
            "output_real": [1.0, 2.0, 1.0, 2.0],
            "energy_consumption": [1.0, 1.0, 0.0, 1.0],
        }
    )
    result = sectors.kaya(rows)
    assert set(result.frame["region"]) == {"a"}
    assert result.omitted.select("region", "year").rows() == [("b", 1)]
    negative = rows.with_columns(co2=pl.lit(-1.0))
    with pytest.raises(InputError, match="'co2' is −1 in region a, 1, and cannot be negative"):
        sectors.kaya(negative, "co2")


@pytest.mark.shared
def test_affluence_drove_carbon_up_and_intensity_held_it_down(shared):
    table = pl.read_csv(shared / "data/china/energy_environment_1990_2025.csv", infer_schema_length=None)
    table = table.select(
        pl.col("region_code").cast(pl.String).alias("region"),
        "year",
        co2=pl.col("co2_apparent_mt_ceads").cast(pl.Float64),
    ).drop_nulls()
    accounts = xinzhi.load("china-provinces").tables
    energy = accounts["indicators"].filter(indicator="energy_consumption").select("region", "year", energy="value")
    data = (
        accounts["accounts"].select("region", "year", "population", "output_real").join(energy, on=["region", "year"])
    )
    span = data.join(table, on=["region", "year"]).filter(pl.col("year").is_in([2000, 2019]))
    result = sectors.kaya(span, "co2", series={"energy": "energy"}, span=None)
    sums = dict(result.frame.group_by("factor").agg(pl.col("additive").sum()).iter_rows())
    assert sums["affluence"] > 0 > sums["energy_intensity"]
    assert sums["affluence"] > sums["population"] > 0


def test_intensities_take_what_is_there_and_name_what_is_not():
    data = pl.DataFrame(
        {
            "region": list("aab"),
            "year": [1, 2, 1],
            "output_real": [10.0, 20.0, 5.0],
            "energy_consumption": [5.0, 5.0, 0.0],
        }
    )
    result = sectors.green(data)
    assert result.frame["intensity"].to_list() == [0.5, 0.25]
    assert result.frame["intensity_growth"].to_list() == [None, pytest.approx(-math.log(2), abs=TOLERANCE)]
    assert result.omitted.select("region", "year").rows() == [("b", 1)]
    assert "单位GDP能耗−50%（1—2年）" in result.summary("zh")
    with pytest.raises(InputError, match="'output_real' is 0 in region a"):
        sectors.green(data.with_columns(output_real=pl.lit(0.0)))
    with pytest.raises(InputError, match="green needs a quantity"):
        sectors.green(data.drop("energy_consumption"))


def test_green_productivity_and_shadow_prices_are_passed_in():
    gtfp = pl.DataFrame({"unit": ["a"] * 4, "period": [2001, 2002, 2003, 2005], "index": [1.1, 1.0, 0.9, 1.2]})
    prices = pl.DataFrame({"indicator": ["co2"], "price": [0.01]})
    data = pl.DataFrame({"region": ["a"], "year": [2001], "output_real": [100.0], "output_nominal": [200.0]})
    co2 = pl.DataFrame({"region": ["a"], "year": [2001], "co2": [50.0]})
    result = sectors.green(data, emissions=co2, productivity=gtfp, prices=prices)
    level = result.productivity["level"].to_list()
    assert level[:3] == pytest.approx([1.1, 1.1, 0.99], abs=TOLERANCE)
    assert level[3] is None
    assert result.costs.select("cost", "share").rows() == [(0.5, 0.0025)]
    with pytest.raises(InputError, match="prices name so2"):
        sectors.green(data, emissions=co2, prices=pl.DataFrame({"indicator": ["so2"], "price": [1.0]}))
    with pytest.raises(InputError, match="output_nominal, which is missing"):
        sectors.green(data.drop("output_nominal"), emissions=co2, prices=prices)

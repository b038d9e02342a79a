"""The shipped package and small made-up ones under our protocol: what comes out, and what refuses."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import xinzhi
from xinzhi import protocol
from xinzhi.core.errors import InputError, ProtocolError, UsageError


@pytest.fixture(scope="module")
def ours():
    return protocol.load("xinzhi-cn-2026")


@pytest.fixture(scope="module")
def china(ours):
    return xinzhi.measure("china-provinces", ours)


def test_frame_has_the_columns_of_the_contract_and_no_hole(china):
    columns = "region year output_growth capital_growth labour_growth human_capital_growth labour_share"
    columns += " capital_contribution labour_contribution human_capital_contribution tfp_growth tfp_level grade flags"
    assert china.frame.columns == columns.split()
    assert sum(china.frame.null_count().row(0)) == 0
    assert china.inputs.columns[:7] == [
        "region",
        "year",
        "output",
        "capital",
        "labour",
        "human_capital",
        "labour_share",
    ]


def test_an_extrapolated_figure_never_passes_as_official(china):
    late = china.frame.filter(pl.col("year") > 2017)
    assert late.height == 31 * 6
    assert late["flags"].str.contains("extrapolated:investment").all()
    early = china.frame.filter(pl.col("year") <= 2017)
    assert not early["flags"].str.contains("extrapolated").any()


def test_coverage_says_how_far_official_figures_carry(china):
    reach = dict(china.coverage.select("series", "last_official_year").iter_rows())
    assert reach["investment"] == 2017
    assert reach["investment_price"] == 2019
    assert reach["employment"] == 2023
    assert dict(china.coverage.select("series", "last_revised_year").iter_rows())["output"] == 2024


def test_years_without_labour_are_omitted_with_the_reason(china):
    assert set(china.omitted["year"].to_list()) == {2024, 2025}
    assert set(china.omitted["missing"].to_list()) == {"labour"}
    assert china.omitted.height == 62


def test_known_breaks_in_employment_are_flagged(china):
    for region, year in [("120000", 2007), ("310000", 1998), ("340000", 2020), ("650000", 2010)]:
        row = china.frame.filter((pl.col("region") == region) & (pl.col("year") == year))
        assert "break:employment" in row["flags"][0]


def test_chongqing_starts_from_the_split_of_1996(china):
    start = china.inputs.filter((pl.col("region") == "500000") & (pl.col("year") == 1996))
    # 1090 x 313 / 850 at prices of 1952, at prices of 2000 by Chongqing's index (1952 = 1: 5.58961687327528 in 2000).
    assert start["capital"][0] == pytest.approx(1090 * 313 / 850 * 5.58961687327528, rel=1e-6)
    assert "proxy:initial_stock" in start["flags"][0]


def test_national_output_is_the_sum_of_the_provinces(china):
    total = china.inputs.group_by("year").agg(pl.col("output").sum()).sort("year")["output"].to_numpy()
    np.testing.assert_allclose(china.national["output_growth"].to_numpy(), np.diff(np.log(total)), atol=1e-12)


def test_explain_shows_inputs_parameters_and_references(china):
    explanation = china.explain("120000", 2007)
    frame = {row["item"]: row for row in explanation.frame.iter_rows(named=True)}
    # The fall of 26 % is linked: the level of the newest statistics, and the move that was expected.
    assert frame["labour"]["growth"] == pytest.approx(0.009, abs=1e-3)
    employment = explanation.sources.filter(column="accounts.employment")
    assert employment.select("before", "value").row(0) == pytest.approx((562.92, 432.74))
    assert "break:employment" in explanation.flags
    assert "proxy:employment" in explanation.flags
    assert "capital.depreciation" in explanation.parameters["parameter"].to_list()
    assert explanation.parameters.filter(pl.col("parameter") == "capital.depreciation")["reference"][0]
    assert "天津" in explanation.text("zh")
    assert "accounts.employment" in explanation.sources["column"].to_list()


@pytest.mark.parametrize(
    ("region", "year", "word"),
    [("120000", 2024, "labour"), ("999999", 2010, "no region '999999'"), ("120000", 1990, "measured 1997–2023")],
)
def test_explain_says_why_there_is_no_figure(region, year, word, china):
    with pytest.raises(UsageError, match=word):
        china.explain(region, year)


def test_another_vintage_of_output_changes_output_alone(china, ours):
    other = xinzhi.measure("china-provinces", ours.replace({"output.vintage": "first_published"}))
    both = china.frame.join(other.frame, on=["region", "year"], suffix="_other")
    assert (both["capital_growth"] - both["capital_growth_other"]).abs().max() < 1e-12
    moved = both.filter((pl.col("output_growth") - pl.col("output_growth_other")).abs() > 0.001)
    assert moved.height > 31
    early = other.frame.filter(pl.col("year") < 2000)
    assert early["flags"].str.contains("spliced:output").all()


@pytest.mark.parametrize(
    ("values", "column"),
    [
        ({"capital.price_after_official": "output_deflator"}, "capital_growth"),
        ({"capital.depreciation": 0.1096}, "capital_growth"),
        ({"capital.timing": "mid_year"}, "capital_growth"),
        ({"capital.initial_rule": "steady_state"}, "capital_growth"),
        ({"capital.initial_rule": "capital_output_ratio", "capital.initial_output_ratio": 2.6}, "capital_growth"),
        ({"labour.quality": "none"}, "human_capital_growth"),
        ({"shares.rule": "observed_regional"}, "labour_share"),
        ({"shares.rule": "constant", "shares.constant": 0.5}, "labour_share"),
        ({"index.formula": "fisher"}, "labour_share"),
    ],
)
def test_every_choice_moves_what_it_is_about(values, column, china, ours):
    other = xinzhi.measure("china-provinces", ours.replace(values))
    both = china.frame.join(other.frame, on=["region", "year"], suffix="_other")
    assert both.height >= 31 * 26
    assert (both[column] - both[f"{column}_other"]).abs().max() > 1e-6
    assert (both["output_growth"] - both["output_growth_other"]).abs().max() < 1e-12


def test_marks_of_capital_stand_in_the_years_whose_input_they_enter(ours):
    timings = ("end_of_year", "beginning_of_year", "mid_year")
    made = {one: xinzhi.measure("china-provinces", ours.replace({"capital.timing": one})).inputs for one in timings}

    def cells(timing, mark):
        inputs = made[timing]
        marked = inputs.filter(pl.col("flags").str.contains(mark)).select("region", "year")
        return set(marked.iter_rows()), set(inputs.select("region", "year").iter_rows())

    for mark in ("extrapolated:investment", "proxy:initial_stock"):
        (end, _), (start, _), (mid, known) = (cells(timing, mark) for timing in timings)
        assert min(year for _, year in start) == min(year for _, year in end) + 1
        # The mean of two stocks rests on both: it bears the marks of this year's stock and of that of the year before.
        assert mid == (end | start) & known
    assert cells("mid_year", "extrapolated:investment")[0] - cells("beginning_of_year", "extrapolated:investment")[0]


def test_stopping_with_official_figures_ends_the_measurement_there(ours):
    stopped = xinzhi.measure("china-provinces", ours.replace({"capital.investment_after_official": "stop"}))
    assert stopped.frame["year"].max() == 2017
    assert "capital" in stopped.omitted.filter(pl.col("year") == 2018)["missing"][0]


def test_hyperbolic_ageing_and_capital_services_run_on_assets(country, ours):
    tables = country(regions=3, years=15)
    assets = [tables["investment"].with_columns(asset=pl.lit(name)) for name in ("machines", "structures")]
    assets[1] = assets[1].with_columns(pl.col("investment_nominal") * 2, pl.col("investment_price") * 1.1)
    split = tables | {"investment": pl.concat(assets)}
    services = ours.replace(
        {
            "capital.measure": "services",
            "capital.asset_depreciation": {"machines": 0.15, "structures": 0.04},
            "capital.rate_of_return": "internal",
            "capital.revaluation_years": 3,
            "capital.revaluation_window": "trailing",
            "capital.negative_user_cost": "zero",
        }
    )
    result = xinzhi.measure(split, services)
    assert result.frame.height > 0
    hyperbolic = ours.replace(
        {
            "capital.depreciation_rule": "hyperbolic",
            "capital.service_life": 16,
            "capital.age_efficiency": 0.5,
            "capital.retirement": "none",
            "capital.initial_later_start": "refuse",
        }
    )
    assert xinzhi.measure(tables, hyperbolic).frame.height == 3 * 14


@pytest.mark.parametrize("missing", ["investment", "accounts"])
def test_a_missing_table_is_named(missing, country, ours):
    tables = country()
    del tables[missing]
    with pytest.raises(InputError, match=missing):
        xinzhi.measure(tables, ours)


def test_a_package_without_the_price_index_is_refused_by_name(country, ours):
    tables = country()
    tables["investment"] = tables["investment"].drop("investment_price")
    with pytest.raises(InputError, match="investment_price"):
        xinzhi.measure(tables, ours)


def test_a_package_without_a_labour_share_says_what_to_do(country, ours):
    tables = country()
    tables["accounts"] = tables["accounts"].drop("labour_share")
    with pytest.raises(InputError, match=r"shares\.rule"):
        xinzhi.measure(tables, ours.replace({"shares.rule": "observed_regional"}))
    assert xinzhi.measure(tables, ours).frame.height > 0  # the national series is the protocol's


def test_an_unknown_vintage_says_what_there_is(country, ours):
    with pytest.raises(InputError, match="vintages"):
        xinzhi.measure(country(), ours.replace({"output.vintage": "census4"}))


def test_reported_depreciation_needs_its_column(country, ours):
    with pytest.raises(InputError, match="depreciation_nominal"):
        xinzhi.measure(country(), ours.replace({"capital.depreciation_rule": "reported"}))


def test_a_late_start_is_refused_or_flagged_as_the_protocol_says(country, ours):
    tables = country(first=1990)
    flagged = xinzhi.measure(tables, ours)
    assert flagged.frame["flags"].str.contains("proxy:initial_stock").any()
    with pytest.raises(InputError, match="r0"):
        xinzhi.measure(tables, ours.replace({"capital.initial_later_start": "refuse"}))


def test_no_common_year_says_how_far_each_input_reaches(country, ours):
    tables = country()
    tables["accounts"] = tables["accounts"].with_columns(pl.lit(None, pl.Float64).alias("employment"))
    with pytest.raises(InputError, match="labour never"):
        xinzhi.measure(tables, ours)


def test_a_region_without_investment_is_left_out_with_its_reason(country, ours):
    tables = country()
    tables["investment"] = tables["investment"].filter(pl.col("region") != "r1")
    result = xinzhi.measure(tables, ours)
    assert "r1" not in result.frame["region"].to_list()
    assert set(result.omitted.filter(pl.col("region") == "r1")["missing"].to_list()) == {"capital"}


def test_a_blank_parameter_refuses_by_name(ours, country):
    with pytest.raises(ProtocolError, match=r"capital\.depreciation"):
        xinzhi.measure(country(), ours.replace({"capital.depreciation": None}))


def test_hours_follow_the_missing_hours_rule(country, ours):
    tables = country(regions=2, years=6)
    hours = pl.Series(
        "hours", [2000.0, 1980.0, 1960.0, 1950.0, 1940.0, 1930.0, 1900.0, None, 1900.0, 1880.0, 1870.0, 1860.0]
    )
    tables["accounts"] = tables["accounts"].with_columns(hours)
    package = xinzhi.load(tables, units={"accounts": {"hours": "hours per person"}})
    rules = ours.replace({"labour.unit": "hours", "labour.missing_hours": "reference_region"})
    with pytest.raises(ProtocolError, match=r"labour\.reference_hours"):
        xinzhi.measure(package, rules)
    rules = rules.replace({"labour.reference_hours": dict.fromkeys(range(1950, 1960), 1800.0)})
    result = xinzhi.measure(package, rules)
    assert (
        result.frame.filter((pl.col("region") == "r1") & (pl.col("year") == 1953))["flags"]
        .str.contains("proxy:hours")
        .all()
    )
    with pytest.raises(InputError, match="r1"):
        xinzhi.measure(package, rules.replace({"labour.missing_hours": "refuse"}))


def test_indices_have_no_levels_and_no_sum(country):
    tables = country()
    accounts = tables["accounts"].with_columns(
        capital_services=pl.lit(1.0), human_capital=pl.lit(2.0), hours=pl.lit(1900.0)
    )
    result = xinzhi.measure({"accounts": accounts}, "pwt-10.01")
    assert result.levels.height == 0
    assert result.national.height == 0
    assert result.frame["tfp_level"].null_count() == result.frame.height


def test_result_goes_back_as_the_kind_of_frame_that_came_in(country, ours):
    pandas = pytest.importorskip("pandas")
    tables = {name: table.to_pandas() for name, table in country().items()}
    result = xinzhi.measure(tables, ours)
    assert isinstance(result.to_native(), pandas.DataFrame)
    assert result.compare(result)["tfp_growth_difference"].abs().max() == 0
    assert result.glance()["protocol"][0] == "xinzhi-cn-2026"
    assert "xinzhi-cn-2026@" in repr(result)


def test_a_given_stock_stands_in_for_investment_and_says_so(country, ours):
    tables = country()
    given = xinzhi.measure(tables, ours).inputs.select("region", "year", "capital")
    result = xinzhi.measure({"accounts": tables["accounts"].join(given, on=["region", "year"])}, ours)
    assert result.frame["flags"].str.contains("proxy:capital").all()
    built = xinzhi.measure(tables, ours)
    assert (result.frame["tfp_growth"] - built.frame["tfp_growth"]).abs().max() < 1e-12


def test_given_human_capital_is_used_where_there_is_no_schooling(country, ours):
    tables = country()
    quality = xinzhi.measure(tables, ours).inputs.select("region", "year", "human_capital")
    tables["accounts"] = tables["accounts"].join(quality, on=["region", "year"])
    expected = xinzhi.measure(tables, ours).frame["tfp_growth"]
    tables["accounts"] = tables["accounts"].drop("schooling")
    assert (xinzhi.measure(tables, ours).frame["tfp_growth"] - expected).abs().max() < 1e-12


def test_a_gap_in_the_accounts_is_left_out_and_not_bridged(country, ours):
    tables = country()
    tables["accounts"] = tables["accounts"].filter((pl.col("region") != "r0") | (pl.col("year") != 1956))
    result = xinzhi.measure(tables, ours)
    years = result.frame.filter(pl.col("region") == "r0")["year"].to_list()
    assert 1956 not in years
    assert 1957 not in years
    assert 1958 in years


def test_a_negative_stock_is_no_input_and_says_so(country, ours):
    tables = country()
    crash = (pl.col("region") == "r1") & (pl.col("year") == 1957)
    tables["investment"] = tables["investment"].with_columns(
        pl.when(crash).then(-1e6).otherwise(pl.col("investment_nominal")).alias("investment_nominal")
    )
    result = xinzhi.measure(tables, ours)
    gone = result.omitted.filter(pl.col("region") == "r1")
    assert gone["missing"].to_list() == ["capital_exhausted"] * gone.height
    assert gone.height > 0
    assert (result.inputs["capital"] > 0).all()


def test_a_blank_status_is_not_official(country, ours):
    tables = country()
    tables["investment"] = tables["investment"].with_columns(
        investment_status=pl.when(pl.col("year") < 1960).then(pl.lit("official"))
    )
    result = xinzhi.measure(tables, ours.replace({"estimates.control_total": "none"}))
    assert result.frame.filter(pl.col("year") >= 1960)["flags"].str.contains("extrapolated:investment").all()


@pytest.mark.parametrize("region", ["120000", 120000, "天津", "Tianjin"])
def test_explain_takes_codes_and_names(region, china):
    assert china.explain(region, "2007").region == "120000"


def test_a_changed_protocol_does_not_bear_the_plain_name(ours):
    changed = xinzhi.measure("china-provinces", ours.replace({"capital.depreciation": 0.05}))
    assert changed.provenance.protocol == "xinzhi-cn-2026+capital.depreciation"
    assert changed.provenance.options == {"capital.depreciation": "0.05"}
    same = ours.replace({"capital.depreciation": ours.value("capital.depreciation")})
    assert same.label == ours.id

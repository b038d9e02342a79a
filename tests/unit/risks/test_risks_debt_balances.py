"""Debt: ratios against official figures to 0.05 points; decompositions to 1e-12; paths in closed form to 1e-12."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import xinzhi
from xinzhi.core.errors import InputError, UsageError
from xinzhi.risks import debt, debt_dynamics, debt_fan, debt_stress, grade
from xinzhi.risks.debt.fan_shocks import autoregressive, independent, recursion
from xinzhi.risks.inputs import conventions, setting


@pytest.fixture(scope="module")
def balances():
    return debt("china-provinces")


def frame(**columns):
    base = {
        "region": ["a"] * 3,
        "year": [2020, 2021, 2022],
        "debt": [50.0, 60.0, 66.0],
        "output": [100.0, 110.0, 121.0],
    }
    return pl.DataFrame(base | columns)


# Debt to output in 2024, whole provinces (../shared/data/china/debt/REPORT.md, section 5), per cent.
@pytest.mark.parametrize(
    ("region", "ratio"),
    [
        ("310000", 16.9),
        ("320000", 20.6),
        ("440000", 24.9),
        ("220000", 69.9),
        ("120000", 74.7),
        ("520000", 77.4),
        ("630000", 90.1),
    ],
)
def test_ratios_of_2024_are_those_published(balances, region, ratio):
    row = balances.frame.filter(region=region, year=2024)
    assert 100 * row["to_output"][0] == pytest.approx(ratio, abs=0.05)


@pytest.mark.shared
def test_all_derived_ratios_are_met(balances, shared):
    path = shared / "data/china/debt/derived_ratios.csv"
    rows = pl.read_csv(path, schema_overrides={"region": pl.String}, infer_schema_length=None)
    name = "indicator" if "indicator" in rows.columns else "variable"
    given_ = rows.filter(pl.col(name) == "debt_to_gdp").select(pl.col(rows.columns[0]).alias("region"), "year", "value")
    both = given_.join(balances.frame.select("region", "year", "to_output"), on=["region", "year"])
    assert both.height == 31 * 6
    gap = (both["value"] - 100 * both["to_output"]).abs()
    # of 2019-2023 all agree; 2024 takes the revised output of the package, up to 0.9 % away
    assert gap.filter(both["year"] < 2024).max() < 0.05
    assert gap.max() < 1.0


def test_no_province_is_ever_coloured_from_bonds_alone(balances):
    assert balances.frame["band"].null_count() == balances.frame.height
    assert set(balances.frame.drop_nulls("explicit")["band_status_en"]) == {
        "not graded: hidden debt, total fiscal resources (with transfers) not given"
    }
    assert "No region is graded or coloured" in balances.summary()
    assert "未按" in balances.summary("zh")
    half = balances.frame.select("region", "year").with_columns(hidden=pl.lit(100.0))
    assert debt("china-provinces", hidden=half).frame["band"].null_count() == balances.frame.height


def test_the_ministrys_grades_need_both_parts_and_cut_where_reported():
    rows = pl.DataFrame({"explicit": [100.0] * 4, "hidden": [19.0, 20.0, 100.0, 200.0], "resources": [100.0] * 4})
    assert grade(rows)["band"].to_list() == ["green", "yellow", "orange", "red"]
    file = conventions("bands")["sets"]["mof-2019"]
    assert file["status"].startswith("reported by the press")
    assert {"hidden", "explicit"} == set(file["numerator"])


def test_lic_dsf_thresholds_are_those_of_2018_and_ask_for_present_value(balances):
    found = debt("china-provinces", bands="lic-dsf-2018").frame
    assert set(found["band_status_en"]) == {"not graded: present value of public debt not given"}
    rows = pl.DataFrame({"public_debt_present_value": [34.0, 35.0, 55.0, 70.0], "output": [100.0] * 4})
    assert grade(rows, "lic-dsf-2018")["band"].to_list() == ["below", "above-weak", "above-medium", "above-strong"]
    assert balances.frame.height == found.height


def test_own_bands_replace_the_ministrys():
    own = {
        "name": "ours",
        "dated": 2026,
        "source": "test",
        "numerator": ["explicit"],
        "denominator": "output",
        "grades": [{"name": "low", "from": 0}, {"name": "high", "from": 0.5}],
    }
    found = debt("china-provinces", bands=own)
    assert dict(found.frame.filter(year=2024).select("region", "band").iter_rows())["630000"] == "high"
    assert "ours (2026)" in found.summary()
    with pytest.raises(UsageError, match="source and date"):
        debt("china-provinces", bands={"grades": []})
    with pytest.raises(UsageError, match="must rise"):
        debt("china-provinces", bands=own | {"grades": own["grades"][::-1]})
    with pytest.raises(UsageError, match="no set 'x'"):
        debt("china-provinces", bands="x")


def test_totals_divide_sums_of_the_same_regions():
    rows = pl.DataFrame(
        {
            "region": ["a", "b", "c"],
            "year": [2020] * 3,
            "debt": [50.0, 10.0, 40.0],
            "output": [100.0, 100.0, 200.0],
            "revenue": [20.0, 10.0, None],
        }
    )
    found = debt(rows).facts()
    # the year has output of all three, revenue of two: debt of the third stands over no revenue
    assert found["headline.to_revenue"]["total"] == pytest.approx(60 / 30)
    assert (found["headline.to_revenue"]["n"], found["headline.to_revenue"]["high"]) == (2, 2.5)
    assert found["headline.to_output"]["total"] == pytest.approx(100 / 400)
    assert (found["headline.to_output"]["n"], found["headline.to_output"]["low"]) == (3, 0.1)
    assert "2 regions is 200\xa0% of general budget revenue" in debt(rows).summary()


def test_vehicles_stand_apart():
    given_ = pl.DataFrame({"region": ["520000"], "year": [2024], "vehicles": [10000.0]})
    found = debt("china-provinces", vehicles=given_).frame.filter(region="520000", year=2024).row(0, named=True)
    plain = debt("china-provinces").frame.filter(region="520000", year=2024).row(0, named=True)
    assert found["to_output"] == plain["to_output"]
    assert found["with_vehicles_to_output"] == pytest.approx(plain["to_output"] + 10000 / plain["output"])
    assert plain["with_vehicles_to_output"] is None
    with pytest.raises(InputError, match="without explicit debt: 999999"):
        debt("china-provinces", vehicles=given_.with_columns(region=pl.lit("999999")))


def test_debt_without_revenue_and_gaps_are_named_and_nothing_is_lost(balances):
    notes = {note.rule: note for note in balances.findings}
    assert "Debt of 2025 without revenue in 25 regions" in notes["debt-without-revenue"].message.en
    assert balances.frame.filter(year=2025).height == 26
    assert balances.frame.filter(year=2025)["to_revenue"].null_count() == 26
    holes = debt(frame(year=[2020, 2021, 2023]))
    assert "2022" in next(note for note in holes.findings if note.rule == "missing-year").message.en
    assert any(note.key == "110000/2016" for note in balances.findings if note.rule == "jump")


@pytest.mark.parametrize(
    ("columns", "rule", "column", "key"),
    [
        ({"debt": [50.0, -1.0, 66.0]}, "negative", "debt", "a/2021"),
        ({"output": [100.0, 0.0, 121.0]}, "not-positive", "output", "a/2021"),
        ({"revenue": [10.0, 0.0, 10.0]}, "not-positive", "revenue", "a/2021"),
        ({"debt": [1.0, float("inf"), 1.0]}, "infinite", "debt", "a/2021"),
        ({"year": [2020, 2020, 2021]}, "duplicate-key", "year", "a/2020"),
        ({"output": ["many", "2", "3"]}, "text-in-number", "output", "a/2020"),
        ({"year": [2020.5, 2021.0, 2022.0]}, "invalid-year", "year", "a/2020.5"),
    ],
)
def test_bad_debt_is_refused_by_name(columns, rule, column, key):
    with pytest.raises(InputError) as caught:
        debt(frame(**columns))
    first = caught.value.findings[0]
    assert (first.rule, first.column, first.key) == (rule, column, key)


def test_without_any_debt_there_is_no_result():
    with pytest.raises(InputError, match="no row has explicit debt") as caught:
        debt(frame(debt=[None, None, None]))
    assert "没有任何一行有显性债务" in caught.value.lang("zh")


def test_a_frame_without_debt_is_named():
    with pytest.raises(InputError, match="explicit"):
        debt(frame().drop("debt"))


@given(
    st.lists(
        st.tuples(st.floats(1, 1e6), st.floats(10, 1e6), st.floats(10, 1e6), st.floats(0, 1e4), st.floats(-1e4, 1e4)),
        min_size=2,
        max_size=8,
    )
)
@settings(max_examples=80, deadline=None)
def test_the_parts_add_up_to_the_change(rows):
    stock, output, real, interest, primary = (list(part) for part in zip(*rows, strict=True))
    found = debt_dynamics(
        pl.DataFrame(
            {
                "region": ["a"] * len(rows),
                "year": range(len(rows)),
                "debt": stock,
                "output": output,
                "output_real": real,
                "interest": interest,
                "primary_balance": primary,
            }
        )
    ).frame
    parts = ["interest_effect", "real_growth_effect", "price_effect", "primary_effect", "residual"]
    total = found.select(pl.sum_horizontal(parts))[:, 0].to_numpy()
    change = np.diff(np.array(stock) / np.array(output))
    # relative to the largest part: with shrinking output they may be large and cancel
    scale = np.maximum(1.0, np.abs(found.select(parts).to_numpy()).max(axis=1))
    assert (np.abs(total - change) / scale).max() <= 1e-12


def test_effects_are_the_textbook_formulas():
    row = (
        debt_dynamics(
            frame(output_real=[100.0, 104.0, 104.0], interest=[0.0, 2.0, 3.0], primary_balance=[0.0, -1.0, 2.0])
        )
        .frame.filter(year=2021)
        .row(0, named=True)
    )
    g, gamma, i, d, pb = 0.1, 0.04, 0.04, 0.5, -1 / 110
    assert row["interest_effect"] == pytest.approx(i / (1 + g) * d, abs=1e-15)
    assert row["real_growth_effect"] == pytest.approx(-gamma / (1 + gamma) * d, abs=1e-15)
    assert row["price_effect"] == pytest.approx(-((1 + g) / (1 + gamma) - 1) / (1 + g) * d, abs=1e-15)
    assert row["primary_effect"] == pytest.approx(-pb, abs=1e-15)
    assert row["stabilising_balance"] == pytest.approx((i - g) / (1 + g) * d, abs=1e-15)
    assert row["primary_gap"] == pytest.approx((i - g) / (1 + g) * d - pb, abs=1e-15)
    assert row["residual"] == pytest.approx((60 - 50 - 2 - 1) / 110, abs=1e-15)


def test_the_stabilising_balance_holds_the_ratio():
    d, i, g = 0.8, 0.05, 0.03
    held = (i - g) / (1 + g) * d
    assert recursion(d, np.full(9, g), np.full(9, i), np.full(9, -held)) == pytest.approx(np.full(9, d), abs=1e-12)


def test_provinces_are_decomposed_from_firm_balances_on(balances):
    found = debt_dynamics(balances)
    assert found.frame["year"].min() == 2017
    assert debt_dynamics(balances, since=2015).frame["year"].min() == 2016
    assert found.frame["discrepancy"].abs().max() <= 1e-12
    assert found.frame["primary_balance"].null_count() == found.frame.height
    assert "net borrowing beyond interest" in found.summary()
    assert "扣除利息后的净举债+3.6" in found.summary("zh")
    with pytest.raises(InputError, match="two years in a row"):
        debt_dynamics(frame(year=[2018, 2020, 2022]))


def test_conventions_are_what_their_references_say(balances):
    stock = balances.frame.filter(year=2023)["explicit"].sum()
    assert 13542 / stock == pytest.approx(setting("public_debt", "interest.past"), abs=5e-5)
    land = balances.frame.pivot("year", index="region", values="fund_revenue").drop_nulls(["2021", "2024"])
    assert land.height == 27
    assert 1 - land["2024"].sum() / land["2021"].sum() == pytest.approx(
        setting("public_debt", "stress.land"), abs=0.005
    )


def test_a_past_without_shocks_has_a_fan_of_one_line():
    rows = pl.DataFrame(
        {
            "region": ["a"] * 6,
            "year": range(2015, 2021),
            "debt_ratio": [0.5] * 6,
            "growth": [0.05] * 6,
            "rate": [0.03] * 6,
            "net_borrowing": [0.02] * 6,
        }
    )
    fan = debt_fan(rows, horizon=4, draws=50, baseline={"rate": 0.03})
    line = recursion(0.5, np.full(4, 0.05), np.full(4, 0.03), np.full(4, 0.02))
    for percentile in (5.0, 50.0, 95.0):
        assert fan.frame.filter(percentile=percentile)["debt_ratio"].to_numpy() == pytest.approx(line, abs=1e-12)
    assert fan.ends["shocks"][0] == "own"  # the only region has nobody to pool with


def test_fans_are_seeded_and_widen(balances):
    one, two = debt_fan(balances, draws=300), debt_fan(balances, draws=300)
    assert one.frame.equals(two.frame)
    assert not one.frame.equals(debt_fan(balances, draws=300, seed=1).frame)
    wide = one.frame.filter(region="630000").pivot("percentile", index="year", values="debt_ratio").sort("year")
    assert (wide["95.0"] - wide["5.0"]).diff().drop_nulls().min() > 0
    assert one.ends.height == 31
    assert "In 31 of 31 regions" in one.summary()
    assert "冲击取自全部地区" in one.summary("zh")


def test_the_rate_ahead_replaces_one_that_is_not_disclosed(balances):
    low, high = (debt_fan(balances, draws=300, baseline={"rate": rate}) for rate in (0.0284, 0.06))
    assert low.frame.equals(debt_fan(balances, draws=300).frame)
    assert (high.ends["median"] > low.ends["median"]).all()


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"order": 2}, UsageError, "0 or 1"),
        ({"horizon": 0}, UsageError, "horizon is 0"),
        ({"draws": 0}, UsageError, "draws"),
        ({"percentiles": [50, 101]}, UsageError, "0-100"),
        ({"baseline": {"luck": 1}}, UsageError, "'luck'"),
        ({"order": 1}, InputError, "an autoregression needs 40"),
    ],
)
def test_options_of_fans_are_checked(balances, options, error, words):
    with pytest.raises(error, match=words):
        debt_fan(balances, **{"draws": 20} | options)


@pytest.mark.parametrize("order", [0, 1])
def test_bands_hold_as_often_as_they_say_on_short_pasts(order):
    # 90 % bands after three years from 25; 150 economies: standard error .024. The full table is in bench_debt.py.
    rng, hits, economies = np.random.default_rng(11), 0, 150
    for _ in range(economies):
        shocks = rng.normal(0, 0.02, (28, 3))
        series = np.empty((28, 3))
        series[0] = shocks[0]
        for t in range(1, 28):
            series[t] = order * 0.4 * series[t - 1] + shocks[t]
        series = series + np.array([0.06, 0.03, 0.02])
        past, ahead = series[:25], series[25:]
        if order == 0:
            future = independent(past, 3, 300, rng)
        else:
            future, _share = autoregressive(past, 3, 300, rng)
        paths = recursion(0.6, *(future[..., k] for k in range(3)))[:, -1]
        truth = recursion(0.6, *(ahead[None, :, k] for k in range(3)))[0, -1]
        low, high = np.percentile(paths, [5, 95])
        hits += low <= truth <= high
    assert 0.90 - 0.07 <= hits / economies <= 0.90 + 0.07


def test_stress_is_the_recursion_with_the_shock_in_it(balances):
    found = debt_stress(balances)
    one = found.inputs.filter(region="120000").row(0, named=True)
    path = recursion(one["start"], np.full(5, one["growth"]), np.full(5, one["rate"]), np.full(5, one["net_borrowing"]))
    rows = found.frame.filter(region="120000")
    assert rows.filter(scenario="baseline")["debt_ratio"].to_numpy() == pytest.approx(path, abs=1e-12)
    dear = recursion(
        one["start"], np.full(5, one["growth"]), np.full(5, one["rate"] + 0.02), np.full(5, one["net_borrowing"])
    )
    assert rows.filter(scenario="interest")["over_baseline"].to_numpy() == pytest.approx(dear - path, abs=1e-12)
    slow = one["growth"] - np.array([1, 1, 0, 0, 0]) * one["growth_deviation"]
    path = recursion(one["start"], slow, np.full(5, one["rate"]), np.full(5, one["net_borrowing"]))
    assert rows.filter(scenario="growth")["debt_ratio"].to_numpy() == pytest.approx(path, abs=1e-12)
    last = found.frame.filter(pl.col("year") == pl.col("year").max().over("region"))
    total = last.pivot("scenario", index="region", values="over_baseline")
    assert (total["combined"] > total.select(pl.max_horizontal("growth", "interest", "land"))[:, 0]).all()


def test_contingent_liabilities_need_vehicles_and_say_so(balances):
    found = debt_stress(balances)
    assert found.frame.filter(scenario="contingent")["debt_ratio"].null_count() == 31 * 5
    assert any("vehicles' debt not given" in note.message.en for note in found.findings)
    given_ = balances.frame.select("region", "year", vehicles=pl.col("output") * 0.5)
    full = debt_stress(debt("china-provinces", vehicles=given_))
    one = full.inputs.filter(region="630000").row(0, named=True)
    first = full.frame.filter(region="630000", scenario="contingent")["over_baseline"][0]
    assert first == pytest.approx(0.1 * 0.5 / (1 + one["growth"]), abs=1e-12)


def test_scenarios_of_the_callers_own(balances):
    found = debt_stress(balances, scenarios={"flood": {"net_borrowing": 0.01}}, horizon=1)
    assert found.frame.filter(scenario="flood")["over_baseline"].to_numpy() == pytest.approx(0.01, abs=1e-12)
    for options, words in (
        ({"scenarios": {"flood": {"rain": 1.0}}}, "'rain'"),
        ({"scenarios": {"land": {}}}, "standard scenario"),
        ({"horizon": 0}, "horizon is 0"),
        ({"baseline": {"luck": 1.0}}, "'luck'"),
    ):
        with pytest.raises(UsageError, match=words):
            debt_stress(balances, **options)
    assert "less land revenue" in found.summary()
    assert "土地收入下降" in found.summary("zh")


def test_a_balance_on_another_scope_is_left_empty_and_named(balances):
    # Shandong's balance of 2025 is without Qingdao, whose debt is in it until 2024
    row = balances.frame.filter(region="370000", year=2025).row(0, named=True)
    assert (row["explicit"], row["general"], row["to_output"]) == (None, None, None)
    assert "Qingdao" in next(note for note in balances.findings if note.rule == "other-scope").message.en
    assert debt_dynamics(balances).frame.filter(region="370000")["year"].max() == 2024


@pytest.mark.shared
def test_provinces_hold_their_planned_city_in_every_year(balances, shared):
    rows = pl.read_csv(shared / "data/china/debt/local_debt_2014_2025.csv", schema_overrides={"region": pl.String})
    total = dict(
        rows.filter(pl.col("variable") == "debt_balance_total")
        .select(pl.concat_str("region", "year"), pl.col("value").cast(pl.Float64))
        .iter_rows()
    )
    inside = {
        "210000": "210200",
        "330000": "330200",
        "350000": "350200",
        "370000": "370200",
        "440000": "440300",
        "650000": "660000",
    }
    seen = 0
    for region, year, explicit in (
        balances.frame.drop_nulls("explicit").select("region", "year", "explicit").iter_rows()
    ):
        part = total.get(f"{inside[region]}{year}", 0.0 if region == "650000" else None) if region in inside else 0.0
        assert part is not None, (region, year)
        assert explicit == pytest.approx(total[f"{region}{year}"] + part, abs=1.05), (region, year)
        seen += 1
    assert seen == 335


def test_stress_paths_of_a_province_by_hand(balances):
    found = debt_stress(balances)
    past = debt_dynamics(balances).frame.filter(region="120000").sort("year")
    funds = balances.frame.filter(region="120000", year=2024).select(pl.col("fund_revenue") / pl.col("output")).item()
    growth, borrowing = (past[name].tail(5).to_numpy().mean() for name in ("growth", "net_borrowing"))
    shock = [past["growth"].std()] * 2 + [0.0] * 3
    for name, lower, dearer, more in (
        ("baseline", [0.0] * 5, 0.0, 0.0),
        ("growth", shock, 0.0, 0.0),
        ("interest", [0.0] * 5, 0.02, 0.0),
        ("land", [0.0] * 5, 0.0, 0.37),
        ("combined", shock, 0.02, 0.37),
    ):
        ratio, path = past["debt_ratio"][-1], []
        for drop in lower:
            ratio = (1.0284 + dearer) / (1 + growth - drop) * ratio + borrowing + more * funds
            path.append(ratio)
        rows = found.frame.filter(region="120000", scenario=name)
        assert rows["debt_ratio"].to_numpy() == pytest.approx(path, abs=1e-12)
    notes = {(note.rule, note.key) for note in found.findings}
    assert ("combined-is-partial", "combined") in notes  # it is without vehicles, and says so
    assert ("old-figure", "650000") in notes  # its last funds are of 2021
    # the funds of Tianjin are 2.9 times those of 2021, while land sales fell
    assert [key for rule, key in notes if rule == "funds-hardly-land"] == ["120000"]
    with pytest.raises(UsageError, match="without output"):
        debt_stress(balances, scenarios={"end": {"growth": -1.2}})
    with pytest.raises(UsageError, match="'a'; it must be a number"):
        debt_stress(balances, scenarios={"x": {"growth": "a"}})


def test_a_fan_says_when_years_hang_together_and_an_autoregression_refuses_gaps(balances):
    notes = debt_fan(balances, draws=20, order=0).findings
    assert [note.column for note in notes if note.rule == "autocorrelated"] == ["net_borrowing"]
    rng = np.random.default_rng(1)
    years = np.arange(1950, 2000)
    rows = pl.DataFrame(
        {
            "region": ["a"] * 50,
            "year": years,
            "debt_ratio": [0.5] * 50,
            "growth": rng.normal(0.08, 0.02, 50),
            "rate": rng.normal(0.04, 0.002, 50),
            "net_borrowing": rng.normal(0.02, 0.01, 50),
        }
    )
    assert not debt_fan(rows, draws=20).findings
    with pytest.raises(InputError, match="a has no 1960; an autoregression needs every year"):
        debt_fan(rows.filter(pl.col("year") != 1960), order=1, draws=20)


def test_changes_across_a_gap_are_named():
    found = debt_dynamics(frame(year=[2020, 2021, 2023]))
    assert found.frame.height == 1
    assert "lacks 2022" in found.findings[0].message.en


def test_native_frames_come_back():
    pandas = pytest.importorskip("pandas")
    assert isinstance(debt(frame().to_pandas()).to_native(), pandas.DataFrame)
    assert isinstance(debt_dynamics(frame().to_pandas()).to_native(), pandas.DataFrame)
    assert xinzhi.load("china-provinces").kind == "polars"


def test_a_balance_on_another_scope_is_left_empty_whoever_hands_it_in():
    tables = {name: xinzhi.load("china-provinces").tables[name] for name in ("debt", "fiscal", "accounts")}
    found = debt(tables)
    assert found.frame.filter(region="370000", year=2025)["explicit"].to_list() == [None]
    assert [note.key for note in found.findings if note.rule == "other-scope"] == ["370000/2025"]
    mended = {**tables, "debt": tables["debt"].with_columns(pl.col("debt_total") * 1.01)}
    assert not [note for note in debt(mended).findings if note.rule == "other-scope"]

"""Utilisation: published check points to a tenth of a point; linear programmes to 1e-6; closed forms to 1e-6."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from scipy.optimize import linprog

from xinzhi.core.errors import InputError, UsageError
from xinzhi.risks import capacity, cost_capacity, peak_to_peak, plant_capacity
from xinzhi.risks.inputs import setting


@pytest.fixture(scope="module")
def survey():
    return capacity("china-provinces")


@pytest.mark.parametrize(
    ("industry", "rate"),
    [
        ("industry_total", 75.6),
        ("mining", 75.4),
        ("manufacturing", 75.8),
        ("utilities", 74.2),
        ("automobile", 75.6),
        ("coal", 73.8),
        ("food", 71.1),
        ("textile", 76.9),
        ("general_equipment", 78.7),
        ("computer_electronics", 76.5),
    ],
)
def test_the_release_of_the_third_quarter_of_2023_is_met(survey, industry, rate):
    assert survey.frame.filter(period="2023Q3", industry=industry)["utilisation"][0] == pytest.approx(rate, abs=0.05)


def test_the_change_over_the_year_is_the_one_that_was_published(survey):
    # third quarter of 2021, as released: 77.1 %, up by 0.4 points; mining up by 2.1, utilities by 2.5
    rows = survey.frame.filter(period="2021Q3")
    for industry, change in (("industry_total", 0.4), ("mining", 2.1), ("manufacturing", 0.1), ("utilities", 2.5)):
        assert rows.filter(industry=industry)["change_on_year"][0] == pytest.approx(change, abs=1e-9)


def test_the_own_history_leaves_the_quarter_itself_out():
    rows = pl.DataFrame(
        {
            "period": ["2022Q1", "2023Q1", "2024Q1", "2024Q2"],
            "industry": ["a"] * 4,
            "utilisation": [70.0, 80.0, 60.0, 1.0],
        }
    )
    found = capacity(rows).frame
    last = found.filter(period="2024Q1").row(0, named=True)
    assert (last["same_quarter"], last["observations"], last["change_on_year"]) == (75.0, 2, -20.0)
    assert found.filter(period="2024Q2")["same_quarter"][0] is None
    assert any(note.rule == "missing-quarter" for note in capacity(rows).findings)


def test_full_years_are_published_or_the_mean_of_four_quarters(survey):
    years = survey.years.filter(industry="coal")
    assert years.filter(year=2024).row(0, named=True)["source"] == "published"
    assert "mean of quarters" in years["source"].to_list()
    assert years.filter(year=2025).height == 0  # two quarters are no year


def test_bands_are_the_callers_to_replace():
    own = [{"name": "low", "below": 50}, {"name": "high", "below": None}]
    assert set(capacity("china-provinces", bands=own).frame["band"]) == {"high"}
    with pytest.raises(UsageError, match="bands rise"):
        capacity("china-provinces", bands=[{"name": "a", "below": 80}, {"name": "b", "below": 70}])


@pytest.mark.parametrize(
    ("period", "rate", "words"),
    [("2024-03", 70.0, "cannot be read"), ("2024Q1", 0.0, "above 0"), ("2024Q1", 130.0, "up to 100")],
)
def test_bad_periods_and_rates_are_named(period, rate, words):
    with pytest.raises(InputError, match=words):
        capacity(pl.DataFrame({"period": [period], "industry": ["a"], "utilisation": [rate]}))


def test_the_summary_leads_with_the_finding_in_both_languages(survey):
    # the total and its three sections hold the industries and are not counted beside them
    assert survey.summary().startswith("2025 Q2: 7 of 12 industries run below their own usual range, 6 below 75\xa0%;")
    assert "All industry: 74.0\xa0% in 2025 Q2" in survey.summary()
    assert dict(survey.latest.select("industry", "level").iter_rows())["mining"] == "section"
    assert "未经季节调整" in survey.summary("zh")
    assert survey.explain("汽车制造业").equals(survey.explain("automobile"))
    with pytest.raises(UsageError, match="no industry 'gold'"):
        survey.explain("gold")


def test_no_quarter_no_rate_and_ratios_are_told_apart():
    years = pl.DataFrame({"period": ["2020FY"], "industry": ["a"], "utilisation": [70.0]})
    assert capacity(years).summary().startswith("There is no quarter")
    with pytest.raises(InputError, match="no row has a rate"):
        capacity(years.clear())
    with pytest.raises(InputError, match="write per cent"):
        capacity(pl.DataFrame({"period": ["2020Q1", "2020Q2"], "industry": ["a"] * 2, "utilisation": [0.7, 0.72]}))


def test_the_spread_of_the_conventions_is_that_of_the_survey(survey):
    known = survey.frame.select("industry", "quarter", pl.col("year") + 1, past="utilisation")
    both = survey.frame.join(known, on=["industry", "quarter", "year"])
    steps = (both["utilisation"] / both["past"]).log()
    assert steps.std() == pytest.approx(setting("overcapacity", "wave.spread"), abs=0.001)


def test_the_trend_runs_through_the_peaks_and_never_below_the_series():
    rng = np.random.default_rng(3)
    output = np.exp(np.cumsum(rng.normal(0.05, 0.08, 40)))
    rows = pl.DataFrame({"industry": ["a"] * 40, "year": range(1980, 2020), "output": output})
    found = peak_to_peak(rows).frame
    assert found["utilisation"].max() == pytest.approx(1.0, abs=1e-12)
    assert found.filter("peak")["utilisation"].min() == pytest.approx(1.0, abs=1e-12)
    peaks = found.filter("peak")
    middle = found.filter(pl.col("year").is_between(peaks["year"][0], peaks["year"][1]))
    slope = np.diff(np.log(middle["trend"].to_numpy()))
    assert np.ptp(slope) < 1e-12  # one straight line in logs between two peaks


def test_output_per_fixed_input_takes_the_growth_of_the_plant_out():
    rows = pl.DataFrame(
        {
            "industry": ["a"] * 5,
            "year": range(5),
            "output": [1.0, 4.0, 3.0, 8.0, 5.0],
            "capital": [1.0, 2.0, 3.0, 4.0, 5.0],
        }
    )
    assert peak_to_peak(rows, fixed="capital").frame["utilisation"].to_list() == pytest.approx([0.5, 1, 0.5, 1, 0.5])


def test_a_series_that_only_rises_has_one_peak_and_says_so():
    rows = pl.DataFrame({"industry": ["a"] * 4, "year": range(4), "output": [4.0, 3.0, 2.0, 1.0]})
    found = peak_to_peak(rows)
    assert [note.rule for note in found.findings] == ["one-peak"]
    assert found.frame["utilisation"].to_list() == pytest.approx([1, 0.75, 0.5, 0.25])


@pytest.mark.parametrize(
    ("years", "output", "words"),
    [
        ([0, 1, 3], [1.0, 2.0, 1.0], "without a gap"),
        ([0, 1], [1.0, 2.0], "at least 3"),
        ([0, 1, 2], [1.0, 0.0, 1.0], "positive"),
    ],
)
def test_peaks_need_whole_positive_series(years, output, words):
    rows = pl.DataFrame({"industry": ["a"] * len(years), "year": years, "output": output})
    with pytest.raises(InputError, match=words):
        peak_to_peak(rows)


def output_factor(x, y, unit, rts="vrs"):
    """Solve Farrell's output programme with another solver."""
    n = len(y)
    costs = np.zeros(n + 1)
    costs[-1] = -1.0
    upper = np.vstack([np.column_stack([x.T, np.zeros(x.shape[1])]), np.column_stack([-y.T, y[unit]])])
    limits = np.concatenate([x[unit], np.zeros(y.shape[1])])
    sums = (np.append(np.ones(n), 0.0)[None, :], [1.0]) if rts == "vrs" else ()
    return -linprog(costs, upper, limits, *sums).fun


@pytest.mark.parametrize("rts", ["vrs", "crs"])
def test_plant_capacity_is_two_linear_programmes(rts):
    rng = np.random.default_rng(5)
    fixed, variable, output = rng.uniform(1, 5, (20, 1)), rng.uniform(1, 5, (20, 2)), rng.uniform(1, 5, (20, 2))
    found = plant_capacity(fixed, variable, output, rts=rts).frame
    both = np.hstack([fixed, variable])
    for unit in range(20):
        one, plant = output_factor(both, output, unit, rts), output_factor(fixed, output, unit, rts)
        row = found.row(unit, named=True)
        assert row["utilisation"] == pytest.approx(one / plant, abs=1e-6)
        assert row["observed_utilisation"] == pytest.approx(1 / plant, abs=1e-6)
    assert (found["utilisation"] >= found["observed_utilisation"] - 1e-9).all()
    assert (found["utilisation"] <= 1).all()


def test_variable_inputs_at_capacity_come_from_the_peers():
    found = plant_capacity([[1.0]] * 3, [[1.0], [2.0], [2.0]], [[1.0], [2.0], [1.0]], units=list("abc"))
    assert dict(found.variable.select("unit", "needed").iter_rows()) == {"a": 2.0, "b": 1.0, "c": 1.0}


def test_another_frontier_can_be_passed_in():
    class Scores:
        status = ("optimal", "infeasible")

        def __init__(self, scores):
            self.scores = scores

    calls = []

    def own(x, y, **options):
        calls.append((np.asarray(x).shape[1], len(y), options["orientation"]))
        return Scores([1.0, float("nan")])

    found = plant_capacity([[1.0], [1.0]], [[1.0], [1.0]], [[1.0], [2.0]], efficiency=own)
    assert calls == [(2, 2, "output"), (1, 2, "output")]
    assert found.frame["utilisation"].to_list() == [1.0, None]
    assert found.findings[0].key == "2"
    assert found.variable.is_empty()


def test_lengths_and_names_of_plants_are_checked():
    with pytest.raises(UsageError, match="2 rows of fixed inputs"):
        plant_capacity([[1.0], [1.0]], [[1.0]], [[1.0], [1.0]])
    with pytest.raises(InputError, match="row 1 holds −1"):
        plant_capacity([[-1.0], [1.0]], [[1.0], [1.0]], [[1.0], [1.0]])
    with pytest.raises(InputError, match="must be numbers"):
        plant_capacity([["a"], [1.0]], [[1.0], [1.0]], [[1.0], [1.0]])
    with pytest.raises(UsageError, match="different names"):
        plant_capacity([[1.0], [1.0]], [[1.0], [1.0]], [[1.0], [1.0]], units=["a", "a"])


def test_the_tangency_of_a_cobb_douglas_plant_is_in_closed_form():
    a, b, wage, rent = 0.6, 0.3, 2.0, 0.5
    plants, output = np.array([1.0, 4.0, 9.0]), np.array([0.1, 1.0, 20.0])
    found = cost_capacity(lambda y, k: wage * y ** (1 / a) * k ** (-b / a), plants, output, rent)
    best = (rent * a / (wage * b)) ** a * plants ** (a + b)
    assert found["capacity"].to_numpy() == pytest.approx(best, rel=1e-6)
    assert found["utilisation"].to_numpy() == pytest.approx(output / best, rel=1e-6)


def test_a_cost_that_capital_does_not_lower_has_no_tangency():
    found = cost_capacity(lambda y, k: y + 0 * k, [1.0], [1.0], 1.0)
    assert found["capacity"][0] is None
    assert found["status"][0] == "no tangency"
    with pytest.raises(InputError, match="capital of unit 2"):
        cost_capacity(lambda y, k: y**2 / k, [1.0, 0.0], [1.0, 1.0], 1.0)
    assert not math.isnan(cost_capacity(lambda y, k: y**2 / k, [1.0], [1.0], 1.0)["utilisation"][0])

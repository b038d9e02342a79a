"""Parts of the fans of debt, the tests of prices and the market of entrants, in numbers to be checked on paper."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from xinzhi.core.errors import IdentityError, InputError
from xinzhi.risks.capacity import entry_categories, entry_market
from xinzhi.risks.capacity.estimates import cost_capacity, peak_to_peak, plant_capacity
from xinzhi.risks.debt import debt_dynamics, debt_fan, fan_shocks
from xinzhi.risks.prices import critical, house_prices, testing
from xinzhi.risks.prices.series import _days, _Reader, _written, read_steps, written


class Drawn:
    """A generator whose draws are given."""

    def __init__(self, *draws):
        self.draws = list(draws)

    def integers(self, *_bounds, size):
        """Return the next draws."""
        draw = np.asarray(self.draws.pop(0))
        assert draw.shape == (size if isinstance(size, tuple) else (size,))
        return draw


def test_a_trend_goes_on_from_the_mean_of_the_years():
    trend = fan_shocks.Trend(slopes=np.array([0.1, -0.2]), slope_draws=np.array([[0.0, 0.0], [0.1, 0.2]]))
    ahead = trend.ahead(np.array([2000, 2001, 2005]), 2)  # their mean is 2002
    np.testing.assert_allclose(ahead, [[[0.4, -0.8], [0.5, -1.0]], [[0.8, 0.0], [1.0, 0.0]]], atol=1e-12)


def test_slopes_of_chance_are_those_of_paths_made_of_the_shocks_in_common():
    # Two regions whose mean is 1, 3, 2 around 2: innovations beside half of the year before are 1.5, -0.5, and
    # 1, -1 around their mean, times the root of 3 over max(3 - lost - 1, 1).
    years = np.array([2000, 2001, 2002])
    pasts = [(years, np.array([[5.0], [8.0], [5.0]])), (years, np.array([[7.0], [8.0], [9.0]]))]
    common = np.array([-1.0, 1.0, 0.0])
    model = SimpleNamespace(slopes=np.array([0.5]), slope_draws=np.array([[0.5]]))
    innovations = common[1:] - 0.5 * common[:-1]
    shocks = (innovations - innovations.mean()) * np.sqrt(3 / max(3 - fan_shocks._LOST - 1, 1))  # noqa: SLF001 - the formula by itself
    slopes = fan_shocks.drawn_slopes(pasts, model, 1, Drawn([[1, 0, 1]]))
    path = fan_shocks.chain_shocks(shocks[[1, 0, 1]][None, :, None], np.array([[0.5]]))[0, :, 0]
    assert slopes.tolist() == [[pytest.approx((path[2] - path[0]) / 2)]]


def test_least_squares_of_each_series_by_hand():
    series = np.array([[[0.0], [1.0], [1.0], [4.0]], [[2.0], [1.0], [2.0], [1.0]]])
    slopes, residuals = fan_shocks._least_squares(series)  # noqa: SLF001 - the formula by itself
    # lags 0, 1, 1 around 2/3, values 1, 1, 4 around 2: 1 over 2/3; the second always turns
    assert slopes.ravel().tolist() == pytest.approx([1.5, -1.0])
    np.testing.assert_allclose(residuals[..., 0], [[0.0, -1.5, 1.5], [0.0, 0.0, 0.0]], atol=1e-9)


def test_a_future_goes_on_from_the_last_year_back_to_its_own_mean():
    model = SimpleNamespace(
        slope_draws=np.array([[0.5]]), shocks=np.array([[0.0], [1.0]]), scale=np.array([[2.0]]), pulled=0.0
    )
    years, history = np.array([2000, 2001]), np.array([[1.0], [5.0]])
    future = fan_shocks.persistent(years, history, model, 2, Drawn([[0, 0]], [[1, 0]]))
    # no shock in the past, so the centre is 3: 3 + 2/2 + 2, then half of what is above 3
    assert future.ravel().tolist() == pytest.approx([6.0, 4.5])


@pytest.mark.parametrize(("statistic", "p"), [(0.5, 1.0), (1.0, 1.0), (2.5, 0.6), (4.0, 0.4), (5.0, 0.2)])
def test_the_sample_is_one_of_the_draws_of_its_p_value(statistic, p):
    values = SimpleNamespace(sequential=None, draws=np.array([1.0, 2.0, 3.0, 4.0]), gsadf=np.zeros(3))
    assert critical.p_value(statistic, values) == pytest.approx(p)


def test_recorded_values_bound_a_p_value_by_the_highest_level_passed():
    values = SimpleNamespace(sequential=None, draws=np.array([]), gsadf=np.arange(1.0, len(critical.LEVELS) + 1))
    bounds = [critical.p_value(statistic, values) for statistic in (0.5, 1.5, 99.0)]
    assert bounds == pytest.approx([1.0, 1 - critical.LEVELS[0] / 100, 1 - max(critical.LEVELS) / 100])


def test_residuals_of_a_price_have_their_first_autocorrelation():
    level = np.array([0.0, 1.0, 1.0, 2.0, 2.0, 3.0])
    steps, lagged = np.diff(level), level[:-1] - level[:-1].mean()
    residuals = steps - steps.mean() - lagged * (lagged @ steps) / (lagged @ lagged)
    expected = residuals[1:] @ residuals[:-1] / (residuals @ residuals)
    assert testing.residual_autocorrelation(level, 0) == pytest.approx(expected)
    assert expected < -0.5


def test_prices_of_a_city_are_chained_over_the_turn_of_the_year():
    steps = {
        "city": ["x"] * 4,
        "month": ["2019-12", "2020-01", "2020-03", "2020-04"],
        "new": [110.0, 120.0, 90.0, 50.0],
    }
    package = SimpleNamespace(require=lambda *_, **__: pl.DataFrame(steps))
    prices = house_prices._cities(package, "new")  # noqa: SLF001 - the formula by itself
    assert dict(prices.select("month", "price").iter_rows()) == pytest.approx(
        # February is not known: a new stretch begins at 100
        {"2019-11": 100.0, "2019-12": 110.0, "2020-01": 132.0, "2020-03": 90.0, "2020-04": 45.0}
    )


@pytest.mark.parametrize(("first", "base"), [("2020-01", "2019-12"), ("2020-02", "2020-01"), ("2020-12", "2020-11")])
def test_the_base_of_a_city_is_the_month_before_the_first(first, base):
    package = SimpleNamespace(require=lambda *_, **__: pl.DataFrame({"city": ["x"], "month": [first], "new": [101.0]}))
    assert house_prices._cities(package, "new")["month"].to_list() == [base, first]  # noqa: SLF001 - the formula by itself


def test_days_that_are_one_of_each_month_are_months():
    calendar = _days(pl.Series("date", ["2019-11-15", "2019-12-15", "2020-01-15"]).str.to_date())
    assert (calendar.ordinal.tolist(), calendar.unit) == ([2019 * 12 + 10, 2019 * 12 + 11, 2020 * 12], "month")
    days = _days(pl.Series("date", ["2019-12-30", "2019-12-31", "2020-01-01"]).str.to_date())
    assert (np.diff(days.ordinal).tolist(), days.unit) == ([1, 1], "day")
    assert _days(pl.Series("date", ["2020-01-15"]).str.to_date()).unit == "day"  # one date shows no step


def test_trading_days_have_no_holes_and_weeks_have():
    week = np.array([0, 1, 2, 3, 4, 7, 8])
    assert (read_steps(week, "day").trading, read_steps(week, "day").missing) == (True, 0)
    weekly = read_steps(np.array([0, 7, 14, 21, 35]), "day")
    assert (weekly.usual, weekly.trading, weekly.missing, weekly.breaks.tolist()) == (7, False, 1, [4])


def test_growth_of_the_nation_is_that_of_the_years_with_most_regions():
    rows = {
        "region": ["a", "b", "a", "b", "a", "b", "a"],
        "year": [2000, 2000, 2001, 2001, 2002, 2002, 2003],
        "output_real": [40.0, 60.0, 50.0, 60.0, 61.0, 60.0, 90.0],
    }
    package = SimpleNamespace(require=lambda *_, **__: pl.DataFrame(rows))
    assert entry_categories.national_growth(package, 2) == pytest.approx((0.1, 2000, 2002))


@pytest.mark.parametrize(("sizes", "median"), [([5.0, 1.0, 3.0], [3.0, 1.0]), ([5.0, 1.0, 3.0, 9.0], [4.0, 1.0])])
def test_the_size_of_an_entrant_is_the_median_of_the_regions_drawn(sizes, median):
    count = len(sizes)
    draws = np.array([range(count), [1] * count])
    sizes = entry_market._sizes(SimpleNamespace(sizes=np.array(sizes)), RULES, Drawn(draws))  # noqa: SLF001 - the formula by itself
    assert sizes.tolist() == [2 * value for value in median]


RULES = {"rule": "median", "draws": 2, "scale": 2.0}


def test_capital_that_is_not_positive_is_named_by_its_place():
    with pytest.raises(InputError) as error:
        cost_capacity(lambda y, k: y**2 / k, [1.0, 1.0, 1.0], [1.0, 2.0, -3.0], 1.0)
    assert error.value.values["unit"] == 3


def test_a_year_that_is_missing_between_others_is_refused():
    rows = {"industry": ["a"] * 5, "year": [2000, 2001, 2002, 2003, 2005], "output": [1.0, 2.0, 1.0, 2.0, 1.0]}
    with pytest.raises(InputError) as error:
        peak_to_peak(pl.DataFrame(rows))
    assert error.value.code == "capacity.too-few-years"


def test_plants_without_names_are_numbered_from_one():
    table = plant_capacity([[1.0], [1.0], [1.0]], [[1.0], [2.0], [2.0]], [[1.0], [2.0], [1.0]]).frame
    assert table["unit"].to_list() == ["1", "2", "3"]
    assert table["utilisation"].to_list() == pytest.approx([0.5, 1.0, 1.0])


@pytest.mark.parametrize(("size", "holds"), [(10.0, True), (0.5, False)])
def test_the_parts_of_a_change_of_debt_may_miss_it_by_rounding_of_their_own_size(monkeypatch, size, holds):
    gap = 5 * debt_dynamics.setting("public_debt", "decomposition.tolerance")

    def effects(rows, _usual):
        parts = {name: pl.lit(size) for name in debt_dynamics._PARTS}  # noqa: SLF001 - the formula by itself
        return rows.with_columns(**parts, discrepancy=pl.lit(gap))

    monkeypatch.setattr(debt_dynamics, "_effects", effects)
    rows = pl.DataFrame({"region": ["a", "a"], "year": [2000, 2001], "debt": [1.0, 2.0], "output": [10.0, 11.0]})
    if holds:
        assert debt_dynamics.debt_dynamics(rows).frame.height == 1
    else:
        with pytest.raises(IdentityError):
            debt_dynamics.debt_dynamics(rows)


def test_written_months_count_from_january_and_years_from_their_first():
    assert (np.diff(_written(pl.Series("date", ["2019-11", "2020-02"])).ordinal).tolist()) == [3]
    months = _written(pl.Series("date", ["2020年3月", "2020年12月"]))
    assert (months.ordinal.tolist(), months.unit) == ([2020 * 12 + 2, 2020 * 12 + 11], "month")


def test_the_first_hole_of_a_series_is_named():
    refused = []
    reader = SimpleNamespace(
        calendar=SimpleNamespace(unit="month"),
        gaps="refuse",
        _refuse=lambda *_, **words: refused.append((words["first"], words["count"])),
    )
    start = 2020 * 12
    rows = pl.DataFrame({"_ordinal": [start, start + 1, start + 2, start + 4], "_value": [1.0, 2.0, 3.0, 4.0]})
    rows = rows.with_columns(_date=pl.lit(""))
    _Reader._unbroken(reader, "x", rows)  # noqa: SLF001 - the formula by itself
    _Reader._unbroken(reader, "x", rows.with_columns(_value=pl.Series([1.0, None, 3.0, 4.0])))  # noqa: SLF001 - the formula by itself
    assert refused == [(written(start + 3, "month"), 1), (written(start + 1, "month"), 2)]


def test_the_record_of_fans_counts_who_came_below_inside_and_above(monkeypatch):
    # Fans of every origin are 0, 10, ..., 100 one year ahead and twice that after two; the ends, percentiles 10 and 90.
    paths = np.column_stack([np.arange(0.0, 101.0, 10.0), np.arange(0.0, 201.0, 20.0)])
    ratios = {"a": [50.0, 5.0, 30.0], "b": [50.0, 95.0, 185.0], "c": [50.0, 5.0, 10.0], "d": [50.0]}
    history = pl.DataFrame(
        [(code, 2000 + at, ratio) for code, values in ratios.items() for at, ratio in enumerate(values)],
        schema=["region", "year", "debt_ratio"],
        orient="row",
    )

    def drawn(past, *_, **__):
        series = {str(code): rows for (code,), rows in past.group_by("region", maintain_order=True)}
        return SimpleNamespace(paths=dict.fromkeys(series, paths), series=series)

    monkeypatch.setattr(debt_fan, "_draw", drawn)
    held = debt_fan._record(history, None, 2, (10.0, 90.0), 2).drop("error").rows()  # noqa: SLF001 - the formula by itself
    # from 2000: 5, 95, 5 of 10 to 90, then 30, 185, 10 of 20 to 180; from 2001 (d has ended): 30, 185, 10 of 10 to 90
    third = 1 / 3
    assert [row[:3] for row in held] == [(2000, 1, 3), (2000, 2, 3), (2001, 1, 3)]
    assert [row[3:] for row in held] == [
        pytest.approx((0.0, 2 * third, third)),
        pytest.approx((third, third, third)),
        pytest.approx((2 * third, 0.0, third)),
    ]
    errors = debt_fan._record(history, None, 2, (10.0, 90.0), 2)["error"].to_list()  # noqa: SLF001 - the formula by itself
    assert errors == pytest.approx([105 / 3 - 50, 225 / 3 - 100, 225 / 3 - 50])
    assert debt_fan._record(history, None, 2, (50.0, 50.0), 2).is_empty()  # noqa: SLF001 - the formula by itself
    assert debt_fan._record(history, None, 2, (10.0, 90.0), 1)["origin"].to_list() == [2001]  # noqa: SLF001 - the formula by itself


def test_variable_inputs_at_capacity_are_those_of_the_peers_over_the_present_ones():
    # A plant of two makes 4 with (3, 1): the half of it needs half of that. What is not used has no ratio.
    table = plant_capacity(
        [[1.0], [2.0], [1.0]], [[1.0, 2.0], [3.0, 1.0], [2.0, 0.0]], [[1.0], [4.0], [1.0]], units=list("abc"), rts="crs"
    )
    rows = {(unit, name): needed for unit, name, needed in table.variable.rows()}
    expected = {("a", "v1"): 1.5, ("a", "v2"): 0.25, ("b", "v1"): 1.0, ("b", "v2"): 1.0, ("c", "v1"): 0.75}
    assert rows == {key: pytest.approx(value) for key, value in expected.items()}
    assert table.frame["plant_efficiency"].to_list() == pytest.approx([2.0, 1.0, 2.0])


def test_the_bubble_of_the_alternative_lasts_a_fifth_of_the_sample_from_two_fifths_on():
    for periods, place in ((100, (40, 60)), (240, (96, 144)), (53, (21, 32)), (2, (0, 1))):
        for speed, coefficient in (("standard", 1.0), ("gentle", 0.25)):
            start, stop, root = critical.episode(periods, speed)
            assert (start, stop) == place
            assert root == pytest.approx(1 + coefficient * periods**-0.6)


def test_a_series_with_a_bubble_grows_by_its_root_and_falls_back_to_where_it_began():
    shocks = np.arange(1.0, 11.0)[:, None] / 10
    drawn = SimpleNamespace(standard_normal=lambda size: np.broadcast_to(shocks, size))
    levels = critical.explosive_series(10, 1, drawn)[:, 0]
    start, stop, root = critical.episode(10)
    steps = 6.79 * shocks[:, 0]
    assert levels[0] == 100.0
    assert np.diff(levels[:start]) == pytest.approx(steps[1:start])
    assert levels[start:stop] == pytest.approx(root * levels[start - 1 : stop - 1] + steps[start:stop])
    assert np.diff(levels[stop:]) == pytest.approx(steps[stop + 1 :])

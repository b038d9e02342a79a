from __future__ import annotations

import numpy as np
import pytest

from xinzhi.core.breaks import (
    TO_SIGMA,
    against_others,
    classify,
    is_panel,
    leave_one_out,
    leave_one_out_median,
    median_change_of_others,
    scores,
)
from xinzhi.core.errors import UsageError
from xinzhi.yardstick.breaking import facts, rules
from xinzhi.yardstick.panel import flag_texts

TERMS = rules()


def found_in(growth, limit=4.0):
    seen = scores(growth, fewest=TERMS.fewest_others, shortest=TERMS.shortest, floor=TERMS.floor)
    return classify(seen, np.full(len(growth), limit))


def panel(seed=0, regions=12, years=20):
    return np.random.default_rng(seed).normal(0.05, 0.01, (regions, years))


@pytest.mark.parametrize("size", [2, 3, 4, 5, 8, 9, 16])
def test_leaving_one_out_equals_deleting_it(size):
    rng = np.random.default_rng(size)
    values = rng.normal(size=(40, size)).round(1)  # rounded, so that ties occur
    values[rng.random(values.shape) < 0.15] = np.nan
    median, scale = leave_one_out(values)
    for row, column in np.ndindex(values.shape):
        rest = np.delete(values[row], column)
        rest = rest[np.isfinite(rest)]
        if np.isnan(values[row, column]) or not rest.size:
            assert np.isnan(median[row, column])
            assert np.isnan(scale[row, column])
        else:
            assert median[row, column] == pytest.approx(np.median(rest), abs=1e-15)
            spread = TO_SIGMA * np.median(np.abs(rest - np.median(rest)))
            assert scale[row, column] == pytest.approx(spread, abs=1e-15)


def test_the_median_of_nothing_is_missing():
    assert np.isnan(leave_one_out_median(np.array([[1.0, np.nan, np.nan]]))).all()


def test_the_others_of_a_year_leave_the_region_out():
    growth = np.array([[9.0], [1.0], [2.0], [3.0], [4.0], [5.0]])
    assert against_others(growth, fewest=5, floor=0.0)[0, 0] == pytest.approx(6 / TO_SIGMA)
    assert np.isnan(against_others(growth, fewest=6, floor=0.0)).all()
    assert np.isnan(median_change_of_others(growth, fewest=6)).all()
    assert is_panel(growth, fewest=5)
    assert not is_panel(growth, fewest=6)


def test_the_move_of_the_others_is_free_of_their_usual_leads():
    boom = np.array([0.0, 0.1, -0.2, 0.05, 0.0])
    lead = np.array([0.0, 0.3, -0.4, 0.1, -0.1, 0.2, 0.05])
    common = median_change_of_others(boom + lead[:, None], fewest=5)
    assert common - boom == pytest.approx(np.full((7, 5), common[0, 0] - boom[0]))


def test_a_lasting_move_is_a_shift():
    growth = panel()
    growth[3, 7] += 0.2
    seen = found_in(growth)
    assert np.argwhere(seen.any).tolist() == [[3, 7]]
    assert seen.shift[3, 7]


@pytest.mark.parametrize("sign", [1, -1])
def test_a_move_that_comes_back_is_one_outlier_of_two_years(sign):
    growth = panel()
    growth[3, 7] += sign * 0.2
    growth[3, 8] -= sign * 0.2
    seen = found_in(growth)
    assert np.argwhere(seen.any).tolist() == [[3, 7], [3, 8]]
    assert np.argwhere(seen.outlier).tolist() == [[3, 7]]
    assert np.argwhere(seen.returns).tolist() == [[3, 8]]
    assert not seen.shift.any()


def test_a_small_return_leaves_a_shift():
    growth = panel()
    growth[3, 7] += 0.2
    growth[3, 8] -= 0.02
    assert found_in(growth).shift[3, 7]


def test_of_overlapping_outliers_the_stronger_goes_first():
    growth = panel()
    growth[0, 5:8] += [0.27, -0.27, 0.14]  # employment of Tianjin, 2006-2008
    seen = found_in(growth)
    assert np.argwhere(seen.outlier).tolist() == [[0, 5]]
    assert seen.shift[0, 7]


def test_a_chain_of_outliers_is_taken_apart():
    growth = panel()
    growth[0, 4:8] += [0.2, -0.2, 0.4, -0.4]
    assert np.argwhere(found_in(growth).outlier).tolist() == [[0, 4], [0, 6]]


def test_the_last_year_is_a_shift():
    growth = panel()
    growth[2, -1] -= 0.2
    seen = found_in(growth)
    assert np.argwhere(seen.shift).tolist() == [[2, 19]]


def test_what_everyone_does_is_no_break():
    growth = panel()
    growth[:, 9] -= 0.1
    assert not found_in(growth).any.any()


def test_a_region_alone_is_judged_by_its_history():
    growth = panel(regions=1, years=25)
    growth[0, 9] -= 0.1
    assert np.argwhere(found_in(growth, 5.5).any).tolist() == [[0, 9]]


def test_short_and_sparse_series_are_not_judged():
    growth = panel(years=20)
    growth[0, 7:] = np.nan
    seen = scores(growth, fewest=5, shortest=8, floor=0.001)
    assert np.isnan(seen.shift[0]).all()
    assert np.isfinite(seen.shift[1:]).all()
    growth[5:, 3] = np.nan  # five regions left in this year, four others of each
    seen = scores(growth, fewest=5, shortest=8, floor=0.001)
    assert np.isnan(seen.shift[:, 3]).all()


def test_constant_growth_is_no_break_for_its_rounding():
    growth = np.full((8, 20), 0.05) + np.random.default_rng(1).normal(0, 1e-15, (8, 20))
    assert not found_in(growth, TERMS.critical(np.array([20]), panel=True)[0]).any.any()


def test_a_smooth_region_is_not_held_to_its_own_luck():
    growth = panel(regions=31)
    growth[0] = 0.05 + 1e-4 * np.random.default_rng(2).normal(size=20)
    growth[0, 5] += 0.008  # eighty of its own deviations, less than one of everyone's
    assert not found_in(growth).any[0].any()


def test_critical_values_are_those_of_the_table_and_between():
    table = facts()["critical"]
    assert TERMS.critical(np.array(table["moves"]), panel=True).tolist() == table["panel"][TERMS.rate]
    assert TERMS.critical(np.array(table["moves"]), panel=False).tolist() == table["alone"][TERMS.rate]
    low, between, high = TERMS.critical(np.array([25, 27, 30]), panel=False)
    assert high < between < low
    assert TERMS.critical(np.array([0, 5, 1000]), panel=False).tolist() == [14.78, 14.78, 4.46]


def test_a_rate_without_critical_values_is_refused():
    with pytest.raises(UsageError, match=r"false-alarm rate 0\.03: choose one of"):
        rules(0.03)


@pytest.mark.parametrize(("moves", "regions"), [(10, 1), (25, 1), (10, 31), (25, 31), (25, 7), (25, 200)])
def test_critical_values_drawn_again(moves, regions):
    rng = np.random.default_rng([moves, regions])
    worst = []
    for _ in range(62_000 // regions if regions > 1 else 31):
        growth = rng.normal(size=(regions if regions > 1 else 2000, moves))
        seen = scores(growth, fewest=5 if regions > 1 else 2000, shortest=1, floor=0.0)
        worst.append(np.fmax(np.nanmax(np.abs(seen.shift), axis=1), np.nanmax(np.abs(seen.outlier), axis=1)))
    drawn = np.concatenate(worst)
    for rate in (0.05, 0.01):
        expected = rules(rate).critical(np.array([moves]), panel=regions > 1)[0]
        assert np.quantile(drawn, 1 - rate) == pytest.approx(expected, rel=0.06)


def test_every_number_and_every_cause_has_a_reference():
    document = facts()
    for name in ("false_alarm_rate", "fewest_others", "shortest", "scale_floor"):
        assert document[name]["reference"]
        assert document[name]["zh"]
        assert document[name]["en"]
    for event in document["events"].values():
        assert event["reference"]
        assert set(event["series"]) <= set(document["series"])
    names = [entry["en"] for group in ("events", "seams") for entry in document[group].values()]
    assert len(names) == len(set(names))


def test_critical_values_are_those_of_the_table():
    assert (rules().rate, rules().critical(np.array([25]), panel=True).tolist()) == (0.01, [3.89])


def test_marks_are_spelt_cell_by_cell():
    assert flag_texts({"carried:labour_share": np.array([[False, True]])}, (1, 2)) == ["", "carried:labour_share"]

"""Fans of debt under a slowdown, and of single regions with 20 to 39 years; bench/bench_debt.py has the full counts."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from xinzhi.core.errors import UsageError
from xinzhi.risks import debt_fan
from xinzhi.risks.debt.fan_shocks import Moves, detrend, drawn_slopes, recursion, slope

YEARS, HORIZON, ECONOMIES = 25, 5, 160
MEANS = np.array([0.06, 0.03, 0.02])
SPREAD = np.array([[0.030, 0.0, 0.0], [0.004, 0.006, 0.0], [-0.006, 0.001, 0.012]])
ERROR = np.sqrt(0.9 * 0.1 / ECONOMIES)


def economy(rng, lasting: float, fall: float) -> np.ndarray:
    """Return growth, rate and borrowing of the past and the years ahead; growth falls by so much a year."""
    shocks = rng.standard_normal((30 + YEARS + HORIZON, 3)) @ SPREAD.T
    for step in range(1, len(shocks)):
        shocks[step] += lasting * shocks[step - 1]
    made = MEANS + shocks[30:]
    made[:, 0] -= fall * (np.arange(len(made)) - YEARS / 2)
    return made


def held(lasting: float, fall: float, *, trend: bool, seed: int = 5) -> tuple[float, float]:
    """Return the share of economies inside the 90 % band, and above it."""
    rng, years, places = np.random.default_rng(seed), np.arange(YEARS), []
    moves = Moves(count=200, seed=1, order=None, trend=trend)
    for _ in range(ECONOMIES):
        made = economy(rng, lasting, fall)
        future, _ = moves.own_futures((years, made[:YEARS]), HORIZON, rng)
        drawn, truth = (recursion(0.6, *one.transpose(2, 0, 1))[:, -1] for one in (future, made[None, YEARS:]))
        places.append((drawn < truth[0]).mean())
    place = np.array(places)
    return float(((place >= 0.05) & (place <= 0.95)).mean()), float((place > 0.95).mean())


@pytest.mark.parametrize("lasting", [0.4, 0.6])
def test_25_persistent_years_hold_what_they_promise(lasting):
    inside, _ = held(lasting, 0.0, trend=False)
    assert 0.87 - 2 * ERROR <= inside <= 0.93 + 2 * ERROR


def test_under_a_slowdown_the_mean_errs_on_one_side_and_the_trend_does_not():
    inside, above = held(0.4, 0.003, trend=True)
    assert 0.87 - 2 * ERROR <= inside <= 0.93 + 2 * ERROR
    assert above <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / ECONOMIES)
    usual, beyond = held(0.4, 0.003, trend=False)
    assert usual < inside
    assert beyond > 0.1


def frame(made: np.ndarray, region: str = "a") -> pl.DataFrame:
    rows = pl.DataFrame(made[:YEARS], schema=["growth", "rate", "net_borrowing"])
    return rows.with_columns(region=pl.lit(region), year=pl.int_range(2000, 2000 + YEARS), debt_ratio=pl.lit(0.6))


def test_a_slowdown_is_found_and_said_and_its_absence_is_not():
    rng = np.random.default_rng(8)
    slow = frame(economy(rng, 0.3, 0.008))
    note = next(one for one in debt_fan(slow, draws=200).findings if one.rule == "trend")
    assert (note.column, note.key) == ("growth", "a")
    assert "trend=True" in note.text.en
    assert "趋势" in note.text.zh
    taken = debt_fan(slow, draws=200, trend=True)
    assert not any(one.rule == "trend" for one in taken.findings)
    assert taken.ends["median"][0] > debt_fan(slow, draws=200).ends["median"][0]  # lower growth, more debt to output
    alarms = [
        any(one.rule == "trend" for one in debt_fan(frame(economy(rng, 0.3, 0.0)), draws=200).findings)
        for _ in range(60)
    ]
    assert np.mean(alarms) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 60)
    with pytest.raises(UsageError, match="does not go with order 1"):
        debt_fan(slow, draws=50, order=1, trend=True)


def test_the_slope_is_that_of_least_squares_with_a_mean_for_each_region():
    rng = np.random.default_rng(9)
    pasts = [(np.arange(first, first + count), rng.normal(size=(count, 3))) for first, count in ((2000, 9), (2003, 7))]
    design = np.zeros((16, 3))
    design[:9, 0], design[9:, 1] = 1, 1
    design[:, 2] = np.concatenate([years for years, _ in pasts])
    other = np.linalg.lstsq(design, np.concatenate([past for _, past in pasts]), rcond=None)[0][2]
    assert slope(pasts) == pytest.approx(other, abs=1e-12)
    # of independent shocks the spread of slopes is the textbook's
    years, past = np.arange(30), rng.normal(size=(30, 1))
    flat = detrend(years, past, slope([(years, past)]))
    drawn = drawn_slopes([(years, flat)], None, 4000, rng)
    left = past[:, 0] - np.polyval(np.polyfit(years, past[:, 0], 1), years)
    expected = np.sqrt(left @ left / 28 / ((years - years.mean()) ** 2).sum())
    assert drawn.std() == pytest.approx(expected, rel=0.08)


def test_regions_with_short_pasts_share_a_slope():
    rng = np.random.default_rng(10)
    common = economy(rng, 0.3, 0.0)
    rows = [
        frame(common + 0.3 * (economy(rng, 0.3, 0.006) - MEANS), f"r{at}").filter(pl.col("year") < 2009)
        for at in range(12)
    ]
    fan = debt_fan(pl.concat(rows), draws=200, trend=True)
    usual = debt_fan(pl.concat(rows), draws=200)
    assert fan.provenance.options["trend"] is True
    assert ((fan.ends["high"] - fan.ends["low"]) > (usual.ends["high"] - usual.ends["low"])).all()

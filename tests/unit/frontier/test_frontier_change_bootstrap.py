"""The bootstrap of the Malmquist index: its draws, and that a seed decides everything."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from xinzhi.frontier import productivity_change
from xinzhi.frontier.change.intervals import bandwidth, draw, interval, prepare
from xinzhi.frontier.change.panel import Columns, read_panel


def panel(units: int = 15, periods: int = 3, seed: int = 2) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    x = np.exp(rng.normal(0, 0.5, (units, periods, 2)))
    waste = np.abs(rng.normal(0, 0.25, (units, 1))) + np.abs(rng.normal(0, 0.05, (units, periods)))
    y = np.sqrt(x.prod(axis=2)) * np.exp(0.03 * np.arange(periods) - waste)
    return pl.DataFrame(
        {
            "unit": np.repeat(np.arange(units), periods),
            "period": np.tile(np.arange(periods), units),
            "x1": x[:, :, 0].ravel(),
            "x2": x[:, :, 1].ravel(),
            "y": y.ravel(),
        }
    )


def change(frame: pl.DataFrame, **options: object) -> pl.DataFrame:
    return productivity_change(frame, "unit", "period", ["x1", "x2"], ["y"], **options).frame


def test_seed_decides_and_workers_do_not() -> None:
    frame = panel()
    one = change(frame, draws=120, seed=5)
    assert one.equals(change(frame, draws=120, seed=5))
    assert one.equals(change(frame, draws=120, seed=5, n_jobs=2))
    assert not one.equals(change(frame, draws=120, seed=6))
    plain = change(frame)
    assert one.select(plain.columns).equals(plain)


def test_progress_is_told() -> None:
    told: list[tuple[int, int]] = []
    change(panel(), draws=150, progress=lambda done, total: told.append((done, total)))
    assert told == [(step, 4) for step in range(1, 5)]  # two pairs of periods, blocks of 100 and 50


def test_intervals_hold_their_order_and_parts_have_theirs() -> None:
    found = change(panel(), rts="vrs", draws=100)
    for name in ("index", "efficiency_change", "technical_change", "pure_efficiency_change", "scale_efficiency_change"):
        assert (found[f"{name}_lower"] <= found[f"{name}_upper"]).all()
        assert (found[f"{name}_error"] > 0).all()
    wide, narrow = change(panel(), draws=100), change(panel(), draws=100, confidence=0.5)
    assert ((wide["index_upper"] - wide["index_lower"]) >= (narrow["index_upper"] - narrow["index_lower"])).all()


def test_interval_by_hand() -> None:
    """Replications 1.0 to 1.4 about an estimate of 1.1: differences -0.1 to 0.3, turned round."""
    found = interval(np.array([1.1]), np.array([[1.0], [1.1], [1.2], [1.3], [1.4]]), 1 - 1e-12)
    assert found.lower[0] == pytest.approx(0.8)
    assert found.upper[0] == pytest.approx(1.2)
    assert found.bias[0] == pytest.approx(0.1)
    assert found.error[0] == pytest.approx(np.std([1.0, 1.1, 1.2, 1.3, 1.4], ddof=1))


def test_draws_stay_beyond_the_frontier_and_keep_the_correlation() -> None:
    """Efficient units stay near one, none gets below it, and units that were good stay good in the draws."""
    rng = np.random.default_rng(1)
    units = 60
    base = np.abs(rng.normal(0, 0.4, units))
    inefficiency = 1 + np.concatenate([base, base + np.abs(rng.normal(0, 0.05, units))])
    frame = pl.DataFrame(
        {
            "unit": np.tile(np.arange(units), 2),
            "period": np.repeat([0, 1], units),
            "x": 1.0,
            "y": 1.0,
        }
    )
    read = read_panel(frame, Columns("unit", "period", ["x"], ["y"]))
    drawn = draw(prepare(read, inefficiency, 0, None), 500, np.random.default_rng(2))
    assert drawn.shape == (500, units, 2)
    assert drawn.min() >= 1.0
    observed = np.corrcoef(inefficiency[:units], inefficiency[units:])[0, 1]
    kept = np.corrcoef(drawn[:, :, 0].ravel(), drawn[:, :, 1].ravel())[0, 1]
    assert observed > 0.95
    assert 0.6 < kept < observed
    # The second moment about one is that of the sample, whatever the bandwidth.
    spread = ((drawn - 1) ** 2).mean(axis=(0, 1))
    assert spread == pytest.approx(((inefficiency.reshape(2, units) - 1) ** 2).mean(axis=1), rel=0.15)


def test_bandwidth_is_the_normal_reference() -> None:
    assert bandwidth(31) == pytest.approx((4 / (5 * 31)) ** (1 / 6))


def test_no_noise_means_no_interval() -> None:
    """All units equal: every drawn technology is the observed one."""
    frame = panel().with_columns(x1=pl.lit(1.0), x2=pl.lit(1.0), y=pl.lit(1.0))
    found = change(frame, draws=50)
    assert (found["index_upper"] - found["index_lower"]).max() <= 1e-12
    assert found["index"].to_list() == pytest.approx([1.0] * 30)


def test_units_without_a_partner_still_span_the_technology() -> None:
    """Drop a unit from the last period: it has no pair there, but it is on the frontier of the first two."""
    frame = panel().filter(~((pl.col("unit") == 3) & (pl.col("period") == 2)))
    found = change(frame, draws=100)
    assert found.height == 29
    assert found["index_error"].is_finite().all()

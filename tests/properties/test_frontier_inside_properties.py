"""What holds for every data set of the verbs that look inside units."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xinzhi.frontier import dynamic_efficiency, materials_balance, network_efficiency

CLOSE = 1e-7
SEEDS = st.integers(0, 10_000)
Goods = tuple[np.ndarray, np.ndarray, np.ndarray]


def sample(seed: int) -> Goods:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(3, 12))
    return rng.uniform(0.5, 4, (n, 2)), rng.uniform(0.5, 4, (n, 2)), rng.uniform(0.5, 4, (n, 2))


def environmental(x: np.ndarray, _: np.ndarray, y: np.ndarray, by: np.ndarray) -> np.ndarray:
    return materials_balance(x, y, np.array([2.0, 0.5]) / by).frame["environmental"].to_numpy()


def network(x: np.ndarray, z: np.ndarray, y: np.ndarray, _: np.ndarray) -> np.ndarray:
    divisions = {"first": (x, y[:, :1]), "second": (x[:, :1], y[:, 1:])}
    return network_efficiency(divisions, {("first", "second"): z[:, :1]}, rts="crs").scores


def dynamic(x: np.ndarray, z: np.ndarray, y: np.ndarray, _: np.ndarray) -> np.ndarray:
    names = [f"{at:02}" for at in range(len(x))]
    years = [{"u": names, "t": [at] * len(x), "x": x[:, at], "y": y[:, at], "k": z[:, at]} for at in range(2)]
    frame = pl.concat(pl.DataFrame(year) for year in years)
    return dynamic_efficiency(frame, "u", "t", ["x"], ["y"], free=["k"]).scores


VERBS: dict[str, Callable[..., np.ndarray]] = {
    "materials": environmental,
    "network": network,
    "dynamic": dynamic,
}


@pytest.mark.parametrize("name", list(VERBS))
@settings(max_examples=15, deadline=None)
@given(seed=SEEDS, factor=st.floats(1e-5, 1e7))
def test_units_order_and_bounds(name: str, seed: int, factor: float) -> None:
    x, z, y = sample(seed)
    first = VERBS[name](x, z, y, np.ones(2))
    assert (first > 0).all()
    assert (first <= 1 + CLOSE).all()
    by = np.full(2, factor) if name == "dynamic" else np.array([factor, 1.0])
    np.testing.assert_allclose(VERBS[name](x * by, z * by[::-1], y / by, by), first, atol=CLOSE)
    order = np.random.default_rng(seed).permutation(len(x))
    np.testing.assert_allclose(VERBS[name](x[order], z[order], y[order], np.ones(2)), first[order], atol=CLOSE)


@pytest.mark.parametrize("name", list(VERBS))
@settings(max_examples=15, deadline=None)
@given(seed=SEEDS)
def test_a_unit_that_another_dominates_changes_nothing(name: str, seed: int) -> None:
    x, z, y = sample(seed)
    more = np.vstack([x, 1.5 * x[:1]]), np.vstack([z, z[:1]]), np.vstack([y, 0.7 * y[:1]])
    first = VERBS[name](x, z, y, np.ones(2))
    later = VERBS[name](*more, np.ones(2))
    np.testing.assert_allclose(later[:-1], first, atol=CLOSE)
    assert later[-1] <= first[0] + CLOSE


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS)
def test_parts_make_the_whole(seed: int) -> None:
    x, _, y = sample(seed)
    frame = materials_balance(x, y, [2.0, 0.5], rts="crs").frame
    np.testing.assert_allclose(frame["technical"] * frame["allocative"], frame["environmental"], atol=CLOSE)
    assert frame["allocative"].max() <= 1 + CLOSE

"""The stepwise solver of many small programs against scipy (HiGHS), most of all where programs are degenerate.

Tolerance 1e-10, relative to one plus the value.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog

from xinzhi.core import simplex
from xinzhi.frontier.change import decompositions
from xinzhi.frontier.change.decompositions import Frontier, Goods, Measure

TOLERANCE = 1e-10
RTS = ("crs", "vrs", "nirs", "ndrs")


def by_scipy(goods: Goods, points: Goods, at: int, measure: Measure, rts: str) -> float:
    """Return the distance of one point; NaN when there is none. Bad outputs are equalities; no abatement by unit."""
    p, q, _ = goods.widths
    gain = measure.gains(points)[at]
    steps = gain[:, None] if measure.weights is None else np.diag(gain)[:, measure.weights > 0]
    price = np.ones(1) if measure.weights is None else measure.weights[measure.weights > 0]
    if measure.weights is not None:  # a good that cannot move counts for nothing
        steps, price = steps[:, gain[measure.weights > 0] > 0], price[gain[measure.weights > 0] > 0]
    count = len(goods.x)
    upper = [np.hstack([steps[:p], goods.x.T]), np.hstack([steps[p : p + q], -goods.y.T])]
    limits = [points.x[at], -points.y[at]]
    equal, sides = [np.hstack([steps[p + q :], goods.b.T])], [points.b[at]]
    total = np.concatenate([np.zeros(len(price)), np.ones(count)])[None]
    if rts == "vrs":
        equal, sides = [*equal, total], [*sides, [1.0]]
    if rts in {"nirs", "ndrs"}:
        sign = 1.0 if rts == "nirs" else -1.0
        upper, limits = [*upper, sign * total], [*limits, [sign]]
    answer = linprog(
        np.concatenate([-price, np.zeros(count)]),
        np.vstack(upper),
        np.concatenate(limits),
        np.vstack(equal) if len(np.vstack(equal)) else None,
        np.concatenate(sides) if len(np.concatenate(sides)) else None,
        bounds=[(None if measure.weights is None else 0, None)] * len(price) + [(0, None)] * count,
        method="highs",
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    assert answer.status in {0, 2}
    return -answer.fun if answer.status == 0 else np.nan


def measures(p: int, q: int, r: int) -> dict[str, Measure]:
    full = np.ones(p + q + r)
    return {
        "output": Measure("output", disposability="equality"),
        "input": Measure("input", disposability="equality"),
        "directional": Measure("directional", full, disposability="equality"),
        "nonradial": Measure("directional", full, weights=full / (p + q + r), disposability="equality"),
    }


def check(goods: Goods, points: Goods, measure: Measure, rts: str) -> Frontier:
    frontier = Frontier(goods, measure)
    found = frontier.score(rts, np.arange(len(goods.x)), points)
    for at in range(len(points.x)):
        truth = by_scipy(goods, points, at, measure, rts)
        if np.isnan(truth):
            assert found.status[at] == simplex.INFEASIBLE
            assert np.isnan(found.beta[at])
        else:
            assert found.status[at] == simplex.OPTIMAL
            assert abs(found.beta[at] - truth) <= TOLERANCE * (1 + abs(truth))
    return frontier


@pytest.mark.parametrize("rts", RTS)
@pytest.mark.parametrize("name", ["output", "input", "directional", "nonradial"])
def test_points_inside_and_outside(rts: str, name: str) -> None:
    rng = np.random.default_rng(3)
    for widths in ((2, 1, 0), (3, 2, 1)):
        goods = Goods(*(np.exp(rng.normal(0, 1, (15, width))) for width in widths))
        points = Goods(*(part * np.exp(rng.normal(0, 0.5, part.shape)) for part in (goods.x, goods.y, goods.b)))
        measure = measures(*widths)[name]
        assert check(goods, goods, measure, rts).tally.general == 0
        assert check(goods, points, measure, rts).tally.general == 0


@pytest.mark.parametrize("rts", RTS)
@pytest.mark.parametrize("name", ["output", "input", "directional", "nonradial"])
@pytest.mark.parametrize(
    "case", ["duplicates", "proportional", "all equal", "one dominates", "few", "zeros", "integers"]
)
def test_degenerate_technologies(rts: str, name: str, case: str) -> None:
    rng = np.random.default_rng(5)
    base = np.exp(rng.normal(0, 0.7, (6, 3)))
    table = {
        "duplicates": np.vstack([base, base]),
        "proportional": np.vstack([base, 2 * base, 0.5 * base]),
        "all equal": np.ones((6, 3)),
        "one dominates": np.vstack([base, [[base[:, 0].min() / 2, base[:, 1].min() / 2, base[:, 2].max() * 2]]]),
        "few": base[:2],
        "zeros": np.where([[False, True, False]] * 3 + [[False, False, False]] * 3, 0.0, base),
        "integers": np.array([[1, 2, 1], [2, 1, 1], [2, 2, 2], [4, 4, 4], [1, 1, 1], [3, 3, 2]], dtype=float),
    }[case]
    goods = Goods(table[:, :2].copy(), table[:, 2:].copy(), np.zeros((len(table), 0)))
    check(goods, goods, measures(2, 1, 0)[name], rts)


def test_units_of_measurement_change_no_digit() -> None:
    rng = np.random.default_rng(7)
    x, y = np.exp(rng.normal(0, 1, (40, 3))), np.exp(rng.normal(0, 1, (40, 2)))
    none = np.zeros((40, 0))
    for rts in RTS:
        small = Frontier(Goods(x, y, none), Measure("output")).score(rts, np.arange(40), Goods(x, y, none))
        big = Goods(x * [1e9, 1e-6, 1.0], y * [1e12, 1e-9], none)
        large = Frontier(big, Measure("output")).score(rts, np.arange(40), big)
        assert np.abs(small.beta - large.beta).max() <= 1e-12 * (1 + np.abs(small.beta).max())


def test_small_units_beside_large_ones() -> None:
    rng = np.random.default_rng(8)
    size = 10.0 ** rng.uniform(-4, 4, (30, 1))
    goods = Goods(
        size * np.exp(rng.normal(0, 0.3, (30, 2))), size * np.exp(rng.normal(0, 0.3, (30, 1))), np.zeros((30, 0))
    )
    for rts in ("crs", "vrs"):
        check(goods, goods, Measure("output"), rts)


@pytest.mark.parametrize("rts", RTS)
@pytest.mark.parametrize("name", ["output", "input", "directional"])
def test_large_technologies_go_through_their_frame(monkeypatch: pytest.MonkeyPatch, rts: str, name: str) -> None:
    rng = np.random.default_rng(10)
    goods = Goods(*(np.exp(rng.normal(0, 1, (160, width))) for width in (3, 2, 1)))
    points = Goods(*(part * np.exp(rng.normal(0, 0.5, part.shape)) for part in (goods.x, goods.y, goods.b)))
    whole, apart = Frontier(goods, measures(3, 2, 1)[name]), Frontier(goods, measures(3, 2, 1)[name])
    reduced = whole.score(rts, np.arange(160), points)
    monkeypatch.setattr(decompositions, "_LARGE", 1000)
    full = apart.score(rts, np.arange(160), points)
    assert (reduced.status == full.status).all()
    assert np.nanmax(np.abs(reduced.beta - full.beta) / (1 + np.abs(full.beta))) <= TOLERANCE
    assert apart.tally.columns == 160 + (rts == "nirs") + 160 * (rts == "ndrs")


@pytest.mark.parametrize("name", ["output", "nonradial"])
def test_technologies_of_a_size_are_solved_together_as_each_for_itself(name: str) -> None:
    rng = np.random.default_rng(12)
    goods = Goods(*(np.exp(rng.normal(0, 1, (40, width))) for width in (2, 1, 1)))
    frontier = Frontier(goods, measures(2, 1, 1)[name])
    spans = [np.arange(start, start + size) for start, size in ((0, 10), (10, 10), (20, 12), (32, 8), (5, 10))]
    points = [goods.take(rows[:4], rows[-4:]) for rows in spans]
    for rts in RTS:
        for rows, part, found in zip(spans, points, frontier.scores(rts, spans, points), strict=True):
            alone = frontier.score(rts, rows, part)
            assert (alone.status == found.status).all()
            np.testing.assert_allclose(alone.beta, found.beta, rtol=TOLERANCE, atol=TOLERANCE)

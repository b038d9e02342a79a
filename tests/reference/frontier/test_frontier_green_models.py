"""Models for which no second program's figures are at hand, against linear programs written out in full (scipy).

Each program below is the definition, unit by unit, without anything of the package. Tolerance 1e-9. Data: the 30
units of 1997 of Stata's ``malmq2`` example (labour, capital, energy; output; carbon dioxide), and 30 provinces in
2017 (capital and labour of the measured protocol, energy; real output; sulphur dioxide).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.optimize import linprog

import xinzhi
from xinzhi.frontier.models.additive import range_directional, seiford_zhu
from xinzhi.frontier.models.environmental import by_production, directional, non_radial, shadow_prices
from xinzhi.frontier.models.slacks_based import epsilon_based, slacks_based, super_slacks_based
from xinzhi.frontier.technology.distance import distance

TOLERANCE = 1e-9
EXACT = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
SHARED = Path(__file__).resolve().parents[4] / "shared"
Data = tuple[np.ndarray, np.ndarray, np.ndarray]


@cache
def provinces() -> Data:
    """Capital, labour and energy; real output; sulphur dioxide, of the provinces that have all in 2017."""
    package = xinzhi.load("china-provinces")
    inputs = xinzhi.measure(package).inputs.filter(pl.col("year") == 2017)
    wide = (
        package.tables["indicators"].filter(pl.col("year") == 2017).pivot("indicator", index="region", values="value")
    )
    frame = (
        inputs.join(wide.select("region", "energy_consumption", "so2_emissions"), on="region")
        .drop_nulls()
        .sort("region")
    )
    return (
        frame.select("capital", "labour", "energy_consumption").to_numpy(),
        frame.select("output").to_numpy(),
        frame.select("so2_emissions").to_numpy(),
    )


@cache
def malmq2() -> Data:
    path = SHARED / "data" / "china" / "reference_malmq2_1997_2000.csv"
    if not path.is_file():
        pytest.skip("reference data in ../shared are not here")
    frame = pl.read_csv(path).filter(pl.col("year") == 1997)
    return frame.select("L", "K", "E").to_numpy(), frame.select("Y").to_numpy(), frame.select("co2").to_numpy()


@pytest.fixture(params=["provinces", pytest.param("malmq2", marks=pytest.mark.shared)])
def data(request: pytest.FixtureRequest) -> Data:
    x, y, b = {"provinces": provinces, "malmq2": malmq2}[request.param]()
    return x / x.mean(axis=0), y / y.mean(axis=0), b / b.mean(axis=0)


def best(c: list, upper: list, right: list, equal: list, sides: list, bounds: list | None = None) -> float:
    """Return the least value of a program, NaN when infeasible."""
    found = linprog(
        c,
        A_ub=np.array(upper) if upper else None,
        b_ub=right or None,
        A_eq=np.array(equal) if equal else None,
        b_eq=sides or None,
        bounds=bounds or (0, None),
        method="highs",
        options=EXACT,
    )
    assert found.status in {0, 2}
    return float(found.fun) if found.status == 0 else np.nan


def totals(rts: str, ones: np.ndarray, side: float = 1.0) -> tuple[list, list]:
    return ([ones], [side]) if rts == "vrs" else ([], [])


@pytest.mark.parametrize("rts", ["crs", "vrs"])
def test_sbm_with_bad_outputs(data: Data, rts: str) -> None:
    x, y, b = data
    n = len(x)
    ours = slacks_based(x, y, b, rts=rts)
    for o in range(n):  # variables: t, L (n), S- (3), S+ (1), Sb (1)
        cost = [1.0, *np.zeros(n), *(-1 / (3 * x[o])), 0, 0]
        equal, sides = [[1.0, *np.zeros(n), 0, 0, 0, 1 / (2 * y[o, 0]), 1 / (2 * b[o, 0])]], [1.0]
        equal += [[-x[o, i], *x[:, i], *np.eye(3)[i], 0, 0] for i in range(3)]
        equal += [[-y[o, 0], *y[:, 0], 0, 0, 0, -1, 0], [-b[o, 0], *b[:, 0], 0, 0, 0, 0, 1]]
        sides += [0.0] * 5
        if rts == "vrs":  # sum of the transformed intensities is t, not 1
            equal.append([-1.0, *np.ones(n), 0, 0, 0, 0, 0])
            sides.append(0.0)
        assert ours.score[o] == pytest.approx(best(cost, [], [], equal, sides), abs=TOLERANCE)


@pytest.mark.parametrize("rts", ["crs", "vrs"])
def test_super_sbm_with_bad_outputs(data: Data, rts: str) -> None:
    x, y, b = data
    n = len(x)
    ours = super_slacks_based(x, y, b, rts=rts, inefficient="one")
    for o in range(n):  # variables: t, L (n), X (3), Y, B: the point, times t
        others = np.arange(n) != o
        cost = [0.0, *np.zeros(n), *(1 / (3 * x[o])), 0, 0]
        normal = [1.0, *np.zeros(n), 0, 0, 0, 1 / (2 * y[o, 0]), -1 / (2 * b[o, 0])]  # 1 - mean(1 - Y/y, B/b - 1)
        equal, sides, upper = [normal], [1.0], []
        for i in range(3):
            upper += [[0, *(x[:, i] * others), *-np.eye(3)[i], 0, 0], [x[o, i], *np.zeros(n), *-np.eye(3)[i], 0, 0]]
        upper += [[0, *(-y[:, 0] * others), 0, 0, 0, 1, 0], [-y[o, 0], *np.zeros(n), 0, 0, 0, 1, 0]]
        upper += [[0, *(b[:, 0] * others), 0, 0, 0, 0, -1], [b[o, 0], *np.zeros(n), 0, 0, 0, 0, -1]]
        if rts == "vrs":
            equal.append([-1.0, *others.astype(float), 0, 0, 0, 0, 0])
            sides.append(0.0)
        theirs = best(cost, upper, [0.0] * len(upper), equal, sides)
        np.testing.assert_allclose(ours.score[o], theirs, atol=TOLERANCE)
    assert (ours.score > 1 + 1e-6).any()


@pytest.mark.parametrize("rts", ["crs", "vrs"])
def test_epsilon_based_measure(data: Data, rts: str) -> None:
    x, y, _ = data
    n, m = x.shape
    plain = slacks_based(x, y, rts=rts, orientation="input")
    affinity = np.ones((m, m))
    for a in range(m):
        for c in range(m):
            if a != c:
                logs = [np.log(row[c] / row[a]) for row in plain.target_x]
                centre = sum(logs) / n
                affinity[a, c] = 1 - 2 * sum(abs(each - centre) for each in logs) / (n * (max(logs) - min(logs)))
    values, vectors = np.linalg.eig(affinity)
    rho, vector = values.real.max(), np.abs(vectors[:, values.real.argmax()].real)
    epsilon, weight = (m - rho) / (m - 1), vector / vector.sum()
    ours = epsilon_based(x, y, rts=rts)
    assert ours.notes[0][1]["inputs"] == pytest.approx(epsilon, abs=1e-9)
    assert 0 < epsilon < 1
    for o in range(n):  # variables: theta, lambda (n), s (3)
        cost = [1.0, *np.zeros(n), *(-epsilon * weight / x[o])]
        equal = [[-x[o, i], *x[:, i], *np.eye(m)[i]] for i in range(m)]
        more, sides = totals(rts, np.array([0.0, *np.ones(n), 0, 0, 0]))
        bounds = [(None, None), *[(0, None)] * (n + m)]
        theirs = best(cost, [[0.0, *-y[:, 0], 0, 0, 0]], [-y[o, 0]], equal + more, [0.0] * m + sides, bounds)
        assert ours.score[o] == pytest.approx(theirs, abs=TOLERANCE)


@pytest.mark.parametrize("orientation", ["input", "none", "output"])
def test_epsilon_zero_is_radial(data: Data, orientation: str) -> None:
    x, y, _ = data
    ours = epsilon_based(x, y, rts="crs", orientation=orientation, epsilon=(0.0, 0.0)).score
    np.testing.assert_allclose(ours, distance(x, y, rts="crs").score, atol=TOLERANCE)


def test_environmental_distance_under_constant_returns(data: Data) -> None:
    x, y, b = data
    n = len(x)
    ours = directional(x, y, b)
    for o in range(n):  # variables: beta, lambda
        upper = [[0.0, *x[:, i]] for i in range(3)] + [[y[o, 0], *-y[:, 0]]]
        theirs = best([-1.0, *np.zeros(n)], upper, [*x[o], -y[o, 0]], [[b[o, 0], *b[:, 0]]], [b[o, 0]])
        assert ours.score[o] == pytest.approx(-theirs, abs=TOLERANCE)
    engine = distance(x, y, b, rts="crs", orientation="directional", direction=(0.0 * x, y, b))
    np.testing.assert_allclose(ours.score, engine.score, atol=TOLERANCE)


def test_single_abatement_factor_under_variable_returns(data: Data) -> None:
    x, y, b = data
    n = len(x)
    ours = directional(x, y, b, rts="vrs")
    for o in range(n):  # variables: beta, theta, z (n) = theta * lambda
        upper = [[0.0, -x[o, i], *x[:, i]] for i in range(3)] + [[y[o, 0], 0.0, *-y[:, 0]]]
        equal = [[b[o, 0], 0.0, *b[:, 0]], [0.0, -1.0, *np.ones(n)]]
        bounds = [(0, None), (0, 1), *[(0, None)] * n]
        theirs = best([-1.0, 0, *np.zeros(n)], upper, [0, 0, 0, -y[o, 0]], equal, [b[o, 0], 0.0], bounds)
        assert ours.score[o] == pytest.approx(-theirs, abs=TOLERANCE)


def test_the_single_factor_by_trying_factors(data: Data) -> None:
    """The technology as first written: theta sum(l y) >= y, theta sum(l b) = b, sum(l x) <= x, for many thetas."""
    x, y, b = data
    n = len(x)
    ours = directional(x, y, b, rts="vrs")
    for o in range(0, n, 6):
        values = []
        for theta in np.linspace(0.05, 1, 96):
            upper = [[0.0, *x[:, i]] for i in range(3)] + [[y[o, 0], *-theta * y[:, 0]]]
            equal = [[b[o, 0], *theta * b[:, 0]], [0.0, *np.ones(n)]]
            values.append(-best([-1.0, *np.zeros(n)], upper, [*x[o], -y[o, 0]], equal, [b[o, 0], 1.0]))
        assert np.nanmax(values) <= ours.score[o] + TOLERANCE
        assert np.nanmax(values) >= ours.score[o] - 0.02


def test_kuosmanen_under_variable_returns(data: Data) -> None:
    x, y, b = data
    n = len(x)
    ours = directional(x, y, b, rts="vrs", disposability="kuosmanen", direction="all")
    for o in range(n):  # variables: beta, active (n), idle (n)
        upper = [[x[o, i], *x[:, i], *x[:, i]] for i in range(3)] + [[y[o, 0], *-y[:, 0], *np.zeros(n)]]
        equal = [[b[o, 0], *b[:, 0], *np.zeros(n)], [0.0, *np.ones(2 * n)]]
        theirs = best([-1.0, *np.zeros(2 * n)], upper, [*x[o], -y[o, 0]], equal, [b[o, 0], 1.0])
        assert ours.score[o] == pytest.approx(-theirs, abs=TOLERANCE)
    single = directional(x, y, b, rts="vrs").score
    wide = directional(x, y, b, rts="vrs", disposability="kuosmanen").score
    assert (wide >= single - TOLERANCE).all()  # the smallest convex technology holds that of the single factor


@pytest.mark.parametrize(("rts", "disposability"), [("crs", "weak"), ("vrs", "equality"), ("vrs", "kuosmanen")])
def test_non_radial_distance(data: Data, rts: str, disposability: str) -> None:
    x, y, b = data
    n = len(x)
    ours = non_radial(x, y, b, rts=rts, disposability=disposability)
    idle = n if disposability == "kuosmanen" else 0
    for o in range(n):  # variables: beta of x (3), y, b, intensities
        weights = np.array([1 / 9, 1 / 9, 1 / 9, 1 / 3, 1 / 3])
        upper = [[*np.eye(5)[i] * x[o, i], *x[:, i], *x[:idle, i]] for i in range(3)]
        upper.append([0, 0, 0, y[o, 0], 0, *-y[:, 0], *np.zeros(idle)])
        equal, sides = [[0, 0, 0, 0, b[o, 0], *b[:, 0], *np.zeros(idle)]], [b[o, 0]]
        if rts == "vrs":
            equal.append([0, 0, 0, 0, 0, *np.ones(n + idle)])
            sides.append(1.0)
        theirs = best([*-weights, *np.zeros(n + idle)], upper, [*x[o], -y[o, 0]], equal, sides)
        assert ours.score[o] == pytest.approx(-theirs, abs=TOLERANCE)


@pytest.mark.parametrize("rts", ["crs", "vrs"])
def test_by_production(data: Data, rts: str) -> None:
    x, y, b = data
    n = len(x)
    ours = by_production(x, y, b, polluting=[2], rts=rts)
    both = by_production(x, y, b, polluting=[2], rts=rts, measure="directional")
    for o in range(n):
        more, side = totals(rts, np.array([0.0, *np.ones(n)]))
        upper = [[0.0, *x[:, i]] for i in range(3)] + [[y[o, 0], *-y[:, 0]]]
        phi = -best([-1.0, *np.zeros(n)], upper, [*x[o], 0.0], more, side)
        upper = [[0.0, *-x[:, 2]], [-b[o, 0], *b[:, 0]]]
        gamma = best([1.0, *np.zeros(n)], upper, [-x[o, 2], 0.0], more, side)
        assert ours.score[o] == pytest.approx((1 / phi + gamma) / 2, abs=TOLERANCE)
        # The common step: both technologies at once, each with intensities of its own.
        upper = [[0.0, *x[:, i], *np.zeros(n)] for i in range(3)] + [[y[o, 0], *-y[:, 0], *np.zeros(n)]]
        upper += [[0.0, *np.zeros(n), *-x[:, 2]], [b[o, 0], *np.zeros(n), *b[:, 0]]]
        right = [*x[o], -y[o, 0], -x[o, 2], b[o, 0]]
        equal = [[0.0, *np.ones(n), *np.zeros(n)], [0.0, *np.zeros(n), *np.ones(n)]] if rts == "vrs" else []
        beta = -best([-1.0, *np.zeros(2 * n)], upper, right, equal, [1.0] * len(equal))
        assert both.score[o] == pytest.approx(beta, abs=TOLERANCE)


def test_seiford_zhu(data: Data) -> None:
    x, y, b = data
    n = len(x)
    ours, turned = seiford_zhu(x, y, b), b.max() + 1 - b
    for o in range(n):
        upper = [[0.0, *x[:, i]] for i in range(3)] + [[y[o, 0], *-y[:, 0]], [turned[o, 0], *-turned[:, 0]]]
        theirs = -best([-1.0, *np.zeros(n)], upper, [*x[o], 0.0, 0.0], [[0.0, *np.ones(n)]], [1.0])
        assert ours.score[o] == pytest.approx(theirs, abs=TOLERANCE)


def test_range_directional_with_negative_data(data: Data) -> None:
    x, y, b = data
    n, growth = len(x), np.column_stack([y[:, 0] - y.mean(), b[:, 0] - 2 * b.mean()])
    assert (growth < 0).any()
    ours = range_directional(x, growth)
    for o in range(n):
        gx, gy = x[o] - x.min(axis=0), growth.max(axis=0) - growth[o]
        upper = [[gx[i], *x[:, i]] for i in range(3)] + [[gy[k], *-growth[:, k]] for k in range(2)]
        theirs = -best([-1.0, *np.zeros(n)], upper, [*x[o], *-growth[o]], [[0.0, *np.ones(n)]], [1.0])
        assert ours.score[o] == pytest.approx(1 - theirs, abs=TOLERANCE)


def test_shadow_prices_are_slopes_of_the_frontier(data: Data) -> None:
    """A small move of the bad, and of the good in the ratio of the price, leaves the distance as it was."""
    x, y, b = data
    found = directional(x, y, b)
    prices = shadow_prices(found)[:, 0]
    step, agreed = 1e-5, 0
    for o in np.flatnonzero(np.isfinite(prices) & (found.score > 1e-3)):
        point = (x[o : o + 1], y[o : o + 1] + step * prices[o], b[o : o + 1] + step)
        held = (np.zeros((1, 3)), y[o : o + 1], b[o : o + 1])
        moved = directional(*point, direction=held, reference=(x, y, b)).score[0]
        agreed += abs(moved - found.score[o]) < 1e-9
    assert agreed >= 0.9 * (np.isfinite(prices) & (found.score > 1e-3)).sum()  # a kink may lie within the step

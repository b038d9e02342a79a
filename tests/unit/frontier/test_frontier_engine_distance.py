"""Distances: hand-worked cases, unpleasant data against HiGHS unit by unit, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog

from xinzhi.core import simplex
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.programs import Program
from xinzhi.frontier.technology.distance import distance
from xinzhi.frontier.technology.technology import netputs, technology

# Scores against HiGHS, whose own tolerance is 1e-10 on rows of size one.
TOLERANCE = 1e-9

ALL_RTS = ["crs", "vrs", "nirs", "ndrs", "grs"]
BOUNDS = (0.7, 1.5)

# One input, one output: A (2, 1), B (4, 3), C (8, 4), D (6, 2).
X, Y = np.array([[2.0], [4.0], [8.0], [6.0]]), np.array([[1.0], [3.0], [4.0], [2.0]])


@pytest.mark.parametrize(
    ("rts", "orientation", "expected"),
    [
        ("crs", "input", [2 / 3, 1, 2 / 3, 4 / 9]),
        ("crs", "output", [1.5, 1, 1.5, 2.25]),
        ("crs", "hyperbolic", [np.sqrt(2 / 3), 1, np.sqrt(2 / 3), 2 / 3]),
        ("crs", "directional", [0.2, 0, 0.2, 5 / 13]),
        ("vrs", "input", [1, 1, 1, 0.5]),
        ("vrs", "output", [1, 1, 1, 1.75]),
        ("nirs", "input", [2 / 3, 1, 1, 4 / 9]),
        ("ndrs", "input", [1, 1, 2 / 3, 0.5]),
        ("fdh", "input", [1, 1, 1, 2 / 3]),
        ("fdh", "output", [1, 1, 1, 1.5]),
        ("fdh", "hyperbolic", [1, 1, 1, 2 / 3]),
        ("replication", "input", [1, 1, 0.75, 4 / 6]),
        ("scaling", "input", [1, 1, 2 / 3, 4 / 6]),
    ],
)
def test_by_hand(rts, orientation, expected):
    found = distance(X, Y, rts=rts, orientation=orientation)
    np.testing.assert_allclose(found.score, expected, atol=1e-12)
    assert set(found.status) == {"optimal"}


def test_generalised_returns_lie_between_variable_and_constant():
    scores = {rts: distance(X, Y, rts=rts).score for rts in ("crs", "vrs")}
    for bounds, same in (((1, 1), "vrs"), ((0, np.inf), "crs")):
        np.testing.assert_allclose(distance(X, Y, rts="grs", bounds=bounds).score, scores[same], atol=1e-12)
    between = distance(X, Y, rts="grs", bounds=BOUNDS).score
    # A shrinks along the line from 0.7 A = (1.4, 0.7) to 0.7 B = (2.8, 2.1), where y = 1 at x = 1.4 + 0.3.
    assert between[0] == pytest.approx((1.4 + 0.3) / 2, abs=1e-12)
    assert (between <= scores["vrs"] + 1e-12).all()
    assert (between >= scores["crs"] - 1e-12).all()


def test_across_periods_and_infeasible():
    found = distance(X, Y, x_ref=X[:1], y_ref=Y[:1], rts="vrs")
    assert found.status.tolist() == ["optimal", *["infeasible"] * 3]
    assert np.isnan(found.score[1:]).all()
    outside = distance(X[1:2], Y[1:2], x_ref=X[[0, 2]], y_ref=Y[[0, 2]], rts="vrs")
    assert outside.score[0] == pytest.approx(1.5)  # y = 3 lies at x = 6 between A and C


def test_super_efficiency_by_hand():
    found = distance(X, Y, rts="crs", exclude_self=True)
    np.testing.assert_allclose(found.score, [2 / 3, 1.5, 2 / 3, 4 / 9], atol=1e-12)
    assert distance(X, Y, rts="vrs", exclude_self=True).status.tolist() == [
        "optimal",
        "optimal",
        "infeasible",
        "optimal",
    ]


def test_peers_slacks_and_multipliers_by_hand():
    x, y = np.array([[2.0, 4.0], [4.0, 2.0], [6.0, 8.0], [2.0, 6.0]]), np.ones((4, 1))
    found = distance(x, y, rts="vrs", slacks=True)
    np.testing.assert_allclose(found.score, [1, 1, 3 / 7, 1], atol=1e-12)
    np.testing.assert_allclose(found.slack_x, [[0, 0], [0, 0], [0, 0], [0, 2]], atol=1e-12)
    np.testing.assert_allclose(found.intensity.toarray()[2], [5 / 7, 2 / 7, 0, 0], atol=1e-12)
    np.testing.assert_allclose(found.dual_x[2], [1 / 14, 1 / 14], atol=1e-12)


def units(kind: str) -> tuple[np.ndarray, np.ndarray]:  # noqa: PLR0911 - a case each
    """Return data that solvers dislike."""
    rng = np.random.default_rng(7)
    x, y = rng.uniform(1, 9, (6, 3)), rng.uniform(1, 9, (6, 2))
    match kind:
        case "equal":
            return np.full((450, 2), 3.0), np.full((450, 2), 5.0)
        case "duplicated":
            return np.repeat(x, 5, axis=0), np.repeat(y, 5, axis=0)
        case "proportional":
            size = rng.uniform(0.1, 10, (30, 1))
            return np.repeat(x, 5, axis=0) * size, np.repeat(y, 5, axis=0) * size
        case "dominated by one":
            x, y = rng.uniform(5, 9, (40, 3)), rng.uniform(1, 3, (40, 2))
            x[0], y[0] = 1, 10
            return x, y
        case "fewer than goods":
            return x[:3], y[:3]
        case "alone":
            return x[:1], y[:1]
        case "grid":
            return rng.integers(1, 6, (410, 3)).astype(float), rng.integers(1, 6, (410, 2)).astype(float)
        case "zeros":
            x, y = rng.integers(0, 4, (60, 3)).astype(float), rng.integers(0, 4, (60, 2)).astype(float)
            return x[(x > 0).any(axis=1) & (y > 0).any(axis=1)], y[(x > 0).any(axis=1) & (y > 0).any(axis=1)]
        case _:  # many goods, most units efficient
            return np.exp(rng.normal(0, 0.5, (410, 4))), np.exp(rng.normal(0, 0.5, (410, 3)))


KINDS = [
    "equal",
    "duplicated",
    "proportional",
    "dominated by one",
    "fewer than goods",
    "alone",
    "grid",
    "zeros",
    "many goods",
]


def plainly(x, y, rts, orientation, without=None):
    """Return scores and verdicts of HiGHS unit by unit against all units."""
    x, y = x / x.mean(axis=0), y / y.mean(axis=0)
    known = technology(x, y, rts=rts, bounds=BOUNDS)
    target = netputs(x, y, None).T
    gain = np.abs(target)
    if orientation != "directional":
        gain[:, slice(x.shape[1], None) if orientation == "input" else slice(0, x.shape[1])] = 0
    n, goods = target.shape
    rows, k = known.columns.shape
    size = np.ones(n) if known.points else np.abs(target).max(axis=1)
    wanted = np.hstack([target / size[:, None], np.ones((n, rows - goods))])
    program = Program(
        np.hstack([known.columns, np.ones((rows, 1))]),
        costs=np.append(np.zeros(k), 1.0),
        row_lower=0.0,
        row_upper=np.inf,
        column_lower=np.append(np.zeros(k), -np.inf),
        maximise=True,
    )
    beta, status = np.full(n, np.nan), []
    for unit in range(n):
        program.set_column(k, np.append(-gain[unit] / size[unit], np.zeros(rows - goods)))
        program.set_row_bounds(wanted[unit], np.where(known.equal, wanted[unit], np.inf))
        own = known.owner == unit if without is not None else np.zeros(k, dtype=bool)
        program.set_column_bounds(0.0, np.where(own, 0.0, np.inf), np.arange(k))
        answer = program.solve()
        beta[unit] = answer.objective
        status.append(answer.status)
    return {"input": 1 - beta, "output": 1 + beta}.get(orientation, beta), np.array(status)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("orientation", ["input", "output", "directional"])
def test_unpleasant_data(kind, orientation):
    x, y = units(kind)
    few = {"input": ["crs", "grs"], "output": ["vrs", "ndrs"], "directional": ["nirs", "vrs"]}
    for rts in ALL_RTS if len(x) < 100 else few[orientation]:
        for leave_out in (False, True):
            if leave_out and len(x) > 100:
                continue
            without = np.arange(len(x)) if leave_out else None
            score, status = plainly(x, y, rts, orientation, without)
            found = distance(x, y, rts=rts, orientation=orientation, bounds=BOUNDS, exclude_self=leave_out)
            assert found.status.tolist() == status.tolist()
            np.testing.assert_allclose(found.score, score, rtol=TOLERANCE, atol=TOLERANCE)


def test_super_efficiency_of_many_units():
    rng = np.random.default_rng(3)
    x = np.exp(rng.normal(0, 0.5, (900, 3)))
    y = np.prod(x**0.3, axis=1, keepdims=True) * np.exp(-np.abs(rng.normal(0, 0.3, (900, 1))))
    found = distance(x, y, rts="vrs", exclude_self=True)
    best = np.flatnonzero(distance(x, y, rts="vrs").score > 1 - 1e-9)
    for unit in best[:25]:
        others = np.arange(900) != unit
        alone = distance(x[[unit]], y[[unit]], x_ref=x[others], y_ref=y[others], rts="vrs")
        assert alone.status[0] == found.status[unit]
        np.testing.assert_allclose(found.score[unit], alone.score[0], atol=TOLERANCE)


def test_small_and_large_firms_in_one_sample_keep_their_digits():
    rng = np.random.default_rng(0)
    size = np.exp(rng.normal(0, 4, (450, 1)))
    x = size * np.exp(rng.normal(0, 0.5, (450, 3)))
    y = np.prod(x**0.3, axis=1, keepdims=True) * np.exp(-np.abs(rng.normal(0, 0.3, (450, 1))))
    for orientation in ("input", "output"):
        found = distance(x, y, rts="vrs", orientation=orientation)
        weights = found.intensity.toarray().astype(np.longdouble)
        weights /= weights.sum(axis=1, keepdims=True)
        # A primal and a dual value from what was returned, in longer numbers: the score lies between them.
        reach, use = weights @ y.astype(np.longdouble), weights @ x.astype(np.longdouble)
        primal = (use / x).max(axis=1) if orientation == "input" else (reach / y).min(axis=1)
        np.testing.assert_allclose(primal.astype(float), found.score, rtol=1e-10)
        fixed = (reach / y).min(axis=1) if orientation == "input" else 1 / (use / x).max(axis=1)
        assert fixed.min() > 1 - 1e-10
        worth = found.dual_y @ y.T - found.dual_x @ x.T + found.dual_scale[:, None]
        assert worth.max() < 1e-10


def test_a_lost_certificate_goes_to_highs(monkeypatch):
    x, y = units("grid")
    right = distance(x, y, rts="vrs").score
    monkeypatch.setattr(simplex, "_STEPS", 2)
    calls = []
    monkeypatch.setattr(simplex, "Program", lambda *a, **k: calls.append(1) or Program(*a, **k))
    np.testing.assert_allclose(distance(x, y, rts="vrs").score, right, atol=TOLERANCE)
    assert len(calls) > 100


def bad_case():
    rng = np.random.default_rng(5)
    x = rng.uniform(1, 5, (25, 2))
    y = rng.uniform(1, 3, (25, 1)) * x.mean(axis=1, keepdims=True) ** 0.6
    return x, y, y * rng.uniform(0.3, 1, (25, 1))


def solve_bad(rows, right, equal):
    """Return the largest value of the last column."""
    answer = linprog(
        np.append(np.zeros(rows.shape[1] - 1), -1.0),
        A_ub=rows[~equal],
        b_ub=right[~equal],
        A_eq=rows[equal],
        b_eq=right[equal],
        bounds=[(0, None)] * (rows.shape[1] - 1) + [(None, None)],
    )
    assert answer.status == 0
    return -answer.fun


@pytest.mark.parametrize("disposability", ["weak", "kuosmanen", "equality", "strong"])
def test_bad_outputs_against_programs_written_out(disposability):
    x, y, b = bad_case()
    n = len(x)
    found = distance(x, y, b, rts="vrs", orientation="directional", direction=(0, y, b), disposability=disposability)
    one, nil = np.ones(n), np.zeros(n)
    for k in range(n):
        match disposability:
            case "weak":  # columns: weights times factor, factor, beta
                rows = np.vstack([np.column_stack([x.T, -x[k], [0, 0]]), np.append(-y[:, 0], [0, y[k, 0]])])
                rows = np.vstack(
                    [rows, np.append(b[:, 0], [0, b[k, 0]]), np.append(one, [-1, 0]), np.append(nil, [1, 0])]
                )
                right = np.array([0, 0, -y[k, 0], b[k, 0], 0, 1])
                equal = np.array([False, False, False, True, True, False])
            case "kuosmanen":  # columns: active, idle, beta
                rows = np.vstack([np.hstack([x.T, x.T, np.zeros((2, 1))]), np.concatenate([-y[:, 0], nil, y[k]])])
                rows = np.vstack([rows, np.concatenate([b[:, 0], nil, b[k]]), np.concatenate([one, one, [0]])])
                right = np.array([*x[k], -y[k, 0], b[k, 0], 1])
                equal = np.array([False, False, False, True, True])
            case _:
                rows = np.vstack([np.hstack([x.T, np.zeros((2, 1))]), np.append(-y[:, 0], y[k])])
                rows = np.vstack([rows, np.append(b[:, 0], b[k]), np.append(one, 0)])
                right = np.array([*x[k], -y[k, 0], b[k, 0], 1])
                equal = np.array([False, False, False, disposability == "equality", True])
        assert found.score[k] == pytest.approx(solve_bad(rows, right, equal), abs=TOLERANCE)


def test_one_factor_input_efficiency_is_that_of_a_search_over_the_factor():
    x, y, b = bad_case()
    found = distance(x, y, b, rts="vrs", orientation="input", disposability="weak")
    for k in (0, 3, 7, 11):
        best = np.inf
        for factor in np.linspace(0.02, 1, 99):
            answer = linprog(
                np.append(np.zeros(25), 1.0),
                A_ub=np.vstack([np.column_stack([x.T, -x[k]]), np.append(-factor * y[:, 0], 0)]),
                b_ub=np.array([0, 0, -y[k, 0]]),
                A_eq=np.vstack([np.append(factor * b[:, 0], 0), np.append(np.ones(25), 0)]),
                b_eq=np.array([b[k, 0], 1]),
            )
            best = min(best, answer.fun) if answer.status == 0 else best
        assert found.score[k] <= best + TOLERANCE  # the grid can only miss the best factor
        assert found.score[k] == pytest.approx(best, abs=5e-3)


def test_constant_returns_make_weak_and_equality_the_same():
    x, y, b = bad_case()
    pair = [distance(x, y, b, orientation="directional", disposability=how).score for how in ("weak", "equality")]
    np.testing.assert_array_equal(*pair)


def test_one_factor_refuses_inputs_and_outputs_that_move_together():
    x, y, b = bad_case()
    with pytest.raises(UsageError, match="kuosmanen"):
        distance(x, y, b, rts="vrs", orientation="directional")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"rts": "xrs"}, "unknown rts"),
        ({"orientation": "sideways"}, "unknown orientation"),
        ({"disposability": "none"}, "unknown disposability"),
        ({"rts": "grs"}, "bounds"),
        ({"rts": "grs", "bounds": (1.2, 2)}, "bounds"),
        ({"orientation": "directional", "direction": (-1.0, 0.0)}, "direction gx"),
        ({"orientation": "directional", "direction": (np.ones(3), 0.0)}, "direction gx has shape"),
        ({"x_ref": X, "y_ref": Y, "exclude_self": True}, "exclude_self"),
        ({"x_ref": np.ones((4, 2)), "y_ref": Y}, "goods of the units"),
        ({"rts": "replication", "orientation": "directional"}, "orientation"),
    ],
)
def test_calls_that_are_off(change, words):
    with pytest.raises(UsageError, match=words):
        distance(X, Y, **change)


def test_values_that_cannot_be_used_are_named():
    with pytest.raises(InputError, match="x: unit 1, column 0"):
        distance(np.array([[1.0], [np.nan], [2.0], [3.0]]), Y)
    with pytest.raises(InputError, match="outputs have negative values"):
        distance(X, Y - 2, rts="crs", orientation="directional")
    with pytest.raises(InputError, match="orientation 'output' cannot scale"):
        distance(X, Y - 2, rts="vrs", orientation="output")
    assert distance(X, Y - 2, rts="vrs").score[3] == pytest.approx(0.5)  # inputs may shrink all the same


def test_a_unit_without_output_is_unbounded_not_infinite():
    found = distance(np.vstack([X, [[3.0]]]), np.vstack([Y, [[0.0]]]), rts="vrs", orientation="output")
    assert found.status.tolist() == ["optimal"] * 4 + ["unbounded"]
    assert np.isnan(found.score[-1])

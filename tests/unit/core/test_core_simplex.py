"""The batch simplex against HiGHS: programs of any shape, wide spreads, and certificates that cannot be done without.

Tolerance 1e-9, relative to one plus the value, where the data span few digits.
"""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from xinzhi.core import simplex
from xinzhi.core.programs import Program, solve_once
from xinzhi.core.simplex import FAILED, INFEASIBLE, OPTIMAL, UNBOUNDED, Answers, Batch, radial_batch, solve_batch
from xinzhi.frontier.technology.distance import distance

TOLERANCE = 1e-9


def by_highs(batch: Batch, unit: int):
    """Return status and objective of one program written out in full, slacks and all."""
    k, rows, moves = batch.sizes
    columns = batch.columns[0 if batch.which is None else batch.which[unit]]
    lower = np.concatenate([np.zeros(k), np.full(moves, -np.inf if batch.free else 0.0), np.zeros(rows)])
    upper = np.concatenate([np.full(k + moves, np.inf), np.where(batch.equal, 0.0, np.inf)])
    answer = solve_once(
        np.hstack([columns, -batch.ways[unit].T, -np.eye(rows)]),
        costs=np.concatenate([np.zeros(k), batch.worth[unit], batch.costs[unit]]),
        row_lower=batch.target[unit],
        row_upper=batch.target[unit],
        column_lower=lower,
        column_upper=upper,
        maximise=True,
    )
    return answer.status, answer.objective


@st.composite
def batches(draw):
    """Draw programs of two or three technologies of points: radial, in steps, or of slacks alone."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, k, p, q = 8, draw(st.integers(1, 12)), draw(st.integers(1, 3)), draw(st.integers(1, 2))
    kind = draw(st.sampled_from(["radial", "steps", "slacks"]))
    whole = draw(st.booleans())
    goods = rng.integers(1, 5, (3, p + q, k)).astype(float) if whole else np.exp(rng.normal(0, 1, (3, p + q, k)))
    columns = np.concatenate([goods * np.repeat([-1.0, 1.0], [p, q])[:, None], np.ones((3, 1, k))], axis=1)
    which = rng.integers(0, 3, n)
    point = np.exp(rng.normal(0, 1, (n, p + q)))
    target = np.hstack([point * np.repeat([-1.0, 1.0], [p, q]), np.ones((n, 1))])
    ways = np.hstack([point * rng.integers(0, 2, p + q), np.zeros((n, 1))])
    equal = np.append(np.zeros(p + q, dtype=bool), True)
    none = np.zeros(target.shape)
    if kind == "radial":
        return Batch(columns, equal, target, ways[:, None], np.ones((n, 1)), none, which=which)
    if kind == "slacks":
        costs = np.hstack([np.exp(rng.normal(0, 1, (n, p + q))), np.zeros((n, 1))])
        return Batch(columns, equal, target, np.zeros((n, 0, p + q + 1)), np.ones((n, 0)), costs, which=which)
    steps = np.zeros((n, p + q, p + q + 1))
    steps[:, np.arange(p + q), np.arange(p + q)] = ways[:, :-1]
    worth = np.where(ways[:, :-1] > 0, 1.0 / (p + q), 0.0)
    return Batch(columns, equal, target, steps, worth, none, free=False, which=which)


@settings(max_examples=60, deadline=None)
@given(batches())
def test_every_verdict_is_that_of_highs(batch):
    """Wherever a program begins, even at a basis that supports nothing, what comes out is right or FAILED."""
    k, rows, moves = batch.sizes
    start = np.tile(k + np.arange(rows), (len(batch.target), 1))
    if moves:
        start[:, 0] = k + rows
    answers = solve_batch(batch, start)
    believed = answers.status != FAILED
    simplex.resolve_failures(batch, answers)
    objective = answers.objective(batch)
    for unit in range(len(batch.target)):
        status, value = by_highs(batch, unit)
        assert simplex.STATUSES[answers.status[unit]] == status
        if status == "optimal":
            assert abs(objective[unit] - value) <= TOLERANCE * (1 + abs(value)), believed[unit]
            made = answers.moves(batch)[unit]
            slacks = np.zeros(rows)
            basic = (answers.codes[unit] >= k) & (answers.codes[unit] < k + rows)
            slacks[answers.codes[unit][basic] - k] = answers.value[unit][basic]
            primal = made @ batch.worth[unit] + slacks @ batch.costs[unit]
            assert abs(primal - value) <= TOLERANCE * (1 + abs(value))


@settings(max_examples=60, deadline=None)
@example(5808284, 14, "crs")
@example(440, 13, "vrs")
@given(st.integers(0, 2**32 - 1), st.integers(9, 14), st.sampled_from(["crs", "vrs", "ndrs"]))
def test_data_that_span_many_digits_are_scored_right_or_not_at_all(seed, digits, rts):
    """A unit of the reference set has a score from 0 to 1 whatever the spread: never infeasible, never unbounded."""
    rng = np.random.default_rng(seed)
    x = 10.0 ** rng.uniform(-digits / 2, digits / 2, (20, 2))
    y = 10.0 ** rng.uniform(-digits / 2, digits / 2, (20, 1))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        inward = distance(x, y, rts=rts)
        outward = distance(x, y, rts=rts, orientation="output")
        both = distance(x, y, rts=rts, orientation="directional")
    for found, low, high in ((inward, 0.0, 1.0), (outward, 1.0, np.inf), (both, 0.0, 1.0)):
        assert set(found.status) <= {"optimal", "failed"}
        known = found.score[found.status == "optimal"]
        # a certificate leaves 1e-9 between primal and dual, and rounding as much again where 13 digits cancel
        room = TOLERANCE * (2 if digits >= 13 else 1)
        assert ((known >= low - room) & (known <= high + room)).all()
    solved = inward.status == "optimal"
    weights = inward.intensity.toarray()[solved].astype(np.longdouble)
    assert (weights @ y >= y[solved] * (1 - 1e-8)).all()
    use = ((weights @ x) / x[solved]).max(axis=1).astype(float)
    np.testing.assert_allclose(use, inward.score[solved], rtol=1e-6, atol=1e-10)


def one(columns, target, way, codes):
    """Return what comes of one radial program under constant returns from one basis."""
    batch = radial_batch(np.array([columns]), np.zeros(2, bool), np.array([target]), np.array([way]))
    return solve_batch(batch, np.array([codes]))


def test_prices_that_a_column_beats_are_no_certificate(monkeypatch):
    """The first column spans the point, the second does the same with half the input: stopping there is not optimal."""
    columns, target, way = [[-2.0, -1.0], [1.0, 1.0]], [-2.0, 1.0], [2.0, 0.0]
    wrong = [0, 4]  # the first column and the distance: feasible, but the second column breaks its prices
    assert one(columns, target, way, wrong).status[0] == FAILED
    monkeypatch.setattr(simplex, "_proves_optimal", lambda _batch, units, *_: np.ones(len(units), bool))
    assert one(columns, target, way, wrong).status[0] == OPTIMAL


def test_slacks_that_count_more_than_their_price_are_no_certificate():
    batch = Batch(
        np.array([[[-1.0], [1.0]]]),
        np.zeros(2, bool),
        np.array([[-2.0, 0.5]]),
        np.zeros((1, 0, 2)),
        np.zeros((1, 0)),
        np.array([[1.0, 5.0]]),
    )
    answers = solve_batch(batch, np.array([[0, 1]]))  # the column and the slack of the input
    assert answers.status[0] == FAILED
    simplex.resolve_failures(batch, answers)
    assert answers.status[0] == OPTIMAL
    assert answers.objective(batch)[0] == pytest.approx(7.5)  # twice the unit: output slack 1.5 at 5 each


def test_values_that_do_not_meet_the_rows_are_no_certificate(monkeypatch):
    """A basis that was never made feasible must not pass."""
    monkeypatch.setattr(simplex, "_TOLERANCE", 1e3)  # pivoting stops at once
    columns, target, way = [[-1.0], [1.0]], [-1.0, 2.0], [1.0, 0.0]
    assert one(columns, target, way, [3, 2]).status[0] == FAILED
    monkeypatch.setattr(simplex, "_feasible", lambda _batch, units, *_: np.ones(len(units), bool))
    assert one(columns, target, way, [3, 2]).status[0] == OPTIMAL


def test_a_ray_that_proves_nothing_is_not_believed(monkeypatch):
    """Without a column that pivots well the walk gives up; only a proof makes that `infeasible`."""
    monkeypatch.setattr(simplex, "_SMALL_PIVOT", 1e3)
    columns, target, way = [[-1.0], [1.0]], [-2.0, 1.0], [0.0, 1.0]
    batch = radial_batch(np.array([columns]), np.zeros(2, bool), np.array([target]), np.array([way]))
    answers = solve_batch(batch, np.array([[2, 1]]) + 1)
    assert answers.status[0] in {FAILED, OPTIMAL}
    assert answers.status[0] != INFEASIBLE


def test_highs_is_not_believed_without_a_proof_either(monkeypatch):
    batch = radial_batch(
        np.array([[[-1.0], [1.0], [1.0]]]),
        np.array([False, False, True]),
        np.array([[-1.0, 2.0, 1.0]]),
        np.array([[1.0, 0.0, 0.0]]),
    )
    answers = Answers.blank(1, 3)
    assert simplex.resolve_failures(batch, answers) == 1
    assert answers.status[0] == INFEASIBLE
    answers = Answers.blank(1, 3)
    monkeypatch.setattr(simplex, "_impossible", lambda _batch, units, *_: np.zeros(len(units), bool))
    simplex.resolve_failures(batch, answers)
    assert answers.status[0] == FAILED


def test_what_moves_for_nothing_is_unbounded():
    batch = radial_batch(
        np.array([[[-1.0], [1.0]]]), np.zeros(2, bool), np.array([[-1.0, 1.0]]), np.array([[0.0, 0.0]])
    )
    answers = Answers.blank(1, 2)
    simplex.resolve_failures(batch, answers)
    assert answers.status[0] == UNBOUNDED


def test_prices_of_a_basis_by_hand():
    # One of the second column meets the output and leaves half the input: a target higher by one costs .5 in each row.
    batch = radial_batch(
        np.array([[[-2.0, -1.0], [1.0, 1.0]]]),
        np.zeros(2, bool),
        np.array([[-2.0, 1.0]] * 2),
        np.array([[2.0, 0.0]] * 2),
    )
    prices = simplex.prices_of(batch, np.array([[1, 4], [1, 1]]))
    assert prices.ravel().tolist() == pytest.approx([0.5, 0.5, 0, 0])  # the second basis has no inverse


def test_a_ray_on_which_the_target_is_worth_nothing_proves_nothing():
    batch = radial_batch(
        np.array([[[-1.0], [1.0]]]), np.ones(2, bool), np.array([[-1.0, 1.0], [-2.0, 1.0]]), np.array([[1.0, -1.0]] * 2)
    )
    assert simplex._impossible(batch, np.arange(2), np.ones((2, 2))).tolist() == [False, True]  # noqa: SLF001 - the formula by itself


@pytest.mark.parametrize("seed", range(3))
def test_the_walk_itself_solves_programs_of_several_technologies(seed):
    rng = np.random.default_rng(seed)
    signs = np.array([-1.0, -1.0, 1.0])
    goods = np.exp(rng.normal(0, 1, (3, 3, 12)))
    columns = np.concatenate([goods * signs[:, None], np.ones((3, 1, 12))], axis=1)
    point = np.exp(rng.normal(0, 1, (40, 3)))
    target, gain = np.hstack([point * signs, np.ones((40, 1))]), np.hstack([point * [1, 1, 0], np.zeros((40, 1))])
    equal = np.array([False, False, False, True])
    batch = radial_batch(columns, equal, target, gain, which=rng.integers(0, 3, 40))
    start = np.tile(12 + np.arange(4), (40, 1))
    start[:, 0] = 16
    answers = solve_batch(batch, start)
    assert (answers.status != FAILED).all()


def test_a_walk_that_begins_where_it_should_end_takes_no_step(monkeypatch):
    monkeypatch.setattr(simplex, "_STEPS", 1)
    answers = one([[-2.0, -1.0], [1.0, 1.0]], [-2.0, 1.0], [2.0, 0.0], [1, 4])  # the better column and the distance
    assert (answers.status[0], answers.codes[0].tolist()) == (OPTIMAL, [1, 4])
    assert answers.value[0].tolist() == pytest.approx([1.0, 0.5])


@pytest.mark.parametrize(
    ("matrix", "equal", "free", "endless"),
    [
        ([[1.0, -1.0], [2.0, -1.0]], [False, False], True, True),  # more than enough is no hindrance
        ([[1.0, -1.0], [2.0, -1.0]], [False, True], True, False),  # but where nothing may be left over
        ([[0.0, -1.0], [1.0, 0.0]], [False, False], True, False),  # a move that only takes
        ([[0.0, 1.0], [1.0, 0.0]], [False, False], False, True),  # one that only gives
        ([[0.0, 1.0], [1.0, 0.0]], [False, True], False, True),
    ],
)
def test_a_direction_is_endless_when_it_leaves_no_row_short(matrix, equal, free, endless):
    rows = np.array(matrix)
    program = Program(
        rows,
        costs=np.array([0.0, 1.0]),
        row_lower=0.0,
        row_upper=np.inf,
        column_lower=0.0,
        column_upper=np.inf,
        maximise=True,
    )
    assert simplex._endless(program, (1, 1), rows, np.array(equal), free=free) is endless  # noqa: SLF001 - the formula by itself

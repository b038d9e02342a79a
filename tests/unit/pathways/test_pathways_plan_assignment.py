"""The assignment: against brute force, against scipy, within its limits, and what is said when there is none.

Tolerances: objectives 1e-7 (the solver's feasibility), counts exact.
"""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest
from scipy.optimize import LinearConstraint, linear_sum_assignment, milp

from xinzhi.core.errors import InputError
from xinzhi.pathways.plans.assignment import (
    InfeasibleTaskError,
    Model,
    Task,
    assign,
    crowded,
    greedy,
    herd,
    queue,
    realised,
    repair,
    violations,
    whole_program,
)
from xinzhi.pathways.plans.plan_constraints import elastic, refuse


def made(n, p, seed, *, size=2, cap=2, floor=0.0, overlap=None, gaps=0.2):
    rng = np.random.default_rng(seed)
    value = rng.gamma(2.0, 1.0, (n, p)) * rng.gamma(2.0, 1.0, p)
    value[rng.uniform(size=(n, p)) < gaps] = np.nan
    sizes = np.minimum(rng.integers(1, size + 1, n), np.isfinite(value).sum(axis=1))
    best = np.array([np.sort(np.nan_to_num(row))[::-1][:count].sum() for row, count in zip(value, sizes, strict=True)])
    return Task(value=value, sizes=sizes, caps=np.full(p, cap), floors=floor * best, overlap=overlap)


def brute_force(task):
    """Return the best total over all assignments, None where there is none."""
    n, p = task.value.shape
    able = np.isfinite(task.value)
    rows = [
        [kept for kept in combinations(range(p), int(task.sizes[row])) if able[row, list(kept)].all()]
        for row in range(n)
    ]
    best = None
    for lists in product(*rows):
        chosen = np.array([[column in kept for column in range(p)] for kept in lists])
        if (chosen.sum(axis=0) > task.caps).any() or violations(task, chosen):
            continue
        total = float(task.value[chosen].sum())
        best = total if best is None else max(best, total)
    return best


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("limits", [{}, {"floor": 0.8}, {"overlap": 0}, {"floor": 0.7, "overlap": 1}])
def test_equal_to_brute_force(seed, limits):
    task = made(3, 4, seed, **limits)
    best = brute_force(task)
    if best is None:
        with pytest.raises(InfeasibleTaskError):
            assign(task)
        return
    found = assign(task)
    assert found.objective == pytest.approx(best, abs=1e-7)
    assert found.gap < 1e-6


@pytest.mark.parametrize("seed", range(4))
def test_capacity_equal_to_brute_force(seed):
    task = made(3, 4, seed, cap=3, gaps=0.0)
    loads = np.random.default_rng(seed + 50).uniform(0.2, 1.0, (3, 4))
    task = Task(
        value=task.value, sizes=task.sizes, caps=task.caps, floors=task.floors, loads=loads, room=np.full(4, 1.5)
    )
    best = brute_force(task)
    assert best is not None
    assert assign(task).objective == pytest.approx(best, abs=1e-7)


@pytest.mark.parametrize("seed", range(3))
def test_one_each_is_the_assignment_problem(seed):
    value = np.random.default_rng(seed).uniform(size=(9, 12))
    rows, columns = linear_sum_assignment(value, maximize=True)
    task = Task(value=value, sizes=np.ones(9, int), caps=np.ones(12, int), floors=np.zeros(9))
    found = assign(task)
    assert found.proof == "flow"
    assert found.objective == pytest.approx(value[rows, columns].sum(), abs=1e-7)


@pytest.mark.parametrize("seed", range(3))
def test_floors_equal_to_another_solver_call(seed):
    task = made(8, 9, seed, size=3, cap=2, floor=0.75, gaps=0.1)
    n, p = task.value.shape
    worth = np.nan_to_num(task.value)
    rows = [
        np.kron(np.eye(n), np.ones(p)),
        np.kron(np.ones(n), np.eye(p)),
        np.kron(np.eye(n), np.ones(p)) * worth.ravel(),
    ]
    limits = [
        LinearConstraint(rows[0], task.sizes, task.sizes),
        LinearConstraint(rows[1], -np.inf, task.caps),
        LinearConstraint(rows[2], task.floors, np.inf),
    ]
    top = np.isfinite(task.value).ravel().astype(float)
    reference = milp(-worth.ravel(), constraints=limits, integrality=1, bounds=(np.zeros(n * p), top))
    if reference.status == 2:
        with pytest.raises(InfeasibleTaskError):
            assign(task)
        return
    assert assign(task).objective == pytest.approx(-reference.fun, abs=1e-6)


@pytest.mark.parametrize("seed", range(6))
def test_every_limit_is_kept(seed):
    task = made(12, 10, seed, size=3, cap=4, floor=0.5, overlap=1, gaps=0.1)
    found = assign(task)
    assert (found.selection.sum(axis=1) == task.sizes).all()
    assert (found.selection.sum(axis=0) <= task.caps).all()
    assert np.isfinite(task.value[found.selection]).all()
    assert violations(task, found.selection) == []


@pytest.mark.parametrize("seed", range(6))
def test_herd_greedy_and_queue_never_beat_the_optimum(seed):
    task = made(10, 8, seed, size=3, cap=4)
    best = assign(task).objective
    rivals = [greedy(task), herd(task, np.nan_to_num(task.value).sum(axis=0)), queue(task)]
    for chosen in rivals:
        assert realised(task, chosen) <= best + 1e-7


@pytest.mark.parametrize("seed", range(4))
def test_more_room_never_lowers_the_total_and_prices_bound_the_rise(seed):
    task = made(8, 6, seed, size=2, cap=3)
    first = assign(task)
    for column in range(6):
        caps = task.caps.copy()
        caps[column] += 1
        wider = assign(Task(value=task.value, sizes=task.sizes, caps=caps, floors=task.floors))
        rise = wider.objective - first.objective
        # The optimum is concave in the caps: a subgradient at this point is never exceeded.
        assert -1e-7 <= rise <= first.cap_prices[column] + 1e-7


def test_an_industry_that_is_not_full_has_no_price():
    task = made(8, 6, 0, size=2, cap=3)
    found = assign(task)
    free = found.selection.sum(axis=0) < task.caps
    assert free.any()
    assert (found.cap_prices[free] == 0).all()


def test_the_bound_is_reported_when_time_is_short():
    rng = np.random.default_rng(0)
    value = rng.gamma(2.0, 1.0, (30, 25)) * rng.gamma(3.0, 1.0, 25)
    task = Task(value=value, sizes=np.full(30, 3), caps=np.full(25, 8), floors=np.zeros(30), overlap=1)
    found = assign(task, time_limit=0.5)
    assert found.bound >= found.objective
    assert found.gap < 0.2
    assert violations(task, found.selection) == []


def test_repair_pulls_lists_apart_within_the_caps():
    task = made(10, 12, 3, size=3, cap=5, overlap=0, gaps=0.0)
    start = greedy(Task(value=task.value, sizes=task.sizes, caps=np.full(12, 10), floors=task.floors))
    loose = Task(value=task.value, sizes=np.ones(10, int), caps=np.full(12, 3), floors=task.floors, overlap=0)
    assert len(crowded(task, start))
    feasible = assign(Task(value=loose.value, sizes=loose.sizes, caps=loose.caps, floors=loose.floors)).selection
    kept = repair(loose, feasible)
    assert kept is not None
    assert not len(crowded(loose, kept))
    assert (kept.sum(axis=0) <= loose.caps).all()
    # Ten regions and twelve industries, no two alike: one industry each.
    assert kept.sum() == 10


def test_repair_gives_up_where_nothing_is_free():
    task = Task(value=np.ones((2, 1)), sizes=np.ones(2, int), caps=np.array([2]), floors=np.zeros(2), overlap=0)
    assert repair(task, np.array([[True], [True]])) is None


def test_rows_of_pairs_are_enough():
    task = made(6, 6, 1, size=3, cap=6, overlap=0, gaps=0.0)
    pairs = np.array(list(combinations(range(2), 2)))
    chosen, _ = whole_program(Model(task), pairs, 10.0, 0.0)
    assert not (chosen[0] & chosen[1]).any()


class TestRefusals:
    places, industries = ["a", "b", "c"], ["x", "y"]

    def task(self, **changed):
        base = {"value": np.ones((3, 2)), "sizes": np.ones(3, int), "caps": np.array([2, 2]), "floors": np.zeros(3)}
        return Task(**{**base, **changed})

    def test_caps(self):
        task = self.task(caps=np.array([1, 1]))
        with pytest.raises(InfeasibleTaskError):
            assign(task)
        assert elastic(task, "caps").sum() == pytest.approx(1)
        assert "too tight by 1 place: 3 are asked for, the caps hold 2" in str(
            refuse(task, self.places, self.industries)
        )

    def test_too_few_choices(self):
        value = np.array([[1.0, np.nan], [1.0, 1.0], [1.0, 1.0]])
        error = refuse(self.task(value=value, sizes=np.array([2, 1, 1])), self.places, self.industries)
        assert "1 region has fewer industries to choose from than it is to get: a (1 of 2)" in str(error)

    def test_floors_with_the_size_of_the_gap(self):
        value = np.array([[4.0, 1.0], [4.0, 1.0], [4.0, 1.0]])
        task = self.task(value=value, caps=np.array([2, 2]), floors=np.full(3, 3.5))
        with pytest.raises(InfeasibleTaskError):
            assign(task)
        short = elastic(task, "floors")
        # Two places worth 4 and one worth 1 make 9 for three regions that are to have 3.5 each.
        assert short.sum() == pytest.approx(1.5, abs=1e-7)
        assert "floors cannot all be reached" in str(refuse(task, self.places, self.industries))

    def test_floors_that_hold_in_fractions_only(self):
        value = np.array([[4.0, 1.0], [4.0, 1.0], [4.0, 1.0]])
        task = self.task(value=value, floors=np.full(3, 3.0))
        with pytest.raises(InfeasibleTaskError):
            assign(task)
        assert "in fractions" in str(refuse(task, self.places, self.industries))

    def test_capacity_with_the_size_of_the_gap(self):
        task = self.task(caps=np.array([3, 3]), loads=np.full((3, 2), 2.0), room=np.array([2.0, 3.0]))
        with pytest.raises(InfeasibleTaskError):
            assign(task)
        assert elastic(task, "room").sum() == pytest.approx(1.0, abs=1e-7)
        assert "capacity is too small" in str(refuse(task, self.places, self.industries))

    def test_overlap(self):
        task = self.task(overlap=0)
        with pytest.raises(InputError):
            assign(task, time_limit=5)
        assert "not all of them at once" in str(refuse(task, self.places, self.industries))

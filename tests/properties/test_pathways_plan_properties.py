"""The coordinated assignment keeps its limits, ignores names and order, and grows with the caps; tolerance 1e-6."""

from __future__ import annotations

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from xinzhi.pathways.plans.assignment import (
    InfeasibleTaskError,
    Task,
    assign,
    greedy,
    herd,
    queue,
    realised,
    violations,
)

worth = arrays(float, (5, 6), elements=st.floats(0.0, 10.0))
caps = arrays(np.int64, 6, elements=st.integers(0, 5))
sizes = arrays(np.int64, 5, elements=st.integers(0, 3))


def solved(task):
    try:
        return assign(task, time_limit=10)
    except InfeasibleTaskError:
        return None


@settings(deadline=None, max_examples=40)
@given(worth, sizes, caps, st.floats(0, 0.9), st.integers(0, 3))
def test_limits_hold_whenever_there_is_a_plan(value, size, cap, floor, overlap):
    best = np.array([np.sort(row)[::-1][:count].sum() for row, count in zip(value, size, strict=True)])
    task = Task(value=value, sizes=size, caps=cap, floors=floor * best, overlap=overlap)
    found = solved(task)
    assume(found is not None)
    assert (found.selection.sum(axis=1) == size).all()
    assert (found.selection.sum(axis=0) <= cap).all()
    assert violations(task, found.selection) == []
    assert found.bound >= found.objective - 1e-9


@settings(deadline=None, max_examples=40)
@given(worth, sizes, caps, st.integers(0, 5))
def test_one_more_place_never_hurts(value, size, cap, where):
    first = solved(Task(value=value, sizes=size, caps=cap, floors=np.zeros(5)))
    assume(first is not None)
    more = cap.copy()
    more[where] += 1
    wider = assign(Task(value=value, sizes=size, caps=more, floors=np.zeros(5)))
    rise = wider.objective - first.objective
    assert -1e-6 <= rise <= first.cap_prices[where] + 1e-6


@settings(deadline=None, max_examples=40)
@given(worth, sizes, caps)
def test_nobody_without_coordination_does_better(value, size, cap):
    """Where everybody gets the number of places planned: who leaves places empty may keep others out of the way."""
    task = Task(value=value, sizes=size, caps=cap, floors=np.zeros(5))
    found = solved(task)
    assume(found is not None)
    for chosen in (greedy(task), herd(task, value.sum(axis=0)), queue(task)):
        fits = (chosen.sum(axis=1) == size).all() and (chosen.sum(axis=0) <= cap).all()
        assert not fits or realised(task, chosen) <= found.objective + 1e-6


@settings(deadline=None, max_examples=25)
@given(worth, sizes, caps, st.permutations(range(5)), st.permutations(range(6)))
def test_the_total_does_not_depend_on_order(value, size, cap, rows, columns):
    first = solved(Task(value=value, sizes=size, caps=cap, floors=np.zeros(5)))
    assume(first is not None)
    turned = value[np.ix_(rows, columns)]
    again = assign(Task(value=turned, sizes=size[list(rows)], caps=cap[list(columns)], floors=np.zeros(5)))
    assert abs(again.objective - first.objective) < 1e-6

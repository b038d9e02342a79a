from __future__ import annotations

import numpy as np

from xinzhi.yardstick.audit.outcomes import Distinct, rank, spread


def test_spread() -> None:
    outcomes = Distinct(np.array([[1.0, 2.0], [3.0, 4.0], [2.5, 5.0]]), np.arange(3), np.arange(3))
    found = spread(outcomes, np.array([0, 2, 1]), np.array([0, 1, 1]))
    assert (found.reference_rank.tolist(), found.best_rank.tolist(), found.best.tolist()) == ([2, 1], [1, 1], [2, 0])


def test_rank() -> None:
    assert rank(np.array([[3.0, 5.0, 3.0]])).tolist() == [[2, 1, 2]]

from __future__ import annotations

import numpy as np

from xinzhi.sources.best_practice import frontier_movement, linked_levels


def test_linked_levels() -> None:
    section = np.array([[[0.5, 0.6], [-0.5, -0.6]]])
    assert linked_levels(section, np.array([[[np.nan, 0.1], [np.nan, 0.2]]])).round(9).tolist() == [
        [[0.5, 0.6], [-0.5, -0.3]]
    ]


def test_frontier_movement() -> None:
    level = np.array([[[0.5, 0.6], [-0.5, -0.3]]])
    assert repr(
        frontier_movement(level, np.array([[[np.nan, 0.1], [np.nan, 0.2]]]), best_of=1, at_least=2).round(9).tolist()
    ) == ("[[nan, 0.1]]")

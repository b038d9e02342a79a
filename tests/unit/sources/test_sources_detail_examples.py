from __future__ import annotations

import numpy as np

from xinzhi.sources.detail import by_region, chain_volumes


def test_chained() -> None:
    change = np.log([[[np.nan, 2.0, 3.0], [np.nan, np.nan, 2.0]]])
    volumes, anew = chain_volumes(change, np.array([[[5.0, 20.0, 60.0], [7.0, 8.0, 20.0]]]), 0)
    assert (volumes.round(9).tolist(), anew.tolist()) == (
        [[[5.0, 10.0, 30.0], [7.0, 4.0, 8.0]]],
        [[[False, False, False], [False, True, False]]],
    )


def test_by_region() -> None:
    assert by_region(
        ["a"], np.array([2000, 2001]), {"x": np.array([[1.0, 2.0]])}, np.array([[False, True]])
    ).rows() == [("a", 2001, 2.0)]

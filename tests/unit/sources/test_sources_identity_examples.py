from __future__ import annotations

import numpy as np
import pytest

from xinzhi.sources.best_practice import IdentityError, require_identity, scaled_shares


def test_require_identity() -> None:
    with pytest.raises(IdentityError):
        require_identity(np.array([0.03]), np.array([0.01]))


def test_scaled_shares() -> None:
    out = scaled_shares(np.array([[[0.9]], [[0.4]]]), np.array([[[0.2]], [[0.8]]]), np.array([[0.6]]))
    assert (out.round(4).ravel().tolist(), round(float((out.ravel() * [0.2, 0.8]).sum()), 12)) == (
        [0.9351, 0.5162],
        0.6,
    )

from __future__ import annotations

import numpy as np

from xinzhi.risks.capacity.estimates import through_peaks


def test_through_peaks() -> None:
    assert through_peaks(np.array([0.0, 2.0, 1.0, 4.0, 3.0]))[0].tolist() == [1.0, 2.0, 3.0, 4.0, 5.0]

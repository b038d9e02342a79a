from __future__ import annotations

import numpy as np

from xinzhi.yardstick.claims.figures import read_figure


def test_figure_holds() -> None:
    assert read_figure("3.4%").holds(np.array([0.0335, 0.0345, 0.0345001, np.nan])).tolist() == [
        True,
        True,
        False,
        False,
    ]


def test_read_figure() -> None:
    assert repr((read_figure("3.40%").rounding, read_figure(0.034).growth)) == (
        "(Decimal('0.00005'), Decimal('0.034'))"
    )

from __future__ import annotations

from xinzhi.risks.debt.debt_dynamics import moves


def test_moves() -> None:
    assert (moves(0.026).zh, moves(-0.031).en, moves(0.0001).en) == (
        "上升2.6个百分点",
        "falls by 3.1 points",
        "hardly moves",
    )

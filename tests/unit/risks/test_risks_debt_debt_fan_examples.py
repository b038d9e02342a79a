from __future__ import annotations

from xinzhi.risks.debt.debt_fan import chance


def test_chance() -> None:
    assert (chance(0.612).en, chance(1.0).en, chance(0.001).en) == ("61", "> 99", "< 1")

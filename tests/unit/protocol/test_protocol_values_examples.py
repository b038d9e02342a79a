from __future__ import annotations

from xinzhi.protocol.parameters import day, nearest


def test_nearest() -> None:
    assert nearest("valeu", ["value", "unit"]).en == "Did you mean 'value'?"


def test_day() -> None:
    assert repr((day(2004), day("2004-07-01"))) == "(datetime.date(2004, 1, 1), datetime.date(2004, 7, 1))"

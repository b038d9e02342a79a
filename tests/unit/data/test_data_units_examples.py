from __future__ import annotations

import pytest

from xinzhi.data.units import UnitError, factor, parse


def test_unit() -> None:
    assert repr(parse("亿元 at 2000 prices")) == "Unit('1e8 CNY at 2000 prices')"


def test_parse() -> None:
    assert (str(parse("万人")), str(parse("million USD at 2017 prices")), str(parse("上年=100"))) == (
        "1e4 persons",
        "1e6 USD at 2017 prices",
        "index previous year=100",
    )
    with pytest.raises(UnitError):
        parse("1e8 CYN")


def test_factor() -> None:
    assert repr((factor(parse("percent"), parse("ratio")), factor(parse("亿元"), parse("wan CNY")))) == (
        "(Fraction(1, 100), Fraction(10000, 1))"
    )

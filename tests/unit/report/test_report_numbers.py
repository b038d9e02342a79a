from __future__ import annotations

import math

import pytest

from xinzhi.core.text import Text, amount, number, percent, split_unit, unit_text


def test_log_points_become_percent_per_year() -> None:
    assert percent(0.01234) == "1.2"
    assert percent(0.01234, 2, sign=True) == "+1.23"
    assert percent(-0.0126) == "−1.3"


@pytest.mark.parametrize("value", [None, math.nan, math.inf])
def test_what_is_not_known_is_a_dash(value: float | None) -> None:
    assert number(value) == "–"
    assert percent(value) == "–"
    assert amount(value, "1e8 CNY") == Text(zh="–", en="–")


def test_what_rounds_to_zero_has_no_sign() -> None:
    assert number(-0.04) == "0.0"
    assert number(0.0, sign=True) == "0.0"


@pytest.mark.parametrize(
    ("value", "unit", "zh", "en"),
    [
        (8976.9, "1e8 CNY at 2000 prices", "8,977亿元", "897.7 billion yuan"),
        (130705.2, "1e8 CNY", "13.07万亿元", "13.07 trillion yuan"),
        (1170, "1e4 persons", "1,170万人", "11.70 million persons"),
        (0.5, "1e4 persons", "5,000人", "5.000 thousand persons"),
        (12.0, "USD", "12.00美元", "12.00 US dollars"),
        (3.0, "1e6 LCU", "300.0万LCU", "3.000 million LCU"),
        (-2.0, "1e8 CNY", "−2.000亿元", "−200.0 million yuan"),
        (0.0, "1e8 CNY", "0元", "0 yuan"),
    ],
)
def test_amounts_in_wan_and_yi_or_in_millions(value: float, unit: str, zh: str, en: str) -> None:
    assert amount(value, unit) == Text(zh=zh, en=en)


def test_the_year_of_the_prices_is_said_when_asked() -> None:
    assert amount(8976.9, "1e8 CNY at 2000 prices", base=True).zh == "8,977亿元（2000年价格）"


def test_units_in_words() -> None:
    assert unit_text("1e4 persons") == Text(zh="万人", en="10 thousand persons")
    assert unit_text("ratio") == Text(zh="比率", en="ratio")
    assert unit_text("1e6 USD at 2017 prices") == Text(
        zh="百万美元（2017年价格）", en="million US dollars at 2017 prices"
    )


def test_an_unknown_unit_is_shown_as_it_is() -> None:
    assert split_unit("index 2000=1") == (1.0, "index 2000=1", None)
    assert unit_text("1e3 widgets") == Text(zh="1000 widgets", en="1000 widgets")

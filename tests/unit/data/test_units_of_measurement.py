from __future__ import annotations

from fractions import Fraction

import pytest

from xinzhi.data.units import UnitError, factor, parse

WRITTEN = {
    "1e8 CNY": "1e8 CNY",
    "10^8 yuan": "1e8 CNY",
    "亿元": "1e8 CNY",
    "万亿元": "1e12 CNY",
    "hundred million yuan": "1e8 CNY",
    "100 million USD at 2017 prices": "1e8 USD at 2017 prices",
    "亿元（2000年价格）": "1e8 CNY at 2000 prices",
    "亿元(不变价)": "1e8 CNY at constant prices",
    "wan ren": "1e4 persons",
    "百万人": "1e6 persons",
    "thousand persons": "1e3 persons",
    "元/平方米": "CNY per m2",
    "CNY per m²": "CNY per m2",
    "hours per person": "hours per person",
    "CNY per 1e4 persons": "CNY per 1e4 persons",
    "%": "percent",
    "per cent": "percent",
    "‰": "per mille",
    "Mt": "1e6 t",
    "kt": "1e3 t",
    "万吨标准煤": "1e4 tce",
    "Mtce": "1e6 tce",
    "tce per 1e4 CNY": "tce per 1e4 CNY",
    "index 2000=1": "index 2000=1",
    "2000年=100": "index 2000=100",
    "index previous year=100": "index previous year=100",
    "指数（上年＝100）": "index previous year=100",
    "index previous month=100": "index previous month=100",
    "index": "index",
    "亿千瓦时": "1e8 kWh",
    "person-years": "person-years",
}


@pytest.mark.parametrize("text", WRITTEN)
def test_written_in_one_way(text):
    assert str(parse(text)) == WRITTEN[text]
    assert parse(WRITTEN[text]) == parse(text)


@pytest.mark.parametrize(
    "text", ["", "亿", "1e8", "foo", "1 000 CNY", "0 CNY", "index foo=1", "index 2000=0", "t per t per t", "1e999 CNY"]
)
def test_unknown_units_are_refused(text):
    with pytest.raises(UnitError, match="is not a known unit"):
        parse(text)


@pytest.mark.parametrize(("text", "nearest"), [("1e8 CYN", "1e8 CNY"), ("persns", "persons"), ("prcent", "percent")])
def test_nearest_known_unit_is_named(text, nearest):
    with pytest.raises(UnitError) as caught:
        parse(text)
    assert caught.value.nearest == nearest


@pytest.mark.parametrize(
    ("source", "target", "by"),
    [
        ("1e4 CNY", "1e8 CNY", Fraction(1, 10**4)),
        ("percent", "ratio", Fraction(1, 100)),
        ("ratio", "percent", Fraction(100)),
        ("per mille", "percent", Fraction(1, 10)),
        ("Mt", "1e4 t", Fraction(100)),
        ("index 2000=100", "index 2000=1", Fraction(1, 100)),
        ("CNY per 1e4 persons", "CNY per person", Fraction(1, 10**4)),
    ],
)
def test_factor_is_exact(source, target, by):
    assert factor(parse(source), parse(target)) == by


@pytest.mark.parametrize(
    ("source", "target", "why"),
    [
        ("persons", "1e8 CNY", "different things"),
        ("tce", "t", "different things"),
        ("1e8 USD", "1e8 CNY", "exchange rate"),
        ("1e8 CNY at 2000 prices", "1e8 CNY at 2015 prices", "price index"),
        ("index 2000=1", "index 2010=1", "bases differ"),
        ("hours", "hours per person", "different things"),
    ],
)
def test_what_does_not_convert_says_why(source, target, why):
    with pytest.raises(UnitError, match=why):
        factor(parse(source), parse(target))

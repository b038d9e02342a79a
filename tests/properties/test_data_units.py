from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinzhi.data.units import INDEX, Unit, UnitError, atoms, factor, parse

SIZES = st.integers(0, 12).map(lambda power: Fraction(10) ** power) | st.integers(1, 10**9).map(Fraction)
NAMES = st.sampled_from(sorted(atoms()))


@st.composite
def units(draw):
    atom = draw(NAMES)
    named = [size for size, _ in atoms()[atom].multiples]
    per = draw(st.none() | NAMES)
    size = draw(SIZES | st.sampled_from(named) if named else SIZES)
    if per is not None:
        size = draw(SIZES) if size < 1 else size
        size = draw(st.sampled_from([size, 1 / size]))
    prices = draw(st.none() | st.just("constant") | st.integers(1900, 2100).map(str))
    return Unit(atom, size, per=per, prices=prices)


@given(units())
def test_what_is_written_is_read(unit):
    assert parse(str(unit)) == unit


@given(st.integers(1000, 9999), st.integers(1, 10**6))
def test_an_index_is_read_as_written(year, value):
    unit = Unit(INDEX, Fraction(1, value), base=str(year))
    assert parse(str(unit)) == unit
    assert factor(unit, parse(f"index {year}=1")) == Fraction(1, value)


@given(NAMES, SIZES, SIZES, SIZES)
def test_conversions_compose(atom, one, two, three):
    first, second, third = (Unit(atom, size) for size in (one, two, three))
    assert factor(first, second) * factor(second, third) == factor(first, third)
    assert factor(first, second) * factor(second, first) == 1


@given(st.text(max_size=30))
def test_any_text_is_a_unit_or_is_refused(text):
    try:
        again = str(parse(text))
    except UnitError as error:
        again = error.nearest or "1e8 CNY"
    assert parse(again)


@given(NAMES, NAMES)
def test_what_does_not_share_a_dimension_does_not_convert(one, two):
    if atoms()[one].dimension == atoms()[two].dimension:
        return
    with pytest.raises(UnitError):
        factor(Unit(one), Unit(two))

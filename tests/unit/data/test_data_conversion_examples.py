from __future__ import annotations

from xinzhi.data.casting import parse, target


def test_target() -> None:
    from xinzhi.data.catalogue import known_tables

    assert repr(target(parse("million USD at 2017 prices"), known_tables()["accounts"].columns["output_real"])) == (
        "Unit('1e8 USD at 2017 prices')"
    )

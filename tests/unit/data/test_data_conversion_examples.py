from __future__ import annotations

from xinzhi.data.casting import parse, target


def test_target() -> None:
    from xinzhi.data.catalogue import tables_by_name

    assert repr(target(parse("million USD at 2017 prices"), tables_by_name()["accounts"].columns["output_real"])) == (
        "Unit('1e8 USD at 2017 prices')"
    )

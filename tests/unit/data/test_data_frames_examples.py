from __future__ import annotations

import polars as pl

from xinzhi.data.frames import typed


def test_typed() -> None:
    assert typed(pl.DataFrame({"code": ["01", "02"], "x": ["1", ""]}), text=["code"]).rows() == [
        ("01", 1.0),
        ("02", None),
    ]

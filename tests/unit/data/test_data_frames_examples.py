from __future__ import annotations

import polars as pl

from xinzhi.data.frames import infer_numbers


def test_typed() -> None:
    assert infer_numbers(pl.DataFrame({"code": ["01", "02"], "x": ["1", ""]}), text=["code"]).rows() == [
        ("01", 1.0),
        ("02", None),
    ]

from __future__ import annotations

from xinzhi.data.casting import cast


def test_cast() -> None:
    import polars as pl

    assert cast(pl.Series(["1.0", " 2", "n/a", ""]), "number").values.to_list() == [1.0, 2.0, None, None]

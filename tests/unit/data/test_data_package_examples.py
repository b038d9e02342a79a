from __future__ import annotations

from xinzhi.core.provenance import fingerprint


def test_fingerprint() -> None:
    import polars as pl

    one = fingerprint(pl.DataFrame({"region": ["a", "b"], "x": [1.0, 2.0]}), {})
    assert one == fingerprint(pl.DataFrame({"x": [2.0, 1.0], "region": ["b", "a"]}), {})

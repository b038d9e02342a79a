from __future__ import annotations

from xinzhi.sources.assumptions import read


def test_read() -> None:
    assert read({"region": ["b", "a"], "x": [2, 1]}, ["region"], ["x"]).rows() == [("a", 1.0), ("b", 2.0)]

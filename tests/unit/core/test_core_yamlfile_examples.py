from __future__ import annotations

from xinzhi.core.yamlfile import parse


def test_parse() -> None:
    assert parse("1e-3", "--set").content == 0.001

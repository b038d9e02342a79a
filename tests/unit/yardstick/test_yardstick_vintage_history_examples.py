from __future__ import annotations

from xinzhi.yardstick.compare_vintages import oldest_first


def test_oldest_first() -> None:
    assert oldest_first()[0] == "first_published"

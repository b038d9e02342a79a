from __future__ import annotations

from xinzhi.yardstick.vintage_history import oldest_first


def test_oldest_first() -> None:
    assert oldest_first()[0] == "first_published"

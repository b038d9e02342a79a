from __future__ import annotations

from xinzhi.data.catalogue import nearest


def test_nearest() -> None:
    assert nearest("employement", ["employment", "population"]) == "employment"

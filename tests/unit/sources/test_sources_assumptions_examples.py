from __future__ import annotations

from xinzhi.sources.assumptions import emerging_mask


def test_emerging_mask() -> None:
    assert repr(emerging_mask(("26", "39"), "industry", ["39", "65"])) == "(array([False,  True]), ('65',))"
    assert emerging_mask(("26", "39"), "industry", {"26": False, "39": True})[0].tolist() == [False, True]

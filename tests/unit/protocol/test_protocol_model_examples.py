from __future__ import annotations

from xinzhi.protocol.model import fingerprint


def test_fingerprint() -> None:
    import xinzhi.protocol

    assert len(fingerprint(xinzhi.protocol.load("xinzhi-cn-2026"))) == 64

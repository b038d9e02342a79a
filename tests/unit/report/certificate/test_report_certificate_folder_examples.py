from __future__ import annotations

from xinzhi.report.certificate.folder import File


def test_file_of() -> None:
    assert File.from_bytes("a.txt", b"a").size == 1

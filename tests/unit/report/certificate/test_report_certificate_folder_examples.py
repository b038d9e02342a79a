from __future__ import annotations

from xinzhi.report.certificate.folder import File


def test_file_of() -> None:
    assert File.of("a.txt", b"a").size == 1

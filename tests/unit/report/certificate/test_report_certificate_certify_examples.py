from __future__ import annotations

from xinzhi.report.certificate.certify import dependencies


def test_dependencies() -> None:
    assert {"fastexcel", "polars", "python"} <= dependencies().keys()

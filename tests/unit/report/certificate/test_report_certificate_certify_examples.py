from __future__ import annotations

from xinzhi.report.certificate.certify import dependencies


def test_dependencies() -> None:
    assert {"numpy", "polars", "python"} <= dependencies().keys()

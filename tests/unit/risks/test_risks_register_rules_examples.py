from __future__ import annotations

import polars as pl

from xinzhi.risks.register.rules import judge


def test_judge() -> None:
    rows = pl.DataFrame(
        {
            "region": ["a"],
            "kind": ["category"],
            "item": ["pv"],
            "value": [0.9],
            "count": [28],
            "year": [2026],
            "limit": [15],
        }
    )
    checks, flags = judge("named-by-most", rows, "plans")
    assert (checks["status"][0], flags["severity"][0], flags["evidence_en"][0]) == (
        "flagged",
        "alert",
        "28 regions (90\u00a0%) name it in their plans of 2026",
    )

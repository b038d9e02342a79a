from __future__ import annotations

from xinzhi.report.certificate.tables import describe, rebuild


def test_describe() -> None:
    import xinzhi.protocol

    ours = xinzhi.protocol.load("xinzhi-cn-2026").replace({"capital.depreciation": 0.1096})
    part = describe(ours)
    assert (part.departures["capital.depreciation"].here, rebuild(part.document).fingerprint == ours.fingerprint) == (
        0.1096,
        True,
    )

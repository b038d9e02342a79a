from __future__ import annotations

from xinzhi.risks.debt.debt import band_set


def test_band_set() -> None:
    name, rule = band_set(None)
    assert (name, rule["numerator"], rule["denominator"]) == ("mof-2019", ["explicit", "hidden"], "resources")

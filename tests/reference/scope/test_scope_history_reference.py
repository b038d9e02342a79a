"""The five powers against two centuries of energy, ten countries.

Tolerance: exact dates. Data: ../shared/data/world/owid_energy_transitions_history.csv. Reference facts from
../shared/design/peers/data-world.md, section 4: England and Wales 1800 coal 77.5, human 8.6, animal 7.2 percent; the
Netherlands 1800 human 18.2, animal 15.4, wood 38.2; Sweden wood 80.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from xinzhi.scope import history

if TYPE_CHECKING:
    from pathlib import Path

    from xinzhi.scope.internal import History


@pytest.fixture(scope="module")
def energy(shared: Path) -> History:
    return history(shared / "data/world/owid_energy_transitions_history.csv")


@pytest.mark.shared
def test_leading_carriers_of_1800(energy: History) -> None:
    rows = energy.frame.filter((pl.col("year") == 1800) & (pl.col("reading") == "animals"))
    found = {row["country"]: (row["carrier"], round(row["carrier_share"], 1)) for row in rows.to_dicts()}
    assert found["England & Wales"] == ("coal", 77.5)
    assert found["Netherlands"] == ("fuelwood", 38.2)
    assert found["Sweden"] == ("fuelwood", 80.0)
    powers = {row["country"]: (row["power"], row["power_share"]) for row in rows.to_dicts()}
    assert powers["England & Wales"] == ("human", 8.6)
    assert powers["Netherlands"] == ("human", 18.2)


@pytest.mark.shared
def test_engines_lead_where_horse_power_is_read_widely(energy: History) -> None:
    rows = energy.frame.filter((pl.col("reading") == "engines") & (pl.col("country") == "England & Wales"))
    assert set(rows["power"]) == {"horse"}
    changes = energy.changes.filter(reading="engines", country="France")
    assert changes.select("year", "before", "after", "lasting", "distance").rows() == [
        (1827, "human", "horse", True, 58)
    ]


@pytest.mark.shared
def test_electricity_comes_generations_after_its_date(energy: History) -> None:
    """Primary electricity overtakes muscle between 1940 and 1999, six to twelve decades after Pearl Street."""
    lasting = energy.changes.filter(reading="animals", after="electric", lasting=True)
    assert (lasting["year"].min(), lasting["year"].max()) == (1940, 1999)
    assert lasting["distance"].min() == 58
    assert lasting["country"].n_unique() == 9  # Portugal's lead never lasts five years


@pytest.mark.shared
def test_what_cannot_be_seen_is_said(energy: History) -> None:
    unseen = energy.eras.filter(seen=False)
    assert set(unseen["power"]) == {"network", "computing"}
    assert unseen["countries_led"].null_count() == unseen.height
    assert energy.frame.filter(pl.col("era").is_in(["network", "computing"]))["agrees"].null_count() > 0
    assert "cannot show computing power" in energy.summary()
    assert "看不到算力" in energy.summary("zh")
    uruguay = energy.frame.filter(country="Uruguay")
    assert "human" not in set(uruguay["power"])  # blank, not zero
    assert any("human muscle in Uruguay" in finding.en for finding in energy.findings)
    assert any("Negative" in finding.en and "Netherlands (1966" in finding.en for finding in energy.findings)

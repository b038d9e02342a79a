"""The verb `historic_leads`: Britain, the Netherlands, the United States and Japan since 1800."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from xinzhi.pathways.leap.lead_changes import LeadChanges, lead_changes

_FILE = Path(__file__).with_name("history.csv")
CASES = (("GBR", "NLD"), ("USA", "GBR"), ("JPN", "USA"))


def historic_levels() -> pl.DataFrame:
    """Return ``country, year, output_per_head`` of four countries since 1800, in international dollars of 2011.

    Maddison Project Database 2023, CC BY 4.0: ``history.yaml`` beside the table says whom to cite.

    Examples
    --------
    >>> historic_levels().filter(country="USA", year=1900)["output_per_head"].item()
    8038
    """
    return pl.read_csv(_FILE)


def historic_leads() -> LeadChanges:
    """Return who overtook whom in the essay's three cases: Britain, the United States, and Japan catching up.

    Examples
    --------
    >>> found = historic_leads()
    >>> found.first("USA", "GBR", durable=True)["earliest"], found.first("JPN", "USA")
    (1899, None)
    """
    return lead_changes(historic_levels(), unit="country", time="year", value="output_per_head", pairs=CASES)

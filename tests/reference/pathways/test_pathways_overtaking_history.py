"""Who overtook whom: Maddison Project Database 2023 (2011 int. $) and Bergeaud-Cette-Lecat (total factor productivity).

Anchors: GBR passes NLD on a jump (1807-08) before a gap (1809-14); USA passes GBR first 1880, durably 1899; JPN/USA
.201 (1950), .810 (1990); by productivity USA passes GBR first 1942, durably 1950.
"""

from __future__ import annotations

import polars as pl
import pytest

from xinzhi.pathways import historic_leads
from xinzhi.pathways.internal import historic_levels
from xinzhi.pathways.leap.lead_changes import LeadRules, lead_changes, side_by_side

TOLERANCE = 5e-4  # ratios are quoted with three digits
pytestmark = pytest.mark.shared
NAMES = {"United Kingdom": "GBR", "United States": "USA", "Japan": "JPN", "Netherlands": "NLD"}


@pytest.fixture(scope="module")
def output(shared):
    frame = pl.read_csv(shared / "data/world/maddison2023.csv", infer_schema_length=None)
    kept = frame.filter(pl.col("ISO").is_in(list(NAMES.values())), pl.col("year") >= 1800).drop_nulls("gdppc")
    return lead_changes(kept, unit="ISO", time="year", value="gdppc")


@pytest.fixture(scope="module")
def productivity(shared):
    frame = pl.read_csv(shared / "data/world/owid_bergeaud_cette_lecat_tfp.csv", infer_schema_length=None)
    column = next(name for name in frame.columns if "TFP" in name)
    kept = frame.filter(pl.col("Entity").is_in(list(NAMES))).select(
        pl.col("Entity").replace(NAMES).alias("country"), pl.col("Year").alias("year"), pl.col(column).alias("tfp")
    )
    return lead_changes(kept.drop_nulls(), unit="country", time="year", value="tfp")


def test_britain_passes_the_netherlands_in_an_interval(output):
    first = output.first("GBR", "NLD")
    assert (first["last_behind"], first["first_ahead"]) == (1807, 1808)
    assert first["jump"]
    assert (first["earliest"], first["latest"]) == (1808, 1815)  # the next year that both have and Britain leads
    assert first["durable"]
    assert first["lost"] == 1921


def test_the_united_states_pass_britain(output):
    first, lasting = output.first("USA", "GBR"), output.first("USA", "GBR", durable=True)
    assert (first["earliest"], first["lost"], first["durable"]) == (1880, 1888, False)
    assert (lasting["earliest"], lasting["latest"], lasting["lost"]) == (1899, 1899, 1933)
    starts = output.frame.filter(challenger="USA", incumbent="GBR")["first_ahead"].to_list()
    assert starts == [1880, 1891, 1895, 1897, 1899, 1935]


def test_japan(output):
    ratio = dict(output.ratio("JPN", "USA").rows())
    for year, expected in ((1950, 0.201), (1973, 0.685), (1990, 0.810), (2018, 0.693)):
        assert ratio[year] == pytest.approx(expected, abs=TOLERANCE)
    assert output.first("JPN", "GBR")["first_ahead"] == 1980


def test_productivity_tells_another_date(output, productivity):
    first, lasting = productivity.first("USA", "GBR"), productivity.first("USA", "GBR", durable=True)
    assert (first["first_ahead"], first["lost"]) == (1942, 1946)
    assert (lasting["first_ahead"], lasting["lost"]) == (1950, 1988)
    assert productivity.first("JPN", "GBR") is None
    last = productivity.frame.filter(challenger="USA", incumbent="GBR").sort("episode").row(-1, named=True)
    assert last["first_ahead"] == 2008
    assert last["durable"] is None  # the series ends in 2016: too early to say
    ratio = dict(productivity.ratio("JPN", "USA").rows())
    for year, expected in ((1950, 0.352), (1973, 0.669), (1990, 0.790), (2015, 0.707)):
        assert ratio[year] == pytest.approx(expected, abs=TOLERANCE)
    both = side_by_side({"output": output, "tfp": productivity})
    row = both.filter(challenger="USA", incumbent="GBR").row(0, named=True)
    assert (row["output_first_earliest"], row["tfp_first_earliest"]) == (1880, 1942)
    assert (row["output_durable_latest"], row["tfp_durable_latest"]) == (1899, 1950)


def test_a_margin_of_error_widens_the_interval(output, shared):
    frame = pl.read_csv(shared / "data/world/maddison2023.csv", infer_schema_length=None)
    kept = frame.filter(pl.col("ISO").is_in(["USA", "GBR"]), pl.col("year") >= 1850).drop_nulls("gdppc")
    unsure = lead_changes(kept, unit="ISO", time="year", value="gdppc", rules=LeadRules(margin=0.05))
    sure = output.first("USA", "GBR", durable=True)
    wide = unsure.first("USA", "GBR", durable=True)
    assert wide["earliest"] <= sure["earliest"] <= wide["latest"]
    assert wide["latest"] - wide["earliest"] > 0
    assert wide["tie"]


def test_the_table_that_ships_is_the_database_in_whole_dollars(output):
    shipped = historic_levels()
    both = shipped.join(output.levels, left_on=["country", "year"], right_on=["unit", "year"], how="inner")
    assert both.height == shipped.height == output.levels.height
    assert ((both["output_per_head"] - both["value"]).abs() <= 0.5).all()
    ours, theirs = historic_leads(), output
    for pair in (("GBR", "NLD"), ("USA", "GBR")):
        assert ours.first(*pair, durable=True) == theirs.first(*pair, durable=True)

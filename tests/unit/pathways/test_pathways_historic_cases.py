"""The essay's three cases on the table that ships: dates, Japan's best year, and where they are told."""

from __future__ import annotations

import pytest

import xinzhi
from xinzhi.core.errors import UsageError
from xinzhi.pathways import historic_leads
from xinzhi.report import pages


def test_the_three_cases():
    (case,) = historic_leads().cases()
    said = case.values
    assert (said["britain"].en, said["america"].en) == ("1808–1815", "1899")
    assert (said["peak_year"], said["last_year"]) == (1991, 2022)
    assert said["peak"] == pytest.approx(0.846, abs=5e-4)
    assert said["last"] == pytest.approx(0.654, abs=5e-4)


def test_a_country_that_is_not_there_is_named():
    with pytest.raises(UsageError, match="FRA"):
        historic_leads().ratio("FRA", "USA")


def test_the_page_of_overtaking_tells_them():
    found = xinzhi.studies.paths("china-provinces", clubs=True).results["overtaking"]
    assert "Britain passed the Netherlands in 1808–1815" in found.summary("en")
    assert "英国1808—1815年超过荷兰" in found.summary("zh")
    assert "Japan did not pass the United States" in pages.section(found).answer[1].en

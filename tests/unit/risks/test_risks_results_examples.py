"""Small examples of what the results of xinzhi.risks answer."""

from __future__ import annotations

import polars as pl
import pytest

from xinzhi.risks import (
    capacity,
    debt,
    debt_dynamics,
    debt_fan,
    debt_stress,
    herd_entry,
    peak_to_peak,
    plant_capacity,
    register,
    zombies,
)
from xinzhi.risks.internal import Timeline

PACKAGE = "china-provinces"
LOSSES = pl.DataFrame({"firm": ["a"] * 4, "year": range(2020, 2024), "profit": [1.0, -1.0, -2.0, -1.0]})


@pytest.mark.parametrize(
    ("made", "keys"),
    [
        (lambda: capacity(PACKAGE), ["headline.usual", "headline.fell", "headline.lowest_ever", "note.not_adjusted"]),
        (lambda: zombies(LOSSES), ["headline.share", "headline.all_judged", "answer.not_applied"]),
        (lambda: debt(PACKAGE), ["headline.to_output", "headline.to_revenue", "headline.history", "note.ungraded"]),
        (
            lambda: debt_fan(PACKAGE, draws=50),
            ["headline.ends", "headline.fan", "answer.held", "note.pooled_all", "note.persistence"],
        ),
        (lambda: debt_stress(PACKAGE), ["headline.stress", "headline.along", "note.stress"]),
        (lambda: register(PACKAGE), ["answer.pitfall", "answer.unchecked", "answer.parts"]),
    ],
)
def test_facts_of_the_shipped_package(made, keys) -> None:
    assert list(made().facts()) == keys


def test_facts_of_a_wave() -> None:
    done = herd_entry(PACKAGE, categories=["auto", "finance"], draws=400)
    assert done.facts()["answer.left_out"] == {"k": 1, "n": 2}


def test_facts_of_peaks() -> None:
    rows = pl.DataFrame({"industry": ["a"] * 4, "year": range(2000, 2004), "output": [10.0, 11.0, 8.0, 6.0]})
    assert peak_to_peak(rows).facts()["headline.last"]["k"] == 1


def test_facts_of_plants() -> None:
    done = plant_capacity([[1.0], [1.0]], [[1.0], [2.0]], [[1.0], [2.0]], units=["a", "b"])
    assert done.facts()["headline.plants"]["mean"] == 0.75


def test_facts_of_debt() -> None:
    assert round(debt(PACKAGE).facts()["headline.to_output"]["total"], 3) == 0.355
    moved = debt_dynamics(PACKAGE).facts()["headline.moved"]
    assert (moved["first"], moved["last"], round(moved["borrowing"], 3)) == (2017, 2025, 0.036)


def test_a_result_knows_a_region_by_its_name() -> None:
    assert debt(PACKAGE).explain("Jilin")["region"][0] == "220000"
    assert list(debt_dynamics(PACKAGE).of_region("Jilin")) == ["headline.over_years"]
    assert debt_fan(PACKAGE, draws=50).of_region("Jilin")["headline.fan"]["year"] == 2024
    assert debt_stress(PACKAGE).of_region("吉林")["headline.along"]["year"] == 2024
    flags = register(PACKAGE)
    assert flags.of_region("Jilin")["headline.ledger"]["d"] == 12
    assert flags.explain("Jilin").partition(":")[0] == "Jilin"


def test_a_result_knows_an_industry_by_its_name() -> None:
    assert capacity(PACKAGE).explain("煤炭开采和洗选业")["industry"][0] == "coal"
    assert herd_entry(PACKAGE, categories=["battery"], draws=50).explain("动力电池/储能")["category"][0] == "battery"


def test_timeline() -> None:
    dates = Timeline.from_dates(pl.Series(["2024-01", "2024-02"]))
    assert (dates.unit, dates.duration_text(2).en) == ("month", "2 months")

"""Which industries are emerging: codes, truths, a scope; and what becomes of codes that are not there."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import xinzhi
from made_up_economy import made_up_economy
from xinzhi.scope import classify
from xinzhi.sources import decompose

CODES = ["17", "39", "65"]


@pytest.fixture(scope="module")
def package():
    tables = made_up_economy(3, 3, 5, seed=11).tables
    rows = tables["industry_accounts"].with_columns(
        pl.col("industry").replace_strict({f"i{at}": code for at, code in enumerate(CODES)})
    )
    return xinzhi.load({"accounts": tables["accounts"], "industry_accounts": rows})


@pytest.fixture(scope="module")
def scope():
    return classify(pl.DataFrame({"code": CODES}), as_of=2023)


@pytest.mark.parametrize(
    "emerging",
    [
        ("39", "65"),
        {"39", "65"},
        [39, 65],
        np.array(["39", "65"]),
        pl.Series(["39", "65"]),
        [False, True, True],
        np.array([False, True, True]),
        pl.Series([False, True, True]),
        {"17": False, "39": True, "65": True},
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_way_to_say_it_means_the_same(package, scope, emerging):
    wanted = decompose(package, emerging=scope.mask())
    found = decompose(package, emerging=emerging)
    assert found.frame.equals(wanted.frame)
    assert found.provenance.options["emerging"] == ["39", "65"]
    parts = pl.sum_horizontal("breakthrough", "allocation", "upgrading_traditional", "upgrading_emerging")
    assert found.frame.select((parts - pl.col("tfp_growth")).abs().max()).item() < 1e-12
    assert found.frame["upgrading_emerging"].abs().max() > 1e-4


def test_a_scope_itself_will_do(package, scope):
    assert decompose(package, emerging=scope).provenance.options["emerging"] == list(scope.mask())


def test_codes_that_are_not_there_are_told(package):
    found = decompose(package, emerging=["39", "64"])
    assert found.provenance.options["emerging"] == ["39"]
    row = found.coverage.filter(quantity="upgrading_emerging").row(0, named=True)
    assert row["status"] == "partly"
    assert "64" in row["reason_zh"]
    assert "Computed in part: distance closed by emerging industries: the data have no 64" in found.summary("en")


def test_sectors_and_totals_cannot_place_the_code_of_an_industry():
    for detail in ("sector", "total"):
        found = decompose("china-provinces", emerging=["39"], detail=detail)
        assert found.provenance.options["emerging"] == []
        row = found.coverage.filter(quantity="upgrading_emerging").row(0, named=True)
        assert row["status"] == "not_computed"
        assert "industry_accounts" in row["reason_en"]
    by_sector = decompose("china-provinces", emerging=["3"])
    assert by_sector.frame["upgrading_emerging"].abs().max() > 0

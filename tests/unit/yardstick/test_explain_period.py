from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

import xinzhi
from xinzhi.core.errors import IdentityError, UsageError
from xinzhi.yardstick.measurement import COMPONENTS


@pytest.fixture(scope="module")
def measured():
    return xinzhi.measure("china-provinces")


def test_every_figure_of_every_period_adds_up_from_its_years(measured):
    for region, start, end in (
        measured.periods.filter(pl.col("region").is_in(["110000", "520000"]))
        .select("region", "start", "end")
        .iter_rows()
    ):
        for component in COMPONENTS:
            found = measured.explain_period(region, start, end, component)
            assert found.years.height == end - start
            rows = found.years.iter_rows(named=True)
            assert all(
                math.isclose(row["output"], sum(row[name] for name in COMPONENTS if name != "output")) for row in rows
            )


def test_what_was_read_stands_beside_the_figure(measured):
    found = measured.explain_period("Guizhou", 2017, 2023)
    own = xinzhi.load("china-provinces").tables["accounts"].filter(region="520000", year=2020)["output_real"][0]
    row = found.sources.filter(column="accounts.output_real", year="2020").row(0, named=True)
    assert row == {
        "year": "2020",
        "column": "accounts.output_real",
        "value": own,
        "official": True,
        "unit": "1e8 CNY at constant prices",
    }
    assert not found.sources.filter(column="investment.investment_nominal[total]")["official"].any()
    assert set(found.inputs["item"]) == {"output", "capital", "labour", "human_capital", "labour_share"}
    assert found.parameters.filter(parameter="capital.depreciation")["reference"][0]
    assert found.grade == "C"
    assert found.to_dict()["value"] == found.value


@pytest.mark.parametrize("language", ["zh", "en"])
def test_it_is_told_in_both_languages(measured, language):
    said = measured.explain_period("贵州", 2012, 2017, "capital").text(language)
    assert {"zh": "贵州2012—2017年，资本", "en": "Guizhou 2012–2017, capital"}[language] in said
    assert "capital.depreciation = " in said
    assert measured.provenance.protocol_fingerprint[:12] in said


@pytest.mark.parametrize(("language", "year"), [("zh", "2017 −1.98%"), ("en", "2017 −1.98\N{NO-BREAK SPACE}%")])
def test_a_fall_has_the_minus_sign_of_all_figures(measured, language, year):
    said = measured.explain_period("Xinjiang", 2012, 2017).text(language)
    assert year in said, said


def test_what_there_is_not_is_named(measured):
    with pytest.raises(UsageError, match="2012–2017"):
        measured.explain_period("Guizhou", 2011, 2017)
    with pytest.raises(UsageError, match="human_capital"):
        measured.explain_period("Guizhou", 2012, 2017, "luck")


def test_years_that_do_not_add_up_are_a_defect(measured):
    wrong = replace(measured, periods=measured.periods.with_columns(tfp_growth=pl.col("tfp_growth") + 1e-9))
    with pytest.raises(IdentityError):
        wrong.explain_period("Guizhou", 2012, 2017)


def test_quarters_add_up_to_a_rate_per_year():
    rng, quarters = np.random.default_rng(0), [f"{year}Q{part}" for year in range(2010, 2013) for part in range(1, 5)]
    paths = {
        name: np.exp(rng.normal(0.01, 0.01, len(quarters)).cumsum())
        for name in ("output_real", "employment", "capital")
    }
    accounts = pl.DataFrame({"region": "r0", "year": quarters, "labour_share": 0.6, **paths})
    accounts = accounts.with_columns(output_nominal=pl.col("output_real"))
    measured = xinzhi.measure(xinzhi.load({"accounts": accounts}))
    row = measured.periods.row(-1, named=True)
    found = measured.explain_period("r0", row["start"], row["end"])
    assert math.isclose(found.value, 4 * found.years["tfp"].mean())
    assert f"Four times the mean of {found.years.height} quarters" in found.text()
    assert f"total factor productivity {100 * found.value:+.2f}" in found.text()

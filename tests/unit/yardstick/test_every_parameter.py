"""Every parameter of the catalogue changes a number when it takes another allowed value, or is documentation.

One made-up package has whatever any rule reads; each case measures it under two values of one parameter.
"""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import xinzhi
from xinzhi import protocol

YEARS = range(1990, 2021)
REGIONS = ("a", "b", "c")
ASSETS = ("buildings", "machines")
BASE = {
    "output.concept": "value_added",
    "output.vintage": "latest",
    "output.price_base": None,
    "capital.measure": "stock",
    "capital.depreciation_rule": "geometric",
    "capital.initial_rule": "ratio_to_investment",
    "capital.initial_year": 1990,
    "capital.initial_table": None,
    "labour.unit": "persons",
    "labour.quality": "schooling",
    "shares.rule": "observed_regional",
    "shares.corner": "none",
    "shares.corner_labour_share": 0.9,
    "capital.asset_depreciation": {"buildings": 0.03, "machines": 0.15},
    "capital.rate_of_return": "internal",
    "capital.revaluation_years": 3,
    "capital.revaluation_window": "trailing",
    "capital.negative_user_cost": "keep",
    "capital.external_rate": 0.08,
    "capital.age_efficiency": 0.5,
    "capital.service_life": 12.0,
    "capital.retirement": "none",
    "capital.retirement_sd": 0.25,
    "labour.missing_hours": "persons",
    "reporting.initial_stock_share": 0.05,
    "capital.benchmark": "none",
    "labour.breaks": "flag",
    "shares.after": "carry",
    "estimates.investment_rule": "off",
    "estimates.control_total": "none",
    "estimates.schooling_rule": "hold",
}
SERVICES = {"capital.measure": "services"}
HYPERBOLIC = {"capital.depreciation_rule": "hyperbolic"}
HOURS = {"labour.unit": "hours"}
LATE = {"capital.initial_year": 1989}
TABLE = [{"region": one, "year": 1990, "value": 900.0, "reference": "made up"} for one in REGIONS]

# Path: one value, another, and what else has to be set for the parameter to be in force.
CASES = {
    "output.concept": ("value_added", "gross_output", {"capital.measure": "given_services"}),
    "output.vintage": ("latest", "census4", {}),
    "output.price_base": (1995, 2005, {}),
    "capital.measure": ("stock", "services", {}),
    "capital.investment_after_official": ("extrapolated", "stop", {}),
    "capital.price_after_official": ("as_published_proxy", "output_deflator", {}),
    "capital.price_official_until": (2016, 2018, {"capital.price_after_official": "output_deflator"}),
    "capital.depreciation_rule": ("geometric", "reported", {}),
    "capital.depreciation": (0.05, 0.1, {"capital.asset_depreciation": None}),
    "capital.asset_depreciation": ({"buildings": 0.02, "machines": 0.2}, BASE["capital.asset_depreciation"], SERVICES),
    "capital.age_efficiency": (0.2, 0.8, HYPERBOLIC),
    "capital.service_life": (8.0, 15.0, HYPERBOLIC),
    "capital.retirement": ("none", "normal", HYPERBOLIC),
    "capital.retirement_sd": (0.1, 0.4, HYPERBOLIC | {"capital.retirement": "normal"}),
    "capital.initial_rule": ("ratio_to_investment", "steady_state", {}),
    "capital.initial_year": (1990, 1995, {}),
    "capital.initial_ratio": (5.0, 10.0, {}),
    "capital.initial_output_ratio": (1.5, 3.0, {"capital.initial_rule": "capital_output_ratio"}),
    "capital.initial_growth_years": (3, 8, {"capital.initial_rule": "steady_state"}),
    "capital.initial_table": (TABLE, [{**row, "value": 2000.0} for row in TABLE], {}),
    "capital.initial_later_start": ("steady_state", "refuse", LATE),
    "capital.timing": ("end_of_year", "mid_year", {}),
    "capital.rate_of_return": ("internal", "external", SERVICES),
    "capital.external_rate": (0.02, 0.3, SERVICES | {"capital.rate_of_return": "external"}),
    "capital.revaluation_years": (1, 4, SERVICES),
    "capital.revaluation_window": ("trailing", "centred", SERVICES),
    "capital.negative_user_cost": (
        "keep",
        "zero",
        SERVICES | {"capital.rate_of_return": "external", "capital.external_rate": 0.0},
    ),
    "labour.unit": ("persons", "hours", {}),
    "labour.missing_hours": ("persons", "reference_region", HOURS),
    "labour.reference_hours": (
        dict.fromkeys(YEARS, 2000.0),
        {year: 2000.0 * 0.99 ** (year - 1990) for year in YEARS},
        HOURS | {"labour.missing_hours": "reference_region"},
    ),
    "labour.quality": ("none", "schooling", {}),
    "labour.returns_to_schooling": ([[None, 0.1]], [[4, 0.134], [8, 0.101], [None, 0.068]], {}),
    "labour.missing_schooling": ("interpolate", "hold", {}),
    "shares.rule": ("observed_regional", "observed_national", {"shares.national": dict.fromkeys(YEARS, 0.6)}),
    "shares.constant": (0.4, 0.6, {"shares.rule": "constant"}),
    "shares.national": (dict.fromkeys(YEARS, 0.4), dict.fromkeys(YEARS, 0.6), {"shares.rule": "observed_national"}),
    "shares.averaging": ("two_year", "current", {}),
    "shares.carry": ("carry", "stop", {}),
    "shares.self_employed": ("as_given", "hourly_compensation", {}),
    "shares.corner": ("none", "floor", {"shares.self_employed": "hourly_compensation"}),
    "shares.corner_labour_share": (0.8, 0.9, {"shares.self_employed": "hourly_compensation", "shares.corner": "floor"}),
    "index.formula": ("tornqvist", "laspeyres", {}),
    "reporting.periods": ([[1995, 2000]], [[1995, 2005]], {}),
    "reporting.initial_stock_share": (0.01, 0.9, {}),
}


def moved(value):
    """Return dated numbers, or regions with dated numbers, that are a little larger."""
    return {key: moved(one) if isinstance(one, dict) else one * 1.02 + 0.01 for key, one in value.items()}


# The same on the provinces: what relates a region to the nation or estimates its last years.
PROVINCES = {
    "capital.benchmark": ("none", "national", {}),
    "capital.national_ratio": (None, moved, {}),
    "capital.price_growth": (None, moved, {"capital.price_after_official": "national_deflator"}),
    "labour.breaks": ("flag", "link", {}),
    "labour.linked_growth": (None, moved, {}),
    "shares.valuation": ("market_prices", "factor_cost", {}),
    "shares.net_taxes": (None, moved, {"shares.valuation": "factor_cost"}),
    "shares.after": ("carry", "input_output", {}),
    "shares.input_output": (None, lambda value: {year: one * one for year, one in value.items()}, {}),
    "estimates.investment_rule": ("half", "off", {}),
    "estimates.investment_weight": (0.5, 0.25, {"estimates.control_total": "none"}),
    "estimates.control_total": ("national_volume", "national_value", {}),
    "estimates.control_scale": (None, moved, {}),
    "estimates.schooling_rule": ("hold", "trend", {}),
    "estimates.schooling_census": (None, moved, {"estimates.schooling_rule": "census_growth"}),
    "estimates.schooling_years": (10, 5, {"estimates.schooling_growth": None}),
    "estimates.schooling_growth": (0.09, 0.05, {}),
    "reporting.grades": ("on", "off", {}),
}
# The same for the bands around these years.
BANDS = {
    "estimates.learn": ([[2001, 2017]], [[2005, 2017]]),
    "estimates.level": (0.9, 0.5),
    "estimates.draws": (100, 200),
    "estimates.block": (2, 3),
    "estimates.shrinkage": (8.0, 2.0),
    "estimates.widening": (1.1, 1.5),
    "estimates.decided": (0.95, 0.6),
    "estimates.seed": (0, 1),
    "estimates.retail_years": (3, 1),
    "estimates.correction_years": ([[2005, 2014], [2014, 2017]], [[2005, 2012], [2012, 2017]]),
}
# It counts where a package holds a part of the regions: without it there is no band (test_bands_of_a_part.py).
PART = {"estimates.learned_from"}
# They change what is shown or digested, not what is computed.
SHOWN = {"reporting.decimals", "reporting.result_digits"}


def package():
    """Return a package that has what any rule reads."""
    random = np.random.default_rng(15)
    accounts, investment, vintages = [], [], []
    for at, region in enumerate(REGIONS):
        growth = random.normal(0.06, 0.03, len(YEARS))
        for year, real, price in zip(
            YEARS,
            1000 * np.exp(np.cumsum(growth)),
            np.exp(np.cumsum(random.normal(0.03, 0.02, len(YEARS)))),
            strict=True,
        ):
            t = year - 1990
            nominal, persons = real * price, 100 * 1.01**t * (1 + 0.02 * np.sin(t + at))
            share = 0.45 + 0.1 * np.sin(t / 3 + at) if year <= 2018 else None
            accounts.append(
                {
                    "region": region,
                    "year": year,
                    "output_nominal": nominal,
                    "output_real": real,
                    "employment": persons,
                    "labour_share": share,
                    "schooling": None if year == 2005 else 8.0 + 0.1 * t + 0.2 * np.sin(t),
                    "hours": None if year > 2010 and region == "b" else 2000.0 - 5 * t + 10 * at,
                    "employee_compensation": nominal * (0.3 + 0.02 * np.cos(t)),
                    "employee_hours": 2e9 * (0.35 + 0.1 * at + 0.05 * np.sin(t)),
                    "capital_services": np.exp(0.08 * t + 0.02 * np.sin(t)),
                    "gross_output_nominal": 2.5 * nominal,
                    "gross_output_real": 2.5 * real * (1 + 0.01 * np.sin(t)),
                    "intermediate_nominal": 1.5 * nominal,
                    "intermediate_real": 1.5 * real * (1 + 0.02 * np.cos(t)),
                    "capital": 3 * real,
                }
            )
            for asset, rate in zip(ASSETS, (0.25, 0.12), strict=True):
                late = year > 2016
                investment.append(
                    {
                        "region": region,
                        "asset": asset,
                        "year": year,
                        "investment_nominal": rate * nominal * (1 + 0.2 * np.sin(t / 2 + at)),
                        "investment_price": price ** (1.5 if asset == "buildings" else 0.3) * (1 + 0.05 * np.sin(t)),
                        "depreciation_nominal": 0.1 * nominal,
                        "investment_status": "extrapolated" if late else "official",
                        "investment_price_status": "proxy" if late else "official",
                    }
                )
            if 2000 <= year <= 2018:
                vintages.append(
                    {"region": region, "year": year, "vintage": "census4", "output_growth": 100 * growth[t] + 1}
                )
    return {"accounts": accounts, "investment": investment, "vintages": vintages}


@pytest.fixture(scope="module")
def tables():
    return {name: pl.DataFrame(rows, infer_schema_length=None) for name, rows in package().items()}


def loaded(tables, *, total_hours):
    """Return the package with hours per person, or with total hours where the self-employed are paid by the hour."""
    accounts = tables["accounts"]
    if total_hours:
        accounts = accounts.with_columns(hours=pl.lit(2e9))
    units = {"accounts": {"hours": "hours" if total_hours else "hours per person", "employee_hours": "hours"}}
    units["accounts"] |= {"output_real": "1e8 CNY at 1990 prices", "gross_output_real": "1e8 CNY at 1990 prices"}
    return xinzhi.load({**tables, "accounts": accounts}, units=units)


def ruler(path, value, others):
    """Return the reference protocol with the values of the made-up package, of the case, and the one in question."""
    return protocol.load("xinzhi-cn-2026").replace({**BASE, **others, path: value})


def figures(tables, path, value, others):
    """Return everything that is computed as one table of text; a refusal is its message."""
    total = path.startswith(("shares.self", "shares.corner"))
    try:
        result = xinzhi.measure(loaded(tables, total_hours=total), ruler(path, value, others))
    except xinzhi.core.errors.XinzhiError as error:
        return str(error)
    frames = (result.frame, result.inputs, result.periods, result.levels)
    return "\n".join(frame.write_csv(float_precision=12) for frame in frames)


def test_every_parameter_has_a_case_or_is_documentation():
    catalogue = protocol.catalogue()
    documented = {path for path, spec in catalogue.items() if spec.role == "documentation"}
    assert documented == {"capital.investment", "capital.price", "index.cross_section"}
    assert {*CASES, *PROVINCES, *BANDS, *PART, *documented, *SHOWN} == set(catalogue)
    assert not {*CASES, *PROVINCES, *BANDS} & documented


@pytest.fixture(scope="module")
def provinces():
    return xinzhi.load("china-provinces")


@pytest.mark.parametrize("path", sorted(PROVINCES))
def test_another_allowed_value_is_another_figure_of_the_provinces(provinces, path):
    one, other, others = PROVINCES[path]
    rules = protocol.load("xinzhi-cn-2026").replace(others)
    values = (rules.value(path), other(rules.value(path))) if callable(other) else (one, other)
    first, second = (xinzhi.measure(provinces, rules.replace({path: value})).frame for value in values)
    assert not first.equals(second)


@pytest.mark.parametrize("path", sorted(BANDS))
def test_another_allowed_value_is_another_band(provinces, path):
    rules = protocol.load("xinzhi-cn-2026").replace({"estimates.draws": 100})
    first, second = (xinzhi.bands(xinzhi.measure(provinces, rules.replace({path: value}))) for value in BANDS[path])
    assert not (
        first.frame.equals(second.frame) and first.pairs.equals(second.pairs) and first.scenario.equals(second.scenario)
    )


@pytest.mark.parametrize("path", sorted(CASES))
def test_another_allowed_value_is_another_figure(tables, path):
    one, other, others = CASES[path]
    first, second = (figures(tables, path, value, others) for value in (one, other))
    assert first != second
    assert "," in first.splitlines()[0]  # a table, not a refusal


def test_documentation_changes_no_figure_and_opens_no_dispute():
    rules = protocol.load("xinzhi-cn-2026")
    from xinzhi.yardstick.audit.choices import choices

    open_paths = {path for choice in choices(rules) for path in choice.paths}
    assert not {path for path in open_paths if protocol.specification(path).role == "documentation"}

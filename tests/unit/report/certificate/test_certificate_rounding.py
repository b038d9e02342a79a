from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

import xinzhi
from xinzhi.report.certificate.results import compare_results, digest_results

TABLES = ("frame", "levels", "periods", "national_periods", "group_periods")


@pytest.fixture(scope="module")
def measurement(package):
    return xinzhi.measure(package)


def shaken(measurement, size, seed):
    """Return the measurement of a machine whose rounding differs: every number off by up to `size`, relatively."""
    rng = np.random.default_rng(seed)

    def shake(frame):
        floats = [name for name, kind in frame.schema.items() if kind == pl.Float64]
        noise = {name: 1 + rng.uniform(-size, size, frame.height) for name in floats}
        return frame.with_columns(pl.col(name) * pl.Series(name, factor) for name, factor in noise.items())

    return replace(measurement, **{name: shake(getattr(measurement, name)) for name in TABLES})


@pytest.mark.parametrize("digits", [3, 10, 13])
@pytest.mark.parametrize("seed", range(5))
def test_rounding_of_another_machine_is_no_difference(measurement, digits, seed):
    stated = digest_results(measurement, digits)
    assert list(compare_results(stated, shaken(measurement, 1e-14, seed))) == []


def test_at_the_edge_a_digest_flips_and_nothing_differs(measurement):
    # 1.25e-9 lies on the edge between 12 and 13 units of 1e-10, a hair to either side.
    low, high = np.nextafter(1.25e-9, 0), np.nextafter(1.25e-9, 1)

    def at(value):
        edge = pl.when(pl.int_range(pl.len()) == 0).then(value).otherwise(pl.col("tfp_growth")).alias("tfp_growth")
        return replace(measurement, frame=measurement.frame.with_columns(edge))

    def column(results):
        (found,) = [one for one in results.tables["growth"].columns if one.name == "tfp_growth"]
        return found

    stated = digest_results(at(low), 10)
    assert column(stated).decimals == 10
    assert column(stated).sha256 != column(digest_results(at(high), 10)).sha256
    assert list(compare_results(stated, at(high))) == []
    (found,) = compare_results(stated, at(1.45e-9))
    assert (found.column, found.key) == ("tfp_growth", "110000/1997")


def test_a_difference_of_the_ninth_digit_is_named(measurement):
    stated = digest_results(measurement, 10)
    found = list(compare_results(stated, shaken(measurement, 1e-7, 0)))
    assert {one.rule for one in found} == {"result"}
    assert {"growth", "levels", "periods"} <= {one.table for one in found}


def test_noise_around_zero_is_zero(measurement):
    def noisy(seed):
        noise = np.random.default_rng(seed).normal(0, 1e-17, measurement.frame.height)
        frame = measurement.frame.with_columns(human_capital_contribution=pl.Series(noise))
        return replace(measurement, frame=frame)

    assert list(compare_results(digest_results(noisy(0), 10), noisy(1))) == []


def test_numbers_that_are_not_there(measurement):
    bad = pl.Series("tfp_part", [None, np.nan, np.inf, *[0.5] * (measurement.periods.height - 3)])
    other = replace(measurement, periods=measurement.periods.with_columns(bad))
    stated = digest_results(other, 10)
    place = [column.name for column in stated.tables["periods"].columns].index("tfp_part")
    values = [row[place] for below in stated.tables["periods"].rows.values() for row in below.values()]
    assert values.count(None) == 3
    assert list(compare_results(stated, other)) == []


def test_rounded_as_the_protocol_says(measurement, package):
    digits = 4
    rules = measurement.protocol.replace({"reporting.result_digits": digits})
    from xinzhi.report.certificate import certify

    made = certify(xinzhi.measure(package, rules), package)
    assert made.results.digits == digits
    for table in made.results.tables.values():
        for place, column in enumerate(table.columns):
            if column.decimals is not None:
                numbers = [row[place] for below in table.rows.values() for row in below.values()]
                assert max(abs(number) for number in numbers if number is not None) <= 10**digits


def test_values_are_those_of_the_measurement(measurement):
    growth = digest_results(measurement, 10).tables["growth"]
    place = [column.name for column in growth.columns].index("tfp_growth")
    scale = 10.0 ** (growth.columns[place].decimals or 0)
    for region, year, value in measurement.frame.select("region", "year", "tfp_growth").iter_rows():
        assert growth.rows[region][str(year)][place] / scale == pytest.approx(value, abs=0.5000001 / scale)

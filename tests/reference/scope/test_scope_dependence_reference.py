"""Digital dependence against tables worked by hand and against China's tables of 1995, 2005 and 2011.

Tolerances: 1e-12 for the hand-worked tables, 1e-10 for the Leontief inverse (what is promised), 1e-9 against the power
series A + A^2 + ... and for what ships, which has nine digits. The data are the World Input-Output Database, release
2013, in ../shared/data/world.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from xinzhi.scope import dependence_of_china, digital_dependence, input_output

if TYPE_CHECKING:
    from pathlib import Path

    from xinzhi.scope import InputOutput

HAND = 1e-12
INVERSE = 1e-10
SERIES = 1e-9
SHIPPED = 1e-9


def test_three_industries_worked_by_hand() -> None:
    """Chips sell to cars and shops, cars to shops, nothing else: the inverse is a finite sum.

    Output 100 each. a(chips, cars) = 0.2, a(chips, shops) = 0.1, a(cars, shops) = 0.5. Shops need 0.1 directly and
    0.5 x 0.2 = 0.1 through cars: 0.2.
    """
    flows = [[0, 20, 10], [0, 0, 50], [0, 0, 0]]
    table = input_output(flows, [100, 100, 100], industries=["chips", "cars", "shops"])
    found = digital_dependence(table, digital=["chips"], threshold=0.2 - 1e-9).frame
    np.testing.assert_allclose(found["direct"], [0, 0.2, 0.1], atol=HAND)
    np.testing.assert_allclose(found["total"], [0, 0.2, 0.2], atol=HAND)
    assert found["because"].to_list() == ["core", "use", "use"]


def test_a_circle_worked_in_fractions() -> None:
    """Two industries that buy from each other: (I - A)^-1 by Cramer's rule in exact fractions."""
    a, b, c, d = Fraction(1, 10), Fraction(1, 4), Fraction(3, 10), Fraction(1, 5)
    det = (1 - a) * (1 - d) - b * c
    total = ((1 - d) / det - 1, b / det)  # first row of the inverse, less the unit
    table = input_output([[10, 50], [30, 40]], [100, 200], industries=["chips", "cars"])
    found = digital_dependence(table, digital=["chips"], threshold=0.5).frame
    np.testing.assert_allclose(found["total"], [float(value) for value in total], rtol=HAND)


@cache
def _tables(folder: Path) -> dict[int, InputOutput]:
    return {
        year: input_output(
            pl.read_parquet(folder / f"wiod2013_inter_{year}.parquet"),
            pl.read_csv(folder / f"wiod2013_output_{year}.csv").rename({"country": "region"}),
            seller=("from_c", "from_i"),
            buyer=("to_c", "to_i"),
        )
        for year in (1995, 2005, 2011)
    }


@pytest.mark.shared
def test_leontief_inverse_of_the_world(shared: Path) -> None:
    for table in _tables(shared / "data/world").values():
        assert table.size == 41 * 35
        assert table.residual < INVERSE
        assert table.spectral_radius < 1
        assert table.inverse.min() >= 0


@pytest.mark.shared
def test_total_dependence_is_the_sum_of_all_rounds(shared: Path) -> None:
    table = _tables(shared / "data/world")[2011]
    core = np.isin(table.industries, ["c14", "c27"]).astype(float)
    total, part = np.zeros(table.size), core
    for _ in range(120):
        part = part @ table.coefficients
        total += part
    np.testing.assert_allclose(table.upstream_requirements(core), total, atol=SERIES)


@pytest.mark.shared
@pytest.mark.parametrize("threshold", [None, "median-1995", "one-tenth", 0.15])
def test_share_in_scope_of_china_rises(shared: Path, threshold: str | float | None) -> None:
    found = digital_dependence(
        _tables(shared / "data/world"), digital={"c14": 1, "c27": 1}, region="CHN", threshold=threshold
    )
    shares = found.by_year["in_scope"].to_list()
    assert shares == sorted(shares)
    assert len(set(shares)) == 3
    core = found.by_year["core"].to_list()
    assert core == sorted(core)
    others = found.by_year["dependence_others"].to_list()
    assert others == sorted(others)


@pytest.mark.shared
def test_china_figures_and_their_bounds(shared: Path) -> None:
    """Shares of output in scope: 32.2, 67.8 and 72.1 percent; computed apart, with numpy.linalg.inv."""
    tables = _tables(shared / "data/world")
    found = digital_dependence(tables, digital="wiod-2013", region="CHN")
    for year, table in tables.items():
        core = np.isin(table.industries, ["c14", "c27"])
        total = core @ np.linalg.inv(np.eye(table.size) - table.coefficients) - core
        here = np.array(table.regions) == "CHN"
        if year == 1995:
            level = np.quantile(total[here & ~core & (table.output > 0)], 0.75)
        share = table.output[here & (core | (total >= level))].sum() / table.output[here].sum()
        row = found.by_year.filter(year=year).row(0, named=True)
        assert row["in_scope"] == pytest.approx(share, abs=1e-9)
        assert row["lower"] <= row["in_scope"] <= row["upper"]
    assert found.threshold == pytest.approx(level, abs=1e-12)
    np.testing.assert_allclose(found.by_year["in_scope"], [0.322, 0.678, 0.721], atol=5e-4)
    # Nobody knows how much of c14, c27 and c30 is of the core: the bounds say so, and the summary too.
    assert "how much of output belongs to the core or" in found.summary()
    assert "占多少无法确定" in found.summary("zh")


@pytest.mark.shared
def test_domestic_and_imported_add_up(shared: Path) -> None:
    found = digital_dependence(_tables(shared / "data/world"), digital="wiod-2013", region="CHN").frame
    np.testing.assert_allclose(found["total_domestic"] + found["total_imported"], found["total"], atol=HAND)
    assert found.filter(pl.col("output") > 0)["total_imported"].min() > 0


@pytest.mark.shared
def test_the_dependence_that_ships_is_that_of_the_database(shared: Path) -> None:
    found = digital_dependence(_tables(shared / "data/world"), digital="wiod-2013", region="CHN")
    ours = dependence_of_china()
    assert ours.threshold == pytest.approx(found.threshold, abs=SHIPPED)
    assert ours.frame.select("year", "industry", "name", "because").equals(
        found.frame.select("year", "industry", "name", "because")
    )
    for name in ("core", "total", "total_lower", "total_upper", "total_imported", "share", "lower", "upper"):
        assert (ours.frame[name] - found.frame[name]).abs().max() <= 2 * SHIPPED

"""Green indices against linear programs written out in full here and solved one by one with scipy (HiGHS).

No second program gives values for these indices (``gtfpch`` in Stata could; it was not at hand), so each definition is
spelled out below, independent of the package: one function a program, one formula an index. Tolerance 1e-9, relative
to one plus the value. Data: the example of Stata's ``malmq2`` (30 units, 1997-2000; labour, capital and energy to
output and carbon dioxide, three regions) and the provincial package (30 provinces, 2014-2017; capital, labour and
energy to real output and sulphur dioxide).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from scipy.optimize import linprog

import xinzhi
from xinzhi.frontier import productivity_change

if TYPE_CHECKING:
    from pathlib import Path

TOLERANCE = 1e-9
EXACT = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}


class Sample:
    """Arrays by period, and the distances from any set of observations, each solved when first asked for."""

    def __init__(self, frame: pl.DataFrame, inputs: list[str], outputs: list[str], bad: list[str]) -> None:
        self.frame = frame.sort("period", "unit")
        self.inputs, self.outputs, self.bad = inputs, outputs, bad
        self.x, self.y, self.b = (self.frame[names].to_numpy() for names in (inputs, outputs, bad))
        self.period, self.unit = self.frame["period"].to_numpy(), self.frame["unit"].to_numpy()
        self.solve = cache(self._solve)

    def rows(self, first: int, last: int) -> tuple[int, ...]:
        return tuple(np.flatnonzero((self.period >= first) & (self.period <= last)).tolist())

    def _solve(
        self, rows: tuple[int, ...], point: int, moves: tuple[float, float, float], weights: tuple[float, ...], rts: str
    ) -> float:
        """Return the directional distance of an observation from the technology of some rows; NaN if there is none.

        Variables: steps (one, or one a good), intensities, and under variable returns those of units that are
        fully abated (Kuosmanen). Inputs and outputs are divided by the point's own, which changes no distance.
        """
        sizes = [part[point] for part in (self.x, self.y, self.b)]
        x, y, b = (part[list(rows)] / size for part, size in zip((self.x, self.y, self.b), sizes, strict=True))
        goods = [x.shape[1], y.shape[1], b.shape[1]]
        way = np.repeat(moves, goods)
        steps = way[:, None] if not weights else np.diag(way)[:, np.array(weights) > 0]
        price = [1.0] if not weights else [one for one in weights if one > 0]
        count, idle = len(rows), len(rows) if rts == "vrs" else 0
        p, q, r = goods
        blank_y, blank_b = np.zeros((q, idle)), np.zeros((r, idle))
        inputs = np.hstack([steps[:p], x.T, x.T[:, :idle]])
        outputs = np.hstack([steps[p : p + q], -y.T, blank_y])
        equalities = np.hstack([steps[p + q :], b.T, blank_b])
        sides = np.ones(r)
        if rts == "vrs":
            equalities = np.vstack([equalities, [*np.zeros(len(price)), *np.ones(count + idle)]])
            sides = np.ones(r + 1)
        answer = linprog(
            [*(-np.array(price)), *np.zeros(count + idle)],
            A_ub=np.vstack([inputs, outputs]),
            b_ub=[*np.ones(p), *-np.ones(q)],
            A_eq=equalities if len(equalities) else None,
            b_eq=sides if len(equalities) else None,
            bounds=[(0 if weights else None, None)] * len(price) + [(0, None)] * (count + idle),
            method="highs",
            options=EXACT,
        )
        assert answer.status in {0, 2}
        return -answer.fun if answer.status == 0 else np.nan


@pytest.fixture(scope="module")
def stata(shared: Path) -> Sample:
    frame = pl.read_csv(shared / "data/china/reference_malmq2_1997_2000.csv").rename({"dmu": "unit", "year": "period"})
    return Sample(frame, ["L", "K", "E"], ["Y"], ["co2"])


@pytest.fixture(scope="module")
def provinces() -> Sample:
    package = xinzhi.load("china-provinces")
    wide = package.tables["indicators"].filter(
        pl.col("indicator").is_in(["energy_consumption", "so2_emissions"]), pl.col("year").is_between(2014, 2017)
    )
    wide = wide.pivot(on="indicator", index=["region", "year"], values="value").drop_nulls()
    inputs = xinzhi.measure(package).inputs.select("region", "year", "output", "capital", "labour")
    frame = inputs.join(wide, on=["region", "year"]).rename({"region": "unit", "year": "period"})
    assert frame.height >= 110
    return Sample(frame, ["capital", "labour", "energy_consumption"], ["output"], ["so2_emissions"])


def span(sample: Sample, reference: str, period: int) -> tuple[int, ...]:
    """Return the observations that a period's benchmark spans, for references that have one for each period."""
    first, last = sample.period.min(), sample.period.max()
    match reference:
        case "sequential":
            return sample.rows(first, period)
        case "window":
            return sample.rows(max(first, period - 1), min(last, period + 1))
        case "global":
            return sample.rows(first, last)
        case _:
            return sample.rows(period, period)


def expected(
    sample: Sample, reference: str, moves: tuple[float, float, float], weights: tuple[float, ...], rts: str = "crs"
) -> dict[tuple[object, int], tuple[dict[str, float], dict[str, float]]]:
    """Return Malmquist-Luenberger and Luenberger indices with both parts, by unit and later period."""
    place = {key: row for row, key in enumerate(zip(sample.unit, sample.period, strict=True))}
    found = {}
    for (unit, period), after in place.items():
        if (unit, period - 1) not in place:
            continue
        before = place[unit, period - 1]

        def d(rows: tuple[int, ...], point: int) -> float:
            return sample.solve(rows, point, moves, weights, rts)

        if reference == "biennial":
            first = second = sample.rows(period - 1, period)
        else:
            first, second = span(sample, reference, period - 1), span(sample, reference, period)
        own = "contemporaneous" if reference in {"biennial", "global"} else reference
        then, now = d(span(sample, own, period - 1), before), d(span(sample, own, period), after)
        cross = d(first, before), d(first, after), d(second, before), d(second, after)
        ratio = np.sqrt((1 + cross[0]) / (1 + cross[1]) * (1 + cross[2]) / (1 + cross[3]))
        gain = 0.5 * (cross[0] - cross[1] + cross[2] - cross[3])
        multiplied = {"index": ratio, "efficiency_change": (1 + then) / (1 + now)}
        added = {"index": gain, "efficiency_change": then - now}
        multiplied["technical_change"] = ratio / multiplied["efficiency_change"]
        added["technical_change"] = gain - added["efficiency_change"]
        found[unit, period] = multiplied, added
    return found


def compare(
    sample: Sample,
    reference: str,
    moves: tuple[float, float, float],
    counted: tuple[float, ...] = (),
    rts: str = "crs",
    **options: object,
) -> int:
    """Compare both indices with their definitions; return the number of pairs without a solution."""
    truth = expected(sample, reference, moves, counted, rts)
    failed = 0
    for which, index in enumerate(("malmquist-luenberger", "luenberger")):
        ours = productivity_change(
            sample.frame,
            "unit",
            "period",
            sample.inputs,
            sample.outputs,
            sample.bad,
            index=index,
            reference=reference,
            rts=rts,
            **options,
            **{"window": 1} if reference == "window" else {},
            **{"decomposition": "none"} if rts == "vrs" else {},
        )
        assert ours.frame.height == len(truth)
        for row in ours.frame.iter_rows(named=True):
            for name, value in truth[row["unit"], row["period"]][which].items():
                if np.isnan(value):
                    assert row[name] is None
                    assert "infeasible" in row["status"]
                else:
                    assert abs(row[name] - value) <= TOLERANCE * (1 + abs(value)), (row["unit"], row["period"], name)
        failed += ours.frame["index"].is_null().sum()
        assert ours.programs["general"] == 0
    return failed


REFERENCES = ("contemporaneous", "sequential", "window", "biennial", "global")


@pytest.mark.shared
@pytest.mark.parametrize("reference", REFERENCES)
def test_radial_with_bad_outputs(stata: Sample, reference: str) -> None:
    failed = compare(stata, reference, (0.0, 1.0, 1.0))
    assert failed == 0 if reference in {"biennial", "global"} else failed >= 0


@pytest.mark.shared
def test_radial_in_every_direction(stata: Sample) -> None:
    compare(stata, "contemporaneous", (1.0, 1.0, 1.0), direction="full")
    compare(stata, "global", (1.0, 0.0, 0.0), direction="input")


@pytest.mark.shared
@pytest.mark.parametrize("reference", REFERENCES)
def test_nonradial(stata: Sample, reference: str) -> None:
    weights = (1 / 9, 1 / 9, 1 / 9, 1 / 3, 1 / 3)
    failed = compare(stata, reference, (1.0, 1.0, 1.0), weights, direction="full", measure="nonradial")
    # A point outside the technology would have to move backwards, which a non-radial distance does not.
    assert (failed > 0) == (reference in {"contemporaneous", "sequential"})


@pytest.mark.shared
def test_slacks_based_and_own_weights(stata: Sample) -> None:
    sbm = (1 / 6, 1 / 6, 1 / 6, 1 / 4, 1 / 4)
    assert compare(stata, "global", (1.0, 1.0, 1.0), sbm, direction="full", measure="sbm") == 0
    own = (0.0, 0.0, 1 / 3, 1 / 3, 1 / 3)
    given = {"E": 1 / 3, "Y": 1 / 3, "co2": 1 / 3}
    assert compare(stata, "global", (1.0, 1.0, 1.0), own, direction="full", measure="nonradial", weights=given) == 0


@pytest.mark.shared
def test_variable_returns_with_abatement_by_unit(stata: Sample) -> None:
    compare(stata, "global", (0.0, 1.0, 1.0), rts="vrs")
    compare(stata, "contemporaneous", (0.0, 1.0, 1.0), rts="vrs")


@pytest.mark.shared
def test_metafrontier(stata: Sample) -> None:
    """Oh and Lee (2010), with one plus the distance for the inverse of an efficiency."""
    region = stata.frame["region"].to_numpy()
    moves = (0.0, 1.0, 1.0)
    ours = productivity_change(
        stata.frame,
        "unit",
        "period",
        stata.inputs,
        stata.outputs,
        stata.bad,
        index="malmquist-luenberger",
        reference="metafrontier",
        group="region",
    ).frame
    place = {key: row for row, key in enumerate(zip(stata.unit, stata.period, strict=True))}
    everything = stata.rows(1997, 2000)

    def levels(row: int) -> tuple[float, float, float]:
        mine = tuple(np.flatnonzero((region == region[row]) & (stata.period == stata.period[row])).tolist())
        group = tuple(np.flatnonzero(region == region[row]).tolist())
        return tuple(1 + stata.solve(rows, row, moves, (), "crs") for rows in (mine, group, everything))

    for row in ours.iter_rows(named=True):
        own, group, meta = levels(place[row["unit"], row["period"]])
        own_0, group_0, meta_0 = levels(place[row["unit"], row["period"] - 1])
        assert row["index"] == pytest.approx(meta_0 / meta, rel=TOLERANCE)
        assert row["efficiency_change"] == pytest.approx(own_0 / own, rel=TOLERANCE)
        assert row["best_practice_change"] == pytest.approx((group_0 / own_0) / (group / own), rel=TOLERANCE)
        assert row["technology_gap_change"] == pytest.approx((meta_0 / group_0) / (meta / group), rel=TOLERANCE)


@pytest.mark.parametrize("reference", ["contemporaneous", "global"])
def test_provinces_radial(provinces: Sample, reference: str) -> None:
    compare(provinces, reference, (0.0, 1.0, 1.0))


def test_provinces_nonradial(provinces: Sample) -> None:
    weights = (1 / 9, 1 / 9, 1 / 9, 1 / 3, 1 / 3)
    compare(provinces, "global", (1.0, 1.0, 1.0), weights, direction="full", measure="nonradial")

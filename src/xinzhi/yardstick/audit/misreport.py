"""Gaming of data: what a region gains by each kind of misreport, loses by correcting it, and which test reports it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from xinzhi.core.arrays import BoolArray, FloatArray, IntArray
from xinzhi.core.parameters import read_yaml
from xinzhi.yardstick.audit.multiverse import rank
from xinzhi.yardstick.estimating import of_declared_set
from xinzhi.yardstick.grading import BREAK, FAILED, GRADES, MARKS, Graded, break_effects
from xinzhi.yardstick.growth_accounts import IDENTITY_TOLERANCE, account, build_inputs
from xinzhi.yardstick.measurement import Measurement
from xinzhi.yardstick.panel import Panel

KINDS = Path(__file__).with_name("misreport.yaml")
NONE = "none"
SUMS = {"sum_output": "output_nominal", "sum_investment": "investment_nominal", "sum_employment": "employment"}
SERIES = ("output_nominal", "output_real", "expenditure_gdp", "investment_nominal", "employment")
SCHEMA = {
    "region": pl.String, "kind": pl.String, "start": pl.Int64, "end": pl.Int64, "gain": pl.Float64,
    "honest_rank": pl.Int64, "misreported_rank": pl.Int64, "corrected_end": pl.Int64, "loss": pl.Float64,
    "rank_after": pl.Int64, "caught_during": pl.String, "caught_after": pl.String,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of misreport: the sign with which each series is moved, the size in logs, the two spans of years.

    What is `kept` is not corrected: its level goes on where the misreport left it.
    """

    name: str
    moves: Mapping[str, int]
    kept: tuple[str, ...]
    size: float
    years: tuple[int, int]
    corrected: tuple[int, int]

    @classmethod
    def of(cls, name: str, entry: Mapping[str, Any]) -> Kind:
        """Read one entry of ``misreport.yaml``: a part of the reported figure, here in logs of reported over true."""
        size, kept = float(-np.log1p(-entry["size"])), tuple(entry.get("kept", ()))
        return cls(name, entry["moves"], kept, size, tuple(entry["years"]), tuple(entry["corrected"]))

    def shift(self, series: str, years: IntArray) -> FloatArray:
        """Return reported over true in logs `(T,)`: up on a straight line, down again when it is corrected."""
        last = self.size if series in self.kept else 0.0
        line = np.interp(years, [*self.years, self.corrected[1]], [0.0, self.size, last])
        return np.asarray(self.moves.get(series, 0) * line)


def misreports(measured: Measurement) -> pl.DataFrame:
    """Return what every region would gain by each kind of misreport, one row a region and kind.

    The others report truly. TFP of a region depends on its own figures and on the national series of the protocol
    alone, so that all regions are moved at once and each has the figure that it would have by itself.
    """
    panel, rules, accounts = measured.panel, measured.protocol, measured.accounts
    if accounts is None or not of_declared_set(panel, rules) or not measured.regions_declared.complete:
        return pl.DataFrame(schema=SCHEMA)
    parts = [
        _rows(measured, kind, accounts.growth.tfp_growth)
        for kind in (Kind.of(name, entry) for name, entry in read_yaml(KINDS)["kinds"].items())
        if panel.years[0] <= kind.years[0] and kind.corrected[1] <= panel.years[-1]
    ]
    return pl.concat([pl.DataFrame(schema=SCHEMA), *parts])


def _rows(measured: Measurement, kind: Kind, honest: FloatArray) -> pl.DataFrame:
    """Return the rows of one kind."""
    panel, rules = measured.panel, measured.protocol
    moved = misreported(panel, kind)
    growth = account(build_inputs(moved, rules)[0], rules)
    tested = _tested(measured, kind)
    caught = _caught(measured, tested, kind)
    columns: dict[str, Any] = {}
    for at, (start, end) in enumerate((kind.years, kind.corrected)):
        inside = (panel.years > start) & (panel.years <= end)
        true, reported = honest[:, inside].mean(axis=1), growth.tfp_growth[:, inside].mean(axis=1)
        change = np.where(np.abs(reported - true) < IDENTITY_TOLERANCE, 0.0, reported - true)
        passed = [_ranked(grades, (start, end), len(panel.regions)) for grades in (measured.graded, tested)]
        before, after = _ranks(true, reported, passed[0])
        after[~passed[1]] = np.nan  # what admission fails has no rank, however high the growth
        names = ("gain", "honest_rank", "misreported_rank") if at == 0 else ("loss", None, "rank_after")
        columns |= {name: found for name, found in zip(names, (change, before, after), strict=True) if name}
    count = len(panel.regions)
    frame = pl.DataFrame(
        {
            "region": panel.regions,
            "kind": [kind.name] * count,
            "start": [kind.years[0]] * count,
            "end": [kind.years[1]] * count,
            "corrected_end": [kind.corrected[1]] * count,
            "caught_during": caught[0],
            "caught_after": caught[1],
            **{name: pl.Series(values, nan_to_null=True) for name, values in columns.items()},
        }
    )
    known = frame.filter(pl.col("gain").is_not_null() & pl.col("loss").is_not_null())
    return known.with_columns(pl.col("honest_rank", "misreported_rank", "rank_after").cast(pl.Int64)).select(*SCHEMA)


def misreported(panel: Panel, kind: Kind) -> Panel:
    """Return the panel as it would be if every region misreported."""

    def moved(values: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
        return {name: item * np.exp(kind.shift(name, panel.years)) for name, item in values.items()}

    step = _step(kind.shift("output_real", panel.years))
    return replace(
        panel,
        accounts=moved(panel.accounts),
        investment=moved(panel.investment),
        vintages={name: growth + step for name, growth in panel.vintages.items()},
    )


def _step(path: FloatArray) -> FloatArray:
    return np.diff(path, prepend=path[0])


def _ranked(graded: Graded | None, span: tuple[int, int], count: int) -> BoolArray:
    """Return the regions whose data pass admission in a span."""
    if graded is None:
        return np.ones(count, dtype=np.bool_)
    return np.asarray(graded.of_period(*span) != GRADES.index(FAILED))


def _ranks(true: FloatArray, reported: FloatArray, ranked: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Return the rank of each region with its true and with its reported figure among the true ones of the others."""
    known = ranked & np.isfinite(true) & np.isfinite(reported)
    before, after = np.full((2, len(true)), np.nan)
    own = true[known]
    before[known] = rank(own[None])[0]
    above = (own[None, :] > reported[known][:, None]) & ~np.eye(len(own), dtype=np.bool_)
    after[known] = 1 + above.sum(axis=1)
    return before, after


def _tested(measured: Measurement, kind: Kind) -> Graded | None:
    """Return the tests of admission on the figures of a region that misreports by itself."""
    honest = measured.graded
    return None if honest is None else replace(honest, single=dict(_tests(measured, honest, kind)))


def _caught(measured: Measurement, tested: Graded | None, kind: Kind) -> tuple[list[str], list[str]]:
    """Return for both spans the tests of admission whose grade a misreport lowers, by region."""
    honest = measured.graded
    if honest is None or tested is None:
        return [NONE] * len(measured.panel.regions), [NONE] * len(measured.panel.regions)
    during, after = (
        _worse(honest.letters(*span), tested.letters(*span), len(measured.panel.regions))
        for span in (kind.years, kind.corrected)
    )
    return during, after


def _worse(honest: Mapping[str, IntArray], reported: Mapping[str, IntArray], count: int) -> list[str]:
    names = [name for name in honest if name != MARKS]
    return [
        ", ".join(name for name in names if reported[name][at] > honest[name][at] >= 0) or NONE for at in range(count)
    ]


def _tests(measured: Measurement, honest: Graded, kind: Kind) -> Iterator[tuple[str, FloatArray]]:
    """Yield the value of every test `(R, T)` for the figures of a region that misreports by itself."""
    panel = measured.panel
    shift = {name: kind.shift(name, panel.years) for name in SERIES}
    for name, values in honest.single.items():
        if name == "investment":
            yield name, values * np.exp(shift["investment_nominal"] - shift["output_nominal"])
        elif name == "vintage":
            yield name, values + shift["output_nominal"] - shift["expenditure_gdp"]
        elif name == "deflator":
            yield name, values + _step(shift["output_nominal"] - shift["output_real"])
        elif name in SUMS:
            yield name, values + np.log1p(_share(panel, SUMS[name]) * np.expm1(shift[SUMS[name]]))
        elif name == BREAK and "employment" in kind.moves:
            yield name, _breaks_alone(measured, kind)
        else:
            yield name, values


def _share(panel: Panel, column: str) -> FloatArray:
    """Return the share of every region in the sum of a series `(R, T)`."""
    values = panel.investment[column].sum(axis=0) if column in panel.investment else panel.account(column)
    with np.errstate(invalid="ignore"):
        return np.asarray(values / np.nansum(values, axis=0))


def _breaks_alone(measured: Measurement, kind: Kind) -> FloatArray:
    """Return what breaks of employment do where one region misreports at a time: the others are what it is held to."""
    panel, rules, accounts = measured.panel, measured.protocol, measured.accounts
    true, every = panel.account("employment"), misreported(panel, kind).account("employment")
    found = np.full(panel.shape, np.nan)
    for at in range(len(panel.regions)):
        own = true.copy()
        own[at] = every[at]
        moved = replace(panel, accounts={**panel.accounts, "employment": own})
        effect = break_effects(moved, rules, accounts.growth) if accounts else None
        if effect is not None:
            found[at] = effect[at]
    return found

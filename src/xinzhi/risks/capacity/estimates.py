"""The estimates of capacity: from a frontier, from a cost function, and through the peaks of output."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import polars as pl

from xinzhi import frontier, words
from xinzhi.core.arrays import AnyArray, AnyFrame, BoolArray, FloatArray, IntArray, digest
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.facts import Fact
from xinzhi.core.finding import Finding, finding
from xinzhi.core.provenance import provenance
from xinzhi.core.result import Result
from xinzhi.data import Field, tidy

_GROWTH, _STEPS, _STEP = 2.0, 200, 1e-5
_FEWEST, _ROUNDING, _FULL = 3, 1e-12, 0.9995  # full to the decimal that is shown


@dataclass(frozen=True, repr=False, kw_only=True)
class PlantCapacity(Result, verb="plant_capacity", topic="overcapacity", key=("unit",)):
    """Plant capacity of units by linear programming.

    A row of `frame` is a unit: Farrell's output factors with all inputs and with the fixed ones only, `utilisation`
    (their ratio, unbiased) and `observed_utilisation` (1 over the second, biased); null without a solution. A row of
    `variable` is a unit and variable input: what it would be at capacity over what it is, from the peers of the
    programme with the fixed inputs (not unique where it has several solutions); empty without peers.
    """

    variable: pl.DataFrame
    findings: tuple[Finding, ...]

    def answer(self) -> Iterator[Fact]:
        """Yield the mean utilisation with and without the inefficiency, and the unit that uses least."""
        solved = self.frame.drop_nulls("utilisation").sort("utilisation", "unit")
        if not solved.height:
            yield words.overcapacity.answer_no_unit()
            return
        low = solved.row(0, named=True)
        yield words.overcapacity.headline_plants(
            n=solved.height,
            mean=solved.select(pl.col("utilisation").mean()).item(),
            name=self.names.region(low["unit"]),
            biased=solved.select(pl.col("observed_utilisation").mean()).item(),
            low=low["utilisation"],
        )


class Scores(Protocol):
    """What a function of efficiency returns; `peers` (unit, peer, weight) may be missing."""

    @property
    def scores(self) -> AnyArray:
        """Output factors, 1 or more, NaN without solution."""

    @property
    def status(self) -> Sequence[str]:
        """How each program ended."""


def plant_capacity(
    fixed: AnyArray,
    variable: AnyArray,
    output: AnyArray,
    *,
    units: Sequence[str] | None = None,
    rts: str = "vrs",
    efficiency: Callable[..., Scores] | None = None,
) -> PlantCapacity:
    r"""Measure how much of its plant each unit uses, when nothing but the fixed inputs limits output.

    Parameters
    ----------
    fixed, variable, output
        Arrays `(n, k)` of fixed inputs, variable inputs and outputs, or frames of numbers without names of units.
    units
        Names of the units; None: 1 to n.
    rts
        Returns to scale.
    efficiency
        A function called as ``efficiency(x, y, rts=, orientation="output", units=)`` that returns ``.scores`` (output
        factors, 1 or more, NaN without solution), ``.status`` and, if it can, ``.peers``; None:
        `xinzhi.frontier.efficiency`.

    Notes
    -----
    Johansen (1968); Färe, Grosskopf and Kokkelenberg (1989), International Economic Review 30(3). With
    :math:`\hat\theta` the output factor given fixed inputs alone and :math:`\theta` that given all inputs, the biased
    measure is :math:`1/\hat\theta`, the unbiased one :math:`\theta/\hat\theta`: the first counts technical inefficiency
    as idle plant.

    Examples
    --------
    >>> found = plant_capacity([[1.0], [1.0], [1.0]], [[1.0], [2.0], [2.0]], [[1.0], [2.0], [1.0]], units=list("abc"))
    >>> found.frame.select("unit", "utilisation", "observed_utilisation").rows()
    [('a', 0.5, 0.5), ('b', 1.0, 1.0), ('c', 1.0, 0.5)]
    """
    k, v, y = (_matrix(matrix) for matrix in (fixed, variable, output))
    if not len(k) == len(v) == len(y):
        raise UsageError("capacity.rows-differ", fixed=len(k), variable=len(v), outputs=len(y))
    names = [str(unit) for unit in (units if units is not None else range(1, len(y) + 1))]
    if len(names) != len(y) or len(set(names)) != len(y):
        raise UsageError("capacity.unit-names", n=len(y), given=len(set(names)))
    solve = frontier.efficiency if efficiency is None else efficiency
    results = [solve(x, y, rts=rts, orientation="output", units=names) for x in (np.hstack([k, v]), k)]
    all_, plant = (np.asarray(result.scores, dtype=float) for result in results)
    status = [
        first if first != "optimal" else second
        for first, second in zip(*(result.status for result in results), strict=True)
    ]
    frame = pl.DataFrame(
        {
            "unit": names,
            "efficiency": all_,
            "plant_efficiency": plant,
            # a solver's last digit must not make a plant more than full
            "utilisation": np.minimum(all_ / plant, 1.0),
            "observed_utilisation": np.minimum(1.0 / plant, 1.0),
            "status": [str(outcome) for outcome in status],
        }
    ).with_columns(pl.selectors.float().fill_nan(None))
    origin = provenance("plant_capacity", None, rts=rts, own_efficiency=efficiency is not None)
    return PlantCapacity(
        frame=frame,
        variable=_input_requirement(results[1], names, v, variable),
        findings=tuple(
            finding("capacity.no-plant-capacity", words={"status": why}, key=unit)
            for unit, why in frame.select("unit", "status").iter_rows()
            if why != "optimal"
        ),
        provenance=replace(origin, inputs={"x": digest(np.hstack([k, v]), names), "y": digest(y, names)}),
    )


def _matrix(values: AnyArray) -> FloatArray:
    try:
        array = np.asarray(values.to_numpy() if hasattr(values, "to_numpy") else values, dtype=float)
    except (TypeError, ValueError) as error:
        raise InputError("capacity.not-numbers", why=error) from error
    if (array < 0).any():
        at = np.argwhere(array < 0)[0]
        raise InputError("capacity.negative-goods", row=int(at[0]) + 1, value=float(array[tuple(at)]))
    return array[:, None] if array.ndim == 1 else array


def _input_requirement(
    capacity_result: Scores, names: list[str], variable: FloatArray, inputs: AnyArray
) -> pl.DataFrame:
    """Return variable inputs at capacity over the present ones."""
    schema = {"unit": pl.String, "input": pl.String, "needed": pl.Float64}
    peers = getattr(capacity_result, "peers", None)
    if peers is None:
        return pl.DataFrame(schema=schema)
    place = {name: number for number, name in enumerate(names)}
    at = np.zeros_like(variable)
    for unit, peer, weight in peers.select("unit", "peer", "weight").iter_rows():
        at[place[str(unit)]] += weight * variable[place[str(peer)]]
    labels = list(getattr(inputs, "columns", [])) or [f"v{number}" for number in range(1, variable.shape[1] + 1)]
    solved = np.isfinite(np.asarray(capacity_result.scores, dtype=float))
    ratios = [
        (names[row], labels[column], float(at[row, column] / variable[row, column]))
        for row, column in np.argwhere(solved[:, None] & (variable > 0)).tolist()
    ]
    return pl.DataFrame(ratios, schema=schema, orient="row")


def cost_capacity(
    variable_cost: Callable[[FloatArray, FloatArray], FloatArray], capital: AnyArray, output: AnyArray, rental: AnyArray
) -> pl.DataFrame:
    r"""Return utilisation as output over the output at which short-run and long-run average cost touch.

    Parameters
    ----------
    variable_cost
        Smooth short-run variable cost ``VC(y, k)`` of arrays of outputs and capital, falling in capital; input prices
        are held inside it. It must be estimated or assumed elsewhere: regional accounts alone do not give one.
    capital, output, rental
        Capital, output and user cost of a unit of capital, (n,).

    Notes
    -----
    Columns are ``unit, output, capacity, utilisation, status``: above 1 the unit produces more than its plant is best
    for; `status` is ``found`` or ``no tangency`` (then null).

    Cassels (1937), Klein (1960); Berndt and Morrison (1981), American Economic Review 71(2). By the envelope theorem
    the two curves touch where :math:`\partial VC(y^*, k)/\partial k = -r`: capital is worth what it costs. The
    derivative is a central difference; the root is bracketed by doubling and bisected.

    Examples
    --------
    >>> found = cost_capacity(lambda y, k: y**2 / k, [1.0, 2.0], [1.0, 1.0], 1.0)  # tangency at y = k
    >>> found["capacity"].round(6).to_list(), found["utilisation"].round(6).to_list()
    ([1.0, 2.0], [1.0, 0.5])
    """
    y = np.atleast_1d(np.asarray(output, dtype=float))
    k, r = (np.broadcast_to(np.asarray(values, dtype=float), y.shape) for values in (capital, rental))
    for name, values in (("capital", k), ("output", y), ("rental", r)):
        if not (values > 0).all():
            at = int(np.argmin(values > 0))
            raise InputError("capacity.not-positive", what=name, unit=at + 1, value=float(values[at]))

    def excess(at: FloatArray) -> FloatArray:
        """Return the shadow value of capital less its cost: rising in output."""
        step = k * _STEP
        slope = (variable_cost(at, k + step) - variable_cost(at, k - step)) / (2 * step)
        return np.asarray(-slope - r, dtype=float)

    low, high = y.copy(), y.copy()
    for _ in range(_STEPS):
        low, high = np.where(excess(low) > 0, low / _GROWTH, low), np.where(excess(high) < 0, high * _GROWTH, high)
    bracketed = (excess(low) <= 0) & (excess(high) >= 0)
    for _ in range(_STEPS):
        middle = np.sqrt(low * high)
        above = excess(middle) > 0
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    best = np.where(bracketed, np.sqrt(low * high), np.nan)
    return pl.DataFrame(
        {
            "unit": np.arange(1, len(y) + 1),
            "output": y,
            "capacity": best,
            "utilisation": y / best,
            "status": np.where(bracketed, "found", "no tangency").tolist(),
        }
    ).with_columns(pl.selectors.float().fill_nan(None))


@dataclass(frozen=True, repr=False, kw_only=True)
class PeakToPeak(Result, verb="peak_to_peak", topic="overcapacity", key=("unit", "year")):
    """Utilisation by the trend through peaks, at most 1; one row a unit and year.

    `section` says whether the trend lies between peaks or is carried on; `findings` name the units with fewer than two.
    """

    findings: tuple[Finding, ...]

    def last(self) -> pl.DataFrame:
        """Return the last year of every unit, the lowest rate first."""
        return self.frame.sort("year").group_by("unit", maintain_order=True).last().sort("utilisation", "unit")

    def answer(self) -> Iterator[Fact]:
        """Yield which unit is lowest in its last year, and how many trends are carried on beyond the last peak."""
        last = self.last()
        low, n, k = last.row(0, named=True), last.height, last.filter(section="after").height
        if low["utilisation"] >= _FULL:
            yield words.overcapacity.headline_all_at_line(k=k, n=n)
            return
        yield words.overcapacity.headline_last(
            n=n, k=k, name=self.names.region(low["unit"]), rate=low["utilisation"], year=low["year"]
        )


def peak_to_peak(
    source: AnyFrame, *, unit: str = "industry", value: str = "output", fixed: str | None = None
) -> PeakToPeak:
    """Measure utilisation against the log-linear trend through the peaks of output (or of output per fixed input).

    Parameters
    ----------
    source
        A frame with `unit`, ``year`` and `value`.
    unit, value
        Names of the columns.
    fixed
        A fixed input, such as the capital stock; the ratio of `value` to it is then followed.

    Raises
    ------
    InputError
        When a value is not positive, a year is missing inside a series, or a unit has fewer than three years.

    Notes
    -----
    Klein and Summers (1966), *The Wharton Index of Capacity Utilization*. Peaks are years above both neighbours; where
    a year lies above the line through them it becomes a peak too, so that no rate exceeds 1. Before the first and after
    the last peak the nearest line is carried on; with one peak the trend is level there and a finding says so. It takes
    every peak for full capacity: after a slump that never ended it calls the new level full.

    Examples
    --------
    >>> rows = pl.DataFrame({"industry": ["a"] * 5, "year": range(2000, 2005), "output": [1.0, 2.0, 1.0, 2.0, 1.0]})
    >>> peak_to_peak(rows).frame["utilisation"].to_list()
    [0.5, 1.0, 0.5, 1.0, 0.5]
    """
    numbers = [value] if fixed is None else [value, fixed]
    fields = [Field(unit, "code"), Field("year", "year"), *(Field(name, sign="positive") for name in numbers)]
    source_table = tidy(source, fields, key=[unit, "year"], verb="peak_to_peak", columns_from_caller=True)
    parts, findings = [], []
    for (name,), rows in source_table.frame.drop_nulls(numbers).group_by(unit, maintain_order=True):
        years = rows["year"].to_numpy()
        if len(years) < _FEWEST or (np.diff(years) != 1).any():
            first, last = int(years[0]), int(years[-1])
            raise InputError("capacity.too-few-years", name=name, n=len(years), least=_FEWEST, first=first, last=last)
        series = rows[value].to_numpy() if fixed is None else (rows[value] / rows[fixed]).to_numpy()
        log = np.log(series)
        trend, peaks = through_peaks(log)
        if peaks.sum() == 1:
            findings.append(finding("capacity.one-peak", words={"year": int(years[peaks][0])}, key=str(name)))
        place, at = np.arange(len(log)), np.flatnonzero(peaks)
        section = np.where(place < at[0], "before", np.where(place > at[-1], "after", "between"))
        parts.append(
            pl.DataFrame(
                {
                    "unit": [str(name)] * len(log),
                    "year": years,
                    "value": np.exp(log),
                    "trend": np.exp(trend),
                    "utilisation": np.exp(log - trend),
                    "peak": peaks,
                    "section": section.tolist(),
                }
            )
        )
    if not parts:
        raise InputError("capacity.no-row", names=numbers)
    return PeakToPeak(
        frame=pl.concat(parts),
        findings=tuple(findings),
        kind=source_table.kind,
        provenance=source_table.provenance(unit=unit, value=value, fixed=fixed),
    )


def through_peaks(series: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Return the trend through the peaks of a series (T,), nowhere below it, and where the peaks are."""
    inner = (series[1:-1] > series[:-2]) & (series[1:-1] >= series[2:])
    peaks = np.concatenate([[False], inner, [False]])
    if not peaks.any():
        peaks[int(np.argmax(series))] = True
    while True:
        trend = _line(np.flatnonzero(peaks), series)
        over = np.where(peaks, 0.0, series - trend)
        highest = int(np.argmax(over))
        if over[highest] <= _ROUNDING:
            return np.maximum(trend, series), peaks
        peaks[highest] = True


def _line(at: IntArray, series: FloatArray) -> FloatArray:
    """Return straight lines through the peaks, the outer ones carried on."""
    place = np.arange(len(series))
    trend = np.interp(place, at, series[at])
    if len(at) > 1:
        first = (series[at[1]] - series[at[0]]) / (at[1] - at[0])
        last = (series[at[-1]] - series[at[-2]]) / (at[-1] - at[-2])
        trend = np.where(place < at[0], series[at[0]] + first * (place - at[0]), trend)
        trend = np.where(place > at[-1], series[at[-1]] + last * (place - at[-1]), trend)
    return np.asarray(trend, dtype=float)

"""The verb `bridge`: from our TFP growth of the nation to that of another source, adding up exactly.

The other sources are China in the Penn World Table, and headline figures of CIP.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.arrays import FloatArray
from xinzhi.core.errors import UsageError
from xinzhi.core.parameters import read_yaml
from xinzhi.core.provenance import provenance
from xinzhi.core.result import Facts, Result
from xinzhi.core.text import Text
from xinzhi.data import Package, as_package, national_series
from xinzhi.protocol import DatedValue
from xinzhi.yardstick.capital import capital
from xinzhi.yardstick.growth_accounts import Inputs, account
from xinzhi.yardstick.inputs import deflator
from xinzhi.yardstick.measure import measure_nation
from xinzhi.yardstick.measurement import Measurement
from xinzhi.yardstick.panel import DEFAULT_PROTOCOL, Ruler, Source, under

VERB = "bridge"
PREFIX = "pwt1001_"


conventions = partial(read_yaml, Path(__file__).with_name("bridge.yaml"))


@dataclass(frozen=True, slots=True)
class Axes:
    """Every input at every level of its axis, each `(1, T)`, ours first; `hours` multiplies employment.

    `theirs` is the growth of TFP that the other source gives, log points a year over the period.
    """

    levels: Mapping[str, list[FloatArray]]
    theirs: float

    def inputs(self, at: Mapping[str, int]) -> Inputs:
        """Return the inputs of one combination of levels."""
        picked = {axis: values[at[axis]] for axis, values in self.levels.items()}
        return Inputs(
            output=picked["output"],
            capital=picked["capital"],
            labour=picked["employment"] * picked["hours"],
            human_capital=picked["human_capital"],
            labour_share=picked["labour_share"],
        )


def axes(package: Package, nation: Measurement, to: str, start: int, end: int) -> Axes:
    """Return our inputs and those of the other source on the years of a measurement of the nation."""
    assert nation.accounts is not None  # noqa: S101 - `measure` always fills it
    ours = nation.accounts.inputs
    levels = {
        "output": [ours.output],
        "capital": [ours.capital],
        "employment": [ours.labour],
        "hours": [np.ones_like(ours.labour)],
        "human_capital": [ours.human_capital],
        "labour_share": [ours.labour_share],
    }
    if conventions()["to"][to]["from"] == "headlines":
        return _headlines(nation, to, levels, start, end)
    return _penn(package, nation, levels, start, end)


def _penn(package: Package, nation: Measurement, levels: dict[str, list[FloatArray]], start: int, end: int) -> Axes:
    """Add the series of China in the Penn World Table."""

    def read(name: str) -> FloatArray:
        values_by_year = dict(
            national_series(package, f"{PREFIX}{name}", verb=VERB).select("year", "value").iter_rows()
        )
        absent = [year for year in range(start, end + 1) if year not in values_by_year]
        if absent:
            raise UsageError("yardstick.bridge-years", first=min(values_by_year), last=max(values_by_year))
        return np.array([[values_by_year.get(year, np.nan) for year in nation.panel.years.tolist()]])

    levels["output"].append(read("rgdpna"))
    assert nation.accounts is not None  # noqa: S101 - `measure` always fills it
    years, rates = nation.panel.years.tolist(), read("delta")[0].tolist()
    dated = DatedValue.from_mapping({year: rate for year, rate in zip(years, rates, strict=True) if np.isfinite(rate)})
    rules, output = nation.protocol.replace({"capital.depreciation": dated}), nation.accounts.inputs.output
    # our stock with their yearly rates of depreciation, all else as the protocol has it
    worn = capital(nation.panel, rules, output, deflator(nation.panel)).values
    levels["capital"] += [worn, read("rnna"), read("rkna")]
    levels["employment"].append(read("emp"))
    levels["hours"].append(read("avh"))
    levels["human_capital"].append(read("hc"))
    levels["labour_share"].append(read("labsh"))
    tfp = read("rtfpna")[0]
    first, last = (int(year - nation.panel.years[0]) for year in (start, end))
    return Axes(levels, float(np.log(tfp[last] / tfp[first]) / (end - start)))


def _headlines(nation: Measurement, to: str, levels: dict[str, list[FloatArray]], start: int, end: int) -> Axes:
    """Add paths that grow at the headline rates of a source in the period; they say nothing about single years."""
    headlines = conventions()["to"][to]["headlines"]
    if f"{start}-{end}" not in headlines:
        raise UsageError("yardstick.bridge-period", to=to, known=list(headlines))
    points = {name: value / 100 for name, value in headlines[f"{start}-{end}"].items()}
    share = points["labour_share"]
    passed = nation.panel.years.astype(np.float64)[None] - start

    def path(*rates: float) -> FloatArray:
        return np.exp(sum(rates) * passed)

    stock, services = points["stock"] / (1 - share), points["services"] / (1 - share)
    levels["output"].append(path(points["output"]))
    levels["capital"] += [path(stock), path(stock, services)]
    levels["employment"].append(path(points["hours"] / share))
    levels["human_capital"].append(path(points["labour_quality"] / share))
    levels["labour_share"].append(np.full_like(passed, share))
    return Axes(levels, points["tfp"])


def within(source_axes: Axes, nation: Measurement, start: int, end: int) -> Axes:
    """Return the axes of the years of the period alone."""
    first, last = (int(year - nation.panel.years[0]) for year in (start, end))
    levels = {
        axis: [level_path[:, first : last + 1] for level_path in several]
        for axis, several in source_axes.levels.items()
    }
    return Axes(levels, source_axes.theirs)


REMAINS = "remains"
SHOWN = 4  # decimals of growth in the sentence: a hundredth of a point
Step = Mapping[str, Any]


@dataclass(frozen=True, repr=False, kw_only=True)
class Bridge(Result, verb=VERB, topic="yardstick", key=("step",)):
    """The walk from our TFP growth of the nation to that of another source, in log points a year.

    `frame` has a row per step: `kind` says whether a rule changes (``choice``) or a series (``data``); `ordered` is
    what the step adds in the declared order, `after` where that leaves us, `mean` what it adds on average over all
    orders (Shapley value; steps that replace one another keep theirs), `low` and `high` the range over the orders. The
    last row, ``remains``, is what no step explains. `ordered` and `mean` both add up to `theirs` less `ours`.
    """

    to: str
    start: int
    end: int
    ours: float
    theirs: float
    source: Text

    def facts(self) -> Facts:
        """Return both figures, what choices and what data make of the difference, and the largest steps."""
        steps = self.frame.filter(pl.col("step") != REMAINS)
        parts = {kind: steps.filter(kind=kind)["mean"].sum() for kind in ("choice", "data")}
        rest = self.frame.filter(step=REMAINS)["mean"].item()
        largest = steps.sort(pl.col("mean").abs(), descending=True).row(0, named=True)
        # What is printed alike is no range.
        range_ = "any_order" if round(largest["low"], SHOWN) == round(largest["high"], SHOWN) else "orders"
        title = Text(**conventions()["to"][self.to]["title"])
        span = {"start": self.start, "end": self.end, "to": title}
        return {
            "bridge.head": {**span, "ours": self.ours, "theirs": self.theirs},
            "bridge.parts": {**parts, "rest": rest},
            "bridge.largest": largest | {"orders": words.yardstick.bridge_of(range_, **largest)},
        }


def bridge(
    package: Source = "china-provinces",
    protocol: Ruler = DEFAULT_PROTOCOL,
    *,
    to: str = "pwt-10.01",
    period: Sequence[int] | None = None,
) -> Bridge:
    """Walk from our TFP growth of the nation to that of another source, choice by choice.

    Parameters
    ----------
    package, protocol
        As in `measure_nation`; for the Penn World Table the table `nation` has its rows ``pwt1001_*``.
    to
        ``pwt-10.01`` (Penn World Table) or ``cip-4.0`` (China Industrial Productivity database).
    period
        First and last year: growth of the years after the first up to the last; 2012 and 2017 where None. CIP has the
        periods of its headlines.

    Notes
    -----
    Every step changes one input and measures again under the protocol, so that the steps add up whatever the order;
    the mean over orders is the Shapley value (Shorrocks 2013), with steps that replace one another in their order.

    Examples
    --------
    >>> walk = bridge(to="pwt-10.01", period=(2012, 2017))
    >>> abs(walk.frame["ordered"].sum() - (walk.theirs - walk.ours)) < 1e-12
    True
    """
    sources = conventions()["to"]
    if to not in sources:
        raise UsageError("yardstick.bridge-to", to=to, known=list(sources))
    data = as_package(package)
    nation = measure_nation(data, protocol)
    measured_years = set(nation.frame["year"].to_list())
    ends = [int(year) for year in (conventions()["period"]["value"] if period is None else period)]
    if len(ends) != 2 or ends[0] >= ends[1] or not set(range(ends[0] + 1, ends[1] + 1)) <= measured_years:  # noqa: PLR2004 - two ends
        raise UsageError("yardstick.bridge-years", first=min(measured_years) - 1, last=max(measured_years))
    start, end = ends
    source_axes = axes(data, nation, to, start, end)
    steps: list[Step] = sources[to]["steps"]
    values = _values(within(source_axes, nation, start, end), nation, steps)
    frame = _frame(values, steps, source_axes.theirs)
    return Bridge(
        frame=frame,
        to=to,
        start=start,
        end=end,
        ours=values[_ours(steps)],
        theirs=source_axes.theirs,
        source=Text(**sources[to]["reference"]),
        kind=data.kind,
        names=nation.names,
        provenance=under(nation.protocol, provenance(VERB, data, ["nation"], to=to, start=start, end=end)),
    )


State = tuple[int, ...]


def _names(steps: Sequence[Step]) -> list[str]:
    """Return the axes of the steps, each once."""
    return list(dict.fromkeys(step["axis"] for step in steps))


def _ours(steps: Sequence[Step]) -> State:
    """Return the state in which nothing is changed yet."""
    return (0,) * len(_names(steps))


def _values(source_axes: Axes, nation: Measurement, steps: Sequence[Step]) -> dict[State, float]:
    """Return TFP growth of the period in every state: the levels of all axes."""
    names = _names(steps)
    still = dict.fromkeys(source_axes.levels, 0)
    values = {}
    for state in product(*(range(len(source_axes.levels[name])) for name in names)):
        inputs = source_axes.inputs(still | dict(zip(names, state, strict=True)))
        values[state] = float(account(inputs, nation.protocol).tfp_growth[0, 1:].mean())
    return values


def _orders(steps: Sequence[Step], remaining: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Yield every order of the steps in which those of one axis keep theirs."""
    if not remaining:
        yield ()
        return
    begun: set[str] = set()
    for at in remaining:
        axis = steps[at]["axis"]
        if axis not in begun:
            begun.add(axis)
            for rest in _orders(steps, tuple(index for index in remaining if index != at)):
                yield (at, *rest)


def _walk(values: Mapping[State, float], steps: Sequence[Step], order: Sequence[int]) -> dict[int, float]:
    """Return what every step adds in one order."""
    names, state = _names(steps), list(_ours(steps))
    gains = {}
    for at in order:
        before = values[tuple(state)]
        state[names.index(steps[at]["axis"])] = steps[at]["level"]
        gains[at] = values[tuple(state)] - before
    return gains


def _frame(values: Mapping[State, float], steps: Sequence[Step], theirs: float) -> pl.DataFrame:
    """Return the steps, and what remains."""
    declared = tuple(range(len(steps)))
    walks = [_walk(values, steps, order) for order in _orders(steps, declared)]
    contributions = np.array([[walk[at] for at in declared] for walk in walks])
    ordered, mean = contributions[0], contributions.mean(axis=0)  # the declared order is the first
    reached = tuple(max(step["level"] for step in steps if step["axis"] == name) for name in _names(steps))
    ours, rest = values[_ours(steps)], theirs - values[reached]
    return pl.DataFrame(
        {
            "step": [step["name"] for step in steps] + [REMAINS],
            "kind": [step["kind"] for step in steps] + ["data"],
            "ordered": [*ordered, rest],
            "after": [*(ours + np.cumsum(ordered)), theirs],
            "mean": [*mean, rest],
            "low": [*contributions.min(axis=0), rest],
            "high": [*contributions.max(axis=0), rest],
        }
    )

"""The series of other sources on the years of our panel: China in the Penn World Table, and headline figures of CIP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from xinzhi.core.arrays import FloatArray
from xinzhi.core.errors import UsageError
from xinzhi.core.parameters import read_yaml
from xinzhi.data import Package, national_series
from xinzhi.protocol import Dated
from xinzhi.yardstick.capital import capital
from xinzhi.yardstick.growth_accounts import Inputs
from xinzhi.yardstick.inputs import deflator
from xinzhi.yardstick.measurement import Measurement

VERB = "bridge"
PREFIX = "pwt1001_"


@cache
def conventions() -> dict[str, Any]:
    """Return ``bridge.yaml``."""
    content: dict[str, Any] = read_yaml(Path(__file__).with_name("bridge.yaml"))
    return content


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
        known = dict(national_series(package, f"{PREFIX}{name}", verb=VERB).select("year", "value").iter_rows())
        absent = [year for year in range(start, end + 1) if year not in known]
        if absent:
            raise UsageError("yardstick.bridge-years", first=min(known), last=max(known))
        return np.array([[known.get(year, np.nan) for year in nation.panel.years.tolist()]])

    levels["output"].append(read("rgdpna"))
    levels["capital"] += [_worn(nation, read("delta")), read("rnna"), read("rkna")]
    levels["employment"].append(read("emp"))
    levels["hours"].append(read("avh"))
    levels["human_capital"].append(read("hc"))
    levels["labour_share"].append(read("labsh"))
    tfp = read("rtfpna")[0]
    first, last = (int(year - nation.panel.years[0]) for year in (start, end))
    return Axes(levels, float(np.log(tfp[last] / tfp[first]) / (end - start)))


def _worn(nation: Measurement, rate: FloatArray) -> FloatArray:
    """Return our stock with other yearly rates of depreciation, all else as the protocol has it."""
    years = [(year, float(one)) for year, one in zip(nation.panel.years.tolist(), rate[0], strict=True)]
    dated = Dated.of({year: one for year, one in years if np.isfinite(one)})
    rules = nation.protocol.replace({"capital.depreciation": dated})
    assert nation.accounts is not None  # noqa: S101 - `measure` always fills it
    return capital(nation.panel, rules, nation.accounts.inputs.output, deflator(nation.panel)).values


def _headlines(nation: Measurement, to: str, levels: dict[str, list[FloatArray]], start: int, end: int) -> Axes:
    """Add paths that grow at the headline rates of a source in the period; they say nothing about single years."""
    known = conventions()["to"][to]["headlines"]
    if f"{start}-{end}" not in known:
        raise UsageError("yardstick.bridge-period", to=to, known=list(known))
    points = {name: value / 100 for name, value in known[f"{start}-{end}"].items()}
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


def within(found: Axes, nation: Measurement, start: int, end: int) -> Axes:
    """Return the axes of the years of the period alone."""
    first, last = (int(year - nation.panel.years[0]) for year in (start, end))
    levels = {axis: [one[:, first : last + 1] for one in several] for axis, several in found.levels.items()}
    return Axes(levels, found.theirs)

"""Investment brought to the accounts that output belongs to: revised with the region's output, and to the nation."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from xinzhi.core.arrays import BoolArray, FloatArray
from xinzhi.core.errors import InputError
from xinzhi.core.gaps import hold
from xinzhi.protocol import Protocol
from xinzhi.yardstick.estimating import OFF, choice, estimated_cells, of_declared_set, rule_of
from xinzhi.yardstick.panel import Marks, Panel

NONE, NATIONAL = "none", "national"
MARK = "benchmark"


@dataclass(frozen=True, slots=True)
class Benchmark:
    """The factor `(R, T)` of every region's investment, and the marks that it leaves."""

    factor: FloatArray
    marks: Marks


def kind(protocol: Protocol) -> str:
    """Return what investment is brought to; ``none`` where the protocol leaves it out."""
    return choice(protocol, "capital.benchmark", NONE)


def benchmarked(panel: Panel, protocol: Protocol) -> tuple[Panel, Protocol]:
    """Return the panel with its investment as the benchmark makes it, and the protocol that has nothing left to do."""
    if kind(protocol) == NONE or "investment_nominal" not in panel.investment:
        return panel, protocol
    nominal = panel.investment["investment_nominal"] * benchmark(panel, protocol).factor
    moved = replace(panel, investment={**panel.investment, "investment_nominal": nominal})
    return moved, protocol.replace({"capital.benchmark": NONE})


def benchmark(panel: Panel, protocol: Protocol) -> Benchmark:
    """Return by how much the investment of every region-year is moved.

    The first step takes revised over expenditure GDP of the vintage that the investment was published with; the second
    one factor a year for all regions. Outside the years in which both are known the nearest year is carried, flagged;
    a region without expenditure GDP is left as it is, flagged as missing.
    """
    chosen, shape = kind(protocol), panel.shape
    if chosen == NONE:
        return Benchmark(np.ones(shape), {})
    revised, known = revised_ratio(panel)
    absent = ~known.any(axis=1, keepdims=True) & invested(panel).any(axis=1, keepdims=True)
    marks = {f"carried:{MARK}": ~known & ~absent, f"missing:{MARK}": np.broadcast_to(absent, shape)}
    if chosen != NATIONAL:
        return Benchmark(revised, _in_use(panel, protocol, marks))
    national = national_factor(panel, protocol, revised)
    if national is None:
        return Benchmark(
            revised, _in_use(panel, protocol, {**marks, f"missing:{MARK}": np.ones(shape, dtype=np.bool_)})
        )
    factor = np.where(absent, 1.0, revised * hold(national))
    carried = marks[f"carried:{MARK}"] | (~np.isfinite(national) & ~absent)
    return Benchmark(factor, _in_use(panel, protocol, {**marks, f"carried:{MARK}": carried}))


def _in_use(panel: Panel, protocol: Protocol, marks: Marks) -> Marks:
    """Keep the marks where there is investment that no estimate of the protocol's own replaces."""
    here = invested(panel) if rule_of(protocol) == OFF else invested(panel) & ~estimated_cells(panel)
    return {name: mask & here for name, mask in marks.items()}


def invested(panel: Panel) -> BoolArray:
    """Return the region-years `(R, T)` that have investment."""
    nominal = panel.investment.get("investment_nominal")
    return np.zeros(panel.shape, dtype=np.bool_) if nominal is None else np.asarray(np.isfinite(nominal).any(axis=0))


def revised_ratio(panel: Panel) -> tuple[FloatArray, BoolArray]:
    """Return revised output over expenditure GDP `(R, T)`, carried outside the years in which both are known."""
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = panel.account("output_nominal") / panel.account("expenditure_gdp")
    known = np.isfinite(ratio) & (ratio > 0)
    held = hold(np.where(known, ratio, np.nan))
    return np.where(np.isfinite(held), held, 1.0), known


def national_factor(panel: Panel, protocol: Protocol, revised: FloatArray) -> FloatArray | None:
    """Return the factor of every year `(T,)`, NaN where it is not known; None for regions of another nation.

    In years that the rules of the group `estimates` make, the factor of the last official year goes on: the control
    total of these rules already has the growth of the nation, which must not count twice.
    """
    declared = of_declared_set(panel, protocol)
    if declared and protocol.declares("capital.national_ratio"):
        factor = np.array(protocol.series("capital.national_ratio", panel.years))
    elif "gfcf_nominal" in panel.nation:
        factor = live_national_factor(panel, protocol, revised)
    elif declared or not protocol.regions:
        raise InputError("yardstick.no-national-investment", id=protocol.label)
    else:
        return None
    if rule_of(protocol) != OFF:
        factor = np.where(estimated_cells(panel).any(axis=0), np.nan, factor)
    if not np.isfinite(factor).any():
        raise InputError("yardstick.no-national-investment", id=protocol.label)
    return factor


def live_national_factor(panel: Panel, protocol: Protocol, revised: FloatArray) -> FloatArray:
    """Return national investment over the sum of the regions, in the years in which every one of them invests."""
    absent = sorted(set(protocol.regions) - set(panel.regions)) if of_declared_set(panel, protocol) else []
    if absent:
        raise InputError("yardstick.benchmark-of-a-part", n=len(panel.regions), absent=absent)
    here = invested(panel)
    rows = here.any(axis=1)
    total = np.where(here, np.nansum(panel.investment["investment_nominal"], axis=0) * revised, 0.0).sum(axis=0)
    known = panel.nation["gfcf_nominal"]
    nation = np.array([known.get(year, np.nan) for year in panel.years.tolist()])
    whole = here[rows].all(axis=0) & (total > 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(whole, nation / total, np.nan)

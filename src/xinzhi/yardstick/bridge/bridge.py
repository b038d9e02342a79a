"""The verb `bridge`: from our TFP growth of the nation to that of another source, adding up exactly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from xinzhi.core.errors import UsageError
from xinzhi.core.result import Facts, Provenance, Result
from xinzhi.core.text import Text, words
from xinzhi.data import Package, as_package
from xinzhi.protocol import Protocol
from xinzhi.yardstick.bridge.theirs import VERB, Axes, axes, conventions, within
from xinzhi.yardstick.growth_accounts import account
from xinzhi.yardstick.measurement import Measurement
from xinzhi.yardstick.nation import measure_nation
from xinzhi.yardstick.panel import DEFAULT_PROTOCOL

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
            "bridge.largest": largest | {"orders": words(f"yardstick.bridge.{range_}", **largest)},
        }


def bridge(
    package: Package | str | Path | Mapping[str, object] = "china-provinces",
    protocol: Protocol | str | Path = DEFAULT_PROTOCOL,
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

    Raises
    ------
    UsageError
        When there is no such source, or it or our accounts do not have the period.
    InputError
        As in `measure_nation`.

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
    from xinzhi import __version__

    known = conventions()["to"]
    if to not in known:
        raise UsageError("yardstick.bridge-to", to=to, known=list(known))
    data = as_package(package)
    nation = measure_nation(data, protocol)
    start, end = _period(nation, conventions()["period"]["value"] if period is None else period)
    found = axes(data, nation, to, start, end)
    steps: list[Step] = known[to]["steps"]
    values = _values(within(found, nation, start, end), nation, steps)
    frame = _frame(values, steps, found.theirs)
    return Bridge(
        frame=frame,
        to=to,
        start=start,
        end=end,
        ours=values[_ours(steps)],
        theirs=found.theirs,
        source=Text(**known[to]["reference"]),
        kind=data.kind,
        names=nation.names,
        provenance=Provenance(
            verb=VERB,
            version=__version__,
            protocol=nation.protocol.label,
            protocol_fingerprint=nation.protocol.fingerprint,
            standing=nation.protocol.standing,
            package=data.name,
            inputs={"nation": data.fingerprint("nation")},
            options={"to": to, "start": start, "end": end},
        ),
    )


def _period(nation: Measurement, period: Sequence[int]) -> tuple[int, int]:
    """Return first and last year of a period that our accounts have."""
    here = set(nation.frame["year"].to_list())
    first, last = min(here) - 1, max(here)
    ends = [int(year) for year in period]
    if len(ends) != 2 or ends[0] >= ends[1] or not set(range(ends[0] + 1, ends[1] + 1)) <= here:  # noqa: PLR2004 - two ends
        raise UsageError("yardstick.bridge-years", first=first, last=last)
    return ends[0], ends[1]


State = tuple[int, ...]


def _names(steps: Sequence[Step]) -> list[str]:
    """Return the axes of the steps, each once."""
    return list(dict.fromkeys(step["axis"] for step in steps))


def _ours(steps: Sequence[Step]) -> State:
    """Return the state in which nothing is changed yet."""
    return (0,) * len(_names(steps))


def _values(found: Axes, nation: Measurement, steps: Sequence[Step]) -> dict[State, float]:
    """Return TFP growth of the period in every state: the levels of all axes."""
    names = _names(steps)
    still = dict.fromkeys(found.levels, 0)
    values = {}
    for state in product(*(range(len(found.levels[name])) for name in names)):
        inputs = found.inputs(still | dict(zip(names, state, strict=True)))
        values[state] = float(account(inputs, nation.protocol).tfp_growth[0, 1:].mean())
    return values


def _orders(steps: Sequence[Step], left: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Yield every order of the steps in which those of one axis keep theirs."""
    if not left:
        yield ()
        return
    begun: set[str] = set()
    for at in left:
        axis = steps[at]["axis"]
        if axis not in begun:
            begun.add(axis)
            for rest in _orders(steps, tuple(one for one in left if one != at)):
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
    every = np.array([[walk[at] for at in declared] for walk in walks])
    ordered, mean = every[0], every.mean(axis=0)  # the declared order is the first
    reached = tuple(max(step["level"] for step in steps if step["axis"] == name) for name in _names(steps))
    ours, rest = values[_ours(steps)], theirs - values[reached]
    return pl.DataFrame(
        {
            "step": [step["name"] for step in steps] + [REMAINS],
            "kind": [step["kind"] for step in steps] + ["data"],
            "ordered": [*ordered, rest],
            "after": [*(ours + np.cumsum(ordered)), theirs],
            "mean": [*mean, rest],
            "low": [*every.min(axis=0), rest],
            "high": [*every.max(axis=0), rest],
        }
    )

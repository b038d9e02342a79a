"""Growth accounts: output growth split into capital, labour, human capital and what is left, TFP; levels of TFP."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from xinzhi.core.arrays import BoolArray, FloatArray, IntArray, log_growth
from xinzhi.core.errors import IdentityError
from xinzhi.core.index_numbers import log_index, multilateral_levels, weights
from xinzhi.protocol import Protocol
from xinzhi.yardstick.capital import capital
from xinzhi.yardstick.inputs import (
    Intermediate,
    deflator,
    intermediate,
    labour,
    labour_share,
    output,
    quality,
    with_protocol_output,
)
from xinzhi.yardstick.panel import Marks, Panel, either

# Rounding of float64 over a few additions, not a convention: an identity holds to it or is broken.
IDENTITY_TOLERANCE = 1e-12


@dataclass(frozen=True, slots=True)
class Inputs:
    """The levels that enter the accounts, each `(R, T)`: NaN where a figure is missing.

    `intermediate` are those of gross output, if that is the output, and None otherwise.
    """

    output: FloatArray
    capital: FloatArray
    labour: FloatArray
    human_capital: FloatArray
    labour_share: FloatArray
    intermediate: Intermediate | None = None

    def levels(self) -> dict[str, FloatArray]:
        """Return the levels by name, without the intermediate inputs."""
        return {name: getattr(self, name) for name in LEVELS}

    def complete(self) -> BoolArray:
        """Return the region-years in which every input is known (see `positive`)."""
        complete: BoolArray = np.logical_and.reduce([np.isfinite(values) for values in self.levels().values()])
        if self.intermediate is not None:
            complete &= np.isfinite(self.intermediate.share.sum(axis=0))
        return complete

    def positive(self) -> Inputs:
        """Return the inputs without stocks and flows that are zero or negative: these have no growth and no level."""

        def positive_values(values: FloatArray) -> FloatArray:
            return np.where(values > 0, values, np.nan)

        levels: dict[str, Any] = {
            name: positive_values(getattr(self, name)) for name in LEVELS if name != "labour_share"
        }
        return replace(self, **levels)

    def aggregate(self, member: BoolArray) -> Inputs:
        """Sum regions by aggregate `(G, R)` to `(G, T)`, means by weight; NaN while a member is incomplete."""
        complete = self.complete()

        # Not by a product of matrices: for a sum of few groups its threads cost more than they compute.
        def total(values: FloatArray) -> FloatArray:
            sums = [np.where(complete[rows].all(axis=0), values[rows].sum(axis=0), np.nan) for rows in member]
            return np.array(sums).reshape(len(member), complete.shape[1])

        output, labour = total(self.output), total(self.labour)
        return Inputs(
            output=output,
            capital=total(self.capital),
            labour=labour,
            human_capital=total(self.human_capital * self.labour) / labour,
            labour_share=total(self.labour_share * self.output) / output,
        )


LEVELS = tuple(field.name for field in fields(Inputs) if field.name != "intermediate")


@dataclass(frozen=True, slots=True)
class Growth:
    """Growth accounts, each `(R, T)` in log points per year: NaN in years without a complete year before.

    The intermediate inputs of gross output have one growth and one contribution together; None of value added.
    """

    output_growth: FloatArray
    capital_growth: FloatArray
    labour_growth: FloatArray
    human_capital_growth: FloatArray
    labour_share: FloatArray
    capital_contribution: FloatArray
    labour_contribution: FloatArray
    human_capital_contribution: FloatArray
    tfp_growth: FloatArray
    identity_gap: float
    intermediate_growth: FloatArray | None = None
    intermediate_contribution: FloatArray | None = None
    intermediate_share: FloatArray | None = None


@dataclass(frozen=True, slots=True)
class GrowthAccounts:
    """The inputs of the regions `(R, T)` under a protocol and the growth accounts that they make."""

    inputs: Inputs
    growth: Growth


def build_inputs(panel: Panel, protocol: Protocol) -> tuple[Inputs, Marks]:
    """Return the inputs of the growth accounts and the marks of their figures, each `(R, T)`."""
    panel = with_protocol_output(panel, protocol)
    output_series = output(panel, protocol)
    machines = capital(panel, protocol, output_series.values, deflator(panel))
    people = labour(panel, protocol)
    skill = quality(panel, protocol)
    share = labour_share(panel, protocol)
    marks: Marks = {}
    for series in (output_series, machines, people, skill, share):
        marks = either(marks, series.marks)
    bought = intermediate(panel, protocol)
    return Inputs(
        output_series.values, machines.values, people.values, skill.values, share.values, bought
    ).positive(), marks


def account(inputs: Inputs, protocol: Protocol) -> Growth:
    """Split output growth into contributions (Solow 1957; Jorgenson and Griliches 1967).

    TFP is output growth less the growth of the index of inputs; the contributions come from the weights of that index,
    by the formula and the averaging of shares that the protocol names. Where the two ways differ by 1e-12 or more it is
    an `IdentityError`.
    """
    complete = inputs.complete()

    def growth(level: FloatArray) -> FloatArray:
        return log_growth(np.where(complete, level, np.nan))

    capital, persons, quality = growth(inputs.capital), growth(inputs.labour), growth(inputs.human_capital)
    output = growth(inputs.output)
    change = np.stack([capital, persons + quality])
    share = np.stack([1.0 - inputs.labour_share, inputs.labour_share])
    if inputs.intermediate is not None:
        bought = np.where(complete, inputs.intermediate.share, np.nan)
        share = np.concatenate([share, bought])
        share[0] -= bought.sum(axis=0)
        change = np.concatenate([change, inputs.intermediate.growth()])
    formula = protocol.value("index.formula")
    if protocol.choice("shares.averaging") == "current" and formula == "tornqvist":
        weight = np.where(np.isfinite(change), share, np.nan)
        joint = (weight * change).sum(axis=0)
    else:
        weight = weights(change, share, formula=formula)
        joint = log_index(change, share, formula=formula)
    tfp = output - joint
    parts = (weight[0] * capital, weight[1] * persons, weight[1] * quality)
    bought_share, bought = weight[2:].sum(axis=0), (weight[2:] * change[2:]).sum(axis=0)
    gap = np.abs(output - parts[0] - parts[1] - parts[2] - bought - tfp)
    worst = float(np.nanmax(gap)) if np.isfinite(gap).any() else 0.0
    if worst >= IDENTITY_TOLERANCE:
        raise IdentityError("yardstick.identity", worst=worst)
    growth_accounts = Growth(
        output_growth=output,
        capital_growth=capital,
        labour_growth=persons,
        human_capital_growth=quality,
        labour_share=weight[1],
        capital_contribution=parts[0],
        labour_contribution=parts[1],
        human_capital_contribution=parts[2],
        tfp_growth=tfp,
        identity_gap=worst,
    )
    if inputs.intermediate is None:
        return growth_accounts
    with np.errstate(divide="ignore", invalid="ignore"):
        of_each = bought / bought_share
    return replace(
        growth_accounts, intermediate_growth=of_each, intermediate_contribution=bought, intermediate_share=bought_share
    )


def with_sum(inputs: Inputs, protocol: Protocol, rows: IntArray | slice = slice(None)) -> FloatArray:
    """Return growth of TFP `(R + 1, T)`, the sum of some of the regions, or of all, last."""
    member = np.zeros((1, len(inputs.output)), dtype=np.bool_)
    member[0, rows] = True
    return np.concatenate([account(part, protocol).tfp_growth for part in (inputs, inputs.aggregate(member))])


@dataclass(frozen=True, slots=True)
class Levels:
    """Levels `(R, T)` relative to the mean of the regions (geometric mean = 1), and to the leader of the year."""

    output_per_worker: FloatArray
    capital_per_worker: FloatArray
    tfp: FloatArray
    to_leader: FloatArray
    leader: IntArray


def levels(inputs: Inputs) -> Levels:
    """Compare regions within a year (Caves, Christensen and Diewert 1982)."""
    # Every region is compared with the mean of all regions complete in that year, so the comparison is transitive and
    # does not depend on which region is taken as the base.
    complete = inputs.complete()

    def masked(values: FloatArray) -> FloatArray:
        return np.where(complete, values, np.nan)

    output, capital, labour = masked(inputs.output), masked(inputs.capital), masked(inputs.labour)
    share = masked(inputs.labour_share)
    tfp = multilateral_levels(
        output, np.stack([capital, labour * inputs.human_capital]), np.stack([1.0 - share, share])
    )
    best = np.where(np.isfinite(tfp), tfp, -np.inf)
    leader = best.argmax(axis=0)
    return Levels(
        output_per_worker=_to_mean(np.log(output / labour)),
        capital_per_worker=_to_mean(np.log(capital / labour)),
        tfp=np.exp(tfp),
        to_leader=np.exp(tfp - np.where(complete.any(axis=0), best.max(axis=0), np.nan)),
        leader=leader,
    )


def _to_mean(logs: FloatArray) -> FloatArray:
    """Return levels relative to the geometric mean of the regions that are known in the year."""
    finite = np.isfinite(logs)
    mean = np.where(finite, logs, 0.0).sum(axis=0) / np.maximum(finite.sum(axis=0), 1)
    return np.asarray(np.exp(logs - mean))

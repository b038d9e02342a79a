"""Detail: what the decomposition knows of the industries of every region, as arrays."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinzhi.core.arrays import BoolArray, FloatArray
    from xinzhi.core.finding import Finding
    from xinzhi.protocol import Protocol
    from xinzhi.yardstick.accounts import Growth, Inputs
    from xinzhi.yardstick.panel import Panel
    from xinzhi.yardstick.series import Marks

Level = Literal["industry", "sector", "total"]


@dataclass(frozen=True, slots=True)
class Official:
    """The official side: inputs and growth of the regions `(R, T)` under the protocol, and the base of its prices."""

    panel: Panel
    rules: Protocol
    inputs: Inputs
    growth: Growth
    base: int | None

    @property
    def capital_weight(self) -> FloatArray:
        """Weight of capital in the index of inputs `(R, T)`."""
        return 1.0 - self.growth.labour_share


@dataclass(frozen=True, slots=True)
class Gross:
    """Gross output and intermediate inputs `(I, R, T)`: real, and the share of intermediates in gross output."""

    output: FloatArray
    intermediate: FloatArray
    share: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """The industries of every region, each array `(I, R, T)` with NaN where a figure is missing.

    Parameters
    ----------
    level
        ``industry``, ``sector`` (three of them) or ``total`` (none).
    names
        Codes of the industries.
    nominal, output, capital, labour, human_capital
        Value added at current and constant prices, and the inputs.
    labour_share
        Their own labour shares; None where the assumption has to say.
    exists
        `(I, R)`: an industry that a region has never had weighs nothing there.
    comparable
        Whether levels can be compared between regions: quantities can, indices cannot.
    gross
        Gross output and intermediates, where they are given.
    marks, findings, gaps
        What is not plain official; what is wrong with the figures; the largest gap to the totals `(R, T)` by series.
    """

    level: Level
    names: tuple[str, ...]
    nominal: FloatArray
    output: FloatArray
    capital: FloatArray
    labour: FloatArray
    human_capital: FloatArray
    labour_share: FloatArray | None
    exists: BoolArray
    comparable: bool
    gross: Gross | None = None
    marks: Marks = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    gaps: Mapping[str, FloatArray] = field(default_factory=dict)

    def complete(self) -> BoolArray:
        """Return the cells `(I, R, T)` in which every figure is known and positive."""
        arrays = [self.nominal, self.output, self.capital, self.labour, self.human_capital]
        if self.labour_share is not None:
            arrays.append(self.labour_share)
        whole: BoolArray = np.logical_and.reduce([np.isfinite(values) & (values > 0) for values in arrays])
        return whole


def of_totals(official: Official) -> Detail:
    """Return the whole region as its only industry."""
    inputs = official.inputs
    return Detail(
        level="total",
        names=("total",),
        nominal=inputs.output[None],
        output=inputs.output[None],
        capital=inputs.capital[None],
        labour=inputs.labour[None],
        human_capital=inputs.human_capital[None],
        labour_share=None,
        exists=np.ones((1, len(official.panel.regions)), dtype=np.bool_),
        comparable=quantities(official.rules),
    )


def quantities(rules: Protocol) -> bool:
    """Return whether inputs are quantities that add up and compare; an index of services does neither."""
    return "given_services" not in {rules.value("capital.measure"), rules.value("labour.unit")}


def growth(levels: FloatArray) -> FloatArray:
    """Return the log change over the year before; the first year is NaN, and so is a change from or to nothing."""
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(np.where(levels > 0, levels, np.nan))
    return np.diff(logs, axis=-1, prepend=np.nan)


def anchored(change: FloatArray, level: FloatArray, at: int) -> FloatArray:
    """Return the levels that begin with `level` in year position `at` and move by `change` in both directions.

    Parameters
    ----------
    change
        Log growth over the year before `(..., T)`.
    level
        Level in year `at` `(...)`.

    Examples
    --------
    >>> anchored(np.log([np.nan, 2.0, 3.0]), np.array(10.0), 1).round(9).tolist()
    [5.0, 10.0, 30.0]
    """
    path = np.zeros_like(change)
    path[..., at + 1 :] = np.cumsum(change[..., at + 1 :], axis=-1)
    back = np.cumsum(change[..., 1 : at + 1][..., ::-1], axis=-1)[..., ::-1]
    path[..., :at] = -back
    levels: FloatArray = np.asarray(level)[..., None] * np.exp(path)
    return levels


def scale_to(parts: FloatArray, total: FloatArray, exists: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Scale industries `(I, R, T)` to the region's total `(R, T)`; also return their log gap to it."""
    known = np.where(exists[..., None], parts, 0.0).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(known > 0, total / known, np.nan)
        return parts * ratio, -np.log(ratio)

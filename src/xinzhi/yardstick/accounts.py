"""Growth accounts: output growth split into capital, labour, human capital and what is left, TFP."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from xinzhi.core.errors import IdentityError
from xinzhi.core.index_numbers import log_index, weights

if TYPE_CHECKING:
    from xinzhi.core.arrays import BoolArray, FloatArray
    from xinzhi.protocol import Protocol

# Rounding of float64 over a few additions, not a convention: an identity holds to it or is broken.
IDENTITY_TOLERANCE = 1e-12


@dataclass(frozen=True, slots=True)
class Inputs:
    """The levels that enter the accounts, each `(R, T)`: NaN where a figure is missing."""

    output: FloatArray
    capital: FloatArray
    labour: FloatArray
    human_capital: FloatArray
    labour_share: FloatArray

    def complete(self) -> BoolArray:
        """Return the region-years in which every input is known (see `positive`)."""
        known = [np.isfinite(getattr(self, item.name)) for item in fields(self)]
        whole: BoolArray = np.logical_and.reduce(known)
        return whole

    def positive(self) -> Inputs:
        """Return the inputs without stocks and flows that are zero or negative: these have no growth and no level."""

        def known(values: FloatArray) -> FloatArray:
            return np.where(values > 0, values, np.nan)

        return Inputs(
            output=known(self.output),
            capital=known(self.capital),
            labour=known(self.labour),
            human_capital=known(self.human_capital),
            labour_share=self.labour_share,
        )

    def aggregate(self, member: BoolArray) -> Inputs:
        """Sum regions: quantities add up, human capital is weighted by labour, the share by output.

        Parameters
        ----------
        member
            `(G, R)`: which regions each aggregate sums.

        Returns
        -------
        Inputs
            `(G, T)`, NaN in years in which a member is incomplete.
        """
        whole = self.complete().astype(np.float64)
        missing = member.astype(np.float64) @ (1.0 - whole) > 0
        group = member.astype(np.float64)

        def total(values: FloatArray) -> FloatArray:
            return np.where(missing, np.nan, group @ np.where(whole > 0, values, 0.0))

        output, labour = total(self.output), total(self.labour)
        return Inputs(
            output=output,
            capital=total(self.capital),
            labour=labour,
            human_capital=total(self.human_capital * self.labour) / labour,
            labour_share=total(self.labour_share * self.output) / output,
        )


@dataclass(frozen=True, slots=True)
class Growth:
    """Growth accounts, each `(R, T)` in log points per year: NaN in years without a complete year before."""

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


def account(inputs: Inputs, protocol: Protocol) -> Growth:
    """Split output growth into contributions (Solow 1957; Jorgenson and Griliches 1967).

    TFP is output growth less the growth of the index of inputs; the contributions come from the weights of that
    index. The two ways meet in the identity that is checked here.

    Parameters
    ----------
    inputs
        Levels `(R, T)`.
    protocol
        Names the index formula and whether shares are averaged over two years.

    Raises
    ------
    IdentityError
        When output growth differs from the sum of its contributions by 1e-12 or more.
    """
    whole = inputs.complete()

    def growth(level: FloatArray) -> FloatArray:
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = np.log(np.where(whole, level, np.nan))
        return np.diff(logs, axis=-1, prepend=np.nan)

    capital, persons, quality = growth(inputs.capital), growth(inputs.labour), growth(inputs.human_capital)
    output = growth(inputs.output)
    change = np.stack([capital, persons + quality])
    share = np.stack([1.0 - inputs.labour_share, inputs.labour_share])
    formula = protocol.value("index.formula")
    current = protocol.declares("shares.averaging") and protocol.value("shares.averaging") == "current"
    if current and formula == "tornqvist":
        weight = np.where(np.isfinite(change), share, np.nan)
        joint = (weight * change).sum(axis=0)
    else:
        weight = weights(change, share, formula=formula)
        joint = log_index(change, share, formula=formula)
    tfp = output - joint
    parts = (weight[0] * capital, weight[1] * persons, weight[1] * quality)
    gap = np.abs(output - parts[0] - parts[1] - parts[2] - tfp)
    worst = float(np.nanmax(gap)) if np.isfinite(gap).any() else 0.0
    if worst >= IDENTITY_TOLERANCE:
        message = f"output growth and the sum of its contributions differ by {worst:.3g} log points: this is a defect."
        raise IdentityError(message)
    return Growth(output, capital, persons, quality, weight[1], *parts, tfp, worst)

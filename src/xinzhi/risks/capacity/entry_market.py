"""A market into which capacity comes: utilisation, price, profit and the number of entrants that it bears."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xinzhi.core.errors import UsageError

if TYPE_CHECKING:
    from xinzhi.core.arrays import FloatArray

_STEPS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """What is assumed of a market.

    Parameters
    ----------
    demand_elasticity
        Price elasticity of demand in absolute value, above 0.
    supply_elasticity
        Elasticity of utilisation with respect to price at given capacity, 0 or more.
    variable_cost, margin
        Variable cost and profit as shares of revenue at the start; what is left is fixed cost.
    spillover
        Elasticity of demand with respect to capacity: entry that makes its own market, below 1.
    """

    demand_elasticity: float
    supply_elasticity: float
    variable_cost: float
    margin: float
    spillover: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what is no market."""
        checks = (
            (self.demand_elasticity > 0, "demand_elasticity must be above 0"),
            (self.supply_elasticity >= 0, "supply_elasticity cannot be negative"),
            (0 < self.variable_cost <= 1, "variable_cost is a share of revenue, above 0 and up to 1"),
            (1 - self.variable_cost - self.margin >= 0, "variable_cost and margin add up to more than 1"),
            (self.margin > 0, "margin must be positive: without profit at the start no entry breaks even"),
            (self.spillover < 1, "spillover must lie below 1: entry would otherwise be its own cure"),
        )
        for holds, what in checks:
            if not holds:
                message = f"herd_entry: {what}."
                raise UsageError(message)

    @property
    def fixed_cost(self) -> float:
        """Fixed cost as a share of revenue at the start."""
        return 1.0 - self.variable_cost - self.margin


def pressure(market: Market, demand: FloatArray, added: FloatArray) -> FloatArray:
    """Return demand over capacity, both 1 at the start; utilisation and price rise with it.

    Examples
    --------
    >>> flat = Market(demand_elasticity=1.0, supply_elasticity=1.0, variable_cost=0.8, margin=0.1)
    >>> pressure(flat, np.array([1.2]), np.array([0.5])).round(6).tolist()
    [0.8]
    """
    capacity = 1.0 + added
    return np.asarray(demand * capacity ** (market.spillover - 1.0) if market.spillover else demand / capacity)


def outcome(market: Market, base: float, demand: FloatArray, added: FloatArray) -> tuple[FloatArray, FloatArray]:
    r"""Return utilisation and price (1 at the start) once capacity is added.

    Parameters
    ----------
    market
        The assumptions.
    base
        Utilisation at the start, in (0, 1].
    demand, added
        Demand at unchanged prices over that of the start, and capacity added over that of the start.

    Notes
    -----
    Demand :math:`u_0 D\,p^{-\varepsilon}` meets :math:`u_0 p^{\sigma} K` with :math:`K = 1 + A` and
    :math:`D = (1 + G) K^{\theta}`: :math:`p = x^{1/(\sigma+\varepsilon)}`, :math:`u = u_0 p^{\sigma}`, :math:`x = D/K`.
    Where that passes full capacity, :math:`u = 1` and the price clears the market.

    Examples
    --------
    >>> flat = Market(demand_elasticity=1.0, supply_elasticity=1.0, variable_cost=0.8, margin=0.1)
    >>> [part.round(4).tolist() for part in outcome(flat, 0.8, np.array([1.0]), np.array([0.44]))]
    [[0.6667], [0.8333]]
    """
    x = pressure(market, demand, added)
    price = x ** (1.0 / (market.supply_elasticity + market.demand_elasticity))
    used = base * price**market.supply_elasticity
    full = used > 1.0
    if full.any():
        price = np.where(full, (base * x) ** (1.0 / market.demand_elasticity), price)
    return np.minimum(used, 1.0), price


def profit(market: Market, base: float, used: FloatArray, price: FloatArray) -> FloatArray:
    """Return profit of a unit of capacity over its revenue at the start.

    Examples
    --------
    >>> flat = Market(demand_elasticity=1.0, supply_elasticity=1.0, variable_cost=0.8, margin=0.1)
    >>> profit(flat, 0.8, np.array([0.8]), np.array([1.0])).round(6).tolist()
    [0.1]
    """
    return np.asarray((price - market.variable_cost) * used / base - market.fixed_cost)


def break_even_ratio(market: Market) -> float:
    r"""Return demand over capacity (both 1 at the start) at which profit is nil.

    The price solves :math:`p^{1+\sigma} - v p^{\sigma} = F`, which rises in :math:`p` on :math:`[v, 1]`; then
    :math:`x^* = p^{\sigma+\varepsilon}`.

    Examples
    --------
    >>> flat = Market(demand_elasticity=1.0, supply_elasticity=0.0, variable_cost=0.8, margin=0.1)
    >>> round(break_even_ratio(flat), 6)
    0.9
    """
    low, high, power = market.variable_cost, 1.0, market.supply_elasticity
    for _ in range(_STEPS):
        middle = (low + high) / 2
        earns = middle ** (1 + power) - market.variable_cost * middle**power > market.fixed_cost
        low, high = (low, middle) if earns else (middle, high)
    return float(high ** (power + market.demand_elasticity))


def threshold_ratio(market: Market, base: float, threshold: float) -> float | None:
    """Return demand over capacity (both 1 at the start) at which utilisation is the threshold (both 0-1).

    None where prices take all the excess and utilisation does not move.

    Examples
    --------
    >>> flat = Market(demand_elasticity=1.0, supply_elasticity=1.0, variable_cost=0.8, margin=0.1)
    >>> round(threshold_ratio(flat, 0.8, 0.75), 6)
    0.878906
    """
    if not market.supply_elasticity > 0:
        return None
    return float((threshold / base) ** (1.0 + market.demand_elasticity / market.supply_elasticity))


def break_even_capacity(market: Market, demand: FloatArray, ratio: float) -> FloatArray:
    """Return the capacity (added over that of the start) at which `demand` over capacity is `ratio`; may be negative.

    Examples
    --------
    >>> flat = Market(demand_elasticity=1.0, supply_elasticity=0.0, variable_cost=0.8, margin=0.1)
    >>> break_even_capacity(flat, np.array([1.26]), 0.9).round(6).tolist()
    [0.4]
    """
    return np.asarray((demand / ratio) ** (1.0 / (1.0 - market.spillover)) - 1.0)


def offsetting_spillover(demand: float, added: float) -> float | None:
    """Return the elasticity of demand with respect to capacity that would keep utilisation; None without entry.

    Nought or below: demand outgrows capacity by itself. Above 1: no spill-over of that kind would do.

    Examples
    --------
    >>> round(offsetting_spillover(1.2, 0.44), 6)
    0.5
    """
    return None if added <= 0 else float(1.0 - np.log(demand) / np.log1p(added))

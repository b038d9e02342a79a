"""Capital services: the stocks of several assets weighted by what a year's use of each costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xinzhi.core import services as core
from xinzhi.core.errors import InputError, ProtocolError
from xinzhi.core.gaps import hold
from xinzhi.yardstick.series import Series
from xinzhi.yardstick.shares import labour_share

if TYPE_CHECKING:
    from xinzhi.core.arrays import FloatArray
    from xinzhi.protocol import Protocol
    from xinzhi.yardstick.capital import Investment
    from xinzhi.yardstick.panel import Panel


def capital_services(panel: Panel, protocol: Protocol, invested: Investment, stock: Series, rate: FloatArray) -> Series:
    """Return capital services `(R, T)`, at the level of the stock in the first year that has user costs.

    Parameters
    ----------
    panel, protocol
        The data and the rules: rate of return, revaluation, negative user costs.
    invested, stock
        Investment and stocks by asset `(A, R, T)`.
    rate
        Depreciation rate by asset `(A, 1, T)`.

    Raises
    ------
    ProtocolError
        When negative user costs shall be ``near_zero``, for which no source gives a number.
    InputError
        When an internal rate of return is asked for and nominal output is missing, or user costs are refused.
    """
    price = invested.price
    gain = np.zeros_like(price)
    if protocol.value("capital.revaluation_years") > 0:
        centred = protocol.value("capital.revaluation_window") == "centred"
        gain = core.revaluation(price, years=protocol.value("capital.revaluation_years"), centred=centred)
    if protocol.value("capital.rate_of_return") == "internal":
        income = _capital_income(panel, protocol)
        back = core.internal_return(income, price, stock.values, rate, gain)
    else:
        back = np.array(protocol.values("capital.external_rate", panel.years))
    cost = core.user_cost(price, back, np.broadcast_to(rate, price.shape), gain)
    rule = protocol.value("capital.negative_user_cost")
    if rule == "near_zero":
        message = (
            "capital.negative_user_cost is 'near_zero', and no published source says how near: set it to 'zero', "
            "'keep' or 'refuse' to compute capital services."
        )
        raise ProtocolError(message)
    cost = core.settle_negative(cost, rule)
    index = core.capital_services(stock.values, cost)
    known = np.isfinite(index)
    total = np.where(known, stock.values.sum(axis=0), np.nan)
    first = known.argmax(axis=1)[:, None]
    return Series(index * np.take_along_axis(hold(total), first, axis=1), stock.marks)


def _capital_income(panel: Panel, protocol: Protocol) -> FloatArray:
    """Return the income of capital at current prices."""
    nominal = panel.account("output_nominal")
    if not np.isfinite(nominal).any():
        message = (
            "capital.rate_of_return is 'internal', and the table 'accounts' has no 'output_nominal' to take the income "
            "of capital from: give it, or set an external rate."
        )
        raise InputError(message)
    return (1 - labour_share(panel, protocol).values) * nominal

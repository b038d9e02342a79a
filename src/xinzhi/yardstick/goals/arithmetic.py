"""The growth account read forward: what TFP must do for a rate of growth, and which investment would do it instead."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from xinzhi.core.arrays import FloatArray
from xinzhi.core.parameters import setting

convention = partial(setting, Path(__file__).with_name("goals.yaml"))


def capital_growth(
    capital: FloatArray, investment: FloatArray, growth: FloatArray, rate: float, years: int
) -> FloatArray:
    """Return mean log growth a year of a stock whose investment grows at a rate from its last level.

    Stocks are those of the end of a year: ``K[t] = (1 - rate) K[t-1] + I[t]``, so the mean is that of both ends alone.
    """
    stock = np.asarray(capital, dtype=np.float64)
    for year in range(1, years + 1):
        stock = (1 - rate) * stock + investment * np.exp(growth * year)
    return np.asarray(np.log(stock / capital) / years)


def required(
    output: FloatArray, capital: FloatArray, labour: FloatArray, human_capital: FloatArray, share: FloatArray
) -> FloatArray:
    """Return growth of TFP that is left for a growth of output once the inputs have had their part, all in logs."""
    return np.asarray(output - (1 - share) * capital - share * (labour + human_capital))


def needed_investment(
    output: FloatArray,
    tfp: FloatArray,
    capital: FloatArray,
    investment: FloatArray,
    work: FloatArray,
    share: FloatArray,
    rate: float,
    years: int,
) -> FloatArray:
    """Return the log growth of investment with which output grows as wanted at a growth of TFP, by bisection.

    `work` is growth of labour and human capital together. NaN where no growth between -50 and 100 log points a year
    would do.
    """
    shape = np.broadcast(output, tfp, capital).shape
    search = convention("search")
    low, high = np.full(shape, search["low"]), np.full(shape, search["high"])

    def wanting(growth: FloatArray) -> FloatArray:
        stock = capital_growth(capital, investment, growth, rate, years)
        return np.asarray(output - (1 - share) * stock - share * work - tfp)

    outside = (wanting(low) < 0) | (wanting(high) > 0)
    for _ in range(search["steps"]):
        middle = (low + high) / 2
        more = wanting(middle) > 0
        low, high = np.where(more, middle, low), np.where(more, high, middle)
    return np.where(outside, np.nan, (low + high) / 2)

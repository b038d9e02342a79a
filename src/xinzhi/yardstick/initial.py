"""The initial stock: where the perpetual inventory of every region begins, and with how much capital."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xinzhi.core import initial_stock as rules
from xinzhi.core.errors import InputError

if TYPE_CHECKING:
    from xinzhi.core.arrays import BoolArray, FloatArray, IntArray
    from xinzhi.protocol import Protocol
    from xinzhi.yardstick.panel import Panel


@dataclass(frozen=True, slots=True)
class Start:
    """Position of the first year and stock at its end, each `(A, R)`."""

    index: IntArray
    stock: FloatArray


def initial_stock(
    panel: Panel, protocol: Protocol, real: FloatArray, price: FloatArray, output: FloatArray, rate: FloatArray
) -> Start:
    """Return the first year and the initial stock of every asset and region.

    The rule of the protocol holds in ``capital.initial_year``. A region whose figures begin later takes its entry in
    ``capital.initial_table`` (an amount at the prices of its year), else what ``capital.initial_later_start`` says:
    the steady state of its own first year, or a refusal.

    Parameters
    ----------
    panel, protocol
        The data and the rules.
    real, price
        Real investment and its price `(A, R, T)`.
    output
        Real output `(R, T)`.
    rate
        Depreciation rates `(A, 1, T)`.

    Raises
    ------
    InputError
        When a region invests but its initial stock cannot be had; the message names the regions.
    """
    rule = protocol.value("capital.initial_rule")
    known = np.isfinite(real)
    if rule == "capital_output_ratio":
        known = known & np.isfinite(output)
    first, initial_year = int(panel.years[0]), int(protocol.value("capital.initial_year"))
    known = known & (panel.years >= initial_year)
    index = known.argmax(axis=2).astype(np.int64)
    stock = _by_rule(protocol, real, output, rate, index, index + first == initial_year)
    priced = np.ones_like(index, dtype=np.bool_)
    if rule in {"ratio_to_investment", "table"}:
        table = _table(panel, protocol, price, index.shape)
        given = table.index >= 0
        index, stock = np.where(given, table.index, index), np.where(given, table.stock, stock)
        priced = ~given | np.isfinite(table.stock)
    # A region without any figure is left out of the measurement with its reason; one that has figures and
    # still no initial stock is a question of the protocol, and refuses.
    absent = ~known.any(axis=2)
    _refuse(panel, ~absent & ~np.isfinite(stock), rule, priced)
    return Start(index, np.where(absent, np.nan, stock))


def _by_rule(
    protocol: Protocol, real: FloatArray, output: FloatArray, rate: FloatArray, index: IntArray, begins: BoolArray
) -> FloatArray:
    """Apply the rule of the protocol, and the rule for later starts where a series begins after the initial year."""
    flow = _at(real, index)

    def steady() -> FloatArray:
        growth = _growth(real, index, int(protocol.value("capital.initial_growth_years")))
        return rules.steady_state(flow, growth, _at(np.broadcast_to(rate, real.shape), index))

    match protocol.value("capital.initial_rule"):
        case "steady_state":
            return steady()
        case "capital_output_ratio":
            level = np.broadcast_to(output, real.shape)
            ratio = protocol.value("capital.initial_output_ratio")
            share = flow / flow.sum(axis=0, keepdims=True)
            return np.asarray(share * rules.capital_output_ratio(_at(level, index), ratio))
        case "ratio_to_investment":
            stock = rules.ratio_to_investment(flow, protocol.value("capital.initial_ratio"))
        case _:
            stock = np.full(index.shape, np.nan)
    on_time = np.where(begins, stock, np.nan)
    if protocol.value("capital.initial_later_start") == "steady_state":
        return np.where(np.isfinite(on_time), on_time, steady())
    return on_time


def _growth(real: FloatArray, index: IntArray, years: int) -> FloatArray:
    """Return the mean yearly growth of real investment over the first years of every series."""
    end = np.minimum(index + years, real.shape[2] - 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        path = np.log(_at(real, end) / _at(real, index)) / np.maximum(end - index, 1)
    growth: FloatArray = np.expm1(path)
    return growth


def _at(values: FloatArray, index: IntArray) -> FloatArray:
    """Return the value of every series at its own year."""
    own: FloatArray = np.take_along_axis(values, index[..., None], axis=-1)[..., 0]
    return own


def _table(panel: Panel, protocol: Protocol, price: FloatArray, shape: tuple[int, ...]) -> Start:
    """Return the entries of ``capital.initial_table``; index -1 where a region has none."""
    index, stock = np.full(shape, -1, dtype=np.int64), np.full(shape, np.nan)
    for entry in protocol.value("capital.initial_table") if protocol.declares("capital.initial_table") else ():
        column = int(entry["year"]) - int(panel.years[0])
        if entry["region"] not in panel.regions or not 0 <= column < panel.shape[1]:
            continue
        row = panel.region_index(entry["region"])
        index[:, row] = column
        stock[:, row] = float(entry["value"]) / price[:, row, column]
    return Start(index, stock)


def _refuse(panel: Panel, bad: BoolArray, rule: str, priced: BoolArray) -> None:
    """Raise where a region that invests cannot be started, naming the regions and what is wrong with them."""
    rows = np.flatnonzero(bad.any(axis=0))
    if not rows.size:
        return
    names = ", ".join(panel.regions[row] for row in rows[:8].tolist())
    if (bad & ~priced).any():
        why = "its entry in capital.initial_table stands in a year for which the package has no price of investment"
    elif rule == "steady_state":
        why = "investment shrinks faster than capital depreciates, so it has no steady state"
    else:
        why = (
            "the series of investment begins after capital.initial_year, and its first years give no steady state that "
            "may be used: give the region in capital.initial_table, or let capital.initial_later_start be steady_state"
        )
    message = (
        f"no initial stock for region {names} ({rows.size} of {len(panel.regions)}) under capital.initial_rule "
        f"'{rule}': {why}."
    )
    raise InputError(message)

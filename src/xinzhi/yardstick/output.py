"""Output: real output of every region in the vintage that the protocol names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xinzhi.core.errors import InputError
from xinzhi.yardstick.series import Series

if TYPE_CHECKING:
    from xinzhi.core.arrays import FloatArray
    from xinzhi.protocol import Protocol
    from xinzhi.yardstick.panel import Panel

LATEST = "latest"


def output(panel: Panel, protocol: Protocol) -> Series:
    """Return real output `(R, T)`.

    With ``output.vintage: latest`` this is ``accounts.output_real``, or nominal output divided by ``output_price``
    where only these are given. With any other vintage, the growth rates of that vintage in the table `vintages` are
    chained on the level of the year before its first one; years that the vintage does not reach keep the latest
    growth and are marked ``spliced:output``. Levels are at the prices of `price_base`.

    Raises
    ------
    InputError
        When the package has no real output, or not the vintage.
    """
    latest = _latest(panel)
    base = price_base(panel, protocol)
    if base is not None:
        at = base - int(panel.years[0])
        latest = latest * (panel.account("output_nominal") / latest)[:, at : at + 1]
    vintage = protocol.value("output.vintage")
    if vintage == LATEST:
        return Series(latest, {"first_published:output": panel.preliminary})
    if vintage not in panel.vintages:
        known = ", ".join(sorted(panel.vintages)) or "none"
        message = (
            f"the protocol takes output of the vintage '{vintage}', and the table 'vintages' has {known}: "
            "add its column output_growth for that vintage, or set output.vintage to 'latest'."
        )
        raise InputError(message)
    return _chain(latest, panel.vintages[vintage])


def price_base(panel: Panel, protocol: Protocol) -> int | None:
    """Return the year in whose prices levels are compared and summed; None where they stay at the prices of the data.

    They do where the protocol names no base, and where a region has no nominal output or no price of investment in it.
    """
    if not protocol.declares("output.price_base"):
        return None
    base = int(protocol.value("output.price_base"))
    at = base - int(panel.years[0])
    if not 0 <= at < panel.shape[1]:
        return None
    real = _latest(panel)
    measured = np.isfinite(real).any(axis=1)
    known = [np.isfinite(panel.account("output_nominal")[measured, at] / real[measured, at])]
    if "investment_price" in panel.investment:
        price = panel.investment["investment_price"][:, measured]
        known.append((np.isfinite(price[..., at]) | ~np.isfinite(price).any(axis=-1)).ravel())
    return base if all(item.all() for item in known) else None


def deflator(panel: Panel) -> FloatArray:
    """Return the implicit deflator of output `(R, T)`: nominal over real output of the accounts."""
    return panel.account("output_nominal") / _latest(panel)


def _latest(panel: Panel) -> FloatArray:
    """Return real output as the accounts give it."""
    real = panel.account("output_real")
    if np.isfinite(real).any():
        return real
    real = panel.account("output_nominal") / panel.account("output_price")
    if np.isfinite(real).any():
        return real
    message = (
        "the table 'accounts' has no real output: give 'output_real' (unit such as '1e8 CNY at 2000 prices'), "
        "or 'output_nominal' with its price index 'output_price'."
    )
    raise InputError(message)


def _chain(latest: FloatArray, growth: FloatArray) -> Series:
    """Chain the growth of a vintage on the latest level of the year before it begins."""
    known = np.isfinite(growth)
    change = np.diff(np.log(latest), axis=1, prepend=np.nan)
    joined = np.where(known, growth, change)
    begins = np.where(known.any(axis=1), known.argmax(axis=1), latest.shape[1])[:, None]
    year = np.arange(latest.shape[1])
    inside = year >= begins
    path = np.cumsum(np.where(inside, joined, 0.0), axis=1)
    anchor = np.take_along_axis(latest, np.clip(begins - 1, 0, None), axis=1)
    values = np.where(inside, anchor * np.exp(path), latest)
    return Series(values, {"spliced:output": ~known & np.isfinite(values)})

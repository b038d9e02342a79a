"""Factor shares: the elasticity of output to labour, as the protocol fixes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xinzhi.core.errors import InputError
from xinzhi.core.shares import carry, corner, national
from xinzhi.yardstick.series import Series

if TYPE_CHECKING:
    from xinzhi.core.arrays import FloatArray
    from xinzhi.protocol import Protocol
    from xinzhi.yardstick.panel import Panel


def labour_share(panel: Panel, protocol: Protocol) -> Series:
    """Return the current labour share `(R, T)`; averaging over two years is the business of the index.

    ``shares.rule: constant`` takes ``shares.constant``; ``observed_regional`` each region's own share;
    ``observed_national`` one share for all, the mean of the observed ones weighted by nominal output. Where
    ``shares.carry`` is ``carry``, the nearest observed year stands in and is marked ``carried:labour_share``.

    Raises
    ------
    InputError
        When the rule needs an observed share and the package has none.
    """
    rule = protocol.value("shares.rule")
    if rule == "constant":
        constant = np.array(protocol.values("shares.constant", panel.years), dtype=np.float64)
        return Series(np.broadcast_to(constant, panel.shape))
    share = _observed(panel)
    if rule == "observed_national":
        share = np.broadcast_to(national(share, _weights(panel)), panel.shape).copy()
    if protocol.declares("shares.corner") and protocol.value("shares.corner") == "floor":
        share = corner(share, float(protocol.value("shares.corner_labour_share")))
    if protocol.value("shares.carry") != "carry":
        return Series(share)
    values, mark = carry(share)
    return Series(values, {"carried:labour_share": mark})


def _observed(panel: Panel) -> FloatArray:
    """Return the observed labour share, or labour compensation over nominal output."""
    share = panel.account("labour_share")
    if not np.isfinite(share).any():
        share = panel.account("labour_compensation") / panel.account("output_nominal")
    if not np.isfinite(share).any():
        message = (
            "the protocol takes an observed labour share, and the table 'accounts' has none: give 'labour_share' "
            "(a ratio), or 'labour_compensation' with 'output_nominal', or set shares.rule to 'constant'."
        )
        raise InputError(message)
    return share


def _weights(panel: Panel) -> FloatArray:
    """Return the weights of the national share: nominal output, or real output where no nominal one is given."""
    nominal = panel.account("output_nominal")
    return nominal if np.isfinite(nominal).any() else panel.account("output_real")

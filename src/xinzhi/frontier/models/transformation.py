"""Seiford and Zhu's transformation: bad outputs turned round and counted as outputs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from xinzhi.core.errors import InputError
from xinzhi.frontier.models.plugin import bad_outputs, hand_over, oriented
from xinzhi.frontier.models.sweep import Own, sweep
from xinzhi.frontier.models.units import check_choice, check_rts, checked, solved

if TYPE_CHECKING:
    from xinzhi.core.arrays import FloatArray
    from xinzhi.frontier.data import Data, Options, Solved
    from xinzhi.frontier.models.units import ModelSolution, Units


def seiford_zhu(
    x: FloatArray,
    y: FloatArray,
    bad: FloatArray,
    *,
    orientation: str = "output",
    translation: FloatArray | None = None,
) -> ModelSolution:
    """Score units radially with bad outputs replaced by a constant less the bad output.

    Parameters
    ----------
    x, y, bad
        Inputs `(n, p)`, outputs `(n, q)`, bad outputs `(n, r)`.
    orientation
        ``output`` (phi >= 1) or ``input`` (theta <= 1).
    translation
        The constants `(r,)`; each column's maximum plus one unless given (as in deaR). The output score depends on it.

    Returns
    -------
    ModelSolution
        Farrell scores under variable returns, the only ones under which the translation does not move the frontier.

    Notes
    -----
    Seiford and Zhu (2002), EJOR 142, 16-20. The output score changes with the constant, and with the unit in which
    "one" is added: take a directional distance if that matters.

    Examples
    --------
    >>> import numpy as np
    >>> seiford_zhu(np.ones(2), np.array([2.0, 1.0]), np.array([1.0, 2.0])).score.tolist()
    [1.0, 2.0]
    """
    check_choice("orientation", orientation, ("input", "output"))
    bads = np.asarray(bad, dtype=float)
    bads = bads[:, None] if bads.ndim == 1 else bads
    goods = np.asarray(y, dtype=float)
    goods = goods[:, None] if goods.ndim == 1 else goods
    shift = (
        bads.max(axis=0) + 1 if translation is None else np.broadcast_to(np.asarray(translation, float), bads.shape[1:])
    )
    if (bads >= shift).any():
        row, column = np.argwhere(bads >= shift)[0].tolist()
        message = (
            f"translation {shift[column]:g} must exceed column {column} of b; unit {row} has {bads[row, column]:g}."
        )
        raise InputError(message)
    checked(x, goods, bads)  # refuses what is missing or negative before it is turned round
    data = checked(x, np.concatenate([goods, shift - bads], axis=1))
    outward = orientation == "output"
    table = np.concatenate([data.xr.T, data.yr.T, np.ones((1, len(data.xr)))])
    found = sweep(table, lambda unit: _own(data, unit, outward=outward), len(data.x), maximise=outward)
    factor = found.own[:, :1]
    reached = (found.intensities @ data.xr, found.intensities @ data.yr)
    theta, phi = (np.ones_like(factor), factor) if outward else (factor, np.ones_like(factor))
    slacks = (theta * data.x - reached[0], reached[1] - phi * data.y, data.b)
    worth = 1.0 if outward else -1.0
    result = solved(
        "seiford-zhu", data, found, factor[:, 0], slacks, targets=(*reached, data.b), worth=worth, shift=shift
    )
    q = goods.shape[1]
    assert result.duals is not None  # noqa: S101 - `worth` was given
    return replace(
        result,
        duals=(result.duals[0], result.duals[1][:, :q], result.duals[1][:, q:], result.duals[3]),
        slack_y=result.slack_y[:, :q],
        slack_b=result.slack_y[:, q:],
        target_y=result.target_y[:, :q],
        target_b=shift - result.target_y[:, q:],
    )


def _own(data: Units, unit: int, *, outward: bool) -> Own:
    """Return the radial factor of one unit."""
    p, q = data.x.shape[1], data.y.shape[1]
    x, y = data.x[unit], data.y[unit]
    column = np.concatenate([np.zeros(p), -y, [0.0]]) if outward else np.concatenate([-x, np.zeros(q), [0.0]])
    return Own(
        columns=column[:, None],
        costs=np.ones(1),
        lower=np.concatenate([np.full(p, -np.inf), np.zeros(q) if outward else y, [1.0]]),
        upper=np.concatenate([x if outward else np.zeros(p), np.full(q, np.inf), [1.0]]),
        column_lower=np.zeros(1),
        column_upper=np.full(1, np.inf),
    )


def solve(data: Data, options: Options) -> Solved:
    """Score units by ``model="seiford-zhu"``.

    Parameters
    ----------
    data
        The units.
    options
        `orientation`; `rts` must be ``vrs``; of its own: ``translation``.
    """
    own = options.take(translation=None)
    check_rts(options.rts, ("vrs",))
    orientation = oriented(options, {"input": "input", "output": "output"})
    return hand_over(seiford_zhu(data.x, data.y, bad_outputs(data, options), orientation=orientation, **own), data)

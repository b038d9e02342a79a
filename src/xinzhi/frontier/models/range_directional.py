"""The range directional model: efficiency when some figures are negative."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xinzhi.frontier.models.plugin import hand_over, no_bad_outputs, oriented
from xinzhi.frontier.models.sweep import Own, sweep
from xinzhi.frontier.models.units import check_choice, check_rts, checked, solved

if TYPE_CHECKING:
    from xinzhi.core.arrays import FloatArray
    from xinzhi.frontier.data import Data, Options, Solved
    from xinzhi.frontier.models.units import ModelSolution, Reference, Units


def range_directional(
    x: FloatArray,
    y: FloatArray,
    *,
    orientation: str = "none",
    reference: Reference | None = None,
) -> ModelSolution:
    """Score units whose inputs or outputs may be negative, by the share of their way to the ideal point.

    Parameters
    ----------
    x, y
        Inputs `(n, p)` and outputs `(n, q)` of any sign.
    orientation
        Whether the way leads through inputs, outputs or (``none``) both.
    reference
        Another reference set.

    Returns
    -------
    ModelSolution
        Score 1 - beta: 1 on the frontier. Variable returns to scale: with constant ones the ideal point has no meaning.
        Invariant to units and to the zero point of every column.

    Notes
    -----
    Portela, Thanassoulis and Simpson (2004), JORS 55, 1111-1121: the direction is the distance to the best figure of
    each column, x - min(x) and max(y) - y.

    Examples
    --------
    >>> import numpy as np
    >>> y = np.array([[-2.0, 4.0], [4.0, -2.0], [0.0, 0.0]])
    >>> range_directional(np.ones(3), y).score.round(9).tolist()
    [1.0, 1.0, 0.75]
    """
    check_choice("orientation", orientation, ("none", "input", "output"))
    data = checked(x, y, reference=reference, negative=True)
    to_x = np.maximum(data.x - data.xr.min(axis=0), 0.0) * (orientation != "output")
    to_y = np.maximum(data.yr.max(axis=0) - data.y, 0.0) * (orientation != "input")
    table = np.concatenate([data.xr.T, data.yr.T, np.ones((1, len(data.xr)))])
    found = sweep(table, lambda unit: _own(data, unit, to_x[unit], to_y[unit]), len(data.x), maximise=True)
    beta = found.own[:, :1]
    reached = (found.intensities @ data.xr, found.intensities @ data.yr, data.b)
    slacks = (data.x - beta * to_x - reached[0], reached[1] - data.y - beta * to_y, data.b)
    score = 1 - found.objective
    return solved("range-directional", data, found, score, slacks, targets=reached, worth=1.0, beta=beta[:, 0])


def _own(data: Units, unit: int, to_x: FloatArray, to_y: FloatArray) -> Own:
    """Return the step of one unit; a unit that is best in every column stays where it is."""
    p, q = data.x.shape[1], data.y.shape[1]
    moves = bool(to_x.any() or to_y.any())
    return Own(
        columns=np.concatenate([to_x, -to_y, [0.0]])[:, None],
        costs=np.ones(1),
        lower=np.concatenate([np.full(p, -np.inf), data.y[unit], [1.0]]),
        upper=np.concatenate([data.x[unit], np.full(q, np.inf), [1.0]]),
        column_lower=np.array([-np.inf if moves else 0.0]),
        column_upper=np.array([np.inf if moves else 0.0]),
    )


def solve(data: Data, options: Options) -> Solved:
    """Score units by ``model="range-directional"``, which takes negative data.

    Parameters
    ----------
    data
        The units.
    options
        `orientation`: ``none``, ``input`` or ``output``; `rts` must be ``vrs``.
    """
    options.take()
    no_bad_outputs(data, options)
    check_rts(options.rts, ("vrs",))
    orientation = oriented(options, {"none": "none", "input": "input", "output": "output"})
    return hand_over(range_directional(data.x, data.y, orientation=orientation), data)

"""Russell measures: every input or output has a factor of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from xinzhi.frontier.models.plugin import hand_over, no_bad_outputs, oriented
from xinzhi.frontier.models.slacks import slacks_based
from xinzhi.frontier.models.units import check_choice

if TYPE_CHECKING:
    from xinzhi.core.arrays import FloatArray
    from xinzhi.frontier.data import Data, Options, Solved
    from xinzhi.frontier.models.units import ModelSolution, Reference

_AS_SBM = {"input": "input", "output": "output", "graph": "none"}


def russell(
    x: FloatArray,
    y: FloatArray,
    *,
    rts: str = "crs",
    orientation: str = "input",
    reference: Reference | None = None,
) -> ModelSolution:
    """Score units by the Russell measure.

    Parameters
    ----------
    x, y
        Inputs `(n, p)` and positive outputs `(n, q)`.
    rts
        ``crs``, ``vrs``, ``nirs`` or ``ndrs``.
    orientation
        ``input``: mean of theta <= 1. ``output``: mean of phi >= 1 (Farrell's form). ``graph``: mean of theta over mean
        of phi, which is linear after the transformation of Charnes and Cooper.
    reference
        Another reference set.

    Returns
    -------
    ModelSolution
        The factors are `theta_x` and `phi_y`.

    Notes
    -----
    Färe and Lovell (1978), J. Econ. Theory 19, 150-162. The graph measure of Färe, Grosskopf and Lovell (1985) averages
    theta and 1 / phi, which is not linear; the ratio is the enhanced measure of Pastor, Ruiz and Sirvent (1999), EJOR
    115, 596-607, which replaced it. With theta = 1 - slack / input and phi = 1 + slack / output all three are the
    slacks-based measures, and are solved as such.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[2.0, 2.0], [1.0, 4.0], [4.0, 1.0], [4.0, 3.0]])
    >>> russell(x, np.ones(4)).score.round(6).tolist()
    [1.0, 1.0, 1.0, 0.583333]
    """
    check_choice("orientation", orientation, tuple(_AS_SBM))
    found = slacks_based(x, y, rts=rts, orientation=_AS_SBM[orientation], reference=reference)
    score = 1 / found.score if orientation == "output" else found.score
    return replace(found, model="russell", score=score)


def solve(data: Data, options: Options) -> Solved:
    """Score units by ``model="russell"``.

    Parameters
    ----------
    data
        The units.
    options
        `rts`, `orientation`: ``input``, ``output`` or ``graph``.
    """
    options.take()
    no_bad_outputs(data, options)
    orientation = oriented(options, {"input": "input", "output": "output", "graph": "graph", "none": "graph"})
    return hand_over(russell(data.x, data.y, rts=options.rts, orientation=orientation), data)

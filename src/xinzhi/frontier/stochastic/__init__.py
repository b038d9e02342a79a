"""Stochastic frontiers and convex nonparametric least squares.

The claim
    Distance to a frontier is part noise, part inefficiency; a method that calls all of it inefficiency misjudges
    regions.
The question
    How efficient is each unit, with what margin of error, and does the estimate deserve belief?
The verbs
    `sfa` estimates a parametric frontier by maximum likelihood, `cnls` a concave one by least squares, `stoned` takes
    the latter's residual apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinzhi.core.lazy import lazy

if TYPE_CHECKING:
    from xinzhi.frontier.stochastic.concave import Hull
    from xinzhi.frontier.stochastic.estimate import sfa
    from xinzhi.frontier.stochastic.nonparametric import Stoned, cnls, stoned
    from xinzhi.frontier.stochastic.result import StochasticFrontier

_HOMES = {
    "Hull": ".concave",
    "StochasticFrontier": ".result",
    "Stoned": ".nonparametric",
    "cnls": ".nonparametric",
    "sfa": ".estimate",
    "stoned": ".nonparametric",
}

__all__ = ["Hull", "StochasticFrontier", "Stoned", "cnls", "sfa", "stoned"]

__getattr__, __dir__ = lazy(__name__, _HOMES)

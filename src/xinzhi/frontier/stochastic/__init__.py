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

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xinzhi.frontier.stochastic.concave import Hull
    from xinzhi.frontier.stochastic.estimate import sfa
    from xinzhi.frontier.stochastic.nonparametric import Stoned, cnls, stoned
    from xinzhi.frontier.stochastic.result import StochasticFrontier

_HOMES = {
    "Hull": "xinzhi.frontier.stochastic.concave",
    "StochasticFrontier": "xinzhi.frontier.stochastic.result",
    "Stoned": "xinzhi.frontier.stochastic.nonparametric",
    "cnls": "xinzhi.frontier.stochastic.nonparametric",
    "sfa": "xinzhi.frontier.stochastic.estimate",
    "stoned": "xinzhi.frontier.stochastic.nonparametric",
}

__all__ = ["Hull", "StochasticFrontier", "Stoned", "cnls", "sfa", "stoned"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - one of the verbs
    """Load a verb on first use: importing the room costs nothing."""
    if name not in _HOMES:
        message = f"module 'xinzhi.frontier.stochastic' has no attribute '{name}'"
        raise AttributeError(message)
    return getattr(importlib.import_module(_HOMES[name]), name)

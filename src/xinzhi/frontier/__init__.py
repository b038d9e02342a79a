"""How far from the frontier: efficiency, productivity change and stochastic frontiers.

The claim
    Productivity differs because some use the same inputs better than others: a region may grow by catching up with
    the best or by moving the best forward, and the two call for different policies.
The question
    How far is each unit from what the best make of the same inputs, who are its peers, and is the distance closing?
The verbs
    `efficiency` scores units against the technology that they span, under any returns to scale and model;
    `productivity_change` follows a panel through time; `sfa` and `stoned` put noise beside inefficiency. Further ones:
    `bootstrap` and `two_stage` (intervals and determinants), `returns_test`, `metafrontier`, `window_analysis`,
    `order_m` and `order_alpha` (partial frontiers), `cost_efficiency`, `revenue_efficiency`, `profit_efficiency`, and
    `shadow_prices` of bad outputs.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xinzhi.frontier.change import ProductivityChange, productivity_change
    from xinzhi.frontier.economic import Economic, cost_efficiency, profit_efficiency, revenue_efficiency
    from xinzhi.frontier.group_frontiers import Metafrontier, metafrontier
    from xinzhi.frontier.models.environmental import shadow_prices
    from xinzhi.frontier.partial import Partial, order_alpha, order_m
    from xinzhi.frontier.result import Efficiency
    from xinzhi.frontier.returns import ReturnsTest, returns_test
    from xinzhi.frontier.scoring import efficiency
    from xinzhi.frontier.second_stage import TwoStage, two_stage
    from xinzhi.frontier.smoothing import Bootstrap, bootstrap
    from xinzhi.frontier.stochastic import Hull, StochasticFrontier, Stoned, cnls, sfa, stoned
    from xinzhi.frontier.window import Window, window_analysis

_HOMES = {
    "Bootstrap": "xinzhi.frontier.smoothing",
    "Economic": "xinzhi.frontier.economic",
    "Efficiency": "xinzhi.frontier.result",
    "Hull": "xinzhi.frontier.stochastic",
    "Metafrontier": "xinzhi.frontier.group_frontiers",
    "Partial": "xinzhi.frontier.partial",
    "ProductivityChange": "xinzhi.frontier.change",
    "ReturnsTest": "xinzhi.frontier.returns",
    "StochasticFrontier": "xinzhi.frontier.stochastic",
    "Stoned": "xinzhi.frontier.stochastic",
    "TwoStage": "xinzhi.frontier.second_stage",
    "Window": "xinzhi.frontier.window",
    "bootstrap": "xinzhi.frontier.smoothing",
    "cnls": "xinzhi.frontier.stochastic",
    "cost_efficiency": "xinzhi.frontier.economic",
    "efficiency": "xinzhi.frontier.scoring",
    "metafrontier": "xinzhi.frontier.group_frontiers",
    "order_alpha": "xinzhi.frontier.partial",
    "order_m": "xinzhi.frontier.partial",
    "productivity_change": "xinzhi.frontier.change",
    "profit_efficiency": "xinzhi.frontier.economic",
    "returns_test": "xinzhi.frontier.returns",
    "revenue_efficiency": "xinzhi.frontier.economic",
    "sfa": "xinzhi.frontier.stochastic",
    "shadow_prices": "xinzhi.frontier.models.environmental",
    "stoned": "xinzhi.frontier.stochastic",
    "two_stage": "xinzhi.frontier.second_stage",
    "window_analysis": "xinzhi.frontier.window",
}

__all__ = [
    "Bootstrap",
    "Economic",
    "Efficiency",
    "Hull",
    "Metafrontier",
    "Partial",
    "ProductivityChange",
    "ReturnsTest",
    "StochasticFrontier",
    "Stoned",
    "TwoStage",
    "Window",
    "bootstrap",
    "cnls",
    "cost_efficiency",
    "efficiency",
    "metafrontier",
    "order_alpha",
    "order_m",
    "productivity_change",
    "profit_efficiency",
    "returns_test",
    "revenue_efficiency",
    "sfa",
    "shadow_prices",
    "stoned",
    "two_stage",
    "window_analysis",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - one of the verbs
    """Load a verb on first use: importing the room costs nothing."""
    if name not in _HOMES:
        message = f"module 'xinzhi.frontier' has no attribute '{name}'"
        raise AttributeError(message)
    return getattr(importlib.import_module(_HOMES[name]), name)

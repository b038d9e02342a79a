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

from typing import TYPE_CHECKING

from xinzhi.core.lazy import lazy

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
    "Bootstrap": ".smoothing",
    "Economic": ".economic",
    "Efficiency": ".result",
    "Hull": ".stochastic",
    "Metafrontier": ".group_frontiers",
    "Partial": ".partial",
    "ProductivityChange": ".change",
    "ReturnsTest": ".returns",
    "StochasticFrontier": ".stochastic",
    "Stoned": ".stochastic",
    "TwoStage": ".second_stage",
    "Window": ".window",
    "bootstrap": ".smoothing",
    "cnls": ".stochastic",
    "cost_efficiency": ".economic",
    "efficiency": ".scoring",
    "metafrontier": ".group_frontiers",
    "order_alpha": ".partial",
    "order_m": ".partial",
    "productivity_change": ".change",
    "profit_efficiency": ".economic",
    "returns_test": ".returns",
    "revenue_efficiency": ".economic",
    "sfa": ".stochastic",
    "shadow_prices": ".models.environmental",
    "stoned": ".stochastic",
    "two_stage": ".second_stage",
    "window_analysis": ".window",
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

__getattr__, __dir__ = lazy(__name__, _HOMES)

"""How far from the frontier: efficiency, productivity change and stochastic frontiers.

The claim
    Productivity differs because some use the same inputs better than others: a region may grow by catching up with
    the best or by moving the best forward, and the two call for different policies.
The question
    How far is each unit from what the best make of the same inputs, who are its peers, and is the distance closing?
The verbs
    `efficiency` scores units against the technology that they span, under any returns to scale and model;
    `productivity_change` follows a panel through time; `sfa`, `cnls` and `stoned` put noise beside inefficiency.
    Further ones: `bootstrap` and `two_stage` (intervals and determinants), `returns_test`, `metafrontier`,
    `window_analysis`, `order_m` and `order_alpha` (partial frontiers), `cost_efficiency`, `revenue_efficiency`,
    `profit_efficiency`, `shadow_prices` of bad outputs, `materials_balance` (pollution as what flows in with the inputs
    and does not leave with the outputs), `network_efficiency` (divisions) and `dynamic_efficiency` (periods that hand
    something on).
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

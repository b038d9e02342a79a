"""What a region can grow into, who has overtaken whom, how alike the plans are, and a plan that is not.

The claim
    Latecomers can leapfrog by changing lanes, on a path that suits their endowments; and not every province must build
    its industry around the same few.
The question
    Which industries are near to what a region can do, which would lift it, and what do all plan at once?
The verbs
    `complexity` measures places and activities (relatedness, complexity, density, exact gain), `uncertainty` gives its
    intervals, `validated_proximity` tests relatedness against chance, `restrict` filters the sample. `opportunities`
    lists what a place could enter; `backtest` predicts entry out of time beside the baselines of the field, `forecast`
    gives the chances of the next.
    `clubs` finds those who converge among themselves (`log_t_test`, `beta_convergence`, `sigma_convergence`,
    `transitions`, `distribution_dynamics`), `lead_changes` who has overtaken whom (`historic_leads`: since 1800, of
    `historic_levels`); `leapfrog` judges the conditions,
    `lane_changes` whether entries leave the old core; `counterfactual` builds a synthetic control, `northeast` a page.
    `isomorphism` says how alike structures and plans are, `choices` who names what more often than chance and what does
    not fit (lists of one's own: `plan_template`, `read_plan_template`); `plan` coordinates under national limits.
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

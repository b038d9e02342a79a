"""What a region can grow into, who has overtaken whom, how alike the plans are, and a plan that is not.

The claim
    Latecomers can leapfrog by changing lanes, on a path that suits their endowments; and not every province must build
    its industry around the same few.
The question
    Which industries are near to what a region can do, which would lift it, and what does everybody plan at once?
The verbs
    `complexity` measures places and activities (relatedness, complexity, density, exact gain), `uncertainty` gives its
    intervals, `validated_proximity` tests relatedness against chance, `restrict` filters the sample. `opportunities`
    lists what a place could enter; `backtest` foretells entry out of time beside the baselines of the field, `forecast`
    gives the chances of the next.
    `clubs` finds those who converge among themselves (`log_t_test`, `beta_convergence`, `sigma_convergence`,
    `transitions`, `distribution_dynamics`), `lead_changes` who has overtaken whom; `leapfrog` judges the conditions,
    `lane_changes` whether entries leave the old core; `counterfactual` builds a synthetic control, `northeast` a page.
    `isomorphism` says how alike structures and plans are, `choices` who names what more often than chance and what does
    not fit (lists of one's own: `plan_template`, `read_plan_template`); `plan` coordinates under national limits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinzhi.core.lazy import lazy

if TYPE_CHECKING:
    from xinzhi.pathways.conventions import conventions
    from xinzhi.pathways.convergence.beta_convergence import (
        BetaConvergence,
        GrowthSpans,
        beta_convergence,
        speed_of_convergence,
    )
    from xinzhi.pathways.convergence.clubs import ClubRules, Clubs, clubs, merge_clubs
    from xinzhi.pathways.convergence.distribution_dynamics import DistributionDynamics, distribution_dynamics
    from xinzhi.pathways.convergence.log_t_test import LogT, LogTRules, log_t_test
    from xinzhi.pathways.convergence.sigma_convergence import SigmaConvergence, sigma_convergence
    from xinzhi.pathways.convergence.transitions import Transitions, transitions
    from xinzhi.pathways.economic_complexity.cells import Cells
    from xinzhi.pathways.economic_complexity.complexity import Complexity, ComplexityOptions, complexity, measure_cells
    from xinzhi.pathways.economic_complexity.restrict import Sample, restrict
    from xinzhi.pathways.economic_complexity.uncertainty import Draws, Uncertainty, uncertainty
    from xinzhi.pathways.economic_complexity.validated_proximity import Validated, validated_proximity
    from xinzhi.pathways.entry.backtest import Backtest, BacktestOptions, backtest
    from xinzhi.pathways.entry.forecast import Forecast, forecast
    from xinzhi.pathways.entry.opportunities import Opportunities, opportunities
    from xinzhi.pathways.industries import Named, names_in, with_names
    from xinzhi.pathways.leap.counterfactual import Counterfactual, MatchRules, counterfactual
    from xinzhi.pathways.leap.lane_changes import LaneChanges, lane_changes
    from xinzhi.pathways.leap.lead_changes import LeadChanges, LeadRules, lead_changes, side_by_side
    from xinzhi.pathways.leap.leapfrog import CONDITIONS, Leapfrog, leapfrog
    from xinzhi.pathways.leap.northeast import SERIES, Northeast, northeast
    from xinzhi.pathways.plans.choices import Choices, choices
    from xinzhi.pathways.plans.isomorphism import Isomorphism, isomorphism
    from xinzhi.pathways.plans.limits import Limits, output_per_head
    from xinzhi.pathways.plans.plan import Plan, plan
    from xinzhi.pathways.plans.plan_template import PlanTemplate, plan_template, read_plan_template

_HOMES = {
    "names_in": ".industries",
    "Named": ".industries",
    "output_per_head": ".plans.limits",
    "conventions": ".conventions",
    "CONDITIONS": ".leap.leapfrog",
    "SERIES": ".leap.northeast",
    "BetaConvergence": ".convergence.beta_convergence",
    "beta_convergence": ".convergence.beta_convergence",
    "GrowthSpans": ".convergence.beta_convergence",
    "speed_of_convergence": ".convergence.beta_convergence",
    "ClubRules": ".convergence.clubs",
    "Clubs": ".convergence.clubs",
    "clubs": ".convergence.clubs",
    "merge_clubs": ".convergence.clubs",
    "Counterfactual": ".leap.counterfactual",
    "counterfactual": ".leap.counterfactual",
    "MatchRules": ".leap.counterfactual",
    "DistributionDynamics": ".convergence.distribution_dynamics",
    "distribution_dynamics": ".convergence.distribution_dynamics",
    "LaneChanges": ".leap.lane_changes",
    "lane_changes": ".leap.lane_changes",
    "LeadChanges": ".leap.lead_changes",
    "LeadRules": ".leap.lead_changes",
    "lead_changes": ".leap.lead_changes",
    "side_by_side": ".leap.lead_changes",
    "Leapfrog": ".leap.leapfrog",
    "leapfrog": ".leap.leapfrog",
    "LogT": ".convergence.log_t_test",
    "LogTRules": ".convergence.log_t_test",
    "log_t_test": ".convergence.log_t_test",
    "Northeast": ".leap.northeast",
    "with_names": ".industries",
    "northeast": ".leap.northeast",
    "SigmaConvergence": ".convergence.sigma_convergence",
    "sigma_convergence": ".convergence.sigma_convergence",
    "Transitions": ".convergence.transitions",
    "transitions": ".convergence.transitions",
    "Cells": ".economic_complexity.cells",
    "Complexity": ".economic_complexity.complexity",
    "ComplexityOptions": ".economic_complexity.complexity",
    "complexity": ".economic_complexity.complexity",
    "measure_cells": ".economic_complexity.complexity",
    "Forecast": ".entry.forecast",
    "forecast": ".entry.forecast",
    "Draws": ".economic_complexity.uncertainty",
    "Uncertainty": ".economic_complexity.uncertainty",
    "uncertainty": ".economic_complexity.uncertainty",
    "Validated": ".economic_complexity.validated_proximity",
    "validated_proximity": ".economic_complexity.validated_proximity",
    "Opportunities": ".entry.opportunities",
    "opportunities": ".entry.opportunities",
    "Backtest": ".entry.backtest",
    "BacktestOptions": ".entry.backtest",
    "backtest": ".entry.backtest",
    "Sample": ".economic_complexity.restrict",
    "restrict": ".economic_complexity.restrict",
    "Choices": ".plans.choices",
    "choices": ".plans.choices",
    "Isomorphism": ".plans.isomorphism",
    "isomorphism": ".plans.isomorphism",
    "Limits": ".plans.limits",
    "Plan": ".plans.plan",
    "plan": ".plans.plan",
    "PlanTemplate": ".plans.plan_template",
    "plan_template": ".plans.plan_template",
    "read_plan_template": ".plans.plan_template",
}

__all__ = [
    "CONDITIONS",
    "SERIES",
    "Backtest",
    "BacktestOptions",
    "BetaConvergence",
    "Cells",
    "Choices",
    "ClubRules",
    "Clubs",
    "Complexity",
    "ComplexityOptions",
    "Counterfactual",
    "DistributionDynamics",
    "Draws",
    "Forecast",
    "GrowthSpans",
    "Isomorphism",
    "LaneChanges",
    "LeadChanges",
    "LeadRules",
    "Leapfrog",
    "Limits",
    "LogT",
    "LogTRules",
    "MatchRules",
    "Named",
    "Northeast",
    "Opportunities",
    "Plan",
    "PlanTemplate",
    "Sample",
    "SigmaConvergence",
    "Transitions",
    "Uncertainty",
    "Validated",
    "backtest",
    "beta_convergence",
    "choices",
    "clubs",
    "complexity",
    "conventions",
    "counterfactual",
    "distribution_dynamics",
    "forecast",
    "isomorphism",
    "lane_changes",
    "lead_changes",
    "leapfrog",
    "log_t_test",
    "measure_cells",
    "merge_clubs",
    "names_in",
    "northeast",
    "opportunities",
    "output_per_head",
    "plan",
    "plan_template",
    "read_plan_template",
    "restrict",
    "side_by_side",
    "sigma_convergence",
    "speed_of_convergence",
    "transitions",
    "uncertainty",
    "validated_proximity",
    "with_names",
]

__getattr__, __dir__ = lazy(__name__, _HOMES)

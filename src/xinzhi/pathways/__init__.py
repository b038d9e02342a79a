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
    from xinzhi.pathways.cells import Cells
    from xinzhi.pathways.club_finding import ClubRules, Clubs, clubs, merge_clubs
    from xinzhi.pathways.convergence_tests import BetaConvergence, GrowthSpans, beta_convergence, speed_of_convergence
    from xinzhi.pathways.coordinated_plan import Plan, plan
    from xinzhi.pathways.dispersion_tests import SigmaConvergence, sigma_convergence
    from xinzhi.pathways.distribution import DistributionDynamics, distribution_dynamics
    from xinzhi.pathways.economic_complexity import Complexity, ComplexityOptions, complexity, measure_cells
    from xinzhi.pathways.entry_forecast import Forecast, forecast
    from xinzhi.pathways.intervals import Draws, Uncertainty, uncertainty
    from xinzhi.pathways.lane_change import LaneChanges, lane_changes
    from xinzhi.pathways.leapfrog_conditions import Leapfrog, leapfrog
    from xinzhi.pathways.likeness import Isomorphism, isomorphism
    from xinzhi.pathways.log_t import LogT, LogTRules, log_t_test
    from xinzhi.pathways.mobility import Transitions, transitions
    from xinzhi.pathways.naming import with_names
    from xinzhi.pathways.northeast_page import Northeast, northeast
    from xinzhi.pathways.null_model import Validated, validated_proximity
    from xinzhi.pathways.opportunity import Opportunities, opportunities
    from xinzhi.pathways.out_of_time import Backtest, BacktestOptions, backtest
    from xinzhi.pathways.over_choice import Choices, choices
    from xinzhi.pathways.overtaking import LeadChanges, LeadRules, lead_changes, side_by_side
    from xinzhi.pathways.plan_coding import PlanTemplate, plan_template, read_plan_template
    from xinzhi.pathways.plan_inputs import Limits
    from xinzhi.pathways.sample import Sample, restrict
    from xinzhi.pathways.synthetic_control import Counterfactual, MatchRules, counterfactual

_HOMES = {
    "BetaConvergence": ".convergence_tests",
    "beta_convergence": ".convergence_tests",
    "GrowthSpans": ".convergence_tests",
    "speed_of_convergence": ".convergence_tests",
    "ClubRules": ".club_finding",
    "Clubs": ".club_finding",
    "clubs": ".club_finding",
    "merge_clubs": ".club_finding",
    "Counterfactual": ".synthetic_control",
    "counterfactual": ".synthetic_control",
    "MatchRules": ".synthetic_control",
    "DistributionDynamics": ".distribution",
    "distribution_dynamics": ".distribution",
    "LaneChanges": ".lane_change",
    "lane_changes": ".lane_change",
    "LeadChanges": ".overtaking",
    "LeadRules": ".overtaking",
    "lead_changes": ".overtaking",
    "side_by_side": ".overtaking",
    "Leapfrog": ".leapfrog_conditions",
    "leapfrog": ".leapfrog_conditions",
    "LogT": ".log_t",
    "LogTRules": ".log_t",
    "log_t_test": ".log_t",
    "Northeast": ".northeast_page",
    "with_names": ".naming",
    "northeast": ".northeast_page",
    "SigmaConvergence": ".dispersion_tests",
    "sigma_convergence": ".dispersion_tests",
    "Transitions": ".mobility",
    "transitions": ".mobility",
    "Cells": ".cells",
    "Complexity": ".economic_complexity",
    "ComplexityOptions": ".economic_complexity",
    "complexity": ".economic_complexity",
    "measure_cells": ".economic_complexity",
    "Forecast": ".entry_forecast",
    "forecast": ".entry_forecast",
    "Draws": ".intervals",
    "Uncertainty": ".intervals",
    "uncertainty": ".intervals",
    "Validated": ".null_model",
    "validated_proximity": ".null_model",
    "Opportunities": ".opportunity",
    "opportunities": ".opportunity",
    "Backtest": ".out_of_time",
    "BacktestOptions": ".out_of_time",
    "backtest": ".out_of_time",
    "Sample": ".sample",
    "restrict": ".sample",
    "Choices": ".over_choice",
    "choices": ".over_choice",
    "Isomorphism": ".likeness",
    "isomorphism": ".likeness",
    "Limits": ".plan_inputs",
    "Plan": ".coordinated_plan",
    "plan": ".coordinated_plan",
    "PlanTemplate": ".plan_coding",
    "plan_template": ".plan_coding",
    "read_plan_template": ".plan_coding",
}

__all__ = [
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
    "northeast",
    "opportunities",
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

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

import importlib
from typing import TYPE_CHECKING, Any

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
    "BetaConvergence": "xinzhi.pathways.convergence_tests",
    "beta_convergence": "xinzhi.pathways.convergence_tests",
    "GrowthSpans": "xinzhi.pathways.convergence_tests",
    "speed_of_convergence": "xinzhi.pathways.convergence_tests",
    "ClubRules": "xinzhi.pathways.club_finding",
    "Clubs": "xinzhi.pathways.club_finding",
    "clubs": "xinzhi.pathways.club_finding",
    "merge_clubs": "xinzhi.pathways.club_finding",
    "Counterfactual": "xinzhi.pathways.synthetic_control",
    "counterfactual": "xinzhi.pathways.synthetic_control",
    "MatchRules": "xinzhi.pathways.synthetic_control",
    "DistributionDynamics": "xinzhi.pathways.distribution",
    "distribution_dynamics": "xinzhi.pathways.distribution",
    "LaneChanges": "xinzhi.pathways.lane_change",
    "lane_changes": "xinzhi.pathways.lane_change",
    "LeadChanges": "xinzhi.pathways.overtaking",
    "LeadRules": "xinzhi.pathways.overtaking",
    "lead_changes": "xinzhi.pathways.overtaking",
    "side_by_side": "xinzhi.pathways.overtaking",
    "Leapfrog": "xinzhi.pathways.leapfrog_conditions",
    "leapfrog": "xinzhi.pathways.leapfrog_conditions",
    "LogT": "xinzhi.pathways.log_t",
    "LogTRules": "xinzhi.pathways.log_t",
    "log_t_test": "xinzhi.pathways.log_t",
    "Northeast": "xinzhi.pathways.northeast_page",
    "with_names": "xinzhi.pathways.naming",
    "northeast": "xinzhi.pathways.northeast_page",
    "SigmaConvergence": "xinzhi.pathways.dispersion_tests",
    "sigma_convergence": "xinzhi.pathways.dispersion_tests",
    "Transitions": "xinzhi.pathways.mobility",
    "transitions": "xinzhi.pathways.mobility",
    "Cells": "xinzhi.pathways.cells",
    "Complexity": "xinzhi.pathways.economic_complexity",
    "ComplexityOptions": "xinzhi.pathways.economic_complexity",
    "complexity": "xinzhi.pathways.economic_complexity",
    "measure_cells": "xinzhi.pathways.economic_complexity",
    "Forecast": "xinzhi.pathways.entry_forecast",
    "forecast": "xinzhi.pathways.entry_forecast",
    "Draws": "xinzhi.pathways.intervals",
    "Uncertainty": "xinzhi.pathways.intervals",
    "uncertainty": "xinzhi.pathways.intervals",
    "Validated": "xinzhi.pathways.null_model",
    "validated_proximity": "xinzhi.pathways.null_model",
    "Opportunities": "xinzhi.pathways.opportunity",
    "opportunities": "xinzhi.pathways.opportunity",
    "Backtest": "xinzhi.pathways.out_of_time",
    "BacktestOptions": "xinzhi.pathways.out_of_time",
    "backtest": "xinzhi.pathways.out_of_time",
    "Sample": "xinzhi.pathways.sample",
    "restrict": "xinzhi.pathways.sample",
    "Choices": "xinzhi.pathways.over_choice",
    "choices": "xinzhi.pathways.over_choice",
    "Isomorphism": "xinzhi.pathways.likeness",
    "isomorphism": "xinzhi.pathways.likeness",
    "Limits": "xinzhi.pathways.plan_inputs",
    "Plan": "xinzhi.pathways.coordinated_plan",
    "plan": "xinzhi.pathways.coordinated_plan",
    "PlanTemplate": "xinzhi.pathways.plan_coding",
    "plan_template": "xinzhi.pathways.plan_coding",
    "read_plan_template": "xinzhi.pathways.plan_coding",
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


def __getattr__(name: str) -> Any:  # noqa: ANN401 - one of the verbs
    """Load a verb on first use: importing the room costs nothing."""
    if name not in _HOMES:
        message = f"module 'xinzhi.pathways' has no attribute '{name}'"
        raise AttributeError(message)
    return getattr(importlib.import_module(_HOMES[name]), name)

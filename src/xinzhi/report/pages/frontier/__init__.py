"""The frontier in a report: efficiency, productivity change, stochastic frontiers, and what goes with them."""

from __future__ import annotations

from xinzhi.report.pages.frontier.brief import brief
from xinzhi.report.pages.frontier.certainty import bootstrap, returns_test, two_stage
from xinzhi.report.pages.frontier.change import change
from xinzhi.report.pages.frontier.efficiency import efficiency
from xinzhi.report.pages.frontier.others import economic, metafrontier, partial_frontier, window
from xinzhi.report.pages.frontier.stochastic import stochastic, stoned

__all__ = [
    "bootstrap",
    "brief",
    "change",
    "economic",
    "efficiency",
    "metafrontier",
    "partial_frontier",
    "returns_test",
    "stochastic",
    "stoned",
    "two_stage",
    "window",
]

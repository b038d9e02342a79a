"""The frontier in a report: efficiency, productivity change, stochastic frontiers, and what goes with them."""

from __future__ import annotations

from xinzhi.report.rooms.frontier.brief import brief
from xinzhi.report.rooms.frontier.certainty import bootstrap, returns_test, two_stage
from xinzhi.report.rooms.frontier.change import change
from xinzhi.report.rooms.frontier.efficiency import efficiency
from xinzhi.report.rooms.frontier.others import economic, metafrontier, partial_frontier, window
from xinzhi.report.rooms.frontier.stochastic import stochastic, stoned

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

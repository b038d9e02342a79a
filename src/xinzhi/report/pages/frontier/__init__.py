"""The frontier in a report: efficiency, productivity change, stochastic frontiers, and what goes with them."""

from __future__ import annotations

from xinzhi.report.pages.frontier.change import brief, change
from xinzhi.report.pages.frontier.efficiency import efficiency
from xinzhi.report.pages.frontier.others import (
    bootstrap,
    economic,
    metafrontier,
    partial_frontier,
    returns_test,
    two_stage,
    window,
)
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

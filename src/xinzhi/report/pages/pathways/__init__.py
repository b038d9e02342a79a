"""Pathways in a report: complexity and entry, likeness and choices, convergence and leaps, and the coordinated plan."""

from __future__ import annotations

from xinzhi.report.pages.pathways import complexity, convergence, entry

__all__ = ["complexity", "convergence", "entry"]

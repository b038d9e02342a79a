"""Productivity change of a panel against a frontier: indices, their parts, and intervals."""

from __future__ import annotations

from xinzhi.frontier.change.result import ProductivityChange
from xinzhi.frontier.change.verb import productivity_change

__all__ = ["ProductivityChange", "productivity_change"]

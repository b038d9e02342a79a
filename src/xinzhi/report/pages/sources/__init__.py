"""The three sources in a report: the decomposition itself, and what looks deeper into each source."""

from __future__ import annotations

from xinzhi.report.pages.sources.decomposition import decomposition
from xinzhi.report.pages.sources.in_depth import allocation, innovation, upgrading

__all__ = ["allocation", "decomposition", "innovation", "upgrading"]

"""What `sectors` says: the sectors side by side, composite indices and their conventions, space, and green."""

from __future__ import annotations

from xinzhi.report.pages.sectors import advance, index, others

__all__ = ["advance", "index", "others"]

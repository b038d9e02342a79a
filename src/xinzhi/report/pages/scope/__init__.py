"""What `scope` says: what counts on a day, who uses digital input, and two centuries of power."""

from __future__ import annotations

from xinzhi.report.pages.scope import classify, history

__all__ = ["classify", "history"]

"""The report of an audit: what choosing one's own ruler buys, for a reader who was not there when it was computed."""

from __future__ import annotations

from xinzhi.report.audit.writing import NAMES, write_audit

__all__ = ["NAMES", "write_audit"]

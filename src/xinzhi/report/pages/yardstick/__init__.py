"""The pages of the yardstick: the assessment of all regions, and the audit of what other protocols would say."""

from __future__ import annotations

from xinzhi.report.pages.yardstick import audit, compared, measurement

__all__ = ["audit", "compared", "measurement"]

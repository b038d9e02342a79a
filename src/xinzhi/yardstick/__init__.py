"""The one ruler: total factor productivity of every region under one declared protocol.

The claim: performance is total factor productivity, output growth less the contributions of capital and labour; it is
disputed, and gamed, because everyone may choose how to measure them. The question: what is this region's TFP under one
yardstick, and what stands behind the figure?

Verbs: `measure`; a `Measurement` answers with `explain`; `audit` measures the ruler itself; `breaks` finds
where the statistics changed instead of the economy.
"""

from __future__ import annotations

from xinzhi.yardstick.audit import Audit, audit
from xinzhi.yardstick.breaks import Breaks, break_findings, breaks
from xinzhi.yardstick.measure import DEFAULT_PROTOCOL, measure
from xinzhi.yardstick.measurement import Measurement

__all__ = ["DEFAULT_PROTOCOL", "Audit", "Breaks", "Measurement", "audit", "break_findings", "breaks", "measure"]

"""The one ruler: total factor productivity of every region under one declared protocol.

The claim: performance is total factor productivity, output growth less the contributions of capital and labour; it is
disputed, and gamed, because everyone may choose how to measure them. The question: what is this region's TFP under one
yardstick, and what stands behind the figure?

Verbs: `measure`; a `Measurement` answers with `explain`; `audit` measures the ruler itself; `breaks` finds
where the statistics changed instead of the economy; `check_claim` holds a claimed figure to the ruler;
`compare_vintages` and `vintage_history` say what a revision did.
"""

from __future__ import annotations

from xinzhi.yardstick.audit import Audit, audit
from xinzhi.yardstick.breaks import Breaks, break_findings, breaks
from xinzhi.yardstick.claims import ClaimCheck, Claims, check_claim, check_claims
from xinzhi.yardstick.measure import DEFAULT_PROTOCOL, measure
from xinzhi.yardstick.measurement import Measurement
from xinzhi.yardstick.vintage_history import VintageHistory, vintage_history
from xinzhi.yardstick.vintages import VintageChange, compare_vintages

__all__ = [
    "DEFAULT_PROTOCOL",
    "Audit",
    "Breaks",
    "ClaimCheck",
    "Claims",
    "Measurement",
    "VintageChange",
    "VintageHistory",
    "audit",
    "break_findings",
    "breaks",
    "check_claim",
    "check_claims",
    "compare_vintages",
    "measure",
    "vintage_history",
]

"""The one ruler: total factor productivity of every region under one declared protocol.

The claim: performance is total factor productivity, output growth less the contributions of capital and labour; it is
disputed, and gamed, because everyone may choose how to measure them. The question: what is this region's TFP under one
yardstick, and what stands behind the figure?

Verbs: `measure`; a `Measurement` answers with `explain`; `audit` measures the ruler itself; `breaks` finds
where the statistics changed instead of the economy; `check_claim` holds a claimed figure to the ruler;
`compare_vintages` and `vintage_history` say what a revision did.
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

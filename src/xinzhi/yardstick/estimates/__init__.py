"""Estimated years: what stands in after the last official figure, how wrong it has been, what may be said of it.

The claim: the newest growth is the growth that everyone quotes. The question: which part of it was published and which
was estimated, how far off have such estimates been, and which regions can be told apart at all?

Verbs: `bands` of a measurement; `backtest` of the rules of a protocol.
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

"""Breaks in the series: a figure that no economy made.

The claim: TFP that jumps is a change of statistics more often than of technology, and whoever ranks regions by it ranks
their statistical offices. The question: which stock or flow of which region moved as neither its own history nor the
other regions explain, does the level come back, is a census behind it, and what does it do to TFP?

Verb: `breaks`; `break_findings` says the same to whoever checks a package, `break_marks` to whoever measures it.
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

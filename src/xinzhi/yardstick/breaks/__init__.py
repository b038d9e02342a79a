"""Breaks in the series: a figure that no economy made.

The claim: TFP that jumps is a change of statistics more often than of technology, and whoever ranks regions by it ranks
their statistical offices. The question: which stock or flow of which region moved as neither its own history nor the
other regions explain, does the level come back, is a census behind it, and what does it do to TFP?

Verb: `breaks`; `break_findings` says the same to whoever checks a package, `break_marks` to whoever measures it.
"""

from __future__ import annotations

from xinzhi.yardstick.breaks.findings import break_findings
from xinzhi.yardstick.breaks.judge import break_marks
from xinzhi.yardstick.breaks.result import Breaks
from xinzhi.yardstick.breaks.verb import breaks

__all__ = ["Breaks", "break_findings", "break_marks", "breaks"]

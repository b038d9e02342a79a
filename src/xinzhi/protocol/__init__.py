"""The yardstick as data.

*The claim*: total factor productivity is disputed because everyone picks the capital and labour that suit; the cure
is one standard for every region. *The question*: what exactly is fixed, on whose authority, and what do others use
instead? *The verbs*: `load` one protocol, `registry` lists those that ship, `diff` compares two, `check` finds what is
wrong with a file, `new` writes a file to start from. `sign` adopts one, `judge` says whether a key
that you trust has done so. `catalogue` says what a protocol may fix, `spell` writes a value
for a person.
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

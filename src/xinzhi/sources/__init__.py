"""The three sources: how much of the residual came from breakthrough, allocation and upgrading.

The claim
    New quality comes from technological breakthrough, from better allocation of factors and from the deep upgrading of
    industry, the traditional included; not from future technology alone.
The question
    How much of this region's total factor productivity growth came from each?
The verbs
    `decompose` splits the measured residual exactly; `allocation`, `upgrading` and `innovation` hold the measures that
    look deeper into each source.
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

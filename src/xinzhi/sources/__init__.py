"""The three sources: how much of the residual came from breakthrough, allocation and upgrading.

The claim
    New quality comes from technological breakthrough, from better allocation of factors and from the deep upgrading of
    industry, the traditional included; not from future technology alone.
The question
    How much of this region's total factor productivity growth came from each?
The verbs
    `decompose` splits the official residual exactly; `allocation`, `upgrading` and `innovation` hold the measures that
    look deeper into each source.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinzhi.core.lazy import lazy

if TYPE_CHECKING:
    from xinzhi.sources import allocation, innovation, upgrading
    from xinzhi.sources.assumed import Assumptions, assumptions
    from xinzhi.sources.result import Sources
    from xinzhi.sources.verb import decompose

_HOMES = {
    "Assumptions": ".assumed",
    "Sources": ".result",
    "assumptions": ".assumed",
    "decompose": ".verb",
}
_ROOMS = ("allocation", "innovation", "upgrading")

__all__ = [
    "Assumptions",
    "Sources",
    "allocation",
    "assumptions",
    "decompose",
    "innovation",
    "upgrading",
]

__getattr__, __dir__ = lazy(__name__, _HOMES, _ROOMS)

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

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xinzhi.sources import allocation, innovation, upgrading
    from xinzhi.sources.assumed import Assumptions, assumptions
    from xinzhi.sources.result import Sources
    from xinzhi.sources.verb import decompose

_HOMES = {
    "Assumptions": "xinzhi.sources.assumed",
    "Sources": "xinzhi.sources.result",
    "assumptions": "xinzhi.sources.assumed",
    "decompose": "xinzhi.sources.verb",
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


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a verb or a module of measures
    """Load a verb on first use: importing the room costs nothing."""
    if name in _ROOMS:
        return importlib.import_module(f"xinzhi.sources.{name}")
    if name not in _HOMES:
        message = f"module 'xinzhi.sources' has no attribute '{name}'"
        raise AttributeError(message)
    return getattr(importlib.import_module(_HOMES[name]), name)

"""What a region can grow into, who has overtaken whom, how alike the plans are, and a plan that is not.

The claim
    Latecomers can leapfrog by changing lanes, on a path that suits their endowments; and not every province must build
    its industry around the same few.
The question
    Which industries are near to what a region can do, which would lift it, and what does everybody plan at once?
The verbs
    `complexity` measures places and activities (relatedness, complexity, density, exact gain).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xinzhi.pathways.economic_complexity import Complexity, complexity

_HOMES = {
    "Complexity": "xinzhi.pathways.economic_complexity",
    "complexity": "xinzhi.pathways.economic_complexity",
}

__all__ = ["Complexity", "complexity"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - one of the verbs
    """Load a verb on first use: importing the room costs nothing."""
    if name not in _HOMES:
        message = f"module 'xinzhi.pathways' has no attribute '{name}'"
        raise AttributeError(message)
    return getattr(importlib.import_module(_HOMES[name]), name)

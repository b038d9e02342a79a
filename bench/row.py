"""One row of `harness.py`: an input, and two functions of it that return the same figures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Task = Callable[[Any], np.ndarray]
OWN = ""  # the distribution of a peer that is a plain implementation of our own


@dataclass(frozen=True, slots=True)
class Row:
    """One capability beside one peer."""

    capability: str
    peer: str
    distribution: str
    given: str  # the input in words
    equal: str  # which figures are held against each other
    tolerance: float
    make: Callable[[bool], Any]  # the input of the peer (True) or of ours: making it is not timed
    ours: Task
    theirs: Task
    repeats: int = 5
    behind: str = ""  # where the peer is faster: why, and what is to be done

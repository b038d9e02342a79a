"""The array types of all packages: float64 numbers and masks, the last axis is the year; and their digest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]


def digest(values: FloatArray, *names: Sequence[object]) -> str:
    """Return the sha256 of a table of numbers and what its rows and columns are called."""
    called = json.dumps([values.shape, *([str(one) for one in some] for some in names)], ensure_ascii=False)
    return hashlib.sha256(called.encode() + np.ascontiguousarray(values, dtype="<f8").tobytes()).hexdigest()

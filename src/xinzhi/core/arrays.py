"""The types of all packages: arrays (float64 numbers and masks, the last axis is the year), and what a caller gives."""

from __future__ import annotations

import hashlib
import json
import mmap
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]

# no type is common to what these libraries make; `data` and `frontier.reading` look at what comes
AnyArray: TypeAlias = Any  # whatever makes an array of numbers, or a frame of them
AnyFrame: TypeAlias = Any  # a frame of any kind, a mapping of columns, a result, or a path
AnyPackage: TypeAlias = Any  # a data package, its name or path, or a mapping of frames
AnyEngine: TypeAlias = Any  # a word, an address or a connection of Ibis, or an engine of `micro`
Ibis: TypeAlias = Any  # a table or column of Ibis


def digest(values: FloatArray, *names: Sequence[object]) -> str:
    """Return the sha256 of a table of numbers and what its rows and columns are called."""
    called = json.dumps([values.shape, *([str(one) for one in some] for some in names)], ensure_ascii=False)
    return hashlib.sha256(called.encode() + np.ascontiguousarray(values, dtype="<f8").tobytes()).hexdigest()


def release(*arrays: npt.NDArray[Any]) -> None:
    """Give back the memory of arrays that are mapped from files; what is read again comes from the file."""
    for array in arrays:
        held: Any = array
        while isinstance(held, np.ndarray):
            held = held.base
        if isinstance(held, mmap.mmap) and hasattr(held, "madvise"):  # not on Windows
            held.madvise(mmap.MADV_DONTNEED)

"""What an audit holds against a choice: data that fail under it have no rank; what no source uses is told apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from xinzhi.core.arrays import BoolArray, IntArray
from xinzhi.yardstick.audit.choices import Grid
from xinzhi.yardstick.audit.multiverse import Multiverse, Span
from xinzhi.yardstick.grading import fails
from xinzhi.yardstick.measurement import Measurement


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The set with the alternatives that no source uses for the economy: its size, and how many could rank first."""

    protocols: int
    first: int


# The parameters that decide whether data pass: what is mended by a protocol is not held against them.
MENDED = ("capital.benchmark", "labour.breaks", "output.vintage")


@dataclass(frozen=True, slots=True)
class Admission:
    """Under which protocols the data of a region fail admission: `failed` `(B, R, P)` by the branch `(N,)` of each."""

    branch: IntArray
    failed: BoolArray

    @classmethod
    def of(cls, reference: Measurement, every: Grid, spans: Sequence[Span]) -> Admission:
        """Grade the data once for every combination of what a protocol mends."""
        axes = [at for at, choice in enumerate(every.choices) if set(choice.paths) & set(MENDED)]
        sizes = [len(every.choices[at].levels) for at in axes]
        failed = np.zeros((int(np.prod(sizes)), len(reference.panel.regions), len(spans)), dtype=np.bool_)
        for branch, levels in enumerate(product(*(every.choices[at].levels for at in axes))):
            rules = every.protocol.replace({path: level.values[path] for level in levels for path in level.departs})
            if reference.graded is None or reference.accounts is None:
                break
            failed[branch] = fails(reference.graded, reference.panel, rules, reference.accounts.growth, spans)
        picked = every.rows[:, axes]
        return cls(np.ravel_multi_index(picked.T.tolist(), sizes) if axes else np.zeros(len(picked), np.int64), failed)

    def of_span(self, at: int) -> BoolArray:
        """Return the regions whose data fail in one span under every protocol `(N, R)`."""
        return self.failed[self.branch, :, at]


def widened(reference: Measurement, every: Grid, span: Span) -> WhatIf:
    """Return how many regions could rank first in a period under a larger set, among those that are ranked."""
    rows, regions, growth = Multiverse.of(reference.panel, every, [span]).distinct(0).known()
    admission = Admission.of(reference, every, [span])
    barred = admission.of_span(0)[rows[growth.lead]][:, regions]
    values = np.where(barred, -np.inf, growth.values)[:, ~barred[growth.which[0]]]
    own = values[growth.which[0]]
    best = [(top >= np.delete(own, at)).all() for at, top in enumerate(values.max(axis=0))]
    return WhatIf(len(rows), int(np.sum(best)))

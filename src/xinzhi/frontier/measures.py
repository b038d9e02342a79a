"""The measures that can hold units against any reference set: radial, directional and slacks-based."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from xinzhi.core.errors import UsageError
from xinzhi.frontier.bootstrap import efficiencies
from xinzhi.frontier.models.environmental import directional
from xinzhi.frontier.models.slacks_based import slacks_based
from xinzhi.frontier.models.sweep import checked
from xinzhi.frontier.technology.technology import choose, rts_of

if TYPE_CHECKING:
    from xinzhi.core.arrays import FloatArray
    from xinzhi.frontier.technology.goods import Goods

MEASURES = ("input", "output", "directional", "sbm")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """How units are measured: `input`, `output` (radial), `directional` or `sbm`."""

    name: str = "input"
    rts: str = "crs"
    disposability: str = "weak"
    direction: Any = "outputs"

    def check(self, *, bad: bool) -> None:
        """Refuse options that do not exist or do not fit the data."""
        choose("measure", self.name, MEASURES)
        rts_of(self.rts)
        if bad and self.name in {"input", "output"}:
            raise UsageError("frontier.measure-bad", measure=self.name)

    def score(self, points: Goods, reference: Goods) -> FloatArray:
        """Return the scores of points `(n,)` against a reference set, NaN where infeasible."""
        if self.name in {"input", "output"}:
            data = checked(points.x, points.y, None, (reference.x, reference.y))
            rts = rts_of(self.rts)
            found = efficiencies(data.x, data.y, data.xr[None], data.yr[None], rts=rts, orientation=self.name)
            return np.asarray(found[0])
        ours, theirs = ((part.x, part.y, part.bad) for part in (points, reference))
        if self.name == "sbm":
            return slacks_based(*ours, rts=self.rts, reference=theirs).score
        how = {"rts": self.rts, "disposability": self.disposability, "direction": self.direction}
        return directional(*ours, reference=theirs, **how).score

    def efficiency(self, score: FloatArray) -> FloatArray:
        """Return scores as efficiencies of at most one inside the technology: 1 / phi for outputs, 1 / (1 + beta)."""
        if self.name == "output":
            return 1 / score
        return 1 / (1 + score) if self.name == "directional" else score

    def best(self, scores: FloatArray) -> FloatArray:
        """Return the score against the union of technologies `(g, n)`: the farthest frontier counts."""
        with np.errstate(all="ignore"):
            outward = self.name in {"output", "directional"}
            filled = np.where(np.isnan(scores), -np.inf if outward else np.inf, scores)
            found = filled.max(axis=0) if outward else filled.min(axis=0)
        return np.where(np.isfinite(found), found, np.nan)

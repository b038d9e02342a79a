"""The measures that can hold units against any reference set: radial, directional and slacks-based."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from xinzhi.core.errors import UsageError
from xinzhi.frontier.models.environmental import directional
from xinzhi.frontier.models.slacks import slacks_based
from xinzhi.frontier.models.units import check_choice, check_rts, checked
from xinzhi.frontier.replications import efficiencies

if TYPE_CHECKING:
    from xinzhi.core.arrays import FloatArray

MEASURES = ("input", "output", "directional", "sbm")
Goods = tuple["FloatArray", "FloatArray", "FloatArray | None"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """How units are measured.

    Parameters
    ----------
    name
        ``input``, ``output`` (Farrell), ``directional`` (environmental, when there are bad outputs) or ``sbm``.
    rts
        ``crs``, ``vrs``, ``nirs`` or ``ndrs``.
    disposability, direction
        Of the directional measure, see `xinzhi.frontier.models.environmental.directional`.
    """

    name: str = "input"
    rts: str = "crs"
    disposability: str = "weak"
    direction: Any = "outputs"

    def check(self, *, bad: bool) -> None:
        """Refuse options that do not exist or do not fit the data.

        Raises
        ------
        UsageError
            When a radial measure meets bad outputs, or an option is unknown.
        """
        check_choice("measure", self.name, MEASURES)
        check_rts(self.rts)
        if bad and self.name in {"input", "output"}:
            message = f"measure '{self.name}' knows no bad outputs: take 'directional' or 'sbm'."
            raise UsageError(message)

    def score(self, points: Goods, reference: Goods) -> FloatArray:
        """Return the scores of points `(n,)` against a reference set, NaN where infeasible."""
        if self.name in {"input", "output"}:
            data = checked(points[0], points[1], None, (reference[0], reference[1]))
            found = efficiencies(
                data.x, data.y, data.xr[None], data.yr[None], rts=check_rts(self.rts), orientation=self.name
            )
            score: FloatArray = found[0]
            return score
        if self.name == "sbm":
            return slacks_based(*points, rts=self.rts, reference=reference).score
        return directional(
            *points, rts=self.rts, disposability=self.disposability, direction=self.direction, reference=reference
        ).score

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


def rows(parts: Goods, chosen: Any) -> Goods:  # noqa: ANN401 - a mask or row numbers
    """Return some of the units."""
    return parts[0][chosen], parts[1][chosen], None if parts[2] is None else parts[2][chosen]

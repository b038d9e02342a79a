"""What a model of efficiency takes and gives: the data of the units, the options of the call, the solution."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from xinzhi.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scipy.sparse import csr_array

    from xinzhi.core.arrays import BoolArray, FloatArray
    from xinzhi.core.result import FrameKind
    from xinzhi.frontier.technology.distance import Programs


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    """Inputs, outputs and bad outputs of n units, and what they are called.

    Parameters
    ----------
    x, y, b
        `(n, p)`, `(n, q)` and `(n, r)` or None; finite numbers.
    units
        Names of the units, in the order of the rows.
    inputs, outputs, bads
        Names of the columns.
    kind
        The kind of frame that the caller handed in.
    """

    x: FloatArray
    y: FloatArray
    b: FloatArray | None
    units: tuple[str, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    bads: tuple[str, ...]
    kind: FrameKind = "polars"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options that all models share; `extra` holds those of one model alone.

    Parameters
    ----------
    model, rts, orientation, disposability
        As `efficiency` takes them.
    bounds
        Limits of the sum of intensities for ``grs``.
    direction
        A name (``own``, ``mean``, ``unit``, ``range``, ``endogenous``), arrays ``(gx, gy[, gb])``, or None.
    slacks
        Whether the largest slacks are wanted.
    extra
        Every further keyword of the call.
    """

    model: str = "radial"
    rts: str = "vrs"
    orientation: str = "input"
    disposability: str = "weak"
    bounds: tuple[float, float] | None = None
    direction: Any = None
    slacks: bool | FloatArray = False
    extra: Mapping[str, Any] = field(default_factory=dict)

    def take(self, **defaults: Any) -> dict[str, Any]:  # noqa: ANN401 - options of any kind
        """Return the model's own options with their defaults.

        Raises
        ------
        UsageError
            When the call holds an option that is not among `defaults`.

        Examples
        --------
        >>> Options(model="additive", extra={"weights": "ram"}).take(weights="none")
        {'weights': 'ram'}
        """
        unknown = sorted(set(self.extra) - set(defaults))
        if unknown:
            known = ", ".join(defaults) or "none of its own"
            message = f"model='{self.model}' has no option {', '.join(map(repr, unknown))}; it takes {known}."
            raise UsageError(message)
        return defaults | dict(self.extra)


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """What a model gives back; `efficiency` turns it into frames.

    Parameters
    ----------
    score, status
        `(n,)`; the score is NaN where the status is not ``optimal``.
    programs
        Count and size of the linear programmes.
    efficient
        `(n,)`, whether a unit is on the frontier by the model's own measure, or None.
    intensity
        `(n, n)`, sparse: weights of the reference units, or None when the model has none.
    slack_x, slack_y, slack_b
        `(n, p)`, `(n, q)`, `(n, r)` or None.
    target_x, target_y, target_b
        The projection on the frontier, or None.
    dual_x, dual_y, dual_b, dual_scale
        Multipliers, or None; see `Distances`.
    columns
        Further columns of the result, `(n,)` each, such as ``allocative`` or ``shadow_price_co2``.
    notes
        Sentences for the reader (a bandwidth that was chosen, units that were left out).
    """

    score: FloatArray
    status: Any
    programs: Programs
    efficient: BoolArray | None = None
    intensity: csr_array | None = None
    slack_x: FloatArray | None = None
    slack_y: FloatArray | None = None
    slack_b: FloatArray | None = None
    target_x: FloatArray | None = None
    target_y: FloatArray | None = None
    target_b: FloatArray | None = None
    dual_x: FloatArray | None = None
    dual_y: FloatArray | None = None
    dual_b: FloatArray | None = None
    dual_scale: FloatArray | None = None
    columns: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

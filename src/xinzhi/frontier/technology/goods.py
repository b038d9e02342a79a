"""Goods as the programmes take them: checked, in scaled netputs, with the direction of every point."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from xinzhi.core.errors import InputError, UsageError
from xinzhi.frontier.technology.technology import DISPOSABILITY, RTS, netputs

if TYPE_CHECKING:
    from xinzhi.core.arrays import BoolArray, FloatArray

    Three = tuple[FloatArray, FloatArray, FloatArray | None]

ORIENTATIONS = ("input", "output", "directional", "hyperbolic")


@dataclass(frozen=True, slots=True)
class Goods:
    """Points, reference and directions with every good divided by its mean; `scale` undoes it."""

    target: FloatArray
    gain: FloatArray
    reference: Three
    scale: FloatArray
    shrinks: BoolArray
    widths: tuple[int, int, int]
    disposability: str


def scaled_goods(
    points: Three,
    reference: Three,
    orientation: str,
    direction: tuple[Any, ...] | None,
    disposability: str,
) -> Goods:
    """Return points, reference and directions as scaled netputs."""
    ours, theirs = ([part for part in three if part is not None] for three in (points, reference))
    widths = [part.shape[1] for part in ours]
    if widths != [part.shape[1] for part in theirs]:
        message = "points and reference must have the same inputs, outputs and bad outputs."
        raise UsageError(message)
    sizes = [_means(part) for part in theirs]
    small = [part / size for part, size in zip(ours, sizes, strict=True)]
    inner = [part / size for part, size in zip(theirs, sizes, strict=True)]
    bads = len(small) > 2  # noqa: PLR2004 - inputs, outputs, and a third
    target = netputs(small[0], small[1], small[2] if bads else None, disposability).T
    still = [np.zeros_like(part) for part in small]
    moves = [np.abs(part) for part in small]
    if orientation == "input":
        moves = [moves[0], *still[1:]]
    elif orientation == "output":
        moves = [still[0], moves[1], *still[2:]]
    elif direction is not None:
        moves = _given(direction, small, sizes)
    sign = -1.0 if disposability != "strong" else 1.0
    gain = np.hstack([moves[0], moves[1], *(sign * move for move in moves[2:])])
    three = (widths[0], widths[1], widths[2] if bads else 0)
    shrinks = np.repeat([True, False, True], three)
    framed = (inner[0], inner[1], inner[2] if bads else None)
    return Goods(target, gain, framed, np.concatenate(sizes), shrinks, three, disposability)


def _given(direction: tuple[Any, ...], parts: list[FloatArray], sizes: list[FloatArray]) -> list[FloatArray]:
    """Return the caller's direction in the scaled units."""
    if len(direction) not in {2, len(parts)}:
        message = "direction must be (gx, gy), or (gx, gy, gb) with bad outputs."
        raise UsageError(message)
    given = [*direction, *[0.0] * (len(parts) - len(direction))]
    moves = []
    for name, move, part, size in zip(("gx", "gy", "gb"), given, parts, sizes, strict=False):
        try:
            wide = np.broadcast_to(np.asarray(move, dtype=float), part.shape)
        except ValueError as error:
            message = f"direction {name} has shape {np.shape(move)}, which does not fit the points' {part.shape}."
            raise UsageError(message) from error
        if not np.isfinite(wide).all() or (wide < 0).any():
            message = f"direction {name} must be finite and not negative: it says how much less input or more output."
            raise UsageError(message)
        moves.append(wide / size)
    return moves


def _means(part: FloatArray) -> FloatArray:
    size = np.abs(part).mean(axis=0) if part.size else np.ones(part.shape[1])
    return np.where(size > 0, size, 1.0)


def arrays(x: Any, y: Any, b: Any) -> Three:  # noqa: ANN401 - array-likes
    """Return the goods as two-dimensional arrays of finite numbers with the same number of rows."""
    out: list[FloatArray] = []
    for name, part in (("inputs x", x), ("outputs y", y), ("bad outputs b", b)):
        if part is None and name.startswith("bad"):
            continue
        values = np.asarray(part, dtype=float)
        values = values[:, None] if values.ndim == 1 else values
        if values.ndim != 2 or values.shape[1] == 0:  # noqa: PLR2004 - units and goods
            message = f"{name} must be an array of units by goods; got shape {values.shape}."
            raise UsageError(message)
        if not np.isfinite(values).all():
            unit, good = np.argwhere(~np.isfinite(values))[0]
            message = f"{name}: unit {unit}, column {good} is missing or infinite; drop the unit or fill the value."
            raise InputError(message)
        out.append(values)
    if len({part.shape[0] for part in out}) > 1:
        message = f"inputs, outputs and bad outputs differ in units: {[part.shape[0] for part in out]}."
        raise UsageError(message)
    return out[0], out[1], out[2] if b is not None else None


def check_options(rts: str, orientation: str, disposability: str) -> None:
    """Refuse options that are unknown or do not go together."""
    for name, value, known in (
        ("rts", rts, tuple(RTS)),
        ("orientation", orientation, ORIENTATIONS),
        ("disposability", disposability, DISPOSABILITY),
    ):
        if value not in known:
            message = f"unknown {name} '{value}'; choose one of {', '.join(known)}."
            raise UsageError(message)
    if RTS[rts] in {"replication", "scaling"} and orientation not in {"input", "output"}:
        message = f"rts='{rts}' is offered for orientation='input' and 'output'; got '{orientation}'."
        raise UsageError(message)


def check_signs(
    points: Three,
    reference: Three,
    rts: str,
    orientation: str,
) -> None:
    """Refuse negative values where scaling a unit, or its inputs or outputs, has no meaning for them."""
    names = ("inputs", "outputs", "bad outputs")
    for name, ours, theirs in zip(names, points, reference, strict=True):
        if ours is None or theirs is None or (min(ours.min(initial=0), theirs.min(initial=0)) >= 0):
            continue
        if RTS[rts] not in {"vrs", "fdh"}:
            message = f"{name} have negative values, and rts='{rts}' scales units up or down; use rts='vrs'."
            raise InputError(message)
        if orientation == "hyperbolic" or orientation == name[:-1]:
            message = (
                f"{name} have negative values, which orientation='{orientation}' cannot scale; "
                "use orientation='directional' with a direction, such as the range of each good."
            )
            raise InputError(message)

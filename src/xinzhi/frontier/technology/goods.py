"""Goods: inputs, outputs and bad outputs of units, checked, and as the programs take them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from xinzhi.core.errors import InputError, UsageError
from xinzhi.frontier.technology.technology import DISPOSABILITY, RTS, choose, netputs

if TYPE_CHECKING:
    from xinzhi.core.arrays import BoolArray, FloatArray, IntArray

ORIENTATIONS = ("input", "output", "directional", "hyperbolic")
_KINDS = ("input", "output", "bad output")


@dataclass(frozen=True, slots=True)
class Goods:
    """Inputs ``(n, p)``, outputs ``(n, q)`` and bad outputs ``(n, r)``, where r may be zero."""

    x: FloatArray
    y: FloatArray
    b: FloatArray

    @classmethod
    def of(cls, x: Any, y: Any, b: Any = None) -> Goods:  # noqa: ANN401 - array-likes
        """Return array-likes as goods: two-dimensional, finite, with the same number of rows."""
        parts: list[FloatArray] = []
        for name, part in (("x", x), ("y", y), ("b", b)):
            values = np.zeros((len(parts[0]), 0)) if part is None else np.asarray(part, dtype=float)
            values = values[:, None] if values.ndim == 1 else values
            if values.ndim != 2 or (part is not None and values.shape[1] == 0):  # noqa: PLR2004 - units by goods
                raise UsageError("frontier.shape", name=name, shape=values.shape)
            if not np.isfinite(values).all():
                unit, good = np.argwhere(~np.isfinite(values))[0]
                raise InputError("frontier.not-finite", name=name, unit=str(unit), column=int(good))
            parts.append(values)
        if len({len(part) for part in parts}) > 1:
            raise UsageError("frontier.rows", lengths=[len(part) for part in parts])
        return cls(*parts)

    def __len__(self) -> int:
        """Return the number of units."""
        return len(self.x)

    @property
    def widths(self) -> tuple[int, int, int]:
        """Numbers of inputs, outputs and bad outputs."""
        return self.x.shape[1], self.y.shape[1], self.b.shape[1]

    @property
    def bad(self) -> FloatArray | None:
        """Bad outputs, None when there are none."""
        return self.b if self.b.shape[1] else None

    def take(self, x_rows: IntArray | BoolArray, y_rows: IntArray | BoolArray | None = None) -> Goods:
        """Return points with the inputs of some units and the outputs, good and bad, of others (or the same)."""
        rows = x_rows if y_rows is None else y_rows
        return Goods(self.x[x_rows], self.y[rows], self.b[rows])

    def all(self) -> FloatArray:
        """Return all goods side by side, ``(n, p + q + r)``."""
        return np.concatenate([self.x, self.y, self.b], axis=-1)

    def split(self, table: FloatArray) -> list[FloatArray]:
        """Return a table of all goods, ``(..., p + q + r)``, as those of inputs, outputs and bad outputs."""
        return np.split(table, np.cumsum(self.widths)[:-1], axis=-1)

    def over(self, size: FloatArray) -> Goods:
        """Return the goods divided by a size each, ``(p + q + r,)``."""
        return Goods(*(part / own for part, own in zip((self.x, self.y, self.b), self.split(size), strict=True)))


def means(goods: Goods) -> FloatArray:
    """Return the mean amount of each good, one where there is none: what makes units of measurement not matter."""
    size = np.abs(goods.all()).mean(axis=0) if len(goods) else np.ones(sum(goods.widths))
    return np.where(size > 0, size, 1.0)


@dataclass(frozen=True, slots=True)
class Netputs:
    """Points, reference and directions with every good divided by its mean; `scale` undoes it."""

    target: FloatArray
    gain: FloatArray
    reference: Goods
    scale: FloatArray
    shrinks: BoolArray
    disposability: str

    @property
    def widths(self) -> tuple[int, int, int]:
        """Numbers of inputs, outputs and bad outputs."""
        return self.reference.widths


def scaled_netputs(
    points: Goods, reference: Goods, orientation: str, direction: tuple[Any, ...] | None, disposability: str
) -> Netputs:
    """Return points, reference and directions as scaled netputs."""
    if points.widths != reference.widths:
        raise UsageError("frontier.reference-goods", ours=points.widths, theirs=reference.widths)
    scale = means(reference)
    small = points.over(scale)
    moves = np.abs(small.all())
    if orientation in {"input", "output"}:
        moves = moves * np.repeat([orientation == "input", orientation == "output", False], points.widths)
    elif direction is not None:
        moves = np.hstack(given_direction(direction, points)) / scale
    sign = np.repeat([1.0, 1.0, 1.0 if disposability == "strong" else -1.0], points.widths)
    target = netputs(small.x, small.y, small.bad, disposability).T
    shrinks = np.repeat([True, False, True], points.widths)
    return Netputs(target, moves * sign, reference.over(scale), scale, shrinks, disposability)


def given_direction(direction: tuple[Any, ...], points: Goods) -> list[FloatArray]:
    """Return the caller's direction ``(gx, gy)`` or ``(gx, gy, gb)`` for every point, inputs, outputs, bad outputs."""
    parts = (points.x, points.y, points.b)
    if len(direction) not in {2, 3}:
        raise UsageError("frontier.direction-parts")
    found = []
    for name, move, part in zip(("gx", "gy", "gb"), (*direction, 0.0)[:3], parts, strict=True):
        try:
            wide = np.broadcast_to(np.asarray(move, dtype=float), part.shape)
        except ValueError as error:
            raise UsageError("frontier.direction-shape", name=name, ours=np.shape(move), shape=part.shape) from error
        if not np.isfinite(wide).all() or (wide < 0).any():
            raise UsageError("frontier.direction-sign", name=name)
        found.append(wide)
    return found


def check_options(rts: str, orientation: str, disposability: str) -> None:
    """Refuse options that are unknown or do not go together."""
    choose("rts", rts, RTS)
    choose("orientation", orientation, ORIENTATIONS)
    choose("disposability", disposability, DISPOSABILITY)
    if RTS[rts] in {"replication", "scaling"} and orientation not in {"input", "output"}:
        raise UsageError("frontier.whole-units-orientation", rts=rts, orientation=orientation)


def check_signs(points: Goods, reference: Goods, rts: str, orientation: str) -> None:
    """Refuse negative values where scaling a unit, or its inputs or outputs, has no meaning for them."""
    for kind, letter in zip(_KINDS, "xyb", strict=True):
        least = min(getattr(part, letter).min(initial=0) for part in (points, reference))
        if least >= 0:
            continue
        if RTS[rts] not in {"vrs", "fdh"}:
            raise InputError("frontier.negative-scaled", kind=kind, rts=rts)
        if orientation in {"hyperbolic", kind}:
            raise InputError("frontier.negative-oriented", kind=kind, orientation=orientation)

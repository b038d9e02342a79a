"""Slacks-based efficiency inside units: divisions of a network, and periods that carry something over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TypeVar

import numpy as np
import polars as pl

from xinzhi.core.arrays import AnyArray, AnyFrame, FloatArray, digest
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.provenance import provenance
from xinzhi.core.result import FrameKind, Provenance
from xinzhi.frontier.change.panel import Columns, read_panel
from xinzhi.frontier.models.sweep import UnitProgram, sweep
from xinzhi.frontier.reading import Part, all_positive, read_parts
from xinzhi.frontier.stages import Staged, staged
from xinzhi.frontier.technology.technology import choose, rts_of, sum_bounds

ORIENTATIONS = ("none", "input", "output")
CONTROLS = ("free", "fixed")


@dataclass(frozen=True, slots=True)
class Stage:
    """The goods of one stage: what counts when it shrinks, what counts when it grows, and what is held as it is."""

    shrinks: FloatArray  # (n, p)
    grows: FloatArray  # (n, q)
    fixed: FloatArray  # (n, f)
    goods: tuple[str, ...]  # names of what shrinks, then of what grows
    weight: float


@dataclass(frozen=True, slots=True)
class Tie:
    """What two stages must agree on: the same amounts at the mixes of both."""

    first: int
    second: int
    goods: FloatArray  # (n, l)


def network_efficiency(
    divisions: Mapping[str, tuple[AnyArray | None, AnyArray | None]],
    links: Mapping[tuple[str, str], AnyArray],
    *,
    link: str = "free",
    rts: str = "vrs",
    orientation: str = "none",
    weights: Mapping[str, float] | None = None,
    units: str | Sequence[object] | None = None,
) -> Staged:
    """Score units that are networks of divisions by the slacks of all divisions at once.

    Parameters
    ----------
    divisions
        Inputs and outputs of every division from and to the outside, by its name: ``{"mine": (x, None), ...}``; all
        positive.
    links
        What the first division of a pair hands on to the second: ``{("mine", "mill"): z}``. They join all divisions.
    link
        ``free``: divisions may settle on other amounts as long as both sides agree. ``fixed``: they keep the actual.
    rts, orientation
        ``crs``, ``vrs``, ``nirs`` or ``ndrs``; ``none``, ``input`` or ``output``.
    weights
        Importance of every division, at least zero; they are brought to a sum of one. Equal when not given.
    units
        Names of the units, or of the column that holds them.

    Returns
    -------
    Staged
        ``.frame`` with the score of the whole, ``.stages`` with that of each division, ``.slacks``.

    Notes
    -----
    Tone and Tsutsui (2009), EJOR 197, 243-252: the weighted mean of the divisions' shares of input needed over that of
    their expansions of output. Scores of divisions belong to one optimum, and there may be others.

    Examples
    --------
    >>> import xinzhi.frontier
    >>> divisions = {"mine": ([2.0, 4.0], None), "mill": (None, [3.0, 3.0])}
    >>> found = xinzhi.frontier.network_efficiency(divisions, {("mine", "mill"): [1.0, 1.0]})
    >>> found.scores.round(6).tolist(), found.stages["score"].round(6).to_list()
    ([1.0, 0.75], [1.0, 1.0, 0.5, 1.0])
    """
    choose("link", link, CONTROLS)
    names = list(divisions)
    if not names:
        raise UsageError("frontier.no-divisions")
    ends = [name for pair in links for name in pair]
    strange = [name for name in ends if name not in divisions]
    if strange:
        raise UsageError("frontier.no-division", name=strange[0], known=names)
    joined = set(names[:1])
    for _ in names:
        joined = joined.union(*(pair for pair in links if joined & {*pair}))
    if isolated := [name for name in names if name not in joined]:
        raise UsageError(
            "frontier.divisions-apart", divisions=[name for name in names if name in joined], apart=isolated
        )
    tables: dict[str, AnyArray] = {}
    for name, sides in divisions.items():
        tables |= {f"{name}:{what}": side for what, side in zip("xy", sides, strict=True) if side is not None}
    tables |= {f"{first}-{second}": table for (first, second), table in links.items()}
    parts, unit_names = read_parts(tables, units)
    all_positive(parts, unit_names)
    shares = _shares(weights, names)
    none = np.zeros((len(unit_names), 0))
    stages, ties = [], []
    for name in names:
        division_parts = [parts.get(f"{name}:{what}") for what in "xy"]
        fixed = [
            parts[f"{first}-{second}"].values for first, second in links if link == "fixed" and name in {first, second}
        ]
        shrinks, grows = (none if side is None else side.values for side in division_parts)
        present = [side for side in division_parts if side is not None]
        goods = tuple(good for side in present for good in side.goods)
        stages.append(Stage(shrinks, grows, np.hstack([none, *fixed]), goods, shares[name]))
    if link == "free":
        ties = [Tie(names.index(a), names.index(b), parts[f"{a}-{b}"].values) for a, b in links]
    digests = {name: digest(part.values, unit_names, part.goods) for name, part in parts.items()}
    options = {"link": link, "rts": rts, "orientation": orientation, "weights": shares}
    return _solve(
        stages,
        ties,
        names,
        rts=rts,
        orientation=orientation,
        units=unit_names,
        design="network",
        kind=next(iter(parts.values())).kind,
        origin=provenance("network_efficiency", digests, (), **options),
    )


def dynamic_efficiency(  # noqa: PLR0913 - the four kinds of carry-over are the model
    frame: AnyFrame,
    unit: str,
    period: str,
    inputs: Sequence[str],
    outputs: Sequence[str],
    *,
    good: Sequence[str] = (),
    bad: Sequence[str] = (),
    free: Sequence[str] = (),
    fixed: Sequence[str] = (),
    rts: str = "vrs",
    orientation: str = "none",
    weights: Mapping[str, float] | Mapping[int, float] | None = None,
) -> Staged:
    """Score units over all periods at once, with what a period hands on to the next, by the slacks of all periods.

    Parameters
    ----------
    frame
        A row for each unit and period, without gaps; all amounts positive.
    unit, period, inputs, outputs
        Columns.
    good, bad, free, fixed
        Columns of what is carried over at the end of a period: ``good`` counts as output (earnings kept), ``bad`` as
        input (debt), ``free`` may be more or less than it was, ``fixed`` is kept. One of them at least.
    rts, orientation
        ``crs``, ``vrs``, ``nirs`` or ``ndrs``; ``none``, ``input`` or ``output``.
    weights
        Importance of every period, at least zero; they are brought to a sum of one. Equal when not given.

    Returns
    -------
    Staged
        ``.frame`` with the score over all periods, ``.stages`` with that of each period, ``.slacks``.

    Notes
    -----
    Tone and Tsutsui (2010), Omega 38, 145-156. What a mix of one period carries over is what the mix of the next takes
    over; the first period's start is as it was. Scores of periods belong to one optimum, and there may be others.

    Examples
    --------
    >>> import polars as pl, xinzhi.frontier
    >>> frame = pl.DataFrame({"unit": ["a", "b"] * 2, "year": [1, 1, 2, 2], "x": [2.0, 4.0, 2.0, 2.0],
    ...                       "y": [1.0, 1.0, 1.0, 1.0], "capital": [3.0, 3.0, 3.0, 3.0]})
    >>> found = xinzhi.frontier.dynamic_efficiency(frame, "unit", "year", ["x"], ["y"], free=["capital"])
    >>> found.scores.round(6).tolist()
    [1.0, 0.75]
    """
    roles = Columns(unit, period, [*inputs, *bad, *free, *fixed], [*outputs, *good])
    panel = read_panel(frame, roles)
    n, terms = len(panel.units), len(panel.periods)
    if not (good or bad or free or fixed):
        raise UsageError("frontier.no-carry-over")
    if len(panel.unit) != n * terms:
        observed = set(zip(panel.unit.tolist(), panel.period.tolist(), strict=True))
        lost = next(cell for cell in product(range(n), range(terms)) if cell not in observed)
        raise InputError("frontier.panel-gap", unit=str(panel.units[lost[0]]), period=str(panel.periods[lost[1]]))
    columns = dict(zip([*roles.inputs, *roles.outputs], np.hstack([panel.x, panel.y]).T, strict=True))
    unit_names = [str(name) for name in panel.units]
    names = [str(name) for name in panel.periods]

    def block(goods: Sequence[str], at: int) -> FloatArray:
        # Observations are sorted by period, then unit.
        return np.array([columns[name][at * n : (at + 1) * n] for name in goods]).reshape(len(goods), n).T

    carried = [*good, *bad, *free, *fixed]
    for at, name in enumerate(names):
        all_positive({name: Part(block(list(columns), at), tuple(columns), None, panel.kind)}, unit_names)
    shares = _shares(weights, panel.periods.to_list())
    shrinks, grows = [*inputs, *bad], [*outputs, *good]
    stages = [
        Stage(block(shrinks, at), block(grows, at), block(fixed, at), (*shrinks, *grows), shares[names[at]])
        for at in range(terms)
    ]
    ties = [Tie(at, at + 1, block(carried, at)) for at in range(terms - 1)]
    options = {"rts": rts, "orientation": orientation, "weights": shares}
    options |= {"good": list(good), "bad": list(bad), "free": list(free), "fixed": list(fixed)}
    return _solve(
        stages,
        ties,
        names,
        rts=rts,
        orientation=orientation,
        units=unit_names,
        design="dynamic",
        kind=panel.kind,
        origin=provenance("dynamic_efficiency", {"frame": panel.fingerprint}, (), **options),
    )


Key = TypeVar("Key", str, int)


def _shares(weights: Mapping[Key, float] | None, names: Sequence[Key]) -> dict[str, float]:
    """Return the weights of stages with a sum of one."""
    by_stage = dict.fromkeys(names, 1.0) if weights is None else dict(weights)
    values = [by_stage.get(name, -1.0) for name in names]
    if set(by_stage) != set(names) or not (np.isfinite(values).all() and min(values) >= 0 and sum(values) > 0):
        raise UsageError("frontier.stage-weights", known=[str(name) for name in names])
    return {str(name): float(by_stage[name]) / float(sum(values)) for name in names}


def _solve(  # noqa: PLR0913 - stages, what ties them, and the parts of a result
    stages: Sequence[Stage],
    ties: Sequence[Tie],
    names: Sequence[str],
    *,
    rts: str,
    orientation: str,
    units: Sequence[str],
    design: str,
    kind: FrameKind,
    origin: Provenance,
) -> Staged:
    """Solve the slacks-based program of every unit over its stages, made linear by multiplying all unknowns by t."""
    choose("orientation", orientation, ORIENTATIONS)
    low, high = sum_bounds(rts_of(rts))
    n, k = len(units), len(stages)
    kinds = [table for stage in stages for table in (stage.shrinks, stage.grows, stage.fixed)]
    sizes = [table.mean(axis=0) for table in kinds]
    small = [table / size for table, size in zip(kinds, sizes, strict=True)]
    blocks = [np.kron(np.eye(k)[at // 3], table.T) for at, table in enumerate(small)]
    goods = sum(len(block) for block in blocks)
    tied = [
        np.kron(np.eye(k)[tie.first] - np.eye(k)[tie.second], (tie.goods / tie.goods.mean(axis=0)).T) for tie in ties
    ]
    blocks += [*tied, np.kron(np.eye(k), np.ones((1, n))), np.zeros((1, n * k))]
    table = np.vstack(blocks)
    rows, sums = len(table), len(table) - k - 1
    # Columns of a unit: t, then the slack of everything that shrinks or grows.
    # Of each: its row, the sign of its slack, its stage and what its share counts; the third table of a stage is fixed.
    widths = np.array([table.shape[1] for table in small])
    number = np.repeat(np.arange(len(small)), widths)
    at = np.flatnonzero(number % 3 < 2)  # noqa: PLR2004 - shrinks and grows
    number = number[at]
    inward, stage_of = number % 3 == 0, number // 3
    own_sign = np.where(inward, 1.0, -1.0)
    shares = np.array([stage.weight for stage in stages])[stage_of] / widths[number]
    amounts = np.hstack(small)

    def unit_program(unit: int) -> UnitProgram:
        columns = np.zeros((rows, 1 + len(at)))
        columns[:goods, 0] = -amounts[unit]
        columns[at, 1 + np.arange(len(at))] = own_sign
        columns[sums : rows - 1, 0] = 0.0 if rts_of(rts) == "crs" else -1.0
        worth = shares / amounts[unit, at]
        columns[-1, 0] = 1.0
        columns[-1, 1:] = 0.0 if orientation == "input" else np.where(inward, 0.0, worth)
        costs = np.append(1.0, np.zeros(len(at)) if orientation == "output" else np.where(inward, -worth, 0.0))
        lower, upper = np.zeros(rows), np.zeros(rows)
        lower[sums:-1] = 0.0 if np.isfinite(low) else -np.inf
        upper[sums:-1] = 0.0 if np.isfinite(high) else np.inf
        lower[-1] = upper[-1] = 1.0
        return UnitProgram(columns=columns, costs=costs, lower=lower, upper=upper)

    solutions = sweep(table, unit_program, n, prove=True)
    spare = np.maximum(solutions.unknowns[:, 1:] / solutions.unknowns[:, :1], 0.0)
    improvement = spare / amounts[:, at]
    scores = np.ones((n, k))
    for stage in range(k):
        members = stage_of == stage
        shrunk, grown = (
            improvement[:, members & side].mean(axis=1) if (members & side).any() else np.zeros(n)
            for side in (inward, ~inward)
        )
        part = np.ones(n) if orientation == "output" else 1 - shrunk
        scores[:, stage] = part if orientation == "input" else part / (1 + grown)
    good_names = [good for stage in stages for good in stage.goods]
    scale = np.concatenate(sizes)[at]
    tables = {"slack": spare, "actual": amounts[:, at], "target": amounts[:, at] - own_sign * spare}
    keys = {
        "unit": [unit for unit in units for _ in good_names],
        "stage": [names[place] for place in stage_of.tolist()] * n,
    }
    values = {name: (table * scale).ravel() for name, table in tables.items()}
    slacks = pl.DataFrame({**keys, "good": good_names * n, **values}).with_columns(
        pl.col("slack", "target").fill_nan(None)
    )
    weights = np.tile([stage.weight for stage in stages], (n, 1))
    return staged(
        solutions.objective,
        np.array(solutions.status),
        names,
        scores,
        {"weight": weights},
        units=units,
        rts=rts_of(rts),
        design=design,
        programs=solutions.programs,
        kind=kind,
        provenance=origin,
        slacks=slacks,
    )

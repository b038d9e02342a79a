"""Radial efficiency against many reference sets at once, which is what a bootstrap spends its time on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from xinzhi.core.errors import UsageError
from xinzhi.frontier.change import batch
from xinzhi.frontier.change.envelopment import Shape, general, programs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from xinzhi.core.arrays import BoolArray, FloatArray, IntArray

BLOCK = 100  # replications that share one stream of random numbers: results do not depend on the number of jobs
Part = TypeVar("Part")


def efficiencies(
    x: FloatArray, y: FloatArray, x_ref: FloatArray, y_ref: FloatArray, *, rts: str = "vrs", orientation: str = "input"
) -> FloatArray:
    """Return Farrell efficiencies of k points against R reference sets.

    Parameters
    ----------
    x, y
        Inputs `(k, p)` and outputs `(k, q)` of the points.
    x_ref, y_ref
        Inputs `(R, n, p)` and outputs `(R, n, q)` of the reference sets; one of them may be `(n, ...)` for all.
    rts
        ``crs``, ``vrs``, ``nirs`` or ``ndrs``.
    orientation
        ``input`` or ``output``.

    Returns
    -------
    array (R, k)
        NaN where no scaling of the point is feasible.

    Examples
    --------
    >>> import numpy as np
    >>> x, y = np.array([[2.0], [4.0]]), np.ones((2, 1))
    >>> efficiencies(x, y, np.stack([x, 2 * x]), y).tolist()
    [[1.0, 0.5], [2.0, 1.0]]
    """
    reps = max(len(part) for part in (x_ref, y_ref) if part.ndim == 3)  # noqa: PLR2004 - sets, units, goods
    x_ref, y_ref = (np.broadcast_to(part, (reps, *part.shape[-2:])) for part in (x_ref, y_ref))
    p, q, points = x.shape[1], y.shape[1], rts != "crs"
    columns = np.concatenate([-x_ref, y_ref], axis=2).swapaxes(1, 2)
    scale = np.abs(columns).max(axis=(0, 2))
    scale = np.where(scale > 0, scale, 1.0)
    columns = _technology(columns / scale[:, None], rts)
    target, way = np.concatenate([-x, y], axis=1) / scale, np.zeros((len(x), p + q))
    moved = slice(0, p) if orientation == "input" else slice(p, p + q)
    way[:, moved] = np.abs(target[:, moved])
    equal = np.zeros(p + q + points, dtype=bool)
    equal[p + q :] = True
    which = np.repeat(np.arange(reps), len(x))
    problem = programs(
        Shape(p, q, equal, points, None), columns, which, np.tile(target, (reps, 1)), np.tile(way, (reps, 1))
    )
    found = batch.solve(problem)
    step = -found.value
    doubtful = found.status == batch.UNSOLVED
    if points:
        held = (y_ref, y) if orientation == "input" else (-x_ref, -x)  # what the orientation leaves alone
        doubtful |= _dominated(found.status == batch.INFEASIBLE, which, *held)
    for at in np.flatnonzero(doubtful).tolist():
        cost, _ = general(problem, at)
        step[at] = -cost
    step = step.reshape(reps, len(x))
    return 1 - step if orientation == "input" else 1 + step


def _dominated(lost: BoolArray, which: IntArray, held_ref: FloatArray, held: FloatArray) -> BoolArray:
    """Return which lost programs one reference unit already makes feasible: the point only lies on the very edge."""
    out = np.zeros(len(lost), dtype=bool)
    at = np.flatnonzero(lost)
    short = held_ref[which[at]] < held[at % len(held)][:, None, :]
    out[at] = (short.sum(axis=2) == 0).any(axis=1)
    return out


def in_blocks(
    task: Callable[[int, np.random.SeedSequence], Part],
    replications: int,
    seed: int,
    *,
    n_jobs: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> list[Part]:
    """Run `task(count, seeds)` on blocks of replications, each with random numbers of its own, over processes.

    Parameters
    ----------
    task
        Computes `count` replications from one seed sequence; a module's function or a partial of one when
        ``n_jobs > 1``.
    replications
        How many in all.
    seed
        Of the whole; the same seed gives the same figures with any number of jobs.
    n_jobs
        Processes.
    progress
        Called with the replications that are done and their total.

    Returns
    -------
    list
        What each block returned, in order.
    """
    if replications < 1 or n_jobs < 1:
        message = f"replications and n_jobs must be at least 1; got {replications} and {n_jobs}."
        raise UsageError(message)
    sizes = [min(BLOCK, replications - start) for start in range(0, replications, BLOCK)]
    seeds = np.random.SeedSequence(seed).spawn(len(sizes))
    done, parts = 0, []
    for part, size in zip(_run(task, sizes, seeds, n_jobs), sizes, strict=True):
        parts.append(part)
        done += size
        if progress is not None:
            progress(done, replications)
    return parts


def _run(task: Callable[..., Part], sizes: Sequence[int], seeds: Sequence[Any], n_jobs: int) -> Any:  # noqa: ANN401 - an iterator of parts
    if n_jobs == 1:
        yield from map(task, sizes, seeds)
        return
    from joblib import Parallel, delayed

    jobs = (delayed(task)(size, one) for size, one in zip(sizes, seeds, strict=True))
    yield from Parallel(n_jobs=n_jobs, return_as="generator")(jobs)


def _technology(columns: FloatArray, rts: str) -> FloatArray:
    """Return the columns with the row of the sum, as points and rays (see `xinzhi.frontier.technology`)."""
    if rts == "crs":
        return columns
    reps, goods, count = columns.shape
    points = np.concatenate([columns, np.ones((reps, 1, count))], axis=1)
    if rts == "vrs":
        return points
    if rts == "ndrs":
        rays = np.concatenate([columns, np.zeros((reps, 1, count))], axis=1)
        return np.concatenate([points, rays], axis=2)
    origin = np.zeros((reps, goods + 1, 1))
    origin[:, -1] = 1.0
    return np.concatenate([points, origin], axis=2)

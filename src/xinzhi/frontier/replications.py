"""Radial efficiency against many reference sets at once, which is what a bootstrap spends its time on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from xinzhi.core.errors import UsageError
from xinzhi.core.simplex import solve_batch, solve_failed
from xinzhi.frontier.change.distances import distance_batch
from xinzhi.frontier.technology.technology import technology

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from xinzhi.core.arrays import FloatArray

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
    p, q = x.shape[1], y.shape[1]
    netputs = np.concatenate([-x_ref, y_ref], axis=2)
    scale = np.abs(netputs).max(axis=(0, 1))
    scale = np.where(scale > 0, scale, 1.0)
    known = technology(x_ref[0], y_ref[0], rts=rts)
    columns = known.alike(netputs / scale)
    target, way = np.concatenate([-x, y], axis=1) / scale, np.zeros((len(x), p + q))
    moved = slice(0, p) if orientation == "input" else slice(p, p + q)
    way[:, moved] = np.abs(target[:, moved])
    tiled = (np.tile(part, (reps, 1)) for part in (target, way))
    batch, codes = distance_batch(known, columns, *tiled, np.repeat(np.arange(reps), len(x)), widths=(p, q))
    answers = solve_batch(batch, codes)
    solve_failed(batch, answers)
    step = answers.objective(batch).reshape(reps, len(x))
    return 1 - step if orientation == "input" else 1 + step


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

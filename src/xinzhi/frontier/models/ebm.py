"""The epsilon-based measure: between radial and slacks-based, as alike as the inputs move."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from xinzhi.core.errors import UsageError
from xinzhi.frontier.models.slacks_based import ORIENTATIONS, slacks_based
from xinzhi.frontier.models.sweep import Own, checked, solved, sweep
from xinzhi.frontier.technology.technology import choose, rts_of, sum_bounds

if TYPE_CHECKING:
    from xinzhi.core.arrays import FloatArray
    from xinzhi.frontier.models.sweep import Reference, Units
    from xinzhi.frontier.technology.distance import Solution


def epsilon_based(
    x: FloatArray,
    y: FloatArray,
    *,
    rts: str = "crs",
    orientation: str = "input",
    affinity: str = "projected",
    epsilon: tuple[float, float] | None = None,
    reference: Reference | None = None,
) -> Solution:
    """Score units by the epsilon-based measure (EBM)."""
    # Tone and Tsutsui (2010), EJOR 207, 1554-1563. Affinity S = 1 - 2 D, where D is the mean deviation of c = ln(b / a)
    # from its mean over its range (0 when c is constant); epsilon = (m - rho) / (m - 1) and weights proportional to w
    # from the largest eigenvalue rho of S and its vector w >= 0. The oriented forms leave the radial part unbounded, as
    # the paper does; the non-oriented form holds theta <= 1 <= phi, without which a unit on the frontier of variable
    # returns would not score 1.
    choose("orientation", orientation, ORIENTATIONS)
    choose("affinity", affinity, ("projected", "observed"))
    known = rts_of(rts)
    data = checked(x, y, reference=reference, positive=("x", "y"))
    # How alike the goods move is a fact of the reference units, whoever is scored against them.
    bases, programs = (data.xr, data.yr), 0
    if affinity == "projected" and epsilon is None:
        plain = slacks_based(data.xr, data.yr, rts=rts, orientation=orientation)
        assert plain.target_x is not None  # noqa: S101 - a slacks-based solution has targets
        assert plain.target_y is not None  # noqa: S101 - as above
        bases, programs = (plain.target_x, plain.target_y), plain.programs.count
    eps_x, weight_x = affinity_parameters(bases[0])
    eps_y, weight_y = affinity_parameters(bases[1])
    if epsilon is not None:
        eps_x, eps_y = _given(epsilon)
        weight_x, weight_y = (
            np.full(data.x.shape[1], 1 / data.x.shape[1]),
            np.full(data.y.shape[1], 1 / data.y.shape[1]),
        )
    terms = (eps_x * weight_x, eps_y * weight_y)
    table = np.concatenate([data.xr.T, data.yr.T, np.ones((1, len(data.xr))), np.zeros((3, len(data.xr)))])
    found = sweep(
        table, lambda unit: _own(data, unit, known, orientation, terms), len(data.x), maximise=orientation == "output"
    )
    p, q = data.x.shape[1], data.y.shape[1]
    scale = found.own[:, :1]
    theta, phi = found.own[:, 1:2] / scale, found.own[:, 2:3] / scale
    slack_x, slack_y = found.own[:, 3 : 3 + p] / scale, found.own[:, 3 + p : 3 + p + q] / scale
    targets = (theta * data.x - slack_x, phi * data.y + slack_y, data.b)
    score = 1 / found.objective if orientation == "output" else found.objective
    kept = replace(found, intensities=found.intensities / scale, programs=found.programs + programs)
    parameters = {"inputs": eps_x, "outputs": eps_y, "of_inputs": weight_x.tolist(), "of_outputs": weight_y.tolist()}
    result = solved(
        data, kept, score, (slack_x, slack_y, data.b), targets=targets,
        worth=1.0 if orientation == "output" else -1.0, theta=theta[:, 0], phi=phi[:, 0],
    )  # fmt: skip
    return replace(result, notes=(("note.epsilon", parameters),))


def affinity_parameters(table: FloatArray) -> tuple[float, FloatArray]:
    """Return epsilon and the weights of the columns from how alike they move over the units."""
    count = table.shape[1]
    if count == 1:
        return 0.0, np.ones(1)
    logs = np.log(table)
    ratio = logs[:, None, :] - logs[:, :, None]
    span = ratio.max(axis=0) - ratio.min(axis=0)
    spread = np.abs(ratio - ratio.mean(axis=0)).mean(axis=0)
    tied = span <= 1e-12  # noqa: PLR2004 - rounding of logarithms: the columns are proportional
    affinity = 1 - 2 * np.where(tied, 0.0, spread / np.where(tied, 1.0, span))
    values, vectors = np.linalg.eigh(affinity)
    weights = np.abs(vectors[:, -1])
    epsilon = (count - values[-1]) / (count - 1)
    return float(np.clip(np.where(abs(epsilon) < 1e-12, 0.0, epsilon), 0.0, 1.0)), weights / weights.sum()  # noqa: PLR2004 - rounding of the eigenvalue


def _given(epsilon: tuple[float, float]) -> tuple[float, float]:
    if len(epsilon) != 2 or not all(0 <= part <= 1 for part in epsilon):  # noqa: PLR2004 - of inputs and outputs
        raise UsageError("frontier.epsilon", epsilon=epsilon)
    return float(epsilon[0]), float(epsilon[1])


def _own(data: Units, unit: int, rts: str, orientation: str, terms: tuple[FloatArray, FloatArray]) -> Own:
    """Return the scale t, the radial parts theta and phi and the slacks of one unit, all times t."""
    p, q = data.x.shape[1], data.y.shape[1]
    x, y, total = data.x[unit], data.y[unit], p + q
    columns = np.zeros((total + 4, 3 + total))
    columns[:p, 1], columns[p:total, 2] = -x, -y
    columns[np.arange(total), 3 + np.arange(total)] = np.concatenate([np.ones(p), -np.ones(q)])
    columns[total, 0] = 0.0 if rts == "crs" else -1.0
    reduction, expansion = np.zeros(3 + total), np.zeros(3 + total)
    reduction[1], reduction[3 : 3 + p] = 1.0, -terms[0] / x
    expansion[2], expansion[3 + p :] = 1.0, terms[1] / y
    columns[total + 1] = expansion if orientation == "none" else np.eye(1, 3 + total)
    # theta <= t <= phi, so that the point dominates the unit; an orientation fixes the other radial part at t.
    columns[total + 2 :, 0] = -1.0
    columns[total + 2, 1], columns[total + 3, 2] = 1.0, 1.0
    low, high = sum_bounds(rts)
    lower = np.concatenate([np.zeros(total), [0.0 if np.isfinite(low) else -np.inf, 1.0, -np.inf, 0.0]])
    upper = np.concatenate([np.zeros(total), [0.0 if np.isfinite(high) else np.inf, 1.0, 0.0, np.inf]])
    if orientation == "input":
        upper[-2:] = np.inf, 0.0
    elif orientation == "output":
        lower[-2:] = 0.0, -np.inf
    return Own(
        columns=columns,
        costs=expansion if orientation == "output" else reduction,
        lower=lower,
        upper=upper,
        column_lower=np.zeros(3 + total),
        column_upper=np.full(3 + total, np.inf),
    )

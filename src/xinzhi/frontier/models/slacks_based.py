"""Slacks-based measures: SBM (the enhanced Russell graph measure), super-efficiency, Russell, and epsilon-based."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from xinzhi.core.arrays import FloatArray
from xinzhi.core.errors import UsageError
from xinzhi.frontier.models.sweep import (
    ON_FRONTIER,
    Reference,
    Sweep,
    UnitProgram,
    Units,
    solved,
    sweep,
    validate_and_scale,
)
from xinzhi.frontier.technology.distance import Solution
from xinzhi.frontier.technology.technology import choose, rts_of, sum_bounds

ORIENTATIONS = ("none", "input", "output")
_SUPER = 1e-9  # a super-efficiency this close to one is none


def slacks_based(
    x: FloatArray,
    y: FloatArray,
    bad: FloatArray | None = None,
    *,
    rts: str = "vrs",
    orientation: str = "none",
    reference: Reference | None = None,
) -> Solution:
    """Score units by the slacks-based measure (SBM), which is the enhanced Russell graph measure."""
    # Tone (2001), EJOR 130, 498-509, equation (8) by the transformation of Charnes and Cooper: all unknowns are
    # multiplied by t, so variable returns read sum(lambda) = t, not 1. Bad outputs: Tone (2003), they stand in the
    # denominator beside the outputs. Equal to the enhanced Russell graph measure of Pastor, Ruiz and Sirvent (1999);
    # the oriented forms equal the Russell measures of Färe and Lovell (1978) and the inverse of their output form.
    choose("orientation", orientation, ORIENTATIONS)
    data = validate_and_scale(x, y, bad, reference, positive=("y", "b"))
    rts = rts_of(rts)
    outward = orientation == "output"
    solutions = sweep(
        data.envelope(1), lambda unit: _unit_slacks(data, unit, rts, orientation), len(data.x), maximise=outward
    )
    score, solutions, slacks = _back(data, solutions, orientation)
    with np.errstate(divide="ignore", invalid="ignore"):
        theta_x = np.where(data.x > 0, 1 - slacks[0] / data.x, 1.0)
    factors = {"theta_x": theta_x, "phi_y": 1 + slacks[1] / data.y, "theta_b": 1 - slacks[2] / data.b}
    result = solved(data, solutions, score, slacks, worth=1.0 if outward else -1.0)
    return replace(result, factors=factors)


Parts = tuple[FloatArray, FloatArray, FloatArray]  # of inputs, outputs and bad outputs


def _back(data: Units, solutions: Sweep, orientation: str) -> tuple[FloatArray, Sweep, Parts]:
    """Return score, intensities and unknowns of the original problem; the duals belong to the transformed one."""
    scale = solutions.unknowns[:, :1]
    _, p, q, r = data.counts
    x, y, b = np.split(solutions.unknowns[:, 1 : 1 + p + q + r] / scale, [p, p + q], axis=1)
    score = solutions.objective if orientation != "output" else 1 / solutions.objective
    return score, replace(solutions, intensities=solutions.intensities / scale), (x, y, b)


def super_slacks_based(
    x: FloatArray,
    y: FloatArray,
    bad: FloatArray | None = None,
    *,
    rts: str = "vrs",
    orientation: str = "none",
    inefficient: str = "sbm",
) -> Solution:
    """Score units by super-efficiency SBM: how far an efficient unit may fall back before the others catch up."""
    # Tone (2002), EJOR 143, 32-41. With bad outputs the denominator is 1 less the mean of relative output losses and
    # increases of bad outputs, so that more pollution is a fall-back as less output is.
    choose("orientation", orientation, ORIENTATIONS)
    choose("inefficient", inefficient, ("sbm", "one"))
    data = validate_and_scale(x, y, bad, positive=("x", "y", "b"))
    rts = rts_of(rts)
    _, p, q, r = data.counts
    solutions = sweep(
        data.envelope(1 + p + q + r),
        lambda unit: _own_super(data, unit, rts, orientation),
        len(data.x),
        maximise=orientation == "output",
        leave_out=True,
    )
    score, solutions, targets = _back(data, solutions, orientation)
    slacks = (data.x - targets[0], targets[1] - data.y, data.b - targets[2])
    result = solved(data, solutions, score, slacks, targets=targets, beyond=True)
    if inefficient == "one":
        return result
    return _blend(result, slacks_based(x, y, bad, rts=rts, orientation=orientation))


def _unit_slacks(data: Units, unit: int, rts: str, orientation: str) -> UnitProgram:
    """Return the scale t and the slacks of one unit; t is 1 in the oriented forms."""
    _, p, q, r = data.counts
    total = p + q + r
    x, point = data.x[unit], np.concatenate([data.x[unit], data.y[unit], data.b[unit]])
    columns = np.zeros((total + 2, 1 + total))
    columns[:total, 0] = -point
    columns[np.arange(total), 1 + np.arange(total)] = np.concatenate([np.ones(p), -np.ones(q), np.ones(r)])
    columns[total, 0] = 0.0 if rts == "crs" else -1.0
    reduction = np.zeros(1 + total)  # 1 - mean of relative input slacks
    reduction[0] = 1.0
    reduction[1 : 1 + p] = -np.divide(1.0, x, out=np.zeros(p), where=x > 0) / max(1, int((x > 0).sum()))
    expansion = np.zeros(1 + total)  # 1 + mean of relative slacks of outputs and bad outputs
    expansion[0], expansion[1 + p :] = 1.0, 1 / point[p:] / (q + r)
    columns[-1] = expansion if orientation == "none" else np.eye(1, 1 + total)
    lower, upper = _fractional_bounds(rts, total)
    return UnitProgram(
        columns=columns, costs=expansion if orientation == "output" else reduction, lower=lower, upper=upper
    )


def _own_super(data: Units, unit: int, rts: str, orientation: str) -> UnitProgram:
    """Return the scale t and the point (times t) that the other units still dominate."""
    _, p, q, r = data.counts
    total = p + q + r
    point = np.concatenate([data.x[unit], data.y[unit], data.b[unit]])
    columns = np.zeros((2 * total + 2, 1 + total))
    index = np.arange(total)
    columns[index, 1 + index] = -1.0
    columns[total, 0] = 0.0 if rts == "crs" else -1.0
    columns[total + 2 + index, 0], columns[total + 2 + index, 1 + index] = -point, 1.0
    expansion, rest = np.zeros(1 + total), np.zeros(1 + total)
    expansion[1 : 1 + p] = 1 / point[:p] / p
    rest[0], rest[1 + p :] = 2 * r / (q + r), np.concatenate([np.ones(q), -np.ones(r)]) / point[p:] / (q + r)
    columns[total + 1] = rest if orientation == "none" else np.eye(1, 1 + total)
    lower, upper = _fractional_bounds(rts, total)
    lower[:total] = np.concatenate([np.full(p, -np.inf), np.zeros(q), np.full(r, -np.inf)])
    upper[:total] = np.concatenate([np.zeros(p), np.full(q, np.inf), np.zeros(r)])
    fixed = np.concatenate([np.full(p, orientation == "output"), np.full(q + r, orientation == "input")])
    more = np.concatenate([np.ones(p, bool), np.zeros(q, bool), np.ones(r, bool)])  # inputs and bad outputs rise
    return UnitProgram(
        columns=columns,
        costs=rest if orientation == "output" else expansion,
        lower=np.concatenate([lower, np.where(fixed | more, 0.0, -np.inf)]),
        upper=np.concatenate([upper, np.where(fixed | ~more, 0.0, np.inf)]),
    )


def _fractional_bounds(rts: str, total: int) -> tuple[FloatArray, FloatArray]:
    """Return the bounds of the rows: balances, sum of intensities less t, and the normalisation."""
    low, high = sum_bounds(rts)
    lower = np.concatenate([np.zeros(total), [0.0 if np.isfinite(low) else -np.inf, 1.0]])
    upper = np.concatenate([np.zeros(total), [0.0 if np.isfinite(high) else np.inf, 1.0]])
    return lower, upper


def _blend(result: Solution, standard: Solution) -> Solution:
    """Return the super-efficiency solution, with the plain one where a unit has nothing to fall back on."""
    from scipy.sparse import csr_array

    inefficient = np.array([status == "optimal" for status in result.status]) & (result.score <= 1 + _SUPER)
    tables = ("slack_x", "slack_y", "slack_b", "target_x", "target_y", "target_b")
    mixed = {
        name: np.where(inefficient[:, None], getattr(standard, name), getattr(result, name))
        for name in tables
        if getattr(standard, name) is not None
    }
    score = np.where(inefficient, standard.score, result.score)
    assert standard.intensity is not None  # noqa: S101 - a slacks-based solution has weights
    assert result.intensity is not None  # noqa: S101 - as above
    weights = csr_array(np.where(inefficient[:, None], standard.intensity.toarray(), result.intensity.toarray()))
    programs = replace(result.programs, count=result.programs.count + standard.programs.count)
    efficient = score >= 1 - ON_FRONTIER
    return replace(result, score=score, efficient=efficient, intensity=weights, programs=programs, **mixed)


def russell(
    x: FloatArray, y: FloatArray, *, rts: str = "crs", orientation: str = "input", reference: Reference | None = None
) -> Solution:
    """Score units by the Russell measure: the mean of every input's or output's own factor (or both, ``graph``)."""
    # The Russell measures are the slacks-based ones in another form; that of outputs is a factor of at least one. Färe
    # and Lovell (1978), J. Econ. Theory 19, 150-162; Pastor, Ruiz and Sirvent (1999), EJOR 115, 596-607.
    choose("orientation", orientation, ("input", "output", "graph"))
    form = "none" if orientation == "graph" else orientation
    solution = slacks_based(x, y, rts=rts, orientation=form, reference=reference)
    return replace(solution, score=1 / solution.score) if orientation == "output" else solution


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
    rts = rts_of(rts)
    data = validate_and_scale(x, y, reference=reference, positive=("x", "y"))
    # How alike the goods move is a fact of the reference units, whoever is scored against them.
    bases, programs = (data.xr, data.yr), 0
    if affinity == "projected" and epsilon is None:
        standard = slacks_based(data.xr, data.yr, rts=rts, orientation=orientation)
        assert standard.target_x is not None  # noqa: S101 - a slacks-based solution has targets
        assert standard.target_y is not None  # noqa: S101 - as above
        bases, programs = (standard.target_x, standard.target_y), standard.programs.count
    eps_x, weight_x = affinity_parameters(bases[0])
    eps_y, weight_y = affinity_parameters(bases[1])
    if epsilon is not None:
        if len(epsilon) != 2 or not all(0 <= part <= 1 for part in epsilon):  # noqa: PLR2004 - of inputs and outputs
            raise UsageError("frontier.epsilon", epsilon=epsilon)
        eps_x, eps_y = map(float, epsilon)
        weight_x, weight_y = (np.full(part.shape[1], 1 / part.shape[1]) for part in (data.x, data.y))
    terms, outward = (eps_x * weight_x, eps_y * weight_y), orientation == "output"
    envelope, n = data.envelope(3), len(data.x)
    solutions = sweep(envelope, lambda unit: _own_epsilon(data, unit, rts, orientation, terms), n, maximise=outward)
    p, q = data.x.shape[1], data.y.shape[1]
    scale = solutions.unknowns[:, :1]
    theta, phi = solutions.unknowns[:, 1:2] / scale, solutions.unknowns[:, 2:3] / scale
    slack_x, slack_y = solutions.unknowns[:, 3 : 3 + p] / scale, solutions.unknowns[:, 3 + p : 3 + p + q] / scale
    targets = (theta * data.x - slack_x, phi * data.y + slack_y, data.b)
    score = 1 / solutions.objective if outward else solutions.objective
    rescaled = replace(solutions, intensities=solutions.intensities / scale, programs=solutions.programs + programs)
    parameters = {"inputs": eps_x, "outputs": eps_y, "of_inputs": weight_x.tolist(), "of_outputs": weight_y.tolist()}
    result = solved(
        data,
        rescaled,
        score,
        (slack_x, slack_y, data.b),
        targets=targets,
        worth=1.0 if outward else -1.0,
    )
    factors = {"theta": theta[:, 0], "phi": phi[:, 0]}
    return replace(result, factors=factors, notes=(("note.epsilon", parameters),))


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


def _own_epsilon(
    data: Units, unit: int, rts: str, orientation: str, terms: tuple[FloatArray, FloatArray]
) -> UnitProgram:
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
    return UnitProgram(
        columns=columns, costs=expansion if orientation == "output" else reduction, lower=lower, upper=upper
    )

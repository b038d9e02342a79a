"""Where a log-likelihood is highest: Newton's method from several starts, vanishing variances settled at zero."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from xinzhi.core.arrays import BoolArray, FloatArray
from xinzhi.frontier.stochastic.design import CONVENTIONS
from xinzhi.frontier.stochastic.likelihoods import Likelihood

_LONGEST = (
    2.0  # of a step in any parameter, in units of max(|theta|, 1): a log variance moves by a factor of e**2 at most
)
_SUFFICIENT = 1e-4
_HALVINGS = 40
_NOTHING = -9.0  # log of the share of a variance at which a climb ends: the boundary is tried next
_DONE = 1e-13  # expected gain of a Newton step, relative to the log-likelihood


@dataclass(frozen=True, slots=True, eq=False)
class Summit:
    """Where a climb ended."""

    theta: FloatArray
    value: float
    gradient: FloatArray
    hessian: FloatArray
    steps: int
    pinned: BoolArray
    starts: int = 1
    agreeing: int = 1
    higher: float | None = None

    def relative_gradient(self) -> float:
        """Return ``max |g| max(|theta|, 1) / max(|log L|, 1)`` over the free parameters."""
        free = ~self.pinned
        scaled = np.abs(self.gradient[free]) * np.maximum(np.abs(self.theta[free]), 1.0)
        return float(scaled.max(initial=0.0) / max(abs(self.value), 1.0))

    def curvature(self) -> tuple[float, float]:
        """Return the smallest eigenvalue of the information with unit diagonal, and its condition number."""
        free = ~self.pinned
        information = -self.hessian[np.ix_(free, free)]
        diagonal = np.diag(information)
        if not (np.isfinite(information).all() and (diagonal > 0).all()):
            return -np.inf, np.inf
        root = np.sqrt(diagonal)
        values = np.linalg.eigvalsh(information / np.outer(root, root))
        return float(values[0]), float(values[-1] / values[0]) if values[0] > 0 else np.inf


def climb(
    likelihood: Likelihood, start: FloatArray, variances: Sequence[int] = (), pinned: BoolArray | None = None
) -> Summit:
    """Climb by Newton steps whose matrix is made positive definite, with halving."""
    pinned = np.zeros(start.size, dtype=bool) if pinned is None else pinned
    free = [at for at in variances if not pinned[at]]
    theta, (value, gradient) = start.copy(), likelihood.gradient(start)
    hessian, steps = likelihood.hessian(theta), 0
    while steps < CONVENTIONS["iterations"]:
        steps += 1
        step = _newton_step(hessian, gradient, theta, pinned)
        gain = float(step @ gradient)
        if gain <= _DONE * max(abs(value), 1.0):
            break
        moved = _halved(likelihood, theta, value, step, gain)
        if moved is None:
            break
        theta, value, gradient = moved
        if _smallest(theta, free, variances) < _NOTHING:
            break
        hessian = likelihood.hessian(theta)
    return Summit(theta, value, gradient, hessian, steps, pinned)


def _smallest(theta: FloatArray, some: Sequence[int], variances: Sequence[int]) -> float:
    """Return the log of the smallest of some variances over the sum of all."""
    if not some:
        return 0.0
    return float(theta[list(some)].min() - np.log(np.exp(theta[list(variances)]).sum()))


def _newton_step(hessian: FloatArray, gradient: FloatArray, theta: FloatArray, pinned: BoolArray) -> FloatArray:
    """Return an ascent direction: Newton's where the function is concave, with the signs turned where it is not."""
    free = np.flatnonzero(~pinned)
    information, slope = -hessian[np.ix_(free, free)], gradient[free]
    try:
        factor = np.linalg.cholesky(information)
        inside = np.linalg.solve(factor.T, np.linalg.solve(factor, slope))
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(information)
        values = np.maximum(np.abs(values), 1e-8 * np.abs(values).max())
        inside = vectors @ ((vectors.T @ slope) / values)
    step = np.zeros(theta.size)
    step[free] = inside
    longest = float((np.abs(step) / np.maximum(np.abs(theta), 1.0)).max())
    return step / max(longest / _LONGEST, 1.0)


def _halved(
    likelihood: Likelihood, theta: FloatArray, value: float, step: FloatArray, gain: float
) -> tuple[FloatArray, float, FloatArray] | None:
    """Return the first point along the step that gains enough, or nothing."""
    length = 1.0
    for _ in range(_HALVINGS):
        there = theta + length * step
        found, gradient = likelihood.gradient(there)
        if np.isfinite(found) and np.isfinite(gradient).all() and found >= value + _SUFFICIENT * length * gain:
            return there, found, gradient
        length *= 0.5
    return None


def highest(
    likelihood: Likelihood, starts: Sequence[FloatArray], variances: Mapping[int, tuple[int, ...]], noise: int
) -> Summit:
    """Return the highest of the summits reached, with vanishing variances settled at zero."""
    # A summit where the gradient does not vanish, or where the noise does, is no maximum of a regular likelihood: it is
    # returned only when there is no other, and reported as `higher` when it stands above.
    summits = [_settle(likelihood, climb(likelihood, start, tuple(variances)), variances, noise) for start in starts]
    regular = [summit for summit in summits if _regular(summit, tuple(variances), noise)]
    best = max(regular or summits, key=lambda summit: summit.value)
    close = CONVENTIONS["agreement"] * max(abs(best.value), 1.0)
    agreeing = sum(abs(best.value - summit.value) <= close for summit in summits)
    top = max(summit.value for summit in summits)
    return replace(best, starts=len(summits), agreeing=agreeing, higher=top if top > best.value + close else None)


def _regular(summit: Summit, variances: Sequence[int], noise: int) -> bool:
    rules = CONVENTIONS
    if _smallest(summit.theta, [noise], variances) < _NOTHING:
        return False
    return bool(summit.relative_gradient() <= rules["gradient"] and summit.curvature()[0] > rules["eigenvalue"])


def _settle(likelihood: Likelihood, best: Summit, variances: Mapping[int, tuple[int, ...]], noise: int) -> Summit:
    """Try every small variance at zero; keep it there when the log-likelihood does not fall."""
    rules, every = CONVENTIONS, tuple(variances)
    for _ in variances:
        total = float(np.log(np.exp(best.theta[list(every)]).sum()))
        limit = total + np.log(rules["vanishing"])
        small = [v for v in every if v != noise and best.theta[v] < limit and not best.pinned[v]]
        if not small:
            break
        tried = min(small, key=lambda v: float(best.theta[v]))
        pinned, theta, idle = best.pinned.copy(), best.theta.copy(), list(variances[tried])
        pinned[tried], theta[tried] = True, total + rules["floor"]
        pinned[idle], theta[idle] = True, 0.0
        summit = climb(likelihood, theta, every, pinned)
        if summit.value < best.value - rules["agreement"]:
            break
        best = replace(summit, steps=summit.steps + best.steps)
    return best

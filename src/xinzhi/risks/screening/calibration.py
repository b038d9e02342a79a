"""From evidence to probability: multinomial logistic regression on scores, with intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from xinzhi.core.arrays import FloatArray, IntArray

_MOST_STEPS, _TOLERANCE, _NORMAL_95 = 100, 1e-10, 1.959963984540054
_RIDGE = (
    1e-2  # keeps the estimate finite where the classes part without overlap (Platt 1999 softens the labels to that end)
)


@dataclass(frozen=True, slots=True)
class Calibration:
    """Log-odds of the classes after the first as linear functions of the scores.

    Parameters
    ----------
    coefficients
        `(K - 1, D)`.
    covariance
        `(K - 1, D, K - 1, D)`, robust to what the regression gets wrong (White's sandwich).
    shares
        `(K,)` shares of the classes among the projects that it was estimated on.
    """

    coefficients: FloatArray
    covariance: FloatArray
    shares: FloatArray

    def probabilities(self, features: FloatArray, shares: FloatArray | None = None) -> FloatArray:
        """Return `(N, K)` probabilities.

        Parameters
        ----------
        features
            `(N, D)` scores.
        shares
            `(K,)` how common the classes are where the projects come from; by default as among the labelled ones.
        """
        return _softmax(features @ self.coefficients.T + self._shift(shares))

    def interval(
        self, features: FloatArray, of: int, shares: FloatArray | None = None
    ) -> tuple[FloatArray, FloatArray]:
        """Return the 95 % interval of the probability of class `of`: the delta method on the logit.

        It holds what the labelled projects leave open about the calibration, not whether they resemble the user's own.
        """
        chance = self.probabilities(features, shares)
        p = np.clip(chance[:, of], 1e-12, 1 - 1e-12)
        others = chance[:, 1:]
        own = np.zeros(others.shape[1])
        if of > 0:
            own[of - 1] = 1.0
        # d logit(p_of) / d eta_k = (1[k = of] - p_k) / (1 - p_of)
        slope = (own - others) / (1 - p)[:, None]
        gradient = slope[:, :, None] * features[:, None, :]
        variance = np.einsum("nkd,kdle,nle->n", gradient, self.covariance, gradient)
        half = _NORMAL_95 * np.sqrt(np.maximum(variance, 0.0))
        logit = np.log(p / (1 - p))
        return 1 / (1 + np.exp(half - logit)), 1 / (1 + np.exp(-half - logit))

    def _shift(self, shares: FloatArray | None) -> FloatArray:
        """Return what another mix of classes adds to the log-odds (Saerens, Latinne and Decaestecker 2002)."""
        if shares is None:
            return np.zeros(len(self.shares) - 1)
        found: FloatArray = np.log(shares[1:] / shares[0]) - np.log(self.shares[1:] / self.shares[0])
        return found


def calibrate(features: FloatArray, labels: IntArray) -> Calibration:
    """Estimate the calibration by maximum likelihood with a small ridge.

    Parameters
    ----------
    features
        `(N, D)` scores, the first column ones.
    labels
        `(N,)` classes from 0.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> score = rng.normal(size=20_000)
    >>> label = (rng.random(20_000) < 1 / (1 + np.exp(1 - 2 * score))).astype(int)
    >>> found = calibrate(np.column_stack([np.ones(20_000), score]), label)
    >>> found.coefficients.round(1).tolist()
    [[-1.0, 2.0]]
    """
    classes, width = int(labels.max()) + 1, features.shape[1]
    target = np.eye(classes)[labels][:, 1:]
    beta = np.zeros((classes - 1, width))
    ridge = np.full(width, _RIDGE)
    ridge[0] = 0.0
    for _ in range(_MOST_STEPS):
        chance = _softmax(features @ beta.T)[:, 1:]
        slope = (target - chance).T @ features - ridge * beta
        curve = _curvature(features, chance, ridge)
        step = np.linalg.solve(curve, slope.ravel()).reshape(beta.shape)
        beta = beta + step
        if np.abs(step).max() < _TOLERANCE:
            break
    chance = _softmax(features @ beta.T)[:, 1:]
    bread = np.linalg.inv(_curvature(features, chance, ridge))
    scores = ((target - chance)[:, :, None] * features[:, None, :]).reshape(len(features), -1)
    covariance = bread @ (scores.T @ scores) @ bread
    shape = (classes - 1, width, classes - 1, width)
    return Calibration(beta, covariance.reshape(shape), np.bincount(labels, minlength=classes) / len(labels))


def reliability(probability: FloatArray, happened: FloatArray, bins: int = 10) -> list[tuple[float, float, float, int]]:
    """Return the calibration table.

    Parameters
    ----------
    probability, happened
        `(N,)` what was said, and whether it was so.
    bins
        How many bins of equal width.

    Returns
    -------
    list
        Upper bound of the bin, mean probability, share that was so, how many; empty bins are left out.

    Examples
    --------
    >>> reliability(np.array([0.1, 0.12, 0.9]), np.array([0.0, 0.0, 1.0]), 2)
    [(0.5, 0.11, 0.0, 2), (1.0, 0.9, 1.0, 1)]
    """
    which = np.minimum((probability * bins).astype(int), bins - 1)
    return [
        ((at + 1) / bins, float(probability[which == at].mean()), float(happened[which == at].mean()), int(count))
        for at, count in enumerate(np.bincount(which, minlength=bins).tolist())
        if count
    ]


def _softmax(scores: FloatArray) -> FloatArray:
    full = np.column_stack([np.zeros(len(scores)), scores])
    full = np.exp(full - full.max(axis=1, keepdims=True))
    found: FloatArray = full / full.sum(axis=1, keepdims=True)
    return found


def _curvature(features: FloatArray, chance: FloatArray, ridge: FloatArray) -> FloatArray:
    classes, width = chance.shape[1], features.shape[1]
    out = np.zeros((classes * width, classes * width))
    for one in range(classes):
        for other in range(classes):
            weight = chance[:, one] * ((one == other) - chance[:, other])
            block = (features * weight[:, None]).T @ features
            rows, columns = slice(one * width, (one + 1) * width), slice(other * width, (other + 1) * width)
            out[rows, columns] = block + np.diag(ridge) * (one == other)
    return out

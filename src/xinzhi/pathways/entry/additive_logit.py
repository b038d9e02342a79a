"""A logit that is additive in bent lines: as flexible as it needs to be, and every forecast falls into its parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xinzhi.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinzhi.core.arrays import BoolArray, FloatArray, IntArray


_FAR, _MOST, _STILL = 8.0, 60, 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class AdditiveLogit:
    """A fitted logit: the log odds are a constant plus one bent line for each trait.

    Parameters
    ----------
    names
        The traits (k,).
    knots
        Where the line of each trait bends; empty: it is straight.
    owner
        Which trait each column of the expanded design belongs to.
    centre, scale
        Mean and spread of these columns where the model was fitted.
    intercept, slopes
        The constant, and one slope a column.
    """

    names: tuple[str, ...]
    knots: tuple[FloatArray, ...]
    owner: IntArray
    centre: FloatArray
    scale: FloatArray
    intercept: float
    slopes: FloatArray

    def parts(self, traits: FloatArray) -> FloatArray:
        """Return what each trait adds to the log odds (m, k); with the constant they sum to the log odds."""
        shaped = _standard(_bent(traits, self.knots)[0], self.centre, self.scale) * self.slopes
        found = np.zeros(traits.shape)
        for k in range(traits.shape[1]):
            found[:, k] = shaped[:, self.owner == k].sum(axis=1)
        return found

    def log_odds(self, traits: FloatArray) -> FloatArray:
        """Return the log odds of each row of traits (m,)."""
        shaped = _standard(_bent(traits, self.knots)[0], self.centre, self.scale)
        return np.asarray(shaped @ self.slopes + self.intercept)

    def probability(self, traits: FloatArray) -> FloatArray:
        """Return the probability of each row of traits (m,)."""
        return np.asarray(1 / (1 + np.exp(-self.log_odds(traits))))


def fit_additive_logit(
    traits: FloatArray, outcome: BoolArray, names: Sequence[str], *, bends: int, ridge: float
) -> AdditiveLogit:
    r"""Fit by penalised maximum likelihood: Newton steps on :math:`-\ell(b) + \tfrac{ridge}{2} \|b\|^2`.

    Parameters
    ----------
    traits
        (m, k), finite.
    outcome
        (m,).
    names
        Of the traits.
    bends
        Bends of each line, at evenly spaced quantiles between 10 % and 90 %; 0: a plain logit.
    ridge
        Penalty on the slopes of the standardised columns; the constant is free. 1 is the default of scikit-learn.

    Raises
    ------
    UsageError
        When the outcome is the same everywhere: there is nothing to tell apart.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(400, 1))
    >>> model = fit_additive_logit(x, rng.random(400) < 1 / (1 + np.exp(-2 * x[:, 0])), ["x"], bends=0, ridge=1.0)
    >>> bool(1.5 < model.slopes[0] / model.scale[0] < 2.5)
    True
    """
    if outcome.all() or not outcome.any():
        message = "every cell has the same outcome: a model of entry needs both entries and cells that stayed out."
        raise UsageError(message)
    edges = np.linspace(0.1, 0.9, bends) if bends > 1 else np.array([0.5][:bends])
    knots = tuple(np.unique(np.quantile(column, edges)) if bends else np.zeros(0) for column in traits.T)
    raw, owner = _bent(traits, knots)
    centre, scale = raw.mean(axis=0), raw.std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    design = np.column_stack([np.ones(len(raw)), _standard(raw, centre, scale)])
    found = _newton(design, outcome.astype(float), ridge)
    return AdditiveLogit(
        names=tuple(names),
        knots=knots,
        owner=owner,
        centre=centre,
        scale=scale,
        intercept=float(found[0]),
        slopes=found[1:],
    )


def _bent(traits: FloatArray, knots: Sequence[FloatArray]) -> tuple[FloatArray, IntArray]:
    """Return each trait and how far it lies beyond each of its bends, and whose column each is."""
    columns, owner = [], []
    for k, bends in enumerate(knots):
        columns.append(traits[:, k])
        columns += [np.maximum(traits[:, k] - bend, 0) for bend in bends]
        owner += [k] * (1 + len(bends))
    return np.column_stack(columns), np.array(owner, dtype=np.int64)


def _standard(raw: FloatArray, centre: FloatArray, scale: FloatArray) -> FloatArray:
    """Standardise; what lies far outside the range that was fitted is held at its edge."""
    return np.clip((raw - centre) / scale, -_FAR, _FAR)


def _newton(design: FloatArray, outcome: FloatArray, ridge: float) -> FloatArray:
    """Return the minimum of the penalised likelihood, which is convex; the first column is not penalised."""
    penalty = np.full(design.shape[1], ridge)
    penalty[0] = 0.0
    found = np.zeros(design.shape[1])
    share = outcome.mean()
    found[0] = np.log(share / (1 - share))
    loss = _loss(design, outcome, penalty, found)
    for _ in range(_MOST):
        chance = 1 / (1 + np.exp(-(design @ found)))
        slope = design.T @ (chance - outcome) + penalty * found
        curve = (design * (chance * (1 - chance))[:, None]).T @ design
        curve[np.diag_indices_from(curve)] += penalty
        step = np.linalg.lstsq(curve, slope, rcond=None)[0]
        size = 1.0
        while (tried := _loss(design, outcome, penalty, found - size * step)) > loss and size > _STILL:
            size /= 2
        found, gained, loss = found - size * step, loss - tried, tried
        if gained <= _STILL * (1 + abs(loss)):
            break
    return found


def _loss(design: FloatArray, outcome: FloatArray, penalty: FloatArray, at: FloatArray) -> float:
    odds = design @ at
    return float((np.logaddexp(0, odds) - outcome * odds).sum() + (penalty * at**2).sum() / 2)

"""Generalised least squares with exact identities: regions that have their own errors, share some, and add up.

Every region has the same K unknowns. A covariance of all of them is one block a region and a part of low rank, so that
nothing of the size of all unknowns together is ever made.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import block_diag

from xinzhi.core.arrays import FloatArray
from xinzhi.core.errors import InputError

_STEPS = 60
_CLOSE = 1e-14  # a step of log levels and growth that changes nothing
_EXACT = 1e-10  # log gap of an identity


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Figures on the unknowns: ``gap = design x + error``, for every region.

    `design` is `(m, K)`, `gap` `(R, m)` the figures less what the point of departure implies, NaN where there is none,
    `covariance` `(R, m, m)` of the errors of a region, `common` the standard deviation of an error of each of the m
    figures that all regions share.
    """

    design: FloatArray
    gap: FloatArray
    covariance: FloatArray
    common: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Covariance:
    """A covariance of all unknowns: blocks `(R, K, K)` and ``factor core factor'`` of `(R, K, q)` and `(q, q)`."""

    blocks: FloatArray
    factor: FloatArray
    core: FloatArray

    def times(self, rows: FloatArray) -> FloatArray:
        """Return the covariance `(R, K, C)` of the unknowns with linear forms `(C, R, K)`."""
        block = np.einsum("rkl,crl->rkc", self.blocks, rows, optimize=True)
        shared = np.einsum("rkq,crk->qc", self.factor, rows, optimize=True)
        return np.asarray(block + self.factor @ (self.core @ shared))

    def less(self, factor: FloatArray, core: FloatArray) -> Covariance:
        """Return the covariance less ``factor core factor'``."""
        joined = np.concatenate([self.factor, factor], axis=2)
        return Covariance(blocks=self.blocks, factor=joined, core=block_diag(self.core, -core))

    def of_growth(self, first: int) -> Covariance:
        """Return the covariance of the unknowns of every region from a place on."""
        return Covariance(blocks=self.blocks[:, first:, first:], factor=self.factor[:, first:], core=self.core)

    def variances(self) -> FloatArray:
        """Return the variance of every unknown `(R, K)`."""
        shared = np.einsum("rkp,pq,rkq->rk", self.factor, self.core, self.factor, optimize=True)
        return np.asarray(np.einsum("rkk->rk", self.blocks) + shared)

    def of_form(self, weights: FloatArray) -> FloatArray:
        """Return the covariance between regions `(R, R)` of one linear form `(K,)` of the unknowns of each."""
        loading = np.einsum("rkq,k->rq", self.factor, weights)
        block = np.einsum("rkl,k,l->r", self.blocks, weights, weights)
        return np.asarray(np.diag(block) + loading @ self.core @ loading.T)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """Unknowns `(R, K)` with their covariance; how far the evidence is from them, and how much more of it there is."""

    mean: FloatArray
    covariance: Covariance
    chi_square: float
    degrees: int


def combine(evidence: Sequence[Evidence]) -> Estimate:
    """Return the generalised least squares estimate from evidence alone."""
    shape = (*evidence[0].gap.shape[:1], evidence[0].design.shape[1])
    precision, score = np.zeros((*shape, shape[1])), np.zeros(shape)
    loadings, middle, totals = [], [], []
    size, count = 0.0, 0
    for source in evidence:
        inverse, gap = _inverse(source)
        weighted = np.einsum("mk,rmn->rkn", source.design, inverse, optimize=True)
        precision += weighted @ source.design
        score += np.einsum("rkm,rm->rk", weighted, gap)
        size += float(np.einsum("rm,rmn,rn->", gap, inverse, gap, optimize=True))
        count += int(np.isfinite(source.gap).sum())
        if source.common:
            loadings.append(weighted)
            middle.append(np.eye(gap.shape[1]) / source.common**2 + inverse.sum(axis=0))
            totals.append(np.einsum("rmn,rn->m", inverse, gap))
    blocks = np.linalg.inv(precision)
    degrees = count - score.size
    if not loadings:
        mean = np.einsum("rkl,rl->rk", blocks, score)
        none = Covariance(blocks=blocks, factor=np.zeros((*shape, 0)), core=np.zeros((0, 0)))
        return Estimate(mean=mean, covariance=none, chi_square=size - float((score * mean).sum()), degrees=degrees)
    # the shared errors are taken out of the precision: precision - loading middle^-1 loading' (Woodbury)
    loading, between, total = np.concatenate(loadings, axis=2), block_diag(*middle), np.concatenate(totals)
    shared = np.linalg.solve(between, total)
    score -= loading @ shared
    factor = blocks @ loading
    core = np.linalg.inv(between - np.einsum("rkp,rkq->pq", loading, factor, optimize=True))
    covariance = Covariance(blocks=blocks, factor=factor, core=_symmetric(core))
    mean = covariance.times(score[None])[..., 0]
    chi_square = size - float(total @ shared) - float((score * mean).sum())
    return Estimate(mean=mean, covariance=covariance, chi_square=chi_square, degrees=degrees)


def _inverse(source: Evidence) -> tuple[FloatArray, FloatArray]:
    """Return the precision of every region, zero where it has no figure, and the gaps with zeros there."""
    observed = np.isfinite(source.gap)
    pairs = observed[:, :, None] & observed[:, None, :]
    # a figure that is not there stands apart with variance 1, and leaves the inverse again
    filled = np.where(pairs, source.covariance, np.eye(observed.shape[1]))
    return np.where(pairs, np.linalg.inv(filled), 0.0), np.where(observed, source.gap, 0.0)


def _symmetric(matrix: FloatArray) -> FloatArray:
    return np.asarray((matrix + matrix.T) / 2)


Identities = Callable[[FloatArray], tuple[FloatArray, FloatArray]]


def constrain(estimate: Estimate, identities: Identities) -> tuple[FloatArray, Covariance, float]:
    """Return unknowns that meet the identities exactly, their covariance, and the chi-square of the identities.

    `identities` gives for unknowns by how much each of C identities fails and its derivatives `(C, R, K)`. Gauss and
    Newton: ``x <- x0 - P J' (J P J')^-1 (c(x) + J (x0 - x))``.
    """
    start, state = estimate.mean, estimate.mean
    for _ in range(_STEPS):
        gap, slope = identities(state)
        spread = estimate.covariance.times(slope)
        core = _symmetric(np.linalg.inv(np.einsum("crk,rkd->cd", slope, spread, optimize=True)))
        initial = gap + np.einsum("crk,rk->c", slope, start - state, optimize=True)
        after = start - spread @ (core @ initial)
        step, state = float(np.abs(after - state).max()), after
        if step < _CLOSE:
            break
    gap, _ = identities(state)
    worst = float(np.abs(gap).max())
    if not worst < _EXACT:
        raise InputError("yardstick.balance-far", gap=worst)
    return state, estimate.covariance.less(spread, core), float(initial @ core @ initial)

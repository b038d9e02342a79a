"""Revealed comparative advantage (location quotient) in its forms, and when an activity counts as present."""

from __future__ import annotations

from typing import Literal

import numpy as np

from xinzhi.core.arrays import BoolArray, FloatArray
from xinzhi.core.errors import UsageError
from xinzhi.pathways.complexity.spectrum import listed
from xinzhi.pathways.conventions import check_option, setting

Form = Literal["rca", "log", "symmetric", "difference", "shrunk"]
Presence = Literal["rca", "share", "poisson", "rca-and-count", "given"]


def revealed_advantage(values: FloatArray, form: Form = "rca", *, prior: float | None = None) -> FloatArray:
    r"""Return how far each place specialises in each activity."""
    # form: ``rca``: the location quotient :math:`\frac{x_{cp}/x_c}{x_p/x}` (Balassa 1965; Hoover 1936); ``log``: its
    # natural logarithm, minus infinity replaced by that of the shrunk quotient; ``symmetric``: (rca - 1)/(rca + 1),
    # between -1 and 1 (Laursen 2015); ``difference``: :math:`x_{cp}/x_c - x_p/x`, Hoover-style, in shares; ``shrunk``:
    # the quotient pulled towards 1 by `prior` expected units, for small places.
    # prior: Pseudo-count of the shrunk forms, in units of the expected amount of a cell (the posterior mean of a gamma
    # prior with mean 1, as in empirical-Bayes disease mapping, Clayton and Kaldor 1987); None: the median expected
    # amount.
    check_option("form", form, Form)
    row, column, total = values.sum(axis=1, keepdims=True), values.sum(axis=0, keepdims=True), values.sum()
    if form == "difference":
        return np.asarray(values / row - column / total, dtype=float)
    expected = row * (column / total)
    if form in {"shrunk", "log"}:
        pull = float(np.median(expected)) if prior is None else prior
        shrunk = (values + pull) / (expected + pull)
        if form == "shrunk":
            return np.asarray(shrunk)
        quotient = values / expected
        return np.asarray(np.log(np.where(quotient > 0, quotient, shrunk)))
    quotient = values / expected
    return np.asarray((quotient - 1) / (quotient + 1) if form == "symmetric" else quotient)


def present(
    values: FloatArray,
    rule: Presence = "rca",
    *,
    threshold: float = 1.0,
    least: float = 0.0,
    level: float = setting("inference.level"),
) -> BoolArray:
    """Return which activities count as present in which places."""
    if rule == "given":
        return np.asarray(values > 0)
    if rule == "share":
        return np.asarray(values / values.sum(axis=1, keepdims=True) >= threshold)
    if rule == "poisson":
        from scipy.special import gammainc

        expected = values.sum(axis=1, keepdims=True) * (values.sum(axis=0, keepdims=True) / values.sum())
        # P(N >= x | mean) of a Poisson count is the regularised incomplete gamma function P(x, mean).
        above = np.where(values > 0, gammainc(np.maximum(values, 1e-300), expected), 1.0)
        return np.asarray(above <= level)
    check_option("presence", rule, Presence)
    row, column, total = values.sum(axis=1, keepdims=True), values.sum(axis=0, keepdims=True), values.sum()
    found = np.empty(values.shape, dtype=bool)
    for at in range(0, len(values), _ROWS):
        part = slice(at, at + _ROWS)
        found[part] = values[part] / (row[part] * (column / total)) >= threshold
    return found & (values >= least) if rule == "rca-and-count" else found


Measure = Literal["conditional", "cosine", "jaccard", "association", "root"]
Diagonal = Literal["one", "zero"]
Gain = Literal["exact", "atlas", "ecomplexity", "oec", "econcomplex"]
Precision = Literal["double", "single"]
_FEW = 0.05  # share of presences up to which to walk through their list is quicker than to multiply whole matrices
_ROWS = 1000  # places at a time, where a whole matrix more would only cost memory


def proximity(
    presence: BoolArray,
    measure: Measure = "conditional",
    *,
    diagonal: Diagonal = "one",
    precision: Precision = "double",
) -> FloatArray:
    r"""Return how often two activities occur together."""
    # measure: With :math:`C` the places that have both and :math:`u` those that have each: ``conditional``
    # :math:`C/\max(u_i, u_j)`, the smaller of the two conditional probabilities (Hidalgo et al. 2007); ``cosine`` and
    # ``root`` :math:`C/\sqrt{u_i u_j}` (the same for presences); ``jaccard`` :math:`C/(u_i + u_j - C)`; ``association``
    # :math:`C n/(u_i u_j)`, observed over expected (van Eck and Waltman 2009).
    check_option("measure", measure, Measure)
    if presence.mean() <= _FEW:
        few = listed(presence, dtype="float32" if precision == "single" else "float64")
        together = np.asarray((few.T @ few).toarray())
    else:  # numpy makes a product with itself by half
        whole: FloatArray = presence.astype("float32" if precision == "single" else "float64")
        together = np.asarray(whole.T @ whole)
    own = np.diagonal(together).copy()
    match measure:
        case "conditional":
            np.divide(together, np.maximum(own[:, None], own[None, :]), out=together)
        case "cosine" | "root":
            root = np.sqrt(own)
            together /= root[:, None]
            together /= root[None, :]
        case "jaccard":
            together /= own[:, None] + own[None, :] - together
        case _:
            together *= len(presence)
            together /= own[:, None]
            together /= own[None, :]
    np.fill_diagonal(together, 1.0 if diagonal == "one" else 0.0)
    return together


def density(presence: BoolArray, near: FloatArray, *, nearest: int | None = None) -> FloatArray:
    r"""Return the relatedness density of every activity in every place."""
    kept = near if nearest is None else nearest_only(near, nearest)
    total = kept.sum(axis=0)
    few = presence.mean() <= _FEW
    shares: FloatArray = np.asarray((listed(presence, dtype=near.dtype) if few else presence.astype(near.dtype)) @ kept)
    shares /= np.where(total > 0, total, 1)
    return np.asarray(shares)


def nearest_only(near: FloatArray, count: int) -> FloatArray:
    """Keep, in every column, the proximities of the nearest activities, without the activity itself."""
    if not 1 <= count < len(near):
        raise UsageError("pathways.nearest", n=count, most=len(near) - 1)
    others = near.copy()
    np.fill_diagonal(others, -np.inf)
    edge = np.partition(others, -count, axis=0)[-count]
    return np.where(others >= edge, others, 0.0)


def outlook(presence: BoolArray, shares: FloatArray, activities: FloatArray) -> FloatArray:
    r"""Return the complexity outlook index: :math:`\sum_p (1 - M_{cp})\, d_{cp}\, PCI_p` (n,)."""
    # It depends on where the complexity of activities has its zero: state which scale was used.
    return np.asarray(np.einsum("ij,ij,j->i", shares, ~presence, activities.astype(shares.dtype)))


def gain(
    presence: BoolArray,
    near: FloatArray,
    shares: FloatArray,
    activities: FloatArray,
    convention: Gain = "exact",
    *,
    nearest: int | None = None,
) -> FloatArray:
    r"""Return what adding an activity does to the outlook of a place."""
    check_option("gain", convention, Gain)
    worth = activities.astype(near.dtype)
    kept = near if nearest is None else nearest_only(near, nearest)
    total = kept.sum(axis=0)
    total = np.where(total > 0, total, 1)
    by_source = convention in {"exact", "atlas", "ecomplexity"}
    weight = worth / total if by_source else worth
    if presence.mean() <= _FEW:  # what is absent is everything but the few that are present
        some = listed(presence, dtype=near.dtype)
        some.data *= weight[some.indices]
        found: FloatArray = np.asarray(some @ kept.T)
        np.subtract(kept @ weight, found, out=found)
    else:
        absent = (~presence).astype(near.dtype)
        absent *= weight
        found = absent @ kept.T
    if not by_source:
        found /= total
    if convention == "exact":
        found -= weight * np.diagonal(kept)
    if convention in {"exact", "atlas", "oec"}:
        for at in range(0, len(found), _ROWS):
            found[at : at + _ROWS] -= shares[at : at + _ROWS] * worth
    found[presence] = np.nan
    return found

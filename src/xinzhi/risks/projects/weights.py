"""Weights of the evidence: how often fields agree in each class (Fellegi and Sunter), and what the sum means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from xinzhi.core.arrays import BoolArray, FloatArray, IntArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.risks.projects.comparison import FIELDS, NAMES
from xinzhi.risks.projects.conventions import convention, document

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

LevelArray = npt.NDArray[np.int8]
_MOST_STEPS, _TOLERANCE = 500, 1e-9
_BLOCK = 100_000
_SETTLED = 1e-6


@dataclass(frozen=True, slots=True)
class Agreement:
    """How often each level of agreement occurs in each class of pairs."""

    share: FloatArray
    level: FloatArray
    innocent: int = 1
    log_posterior: tuple[float, ...] = ()

    def log_odds(self, levels: LevelArray) -> FloatArray:
        """Return the evidence for each class that is not innocent."""
        out = np.zeros((len(levels), len(self.share) - self.innocent))
        mix = np.log(self.share[: self.innocent] / self.share[: self.innocent].sum())
        for at in range(0, len(levels), _BLOCK):
            log_levels = _log_level(self.level, levels[at : at + _BLOCK])
            against = np.logaddexp.reduce(log_levels[:, : self.innocent] + mix, axis=1)
            out[at : at + _BLOCK] = log_levels[:, self.innocent :] - against[:, None]
        return out

    def weights(self, levels: LevelArray, of: int) -> FloatArray:
        """Return what each field of pairs says for class `of`, against the likeliest innocent class."""
        log_levels = _log_level(self.level, levels)[:, : self.innocent] + np.log(self.share[: self.innocent])
        rival = log_levels.argmax(axis=1)
        fields = np.arange(levels.shape[1])[None, :]
        observed = np.maximum(levels, 0)
        ratio = np.log(self.level[of, fields, observed]) - np.log(self.level[rival[:, None], fields, observed])
        return np.asarray(np.where(levels >= 0, ratio, 0.0))


def learn(
    levels: LevelArray, sizes: Sequence[int], allowed: BoolArray, start: Agreement | None = None, *, innocent: int = 1
) -> Agreement:
    """Estimate the model by expectation-maximisation."""
    # Fellegi and Sunter (1969), A theory for record linkage; Winkler (1988) and Jaro (1989), estimation by EM. Fields
    # are taken as independent given the class; several innocent classes take up most of the dependence among pairs that
    # do not match (two plants of one trade in one city agree in place and trade at once), the calibration corrects the
    # rest.
    pattern, may, times = _patterns(levels, allowed)
    certain = may & (may.sum(axis=1) == 1)[:, None]
    if start is None and not certain.any(axis=0).all():
        raise UsageError("projects.need-labels")
    design = _design(pattern, sizes)
    current = start or _maximise_design(design, certain * times[:, None], sizes)
    path: list[float] = []
    for _ in range(_MOST_STEPS):
        log_likelihood = design @ _logs(current.level, sizes)
        joint = np.where(may, np.log(current.share) + log_likelihood, -np.inf)
        top = joint.max(axis=1, keepdims=True)
        part = np.exp(joint - top)
        total = part.sum(axis=1, keepdims=True)
        path.append(float(((top + np.log(total))[:, 0] * times).sum()) + _log_prior(current, sizes))
        if len(path) > 1 and path[-1] - path[-2] < _TOLERANCE * abs(path[-2]):
            break
        current = _maximise_design(design, part / total * times[:, None], sizes)
    return Agreement(current.share, current.level, innocent, tuple(path))


def adapt(model: Agreement, levels: LevelArray, sizes: Sequence[int], *, mass: float, guilty: float) -> Agreement:
    """Re-estimate how often innocent pairs agree, from pairs of the library at hand."""
    # What a true match looks like stays as learned; what a coincidence looks like depends on the library.
    pattern, _, times = _patterns(levels, np.ones((len(levels), len(model.share)), dtype=bool))
    design = _design(pattern, sizes)
    innocent = np.arange(len(model.share)) < model.innocent
    share = np.where(innocent, model.share / model.share[innocent].sum(), 0.0)
    fixed = guilty * int((~innocent).sum())
    share = np.where(innocent, share * (1 - fixed), guilty)
    current = Agreement(share, model.level, model.innocent)
    for _ in range(_MOST_STEPS):
        joint = np.log(current.share) + design @ _logs(current.level, sizes)
        expected = np.exp(joint - joint.max(axis=1, keepdims=True))
        expected *= times[:, None] / expected.sum(axis=1, keepdims=True)
        counted = design.T @ expected
        level, first = model.level.copy(), 0
        for field, size in enumerate(sizes):
            counts = counted[first : first + size].T[innocent]
            prior = mass * model.level[innocent, field, :size]
            level[innocent, field, :size] = (counts + prior) / (counts.sum(axis=1, keepdims=True) + mass)
            first += size
        class_mass = expected[:, innocent].sum(axis=0) + mass * model.share[innocent]
        share = np.where(innocent, 0.0, guilty)
        share[innocent] = class_mass / class_mass.sum() * (1 - fixed)
        change = max(np.abs(level - current.level).max(), np.abs(share - current.share).max())
        current = Agreement(share, level, model.innocent)
        if change < _SETTLED:
            break
    return current


def maximise(levels: LevelArray, expected: FloatArray, sizes: Sequence[int]) -> Agreement:
    """Return the shares and level probabilities that are most probable given how much of each pair is in each class."""
    return _maximise_design(_design(levels, sizes), expected, sizes)


def _maximise_design(design: csr_matrix, expected: FloatArray, sizes: Sequence[int]) -> Agreement:
    """Return what `maximise` does, from the design that `_design` makes of the levels."""
    counted, classes = design.T @ expected, expected.shape[1]
    mass = float(convention("prior_mass"))
    level = np.zeros((classes, len(sizes), max(sizes)))
    first = 0
    for field, size in enumerate(sizes):
        counts = counted[first : first + size].T
        level[:, field, :size] = (counts + mass / size) / (counts.sum(axis=1, keepdims=True) + mass)
        first += size
    total = expected.sum(axis=0) + mass / classes
    return Agreement(total / total.sum(), level)


def _design(levels: LevelArray, sizes: Sequence[int]) -> csr_matrix:
    """Return `(P, sum of sizes)` one where a pair has a level of a field."""
    from scipy.sparse import csr_matrix

    first = np.append(0, np.cumsum(sizes))
    pair, field = np.nonzero(levels >= 0)
    column = first[field] + levels[pair, field]
    return csr_matrix((np.ones(len(pair)), (pair, column)), shape=(len(levels), int(first[-1])))


def _logs(level: FloatArray, sizes: Sequence[int]) -> FloatArray:
    """Return `(sum of sizes, K)` the logarithms of level probabilities, field after field."""
    logs = np.log(np.where(level > 0, level, 1.0))
    return np.concatenate([logs[:, field, :size].T for field, size in enumerate(sizes)])


def _patterns(levels: LevelArray, allowed: BoolArray) -> tuple[LevelArray, BoolArray, FloatArray]:
    """Return the distinct rows of levels and allowed classes, and how often each occurs."""
    level_rows = np.column_stack([levels, allowed.astype(np.int8)])
    unique, times = np.unique(level_rows, axis=0, return_counts=True)
    width = levels.shape[1]
    return unique[:, :width], unique[:, width:].astype(bool), times.astype(np.float64)


def _log_level(level: FloatArray, pattern: LevelArray) -> FloatArray:
    """Return `(P, K)` the log-likelihood of patterns given the class."""
    logs = np.log(np.where(level > 0, level, 1.0))
    out = np.zeros((len(pattern), len(level)))
    for field in range(pattern.shape[1]):
        # a last column of zeros stands for what is not known
        table = np.append(logs[:, field], np.zeros((len(level), 1)), axis=1).T
        out += table[pattern[:, field]]
    return out


def _log_prior(model: Agreement, sizes: Sequence[int]) -> float:
    """Return the logarithm of the Dirichlet prior, constants apart."""
    mass = float(convention("prior_mass"))
    log_density = sum(
        float(np.log(model.level[:, field, :size]).sum()) * mass / size for field, size in enumerate(sizes)
    )
    return log_density + float(np.log(model.share).sum()) * mass / len(model.share)


_NEWTON_STEPS, _NEWTON_TOLERANCE = 100, 1e-10


@dataclass(frozen=True, slots=True)
class Calibration:
    """Log-odds of the classes after the first as linear functions of the scores."""

    coefficients: FloatArray
    covariance: FloatArray
    shares: FloatArray

    def probabilities(self, features: FloatArray, shares: FloatArray | None = None) -> FloatArray:
        """Return `(N, K)` probabilities."""
        return _softmax(features @ self.coefficients.T + self._shift(shares))

    def interval(
        self,
        features: FloatArray,
        of: int,
        shares: FloatArray | None = None,
        middle: FloatArray | None = None,
        more: FloatArray | float = 0.0,
    ) -> tuple[FloatArray, FloatArray]:
        """Return the 95 % interval of the probability of class `of`: the delta method on the logit."""
        # The covariance holds what the labelled projects leave open; `more` is added for what they do not show: how far
        # batches differ, and how few cases looked like this one.
        chance = self.probabilities(features, shares)
        p = np.clip(chance[:, of], 1e-12, 1 - 1e-12)
        other_classes = chance[:, 1:]
        indicator = np.zeros(other_classes.shape[1])
        if of > 0:
            indicator[of - 1] = 1.0
        # d logit(p_of) / d eta_k = (1[k = of] - p_k) / (1 - p_of)
        slope = (indicator - other_classes) / (1 - p)[:, None]
        gradient = slope[:, :, None] * features[:, None, :]
        variance = np.einsum("nkd,kdle,nle->n", gradient, self.covariance, gradient)
        return probability_interval(p if middle is None else np.clip(middle, 1e-12, 1 - 1e-12), variance + more)

    def _shift(self, shares: FloatArray | None) -> FloatArray:
        """Return what another mix of classes adds to the log-odds (Saerens, Latinne and Decaestecker 2002)."""
        if shares is None:
            return np.zeros(len(self.shares) - 1)
        return np.asarray(np.log(shares[1:] / shares[0]) - np.log(self.shares[1:] / self.shares[0]))


def probability_interval(p: FloatArray, variance: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the 95 % interval of probabilities, given the variance of their logits."""
    half, logit = float(convention("interval")) * np.sqrt(np.maximum(variance, 0.0)), np.log(p / (1 - p))
    return 1 / (1 + np.exp(half - logit)), 1 / (1 + np.exp(-half - logit))


def calibrate(features: FloatArray, labels: IntArray, counts: FloatArray | None = None) -> Calibration:
    """Estimate the calibration by maximum likelihood with a small ridge; `counts` says how much each row counts."""
    row_weights = np.ones(len(labels)) if counts is None else counts
    classes, width = int(labels.max()) + 1, features.shape[1]
    target = np.eye(classes)[labels][:, 1:]
    beta = np.zeros((classes - 1, width))
    ridge = np.full(width, float(convention("ridge")))
    ridge[0] = 0.0
    for _ in range(_NEWTON_STEPS):
        chance = _softmax(features @ beta.T)[:, 1:]
        slope = ((target - chance) * row_weights[:, None]).T @ features - ridge * beta
        curve = _curvature(features, chance, ridge, row_weights)
        step = np.linalg.solve(curve, slope.ravel()).reshape(beta.shape)
        beta = beta + step
        if np.abs(step).max() < _NEWTON_TOLERANCE:
            break
    chance = _softmax(features @ beta.T)[:, 1:]
    bread = np.linalg.inv(_curvature(features, chance, ridge, row_weights))
    scores = ((row_weights[:, None] * (target - chance))[:, :, None] * features[:, None, :]).reshape(len(features), -1)
    covariance = bread @ (scores.T @ scores) @ bread
    shape = (classes - 1, width, classes - 1, width)
    return Calibration(
        beta, covariance.reshape(shape), np.bincount(labels, weights=row_weights, minlength=classes) / row_weights.sum()
    )


def _softmax(scores: FloatArray) -> FloatArray:
    full = np.column_stack([np.zeros(len(scores)), scores])
    full = np.exp(full - full.max(axis=1, keepdims=True))
    return np.asarray(full / full.sum(axis=1, keepdims=True))


def _curvature(features: FloatArray, chance: FloatArray, ridge: FloatArray, row_weights: FloatArray) -> FloatArray:
    classes, width = chance.shape[1], features.shape[1]
    out = np.zeros((classes * width, classes * width))
    for first in range(classes):
        for second in range(classes):
            weight = row_weights * chance[:, first] * ((first == second) - chance[:, second])
            block = (features * weight[:, None]).T @ features
            rows, columns = slice(first * width, (first + 1) * width), slice(second * width, (second + 1) * width)
            out[rows, columns] = block + np.diag(ridge) * (first == second)
    return out


SIZES = tuple(len(field.levels) for field in FIELDS)
# Pairs that do not match are of two kinds, which no label tells apart: projects far from each other that share figures,
# and projects of one place. The algorithm finds which is which; it begins with the place.
PAIR_CLASSES = ("elsewhere", "same place", "follow-on", "repackaged")
INNOCENT = 2


@dataclass(frozen=True, slots=True)
class Weights:
    """What agreement and disagreement in each field say, and what the sum means."""

    agreement: Agreement
    calibration: Calibration
    closest_share: FloatArray
    counted: tuple[float, float]
    origin: Mapping[str, object]
    support: FloatArray  # how many written repeats had each coarse pattern
    between: float  # variance between batches of the log-odds
    largest: float  # probability that the surest cases bear out
    accused: float  # probability from which a project is called repackaged


@cache
def shipped_weights() -> Weights:
    """Return the weights that ship with xinzhi."""
    # Learned on synthetic projects, see ``bench/learn_screen_weights.py``.
    return from_document(document("weights.yaml"))


def from_document(content: Mapping[str, Any]) -> Weights:
    """Return weights from the content of a YAML file."""
    if tuple(content["fields"]) != NAMES:
        raise InputError("projects.other-fields", given=list(content["fields"]), known=NAMES)
    level = np.zeros((len(PAIR_CLASSES), len(FIELDS), max(SIZES)))
    for at, (field, size) in enumerate(zip(FIELDS, SIZES, strict=True)):
        for kind, name in enumerate(PAIR_CLASSES):
            level[kind, at, :size] = content["fields"][field.name][name]
    calibration = content["calibration"]
    return Weights(
        Agreement(np.array([content["shares"][name] for name in PAIR_CLASSES]), level, INNOCENT),
        Calibration(*(np.array(calibration[name], dtype=float) for name in ("coefficients", "covariance", "shares"))),
        np.array(content["wording"]["closest_share"]),
        tuple(content["wording"]["counted"]),
        content["origin"],
        np.array(calibration["support"], dtype=float),
        float(calibration["between"]),
        float(calibration["largest"]),
        float(calibration["accused"]),
    )

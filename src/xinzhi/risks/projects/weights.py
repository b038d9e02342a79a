"""Weights of the evidence: learned, calibrated, and adapted to the archive at hand."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from xinzhi.core.errors import InputError
from xinzhi.risks.projects.comparison import FIELDS, NAMES
from xinzhi.risks.projects.conventions import convention, document
from xinzhi.risks.projects.fellegi_sunter import Agreement, adapt, learn, maximise
from xinzhi.risks.projects.scoring import CLASSES, compared, pairs, score

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinzhi.core.arrays import FloatArray, IntArray
    from xinzhi.risks.projects.index import Index
    from xinzhi.risks.projects.records import Records
    from xinzhi.risks.projects.scoring import Pairs


_MOST_STEPS, _TOLERANCE, _NORMAL_95 = 100, 1e-10, 1.959963984540054
_RIDGE = (
    1e-2  # keeps the estimate finite where the classes part without overlap (Platt 1999 softens the labels to that end)
)


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
        self, features: FloatArray, of: int, shares: FloatArray | None = None
    ) -> tuple[FloatArray, FloatArray]:
        """Return the 95 % interval of the probability of class `of`: the delta method on the logit."""
        # It holds what the labelled projects leave open about the calibration, not whether they resemble the user's
        # own.
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
    """Estimate the calibration by maximum likelihood with a small ridge."""
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


SIZES = tuple(len(field.levels) for field in FIELDS)
# Pairs that do not match are of two kinds, which no label tells apart: projects far from each other that share figures,
# and projects of one place. The algorithm finds which is which; it begins with the place.
PAIR_CLASSES = ("elsewhere", "same place", "follow-on", "repackaged")
INNOCENT = 2
_SAME_PLACE = 3
_TEXT = NAMES.index("text")


@dataclass(frozen=True, slots=True)
class Weights:
    """What agreement and disagreement in each field say, and what the sum means."""

    agreement: Agreement
    calibration: Calibration
    closest_share: FloatArray
    counted: tuple[float, float]
    origin: Mapping[str, Any]


@cache
def shipped() -> Weights:
    """Return the weights that ship with xinzhi."""
    # Learned on synthetic projects, see ``bench/learn_screen_weights.py``.
    return from_document(document("weights.yaml"))


def learn_weights(
    taught: tuple[Index, Pairs, IntArray], checked: tuple[Index, Pairs, IntArray, Records], origin: Mapping[str, Any]
) -> Weights:
    """Learn the weights on one set of labelled projects and calibrate them on another."""
    library, known, labels = taught
    allowed = np.zeros((len(labels), len(PAIR_CLASSES)), dtype=bool)
    allowed[np.arange(len(labels)), labels + INNOCENT - 1] = True
    allowed[labels == 0, :INNOCENT] = True
    begin = allowed.astype(np.float64)
    near = known.levels[:, NAMES.index("place")] >= _SAME_PLACE
    begin[:, 0] *= ~near
    begin[:, 1] *= near
    agreement = learn(known.levels, SIZES, allowed, maximise(known.levels, begin, SIZES), innocent=INNOCENT)
    matching = float(((labels == CLASSES.index("repackaged")) & (known.levels[:, _TEXT] >= 0)).sum())
    nothing = Calibration(np.zeros((2, 1)), np.zeros((2, 1, 2, 1)), np.ones(3) / 3)
    plain = Weights(agreement, nothing, np.full(SIZES[_TEXT], 1 / SIZES[_TEXT]), (1.0, matching), origin)
    at_home = adapted(plain, library)
    index, found, classes, projects = checked
    features = score(adapted(plain, index).agreement, found, projects).features
    use = compared(found) >= int(convention("readable"))
    return Weights(agreement, calibrate(features[use], classes[use]), at_home.closest_share, at_home.counted, origin)


def adapted(weights: Weights, index: Index) -> Weights:
    """Return weights whose coincidences are those of the archive at hand."""
    count = len(index.records)
    rows = np.unique(np.linspace(0, max(count - 1, 0), min(count, int(convention("adapted_on")))).astype(np.int64))
    found = pairs(index, index.records.take(rows))
    # an archive lists continued projects twice: records of the same wording are repeats, no coincidences
    other = (rows[found.project] != found.record) & (found.levels[:, _TEXT] < SIZES[_TEXT] - 1)
    mass = float(convention("adapted_prior"))
    agreement = adapt(weights.agreement, found.levels[other], SIZES, mass=mass, guilty=float(convention("own_repeats")))
    closest = np.zeros(len(rows), dtype=np.int64)
    np.maximum.at(closest, found.project[other], np.maximum(found.levels[other, _TEXT], 0))
    held = min(mass, weights.counted[0])
    seen = np.bincount(closest, minlength=SIZES[_TEXT]) + held * weights.closest_share
    return Weights(
        agreement, weights.calibration, seen / seen.sum(), (float(seen.sum()), weights.counted[1]), weights.origin
    )


def to_document(weights: Weights) -> dict[str, Any]:
    """Return weights as they stand in YAML."""
    level = weights.agreement.level
    return {
        "origin": dict(weights.origin),
        "shares": dict(zip(PAIR_CLASSES, weights.agreement.share.tolist(), strict=True)),
        "fields": {
            field.name: {name: level[kind, at, : len(field.levels)].tolist() for kind, name in enumerate(PAIR_CLASSES)}
            for at, field in enumerate(FIELDS)
        },
        "wording": {"closest_share": weights.closest_share.tolist(), "counted": list(weights.counted)},
        "calibration": {
            "coefficients": weights.calibration.coefficients.tolist(),
            "covariance": weights.calibration.covariance.tolist(),
            "shares": weights.calibration.shares.tolist(),
        },
    }


def from_document(content: Mapping[str, Any]) -> Weights:
    """Return weights from what stands in YAML."""
    if tuple(content["fields"]) != NAMES:
        raise InputError("projects.other-fields", given=list(content["fields"]), known=NAMES)
    level = np.zeros((len(PAIR_CLASSES), len(FIELDS), max(SIZES)))
    for at, (field, size) in enumerate(zip(FIELDS, SIZES, strict=True)):
        for kind, name in enumerate(PAIR_CLASSES):
            level[kind, at, :size] = content["fields"][field.name][name]
    told = content["calibration"]
    return Weights(
        Agreement(np.array([content["shares"][name] for name in PAIR_CLASSES]), level, INNOCENT),
        Calibration(*(np.array(told[name], dtype=float) for name in ("coefficients", "covariance", "shares"))),
        np.array(content["wording"]["closest_share"]),
        tuple(content["wording"]["counted"]),
        content["origin"],
    )

"""From pairs of records to evidence, from evidence to probabilities, and the weights for it learned and adapted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from xinzhi.core.arrays import BoolArray, FloatArray, IntArray
from xinzhi.risks.projects.comparison import NAMES, compare, cosines
from xinzhi.risks.projects.conventions import convention
from xinzhi.risks.projects.index import Index, candidates
from xinzhi.risks.projects.records import NUMBERS, Records
from xinzhi.risks.projects.weights import (
    INNOCENT,
    PAIR_CLASSES,
    SIZES,
    Agreement,
    Calibration,
    Weights,
    adapt,
    around,
    calibrate,
    learn,
    maximise,
)  # fmt: skip

CLASSES = ("new", "follow-on", "repackaged")


@dataclass(frozen=True, slots=True)
class Pairs:
    """Projects and the archived records compared with them, in the order of the projects."""

    project: IntArray
    record: IntArray
    levels: npt.NDArray[np.int8]
    cosine: FloatArray
    shared: IntArray
    reached: IntArray


@dataclass(frozen=True, slots=True)
class Scores:
    """The evidence on every project."""

    odds: FloatArray
    order: IntArray
    features: FloatArray


def pairs(index: Index, projects: Records) -> Pairs:
    """Return the pairs to look at and their agreement."""
    found = candidates(index, projects)
    cosine = cosines(index, projects, found.project, found.record)
    levels = compare(index, projects, found.project, found.record, cosine)
    return Pairs(found.project, found.record, levels, cosine, found.shared, found.reached)


def score(model: Agreement, found: Pairs, projects: Records) -> Scores:
    """Return the evidence on every project."""
    # A project is at most one archived project over again. Of the `n` records that it is compared with, each is taken
    # as equally likely beforehand, so the odds on some record are the mean of the likelihood ratios: a chance
    # resemblance among a hundred records counts for less than one among ten.
    odds = model.log_odds(found.levels)
    order = np.lexsort((-np.logaddexp(odds[:, 0], odds[:, 1]), found.project))
    count = len(projects)
    total = np.full((count, 2), -np.inf)
    for column in range(2):
        np.logaddexp.at(total[:, column], found.project, odds[:, column])
    among = np.bincount(found.project, minlength=count)
    mean = total - np.log(np.maximum(among, 1))[:, None]
    readable = np.minimum(projects.readable(), int(convention("most_readable")))
    bound = float(convention("largest_odds"))
    features = np.column_stack([np.ones(count), np.clip(mean[:, ::-1], -bound, bound), readable])
    return Scores(odds, order, features)


_FACTS = [NAMES.index(name) for name in ("place", "owner", *NUMBERS, "capacity", "approval")]
_TEXT = NAMES.index("text")
_SAME_PLACE = 3


@dataclass(frozen=True, slots=True)
class Judgement:
    """What each project probably is."""

    chance: FloatArray
    lower: FloatArray
    upper: FloatArray
    factual: BoolArray
    verbatim: BoolArray


def judge(weights: Weights, found: Pairs, scores: Scores, shares: FloatArray | None = None) -> Judgement:
    """Return what each project probably is."""
    # Where fewer than two of place, owner, numbers and approval could be compared with any candidate, the calibration
    # says nothing. What remains is the wording: the closest wording that a project of each class finds. For a new one
    # that is what an archived record finds among the others: titles of one discipline find much, plants little.
    factual = compared(found) >= int(convention("readable"))
    # no candidate at all: the facts that the project gives were looked up and lead nowhere
    factual |= (found.reached == 0) & (scores.features[:, 3] >= int(convention("readable")))
    chance = weights.calibration.probabilities(scores.features, shares)
    lower, upper = weights.calibration.interval(scores.features, 2, shares)
    closest = np.zeros(len(found.reached), dtype=np.int64)
    np.maximum.at(closest, found.project, np.maximum(found.levels[:, _TEXT], 0))
    worded, below, above = by_wording(weights, closest, weights.calibration.shares if shares is None else shares)
    return Judgement(
        chance=np.where(factual[:, None], chance, worded),
        lower=np.where(factual, lower, below),
        upper=np.where(factual, upper, above),
        factual=factual,
        verbatim=closest == len(weights.closest_share) - 1,
    )


def compared(found: Pairs) -> IntArray:
    """Return how many facts of each project could be compared with the candidate that has most of them."""
    most = np.zeros(len(found.reached), dtype=np.int64)
    np.maximum.at(most, found.project, (found.levels[:, _FACTS] >= 0).sum(axis=1))
    return most


def by_wording(weights: Weights, closest: IntArray, shares: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return probabilities and interval given the closest wording alone."""
    told = weights.agreement.level[weights.agreement.innocent :, _TEXT, : len(weights.closest_share)]
    ratio = np.vstack([np.ones(len(weights.closest_share)), *(rising(row, weights.closest_share) for row in told)])
    joint = shares * ratio[:, closest].T
    chance = joint / joint.sum(axis=1, keepdims=True)
    p = np.clip(chance[:, 2], 1e-12, 1 - 1e-12)
    # the frequencies are counts: the logarithm of a share q of n has the variance (1 - q) / (n q); half a case
    # more keeps it finite where nothing was seen
    frequency = np.vstack([weights.closest_share, told[-1]])[:, closest]
    spread = [(1 - q) / (n * q + 0.5) for q, n in zip(frequency, weights.counted, strict=True)]
    return chance, *around(p, spread[0] + spread[1])


def rising(match: FloatArray, chance: FloatArray) -> FloatArray:
    """Return likelihood ratios that never fall from one level of closeness to the next."""
    # Neighbouring levels whose ratios are out of order are pooled (Ayer et al. 1955): closer wording is never less
    # reason to suspect a repeat.
    blocks: list[tuple[float, float, int]] = []
    for one, other in zip(match.tolist(), chance.tolist(), strict=True):
        block = (one, other, 1)
        while blocks and blocks[-1][0] * block[1] > block[0] * blocks[-1][1]:
            before = blocks.pop()
            block = (before[0] + block[0], before[1] + block[1], before[2] + block[2])
        blocks.append(block)
    return np.repeat([one / other for one, other, _ in blocks], [size for _, _, size in blocks])


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

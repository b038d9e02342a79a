"""The learned weights: read from ``weights.yaml``, or learned from labelled projects."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from xinzhi.core.errors import InputError
from xinzhi.risks.screening.calibration import Calibration, calibrate
from xinzhi.risks.screening.comparison import FIELDS, NAMES
from xinzhi.risks.screening.facts import convention, document
from xinzhi.risks.screening.fellegi_sunter import Agreement, adapt, learn, maximise
from xinzhi.risks.screening.judging import compared
from xinzhi.risks.screening.scoring import CLASSES, pairs, score

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinzhi.core.arrays import FloatArray, IntArray
    from xinzhi.risks.screening.index import Index
    from xinzhi.risks.screening.records import Records
    from xinzhi.risks.screening.scoring import Pairs

SIZES = tuple(len(field.levels) for field in FIELDS)
# Pairs that do not match are of two kinds, which no label tells apart: projects far from each other that share figures,
# and projects of one place. The algorithm finds which is which; it begins with the place.
PAIR_CLASSES = ("elsewhere", "same place", "follow-on", "repackaged")
INNOCENT = 2
_SAME_PLACE = 3
_TEXT = NAMES.index("text")


@dataclass(frozen=True, slots=True)
class Weights:
    """What agreement and disagreement in each field say, and what the sum means.

    Parameters
    ----------
    agreement
        The model of the pairs.
    calibration
        From scores to probabilities.
    closest_share
        `(6,)` of how many archived records the closest other wording in the archive has each level.
    counted
        How many records that was counted on, and how many matching pairs the wording of matches.
    origin
        What they were learned on.
    """

    agreement: Agreement
    calibration: Calibration
    closest_share: FloatArray
    counted: tuple[float, float]
    origin: Mapping[str, Any]


@cache
def shipped() -> Weights:
    """Return the weights that ship with xinzhi: learned on synthetic projects, see ``bench/learn_screen_weights.py``.

    Examples
    --------
    >>> shipped().origin["synthetic"]
    True
    """
    return from_document(document("weights.yaml"))


def learn_weights(
    taught: tuple[Index, Pairs, IntArray], checked: tuple[Index, Pairs, IntArray, Records], origin: Mapping[str, Any]
) -> Weights:
    """Learn the weights on one set of labelled projects and calibrate them on another.

    Parameters
    ----------
    taught
        The archive, the pairs, and the class of each (0 unrelated, 1 follow-on, 2 the same project).
    checked
        The archive, the pairs, the class of each project (0 new, 1 follow-on, 2 repackaged), and the projects.
    origin
        What they are, for the record.
    """
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
    """Return weights whose coincidences are those of the archive at hand.

    Parameters
    ----------
    weights
        As learned.
    index
        The archive: a sample of its records is looked up in it.
    """
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
    """Return weights from what stands in YAML.

    Raises
    ------
    InputError
        When the fields are others than those that are compared.
    """
    if tuple(content["fields"]) != NAMES:
        message = (
            f"the weights are those of the fields {', '.join(content['fields'])}; compared are {', '.join(NAMES)}."
        )
        raise InputError(message)
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

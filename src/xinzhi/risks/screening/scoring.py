"""From an archive and projects to scores: candidates, agreement, evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xinzhi.risks.screening.comparison import compare, cosines
from xinzhi.risks.screening.index import candidates

if TYPE_CHECKING:
    import numpy.typing as npt

    from xinzhi.core.arrays import FloatArray, IntArray
    from xinzhi.risks.screening.fellegi_sunter import Agreement
    from xinzhi.risks.screening.index import Index
    from xinzhi.risks.screening.records import Records

CLASSES = ("new", "follow-on", "repackaged")
_LOWEST, _HIGHEST = -12.0, 12.0  # natural log-odds beyond which nothing more can be told from a labelled sample
_MOST_READABLE = 6


@dataclass(frozen=True, slots=True)
class Pairs:
    """Projects and the archived records compared with them, in the order of the projects.

    Parameters
    ----------
    project, record
        `(P,)` rows.
    levels
        `(P, F)` levels of agreement.
    cosine
        `(P,)` textual similarity.
    shared
        `(P,)` how many pairs of keys they share.
    reached
        `(Q,)` how many records each project led to.
    """

    project: IntArray
    record: IntArray
    levels: npt.NDArray[np.int8]
    cosine: FloatArray
    shared: IntArray
    reached: IntArray


@dataclass(frozen=True, slots=True)
class Scores:
    """The evidence on every project.

    Parameters
    ----------
    odds
        `(P, 2)` log-odds of each pair: a follow-on of that record, that record over again, each against unrelated.
    order
        `(P,)` the pairs, those of one project together, the best first.
    features
        `(Q, 4)` what the calibration reads: one; the log-odds that the project is some archived one over again, and
        that it follows one on, given how many it is compared with; how many fields could be read.
    """

    odds: FloatArray
    order: IntArray
    features: FloatArray


def pairs(index: Index, projects: Records) -> Pairs:
    """Return the pairs to look at and their agreement.

    Parameters
    ----------
    index, projects
        The archive and the projects.
    """
    found = candidates(index, projects)
    cosine = cosines(index, projects, found.project, found.record)
    levels = compare(index, projects, found.project, found.record, cosine)
    return Pairs(found.project, found.record, levels, cosine, found.shared, found.reached)


def score(model: Agreement, found: Pairs, projects: Records) -> Scores:
    """Return the evidence on every project.

    A project is at most one archived project over again. Of the `n` records that it is compared with, each is taken as
    equally likely beforehand, so the odds on some record are the mean of the likelihood ratios: a chance resemblance
    among a hundred records counts for less than one among ten.

    Parameters
    ----------
    model
        The weights.
    found, projects
        The pairs and the projects.
    """
    odds = model.log_odds(found.levels)
    order = np.lexsort((-np.logaddexp(odds[:, 0], odds[:, 1]), found.project))
    count = len(projects)
    total = np.full((count, 2), -np.inf)
    for column in range(2):
        np.logaddexp.at(total[:, column], found.project, odds[:, column])
    among = np.bincount(found.project, minlength=count)
    mean = total - np.log(np.maximum(among, 1))[:, None]
    readable = np.minimum(projects.readable(), _MOST_READABLE)
    features = np.column_stack([np.ones(count), np.clip(mean[:, ::-1], _LOWEST, _HIGHEST), readable])
    return Scores(odds, order, features)

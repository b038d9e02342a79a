"""One buyer, one name: is it the same purchase, the next one, or chance? Counted in the archive itself."""

# The trees were learned on reworded texts, in which buyer and name seldom stay. In public tenders they do, and often
# nothing else is given. Three explanations of a pair in which nothing differs are weighed: the same purchase again, the
# buyer's next purchase of that name, and chance. What sum, year and words say of the first two is as learned
# (weights.yaml); chance is counted: so many notices of the buyer, so many others of that name in the archive.

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from xinzhi.core.arrays import BoolArray, FloatArray, IntArray
from xinzhi.risks.projects.comparison import MISSING, NAMES, LevelArray
from xinzhi.risks.projects.conventions import convention
from xinzhi.risks.projects.notices import INTENTION, RECURRING, STAGE, TENDER
from xinzhi.risks.projects.records import NUMBERS, Records

if TYPE_CHECKING:
    from xinzhi.risks.projects.index import Index
    from xinzhi.risks.projects.weights import Agreement

_NAME, _APPROVAL, _PLACE, _PHASE, _SUM, _CUE, _EDITION = (
    NAMES.index(name) for name in ("name", "approval", "place", "phase", "investment", "cue", "edition")
)
_TOLD_APART = [NAMES.index(name) for name in ("site", "object", "edition")]
_MEASURED = [NAMES.index(name) for name in (*NUMBERS, "capacity") if name != "investment"]
_SAME_TITLE, _SAME_CITY, _EQUAL = 3, 3, 4
_HALF = 0.5  # of a record that was not seen
NEXT, AGAIN = -2, -1  # the classes of pairs that are the owner's next project, and the same one


def purchases(index: Index, projects: Records, project: IntArray, record: IntArray, levels: LevelArray) -> FloatArray:
    """Return ``(P, 2)`` how many such pairs chance would make, and what the notices say for a repeat, in nats.

    NaN of pairs that do not have one buyer and one name, or in which something differs.
    """
    out = np.full((len(project), 2), np.nan)
    archive = index.records
    # the number of a tender stands for what its name lacks
    name = levels[:, _NAME]
    at = np.flatnonzero((name == _SAME_TITLE) | (name == _SAME_TITLE - 1) & (levels[:, _APPROVAL] == 1))
    owner = projects.owner[project[at]]
    notice = _is_notice(projects, project[at]) | _is_notice(archive, record[at])
    own = notice & (owner > 0) & (owner == archive.owner[record[at]])
    at, owner = at[own], owner[own]
    if not len(at):
        return out
    seen = levels[at]
    differs = (seen[:, _SUM] == 0) | (seen[:, _EDITION] == 0)
    before = np.bincount(project[at], weights=differs, minlength=len(projects))[project[at]]
    kind, earlier = projects.notice[project[at]], archive.notice[record[at]]
    told = np.where(
        (kind & STAGE == TENDER) & (earlier & STAGE == INTENTION), float(convention("intention_then_tender")), 0.0
    )
    told += np.where(kind & RECURRING, *(float(convention("bought_again")[name]) for name in ("yearly", "once")))
    told -= np.log1p(before - differs)
    told += _by_days(projects.announced[project[at]], archive.announced[record[at]])
    both = list(zip(owner.tolist(), projects.name[project[at]].tolist(), strict=True))
    counted = {each: archive_counts(index, *each) for each in dict.fromkeys(both)}
    # half a record more: a small archive does not make a name rare
    mine, others = np.array([counted[each] for each in both]).T
    expected = mine * (others + _HALF) / (len(archive) + _HALF)
    out[at] = np.where(alike(seen)[:, None], np.column_stack([expected, told]), np.nan)
    return out


def _is_notice(records: Records, rows: IntArray) -> BoolArray:
    return np.asarray((records.notice[rows] & STAGE > 0) | (records.announced[rows] > 0))


def _by_days(day: npt.NDArray[np.int32], before: npt.NDArray[np.int32]) -> FloatArray:
    """Return what the days between notices say for a repeat, in nats; nothing where the archived one is no older."""
    gap = np.where((day > 0) & (before > 0), day.astype(np.int64) - before, 0)
    levels = convention("days_between")
    said = np.array([*levels["nats"]], dtype=np.float64)
    return np.where(gap > 0, said[np.digitize(gap, levels["days"])], 0.0)


def archive_counts(index: Index, owner: int, name: int) -> tuple[int, int]:
    """Return how many archived records are of an owner, and how many of other owners have a name."""
    mine = index.records.owner == owner
    return int(mine.sum()), int(((index.records.name == name) & ~mine).sum())


def alike(levels: LevelArray) -> BoolArray:
    """Return whether nothing tells two projects apart but the sum, which is weighed."""
    place = levels[:, _PLACE]
    numbers = levels[:, _MEASURED]
    return np.asarray(
        ((place == MISSING) | (place >= _SAME_CITY))
        & (levels[:, _TOLD_APART] != 0).all(axis=1)
        & (levels[:, _PHASE] <= 0)
        & ((numbers == MISSING) | (numbers >= _EQUAL)).all(axis=1)
    )


def log_odds(model: Agreement, levels: LevelArray, bought: FloatArray) -> FloatArray:
    """Return ``(P, 2)`` log-odds of chance and of the buyer's next purchase against the same one; NaN where unknown."""
    out = np.full(bought.shape, np.nan)
    at = np.flatnonzero(np.isfinite(bought[:, 0]))
    logs = np.log(np.where(model.level > 0, model.level, 1.0))
    told = np.zeros((len(at), len(model.share)))
    for field in (_SUM, _CUE, _EDITION):
        level = levels[at, field]
        # that equipment is renewed is said of each purchase alike: only that it is handed in again tells
        known = level > 0 if field == _CUE else level >= 0
        told += np.where(known[:, None], logs[:, field, np.maximum(level, 0)].T, 0.0)
    chance = np.logaddexp.reduce(told[:, : model.innocent] + np.log(model.share[: model.innocent]), axis=1)
    chance -= np.log(model.share[: model.innocent].sum())
    bound = float(convention("largest_odds"))
    told_next = told[:, NEXT] - told[:, AGAIN] - bought[at, 1]
    out[at] = np.clip(np.column_stack([chance - told[:, AGAIN] + np.log(bought[at, 0]), told_next]), -bound, bound)
    return out

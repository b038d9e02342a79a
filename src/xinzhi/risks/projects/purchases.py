"""One buyer, one name: is it the same purchase, the next one, or chance? Counted in the archive itself."""

# The trees were learned on reworded texts, in which buyer and name seldom stay. In public tenders they do, and often
# nothing else is given. Three explanations of a pair in which nothing differs are weighed: the same purchase again, the
# buyer's next purchase of that name, and chance. What sum, year and words say of the first two is as learned
# (weights.yaml); chance is counted: so many notices of the buyer, so many others of that name in the archive.
# Of a pair in which something differs, or which any number of purchases would look like, no accusation is made at all.

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from xinzhi.core.arrays import BoolArray, FloatArray, IntArray
from xinzhi.risks.projects.comparison import MISSING, NAMES, SAME_LANDMARK, SAME_SITE, LevelArray, level
from xinzhi.risks.projects.conventions import convention
from xinzhi.risks.projects.notices import AWARD, CONSUMED, FAILED, INTENTION, RECURRING, STAGE, TENDER
from xinzhi.risks.projects.records import NUMBERS, Records

if TYPE_CHECKING:
    from xinzhi.risks.projects.index import Index
    from xinzhi.risks.projects.weights import Agreement

KeyArray = npt.NDArray[np.uint64]
_NAME, _OWNER, _APPROVAL, _PLACE, _SITE, _LANDMARK = (
    NAMES.index(name) for name in ("name", "owner", "approval", "place", "site", "landmark")
)
_PHASE, _SUM, _CUE, _EDITION, _DATES = (
    NAMES.index(name) for name in ("phase", "investment", "cue", "edition", "dates")
)
_TOLD_APART = [NAMES.index(name) for name in ("site", "object", "edition")]
_MEASURED = [NAMES.index(name) for name in (*NUMBERS, "capacity") if name != "investment"]
_SAME_TITLE, _MOST_OF_TITLE = level("name", "same title"), level("name", "most of the name")
_SAME_CITY, _SAME_YEARS = level("place", "same city"), level("dates", "same years")
_EQUAL, _PRECISE = level("investment", "equal, round"), level("investment", "equal, precise")
_SAME_NUMBER = level("approval", "same number")
_HALF = 0.5  # of a record that was not seen
# what is returned of a pair: pairs that chance would make; nats for a repeat; whether words of a further round count;
# whether nothing may be said; whether they are notices of one buyer that may be stages of one purchase
EXPECTED, NATS, ROUND, UNDECIDABLE, CHAIN = range(5)
NEXT, AGAIN = -2, -1  # the classes of pairs that are the owner's next project, and the same one


def purchases(index: Index, projects: Records, project: IntArray, record: IntArray, levels: LevelArray) -> FloatArray:
    """Return ``(P, 5)`` what is known of pairs of notices (`EXPECTED`, `NATS`, `ROUND`, `UNDECIDABLE`, `CHAIN`).

    The first two are NaN of pairs that do not have one buyer and one name, or of which nothing may be said.
    """
    out = np.column_stack([np.full((len(project), 2), np.nan), np.zeros((len(project), 3))])
    archive = index.records
    at = np.flatnonzero(is_notice(projects, project))
    at = at[is_notice(archive, record[at])]
    out[at, ROUND] = _is_resubmission(projects, project[at], archive, record[at])
    out[at, UNDECIDABLE] = nameless(levels[at], out[at, ROUND] > 0)
    # the number of a tender stands for what its name lacks
    name, numbered = levels[:, _NAME], levels[:, _APPROVAL] == _SAME_NUMBER
    at = at[name[at] > 0]
    at = at[(projects.owner[project[at]] > 0) & (projects.owner[project[at]] == archive.owner[record[at]])]
    out[at, CHAIN] = 1
    used, turned = bought_anew(projects, project[at], archive, record[at], numbered[at] | (out[at, ROUND] > 0))
    # the second operating theatre is not the first, whatever else agrees
    out[at, UNDECIDABLE] = used | turned | (projects.ordinal[project[at]] != archive.ordinal[record[at]])
    same = (name[at] == _SAME_TITLE) | numbered[at] & (name[at] == _MOST_OF_TITLE)
    at, used, turned = at[same], used[same], turned[same]
    owner = projects.owner[project[at]]
    if not len(at):
        return out
    projects_of_pairs, theirs, pair_levels = project[at], record[at], levels[at]
    days = _days(projects.announced[projects_of_pairs], archive.announced[theirs])
    differs = (pair_levels[:, _SUM] == 0) | (pair_levels[:, _EDITION] == 0)
    before = np.bincount(projects_of_pairs, weights=differs, minlength=len(projects))[projects_of_pairs]
    kind, earlier = projects.notice[projects_of_pairs] & STAGE, archive.notice[theirs] & STAGE
    nats = np.where((kind == TENDER) & (earlier == INTENTION), float(convention("intention_then_tender")), 0.0)
    again = projects.notice[projects_of_pairs] & RECURRING
    nats += np.where(again, *(float(convention("bought_again")[name]) for name in ("yearly", "once")))
    nats -= np.log1p(before - differs)
    # a service of the next budget year is bought as if a year had passed
    nats += _by_days(np.where(turned, np.maximum(days, convention("days_between")["days"][1]), days))
    # an intention after a tender, a tender after an award, another part of one name or service: another purchase
    differs_in_kind = (kind == INTENTION) & (earlier > INTENTION) | (
        projects.ordinal[projects_of_pairs] != archive.ordinal[theirs]
    )
    differs_in_kind |= (kind == TENDER) & (earlier >= AWARD) & ~(out[at, ROUND] > 0)
    services = projects.service[projects_of_pairs], archive.service[theirs]
    differs_in_kind |= (services[0] > 0) & (services[1] > 0) & (services[0] & services[1] == 0)
    nats[differs_in_kind] = -float(convention("other_purchase"))
    bought, others_with_name = archive_counts(archive.owner, archive.name, owner, projects.name[projects_of_pairs])
    out[at, EXPECTED] = chance_pairs(bought, others_with_name, len(archive))
    out[at, NATS] = nats
    undecidable = (
        ~alike(pair_levels)
        | undecidable_notices(
            pair_levels, projects.public[projects_of_pairs] & archive.public[theirs], days, kind == earlier
        )
        | used
    )
    out[at, UNDECIDABLE] = undecidable
    out[at[undecidable], : NATS + 1] = np.nan
    return out


def chance_pairs(bought: IntArray, others_with_name: IntArray, size: int) -> FloatArray:
    """Return how many pairs of one buyer and one name chance makes in an archive.

    Parameters
    ----------
    bought
        Archived records of the buyer.
    others_with_name
        Archived records of other owners that have the name.
    size
        Records of the archive.

    Examples
    --------
    >>> chance_pairs(np.array([5]), np.array([2]), 39).round(3).tolist()
    [0.316]
    """
    # half a record more: a small archive does not make a name rare
    return np.asarray(bought * (others_with_name + _HALF) / (size + _HALF))


def is_notice(records: Records, rows: IntArray) -> BoolArray:
    """Return which records bear the words of a notice; a column for its day alone makes none."""
    return np.asarray(records.notice[rows] & STAGE > 0)


def _days(day: npt.NDArray[np.int32], before: npt.NDArray[np.int32]) -> FloatArray:
    """Return how many days the archived notice is older; NaN where a day is not known."""
    return np.where((day > 0) & (before > 0), day.astype(np.float64) - before, np.nan)


def _by_days(days: FloatArray) -> FloatArray:
    """Return what the days between notices say for a repeat, in nats; nothing where the archived one is no older."""
    levels = convention("days_between")
    nats = np.array([*levels["nats"]], dtype=np.float64)
    return np.where(days > 0, nats[np.digitize(np.nan_to_num(days), levels["days"])], 0.0)


def _is_resubmission(projects: Records, project: IntArray, archive: Records, record: IntArray) -> BoolArray:
    """Return whether a project is submitted again within a year, and the archived notice not as often."""
    round_number = projects.round[project]
    more = np.where(round_number > 0, archive.round[record] < round_number, archive.cue[record] != 1)
    days = _days(projects.announced[project], archive.announced[record])
    return np.asarray((projects.cue[project] == 1) & more & ~(days > int(convention("round_within"))))


def nameless(levels: LevelArray, further: BoolArray) -> BoolArray:
    """Return of which notices like words alone are no repeat: neither owner nor number agrees, nor a precise measure.

    Parameters
    ----------
    levels
        How far the pairs agree.
    further
        Whether the project says that it is tendered again: of one title in one place, and no other owner, enough.
    """
    identified = (levels[:, _OWNER] > 0) | (levels[:, _APPROVAL] == _SAME_NUMBER)
    identified |= (levels[:, [_SUM, *_MEASURED]] == _PRECISE).any(axis=1)
    same_place = levels[:, _PLACE] >= level("place", "same county")
    same_place |= (levels[:, _SITE] >= SAME_SITE) | (levels[:, _LANDMARK] >= SAME_LANDMARK)
    again = further & same_place & (levels[:, _NAME] == _SAME_TITLE) & (levels[:, _OWNER] == MISSING)
    return np.asarray(~(identified | again))


def bought_anew(
    projects: Records, project: IntArray, archive: Records, record: IntArray, identified: BoolArray
) -> tuple[BoolArray, BoolArray]:
    """Return which notices of one buyer are of what is used up, and which of a service of the next budget year.

    Neither where they are identified as of one purchase, by number or round, or follow one another as stages of it.
    """
    kind, earlier = projects.notice[project], archive.notice[record]
    stages = kind & STAGE, earlier & STAGE
    follows = (stages[0] > stages[1]) | (stages[0] == TENDER) & (stages[1] == FAILED)
    common = np.where(identified | follows, 0, kind & earlier)
    day, before = projects.announced[project], archive.announced[record]
    years = [day_values.astype("datetime64[D]").astype("datetime64[Y]") for day_values in (day, before)]
    turned = (day > 0) & (before > 0) & (years[0] > years[1])
    return (common & CONSUMED) > 0, ((common & RECURRING) > 0) & turned


def undecidable_notices(levels: LevelArray, public: BoolArray, days: FloatArray, one_stage: BoolArray) -> BoolArray:
    """Return of which notices of one buyer and one name nothing may be said, though nothing differs.

    Parameters
    ----------
    levels
        How far the pairs agree.
    public
        Whether the buyer builds and buys whatever a county does.
    days
        How many days the archived notice is older.
    one_stage
        Whether both are notices of one stage.
    """
    numbered = levels[:, _APPROVAL] == _SAME_NUMBER
    summed = levels[:, _SUM] >= _EQUAL
    # 实验小学 is in every county; what stands in the archive already is repeated, not what comes after
    undecidable = (levels[:, _PLACE] < _SAME_CITY) | (days < 0)
    undecidable |= public & ~summed & ~numbered
    # two purchases of 200,000 are announced on one day as often as one of them twice
    undecidable |= (days == 0) & one_stage & (levels[:, _SUM] < _PRECISE) & ~numbered
    return np.asarray(undecidable)


def archive_counts(
    owned: KeyArray, names_of_records: KeyArray, owner: KeyArray, name: KeyArray
) -> tuple[IntArray, IntArray]:
    """Return of pairs of an owner and a name how many records are of the owner, and how many of others have the name.

    Parameters
    ----------
    owned, names_of_records
        Owner and name of every archived record, as codes.
    owner, name
        Owner and name of every pair.

    Examples
    --------
    >>> owned, named = np.array([5, 5, 7, 7]), np.array([1, 2, 1, 1])
    >>> [counts.tolist() for counts in archive_counts(owned, named, np.array([5, 9]), np.array([1, 1]))]
    [[2, 0], [2, 3]]
    """
    # the records are looked through once for all pairs: an archive on disk is read in one go
    owners, owner_at = np.unique(owner, return_inverse=True)
    names, name_at = np.unique(name, return_inverse=True)
    of_owner, of_name = _places_among(owned, owners), _places_among(names_of_records, names)
    counts = [np.bincount(at[at >= 0], minlength=len(codes)) for at, codes in ((of_owner, owners), (of_name, names))]
    matched = (of_owner >= 0) & (of_name >= 0)
    pair_codes, times = np.unique(of_owner[matched] * len(names) + of_name[matched], return_counts=True)
    at = _places_among(owner_at * len(names) + name_at, pair_codes)
    both_counts = np.where(at >= 0, np.append(times, 0)[at], 0)
    return counts[0][owner_at], counts[1][name_at] - both_counts


def _places_among(values: npt.NDArray[np.generic], rising: npt.NDArray[np.generic]) -> IntArray:
    """Return the position of each value in a rising list; -1 where it is absent."""
    at = np.searchsorted(rising, values)
    within = at < len(rising)
    within[within] = rising[at[within]] == values[within]
    return np.where(within, at, -1)


def alike(levels: LevelArray) -> BoolArray:
    """Return whether nothing tells two projects apart but the sum, which is weighed."""
    place = levels[:, _PLACE]
    numbers = levels[:, _MEASURED]
    return np.asarray(
        ((place == MISSING) | (place >= _SAME_CITY))
        & (levels[:, _TOLD_APART] != 0).all(axis=1)
        & (levels[:, _PHASE] <= 0)
        & ((levels[:, _DATES] == MISSING) | (levels[:, _DATES] == _SAME_YEARS))
        & ((numbers == MISSING) | (numbers >= _EQUAL)).all(axis=1)
    )


def log_odds(model: Agreement, levels: LevelArray, bought: FloatArray) -> FloatArray:
    """Return ``(P, 2)`` log-odds of chance and of the buyer's next purchase against the same one; NaN where unknown."""
    out = np.full((len(bought), 2), np.nan)
    at = np.flatnonzero(np.isfinite(bought[:, EXPECTED]))
    logs = np.log(np.where(model.level > 0, model.level, 1.0))
    logs_by_class = np.zeros((len(at), len(model.share)))
    for field in (_SUM, _CUE, _EDITION):
        field_levels = levels[at, field]
        # that equipment is renewed is said of each purchase alike: only that it is handed in again tells
        informative = (field_levels > 0) & (bought[at, ROUND] > 0) if field == _CUE else field_levels >= 0
        logs_by_class += np.where(informative[:, None], logs[:, field, np.maximum(field_levels, 0)].T, 0.0)
    chance = np.logaddexp.reduce(logs_by_class[:, : model.innocent] + np.log(model.share[: model.innocent]), axis=1)
    chance -= np.log(model.share[: model.innocent].sum())
    bound = float(convention("largest_odds"))
    told_next = logs_by_class[:, NEXT] - logs_by_class[:, AGAIN] - bought[at, NATS]
    out[at] = np.clip(
        np.column_stack([chance - logs_by_class[:, AGAIN] + np.log(bought[at, EXPECTED]), told_next]), -bound, bound
    )
    return out

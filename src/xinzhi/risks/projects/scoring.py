"""From pairs of records to evidence, from evidence to probabilities, and the weights for it learned and adapted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from xinzhi.core.arrays import BoolArray, FloatArray, IntArray
from xinzhi.risks.projects.comparison import (
    FACTS,
    MEASURES,
    NAMES,
    SAME_LANDMARK,
    SAME_SITE,
    compare,
    compared_counts,
    cosines,
    level,
)
from xinzhi.risks.projects.conventions import convention
from xinzhi.risks.projects.forest import Forest, pair_features, shipped_forests
from xinzhi.risks.projects.index import Index, candidates
from xinzhi.risks.projects.purchases import CHAIN, UNDECIDABLE, is_notice, log_odds, purchases
from xinzhi.risks.projects.records import NUMBERS, Records
from xinzhi.risks.projects.weights import (
    Agreement,
    Weights,
    probability_interval,
)

CLASSES = ("new", "follow-on", "repackaged")


@dataclass(frozen=True, slots=True)
class Pairs:
    """Projects and the archived records compared with them, in the order of the projects."""

    project: IntArray
    record: IntArray
    levels: npt.NDArray[np.int8]
    measures: FloatArray  # of `MEASURES`
    cosine: FloatArray
    shared: IntArray
    bought: FloatArray  # of `purchases`
    reached: IntArray


@dataclass(frozen=True, slots=True)
class Scores:
    """The evidence on every project."""

    odds: FloatArray  # of every pair, in the first stage: follow-on, repackaged
    order: IntArray  # pairs by project, the likeliest first
    best: IntArray  # the likeliest pair of every project, -1 where nothing was compared
    features: FloatArray  # what the calibration sees
    name_odds: FloatArray  # log-odds of the likeliest pair by buyer and name alone, NaN where these do not decide
    undecidable: BoolArray  # the likeliest pair is of notices of one buyer and name of which nothing may be said
    chain: BoolArray  # or of notices of one buyer that may be stages of one purchase
    notices: BoolArray  # the project is a notice
    dated: BoolArray  # and its day is known


def pairs(index: Index, projects: Records) -> Pairs:
    """Return the pairs to look at and their agreement."""
    reached = candidates(index, projects)
    rows, place = np.unique(reached.record, return_inverse=True)
    # the records that are compared, in memory: an archive may be on disk
    library = replace(index, records=index.records.take(rows), norm=index.norm[rows])
    cosine = cosines(library, projects, reached.project, place)
    levels, measures = compare(library, projects, reached.project, place, cosine)
    bought = purchases(index, projects, reached.project, reached.record, levels)
    return Pairs(reached.project, reached.record, levels, measures, cosine, reached.shared, bought, reached.reached)


def score(
    model: Agreement, compared_pairs: Pairs, projects: Records, forests: Mapping[str, Forest] | None = None
) -> Scores:
    """Return the evidence on every project."""
    # The first stage adds up the fields and orders the candidates; the second weighs the fields of the best together.
    odds = model.log_odds(compared_pairs.levels)
    first = np.lexsort((-np.logaddexp(odds[:, 0], odds[:, 1]), compared_pairs.project))
    project = compared_pairs.project[first]
    place = np.arange(len(project)) - np.searchsorted(project, project)
    top = first[place < int(convention("weighed_together"))]
    features_of_pairs = pair_features(compared_pairs.levels, compared_pairs.measures, odds, compared_pairs.project, top)
    trees = forests or shipped_forests()
    again, later = (trees[name].log_odds(features_of_pairs) for name in ("repackaged", "follow-on"))
    # the odds of being the one or the other
    either = np.full(len(odds), -np.inf)
    either[top] = 1 - (1 - _share(again)) * (1 - _share(later))
    rivals = log_odds(model, compared_pairs.levels, compared_pairs.bought)
    by_name = np.flatnonzero(np.isfinite(rivals[:, 0]))
    # an archived notice of which something may be said goes before
    either[compared_pairs.bought[:, UNDECIDABLE] > 0] *= _EVEN
    either[by_name] = 1 / (1 + np.exp(rivals[by_name]).sum(axis=1))
    likely = np.logaddexp(odds[:, 0], odds[:, 1])
    likely[by_name] = 0.0  # of notices that agree alike the first in the archive: the others repeat it too
    order = np.lexsort((-likely, -either, compared_pairs.project))
    count, bound = len(projects), float(convention("largest_logit"))
    best = np.full(count, -1, dtype=np.int64)
    rows, at = np.unique(compared_pairs.project[order], return_index=True)
    best[rows] = order[at]
    logits_of_best = np.full((count, 2), -bound)
    logits = np.full((len(odds), 2), -bound)
    logits[top] = np.clip(np.column_stack([again, later]), -bound, bound)
    logits_of_best[rows] = logits[best[rows]]
    facts = projects.readable().astype(np.float64)
    facts[rows] = compared_counts(compared_pairs.levels[best[rows]])
    thin = facts <= int(convention("readable"))
    most = int(convention("most_readable"))
    features = np.column_stack([np.ones(count), logits_of_best, np.minimum(facts, most), thin])
    name_odds = np.full((count, 2), np.nan)
    name_odds[rows] = rivals[best[rows]]
    undecidable, chain = np.zeros((2, count), dtype=bool)
    undecidable[rows], chain[rows] = (compared_pairs.bought[best[rows], kind] > 0 for kind in (UNDECIDABLE, CHAIN))
    all_projects = np.arange(count)
    return Scores(
        odds,
        order,
        best,
        features,
        name_odds,
        undecidable,
        chain,
        is_notice(projects, all_projects),
        projects.announced > 0,
    )


def _share(logit: FloatArray) -> FloatArray:
    return np.asarray(1 / (1 + np.exp(-logit)))


TEXT, _OWNER, _SITE, _NAME, _PLACE = (NAMES.index(name) for name in ("text", "owner", "site", "name", "place"))
_LANDMARK = NAMES.index("landmark")
_SAME_CITY, _SAME_BRAND, SAME_NAME = (
    level("place", "same city"),
    level("owner", "same brand"),
    level("name", "same title"),
)
NEAR, _FAINT, _MUCH = level("place", "other county"), level("text", "faint"), level("text", "much")
_MOST_OF_NAME = level("name", "most of the name")
_MATTER = tuple(NAMES.index(name) for name in ("figures", "components", "sector"))
EQUAL, _PRECISE = level("investment", "equal, round"), level("investment", "equal, precise")
PATTERNS = 162
_EVEN = 0.5
_VARIANCE = 1 / (_EVEN * (1 - _EVEN))  # of the log-odds of an even chance, of one case


@dataclass(frozen=True, slots=True)
class Judgement:
    """What each project probably is."""

    chance: FloatArray
    lower: FloatArray
    upper: FloatArray
    factual: BoolArray
    verbatim: BoolArray
    outside: BoolArray
    placed: BoolArray  # nothing but the place was compared with the likeliest
    silent: BoolArray  # wording alone decides, and hardly any is shared
    by_name: BoolArray  # by buyer and name
    chain: BoolArray  # beside another notice of the same buyer
    accused: FloatArray  # probability from which each is called repackaged


def judge(weights: Weights, compared_pairs: Pairs, scores: Scores, shares: FloatArray | None = None) -> Judgement:
    """Return what each project probably is."""
    # Where fewer than two of place, name, owner, numbers and approval could be compared with any candidate, the
    # calibration says nothing. What remains is the wording: the closest wording that a project of each class finds.
    # For a new one that is what an archived record finds among the others: titles of one discipline find much.
    least = int(convention("readable"))
    factual = compared_facts(compared_pairs) >= least
    # no candidate at all: the facts that the project gives were looked up and lead nowhere
    factual |= (compared_pairs.reached == 0) & (scores.features[:, 3] >= least)
    chance = weights.calibration.probabilities(scores.features, shares)
    by_name = np.isfinite(scores.name_odds[:, 0])
    class_shares = weights.calibration.shares if shares is None else shares
    joint = class_shares * np.exp(np.column_stack([scores.name_odds[by_name], np.zeros(int(by_name.sum()))]))
    chance[by_name] = joint / joint.sum(axis=1, keepdims=True)
    factual |= by_name
    # of those that were judged so many were what they were said to be
    trial_counts = convention("purchases_seen")
    counts = np.where(scores.dated[:, None], trial_counts["dated"], trial_counts["undated"])
    borne_out = (counts[:, 1] + 1) / (counts[:, 0] + 2)
    chance = _cap_chances(chance, np.where(scores.undecidable, _EVEN, 1.0))
    chance[by_name, 2], chance[by_name, 0] = (
        borne_out[by_name] * chance[by_name, 2],
        chance[by_name, 0] + (1 - borne_out[by_name]) * chance[by_name, 2],
    )
    bound = np.full(len(chance), weights.largest)
    chance = _cap_chances(_without_strangers(chance, compared_pairs, scores), bound)
    support = np.where(by_name, counts[:, 0], supporting_repeats(weights.support, patterns(compared_pairs, scores)))
    spread = weights.between + _VARIANCE / (support + 1)
    lower, upper = weights.calibration.interval(scores.features, 2, shares, chance[:, 2], spread)
    closest = np.zeros(len(compared_pairs.reached), dtype=np.int64)
    np.maximum.at(closest, compared_pairs.project, np.maximum(compared_pairs.levels[:, TEXT], 0))
    lower[by_name], upper[by_name] = probability_interval(
        np.clip(chance[by_name, 2], 1e-12, 1 - 1e-12), spread[by_name]
    )
    wording_chance, below, above = by_wording(weights, closest, class_shares)
    verbatim = closest == len(weights.closest_share) - 1
    judged_by_text = ~by_name & ~verbatim
    silent = ~factual & (_place_alone(compared_pairs, scores, FACTS) | (scores.best < 0)) & (closest <= _FAINT)
    return Judgement(
        chance=np.where(factual[:, None], chance, wording_chance),
        lower=np.minimum(np.where(factual, lower, below), bound),
        upper=np.minimum(np.where(factual, upper, above), bound),
        factual=factual,
        # two notices in the same few words are two of a kind
        verbatim=verbatim & ~scores.notices,
        placed=judged_by_text & _place_alone(compared_pairs, scores, (*FACTS, *_MATTER)),
        silent=judged_by_text & silent,
        accused=np.where(by_name, float(convention("purchase_said")), weights.accused),
        by_name=by_name,
        chain=scores.chain,
        outside=factual
        & ((support < int(convention("least_support"))) | _too_little(compared_pairs, scores))
        & (scores.best >= 0),
    )


def _place_alone(compared_pairs: Pairs, scores: Scores, fields: Sequence[int]) -> BoolArray:
    """Return whether of some fields the likeliest pair tells the place, the site and the words that name them alone."""
    if not len(compared_pairs.levels):
        return np.zeros(len(scores.best), dtype=bool)
    levels = compared_pairs.levels[np.maximum(scores.best, 0)]
    beyond = [field for field in fields if field not in (_PLACE, _SITE, _LANDMARK, _NAME)]
    return (scores.best >= 0) & (levels[:, beyond] < 0).all(axis=1) & (levels[:, _NAME] < _MOST_OF_NAME)


def _without_strangers(chance: FloatArray, compared_pairs: Pairs, scores: Scores) -> FloatArray:
    """Return chances of which a follow-on has one only with the same owner, no public body, or on the same site."""
    levels = (
        compared_pairs.levels[np.maximum(scores.best, 0)]
        if len(compared_pairs.levels)
        else np.full((len(chance), len(NAMES)), -1)
    )
    linked = (scores.best >= 0) & ((levels[:, _OWNER] >= _SAME_BRAND) | _same_site(levels))
    out = chance.copy()
    out[~linked, 0] += out[~linked, 1]
    out[~linked, 1] = 0.0
    return out


def _cap_chances(chance: FloatArray, largest: FloatArray) -> FloatArray:
    """Return chances of which that of a repeat is no larger than what is borne out."""
    out = chance.copy()
    high = out[:, 2] > largest
    most, rest = largest[high], 1 - out[high, 2]
    out[high, :2] *= ((1 - most) / np.maximum(rest, 1e-300))[:, None]
    out[high, 0] = 1 - most - out[high, 1]
    out[high, 2] = most
    return out


# The coarse pattern of a pair. Each part rises with what speaks for a repeat: differs, not known, agrees. The same site
# is the same place.
_PATTERN = ((_PLACE, _SAME_CITY), (TEXT, _MUCH), (_OWNER, _SAME_BRAND))
_PATTERN_SHAPE = (3, 3, 3, 3, 2)
_AGREES = 2


def patterns(compared_pairs: Pairs, scores: Scores) -> IntArray:
    """Return the coarse pattern of the likeliest pair of every project.

    Place, wording, owner, precise figures, and whether it says or proves by number that it is handed in again.
    """
    if not len(compared_pairs.levels):
        return np.zeros(len(scores.best), dtype=np.int64)
    pattern = pattern_of(compared_pairs.levels[np.maximum(scores.best, 0)])
    return np.where(scores.best >= 0, pattern, 0)  # 0 where none is likely


def pattern_of(levels: npt.NDArray[np.int8]) -> IntArray:
    """Return the coarse pattern of pairs."""
    numbers = levels[:, [NAMES.index(name) for name in (*NUMBERS, "capacity")]]
    parts = [np.where(levels[:, field] >= least, 2, np.where(levels[:, field] < 0, 1, 0)) for field, least in _PATTERN]
    parts[0] = np.where(_same_site(levels), 2, parts[0])
    again = (levels[:, [NAMES.index(name) for name in ("cue", "approval")]] == 1).any(axis=1)
    parts += [np.minimum((numbers == _PRECISE).sum(axis=1), 2), again.astype(np.int64)]
    return np.ravel_multi_index(tuple(parts), _PATTERN_SHAPE)


def _too_little(compared_pairs: Pairs, scores: Scores) -> BoolArray:
    """Return whose likeliest pair agrees in too little to accuse anybody.

    A place and the beginning of a name; a place and a round figure of texts without a name; or nothing but where they
    are and round figures, of other trades, or of related ones that are sized in other units.
    """
    if not len(compared_pairs.levels):
        return np.zeros(len(scores.best), dtype=bool)
    levels = compared_pairs.levels[np.maximum(scores.best, 0)]
    facts, least = compared_counts(levels), int(convention("readable"))
    few = facts - (levels[:, NAMES.index("beginning")] >= 0) < least
    _, _, owner, precise, again = np.unravel_index(pattern_of(levels), _PATTERN_SHAPE)
    sized = compared_pairs.measures[np.maximum(scores.best, 0), MEASURES.index("sized otherwise")] > 0
    trade = levels[:, NAMES.index("sector")]
    other_trade = ((trade == 0) | ((trade == 1) & sized)) & (owner < _AGREES) & (precise == 0) & (again == 0)
    unnamed = (levels[:, _NAME] < 0) & (facts <= least) & (owner < _AGREES) & (precise == 0) & (again == 0)
    return np.asarray(few | other_trade | unnamed)


def _same_site(levels: npt.NDArray[np.int8]) -> BoolArray:
    """Return whether pairs name one site or landmark."""
    return np.asarray((levels[:, _SITE] >= SAME_SITE) | (levels[:, _LANDMARK] >= SAME_LANDMARK))


def supporting_repeats(support: FloatArray, pattern: IntArray) -> FloatArray:
    """Return how many learned repeats had no more evidence than a pattern in any respect: they bear it out."""
    cumulated = support.reshape(_PATTERN_SHAPE)
    for axis in range(cumulated.ndim):
        cumulated = cumulated.cumsum(axis=axis)
    return np.asarray(cumulated.ravel()[pattern])


def compared_facts(compared_pairs: Pairs) -> IntArray:
    """Return how many facts of each project could be compared with the candidate that has most of them."""
    most = np.zeros(len(compared_pairs.reached), dtype=np.int64)
    np.maximum.at(most, compared_pairs.project, compared_counts(compared_pairs.levels))
    return most


def by_wording(weights: Weights, closest: IntArray, shares: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return probabilities and interval given the closest wording alone."""
    shares_by_level = weights.agreement.level[weights.agreement.innocent :, TEXT, : len(weights.closest_share)]
    ratio = np.vstack(
        [np.ones(len(weights.closest_share)), *(rising(row, weights.closest_share) for row in shares_by_level)]
    )
    joint = shares * ratio[:, closest].T
    chance = _cap_chances(joint / joint.sum(axis=1, keepdims=True), np.full(len(closest), weights.largest))
    p = np.clip(chance[:, 2], 1e-12, 1 - 1e-12)
    # the frequencies are counts: the logarithm of a share q of n has the variance (1 - q) / (n q); half a case
    # more keeps it finite where nothing was seen
    frequency = np.vstack([weights.closest_share, shares_by_level[-1]])[:, closest]
    spread = [(1 - q) / (n * q + 0.5) for q, n in zip(frequency, weights.counted, strict=True)]
    return chance, *probability_interval(p, spread[0] + spread[1])


def rising(match: FloatArray, chance: FloatArray) -> FloatArray:
    """Return likelihood ratios that never fall from one level of closeness to the next."""
    # Neighbouring levels whose ratios are out of order are pooled (Ayer et al. 1955): closer wording is never less
    # reason to suspect a repeat.
    blocks: list[tuple[float, float, int]] = []
    for hits, misses in zip(match.tolist(), chance.tolist(), strict=True):
        block = (hits, misses, 1)
        while blocks and blocks[-1][0] * block[1] > block[0] * blocks[-1][1]:
            before = blocks.pop()
            block = (before[0] + block[0], before[1] + block[1], before[2] + block[2])
        blocks.append(block)
    return np.repeat([hits / misses for hits, misses, _ in blocks], [size for _, _, size in blocks])

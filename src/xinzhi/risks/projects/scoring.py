"""From pairs of records to evidence, from evidence to probabilities, and the weights for it learned and adapted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

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
from xinzhi.risks.projects.purchases import CHAIN, NATS, UNDECIDABLE, is_notice, log_odds, purchases
from xinzhi.risks.projects.records import NUMBERS, Records
from xinzhi.risks.projects.weights import (
    INNOCENT,
    PAIR_CLASSES,
    SIZES,
    Agreement,
    Calibration,
    Weights,
    adapt,
    calibrate,
    learn,
    maximise,
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
    facts = np.zeros(count)
    facts[rows] = compared_counts(compared_pairs.levels[best[rows]])
    facts = np.where(best < 0, projects.readable(), facts)
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


_TEXT, _OWNER, _SITE, _NAME, _PLACE = (NAMES.index(name) for name in ("text", "owner", "site", "name", "place"))
_LANDMARK = NAMES.index("landmark")
_SAME_CITY, _SAME_BRAND, _SAME_NAME = (
    level("place", "same city"),
    level("owner", "same brand"),
    level("name", "same title"),
)
_NEAR, _FAINT, _MUCH = level("place", "other county"), level("text", "faint"), level("text", "much")
_MOST_OF_NAME = level("name", "most of the name")
_MATTER = tuple(NAMES.index(name) for name in ("figures", "components", "sector"))
_EQUAL, _PRECISE = level("investment", "equal, round"), level("investment", "equal, precise")
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
    np.maximum.at(closest, compared_pairs.project, np.maximum(compared_pairs.levels[:, _TEXT], 0))
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
_PATTERN = ((_PLACE, _SAME_CITY), (_TEXT, _MUCH), (_OWNER, _SAME_BRAND))
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
    shares_by_level = weights.agreement.level[weights.agreement.innocent :, _TEXT, : len(weights.closest_share)]
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


def learn_agreement(labelled: Pairs, labels: IntArray) -> Agreement:
    """Learn the weights of the first stage on labelled pairs."""
    allowed = np.zeros((len(labels), len(PAIR_CLASSES)), dtype=bool)
    allowed[np.arange(len(labels)), labels + INNOCENT - 1] = True
    allowed[labels == 0, :INNOCENT] = True
    begin = allowed.astype(np.float64)
    nearby = labelled.levels[:, NAMES.index("place")] >= _NEAR
    begin[:, 0] *= ~nearby
    begin[:, 1] *= nearby
    return learn(labelled.levels, SIZES, allowed, maximise(labelled.levels, begin, SIZES), innocent=INNOCENT)


def learn_weights(
    taught: tuple[Index, Pairs, IntArray],
    checked: Sequence[tuple[Pairs, Scores, IntArray]],
    origin: Mapping[str, Any],
    first: int = 0,
) -> Weights:
    """Learn the weights on one set of labelled projects and calibrate them on other batches, scored beforehand.

    What the probabilities are worth is read off the batches from `first` on, each judged without itself.
    """
    # Every batch counts as much as the others together would lead one to expect of a further one: how far the batches
    # differ goes into the interval.
    library, labelled, labels = taught
    agreement = learn_agreement(labelled, labels)
    matching = float(((labels == CLASSES.index("repackaged")) & (labelled.levels[:, _TEXT] >= 0)).sum())
    uncalibrated = blank(agreement, matching, origin)
    at_home = adapt_weights(uncalibrated, library)
    features, classes, batch, patterns_seen = [], [], [], []
    for number, (pairs_of_batch, scores, truth) in enumerate(checked):
        use = (compared_facts(pairs_of_batch) >= int(convention("readable"))) | (scores.best < 0)
        use &= ~np.isfinite(scores.name_odds[:, 0])
        features.append(scores.features[use])
        classes.append(truth[use])
        batch.append(np.full(int(use.sum()), number))
        patterns_seen.append(
            patterns(pairs_of_batch, scores)[use & (scores.best >= 0) & (truth == CLASSES.index("repackaged"))]
        )
    rows, labels_used = np.concatenate(features), np.concatenate(classes)
    fitted = calibrate(rows, labels_used, batch_weights(np.concatenate(batch)))
    # the first batch is of the generator, whose patterns are not those of texts that somebody wrote
    support = np.bincount(np.concatenate(patterns_seen[min(1, len(patterns_seen) - 1) :]), minlength=PATTERNS).astype(
        np.float64
    )
    numbers = np.concatenate(batch)
    chance, hits = [], []
    for at in range(first, len(checked)):
        other_batches = numbers != at
        model = (
            calibrate(rows[other_batches], labels_used[other_batches], batch_weights(numbers[other_batches]))
            if other_batches.any()
            else fitted
        )
        chance.append(model.probabilities(features[at])[:, 2])
        hits.append(classes[at] == CLASSES.index("repackaged"))
    all_chances, true = np.concatenate(chance), np.concatenate(hits)
    return Weights(
        agreement,
        fitted,
        at_home.closest_share,
        at_home.counted,
        origin,
        support,
        spread_between(list(zip(chance, hits, strict=True))),
        largest_supported(all_chances, true),
        accused_from(all_chances, true),
    )


def blank(agreement: Agreement, matching: float, origin: Mapping[str, Any]) -> Weights:
    """Return weights that know the agreement of fields and nothing of what it means."""
    nothing = Calibration(np.zeros((2, 1)), np.zeros((2, 1, 2, 1)), np.ones(3) / 3)
    even = np.full(SIZES[_TEXT], 1 / SIZES[_TEXT])
    return Weights(agreement, nothing, even, (1.0, matching), origin, np.zeros(PATTERNS), 0.0, 1.0, 0.0)


def batch_weights(batch: IntArray) -> FloatArray:
    """Return weights that keep a large batch from drowning small ones: each counts as the root of its size."""
    size = np.bincount(batch)
    weight = 1 / np.sqrt(size[batch])
    return np.asarray(weight * len(batch) / weight.sum())


def spread_between(batches: Sequence[tuple[FloatArray, BoolArray]]) -> float:
    """Return the variance between batches of the log-odds of a repeat (DerSimonian and Laird 1986)."""
    shift, variance = [], []
    for chance, hit in batches:
        information = float((chance * (1 - chance)).sum()) + 0.5
        shift.append(float(hit.sum() - chance.sum()) / information)
        variance.append(1 / information)
    precision = 1 / np.array(variance)
    middle = float((precision * shift).sum() / precision.sum())
    q = float((precision * (np.array(shift) - middle) ** 2).sum())
    scale = precision.sum() - (precision**2).sum() / precision.sum()
    return float(max(0.0, (q - (len(shift) - 1)) / scale)) if len(shift) > 1 else 0.0


def largest_supported(chance: FloatArray, hit: BoolArray) -> float:
    """Return the largest probability that the labelled cases bear out: the rule of succession on the surest."""
    sure = chance >= float(convention("surest"))
    return float((hit[sure].sum() + 1) / (sure.sum() + 2))


def accused_from(chance: FloatArray, hit: BoolArray) -> float:
    """Return the lowest probability from which on as many labelled cases are repeats as are wanted of accusations."""
    # the lower bound and not the share itself (Wilson 1927): the readers of texts were mended on the same cases
    order = np.argsort(-chance, kind="stable")
    count, square = np.arange(1, len(order) + 1), float(convention("accused_bound")) ** 2
    share = hit[order].cumsum() / count
    half = np.sqrt(square * (share * (1 - share) / count + square / (4 * count**2)))
    lower = (share + square / (2 * count) - half) / (1 + square / count)
    good = np.flatnonzero(lower >= float(convention("accused_rightly")))
    return max(float(convention("accused_least")), float(chance[order][good[-1]]) if len(good) else 1.0)


def _pairs_in_parts(index: Index, rows: IntArray) -> Pairs:
    """Return the pairs of archived records with their own archive, some at a time: their lists are long."""
    size = int(convention("adapted_at_once"))
    parts = []
    for at in range(0, len(rows), size):
        parts.append(pairs(index, index.records.take(rows[at : at + size])))
        index.release()
    if len(parts) == 1:
        return parts[0]
    return Pairs(
        np.concatenate([part.project + at * size for at, part in enumerate(parts)]),
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("record", "levels", "measures", "cosine", "shared", "bought", "reached")
        ),
    )


def _repeats(model: Agreement, compared_pairs: Pairs, at: IntArray, trees: Forest) -> BoolArray:
    """Return which of some pairs are rather repeats than not, of those that the trees would look at."""
    levels, project = compared_pairs.levels[at], compared_pairs.project[at]
    odds = model.log_odds(levels)
    order = np.lexsort((-np.logaddexp(odds[:, 0], odds[:, 1]), project))
    place = np.arange(len(order)) - np.searchsorted(project[order], project[order])
    top = order[place < int(convention("weighed_together"))]
    out = np.zeros(len(at), dtype=bool)
    out[top] = trees.log_odds(pair_features(levels, compared_pairs.measures[at], odds, project, top)) > 0
    return out


def adapt_weights(weights: Weights, index: Index, forests: Mapping[str, Forest] | None = None) -> Weights:
    """Return weights whose coincidences are those of the archive at hand; what the trees call repeats is none."""
    count = len(index.records)
    rows = np.unique(np.linspace(0, max(count - 1, 0), min(count, int(convention("adapted_on")))).astype(np.int64))
    compared_pairs = _pairs_in_parts(index, rows)
    # an archive lists continued projects twice: records of the same wording, or of the same name, owner and sum, are
    # repeats and no coincidences; and so are notices of one purchase
    name, owner, sums = (compared_pairs.levels[:, NAMES.index(field)] for field in ("name", "owner", "investment"))
    twice = (compared_pairs.levels[:, _TEXT] >= SIZES[_TEXT] - 1) | (
        (name == _SAME_NAME) & (owner != 0) & (owner + sums > 0) & ((sums < 0) | (sums >= _EQUAL))
    )
    coincidences = (
        (rows[compared_pairs.project] != compared_pairs.record) & ~twice & ~(compared_pairs.bought[:, NATS] > 0)
    )
    if forests is not None:
        coincidences[coincidences] = ~_repeats(
            weights.agreement, compared_pairs, np.flatnonzero(coincidences), forests["repackaged"]
        )
    mass = float(convention("adapted_prior"))
    agreement = adapt(
        weights.agreement,
        compared_pairs.levels[coincidences],
        SIZES,
        mass=mass,
        guilty=float(convention("own_repeats")),
    )
    closest = np.zeros(len(rows), dtype=np.int64)
    np.maximum.at(
        closest, compared_pairs.project[coincidences], np.maximum(compared_pairs.levels[coincidences, _TEXT], 0)
    )
    prior_mass = min(mass, weights.counted[0])
    weighted_counts = np.bincount(closest, minlength=SIZES[_TEXT]) + prior_mass * weights.closest_share
    counted = (float(weighted_counts.sum()), weights.counted[1])
    return replace(weights, agreement=agreement, closest_share=weighted_counts / weighted_counts.sum(), counted=counted)

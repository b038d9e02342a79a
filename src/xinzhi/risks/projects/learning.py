"""Weights of evidence learnt from labelled pairs, and adapted to the records of a user."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from xinzhi.core.arrays import BoolArray, FloatArray, IntArray
from xinzhi.risks.projects.comparison import (
    NAMES,
)
from xinzhi.risks.projects.conventions import convention
from xinzhi.risks.projects.forest import Forest, pair_features
from xinzhi.risks.projects.index import Index
from xinzhi.risks.projects.purchases import NATS
from xinzhi.risks.projects.scoring import (
    CLASSES,
    EQUAL,
    NEAR,
    PATTERNS,
    SAME_NAME,
    TEXT,
    Pairs,
    Scores,
    compared_facts,
    pairs,
    patterns,
)
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
)


def learn_agreement(labelled: Pairs, labels: IntArray) -> Agreement:
    """Learn the weights of the first stage on labelled pairs."""
    allowed = np.zeros((len(labels), len(PAIR_CLASSES)), dtype=bool)
    allowed[np.arange(len(labels)), labels + INNOCENT - 1] = True
    allowed[labels == 0, :INNOCENT] = True
    begin = allowed.astype(np.float64)
    nearby = labelled.levels[:, NAMES.index("place")] >= NEAR
    begin[:, 0] *= ~nearby
    begin[:, 1] *= nearby
    return learn(labelled.levels, SIZES, allowed, maximise(labelled.levels, begin, SIZES), innocent=INNOCENT)


def learn_weights(
    taught: tuple[Index, Pairs, IntArray],
    checked: Sequence[tuple[Pairs, Scores, IntArray]],
    origin: Mapping[str, object],
    first: int = 0,
) -> Weights:
    """Learn the weights on one set of labelled projects and calibrate them on other batches, scored beforehand.

    What the probabilities are worth is read off the batches from `first` on, each judged without itself.
    """
    # Every batch counts as much as the others together would lead one to expect of a further one: how far the batches
    # differ goes into the interval.
    library, labelled, labels = taught
    agreement = learn_agreement(labelled, labels)
    matching = float(((labels == CLASSES.index("repackaged")) & (labelled.levels[:, TEXT] >= 0)).sum())
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


def blank(agreement: Agreement, matching: float, origin: Mapping[str, object]) -> Weights:
    """Return weights that know the agreement of fields and nothing of what it means."""
    nothing = Calibration(np.zeros((2, 1)), np.zeros((2, 1, 2, 1)), np.ones(3) / 3)
    even = np.full(SIZES[TEXT], 1 / SIZES[TEXT])
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
    twice = (compared_pairs.levels[:, TEXT] >= SIZES[TEXT] - 1) | (
        (name == SAME_NAME) & (owner != 0) & (owner + sums > 0) & ((sums < 0) | (sums >= EQUAL))
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
        closest, compared_pairs.project[coincidences], np.maximum(compared_pairs.levels[coincidences, TEXT], 0)
    )
    prior_mass = min(mass, weights.counted[0])
    weighted_counts = np.bincount(closest, minlength=SIZES[TEXT]) + prior_mass * weights.closest_share
    counted = (float(weighted_counts.sum()), weights.counted[1])
    return replace(weights, agreement=agreement, closest_share=weighted_counts / weighted_counts.sum(), counted=counted)

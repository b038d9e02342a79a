"""What is known about a place and an activity on one date that may tell whether the activity will enter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Literal, Protocol, get_args

import numpy as np

from xinzhi.core.arrays import BoolArray, FloatArray, IntArray
from xinzhi.core.errors import UsageError
from xinzhi.core.regression import logit
from xinzhi.core.schema import describe
from xinzhi.core.text import Text
from xinzhi.pathways.complexity import relatedness
from xinzhi.pathways.conventions import check_option, conventions, setting

BASELINE = (
    "density", "density_nearest", "density_correlated", "density_places", "diversity", "ubiquity", "rca", "amount",
)  # fmt: skip
OURS = (
    *BASELINE, "expected", "advantage", "shortfall", "place_size", "activity_size", "activity_empty",
    "activity_spread", "place_spread", "similar_places", "similar_places_level", "related_activities",
    "related_activities_level", "latent", "latent_shortfall", "from_activities", "from_places",
)  # fmt: skip

LABELS: Mapping[str, Text] = describe("backtest", "trait").values


def quotient(values: FloatArray) -> FloatArray:
    """Return the location quotient; 0 where the place or the activity holds nothing."""
    even = values.sum(axis=1, keepdims=True) * (values.sum(axis=0) / values.sum())
    return np.asarray(np.divide(values, even, out=np.zeros_like(values), where=even > 0))


def unit_of_chance(values: FloatArray) -> float:
    """Return the amount that counts as one independent event: 1 for counts, else a small amount of the data."""
    # Of amounts that are no whole numbers it is the first percentile of those above zero, so that no unit of
    # measurement changes anything.
    if (values == np.round(values)).all():
        return 1.0
    return float(np.quantile(values[values > 0], setting("entry.unit_quantile")))


def traits(values: FloatArray, names: tuple[str, ...] = OURS, *, unit: float | None = None) -> dict[str, FloatArray]:
    """Return the traits of every cell on one date."""
    rca = quotient(values)
    presence = rca >= 1
    count = values / (unit_of_chance(values) if unit is None else unit)
    columns = _baseline(count, rca, presence)
    if set(names) - set(BASELINE):
        columns |= _levels(count, presence)
    return {name: np.broadcast_to(columns[name], values.shape) for name in names}


def _baseline(count: FloatArray, rca: FloatArray, presence: BoolArray) -> dict[str, FloatArray]:
    """Return the traits of the published comparison."""
    proximities = relatedness.proximity(presence | ~presence.any(axis=0), diagonal="zero")
    proximities[~presence.any(axis=0)] = proximities[:, ~presence.any(axis=0)] = 0.0
    alike = relatedness.proximity(presence.T | ~presence.any(axis=1), diagonal="zero")
    alike[~presence.any(axis=1)] = alike[:, ~presence.any(axis=1)] = 0.0
    linked = (1 + _correlated(np.log(rca + 0.1))) / 2
    np.fill_diagonal(linked, 0)
    nearest = min(int(setting("entry.nearest")), count.shape[1] - 1)
    return {
        "density": relatedness.density(presence, proximities),
        "density_nearest": _among(proximities, presence.astype(float), nearest),
        "density_correlated": rca.clip(0, 5) @ linked / linked.sum(axis=0),
        "density_places": relatedness.density(presence.T, alike).T,
        "diversity": presence.sum(axis=1, keepdims=True).astype(float),
        "ubiquity": presence.sum(axis=0, keepdims=True).astype(float),
        "rca": rca,
        "amount": np.log1p(count),
    }


def _levels(count: FloatArray, presence: BoolArray) -> dict[str, FloatArray]:
    """Return size, chance and what places and activities that are alike make expected."""
    rules = conventions("entry")
    even = np.maximum(count.sum(axis=1, keepdims=True) * (count.sum(axis=0) / count.sum()), 1e-3)
    level = np.log((count + 1) / (even + 1))
    by_place, by_activity = _correlated(level.T), _correlated(level)
    rank = max(1, min(int(rules["factors"]), min(count.shape) // 3))
    # the best approximation by a few common factors, on top of the mean of each activity
    middle = level.mean(axis=0)
    left_vectors, strength, right_vectors = np.linalg.svd(level - middle, full_matrices=False)
    latent = np.asarray(middle + (left_vectors[:, :rank] * strength[:rank]) @ right_vectors[:rank])
    blend = (count + even * np.exp(latent)) / 2
    few_places = min(int(rules["places_level"]), len(count) - 1)
    few_activities = min(int(rules["activities_level"]), count.shape[1] - 1)
    more_places = min(int(rules["places"]), len(count) - 1)
    more_activities = min(int(rules["nearest"]), count.shape[1] - 1)
    return {
        "expected": np.log(even),
        "advantage": level,
        "shortfall": (count - even) / np.sqrt(even + 1),
        "place_size": np.log(count.sum(axis=1, keepdims=True) + 1),
        "activity_size": np.log(count.sum(axis=0, keepdims=True) + 1),
        "activity_empty": (count == 0).mean(axis=0, keepdims=True),
        "activity_spread": level.std(axis=0, keepdims=True),
        "place_spread": level.std(axis=1, keepdims=True),
        "similar_places": _among(by_place, presence.T.astype(float), more_places).T,
        "similar_places_level": _among(by_place, level.T, few_places).T,
        "related_activities": _among(by_activity, presence.astype(float), more_activities),
        "related_activities_level": _among(by_activity, level, few_activities),
        "latent": latent,
        "latent_shortfall": (blend - even) / np.sqrt(blend + rules["overdispersion"] * blend**2 + 0.5),
        "from_activities": _predicted(level, rules["ridge"]),
        "from_places": _predicted(level.T, rules["ridge"]).T,
    }


def _correlated(columns: FloatArray) -> FloatArray:
    """Return the correlation of the columns; 0 where one of them does not vary."""
    spread = columns - columns.mean(axis=0)
    length = np.linalg.norm(spread, axis=0)
    spread /= np.where(length > 0, length, 1)
    return np.asarray(spread.T @ spread)


def _among(proximities: FloatArray, values: FloatArray, count: int) -> FloatArray:
    """Return, for every column, the mean of `values` over the columns nearest to it, weighted by how near they are."""
    # A column that is near to none has 0; of columns equally near the first ones count.
    off_diagonal = proximities.copy()
    np.fill_diagonal(off_diagonal, -np.inf)
    best = np.argsort(-off_diagonal, axis=0, kind="stable")[:count]
    weight = np.zeros_like(proximities)
    np.put_along_axis(weight, best, np.maximum(np.take_along_axis(proximities, best, axis=0), 0), axis=0)
    total = weight.sum(axis=0)
    return np.asarray(values @ weight / np.where(total > 0, total, 1))


def _predicted(level: FloatArray, ridge: float) -> FloatArray:
    """Return the ridge regression of every column on all others: its own value has no weight (Steck 2019)."""
    middle = level.mean(axis=0)
    spread = level - middle
    inverse = np.linalg.inv(spread.T @ spread + ridge * np.eye(level.shape[1]))
    weights = -inverse / np.diagonal(inverse)
    np.fill_diagonal(weights, 0)
    return np.asarray(middle + spread @ weights)


Score = Literal[
    "rca", "density", "density_nearest", "logit", "random_forest", "boosting", "additive_logit", "blend"
]  # fmt: skip
MODELS: tuple[Score, ...] = ("logit", "random_forest", "boosting", "additive_logit", "blend")
LEARNED: tuple[Score, ...] = ("random_forest", "boosting", "blend")
OWN: tuple[Score, ...] = ("additive_logit", "blend")


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Cells that were absent on one date, and whether they were present on the next."""

    rows: IntArray
    columns: IntArray
    traits: Mapping[str, FloatArray]
    entered: BoolArray

    def design(self, names: tuple[str, ...]) -> FloatArray:
        """Return some traits side by side (m, k)."""
        return np.column_stack([self.traits[name] for name in names])

    def only(self, mask: BoolArray) -> Span:
        """Return some of the cells."""
        return Span(
            rows=self.rows[mask],
            columns=self.columns[mask],
            traits={name: value[mask] for name, value in self.traits.items()},
            entered=self.entered[mask],
        )


def available() -> tuple[Score, ...]:
    """Return the scores that can be computed here: some need scikit-learn."""
    learn = find_spec("sklearn") is not None
    return tuple(name for name in get_args(Score) if learn or name not in LEARNED)


def score(name: Score, train: Span | None, test: Span, *, seed: int = 0) -> FloatArray:
    """Return how likely each cell is to enter, by one score; only its order counts for the plain traits."""
    check_option("scores", name, Score)
    if name not in MODELS:
        return test.traits[name]
    if name not in available():
        raise UsageError("pathways.no-scikit-learn-score", score=name)
    if train is None:
        raise UsageError("pathways.untrained", score=name)
    traits = OURS if name in OWN else BASELINE
    return _chances(name, train.design(traits), train.entered, test.design(traits), seed)


def fit_ours(train: Span) -> AdditiveLogit:
    """Return our additive logit, fitted to cells with a known outcome."""
    rules = conventions("entry")
    bends, penalty = int(rules["bends"]), float(rules["penalty"])
    return fit_additive_logit(train.design(OURS), train.entered, OURS, bends=bends, ridge=penalty)


def _chances(name: Score, train: FloatArray, entered: BoolArray, test: FloatArray, seed: int) -> FloatArray:
    """Return the chances that a model, fitted to cells with a known outcome, gives to others."""
    rules = conventions("entry")
    if name == "logit":
        return fit_additive_logit(train, entered, BASELINE, bends=0, ridge=1.0).probability(test)
    if name == "random_forest":
        from sklearn.ensemble import RandomForestClassifier

        return _trees(RandomForestClassifier(200, min_samples_leaf=20, random_state=seed), train, entered, test)
    if name == "boosting":
        from sklearn.ensemble import HistGradientBoostingClassifier

        model = HistGradientBoostingClassifier(max_iter=150, learning_rate=0.06, random_state=seed)
        return _trees(model, train, entered, test)
    bends, penalty = int(rules["bends"]), float(rules["penalty"])
    ours = fit_additive_logit(train, entered, OURS, bends=bends, ridge=penalty).probability(test)
    if name == "additive_logit":
        return ours
    from sklearn.ensemble import ExtraTreesClassifier

    size = {"min_samples_leaf": int(rules["leaf"]), "max_features": float(rules["features"])}
    random = _trees(ExtraTreesClassifier(int(rules["trees"]), random_state=seed, **size), train, entered, test)
    return np.asarray(1 / (1 + np.exp(-(_odds(ours) + _odds(random)) / 2)))


class Classifier(Protocol):
    """A model of scikit-learn, which ships no types."""

    def fit(self, train: FloatArray, entered: BoolArray) -> Classifier:
        """Learn from rows of traits and what entered."""
        ...

    def predict_proba(self, test: FloatArray) -> FloatArray:
        """Return the chances of both classes `(n, 2)`."""
        ...


def _trees(model: Classifier, train: FloatArray, entered: BoolArray, test: FloatArray) -> FloatArray:
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped] # ships no types; of scikit-learn

    with threadpool_limits(1):  # hundreds of cells: threads that wait for one another took 170 times as long
        return np.asarray(model.fit(train, entered).predict_proba(test)[:, 1])


def _odds(chance: FloatArray) -> FloatArray:
    clipped = np.clip(chance, 1e-5, 1 - 1e-5)
    return np.asarray(np.log(clipped / (1 - clipped)))


_FAR, _SETTLED = 8.0, 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class AdditiveLogit:
    """A fitted logit: the log odds are a constant plus one bent line for each trait."""

    names: tuple[str, ...]
    knots: tuple[FloatArray, ...]
    owner: IntArray
    centre: FloatArray
    scale: FloatArray
    intercept: float
    slopes: FloatArray

    def parts(self, traits: FloatArray) -> FloatArray:
        """Return what each trait adds to the log odds (m, k); with the constant they sum to the log odds."""
        shaped = _standard(_bent(traits, self.knots)[0], self.centre, self.scale) * self.slopes
        parts = np.zeros(traits.shape)
        for k in range(traits.shape[1]):
            parts[:, k] = shaped[:, self.owner == k].sum(axis=1)
        return parts

    def log_odds(self, traits: FloatArray) -> FloatArray:
        """Return the log odds of each row of traits (m,)."""
        shaped = _standard(_bent(traits, self.knots)[0], self.centre, self.scale)
        return np.asarray(shaped @ self.slopes + self.intercept)

    def probability(self, traits: FloatArray) -> FloatArray:
        """Return the probability of each row of traits (m,)."""
        return np.asarray(1 / (1 + np.exp(-self.log_odds(traits))))


def fit_additive_logit(
    traits: FloatArray, outcome: BoolArray, names: Sequence[str], *, bends: int, ridge: float
) -> AdditiveLogit:
    r"""Fit by penalised maximum likelihood: Newton steps on :math:`-\ell(b) + \tfrac{ridge}{2} \|b\|^2`."""
    if outcome.all() or not outcome.any():
        raise UsageError("pathways.one-outcome")
    edges = np.linspace(0.1, 0.9, bends) if bends > 1 else np.array([0.5][:bends])
    knots = tuple(np.unique(np.quantile(column, edges)) if bends else np.zeros(0) for column in traits.T)
    raw, owner = _bent(traits, knots)
    centre, scale = raw.mean(axis=0), raw.std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    design = np.column_stack([np.ones(len(raw)), _standard(raw, centre, scale)])
    coefficients = logit(design, outcome, ridge=ridge, tolerance=_SETTLED)
    return AdditiveLogit(
        names=tuple(names),
        knots=knots,
        owner=owner,
        centre=centre,
        scale=scale,
        intercept=float(coefficients[0]),
        slopes=coefficients[1:],
    )


def _bent(traits: FloatArray, knots: Sequence[FloatArray]) -> tuple[FloatArray, IntArray]:
    """Return each trait and how far it lies beyond each of its bends, and whose column each is."""
    columns, owner = [], []
    for k, bends in enumerate(knots):
        columns.append(traits[:, k])
        columns += [np.maximum(traits[:, k] - bend, 0) for bend in bends]
        owner += [k] * (1 + len(bends))
    return np.column_stack(columns), np.array(owner, dtype=np.int64)


def _standard(raw: FloatArray, centre: FloatArray, scale: FloatArray) -> FloatArray:
    """Standardise; what lies far outside the range that was fitted is held at its edge."""
    return np.clip((raw - centre) / scale, -_FAR, _FAR)

"""The models of entry: baselines of the field, and ours, each trained on one span of years and asked about the next."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from xinzhi.core.errors import UsageError
from xinzhi.pathways.additive_logit import fit_additive_logit
from xinzhi.pathways.cells import conventions
from xinzhi.pathways.entry_traits import BASELINE, OURS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinzhi.core.arrays import BoolArray, FloatArray, IntArray
    from xinzhi.pathways.additive_logit import AdditiveLogit

Score = Literal[
    "rca", "density", "density_nearest", "logit", "random_forest", "boosting", "additive_logit", "blend"
]  # fmt: skip
MODELS: tuple[Score, ...] = ("logit", "random_forest", "boosting", "additive_logit", "blend")
LEARNED: tuple[Score, ...] = ("random_forest", "boosting", "blend")
OWN: tuple[Score, ...] = ("additive_logit", "blend")


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Cells that were absent on one date, and whether they were present on the next.

    Parameters
    ----------
    rows, columns
        Where they stand (m,).
    traits
        What was known on the first date, by name (m,).
    entered
        Whether they were present on the second (m,).
    """

    rows: IntArray
    columns: IntArray
    traits: Mapping[str, FloatArray]
    entered: BoolArray

    def design(self, names: tuple[str, ...]) -> FloatArray:
        """Return some traits side by side (m, k)."""
        return np.column_stack([self.traits[name] for name in names])

    def only(self, kept: BoolArray) -> Span:
        """Return some of the cells."""
        return Span(
            rows=self.rows[kept],
            columns=self.columns[kept],
            traits={name: value[kept] for name, value in self.traits.items()},
            entered=self.entered[kept],
        )


def available() -> tuple[Score, ...]:
    """Return the scores that can be computed here: some need scikit-learn.

    Examples
    --------
    >>> "additive_logit" in available()
    True
    """
    learn = find_spec("sklearn") is not None
    return tuple(name for name in get_args(Score) if learn or name not in LEARNED)


def score(name: Score, train: Span | None, asked: Span, *, seed: int = 0) -> FloatArray:
    """Return how likely each cell is to enter, by one score; only its order counts for the plain traits.

    Parameters
    ----------
    name
        ``rca``, ``density``, ``density_nearest``: the trait itself; ``logit``, ``random_forest``, ``boosting``: models
        of the eight traits of the published comparison, with its settings; ``additive_logit``: ours, all traits, each
        with a bent line; ``blend``: the mean log odds of that and of randomised trees.
    train
        Cells with a known outcome; not needed for a plain trait.
    asked
        Cells to judge; their outcomes are not looked at.
    seed
        Of the trees.

    Raises
    ------
    UsageError
        When the score is unknown, or needs scikit-learn which is not here.
    """
    if name not in get_args(Score):
        message = f"unknown score '{name}': choose among {', '.join(get_args(Score))}."
        raise UsageError(message)
    if name not in MODELS:
        return asked.traits[name]
    if name not in available():
        message = f"the score '{name}' needs scikit-learn: install xinzhi[learn], or choose other scores."
        raise UsageError(message)
    if train is None:
        message = f"the score '{name}' is a model: it needs cells to be trained on."
        raise UsageError(message)
    traits = OURS if name in OWN else BASELINE
    return _MAKERS[name](train.design(traits), train.entered, asked.design(traits), seed)


def fit_ours(train: Span) -> AdditiveLogit:
    """Return our additive logit, fitted to cells with a known outcome."""
    rules = conventions()["entry"]
    bends, penalty = int(rules["bends"]["value"]), float(rules["penalty"]["value"])
    return fit_additive_logit(train.design(OURS), train.entered, OURS, bends=bends, ridge=penalty)


def _logit(known: FloatArray, entered: BoolArray, asked: FloatArray, seed: int) -> FloatArray:
    del seed
    return fit_additive_logit(known, entered, BASELINE, bends=0, ridge=1.0).probability(asked)


def _additive(known: FloatArray, entered: BoolArray, asked: FloatArray, seed: int) -> FloatArray:
    del seed
    rules = conventions()["entry"]
    bends, penalty = int(rules["bends"]["value"]), float(rules["penalty"]["value"])
    return fit_additive_logit(known, entered, OURS, bends=bends, ridge=penalty).probability(asked)


def _forest(known: FloatArray, entered: BoolArray, asked: FloatArray, seed: int) -> FloatArray:
    from sklearn.ensemble import RandomForestClassifier

    return _trees(RandomForestClassifier(200, min_samples_leaf=20, random_state=seed), known, entered, asked)


def _boosting(known: FloatArray, entered: BoolArray, asked: FloatArray, seed: int) -> FloatArray:
    from sklearn.ensemble import HistGradientBoostingClassifier

    model = HistGradientBoostingClassifier(max_iter=150, learning_rate=0.06, random_state=seed)
    return _trees(model, known, entered, asked)


def _blend(known: FloatArray, entered: BoolArray, asked: FloatArray, seed: int) -> FloatArray:
    from sklearn.ensemble import ExtraTreesClassifier

    rules = conventions()["entry"]
    model = ExtraTreesClassifier(
        int(rules["trees"]["value"]),
        min_samples_leaf=int(rules["leaf"]["value"]),
        max_features=float(rules["features"]["value"]),
        random_state=seed,
    )
    random = _odds(_trees(model, known, entered, asked))
    return np.asarray(1 / (1 + np.exp(-(_odds(_additive(known, entered, asked, seed)) + random) / 2)))


def _trees(model: Any, known: FloatArray, entered: BoolArray, asked: FloatArray) -> FloatArray:  # noqa: ANN401 - ships no types
    return np.asarray(model.fit(known, entered).predict_proba(asked)[:, 1])


def _odds(chance: FloatArray) -> FloatArray:
    held = np.clip(chance, 1e-5, 1 - 1e-5)
    return np.asarray(np.log(held / (1 - held)))


_MAKERS = {
    "logit": _logit,
    "random_forest": _forest,
    "boosting": _boosting,
    "additive_logit": _additive,
    "blend": _blend,
}

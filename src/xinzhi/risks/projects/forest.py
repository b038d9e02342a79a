"""The second stage: trees that weigh fields together, learned by `bench/learn_screen_weights.py`, evaluated here."""

# A sum of weights takes every field for a fact of its own. But a template makes wording, capacity and components one
# fact: the same granary in the next county agrees in all three. How much they say depends on place, owner and exact
# figures, and that is what trees tell (Friedman 2001). They never fall with agreement in a field.

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TypedDict

import numpy as np
import numpy.typing as npt

from xinzhi.core.arrays import BoolArray, FloatArray, IntArray
from xinzhi.risks.projects.comparison import MEASURES, MISSING, NAMES, SAME_LANDMARK, SAME_SITE, compared_counts, level
from xinzhi.risks.projects.conventions import HERE, convention
from xinzhi.risks.projects.records import NUMBERS

LevelArray = npt.NDArray[np.int8]
_NUMBERS = [NAMES.index(name) for name in (*NUMBERS, "capacity")]
_TEXT, _COMPONENTS, _SECTOR, _CAPACITY = (NAMES.index(name) for name in ("text", "components", "sector", "capacity"))
_PLACE, _SITE, _LANDMARK, _WORDS = (NAMES.index(name) for name in ("place", "site", "landmark", "words"))
_TOLD_APART = [NAMES.index(name) for name in ("site", "landmark", "object", "beginning", "edition")]
_NAME, _OWNER, _SUM = (NAMES.index(name) for name in ("name", "owner", "investment"))
_BLOCK = 4096  # rows
_SAME_CITY, _SAME_TITLE, _SAME_BRAND = (
    level("place", "same city"),
    level("name", "same title"),
    level("owner", "same brand"),
)
_EQUAL, _PRECISE = level("investment", "equal, round"), level("investment", "equal, precise")
_MUCH, _MANY = level("text", "much"), level("components", "many")
# What the trees see beside the levels: evidence of the first stage, how many records were compared, how many others of
# them are worded, built, named, owned or priced alike, how many numbers are precisely equal, equal, moved, different,
# how many facts both give, in how many ways they are said to be at another place, or at the same, and what is told as a
# measure.
SUMMED = (
    "repackaged",
    "follow-on",
    "compared",
    "worded alike",
    "built alike",
    "named alike",
    "owned alike",
    "priced alike",
    "precise",
    "equal",
    "moved",
    "differing",
    "facts",
    "elsewhere",
    "here",
    *MEASURES,
)
FEATURES = (*NAMES, *SUMMED)
# the direction in which each feature may move the odds of a repeat, and of a follow-on; 0 for either
_FALLING = {
    "phase",
    "compared",
    "differing",
    "elsewhere",
    *MEASURES[-2:],
    *(name for name in SUMMED if name.endswith(" alike")),
}
_EITHER = {"facts", "dates", "moved", "equal"}
_LATER_RISING = {"place", "site", "owner", "name", "phase", "follow-on", "object"}
_SIGNS = dict.fromkeys(_FALLING, -1) | dict.fromkeys(_EITHER, 0)
RISING = {
    "repackaged": tuple(_SIGNS.get(name, 1) for name in FEATURES),
    "follow-on": tuple(1 if name in _LATER_RISING else 0 for name in FEATURES),
}


@dataclass(frozen=True, slots=True)
class Forest:
    """Trees laid end to end: a node has a feature and a threshold, or is a leaf (feature -1) with a value."""

    root: IntArray
    feature: IntArray
    threshold: FloatArray
    left_child: IntArray
    right: IntArray
    missing_left: BoolArray
    value: FloatArray
    base: float
    deepest: int

    def log_odds(self, features: FloatArray) -> FloatArray:
        """Return the log-odds of every row of features; NaN stands for what is not known."""
        parts = (self._log_odds(features[at : at + _BLOCK]) for at in range(0, len(features), _BLOCK))
        return np.concatenate([np.zeros(0), *parts])

    def _log_odds(self, features: FloatArray) -> FloatArray:
        """Return the log-odds of so many rows as are held at once with a place in every tree."""
        row = np.arange(len(features))[:, None]
        node = np.tile(self.root, (len(features), 1))
        for _ in range(self.deepest):
            feature = self.feature[node]
            values = features[row, np.maximum(feature, 0)]
            lower = np.where(np.isnan(values), self.missing_left[node], values <= self.threshold[node])
            below = np.where(lower, self.left_child[node], self.right[node])
            node = np.where(feature < 0, node, below)
        return np.asarray(self.base + self.value[node].sum(axis=1))


def pair_features(
    levels: LevelArray, measures: FloatArray, odds: FloatArray, project: IntArray, at: IntArray
) -> FloatArray:
    """Return what the trees see of some of the pairs."""
    count = int(project.max(initial=-1)) + 1
    among = np.bincount(project, minlength=count)[project[at]]
    built = (
        (levels[:, _COMPONENTS] >= _MANY)
        & (levels[:, _SECTOR] != 0)
        & ((levels[:, _CAPACITY] >= _EQUAL) | (levels[:, _CAPACITY] == MISSING))
    )
    kinds = (
        levels[:, _TEXT] >= _MUCH,
        built,
        levels[:, _NAME] >= _SAME_TITLE,
        levels[:, _OWNER] >= _SAME_BRAND,
        levels[:, _SUM] >= _EQUAL,
    )
    alike = [np.bincount(project[kind], minlength=count)[project[at]] - kind[at] for kind in kinds]
    levels = levels[at]
    observed = np.where(levels == MISSING, np.nan, levels.astype(np.float64))
    numbers = levels[:, _NUMBERS]
    bound = float(convention("largest_odds"))
    summed = np.column_stack(
        [
            np.clip(odds[at][:, ::-1], -bound, bound),
            np.log(among),
            *(np.log1p(counts) for counts in alike),
            (numbers == _PRECISE).sum(axis=1),
            (numbers >= _EQUAL).sum(axis=1),
            ((numbers > 0) & (numbers < _EQUAL)).sum(axis=1),
            (numbers == 0).sum(axis=1),
            compared_counts(levels),
            _elsewhere(levels),
            (levels[:, _PLACE] >= _SAME_CITY).astype(int)
            + (levels[:, _SITE] >= SAME_SITE)
            + (levels[:, _WORDS] > 1)
            + (levels[:, _LANDMARK] >= SAME_LANDMARK),
            measures[at],
        ]
    )
    return np.column_stack([observed, summed])


def _elsewhere(levels: LevelArray) -> IntArray:
    """Return in how many ways two texts speak of other places: county, site, number, year in the name."""
    place = levels[:, _PLACE]
    away = (place >= 0) & (place < _SAME_CITY)
    return np.asarray(away.astype(int) + sum((levels[:, field] == 0).astype(int) for field in _TOLD_APART))


class Tree(TypedDict):
    """Trees as ``trees.json`` has them: a list for each field of `Forest`."""

    root: list[int]
    feature: list[int]
    left: list[int]
    right: list[int]
    threshold: list[float]
    value: list[float]
    missing_left: list[bool]
    base: float
    deepest: int


@cache
def shipped_forests() -> Mapping[str, Forest]:
    """Return the trees that ship with xinzhi, for repackaged and for follow-on."""
    return from_json(json.loads((HERE / "trees.json").read_text("utf-8")))


def from_json(content: Mapping[str, Mapping[str, Tree]]) -> dict[str, Forest]:
    """Return trees from the content of a JSON file."""
    return {name: _forest(tree) for name, tree in content["trees"].items()}


def _forest(tree: Tree) -> Forest:
    return Forest(
        np.array(tree["root"], dtype=np.int64),
        np.array(tree["feature"], dtype=np.int64),
        np.array(tree["threshold"], dtype=np.float64),
        np.array(tree["left"], dtype=np.int64),
        np.array(tree["right"], dtype=np.int64),
        np.array(tree["missing_left"], dtype=bool),
        np.array(tree["value"], dtype=np.float64),
        base=float(tree["base"]),
        deepest=int(tree["deepest"]),
    )

"""Learning the weights that ship, and measuring them on projects whose words they never saw. All of it synthetic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xinzhi.risks.screening.generator import labelled
from xinzhi.risks.screening.index import build
from xinzhi.risks.screening.reading import together
from xinzhi.risks.screening.records import read
from xinzhi.risks.screening.scoring import CLASSES, pairs
from xinzhi.risks.screening.weights import learn_weights

if TYPE_CHECKING:
    from xinzhi.core.arrays import IntArray
    from xinzhi.risks.screening.generator import Labelled, Split
    from xinzhi.risks.screening.index import Index
    from xinzhi.risks.screening.records import Records
    from xinzhi.risks.screening.scoring import Pairs
    from xinzhi.risks.screening.weights import Weights

_SIZES = {
    "train": {"archive": 4000, "rewrites": 300, "others": 500},
    "validation": {"archive": 3000, "rewrites": 200, "others": 400},
    "held_out": {"archive": 3000, "rewrites": 200, "others": 400},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A split, read and paired.

    Parameters
    ----------
    made
        The synthetic tables.
    index
        The archive.
    projects
        What was read of the projects.
    pairs
        The pairs that the index leads to.
    source, label, level
        `(Q,)` row of the archived source or -1, class (of `CLASSES`), level of disguise.
    pair_label
        `(P,)` class of every pair.
    """

    made: Labelled
    index: Index
    projects: Records
    pairs: Pairs
    source: IntArray
    label: IntArray
    level: IntArray
    pair_label: IntArray


def prepare(split: Split, *, sizes: dict[str, int] | None = None, seed: int | None = None) -> Prepared:
    """Return a split of the generator, read and paired.

    Parameters
    ----------
    split, seed
        As in `labelled`.
    sizes
        ``archive, rewrites, others`` of `labelled`.
    """
    made = labelled(split, **(sizes or _SIZES[split]), seed=seed)
    archive, projects = read(together(made.archive)), read(together(made.projects))
    index = build(archive)
    found = pairs(index, projects)
    row = {name: at for at, name in enumerate(made.archive["id"].to_list())}
    source = np.array([row.get(name, -1) for name in made.truth["archive_id"].to_list()], dtype=np.int64)
    label = np.array([CLASSES.index(name) for name in made.truth["label"].to_list()], dtype=np.int64)
    pair_label = np.where(source[found.project] == found.record, label[found.project], 0)
    return Prepared(
        made=made,
        index=index,
        projects=projects,
        pairs=found,
        source=source,
        label=label,
        level=made.truth["level"].to_numpy(),
        pair_label=pair_label,
    )


def train(taught: Prepared, checked: Prepared) -> Weights:
    """Return the weights learned on one split and calibrated on another.

    Parameters
    ----------
    taught, checked
        The splits.
    """
    origin = {
        "synthetic": True,
        "generator": "xinzhi.risks.screening.generator, splits train (weights) and validation (calibration)",
        "pairs": len(taught.pair_label),
        "calibrated_on": len(checked.label),
    }
    return learn_weights(
        (taught.index, taught.pairs, taught.pair_label),
        (checked.index, checked.pairs, checked.label, checked.projects),
        origin,
    )

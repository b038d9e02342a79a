"""Learn the weights of the screening that ship with xinzhi, and write them into the package.

Synthetic throughout: the split `train` of the generator gives the weights, the split `validation` the calibration. The
split `held_out` is not touched here; `bench/bench_screen.py` measures on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import yaml

from made_up_projects import labelled
from xinzhi.risks.projects.comparison import FIELDS
from xinzhi.risks.projects.conventions import HERE
from xinzhi.risks.projects.index import build
from xinzhi.risks.projects.reading import together
from xinzhi.risks.projects.records import read
from xinzhi.risks.projects.scoring import CLASSES, learn_weights, pairs
from xinzhi.risks.projects.weights import PAIR_CLASSES

if TYPE_CHECKING:
    from typing import Any

    from made_up_projects import Labelled, Split
    from xinzhi.core.arrays import IntArray
    from xinzhi.risks.projects.index import Index
    from xinzhi.risks.projects.records import Records
    from xinzhi.risks.projects.scoring import Pairs
    from xinzhi.risks.projects.weights import Weights


HEAD = """\
# Weights of the evidence, LEARNED by bench/learn_screen_weights.py on synthetic projects; never edit them by hand.
# fields: probability of each level of agreement (from none to full) in each class of pairs. calibration: log-odds of
# follow-on and repackaged against new, on one, evidence for repackaged, evidence for follow-on, fields read.
"""


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
        "generator": "bench/made_up_projects.py, splits train (weights) and validation (calibration)",
        "pairs": len(taught.pair_label),
        "calibrated_on": len(checked.label),
    }
    return learn_weights(
        (taught.index, taught.pairs, taught.pair_label),
        (checked.index, checked.pairs, checked.label, checked.projects),
        origin,
    )


def to_document(weights: Weights) -> dict[str, Any]:
    """Return weights as they stand in YAML."""
    level = weights.agreement.level
    return {
        "origin": dict(weights.origin),
        "shares": dict(zip(PAIR_CLASSES, weights.agreement.share.tolist(), strict=True)),
        "fields": {
            field.name: {name: level[kind, at, : len(field.levels)].tolist() for kind, name in enumerate(PAIR_CLASSES)}
            for at, field in enumerate(FIELDS)
        },
        "wording": {"closest_share": weights.closest_share.tolist(), "counted": list(weights.counted)},
        "calibration": {
            "coefficients": weights.calibration.coefficients.tolist(),
            "covariance": weights.calibration.covariance.tolist(),
            "shares": weights.calibration.shares.tolist(),
        },
    }


def main() -> None:
    """Write ``weights.yaml``."""
    weights = train(prepare("train"), prepare("validation"))
    path = Path(HERE / "weights.yaml")
    content = yaml.safe_dump(to_document(weights), sort_keys=False, width=120, default_flow_style=None)
    path.write_text(HEAD + content, encoding="utf-8")
    path_of = weights.agreement.log_posterior
    print(
        f"{weights.origin['pairs']:,} pairs, {len(path_of)} steps, log posterior {path_of[0]:.1f} to {path_of[-1]:.1f}"
    )
    print(f"calibrated on {weights.origin['calibrated_on']:,} projects; written to {path.name}")


if __name__ == "__main__":
    main()

"""Learn the weights of the screening that ship with xinzhi, and write them into the package.

Made up throughout. The split `train` of the generator gives the weights of the first stage; other draws of it and of
`validation` and the written cases that may be learned from (`dev`, the odd halves of the others) give the trees; the
split `validation` and the same written cases, each judged by trees that did not see it, give the calibration. The split
`held_out` and the even halves are not touched here; `bench/bench_screen.py` measures on them. Two minutes with
OMP_NUM_THREADS=1; many times that with more threads on a busy machine, where they wait for each other.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import yaml

from made_up_projects import Labelled, labelled
from written_cases import BATCHES, CASES
from xinzhi.risks.projects.comparison import FIELDS
from xinzhi.risks.projects.conventions import HERE, convention
from xinzhi.risks.projects.forest import FEATURES, RISING, from_json, pair_features
from xinzhi.risks.projects.index import build
from xinzhi.risks.projects.learning import adapt_weights, blank, learn_agreement, learn_weights
from xinzhi.risks.projects.reading import project_text
from xinzhi.risks.projects.records import read
from xinzhi.risks.projects.scoring import CLASSES, pairs, score
from xinzhi.risks.projects.weights import PAIR_CLASSES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from made_up_projects import Split
    from xinzhi.core.arrays import IntArray
    from xinzhi.risks.projects.forest import Forest
    from xinzhi.risks.projects.index import Index
    from xinzhi.risks.projects.records import Records
    from xinzhi.risks.projects.scoring import Pairs, Scores
    from xinzhi.risks.projects.weights import Agreement, Weights

    Seen = tuple["Prepared", Agreement, float]  # a split, the weights of its first stage, how much each pair counts


HEAD = """\
# Weights of the evidence, LEARNED by bench/learn_screen_weights.py on generated projects and
# on written ones; never edit them by hand.
# fields: probability of each level of agreement (from none to full) in each class of pairs. calibration: log-odds of
# follow-on and repackaged against new, on one, the trees' log-odds of repackaged and of follow-on, facts compared,
# thin. Of the written cases that may be learned from, each judged by what did not see it: support: repeats by pattern
# (scoring.patterns); between: variance between batches; largest: probability borne out; accused: probability from which
# on enough are repeats.
"""


SIZES = {
    "train": {"archive": 4000, "rewrites": 300, "others": 500, "neighbours": 600},
    "validation": {"archive": 3000, "rewrites": 200, "others": 400, "neighbours": 400},
    "held_out": {"archive": 3000, "rewrites": 200, "others": 400, "neighbours": 400},
}
AGAIN: tuple[tuple[Split, int], ...] = (("train", 12), ("train", 31), ("validation", 23))
# several forests, told together: what one draw of the features makes of a few pairs, others do not
FORESTS, TREES, DEPTH = 3, 120, 4
# how many made-up pairs a written one counts as: log-loss of batches left out .25, at 10 .34, at 100 .27
WRITTEN = 45.0
FOLDS = 3
FIRST = 2  # of validation, dev, a, b, c: on `dev` the word lists were made, so that it says too much of itself
# TRIED: the share of the features that each split may use; with all, they were too sure of look-alikes
RATE, LEAF, RIDGE, TRIED = 0.12, 25, 5.0, 0.3


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
        ``archive, rewrites, others, neighbours`` of `labelled`.
    """
    return paired(labelled(split, **(sizes or SIZES[split]), seed=seed))


def paired(made: Labelled) -> Prepared:
    """Return labelled projects, read and paired."""
    archive, projects = read(project_text(made.archive)), read(project_text(made.projects))
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


def written(name: str) -> Prepared:
    """Return what may be learned from of a batch of projects written one by one: `dev`, or the odd half of a batch."""
    archive, labels = (pl.read_csv(CASES / f"{name}_{part}.csv", infer_schema=False) for part in ("archive", "labels"))
    projects = odd_half(name)
    truth = projects.select("id").join(labels, on="id", how="left", maintain_order="left")
    # of two archived projects that became one the first stands for both
    first = pl.col("source").str.split(";").list.first()
    source = pl.when(pl.col("source") != "").then(first).alias("archive_id")
    truth = truth.select("id", source, "label", pl.col("level").cast(pl.Int64, strict=False))
    return paired(Labelled(projects=projects, archive=archive, truth=truth))


def odd_half(name: str) -> pl.DataFrame:
    """Return the projects of a batch from which may be learned: all of `dev`, those with odd numbers of the others."""
    projects = pl.read_csv(CASES / f"{name}_projects.csv", infer_schema=False)
    odd = pl.col("id").str.extract("([0-9]+)$").cast(pl.Int64) % 2 == 1
    return projects if name == "dev" else projects.filter(odd)


def grow(seen: Sequence[Seen], without: int | None = None) -> dict[str, Any]:
    """Return the trees as they stand in JSON, learned without one fold of what somebody wrote."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    parts = []
    for made, agreement, counts in seen:
        odds = agreement.log_odds(made.pairs.levels)
        order = np.lexsort((-np.logaddexp(odds[:, 0], odds[:, 1]), made.pairs.project))
        project = made.pairs.project[order]
        place = np.arange(len(project)) - np.searchsorted(project, project)
        top = order[place < int(convention("weighed_together"))]
        if counts > 1 and without is not None:
            top = top[made.pairs.project[top] % FOLDS != without]
        features = pair_features(made.pairs.levels, made.pairs.measures, odds, made.pairs.project, top)
        parts.append((features, made.pair_label[top], np.full(len(top), counts)))
    features, labels, weights = (np.concatenate([part[at] for part in parts]) for at in range(3))
    told = {}
    for name, use, target in (
        ("repackaged", np.ones(len(labels), dtype=bool), labels == CLASSES.index("repackaged")),
        ("follow-on", labels != CLASSES.index("repackaged"), labels == CLASSES.index("follow-on")),
    ):
        models = [
            HistGradientBoostingClassifier(
                max_iter=TREES,
                max_depth=DEPTH,
                learning_rate=RATE,
                min_samples_leaf=LEAF,
                l2_regularization=RIDGE,
                max_features=TRIED,
                monotonic_cst=list(RISING[name]),
                early_stopping=False,
                random_state=seed,
            ).fit(features[use], target[use], weights[use])
            for seed in range(FORESTS)
        ]
        told[name] = laid_out(models)
    return {"features": list(FEATURES), "trees": told}


def laid_out(models: Sequence[Any]) -> dict[str, Any]:
    """Return the trees of models, laid end to end: the sum of their leaves is the mean of the models."""
    out: dict[str, Any] = {
        name: [] for name in ("root", "feature", "threshold", "left", "right", "missing_left", "value")
    }
    deepest = 0
    every = [tree for model in models for (tree,) in model._predictors]  # noqa: SLF001 - the only place where they stand
    for tree in every:
        nodes, first = tree.nodes, len(out["feature"])
        leaf = nodes["is_leaf"].astype(bool)
        out["root"].append(first)
        out["feature"] += np.where(leaf, -1, nodes["feature_idx"]).tolist()
        out["threshold"] += [float(f"{one:.6g}") for one in np.where(leaf, 0.0, nodes["num_threshold"])]
        out["left"] += np.where(leaf, 0, nodes["left"].astype(int) + first).tolist()
        out["right"] += np.where(leaf, 0, nodes["right"].astype(int) + first).tolist()
        out["missing_left"] += nodes["missing_go_to_left"].astype(int).tolist()
        out["value"] += [float(f"{one:.5g}") for one in np.where(leaf, nodes["value"], 0.0) / len(models)]
        deepest = max(deepest, int(nodes["depth"].max()))
    base = np.mean([model._baseline_prediction.ravel()[0] for model in models])  # noqa: SLF001 - see above
    return out | {"base": float(base), "deepest": deepest}


def learned() -> tuple[Weights, dict[str, Any]]:
    """Return the weights and the trees that ship."""
    taught = prepare("train")
    agreement = learn_agreement(taught.pairs, taught.pair_label)
    plain = blank(agreement, 1.0, {})
    checked = [prepare("validation"), *map(written, ("dev", *BATCHES))]
    # the trees see pairs that neither the first stage nor the calibration learns on: other draws, adapted to their
    # archives
    again = [prepare(split, seed=seed) for split, seed in AGAIN]
    pages = [(each, WRITTEN) for each in checked[1:]]
    seen = [
        (each, adapt_weights(plain, each.index).agreement, count)
        for each, count in (*((one, 1.0) for one in again), *pages)
    ]
    trees = grow(seen)
    origin = {
        "synthetic": True,
        "generator": "bench/made_up_projects.py (train: weights and trees; validation: calibration) and written cases",
        "pairs": len(taught.pair_label),
        "calibrated_on": sum(len(each.label) for each in checked),
        "written": sum(len(each.label) for each in checked[1:]),
    }
    weights = learn_weights(
        (taught.index, taught.pairs, taught.pair_label), scored(checked, seen, from_json(trees)), origin, FIRST
    )
    return weights, trees


def scored(
    checked: Sequence[Prepared], seen: Sequence[Seen], whole: dict[str, Forest]
) -> list[tuple[Pairs, Scores, IntArray]]:
    """Return the batches with the evidence on them; on what somebody wrote, that of trees that did not see the case."""
    out = []
    validation = checked[0]
    plain = blank(seen[0][1], 1.0, {})
    out.append(
        (
            validation.pairs,
            score(adapt_weights(plain, validation.index).agreement, validation.pairs, validation.projects, whole),
            validation.label,
        )
    )
    pages = seen[len(AGAIN) :]
    parts: list[list[tuple[IntArray, Scores]]] = [[] for _ in pages]
    for fold in range(FOLDS):
        trees = from_json(grow(seen, without=fold))
        for at, (made, agreement, _) in enumerate(pages):
            rows = np.flatnonzero(np.arange(len(made.label)) % FOLDS == fold)
            parts[at].append((rows, score(agreement, made.pairs, made.projects, trees)))
    for (made, _, _), folds in zip(pages, parts, strict=True):
        features, best = folds[0][1].features.copy(), folds[0][1].best.copy()
        for rows, scores in folds:
            features[rows], best[rows] = scores.features[rows], scores.best[rows]
        out.append((made.pairs, replace(folds[0][1], features=features, best=best), made.label))
    return out


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
            "support": [int(each) for each in weights.support],
            "between": weights.between,
            "largest": weights.largest,
            "accused": weights.accused,
        },
    }


def main() -> None:
    """Write ``weights.yaml`` and ``trees.json``."""
    weights, trees = learned()
    path = Path(HERE / "weights.yaml")
    content = yaml.safe_dump(to_document(weights), sort_keys=False, width=120, default_flow_style=None)
    path.write_text(HEAD + content, encoding="utf-8")
    Path(HERE / "trees.json").write_text(json.dumps(trees, separators=(",", ":")) + "\n", encoding="utf-8")
    path_of = weights.agreement.log_posterior
    print(
        f"{weights.origin['pairs']:,} pairs, {len(path_of)} steps, log posterior {path_of[0]:.1f} to {path_of[-1]:.1f}"
    )
    print(f"calibrated on {weights.origin['calibrated_on']:,} projects, {weights.origin['written']} of them written")
    print(
        f"between batches {weights.between:.2f}, largest probability {weights.largest:.4f}, "
        f"accused from {weights.accused:.3f}"
    )


if __name__ == "__main__":
    main()

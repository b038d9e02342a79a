"""Backtest on Australian regions: measures and baselines against published figures, and ours above the best of them.

References: `ref/paths/backtest.txt` (scikit-learn 1.x, 4 digits) for places of more than 500 workers; scikit-learn for
the measures. Tolerances: 1e-12 (measures), 5e-5 (quotient and density: the same definition), 5e-4 (the nearest
activities, whose ties an unstable sort broke, and the logit, which scikit-learn stops early). Trees, whose draws differ
with the order of the cells, are compared in `bench/bench_backtest.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from xinzhi.pathways import backtest
from xinzhi.pathways.entry.backtest import measures, ordered
from xinzhi.pathways.internal import BacktestOptions

if TYPE_CHECKING:
    from pathlib import Path

    from xinzhi.pathways.internal import EntryBacktest

PUBLISHED = {  # area under the curve, average precision, mean precision at 10, area within the place
    (0.5, "rca"): (0.4790, 0.0338, 0.0517, 0.4986),
    (0.5, "density"): (0.6874, 0.0564, 0.0884, 0.7265),
    (0.5, "density_nearest"): (0.7253, 0.0739, 0.0942, 0.7227),
    (0.5, "logit"): (0.7795, 0.0989, 0.1123, 0.7730),
    (1.0, "rca"): (0.7593, 0.2569, 0.3335, 0.7637),
    (1.0, "density"): (0.7170, 0.1570, 0.2323, 0.7576),
    (1.0, "density_nearest"): (0.7591, 0.1947, 0.2389, 0.7553),
    (1.0, "logit"): (0.8338, 0.2821, 0.3304, 0.8331),
}
NAMES = ("auc", "average_precision", "mean_precision_at_10", "auc_within_place")
SAME = 5e-5
NEAR = 1.5e-3
BEST_BASELINES = {0.5: (0.099, 0.112), 1.0: (0.301, 0.347)}


@pytest.fixture(scope="module")
def found(shared: Path) -> EntryBacktest:
    jobs = pl.read_csv(shared / "data" / "world" / "sa3_indp3.csv.gz").filter(~pl.col("indp").str.contains("nfd"))
    scores = ("rca", "density", "density_nearest", "logit", "additive_logit")
    return backtest(
        jobs,
        place="sa3",
        activity="indp",
        value="count",
        period="year",
        train=(2011, 2016),
        test=(2016, 2021),
        options=BacktestOptions(least_place=500, scores=scores, draws=100),
    )


def value(found: EntryBacktest, absent: float, score: str, measure: str) -> float:
    row = (pl.col("absent") == absent) & (pl.col("score") == score) & (pl.col("measure") == measure)
    return found.frame.filter(row)["value"].item()


@pytest.mark.shared
def test_candidates_and_entries_are_those_published(found):
    assert found.tasks.rows() == [(0.5, 319, 214, 35267, 962, 35481), (1.0, 319, 214, 49352, 3288, 49205)]


@pytest.mark.shared
@pytest.mark.parametrize(("case", "figures"), PUBLISHED.items())
def test_baselines_are_those_published(found, case, figures):
    tolerance = SAME if case[1] in {"rca", "density"} else NEAR
    for name, figure in zip(NAMES, figures, strict=True):
        assert value(found, *case, name) == pytest.approx(figure, abs=tolerance)


@pytest.mark.shared
@pytest.mark.parametrize("absent", BEST_BASELINES)
def test_ours_is_better_than_the_best_published_baseline(found, absent):
    precision, at_ten = BEST_BASELINES[absent]
    assert value(found, absent, "additive_logit", "average_precision") > precision
    assert value(found, absent, "additive_logit", "mean_precision_at_10") > at_ten


@pytest.mark.shared
def test_the_difference_to_the_best_plain_baseline_is_beyond_chance(found):
    rows = found.comparison.filter(pl.col("measure") == "average_precision")
    assert (rows["low"] > 0).all()


@pytest.mark.shared
def test_an_entry_is_explained_and_the_chances_are_about_right(found):
    best = found.cells.filter((pl.col("absent") == 1) & pl.col("entered")).sort("additive_logit").row(-1, named=True)
    parts = found.explain(best["place"], best["activity"])
    model = found.models[1.0]
    odds = np.log(best["additive_logit"] / (1 - best["additive_logit"]))
    assert parts["log_odds"].sum() + model.intercept == pytest.approx(odds, abs=1e-9)
    bins = found.calibration(1.0, "additive_logit", bins=5)
    assert (bins["expected"] - bins["observed"]).abs().max() < 0.03
    assert bins["observed"].is_sorted()


def test_measures_against_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(0)
    group = np.sort(rng.integers(0, 12, 900))
    score = np.round(rng.normal(size=900), 1)  # with many ties
    entered = rng.random(900) < 1 / (1 + np.exp(2 - score))
    got = measures(ordered(entered, score, group, 12), np.ones((1, 12)))
    assert got["auc"][0] == pytest.approx(metrics.roc_auc_score(entered, score), abs=1e-12)
    assert got["average_precision"][0] == pytest.approx(metrics.average_precision_score(entered, score), abs=1e-12)
    within = [
        metrics.roc_auc_score(entered[group == g], score[group == g]) for g in range(12) if entered[group == g].any()
    ]
    assert got["auc_within_place"][0] == pytest.approx(np.mean(within), abs=1e-12)
    order = np.argsort(-score, kind="stable")
    assert got["precision_at_100"][0] == pytest.approx(entered[order[:100]].mean(), abs=1e-12)


def test_a_place_drawn_twice_weighs_as_two():
    rng = np.random.default_rng(1)
    group = np.repeat(np.arange(6), 40)
    score = rng.normal(size=240)
    entered = rng.random(240) < 0.3
    weight = np.array([2.0, 0.0, 1.0, 1.0, 2.0, 0.0])
    got = measures(ordered(entered, score, group, 6), weight[None])
    rows = np.concatenate([np.flatnonzero(group == g) for g in (0, 0, 2, 3, 4, 4)])
    copies = np.repeat(np.arange(6), 40)
    expected = measures(ordered(entered[rows], score[rows], copies, 6), np.ones((1, 6)))
    for name in ("auc", "average_precision", "mean_precision_at_10", "auc_within_place"):
        assert got[name][0] == pytest.approx(expected[name][0], abs=1e-12)
    assert got["precision_at_100"][0] == pytest.approx(expected["precision_at_100"][0], abs=0.011)

"""The learned weights: against closed forms and simulated truth, the shipped ones against learning them again."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from judged_projects import judged, precision_recall
from learn_screen_weights import laid_out, prepare
from made_up_neighbours import SIBLING
from made_up_projects import LEVELS, labelled
from made_up_wording import vocabulary
from xinzhi.core.errors import UsageError
from xinzhi.risks import screen
from xinzhi.risks.projects import weights
from xinzhi.risks.projects.forest import FEATURES, RISING, from_json, shipped_forests
from xinzhi.risks.projects.index import build, candidates
from xinzhi.risks.projects.learning import learn_agreement
from xinzhi.risks.projects.reading import project_text
from xinzhi.risks.projects.records import read
from xinzhi.risks.projects.scoring import rising
from xinzhi.risks.projects.screening import calibration_table
from xinzhi.risks.projects.weights import Agreement, adapt, calibrate, learn, shipped_weights

SIMULATED = 0.02  # three standard errors of a share of 20,000 pairs
RELEARNED = 1e-6
SPLINK = 1e-6  # without our prior of one observation a field; splink stops at steps of 1e-9
PRIOR = 2e-3  # what that prior and an earlier stop move
SHARE = np.array([0.8, 0.2])
TRUTH = np.array(
    [[[0.7, 0.2, 0.1], [0.9, 0.1, 0.0], [0.6, 0.4, 0.0]], [[0.1, 0.3, 0.6], [0.2, 0.8, 0.0], [0.05, 0.95, 0.0]]]
)
SIZES = (3, 2, 2)


def simulated(count=20_000, seed=4):
    rng = np.random.default_rng(seed)
    kind = (rng.random(count) < SHARE[1]).astype(int)
    levels = np.column_stack(
        [(rng.random(count)[:, None] > TRUTH[kind, f].cumsum(axis=1)).sum(axis=1) for f in range(3)]
    )
    levels[rng.random((count, 3)) < 0.1] = -1
    return levels.astype(np.int8), kind


def begin():
    level = np.where(TRUTH > 0, 0.5 * TRUTH + 0.5 / np.array(SIZES)[None, :, None], 0.0)
    return Agreement(np.array([0.5, 0.5]), level)


def test_without_any_label_the_truth_comes_back():
    levels, _ = simulated()
    found = learn(levels, SIZES, np.ones((len(levels), 2), dtype=bool), begin())
    assert found.share == pytest.approx(SHARE, abs=SIMULATED)
    assert found.level == pytest.approx(TRUTH, abs=SIMULATED)
    assert np.diff(found.log_posterior).min() > -1e-9 * abs(found.log_posterior[0])


@pytest.mark.parametrize(("mass", "tolerance", "within"), [(1e-9, 1e-15, SPLINK), (1.0, 1e-9, PRIOR)])
def test_without_any_label_it_learns_what_splink_does(monkeypatch, mass, tolerance, within):
    """``splink.json`` holds the values, ``make_splink_reference.py`` the call."""
    monkeypatch.setattr(weights, "convention", lambda _: mass)
    monkeypatch.setattr(weights, "_TOLERANCE", tolerance)
    peer = json.loads(Path(__file__).with_name("splink.json").read_text(encoding="utf-8"))
    levels, _ = simulated()
    found = learn(levels, SIZES, np.ones((len(levels), 2), dtype=bool), begin())
    assert found.share[1] == pytest.approx(peer["share"], abs=within)
    for at, kind in enumerate(("u", "m")):
        for field, size in enumerate(SIZES):
            assert found.level[at, field, :size] == pytest.approx(peer[kind][field], abs=within)


def test_with_every_label_it_is_counting():
    levels, kind = simulated(500)
    found = learn(levels, SIZES, np.eye(2, dtype=bool)[kind])
    seen = levels[kind == 1, 0]
    counts = np.bincount(seen[seen >= 0], minlength=3)
    assert found.level[1, 0] == pytest.approx((counts + 1 / 3) / (counts.sum() + 1), rel=1e-12)


def test_weights_are_log_likelihood_ratios_and_add_up():
    model = Agreement(SHARE, TRUTH)
    levels = np.array([[2, 1, -1]], dtype=np.int8)
    expected = np.log([0.6 / 0.1, 0.8 / 0.1])
    assert model.weights(levels, 1)[0] == pytest.approx([*expected, 0.0], rel=1e-12)
    assert model.log_odds(levels)[0, 0] == pytest.approx(expected.sum(), rel=1e-12)


def test_nothing_tells_the_classes_apart():
    with pytest.raises(UsageError, match="labelled pairs of every class"):
        learn(np.zeros((3, 1), dtype=np.int8), [2], np.ones((3, 2), dtype=bool))


def test_adapting_moves_coincidences_and_leaves_matches():
    rng = np.random.default_rng(0)
    levels = np.column_stack([rng.integers(0, 3, 9000), rng.integers(0, 2, 9000), rng.integers(0, 2, 9000)])
    found = adapt(Agreement(SHARE, TRUTH), levels.astype(np.int8), SIZES, mass=50, guilty=0.001)
    assert found.level[0, 0] == pytest.approx([1 / 3] * 3, abs=SIMULATED)
    assert np.array_equal(found.level[1], TRUTH[1])


def test_the_calibration_is_the_maximum_of_the_likelihood():
    rng = np.random.default_rng(1)
    features = np.column_stack([np.ones(3000), rng.normal(size=(3000, 2))])
    truth = np.array([[-0.5, 1.2, 0.3], [0.4, -0.2, 0.9]])
    odds = np.exp(np.column_stack([np.zeros(3000), features @ truth.T]))
    labels = (rng.random(3000)[:, None] > (odds / odds.sum(axis=1, keepdims=True)).cumsum(axis=1)).sum(axis=1)
    found = calibrate(features, labels)
    # at the maximum the mean probability of a class is its share, and so is every mean weighted with a feature
    gap = (found.probabilities(features) - np.eye(3)[labels]).T @ features
    assert gap[1:] == pytest.approx(-1e-2 * found.coefficients * [0, 1, 1], abs=1e-6)
    se = np.sqrt(np.einsum("kdkd->kd", found.covariance))
    assert (np.abs(found.coefficients - truth) < 4 * se).all()
    shifted = found.probabilities(features, np.array([0.98, 0.01, 0.01]))
    assert shifted[:, 0].mean() > 0.9


def test_closer_wording_is_never_less_evidence():
    rng = np.random.default_rng(2)
    for _ in range(50):
        match, chance = rng.dirichlet(np.ones(6)), rng.dirichlet(np.ones(6))
        ratio = rising(match, chance)
        assert (np.diff(ratio) >= -1e-12).all()
        assert (ratio * chance).sum() == pytest.approx(1.0)


def test_the_splits_share_no_word_for_sectors_and_components_and_no_sentence():

    def words(entry):
        names = {sector[kind] for sector in entry["sectors"] for kind in ("name", "other", "para", "en")}
        return names | {tuple(frame) for kind in ("frames", "para", "english") for frame in entry[kind]}

    splits = [words(entry) for entry in vocabulary()["splits"].values()]
    assert not splits[0] & splits[2]
    assert not splits[1] & splits[2]
    assert not splits[0] & splits[1]


def test_everything_made_up_says_so():
    made = labelled("held_out", archive=60, rewrites=2, others=4, cities=3)
    assert made.projects["synthetic"].all()
    assert made.archive["synthetic"].all()
    assert shipped_weights().origin["synthetic"]
    assert sorted(made.truth.filter(label="repackaged")["level"].unique().to_list()) == list(LEVELS)
    again = labelled("held_out", archive=60, rewrites=2, others=4, cities=3)
    assert again.projects.equals(made.projects)


def test_the_shipped_weights_are_what_learning_gives():
    taught = prepare("train")
    learned = learn_agreement(taught.pairs, taught.pair_label)
    assert learned.level == pytest.approx(shipped_weights().agreement.level, abs=RELEARNED)
    assert learned.share == pytest.approx(shipped_weights().agreement.share, abs=RELEARNED)


@pytest.mark.filterwarnings("ignore")
def test_the_trees_are_evaluated_as_scikit_learn_does():
    ensemble = pytest.importorskip("sklearn.ensemble")
    rng = np.random.default_rng(5)
    features = rng.integers(-1, 5, size=(800, 4)).astype(float)
    target = features.sum(axis=1) + rng.normal(size=800) > 8
    features[rng.random(features.shape) < 0.2] = np.nan
    models = [
        ensemble.HistGradientBoostingClassifier(
            max_iter=15, max_depth=3, max_features=0.5, early_stopping=False, random_state=seed
        ).fit(features, target)
        for seed in (1, 2)
    ]
    ours = from_json({"trees": {"one": laid_out(models)}})["one"]
    mean = np.mean([model.decision_function(features) for model in models], axis=0)
    assert ours.log_odds(features) == pytest.approx(mean, abs=1e-3)


@pytest.mark.parametrize("name", ["repackaged", "follow-on"])
def test_more_agreement_never_lowers_the_odds(name):
    rng = np.random.default_rng(6)
    forest = shipped_forests()[name]
    features = rng.integers(0, 4, size=(300, len(FEATURES))).astype(float)
    before = forest.log_odds(features)
    for at, way in enumerate(RISING[name]):
        if way:
            moved = features.copy()
            moved[:, at] += way
            assert (forest.log_odds(moved) >= before - 1e-4).all(), FEATURES[at]


@pytest.fixture(scope="module")
def held_out():
    made = labelled("held_out", archive=1500, rewrites=100, others=200, neighbours=100)
    return judged(screen(made.projects, made.archive), made.truth)


def test_a_standard_design_is_not_accused(held_out):
    siblings = held_out.filter(level=SIBLING)
    assert siblings.select((pl.col("verdict") == "repackaged").mean()).item() < 0.2
    honest = held_out.filter(pl.col("label") != "repackaged")
    assert honest.select((pl.col("verdict") == "repackaged").mean()).item() < 0.05


def test_the_held_out_split_is_told_apart(held_out):
    easy = precision_recall(held_out, hard=False, threshold=0.5)
    assert easy["precision"] >= 0.95
    assert easy["recall"] >= 0.88
    hard = precision_recall(held_out, hard=True)
    assert hard["precision"] >= 0.85
    assert hard["recall"] >= 0.85
    assert hard["cannot_tell"] < 0.20
    follow = held_out.filter(label="follow-on")
    assert follow.select((pl.col("verdict") == "repackaged").mean()).item() < 0.05
    assert follow.select((pl.col("verdict") == "follow-on").mean()).item() > 0.7


def test_what_is_said_is_what_happens(held_out):
    table = calibration_table(held_out, 5).filter(pl.col("projects") >= 20)
    spread = 3 * (table["said"] * (1 - table["said"]) / table["projects"]).sqrt() + 0.05
    assert ((table["said"] - table["was"]).abs() < spread).all()


def test_the_index_misses_hardly_anything_that_shares_two_keys():
    made = labelled("held_out", archive=1500, rewrites=60, others=20)
    archive, projects = read(project_text(made.archive)), read(project_text(made.projects))
    found = candidates(build(archive), projects)
    reached = set(zip(found.project.tolist(), found.record.tolist(), strict=True))
    row = {name: at for at, name in enumerate(made.archive["id"].to_list())}
    sources = [
        (at, row[source])
        for at, (source, label) in enumerate(made.truth.select("archive_id", "label").iter_rows())
        if label == "repackaged"
    ]
    assert sum(pair in reached for pair in sources) / len(sources) > 0.95


@pytest.mark.shared
def test_real_titles_give_no_false_alarm(shared):
    path = shared / "data/china/nssfc_titles_1991_2017_nopersons.csv.gz"
    table = pl.read_csv(path, infer_schema=False, truncate_ragged_lines=True).filter(pl.col("项目名称").is_not_null())
    table = table.select(
        pl.col("项目批准号").alias("id"), pl.col("项目名称").alias("title"), pl.col("立项时间").alias("on")
    )
    now = pl.col("on").str.starts_with("2017")
    found = screen(table.filter(now).drop("on"), table.filter(~now).drop("on"))
    flagged = found.frame.filter(verdict="repackaged")
    titles = found.projects.filter(pl.col("id").is_in(flagged["id"].to_list()))["title"].to_list()
    assert {"完善财政转移支付制度研究", "当代中国新闻观念研究", "中国近代翻译文学史"} <= set(titles)
    old = found.archive.filter(pl.col("id").is_in(flagged["archive_id"].to_list()))["title"].to_list()
    assert set(titles) == set(old)

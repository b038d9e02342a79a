"""Parts of the screening of projects in numbers that can be checked on paper: trees, chances, patterns, figures."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from xinzhi.risks.projects import comparison, learning, scoring, weights
from xinzhi.risks.projects.comparison import MEASURES, NAMES, SAME_SITE
from xinzhi.risks.projects.forest import Forest, pair_features
from xinzhi.risks.projects.learning import INNOCENT, NEAR, learn_agreement
from xinzhi.risks.projects.weights import SIZES, Agreement, Calibration

NAN = np.nan


def test_each_tree_adds_the_value_of_the_leaf_that_a_row_reaches():
    # The first tree asks whether the second feature is at most 2 (unknown counts as yes); the second is one leaf.
    trees = {
        "root": np.array([0, 3]),
        "feature": np.array([1, -1, -1, -1]),
        "threshold": np.array([2.0, 0.0, 0.0, 0.0]),
        "left_child": np.array([1, 0, 0, 0]),
        "right": np.array([2, 0, 0, 0]),
        "missing_left": np.array([True, False, False, False]),
        "value": np.array([100.0, 1.0, 2.0, 10.0]),
    }
    forest = Forest(**trees, base=0.5, deepest=1)
    rows = np.array([[9.0, 1.0], [0.0, 3.0], [9.0, 2.0], [0.0, NAN]])
    assert forest.log_odds(rows).tolist() == [11.5, 12.5, 11.5, 11.5]


def test_a_calibration_gives_the_odds_of_the_classes_to_the_first():
    model = Calibration(np.log([[2.0, 1.0], [1.0, 3.0]]), np.zeros((2, 2, 2, 2)), np.array([0.5, 0.25, 0.25]))
    features = np.array([[1.0, 0.0], [1.0, 1.0]])
    np.testing.assert_allclose(model.probabilities(features), [[1 / 4, 2 / 4, 1 / 4], [1 / 6, 2 / 6, 3 / 6]])
    np.testing.assert_allclose(model.probabilities(features, model.shares), model.probabilities(features))
    # with as many of each class the odds of the second and third double
    equal = model.probabilities(features, np.full(3, 1 / 3))
    np.testing.assert_allclose(equal, [[1 / 7, 4 / 7, 2 / 7], [1 / 11, 4 / 11, 6 / 11]])


def test_the_interval_of_a_probability_is_on_the_logit_and_defined_at_certainty():
    covariance = np.zeros((2, 1, 2, 1))
    covariance[0, 0, 0, 0] = 0.04
    model = Calibration(np.zeros((2, 1)), covariance, np.full(3, 1 / 3))
    low, high = model.interval(np.ones((1, 1)), 1)
    # the logit of 1/3 moves by (1 - 1/3) / (1 - 1/3) for each unit of its own log-odds
    logits = np.log(np.array([low[0], high[0]]) / (1 - np.array([low[0], high[0]])))
    assert logits == pytest.approx(np.log(0.5) + np.array([-1, 1]) * weights.convention("interval") * 0.2)
    certain = replace_coefficients(model, 800.0).interval(np.ones((1, 1)), 1)
    assert np.isfinite(certain).all()
    assert certain[0][0] <= certain[1][0] <= 1


def replace_coefficients(model, value):
    return Calibration(np.array([[value], [0.0]]), model.covariance, model.shares)


def levels_of(**fields):
    """Return the levels of one pair, nothing known but some fields."""
    levels = np.full((1, len(NAMES)), -1, dtype=np.int8)
    for name, level in fields.items():
        levels[0, NAMES.index(name)] = level
    return levels


def test_a_part_of_a_pattern_differs_is_not_known_or_agrees():
    top = {name: SIZES[NAMES.index(name)] - 1 for name in ("place", "text", "owner")}
    parts = [
        [int(part[0]) for part in np.unravel_index(scoring.pattern_of(levels), scoring._PATTERN_SHAPE)]  # noqa: SLF001 - the formula by itself
        for levels in (
            levels_of(),
            levels_of(place=0, text=0, owner=0),
            levels_of(**top),
            levels_of(place=0, site=SAME_SITE),
            levels_of(approval=1),
        )
    ]
    assert parts == [[1, 1, 1, 0, 0], [0, 0, 0, 0, 0], [2, 2, 2, 0, 0], [2, 1, 1, 0, 0], [1, 1, 1, 0, 1]]


def test_a_follow_on_of_a_stranger_counts_as_new():
    owner = SIZES[NAMES.index("owner")] - 1
    pairs = SimpleNamespace(levels=np.vstack([levels_of(owner=owner), levels_of(owner=0), levels_of(site=SAME_SITE)]))
    scores = SimpleNamespace(best=np.array([0, 1, 2, -1]))
    chance = np.tile([0.5, 0.3, 0.2], (4, 1))
    out = scoring._without_strangers(chance, pairs, scores)  # noqa: SLF001 - the formula by itself
    np.testing.assert_allclose(out, [[0.5, 0.3, 0.2], [0.8, 0.0, 0.2], [0.5, 0.3, 0.2], [0.8, 0.0, 0.2]])


def test_figures_that_both_texts_have_weigh_what_they_are_worth():
    common = SimpleNamespace(of_figures=lambda values: values / 100)
    within = float(comparison.convention("number_levels")[-1])
    project = np.array([[400.0, 317.0], [500.0, NAN], [600.0, 1.0], [NAN, NAN]], dtype=np.float32)
    record = np.array([[317.0, 400.0 * (1 + within / 2)], [100.0, 900.0], [NAN, NAN], [1.0, 2.0]], dtype=np.float32)
    nats = comparison._figures(project, record, common)  # noqa: SLF001 - the formula by itself
    assert nats.tolist() == pytest.approx([7.17, 0.0, NAN, NAN], nan_ok=True)


def test_classes_of_innocent_pairs_begin_by_whether_they_are_near(monkeypatch):
    begun = []
    monkeypatch.setattr(learning, "maximise", lambda _levels, begin, _sizes: begun.append(begin))
    monkeypatch.setattr(learning, "learn", lambda *_, **__: None)
    levels = np.vstack([levels_of(place=NEAR), levels_of(place=0), levels_of(), levels_of(place=NEAR)])
    learn_agreement(SimpleNamespace(levels=levels), np.array([0, 0, 0, 1]))
    rows = np.zeros((4, begun[0].shape[1]))
    rows[[0, 1, 2], [1, 0, 0]] = 1.0
    rows[0, 2:INNOCENT] = rows[1, 2:INNOCENT] = rows[2, 2:INNOCENT] = 1.0
    rows[3, INNOCENT] = 1.0
    np.testing.assert_array_equal(begun[0], rows)


def test_shares_and_levels_are_counts_with_a_prior(monkeypatch):
    monkeypatch.setattr(weights, "convention", lambda _name: 2.0)
    levels = np.array([[0, 1], [1, 2], [-1, 0]], dtype=np.int8)
    expected = np.array([[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]])
    model = weights.maximise(levels, expected, [2, 3])
    assert isinstance(model, Agreement)
    np.testing.assert_allclose(model.share, [2.5 / 5, 2.5 / 5])
    np.testing.assert_allclose(model.level[0, 0, :2], [2 / 3.5, 1.5 / 3.5])
    np.testing.assert_allclose(model.level[1, 0, :2], [1 / 2.5, 1.5 / 2.5])
    np.testing.assert_allclose(model.level[0, 1], np.array([2 / 3, 1 + 2 / 3, 0.5 + 2 / 3]) / 3.5)
    np.testing.assert_allclose(model.level[1, 1], np.array([1 + 2 / 3, 2 / 3, 0.5 + 2 / 3]) / 3.5)


def test_innocent_classes_move_towards_the_archive_and_the_others_stay(monkeypatch):
    # One step of expectation and maximisation in plain sums; a match looks as it did, and is as frequent as was said.
    levels = np.array([[0, 1], [0, 1], [1, -1], [1, 0]], dtype=np.int8)
    model = Agreement(
        np.array([0.3, 0.5, 0.2]), np.array([[[0.8, 0.2], [0.6, 0.4]], [[0.5, 0.5], [0.9, 0.1]], [[0.1, 0.9]] * 2]), 2
    )
    mass, guilty, innocent = 10.0, 0.01, range(2)
    begun = [0.3 / 0.8 * (1 - guilty), 0.5 / 0.8 * (1 - guilty), guilty]
    belongs = []
    for row in levels:
        joint = [
            begun[k] * np.prod([model.level[k, field, at] for field, at in enumerate(row) if at >= 0]) for k in range(3)
        ]
        belongs.append([part / sum(joint) for part in joint])
    monkeypatch.setattr(weights, "_MOST_STEPS", 1)
    adapted = weights.adapt(model, levels, [2, 2], mass=mass, guilty=guilty)
    for k in innocent:
        for field in range(2):
            seen = [(part[k], row[field]) for part, row in zip(belongs, levels, strict=True) if row[field] >= 0]
            for at in range(2):
                counts = sum(part for part, level in seen if level == at) + mass * model.level[k, field, at]
                assert adapted.level[k, field, at] == pytest.approx(counts / (sum(part for part, _ in seen) + mass))
    np.testing.assert_array_equal(adapted.level[2], model.level[2])
    masses = [sum(part[k] for part in belongs) + mass * model.share[k] for k in innocent]
    assert adapted.share == pytest.approx([*(part / sum(masses) * (1 - guilty) for part in masses), guilty])


def test_a_classification_of_one_notice_by_its_name_follows_the_odds():
    # Shares times odds against 1, and of the repeats as many as were borne out, by the rule of succession.
    model = weights.shipped_weights()
    shares, odds = np.array([0.9, 0.06, 0.04]), np.array([1.5, 2.5])
    pairs = SimpleNamespace(
        levels=levels_of(site=SAME_SITE),
        project=np.array([0]),
        measures=np.zeros((1, len(MEASURES))),
        reached=np.array([1]),
    )
    scores = SimpleNamespace(
        best=np.array([0]),
        features=np.array([[1.0, 0.0, 0.0, 3.0, 0.0]]),
        name_odds=odds[None, :],
        undecidable=np.array([False]),
        chain=np.array([False]),
        notices=np.array([True]),
        dated=np.array([True]),
    )
    joint = shares * [np.exp(1.5), np.exp(2.5), 1.0]
    chance, (cases, right) = joint / joint.sum(), scoring.convention("purchases_seen")["dated"]
    borne_out = (right + 1) / (cases + 2)
    expected = [chance[0] + (1 - borne_out) * chance[2], chance[1], borne_out * chance[2]]
    judged = scoring.judge(model, pairs, scores, shares)
    assert judged.chance[0] == pytest.approx(expected)
    half = weights.convention("interval") * np.sqrt(model.between + 4 / (cases + 1))
    logit = np.log(expected[2] / (1 - expected[2]))
    ends = [1 / (1 + np.exp(half - logit)), 1 / (1 + np.exp(-half - logit))]
    assert [judged.lower[0], judged.upper[0]] == pytest.approx([min(end, model.largest) for end in ends])
    assert (judged.factual[0], judged.by_name[0], judged.accused[0]) == (
        True,
        True,
        scoring.convention("purchase_said"),
    )


@pytest.mark.parametrize(
    ("fields", "sized", "outside"),
    [
        ({"place": 4, "investment": 4, "name": 3, "sector": 0}, 0, True),  # other trades
        ({"place": 4, "investment": 4, "name": 3, "sector": 1}, 1, True),  # related ones in other units
        ({"place": 4, "investment": 4, "name": 3, "sector": 1}, 0, False),
        ({"place": 4, "investment": 4, "name": 3, "sector": 2}, 1, False),
        ({"place": 4, "investment": 4, "name": 3, "sector": 0, "owner": 3}, 0, False),
        ({"place": 4, "investment": 5, "name": 3, "sector": 0}, 0, False),  # a precise figure
        ({"place": 4, "investment": 4, "name": 3, "sector": 0, "cue": 1}, 0, False),
        ({"place": 4, "investment": 4}, 0, True),  # two facts, no name
        ({"place": 4, "investment": 5}, 0, False),
        ({"place": 4, "investment": 4, "approval": 1}, 0, False),
        ({"place": 4, "investment": 4, "owner": 3}, 0, False),
        ({"place": 4, "beginning": 2}, 0, True),  # a place and the beginning of a name
        ({"place": 4}, 0, True),
    ],
)
def test_who_agrees_in_too_little_is_outside(fields, sized, outside):
    measures = np.zeros((1, len(MEASURES)))
    measures[0, MEASURES.index("sized otherwise")] = sized
    pairs = SimpleNamespace(levels=levels_of(**fields), measures=measures)
    assert scoring._too_little(pairs, SimpleNamespace(best=np.array([0]))).tolist() == [outside]  # noqa: SLF001 - the formula by itself


def test_without_pairs_nothing_is_outside():
    pairs = SimpleNamespace(levels=np.zeros((0, len(NAMES)), dtype=np.int8), measures=np.zeros((0, len(MEASURES))))
    scores = SimpleNamespace(best=np.array([-1, -1]))
    assert scoring._too_little(pairs, scores).tolist() == [False, False]  # noqa: SLF001 - the formula by itself
    assert scoring.patterns(pairs, scores).tolist() == [0, 0]


def test_a_sum_is_its_parts_where_its_text_names_part_and_number():
    equal, step = comparison._EQUAL_ROUND, float(comparison.convention("number_levels")[-1])  # noqa: SLF001 - the formula by itself
    totals = np.array([3.72, 3.72, 3.72, 3.72, 1.86, 1.86, NAN, 3.72 * (1 + step / 2)])
    parts = np.array([1.86, 1.86, 1.86, 1.6, 1.86, 3.72, 1.86, 1.86])
    project = [[3.72, 1.86, 2], [3.72, 2, NAN], [3.72, 1.86, NAN], [3.72, 1.6, 2], [1.86, 1, NAN], [1.86, NAN, NAN]]
    project += [[1.86, 2, NAN], [1.86, 2, NAN]]
    record = np.full((8, 3), NAN)
    record[5] = [3.72, 1.86, 2]  # here the record gives the sum
    sides = np.array(project, dtype=np.float32), record.astype(np.float32)
    before = np.array([0, 0, 0, 0, 0, 0, -1, equal + 1], dtype=np.int8)
    with np.errstate(invalid="ignore"):
        levels = comparison._part_by_part(before, (totals, parts), sides)  # noqa: SLF001 - the formula by itself
    assert levels.tolist() == [equal, 0, 0, 0, 0, equal, -1, equal + 1]
    assert before.tolist() == [0, 0, 0, 0, 0, 0, -1, equal + 1]


def test_an_overlap_weighs_what_is_rare_and_a_common_word_alone_says_little():
    bounds, much = comparison.convention("component_levels"), float(comparison.convention("figure_levels")[0])
    weight = np.zeros(64)
    weight[:5] = [much, np.nextafter(much, 0), 0.1, 5.0, 0.0]
    pairs = [(0b00001, 0b00001), (0b00010, 0b00010), (0b00110, 0b00110), (0b01100, 0b00110), (0b01000, 0b00100)]
    pairs += [(0b10000, 0b10000), (0b01001, 0b00011), (0, 0b1)]
    mine, theirs = (np.array(side, dtype=np.uint64) for side in zip(*pairs, strict=True))
    levels = comparison._overlap(mine, theirs, weight).tolist()  # noqa: SLF001 - the formula by itself
    shares = [1.0, 1.0, 1.0, 0.1 / (0.1 + np.nextafter(much, 0)), 0.0, NAN, much / (much + np.nextafter(much, 0)), NAN]
    by_share = [-1 if np.isnan(share) else sum(share >= bound for bound in bounds) for share in shares]
    by_share[1], by_share[3] = 1, min(by_share[3], 1)
    assert levels == by_share


def test_trees_see_how_many_others_agree_alike():
    # Three pairs of the first project and one of the third; the last has the level that its numbers have, nothing else.
    levels = np.vstack(
        [
            levels_of(text=SIZES[NAMES.index("text")] - 1, place=0, name=3, edition=0),
            levels_of(text=SIZES[NAMES.index("text")] - 1, owner=3, place=4, words=2),
            levels_of(text=0, components=3, sector=2, capacity=-1, investment=5, site=2, landmark=2),
            levels_of(components=3, sector=0, investment=4, capacity=2),
        ]
    )
    project, odds = np.array([0, 0, 0, 2]), np.array([[1.0, 2.0], [30.0, -30.0], [0.0, 0.0], [3.0, 4.0]])
    measures = np.arange(4 * len(MEASURES), dtype=float).reshape(4, -1)
    at = np.array([0, 2, 3])
    seen = pair_features(levels, measures, odds, project, at)
    width = len(NAMES)
    np.testing.assert_array_equal(seen[:, :width], np.where(levels[at] < 0, NAN, levels[at]))
    np.testing.assert_allclose(seen[:, width : width + 2], [[2, 1], [0, 0], [4, 3]])
    np.testing.assert_allclose(seen[:, width + 2], np.log([3, 3, 1]))
    others = [[1, 1, 0, 1, 1], [2, 0, 1, 1, 0], [0, 0, 0, 0, 0]]  # text, built, title, brand, sum beside its own
    np.testing.assert_allclose(seen[:, width + 3 : width + 8], np.log1p(others))
    np.testing.assert_array_equal(seen[:, width + 8 : width + 12], [[0, 0, 0, 0], [1, 1, 0, 0], [0, 1, 1, 0]])
    np.testing.assert_array_equal(seen[:, width + 13], [2, 0, 0])  # elsewhere: county and year in the name
    np.testing.assert_array_equal(seen[:, width + 14], [0, 2, 0])  # at the same site and landmark
    np.testing.assert_array_equal(seen[:, width + 15 :], measures[at])
    clipped = pair_features(levels, measures, odds, project, np.array([1]))[0]
    assert clipped[width : width + 2].tolist() == [-12.0, 12.0]
    assert clipped[width + 14] == 2  # place and words


def test_an_archive_is_adapted_to_on_pairs_that_are_no_repeats(monkeypatch):
    kept = {"name": SIZES[NAMES.index("name")] - 1, "investment": SIZES[NAMES.index("investment")] - 1}
    levels = np.vstack(
        [
            levels_of(text=1),  # with itself
            levels_of(text=2),
            levels_of(text=SIZES[NAMES.index("text")] - 1),  # the same wording
            levels_of(**kept, text=1),  # the same name and sum
            levels_of(name=kept["name"], investment=0, text=1),  # the same name, another sum
            levels_of(**kept, owner=0, text=1),  # another owner
            levels_of(name=kept["name"], text=1),  # a name alone
            levels_of(text=1),  # a purchase
            levels_of(text=3),  # a notice of which nothing is expected
        ]
    )
    bought = np.zeros((9, 5))
    bought[7, learning.NATS] = 1.0
    pairs = SimpleNamespace(
        levels=levels,
        project=np.array([0, 0, 0, 0, 1, 1, 2, 2, 2]),
        record=np.array([0, 1, 1, 1, 0, 0, 0, 1, 1]),
        bought=bought,
    )
    given = []
    monkeypatch.setattr(learning, "_pairs_in_parts", lambda _index, _rows: pairs)
    monkeypatch.setattr(learning, "adapt", lambda model, seen, _sizes, **_: given.append(seen) or model)
    before = weights.shipped_weights()
    after = learning.adapt_weights(before, SimpleNamespace(records=range(3)))
    np.testing.assert_array_equal(given[0], levels[[1, 4, 5, 6, 8]])
    # the closest wording among the coincidences of each record: 2, 1, 3
    mass = min(float(learning.convention("adapted_prior")), before.counted[0])
    counts = np.array([0, 1, 1, 1, 0, 0]) + mass * before.closest_share
    np.testing.assert_allclose(after.closest_share, counts / counts.sum())
    assert after.counted == (pytest.approx(mass + 3), before.counted[1])


def test_a_cosine_is_none_where_a_text_has_no_word_that_counts(monkeypatch):
    monkeypatch.setattr(comparison, "_shared_weight", lambda *_, power: np.array([3.0, 0.0, 4.0]) * (power == 2))
    monkeypatch.setattr(comparison, "lengths", lambda _projects, _weight: np.array([2.0, 0.0], dtype=np.float32))
    index = SimpleNamespace(weight=None, norm=np.array([4.0, 2.0, 5.0]))
    cosines = comparison.cosines(index, None, np.array([0, 1, 0]), np.array([1, 0, 2]))
    assert cosines.tolist() == [0.75, 0.0, 0.4]


def test_approvals_and_years_agree_where_both_texts_give_some():
    mine = np.array([[7, 9], [7, 0], [0, 0], [7, 0], [0, 5]], dtype=np.uint64)
    theirs = np.array([[3, 9], [8, 0], [7, 0], [0, 0], [5, 0]], dtype=np.uint64)
    assert comparison._approvals(mine, theirs).tolist() == [1, 0, -1, -1, -1]  # noqa: SLF001 - the formula by itself
    years = np.array([[2019, 2021], [2019, 2021], [2019, 2021], [2019, 2019], [0, 0]], dtype=np.int16)
    others = np.array([[2019, 2021], [2019, 2022], [2018, 2022], [0, 0], [2019, 2019]], dtype=np.int16)
    assert comparison._dates(years, others).tolist() == [2, 1, 0, -1, -1]  # noqa: SLF001 - the formula by itself


def test_batches_differ_by_what_chance_does_not_explain():
    """The moment estimator of DerSimonian and Laird (1986) of three batches, in plain sums."""
    batches = [([0.5] * 10, 9), ([0.2] * 20, 1), ([0.9, 0.1] * 5, 5)]
    effects = [(hits - sum(p)) / (sum(q * (1 - q) for q in p) + 0.5) for p, hits in batches]
    weights_ = [sum(q * (1 - q) for q in p) + 0.5 for p, _ in batches]
    mean = sum(w * e for w, e in zip(weights_, effects, strict=True)) / sum(weights_)
    q = sum(w * (e - mean) ** 2 for w, e in zip(weights_, effects, strict=True))
    expected = (q - 2) / (sum(weights_) - sum(w * w for w in weights_) / sum(weights_))
    assert expected > 0.1
    given = [(np.array(p), np.arange(len(p)) < hits) for p, hits in batches]
    assert learning.spread_between(given) == pytest.approx(expected)
    assert learning.spread_between(given[:1]) == learning.spread_between([given[2]] * 3) == 0.0
    wide = [(np.full(8, 0.5), np.arange(8) < hits) for hits in (8, 0)]  # 1.6 either way, of 2.5 each
    assert learning.spread_between(wide) == pytest.approx((2 * 2.5 * 1.6**2 - 1) / 2.5)


def test_what_the_surest_cases_bear_out_follows_the_rule_of_succession():
    chance, hit = np.array([0.95, 0.9, 0.99, 0.5]), np.array([True, False, True, False])
    assert learning.largest_supported(chance, hit) == pytest.approx(3 / 5)
    assert learning.largest_supported(chance[3:], hit[3:]) == 0.5  # of none


def test_an_accusation_needs_a_lower_bound_above_what_is_wanted():
    """The bound of Wilson (1927) of k hits of n, as the root of (share - p)^2 = z^2 p (1 - p) / n."""
    z, wanted = float(learning.convention("accused_bound")), float(learning.convention("accused_rightly"))
    chance, hit = np.linspace(0.999, 0.7, 200), np.ones(200, dtype=bool)
    hit[60::4] = False
    lower = []
    for n in range(1, 201):
        share = hit[:n].mean()
        lower.append(min(np.roots([1 + z**2 / n, -2 * share - z**2 / n, share**2])))
    last = max(at for at, bound in enumerate(lower) if bound >= wanted)
    assert 30 < last < 100
    assert learning.accused_from(chance, hit) == pytest.approx(chance[last])
    shuffled = np.random.default_rng(0).permutation(200)
    assert learning.accused_from(chance[shuffled], hit[shuffled]) == pytest.approx(chance[last])
    assert learning.accused_from(chance, ~hit) == 1.0
    assert learning.accused_from(chance - 0.3, np.ones(200, dtype=bool)) == float(learning.convention("accused_least"))


def test_a_batch_counts_as_the_root_of_its_size():
    counted = learning.batch_weights(np.array([0] * 9 + [1]))
    np.testing.assert_allclose(counted, [10 / 4 / 3] * 9 + [10 / 4])


def test_a_calibration_without_scores_is_the_logarithm_of_the_shares():
    # also where every step goes down
    labels, counts = np.repeat([0, 1, 2], [90, 9, 1]), np.ones(100)
    fitted = weights.calibrate(np.ones((100, 1)), labels)
    assert fitted.coefficients[:, 0] == pytest.approx(np.log([0.1, 1 / 90]), abs=1e-9)
    np.testing.assert_allclose(fitted.shares, [0.9, 0.09, 0.01])
    # the covariance of a multinomial logit: 1/n_k on the diagonal and 1/n_0 everywhere
    covariance = fitted.covariance[:, 0, :, 0]
    np.testing.assert_allclose(covariance, 1 / 90 + np.diag([1 / 9, 1.0]), rtol=1e-6)
    counts[labels == 0] = 2.0
    weighted = weights.calibrate(np.ones((100, 1)), labels, counts)
    assert weighted.coefficients[:, 0] == pytest.approx(np.log([0.05, 1 / 180]), abs=1e-9)
    np.testing.assert_allclose(weighted.shares, np.array([180, 9, 1]) / 190)

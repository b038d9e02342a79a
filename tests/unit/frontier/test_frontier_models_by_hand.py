"""Three units that can be worked by hand, for every model; and what each model refuses, by name."""

from __future__ import annotations

import numpy as np
import pytest

from xinzhi.core.errors import InputError, UsageError
from xinzhi.frontier import efficiency
from xinzhi.frontier.bootstrap import bootstrap
from xinzhi.frontier.models.additive import range_directional, seiford_zhu
from xinzhi.frontier.models.environmental import by_production, directional, non_radial, shadow_prices
from xinzhi.frontier.models.slacks_based import (
    affinity_parameters,
    epsilon_based,
    russell,
    slacks_based,
    super_slacks_based,
)
from xinzhi.frontier.partial import order_alpha, order_m
from xinzhi.frontier.returns import returns_test
from xinzhi.frontier.subsets import metafrontier, window_analysis

# A and B produce 1 from (1, 4) and (4, 1); C takes (4, 4), and meets the frontier x1 + x2 = 5 at (2.5, 2.5).
X, Y = np.array([[1.0, 4.0], [4.0, 1.0], [4.0, 4.0]]), np.ones(3)
# A unit of input gives C (4, 2), D (2, 1) and E (2, 2) of good and bad.
GX, GY, GB = np.ones(3), np.array([4.0, 2.0, 2.0]), np.array([2.0, 1.0, 2.0])


def test_sbm_takes_the_largest_slack() -> None:
    """C may go to A (slacks 3, 0), to B (0, 3) or between: 1 - mean(s / x) is 1 - 3/8 everywhere on the segment."""
    found = slacks_based(X, Y, orientation="input")
    assert found.score.round(12).tolist() == [1.0, 1.0, 0.625]
    assert found.slack_x[2].sum() == pytest.approx(3.0)
    assert found.factors["theta_x"][2].mean() == pytest.approx(0.625)


def test_super_sbm_of_a_corner() -> None:
    """Without A the rest begin at B (4, 1): A may raise input 1 from 1 to 4 and keep input 2: (4 + 1) / 2 = 2.5."""
    assert super_slacks_based(X, Y, orientation="input").score.round(12).tolist() == [2.5, 2.5, 0.625]


def test_russell_of_three() -> None:
    """phi = (2, 1) is the mean 1.5 of the output form."""
    y = np.array([[4.0, 2.0], [2.0, 2.0], [4.0, 1.0]])
    assert russell(np.ones(3), y, orientation="output").score.round(12).tolist() == [1.0, 1.5, 1.5]


def test_affinity_of_three() -> None:
    """c = ln(b / a) is -ln 4, 0, ln 4: mean deviation 2/3 ln 4 over the range 2 ln 4 is 1/3, so S = 1/3."""
    epsilon, weights = affinity_parameters(np.array([[4.0, 1.0], [1.0, 1.0], [1.0, 4.0]]))
    assert epsilon == pytest.approx((2 - 4 / 3) / 1)
    assert weights.tolist() == pytest.approx([0.5, 0.5])


def test_ebm_between_radial_and_slacks() -> None:
    """C: theta is 0.625 radially; targets (1, 4) .. (4, 1) give (1 - e) max(t / 4) + e mean(t / 4), mean 0.625."""
    found = epsilon_based(X, Y, epsilon=(0.5, 0.0), rts="vrs")
    assert found.score[2] == pytest.approx(0.625)


def test_environmental_distance_of_three() -> None:
    """D: 2 l = 1 - beta and 4 l >= 2 (1 + beta) give beta = 0. E: 2 l = 2 - 2 beta and 4 l = 2 + 2 beta, beta = 1/3."""
    found = directional(GX, GY, GB)
    assert found.score.round(12).tolist() == [0.0, 0.0, pytest.approx(1 / 3)]
    assert found.target_y[2, 0] == pytest.approx(8 / 3)
    assert found.target_b[2, 0] == pytest.approx(4 / 3)


def test_shadow_price_of_three() -> None:
    """The frontier from the origin through C is y = 2 b: one less of the bad costs two of the good, at any scale."""
    for unit in (1.0, 1000.0):
        price = shadow_prices(directional(GX, GY, GB / unit), price=3.0)
        assert price[2, 0] == pytest.approx(6.0 * unit)


def test_a_flat_frontier_has_no_shadow_price_beside_a_unit_without_solution() -> None:
    """One unit makes (2, 2) from 1. A has less of the first good, which costs nothing; B is left of all inputs."""
    y = np.array([[0.5, 2.0], [1.0, 1.0]])
    reference = (np.ones((1, 1)), np.array([[2.0, 2.0]]), np.ones((1, 1)))
    found = directional(np.array([1.0, 0.5]), y, np.ones(2), reference=reference, rts="vrs")
    assert found.status.tolist() == ["optimal", "infeasible"]
    assert np.isnan(shadow_prices(found)).all()
    assert shadow_prices(found, good=1)[0, 0] == pytest.approx(2.0)


def test_non_radial_distance_of_three() -> None:
    """E may double its output at the same bad (weights 1, 1): 1 + 0 beats 1/3 + 1/3."""
    found = non_radial(GX, GY, GB, direction="outputs", weights="ones")
    assert found.score[2] == pytest.approx(1.0)
    assert (found.factors["beta_y"][2, 0], found.factors["beta_b"][2, 0]) == pytest.approx((1.0, 0.0))


def test_by_production_of_three() -> None:
    """One input for all: the best output is 4, the least bad 1. C is held to 4 and 1: (1 + 1/2) / 2."""
    found = by_production(GX, GY, GB, polluting=[0])
    assert found.score.tolist() == pytest.approx([0.75, 0.75, 0.5])
    assert found.factors["goods"].tolist() == pytest.approx([1, 0.5, 0.5])
    assert found.factors["bads"].tolist() == pytest.approx([0.5, 1, 0.5])
    common = by_production(GX, GY, GB, polluting=[0], measure="directional")
    assert common.score.tolist() == pytest.approx([0.0, 0.0, 0.5])  # min(1, 1 - 1/2)


def test_seiford_zhu_of_three() -> None:
    """Turned by 3: (4, 1), (2, 2), (2, 1). (2, 1) phi meets (4 - 2t, 1 + t) at t = 1/2; turned by 5 at t = 3/4."""
    assert seiford_zhu(GX, GY, GB).score.tolist() == pytest.approx([1, 1, 1.5])
    assert seiford_zhu(GX, GY, GB, translation=np.array([5.0])).score[2] == pytest.approx(1.25)


def test_range_directional_of_three() -> None:
    """The ideal is (4, 4); from (0, 0) the way meets y1 + y2 = 2 after a quarter."""
    y = np.array([[-2.0, 4.0], [4.0, -2.0], [0.0, 0.0]])
    found = range_directional(np.ones(3), y)
    assert found.score.tolist() == pytest.approx([1, 1, 0.75])
    assert found.target_y[2].tolist() == pytest.approx([1, 1])


def test_a_unit_best_in_everything_stays() -> None:
    found = range_directional(np.array([1.0, 2.0, 3.0]), np.array([5.0, -1.0, 2.0]))
    assert found.status[0] == "optimal"
    assert found.score[0] == 1.0


def test_order_m_by_counting_draws() -> None:
    """Two draws from the values 1/2, 1, 2 (relative to B): the least of nine pairs, 5 times 1/2, 3 times 1, once 2."""
    x, y = np.array([1.0, 2.0, 4.0]), np.ones(3)
    found = order_m(x, y, m=2)
    assert found.frame["score"][1] == pytest.approx((5 * 0.5 + 3 * 1 + 1 * 2) / 9)
    simulated = order_m(x, y, m=2, draws=20_000, seed=1).frame
    assert abs(simulated["score"][1] - (7.5 / 9)) < 4 * simulated["error"][1]
    output = order_m(np.ones(3), np.array([1.0, 2.0, 4.0]), m=2, orientation="output").frame
    assert output["score"][1] == pytest.approx((5 * 2 + 3 * 1 + 1 * 0.5) / 9)


def test_order_m_tends_to_the_hull_and_alpha_one_is_the_hull() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.uniform(1, 2, (20, 2)), rng.uniform(1, 2, (20, 1))
    hull = efficiency(x, y, rts="fdh").scores
    np.testing.assert_allclose(order_alpha(x, y, alpha=1.0).frame["score"], hull, atol=1e-12)
    np.testing.assert_allclose(order_m(x, y, m=10_000).frame["score"], hull, atol=1e-9)


def test_order_alpha_counts_from_the_best() -> None:
    """Three dominating units: with alpha = 0.6 a share above 0.4 must do as well, that is two of three."""
    found = order_alpha(np.array([1.0, 2.0, 4.0]), np.ones(3), alpha=0.6)
    assert found.frame["score"].to_list() == [2.0, 1.0, 0.5]
    output = order_alpha(np.ones(3), np.array([1.0, 2.0, 4.0]), alpha=0.6, orientation="output")
    assert output.frame["score"].to_list() == [2.0, 1.0, 0.5]


def test_metafrontier_and_its_union() -> None:
    """Groups of one unit: on x = 3 the segment between the groups gives 2.5, the union only the better group's 2."""
    x, y, groups = np.array([2.0, 4.0, 3.0]), np.array([2.0, 3.0, 1.0]), ["a", "b", "a"]
    mixed = metafrontier(x, y, groups, measure="output", rts="vrs")
    assert mixed.frame["meta"].to_list() == pytest.approx([1, 1, 2.5])
    assert mixed.frame["tgr"].to_list() == pytest.approx([1, 1, 2 / 2.5])
    union = metafrontier(x, y, groups, measure="output", rts="vrs", convex=False)
    assert union.frame["meta"].to_list() == pytest.approx([1, 1, 2])
    assert "that of a 90.0" in mixed.summary()
    assert "a为90.0" in mixed.summary("zh")


def test_windows() -> None:
    x, y = np.array([1.0, 2.0, 1.0, 1.0, 2.0, 1.0]), np.array([1.0, 1.0, 1.0, 2.0, 1.0, 2.0])
    found = window_analysis(x, y, ["a", "b"] * 3, [1, 1, 2, 2, 3, 3], width=2)
    assert found.frame.height == 8
    row = found.units.row(0, named=True)
    assert row["unit"] == "a"
    assert found.frame.filter((found.frame["unit"] == "a") & (found.frame["period"] == 2))["score"].to_list() == [
        0.5,
        0.5,
    ]
    assert row["total_range"] == pytest.approx(0.25)
    assert "2 windows" in found.summary()


def test_models_are_reached_by_name_and_factors_carry_the_names_of_goods() -> None:
    result = efficiency(GX, GY, GB, model="non-radial", rts="crs", units=["C", "D", "E"], weights="ones")
    assert "beta_y1" in result.frame.columns
    assert result.status.tolist() == ["optimal"] * 3
    priced = efficiency(GX, GY, GB, model="environmental", rts="crs", price=3.0)
    assert priced.frame["shadow_price_b1"][2] == pytest.approx(6.0)
    lost = efficiency(np.array([1.0, 2.0]), np.array([1.0, 2.0]), model="super-sbm", rts="vrs", orientation="input")
    assert lost.status.tolist() == ["optimal", "infeasible"]
    assert lost.frame["score"].null_count() == 1
    assert efficiency(X, Y, model="ebm").scores[2] < 1
    assert efficiency(X, Y, model="russell", orientation="graph").scores[0] == 1
    assert efficiency(GX, GY, GB, model="by-production", polluting=["x1"]).scores[0] == pytest.approx(0.75)
    assert efficiency(GX, GY, GB, model="seiford-zhu", orientation="output").scores[2] == pytest.approx(1.5)
    assert efficiency(GX, GY - 3, model="range-directional", orientation="none").scores[0] == 1


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: slacks_based(X, np.array([1.0, 0.0, 1.0])), InputError, "column 0 of y is zero for unit 1"),
        (lambda: slacks_based(-X, Y), InputError, "range-directional"),
        (lambda: slacks_based(X, np.array([1.0, np.nan, 1.0])), InputError, "y: unit 1, column 0 is missing"),
        (lambda: slacks_based(X, Y, rts="fdh"), UsageError, "rts 'fdh'"),
        (lambda: slacks_based(X, Y, orientation="graph"), UsageError, "orientation 'graph'"),
        (lambda: slacks_based(np.zeros((3, 1)), Y), InputError, "zero for every unit"),
        (lambda: slacks_based(X, np.ones(2)), UsageError, "differ in units"),
        (lambda: directional(GX, GY, GB, rts="vrs", direction="all"), UsageError, "kuosmanen"),
        (lambda: directional(GX, GY, GB, disposability="free"), UsageError, "disposability 'free'"),
        (lambda: directional(GX, GY, GB, direction=(0.0, 1.0, -1.0)), InputError, "gb is a reduction"),
        (lambda: non_radial(GX, GY, GB, weights=np.ones(2)), InputError, "weights must be 3 numbers"),
        (lambda: by_production(GX, GY, GB, polluting=[1]), UsageError, "polluting names '1'"),
        (lambda: seiford_zhu(GX, GY, GB, translation=np.array([2.0])), InputError, "translation 2.000 must exceed"),
        (lambda: epsilon_based(X, Y, epsilon=(2.0, 0.0)), UsageError, "epsilon must be two numbers"),
        (lambda: order_m(X, Y, m=0), UsageError, "m must be a whole number"),
        (lambda: order_m(X, Y, m=2, draws=10), UsageError, "seed"),
        (lambda: order_alpha(X, Y, alpha=0.0), UsageError, "alpha"),
        (lambda: metafrontier(X, Y, ["a"]), InputError, "groups has 1 entries"),
        (lambda: metafrontier(GX, GY, ["a"] * 3, GB), UsageError, "knows no bad outputs"),
        (lambda: window_analysis(X, Y, ["a", "a", "b"], [1, 1, 1]), InputError, "two rows in 1"),
        (lambda: window_analysis(X, Y, ["a", "b", "c"], [1, 1, 1], width=2), UsageError, "width must be from 1 to 1"),
        (lambda: efficiency(X, Y, model="sbm", orientation="directional"), UsageError, "knows the orientations"),
        (lambda: efficiency(X, Y, model="environmental"), UsageError, "bad=..."),
        (lambda: efficiency(GX, GY, GB, model="ebm"), UsageError, "takes no bad outputs"),
        (lambda: efficiency(GX, GY, GB, model="by-production"), UsageError, "polluting=[...]"),
        (lambda: efficiency(GX, GY, GB, model="sbm", weights=1), UsageError, "no option 'weights'"),
    ],
)
def test_what_is_refused_is_named(call, error, words) -> None:
    with pytest.raises(error, match=words.replace("[", r"\[").replace("]", r"\]")):
        call()


def test_a_zero_input_drops_out_of_the_mean() -> None:
    """The second input of A is zero: its slack cannot be anything but zero, and the mean is over the other input."""
    x = np.array([[2.0, 0.0], [1.0, 1.0], [4.0, 0.0]])
    found = slacks_based(x, np.ones(3), orientation="input")
    assert found.score.tolist() == pytest.approx([1.0, 1.0, 0.5])


def test_zero_bads_are_no_obstacle_to_a_distance() -> None:
    found = directional(np.ones(3), np.array([4.0, 2.0, 1.0]), np.array([2.0, 0.0, 1.0]))
    assert set(found.status) == {"optimal"}
    assert found.score[2] > 0


def test_equal_and_proportional_units_and_few_of_them() -> None:
    same = slacks_based(np.ones((4, 2)), np.ones((4, 2)), np.ones((4, 1)))
    assert same.score.tolist() == [1.0] * 4
    scaled = np.array([[1.0, 2.0], [2.0, 4.0]])
    assert slacks_based(scaled, scaled, rts="crs").score.tolist() == pytest.approx([1.0, 1.0])
    assert slacks_based(np.ones((2, 3)), np.ones((2, 3))).score.tolist() == [1.0, 1.0]
    king = slacks_based(np.array([1.0, 2.0, 3.0]), np.array([3.0, 2.0, 1.0]))
    assert (king.score < 1).tolist() == [False, True, True]


def test_a_hyperbolic_score_is_the_worse_of_both_ways() -> None:
    x, y = np.array([2.0, 4.0, 2.0]), np.array([2.0, 1.0, 1.0])
    # the second is beaten by the first with half the input and twice the output; the third with the same input
    scores = order_alpha(x, y, alpha=1.0, orientation="hyperbolic").frame["score"]
    assert scores.to_list() == pytest.approx([1.0, 0.5, 1.0])


@pytest.mark.parametrize("orientation", ["none", "input", "output"])
def test_peers_of_an_epsilon_based_score_make_its_target(orientation: str) -> None:
    x, y = np.array([[3.0, 4.0], [4.0, 3.0], [4.0, 4.0]]), np.array([[2.0], [2.0], [1.0]])
    result = epsilon_based(x, y, orientation=orientation, rts="vrs", epsilon=(0.5, 0.5))
    peers = result.intensity.toarray()
    np.testing.assert_allclose(peers.sum(axis=1), 1.0, atol=1e-9)
    np.testing.assert_allclose(peers @ x, result.target_x, atol=1e-9)
    np.testing.assert_allclose(peers @ y, result.target_y, atol=1e-9)
    assert result.programs.columns == 3 + 3 + 3  # t and the two radial parts, a slack of each good, the units
    assert result.programs.rows < result.programs.columns
    if orientation == "none":
        assert result.score[2] == pytest.approx(0.875 / 2)  # half of each peer, with seven eighths of the inputs


def test_a_good_without_a_step_of_its_own_is_not_improved() -> None:
    """E may halve its bad at the same output; the others' steps in the output are not its own."""
    steps = (np.zeros((3, 1)), np.array([[4.0], [2.0], [0.0]]), GB[:, None])
    result = non_radial(GX, GY, GB, direction=steps, weights="ones")
    assert result.score[2] == pytest.approx(0.5)
    assert (result.factors["beta_y"][2, 0], result.factors["beta_b"][2, 0]) == pytest.approx((0.0, 0.5))


def test_a_negative_number_of_draws_is_refused() -> None:
    x, y = np.arange(1.0, 9.0)[:, None], np.array([1.0, 3.0, 2.0, 5.0, 3.5, 4.0, 6.5, 5.0])[:, None]
    with pytest.raises(UsageError, match="draws is -1"):
        order_m(x, y, m=2, draws=-1, seed=1)
    for verb in (bootstrap, returns_test):
        with pytest.raises(UsageError, match="must be at least 1; got -1"):
            verb(x, y, draws=-1)

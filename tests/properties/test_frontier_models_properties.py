"""What holds for every data set: units of measurement, order, bounds, and how the models stand to each other."""

from __future__ import annotations

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from xinzhi.frontier.models.additive import range_directional
from xinzhi.frontier.models.environmental import by_production, directional, non_radial
from xinzhi.frontier.models.slacks_based import epsilon_based, russell, slacks_based, super_slacks_based
from xinzhi.frontier.partial import order_alpha, order_m
from xinzhi.frontier.subsets import metafrontier
from xinzhi.frontier.technology.distance import distance

CLOSE = 1e-7
RTS = st.sampled_from(["crs", "vrs", "nirs", "ndrs"])
SEEDS = st.integers(0, 10_000)


def sample(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(3, 14))
    return rng.uniform(0.5, 4, (n, 2)), rng.uniform(0.5, 4, (n, 2)), rng.uniform(0.5, 4, (n, 1))


MODELS = {
    "sbm": lambda x, y, b, rts: slacks_based(x, y, b, rts=rts),
    "super-sbm": lambda x, y, b, rts: super_slacks_based(x, y, b, rts=rts),
    "ebm": lambda x, y, b, rts: epsilon_based(x, y, rts=rts),  # noqa: ARG005 - all take the same
    "russell": lambda x, y, b, rts: russell(x, y, rts=rts),  # noqa: ARG005 - as above
    "non-radial": lambda x, y, b, rts: non_radial(x, y, b, rts=rts, disposability="kuosmanen"),
    "environmental": lambda x, y, b, rts: directional(x, y, b, rts=rts),
    "by-production": lambda x, y, b, rts: by_production(x, y, b, polluting=[1], rts=rts),
    "range-directional": lambda x, y, b, rts: range_directional(x, y),  # noqa: ARG005 - as above
}


@settings(max_examples=25, deadline=None)
@given(SEEDS, RTS, st.sampled_from(sorted(MODELS)), st.floats(1e-6, 1e9))
def test_units_of_measurement_and_order_do_not_matter(seed: int, rts: str, name: str, factor: float) -> None:
    x, y, b = sample(seed)
    first = MODELS[name](x, y, b, rts).score
    other = MODELS[name](x * np.array([factor, 1.0]), y * np.array([1.0, 7 / factor]), b * factor, rts).score
    np.testing.assert_allclose(other, first, atol=CLOSE)
    order = np.random.default_rng(seed).permutation(len(x))
    np.testing.assert_allclose(MODELS[name](x[order], y[order], b[order], rts).score, first[order], atol=CLOSE)


@settings(max_examples=25, deadline=None)
@given(SEEDS, RTS)
def test_slacks_based_never_above_epsilon_based_never_above_radial(seed: int, rts: str) -> None:
    x, y, _ = sample(seed)
    radial = distance(x, y, rts=rts).score
    inward = slacks_based(x, y, rts=rts, orientation="input")
    between = epsilon_based(x, y, rts=rts).score
    assert (between <= radial + CLOSE).all()
    assert (inward.score <= radial + CLOSE).all()
    whole = slacks_based(x, y, rts=rts).score
    assert (whole <= inward.score + CLOSE).all()
    assert (whole <= slacks_based(x, y, rts=rts, orientation="output").score + CLOSE).all()
    assert (whole > 0).all()
    again = slacks_based(inward.target_x, inward.target_y, rts=rts, orientation="input", reference=(x, y))
    np.testing.assert_allclose(again.score, 1.0, atol=CLOSE)  # targets lie on the frontier


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.sampled_from(["crs", "vrs"]))
@example(69, "vrs")  # one unit so clean that the others cannot follow
@example(201, "vrs")
def test_super_efficiency_begins_where_efficiency_ends(seed: int, rts: str) -> None:
    x, y, b = sample(seed)
    plain, over = slacks_based(x, y, b, rts=rts), super_slacks_based(x, y, b, rts=rts)
    behind = plain.score < 1 - CLOSE
    np.testing.assert_allclose(over.score[behind], plain.score[behind], atol=CLOSE)
    for unit in np.flatnonzero(~behind):
        if over.status[unit] == "optimal":
            assert over.score[unit] >= 1 - CLOSE
        else:  # no point of the others leaves a positive denominator, so that there is no such ratio
            assert over.status[unit] == "infeasible"
            assert np.isnan(over.score[unit])
            assert largest_denominator(y, b, int(unit), rts) < CLOSE


def largest_denominator(y: np.ndarray, b: np.ndarray, unit: int, rts: str) -> float:
    """Return 1 less the smallest mean of relative losses of outputs and increases of bad ones that others allow."""
    others, q, r = np.arange(len(y)) != unit, y.shape[1], b.shape[1]
    count = int(others.sum())
    losses = np.concatenate([np.zeros(count), -1 / y[unit], 1 / b[unit]])  # the constants of both are put back below
    less = np.block([[-y[others].T, np.eye(q), np.zeros((q, r))], [b[others].T, np.zeros((r, q)), -np.eye(r)]])
    whole = {"A_eq": [np.concatenate([np.ones(count), np.zeros(q + r)])], "b_eq": [1]} if rts == "vrs" else {}
    bounds = [(0, None)] * count + [(0, most) for most in y[unit]] + [(least, None) for least in b[unit]]
    found = linprog(losses, A_ub=less, b_ub=np.zeros(q + r), bounds=bounds, **whole)
    return 1 - float(found.fun + q - r) / (q + r)


@settings(max_examples=20, deadline=None)
@given(SEEDS)
def test_larger_technologies_see_more_inefficiency(seed: int) -> None:
    x, y, b = sample(seed)
    single = directional(x, y, b, rts="vrs").score
    kuosmanen = directional(x, y, b, rts="vrs", disposability="kuosmanen").score
    strong = directional(x, y, b, rts="vrs", disposability="strong").score
    constant = directional(x, y, b, rts="crs").score
    assert (single <= kuosmanen + CLOSE).all()
    assert (kuosmanen <= constant + CLOSE).all()
    assert (directional(x, y, b, rts="vrs", disposability="equality").score <= single + CLOSE).all()
    assert (directional(x, y, b, rts="vrs", disposability="equality").score <= strong + CLOSE).all()
    assert (non_radial(x, y, b, weights="ones").score >= directional(x, y, b, direction="all").score * 5 - CLOSE).all()


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.sampled_from(["crs", "vrs"]))
def test_by_production_is_the_meeting_of_two_technologies(seed: int, rts: str) -> None:
    x, y, b = sample(seed)
    y = y[:, :1]
    both = by_production(x, y, b, polluting=[0], rts=rts, measure="directional")
    goods = distance(x, y, rts=rts, orientation="output").score - 1
    # The residuals' technology is one that makes polluting inputs from bad outputs: its input efficiency is gamma.
    bads = 1 - distance(b, x[:, :1], rts=rts).score
    np.testing.assert_allclose(both.factors["goods"], goods, atol=CLOSE)
    np.testing.assert_allclose(both.factors["bads"], bads, atol=CLOSE)
    np.testing.assert_allclose(both.score, np.minimum(goods, bads), atol=CLOSE)


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.sampled_from(["input", "output", "directional", "sbm"]), st.booleans())
def test_technology_gap_ratios_lie_above_zero_up_to_one(seed: int, measure: str, convex: bool) -> None:  # noqa: FBT001 - hypothesis
    x, y, b = sample(seed)
    groups = np.array(["east", "west"])[np.arange(len(x)) % 2]
    bad = b if measure in {"directional", "sbm"} else None
    found = metafrontier(x, y, groups, bad, measure=measure, rts="crs", convex=convex).frame
    assert found["status"].unique().to_list() == ["optimal"]
    assert found["tgr"].min() > 0
    assert found["tgr"].max() <= 1
    joint = metafrontier(x, y, ["one"] * len(x), bad, measure=measure, rts="crs").frame
    np.testing.assert_allclose(joint["tgr"], 1.0, atol=CLOSE)


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.integers(1, 20), st.sampled_from(["input", "output"]))
def test_partial_frontiers_approach_the_hull_from_one_side(seed: int, m: int, orientation: str) -> None:
    x, y, _ = sample(seed)
    hull = distance(x, y, rts="fdh", orientation=orientation).score
    sign = 1 if orientation == "input" else -1
    now, later = (order_m(x, y, m=each, orientation=orientation).frame["score"].to_numpy() for each in (m, m + 1))
    assert (sign * (now - later) >= -CLOSE).all()
    assert (sign * (later - hull) >= -CLOSE).all()
    alpha = order_alpha(x, y, alpha=0.8, orientation=orientation).frame["score"].to_numpy()
    assert (sign * (alpha - hull) >= -CLOSE).all()


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.floats(-50, 50))
def test_the_range_model_does_not_care_for_the_zero_point(seed: int, shift: float) -> None:
    x, y, _ = sample(seed)
    np.testing.assert_allclose(range_directional(x + shift, y - shift).score, range_directional(x, y).score, atol=CLOSE)

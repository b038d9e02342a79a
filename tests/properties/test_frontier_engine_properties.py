"""What must hold whatever the data: units of measurement, order, dominated units, nested technologies, duality."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xinzhi.frontier.technology.distance import distance

# A certificate leaves 1e-10 open.
TOLERANCE = 1e-9

RTS = ["crs", "vrs", "nirs", "ndrs"]


@st.composite
def samples(draw, most=30):
    """Draw inputs and outputs; whole numbers often, which make ties and duplicates."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, p, q = draw(st.integers(2, most)), draw(st.integers(1, 3)), draw(st.integers(1, 3))
    if draw(st.booleans()):
        return rng.integers(1, 5, (n, p)).astype(float), rng.integers(1, 5, (n, q)).astype(float)
    return np.exp(rng.normal(0, 1, (n, p))), np.exp(rng.normal(0, 1, (n, q)))


def close(one, other):
    np.testing.assert_allclose(one, other, rtol=TOLERANCE, atol=TOLERANCE)


@settings(max_examples=20, deadline=None)
@given(samples(), st.sampled_from(RTS), st.sampled_from(["input", "output", "hyperbolic"]), st.integers(-9, 9))
def test_units_of_measurement_change_nothing(goods, rts, orientation, power):
    x, y = goods
    before = distance(x, y, rts=rts, orientation=orientation, slacks=True)
    scale_x, scale_y = 10.0 ** (power * np.arange(1, x.shape[1] + 1) / 3), 10.0 ** (-power)
    after = distance(x * scale_x, y * scale_y, rts=rts, orientation=orientation, slacks=True)
    close(before.score, after.score)
    total = [found.slack_x / size for found, size in ((before, x.mean(0)), (after, (x * scale_x).mean(0)))]
    total = [
        part.sum(1) + (found.slack_y / size).sum(1)
        for part, found, size in zip(total, (before, after), (y.mean(0), (y * scale_y).mean(0)), strict=True)
    ]
    np.testing.assert_allclose(*total, atol=1e-7)


@settings(max_examples=20, deadline=None)
@given(samples(), st.sampled_from(RTS), st.randoms(use_true_random=False))
def test_order_of_units_changes_nothing(goods, rts, random):
    x, y = goods
    order = np.array(random.sample(range(len(x)), len(x)))
    close(distance(x, y, rts=rts).score[order], distance(x[order], y[order], rts=rts).score)


@settings(max_examples=20, deadline=None)
@given(samples(), st.sampled_from([*RTS, "fdh"]), st.sampled_from(["input", "output", "directional"]))
def test_a_dominated_unit_and_a_copy_change_nothing(goods, rts, orientation):
    x, y = goods
    more_x, more_y = np.vstack([x, 1.5 * x[:1], x[-1:]]), np.vstack([y, 0.5 * y[:1], y[-1:]])
    before = distance(x, y, rts=rts, orientation=orientation)
    after = distance(more_x, more_y, rts=rts, orientation=orientation)
    close(after.score[: len(x)], before.score)
    close(after.score[-1], before.score[-1])


@settings(max_examples=20, deadline=None)
@given(samples())
def test_technologies_are_nested(goods):
    x, y = goods
    scores = {rts: distance(x, y, rts=rts).score for rts in [*RTS, "fdh"]}
    scores["grs"] = distance(x, y, rts="grs", bounds=(0.5, 2)).score
    for small, large in [
        ("fdh", "vrs"),
        ("vrs", "nirs"),
        ("vrs", "ndrs"),
        ("vrs", "grs"),
        ("nirs", "crs"),
        ("ndrs", "crs"),
        ("grs", "crs"),
    ]:
        assert (scores[small] >= scores[large] - TOLERANCE).all()
    close(np.minimum(scores["nirs"], scores["ndrs"]), scores["crs"])


@settings(max_examples=20, deadline=None)
@given(samples())
def test_constant_returns_tie_the_orientations_together(goods):
    x, y = goods
    theta = distance(x, y).score
    close(distance(x, y, orientation="output").score, 1 / theta)
    close(distance(x, y, orientation="hyperbolic").score, np.sqrt(theta))
    close(distance(x, y, orientation="directional").score, (1 - theta) / (1 + theta))


@settings(max_examples=20, deadline=None)
@given(samples(), st.sampled_from(RTS))
def test_projections_are_efficient_and_weights_reach_them(goods, rts):
    x, y = goods
    found = distance(x, y, rts=rts, slacks=True)
    weights = found.intensity.toarray()
    target_x, target_y = found.score[:, None] * x - found.slack_x, y + found.slack_y
    np.testing.assert_allclose(weights @ x, target_x, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(weights @ y, target_y, rtol=1e-8, atol=1e-8)
    total = weights.sum(axis=1)
    assert {
        "crs": True,
        "vrs": np.allclose(total, 1),
        "nirs": (total <= 1 + 1e-9).all(),
        "ndrs": (total >= 1 - 1e-9).all(),
    }[rts]
    again = distance(target_x, target_y, x_ref=x, y_ref=y, rts=rts)
    np.testing.assert_allclose(again.score, 1, atol=1e-8)


@settings(max_examples=20, deadline=None)
@given(samples(), st.sampled_from(RTS))
def test_leaving_oneself_out_only_matters_on_the_frontier(goods, rts):
    x, y = goods
    plain, alone = distance(x, y, rts=rts), distance(x, y, rts=rts, exclude_self=True)
    inside = plain.score < 1 - 1e-7
    close(alone.score[inside], plain.score[inside])
    solved = alone.status == "optimal"
    assert (alone.score[solved] >= plain.score[solved] - TOLERANCE).all()
    assert not np.isfinite(alone.score[~solved]).any()
    for unit in np.flatnonzero(~inside)[:3]:
        others = np.arange(len(x)) != unit
        direct = distance(x[[unit]], y[[unit]], x_ref=x[others], y_ref=y[others], rts=rts)
        assert direct.status[0] == alone.status[unit]
        np.testing.assert_allclose(alone.score[unit], direct.score[0], rtol=1e-8)


@settings(max_examples=15, deadline=None)
@given(samples(), st.sampled_from(["vrs", "nirs"]))
def test_kuosmanen_lies_between_equality_and_strong(goods, rts):
    x, y = goods
    b = y[:, :1] * np.linspace(0.5, 1.5, len(x))[:, None]
    options = {"rts": rts, "orientation": "directional", "direction": (0.0, y, b)}
    beta = {
        how: distance(x, y, b, disposability=how, **options).score
        for how in ("equality", "weak", "kuosmanen", "strong")
    }
    for small, large in [("equality", "weak"), ("weak", "kuosmanen")]:
        assert (beta[small] <= beta[large] + TOLERANCE).all()


@pytest.mark.parametrize("rts", RTS)
def test_many_units_score_alike_with_and_without_frame(rts, monkeypatch):
    rng = np.random.default_rng(11)
    x = np.exp(rng.normal(0, 0.7, (700, 3)))
    y = (
        np.prod(x**0.3, axis=1, keepdims=True)
        * np.exp(-np.abs(rng.normal(0, 0.3, (700, 1))))
        * rng.uniform(0.5, 1, (700, 2))
    )
    framed = distance(x, y, rts=rts)
    assert framed.programs.columns < 700
    monkeypatch.setattr("xinzhi.frontier.technology.technology._WORTH_FRAMING", 10**9)
    plain = distance(x, y, rts=rts)
    assert plain.programs.columns >= 700
    close(framed.score, plain.score)

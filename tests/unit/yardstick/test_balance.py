"""The balanced system: small cases solved in another way, what must hold of any, and what is refused."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import block_diag

from xinzhi.core.errors import XinzhiError
from xinzhi.yardstick.balance import ErrorModel, Weights, balance, load_weights

YEARS = (2000, 2001, 2002)
SPAN = (2001, 2002)
WEIGHTS = Weights(
    blocks=[SPAN],
    volume=ErrorModel(lasting={SPAN: 1.2}, single=0.5, common=2.0),
    nominal=ErrorModel(lasting={SPAN: 0.4}, single=0.2, common=1.0),
    prices={"index": ErrorModel(lasting={SPAN: 0.7}, single=1.0, common=1.5, variance=2.0)},
    anchor=2001,
    level=1.9,
    rounding=0.001,
    benchmarks={2000: 3.0},
    reliability={"a": 0.8, "b": 1.0, "c": 2.0},
)


def frames(seed=1, names="abc", gap=0.01):
    """Return evidence and a nation that regions do not add up to."""
    rng = np.random.default_rng(seed)
    growth = rng.normal(0.06, 0.02, (len(names), 2))
    price = rng.normal(0.02, 0.02, (len(names), 2))
    start = np.log(rng.uniform(20, 90, len(names)))
    nominal = np.exp(np.column_stack([start, start + growth[:, 0] + price[:, 0], start + (growth + price).sum(1)]))
    none = np.full((len(names), 1), np.nan)
    evidence = pl.DataFrame(
        {
            "region": np.repeat(list(names), 3),
            "year": np.tile(YEARS, len(names)),
            "nominal": nominal.ravel(),
            "volume_growth": np.hstack([none, growth]).ravel(),
            "index": np.hstack([none, price + rng.normal(0, 0.01, price.shape)]).ravel(),
        }
    ).fill_nan(None)
    total = nominal.sum(0)
    volume = np.log((nominal[:, :-1] * np.exp(growth)).sum(0) / total[:-1]) - gap
    nation = {"year": YEARS, "nominal": total * (1 + gap * rng.normal(size=3)), "volume_growth": [None, *volume]}
    return evidence, nation


def by_lagrange(evidence, nation, weights):
    """Return balanced unknowns by region, and their covariance, from the whole matrix with Lagrange multipliers."""
    regions = evidence["region"].unique(maintain_order=True).to_list()
    count, f = len(regions), np.array([weights.reliability[name] for name in regions])
    table = {name: evidence[name].to_numpy().reshape(count, 3) for name in ("nominal", "volume_growth", "index")}
    nu, v, p = np.log(table["nominal"]), table["volume_growth"][:, 1:], table["index"][:, 1:]

    def growth(model):
        one = model.lasting[SPAN] ** 2 * np.ones((2, 2)) + model.single**2 * np.eye(2)
        return one * 1e-4

    # levels are known in 2001; those of 2000 and 2002 follow from growth
    path = np.array([[-1.0, 0.0], [0.0, 0.0], [0.0, 1.0]])
    level = path @ growth(weights.nominal) @ path.T + (weights.level / 100) ** 2
    three, two = np.eye(3), np.eye(2)
    of_level, of_volume = np.hstack([three, np.zeros((3, 2))]), np.hstack([np.zeros((2, 3)), two])
    of_growth = np.array([[-1.0, 1, 0], [0, -1, 1]]) @ of_level
    index = weights.prices["index"]
    parts = [
        (of_level, nu, [f[i] ** 2 * level + 1e-10 * three for i in range(count)], weights.nominal.common),
        (of_volume, v, [f[i] ** 2 * growth(weights.volume) for i in range(count)], weights.volume.common),
        (of_level[:1], nu[:, :1], [np.eye(1) * (f[i] * 0.03) ** 2 for i in range(count)], weights.nominal.common),
        (of_growth - of_volume, p, [2 * growth(index)] * count, index.common),
    ]
    precision, score = np.zeros((5 * count, 5 * count)), np.zeros(5 * count)
    for design, y, own, common in parts:
        errors = block_diag(*own) + np.kron(np.ones((count, count)), np.eye(len(design))) * (common / 100) ** 2
        whole = np.kron(np.eye(count), design)
        precision += whole.T @ np.linalg.solve(errors, whole)
        score += whole.T @ np.linalg.solve(errors, y.ravel())
    x = np.linalg.solve(precision, score)
    scale = np.sqrt(np.diag(precision))
    for _ in range(40):
        state = x.reshape(count, 5)
        level_now, moved = np.exp(state[:, :3]), np.exp(state[:, :2] + state[:, 3:])
        total = np.asarray(nation["nominal"])
        c = np.concatenate(
            [level_now.sum(0) / total - 1, moved.sum(0) / (total[:-1] * np.exp(nation["volume_growth"][1:])) - 1]
        )
        slope = np.zeros((5, count, 5))
        for t in range(3):
            slope[t, :, t] = level_now[:, t] / total[t]
        for t in range(2):
            slope[3 + t, :, t] = slope[3 + t, :, 3 + t] = moved[:, t] / (
                total[t] * np.exp(nation["volume_growth"][1 + t])
            )
        slope = slope.reshape(5, -1) / scale
        matrix = np.block([[precision / np.outer(scale, scale), slope.T], [slope, np.zeros((5, 5))]])
        solution, *_ = np.linalg.lstsq(matrix, np.concatenate([score / scale, slope @ (x * scale) - c]), rcond=None)
        x = solution[: 5 * count] / scale
    covariance = np.linalg.inv(matrix)[: 5 * count, : 5 * count] / np.outer(scale, scale)
    return x.reshape(count, 5), covariance


@pytest.mark.parametrize("seed", [1, 2])
def test_a_small_case_is_that_of_lagrange_multipliers_on_the_whole_matrix(seed):
    evidence, nation = frames(seed)
    made = balance(evidence, nation, WEIGHTS, periods=[(2000, 2002)])
    x, covariance = by_lagrange(evidence, nation, WEIGHTS)
    assert np.abs(made.point.state - x).max() < 1e-9
    error = np.sqrt(np.diag(covariance)).reshape(3, 5)[:, 3:]
    assert np.abs(made.frame["standard_error"].drop_nulls().to_numpy() - error.ravel()).max() < 1e-9
    mean = np.kron(np.eye(3), [0, 0, 0, 0.5, 0.5])
    assert np.abs(made.covariance(2000, 2002) - mean @ covariance @ mean.T).max() < 1e-9
    assert made.periods["standard_error"].to_numpy() == pytest.approx(np.sqrt(np.diag(mean @ covariance @ mean.T)))


def test_evidence_that_is_not_there_is_left_out():
    evidence, nation = frames()
    some = evidence.with_columns(index=pl.when(pl.col("region") == "b").then(None).otherwise("index"))
    faint = evidence.with_columns(index_sd=pl.when(pl.col("region") == "b").then(1e5).otherwise(0.0))
    near = balance(faint, nation, WEIGHTS).frame["growth"] - balance(some, nation, WEIGHTS).frame["growth"]
    assert near.drop_nulls().abs().max() < 1e-9
    assert balance(some, nation, WEIGHTS).fit.degrees == balance(evidence, nation, WEIGHTS).fit.degrees - 2


def test_figures_that_agree_stay():
    evidence, nation = frames(gap=0.0)
    implied = pl.col("nominal").log().diff().over("region") - pl.col("volume_growth")
    made = balance(evidence.with_columns(index=implied), nation, WEIGHTS)
    assert made.frame["adjustment"].drop_nulls().abs().max() < 1e-9
    assert made.fit.chi_square == pytest.approx(0, abs=1e-9)
    assert not made.frame["flag"].any()


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), gap=st.floats(-0.05, 0.05))
def test_identities_scale_and_order(seed, gap):
    """Regions add up; twice the deviations leave estimates and double errors; the order of regions does not matter."""
    evidence, nation = frames(seed, gap=gap)
    made = balance(evidence, nation, WEIGHTS)
    frame = made.frame.with_columns(before=pl.col("nominal").shift().over("region"))
    sums = (
        frame.group_by("year")
        .agg(pl.col("nominal").sum(), volume=(pl.col("before") * pl.col("growth").exp()).sum())
        .sort("year")
    )
    total = np.asarray(nation["nominal"])
    assert sums["nominal"].to_numpy() == pytest.approx(total, rel=1e-9)
    volume = total[:-1] * np.exp(np.array(nation["volume_growth"][1:]))
    assert sums["volume"].to_numpy()[1:] == pytest.approx(volume, rel=1e-9)
    twice = balance(evidence, nation, WEIGHTS.scaled(2)).frame
    assert (twice["growth"] - frame["growth"]).drop_nulls().abs().max() < 1e-10
    assert (twice["standard_error"] / frame["standard_error"] - 2).drop_nulls().abs().max() < 1e-7
    other = balance(evidence.reverse(), nation, WEIGHTS)
    assert other.frame.equals(made.frame)
    renamed = {"a": "z", "b": "y", "c": "x"}
    turned = replace(WEIGHTS, reliability={renamed[name]: value for name, value in WEIGHTS.reliability.items()})
    mirror = balance(evidence.with_columns(pl.col("region").replace(renamed)), nation, turned).frame
    back = mirror.with_columns(pl.col("region").replace({new: old for old, new in renamed.items()})).sort(
        "region", "year"
    )
    for name in ("growth", "standard_error", "nominal"):
        assert (back[name] / frame[name] - 1).drop_nulls().abs().max() < 1e-8


def test_it_says_what_it_did_in_both_languages():
    evidence, nation = frames()
    contrary = pl.col("index") + pl.when(pl.col("region") == "b").then(0.3).otherwise(0.0)
    made = balance(evidence.with_columns(index=contrary), nation, WEIGHTS)
    assert [key for key in made.facts() if key.startswith("balance.")] == [
        "balance.identities",
        "balance.gap",
        "balance.fit",
        "balance.within",
        "balance.error",
        "balance.largest",
    ]
    assert "adds up to national output" in made.summary("en")
    assert "均与全国相等" in made.summary("zh")
    assert {column.name for column in made.columns()} == set(made.frame.columns)
    assert made.columns("periods")
    assert made.facts()["balance.largest"][0]["name"].en == "b"
    assert set(made.provenance.inputs) == {"evidence", "nation", "weights"}
    assert (
        made.provenance.inputs["weights"] != balance(evidence, nation, WEIGHTS.scaled(2)).provenance.inputs["weights"]
    )
    assert "Stone" in made.cite()


EVIDENCE, NATION = frames()
SHORT = {name: list(values)[:2] for name, values in NATION.items()}
FIELD = pl.col("region") == "b"
REFUSED = {
    "yardstick.balance-nation-years": lambda: balance(EVIDENCE, SHORT, WEIGHTS),
    "not-positive": lambda: balance(
        EVIDENCE.with_columns(nominal=pl.when(FIELD).then(-1.0).otherwise("nominal")), NATION, WEIGHTS
    ),
    "yardstick.balance-one-region": lambda: balance(EVIDENCE.filter(region="a"), NATION, WEIGHTS),
    "yardstick.balance-one-year": lambda: balance(EVIDENCE.filter(year=2000), NATION, WEIGHTS),
    "yardstick.balance-region-years": lambda: balance(EVIDENCE[1:], NATION, WEIGHTS),
    "yardstick.balance-no-growth": lambda: balance(
        EVIDENCE.with_columns(volume_growth=pl.when(FIELD).then(None).otherwise("volume_growth")), NATION, WEIGHTS
    ),
    "yardstick.balance-growth": lambda: balance(
        EVIDENCE.with_columns(volume_growth=100 * pl.col("volume_growth")), NATION, WEIGHTS
    ),
    "yardstick.balance-units": lambda: balance(EVIDENCE.with_columns(nominal=1e4 * pl.col("nominal")), NATION, WEIGHTS),
    "yardstick.balance-anchor": lambda: balance(EVIDENCE, NATION, replace(WEIGHTS, anchor=2010)),
    "yardstick.balance-weight-years": lambda: balance(EVIDENCE, NATION, replace(WEIGHTS, blocks=[(2001, 2001)])),
    "yardstick.balance-weight-sign": lambda: replace(WEIGHTS, level=0.0),
    "yardstick.balance-reliability": lambda: balance(EVIDENCE, NATION, replace(WEIGHTS, reliability={"a": 1.0})),
    "yardstick.balance-no-weights": lambda: load_weights("nowhere"),
    "yardstick.balance-period": lambda: balance(EVIDENCE, NATION, WEIGHTS).span(2002, 2001),
}


@pytest.mark.parametrize("code", REFUSED)
def test_what_cannot_be_balanced_is_named(code):
    with pytest.raises(XinzhiError) as caught:
        REFUSED[code]()
    error = caught.value
    codes = {error.code, *(finding.rule for finding in getattr(error, "findings", ()))}
    assert {code, code.removeprefix("yardstick.")} & codes
    for language in ("zh", "en"):
        assert not re.search(r"[{}]|None", error.lang(language))
    assert re.search(r"[\u4e00-\u9fff]", error.lang("zh"))
    assert not re.search(r"[\u4e00-\u9fff]", error.lang("en"))

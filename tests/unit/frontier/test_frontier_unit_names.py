"""Columns named after goods are described; a column that nobody describes is an error, not a good."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

import xinzhi.frontier as verbs
from xinzhi.core.errors import UsageError

MODELS = [
    {"model": "additive", "orientation": "input"},
    {"model": "russell", "orientation": "input"},
    {"model": "sbm", "orientation": "none"},
    {"model": "environmental", "rts": "crs"},
    {"model": "non-radial", "rts": "crs"},
    {"model": "by-production", "polluting": ["coal"]},
]
FRAMES = ("frame", "slacks", "targets", "duals", "peers")


@pytest.fixture(scope="module")
def goods():
    rng = np.random.default_rng(3)
    x, y, bad = (
        pl.DataFrame(rng.uniform(1, 9, (12, len(names))), schema=names)
        for names in (["coal", "men"], ["steel"], ["soot"])
    )
    return x, y, bad


@pytest.fixture(scope="module")
def panel():
    rng = np.random.default_rng(4)
    men, coal = rng.uniform(1, 9, (2, 60))
    steel = men**0.5 * coal**0.3 * np.exp(rng.normal(0, 0.1, 60) - abs(rng.normal(0, 0.3, 60)))
    return pl.DataFrame({"men": men, "coal": coal, "steel": steel})


def scored(goods, **asked):
    x, y, bad = goods
    needs = asked["model"] in {"environmental", "non-radial", "by-production"}
    return verbs.efficiency(x, y, bad if needs else None, **asked)


@pytest.mark.parametrize("asked", MODELS, ids=lambda asked: asked["model"])
def test_every_column_of_every_model_is_described(asked, goods):
    result = scored(goods, **asked)
    for frame in FRAMES:
        try:
            names = getattr(result, frame).columns
        except UsageError:  # a model without peers or multipliers
            continue
        assert [one.name for one in result.columns(frame)] == names


def test_columns_are_named_after_the_goods_of_the_data(goods):
    titles = {one.name: one.title.en for one in scored(goods, **MODELS[-2]).columns()}
    assert titles["beta_coal"] == "coal: could improve by"


@pytest.mark.parametrize("name", ["oddity", "theta_oddity", "beta_", "oddity_lower", "theta_x"])
def test_an_undescribed_column_is_an_error(name, goods):
    result = scored(goods, **MODELS[0])
    more = replace(result, frame=result.frame.with_columns(pl.lit(1.0).alias(name)))
    with pytest.raises(KeyError, match=name):
        more.columns()
    with pytest.raises(KeyError, match=name):
        result.good_column(name)


def test_elasticities_and_tangent_planes_are_named_after_inputs_alone(panel):
    stochastic = verbs.sfa(panel, "steel", ["men", "coal"])
    planes = verbs.stoned(panel, "steel", ["men", "coal"])
    for result, frame in ((stochastic, "elasticities"), (planes, "planes")):
        assert {"men", "coal"} <= {one.name for one in result.columns(frame)}
        more = replace(result, **{frame: getattr(result, frame).with_columns(steel=pl.lit(1.0))})
        with pytest.raises(KeyError, match="steel"):
            more.columns(frame)


def test_results_without_columns_of_goods_describe_none():
    rng = np.random.default_rng(5)
    frame = pl.DataFrame(
        {"place": list("abcdef") * 2, "year": [1] * 6 + [2] * 6, "k": rng.uniform(1, 9, 12), "y": rng.uniform(1, 9, 12)}
    )
    change = verbs.productivity_change(frame, "place", "year", ["k"], ["y"], draws=20)
    assert {"index_lower", "index_upper"} <= {one.name for one in change.columns()}
    with pytest.raises(KeyError, match="k"):
        replace(change, frame=change.frame.with_columns(k=pl.lit(1.0))).columns()

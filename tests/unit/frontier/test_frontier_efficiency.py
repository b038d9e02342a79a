"""The verb: frames and arrays in, named results out, models by name, and calls that are off."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest

import xinzhi.frontier as xf
from xinzhi.core.errors import InputError, UsageError
from xinzhi.frontier.models import MODELS
from xinzhi.frontier.technology.frame import frame

X = pl.DataFrame({"province": ["A", "B", "C", "D"], "capital": [2.0, 4.0, 8.0, 6.0]})
Y = pl.DataFrame({"province": ["A", "B", "C", "D"], "output": [1.0, 3.0, 4.0, 2.0]})


def test_names_of_units_and_goods_are_kept():
    found = xf.efficiency(X, Y, slacks=True)
    assert found.frame.columns == ["unit", "score", "status", "efficient", "shephard"]
    assert found.frame["unit"].to_list() == list("ABCD")
    np.testing.assert_allclose(found.scores, [1, 1, 1, 0.5], atol=1e-12)
    np.testing.assert_allclose(found.frame["shephard"], [1, 1, 1, 2], atol=1e-12)
    assert found.frame["efficient"].to_list() == [True, True, True, False]
    peers = found.peers.filter(pl.col("unit") == "D").sort("peer")
    assert peers["peer"].to_list() == ["A", "B"]
    np.testing.assert_allclose(peers["weight"], 0.5, atol=1e-12)
    assert found.targets.row(3, named=True) == {"unit": "D", "capital": pytest.approx(3), "output": pytest.approx(2)}
    assert found.slacks.columns == ["unit", "capital", "output"]
    assert found.duals.columns == ["unit", "capital", "output", "scale"]


@pytest.mark.parametrize("kind", ["array", "pandas index", "pandas column", "polars", "pyarrow", "series"])
def test_every_kind_of_table_gives_the_same(kind):
    x, y = X, Y
    match kind:
        case "array":
            x, y = X.select("capital").to_numpy(), Y["output"].to_numpy()
        case "pandas index":
            x, y = (pd.DataFrame(part.to_dicts()).set_index("province") for part in (X, Y))
        case "pandas column":
            x, y = (pd.DataFrame(part.to_dicts()) for part in (X, Y))
        case "pyarrow":
            x, y = X.to_arrow(), Y.to_arrow()
        case "series":
            x, y = pd.Series([2.0, 4, 8, 6], name="capital"), pd.Series([1.0, 3, 4, 2], name="output")
    found = xf.efficiency(x, y)
    np.testing.assert_allclose(found.scores, [1, 1, 1, 0.5], atol=1e-12)
    named = kind not in {"array", "series"}
    assert found.frame["unit"].to_list() == list("ABCD" if named else "1234")
    if "pandas" in kind:
        assert isinstance(found.to_native(), pd.DataFrame)


def test_names_may_come_from_outside_or_from_a_column_of_codes():
    coded = X.with_columns(province=pl.Series([11, 12, 13, 14]))
    assert xf.efficiency(coded, Y.drop("province"), units="province").frame["unit"].to_list() == [
        "11",
        "12",
        "13",
        "14",
    ]
    assert xf.efficiency(X.drop("province"), Y.drop("province"), units=list("wxyz")).frame["unit"][0] == "w"


def test_scale_efficiency_and_returns_to_scale():
    found = xf.efficiency(X, Y, scale=True).frame
    np.testing.assert_allclose(found["crs"], [2 / 3, 1, 2 / 3, 4 / 9], atol=1e-12)
    np.testing.assert_allclose(found["scale_efficiency"] * found["score"], found["crs"], atol=1e-12)
    assert found["returns"].to_list() == ["increasing", "constant", "decreasing", "increasing"]
    out = xf.efficiency(X, Y, orientation="output", scale=True).frame
    assert out["returns"].to_list() == ["increasing", "constant", "decreasing", "decreasing"]
    assert (out["scale_efficiency"] <= 1 + 1e-12).all()


def test_directions():
    goods = X.drop("province"), Y.drop("province")
    own = xf.efficiency(*goods, model="directional", rts="crs")
    np.testing.assert_allclose(own.scores, [0.2, 0, 0.2, 5 / 13], atol=1e-12)
    mean = xf.efficiency(*goods, model="directional", direction="mean")
    given = xf.efficiency(*goods, model="directional", direction=(5.0, 2.5))
    np.testing.assert_array_equal(mean.scores, given.scores)
    one = xf.efficiency(*goods, model="directional", direction="unit")
    assert one.scores[3] == pytest.approx(1.2)  # (6, 2) meets the line from B to C at (4.8, 3.2)
    ideal = xf.efficiency([[1.0], [2.0], [-1.0]], [[3.0], [1.0], [3.0]], model="directional", direction="range")
    assert ideal.scores.tolist()[2] == 0.0
    assert set(ideal.status) == {"optimal"}


def test_endogenous_direction_is_the_best_of_all_with_sum_one():
    x, y = np.array([[2.0], [4.0], [8.0], [6.0]]), np.array([[1.0], [3.0], [4.0], [2.0]])
    best = xf.efficiency(x, y, model="directional", direction="endogenous")
    scores = []
    for share in np.linspace(0, 1, 201):
        direction = (share * x.mean(), (1 - share) * y.mean())
        scores.append(xf.efficiency(x, y, model="directional", direction=direction).scores)
    np.testing.assert_allclose(best.scores, np.max(scores, axis=0), atol=1e-3)
    assert (best.scores >= np.max(scores, axis=0) - 1e-12).all()
    assert best.frame["direction_x1"][3] + best.frame["direction_y1"][3] == pytest.approx(1)


def test_super_efficiency_says_who_has_no_counterpart():
    found = xf.efficiency(X, Y, model="super")
    assert found.frame["status"].to_list() == ["optimal", "optimal", "infeasible", "optimal"]
    assert found.frame["score"][2] is None
    assert found.frame["efficient"].to_list() == [True, True, True, False]
    assert "C" in found.summary("en")
    assert "无可行解" in found.summary("zh")
    directional = xf.efficiency(X, Y, model="super", orientation="directional", rts="crs")
    np.testing.assert_allclose(directional.scores, [0.2, -0.2, 0.2, 5 / 13], atol=1e-12)


def test_cross_efficiency_by_hand():
    x, y = np.array([[1.0], [1.0]]), np.array([[2.0, 1.0], [1.0, 2.0]])
    hard = xf.efficiency(x, y, rts="crs", model="cross", method="aggressive")
    # Each keeps its own efficiency of one with only its better output: the other then rates one half.
    np.testing.assert_allclose(hard.scores, [0.75, 0.75], atol=1e-9)
    kind = xf.efficiency(x, y, rts="crs", model="cross", method="benevolent")
    np.testing.assert_allclose(kind.scores, [1, 1], atol=1e-9)  # equal weights suit both
    np.testing.assert_allclose(hard.frame["maverick"], [1, 1], atol=1e-9)


def test_additive_by_hand():
    found = xf.efficiency(X, Y, model="additive")
    np.testing.assert_allclose(found.scores, [0, 0, 0, 3], atol=1e-12)  # D may become B: 2 less, 1 more
    bounded = xf.efficiency(X, Y, model="additive", weights="ram").frame
    np.testing.assert_allclose(bounded["score"][3], 2 / 12 + 1 / 6, atol=1e-12)
    np.testing.assert_allclose(bounded["efficiency"] + bounded["score"], 1)


def test_summary_leads_with_the_finding():
    found = xf.efficiency(X, Y)
    assert found.summary("en").startswith("3 of 4 units are on the frontier; the mean score is 0.8750")
    assert found.summary("zh").startswith("4 个单元中有 3 个位于前沿面")
    assert "D (0.5000)" in found.summary()
    assert "farthest from it is D (2.2500)" in xf.efficiency(X, Y, orientation="output", rts="crs").summary()
    assert found.provenance.options["model"] == "radial"


def test_programmes_are_counted():
    found = xf.efficiency(X, Y, slacks=True).programs
    assert (found.count, found.rows, found.columns) == (8, 3, 4)


def test_every_model_is_a_module_with_the_verb():
    import importlib

    for name, home in MODELS.items():
        assert callable(importlib.import_module(home).solve), name


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"model": "best"}, "unknown model 'best'"),
        ({"rts": "xrs"}, "unknown rts 'xrs'"),
        ({"orientation": "up"}, "unknown orientation"),
        ({"weights": "ram"}, "model='radial' has no option 'weights'"),
        ({"model": "additive", "weights": "heavy"}, "unknown weights"),
        ({"model": "additive", "weights": "bam", "rts": "crs"}, "needs rts='vrs'"),
        ({"model": "additive", "orientation": "output"}, "no orientation"),
        ({"model": "additive", "rts": "fdh"}, "convex"),
        ({"model": "directional", "direction": "north"}, "unknown direction"),
        ({"model": "directional", "orientation": "output"}, "which goods move"),
        ({"direction": "own", "orientation": "hyperbolic"}, "direction=... belongs to"),
        ({"model": "cross"}, "needs rts='crs'"),
        ({"model": "cross", "rts": "crs", "method": "rude"}, "method is one of"),
        ({"rts": "crs", "scale": True}, "scale=True needs"),
        ({"units": "city"}, None),
    ],
)
def test_calls_that_are_off(options, words):
    if words is None:
        with pytest.raises(UsageError, match="units"):
            xf.efficiency(X.drop("province"), Y.drop("province"), **options)
        return
    with pytest.raises(UsageError, match=words):
        xf.efficiency(X, Y, **options)


def test_tables_that_cannot_be_used():
    with pytest.raises(InputError, match="'capital' of unit 'B' is missing"):
        xf.efficiency(X.with_columns(capital=pl.Series([2.0, None, 8.0, 6.0])), Y)
    with pytest.raises(InputError, match="'A' occurs more than once"):
        xf.efficiency(X.with_columns(province=pl.Series(list("AABC"))), Y.drop("province"))
    with pytest.raises(UsageError, match="not those of x"):
        xf.efficiency(X, Y.reverse())
    with pytest.raises(UsageError, match="one row for each unit"):
        xf.efficiency(X, Y.head(3))
    with pytest.raises(UsageError, match="more than one column"):
        xf.efficiency(X.with_columns(group=pl.lit("east")), Y)
    with pytest.raises(UsageError, match="numbers only"):
        xf.efficiency([["a"]], [[1.0]])
    with pytest.raises(InputError, match="divides by the unit's own values, and 'output' of unit 'A' is 0"):
        xf.efficiency(X, Y.with_columns(output=pl.Series([0.0, 1, 2, 3])), model="additive", weights="mip")
    with pytest.raises(InputError, match="no unit"):
        xf.efficiency(X.head(0), Y.head(0))


def test_frame_spans_what_all_units_span():
    rng = np.random.default_rng(2)
    corners = np.exp(rng.normal(0, 0.5, (3, 30)))
    weights = rng.dirichlet(np.ones(30), 1500).T
    inside = corners @ weights * np.exp(rng.uniform(0.01, 1, 1500))
    columns = np.vstack([np.hstack([-corners, -inside]), np.ones(1530)])
    chosen, count = frame(columns, np.array([False, False, False, True]), points=True)
    assert set(chosen) <= set(range(30))
    assert count >= 1500
    scores = xf.efficiency(np.hstack([corners, inside]).T, np.ones((1530, 1))).scores
    assert set(np.flatnonzero(scores > 1 - 1e-9)) <= set(chosen)

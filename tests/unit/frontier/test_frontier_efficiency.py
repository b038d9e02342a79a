"""The verb: frames and arrays in, named results out, models by name, and calls that are off."""

from __future__ import annotations

import inspect
import sys

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.optimize import linprog

import xinzhi.frontier as xf
from xinzhi.core.errors import InputError, UsageError
from xinzhi.frontier.models import MODELS
from xinzhi.frontier.technology.starts import frame

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


def test_what_only_slacks_part_has_no_worst():
    x, y = [[1.0, 2.0], [2.0, 1.0], [3.0, 1.0]], [[5.0], [5.0], [5.0]]
    found = xf.efficiency(x, y, orientation="output", slacks=True)
    assert found.frame["score"].to_list() == pytest.approx([1, 1, 1])
    assert found.frame["efficient"].to_list() == [True, True, False]
    assert found.summary("en").startswith(
        "2 of 3 units are on the frontier; the others have the same score, but use more"
    )
    assert found.summary("zh").startswith("3个单元中2个在前沿面上；其余得分相同")


def test_one_unit_is_compared_with_nothing():
    found = xf.efficiency([[1.0]], [[1.0]])
    assert found.summary("en").startswith("There is one of the units only")
    assert found.summary("zh").startswith("只有1个单元")


def test_summary_leads_with_the_finding():
    found = xf.efficiency(X, Y)
    assert found.summary("en").startswith("3 of 4 units are on the frontier; the others need 50.0")
    assert found.summary("zh").startswith("4个单元中3个在前沿面上；其余只需现有投入的50.0")
    assert "D only 50.0" in found.summary()
    assert "least D with 44.4" in xf.efficiency(X, Y, orientation="output", rts="crs").summary()
    assert found.provenance.options["model"] == "radial"


def test_programmes_are_counted():
    found = xf.efficiency(X, Y, slacks=True).programs
    assert (found.count, found.rows, found.columns) == (8, 3, 4)


def test_every_model_is_a_module_with_the_verb():
    import importlib

    for name, model in MODELS.items():
        module, _, function = model.home.partition(":")
        home = importlib.import_module(f"xinzhi.frontier.models.{module}")
        known = inspect.signature(getattr(home, function)).parameters
        wanted = {*model.takes, *(["reference"] if model.reference else []), *(["names"] if model.names else [])}
        assert wanted <= set(known), name


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"model": "best"}, "unknown model 'best'"),
        ({"rts": "xrs"}, "unknown rts 'xrs'"),
        ({"orientation": "up"}, "unknown orientation 'up'"),
        ({"weights": "ram"}, "model 'radial' has no option 'weights'"),
        ({"model": "additive", "weights": "heavy"}, "unknown weights"),
        ({"model": "additive", "weights": "bam", "rts": "crs"}, "needs rts 'vrs'"),
        ({"model": "additive", "orientation": "output"}, "knows the orientations input and none"),
        ({"model": "additive", "rts": "fdh"}, "convex"),
        ({"model": "directional", "direction": "north"}, "unknown direction"),
        ({"model": "directional", "orientation": "output"}, "which goods move"),
        ({"direction": "own", "orientation": "hyperbolic"}, "direction=... belongs to"),
        ({"model": "cross"}, "rts 'vrs': it is not one of crs"),
        ({"model": "cross", "rts": "crs", "method": "rude"}, "unknown method 'rude'"),
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
    chosen, _, count = frame(columns, np.array([False, False, False, True]), points=True)
    assert set(chosen) <= set(range(30))
    assert count >= 1500
    scores = xf.efficiency(np.hstack([corners, inside]).T, np.ones((1530, 1))).scores
    assert set(np.flatnonzero(scores > 1 - 1e-9)) <= set(chosen)


@pytest.mark.parametrize("model", ["environmental", "non-radial"])
def test_models_along_a_direction_refuse_an_orientation(model):
    """They move what the direction says; an orientation that they would ignore is an error, not a silent figure."""
    bad = [[1.0], [2.0], [3.0], [2.0]]
    x, y = X.drop("province").to_numpy(), Y.drop("province").to_numpy()
    plain = xf.efficiency(x, y, bad, model=model, rts="crs")
    told = xf.efficiency(x, y, bad, model=model, rts="crs", orientation="directional")
    np.testing.assert_array_equal(plain.scores, told.scores)
    for orientation in ("output", "hyperbolic", "none", "graph"):
        with pytest.raises(UsageError, match="which goods move"):
            xf.efficiency(x, y, bad, model=model, rts="crs", orientation=orientation)


def direct(x, y, point, orientation, rts):
    """Return the radial score of one point against a reference set, from a program written out in full."""
    n, (x0, y0) = len(x), point
    rows = np.vstack([np.hstack([x.T, np.zeros((x.shape[1], 1))]), np.hstack([-y.T, np.zeros((y.shape[1], 1))])])
    limits = np.append(x0, -y0)
    if orientation == "input":
        rows[: x.shape[1], n], limits[: x.shape[1]] = -x0, 0.0
    else:
        rows[x.shape[1] :, n], limits[x.shape[1] :] = y0, 0.0
    total = np.append(np.ones(n), 0.0)[None]
    equal = {"A_eq": total, "b_eq": [1.0]} if rts == "vrs" else {}
    sign = 1.0 if orientation == "input" else -1.0
    answer = linprog(np.append(np.zeros(n), sign), A_ub=rows, b_ub=limits, method="highs", **equal)
    return sign * answer.fun if answer.status == 0 else np.nan


@pytest.mark.parametrize("rts", ["crs", "vrs"])
@pytest.mark.parametrize("orientation", ["input", "output"])
def test_new_units_against_a_given_set(rts, orientation):
    draw = np.random.default_rng(8)
    x, y = draw.lognormal(size=(15, 2)), draw.lognormal(size=(15, 1))
    new_x, new_y = draw.lognormal(size=(6, 2)), draw.lognormal(size=(6, 1))
    names = [f"new {at}" for at in range(6)]
    found = xf.efficiency(new_x, new_y, rts=rts, orientation=orientation, reference=(x, y), units=names)
    truth = [direct(x, y, pair, orientation, rts) for pair in zip(new_x, new_y, strict=True)]
    np.testing.assert_allclose(found.scores, truth, atol=1e-9)
    assert (found.status == np.where(np.isnan(truth), "infeasible", "optimal")).all()
    assert set(found.peers["peer"]) <= {str(at + 1) for at in range(15)}
    assert found.provenance.options["reference"] == 15
    own = xf.efficiency(x, y, rts=rts, orientation=orientation)
    np.testing.assert_allclose(
        xf.efficiency(x, y, rts=rts, orientation=orientation, reference=(x, y)).scores, own.scores, atol=1e-12
    )


@pytest.mark.parametrize("model", [name for name, one in MODELS.items() if one.reference])
def test_every_model_that_takes_a_reference_set_gives_the_units_their_own_scores(model):
    """Held against themselves as a reference set, units score as without one."""
    draw = np.random.default_rng(9)
    x, y, bad = draw.lognormal(size=(9, 2)), draw.lognormal(size=(9, 1)), draw.lognormal(size=(9, 1))
    some = (x, y) if MODELS[model].bad != "some" else (x, y, bad)
    options = {"polluting": [0]} if model == "by-production" else {}
    options |= {"direction": "own"} if model == "directional" else {}
    alone = xf.efficiency(*some, model=model, **options)
    beside = xf.efficiency(*some, model=model, reference=some, **options)
    np.testing.assert_allclose(beside.scores, alone.scores, atol=1e-9)


def test_reference_sets_that_do_not_fit_are_refused():
    with pytest.raises(UsageError, match="reference must be"):
        xf.efficiency(X, Y, reference=X)
    with pytest.raises(UsageError, match="goods of the units"):
        xf.efficiency([[1.0]], [[1.0]], reference=([[1.0, 2.0]], [[1.0]]))
    with pytest.raises(UsageError, match="columns of the reference set"):
        xf.efficiency(X, Y, reference=(X.rename({"capital": "land"}), Y))
    for model, options in (("super", {}), ("cross", {"rts": "crs"})):
        with pytest.raises(UsageError, match="takes no reference set"):
            xf.efficiency(X, Y, model=model, reference=(X, Y), **options)


def test_truth_values_are_no_figures() -> None:
    with pytest.raises(UsageError) as caught:
        xf.efficiency(np.array([[True], [False]]), np.array([[1.0], [2.0]]))
    assert caught.value.code == "frontier.not-numbers"


@pytest.mark.parametrize("kind", ["to_pandas", "to_arrow"])
def test_a_frame_whose_packages_are_not_there_names_the_extra(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    result = xf.efficiency(np.array([[1.0], [2.0]]), np.array([[1.0], [2.0]]))
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(UsageError, match=r"install xinzhi\[frames\]") as caught:
        getattr(result, kind)()
    assert caught.value.code == "core.no-frames"

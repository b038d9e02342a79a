"""Hicks-Moorsteen and fixed-weight indices against programs written out here and solved one by one with scipy (HiGHS).

Tolerance 1e-9, relative. The values of R's ``productivity`` for its agricultural data are not at hand; its definitions
are those of O'Donnell (2008, 2012), and each program is spelled out: the output and input distance functions, their
multipliers at the mean observation (Färe-Primont), the most revenue and the least cost (mix efficiency), and the
highest ratio of aggregate output to aggregate input (maximum productivity), in the form of Charnes and Cooper (1962).

Known differences from ``productivity`` 1.1.0: its Hicks-Moorsteen index weighs quantities by shadow prices of the
mixed points, ours takes Bjurek's distance functions themselves, which need no choice among prices; its ``scaled=TRUE``
divides quantities but not prices by means, so its Lowe, Laspeyres, Paasche and Fisher figures depend on the units of
measurement (its manual says so), ours do not; changes are between adjacent periods, not from the first.
"""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.optimize import linprog

from xinzhi.frontier import productivity_change

TOLERANCE = 1e-9
EXACT = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
INPUTS, OUTPUTS = ["x1", "x2", "x3"], ["y1", "y2"]
INPUT_PRICES, OUTPUT_PRICES = ["w1", "w2", "w3"], ["p1", "p2"]


def made_up(units: int = 12, periods: int = 3, seed: int = 4) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    count = units * periods
    x = np.exp(rng.normal(0, 0.5, (count, 3)))
    total = x[:, 0] ** 0.3 * x[:, 1] ** 0.4 * x[:, 2] ** 0.2 * np.exp(-np.abs(rng.normal(0, 0.2, count)))
    angle = rng.uniform(0.2, 1.3, count)
    y = total[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    prices = np.exp(rng.normal(0, 0.3, (count, 5)))
    names = [*INPUTS, *OUTPUTS, *INPUT_PRICES, *OUTPUT_PRICES]
    columns = dict(zip(names, np.hstack([x, y, prices]).T, strict=True))
    index = {"unit": np.repeat(np.arange(units), periods), "period": np.tile(np.arange(periods), units)}
    return pl.DataFrame(columns | index)


FRAME = made_up()
X, Y, W, P = (
    np.column_stack([FRAME[name].to_numpy() for name in names])
    for names in (INPUTS, OUTPUTS, INPUT_PRICES, OUTPUT_PRICES)
)
UNIT, PERIODS = FRAME["unit"].to_numpy(), FRAME["period"].to_numpy()


def sum_row(rts: str, lead: int, count: int) -> dict[str, tuple[np.ndarray, float]]:
    row = np.concatenate([np.zeros(lead), np.ones(count)])[None]
    return {"vrs": {"eq": (row, 1.0)}, "nirs": {"ub": (row, 1.0)}, "ndrs": {"ub": (-row, -1.0)}, "crs": {}}[rts]


def solve(cost: np.ndarray, upper: np.ndarray, limit: np.ndarray, rts: str, lead: int, *, free: bool = False) -> float:
    extra = sum_row(rts, lead, upper.shape[1] - lead)
    if "ub" in extra:
        upper, limit = np.vstack([upper, extra["ub"][0]]), np.append(limit, extra["ub"][1])
    equal = extra.get("eq", (None, None))
    bounds = [(None if free else 0, None)] * lead + [(0, None)] * (upper.shape[1] - lead)
    answer = linprog(
        cost, upper, limit, equal[0], None if equal[1] is None else [equal[1]], bounds, "highs", options=EXACT
    )
    assert answer.status in {0, 2}
    return answer.fun if answer.status == 0 else np.nan


def output_distance(rows: np.ndarray, x: np.ndarray, y: np.ndarray, rts: str) -> float:
    upper = np.vstack([np.hstack([np.zeros((3, 1)), X[rows].T]), np.hstack([y[:, None], -Y[rows].T])])
    return -1 / solve(np.eye(1 + len(rows))[0] * -1, upper, np.concatenate([x, np.zeros(2)]), rts, 1, free=True)


def input_distance(rows: np.ndarray, x: np.ndarray, y: np.ndarray, rts: str) -> float:
    upper = np.vstack([np.hstack([-x[:, None], X[rows].T]), np.hstack([np.zeros((2, 1)), -Y[rows].T])])
    return 1 / solve(np.eye(1 + len(rows))[0], upper, np.concatenate([np.zeros(3), -y]), rts, 1, free=True)


def revenue(rows: np.ndarray, x: np.ndarray, price: np.ndarray, rts: str) -> float:
    upper = np.vstack([np.hstack([np.zeros((3, 2)), X[rows].T]), np.hstack([np.eye(2), -Y[rows].T])])
    cost = np.concatenate([-price, np.zeros(len(rows))])
    return -solve(cost, upper, np.concatenate([x, np.zeros(2)]), rts, 2)


def least_cost(rows: np.ndarray, y: np.ndarray, price: np.ndarray, rts: str) -> float:
    upper = np.vstack([np.hstack([-np.eye(3), X[rows].T]), np.hstack([np.zeros((2, 3)), -Y[rows].T])])
    cost = np.concatenate([price, np.zeros(len(rows))])
    return solve(cost, upper, np.concatenate([np.zeros(3), -y]), rts, 3)


def best_productivity(rows: np.ndarray, p: np.ndarray, w: np.ndarray, rts: str) -> float:
    """Maximise p·y with w·x = 1 over the cone of the technology; the sum of intensities is scaled by a variable."""
    count = len(rows)
    cost = np.concatenate([-p, np.zeros(3 + count + 1)])
    upper = np.vstack(
        [
            np.hstack([np.zeros((3, 2)), -np.eye(3), X[rows].T, np.zeros((3, 1))]),
            np.hstack([np.eye(2), np.zeros((2, 3)), -Y[rows].T, np.zeros((2, 1))]),
        ]
    )
    scale = np.concatenate([np.zeros(5), np.ones(count), [-1.0]])
    equal = [np.concatenate([np.zeros(2), w, np.zeros(count + 1)])]
    upper = {"nirs": np.vstack([upper, scale]), "ndrs": np.vstack([upper, -scale])}.get(rts, upper)
    equal = [*equal, scale] if rts == "vrs" else equal
    answer = linprog(
        cost, upper, np.zeros(len(upper)), np.array(equal), [1.0, 0.0][: len(equal)], (0, None), "highs", options=EXACT
    )
    assert answer.status == 0
    return -answer.fun


def levels(at: int, rows: np.ndarray, p: np.ndarray, w: np.ndarray, choice: tuple[str, str]) -> dict[str, float]:
    rts, orientation = choice
    out, into = float(p @ Y[at]), float(w @ X[at])
    best = best_productivity(rows, p, w, rts)
    if orientation == "output":
        technical, cone = (output_distance(rows, X[at], Y[at], kind) for kind in (rts, "crs"))
        mix = out / technical / revenue(rows, X[at], p, rts)
    else:
        technical, cone = (1 / input_distance(rows, X[at], Y[at], kind) for kind in (rts, "crs"))
        mix = least_cost(rows, Y[at], w, rts) / (into * technical)
    efficiency = out / into / best
    return {
        "index": out / into,
        "output_change": out,
        "input_change": into,
        "technical_change": best,
        "productivity_efficiency_change": efficiency,
        "technical_efficiency_change": technical,
        "scale_efficiency_change": cone / technical,
        "mix_efficiency_change": mix,
        "residual_scale_change": efficiency / technical / mix,
        "scale_mix_change": efficiency / technical,
        "residual_mix_change": efficiency / cone,
    }


def compare(ours: pl.DataFrame, weights: object, choice: tuple[str, str], reference: str = "contemporaneous") -> None:
    place = {key: row for row, key in enumerate(zip(UNIT, PERIODS, strict=True))}

    def rows(period: int) -> np.ndarray:
        return np.flatnonzero(period >= PERIODS if reference == "sequential" else period == PERIODS)

    assert ours.height == 24
    for row in ours.iter_rows(named=True):
        before, after = place[row["unit"], row["period"] - 1], place[row["unit"], row["period"]]
        changes = []
        for p, w in weights(before, after):
            first = levels(before, rows(row["period"] - 1), p, w, choice)
            second = levels(after, rows(row["period"]), p, w, choice)
            changes.append({name: second[name] / first[name] for name in first})
        for name in changes[0]:
            value = np.exp(np.mean([np.log(change[name]) for change in changes]))
            assert row[name] == pytest.approx(value, rel=TOLERANCE), name


@pytest.mark.parametrize("orientation", ["output", "input"])
@pytest.mark.parametrize(
    ("index", "rts"), [("laspeyres", "vrs"), ("paasche", "nirs"), ("fisher", "vrs"), ("lowe", "ndrs"), ("lowe", "crs")]
)
def test_priced_indices(index: str, rts: str, orientation: str) -> None:
    mean = P.mean(axis=0), W.mean(axis=0)
    weights = {
        "laspeyres": lambda before, _: [(P[before], W[before])],
        "paasche": lambda _, after: [(P[after], W[after])],
        "fisher": lambda before, after: [(P[before], W[before]), (P[after], W[after])],
        "lowe": lambda *_: [mean],
    }[index]
    ours = productivity_change(
        FRAME,
        "unit",
        "period",
        INPUTS,
        OUTPUTS,
        index=index,
        rts=rts,
        orientation=orientation,
        input_prices=INPUT_PRICES,
        output_prices=OUTPUT_PRICES,
    )
    compare(ours.frame, weights, (rts, orientation))


@pytest.mark.parametrize("reference", ["contemporaneous", "sequential"])
def test_fare_primont(reference: str) -> None:
    ours = productivity_change(
        FRAME, "unit", "period", INPUTS, OUTPUTS, index="fare-primont", rts="vrs", reference=reference
    )
    assert ours.weights is not None
    w, p = (ours.weights.filter(role=role)["weight"].to_numpy() for role in ("input", "output"))
    compare(ours.frame, lambda *_: [(p, w)], ("vrs", "output"), reference)


@pytest.mark.parametrize("rts", ["crs", "vrs", "nirs", "ndrs"])
def test_shadow_prices_are_gradients_of_the_distance_functions(rts: str) -> None:
    """The technology is piecewise linear: off a kink, a small step changes the distance by the gradient exactly."""
    ours = productivity_change(FRAME, "unit", "period", INPUTS, OUTPUTS, index="fare-primont", rts=rts).weights
    assert ours is not None
    assert (ours["highest"] - ours["lowest"]).max() <= 1e-9  # unique here
    everything = np.arange(len(X))
    x, y = X.mean(axis=0), Y.mean(axis=0)
    for at, name in enumerate(OUTPUTS):
        step = np.eye(2)[at] * 1e-5 * y
        slope = (output_distance(everything, x, y + step, rts) - output_distance(everything, x, y - step, rts)) / (
            2 * step[at]
        )
        assert ours.filter(good=name)["weight"].item() == pytest.approx(slope, abs=1e-8)
    for at, name in enumerate(INPUTS):
        step = np.eye(3)[at] * 1e-5 * x
        slope = (input_distance(everything, x + step, y, rts) - input_distance(everything, x - step, y, rts)) / (
            2 * step[at]
        )
        assert ours.filter(good=name)["weight"].item() == pytest.approx(slope, abs=1e-8)


def test_shadow_prices_at_a_kink_say_so() -> None:
    """The mean observation (2, 2) is itself a corner: inputs 1 and 3 beside it make the same with (1, 3) and (3, 1)."""
    frame = pl.DataFrame(
        {
            "unit": list("aabbcc"),
            "period": [1, 2] * 3,
            "x1": [1.0, 1.0, 3.0, 3.0, 1.5, 1.5],
            "x2": [3.0, 3.0, 1.0, 1.0, 1.5, 1.5],
            "y": [1.0] * 6,
        }
    )
    weights = productivity_change(frame, "unit", "period", ["x1", "x2"], ["y"], index="fare-primont").weights
    assert weights is not None
    rows = weights.filter(role="input")
    assert (rows["highest"] - rows["lowest"]).min() > 0.1
    assert rows["weight"][0] == pytest.approx(rows["weight"][1], rel=1e-9)  # the mean of the extremes is symmetric


@pytest.mark.parametrize("rts", ["crs", "vrs"])
@pytest.mark.parametrize("reference", ["contemporaneous", "global"])
def test_hicks_moorsteen(rts: str, reference: str) -> None:
    """Bjurek (1996), equations 7 to 9, and the parts of Diewert and Fox (2017)."""
    ours = productivity_change(
        FRAME, "unit", "period", INPUTS, OUTPUTS, index="hicks-moorsteen", rts=rts, reference=reference
    ).frame
    place = {key: row for row, key in enumerate(zip(UNIT, PERIODS, strict=True))}
    seen = 0
    for row in ours.iter_rows(named=True):
        s, t = place[row["unit"], row["period"] - 1], place[row["unit"], row["period"]]
        marks = [np.flatnonzero(row["period"] - 1 == PERIODS), np.flatnonzero(row["period"] == PERIODS)]
        if reference == "global":
            marks = [np.arange(len(X))] * 2
        out = np.array(
            [
                output_distance(rows, X[k], Y[t], rts) / output_distance(rows, X[k], Y[s], rts)
                for k, rows in zip((s, t), marks, strict=True)
            ]
        )
        into = np.array(
            [
                input_distance(rows, X[t], Y[k], rts) / input_distance(rows, X[s], Y[k], rts)
                for k, rows in zip((s, t), marks, strict=True)
            ]
        )
        value = np.sqrt(out.prod() / into.prod())
        if np.isnan(value):
            assert row["index"] is None
            assert "infeasible" in row["status"]
            continue
        seen += 1
        assert row["index"] == pytest.approx(value, rel=TOLERANCE)
        assert row["output_change"] == pytest.approx(np.sqrt(out.prod()), rel=TOLERANCE)
        assert row["input_change"] == pytest.approx(np.sqrt(into.prod()), rel=TOLERANCE)
        own = [np.flatnonzero(row["period"] - 1 == PERIODS), np.flatnonzero(row["period"] == PERIODS)]
        efficiency = output_distance(own[1], X[t], Y[t], rts) / output_distance(own[0], X[s], Y[s], rts)
        assert row["efficiency_change"] == pytest.approx(efficiency, rel=TOLERANCE)
        moved = np.sqrt(
            np.prod([output_distance(rows, X[t], Y[t], rts) / output_distance(rows, X[s], Y[s], rts) for rows in marks])
        )
        if np.isnan(moved):
            assert row["technical_change"] is None
        else:
            assert row["technical_change"] == pytest.approx(moved / efficiency, rel=TOLERANCE)
            assert row["scale_mix_change"] == pytest.approx(value / moved, rel=TOLERANCE)
    assert seen >= 10

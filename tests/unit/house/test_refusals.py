"""What cannot be computed is refused by name, in both languages: calls that no other test makes."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

import xinzhi as xz
from xinzhi import frontier, micro, pathways, sectors
from xinzhi.core.errors import XinzhiError
from xinzhi.pathways import internal as pathways_internal
from xinzhi.sectors import internal as sectors_internal

RNG = np.random.default_rng(7)
X, Y = RNG.uniform(1, 3, (8, 2)), RNG.uniform(1, 3, (8, 1))
UNITS = [f"u{number}" for number in range(8)]
YEARS = list(range(2000, 2012))
PANEL = pl.DataFrame(
    {
        "unit": np.repeat(UNITS, len(YEARS)),
        "year": np.tile(YEARS, len(UNITS)),
        "value": np.exp(RNG.normal(1, 0.1, len(UNITS) * len(YEARS))),
    }
)
KEYS = {"unit": "unit", "time": "year", "value": "value"}
CELLS = pl.DataFrame(
    {
        "place": np.repeat(UNITS, 6),
        "activity": np.tile(list("abcdef"), 8),
        "value": RNG.uniform(0, 9, 48).round(),
        "year": 2020,
    }
)
HERE = {"place": "place", "activity": "activity", "value": "value"}
CIRCLE = {unit: [UNITS[at - 1], UNITS[(at + 1) % 8]] for at, unit in enumerate(UNITS)}
ALONE = {unit: [other for other in CIRCLE[unit] if other != "u0"] for unit in UNITS[1:]} | {"u0": []}
SIGNS = PANEL.with_columns(value=pl.when(pl.col("unit") < "u4").then(1.0).otherwise(-1.0))
RATES = pl.DataFrame({"year": [2020], "rate": [4.0]})
GOODS = pl.DataFrame({"unit": UNITS, "x": X[:, 0], "z": X[:, 1], "y": Y[:, 0], "p": X[:, 1]})
HALVES = pl.DataFrame({"region": UNITS, "year": 2020, "a": Y[:, 0]})


def beta(frame: pl.DataFrame = PANEL, neighbours: object = None, **given: object) -> object:
    return pathways.beta_convergence(frame, **KEYS, neighbours=neighbours, spans=pathways_internal.GrowthSpans(**given))


def log_t(frame: pl.DataFrame = PANEL, **given: object) -> object:
    return pathways.log_t_test(frame, **KEYS, rules=pathways_internal.LogTRules(**given))


def dynamics(frame: pl.DataFrame = PANEL, **given: object) -> object:
    return pathways.distribution_dynamics(frame, **KEYS, **given)


FIRMS = pl.DataFrame(
    {
        "firm": np.repeat(np.arange(150), 4),
        "year": np.tile([2001, 2002, 2003, 2004], 150),
        "industry": "13",
        **{name: RNG.normal(3, 1, 600) for name in ("y", "l", "k", "m")},
    }
)


def production(frame: pl.DataFrame = FIRMS, method: str = "lp", **given: object) -> object:
    asked = {"free": ["l"], "state": ["k"], "proxy": "m"} | given
    return micro.production_function(frame, "y", **asked, method=method)


CALLS: dict[str, list[Callable[[], object]]] = {
    "studies.few-draws": [
        lambda: xz.study("paths", "china-provinces", draws=1),
        lambda: xz.study("risks", "china-provinces", draws=1),
    ],
    "studies.category-of-region": [lambda: xz.study("able", "china-provinces", category="computing")],
    "studies.rates-without-firms": [lambda: xz.study("risks", "china-provinces", only=("capacity",), rates=RATES)],
    "studies.needs-years": [
        lambda: xz.study("paths", CELLS.drop("year"), **HERE, clubs=True),
        lambda: xz.study("paths", CELLS.drop("year"), **HERE, backtest="2000:2004,2005:2009"),
    ],
    "studies.spans": [lambda: xz.study("paths", "china-provinces", backtest="2000-2004")],
    "studies.no-year": [lambda: xz.study("paths", CELLS, **HERE, year=1990)],
    "studies.no-period": [lambda: xz.study("frontier", GOODS, inputs=["x"], outputs=["y"], year=2020)],
    "studies.prices": [lambda: xz.study("frontier", GOODS, inputs=["x", "z"], outputs=["y"], input_prices=["p"])],
    "pathways.span-length": [lambda: beta(span=0)],
    "pathways.spatial-span": [lambda: beta(neighbours=CIRCLE, span=3)],
    "pathways.one-year": [lambda: beta(PANEL.filter(year=2005))],
    "pathways.few-spans": [lambda: beta(span=11, effects="two-way")],
    "pathways.no-neighbour": [lambda: beta(neighbours=ALONE)],
    "pathways.trim": [lambda: log_t(trim=1.0)],
    "pathways.zero-mean": [lambda: log_t(SIGNS)],
    "pathways.smoothing": [lambda: log_t(smoothing=-1.0)],
    "pathways.filter-years": [lambda: log_t(PANEL.filter(pl.col("year") < 2003), smoothing=400.0)],
    "pathways.distribution-options": [
        lambda: dynamics(lag=0),
        lambda: dynamics(points=5),
        lambda: dynamics(bandwidth=0.0),
    ],
    "pathways.no-differences": [lambda: dynamics(PANEL.with_columns(value=1.0))],
    "pathways.anchor-infinite": [lambda: pathways.complexity(CELLS, **HERE, anchor=dict.fromkeys(UNITS, float("inf")))],
    "frontier.super-endogenous": [
        lambda: frontier.efficiency(X, Y, model="super", orientation="directional", direction="endogenous")
    ],
    "frontier.cross-alone": [lambda: frontier.efficiency(X[:1], Y[:1], model="cross", rts="crs")],
    "frontier.shape": [
        lambda: frontier.efficiency(np.ones((2, 2, 2)), Y[:2]),
        lambda: frontier.efficiency(X[:, :0], Y),
    ],
    "frontier.units-count": [lambda: frontier.efficiency(X, Y, units=["a", "b"])],
    "frontier.no-column": [lambda: frontier.efficiency(pl.DataFrame({"unit": UNITS}), Y, units="unit")],
    "frontier.text-column": [lambda: frontier.efficiency(pl.DataFrame({"unit": UNITS, "x": UNITS}), Y, units="unit")],
    "frontier.direction-parts": [lambda: frontier.efficiency(X, Y, orientation="directional", direction=(X,))],
    "frontier.level-of": [lambda: frontier.stoned(GOODS, "y", ["x"], "unit", level=1.0)],
    "frontier.worthless-direction": [
        lambda: frontier.profit_efficiency(X, Y, X, Y, direction=(np.zeros_like(X), np.zeros_like(Y)))
    ],
    "frontier.cross-signs": [lambda: frontier.efficiency(-X, Y, model="cross", rts="crs")],
    "frontier.whole-units-bad": [lambda: frontier.efficiency(X, Y, X[:, :1], rts="fdh")],
    "core.not-comparable": [lambda: xz.frontier.efficiency(X, Y).compare(sectors.systems())],
    "sectors.level-outside": [lambda: sectors.coupling(HALVES.with_columns(b="a"), ["a", "b"])],
    "sectors.markov-bounds": [lambda: sectors.markov(PANEL.rename({"unit": "region"}), "value", bounds="weekly")],
    "production.no-proxy": [lambda: production(method="robinson", proxy=None)],
    "production.proxy-free": [lambda: production(method="robinson", proxy="l")],
    "production.collinear": [lambda: production(FIRMS.with_columns(k=pl.col("l")), method="ols")],
    "production.form": [lambda: production(method="cost-shares", costs=["l", "k"], form="translog")],
    "production.no-costs": [lambda: production(method="cost-shares", costs=["l", "k"])],
    "production.short-panel": [lambda: production(FIRMS.filter(pl.col("year") < 2002), method="lp")],
    "micro.share-table": [lambda: micro.misallocation(micro.mock(30, (2005, 2006)), capital_share=RATES)],
    "micro.no-rows": [lambda: micro.panel(FIRMS.head(0))],
    "micro.column-gone": [lambda: micro.panel(FIRMS, groups=["prefecture"])],
    "micro.no-numbers": [lambda: micro.panel(FIRMS.with_columns(output=pl.date(2020, 1, 1)))],
    "scope.unnamed-rows": [lambda: xz.scope.input_output(np.eye(3) / 9, np.ones(3), industries=["a", "b"])],
    "sectors.no-neighbours": [lambda: sectors.moran(HALVES, "a", neighbours=dict.fromkeys(UNITS, ()), islands="drop")],
    "sectors.moran-nowhere": [lambda: sectors.moran(HALVES.with_columns(a=1.0), "a", neighbours=CIRCLE)],
    "frontier.window-lengths": [lambda: frontier.window_analysis(X, Y, UNITS, [1, 2])],
    "sectors.theil-groups": [lambda: sectors_internal.theil(np.ones(3), ["a", "b"])],
}


@pytest.mark.parametrize(("code", "call"), [(code, call) for code, calls in CALLS.items() for call in calls])
def test_a_call_that_cannot_be_answered_is_refused_by_name(code, call):
    with pytest.raises(XinzhiError) as caught:
        call()
    error = caught.value
    assert error.code == code
    for language in ("zh", "en"):
        said = error.lang(language)
        assert not re.search(r"[{}]|None", said), said
    assert re.search(r"[\u4e00-\u9fff]", error.lang("zh"))
    assert not re.search(r"[\u4e00-\u9fff]", error.lang("en"))

"""The rows of `bench/harness.py`: what is measured, beside whom, on which input, and how equal the two must be.

A row is an input and two functions of it, ours and the peer's, that return the same figures as one array. Peers come
from the dependency group `bench`. Where no package does the same, the peer is a plain implementation of this file or of
another script, and the row says so. Every input is drawn anew from seed 1, or is the package that ships.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl

import peers_frontier
import peers_statistics
import xinzhi
from bench_frontier import firms
from bench_malmquist import panel
from bench_paths import anchor_of, long_frame, matrix
from row import OWN, Row, Task

UNITS, GOODS_IN, GOODS_OUT = 100, ["x0", "x1", "x2"], ["y0", "y1"]


def _units(peer: bool) -> Any:  # noqa: ANN401, FBT001 - arrays or the peer's table
    x, y = firms(UNITS)
    if not peer:
        return x, y
    import pandas as pd
    from deapack import DEAData

    columns = dict(zip(GOODS_IN + GOODS_OUT, [*x.T, *y.T], strict=True))
    frame = pd.DataFrame({"unit": np.arange(UNITS), **columns})
    return DEAData.from_frame(frame, dmu="unit", inputs=GOODS_IN, outputs=GOODS_OUT)


def _efficiency(**options: Any) -> Task:  # noqa: ANN401 - options of the model
    def task(given: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
        from xinzhi.frontier import efficiency

        return efficiency(*given, **options).scores

    return task


def _deapack(model: str, turn: Callable[[np.ndarray], np.ndarray] = np.asarray) -> Task:
    def task(data: Any) -> np.ndarray:  # noqa: ANN401 - the peer's table
        import deapack

        return turn(getattr(deapack, model)().fit(data).summary()["score"].to_numpy(float))

    return task


def _years(peer: bool) -> Any:  # noqa: ANN401, FBT001 - a frame or the peer's table
    frame = panel(5)
    if not peer:
        return frame
    from deapack import DEAData

    roles = {"inputs": ["capital", "labour"], "outputs": ["output"]}
    return DEAData.from_frame(frame.to_pandas(), dmu="unit", period="year", **roles)


def _change(**options: Any) -> Task:  # noqa: ANN401 - options of the index
    def task(frame: pl.DataFrame) -> np.ndarray:
        from xinzhi.frontier import productivity_change

        found = productivity_change(frame, "unit", "year", ["capital", "labour"], ["output"], **options)
        return found.frame.sort("unit", "period")["index"].to_numpy()

    return task


def _deapack_change(model: str) -> Task:
    def task(data: Any) -> np.ndarray:  # noqa: ANN401 - the peer's table
        import deapack

        found = getattr(deapack, model)().fit(data).summary()
        return found.sort_values(["dmu_id", "period"])["score"].to_numpy(float)

    return task


def _strong_only(scores: np.ndarray) -> np.ndarray:
    # the peer leaves units that are not efficient without a super-score
    return np.where(scores >= 1, scores, np.nan)


def _trade(peer: bool) -> Any:  # noqa: ANN401, FBT001 - a polars or a pandas frame
    table = long_frame(400, 200)
    return table.to_pandas() if peer else (table.drop("year"), anchor_of(matrix(400, 200, "nested")))


def _paths_ours(given: tuple[pl.DataFrame, dict[str, float]]) -> np.ndarray:
    from xinzhi.pathways import complexity

    table, anchor = given
    found = complexity(table, place="place", activity="activity", value="value", anchor=anchor)
    index = found.frame.sort("place")["complexity"].to_numpy()
    return np.concatenate([np.abs(index), found.density.ravel()])


def _paths_theirs(frame: Any) -> np.ndarray:  # noqa: ANN401 - a pandas frame
    from ecomplexity import ecomplexity

    warnings.simplefilter("ignore")
    columns = {"time": "year", "loc": "place", "prod": "activity", "val": "value"}
    found = ecomplexity(frame, columns, verbose=False, check_logsupermodularity=False)
    found = found.sort_values(["place", "activity"])
    index = found.groupby("place")["eci"].first().to_numpy()
    return np.concatenate([np.abs(index), found["density"].to_numpy()])  # the sign of an eigenvector is free


def _walks(_: bool) -> np.ndarray:  # noqa: FBT001 - both take the same
    return np.random.default_rng(1).standard_normal((500, 31)).cumsum(axis=0)


def _bubbles_ours(walks: np.ndarray) -> np.ndarray:
    from xinzhi.risks.prices.recursive import recursive_adf

    found = recursive_adf(walks)
    return np.concatenate([found.sadf, found.gsadf])


def _bubbles_theirs(walks: np.ndarray) -> np.ndarray:
    import exuber

    found = exuber.radf(walks)
    return np.concatenate([np.ravel(found.sadf), np.ravel(found.gsadf)])


def _scores(_: bool) -> np.ndarray:  # noqa: FBT001 - both take the same
    return np.random.default_rng(1).uniform(0.05, 1, (3000, 60))


def _from_zero_to_one(scores: np.ndarray) -> np.ndarray:
    low, high = scores.min(axis=0), scores.max(axis=0)
    return np.asarray((scores - low) / (high - low))


def _weights(name: str) -> tuple[Task, Task]:
    def ours(scores: np.ndarray) -> np.ndarray:
        from xinzhi.sectors.composite import transform

        # the peer's CRITIC puts every indicator on 0 to 1 first
        return np.asarray(getattr(transform, name)(_from_zero_to_one(scores) if name == "critic" else scores))

    def theirs(scores: np.ndarray) -> np.ndarray:
        from pymcdm import weights

        return np.asarray(getattr(weights, f"{name}_weights")(scores))

    return ours, theirs


def _ranking(name: str) -> tuple[Task, Task]:
    equal = np.full(60, 1 / 60)

    def ours(scores: np.ndarray) -> np.ndarray:
        from xinzhi.sectors.composite import build

        # the peer's TOPSIS puts every indicator on 0 to 1 first
        return np.asarray(getattr(build, name)(_from_zero_to_one(scores), equal))

    def theirs(scores: np.ndarray) -> np.ndarray:
        from pymcdm import methods

        return np.asarray(getattr(methods, name.upper())()(scores, equal, np.ones(60)))

    return ours, theirs


def _firm_years(peer: bool) -> Any:  # noqa: ANN401, FBT001 - arrays or pandas
    made = peers_statistics.firm_years(peer)
    if not peer:
        return made
    keyed = made.set_index(["unit", "year"])
    return keyed["y"], keyed[["a", "b"]]


def _effects_ours(given: tuple[np.ndarray, ...]) -> np.ndarray:
    from xinzhi.core.regression import fixed_effects

    y, x, unit, year = given
    return fixed_effects(y, x, ["a", "b"], [unit, year], unit).coefficients


def _effects_theirs(given: tuple[Any, Any]) -> np.ndarray:
    from linearmodels import PanelOLS

    model = PanelOLS(*given, entity_effects=True, time_effects=True)
    return model.fit(cov_type="clustered", cluster_entity=True).params.to_numpy()


def _incomes(_: bool) -> np.ndarray:  # noqa: FBT001 - both take the same
    return np.random.default_rng(1).lognormal(size=3000)


def _unequal_ours(values: np.ndarray) -> np.ndarray:
    from xinzhi.sectors.internal import gini, theil

    return np.array([gini(values), theil(values).t])


def _unequal_theirs(values: np.ndarray) -> np.ndarray:
    from inequality.gini import Gini
    from inequality.theil import Theil

    return np.array([Gini(values).g, Theil(values).T])


def _flows(_: bool) -> np.ndarray:  # noqa: FBT001 - both take the same
    return np.random.default_rng(1).lognormal(size=(3000, 40))


def _stock_ours(flows: np.ndarray) -> np.ndarray:
    from xinzhi.core.inventory import geometric

    return geometric(flows, 0.096, 10 * flows[:, 0]).ravel()


def _stock_theirs(flows: np.ndarray) -> np.ndarray:
    import pandas as pd

    frame, stock = pd.DataFrame(flows), {}
    stock[0] = 10 * frame[0]
    for year in frame.columns[1:]:
        stock[year] = stock[year - 1] * (1 - 0.096) + frame[year]
    return pd.DataFrame(stock).to_numpy().ravel()


def _rulers(_: bool) -> Any:  # noqa: ANN401, FBT001 - both take the package
    return xinzhi.load("china-provinces")


# what stays open is so little that the loop measures all of it, as ours does
CLOSED = (
    "capital.benchmark",
    "capital.price_after_official",
    "labour.breaks",
    "labour.quality",
    "labour.missing_schooling",
    "estimates.schooling_rule",
    "estimates.investment_rule",
    "estimates.control_total",
    "shares.averaging",
    "shares.after",
    "shares.valuation",
)
_SPAN = ["region", "start", "end"]


def _audit_ours(package: Any) -> np.ndarray:  # noqa: ANN401 - a data package
    found = xinzhi.audit(package, closed=CLOSED)
    tables = [found.tfp(number).sort(_SPAN) for number in range(found.protocols.height)]
    return np.concatenate([table["tfp_growth"].to_numpy() for table in tables])


def _audit_theirs(package: Any) -> np.ndarray:  # noqa: ANN401 - a data package
    global _SET  # noqa: PLW0603 - which protocols there are is not what the loop is timed for
    _SET = _SET or xinzhi.audit(package, closed=CLOSED)
    keys, out = _SET.tfp(0).select(_SPAN), []
    for number in range(_SET.protocols.height):
        alone = xinzhi.measure(package, _SET.protocol(number)).periods
        out.append(keys.join(alone, on=_SPAN, how="left").sort(_SPAN)["tfp_growth"].to_numpy())
    return np.concatenate(out)


_SET: Any = None

_DEA = f"{UNITS} firms, 3 inputs, 2 outputs"
_CHANGE = "31 units x 5 years, 2 inputs, 1 output"


def _dea(capability: str, ours: Task, theirs: Task, equal: str = "every score") -> Row:
    return Row(capability, "DEAPack", "DEAPack", _DEA, equal, 1e-9, _units, ours, theirs, repeats=3)


def _index(capability: str, ours: Task, theirs: Task) -> Row:
    return Row(capability, "DEAPack", "DEAPack", _CHANGE, "every index", 1e-9, _years, ours, theirs, repeats=3)


def _composite(capability: str, pair: tuple[Task, Task], equal: str) -> Row:
    return Row(capability, "pymcdm", "pymcdm", "3,000 regions x 60 indicators", equal, 1e-9, _scores, *pair)


_SUPER = {"rts": "crs", "model": "super-sbm", "orientation": "none"}
ROWS: dict[str, Row] = {
    "dea-crs": _dea(
        "radial efficiency, constant returns, slacks", _efficiency(rts="crs", slacks=True), _deapack("CCRInput")
    ),
    "dea-vrs": _dea(
        "radial efficiency, variable returns, slacks", _efficiency(rts="vrs", slacks=True), _deapack("BCCInput")
    ),
    "dea-fdh": _dea("free disposal hull", _efficiency(rts="fdh"), _deapack("FDH")),
    "dea-sbm": _dea(
        "slacks-based measure, variable returns",
        _efficiency(rts="vrs", model="sbm", orientation="none"),
        _deapack("SBM"),
    ),
    "dea-super-sbm": _dea(
        "super-efficiency, slacks-based, constant returns",
        lambda given: _strong_only(_efficiency(**_SUPER)(given)),
        _deapack("ToneSuperSBM"),
        "every score of an efficient unit: the peer gives no others",
    ),
    "dea-directional": _dea(
        "directional distance, variable returns, slacks",
        _efficiency(rts="vrs", model="directional", direction="own", slacks=True),
        _deapack("DDF"),
    ),
    "dea-ram": _dea(
        "range-adjusted measure",
        _efficiency(rts="vrs", model="additive", weights="ram"),
        _deapack("RAM", lambda scores: 1 - scores),
    ),
    "malmquist": _index("Malmquist index", _change(), _deapack_change("MalmquistProductivityIndex")),
    "global-malmquist": _index(
        "global Malmquist index", _change(reference="global"), _deapack_change("GlobalMalmquistProductivityIndex")
    ),
    "hicks-moorsteen": _index(
        "Hicks-Moorsteen index",
        _change(index="hicks-moorsteen", rts="vrs"),
        _deapack_change("HicksMoorsteenProductivityIndex"),
    ),
    "complexity": Row(
        "advantage, proximity, density, complexity",
        "ecomplexity",
        "ecomplexity",
        "400 places x 200 activities, a long frame",
        "index of every place (without its sign), density of every cell",
        1e-6,
        _trade,
        _paths_ours,
        _paths_theirs,
        repeats=3,
    ),
    "bubbles": Row(
        "SADF and GSADF",
        "pyexuber (a C++ core)",
        "pyexuber",
        "31 walks of 500 periods",
        "both statistics of every series",
        1e-9,
        _walks,
        _bubbles_ours,
        _bubbles_theirs,
    ),
    "weights-entropy": _composite("entropy weights", _weights("entropy"), "every weight"),
    "weights-critic": _composite("CRITIC weights", _weights("critic"), "every weight"),
    "topsis": _composite("TOPSIS", _ranking("topsis"), "every closeness"),
    "vikor": _composite("VIKOR", _ranking("vikor"), "every compromise"),
    "effects": Row(
        "two-way fixed effects, clustered errors",
        "linearmodels",
        "linearmodels",
        "5,000 firms x 10 years, 2 regressors",
        "both coefficients",
        1e-9,
        _firm_years,
        _effects_ours,
        _effects_theirs,
    ),
    "inequality": Row(
        "Gini and Theil",
        "inequality (PySAL)",
        "inequality",
        "3,000 incomes",
        "both measures",
        1e-9,
        _incomes,
        _unequal_ours,
        _unequal_theirs,
    ),
    "capital": Row(
        "perpetual inventory",
        "own baseline: pandas, year by year",
        OWN,
        "3,000 regions x 40 years",
        "every stock",
        1e-9,
        _flows,
        _stock_ours,
        _stock_theirs,
    ),
    "audit": Row(
        "audit of a set of protocols, with ranks, room and variance",
        "own baseline: `measure`, protocol by protocol",
        OWN,
        "china-provinces, 31 regions, the same protocols for both",
        "TFP growth of every period and region under every protocol",
        1e-9,
        _rulers,
        _audit_ours,
        _audit_theirs,
        repeats=1,
    ),
    **peers_frontier.ROWS,
    **peers_statistics.ROWS,
}

"""Rows of `peers.py`: stages within units, prices, bad outputs, resampling, stochastic frontiers."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from row import OWN, Row, Task

UNITS, STAGED, TERMS = 100, 60, 3
CARBON = {"x0": 2.0, "x1": 0.5}


def _drawn(names: str, count: int = UNITS) -> dict[str, np.ndarray]:
    """Return amounts between 1 and 9."""
    random = np.random.default_rng(1)
    return {name: random.uniform(1, 9, count) for name in names.split()}


def _table(columns: dict[str, np.ndarray], *names: str) -> np.ndarray:
    return np.column_stack([columns[name] for name in names])


def _staged(data: dict[str, np.ndarray], spec: object) -> Any:  # noqa: ANN401 - the peer's table
    import pandas as pd
    from deapack import NetworkData

    frame = pd.DataFrame({"unit": np.arange(STAGED), **data})
    return NetworkData.from_frame(frame, dmu="unit", spec=spec)


def _network(peer: bool) -> Any:  # noqa: ANN401, FBT001 - tables by division or the peer's table
    data = _drawn("x0 x1 x2 z0 z1 z2 y0 y1 y2", STAGED)
    if not peer:
        divisions = {f"d{at}": (data[f"x{at}"], data[f"y{at}"]) for at in range(3)}
        return divisions, {("d0", "d1"): data["z0"], ("d0", "d2"): data["z1"], ("d1", "d2"): data["z2"]}
    from deapack import LinkSpec, NetworkSpec, ProcessSpec

    links = [("z0", "d0", "d1"), ("z1", "d0", "d2"), ("z2", "d1", "d2")]
    processes = [
        ProcessSpec(
            f"d{at}",
            [f"x{at}", *(name for name, _, to in links if to == f"d{at}")],
            [f"y{at}", *(name for name, source, _ in links if source == f"d{at}")],
        )
        for at in range(3)
    ]
    return _staged(data, NetworkSpec(processes, [LinkSpec(*link, [link[0]]) for link in links]))


def _network_ours(given: Any) -> np.ndarray:  # noqa: ANN401 - tables by division
    from xinzhi.frontier import network_efficiency

    return network_efficiency(*given).scores


def _network_theirs(data: Any) -> np.ndarray:  # noqa: ANN401 - the peer's table
    from deapack import ToneTsutsuiNetworkSBM

    return ToneTsutsuiNetworkSBM().fit(data).summary()["score"].to_numpy(float)


def _dynamic(peer: bool) -> Any:  # noqa: ANN401, FBT001 - a frame or the peer's table
    unit, year = (codes.ravel() for codes in np.indices((STAGED, TERMS)))
    columns = {"unit": unit, "year": year, **_drawn("x0 x1 y0 bad free", unit.size)}
    if not peer:
        return pl.DataFrame(columns)
    import pandas as pd
    from deapack import CarryOverSpec, DynamicData, DynamicSpec, PeriodProductionSpec

    carried = [CarryOverSpec("bad", "bad"), CarryOverSpec("free", "free")]
    spec = DynamicSpec(PeriodProductionSpec(inputs=["x0", "x1"], outputs=["y0"]), carried)
    return DynamicData.from_frame(pd.DataFrame(columns), spec=spec, dmu="unit", period="year")


def _dynamic_ours(frame: pl.DataFrame) -> np.ndarray:
    from xinzhi.frontier import dynamic_efficiency

    return dynamic_efficiency(frame, "unit", "year", ["x0", "x1"], ["y0"], bad=["bad"], free=["free"]).scores


def _dynamic_theirs(data: Any) -> np.ndarray:  # noqa: ANN401 - the peer's table
    from deapack import ToneTsutsuiDynamicSBM

    return ToneTsutsuiDynamicSBM().fit(data).summary()["score"].to_numpy(float)


def _goods(peer: bool) -> Any:  # noqa: ANN401, FBT001 - arrays or the peer's table and its prices
    data = _drawn("x0 x1 y0 bad p0 p1")
    if not peer:
        return _table(data, "x0", "x1"), data["y0"], data["bad"], _table(data, "p0", "p1")
    import pandas as pd
    from deapack import DEAData, PriceData

    frame = pd.DataFrame({"unit": np.arange(UNITS), **data})
    roles = {"inputs": ["x0", "x1"], "outputs": ["y0"]}
    prices = PriceData.from_frame(frame, input_prices={"x0": "p0", "x1": "p1"}, dmu="unit", spec=_specific())
    plain = DEAData.from_frame(frame, dmu="unit", **roles)
    return plain, DEAData.from_frame(frame, dmu="unit", bad_outputs=["bad"], **roles), prices


def _specific() -> object:
    from deapack import PriceSpec

    return PriceSpec(scope="by_observation")


def _materials_ours(given: tuple[np.ndarray, ...]) -> np.ndarray:
    from xinzhi.frontier import materials_balance

    x, y, *_ = given
    found = materials_balance(x, y, list(CARBON.values()), [0.1], rts="vrs").frame
    return found.select("environmental", "technical").to_numpy().ravel()


def _materials_theirs(given: tuple[Any, ...]) -> np.ndarray:
    from deapack import MaterialBalanceCoefficients, MaterialBalanceDEA

    held = MaterialBalanceCoefficients(inputs={"m": CARBON}, outputs={"m": {"y0": 0.1}})
    found = MaterialBalanceDEA(held, returns_to_scale="vrs").fit(given[0]).summary()
    return found[["efficiency", "technical_efficiency"]].to_numpy(float).ravel()


def _cost_ours(given: tuple[np.ndarray, ...]) -> np.ndarray:
    from xinzhi.frontier import cost_efficiency

    x, y, _, prices = given
    return cost_efficiency(x, y, prices).frame.select("economic", "optimum").to_numpy().ravel()


def _cost_theirs(given: tuple[Any, ...]) -> np.ndarray:
    from deapack import CostEfficiency

    found = CostEfficiency(returns_to_scale="vrs").fit(given[0], given[2]).summary()
    return found[["cost_efficiency", "minimum_cost"]].to_numpy(float).ravel()


def _green_ours(given: tuple[np.ndarray, ...]) -> np.ndarray:
    from xinzhi.frontier import efficiency

    x, y, bad, _ = given
    return efficiency(x, y, bad, model="environmental", rts="crs").scores


def _green_theirs(given: tuple[Any, ...]) -> np.ndarray:
    from deapack import ChungFareGrosskopfDDF

    return ChungFareGrosskopfDDF().fit(given[1]).summary()["score"].to_numpy(float)


def _composed(peer: bool) -> Any:  # noqa: ANN401, FBT001 - a frame, or logarithms
    random = np.random.default_rng(1)
    logs = random.uniform(0, 3, (2000, 2))
    error = 0.2 * random.normal(size=2000) - np.abs(0.4 * random.normal(size=2000))
    output = 1 + logs @ [0.4, 0.5] + error
    if peer:
        return output, logs
    return pl.DataFrame({"y": np.exp(output), "k": np.exp(logs[:, 0]), "l": np.exp(logs[:, 1])})


def _sfa_ours(frame: pl.DataFrame) -> np.ndarray:
    from xinzhi.frontier import sfa

    found = sfa(frame, "y", ["k", "l"])
    return np.concatenate([found.coefficients["estimate"].to_numpy()[:3], found.frame["efficiency"].to_numpy()])


def _sfa_theirs(given: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    from pysfa import SFA

    found = SFA.SFA(*given, fun=SFA.FUN_PROD, method=SFA.TE_te)
    return np.concatenate([found.get_beta(), found.get_technical_efficiency()])


REPLICATIONS = 20


def _resampled(_: bool) -> Any:  # noqa: ANN401, FBT001 - both take the same
    from xinzhi.frontier.bootstrap import choose_width, smooth_draws, unit_distances
    from xinzhi.frontier.models.sweep import validate_and_scale

    random = np.random.default_rng(1)
    x = np.exp(random.normal(size=(31, 2)))
    y = (x.prod(axis=1) ** 0.4 * np.exp(-np.abs(random.normal(0, 0.3, 31))))[:, None]
    data = validate_and_scale(x, y)
    distances = unit_distances(data, "vrs", "output")
    return data, distances, smooth_draws(distances, choose_width(distances), REPLICATIONS, random)


def _resampled_ours(given: Any) -> np.ndarray:  # noqa: ANN401 - units, distances, draws
    from xinzhi.frontier.bootstrap import smoothed_distances

    data, distances, drawn = given
    return smoothed_distances(data, "vrs", "output", distances, drawn).ravel()


def _resampled_theirs(given: Any) -> np.ndarray:  # noqa: ANN401 - units, distances, draws
    from scipy.optimize import linprog

    (data, distances, drawn), out = given, []
    for move in drawn / distances:
        y = data.y / move[:, None]
        for unit in range(len(y)):
            # most expansion of the unit's outputs by a mix of the moved units that uses no more inputs
            less = np.vstack([np.append(data.x.T, np.zeros((2, 1)), 1), np.append(-y.T, data.y[unit][:, None], 1)])
            one = np.append(np.ones(len(y)), 0.0)[None]
            cost = np.append(np.zeros(len(y)), -1.0)
            found = linprog(cost, A_ub=less, b_ub=np.append(data.x[unit], 0.0), A_eq=one, b_eq=[1.0])
            out.append(-found.fun if found.status == 0 else np.nan)
    return np.array(out)


def _dea(capability: str, given: str, equal: str, make: Any, ours: Task, theirs: Task) -> Row:  # noqa: ANN401 - a maker of inputs
    return Row(capability, "DEAPack", "DEAPack", given, equal, 1e-9, make, ours, theirs, repeats=3)


_GOODS = f"{UNITS} units, 2 inputs, 1 output"
ROWS: dict[str, Row] = {
    "dea-network": _dea(
        "slacks-based measure of a network, free links",
        f"{STAGED} units, 3 divisions, 3 links",
        "score of the whole",
        _network,
        _network_ours,
        _network_theirs,
    ),
    "dea-dynamic": _dea(
        "dynamic slacks-based measure",
        f"{STAGED} units x {TERMS} periods, a bad and a free carry-over",
        "score over all periods",
        _dynamic,
        _dynamic_ours,
        _dynamic_theirs,
    ),
    "dea-materials": _dea(
        "materials balance, variable returns",
        _GOODS,
        "environmental and technical efficiency",
        _goods,
        _materials_ours,
        _materials_theirs,
    ),
    "dea-cost": _dea(
        "cost efficiency, variable returns",
        f"{_GOODS}, own prices",
        "cost efficiency and least cost",
        _goods,
        _cost_ours,
        _cost_theirs,
    ),
    "dea-bad-outputs": _dea(
        "weakly disposable bad output, directional",
        f"{_GOODS}, 1 bad output",
        "every score",
        _goods,
        _green_ours,
        _green_theirs,
    ),
    "dea-bootstrap": Row(
        "smoothed bootstrap, variable returns",
        "own baseline: scipy.optimize.linprog, program by program",
        OWN,
        f"31 units, 2 inputs, 1 output, {REPLICATIONS} replications",
        "every distance of every replication",
        1e-8,
        _resampled,
        _resampled_ours,
        _resampled_theirs,
        repeats=3,
    ),
    "sfa": Row(
        "stochastic frontier, half-normal",
        "pysfa",
        "pysfa",
        "2,000 firms, 2 inputs",
        "coefficients and every efficiency; the peer's optimiser stops earlier",
        1e-3,
        _composed,
        _sfa_ours,
        _sfa_theirs,
        repeats=3,
    ),
}

"""Rows of `peers.py`: regressions, chains and neighbours, inequality by groups, linkage."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from row import OWN, Row

SIDE, YEARS, CLASSES = 20, 30, 4
PLACES = SIDE * SIDE


def _neighbours() -> dict[str, list[str]]:
    """Return who borders on whom on a lattice, by rook."""
    out = {}
    for row in range(SIDE):
        for column in range(SIDE):
            near = [(row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)]
            out[f"r{row * SIDE + column:03d}"] = [
                f"r{a * SIDE + b:03d}" for a, b in near if 0 <= a < SIDE and 0 <= b < SIDE
            ]
    return out


def _lattice() -> Any:  # noqa: ANN401 - the peer's weights
    from libpysal.weights import W

    weights = W(_neighbours(), silence_warnings=True)
    weights.transform = "r"
    return weights


def _incomes() -> np.ndarray:
    random = np.random.default_rng(1)
    return np.exp(random.normal(size=(PLACES, 1)) + random.normal(0, 0.1, (PLACES, YEARS)).cumsum(axis=1))


def _map(peer: bool) -> Any:  # noqa: ANN401, FBT001 - values and weights
    from xinzhi.sectors.spatial import spatial_weights

    values = _incomes()[:, 0]
    if peer:
        return values, _lattice()
    near = _neighbours()
    return values, spatial_weights(near, list(near)).matrix


def _moran_ours(given: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    from xinzhi.sectors.spatial import global_moran, local_moran

    whole = global_moran(*given, draws=999)
    local, _ = local_moran(*given, draws=999)
    return np.array([*(whole[name] for name in ("moran", "expected", "variance", "z")), *local])


def _moran_theirs(given: tuple[Any, ...]) -> np.ndarray:
    import esda

    whole = esda.Moran(*given, permutations=999)
    local = esda.Moran_Local(*given, permutations=999)
    return np.array([whole.I, whole.EI, whole.VI_rand, whole.z_rand, *local.Is])


def _chain(peer: bool) -> Any:  # noqa: ANN401, FBT001 - a frame, or an array and weights
    values = _incomes()
    values = values / values.mean(axis=0)
    bounds = np.quantile(values, np.arange(1, CLASSES) / CLASSES).tolist()
    if peer:
        return values, _lattice(), bounds
    near = _neighbours()
    region, year = np.repeat(list(near), YEARS), np.tile(np.arange(YEARS), PLACES)
    return pl.DataFrame({"region": region, "year": year, "y": values.ravel()}), near, bounds


def _chain_ours(given: tuple[Any, ...]) -> np.ndarray:
    from xinzhi.sectors import markov

    frame, near, bounds = given
    found = markov(frame, "y", bounds=bounds, relative=False, neighbours=near)
    test = found.homogeneity
    assert test is not None  # noqa: S101 - with neighbours there is one
    counts = found.frame.filter(pl.col("neighbours") > 0).sort("neighbours", "origin", "destination")["count"]
    return np.array([*counts, test.statistic])


def _chain_theirs(given: tuple[Any, ...]) -> np.ndarray:
    import giddy

    values, weights, bounds = given
    found = giddy.markov.Spatial_Markov(
        values, weights, fixed=True, k=CLASSES, m=CLASSES, cutoffs=bounds, lag_cutoffs=bounds
    )
    return np.array([*np.ravel(found.T), found.LR])


def _grouped(_: bool) -> tuple[np.ndarray, np.ndarray]:  # noqa: FBT001 - both take the same
    random = np.random.default_rng(1)
    return random.lognormal(size=3000), random.integers(0, 6, 3000)


def _theil_ours(given: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    from xinzhi.sectors.internal import theil

    found = theil(*given)
    return np.array([found.t, found.t_between, found.t_within])


def _theil_theirs(given: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    from inequality.theil import TheilD

    found = TheilD(*given)
    return np.array([np.squeeze(found.T), np.squeeze(found.bg), np.squeeze(found.wg)])


def _dagum_ours(given: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    from xinzhi.sectors.internal import dagum

    found = dagum(*given)
    return np.array([found.gini, found.within, found.between, found.transvariation])


def _dagum_theirs(given: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    values, groups = given
    members = [values[groups == group] for group in range(6)]
    n, mean, parts = values.size, values.mean(), np.zeros(3)
    for j, own in enumerate(members):
        for h, other in enumerate(members):
            gap = np.abs(own[:, None] - other).mean()
            share = own.size / n * other.size / n * gap / (2 * mean)
            apart = abs(own.mean() - other.mean()) / gap
            parts += share * np.array([j == h, (j != h) * apart, (j != h) * (1 - apart)])
    return np.array([parts.sum(), *parts])


def firm_years(peer: bool) -> Any:  # noqa: ANN401, FBT001 - arrays or pandas
    """Return made-up firms over ten years: y, two regressors, firm and year."""
    random = np.random.default_rng(1)
    unit, year = (codes.ravel() for codes in np.indices((5000, 10)))
    x = random.normal(size=(unit.size, 2)) + random.normal(size=(5000, 1))[unit]
    y = x @ [0.5, -0.2] + random.normal(size=5000)[unit] + 0.1 * year + random.normal(size=unit.size)
    if not peer:
        return y, x, unit, year
    import pandas as pd

    return pd.DataFrame({"y": y, "a": x[:, 0], "b": x[:, 1], "unit": unit, "year": year})


def _panel_ours(given: tuple[np.ndarray, ...]) -> np.ndarray:
    from xinzhi.core.regression import fixed_effects

    y, x, unit, year = given
    found = fixed_effects(y, x, ["a", "b"], [unit, year], unit)
    return np.concatenate([found.coefficients, found.standard_errors])


def _panel_theirs(frame: Any) -> np.ndarray:  # noqa: ANN401 - a pandas frame
    import pyfixest

    found = pyfixest.feols("y ~ a + b | unit + year", frame, vcov={"CRV1": "unit"}, fixef_tol=1e-10)
    return np.concatenate([found.coef().to_numpy(), found.se().to_numpy()])


def _line(_: bool) -> tuple[np.ndarray, np.ndarray]:  # noqa: FBT001 - both take the same
    random = np.random.default_rng(1)
    x = np.column_stack([np.ones(2000), random.normal(size=(2000, 4)).cumsum(axis=0) / 20])
    return x @ [1, 0.5, -0.5, 0.2, 0] + random.normal(size=2000), x


def _hac_ours(given: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    from xinzhi.core.regression import hac_errors, ols

    y, x = given
    found = ols(y, x)
    return np.concatenate([found.coefficients, hac_errors(x, found.residuals, 8)])


def _hac_theirs(given: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    from statsmodels.api import OLS

    found = OLS(*given).fit(cov_type="HAC", cov_kwds={"maxlags": 8, "use_correction": False})
    return np.concatenate([found.params, found.bse])


def _entry(_: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # noqa: FBT001 - both take the same
    random = np.random.default_rng(1)
    x = np.column_stack([np.ones(20_000), random.normal(size=(20_000, 5))])
    chance = 1 / (1 + np.exp(-(x @ [-2, 0.5, 0.3, -0.2, 0.1, 0])))
    return x, random.random(20_000) < chance, random.integers(0, 300, 20_000)


def _logit_ours(given: tuple[np.ndarray, ...]) -> np.ndarray:
    from xinzhi.core.regression import logit, logit_errors

    x, y, cluster = given
    found = logit(x, y)
    return np.concatenate([found, logit_errors(x, y, found, cluster)])


def _logit_theirs(given: tuple[np.ndarray, ...]) -> np.ndarray:
    from statsmodels.api import Logit

    x, y, cluster = given
    cov = {"groups": cluster, "use_correction": False, "df_correction": False}
    found = Logit(y.astype(float), x).fit(disp=0, cov_type="cluster", cov_kwds=cov)
    groups = int(cluster.max()) + 1
    return np.concatenate([found.params, found.bse * np.sqrt(groups / (groups - 1))])


PAIRS, SIZES, GUILTY, UNKNOWN = 20_000, (3, 2, 2), 0.2, 0.1
LEVELS = np.array(
    [[[0.7, 0.2, 0.1], [0.9, 0.1, 0.0], [0.6, 0.4, 0.0]], [[0.1, 0.3, 0.6], [0.2, 0.8, 0.0], [0.05, 0.95, 0.0]]]
)


def _pairs(peer: bool) -> Any:  # noqa: ANN401, FBT001 - levels of agreement, or tables of the peer's engine
    random = np.random.default_rng(1)
    kind = (random.random(PAIRS) < GUILTY).astype(int)
    levels = np.column_stack(
        [(random.random(PAIRS)[:, None] > LEVELS[kind, field].cumsum(axis=1)).sum(axis=1) for field in range(3)]
    )
    levels[random.random(levels.shape) < UNKNOWN] = -1
    if not peer:
        return levels.astype(np.int8)
    import pyarrow as pa

    columns = {f"field_{at}": pa.array(levels[:, at]) for at in range(3)}
    return pa.table({"unique_id": pa.array(np.arange(PAIRS)), **columns})


def _linkage_ours(levels: np.ndarray) -> np.ndarray:
    from xinzhi.risks.projects.weights import Agreement, learn

    begin = np.where(LEVELS > 0, 0.5 * LEVELS + 0.5 / np.array(SIZES)[None, :, None], 0.0)
    found = learn(levels, SIZES, np.ones((len(levels), 2), dtype=bool), Agreement(np.array([0.5, 0.5]), begin))
    return np.array(
        [found.share[1], *(p for at in range(3) for kind in (0, 1) for p in found.level[kind, at, : SIZES[at]])]
    )


def _comparison(field: int) -> object:
    import splink.comparison_level_library as levels_of
    import splink.comparison_library as comparisons_of

    name, told = f"field_{field}", 0.5 * LEVELS[:, field] + 0.5 / SIZES[field]
    levels = [levels_of.CustomLevel(f"{name}_l = -1").configure(is_null_level=True)]
    for level in range(SIZES[field] - 1, -1, -1):
        one = levels_of.CustomLevel(f"{name}_l = {level}") if level else levels_of.ElseLevel()
        levels.append(one.configure(m_probability=told[1, level], u_probability=told[0, level]))
    return comparisons_of.CustomComparison(output_column_name=name, comparison_levels=levels)


def _linkage_theirs(table: Any) -> np.ndarray:  # noqa: ANN401 - an Arrow table
    import logging

    from splink import DuckDBAPI, Linker, SettingsCreator

    logging.disable(logging.WARNING)
    database = DuckDBAPI()
    settings = SettingsCreator(
        link_type="link_only",
        comparisons=[_comparison(at) for at in range(3)],
        probability_two_random_records_match=0.5,
        em_convergence=1e-7,
        max_iterations=500,
    )
    linker = Linker([database.register(table, table_name=side) for side in ("new", "old")], settings)
    session = linker.training.estimate_parameters_using_expectation_maximisation(
        "l.unique_id = r.unique_id", fix_u_probabilities=False, record_sample_proportion=1.0
    )
    share = session._lambda_history_records[-1]["probability_two_random_records_match"]  # noqa: SLF001 - has no other name
    out = [share]
    for comparison in linker.misc.save_model_to_json()["comparisons"]:
        known = [one for one in reversed(comparison["comparison_levels"]) if not one.get("is_null_level")]
        out += [one[f"{kind}_probability"] for kind in ("u", "m") for one in known]
    return np.array(out)


_MAP = f"a lattice of {PLACES} regions"
ROWS: dict[str, Row] = {
    "effects-pyfixest": Row(
        "two-way fixed effects, clustered errors",
        "pyfixest",
        "pyfixest",
        "5,000 firms x 10 years, 2 regressors",
        "coefficients and standard errors",
        1e-8,
        firm_years,
        _panel_ours,
        _panel_theirs,
    ),
    "hac": Row(
        "least squares, errors of Newey and West",
        "statsmodels",
        "statsmodels",
        "2,000 periods, 4 regressors, 8 lags",
        "coefficients and standard errors",
        1e-9,
        _line,
        _hac_ours,
        _hac_theirs,
    ),
    "logit": Row(
        "logit, clustered errors",
        "statsmodels",
        "statsmodels",
        "20,000 cases, 5 regressors, 300 clusters",
        "coefficients and standard errors",
        1e-8,
        _entry,
        _logit_ours,
        _logit_theirs,
    ),
    "moran": Row(
        "Moran's I, global and local, 999 permutations",
        "esda (PySAL)",
        "esda",
        _MAP,
        "index, mean, variance, z; every local index (draws differ)",
        1e-9,
        _map,
        _moran_ours,
        _moran_theirs,
        repeats=3,
    ),
    "spatial-markov": Row(
        "spatial Markov chain and its test",
        "giddy (PySAL)",
        "giddy",
        f"{_MAP} x {YEARS} years, {CLASSES} classes",
        "every transition and the likelihood ratio",
        1e-9,
        _chain,
        _chain_ours,
        _chain_theirs,
        repeats=3,
    ),
    "theil-groups": Row(
        "Theil within and between groups",
        "inequality (PySAL)",
        "inequality",
        "3,000 incomes, 6 groups",
        "the measure and both parts",
        1e-9,
        _grouped,
        _theil_ours,
        _theil_theirs,
    ),
    "dagum": Row(
        "Dagum's decomposition of the Gini coefficient",
        "own baseline: NumPy, all pairs by the definition",
        OWN,
        "3,000 incomes, 6 groups",
        "the measure and its three parts",
        1e-9,
        _grouped,
        _dagum_ours,
        _dagum_theirs,
    ),
    "linkage": Row(
        "record linkage learned without labels",
        "splink",
        "splink",
        f"{PAIRS:,} pairs, 3 fields",
        "share of matches and every level (ours has a prior of one observation a field)",
        2e-3,
        _pairs,
        _linkage_ours,
        _linkage_theirs,
        repeats=3,
    ),
}

"""Stochastic frontiers: time, recovery of parameters, and convex nonparametric least squares up to 2,000 observations.

Prints CPU seconds of every model on one core, a Monte Carlo of bias and coverage, and the quadratic program beside
HiGHS on all n (n - 1) constraints of the same data. Exits with 1 when a promised limit is missed.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import sys
import time

import highspy
import numpy as np
import polars as pl

from xinzhi.frontier import cnls, sfa

MODEL_LIMIT, CNLS_LIMIT, GAP_LIMIT = 10.0, 180.0, 1e-5
HIGHS_ROWS, HIGHS_SECONDS, REPLICATIONS = 40, 60.0, 300


def panel(units: int, years: int, draw: np.random.Generator, **sigma: float) -> pl.DataFrame:
    """Return a made-up panel with effects w, persistent h and transient u inefficiency, and noise v."""
    unit = np.repeat(np.arange(units), years)
    capital, labour = draw.uniform(0, 3, (2, unit.size))
    effect = sigma.get("w", 0) * draw.normal(size=units) - np.abs(sigma.get("h", 0) * draw.normal(size=units))
    error = sigma["v"] * draw.normal(size=unit.size) - np.abs(sigma.get("u", 0) * draw.normal(size=unit.size))
    output = 1 + 0.4 * capital + 0.5 * labour + effect[unit] + error
    columns = {"firm": unit, "year": np.tile(np.arange(years), units)}
    return pl.DataFrame({**columns, "y": np.exp(output), "k": np.exp(capital), "l": np.exp(labour)})


def times() -> bool:
    """Print the time of every model on 500 units x 8 years."""
    data = panel(500, 8, np.random.default_rng(1), w=0.2, h=0.3, u=0.3, v=0.15)
    data = data.with_columns(z=pl.col("l").log())
    fine = True
    names = ["half-normal", "exponential", "rayleigh", "uniform", "gamma", "truncated-normal", "bc95", "pitt-lee"]
    for model in [*names, "bc92", "kumbhakar-1990", "true-fixed", "true-random"]:
        options = {"determinants": ["z"]} if model == "bc95" else {}
        start = time.process_time()
        result = sfa(data, "y", ["k", "l"], "firm", "year", model=model, **options)
        seconds = time.process_time() - start
        limited = model in ("half-normal", "exponential", "pitt-lee", "bc92", "bc95")
        fine &= seconds < MODEL_LIMIT or not limited
        limit = f"limit {MODEL_LIMIT:.0f}" if limited else "no limit"
        print(f"{model:>18}, 4,000 rows: {seconds:6.2f} s CPU ({limit}), {result.verdict.status}")
    small = panel(31, 20, np.random.default_rng(2), w=0.2, h=0.3, u=0.3, v=0.15)
    start = time.process_time()
    result = sfa(small, "y", ["k", "l"], "firm", "year", model="four-component")
    print(f"    four-component, 31 x 20: {time.process_time() - start:6.2f} s CPU, {result.verdict.status}")
    return fine


def recovery() -> None:
    """Print bias and coverage of 95 % intervals over samples of 400 rows, and of efficiency intervals."""
    truth = {"log(k)": 0.4, "log(l)": 0.5, "sigma_u": 0.4, "sigma_v": 0.2}
    found: dict[str, list[float]] = {name: [] for name in truth}
    covered: dict[str, list[bool]] = {name: [] for name in truth}
    failed = 0
    for seed in range(REPLICATIONS):
        result = sfa(panel(400, 1, np.random.default_rng(seed), u=0.4, v=0.2), "y", ["k", "l"])
        if result.verdict.status != "converged":
            failed += 1
            continue
        for name, value in truth.items():
            row = result.coefficients.filter(pl.col("term") == name).row(0, named=True)
            found[name].append(row["estimate"])
            covered[name].append(row["lower"] <= value <= row["upper"])
    print(f"half-normal, 400 rows, {REPLICATIONS} samples: {failed} without a maximum inside the parameter space")
    for name, value in truth.items():
        bias, error = np.mean(found[name]) - value, np.std(found[name]) / np.sqrt(len(found[name]))
        print(f"{name:>18}: bias {bias:+.4f} (Monte-Carlo error {error:.4f}), coverage {np.mean(covered[name]):.3f}")


def sample(rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Return outputs and three inputs."""
    draw = np.random.default_rng(1)
    x = draw.uniform(1, 10, (rows, 3))
    error = 0.1 * draw.normal(size=rows) - np.abs(0.2 * draw.normal(size=rows))
    return np.exp(np.log(x) @ np.full(3, 0.8 / 3) + error), x


def highs(y: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, float, str]:
    """Solve the program with all constraints by HiGHS; return fitted values, CPU seconds and status."""
    n, p = x.shape
    free, columns = highspy.kHighsInf, n * (1 + p)
    i, h = np.nonzero(~np.eye(n, dtype=bool))
    slopes = n + i[:, None] * p + np.arange(p)
    index = np.column_stack([h, i, slopes]).ravel()
    value = np.column_stack([np.ones(i.size), -np.ones(i.size), x[i] - x[h]]).ravel()
    model = highspy.HighsModel()
    lp, hessian = model.lp_, model.hessian_
    lp.num_col_, lp.num_row_ = columns, i.size
    lp.col_cost_ = np.concatenate([-y, np.zeros(n * p)])
    lp.col_lower_ = np.concatenate([np.full(n, -free), np.zeros(n * p)])
    lp.col_upper_, lp.row_lower_, lp.row_upper_ = np.full(columns, free), np.full(i.size, -free), np.zeros(i.size)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_, lp.a_matrix_.index_ = np.arange(i.size + 1) * (2 + p), index
    lp.a_matrix_.value_ = value
    hessian.dim_, hessian.format_ = columns, highspy.HessianFormat.kTriangular
    hessian.start_ = np.minimum(np.arange(columns + 1), n)
    hessian.index_, hessian.value_ = np.arange(n), np.ones(n)
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)  # noqa: FBT003 - the solver's own signature
    solver.setOptionValue("time_limit", HIGHS_SECONDS)
    solver.passModel(model)
    start = time.process_time()
    solver.run()
    seconds = time.process_time() - start
    return np.array(solver.getSolution().col_value)[:n], seconds, solver.modelStatusToString(solver.getModelStatus())


def envelopes() -> bool:
    """Print the time of the concave fit, beside HiGHS on a small sample."""
    y, x = sample(HIGHS_ROWS)
    theirs, seconds, status = highs(y, x)
    start = time.process_time()
    ours = cnls(y, x)
    mine = time.process_time() - start
    gap, ratio = float(np.abs(theirs - ours.fitted).max()), seconds / mine
    print(
        f"CNLS, {HIGHS_ROWS} x 3: {mine:.2f} s CPU; HiGHS, all constraints: {seconds:.2f} s ({status}), {ratio:.0f} x"
    )
    print(f"  largest difference of fitted values {gap:.1e} (limit {GAP_LIMIT:.0e}, when HiGHS gets there)")
    fine = status != "Optimal" or (gap < GAP_LIMIT and ratio >= 1)
    for rows in (250, 500, 1000, 2000):
        y, x = sample(rows)
        start = time.process_time()
        hull = cnls(y, x)
        mine = time.process_time() - start
        print(
            f"CNLS, {rows} x 3: {mine:6.1f} s CPU, {hull.constraints:,} of {rows * (rows - 1):,} constraints, "
            f"{hull.rounds} rounds, violation {hull.violation:.0e}, gap {hull.gap:.0e}"
        )
    fine &= mine < CNLS_LIMIT
    print(f"  limit at 2,000: {CNLS_LIMIT:.0f} s")
    return fine


if __name__ == "__main__":
    good = times()
    recovery()
    good &= envelopes()
    sys.exit(0 if good else 1)

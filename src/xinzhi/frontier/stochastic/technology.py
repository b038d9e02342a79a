"""Is the estimated frontier a technology? Elasticities, returns to scale, monotonicity and curvature of every row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xinzhi.frontier.stochastic.conventions import conventions

if TYPE_CHECKING:
    import polars as pl

    from xinzhi.core.arrays import BoolArray, FloatArray
    from xinzhi.frontier.stochastic.design import Frontier, Table
    from xinzhi.frontier.stochastic.options import Settings


def elasticities(
    frontier: Frontier, settings: Settings, beta: FloatArray, table: Table, keys: pl.DataFrame
) -> pl.DataFrame:
    """Return the elasticity of every input in every row, returns to scale, technical change and whether theory holds.

    Parameters
    ----------
    frontier, settings, table
        The model and its data.
    beta
        Coefficients of the frontier's columns, the constant first.
    keys
        The columns that name the rows.

    Notes
    -----
    With elasticities e and second derivatives B in logs, the Hessian of the frontier is, up to positive scaling of rows
    and columns, ``B + e e' - diag(e)``. A production frontier is quasi-concave where that matrix is negative
    semidefinite across the directions that leave output as it is, a cost frontier concave in prices where its block of
    prices is.
    """
    import polars as pl

    values = frontier.variables(table)
    slopes, bend = frontier.slopes(beta, values)
    count = len(frontier.inputs)
    first, second = slopes[:, :count], bend[:count, :count]
    columns: dict[str, object] = {name: first[:, at] for at, name in enumerate(frontier.inputs)}
    prices = [frontier.inputs.index(name) for name in settings.prices]
    outputs = [at for at in range(count) if at not in prices]
    if not settings.cost:
        columns["returns_to_scale"] = first.sum(axis=1)
    elif prices and outputs:
        columns["returns_to_scale"] = 1 / first[:, outputs].sum(axis=1)
    if frontier.trend:
        columns["technical_change"] = slopes[:, -1] * (-1.0 if settings.cost else 1.0)
    columns["monotone"] = (first >= conventions()["monotonicity"]).all(axis=1)
    if not settings.cost:
        columns["curved"] = quasi_concave(first, second)
    elif prices:
        columns["curved"] = concave(first[:, prices], second[np.ix_(prices, prices)])
    return keys.hstack(pl.DataFrame(columns))


def concave(slopes: FloatArray, bend: FloatArray) -> BoolArray:
    """Return the rows in which ``B + e e' - diag(e)`` is negative semidefinite.

    Examples
    --------
    >>> concave(np.array([[0.3, 0.6], [0.8, 0.7]]), np.zeros((2, 2))).tolist()  # decreasing, increasing returns
    [True, False]
    """
    matrices = bend + slopes[:, :, None] * slopes[:, None, :] - slopes[:, :, None] * np.eye(slopes.shape[1])
    return np.asarray(np.linalg.eigvalsh(matrices)[:, -1] <= conventions()["curvature"])


def quasi_concave(slopes: FloatArray, bend: FloatArray) -> BoolArray:
    """Return the rows in which ``B - diag(e)`` is negative semidefinite at right angles to e.

    Examples
    --------
    >>> quasi_concave(np.array([[0.8, 0.7], [0.5, -0.2]]), np.zeros((2, 2))).tolist()
    [True, False]
    >>> quasi_concave(np.array([[0.5, 0.5]]), np.array([[1.0, -1.0], [-1.0, 1.0]])).tolist()
    [False]
    """
    count = slopes.shape[1]
    length = np.maximum(np.linalg.norm(slopes, axis=1), np.finfo(float).tiny)
    unit = slopes / length[:, None]
    across = np.eye(count) - unit[:, :, None] * unit[:, None, :]
    matrices = across @ (bend - slopes[:, :, None] * np.eye(count)) @ across
    return np.asarray(np.linalg.eigvalsh(matrices)[:, -1] <= conventions()["curvature"])


def checks(table: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Return ``check, rows, satisfied, share, status`` for monotonicity and curvature."""
    import polars as pl

    rows: list[tuple[str, int, int | None, float | None, str]] = []
    names = {"monotone": "monotonicity", "curved": "concavity in prices" if settings.cost else "quasi-concavity"}
    for column, name in names.items():
        if column in table.columns:
            held = int(table[column].sum())
            status = "satisfied" if held == table.height else "violated"
            rows.append((name, table.height, held, held / table.height, status))
        else:
            rows.append((name, table.height, None, None, "not checked: name the prices with prices=[...]"))
    kinds = {"check": pl.String, "rows": pl.Int64, "satisfied": pl.Int64, "share": pl.Float64, "status": pl.String}
    return pl.DataFrame(rows, schema=kinds, orient="row")

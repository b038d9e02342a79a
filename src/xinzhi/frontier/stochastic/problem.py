"""From a call to a likelihood with its starting points, and to where it is highest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from xinzhi.core.arrays import BoolArray, FloatArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.frontier.stochastic import densities
from xinzhi.frontier.stochastic.densities import INEFFICIENCY, LOCATION, NOISE, Distribution
from xinzhi.frontier.stochastic.design import (
    CONSTANT,
    CONVENTIONS,
    EFFECTS,
    IN_STEP,
    Frontier,
    Settings,
    Table,
    orthonormal,
)
from xinzhi.frontier.stochastic.likelihoods import InStep, Pooled, gamma
from xinzhi.frontier.stochastic.random_effects import EFFECT, PERSISTENT, RandomEffects

Likelihood = Pooled | InStep | RandomEffects
_LONGEST = 2.0  # of a step in any parameter, in units of max(|theta|, 1): a variance by a factor of e**2 at most
_SUFFICIENT = 1e-4
_HALVINGS = 40
_NOTHING = -9.0  # log of the share of a variance at which a climb ends: the boundary is tried next
_DONE = 1e-13  # expected gain of a Newton step, relative to the log-likelihood


@dataclass(frozen=True, slots=True, eq=False)
class Summit:
    """Where a climb ended."""

    theta: FloatArray
    value: float
    gradient: FloatArray
    hessian: FloatArray
    steps: int
    pinned: BoolArray
    starts: int = 1
    agreeing: int = 1
    higher: float | None = None

    def relative_gradient(self) -> float:
        """Return ``max |g| max(|theta|, 1) / max(|log L|, 1)`` over the free parameters."""
        free = ~self.pinned
        scaled = np.abs(self.gradient[free]) * np.maximum(np.abs(self.theta[free]), 1.0)
        return float(scaled.max(initial=0.0) / max(abs(self.value), 1.0))

    def curvature(self) -> tuple[float, float]:
        """Return the smallest eigenvalue of the information with unit diagonal, and its condition number."""
        free = ~self.pinned
        information = -self.hessian[np.ix_(free, free)]
        diagonal = np.diag(information)
        if not (np.isfinite(information).all() and (diagonal > 0).all()):
            return -np.inf, np.inf
        root = np.sqrt(diagonal)
        values = np.linalg.eigvalsh(information / np.outer(root, root))
        return float(values[0]), float(values[-1] / values[0]) if values[0] > 0 else np.inf


def climb(
    likelihood: Likelihood, start: FloatArray, variances: Sequence[int] = (), pinned: BoolArray | None = None
) -> Summit:
    """Climb by Newton steps whose matrix is made positive definite, with halving."""
    pinned = np.zeros(start.size, dtype=bool) if pinned is None else pinned
    free = [at for at in variances if not pinned[at]]
    theta, (value, gradient) = start.copy(), likelihood.gradient(start)
    hessian, steps = likelihood.hessian(theta), 0
    while steps < CONVENTIONS["iterations"]:
        steps += 1
        step = _newton_step(hessian, gradient, theta, pinned)
        gain = float(step @ gradient)
        if gain <= _DONE * max(abs(value), 1.0):
            break
        for halving in range(_HALVINGS):  # the first point along the step that gains enough
            length = 0.5**halving
            trial = theta + length * step
            trial_value, slope = likelihood.gradient(trial)
            if (
                np.isfinite(trial_value)
                and np.isfinite(slope).all()
                and trial_value >= value + _SUFFICIENT * length * gain
            ):
                break
        else:
            break
        theta, value, gradient = trial, trial_value, slope
        if _smallest(theta, free, variances) < _NOTHING:
            break
        hessian = likelihood.hessian(theta)
    return Summit(theta, value, gradient, hessian, steps, pinned)


def _smallest(theta: FloatArray, subset: Sequence[int], variances: Sequence[int]) -> float:
    """Return the log of the smallest of some variances over the sum of all."""
    if not subset:
        return 0.0
    return float(theta[list(subset)].min() - np.log(np.exp(theta[list(variances)]).sum()))


def _newton_step(hessian: FloatArray, gradient: FloatArray, theta: FloatArray, pinned: BoolArray) -> FloatArray:
    """Return an ascent direction: Newton's where the function is concave, with the signs turned where it is not."""
    free = np.flatnonzero(~pinned)
    information, slope = -hessian[np.ix_(free, free)], gradient[free]
    try:
        factor = np.linalg.cholesky(information)
        inside = np.linalg.solve(factor.T, np.linalg.solve(factor, slope))
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(information)
        values = np.maximum(np.abs(values), 1e-8 * np.abs(values).max())
        inside = vectors @ ((vectors.T @ slope) / values)
    step = np.zeros(theta.size)
    step[free] = inside
    longest = float((np.abs(step) / np.maximum(np.abs(theta), 1.0)).max())
    return step / max(longest / _LONGEST, 1.0)


def highest(
    likelihood: Likelihood, starts: Sequence[FloatArray], variances: Mapping[int, tuple[int, ...]], noise: int
) -> Summit:
    """Return the highest of the summits reached, with vanishing variances settled at zero."""
    # A summit where the gradient does not vanish, or where the noise does, is no maximum of a regular likelihood: it is
    # returned only when there is no other, and reported as `higher` when it stands above.
    summits = [_settle(likelihood, climb(likelihood, start, tuple(variances)), variances, noise) for start in starts]
    rules = CONVENTIONS
    regular = [
        summit
        for summit in summits
        if _smallest(summit.theta, [noise], tuple(variances)) >= _NOTHING
        and summit.relative_gradient() <= rules["gradient"]
        and summit.curvature()[0] > rules["eigenvalue"]
    ]
    best = max(regular or summits, key=lambda summit: summit.value)
    close = CONVENTIONS["agreement"] * max(abs(best.value), 1.0)
    agreeing = sum(abs(best.value - summit.value) <= close for summit in summits)
    top = max(summit.value for summit in summits)
    return replace(best, starts=len(summits), agreeing=agreeing, higher=top if top > best.value + close else None)


def _settle(likelihood: Likelihood, best: Summit, variances: Mapping[int, tuple[int, ...]], noise: int) -> Summit:
    """Try every small variance at zero; keep it there when the log-likelihood does not fall."""
    rules, positions = CONVENTIONS, tuple(variances)
    for _ in variances:
        total = float(np.log(np.exp(best.theta[list(positions)]).sum()))
        limit = total + np.log(rules["vanishing"])
        small = [v for v in positions if v != noise and best.theta[v] < limit and not best.pinned[v]]
        if not small:
            break
        tried = min(small, key=lambda v: float(best.theta[v]))
        pinned, theta, idle = best.pinned.copy(), best.theta.copy(), list(variances[tried])
        pinned[tried], theta[tried] = True, total + rules["floor"]
        pinned[idle], theta[idle] = True, 0.0
        summit = climb(likelihood, theta, positions, pinned)
        if summit.value < best.value - rules["agreement"]:
            break
        best = replace(summit, steps=summit.steps + best.steps)
    return best


_PATHS = {"pitt-lee": "constant", "battese-coelli-1992": "decay", "kumbhakar-1990": "logistic"}
_VARIANCES = (NOISE, INEFFICIENCY, EFFECT, PERSISTENT)
_MANY = 60  # coefficients beyond which every other start is left out
_EFFECT_SHARE = 0.3  # of the variance of residuals that a search gives to the effects of units at first


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """What is estimated."""

    model: str
    settings: Settings
    frontier: Frontier
    table: Table
    likelihood: Likelihood
    back: FloatArray
    terms: tuple[str, ...]
    y: FloatArray
    matrix: FloatArray
    residuals: FloatArray

    @property
    def size(self) -> int:
        """Number of coefficients of the frontier, effects of units included."""
        return len(self.terms) - len(self.likelihood.names)

    def variances(self) -> dict[int, tuple[int, ...]]:
        """Return the positions of the logs of variances, each with those that mean nothing without it."""
        names, k = self.likelihood.names, self.size
        dependents = tuple(k + at for at, name in enumerate(names) if name not in _VARIANCES)
        return {
            k + at: dependents if name == INEFFICIENCY else () for at, name in enumerate(names) if name in _VARIANCES
        }


def build(model: str, settings: Settings, table: Table, frontier: Frontier, output: str) -> Problem:
    """Return the problem behind a call."""
    _check_panel(model, table)
    y = np.log(table.numbers(output)) if frontier.logs else table.numbers(output)
    matrix, names = frontier.matrix(table), frontier.terms()
    columns, labels = matrix, list(names)
    if model == "true-fixed":
        units = int(table.codes.max()) + 1
        dummies = np.zeros((y.size, units))
        dummies[np.arange(y.size), table.codes] = 1.0
        first = np.unique(table.codes, return_index=True)[1]
        effects = [f"effect:{unit}" for unit in table.frame[str(table.unit)].gather(first)]
        columns, labels = np.hstack([matrix[:, 1:], dummies]), [*names[1:], *effects]
    work, back = orthonormal(columns, labels)
    sign = -1.0 if settings.cost else 1.0
    coefficients = work.T @ y / y.size
    residuals = sign * (y - work @ coefficients)
    if residuals @ residuals <= 1e-18 * max(float(y @ y), 1e-300):
        raise InputError("frontier.exact-fit")
    likelihood, blocks = _likelihood(model, settings, table, sign * y, sign * work)
    full = np.eye(back.shape[0] + len(likelihood.names))
    full[: back.shape[0], : back.shape[0]] = back
    if blocks is not None:
        full[-blocks.shape[0] :, -blocks.shape[0] :] = blocks
    terms = (*labels, *likelihood.names)
    return Problem(model, settings, frontier, table, likelihood, full, terms, y, matrix, residuals)


def _likelihood(
    model: str, settings: Settings, table: Table, y: FloatArray, x: FloatArray
) -> tuple[Likelihood, FloatArray | None]:
    """Return the likelihood, and how the coefficients of the determinants are mapped back."""
    truncated = settings.distribution == "truncated-normal"
    if model in IN_STEP:
        time = table.time - table.time.max() if model == "battese-coelli-1992" else table.time - table.time.min() + 1
        return InStep(y, x, table.codes, time, _PATHS[model], truncated), None
    if model == "battese-coelli-1995":
        columns = [table.numbers(name) for name in settings.determinants]
        labels = [f"z:{name}" for name in settings.determinants]
        if settings.determinants_constant:
            columns, labels = [np.ones(y.size), *columns], [f"z:{CONSTANT}", *labels]
        z = np.column_stack(columns)
        work, back = orthonormal(z, [name.removeprefix("z:") for name in labels])
        return Pooled(y, x, densities.TRUNCATED, work, tuple(labels)), back
    if model in ("true-random", "four-component"):
        distribution = densities.HALF_NORMAL if model == "four-component" else _distribution(settings.distribution)
        return RandomEffects(y, x, table.codes, model == "four-component", distribution), None
    if model == "gamma":
        rule = CONVENTIONS["halton"]
        return Pooled(y, x, gamma(y.size, settings.draws, rule["base"], rule["burn"])), None
    return Pooled(y, x, _distribution(settings.distribution if model == "true-fixed" else model)), None


def _distribution(name: str) -> Distribution:
    distributions = (
        densities.HALF_NORMAL,
        densities.TRUNCATED,
        densities.EXPONENTIAL,
        densities.RAYLEIGH,
        densities.UNIFORM,
    )
    return next(distribution for distribution in distributions if distribution.name == name)


def _check_panel(model: str, table: Table) -> None:
    """Check that a panel model knows its units and periods."""
    if model not in (*IN_STEP, *EFFECTS):
        return
    needs = ("unit",) if model == "pitt-lee" else ("unit", "period")
    missing = [name for name in needs if getattr(table, name) is None]
    if missing:
        raise UsageError("frontier.needs-column", model=model, missing=" and ".join(f"{name}=" for name in missing))
    counts = np.bincount(table.codes)
    if counts.max() == 1:
        raise InputError("frontier.seen-once", model=model, unit=table.unit)
    if model == "true-fixed" and counts.min() == 1:
        singletons = table.frame.filter(counts[table.codes] == 1).select(str(table.unit), str(table.period))
        raise InputError("frontier.two-rows", lonely=["/".join(map(str, row)) for row in singletons.rows()[:5]])


def starts(problem: Problem) -> list[FloatArray]:
    """Return where searches start: least squares, its residual variance split in several ways."""
    # Corrected ordinary least squares: the frontier is raised by the mean that each split gives to inefficiency.
    shares = CONVENTIONS["shares"]
    if problem.size > _MANY or problem.model in ("gamma", "true-random", "four-component"):
        shares = shares[1::2]
    return [start for share in shares for start in _start(problem, share)]


def _start(problem: Problem, share: float) -> list[FloatArray]:
    likelihood, k = problem.likelihood, problem.size
    distribution = getattr(likelihood, "distribution", densities.HALF_NORMAL)
    variance = float(np.mean(problem.residuals**2))
    names = likelihood.names
    effects = EFFECT in names
    within = variance * (1 - _EFFECT_SHARE if effects else 1)
    deviation, mean = distribution.sd
    total = within / (1 - share + share * deviation**2)
    logs = {NOISE: np.log((1 - share) * total), INEFFICIENCY: np.log(share * total)}
    logs[EFFECT] = logs[PERSISTENT] = np.log(0.5 * _EFFECT_SHARE * variance)
    raised = mean * np.sqrt(share * total)
    if "c" in names:  # the logistic path begins at 1/2
        logs[INEFFICIENCY] += 2 * np.log(2)
    if PERSISTENT in names:
        raised += np.sqrt(2 / np.pi * 0.5 * _EFFECT_SHARE * variance)
    beta = likelihood.x.T @ (likelihood.y + raised) / likelihood.y.size
    start = np.concatenate([beta, [logs.get(name, 0.0) for name in names]])
    if LOCATION not in names:
        return [start]
    negative_start = start.copy()
    negative_start[k + names.index(LOCATION)] = -np.sqrt(share * total)
    return [start, negative_start]


def normal_log_likelihood(problem: Problem) -> float:
    """Return the log-likelihood without inefficiency: least squares, with random effects where the model has them."""
    residuals, count = problem.residuals, problem.y.size
    flat = -0.5 * count * (np.log(2 * np.pi * float(np.mean(residuals**2))) + 1)
    if problem.model not in ("true-random", "four-component"):
        return float(flat)
    from scipy.optimize import minimize_scalar

    codes, matrix = problem.table.codes, problem.matrix
    sizes = np.bincount(codes)

    def level(log_ratio: float) -> float:
        ratio = np.exp(log_ratio)
        share = (1 - 1 / np.sqrt(1 + sizes * ratio))[codes]

        def part(column: FloatArray) -> FloatArray:
            return np.asarray(column - share * (np.bincount(codes, column) / sizes)[codes])

        y, x = part(problem.y), np.column_stack([part(column) for column in matrix.T])
        rest = y - x @ np.linalg.lstsq(x, y)[0]
        inner = count * (np.log(2 * np.pi * float(np.mean(rest**2))) + 1)
        return float(0.5 * inner + 0.5 * np.log1p(sizes * ratio).sum())

    optimum = minimize_scalar(level, bounds=(-15.0, 10.0), method="bounded", options={"xatol": 1e-10})
    return float(max(flat, -optimum.fun))


def elasticities(
    frontier: Frontier, settings: Settings, beta: FloatArray, table: Table, keys: pl.DataFrame
) -> pl.DataFrame:
    """Return the elasticity of every input by row, returns to scale, technical change, and whether theory holds."""
    # With elasticities e and second derivatives B in logs, the Hessian of the frontier is, up to positive scaling of
    # rows and columns, ``B + e e' - diag(e)``. A production frontier is quasi-concave where that is negative
    # semidefinite across the directions that leave output as it is, a cost frontier concave in prices where its block
    # of prices is.
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
    columns["monotone"] = (first >= CONVENTIONS["monotonicity"]).all(axis=1)
    if not settings.cost:
        columns["curved"] = quasi_concave(first, second)
    elif prices:
        columns["curved"] = concave(first[:, prices], second[np.ix_(prices, prices)])
    return keys.hstack(pl.DataFrame(columns))


def concave(slopes: FloatArray, bend: FloatArray) -> BoolArray:
    """Return the rows in which ``B + e e' - diag(e)`` is negative semidefinite."""
    matrices = bend + slopes[:, :, None] * slopes[:, None, :] - slopes[:, :, None] * np.eye(slopes.shape[1])
    return np.asarray(np.linalg.eigvalsh(matrices)[:, -1] <= CONVENTIONS["curvature"])


def quasi_concave(slopes: FloatArray, bend: FloatArray) -> BoolArray:
    """Return the rows in which ``B - diag(e)`` is negative semidefinite at right angles to e."""
    count = slopes.shape[1]
    length = np.maximum(np.linalg.norm(slopes, axis=1), np.finfo(float).tiny)
    unit = slopes / length[:, None]
    across = np.eye(count) - unit[:, :, None] * unit[:, None, :]
    matrices = across @ (bend - slopes[:, :, None] * np.eye(count)) @ across
    return np.asarray(np.linalg.eigvalsh(matrices)[:, -1] <= CONVENTIONS["curvature"])


def checks(table: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Return ``check, rows, satisfied, share, status`` for monotonicity and curvature."""
    rows: list[tuple[str, int, int | None, float | None, str]] = []
    names = {"monotone": "monotonicity", "curved": "concavity in prices" if settings.cost else "quasi-concavity"}
    for column, name in names.items():
        count = int(table[column].sum()) if column in table.columns else None
        status = "satisfied" if count == table.height else "violated"
        status = "not checked: name the prices with prices=[...]" if count is None else status
        rows.append((name, table.height, count, None if count is None else count / table.height, status))
    kinds = {"check": pl.String, "rows": pl.Int64, "satisfied": pl.Int64, "share": pl.Float64, "status": pl.String}
    return pl.DataFrame(rows, schema=kinds, orient="row")

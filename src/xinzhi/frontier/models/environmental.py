"""Bad outputs: directional distances, radial or not, what their duals price, and by-production."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from xinzhi.core.arrays import FloatArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.frontier.models.sweep import Reference, Sweep, UnitProgram, Units, solved, sweep, validate_and_scale
from xinzhi.frontier.reading import Data
from xinzhi.frontier.technology.distance import Solution
from xinzhi.frontier.technology.technology import DISPOSABILITY, choose, rts_of, sum_bounds

Direction = str | tuple["FloatArray", "FloatArray", "FloatArray"]

_FLAT = 1e-12  # a dual this small beside the largest is zero
DIRECTIONS = ("outputs", "all", "own", "inputs")


def directional(  # noqa: PLR0913 - the goods, the technology and the measure
    x: FloatArray,
    y: FloatArray,
    bad: FloatArray | None = None,
    *,
    rts: str = "crs",
    disposability: str = "weak",
    direction: Direction | None = None,
    price: float = 1.0,
    good: int = 0,
    reference: Reference | None = None,
) -> Solution:
    """Return the environmental directional distance: by how much outputs can rise and bad outputs fall together."""
    # Chung, Färe and Grosskopf (1997), J. Environ. Manage. 51, 229-240; Färe and Grosskopf (2003), AJAE 85, 1070-1074;
    # Kuosmanen (2005), AJAE 87, 1077-1082. With z = theta * lambda the single factor is linear: Z x <= theta x, sum(z)
    # = theta, theta <= 1.
    data = validate_and_scale(x, y, bad, reference)
    result = _improved(data, _steps(data, "outputs" if direction is None else direction), rts, disposability)
    if bad is None:
        return result
    return replace(result, factors={**result.factors, "shadow_price_b": shadow_prices(result, price=price, good=good)})


def non_radial(
    x: FloatArray,
    y: FloatArray,
    bad: FloatArray | None = None,
    *,
    rts: str = "crs",
    disposability: str = "weak",
    direction: Direction | None = None,
    weights: str | FloatArray = "groups",
    reference: Reference | None = None,
) -> Solution:
    """Return the non-radial directional distance: the weighted sum of each factor's own improvement."""
    # Zhou, Ang and Wang (2012), EJOR 221, 625-635.
    data = validate_and_scale(x, y, bad, reference)
    steps = _steps(data, "all" if direction is None else direction)
    return _improved(data, steps, rts, disposability, _weights(data, steps, weights))


def shadow_prices(solution: Solution, *, price: float = 1.0, good: int = 0) -> FloatArray:
    """Return what one unit less of each bad output costs in output given up, at the frontier.

    Parameters
    ----------
    solution
        A solution of `directional` or `non_radial` with bad outputs.
    price
        Price of the good output.
    good
        Which output is given up.

    Returns
    -------
    array (n, r)
        Marginal abatement cost in units of ``price`` per unit of the bad output. Negative where the weakly disposable
        frontier bends back (less of the bad comes with more of the good); NaN where the output's dual is zero: the
        frontier is flat there, and has no price.

    Notes
    -----
    Färe, Grosskopf, Lovell and Yaisawarng (1993), REStat 75, 374-380: the ratio of the derivatives of the distance
    function, here read from the duals of the program. On a kink they are one of many; the solver's is given.

    Examples
    --------
    >>> import numpy as np
    >>> x, y, b = np.array([1.0, 1.0, 1.0]), np.array([2.0, 4.0, 2.0]), np.array([1.0, 3.0, 2.0])
    >>> shadow_prices(directional(x, y, b)).round(6)[2].tolist()
    [1.0]
    """
    if solution.dual_y is None or solution.dual_b is None:
        raise UsageError("frontier.shadow-prices")
    of_good, of_bad = solution.dual_y[:, good], solution.dual_b
    flat = np.abs(of_good) <= _FLAT * np.nanmax(np.abs(solution.dual_y), initial=1e-300)
    return price * np.where(flat[:, None], np.nan, of_bad / np.where(flat, 1.0, of_good)[:, None])


@dataclass(frozen=True, slots=True)
class _Form:
    """How bad outputs enter: whether their row is an equation, reference units may idle, and a factor abates."""

    rts: str
    equation: bool
    idle: bool
    factor: bool


def _steps(data: Units, direction: Direction) -> FloatArray:
    """Return the direction `(n, p + q + r)` on the scale of the data."""
    if isinstance(direction, str):
        choose("direction", direction, DIRECTIONS)
        with_x, with_y = direction != "outputs", direction != "inputs"
        return np.concatenate([data.x * with_x, data.y * with_y, data.b * with_y], axis=1)
    scales = (data.scale_x, data.scale_y, data.scale_b)
    shapes = (data.x.shape, data.y.shape, data.b.shape)
    parts = [
        np.broadcast_to(np.asarray(part, dtype=float), shape) / scale
        for part, shape, scale in zip(direction, shapes, scales, strict=True)
    ]
    steps = np.concatenate(parts, axis=1)
    if not np.isfinite(steps).all() or (steps < 0).any():
        raise InputError("frontier.direction-step")
    return steps


def _weights(data: Units, steps: FloatArray, weights: str | FloatArray) -> FloatArray:
    _, p, q, r = data.counts
    if not isinstance(weights, str):
        shares = np.asarray(weights, dtype=float)
        if shares.shape != (p + q + r,) or (shares < 0).any() or not shares.any():
            raise InputError("frontier.weights", goods=p + q + r)
        return shares
    choose("weights", weights, ("groups", "ones"))
    used = (steps > 0).any(axis=0)
    if weights == "ones":
        return used.astype(float)
    group = np.repeat([0, 1, 2], [p, q, r])
    size = np.bincount(group[used], minlength=3)
    return np.where(used, 1 / np.maximum(size[group], 1) / max(1, int((size > 0).sum())), 0.0)


def _unit_program(data: Units, form: _Form, unit: int, steps: FloatArray, weights: FloatArray | None) -> UnitProgram:
    """Return improvements (one for all without weights) and, where there is one, the abatement factor of a unit."""
    radial = weights is None
    _, p, q, r = data.counts
    total = p + q + r
    sign = np.concatenate([np.ones(p), -np.ones(q), np.ones(r)])
    step = steps[unit]
    moves = (sign * step)[:, None] if radial else np.diag(sign * step)
    count = moves.shape[1]
    columns = np.zeros((total + 1, count + form.factor))
    columns[:total, :count] = moves
    side = np.concatenate([data.x[unit], data.y[unit], data.b[unit]])
    low, high = sum_bounds(form.rts)
    lower = np.concatenate([np.full(p, -np.inf), side[p : p + q], np.full(r, -np.inf), [low]])
    upper = np.concatenate([side[:p], np.full(q, np.inf), side[p + q :], [high]])
    if form.equation:
        lower[p + q : total] = side[p + q :]
    if form.factor:  # intensities are z = theta * lambda: inputs and the sum are measured in theta
        columns[:p, count], columns[total, count] = -side[:p], -1.0
        upper[:p], lower[total] = 0.0, 0.0
        upper[total] = 0.0 if np.isfinite(high) else np.inf
    least = np.full(count, -np.inf if radial else 0.0)
    most = np.full(count, np.inf) if radial else np.where(step > 0, np.inf, 0.0)
    if radial and not step.any():
        least[:], most[:] = 0.0, 0.0
    costs = np.ones(count) if weights is None else weights
    extra = np.ones(int(form.factor))
    return UnitProgram(
        columns=columns,
        costs=np.concatenate([costs, 0 * extra]),
        lower=lower,
        upper=upper,
        column_lower=np.concatenate([least, 0 * extra]),
        column_upper=np.concatenate([most, extra]),
    )


def _improved(
    data: Units, steps: FloatArray, rts: str, disposability: str, weights: FloatArray | None = None
) -> Solution:
    """Return improvements, what they leave as slack, and targets; one improvement for all goods, or weighted ones."""
    choose("disposability", disposability, DISPOSABILITY)
    rts, bads = rts_of(rts), data.b.shape[1] > 0
    abated = bads and disposability == "weak" and rts in {"vrs", "ndrs"}
    if abated and steps[:, : data.x.shape[1]].any():
        raise UsageError("frontier.one-factor-inputs")
    form = _Form(rts, bads and disposability != "strong", bads and disposability == "kuosmanen", abated)
    table = data.envelope()
    if form.idle:  # the intensities stand twice
        idle = table.copy()
        idle[data.x.shape[1] : -1] = 0.0
        table = np.concatenate([table, idle], axis=1)
    solutions = sweep(table, lambda unit: _unit_program(data, form, unit, steps, weights), len(data.x), maximise=True)
    width = steps.shape[1]
    beta = np.repeat(solutions.unknowns[:, :1], width, axis=1) if weights is None else solutions.unknowns[:, :width]
    _, p, q, _ = data.counts
    count = len(data.xr)
    active = solutions.intensities[:, :count]
    all_intensities = active + solutions.intensities[:, count:] if form.idle else active
    factor = solutions.unknowns[:, -1:] if form.factor else np.ones((len(beta), 1))
    movement = beta * steps
    reached = (all_intensities @ data.xr / factor, active @ data.yr, active @ data.br)
    points = (data.x - movement[:, :p], data.y + movement[:, p : p + q], data.b - movement[:, p + q :])
    slacks = (points[0] - reached[0], reached[1] - points[1], points[2] - reached[2])
    factors = {"beta_x": beta[:, :p], "beta_y": beta[:, p : p + q], "beta_b": beta[:, p + q :]}
    if form.idle:
        factors["idle"] = solutions.intensities[:, count:]
    if form.factor:
        factors["abatement"] = factor[:, 0]
    combined = replace(solutions, intensities=all_intensities)
    result = solved(data, combined, solutions.objective, slacks, targets=reached, worth=1.0, best=0.0)
    return replace(result, factors=factors)


MEASURES = ("index", "directional")


def by_production(
    x: FloatArray,
    y: FloatArray,
    bad: FloatArray,
    *,
    polluting: Sequence[int | str] | None = None,
    rts: str = "vrs",
    measure: str = "index",
    reference: Reference | None = None,
    names: Data | None = None,
) -> Solution:
    """Score units under the by-production technology of Murty, Russell and Levkoff."""
    # Murty, Russell and Levkoff (2012), JEEM 64, 117-135. T1: intended production, all inputs freely disposable. T2:
    # the residuals' technology, which produces at least as many bads as the polluting inputs make unavoidable: Z m >=
    # z, B m <= b. The two have intensities of their own. For one output the index is their Färe-Grosskopf-Lovell index
    # exactly; for several, the mean of 1 / phi would not be linear, and 1 / mean(phi) stands for it.
    choose("measure", measure, MEASURES)
    data = validate_and_scale(x, y, bad, reference, positive=("y", "b"))
    p = data.x.shape[1]
    rts = rts_of(rts)
    # the numbers of the inputs that cause the bad outputs
    inputs: list[int | str] = list(names.inputs) if names is not None else list(range(p))
    if not polluting:
        raise UsageError("frontier.polluting", known=inputs)
    fuel = [inputs.index(name) if name in inputs else name for name in polluting]
    for number, name in zip(fuel, polluting, strict=True):
        if not isinstance(number, int) or not 0 <= number < p:
            raise UsageError("frontier.polluting-unknown", name=name, known=inputs)
    common = measure == "directional"
    good, phi = _side((data.x, data.y), (data.xr, data.yr), rts, common=common, sign=1.0)
    dirt = np.asarray(fuel)
    dirty = (data.x[:, dirt], data.b), (data.xr[:, dirt], data.br)
    harm, gamma = _side(*dirty, rts, common=common, sign=-1.0)
    if common:
        parts = (phi[:, 0] - 1, 1 - gamma[:, 0])
        score = np.minimum(*parts)
    else:
        parts = (1 / phi.mean(axis=1), gamma.mean(axis=1))
        score = (parts[0] + parts[1]) / 2
    pairs = zip(good.status, harm.status, strict=True)
    status = tuple(second if first == "optimal" else first for first, second in pairs)
    reached = (good.intensities @ data.yr, harm.intensities @ data.br)
    slacks = (data.x - good.intensities @ data.xr, reached[0] - phi * data.y, gamma * data.b - reached[1])
    combined = replace(good, status=status, programs=good.programs + harm.programs)
    factors = {"goods": parts[0], "bads": parts[1], "phi_y": phi, "gamma_b": gamma}
    targets = (good.intensities @ data.xr, *reached)
    result = solved(data, combined, score, slacks, targets=targets, best=0.0 if common else 1.0)
    return replace(result, factors=factors)


def _side(
    units: Sequence[FloatArray], reference: Sequence[FloatArray], rts: str, *, common: bool, sign: float
) -> tuple[Sweep, FloatArray]:
    """Raise outputs (sign 1) over inputs, or lower bad outputs (sign -1) over polluting ones; by which factors."""
    inputs, products = units
    p, q = inputs.shape[1], products.shape[1]
    table = np.concatenate([*(sign * part.T for part in reference), np.ones((1, len(reference[0])))])
    low, high = sum_bounds(rts)

    def unit_program(unit: int) -> UnitProgram:
        product = sign * products[unit]
        columns = -product[:, None] if common else -np.diag(product)
        count = columns.shape[1]
        return UnitProgram(
            columns=np.concatenate([np.zeros((p, count)), columns, np.zeros((1, count))]),
            costs=np.full(count, sign / count),
            lower=np.concatenate([np.full(p, -np.inf), np.zeros(q), [low]]),
            upper=np.concatenate([sign * inputs[unit], np.full(q, np.inf), [high]]),
            column_lower=np.full(count, 0.0 if common or sign < 0 else 1.0),
            column_upper=np.full(count, np.inf if common or sign > 0 else 1.0),
        )

    solutions = sweep(table, unit_program, len(inputs), maximise=True)
    return solutions, np.broadcast_to(solutions.unknowns, (len(inputs), q))

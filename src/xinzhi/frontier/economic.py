"""Cost, revenue, profit and materials: efficiency at the prices or contents of goods, technical and allocative."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.arrays import AnyArray, FloatArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.facts import Fact
from xinzhi.core.provenance import provenance
from xinzhi.core.result import Facts
from xinzhi.frontier.bootstrap import efficiencies
from xinzhi.frontier.models.environmental import directional
from xinzhi.frontier.models.sweep import ON_FRONTIER, UnitProgram, sweep, validate_and_scale
from xinzhi.frontier.reading import Data, read_data
from xinzhi.frontier.technology.distance import distance
from xinzhi.frontier.technology.technology import choose, rts_of, sum_bounds
from xinzhi.frontier.unit_names import Labelled, good_text, null_for_nan, rts_text

_PARTS = ("technical", "allocative")
_ROUNDING = 1e-9
DIRECTIONS = ("own", "unit", "monetary")


@dataclass(frozen=True, repr=False, kw_only=True)
class Economic(Labelled, verb="economic", key=("unit",)):
    """Cost, revenue or profit efficiency, a row for each unit; `actual` and `optimum` are in money.

    Cost and revenue: efficiencies in (0, 1] with economic = technical * allocative. Profit: inefficiencies of at least
    0 with economic = technical + allocative. `optimal_x` `(n, p)` and `optimal_y` `(n, q)` are the quantities of the
    optimum, `programs` the number of linear programs.
    """

    objective: str
    rts: str
    optimal_x: FloatArray
    optimal_y: FloatArray
    programs: int

    @property
    def title(self) -> Fact:
        """What kind of efficiency it is."""
        return words.frontier.title_economic(name=words.frontier.chart_of(self.objective))

    @property
    def losses(self) -> pl.DataFrame:
        """The frame with what each unit loses: in log points of a ratio, or as it stands."""
        return _losses(self.frame, ("economic", *_PARTS), ratio=self.objective != "profit")

    @property
    def loss_unit(self) -> str:
        """What losses are measured in."""
        return "lost_profit" if self.objective == "profit" else "lost"

    @property
    def loss_decimals(self) -> int:
        """Decimals of losses."""
        return 3 if self.objective == "profit" else 1

    def answer(self) -> Iterator[Fact]:
        """Yield the means of the whole and of its two parts."""
        means = self.frame.drop_nulls(["economic", "technical", "allocative"])
        if not means.height:
            yield words.frontier.answer_nothing()
            return
        economic, technical, allocative = (
            float(means[part].to_numpy().mean()) for part in ("economic", "technical", "allocative")
        )
        yield words.frontier.headline_of(
            "profit" if self.objective == "profit" else "economic",
            name=words.frontier.chart_of(self.objective),
            economic=economic,
            technical=technical,
            allocative=allocative,
        )
        yield words.frontier.note_economic(rts=rts_text(self.rts))


def _losses(frame: pl.DataFrame, columns: tuple[str, ...], *, ratio: bool = True) -> pl.DataFrame:
    """Return the rows with all of some columns as losses, those of ratios in log points; rounding is none."""
    lost = {part: -100 * pl.col(part).log() if ratio else pl.col(part) for part in columns}
    rows = frame.drop_nulls(columns).with_columns(
        pl.when(pl.col(part) > 0).then(value).otherwise(pl.col(part)).alias(part) for part, value in lost.items()
    )
    return rows.with_columns(pl.when(pl.col(part).abs() >= _ROUNDING).then(part).otherwise(0.0) for part in columns)


def cost_efficiency(
    x: AnyArray, y: AnyArray, prices: FloatArray, *, rts: str = "vrs", units: str | Sequence[object] | None = None
) -> Economic:
    """Compare each unit's cost with the least cost of its outputs at its own prices.

    Parameters
    ----------
    x, y
        Inputs `(n, p)` and outputs `(n, q)`.
    prices
        Input prices, positive, `(n, p)` or `(p,)`.
    rts, units
        ``crs``, ``vrs``, ``nirs`` or ``ndrs``; names of the units, or of the column that holds them.

    Returns
    -------
    Economic
        Cost efficiency = Farrell input efficiency * allocative efficiency.

    Notes
    -----
    Farrell (1957); Färe, Grosskopf and Lovell (1985). The least cost is found at mixes of reference units, so the
    program has intensities only.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[3.0, 2.0], [1.0, 3.0], [4.0, 6.0]])
    >>> found = cost_efficiency(x, np.array([3.0, 5.0, 6.0]), np.array([4.0, 2.0]), rts="crs")
    >>> found.frame["economic"].round(3).to_list(), found.frame["allocative"].round(3).to_list()
    ([0.375, 1.0, 0.429], [0.417, 1.0, 0.714])
    """
    return _best_mix("cost", read_data(x, y, None, units), prices, rts)


def revenue_efficiency(
    x: AnyArray, y: AnyArray, prices: FloatArray, *, rts: str = "vrs", units: str | Sequence[object] | None = None
) -> Economic:
    """Compare each unit's revenue with the largest revenue of its inputs at its own prices.

    Parameters
    ----------
    x, y
        Inputs `(n, p)` and outputs `(n, q)`; outputs may not all be zero.
    prices
        Output prices, positive, `(n, q)` or `(q,)`.
    rts, units
        ``crs``, ``vrs``, ``nirs`` or ``ndrs``; names of the units, or of the column that holds them.

    Returns
    -------
    Economic
        Revenue efficiency = (1 / Farrell output efficiency) * allocative efficiency.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[3.0, 2.0], [1.0, 3.0], [4.0, 6.0]])
    >>> found = revenue_efficiency(x, np.array([3.0, 5.0, 6.0]), np.array([6.0]), rts="crs")
    >>> found.frame["economic"].round(9).to_list()
    [0.9, 1.0, 0.6]
    """
    return _best_mix("revenue", read_data(x, y, None, units), prices, rts)


def _best_mix(objective: str, source: Data, prices: FloatArray, rts: str) -> Economic:
    """Find the mix of reference units of least cost, or of most revenue, for every unit at its own prices."""
    rts, outward = rts_of(rts), objective == "revenue"
    data = validate_and_scale(source.goods.x, source.goods.y, positive=("x",))
    fixed, fixed_ref, variable, variable_ref = (
        (data.x, data.xr, data.y, data.yr) if outward else (data.y, data.yr, data.x, data.xr)
    )
    scale = data.scale_y if outward else data.scale_x
    worth = _prices(prices, variable, "output prices" if outward else "input prices") * scale
    actual = (worth * variable).sum(axis=1)
    if outward and (actual <= 0).any():
        raise InputError("frontier.no-revenue", unit=int(np.flatnonzero(actual <= 0)[0]))
    (low, high), width = sum_bounds(rts), fixed.shape[1]
    open_end = np.full(width, -np.inf if outward else np.inf)

    def unit_program(unit: int) -> UnitProgram:
        return UnitProgram(
            columns=np.zeros((width + 1, 0)),
            costs=np.zeros(0),
            lower=np.append(open_end if outward else fixed[unit], low),
            upper=np.append(fixed[unit] if outward else open_end, high),
            intensity_costs=variable_ref @ worth[unit],
        )

    table = np.concatenate([fixed_ref.T, np.ones((1, len(data.x)))])
    solution = sweep(table, unit_program, len(data.x), maximise=outward)
    orientation = "output" if outward else "input"
    technical = efficiencies(data.x, data.y, data.x[None], data.y[None], rts=rts, orientation=orientation)[0]
    technical = 1 / technical if outward else technical
    best = solution.intensities @ variable_ref * scale
    overall = actual / solution.objective if outward else solution.objective / actual
    quantities = (data.x * data.scale_x, best) if outward else (best, data.y * data.scale_y)
    return _result(
        objective,
        rts,
        (overall, technical, overall / technical),
        (actual, solution.objective),
        quantities,
        status=solution.status,
        programs=solution.programs,
        source=source,
    )


def profit_efficiency(
    x: AnyArray,
    y: AnyArray,
    input_prices: FloatArray,
    output_prices: FloatArray,
    *,
    rts: str = "vrs",
    direction: str | tuple[FloatArray, FloatArray] = "own",
    units: str | Sequence[object] | None = None,
) -> Economic:
    """Split lost profit into technical and allocative inefficiency.

    Parameters
    ----------
    x, y
        Inputs `(n, p)` and outputs `(n, q)`.
    input_prices, output_prices
        Positive, `(n, p)` or `(p,)`, and `(n, q)` or `(q,)`.
    rts, units
        ``vrs`` or ``nirs``, since with rays upwards profit has no maximum; names of the units, or of their column.
    direction
        ``own`` (x, y), ``unit`` (ones), ``monetary`` (the same step in each good, worth one unit of money at the unit's
        prices), or two arrays.

    Returns
    -------
    Economic
        (largest profit - profit) / (value of the direction) = directional distance + allocative inefficiency.

    Notes
    -----
    Chambers, Chung and Färe (1998), JOTA 98, 351-364. Over a convex hull the largest profit is that of one unit (or
    nothing, under non-increasing returns), so it takes no program.

    Examples
    --------
    >>> import numpy as np
    >>> x, y = np.array([2.0, 4.0, 8.0]), np.array([1.0, 5.0, 8.0])
    >>> profit_efficiency(x, y, np.ones(1), np.ones(1)).frame["economic"].round(6).to_list()
    [0.666667, 0.0, 0.0625]
    """
    rts = rts_of(rts, ("vrs", "nirs"))
    source = read_data(x, y, None, units)
    data = validate_and_scale(source.goods.x, source.goods.y)
    own_x, own_y = data.x * data.scale_x, data.y * data.scale_y
    w, p = _prices(input_prices, own_x, "input prices"), _prices(output_prices, own_y, "output prices")
    profits = p @ own_y.T - w @ own_x.T
    best = profits.argmax(axis=1)
    optimum, idle = profits.max(axis=1), np.zeros(len(best), dtype=bool)
    if rts == "nirs":
        idle = optimum < 0
        optimum = np.maximum(optimum, 0.0)
    actual = np.diag(profits).copy()
    steps = _steps(direction, own_x, own_y, w, p)
    value = (w * steps[0]).sum(axis=1) + (p * steps[1]).sum(axis=1)
    if (value <= 0).any():
        raise UsageError("frontier.worthless-direction", unit=int(np.flatnonzero(value <= 0)[0]))
    distances = directional(source.goods.x, source.goods.y, rts=rts, direction=(*steps, np.zeros((len(best), 0))))
    overall = (optimum - actual) / value
    quantities = tuple(np.where(idle[:, None], 0.0, part[best]) for part in (own_x, own_y))
    return _result(
        "profit",
        rts,
        (overall, distances.score, overall - distances.score),
        (actual, optimum),
        quantities,
        status=distances.status.tolist(),
        programs=distances.programs.count,
        source=source,
    )


def _steps(
    direction: str | tuple[FloatArray, FloatArray], x: FloatArray, y: FloatArray, w: FloatArray, p: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the direction of every unit."""
    if not isinstance(direction, str):
        step_x, step_y = (np.asarray(part, dtype=float) for part in direction)
        return np.broadcast_to(step_x, x.shape), np.broadcast_to(step_y, y.shape)
    choose("direction", direction, DIRECTIONS)
    if direction == "own":
        return x, y
    size = 1 / (w.sum(axis=1) + p.sum(axis=1)) if direction == "monetary" else np.ones(len(x))
    return np.broadcast_to(size[:, None], x.shape), np.broadcast_to(size[:, None], y.shape)


def _prices(prices: FloatArray, like: FloatArray, what: str) -> FloatArray:
    """Return prices for each unit."""
    table = np.asarray(prices, dtype=float)
    if table.shape not in {like.shape, like.shape[1:]}:
        raise InputError("frontier.prices-shape", what=what, shape=like.shape, row=like.shape[1:], given=table.shape)
    table = np.broadcast_to(table, like.shape)
    wrong = np.argwhere(~(np.isfinite(table) & (table > 0)))
    if len(wrong):
        row, column = wrong[0].tolist()
        raise InputError("frontier.prices-sign", what=what, unit=row, column=column, value=float(table[row, column]))
    return table


def _result(
    objective: str,
    rts: str,
    parts: tuple[FloatArray, FloatArray, FloatArray],
    money: tuple[FloatArray, FloatArray],
    quantities: tuple[FloatArray, ...],
    *,
    status: Sequence[str],
    programs: int,
    source: Data,
) -> Economic:
    columns = ("economic", "technical", "allocative", "actual", "optimum")
    values = dict(zip(columns, (*parts, *money), strict=True))
    return Economic(
        frame=null_for_nan({"unit": source.units, **values, "status": list(status)}),
        objective=objective,
        rts=rts,
        optimal_x=quantities[0],
        optimal_y=quantities[1],
        programs=programs,
        kind=source.kind,
        provenance=provenance(f"{objective}_efficiency", source.digests(), rts=rts),
    )


@dataclass(frozen=True, repr=False, kw_only=True)
class MaterialsBalance(Labelled, verb="materials_balance", key=("unit",)):
    """Environmental efficiency in (0, 1] and its parts, a row for each unit: environmental = technical * allocative.

    `inflow` is the material in the inputs, `least` the least with which the best make the same outputs; `surplus` and
    `least_surplus` are what is left of both when the outputs have taken their share: the pollution. `optimal_x`
    `(n, p)` are the inputs of the least inflow, `grown` of those without the material in which unit the least inflow
    takes most more than now, as a share (None where all inputs hold it), `programs` the number of linear programs.
    """

    rts: str
    grown: tuple[str, str, float] | None = None
    optimal_x: FloatArray
    programs: int

    @property
    def balance(self) -> pl.DataFrame:
        """The frame, without the surplus where no output keeps any of the material: it is the inflow then."""
        same = self.frame["surplus"].eq_missing(self.frame["inflow"]).all()
        return self.frame.drop("surplus", "least_surplus") if same else self.frame

    @property
    def losses(self) -> pl.DataFrame:
        """The frame with what each unit loses, in log points."""
        return _losses(self.frame, ("environmental", *_PARTS))

    def facts(self) -> Facts:
        """Return the means of the whole and of its two parts, and how much of the surplus need not be."""
        parts = ("environmental", *_PARTS)
        rows = self.frame.drop_nulls(parts)
        if not rows.height:
            return {"answer.nothing": {}}
        means = {part: float(rows[part].to_numpy().mean()) for part in parts}
        facts: Facts = {"headline.materials": {**means, "n": rows.height, "what": self.what(self.frame["unit"])}}
        surplus, least = (float(rows[name].to_numpy().sum()) for name in ("surplus", "least_surplus"))
        if surplus > 0:
            facts["answer.surplus"] = {"share": 1 - least / surplus}
        if self.grown is not None:
            unit, name, share = self.grown
            values = {"good": good_text(name), "unit": self.names.region(unit), "share": share}
            facts["answer.grown" if share > ON_FRONTIER else "answer.none_grown"] = values
        return facts | {"note.materials": {"rts": rts_text(self.rts), "count": self.programs}}


def materials_balance(
    x: AnyArray,
    y: AnyArray,
    contents: FloatArray | Sequence[float],
    retained: FloatArray | Sequence[float] | None = None,
    *,
    rts: str = "vrs",
    units: str | Sequence[object] | None = None,
) -> MaterialsBalance:
    """Compare the material in each unit's inputs with the least that its outputs need.

    What flows in with the inputs (carbon of fuel, nitrogen of feed) leaves with the outputs or as pollution. Outputs
    being given, pollution is least where the inflow is.

    Parameters
    ----------
    x, y
        Inputs `(n, p)` and outputs `(n, q)`.
    contents
        Material in one unit of every input, `(p,)`, at least zero and not all zero. Several materials are added up
        first, each by the weight of its harm.
    retained
        Material in one unit of every output, `(q,)`; none when not given.
    rts, units
        ``crs``, ``vrs``, ``nirs`` or ``ndrs``; names of the units, or of the column that holds them.

    Raises
    ------
    InputError
        When contents are negative or do not fit the goods, a unit has no inflow, or its outputs hold more than came in.

    Notes
    -----
    Coelli, Lauwers and Van Huylenbroeck (2007), J. Productivity Analysis 28, 3-12. The least inflow is that of a mix of
    reference units, so environmental efficiency is the radial efficiency of one input, the inflow; technical efficiency
    is Farrell's, and what is left is allocative: a dirty mix of inputs.

    Examples
    --------
    >>> import xinzhi.frontier
    >>> fuel = [[4.0, 1.0], [1.0, 4.0], [6.0, 4.0]]
    >>> found = xinzhi.frontier.materials_balance(fuel, [1.0, 1.0, 1.0], contents=[3.0, 1.0])
    >>> found.frame["environmental"].round(6).to_list(), found.frame["allocative"].round(6).to_list()
    ([0.538462, 1.0, 0.318182], [0.538462, 1.0, 0.636364])
    """
    rts = rts_of(rts)
    source = read_data(x, y, None, units)
    goods = source.goods
    validate_and_scale(goods.x, goods.y)
    holds = _contents(contents, source.inputs, "inputs")
    keeps = np.zeros(len(source.outputs)) if retained is None else _contents(retained, source.outputs, "outputs")
    if not holds.any():
        raise InputError("frontier.contents-none")
    inflow, outflow = goods.x @ holds, goods.y @ keeps
    if (inflow <= 0).any():
        raise InputError("frontier.no-inflow", unit=source.units[int(np.flatnonzero(inflow <= 0)[0])])
    over = np.flatnonzero(outflow > inflow * (1 + ON_FRONTIER))
    if over.size:
        at = int(over[0])
        raise InputError("frontier.imbalance", unit=source.units[at], inflow=float(inflow[at]), kept=float(outflow[at]))
    overall, technical = distance(inflow[:, None], goods.y, rts=rts), distance(goods.x, goods.y, rts=rts)
    status = np.where(overall.status == "optimal", technical.status, overall.status)
    least = inflow * overall.score
    mixes = np.zeros_like(goods.x) if overall.intensity is None else overall.intensity @ goods.x
    scores = {
        "environmental": overall.score,
        "technical": technical.score,
        "allocative": overall.score / technical.score,
    }
    flows = {"inflow": inflow, "least": least, "surplus": inflow - outflow, "least_surplus": least - outflow}
    # which input without the material grows most towards its mix, in which unit, and by which share
    free = np.flatnonzero((holds == 0) & (goods.x > 0).any(axis=0))
    grown: tuple[str, str, float] | None = None
    now, solved = goods.x[:, free], (status == "optimal")[:, None]
    rise = np.divide(mixes[:, free], now, out=np.full(now.shape, -np.inf), where=solved & (now > 0)) - 1
    if np.isfinite(rise).any():
        unit, good = np.unravel_index(int(np.argmax(rise)), rise.shape)
        grown = source.units[unit], source.inputs[free[good]], float(rise[unit, good])
    options = {"contents": holds.tolist(), "retained": keeps.tolist(), "rts": rts}
    return MaterialsBalance(
        frame=null_for_nan({"unit": source.units, **scores, **flows, "status": status.tolist()}),
        rts=rts,
        optimal_x=mixes,
        grown=grown,
        programs=overall.programs.count + technical.programs.count,
        kind=source.kind,
        provenance=provenance("materials_balance", source.digests(), (), **options),
    )


def _contents(values: FloatArray | Sequence[float], names: Sequence[str], what: str) -> FloatArray:
    """Return the contents of every good."""
    table = np.asarray(values, dtype=float)
    if table.shape != (len(names),):
        raise InputError("frontier.contents-shape", what=what, goods=len(names), given=table.shape)
    wrong = np.flatnonzero(~(np.isfinite(table) & (table >= 0)))
    if len(wrong):
        at = int(wrong[0])
        raise InputError("frontier.contents-sign", what=what, column=names[at], value=float(table[at]))
    return table

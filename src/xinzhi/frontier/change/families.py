"""From choices to numbers: the families of indices, each with its distances, its parts and its levels.

Indices with fixed weights are one sum of outputs over one sum of inputs. The weights are shadow prices of the mean
observation (Färe-Primont), mean prices (Lowe), the prices of the earlier or the later period (Laspeyres, Paasche), or
both (Fisher). Whatever the weights, the parts are those of O'Donnell (2008, 2012): the best that the technology can do,
and how far from it the unit is, by efficiency, scale and mix.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from xinzhi.core.arrays import FloatArray, IntArray
from xinzhi.core.simplex import FAILED, INFEASIBLE, OPTIMAL, STATUSES
from xinzhi.frontier.change.decompositions import (
    Frontier,
    Measure,
    Parts,
    Plan,
    Term,
    decompose,
    distance_batch,
    hicks_moorsteen,
    moorsteen_terms,
    required_terms,
)
from xinzhi.frontier.change.intervals import intervals, log_input, log_output, negative, own_scores, transform_of
from xinzhi.frontier.change.panel import Benchmarks, Failure, Panel
from xinzhi.frontier.change.settings import Settings
from xinzhi.frontier.technology.technology import Goods, Technology, means, technology

_UNIQUE = 1e-7  # shadow prices that differ by less, in shares of the aggregate, are one
_HAIR = 1e-11  # room for rounding on the optimal face


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights of observations, one row each or one row for all."""

    output: FloatArray
    input: FloatArray


def levels(
    frontier: Frontier, rts: str, marks: Benchmarks, rows: IntArray, weights: Weights, efficiency: dict[str, FloatArray]
) -> dict[str, FloatArray]:
    """Return the levels of some observations under weights, by their usual names and in logarithms."""
    goods = frontier.goods
    count = len(rows)
    output = np.einsum("nq,nq->n", weights.output, goods.y[rows])
    input_ = np.einsum("np,np->n", weights.input, goods.x[rows])
    best, mixed = np.full(count, np.nan), np.full(count, np.nan)
    for number in np.unique(marks.contemporaneous[rows]).tolist():
        part = np.flatnonzero(marks.contemporaneous[rows] == number)
        span = marks.technologies[number]
        outputs, inputs = weights.output[part] @ goods.y[span].T, weights.input[part] @ goods.x[span].T
        # The best ratio of two sums over a convex technology lies at an observation, whatever the returns to scale.
        best[part] = (outputs / inputs).max(axis=1)
        mixed[part] = _mixed(frontier, rts, span, rows[part], (outputs, output[part]), (inputs, input_[part]))
    technical, cone = efficiency[rts][rows], efficiency["crs"][rows]
    output, input_, best, mixed = np.log(output), np.log(input_), np.log(best), np.log(mixed)
    productivity = output - input_
    overall = productivity - best
    return {
        "output": output,
        "input": input_,
        "productivity": productivity,
        "best_productivity": best,
        "productivity_efficiency": overall,
        "technical_efficiency": technical,
        "scale_efficiency": cone - technical,
        "mix_efficiency": mixed - technical,
        "residual_scale_efficiency": overall - mixed,
        "scale_mix_efficiency": overall - technical,
        "residual_mix_efficiency": overall - cone,
    }


def _mixed(
    frontier: Frontier,
    rts: str,
    span: IntArray,
    rows: IntArray,
    outputs: tuple[FloatArray, FloatArray],
    inputs: tuple[FloatArray, FloatArray],
) -> FloatArray:
    """Return aggregate output over the revenue maximum at the same inputs, or the cost minimum over aggregate input."""
    # A program for the most revenue is one for an output efficiency where the only output is revenue; so for cost.
    goods = frontier.goods
    forwards = frontier.measure.orientation == "output"
    reference, target = (goods.x[span], goods.x[rows]) if forwards else (goods.y[span], goods.y[rows])
    totals, total = outputs if forwards else inputs
    scale = np.where(reference.mean(axis=0) > 0, reference.mean(axis=0), 1.0)
    size = totals.mean(axis=1)
    dummy = np.ones((len(span), 1))
    sides = (reference / scale, dummy) if forwards else (dummy, reference / scale)
    tech = technology(*sides, rts=rts)
    columns = np.repeat(tech.columns[None], len(rows), axis=0)
    row = reference.shape[1] if forwards else 0
    scaled = np.where(tech.owner >= 0, totals[:, np.maximum(tech.owner, 0)], 0.0) * tech.scale / size[:, None]
    columns[:, row] = scaled if forwards else -scaled
    way = np.zeros((len(rows), reference.shape[1] + 1))
    way[:, row] = total / size
    points = target / scale
    netput = np.column_stack([-points, way[:, row]]) if forwards else np.column_stack([-way[:, row], points])
    widths = (reference.shape[1], 1) if forwards else (1, reference.shape[1])
    scores = frontier.finish(*distance_batch(tech, columns, netput, way, np.arange(len(rows)), widths=widths))
    return 1.0 / (1.0 + scores.beta) if forwards else 1.0 - scores.beta


def shadow_prices(frontier: Frontier, rts: str) -> tuple[FloatArray, FloatArray]:
    """Return the shadow price of each input and output at the mean observation, and its range ``(p + q, 2)``."""
    # Gradients of the input distance function with respect to inputs, and of the output distance function with respect
    # to outputs, of the technology of all observations, at their mean. At a kink the gradient is not unique: the range
    # has the lowest and the highest, and the price is the mean of the extreme ones, which depends on no solver.
    p, q, _ = frontier.goods.widths
    scale = means(frontier.goods)[: p + q]
    tech = technology(frontier.goods.x / scale[:p], frontier.goods.y / scale[p:], rts=rts)
    prices, ranges = np.empty(p + q), np.empty((p + q, 2))
    for rows, sign in ((np.arange(p), -1.0), (np.arange(p, p + q), 1.0)):
        beta, gradients = _gradients(tech, p, rows)
        gradients /= 1.0 + sign * beta
        lowest, highest = gradients.min(axis=0), gradients.max(axis=0)
        loose = highest - lowest > _UNIQUE
        prices[rows] = np.where(loose, gradients[1:].mean(axis=0), gradients[0])
        ranges[rows] = np.where(loose[:, None], np.stack([lowest, highest], axis=1), prices[rows, None])
    return prices / scale, ranges / scale[:, None]


def _gradients(tech: Technology, inputs: int, rows: IntArray) -> tuple[float, FloatArray]:
    """Return the distance of the mean along some goods, and optimal multipliers: any, then each lowest and highest."""
    from xinzhi.core.programs import Program

    size = tech.columns.shape[0]
    goods = tech.goods
    target = np.ones(size)
    target[:inputs] = -1.0  # goods are scaled by their means
    way = np.zeros(size)
    way[rows] = 1.0
    program = Program(
        np.vstack([tech.columns.T, way[None], -target[None]]),
        costs=-target,
        row_lower=np.concatenate([np.full(tech.columns.shape[1], -np.inf), [1.0, -np.inf]]),
        row_upper=np.concatenate([np.zeros(tech.columns.shape[1]), [1.0, np.inf]]),
        column_lower=np.where(np.arange(size) < goods, 0.0, -np.inf),
    )
    first = program.solve()
    multipliers = [first.primal[rows]]
    program.set_row_bounds(-np.inf, first.objective + _HAIR, [tech.columns.shape[1] + 1])
    for row in rows.tolist():
        for sign in (1.0, -1.0):
            costs = np.zeros(size)
            costs[row] = sign
            program.set_costs(costs)
            multipliers.append(program.solve().primal[rows])
    return first.objective, np.array(multipliers)


_DISTANCES = ("unit", "period", "technology", "rts", "inputs_of", "outputs_of", "value", "orientation", "status")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a family worked out."""

    numbers: dict[str, FloatArray]
    failures: Sequence[list[Failure] | None]  # of each pair; None: a program that is not named
    levels: dict[str, FloatArray]
    distances: pl.DataFrame
    weights: tuple[FloatArray, FloatArray] | None
    programs: dict[str, int]


def distance_family(
    frontier: Frontier, panel: Panel, marks: Benchmarks, plan: Plan, index: str, settings: Settings
) -> Outcome:
    """Work out a Malmquist, Malmquist-Luenberger or Luenberger index."""
    transform = transform_of(index, frontier.measure)
    required = required_terms(plan)
    terms = solve_terms(frontier, panel, marks, required)
    values = {term: transform(terms.beta[term]) for term in required}
    parts = decompose(plan, values)
    parts.check(_key(panel))
    numbers = {"index": parts.index, **parts.parts}
    if index != "luenberger":
        numbers = {name: np.exp(value) for name, value in numbers.items()}
    if settings.draws:
        numbers = intervals(frontier, panel, marks, plan, numbers, settings)
    own_levels = _own_levels(frontier, marks, plan, index)
    distances = distance_frame(panel, marks, terms, index, frontier.measure)
    return Outcome(numbers, failures(panel, marks, terms, values), own_levels, distances, None, counts(frontier))


def counts(*frontiers: Frontier) -> dict[str, int]:
    """Return how many programs were solved, how large the largest was, how many the general solver took."""
    return {
        "count": sum(frontier.tally.count for frontier in frontiers),
        "rows": max(frontier.tally.rows for frontier in frontiers),
        "columns": max(frontier.tally.columns for frontier in frontiers),
        "general": sum(frontier.tally.general for frontier in frontiers),
    }


def _key(panel: Panel) -> Callable[[int], str]:
    def key(pair: int) -> str:
        row = panel.after[pair]
        return f"{panel.units[int(panel.unit[row])]}/{panel.periods[int(panel.period[row])]}"

    return key


def _own_levels(frontier: Frontier, marks: Benchmarks, plan: Plan, index: str) -> dict[str, FloatArray]:
    """Return efficiencies, or directional inefficiencies, of all observations in their own technology."""
    kinds = {"technical": plan.cone}
    if plan.rts != plan.cone:
        kinds["pure"] = plan.rts
    beta = {name: own_scores(frontier, marks, rts) for name, rts in kinds.items()}
    if index != "malmquist":
        return {f"{name}_inefficiency": value for name, value in beta.items()}
    transform = transform_of(index, frontier.measure)
    efficiencies = {f"{name}_efficiency": np.exp(transform(value)) for name, value in beta.items()}
    if "pure_efficiency" in efficiencies:
        efficiencies["scale_efficiency"] = efficiencies["technical_efficiency"] / efficiencies["pure_efficiency"]
    return efficiencies


def distance_frame(panel: Panel, marks: Benchmarks, terms: Terms, index: str, measure: Measure) -> pl.DataFrame:
    """Return every distance as a long frame."""
    directional = measure.orientation == "directional"
    transform = negative if directional else transform_of(index, measure)
    names = pl.Series(marks.names)
    status = pl.Series(STATUSES)
    ends = (panel.before, panel.after)
    parts = []
    for term, beta in terms.beta.items():
        value = -transform(beta) if directional else np.exp(transform(beta))
        columns = {
            "unit": panel.units.gather(panel.unit[panel.after]),
            "period": panel.periods.gather(panel.period[panel.after]),
            "technology": names.gather(terms.technology[term]),
            "rts": [term.rts] * panel.pairs,
            "inputs_of": panel.periods.gather(panel.period[ends[term.x]]),
            "outputs_of": panel.periods.gather(panel.period[ends[term.y]]),
            "value": pl.Series(value, dtype=pl.Float64, nan_to_null=True),
            "orientation": [measure.orientation] * panel.pairs,
            "status": status.gather(terms.status[term]),
        }
        parts.append(pl.DataFrame(columns))
    if not parts:  # indices of fixed weights have levels instead
        kinds = {"unit": panel.units.dtype, "period": panel.periods.dtype, "inputs_of": panel.periods.dtype}
        kinds |= {"outputs_of": panel.periods.dtype, "value": pl.Float64()}
        return pl.DataFrame(schema={name: kinds.get(name, pl.String()) for name in _DISTANCES})
    return pl.concat(parts).unique(maintain_order=True).sort("unit", "period", maintain_order=True)


def hicks_moorsteen_family(goods: Goods, panel: Panel, marks: Benchmarks, rts: str, orientation: str) -> Outcome:
    """Work out a Hicks-Moorsteen index."""
    output, input_ = Frontier(goods, Measure("output")), Frontier(goods, Measure("input"))
    of_outputs, of_inputs, extra = moorsteen_terms(rts)
    forwards = orientation == "output"
    outer = solve_terms(output, panel, marks, [*of_outputs, *(extra if forwards else [])])
    inner = solve_terms(input_, panel, marks, [*of_inputs, *([] if forwards else extra)])
    logs_out = {term: log_output(beta) for term, beta in outer.beta.items()}
    logs_in = {term: log_input(beta) for term, beta in inner.beta.items()}
    parts = hicks_moorsteen(rts, logs_out, logs_in, logs_out if forwards else logs_in)
    parts.check(_key(panel))
    lost = failures(panel, marks, outer, logs_out), failures(panel, marks, inner, logs_in)
    failed = [list(dict.fromkeys([*first, *second])) for first, second in zip(*lost, strict=True)]
    numbers = {name: np.exp(value) for name, value in {"index": parts.index, **parts.parts}.items()}
    frontier = output if forwards else input_
    log = log_output if forwards else log_input
    own_levels = {"technical_efficiency": np.exp(log(own_scores(frontier, marks, rts)))}
    sides = ((output, outer), (input_, inner))
    frames = [distance_frame(panel, marks, terms, "malmquist", side.measure) for side, terms in sides]
    distances = pl.concat(frames).sort("unit", "period", maintain_order=True)
    return Outcome(numbers, failed, own_levels, distances, None, counts(output, input_))


def fixed_weight_family(goods: Goods, panel: Panel, marks: Benchmarks, rts: str, choice: tuple[str, str]) -> Outcome:
    """Work out a Färe-Primont, Lowe, Laspeyres, Paasche or Fisher index."""
    index, orientation = choice
    frontier = Frontier(goods, Measure("output" if orientation == "output" else "input"))
    log = log_output if orientation == "output" else log_input
    efficiency = {kind: log(own_scores(frontier, marks, kind)) for kind in dict.fromkeys((rts, "crs"))}
    count = len(panel.unit)
    weights = None
    if index in {"fare-primont", "lowe"}:
        if index == "fare-primont":
            weights = shadow_prices(frontier, rts)
        else:
            prices = np.concatenate([part.mean(axis=0) for part in panel.prices()])
            weights = prices, np.stack([prices, prices], axis=1)  # as ranges
        p, worth = goods.widths[0], np.broadcast_to(weights[0], (count, len(weights[0])))
        same = Weights(worth[:, p:], worth[:, :p])
        table = levels(frontier, rts, marks, np.arange(count), same, efficiency)
        changes = [{name: value[panel.after] - value[panel.before] for name, value in table.items()}]
        own_levels = {name: np.exp(value) for name, value in table.items()}
    else:
        ends = {"laspeyres": (panel.before,), "paasche": (panel.after,), "fisher": (panel.before, panel.after)}[index]
        changes = []
        for rows in ends:  # at the prices of the earlier or the later observation of each pair
            pair_weights = Weights(panel.prices()[1][rows], panel.prices()[0][rows])
            first, second = (
                levels(frontier, rts, marks, at, pair_weights, efficiency) for at in (panel.before, panel.after)
            )
            changes.append({name: second[name] - first[name] for name in first})
        scale = np.exp(efficiency["crs"] - efficiency[rts])
        own_levels = {"technical_efficiency": np.exp(efficiency[rts]), "scale_efficiency": scale}
    change = {name: np.mean([part[name] for part in changes], axis=0) for name in changes[0]}
    parts = odonnell(change)
    parts.check(_key(panel))
    numbers = {name: np.exp(value) for name, value in {"index": parts.index, **parts.parts}.items()}
    solved = np.isfinite(np.stack(list(numbers.values()))).all(axis=0)
    failed: list[list[Failure] | None] = [[] if good else None for good in solved]
    distances = distance_frame(panel, marks, Terms(), index, frontier.measure)
    return Outcome(numbers, failed, own_levels, distances, weights, counts(frontier))


def odonnell(change: dict[str, FloatArray]) -> Parts:
    """Return O'Donnell's parts from the changes of levels, in logarithms."""
    parts = {f"{name}_change": change[name] for name in ("output", "input")}
    parts["technical_change"] = change["best_productivity"]
    kinds = ("productivity", "technical", "scale", "mix")
    parts |= {f"{name}_efficiency_change": change[f"{name}_efficiency"] for name in kinds}
    rest = ("residual_scale", "scale_mix", "residual_mix")
    parts |= {f"{name}_change": change[f"{name}_efficiency"] for name in rest}
    ways = (
        ("technical_change", "productivity_efficiency_change"),
        ("technical_change", "technical_efficiency_change", "mix_efficiency_change", "residual_scale_change"),
        ("technical_change", "technical_efficiency_change", "scale_mix_change"),
        ("technical_change", "technical_efficiency_change", "scale_efficiency_change", "residual_mix_change"),
    )
    return Parts(change["productivity"], parts, ways)


@dataclass(frozen=True, slots=True)
class Terms:
    """Solved terms."""

    beta: dict[Term, FloatArray] = field(default_factory=dict)
    status: dict[Term, IntArray] = field(default_factory=dict)
    technology: dict[Term, IntArray] = field(default_factory=dict)


def solve_terms(frontier: Frontier, panel: Panel, marks: Benchmarks, required: Sequence[Term]) -> Terms:
    """Solve the programs behind some terms: each different one once, those of one technology together."""
    terms = list(dict.fromkeys(required))
    kinds = list(dict.fromkeys(term.rts for term in terms))
    ends = (panel.before, panel.after)
    own_ends, group_ends = ([mark[rows] for rows in ends] for mark in (marks.contemporaneous, marks.group))
    where = {
        term: {"earlier": marks.earlier, "later": marks.later, "own": own_ends[term.y], "group": group_ends[term.y]}[
            term.where
        ]
        for term in terms
    }
    queries = np.concatenate(
        [np.stack([np.full(panel.pairs, kinds.index(t.rts)), where[t], ends[t.x], ends[t.y]], axis=1) for t in terms]
    )
    programs, back = np.unique(queries, axis=0, return_inverse=True)
    beta, status = np.full(len(programs), np.nan), np.full(len(programs), FAILED)
    starts = np.flatnonzero(np.r_[True, (np.diff(programs[:, :2], axis=0) != 0).any(axis=1)])
    places = [np.arange(first, last) for first, last in zip(starts, [*starts[1:], len(programs)], strict=True)]
    for kind, rts in enumerate(kinds):
        positions = [at for at in places if programs[at[0], 0] == kind]
        spans = [marks.technologies[programs[at[0], 1]] for at in positions]
        points = [frontier.goods.take(programs[at, 2], programs[at, 3]) for at in positions]
        for at, scores in zip(positions, frontier.scores(rts, spans, points), strict=True):
            beta[at], status[at] = scores.beta, scores.status
    back = back.reshape(len(terms), panel.pairs)
    return Terms(
        beta={term: beta[back[k]] for k, term in enumerate(terms)},
        status={term: status[back[k]] for k, term in enumerate(terms)},
        technology=where,
    )


def failures(panel: Panel, marks: Benchmarks, terms: Terms, values: dict[Term, FloatArray]) -> list[list[Failure]]:
    """Return for each pair the programs that have no solution: whose inputs and outputs, against which technology."""
    ends = (panel.before, panel.after)
    failed: list[list[Failure]] = [[] for _ in range(panel.pairs)]
    for term, value in values.items():
        for pair in np.flatnonzero(~np.isfinite(value)).tolist():
            verdict = {INFEASIBLE: "infeasible", OPTIMAL: "undefined"}.get(int(terms.status[term][pair]), "failed")
            x, y = (panel.periods[int(panel.period[ends[end][pair]])] for end in (term.x, term.y))
            failure = (verdict, x, y, term.rts, marks.spans[int(terms.technology[term][pair])])
            if failure not in failed[pair]:
                failed[pair].append(failure)
    return failed


def status_of(parts: Sequence[Failure]) -> str:
    """Return one status of a pair: ``optimal``, or the programs that have no solution."""
    messages = []
    for verdict, x, y, rts, (span, group) in parts:
        point = f"unit of {x}" if x == y else f"inputs of {x} with outputs of {y}"
        messages.append(
            f"{verdict}: {point} against the {rts} technology of {span}" + (f" of {group}" if group else "")
        )
    return "; ".join(messages) if messages else "optimal"

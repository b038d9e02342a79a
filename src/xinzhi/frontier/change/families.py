"""From choices to numbers: the families of indices, each with its distances, its parts and its levels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from xinzhi.core.arrays import FloatArray, IntArray
from xinzhi.core.simplex import FAILED, INFEASIBLE, OPTIMAL, STATUSES
from xinzhi.frontier.change.aggregates import Weights, levels, shadow_prices
from xinzhi.frontier.change.decompositions import (
    Parts,
    Plan,
    Term,
    decompose,
    factor_terms,
    hicks_moorsteen,
    input_terms,
    needed,
    output_terms,
)
from xinzhi.frontier.change.distances import Frontier, Measure
from xinzhi.frontier.change.intervals import intervals, log_input, log_output, negative, own_scores, transform_of
from xinzhi.frontier.change.panel import Benchmarks, Panel
from xinzhi.frontier.technology.technology import Goods

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
    frontier: Frontier, panel: Panel, marks: Benchmarks, plan: Plan, index: str, options: Mapping[str, Any]
) -> Outcome:
    """Work out a Malmquist, Malmquist-Luenberger or Luenberger index."""
    transform = transform_of(index, frontier.measure)
    wanted = needed(plan)
    terms = solve_terms(frontier, panel, marks, wanted)
    values = {term: transform(terms.beta[term]) for term in wanted}
    parts = decompose(plan, values)
    parts.check(_key(panel))
    numbers = {"index": parts.index, **parts.parts}
    if index != "luenberger":
        numbers = {name: np.exp(value) for name, value in numbers.items()}
    if options["n_boot"]:
        numbers = intervals(frontier, panel, marks, plan, numbers, options)
    own = _own_levels(frontier, marks, plan, index)
    failed = failures(panel, marks, terms, values)
    return Outcome(
        numbers, failed, own, distance_frame(panel, marks, terms, index, frontier.measure), None, counts(frontier)
    )


def counts(*frontiers: Frontier) -> dict[str, int]:
    """Return how many programs were solved, how large the largest was, how many the general solver took."""
    return {
        "count": sum(one.tally.count for one in frontiers),
        "rows": max(one.tally.rows for one in frontiers),
        "columns": max(one.tally.columns for one in frontiers),
        "general": sum(one.tally.general for one in frontiers),
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
    found = {f"{name}_efficiency": np.exp(transform(value)) for name, value in beta.items()}
    if "pure_efficiency" in found:
        found["scale_efficiency"] = found["technical_efficiency"] / found["pure_efficiency"]
    return found


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
        parts.append(
            pl.DataFrame(
                {
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
            )
        )
    if not parts:  # indices of fixed weights have levels instead
        kinds = {"unit": panel.units.dtype, "period": panel.periods.dtype, "inputs_of": panel.periods.dtype}
        kinds |= {"outputs_of": panel.periods.dtype, "value": pl.Float64()}
        return pl.DataFrame(schema={name: kinds.get(name, pl.String()) for name in _DISTANCES})
    return pl.concat(parts).unique(maintain_order=True).sort("unit", "period", maintain_order=True)


def hicks_moorsteen_family(goods: Goods, panel: Panel, marks: Benchmarks, rts: str, orientation: str) -> Outcome:
    """Work out a Hicks-Moorsteen index."""
    output, input_ = Frontier(goods, Measure("output")), Frontier(goods, Measure("input"))
    extra = factor_terms(rts)
    forwards = orientation == "output"
    outer = solve_terms(output, panel, marks, [*output_terms(rts), *(extra if forwards else [])])
    inner = solve_terms(input_, panel, marks, [*input_terms(rts), *([] if forwards else extra)])
    logs_out = {term: log_output(beta) for term, beta in outer.beta.items()}
    logs_in = {term: log_input(beta) for term, beta in inner.beta.items()}
    parts = hicks_moorsteen(rts, logs_out, logs_in, logs_out if forwards else logs_in)
    parts.check(_key(panel))
    failed = [
        list(dict.fromkeys([*one, *two]))
        for one, two in zip(
            failures(panel, marks, outer, logs_out), failures(panel, marks, inner, logs_in), strict=True
        )
    ]
    numbers = {name: np.exp(value) for name, value in {"index": parts.index, **parts.parts}.items()}
    chosen = output if forwards else input_
    log = log_output if forwards else log_input
    own = {"technical_efficiency": np.exp(log(own_scores(chosen, marks, rts)))}
    found = [
        distance_frame(panel, marks, terms, "malmquist", one.measure)
        for one, terms in ((output, outer), (input_, inner))
    ]
    distances = pl.concat(found).sort("unit", "period", maintain_order=True)
    return Outcome(numbers, failed, own, distances, None, counts(output, input_))


def fixed_weight_family(goods: Goods, panel: Panel, marks: Benchmarks, rts: str, choice: tuple[str, str]) -> Outcome:
    """Work out a Färe-Primont, Lowe, Laspeyres, Paasche or Fisher index."""
    index, orientation = choice
    frontier = Frontier(goods, Measure("output" if orientation == "output" else "input"))
    log = log_output if orientation == "output" else log_input
    efficiency = {kind: log(own_scores(frontier, marks, kind)) for kind in dict.fromkeys((rts, "crs"))}
    count = len(panel.unit)
    everything = np.arange(count)
    weights = None
    if index in {"fare-primont", "lowe"}:
        weights = shadow_prices(frontier, rts) if index == "fare-primont" else _mean_prices(panel)
        p = goods.widths[0]
        same = Weights(
            np.broadcast_to(weights[0][p:], (count, len(weights[0]) - p)), np.broadcast_to(weights[0][:p], (count, p))
        )
        found = levels(frontier, rts, marks, everything, same, efficiency)
        table = found.table()
        changes = [{name: value[panel.after] - value[panel.before] for name, value in table.items()}]
        kept = {name: np.exp(value) for name, value in table.items()}
    else:
        ends = {"laspeyres": (panel.before,), "paasche": (panel.after,), "fisher": (panel.before, panel.after)}[index]
        changes = [_priced(frontier, rts, panel, marks, rows, efficiency) for rows in ends]
        kept = {
            "technical_efficiency": np.exp(efficiency[rts]),
            "scale_efficiency": np.exp(efficiency["crs"] - efficiency[rts]),
        }
    change = {name: np.mean([one[name] for one in changes], axis=0) for name in changes[0]}
    parts = odonnell(change)
    parts.check(_key(panel))
    numbers = {name: np.exp(value) for name, value in {"index": parts.index, **parts.parts}.items()}
    solved = np.isfinite(np.stack(list(numbers.values()))).all(axis=0)
    failed: list[list[Failure] | None] = [[] if good else None for good in solved]
    return Outcome(
        numbers, failed, kept, distance_frame(panel, marks, Terms(), index, frontier.measure), weights, counts(frontier)
    )


def _mean_prices(panel: Panel) -> tuple[FloatArray, FloatArray]:
    """Return the mean prices of inputs and outputs, and the same as ranges."""
    prices = np.concatenate([part.mean(axis=0) for part in panel.prices()])
    return prices, np.stack([prices, prices], axis=1)


def _priced(
    frontier: Frontier, rts: str, panel: Panel, marks: Benchmarks, rows: IntArray, efficiency: dict[str, FloatArray]
) -> dict[str, FloatArray]:
    """Return the changes of all levels at the prices of some observations, one for each pair."""
    of_inputs, of_outputs = panel.prices()
    weights = Weights(of_outputs[rows], of_inputs[rows])
    first, second = (
        levels(frontier, rts, marks, end, weights, efficiency).table() for end in (panel.before, panel.after)
    )
    return {name: second[name] - first[name] for name in first}


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


def solve_terms(frontier: Frontier, panel: Panel, marks: Benchmarks, wanted: Sequence[Term]) -> Terms:
    """Solve the programs behind some terms: each different one once, those of one technology together."""
    terms = list(dict.fromkeys(wanted))
    kinds = list(dict.fromkeys(term.rts for term in terms))
    ends = (panel.before, panel.after)
    where = {term: _technology(term, panel, marks) for term in terms}
    asked = np.concatenate(
        [np.stack([np.full(panel.pairs, kinds.index(t.rts)), where[t], ends[t.x], ends[t.y]], axis=1) for t in terms]
    )
    programs, back = np.unique(asked, axis=0, return_inverse=True)
    beta, status = np.full(len(programs), np.nan), np.full(len(programs), FAILED)
    starts = np.flatnonzero(np.r_[True, (np.diff(programs[:, :2], axis=0) != 0).any(axis=1)])
    places = [np.arange(first, last) for first, last in zip(starts, [*starts[1:], len(programs)], strict=True)]
    for kind, rts in enumerate(kinds):
        mine = [at for at in places if programs[at[0], 0] == kind]
        spans = [marks.technologies[programs[at[0], 1]] for at in mine]
        points = [frontier.goods.take(programs[at, 2], programs[at, 3]) for at in mine]
        for at, found in zip(mine, frontier.scores(rts, spans, points), strict=True):
            beta[at], status[at] = found.beta, found.status
    back = back.reshape(len(terms), panel.pairs)
    return Terms(
        beta={term: beta[back[k]] for k, term in enumerate(terms)},
        status={term: status[back[k]] for k, term in enumerate(terms)},
        technology=where,
    )


def _technology(term: Term, panel: Panel, marks: Benchmarks) -> IntArray:
    """Return the technology of a term for every pair."""
    rows = panel.after if term.y else panel.before
    ends = {"earlier": marks.earlier, "later": marks.later, "own": marks.own[rows], "group": marks.group[rows]}
    return ends[term.where]


Failure = tuple[str, Any, Any, str, tuple[str, str]]  # verdict, inputs of, outputs of, rts, periods and group


def failures(panel: Panel, marks: Benchmarks, terms: Terms, values: dict[Term, FloatArray]) -> list[list[Failure]]:
    """Return for each pair the programs that have no solution: whose inputs and outputs, against which technology."""
    ends = (panel.before, panel.after)
    found: list[list[Failure]] = [[] for _ in range(panel.pairs)]
    for term, value in values.items():
        for pair in np.flatnonzero(~np.isfinite(value)).tolist():
            verdict = {INFEASIBLE: "infeasible", OPTIMAL: "undefined"}.get(int(terms.status[term][pair]), "failed")
            x, y = (panel.periods[int(panel.period[ends[end][pair]])] for end in (term.x, term.y))
            failure = (verdict, x, y, term.rts, marks.spans[int(terms.technology[term][pair])])
            if failure not in found[pair]:
                found[pair].append(failure)
    return found


def status_of(parts: Sequence[Failure]) -> str:
    """Return one status of a pair: ``optimal``, or the programs that have no solution."""
    said = []
    for verdict, x, y, rts, (span, group) in parts:
        point = f"unit of {x}" if x == y else f"inputs of {x} with outputs of {y}"
        said.append(f"{verdict}: {point} against the {rts} technology of {span}" + (f" of {group}" if group else ""))
    return "; ".join(said) if said else "optimal"

"""Run the bootstrap of `bootstrap.py` over all pairs of periods, in blocks that may share the work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from xinzhi.frontier.change.bootstrap import Draw, blocks, draw, interval, prepare, replicate
from xinzhi.frontier.change.decompositions import decompose, needed
from xinzhi.frontier.change.distances import Frontier, Goods, Measure, Tally
from xinzhi.frontier.change.families import own_scores, transform_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from xinzhi.core.arrays import FloatArray
    from xinzhi.frontier.change.decompositions import Plan
    from xinzhi.frontier.change.panel import Panel
    from xinzhi.frontier.change.references import Benchmarks

    Answer = tuple[int, dict[str, FloatArray], Tally]


def intervals(
    frontier: Frontier,
    panel: Panel,
    marks: Benchmarks,
    plan: Plan,
    numbers: dict[str, FloatArray],
    options: Mapping[str, Any],
) -> dict[str, FloatArray]:
    """Return the numbers with ``_lower, _upper, _bias, _error`` beside each."""
    beta = own_scores(frontier, marks, plan.cone)
    inefficiency = 1.0 / np.exp(transform_of("malmquist", frontier.measure)(beta))
    firsts = np.unique(panel.period[panel.before]).tolist()
    draws = [prepare(panel, inefficiency, first, options["bandwidth"]) for first in firsts]
    places = [np.flatnonzero(panel.period[panel.before] == first) for first in firsts]
    jobs = [(pair, start, size) for pair in range(len(firsts)) for start, size in blocks(options["n_boot"])]
    seeds = np.random.SeedSequence(options["seed"]).spawn(len(jobs))
    work = _Work(frontier.goods, frontier.measure, plan, inefficiency)
    tasks = [(job, draws[jobs[job][0]], jobs[job][2], seeds[job]) for job in range(len(jobs))]
    found = {name: np.full((options["n_boot"], panel.pairs), np.nan) for name in numbers}
    progress = options["progress"]
    for done, (job, values, tally) in enumerate(_answers(work, tasks, options["n_jobs"]), start=1):
        pair, start, size = jobs[job]
        for name, value in values.items():
            found[name][start : start + size, places[pair]] = value
        frontier.tally.include(tally)
        if progress is not None:
            progress(done, len(jobs))
    result: dict[str, FloatArray] = {}
    for name, value in numbers.items():
        around = interval(value, found[name], options["confidence"])
        result[name] = value
        result |= {
            f"{name}_lower": around.lower,
            f"{name}_upper": around.upper,
            f"{name}_bias": around.bias,
            f"{name}_error": around.error,
        }
    return result


@dataclass(frozen=True, slots=True)
class _Work:
    """What every block of replications needs; small, because it goes to other processes with each."""

    goods: Goods
    measure: Measure
    plan: Plan
    inefficiency: FloatArray

    def block(self, job: int, chosen: Draw, size: int, seed: np.random.SeedSequence) -> Answer:
        """Return index and parts of one block of one pair of periods, ``(size, pairs)`` each, and the programs."""
        frontier = Frontier(self.goods, self.measure)
        drawn = draw(chosen, size, np.random.default_rng(seed))
        distances = replicate(frontier, needed(self.plan), chosen, self.inefficiency, drawn)
        transform = transform_of("malmquist", self.measure)
        parts = decompose(self.plan, {term: transform(value) for term, value in distances.items()})
        values = {name: np.exp(value) for name, value in {"index": parts.index, **parts.parts}.items()}
        return job, values, frontier.tally


def _answers(work: _Work, tasks: list[tuple[int, Draw, int, np.random.SeedSequence]], workers: int) -> Iterable[Answer]:
    """Return the answers as they come, from this process or from several."""
    if workers == 1:
        return (work.block(*task) for task in tasks)
    from joblib import Parallel, delayed

    answers: Iterable[Answer] = Parallel(n_jobs=workers, prefer="threads", return_as="generator_unordered")(
        delayed(work.block)(*task) for task in tasks
    )
    return answers

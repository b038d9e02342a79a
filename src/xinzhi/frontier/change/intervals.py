"""Confidence intervals of Malmquist indices by the smoothed bootstrap of Simar and Wilson (1999).

For each pair of periods the two efficiencies of every unit are drawn together, from a kernel density that is reflected
at one on both sides, so that neither the boundary nor the correlation between the periods is lost. The observations are
moved to the drawn efficiencies, span pseudo technologies, and the observed points are measured against these.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from xinzhi.core.arrays import FloatArray, IntArray
from xinzhi.core.simplex import OPTIMAL, Batch, solve_batch
from xinzhi.frontier.change.decompositions import (
    Frontier,
    Measure,
    Plan,
    Tally,
    Term,
    decompose,
    reference_technology,
    required_terms,
)
from xinzhi.frontier.change.panel import Benchmarks, Panel
from xinzhi.frontier.change.settings import Settings
from xinzhi.frontier.technology.technology import Goods, means

Answer = tuple[int, dict[str, FloatArray], Tally]


_BLOCK = 100  # replications that are solved together
_SCOUTS = 8  # points of each drawn technology that look for its facets first


def transform_of(index: str, measure: Measure) -> Callable[[FloatArray], FloatArray]:
    """Return what turns a distance into a term."""
    if index == "luenberger":
        return negative
    return log_input if measure.orientation == "input" else log_output


def own_scores(frontier: Frontier, marks: Benchmarks, rts: str) -> FloatArray:
    """Return the distance of every observation from its own technology, ``(n,)``."""
    beta = np.full(len(marks.contemporaneous), np.nan)
    places = [np.flatnonzero(marks.contemporaneous == number) for number in range(len(marks.technologies))]
    used = [number for number, rows in enumerate(places) if len(rows)]
    points = [frontier.goods.take(places[number], places[number]) for number in used]
    for number, scores in zip(used, frontier.scores(rts, [marks.technologies[at] for at in used], points), strict=True):
        beta[places[number]] = scores.beta
    return beta


def log_output(beta: FloatArray) -> FloatArray:
    """Return the logarithm of an output efficiency (Shephard), NaN where outputs cannot be scaled into reach."""
    return -np.log(np.where(beta > -1.0, 1.0 + beta, np.nan))


def log_input(beta: FloatArray) -> FloatArray:
    """Return the logarithm of an input efficiency (Farrell)."""
    return np.log(np.where(beta < 1.0, 1.0 - beta, np.nan))


def negative(beta: FloatArray) -> FloatArray:
    """Return the negative of a directional distance."""
    return -beta


@dataclass(frozen=True, slots=True)
class Draw:
    """One pair of periods, ready to be drawn from."""

    before: IntArray
    after: IntArray
    unpaired: tuple[IntArray, IntArray]
    sample: FloatArray
    factors: tuple[FloatArray, FloatArray]
    bandwidth: float


def bandwidth(units: int) -> float:
    """Return the normal reference bandwidth of two dimensions, ``(4 / 5 m)^(1/6)`` (Simar and Wilson 1999, 472)."""
    return float((4.0 / (5.0 * units)) ** (1.0 / 6.0))


def prepare(panel: Panel, inefficiency: FloatArray, first: int, width: float | None) -> Draw:
    """Return what the draws for the periods `first` and `first + 1` need."""
    pairs = np.flatnonzero(panel.period[panel.before] == first)
    before, after = panel.before[pairs], panel.after[pairs]
    unpaired = [
        np.setdiff1d(np.flatnonzero(panel.period == first + end), rows) for end, rows in enumerate((before, after))
    ]
    bivariate = np.stack([inefficiency[before], inefficiency[after]], axis=1)
    sample = np.concatenate(
        [
            bivariate,
            np.stack([2 - bivariate[:, 0], bivariate[:, 1]], axis=1),
            2 - bivariate,
            np.stack([bivariate[:, 0], 2 - bivariate[:, 1]], axis=1),
        ]
    )
    covariance = np.cov(bivariate, rowvar=False) if len(bivariate) > 1 else np.zeros((2, 2))
    turned = covariance * np.array([[1.0, -1.0], [-1.0, 1.0]])

    def root(matrix: FloatArray) -> FloatArray:  # of a covariance that may be singular
        values, vectors = np.linalg.eigh(matrix)
        return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))

    factors = root(covariance), root(turned)
    return Draw(before, after, (unpaired[0], unpaired[1]), sample, factors, width or bandwidth(len(bivariate)))


def draw(plan: Draw, count: int, generator: np.random.Generator) -> FloatArray:
    """Return drawn inefficiencies, at least one, ``(count, m, 2)``."""
    size = len(plan.sample) // 4
    picked = generator.integers(0, len(plan.sample), (count, size))
    noise = generator.standard_normal((count, size, 2))
    one_sided = (picked // size) % 2 == 1  # blocks: as is, first turned, both turned, second turned
    smooth = np.where(one_sided[:, :, None], noise @ plan.factors[1].T, noise @ plan.factors[0].T)
    values = plan.sample[picked]
    # The reflected sample has mean one, so shrinking towards one keeps the variance that smoothing would inflate.
    values = 1.0 + (values + plan.bandwidth * smooth - 1.0) / np.sqrt(1.0 + plan.bandwidth**2)
    return np.asarray(np.where(values < 1.0, 2.0 - values, values))


def replicate(
    frontier: Frontier, terms: Sequence[Term], plan: Draw, inefficiency: FloatArray, draws: FloatArray
) -> dict[Term, FloatArray]:
    """Return distances of the observed pairs from drawn technologies, ``(count, m)`` for each term."""
    ends = (plan.before, plan.after)
    count = len(draws)
    result: dict[Term, FloatArray] = {}
    for end in (0, 1):
        relevant = [term for term in terms if end == (term.y if term.where == "own" else int(term.where == "later"))]
        rows = np.concatenate([ends[end], plan.unpaired[end]])
        ratio = np.ones((count, len(rows)))
        ratio[:, : len(ends[end])] = inefficiency[ends[end]] / draws[:, :, end]
        # the observations moved to the frontier and back to a drawn efficiency, (count, n, ...)
        observed = frontier.goods.take(rows, rows)
        parts = (observed.x, observed.y, observed.b)
        x, y, b = (np.broadcast_to(part, (*ratio.shape, part.shape[1])) for part in parts)
        inward = frontier.measure.orientation == "input"
        pseudo = Goods(x / ratio[:, :, None], y, b) if inward else Goods(x, y * ratio[:, :, None], b)
        for rts in dict.fromkeys(term.rts for term in relevant):
            same = [term for term in relevant if term.rts == rts]
            points = [frontier.goods.take(ends[term.x], ends[term.y]) for term in same]
            distances = _against(frontier, rts, pseudo, points)
            result |= dict(zip(same, distances, strict=True))
    return result


def _against(frontier: Frontier, rts: str, pseudo: Goods, points: Sequence[Goods]) -> list[FloatArray]:
    """Return distances of each set of points from every drawn technology."""
    count = len(pseudo.x)
    goods = np.concatenate([part.all() for part in points])
    gains = np.concatenate([frontier.measure.gains(part) for part in points])
    scale = means(frontier.goods)
    flat = Goods(*(part[0] for part in (pseudo.x, pseudo.y, pseudo.b)))
    tech = reference_technology(flat, scale, rts, frontier.measure.disposability)
    columns = tech.alike(np.concatenate([-pseudo.x, pseudo.y, pseudo.b], axis=2) / scale)
    target, way = frontier.netputs(goods / scale, gains / scale)
    which = np.repeat(np.arange(count), len(goods))
    target, way = (np.tile(part, (count, 1)) for part in (target, way))
    problem, codes = frontier.batch(tech, columns, target, way, which)
    beta = frontier.finish(problem, _begin_at_known_facets(problem, codes, count)).beta.reshape(count, len(goods))
    return np.split(beta, len(points), axis=1)


def _begin_at_known_facets(problem: Batch, codes: IntArray, count: int) -> IntArray:
    """Return the bases of the best facet that a few points of each technology have found first."""
    size = len(codes) // count
    few = np.unique(np.linspace(0, size - 1, min(_SCOUTS, size)).astype(int))
    scouts = (np.arange(count)[:, None] * size + few).ravel()
    answers = solve_batch(problem.take(scouts), codes[scouts])
    prices = np.where((answers.status == OPTIMAL)[:, None], answers.prices, np.nan).reshape(count, len(few), -1)
    # Points and directions are the same for every technology.
    value, move = -(prices @ problem.target[:size].T), prices @ problem.ways[:size, 0].T
    usable = move > np.finfo(float).eps
    bound = np.where(usable, value / np.where(usable, move, 1.0), np.inf)
    best = bound.argmin(axis=1)
    facets = answers.codes.reshape(count, len(few), -1)[np.arange(count)[:, None], best].reshape(codes.shape)
    return np.where(np.isfinite(bound.min(axis=1)).reshape(-1, 1), facets, codes)


@dataclass(frozen=True, slots=True)
class Interval:
    """Interval of one column."""

    lower: FloatArray
    upper: FloatArray
    bias: FloatArray
    error: FloatArray


def interval(estimate: FloatArray, replications: FloatArray, confidence: float) -> Interval:
    """Return intervals from replications ``(draws, pairs)``."""
    # The differences of replications from the estimate replace those of the estimate from the truth, which takes
    # the bias out of the interval as well (Simar and Wilson 1999, equation 17).
    tail = (1.0 - confidence) / 2
    with np.errstate(invalid="ignore"):
        low, high = np.quantile(replications - estimate, [tail, 1 - tail], axis=0)
        bias = replications.mean(axis=0) - estimate
        error = replications.std(axis=0, ddof=1)
    return Interval(estimate - high, estimate - low, bias, error)


def intervals(
    frontier: Frontier,
    panel: Panel,
    marks: Benchmarks,
    plan: Plan,
    numbers: dict[str, FloatArray],
    settings: Settings,
) -> dict[str, FloatArray]:
    """Return the numbers with ``_lower, _upper, _bias, _error`` beside each."""
    beta = own_scores(frontier, marks, plan.cone)
    inefficiency = 1.0 / np.exp(transform_of("malmquist", frontier.measure)(beta))
    firsts = np.unique(panel.period[panel.before]).tolist()
    draws = [prepare(panel, inefficiency, first, settings.bandwidth) for first in firsts]
    places = [np.flatnonzero(panel.period[panel.before] == first) for first in firsts]
    starts = range(0, settings.draws, _BLOCK)
    jobs = [(pair, start, min(_BLOCK, settings.draws - start)) for pair in range(len(firsts)) for start in starts]
    seeds = np.random.SeedSequence(settings.seed).spawn(len(jobs))

    def block(job: int) -> Answer:  # index and parts of one block of one pair of periods, and the programs
        pair, _, size = jobs[job]
        block_frontier = Frontier(frontier.goods, frontier.measure)
        sample = draw(draws[pair], size, np.random.default_rng(seeds[job]))
        distances = replicate(block_frontier, required_terms(plan), draws[pair], inefficiency, sample)
        transform = transform_of("malmquist", frontier.measure)
        parts = decompose(plan, {term: transform(value) for term, value in distances.items()})
        values = {name: np.exp(value) for name, value in {"index": parts.index, **parts.parts}.items()}
        return job, values, block_frontier.tally

    answers: Iterable[Answer] = map(block, range(len(jobs)))
    if settings.n_jobs != 1:
        from joblib import Parallel, delayed

        workers = Parallel(n_jobs=settings.n_jobs, prefer="threads", return_as="generator_unordered")
        answers = workers(delayed(block)(job) for job in range(len(jobs)))
    replications = {name: np.full((settings.draws, panel.pairs), np.nan) for name in numbers}
    progress = settings.progress
    for done, (job, values, tally) in enumerate(answers, start=1):
        pair, start, size = jobs[job]
        for name, value in values.items():
            replications[name][start : start + size, places[pair]] = value
        frontier.tally.include(tally)
        if progress is not None:
            progress(done, len(jobs))
    result: dict[str, FloatArray] = {}
    for name, value in numbers.items():
        around = interval(value, replications[name], settings.confidence)
        ends = {f"{name}_{end}": getattr(around, end) for end in ("lower", "upper", "bias", "error")}
        result |= {name: value, **ends}
    return result

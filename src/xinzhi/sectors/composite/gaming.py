"""What choices do to ranks: how far a region moves by convention alone, and the variance of ranks taken apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import product

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.arrays import FloatArray, IntArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.facts import Fact
from xinzhi.core.result import Facts, Result
from xinzhi.core.schema import text_columns
from xinzhi.core.shapley import effects
from xinzhi.core.text import Text
from xinzhi.sectors.composite import build
from xinzhi.sectors.composite.system import System
from xinzhi.sectors.composite.transform import Normalisation, entropy, normalise, treat
from xinzhi.sectors.composite.uncertainty import AXES, Space, draw, grid, left_out, rank_draws, refusals, space
from xinzhi.sectors.conventions import convention, departures, share_text

_CHOICES = ("treatment", "normalisation", "weights", "aggregation", "pooled")


@dataclass(frozen=True, repr=False, kw_only=True)
class Gaming(Result, verb="index_gaming", topic="sectors", key=("region", "year")):
    """What choosing the convention buys.

    `frame` says by region and year how far the rank moves: `convention` is the set of fewest departures that attains
    `best_rank` (empty when none helps), `single` the one departure that helps most, and `shift` the constant before the
    logarithm of the entropy that helps most, a documented misuse that has no part in the other columns. `conventions`
    has every convention that was tried, the index's own first, `shifts` what each constant does to weights and ranks,
    and `ranks` `(conventions, rows)` every rank.
    """

    conventions: pl.DataFrame
    shifts: pl.DataFrame
    left_out: pl.DataFrame
    ranks: IntArray

    @property
    def last(self) -> pl.DataFrame:
        """The rows of the last year, in the order of the index."""
        return self.frame.filter(pl.col("year") == pl.col("year").max()).sort("rank", "region")

    @property
    def rank_domain(self) -> tuple[float, float]:
        """The ends of an axis of ranks."""
        return 0.0, self.last.height + 1.0

    @property
    def room(self) -> pl.DataFrame:
        """The rows of the last year, what helps in words."""
        rows = self.last
        texts = {name: [departures(label or "") for label in rows[name]] for name in ("convention", "single")}
        return rows.drop(*texts).with_columns(text_columns(**texts))

    @property
    def constants(self) -> pl.DataFrame:
        """What each constant before the logarithm does, the constant in words."""
        shifts = [words.sectors.chart_shift(shift=_plain(shift)) for shift in self.shifts["shift"]]
        named = self.shifts.with_columns(pl.Series("shift", [_plain(shift) for shift in self.shifts["shift"]]))
        return named.with_columns(text_columns(name=shifts))

    @property
    def refusals(self) -> list[Fact]:
        """How many conventions these data cannot carry, and why the first one is refused."""
        return [
            words.sectors.note_refused(count=self.left_out.height, reason=Text(zh=zh, en=en))
            for _, zh, en in self.left_out.head(1).iter_rows()
        ]

    def facts(self) -> Facts:
        """Return who could rise furthest, by what, and what a constant before the logarithm does."""
        last = self.last
        names = self.names.distinct("region", last["region"])
        top = last.sort("gain", "region", descending=[True, False]).row(0, named=True)
        worst = self.shifts.sort("furthest", descending=True).row(0, named=True)
        counts = {"count": self.conventions.height, "first": int((last["best_rank"] == 1).sum())}
        counts |= {"regions": last.height, "year": top["year"]}
        spread = float((last["worst_rank"] - last["best_rank"]).to_numpy().mean())
        facts: Facts = {"answer.gaming": counts | {"gain": float(last["gain"].to_numpy().mean()), "spread": spread}}
        if top["gain"]:
            places = {"region": names[top["region"]], "rank": top["rank"], "best": top["best_rank"]}
            facts["answer.furthest"] = places | {"how": departures(top["convention"])}
        return facts | {"headline.shift": {"shift": _plain(worst["shift"]), "furthest": worst["furthest"]}}


def _plain(number: float) -> str:
    """Write a number without zeros at its end."""
    return f"{number:.6f}".rstrip("0").rstrip(".")


def gaming(result: build.Ranking) -> Gaming:
    """Return how far every region moves by convention alone: all are ranked under every combination of conventions."""
    values = result.filled[result.complete]
    years = result.table.years[result.complete]
    tried, rankings, refused = [], [], []
    treated = cache(partial(_treat, values, years))  # many conventions share a treatment
    for how in _conventions(result.convention):
        try:
            index = _index(len(values), treated(how.treatment, how.pooled), result.system, how)
        except (UsageError, InputError) as error:
            refused.append((_departures(how, result.convention), error.text.zh, error.text.en))
            continue
        tried.append(how)
        rankings.append(build.yearly_ranks(index, years))
    table = np.array(rankings)
    departures = [_departures(how, result.convention) for how in tried]
    counts = np.array([len(text.split(", ")) if text else 0 for text in departures])
    shifts, shifted = _shifts(values, years, result)
    indexed = result.frame.filter(pl.col("status") != "incomplete").select("region", "year", "rank")
    return Gaming(
        frame=indexed.with_columns(_columns(table, counts, departures)).with_columns(_shift_columns(table[0], shifted)),
        provenance=replace(result.provenance, verb="index gaming"),
        kind=result.kind,
        conventions=pl.DataFrame(
            {"number": number, "departures": int(count), **{name: how.label(name) for name in _CHOICES}}
            for number, (how, count) in enumerate(zip(tried, counts, strict=True))
        ),
        shifts=shifts,
        left_out=pl.DataFrame(
            refused, schema=dict.fromkeys(("convention", "reason_zh", "reason_en"), pl.String), orient="row"
        ),
        ranks=table,
        names=result.names,
    )


def shifted_entropy(scores: FloatArray, shift: float) -> FloatArray:
    """Return entropy weights after a constant before the logarithm, a documented misuse: `entropy` adds nothing."""
    return entropy(scores + shift)


def _conventions(base: build.Convention) -> Iterator[build.Convention]:
    """Yield the index's own convention, then every combination of the choices."""
    levels = convention("gaming")
    axes: list[list[object]] = []
    for name in _CHOICES:
        value = getattr(base, name)
        alternatives: list[object] = [Normalisation(item) if name == "normalisation" else item for item in levels[name]]
        label = value.method if isinstance(value, Normalisation) else value
        axes.append([value, *(item for item in alternatives if getattr(item, "method", item) != label)])
    for combination in product(*axes):
        yield replace(base, **dict(zip(_CHOICES, combination, strict=True)))  # type: ignore[arg-type] # each is of its field's type


def _treat(values: FloatArray, years: IntArray, treatment: str, pooled: bool) -> list[tuple[IntArray, FloatArray]]:  # noqa: FBT001 - a choice of a convention
    """Return the rows of every block, and their values after treatment."""
    return [
        (rows, np.column_stack([treat(values[rows, at], treatment).values for at in range(values.shape[1])]))
        for _, rows in build.blocks(years, pooled=pooled)
    ]


def _index(
    count: int, treated_blocks: list[tuple[IntArray, FloatArray]], system: System, how: build.Convention
) -> FloatArray:
    """Return the index alone; means that need it get the positive range."""
    index = np.empty(count)
    for rows, treated in treated_blocks:
        scores = normalise(treated, system.directions, how.normalisation, system.targets)
        weights = build.weigh(how.weights, treated, system)
        index[rows] = build.aggregate(build.positive_where_needed(scores, how.aggregation), weights, how.aggregation)
    return index


def _departures(how: build.Convention, base: build.Convention) -> str:
    return ", ".join(f"{name}={how.label(name)}" for name in _CHOICES if getattr(how, name) != getattr(base, name))


def _columns(table: IntArray, counts: IntArray, departures: list[str]) -> list[pl.Series]:
    best, worst = table.min(axis=0), table.max(axis=0)
    order = np.argsort(counts, kind="stable")
    attained = order[(table[order] == best).argmax(axis=0)]
    at_most_one = np.flatnonzero(counts <= 1)
    single = at_most_one[table[at_most_one].argmin(axis=0)]
    places = np.arange(table.shape[1])
    return [
        pl.Series("best_rank", best),
        pl.Series("worst_rank", worst),
        pl.Series("gain", table[0] - best),
        pl.Series("convention", [departures[at] for at in attained.tolist()], dtype=pl.String),
        pl.Series("departures", counts[attained]),
        pl.Series("single_rank", table[single, places]),
        pl.Series("single_gain", table[0] - table[single, places]),
        pl.Series("single", [departures[at] for at in single.tolist()], dtype=pl.String),
    ]


def _shifts(values: FloatArray, years: IntArray, result: build.Ranking) -> tuple[pl.DataFrame, IntArray]:
    """Return what each constant does, and the ranks under it; against entropy weights without any."""
    built = build.build(values, years, result.system, replace(result.convention, weights="entropy", pooled=True))
    scores = normalise(built.treated, result.system.directions, build.UNIT)
    unshifted = build.yearly_ranks(built.index, years)
    rows, rankings = [], []
    for shift in convention("entropy_shifts"):
        weights = shifted_entropy(scores, float(shift))
        ranks = build.yearly_ranks(build.aggregate(built.scores, weights, result.convention.aggregation), years)
        rankings.append(ranks)
        moves = np.abs(ranks - unshifted)
        rows.append(
            {
                "shift": float(shift),
                "largest_weight": float(weights.max()),
                "largest_change": float(np.abs(weights - built.weights[0]).max()),
                "moved": int((moves > 0).sum()),
                "furthest": int(moves.max()),
            }
        )
    return pl.DataFrame(rows), np.array(rankings)


def _shift_columns(base_ranks: IntArray, shifted: IntArray) -> list[pl.Series]:
    best = shifted.argmin(axis=0)
    rank = shifted[best, np.arange(shifted.shape[1])]
    constants = np.array(convention("entropy_shifts"), dtype=np.float64)
    return [
        pl.Series("shift_rank", rank),
        pl.Series("shift_gain", base_ranks - rank),
        pl.Series("shift", np.where(rank < base_ranks, constants[best], np.nan), nan_to_null=True),
    ]


METHODS = ("exact", "sobol")
_FEWEST = 2


@dataclass(frozen=True, repr=False, kw_only=True)
class Sensitivity(Result, verb="index_sensitivity", topic="sectors", key=("region", "year", "choice")):
    """The variance of every rank, by choice.

    In `frame`, `variance` is that of the rank over all conventions; `first_order` is what fixing the choice alone
    explains and `total` what is left when all others are fixed, as shares of it, empty where the rank never moves; the
    shares of `shapley` (exact only) add up to one. `overall` has the same of the sum of variances over all regions and
    years.
    """

    overall: pl.DataFrame
    left_out: pl.DataFrame
    method: str
    evaluations: int

    @property
    def measure(self) -> str:
        """What choices are ordered by: Shapley's shares where exact, else total effects."""
        return "shapley" if "shapley" in self.overall.columns else "total"

    @property
    def shares(self) -> pl.DataFrame:
        """The shares of the variance by choice, largest first."""
        rows = self.overall.fill_nan(None).drop_nulls(self.measure)
        return rows.sort(self.measure, descending=True)

    @property
    def named_shares(self) -> pl.DataFrame:
        """The same with choices in words."""
        names = [words.sectors.choice_of(name) for name in self.shares["choice"]]
        return self.shares.drop("choice").with_columns(text_columns(choice=names))

    @property
    def refusals(self) -> list[Fact]:
        """Which levels the data cannot carry, and why."""
        return refusals(self.left_out)

    def answer(self) -> Iterator[Fact]:
        """Yield which choice moves ranks most."""
        count = f"{self.evaluations:,}"
        shares = self.shares.select("choice", self.measure).iter_rows()
        parts = [share_text(words.sectors.choice_of(name), share) for name, share in shares]
        if parts:
            yield words.sectors.answer_sensitivity(count=count, parts=parts)
        else:
            yield words.sectors.answer_unmoved(count=count)


def sensitivity(result: build.Ranking, method: str, *, draws: int, seed: int) -> Sensitivity:
    """Return the variance of every rank by choice; ``sobol`` is Jansen (1999) on Saltelli et al. (2010)."""
    if method not in METHODS:
        raise UsageError("sectors.sensitivity-method", method=method, known=list(METHODS))
    around = space(result)
    open_axes = [axis for axis, size in enumerate(around.shape) if size > 1]
    indexed = result.frame.filter(pl.col("status") != "incomplete").select("region", "year")
    if method == "exact":
        variance, parts, count = _exact(around, open_axes)
        names = [AXES[axis] for axis in open_axes]
    else:
        if draws < _FEWEST:
            raise UsageError("sectors.few-draws", draws=draws, fewest=_FEWEST)
        variance, parts, count = _sobol(around, open_axes, draws, seed)
        names = [*(AXES[axis] for axis in open_axes), "noise"]
    total = variance.sum()
    if not total > 0 and names:
        raise UsageError("sectors.no-rank-moves")
    options = {**result.provenance.options, "method": method, "draws": draws, "seed": seed}
    return Sensitivity(
        frame=_frame(indexed, names, variance, parts),
        provenance=replace(result.provenance, verb="index sensitivity", options=options),
        kind=result.kind,
        overall=pl.DataFrame({"choice": names, **{part: values.sum(axis=1) / total for part, values in parts.items()}}),
        left_out=left_out(around),
        method=method,
        evaluations=count,
    )


Parts = dict[str, "FloatArray"]


def _exact(around: Space, open_axes: list[int]) -> tuple[FloatArray, Parts, int]:
    picks = grid(around)
    shape = tuple(around.shape[axis] for axis in open_axes)
    variance = np.empty(len(around.years))
    parts = {name: np.empty((len(open_axes), len(around.years))) for name in ("first_order", "total", "shapley")}
    for _, rows in build.blocks(around.years, pooled=False):
        ranks = rank_draws(around, picks, None, rows).astype(np.float64)
        shares = effects(ranks.reshape(*shape, len(rows)), np.ones(shape, dtype=bool))
        variance[rows] = shares.variance
        for name, values in parts.items():
            values[:, rows] = getattr(shares, name)
    return variance, parts, len(picks)


def _sobol(around: Space, open_axes: list[int], draws: int, seed: int) -> tuple[FloatArray, Parts, int]:
    random = np.random.default_rng(seed)
    first, second = draw(around, draws, random), draw(around, draws, random)
    count = len(open_axes) + 1
    variance = np.empty(len(around.years))
    parts = {name: np.empty((count, len(around.years))) for name in ("first_order", "total")}
    for _, rows in build.blocks(around.years, pooled=False):
        first_ranks, second_ranks = (rank_draws(around, *half, rows).astype(np.float64) for half in (first, second))
        spread = np.concatenate([first_ranks, second_ranks]).var(axis=0)
        variance[rows] = spread
        for at, axis in enumerate([*open_axes, None]):
            # one choice from the second draws, all else from the first; None is the noise
            picks, noise = first[0].copy(), second[1] if axis is None else first[1]
            if axis is not None:
                picks[:, axis] = second[0][:, axis]
            mixed = rank_draws(around, picks, noise, rows).astype(np.float64)
            parts["first_order"][at, rows] = spread - ((second_ranks - mixed) ** 2).mean(axis=0) / 2
            parts["total"][at, rows] = ((first_ranks - mixed) ** 2).mean(axis=0) / 2
    return variance, parts, draws * (count + 2)


def _frame(keys: pl.DataFrame, names: list[str], variance: FloatArray, parts: Parts) -> pl.DataFrame:
    moves = variance > 0
    frames = []
    for at, name in enumerate(names):
        shares = {
            part: pl.Series(
                np.divide(values[at], variance, out=np.full_like(variance, np.nan), where=moves), nan_to_null=True
            )
            for part, values in parts.items()
        }
        frames.append(keys.with_columns(choice=pl.lit(name), variance=pl.Series(variance), **shares))
    if not frames:
        raise UsageError("sectors.nothing-to-vary")
    return pl.concat(frames).sort("year", "region", maintain_order=True)

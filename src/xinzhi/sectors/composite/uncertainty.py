"""How sure is a rank: intervals over many ways to build the same index, drawn from the space of conventions.

Means, TOPSIS and grey grades are linear in the weights (or in their squares) once the table is transformed, so that
thousands of draws of weights are one matrix product per year and table.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.arrays import FloatArray, IntArray
from xinzhi.core.errors import UsageError
from xinzhi.core.facts import Fact
from xinzhi.core.result import Result
from xinzhi.core.schema import text_columns
from xinzhi.core.text import Text
from xinzhi.sectors.composite.build import MEANS, Ranking, blocks, grey_coefficients, ranks, weigh
from xinzhi.sectors.composite.system import System
from xinzhi.sectors.composite.transform import Normalisation, constant, impute, normalise, positive, treat
from xinzhi.sectors.conventions import convention, method

_MOST = 1_000_000
AXES = ("imputation", "treatment", "normalisation", "weights", "aggregation")
_AT_ONCE = 250  # draws ranked together: their scores stay in the cache
_LEFT_OUT = ("choice", "level", "reason_zh", "reason_en")


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """The levels of every choice, the index's own first, and what they make of the data."""

    levels: Mapping[str, tuple[object, ...]]
    left_out: tuple[tuple[str, str, Text], ...]
    tables: Mapping[tuple[int, int, int], FloatArray]
    base: FloatArray
    years: IntArray
    bounds: Mapping[tuple[int, int, int], tuple[FloatArray, FloatArray]]

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of levels of each choice."""
        return tuple(len(self.levels[name]) for name in AXES)

    def labels(self, name: str) -> list[str]:
        """Return the levels of a choice as text."""
        return [_level_label(level) for level in self.levels[name]]


def _level_label(level: object) -> str:
    """Return a level of a choice as text; weights from elsewhere are ``given``."""
    if isinstance(level, Normalisation):
        return level.label()
    return level if isinstance(level, str) else "given"


def space(result: Ranking) -> Space:
    """Return the space around an index: its own convention, and the alternatives of ``conventions.yaml``."""
    nominal = result.convention
    if not nominal.pooled:
        raise UsageError("sectors.not-pooled")
    if nominal.aggregation == "vikor":
        raise UsageError("sectors.vikor-draws")
    left_out: list[tuple[str, str, Text]] = []
    system, rows = result.system, result.complete
    filled = _imputations(result, left_out)
    treatments = _choices("treatment", nominal.treatment)
    scales = [nominal.normalisation, *(Normalisation(name) for name in convention("alternatives")["normalisation"])]
    scales = [scale for at, scale in enumerate(scales) if not at or scale.method != nominal.normalisation.method]
    methods: list[str | Mapping[str, float]] = [nominal.weights]
    methods += [name for name in convention("alternatives")["weights"] if name != nominal.weights]
    treated: dict[tuple[int, int], FloatArray] = {}
    for imputation, values in enumerate(filled.values()):
        for two, name in enumerate(treatments):
            table = np.column_stack([treat(values[rows, at], name).values for at in range(values.shape[1])])
            treated[imputation, two] = table
    usable = [name for two, name in enumerate(treatments) if _usable(treated, two, system, name, left_out)]
    positions = [treatments.index(name) for name in usable]
    methods = [weighting for weighting in methods if _weighable(weighting, treated[0, positions[0]], system, left_out)]
    tables, base = {}, np.empty((len(filled), len(usable), len(methods), len(system.codes)))
    for imputation in range(len(filled)):
        for two, at in enumerate(positions):
            values = treated[imputation, at]
            for three, scale in enumerate(scales):
                tables[imputation, two, three] = normalise(values, system.directions, scale, system.targets)
            for four, weighting in enumerate(methods):
                base[imputation, two, four] = weigh(weighting, values, system)
    levels = {
        "imputation": tuple(filled),
        "treatment": tuple(usable),
        "normalisation": tuple(scales),
        "weights": tuple(methods),
        "aggregation": tuple(_choices("aggregation", nominal.aggregation)),
    }
    return Space(
        levels=levels,
        left_out=tuple(left_out),
        tables=tables,
        base=base,
        years=result.table.years[result.complete],
        bounds={key: (table.min(axis=0), table.max(axis=0)) for key, table in tables.items()},
    )


def rank_draws(
    around: Space, picks: IntArray, noise: FloatArray | None, rows: IntArray, *, dtype: type = np.int32
) -> IntArray:
    """Return the ranks of the rows of one year under many draws."""
    ranked: IntArray = np.empty((len(picks), len(rows)), dtype=dtype)
    cells = picks[:, [0, 1, 2, 4]]
    order = np.lexsort(cells.T)
    starts = np.flatnonzero(np.any(cells[order][1:] != cells[order][:-1], axis=1)) + 1
    for group in np.split(order, starts):
        imputation, two, three, four = cells[group[0]].tolist()
        aggregation = str(around.levels["aggregation"][four])
        prepared = _prepare(
            around.tables[imputation, two, three][rows], around.bounds[imputation, two, three], aggregation
        )
        for start in range(0, len(group), _AT_ONCE):
            batch = group[start : start + _AT_ONCE]
            weights = around.base[imputation, two, picks[batch, 3]]
            if noise is not None:
                weights = weights * noise[batch]
            weights = weights / weights.sum(axis=1, keepdims=True)
            ranked[batch] = ranks(_scores(weights, prepared, aggregation))
    return ranked


def grid(around: Space) -> IntArray:
    """Return every combination of the levels, `(N, 5)`, the index's own first."""
    return np.indices(around.shape).reshape(len(AXES), -1).T


def _choices(name: str, base: str) -> list[str]:
    return [base, *(level for level in convention("alternatives")[name] if level != base)]


def _imputations(result: Ranking, left_out: list[tuple[str, str, Text]]) -> dict[str, FloatArray]:
    """Return the imputations that complete every row of the index."""
    base = result.convention.imputation
    imputed = {base: result.filled}
    if np.isfinite(result.table.values[result.complete]).all():
        return imputed
    for name in convention("alternatives")["imputation"]:
        if name == base:
            continue
        values = impute(result.table.values, result.table.keys, name)
        if np.isfinite(values[result.complete]).all():
            imputed[name] = values
        else:
            left_out.append(("imputation", name, words.sectors.reason_gaps_left()))
    return imputed


def _usable(
    treated: Mapping[tuple[int, int], FloatArray],
    at: int,
    system: System,
    name: str,
    left_out: list[tuple[str, str, Text]],
) -> bool:
    """Return whether a treatment leaves every indicator with more than one value."""
    tables = [table for (_, treatment), table in treated.items() if treatment == at]
    flat = {system.codes[column] for table in tables for column in constant(table).tolist()}
    if flat:
        left_out.append(("treatment", name, words.sectors.reason_made_constant(names=sorted(flat))))
    return not flat


def _weighable(
    name: str | Mapping[str, float], values: FloatArray, system: System, left_out: list[tuple[str, str, Text]]
) -> bool:
    try:
        weigh(name, values, system)
    except UsageError as error:
        left_out.append(("weights", str(name), error.text))
        return False
    return True


def _prepare(part: FloatArray, bounds: tuple[FloatArray, FloatArray], aggregation: str) -> tuple[FloatArray, ...]:
    """Return the transposed tables that weights multiply; bounds are those of all years."""
    low, high = bounds
    if aggregation == "topsis":
        return ((part - high) ** 2).T.copy(), ((part - low) ** 2).T.copy()
    if aggregation == "grey":
        return (grey_coefficients(part, high, float((high - low).max())).T.copy(),)
    if aggregation in MEANS[1:]:
        if low.min() <= 0:
            part = positive(part, (float(low.min()), float(high.max())))
        part = np.log(part) if aggregation == "geometric" else -1 / part
    return (part.T.copy(),)


def _scores(weights: FloatArray, prepared: tuple[FloatArray, ...], aggregation: str) -> FloatArray:
    """Return `(d, r)` numbers that order the rows as the index does."""
    if aggregation != "topsis":
        return np.asarray(weights @ prepared[0])
    squares = weights**2
    to_best, to_worst = (np.sqrt(squares @ part) for part in prepared)
    total = to_best + to_worst
    return np.asarray(np.divide(to_worst, total, out=np.full_like(total, 0.5), where=total > 0))


@dataclass(frozen=True, repr=False, kw_only=True)
class Uncertainty(Result, verb="index_uncertainty", topic="sectors", key=("region", "year")):
    """The interval of every rank.

    `frame` has the rank of the index and its distribution over the `draws` (quantiles are ranks that occurred), `shift`
    the mean absolute move of a rank away from the index's own, `levels` what was drawn how often, and `left_out` the
    alternatives that these data cannot carry.
    """

    shift: pl.DataFrame
    levels: pl.DataFrame
    left_out: pl.DataFrame
    draws: int

    @property
    def last(self) -> pl.DataFrame:
        """The rows of the last year, in the order of the index."""
        return self.frame.filter(pl.col("year") == pl.col("year").max()).sort("rank", "region")

    @property
    def rank_domain(self) -> tuple[float, float]:
        """The ends of an axis of ranks."""
        return 0.0, self.last.height + 1.0

    @property
    def methods(self) -> pl.DataFrame:
        """What was drawn how often, in words."""
        pairs = self.levels.select("choice", "level").rows()
        return self.levels.select(
            *text_columns(choice=[words.sectors.choice_of(choice) for choice, _ in pairs]),
            *text_columns(level=[method(*pair) for pair in pairs]),
            "draws",
        )

    @property
    def refusals(self) -> list[Fact]:
        """Which levels the data cannot carry, and why."""
        return refusals(self.left_out)

    def answer(self) -> Iterator[Fact]:
        """Yield how wide the intervals are, and who is sure of the first place."""
        last = self.last
        names = self.names.distinct("region", last["region"])
        width = (last["rank_p95"] - last["rank_p05"]).to_numpy()
        widest = last.row(int(width.argmax()), named=True)
        first = last.sort("first", "region", descending=[True, False]).row(0, named=True)
        varied = self.levels.group_by("choice", maintain_order=True).len().filter(pl.col("len") > 1)["choice"].to_list()
        choices = [words.sectors.choice_of(name) for name in [*varied, "noise"]]
        yield words.sectors.answer_uncertain(
            draws=f"{self.draws:,}",
            regions=last.height,
            span=float(width.mean()),
            choices=choices,
            year=widest["year"],
        )
        yield words.sectors.answer_widest(
            widest=names[widest["region"]], low=widest["rank_p05"], high=widest["rank_p95"], rank=widest["rank"]
        )
        yield words.sectors.answer_surest(first=names[first["region"]], share=first["first"])
        yield from self._beyond(last, names)

    def _beyond(self, last: pl.DataFrame, names: Mapping[str, Text]) -> Iterator[Fact]:
        """Yield whose rank by the index lies outside its own interval, and by which methods the index is built."""
        out = last.filter(~pl.col("rank").is_between("rank_p05", "rank_p95"))["region"].to_list()
        # the first level of a choice is that of the index
        first_levels = self.levels.group_by("choice", maintain_order=True).agg(pl.len(), pl.col("level").first())
        varied = first_levels.filter(pl.col("len") > 1, pl.col("level") != "none").select("choice", "level")
        if out:
            yield words.sectors.answer_beyond(
                names=[names[code] for code in out],
                k=len(out),
                convention=[method(choice, level) for choice, level in varied.rows()],
            )


def uncertainty(result: Ranking, *, draws: int, seed: int) -> Uncertainty:
    """Return the interval of every rank over draws of all choices.

    Notes
    -----
    Saisana, Saltelli and Tarantola (2005). Every choice is drawn independently and evenly from its levels, and every
    weight is moved by a factor that is uniform around one.
    """
    if not 1 <= draws <= _MOST:
        raise UsageError("sectors.draws", draws=draws, most=f"{_MOST:,}")
    around = space(result)
    picks, noise = draw(around, draws, np.random.default_rng(seed))
    cells = [rows for _, rows in blocks(around.years, pooled=False)]
    indexed = result.frame.filter(pl.col("status") != "incomplete").select("region", "year", "rank")
    nominal = indexed["rank"].to_numpy()

    def rank_year(rows: IntArray) -> tuple[IntArray, FloatArray, FloatArray, float]:
        small = np.int16 if len(rows) <= np.iinfo(np.int16).max else np.int32
        drawn_ranks = rank_draws(around, picks, noise, rows, dtype=small)
        shift = float(np.abs(drawn_ranks - nominal[rows].astype(small)).mean())
        return quantiles(drawn_ranks), drawn_ranks.mean(axis=0), (drawn_ranks == 1).mean(axis=0), shift

    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        parts = list(pool.map(rank_year, cells))
    spread = np.concatenate([part[0] for part in parts], axis=1)
    names = ("rank_minimum", "rank_p05", "rank_median", "rank_p95", "rank_maximum")
    frame = indexed.with_columns(
        pl.Series("rank_mean", np.concatenate([part[1] for part in parts])),
        *(pl.Series(name, values.astype(np.int64)) for name, values in zip(names, spread, strict=True)),
        pl.Series("first", np.concatenate([part[2] for part in parts])),
    )
    years = [int(around.years[rows[0]]) for rows in cells]
    options = {**result.provenance.options, "draws": draws, "seed": seed}
    return Uncertainty(
        frame=frame,
        provenance=replace(result.provenance, verb="index uncertainty", options=options),
        kind=result.kind,
        shift=pl.DataFrame({"year": years, "mean_shift": [part[3] for part in parts]}),
        levels=pl.DataFrame(
            {"choice": name, "level": label, "draws": int((picks[:, axis] == at).sum())}
            for axis, name in enumerate(AXES)
            for at, label in enumerate(around.labels(name))
        ),
        left_out=left_out(around),
        draws=draws,
        names=result.names,
    )


def draw(around: Space, draws: int, random: np.random.Generator) -> tuple[IntArray, FloatArray]:
    """Return levels `(draws, 5)` and factors on the weights `(draws, m)`."""
    picks = np.column_stack([random.integers(0, size, draws) for size in around.shape])
    noise = convention("noise")
    return picks, random.uniform(1 - noise, 1 + noise, (draws, around.base.shape[-1]))


def quantiles(drawn_ranks: IntArray) -> IntArray:
    """Return minimum, the quantiles of the convention and maximum along the first axis: ranks that occurred."""
    count = len(drawn_ranks)
    # the stable sort of 16-bit integers is a radix sort
    ordered = np.sort(np.ascontiguousarray(drawn_ranks.T), axis=1, kind="stable")
    at = [max(int(np.ceil(share * count)) - 1, 0) for share in convention("rank_quantiles")]
    return np.asarray(ordered[:, [0, *at, count - 1]].T)


def left_out(around: Space) -> pl.DataFrame:
    """Return what the data cannot carry, as a frame."""
    rows = [(choice, level, why.zh, why.en) for choice, level, why in around.left_out]
    return pl.DataFrame(rows, schema=dict.fromkeys(_LEFT_OUT, pl.String), orient="row")


def refusals(frame: pl.DataFrame) -> list[Fact]:
    """Return what the data cannot carry as sentences."""
    return [
        words.sectors.note_level_left_out(
            choice=words.sectors.choice_of(choice), level=method(choice, level), reason=Text(zh, en)
        )
        for choice, level, zh, en in frame.iter_rows()
    ]

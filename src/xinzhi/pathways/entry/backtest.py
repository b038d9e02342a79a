"""The verb `backtest`: predict from what was known then which activities entered where, and compare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.arrays import AnyFrame, BoolArray, FloatArray, IntArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.facts import Fact
from xinzhi.core.finding import Finding, finding
from xinzhi.core.provenance import provenance
from xinzhi.core.result import Result
from xinzhi.pathways.complexity.cells import Panel, PeriodT, cell_frame, read_panel
from xinzhi.pathways.conventions import options_of, setting
from xinzhi.pathways.entry import models as entry_models
from xinzhi.pathways.entry.models import BASELINE, LABELS, MODELS, OURS, OWN, AdditiveLogit, Score, Span
from xinzhi.pathways.industries import word

_FEWEST = setting("backtest.fewest")


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestOptions:
    """How a backtest is run.

    Parameters
    ----------
    absent
        A cell is a candidate when its location quotient is below this; entry is a quotient of 1 or more afterwards. Run
        both: below 1 counts drifting over the threshold, below 0.5 real change.
    scores
        Which scores (`models.Score`); None: all that can be computed here.
    least_place
        Places whose total in the second year is not above this are left out.
    unit
        The amount that counts as one independent event; None: 1 for counts, else a small amount of the data.
    folds
        0: one model for all places; k: each place is judged by a model that has not seen it, in k groups.
    draws, level, seed
        Bootstrap samples of the places, coverage of the intervals, seed of samples and trees.
    """

    absent: tuple[float, ...] = tuple(setting("backtest.absent"))
    scores: tuple[Score, ...] | None = None
    least_place: float = 0.0
    unit: float | None = None
    folds: int = 0
    draws: int = setting("backtest.draws")
    level: float = setting("backtest.level")
    seed: int = 0


def _verdict(low: float, high: float) -> Literal["better", "worse", "no_better"]:
    """Return what the interval of a difference says of it."""
    if low > 0:
        return "better"
    return "worse" if high < 0 else "no_better"


@dataclass(frozen=True, repr=False, kw_only=True)
class EntryBacktest(Result, verb="backtest", topic="pathways", key=("absent", "score", "measure")):
    """How well each score predicted entry in years that no model has seen: a row for each cutoff, score and measure.

    `comparison` sets ours against the baseline that turned out best, with the interval of the difference over the same
    samples of places; ours is the blend where it was computed, else the additive logit, whichever does better here.
    `tasks` has a row for each cutoff: what there was to predict; `cells` every candidate of the test, with a column for
    each score. `findings` name places and activities left out, and scores that need a library which is not here.
    """

    comparison: pl.DataFrame
    tasks: pl.DataFrame
    cells: pl.DataFrame
    findings: tuple[Finding, ...]
    models: Mapping[float, AdditiveLogit]
    spans: Mapping[float, Span]
    axes: tuple[tuple[str, ...], tuple[str, ...]]

    def precision(self, absent: float) -> pl.DataFrame:
        """Return the average precision of each score at a cutoff, highest first."""
        return self.frame.filter(measure="average_precision", absent=absent).sort("value", descending=True)

    @property
    def measures(self) -> pl.DataFrame:
        """The frame with cutoffs as they are written."""
        return self.frame.with_columns(absent=pl.Series([f"{absent:g}" for absent in self.frame["absent"]]))

    def answer(self) -> Iterator[Fact]:
        """Yield, by cutoff, what there was to predict, and whether a model of ours beats the best baseline."""
        for task in self.tasks.iter_rows(named=True):
            yield words.pathways.answer_task(
                absent=f"{task['absent']:g}",
                candidates=task["candidates"],
                entries=task["entries"],
                share=task["entries"] / task["candidates"],
                trained_on=task["trained_on"],
            )
        at = pl.col("measure") == "average_precision"
        for row in self.comparison.filter(at).iter_rows(named=True):
            yield words.pathways.headline_of(
                _verdict(row["low"], row["high"]),
                absent=f"{row['absent']:g}",
                ours=word("series", row["ours"]),
                baseline=word("series", row["baseline"]),
                value=row["value"],
                other=row["baseline_value"],
                low=row["low"],
                high=row["high"],
            )
        if self.comparison.is_empty():
            best = self.frame.filter(at).sort("value", descending=True, nulls_last=True)
            for row in best.unique("absent", keep="first", maintain_order=True).iter_rows(named=True):
                yield words.pathways.summary_best_score(
                    absent=f"{row['absent']:g}", name=word("series", row["score"]), value=row["value"]
                )

    def calibration(self, absent: float, score: Score, *, bins: int = setting("backtest.bins")) -> pl.DataFrame:
        """Return ``bin, cells, expected, observed``: the mean chance that a model gave, and the share that entered."""
        if score not in MODELS or score not in self.cells.columns:
            raise UsageError(
                "pathways.no-chances", score=score, models=[name for name in MODELS if name in self.cells.columns]
            )
        cells = self.cells.filter(pl.col("absent") == absent).sort(score)
        group = (pl.int_range(pl.len()) * bins // pl.len() + 1).alias("bin")
        return (
            cells.with_columns(group)
            .group_by("bin", maintain_order=True)
            .agg(cells=pl.len(), expected=pl.col(score).mean(), observed=pl.col("entered").mean())
        )

    def explain(self, place: str, activity: str, *, absent: float | None = None) -> pl.DataFrame:
        """Return ``trait, label_zh, label_en, value, log_odds``: what speaks for and against an entry, largest first.

        The parts are those of the additive logit, relative to the average cell it was trained on; they sum to the log
        odds less those of that cell. A usage error where the activity was no candidate.
        """
        cutoff = max(self.models) if absent is None else absent
        if cutoff not in self.models:
            raise UsageError("pathways.unknown", what="cutoff", asked=cutoff, known=list(self.models))
        row, column = _position(self.axes[0], place, "place"), _position(self.axes[1], activity, "activity")
        span = self.spans[cutoff]
        at = np.flatnonzero((span.rows == row) & (span.columns == column))
        if not len(at):
            raise UsageError("pathways.no-candidate", activity=activity, place=place, cutoff=cutoff)
        return explained(self.models[cutoff], span, int(at[0]))


def explained(model: AdditiveLogit, span: Span, at: int) -> pl.DataFrame:
    """Return the parts of the log odds of one cell, largest first."""
    row = span.design(OURS)[[at]]
    return pl.DataFrame(
        {
            "trait": OURS,
            "label_zh": [LABELS[name].zh for name in OURS],
            "label_en": [LABELS[name].en for name in OURS],
            "value": row[0],
            "log_odds": model.parts(row)[0],
        }
    ).sort(pl.col("log_odds").abs(), descending=True)


def backtest(
    frame: AnyFrame,
    *,
    place: str,
    activity: str,
    value: str,
    period: str,
    train: tuple[PeriodT, PeriodT],
    test: tuple[PeriodT, PeriodT],
    options: BacktestOptions | None = None,
) -> EntryBacktest:
    """Train on what entered in one span of years, predict the next, and compare with the baselines of the field.

    Parameters
    ----------
    frame, place, activity, value, period
        One row per place, activity and period; combinations that are not there count as zero. The others name its
        columns.
    train, test
        First and last period of each span; `test` must not begin before `train` ends.
    options
        Cutoffs, scores, folds and intervals.

    Examples
    --------
    >>> import xinzhi
    >>> jobs = xinzhi.load("china-provinces").tables["activity"]
    >>> found = backtest(jobs, place="region", activity="industry", value="employment", period="year",
    ...                  train=(2005, 2010), test=(2011, 2016),
    ...                  options=BacktestOptions(absent=(1.0,), scores=("rca", "density", "additive_logit"), draws=20))
    >>> found.tasks.select("places", "activities").row(0)
    (31, 38)
    """
    options = options or BacktestOptions()
    if not train[0] < train[1] <= test[0] < test[1]:
        raise UsageError("pathways.spans", train=f"{train}", test=f"{test}")
    panel: Panel = read_panel(
        frame,
        place=place,
        activity=activity,
        value=value,
        period=period,
        periods=(*train, *test),
        least_place=(train[1], options.least_place),
    )
    scores: Sequence[Score] = entry_models.available() if options.scores is None else options.scores
    weights = np.vstack([np.ones(len(panel.places)), draws(len(panel.places), options.draws, options.seed)])
    needed = tuple(dict.fromkeys([*BASELINE, *(OURS if set(scores) & set(OWN) else ())]))
    traits = tuple(entry_models.traits(panel.values[date], needed, unit=options.unit) for date in (train[0], test[0]))
    runs = [_run(cutoff, panel, (train, test), traits, scores, weights, options) for cutoff in options.absent]
    tables, comparisons, tasks, cells, models, spans = zip(*runs, strict=True)
    unlearned: bool = options.scores is None and "blend" not in scores
    return EntryBacktest(
        frame=pl.concat(tables),
        comparison=pl.concat(comparisons),
        tasks=pl.concat(tasks),
        cells=pl.concat(cells),
        findings=(*panel.findings, *((finding("pathways.no-scikit-learn"),) if unlearned else ())),
        models={cutoff: model for cutoff, model in zip(options.absent, models, strict=True) if model is not None},
        spans=dict(zip(options.absent, spans, strict=True)),
        axes=(panel.places, panel.activities),
        kind=panel.kind,
        provenance=provenance("backtest", panel, train=train, test=test, **options_of(options)),
    )


def candidates(values: FloatArray, after: FloatArray | None, traits: Mapping[str, FloatArray], cutoff: float) -> Span:
    """Return the cells whose quotient is below a cutoff (and 1), with traits and entry (False without `after`)."""
    rca = entry_models.quotient(values)
    rows, columns = np.nonzero((rca < cutoff) & (rca < 1))
    entered = np.zeros(len(rows), dtype=bool) if after is None else entry_models.quotient(after)[rows, columns] >= 1
    at_cells = {name: value[rows, columns] for name, value in traits.items()}
    return Span(rows=rows, columns=columns, traits=at_cells, entered=entered)


def _run(
    cutoff: float,
    panel: Panel,
    spans: tuple[tuple[object, object], tuple[object, object]],
    traits: Sequence[Mapping[str, FloatArray]],
    scores: Sequence[Score],
    weights: FloatArray,
    options: BacktestOptions,
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame, pl.DataFrame, AdditiveLogit | None, Span]:
    """Predict with one cutoff; return measures, comparison, task, cells, our model and what was asked."""
    train, test = (
        candidates(panel.values[first], panel.values[last], before, cutoff)
        for (first, last), before in zip(spans, traits, strict=True)
    )
    for what, span in (("train", train), ("test", test)):
        entries = int(span.entered.sum())
        if min(entries, len(span.rows) - entries) < _FEWEST:
            counts = {"entries": entries, "stayed": len(span.rows) - entries, "least": _FEWEST}
            raise InputError("pathways.few-entries", (), what=what, cutoff=cutoff, **counts)
    predictions = {name: _evaluate_score(name, train, test, options) for name in scores}
    tables = {
        name: measures(ordered(test.entered, prediction, test.rows, len(panel.places)), weights)
        for name, prediction in predictions.items()
    }
    task = {
        "absent": cutoff,
        "places": len(panel.places),
        "activities": len(panel.activities),
        "candidates": len(test.rows),
        "entries": int(test.entered.sum()),
        "trained_on": len(train.rows),
    }
    cells = cell_frame(
        panel, test.rows, test.columns, advantage=test.traits["rca"], entered=test.entered, **predictions
    )
    return (
        _frame(cutoff, tables, options.level),
        _comparison(cutoff, tables, options.level),
        pl.DataFrame([task]),
        cells.select(pl.lit(cutoff, pl.Float64).alias("absent"), pl.all()),
        entry_models.fit_ours(train) if "additive_logit" in scores else None,
        test,
    )


def _evaluate_score(name: Score, train: Span, test: Span, options: BacktestOptions) -> FloatArray:
    """Return one score, from a model that has seen all places, or one that has not seen the place it judges."""
    if options.folds == 0 or name not in MODELS:
        return entry_models.score(name, train, test, seed=options.seed)
    size = max(int(train.rows.max()), int(test.rows.max())) + 1
    fold = np.random.default_rng(options.seed).permutation(size) % options.folds
    prediction = np.zeros(len(test.rows))
    for k in range(options.folds):
        out, training = fold[test.rows] == k, train.only(fold[train.rows] != k)
        prediction[out] = entry_models.score(name, training, test.only(out), seed=options.seed)
    return prediction


def _frame(cutoff: float, tables: Mapping[Score, Mapping[str, FloatArray]], level: float) -> pl.DataFrame:
    rows = [
        (cutoff, name, name in OWN, measure, float(values[0]), *_interval(values[1:], level))
        for name, table in tables.items()
        for measure, values in table.items()
    ]
    names = ["absent", "score", "ours", "measure", "value", "low", "high"]
    return pl.DataFrame(rows, schema=names, orient="row").with_columns(pl.col("value", "low", "high").fill_nan(None))


def _comparison(cutoff: float, tables: Mapping[Score, Mapping[str, FloatArray]], level: float) -> pl.DataFrame:
    """Compare ours with the best of the baselines, by measure."""
    rows: list[tuple[object, ...]] = []
    for measure in MEASURES:
        ours = {name: table[measure] for name, table in tables.items() if name in OWN}
        baselines = {name: table[measure] for name, table in tables.items() if name not in OWN}
        if not ours or not baselines:
            continue
        best = "blend" if "blend" in ours else next(iter(ours))  # settled beforehand, not on this outcome
        rival = max(baselines, key=lambda name: baselines[name][0])
        gap = ours[best] - baselines[rival]
        low, high = _interval(gap[1:], level)
        rows.append(
            (cutoff, measure, best, ours[best][0], rival, baselines[rival][0], gap[0], low, high, (gap[1:] > 0).mean())
        )
    kinds = {
        "absent": pl.Float64,
        "measure": pl.String,
        "ours": pl.String,
        "value": pl.Float64,
        "baseline": pl.String,
        "baseline_value": pl.Float64,
        "difference": pl.Float64,
        "low": pl.Float64,
        "high": pl.Float64,
        "share_better": pl.Float64,
    }
    return pl.DataFrame(rows, schema=kinds, orient="row")


def _interval(values: FloatArray, level: float) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    if not len(finite):
        return float("nan"), float("nan")
    low, high = np.quantile(finite, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _position(names: tuple[str, ...], name: str, what: str) -> int:
    if name not in names:
        raise UsageError("pathways.unknown", what=what, asked=name, known=list(names))
    return names.index(name)


MEASURES = ("auc", "average_precision", "precision_at_100", "mean_precision_at_10", "auc_within_place")
_TOP, _TOP_PLACE, _BLOCK = 100, 10, 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorted:
    """A score put in order once, so that it can be measured under many weights of the places."""

    entered: BoolArray
    group: IntArray
    ties: BoolArray
    within: FloatArray
    within_auc: FloatArray


def ordered(entered: BoolArray, score: FloatArray, group: IntArray, places: int) -> Sorted:
    """Put the cells in order of their score, and measure each place by itself."""
    order = np.argsort(-score, kind="stable")
    sorted_score, hits, whose = score[order], entered[order], group[order]
    ties = np.append(sorted_score[1:] != sorted_score[:-1], True)
    within, within_auc = np.full(places, np.nan), np.full(places, np.nan)
    by_place = np.argsort(whose, kind="stable")
    starts = np.searchsorted(whose[by_place], np.arange(places + 1))
    for place in range(places):
        cells = by_place[starts[place] : starts[place + 1]]
        if len(cells) < _TOP_PLACE or not hits[cells].any():
            continue
        within[place] = hits[cells[:_TOP_PLACE]].mean()
        if not hits[cells].all():
            within_auc[place] = area(hits[cells], sorted_score[cells])
    return Sorted(entered=hits, group=whose, ties=ties, within=within, within_auc=within_auc)


def area(entered: BoolArray, score: FloatArray) -> float:
    """Return the area under the curve of true against false positives; ties count half."""
    _, run, count = np.unique(score, return_inverse=True, return_counts=True)
    rank = (np.cumsum(count) - (count - 1) / 2)[run]
    yes = int(entered.sum())
    return float((rank[entered].sum() - yes * (yes + 1) / 2) / (yes * (len(entered) - yes)))


def measures(ranking: Sorted, weights: FloatArray) -> dict[str, FloatArray]:
    """Return all measures under weights of the places: how often each is drawn."""
    parts = [_measured(ranking, weights[start : start + _BLOCK]) for start in range(0, len(weights), _BLOCK)]
    return {name: np.concatenate([part[name] for part in parts]) for name in MEASURES}


def _measured(ranking: Sorted, weights: FloatArray) -> dict[str, FloatArray]:
    cell = weights[:, ranking.group]
    hits, counts = np.cumsum(cell * ranking.entered, axis=1), np.cumsum(cell, axis=1)
    yes, total = hits[:, -1:], counts[:, -1:]
    at_hits, at_seen = hits[:, ranking.ties], counts[:, ranking.ties]
    step = np.diff(at_hits, axis=1, prepend=0)
    with np.errstate(invalid="ignore", divide="ignore"):  # a draw may lead with places of weight zero: 0/0
        precision = np.nan_to_num(at_hits / at_seen)
    misses = at_seen - at_hits
    below = total - yes - (misses + np.concatenate([np.zeros_like(yes), misses[:, :-1]], axis=1)) / 2
    first = np.minimum(_TOP, total[:, 0])
    edge = (counts < first[:, None]).sum(axis=1)
    rows = np.arange(len(weights))
    before = np.where(edge > 0, hits[rows, edge - 1], 0)
    counts_before = np.where(edge > 0, counts[rows, edge - 1], 0)
    inside = (
        before + (first - counts_before) * ranking.entered[edge]
    )  # the place that straddles the edge counts in part
    return {
        "auc": (step * below).sum(axis=1) / (yes * (total - yes))[:, 0],
        "average_precision": (step * precision).sum(axis=1) / yes[:, 0],
        "precision_at_100": inside / first,
        "mean_precision_at_10": _mean(ranking.within, weights),
        "auc_within_place": _mean(ranking.within_auc, weights),
    }


def _mean(values: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the weighted mean over the places where the value exists, a row of weights at a time."""
    finite = np.isfinite(values)
    weight = weights[:, finite]
    with np.errstate(invalid="ignore", divide="ignore"):  # no such place: not a number, and said so by the caller
        return np.asarray((weight @ values[finite]) / weight.sum(axis=1))


def draws(places: int, count: int, seed: int) -> FloatArray:
    """Return how often each place is drawn in each bootstrap sample of the places (count, places)."""
    rng = np.random.default_rng(seed)
    return rng.multinomial(places, np.full(places, 1 / places), size=count).astype(float)

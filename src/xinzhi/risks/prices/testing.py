"""One series after another: its lag, its statistics, its critical values and the dates of its episodes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import repeat
from typing import TypedDict, get_args

import numpy as np
import polars as pl

from xinzhi.core.arrays import FloatArray
from xinzhi.core.errors import UsageError
from xinzhi.core.finding import Finding, finding
from xinzhi.core.regression import benjamini_hochberg
from xinzhi.core.text import paragraph
from xinzhi.risks.prices import recursive
from xinzhi.risks.prices.conventions import LEVELS, BubbleRules, Convention, Lag, Method, setting, whole_number
from xinzhi.risks.prices.critical import (
    CriticalValues,
    Speed,
    Until,
    Wild,
    at_level,
    critical_values,
    p_value,
    power_of,
    sieve_values,
    stored_values,
    wild_values,
)
from xinzhi.risks.prices.record import digest, recorded_values
from xinzhi.risks.prices.series import Series, bubble_finding

_NAMES = ("adf", "sadf", "gsadf")


def checked_lag(lag: Lag) -> Lag:
    """Return a lag that is one."""
    return lag if lag in ("aic", "bic") else whole_number("lag", lag, least=0, alternative="lag")


def chosen_lag(level: FloatArray, lag: Lag, *, window: int) -> int:
    """Return the lag of a series."""
    # All lags are compared on the same rows; the criterion is n ln(RSS / n) + c k with c = 2 or ln n. One lag serves
    # all windows of a series: choosing it anew in each distorts the size of the test (Phillips, Shi and Yu 2015,
    # section 4).
    if isinstance(lag, int):
        return lag
    most = min(int(setting("lags.largest")), window - 2 - int(setting("least_degrees")))
    if most < 1:
        return 0
    rows = recursive.regression_rows(level[:, None], most)[..., 0]
    count = rows.shape[1]
    price = 2.0 if lag == "aic" else float(np.log(count))
    scores = []
    for order in range(most + 1):
        design = np.column_stack([np.ones(count), rows[most], *rows[:order]])
        coefficients = np.linalg.lstsq(design, rows[-1], rcond=None)[0]
        squared_residuals = float(np.sum((rows[-1] - design @ coefficients) ** 2))
        scores.append(count * np.log(max(squared_residuals, np.finfo(float).tiny) / count) + price * design.shape[1])
    return int(np.argmin(scores))


def residual_autocorrelation(level: FloatArray, lag: int) -> float:
    """Return the first autocorrelation of the residuals on the whole sample."""
    rows = recursive.regression_rows(level[:, None], lag)[..., 0]
    design = np.column_stack([np.ones(rows.shape[1]), *rows[:-1]])
    residuals = rows[-1] - design @ np.linalg.lstsq(design, rows[-1], rcond=None)[0]
    size = float(residuals @ residuals)
    return float(residuals[1:] @ residuals[:-1]) / size if size > 0 else 0.0


def drift(level: FloatArray) -> float:
    """Return the t of the mean step, zero where the steps do not vary."""
    steps = np.diff(level)
    spread = float(steps.std(ddof=1))
    return float(steps.mean()) / spread * float(np.sqrt(len(steps))) if spread > 0 else 0.0


def check_method(critical: object, convention: str) -> None:
    """Raise when there is no such convention, or no such way to critical values."""
    if convention not in get_args(Convention):
        raise UsageError("prices.one-of", name="convention", given=convention, allowed=get_args(Convention))
    if not (critical is None or isinstance(critical, CriticalValues) or critical in get_args(Method)):
        allowed = (*get_args(Method), "CriticalValues")
        raise UsageError("prices.one-of", name="critical", given=critical, allowed=allowed)


def shared_values(
    periods: int, window: int, lag: int, critical: Method | CriticalValues | None, rules: BubbleRules
) -> CriticalValues | None:
    """Return critical values that depend on the size only; None where each series needs its own."""
    if isinstance(critical, CriticalValues):
        return critical
    if critical in ("wild", "wild-resampled", "sieve"):
        return None
    stored = None if critical == "simulated" else stored_values(periods, window=window)
    if critical == "simulated" or (critical is None and (lag > 0 or stored is None)):
        return critical_values(periods, window=window, lag=lag, draws=rules.draws, seed=rules.seed)
    if stored is None or lag > 0:
        ends = {"first": setting("table.first"), "last": setting("table.last")}
        raise UsageError("prices.not-stored", periods=periods, window=window, lag=lag, **ends)
    return stored


class DrawOptions(TypedDict):
    """How a bootstrap of one series is drawn."""

    window: int
    lag: int
    draws: int
    seed: int


def series_critical_values(
    series: Series,
    statistic: float,
    *,
    window: int,
    lag: int,
    critical: Method | CriticalValues | None,
    convention: Convention,
    rules: BubbleRules,
) -> CriticalValues:
    """Return critical values from the series itself; drawing ends when its GSADF `statistic` can no longer reject."""
    rule = setting("bootstrap")
    count = int(rule["replications"]) if rules.draws is None else rules.draws
    seed = int(rule["seed"]) if rules.seed is None else rules.seed
    options: DrawOptions = {"window": window, "lag": lag, "draws": count, "seed": seed}
    if critical == "sieve" and convention != "pointwise" and rules.sequential:
        recorded = recorded_values(digest(series.level, level=rules.level, **options))
        if recorded is not None:
            return recorded
    until = Until.for_level(statistic, rules.level, count) if rules.sequential else None
    if critical == "sieve":
        return sieve_values(series.level, **options, until=until)
    method: Wild = "wild" if critical == "wild" else "wild-resampled"
    return wild_values(series.level, method=method, **options, until=until)


_ROUNDING = 1e-12  # of a level written as a share


@dataclass(frozen=True, slots=True, kw_only=True)
class TestedSeries:
    """One series after the test."""

    series: Series
    lag: int
    window: int
    badf: FloatArray
    bsadf: FloatArray
    critical: CriticalValues
    line: FloatArray
    runs: tuple[recursive.Run, ...]
    skipped: int
    autocorrelation: float
    drift: float

    @property
    def statistics(self) -> tuple[float, float, float]:
        """Return ADF, SADF and GSADF (NaN where no window that counts has a statistic)."""
        return float(self.badf[-1]), float(np.fmax.reduce(self.badf)), float(np.fmax.reduce(self.bsadf))

    def significance(self) -> int | None:
        """Return the strictest level at which GSADF rejects; None where it does not."""
        passed = [level for level in LEVELS if self.statistics[2] > self.critical.gsadf[at_level(level)]]
        return max(passed, default=None)

    def rejects(self, level: int) -> bool:
        """Return whether GSADF rejects at a level."""
        return self.statistics[2] > float(self.critical.gsadf[at_level(level)])

    @property
    def p_value(self) -> float:
        """Return the p-value of GSADF, or its upper bound."""
        return p_value(self.statistics[2], self.critical)

    def power(self, level: int, speed: Speed) -> float | None:
        """Return how often GSADF finds a bubble at this length; None where nobody has simulated it."""
        walk = self.critical.method in ("stored", "simulated")
        usual = walk and self.lag == 0 and self.window == recursive.minimum_window(len(self.series.level))
        return power_of(len(self.series.level), level, speed) if usual else None


def tested_series(
    readings: Sequence[Series],
    lag: Lag,
    convention: Convention,
    critical: Method | CriticalValues | None,
    rules: BubbleRules,
) -> tuple[list[Series | TestedSeries], list[Finding]]:
    """Return every series with its test, in the order given, and what was found; what fails stays a `Series`."""
    groups, findings = _groups(readings, lag, rules)
    short = {problem.key for problem in findings}
    out: dict[str, Series | TestedSeries] = {
        reading.name: replace(reading, problem="lag-too-long") if reading.name in short else reading
        for reading in readings
    }
    for (periods, order), members in groups.items():
        window = recursive.minimum_window(periods) if rules.minimum_window is None else rules.minimum_window
        statistics = recursive.recursive_adf(
            np.column_stack([member.level for member in members]), window=window, lag=order
        )
        flat = np.asarray(np.isnan(statistics.bsadf).all(axis=0))
        usable = [member for at, member in enumerate(members) if not flat[at]]
        tops = np.fmax.reduce(statistics.bsadf, axis=0)[~flat]
        shared = shared_values(periods, window, order, critical, rules) if usable else None
        # one bootstrap after the other: on two processors threads were 4 % sooner and cost a fifth more
        own_critical_values = partial(
            series_critical_values, window=window, lag=order, critical=critical, convention=convention, rules=rules
        )
        values = repeat(shared) if shared is not None else map(own_critical_values, usable, tops.tolist())
        for at, member in enumerate(members):
            if flat[at]:
                findings.append(bubble_finding("prices.exact", key=member.name, skipped=int(statistics.skipped[at])))
                out[member.name] = replace(member, problem="exact")
                continue
            values_of = next(values)
            tested = _test_series(member, at, statistics, values_of, values_of.sequence(convention, rules.level))
            findings += _notes(tested, critical)
            out[member.name] = replace(tested, runs=_date_episodes(tested, rules))
    return list(out.values()), findings


def _groups(
    readings: Sequence[Series], lag: Lag, rules: BubbleRules
) -> tuple[dict[tuple[int, int], list[Series]], list[Finding]]:
    """Return the series that can be tested by length and lag, and what was found of the others."""
    findings: list[Finding] = []
    groups: dict[tuple[int, int], list[Series]] = defaultdict(list)
    for reading in readings:
        if reading.problem:
            continue
        window = recursive.minimum_window(len(reading.level)) if rules.minimum_window is None else rules.minimum_window
        order = chosen_lag(recursive.scale_to_unit(reading.level), lag, window=window)
        if window - 2 - order < setting("least_degrees") or len(reading.level) - order - window < 1:
            count = len(reading.level)
            refusal = bubble_finding("prices.lag-too-long", key=reading.name, lag=order, window=window, count=count)
            findings.append(refusal)
        else:
            groups[len(reading.level), order].append(reading)
    return groups, findings


def _test_series(
    series: Series, at: int, statistics: recursive.Recursive, critical: CriticalValues, line: FloatArray
) -> TestedSeries:
    """Return one series of a group after its test, not yet dated."""
    if len(line) != len(statistics.bsadf):
        raise UsageError(
            "prices.other-size",
            dates=len(line),
            series=series.name,
            statistics=len(statistics.bsadf),
            observations=len(series.level),
            window=statistics.minimum_window,
            lag=statistics.lag,
        )
    level = recursive.scale_to_unit(series.level)
    return TestedSeries(
        series=series,
        lag=statistics.lag,
        window=statistics.minimum_window,
        badf=statistics.badf[:, at],
        bsadf=statistics.bsadf[:, at],
        critical=critical,
        line=line,
        runs=(),
        skipped=int(statistics.skipped[at]),
        autocorrelation=residual_autocorrelation(level, statistics.lag),
        drift=drift(level),
    )


def _notes(tested: TestedSeries, critical: object) -> list[Finding]:
    """Return what the critical values do not allow for (a sieve bootstrap does), and windows that were left out."""
    notes: list[tuple[str, dict[str, object]]] = []
    if tested.skipped:
        notes.append(("prices.skipped", {"count": tested.skipped}))
    if critical != "sieve":
        bound = float(setting("autocorrelation.bound")) / np.sqrt(len(tested.series.level) - 1 - tested.lag)
        if abs(tested.autocorrelation) > bound:
            notes.append(("prices.autocorrelated", {"lag": tested.lag, "rho": tested.autocorrelation}))
        if abs(tested.drift) > float(setting("drift.bound")):
            notes.append(("prices.drift", {"t": tested.drift}))
    return [finding(code, table="bubbles", key=tested.series.name, words=words) for code, words in notes]


def _date_episodes(tested: TestedSeries, rules: BubbleRules) -> tuple[recursive.Run, ...]:
    """Return the episodes of a series that rejects (or of any, where asked)."""
    if not (rules.nonrejected or tested.rejects(rules.level)):
        return ()
    shortest = recursive.shortest_duration(rules.minimum_duration, len(tested.series.level))
    nearer = recursive.shortest_duration("log", len(tested.series.level)) if rules.join else 0
    return tuple(recursive.date_runs(tested.series.level, tested.bsadf, tested.line, shortest=shortest, nearer=nearer))


def paths_frame(tested: Sequence[TestedSeries]) -> pl.DataFrame:
    """Return the statistics of every date, all series below each other."""
    sizes = [len(result.series.level) for result in tested]
    badf, bsadf, line = (
        np.concatenate(
            [
                recursive.pad_before_window(getattr(result, name), size)
                for result, size in zip(tested, sizes, strict=True)
            ]
        )
        for name in ("badf", "bsadf", "line")
    )
    frame = recursive.path_frame(
        pl.concat([result.series.dates for result in tested]), badf=badf, bsadf=bsadf, critical_value=line
    )
    names = [result.series.name for result, size in zip(tested, sizes, strict=True) for _ in range(size)]
    values = np.concatenate([result.series.level for result in tested])
    return frame.select(pl.Series("series", names), "date", pl.Series("value", values), pl.exclude("date"))


def statistics_frame(
    results: Sequence[Series | TestedSeries], findings: Sequence[Finding], convention: Convention, level: int
) -> pl.DataFrame:
    """Return one row a series; what was not tested says why."""
    reasons = {item.key: item for item in findings if item.severity == "error" and item.key is not None}
    rows = []
    for result in results:
        if isinstance(result, TestedSeries):
            row = _row(result, convention, level)
        else:
            reason = paragraph([reasons[result.name].message, reasons[result.name].hint])
            row = {
                "series": result.name,
                "status": result.problem,
                "reason_zh": reason.zh,
                "reason_en": reason.en.strip(),
            }
        rows.append(row | {"level": level, "convention": convention})
    dates = results[0].series.dates.dtype if isinstance(results[0], TestedSeries) else results[0].dates.dtype
    frame = pl.DataFrame(rows, schema={name: kind or dates for name, kind in _SCHEMA.items()})
    adjusted = benjamini_hochberg(frame["p_value"].fill_null(np.nan).to_numpy())
    q = pl.Series("p_adjusted", adjusted).fill_nan(None)
    survives = pl.col("rejects") & (pl.col("p_adjusted") <= 1 - level / 100 + _ROUNDING)
    places = list(_SCHEMA)
    return frame.with_columns(pl.col(_NAMES).fill_nan(None), q).with_columns(survives=survives).select(places)


_SCHEMA: dict[str, type[pl.DataType] | None] = {
    "series": pl.String, "adf": pl.Float64, "sadf": pl.Float64, "gsadf": pl.Float64, "observations": pl.Int64,
    "first": None, "last": None,  # of the caller's kind
    "lag": pl.Int64, "minimum_window": pl.Int64, "critical_value": pl.Float64, "rejects": pl.Boolean,
    "p_value": pl.Float64, "p_adjusted": pl.Float64, "survives": pl.Boolean,
    "significance": pl.Int64, "level": pl.Int64, "convention": pl.String, "method": pl.String,
    "replications": pl.Int64, "seed": pl.Int64, "false_alarms": pl.Float64, "power": pl.Float64,
    "power_gentle": pl.Float64, "autocorrelation": pl.Float64, "drift": pl.Float64, "skipped": pl.Int64,
    "status": pl.String, "reason_zh": pl.String, "reason_en": pl.String,
}  # fmt: skip


def _row(result: TestedSeries, convention: Convention, level: int) -> dict[str, object]:
    """Return the row of a series that was tested."""
    at = at_level(level)
    alarms = result.critical.false_alarms.get(convention)
    return {
        "series": result.series.name,
        **dict(zip(_NAMES, result.statistics, strict=True)),
        "observations": len(result.series.level),
        "first": result.series.dates[0],
        "last": result.series.dates[-1],
        "lag": result.lag,
        "minimum_window": result.window,
        "critical_value": float(result.critical.gsadf[at]),
        "rejects": result.rejects(level),
        "significance": result.significance(),
        "p_value": result.p_value,
        "method": result.critical.method,
        "replications": result.critical.replications,
        "seed": result.critical.seed,
        "false_alarms": None if alarms is None else float(alarms[at]),
        "power": result.power(level, "standard"),
        "power_gentle": result.power(level, "gentle"),
        "autocorrelation": result.autocorrelation,
        "drift": result.drift,
        "skipped": result.skipped,
        "status": "tested",
    }


def episodes_frame(tested: Sequence[TestedSeries], convention: Convention, level: int) -> pl.DataFrame:
    """Return one row an episode."""
    parts = [
        recursive.episode_frame(result.runs, result.series.dates).select(
            pl.lit(result.series.name).alias("series"),
            pl.all(),
            pl.lit(result.rejects(level)).alias("rejects"),
            pl.lit(level, dtype=pl.Int64).alias("level"),
            pl.lit(convention).alias("convention"),
            pl.lit(result.critical.method).alias("method"),
        )
        for result in tested
        if result.runs or result is tested[0]
    ]
    return pl.concat(parts)


def critical_frame(tested: Sequence[TestedSeries]) -> pl.DataFrame:
    """Return the critical values of the three statistics."""
    rows = [
        (result.series.name, name, level, float(getattr(result.critical, name)[at]))
        for result in tested
        for name in _NAMES
        for at, level in enumerate(LEVELS)
    ]
    schema = {"series": pl.String, "statistic": pl.String, "level": pl.Int64, "critical_value": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")

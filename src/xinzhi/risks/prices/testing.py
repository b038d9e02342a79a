"""One series after another: its lag, its statistics, its critical values and the dates of its episodes."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import polars as pl

from xinzhi.core.errors import UsageError
from xinzhi.risks.prices.bootstrap import sieve_values, wild_values
from xinzhi.risks.prices.conventions import LEVELS, Convention, Lag, Method, setting, whole
from xinzhi.risks.prices.critical import CriticalValues, at_level, critical_values, power_of, stored_values
from xinzhi.risks.prices.recursive import minimum_window, recursive_adf, regression_rows, unit_scaled
from xinzhi.risks.prices.series import bubble_finding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinzhi.core.arrays import FloatArray
    from xinzhi.core.finding import Finding
    from xinzhi.risks.prices.bootstrap import Wild
    from xinzhi.risks.prices.conventions import BubbleRules, Lag
    from xinzhi.risks.prices.critical import Speed
    from xinzhi.risks.prices.recursive import Recursive
    from xinzhi.risks.prices.series import Series


def checked_lag(lag: Lag) -> Lag:
    """Return a lag that is one."""
    return lag if lag in ("aic", "bic") else whole("lag", lag, least=0, other="lag")


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
    rows = regression_rows(level[:, None], most)[..., 0]
    count = rows.shape[1]
    price = 2.0 if lag == "aic" else float(np.log(count))
    scores = []
    for order in range(most + 1):
        design = np.column_stack([np.ones(count), rows[most], *rows[:order]])
        found = np.linalg.lstsq(design, rows[-1], rcond=None)[0]
        left = float(np.sum((rows[-1] - design @ found) ** 2))
        scores.append(count * np.log(max(left, np.finfo(float).tiny) / count) + price * design.shape[1])
    return int(np.argmin(scores))


def residual_autocorrelation(level: FloatArray, lag: int) -> float:
    """Return the first autocorrelation of the residuals on the whole sample."""
    rows = regression_rows(level[:, None], lag)[..., 0]
    design = np.column_stack([np.ones(rows.shape[1]), *rows[:-1]])
    left = rows[-1] - design @ np.linalg.lstsq(design, rows[-1], rcond=None)[0]
    size = float(left @ left)
    return float(left[1:] @ left[:-1]) / size if size > 0 else 0.0


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
    if critical is None and (lag > 0 or stored is None):
        return critical_values(periods, window=window, lag=lag, replications=rules.replications, seed=rules.seed)
    if critical == "simulated":
        return critical_values(periods, window=window, lag=lag, replications=rules.replications, seed=rules.seed)
    if stored is None or lag > 0:
        ends = {"first": setting("table.first"), "last": setting("table.last")}
        raise UsageError("prices.not-stored", periods=periods, window=window, lag=lag, **ends)
    return stored


def own_values(
    series: Series, window: int, lag: int, critical: Method | CriticalValues | None, rules: BubbleRules
) -> CriticalValues:
    """Return critical values from the series itself."""
    rule = setting("bootstrap")
    count = int(rule["replications"]) if rules.replications is None else rules.replications
    seed = int(rule["seed"]) if rules.seed is None else rules.seed
    if critical == "sieve":
        return sieve_values(series.level, window=window, lag=lag, replications=count, seed=seed)
    method: Wild = "wild" if critical == "wild" else "wild-resampled"
    return wild_values(series.level, method=method, window=window, lag=lag, replications=count, seed=seed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Dates in a row on which the statistic passes its critical value, as places in the series (from 0)."""

    start: int
    peak: int
    last: int
    ongoing: bool
    rising: bool

    @property
    def duration(self) -> int:
        """Return the number of dates."""
        return self.last - self.start + 1


def date_runs(level: FloatArray, bsadf: FloatArray, critical: FloatArray, *, shortest: int = 0) -> list[Run]:
    """Return the runs of explosive behaviour of one series."""
    # Phillips, Shi and Yu (2015), equations 11 and 12: it begins with the first date on which BSADF passes its critical
    # value and ends with the next on which it does not.
    with np.errstate(invalid="ignore"):
        passes = np.concatenate([[False], bsadf > critical, [False]])
    turns = np.flatnonzero(passes[1:] != passes[:-1])
    offset = len(level) - len(bsadf)
    runs = []
    for first, after in turns.reshape(-1, 2).tolist():
        if after - first < shortest:
            continue
        peak = first + int(np.argmax(bsadf[first:after]))
        start = offset + first
        run = Run(
            start=start,
            peak=offset + peak,
            last=offset + after - 1,
            ongoing=after == len(bsadf),
            rising=bool(level[offset + peak] > level[start - 1]),
        )
        runs.append(run)
    return runs


def episode_frame(runs: Sequence[Run], dates: pl.Series) -> pl.DataFrame:
    """Return ``start, peak, last, end, duration, ongoing, signal`` of runs; `end` is the first date after."""
    rows = [
        (
            *(dates[at] for at in (run.start, run.peak, run.last)),
            None if run.ongoing else dates[run.last + 1],
            run.duration,
            run.ongoing,
            "positive" if run.rising else "negative",
        )
        for run in runs
    ]
    schema: dict[str, Any] = dict.fromkeys(("start", "peak", "last", "end"), dates.dtype)
    schema |= {"duration": pl.Int64, "ongoing": pl.Boolean, "signal": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def padded(values: FloatArray, periods: int) -> FloatArray:
    """Return the statistics of the last dates with NaN for those before the smallest window is full."""
    return np.concatenate([np.full(periods - len(values), np.nan), values])


def path_frame(dates: pl.Series, **statistics: FloatArray) -> pl.DataFrame:
    """Return the statistics of every date, null where there are none, and whether BSADF passes its critical value."""
    frame = pl.DataFrame({"date": dates, **statistics}).with_columns(pl.col(*statistics).fill_nan(None))
    return frame.with_columns((pl.col("bsadf") > pl.col("critical_value")).alias("explosive"))


def shortest_duration(rule: int | Literal["log"], observations: int) -> int:
    """Return the dates that a run must have: a number, or ``log`` for ln T rounded up."""
    # Phillips, Shi and Yu (2015) ask for more than ln T; exuber rounds it to the nearest.
    return int(np.ceil(np.log(observations))) if rule == "log" else rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """One series after the test."""

    series: Series
    lag: int
    window: int
    badf: FloatArray
    bsadf: FloatArray
    critical: CriticalValues
    line: FloatArray
    runs: tuple[Run, ...]
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

    def power(self, level: int, speed: Speed) -> float | None:
        """Return how often GSADF finds a bubble at this length; None where nobody has simulated it."""
        walk = self.critical.method in ("stored", "simulated")
        usual = walk and self.lag == 0 and self.window == minimum_window(len(self.series.level))
        return power_of(len(self.series.level), level, speed) if usual else None


def tested_series(
    readings: Sequence[Series],
    lag: Lag,
    convention: Convention,
    critical: Method | CriticalValues | None,
    rules: BubbleRules,
) -> tuple[list[Series | Tested], list[Finding]]:
    """Return every series with its test, in the order given, and what was found; what fails stays a `Series`."""
    groups, findings = _groups(readings, lag, rules)
    short = {found.key for found in findings}
    out: dict[str, Series | Tested] = {
        one.name: replace(one, problem="lag-too-long") if one.name in short else one for one in readings
    }
    for (periods, order), members in groups.items():
        window = minimum_window(periods) if rules.minimum_window is None else rules.minimum_window
        found = recursive_adf(np.column_stack([one.level for one in members]), window=window, lag=order)
        shared = shared_values(periods, window, order, critical, rules)
        for at, one in enumerate(members):
            if np.isnan(found.bsadf[:, at]).all():
                findings.append(bubble_finding("prices.exact", key=one.name, skipped=int(found.skipped[at])))
                out[one.name] = replace(one, problem="exact")
                continue
            values_of = shared or own_values(one, window, order, critical, rules)
            tested = _tested(one, at, found, values_of, values_of.sequence(convention, rules.level))
            findings += _notes(tested, critical)
            out[one.name] = replace(tested, runs=_dated(tested, rules))
    return list(out.values()), findings


def _groups(
    readings: Sequence[Series], lag: Lag, rules: BubbleRules
) -> tuple[dict[tuple[int, int], list[Series]], list[Finding]]:
    """Return the series that can be tested by length and lag, and what was found of the others."""
    findings: list[Finding] = []
    groups: dict[tuple[int, int], list[Series]] = defaultdict(list)
    for one in readings:
        if one.problem:
            continue
        window = minimum_window(len(one.level)) if rules.minimum_window is None else rules.minimum_window
        order = chosen_lag(unit_scaled(one.level), lag, window=window)
        if window - 2 - order < setting("least_degrees") or len(one.level) - order - window < 1:
            values: dict[str, Any] = {"lag": order, "window": window, "count": len(one.level)}
            findings.append(bubble_finding("prices.lag-too-long", key=one.name, **values))
        else:
            groups[len(one.level), order].append(one)
    return groups, findings


def _tested(series: Series, at: int, found: Recursive, critical: CriticalValues, line: FloatArray) -> Tested:
    """Return one series of a group after its test, not yet dated."""
    if len(line) != len(found.bsadf):
        raise UsageError(
            "prices.other-size", dates=len(line), series=series.name, statistics=len(found.bsadf),
            observations=len(series.level), window=found.minimum_window, lag=found.lag,
        )  # fmt: skip
    level = unit_scaled(series.level)
    return Tested(
        series=series,
        lag=found.lag,
        window=found.minimum_window,
        badf=found.badf[:, at],
        bsadf=found.bsadf[:, at],
        critical=critical,
        line=line,
        runs=(),
        skipped=int(found.skipped[at]),
        autocorrelation=residual_autocorrelation(level, found.lag),
        drift=drift(level),
    )


def _notes(tested: Tested, critical: object) -> list[Finding]:
    """Return what the critical values do not allow for (a sieve bootstrap does), and windows that were left out."""
    notes: list[tuple[str, dict[str, Any]]] = []
    if tested.skipped:
        notes.append(("prices.skipped", {"count": tested.skipped}))
    if critical != "sieve":
        bound = float(setting("autocorrelation.bound")) / np.sqrt(len(tested.series.level) - 1 - tested.lag)
        if abs(tested.autocorrelation) > bound:
            notes.append(("prices.autocorrelated", {"lag": tested.lag, "rho": tested.autocorrelation}))
        if abs(tested.drift) > float(setting("drift.bound")):
            notes.append(("prices.drift", {"t": tested.drift}))
    return [bubble_finding(code, key=tested.series.name, **words) for code, words in notes]


def _dated(tested: Tested, rules: BubbleRules) -> tuple[Run, ...]:
    """Return the episodes of a series that rejects (or of any, where asked)."""
    if not (rules.nonrejected or tested.rejects(rules.level)):
        return ()
    shortest = shortest_duration(rules.minimum_duration, len(tested.series.level))
    return tuple(date_runs(tested.series.level, tested.bsadf, tested.line, shortest=shortest))

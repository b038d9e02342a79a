"""One series after the test: its statistics, its critical values, its episodes."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from xinzhi.core.errors import UsageError
from xinzhi.risks.explosive.choosing import own_values, shared_values
from xinzhi.risks.explosive.conventions import setting
from xinzhi.risks.explosive.critical import LEVELS, at_level
from xinzhi.risks.explosive.dating import date_runs, shortest_duration
from xinzhi.risks.explosive.lags import chosen_lag, drift, residual_autocorrelation
from xinzhi.risks.explosive.power import power_of
from xinzhi.risks.explosive.reading import finding
from xinzhi.risks.explosive.statistics import minimum_window, recursive_adf, unit_scaled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinzhi.core.arrays import FloatArray
    from xinzhi.core.finding import Finding
    from xinzhi.risks.explosive.choosing import Method
    from xinzhi.risks.explosive.critical import Convention, CriticalValues
    from xinzhi.risks.explosive.dating import Run
    from xinzhi.risks.explosive.lags import Lag
    from xinzhi.risks.explosive.power import Speed
    from xinzhi.risks.explosive.reading import Series
    from xinzhi.risks.explosive.rules import BubbleRules
    from xinzhi.risks.explosive.statistics import Recursive


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """One series after the test.

    Parameters
    ----------
    series
        What was tested; its `problem` says why it was not.
    lag, window
        Lagged differences, rows of the smallest regression.
    badf, bsadf
        `(S,)`, for the last S dates.
    critical, line
        Critical values, and `(S,)`, what BSADF is held against.
    runs
        Episodes.
    skipped
        Windows without a statistic.
    autocorrelation, drift
        First autocorrelation of the residuals; t of the mean step.
    """

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
    """Return every series with its test, in the order given, and what was found; what fails stays a `Series`.

    Parameters
    ----------
    readings
        The series.
    lag
        A number, ``aic`` or ``bic``.
    convention
        Of the line that BSADF is held against.
    critical
        Where critical values come from; None: the table where it has them, else a simulation.
    rules
        The other options.
    """
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
                values = {"skipped": int(found.skipped[at])}
                findings.append(finding("exact", column=None, key=one.name, severity="error", **values))
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
            values = {"lag": order, "window": window, "count": len(one.level)}
            findings.append(finding("lag-too-long", column=None, key=one.name, severity="error", **values))
        else:
            groups[len(one.level), order].append(one)
    return groups, findings


def _tested(series: Series, at: int, found: Recursive, critical: CriticalValues, line: FloatArray) -> Tested:
    """Return one series of a group after its test, not yet dated."""
    if len(line) != len(found.bsadf):
        message = (
            f"the critical values have {len(line)} dates, {series.name} has {len(found.bsadf)} statistics "
            f"({len(series.level)} observations, window {found.minimum_window}, lag {found.lag}): "
            "take those of its size."
        )
        raise UsageError(message)
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
        notes.append(("skipped", {"count": tested.skipped}))
    if critical != "sieve":
        bound = float(setting("autocorrelation.bound")) / np.sqrt(len(tested.series.level) - 1 - tested.lag)
        if abs(tested.autocorrelation) > bound:
            notes.append(("autocorrelated", {"lag": tested.lag, "value": tested.autocorrelation}))
        if abs(tested.drift) > float(setting("drift.bound")):
            notes.append(("drift", {"value": tested.drift}))
    return [finding(rule, column=None, key=tested.series.name, severity="note", **words) for rule, words in notes]


def _dated(tested: Tested, rules: BubbleRules) -> tuple[Run, ...]:
    """Return the episodes of a series that rejects (or of any, where asked)."""
    if not (rules.nonrejected or tested.rejects(rules.level)):
        return ()
    shortest = shortest_duration(rules.minimum_duration, len(tested.series.level))
    return tuple(date_runs(tested.series.level, tested.bsadf, tested.line, shortest=shortest))

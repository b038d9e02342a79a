"""The verb `bubbles`: which series explode, when it began and whether it is over."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import polars as pl

from xinzhi.core.errors import InputError
from xinzhi.core.result import Result
from xinzhi.core.text import LANGUAGES, Text, paragraph, same
from xinzhi.risks.prices.conventions import LEVELS, BubbleRules
from xinzhi.risks.prices.critical import CriticalValues, at_level
from xinzhi.risks.prices.facts import Timeline, bubble_facts, find_series, headline, series_names, series_sentences
from xinzhi.risks.prices.series import read_series
from xinzhi.risks.prices.testing import (
    Tested,
    check_method,
    checked_lag,
    episode_frame,
    padded,
    path_frame,
    tested_series,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinzhi.core.finding import Finding
    from xinzhi.core.result import Facts
    from xinzhi.core.text import Language
    from xinzhi.risks.prices.conventions import Convention, Lag, Method
    from xinzhi.risks.prices.series import Series
_NAMES = ("adf", "sadf", "gsadf")
_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class BubbleExplanation:
    """What stands behind the verdict on one series.

    Parameters
    ----------
    series
        Its name.
    row
        Its row of `statistics`, by column.
    critical
        ``statistic, level, critical_value`` of this series.
    episodes
        Its episodes.
    sentences
        The explanation in words.
    """

    series: str
    row: dict[str, object]
    critical: pl.DataFrame
    episodes: pl.DataFrame
    sentences: tuple[Text, ...]

    def text(self, language: Language = "en") -> str:
        """Return the explanation in words."""
        return "\n  ".join(one.lang(language) for one in self.sentences)

    def __str__(self) -> str:
        return self.text()


@dataclass(frozen=True, repr=False, kw_only=True)
class Bubbles(Result):
    """Explosive behaviour of many series.

    Parameters
    ----------
    frame
        One row a series and date that was tested; the statistics are null until the smallest window is full, and
        ``explosive`` says whether BSADF passes the critical value there, whether or not the series as a whole rejects.
    statistics
        One row a series, in the order of the input: its statistics, what they are held against, ``false_alarms`` (share
        of random walks in which the line is passed somewhere), ``power`` and ``power_gentle`` (share of bubbles that
        GSADF finds at this length: that of the paper, and one that grows a quarter as fast), and ``status``:
        ``tested``, or why not.
    episodes
        One row an episode: ``end`` is the first date after it, null where it is ongoing; ``signal`` is ``positive`` for
        a rise, ``negative`` for an accelerating fall.
    critical
        Critical values of ADF, SADF and GSADF at every level.
    findings
        What was found in the series.
    convention, level
        Of the line that BSADF is held against.
    """

    verb: ClassVar[str] = "bubbles"
    topic: ClassVar[str] = "bubbles"
    key: ClassVar[tuple[str, ...]] = ("series", "date")

    statistics: pl.DataFrame
    episodes: pl.DataFrame
    critical: pl.DataFrame
    findings: tuple[Finding, ...]
    convention: Convention
    level: int

    @cached_property
    def timeline(self) -> Timeline:
        """Return the dates as places on a line of time."""
        return Timeline.of(self.frame["date"])

    def rejecting_episodes(self) -> pl.DataFrame:
        """Return the episodes of the series whose GSADF rejects."""
        return self.episodes.filter("rejects")

    def series_code(self, asked: str) -> str:
        """Return the series that is called so, in either language where it is a place of China."""
        known = self.statistics["series"].to_list()
        return asked if asked in known else find_series(self.names.distinct("series", known), asked)

    def headline(self, series: str) -> Text:
        """Return what one series shows, in one sentence."""
        return headline(self, series)

    def facts(self) -> Facts:
        """Return which series are explosive, since when, by which critical values, and what could be missed."""
        return bubble_facts(self)

    def explain(self, series: str) -> BubbleExplanation:
        """Return what stands behind the verdict on one series.

        Parameters
        ----------
        series
            Its name, in either language where it is a place of China.

        Raises
        ------
        UsageError
            When there is no such series.
        """
        name = self.series_code(str(series))
        row = self.statistics.row(by_predicate=pl.col("series") == name, named=True)
        critical = self.critical.filter(series=name)
        return BubbleExplanation(
            series=name,
            row=row,
            critical=critical.drop("series"),
            episodes=self.episodes.filter(series=name),
            sentences=series_sentences(self, row, critical),
        )


def bubbles(
    frame: Any,  # noqa: ANN401 - any kind of frame
    series: str,
    date: str,
    value: str,
    *,
    lag: Lag = 0,
    convention: Convention = "running-maximum",
    critical: Method | CriticalValues | None = None,
    rules: BubbleRules | None = None,
) -> Bubbles:
    """Test every series of a frame for explosive behaviour, and date it.

    Parameters
    ----------
    frame
        One row a series and date: a pandas, polars or pyarrow frame, or a duckdb relation.
    series, date, value
        Names of its columns. Dates are whole numbers, dates, or text such as ``2024``, ``2024-03``, ``2024Q1``.
    lag
        Lagged differences in each regression: a number, or ``aic`` or ``bic`` to choose one for each series.
    convention
        What BSADF is held against at each date: ``running-maximum`` (as exuber), ``pointwise`` or ``family-wise``; see
        ``conventions`` in ``bubbles.yaml``. The statistics do not depend on it, the dates do.
    critical
        Where critical values come from: ``stored`` (the table that ships with the package: lag 0, 10 to 619
        observations), ``simulated``, a bootstrap of each series (``wild`` keeps its volatility, ``wild-resampled`` its
        lags, ``sieve`` its lags and its drift), or `CriticalValues` of your own. None takes the table where it has
        them, else simulates.
    rules
        Level, smallest window, shortest episode, replications and seed, gaps, zeros.

    Returns
    -------
    Bubbles
        ``.statistics`` has ``series, adf, sadf, gsadf`` and what they were held against; ``.episodes`` the dates.

    Raises
    ------
    UsageError
        When an option is off.
    InputError
        When the frame cannot be read, or no series of it can be tested; the exception carries the findings.

    Notes
    -----
    Phillips, Shi and Yu (2015), International Economic Review 56(4), 1043-1078. A steady growth rate is an explosive
    root too, and the usual critical values reject a walk that drifts: give prices divided by a fundamental, or in
    logarithms with ``critical="sieve"``, unless growth itself is what is tested.

    Examples
    --------
    >>> from xinzhi.risks.prices.critical import explosive_series
    >>> level = explosive_series(80, 1, np.random.default_rng(6))[:, 0]
    >>> rows = pl.DataFrame({"place": "a", "t": range(80), "price": level})
    >>> found = bubbles(rows, "place", "t", "price")
    >>> found.statistics.select("series", "rejects", "convention").row(0)
    ('a', True, 'running-maximum')
    >>> found.episodes.select("start", "end", "signal").row(0)
    (36, 48, 'positive')
    """
    rules = BubbleRules() if rules is None else rules
    lag = checked_lag(lag)
    check_method(critical, convention)
    reading = read_series(frame, series, date, value, gaps=rules.gaps, zeros=rules.zeros)
    found, later = tested_series(reading.series, lag, convention, critical, rules)
    findings = (*reading.findings, *later)
    tested = [one for one in found if isinstance(one, Tested)]
    if not tested:
        refuse_all(findings)
    options = {
        "lag": lag,
        "convention": convention,
        "critical": "given" if isinstance(critical, CriticalValues) else critical,
        **asdict(rules),
    }
    return Bubbles(
        frame=_paths(tested),
        provenance=reading.source.provenance(**options),
        kind=reading.source.kind,
        names=series_names(one.name for one in reading.series),
        statistics=_statistics(found, findings, convention, rules.level),
        episodes=_episodes(tested, convention, rules.level),
        critical=_critical(tested),
        findings=findings,
        convention=convention,
        level=rules.level,
    )


def refuse_all(findings: Sequence[Finding]) -> None:
    """Raise, because no series is left."""
    errors = [found for found in findings if found.severity == "error"]
    more = same(f" … ({len(errors)})" if len(errors) > _SHOWN else "")
    shown = {tongue: "\n  ".join(found.sentence(tongue) for found in errors[:_SHOWN]) for tongue in LANGUAGES}
    raise InputError("prices.none-tested", findings, why=Text(zh=shown["zh"] + more.zh, en=shown["en"] + more.en))


def _paths(tested: Sequence[Tested]) -> pl.DataFrame:
    """Return the statistics of every date, all series below each other."""
    sizes = [len(one.series.level) for one in tested]
    badf, bsadf, line = (
        np.concatenate([padded(getattr(one, name), size) for one, size in zip(tested, sizes, strict=True)])
        for name in ("badf", "bsadf", "line")
    )
    frame = path_frame(pl.concat([one.series.dates for one in tested]), badf=badf, bsadf=bsadf, critical_value=line)
    names = [one.series.name for one, size in zip(tested, sizes, strict=True) for _ in range(size)]
    values = np.concatenate([one.series.level for one in tested])
    return frame.select(pl.Series("series", names), "date", pl.Series("value", values), pl.exclude("date"))


def _statistics(
    found: Sequence[Series | Tested], findings: Sequence[Finding], convention: Convention, level: int
) -> pl.DataFrame:
    """Return one row a series; what was not tested says why."""
    reasons = {item.key: item for item in findings if item.severity == "error" and item.key is not None}
    rows = []
    for one in found:
        row = _row(one, convention, level) if isinstance(one, Tested) else _empty_row(one, reasons)
        rows.append(row | {"level": level, "convention": convention})
    dates = found[0].series.dates.dtype if isinstance(found[0], Tested) else found[0].dates.dtype
    frame = pl.DataFrame(rows, schema={name: kind or dates for name, kind in _SCHEMA.items()})
    return frame.with_columns(pl.col(_NAMES).fill_nan(None))


_SCHEMA: dict[str, Any] = {
    "series": pl.String,
    "adf": pl.Float64,
    "sadf": pl.Float64,
    "gsadf": pl.Float64,
    "observations": pl.Int64,
    "first": None,  # of the caller's kind
    "last": None,
    "lag": pl.Int64,
    "minimum_window": pl.Int64,
    "critical_value": pl.Float64,
    "rejects": pl.Boolean,
    "significance": pl.Int64,
    "level": pl.Int64,
    "convention": pl.String,
    "method": pl.String,
    "replications": pl.Int64,
    "seed": pl.Int64,
    "false_alarms": pl.Float64,
    "power": pl.Float64,
    "power_gentle": pl.Float64,
    "autocorrelation": pl.Float64,
    "drift": pl.Float64,
    "skipped": pl.Int64,
    "status": pl.String,
    "reason_zh": pl.String,
    "reason_en": pl.String,
}


def _row(one: Tested, convention: Convention, level: int) -> dict[str, Any]:
    """Return the row of a series that was tested."""
    at = at_level(level)
    alarms = one.critical.false_alarms.get(convention)
    return {
        "series": one.series.name,
        **dict(zip(_NAMES, one.statistics, strict=True)),
        "observations": len(one.series.level),
        "first": one.series.dates[0],
        "last": one.series.dates[-1],
        "lag": one.lag,
        "minimum_window": one.window,
        "critical_value": float(one.critical.gsadf[at]),
        "rejects": one.rejects(level),
        "significance": one.significance(),
        "method": one.critical.method,
        "replications": one.critical.replications,
        "seed": one.critical.seed,
        "false_alarms": None if alarms is None else float(alarms[at]),
        "power": one.power(level, "standard"),
        "power_gentle": one.power(level, "gentle"),
        "autocorrelation": one.autocorrelation,
        "drift": one.drift,
        "skipped": one.skipped,
        "status": "tested",
    }


def _empty_row(one: Series, reasons: dict[str, Finding]) -> dict[str, Any]:
    """Return the row of a series that was not tested."""
    why = reasons[one.name]
    said = paragraph([why.message, why.hint])
    reason = {"reason_zh": said.zh, "reason_en": said.en.strip()}
    return {"series": one.name, "status": one.problem, **reason}


def _episodes(tested: Sequence[Tested], convention: Convention, level: int) -> pl.DataFrame:
    """Return one row an episode."""
    parts = [
        episode_frame(one.runs, one.series.dates).select(
            pl.lit(one.series.name).alias("series"),
            pl.all(),
            pl.lit(one.rejects(level)).alias("rejects"),
            pl.lit(level, dtype=pl.Int64).alias("level"),
            pl.lit(convention).alias("convention"),
            pl.lit(one.critical.method).alias("method"),
        )
        for one in tested
        if one.runs or one is tested[0]
    ]
    return pl.concat(parts)


def _critical(tested: Sequence[Tested]) -> pl.DataFrame:
    """Return the critical values of the three statistics."""
    rows = [
        (one.series.name, name, level, float(getattr(one.critical, name)[at]))
        for one in tested
        for name in _NAMES
        for at, level in enumerate(LEVELS)
    ]
    schema = {"series": pl.String, "statistic": pl.String, "level": pl.Int64, "critical_value": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")

"""The verb `bubbles`: which series explode, when it began and whether it is over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TypedDict, cast

import polars as pl

from xinzhi import words
from xinzhi.core.arrays import AnyFrame
from xinzhi.core.errors import InputError
from xinzhi.core.finding import Finding
from xinzhi.core.result import Facts
from xinzhi.core.text import LANGUAGES, Language, Text, Values, same
from xinzhi.risks.prices.bubble_frames import BubbleFrames
from xinzhi.risks.prices.conventions import BubbleRules, Convention, Lag, Method, setting, short_sample
from xinzhi.risks.prices.critical import CriticalValues, episode, power_of
from xinzhi.risks.prices.series import Timeline, find_series, read_series, series_names
from xinzhi.risks.prices.testing import (
    TestedSeries,
    check_method,
    checked_lag,
    critical_frame,
    episodes_frame,
    paths_frame,
    statistics_frame,
    tested_series,
)

_RARE = 0.001  # a probability below is not told apart from it
_SHOWN = 5
USUAL: Method = setting("critical")


@dataclass(frozen=True, slots=True, kw_only=True)
class BubbleExplanation:
    """What stands behind the verdict on one series: its part of the frames of `Bubbles`, and sentences."""

    series: str
    row: dict[str, object]
    critical: pl.DataFrame
    episodes: pl.DataFrame
    sentences: tuple[Text, ...]

    def text(self, language: Language = "en") -> str:
        """Return the explanation in words."""
        return "\n  ".join(sentence.lang(language) for sentence in self.sentences)

    def __str__(self) -> str:
        return self.text()


@dataclass(frozen=True, repr=False, kw_only=True)
class Bubbles(BubbleFrames, verb="bubbles", topic="bubbles", key=("series", "date")):
    """Explosive behaviour of many series.

    A row of `frame` is a series and date (null until the smallest window is full), of `statistics` a series in the
    order of the input, of `critical` a series, statistic and level. ``false_alarms`` is the share of random walks that
    pass the line somewhere, ``power`` and ``power_gentle`` that of bubbles which GSADF finds at this length: the
    paper's, and one a quarter as fast. `convention` and `level` are those of the line that BSADF is held against.
    """

    findings: tuple[Finding, ...]
    convention: Convention

    def series_code(self, name: str) -> str:
        """Return the series that is called so, in either language where it is a place of China."""
        codes = self.statistics["series"].to_list()
        return name if name in codes else find_series(self.names.distinct("series", codes), name)

    def headline(self, series: str) -> Text:
        """Return what one series shows, in one sentence."""
        row = self.statistics.row(by_predicate=pl.col("series") == series, named=True)
        episodes = self.rejecting_episodes().filter(series=series)
        values = {
            "name": self.names.distinct("series", self.statistics["series"])[series],
            "gsadf": row["gsadf"],
            "limit": row["critical_value"],
            "level": row["level"],
            "n": episodes.height,
        }
        if not row["rejects"]:
            return words.bubbles.headline_calm(**values)
        if not episodes.height:
            return words.bubbles.headline_undated(**values)
        ongoing = episodes.filter("ongoing")
        top = (ongoing if ongoing.height else episodes.sort("duration", descending=True, maintain_order=True)).row(
            0, named=True
        )
        key = "ongoing" if ongoing.height else "longest"
        if episodes.height == 1:
            key = "episode"
        dates = self.timeline
        return words.bubbles.headline_of(
            key, **values, episode=dates.episode_text(top), lasted=dates.duration_text(top["duration"])
        )

    def facts(self) -> Facts:
        """Return which series are explosive, since when, by which critical values, and what could be missed."""
        tested = self.statistics.filter(status="tested")
        if not tested.height:
            return {"answer.untested": {}}
        names, dates = self.names.distinct("series", self.statistics["series"]), self.timeline
        rejecting = tested.filter("rejects")
        facts: Facts = {**_who(self, names, tested, rejecting), **_episodes(self, names, dates), **line_facts(tested)}
        if tested.height > 1:
            facts |= _chance(self.level, tested.height, rejecting.height)
        return {**facts, **_power(dates, tested, self.level), **_doubts(self, tested), "answer.fundamentals": {}}

    def explain(self, series: str) -> BubbleExplanation:
        """Return what stands behind the verdict on a series (name in either language); `UsageError` without it."""
        name = self.series_code(str(series))
        row = self.statistics.row(by_predicate=pl.col("series") == name, named=True)
        critical = self.critical.filter(series=name)
        return BubbleExplanation(
            series=name,
            row=row,
            critical=critical.drop("series"),
            episodes=self.episodes.filter(series=name),
            sentences=series_sentences(self, cast("SeriesRow", row), critical),
        )


def bubbles(
    frame: AnyFrame,
    series: str,
    date: str,
    value: str,
    *,
    lag: Lag | None = None,
    convention: Convention = "running-maximum",
    critical: Method | CriticalValues | None = USUAL,
    rules: BubbleRules | None = None,
) -> Bubbles:
    """Test every series of a frame for explosive behaviour, and date it.

    Parameters
    ----------
    frame, series, date, value
        A frame of any kind with one row a series and date, and the names of its columns. Dates are whole numbers,
        dates, or text such as ``2024``, ``2024-03``, ``2024Q1``.
    lag
        Lagged differences in each regression: a number, or ``aic`` or ``bic`` to choose one for each series. None takes
        ``bic``; 0 with the stored table, which has no other, and where every series is short (``short`` in
        ``bubbles.yaml``), as a lag would leave the smallest window hardly a degree of freedom.
    convention
        What BSADF is held against at each date: ``running-maximum`` (as exuber), ``pointwise`` or ``family-wise``; see
        ``conventions`` in ``bubbles.yaml``. The statistics do not depend on it, the dates do.
    critical
        Where critical values come from: ``stored`` (the table that ships with the package: lag 0, 10 to 619
        observations), ``simulated``, a bootstrap of each series (``wild`` keeps its volatility, ``wild-resampled`` its
        lags, ``sieve``, the default, its lags and its drift), or `CriticalValues` of your own. None takes the table
        where it has them, else simulates.
    rules
        Level, smallest window, shortest episode, draws and seed, gaps, zeros.

    Notes
    -----
    ``.statistics`` has ``series, adf, sadf, gsadf`` and what they were held against, and what is left once all series
    are allowed for: ``p_adjusted`` (Benjamini and Hochberg 1995) and ``survives``, at a false discovery rate of 100
    less the level; ``.episodes`` has the dates, and whether it is a rise or a fall, which is no bubble.
    Phillips, Shi and Yu (2015), International Economic Review 56(4), 1043-1078. A steady growth rate is an explosive
    root too, and the usual critical values reject a walk that drifts: give prices divided by a fundamental, or in
    logarithms with ``critical="sieve"``, unless growth itself is what is tested.

    Examples
    --------
    >>> import numpy as np
    >>> from xinzhi.risks.prices.critical import explosive_series
    >>> level = explosive_series(80, 1, np.random.default_rng(6))[:, 0]
    >>> rows = pl.DataFrame({"place": "a", "t": range(80), "price": level})
    >>> found = bubbles(rows, "place", "t", "price", lag=0, critical="stored")
    >>> found.statistics.select("series", "rejects", "convention").row(0)
    ('a', True, 'running-maximum')
    >>> found.episodes.select("start", "end", "signal").row(0)
    (36, 48, 'positive')
    """
    rules = BubbleRules() if rules is None else rules
    check_method(critical, convention)
    lag = None if lag is None else checked_lag(lag)
    reading = read_series(frame, series, date, value, gaps=rules.gaps, zeros=rules.zeros)
    if lag is None:  # none for values without lags and for short series, else that of BIC
        without_lags = critical in (None, "stored") or isinstance(critical, CriticalValues)
        longest = max((len(series_read.level) for series_read in reading.series if not series_read.problem), default=0)
        lag = 0 if without_lags or longest < short_sample() else setting("lags.usual")
    results, later = tested_series(reading.series, lag, convention, critical, rules)
    findings = (*reading.findings, *later)
    tested = [result for result in results if isinstance(result, TestedSeries)]
    if not tested:
        refuse_all(findings)
    critical_method = "given" if isinstance(critical, CriticalValues) else critical
    options = {"lag": lag, "convention": convention, "critical": critical_method, **asdict(rules)}
    return Bubbles(
        frame=paths_frame(tested),
        provenance=reading.source.provenance(**options),
        kind=reading.source.kind,
        names=series_names(series_read.name for series_read in reading.series),
        statistics=statistics_frame(results, findings, convention, rules.level),
        episodes=episodes_frame(tested, convention, rules.level),
        critical=critical_frame(tested),
        findings=findings,
        convention=convention,
        level=rules.level,
    )


def refuse_all(findings: Sequence[Finding]) -> None:
    """Raise, because no series is left."""
    errors = [problem for problem in findings if problem.severity == "error"]
    more = same(f" … ({len(errors)})" if len(errors) > _SHOWN else "")
    listed = {tongue: "\n  ".join(problem.sentence(tongue) for problem in errors[:_SHOWN]) for tongue in LANGUAGES}
    raise InputError("prices.none-tested", findings, why=Text(zh=listed["zh"] + more.zh, en=listed["en"] + more.en))


def line_facts(statistics: pl.DataFrame) -> Facts:
    """Return by which critical values episodes are dated, and how often a series without a bubble passes them."""
    row = statistics.row(0, named=True)
    methods = statistics["method"].drop_nulls().unique(maintain_order=True).to_list()
    values = {
        "level": row["level"],
        "convention": words.by_key(f"bubbles.convention.{row['convention']}.name"),
        "method": [words.bubbles.chart_of(f"method_{method}") for method in methods],
    }
    alarms = statistics["false_alarms"].drop_nulls().to_list()
    if not alarms:
        return {"answer.line": values}
    if round(100 * min(alarms)) == round(100 * max(alarms)):
        return {"answer.alarms": values | {"share": alarms[0]}}
    return {"answer.alarms_between": values | {"low": min(alarms), "high": max(alarms)}}


def power_values(dates: Timeline, size: int, level: int) -> Values | None:
    """Return how often a bubble of either speed is found at a length; None where nobody has simulated it."""
    power, gentle = power_of(size, level), power_of(size, level, "gentle")
    if power is None or gentle is None:
        return None
    start, stop, root = episode(size)
    return {
        "n": size,
        "rate": root - 1,
        "lasted": dates.duration_text(stop - start),
        "power": power,
        "slow": episode(size, "gentle")[2] - 1,
        "gentle": gentle,
    }


def _who(result: Bubbles, names: Mapping[str, Text], tested: pl.DataFrame, rejecting: pl.DataFrame) -> Facts:
    """Return which series are explosive, rises and falls apart."""
    if tested.height == 1:
        return {"answer.single": {"headline": result.headline(tested["series"][0])}}
    surviving = rejecting.filter("survives")
    values = {"k": rejecting.height, "n": tested.height, "level": result.level, "left": surviving.height}
    if not rejecting.height:
        return {"answer.none": values}
    names_left = {"names": [names[code] for code in surviving["series"]], "rate": 1 - result.level / 100}
    many: Facts = {"answer.survive" if surviving.height else "answer.survive_none": values | names_left}
    ways = {
        signal: [
            names[code]
            for code in result.rejecting_episodes().filter(signal=signal)["series"].unique(maintain_order=True)
        ]
        for signal in ("positive", "negative")
    }
    key = {(True, True): "both", (True, False): "rises", (False, True): "falls"}.get(
        (bool(ways["positive"]), bool(ways["negative"]))
    )
    if key is None:
        return {"answer.undated": values | {"names": [names[code] for code in rejecting["series"]]}, **many}
    return {f"answer.{key}": values | {"rises": ways["positive"], "falls": ways["negative"]}, **many}


def _episodes(result: Bubbles, names: Mapping[str, Text], dates: Timeline) -> Facts:
    """Return which episodes go on where the data end, and the longest."""
    episodes = result.rejecting_episodes()
    if not episodes.height:
        return {}

    def item(row: Mapping[str, object]) -> Text:
        return words.bubbles.label_of(name=names[str(row["series"])], episode=dates.episode_text(row))

    ongoing = [item(row) for row in episodes.filter("ongoing").iter_rows(named=True)]
    top = episodes.sort("duration", descending=True, maintain_order=True).row(0, named=True)
    longest = {"item": item(top), "lasted": dates.duration_text(top["duration"])}
    going: Facts = {"answer.ongoing": {"items": ongoing}} if ongoing else {"answer.over": {}}
    return {**going, "answer.longest": longest}


def _chance(level: int, count: int, rejections: int) -> Facts:
    """Return how many of so many sound series would reject, and how likely as many as were found are."""
    from scipy.stats import binom

    share = 1 - level / 100
    values = {"n": count, "level": 100 - level, "expected": count * share, "k": rejections}
    if not rejections:
        return {"answer.chance_none": values}
    tail = float(binom.sf(rejections - 1, count, share))
    return {"answer.chance": values | {"p": tail}} if tail >= _RARE else {"answer.chance_rare": values}


def _power(dates: Timeline, tested: pl.DataFrame, level: int) -> Facts:
    """Return what bubble would have been found at the longest and the shortest length, and where that is little."""
    sizes = tested["observations"]
    power_by_size = [power_values(dates, int(size), level) for size in dict.fromkeys((sizes.max(), sizes.min()))]  # type: ignore[arg-type] # whole numbers
    powers = [power for power in power_by_size if power is not None]
    facts: Facts = {"answer.power": powers} if powers else {"answer.no_power": {}}
    if powers and tested["power"].null_count():
        facts["answer.other_power"] = {}
    short = tested.filter(pl.col("observations") < short_sample()).height
    return facts | ({"answer.short": {"k": short, "limit": short_sample()}} if short else {})


def _doubts(result: Bubbles, tested: pl.DataFrame) -> Facts:
    """Return how many series were not tested, and of how many the critical values do not allow for what they are."""
    rules = [problem.rule for problem in result.findings]
    facts: Facts = {}
    if untested_count := result.statistics.height - tested.height:
        facts["answer.left"] = {"k": untested_count}
    for name in ("autocorrelated", "drift"):
        if count := rules.count(f"bubbles-{name}"):
            facts[f"answer.{name}"] = {"k": count, "n": tested.height}
    return facts


class SeriesRow(TypedDict):
    """A row of the statistics; dates are of the caller's kind."""

    series: str
    status: str
    reason_zh: str
    reason_en: str
    first: object
    last: object
    observations: int
    lag: int
    minimum_window: int
    level: int
    significance: int | None
    adf: float
    sadf: float
    gsadf: float
    power: float | None


def series_sentences(result: Bubbles, row: SeriesRow, critical: pl.DataFrame) -> tuple[Text, ...]:
    """Return what stands behind the verdict on one series."""
    dates, name = result.timeline, result.names.text("series", row["series"])
    if row["status"] != "tested":
        return (words.bubbles.answer_not_tested(name=name, why=Text(zh=row["reason_zh"], en=row["reason_en"])),)
    head: Values = {
        "name": name,
        "first": dates.date(row["first"]),
        "last": dates.date(row["last"]),
        "n": row["observations"],
        "lag": row["lag"],
        "window": row["minimum_window"],
        "level": row["significance"],
    }
    sentences: list[Text] = [
        words.bubbles.explain_rejects(**head) if row["significance"] else words.bubbles.explain_calm(**head)
    ]
    for statistic in ("adf", "sadf", "gsadf"):
        limits = critical.filter(statistic=statistic).sort("level")["critical_value"].to_list()
        values = dict(zip(("low", "middle", "high"), limits, strict=True))
        sentences.append(words.bubbles.explain_statistic(statistic=statistic.upper(), value=row[statistic], **values))
    sentences += [
        words.by_key(f"bubbles.{key}", **values)
        for key, values in line_facts(pl.DataFrame([row], infer_schema_length=None)).items()
    ]
    episodes = result.episodes.filter(series=row["series"])
    sentences += [
        words.bubbles.explain_episode(
            episode=dates.episode_text(episode), lasted=dates.duration_text(episode["duration"])
        )
        for episode in episodes.iter_rows(named=True)
    ] or [words.bubbles.explain_none()]
    power = power_values(dates, row["observations"], row["level"]) if row["power"] is not None else None
    return (*sentences, *([words.bubbles.answer_power(**power)] if power else []))

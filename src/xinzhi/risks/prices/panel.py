"""The verb `panel_bubbles`: whether a whole panel explodes together, by a sieve bootstrap that keeps dependence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Literal, TypedDict, cast, get_args

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.arrays import AnyFrame, FloatArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.finding import Finding
from xinzhi.core.result import Facts, Result
from xinzhi.risks.prices.bubbles import refuse_all
from xinzhi.risks.prices.conventions import LEVELS, BubbleRules, setting, whole_number
from xinzhi.risks.prices.critical import at_level, sieve_panels
from xinzhi.risks.prices.recursive import (
    date_runs,
    episode_frame,
    minimum_window,
    pad_before_window,
    path_frame,
    recursive_adf,
    shortest_duration,
)
from xinzhi.risks.prices.series import (
    Episode,
    Series,
    Timeline,
    bubble_finding,
    excluded_series,
    read_series,
    series_names,
)
from xinzhi.risks.projects.places import place_text

PanelConvention = Literal["pointwise", "family-wise"]


class SieveOptions(TypedDict):
    """How panels are drawn."""

    window: int
    lag: int
    order: int
    draws: int
    seed: int


@dataclass(frozen=True, repr=False, kw_only=True)
class PanelBubbles(Result, verb="panel_bubbles", topic="bubbles", key=("date",)):
    """Explosive behaviour of a panel as a whole.

    A row of `frame` is a date: the mean BSADF of the series, null until the window is full; `statistics` has one row,
    `episodes` are as in `Bubbles`, ``signal`` by the mean of the series; `members` are the series tested together.
    """

    statistics: pl.DataFrame
    episodes: pl.DataFrame
    members: tuple[str, ...]
    findings: tuple[Finding, ...]

    @cached_property
    def timeline(self) -> Timeline:
        """Return the dates as places on a line of time."""
        return Timeline.from_dates(self.frame["date"])

    @property
    def leading_episode(self) -> Episode:
        """The episode that goes on, else the longest."""
        ongoing = self.episodes.filter("ongoing")
        longest = ongoing if ongoing.height else self.episodes.sort("duration", descending=True)
        return cast("Episode", longest.row(0, named=True))

    def facts(self) -> Facts:
        """Return whether the panel is explosive, when, by which critical values, and who could not take part."""
        row, dates = self.statistics.row(0, named=True), self.timeline
        values = {
            "n": row["series"],
            "first": dates.date(row["first"]),
            "last": dates.date(row["last"]),
            "gsadf": row["gsadf"],
            "level": row["level"],
            "p": row["p_value"],
            "limit": row[f"critical_{row['level']}"],
        }
        facts: Facts = {"answer.panel" if row["rejects"] else "answer.panel_calm": values}
        if self.episodes.height:
            facts["answer.panel_episodes"] = {
                "items": [dates.episode_text(episode) for episode in self.episodes.iter_rows(named=True)]
            }
        facts["answer.panel_line"] = {
            "convention": words.by_key(f"bubbles.convention.{row['convention']}.name"),
            "level": row["level"],
            "draws": f"{row['replications']:,}",
            "share": row["false_alarms"],
        }
        excluded = excluded_series(self.findings)
        if excluded:
            facts["answer.panel_left"] = {"k": len(excluded), "names": [place_text(code) for code in excluded]}
        return facts


def panel_bubbles(
    frame: AnyFrame,
    series: str,
    date: str,
    value: str,
    *,
    lag: int = 0,
    order: int | None = None,
    convention: PanelConvention = "pointwise",
    rules: BubbleRules | None = None,
) -> PanelBubbles:
    """Test all series of a frame as one panel for explosive behaviour, and date it.

    Parameters
    ----------
    frame, series, date, value, rules
        As in `bubbles`.
    lag
        Lagged differences in each regression.
    order
        Lags of the autoregression of the differences from which the bootstrap draws; ``lag + 1`` when none is given.
    convention
        What the mean BSADF is held against: its ``pointwise`` quantile (as exuber), or ``family-wise`` that of its
        largest.

    Raises
    ------
    InputError
        When fewer than two series can be tested over a common span.

    Notes
    -----
    Pavlidis and others (2016), Journal of Real Estate Finance and Economics 53(4), 419-449. Series that share no date
    with the rest cut the common span; those that cannot be tested are left out and named.

    Examples
    --------
    >>> walks = np.random.default_rng(2).standard_normal((40, 3)).cumsum(axis=0)
    >>> rows = pl.DataFrame({"s": ["a", "b", "c"] * 40, "t": [t for t in range(40) for _ in "abc"], "v": walks.ravel()})
    >>> found = panel_bubbles(rows, "s", "t", "v", rules=BubbleRules(draws=200))
    >>> found.statistics.select("series", "observations", "rejects").row(0)
    (3, 40, False)
    """
    rules = BubbleRules() if rules is None else rules
    lag = whole_number("lag", lag, least=0)
    order = lag + 1 if order is None else whole_number("order", order, least=0)
    if convention not in get_args(PanelConvention):
        raise UsageError("prices.one-of", name="convention", given=convention, allowed=get_args(PanelConvention))
    reading = read_series(frame, series, date, value, gaps=rules.gaps, zeros=rules.zeros)
    usable = [series_read for series_read in reading.series if not series_read.problem]
    findings = list(reading.findings)
    if not usable:
        refuse_all(findings)
    dates, table, cut = _common_dates(usable)
    if cut:
        ends = {"first": dates[0], "last": dates[-1], "count": len(dates)}
        findings.append(bubble_finding("prices.common-span", column=value, **ends))
    window = minimum_window(len(table)) if rules.minimum_window is None else rules.minimum_window
    statistics = recursive_adf(table, window=window, lag=lag)
    path = statistics.panel
    if np.isnan(path).any():
        flat = [usable[at].name for at in np.flatnonzero(np.isnan(statistics.bsadf).any(axis=0))]
        raise InputError("prices.panel-flat", findings, flat=flat)
    rule = setting("bootstrap")
    options: SieveOptions = {
        "window": window,
        "lag": lag,
        "order": order,
        "draws": int(rule["panel_replications"]) if rules.draws is None else rules.draws,
        "seed": int(rule["seed"]) if rules.seed is None else rules.seed,
    }
    draws = sieve_panels(table, **options)
    line = panel_line(draws, convention, rules.level)
    runs = []
    if rules.nonrejected or path.max() > np.quantile(draws.max(axis=0), LEVELS[at_level(rules.level)] / 100):
        shortest = shortest_duration(rules.minimum_duration, len(table))
        runs = date_runs(table.mean(axis=1), path, line, shortest=shortest)
    return PanelBubbles(
        frame=path_frame(
            dates, bsadf=pad_before_window(path, len(dates)), critical_value=pad_before_window(line, len(dates))
        ),
        provenance=reading.source.provenance("panel_bubbles", **(options | asdict(rules))),
        kind=reading.source.kind,
        names=series_names(series_read.name for series_read in reading.series),
        statistics=_statistics(path, draws, line, dates, rules.level, convention, len(usable), options),
        episodes=episode_frame(runs, dates).with_columns(
            pl.lit(rules.level, dtype=pl.Int64).alias("level"), pl.lit(convention).alias("convention")
        ),
        members=tuple(member.name for member in usable),
        findings=tuple(findings),
    )


def _common_dates(usable: Sequence[Series]) -> tuple[pl.Series, FloatArray, bool]:
    """Return the dates that all series share, their values `(T, N)`, and whether any was cut."""
    if len(usable) == 1:
        raise InputError("prices.panel-of-one", series=usable[0].name)
    shared = usable[0].dates
    for member in usable[1:]:
        shared = shared.filter(shared.is_in(member.dates.implode()))
    columns = []
    for member in usable:
        inside = member.dates.is_in(shared.implode()).arg_true()
        if len(shared) < setting("shortest") or int(inside[-1]) - int(inside[0]) + 1 != len(shared):
            ends = {"series": member.name, "first": member.dates[0], "last": member.dates[-1]}
            raise InputError("prices.panel-short", n=len(usable), shared=len(shared), **ends)
        columns.append(member.level[int(inside[0]) : int(inside[-1]) + 1])
    return shared, np.column_stack(columns), any(len(member.dates) > len(shared) for member in usable)


def panel_line(draws: FloatArray, convention: PanelConvention, level: int) -> FloatArray:
    """Return `(S,)`, what the mean BSADF is held against."""
    share = LEVELS[at_level(level)] / 100
    if convention == "pointwise":
        return np.asarray(np.quantile(draws, share, axis=1), dtype=np.float64)
    return np.full(len(draws), np.quantile(draws.max(axis=0), share))


def _statistics(
    path: FloatArray,
    draws: FloatArray,
    line: FloatArray,
    dates: pl.Series,
    level: int,
    convention: str,
    members: int,
    options: SieveOptions,
) -> pl.DataFrame:
    """Return the row of the panel."""
    top, most = float(path.max()), draws.max(axis=0)
    limits = np.quantile(most, np.array(LEVELS) / 100)
    row = {
        "gsadf": top,
        **{f"critical_{name}": float(limit) for name, limit in zip(LEVELS, limits, strict=True)},
        "p_value": float((1 + (most >= top).sum()) / (1 + len(most))),
        "rejects": bool(top > limits[at_level(level)]),
        "level": level,
        "convention": convention,
        "method": "sieve",
        "order": options["order"],
        "replications": options["draws"],
        "seed": options["seed"],
        "false_alarms": float((draws > line[:, None]).any(axis=0).mean()),
        "series": members,
        "observations": len(dates),
        "first": dates[0],
        "last": dates[-1],
        "lag": options["lag"],
        "minimum_window": options["window"],
    }
    return pl.DataFrame([row])

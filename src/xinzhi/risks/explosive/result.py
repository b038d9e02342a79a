"""What the verb `bubbles` returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import polars as pl

from xinzhi.core.errors import UsageError
from xinzhi.core.result import Result
from xinzhi.risks.explosive.words import explain_series, summarise

if TYPE_CHECKING:
    from xinzhi.core.finding import Finding
    from xinzhi.core.text import Language
    from xinzhi.risks.explosive.critical import Convention


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
    """

    series: str
    row: dict[str, object]
    critical: pl.DataFrame
    episodes: pl.DataFrame

    def text(self, language: Language = "en") -> str:
        """Return the explanation in words."""
        return explain_series(self.row, self.critical, self.episodes, language)

    def __str__(self) -> str:
        return self.text()


@dataclass(frozen=True, repr=False, kw_only=True)
class Bubbles(Result):
    """Explosive behaviour of many series.

    Parameters
    ----------
    frame
        ``series, date, value, badf, bsadf, critical_value, explosive``: one row a series and date that was tested; the
        statistics are null until the smallest window is full. `explosive`: BSADF passes the critical value there,
        whether or not the series as a whole rejects.
    statistics
        One row a series, in the order of the input: ``series, adf, sadf, gsadf, observations, first, last, lag,
        minimum_window, critical_value`` (of GSADF at `level`), ``rejects, significance`` (strictest level at which it
        does), ``level, convention, method, replications, seed, false_alarms`` (share of random walks in which the line
        is passed somewhere), ``power, power_gentle`` (share of bubbles that GSADF finds at this length: that of the
        paper, and one that grows a quarter as fast), ``autocorrelation`` (of the residuals on the whole sample, first
        order), ``drift`` (t of the mean step), ``skipped`` (windows without a statistic), ``status`` (``tested``, or
        why not), ``reason_zh, reason_en``.
    episodes
        ``series, start, peak, last, end, duration, ongoing, signal, rejects, level, convention, method``: `end` is the
        first date after the episode, null where it is ongoing; `signal` is ``positive`` for a rise, ``negative`` for
        an accelerating fall.
    critical
        ``series, statistic, level, critical_value``: of ADF, SADF and GSADF.
    findings
        What was found in the series.
    convention, level
        Of the line that BSADF is held against.
    """

    key: ClassVar[tuple[str, ...]] = ("series", "date")

    statistics: pl.DataFrame
    episodes: pl.DataFrame
    critical: pl.DataFrame
    findings: tuple[Finding, ...]
    convention: Convention
    level: int

    def summary(self, language: Language = "en") -> str:
        """Return who is explosive and since when, by which critical values, and what the test could have missed."""
        return summarise(self.statistics, self.episodes, self.findings, language) + f"\n{self.provenance.foot()}"

    def explain(self, series: str) -> BubbleExplanation:
        """Return what stands behind the verdict on one series.

        Parameters
        ----------
        series
            Its name.

        Raises
        ------
        UsageError
            When there is no such series.
        """
        rows = self.statistics.filter(series=str(series))
        if not rows.height:
            known = ", ".join(self.statistics["series"].head(8).to_list())
            message = f"no series '{series}' among {self.statistics.height}: {known}"
            raise UsageError(message)
        return BubbleExplanation(
            series=str(series),
            row=rows.row(0, named=True),
            critical=self.critical.filter(series=str(series)).drop("series"),
            episodes=self.episodes.filter(pl.col("series") == str(series)),
        )

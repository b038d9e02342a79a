"""The verb `forecast`: the chance that each absent activity enters each place next, and whether relatedness tells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.arrays import AnyFrame
from xinzhi.core.errors import UsageError
from xinzhi.core.facts import Fact
from xinzhi.core.finding import Finding
from xinzhi.core.provenance import provenance
from xinzhi.core.result import Result
from xinzhi.data.package import Package
from xinzhi.pathways.complexity.cells import PeriodT, cell_frame, read_panel
from xinzhi.pathways.conventions import conventions, setting
from xinzhi.pathways.entry.backtest import candidates, draws, explained, measures, ordered
from xinzhi.pathways.entry.models import OWN, AdditiveLogit, Score, Span, available, fit_ours, score, traits
from xinzhi.pathways.industries import jobs, nearness, years_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Skill:
    """Average precision of a model and of the quotient on entries between two years, with the interval between them.

    `beats` is true where the whole interval is above zero. Both rank the same cells as of `start`; neither has seen
    what entered by `end`. `industries` are ranked, of which `services` are sections of services.
    """

    industries: int
    services: int
    start: int
    end: int
    candidates: int
    entries: int
    value: float
    quotient: float
    low: float
    high: float

    @property
    def beats(self) -> bool:
        """Whether the model is better than the quotient beyond chance."""
        return self.low > 0

    def answer(self) -> Iterator[Fact]:
        """Yield what the test says, as the first line of a page."""
        if self.beats:
            yield words.pathways.headline_skill(
                start=self.start,
                end=self.end,
                value=self.value,
                quotient=self.quotient,
                low=self.low,
                high=self.high,
            )
            return
        yield words.pathways.headline_no_skill(
            industries=self.industries,
            services=self.services,
            start=self.start,
            end=self.end,
            candidates=self.candidates,
            entries=self.entries,
            value=self.value,
            quotient=self.quotient,
            low=self.low,
            high=self.high,
            worse=self.high < 0,
        )


class Evidence(Protocol):
    """What a page says where nothing can be recommended: what plans name, and what evidence shows (`choices`)."""

    def evidence(self) -> Iterable[Fact]:
        """Return what evidence says as a whole."""


def entry_skill(package: Package, last: int, horizon: int | None = None, *, verb: str = "plan") -> Skill | None:
    """Return how relatedness density does on the entries of the years up to `last`, beside the plain location quotient.

    Parameters
    ----------
    package
        With `activity`.
    last
        The year by which activities entered.
    horizon
        Over how many years; None: that of the plan in ``pathways.yaml``.
    verb
        Who asks, for messages.

    Returns
    -------
    Skill or None
        None where the years or the entries are too few to tell.

    Examples
    --------
    >>> import xinzhi
    >>> entry_skill(xinzhi.load("china-provinces"), 2016).beats
    False
    """
    years = years_of(package.require("activity", ["region", "industry", "year", "employment"], verb=verb))
    start = last - (int(setting("plan.horizon")) if horizon is None else horizon)
    if start not in years:
        return None
    before, after = (nearness(jobs(package, year, verb=verb)[0]) for year in (start, last))
    if (before.places, before.industries) != (after.places, after.industries):
        return None
    rows, columns = np.nonzero(~before.present)
    entered = after.present[rows, columns]
    rules = conventions("backtest")
    if min(entered.sum(), (~entered).sum()) < int(rules["fewest"]):
        return None
    n = len(before.places)
    weights = np.vstack([np.ones(n), draws(n, int(rules["draws"]), 0)])
    model, baseline = (
        measures(ordered(entered, score[rows, columns], rows, n), weights)["average_precision"]
        for score in (before.density, before.quotient)
    )
    edge = (1 - float(rules["level"])) / 2
    low, high = np.quantile((model - baseline)[1:], [edge, 1 - edge]).tolist()
    divisions = sum(code.isdigit() for code in before.industries)
    return Skill(
        industries=len(before.industries),
        services=len(before.industries) - divisions if divisions else 0,
        start=start,
        end=last,
        candidates=len(rows),
        entries=int(entered.sum()),
        value=float(model[0]),
        quotient=float(baseline[0]),
        low=low,
        high=high,
    )


_SHOWN = 3


@dataclass(frozen=True, repr=False, kw_only=True)
class Forecast(Result, verb="forecast", topic="pathways", key=("place", "activity")):
    """Chances of entry over a span as long as the one that was learned from, a row for each candidate.

    The base rate is the share of all candidates that entered in the span learned from; `model` is ``additive_logit`` or
    ``blend``.
    """

    model: Score
    findings: tuple[Finding, ...]
    fitted: AdditiveLogit
    span: Span
    axes: tuple[tuple[str, ...], tuple[str, ...]]

    def answer(self) -> Iterator[Fact]:
        """Yield the likeliest entries and the base rate."""
        industry, region = partial(self.names.text, "industry"), self.names.region
        best = self.frame.sort("probability", descending=True).head(_SHOWN)
        top = [
            words.pathways.summary_entry(activity=industry(activity), place=region(place), chance=chance)
            for activity, place, chance in best.select("activity", "place", "probability").iter_rows()
        ]
        yield words.pathways.summary_forecast(n=self.frame.height, base=self.frame["base_rate"][0], top=top)

    def explain(self, place: str, activity: str) -> pl.DataFrame:
        """Return ``trait, label_zh, label_en, value, log_odds``: what speaks for and against an entry."""
        rows = self.frame.with_row_index("at").filter((pl.col("place") == place) & (pl.col("activity") == activity))
        if not rows.height:
            raise UsageError("pathways.no-forecast", activity=activity, place=place)
        return explained(self.fitted, self.span, int(rows["at"][0]))


def forecast(
    frame: AnyFrame,
    *,
    place: str,
    activity: str,
    value: str,
    period: str,
    train: tuple[PeriodT, PeriodT],
    at: PeriodT | None = None,
    model: Score | None = None,
) -> Forecast:
    """Learn from what entered in one span and return the chances of entry after a later date.

    Parameters
    ----------
    frame, place, activity, value, period
        One row per place, activity and period. The others name its columns.
    train
        First and last period of the span to learn from; the forecast reaches as far beyond `at`.
    at
        The date to look ahead from; None: the end of `train`.
    model
        None: the blend with scikit-learn, else the additive logit.

    Examples
    --------
    >>> import xinzhi
    >>> jobs = xinzhi.load("china-provinces").tables["activity"]
    >>> found = forecast(jobs, place="region", activity="industry", value="employment", period="year",
    ...                  train=(2006, 2011), at=2016, model="additive_logit")
    >>> bool(found.frame["probability"].is_between(0, 1).all())
    True
    """
    date = train[1] if at is None else at
    if not train[0] < train[1] <= date:
        raise UsageError("pathways.forecast-span", train=f"{train}", date=date)
    best: Score = "blend" if "blend" in available() else "additive_logit"
    score_name = best if model is None else model
    if score_name not in OWN:
        raise UsageError("pathways.unknown-option", option="model", value=score_name, choices=OWN)
    panel = read_panel(frame, place=place, activity=activity, value=value, period=period, periods=(*train, date))
    training = candidates(panel.values[train[0]], panel.values[train[1]], traits(panel.values[train[0]]), 1.0)
    current = candidates(panel.values[date], None, traits(panel.values[date]), 1.0)
    chance = score(score_name, training, current)
    base = np.full(len(chance), training.entered.mean())
    table = cell_frame(
        panel, current.rows, current.columns, advantage=current.traits["rca"], probability=chance, base_rate=base
    )
    return Forecast(
        frame=table,
        model=score_name,
        findings=panel.findings,
        fitted=fit_ours(training),
        span=current,
        axes=(panel.places, panel.activities),
        kind=panel.kind,
        provenance=provenance("forecast", panel, train=train, at=date, model=score_name),
    )

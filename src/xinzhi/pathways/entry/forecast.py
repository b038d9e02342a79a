"""The verb `forecast`: the chance that each absent activity enters each place next, with what speaks for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from xinzhi.core.arrays import AnyFrame
from xinzhi.core.errors import UsageError
from xinzhi.core.finding import Finding
from xinzhi.core.result import Facts, Result
from xinzhi.core.text import words
from xinzhi.data import provenance
from xinzhi.pathways.complexity.cells import cell_frame, read_panel
from xinzhi.pathways.entry.backtest import candidates, explained
from xinzhi.pathways.entry.models import OWN, AdditiveLogit, Score, Span, available, fit_ours, score, traits

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
    asked: Span
    axes: tuple[tuple[str, ...], tuple[str, ...]]

    def facts(self) -> Facts:
        """Return the likeliest entries and the base rate."""
        top = [
            words(
                "pathways.summary.entry",
                activity=self.names.text("industry", row["activity"]),
                place=self.names.region(row["place"]),
                chance=row["probability"],
            )
            for row in self.frame.sort("probability", descending=True).head(_SHOWN).iter_rows(named=True)
        ]
        return {"summary.forecast": {"n": self.frame.height, "base": self.frame["base_rate"][0], "top": top}}

    def explain(self, place: str, activity: str) -> pl.DataFrame:
        """Return ``trait, label_zh, label_en, value, log_odds``: what speaks for and against an entry."""
        rows = self.frame.with_row_index("at").filter((pl.col("place") == place) & (pl.col("activity") == activity))
        if not rows.height:
            raise UsageError("pathways.no-forecast", activity=activity, place=place)
        return explained(self.fitted, self.asked, int(rows["at"][0]))


def forecast(
    frame: AnyFrame,
    *,
    place: str,
    activity: str,
    value: str,
    period: str,
    train: tuple[Any, Any],
    at: Any = None,  # noqa: ANN401 - a period, of whatever kind the column is
    model: Score | None = None,
) -> Forecast:
    """Learn from what entered in one span and return the chances of entry after a later date.

    Parameters
    ----------
    frame
        One row per place, activity and period.
    place, activity, value, period
        Names of its columns.
    train
        First and last period of the span to learn from; the forecast reaches as far beyond `at`.
    at
        The date to look ahead from; None: the end of `train`.
    model
        None: the blend with scikit-learn, else the additive logit.

    Raises
    ------
    UsageError
        When a column, a period or the model is unknown.
    InputError
        When the input cannot be used.

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
    chosen: Score = ("blend" if "blend" in available() else "additive_logit") if model is None else model
    if chosen not in OWN:
        raise UsageError("pathways.unknown-option", option="model", value=chosen, choices=OWN)
    panel = read_panel(
        frame, place=place, activity=activity, value=value, period=period, periods=(*train, date)
    )  # fmt: skip
    known = candidates(panel.values[train[0]], panel.values[train[1]], traits(panel.values[train[0]]), 1.0)
    asked = candidates(panel.values[date], None, traits(panel.values[date]), 1.0)
    chance = score(chosen, known, asked)
    base = np.full(len(chance), known.entered.mean())
    table = cell_frame(
        panel, asked.rows, asked.columns, advantage=asked.traits["rca"], probability=chance, base_rate=base
    )
    return Forecast(
        frame=table,
        model=chosen,
        findings=panel.findings,
        fitted=fit_ours(known),
        asked=asked,
        axes=(panel.places, panel.activities),
        kind=panel.kind,
        provenance=provenance("forecast", panel, train=train, at=date, model=chosen),
    )

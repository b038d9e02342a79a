"""What `goals` returns: what each growth target requires of TFP, the region's own targets, and the record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, Self

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.facts import Fact
from xinzhi.core.result import Result
from xinzhi.core.text import Text, span_text
from xinzhi.yardstick.goals.arithmetic import convention

SCENARIOS = ("in_step", "level")
FIXED = "given"
Row = dict[str, Any]
Side = Literal["above", "partly", "within", "below", "eased"]


@dataclass(frozen=True, repr=False, kw_only=True)
class Goals(Result, verb="goals", topic="goals", key=("region", "document", "reading", "scenario")):
    """What growth targets require of total factor productivity; growth in log points a year.

    `frame` has a row for every region, document (``plan``, ``report``, or ``given`` for a rate of the caller's own),
    reading of its range (``low`` its lower end, ``middle``) and scenario: ``in_step``, investment grows as the target
    does; ``level``, it keeps the real level of the base year; ``given``, as the caller says. `required` is TFP growth
    that the target leaves to it, `measured` that of `span`, `gap` their difference, each with the interval of joint
    draws; `needed_investment` is real growth of investment in percent that would do instead; `past_share` the part of
    five-year spans since 2008 in which TFP sped up by as much. `headline` marks what leads: the plan, or else the
    report. An accounting identity, no forecast.

    `targets` is the ledger of the region's own targets; `misses` counts missed growth targets by year, `record` by
    what would have been said of them, `order` compares the gap with a simple rule, `accelerations` says how often TFP
    has sped up by how much, and `nation` sets the sum of the targets beside the nation's own.
    """

    targets: pl.DataFrame
    misses: pl.DataFrame
    record: pl.DataFrame
    order: pl.DataFrame
    accelerations: pl.DataFrame
    nation: pl.DataFrame
    region: str | None
    base: int
    years: int
    span: tuple[int, int]
    level: float
    rule: str
    last_labour: int

    @property
    def required(self) -> pl.DataFrame:
        """What each growth target requires: the frame."""
        return self.frame

    @cached_property
    def headline(self) -> pl.DataFrame:
        """The rows that lead, the regions in order of their codes, both scenarios of each."""
        return self.frame.filter("headline")

    def about(self, region: str | None) -> Self:
        """Return the result about one region."""
        if region is None:
            return self
        return replace(
            self, region=region, frame=self.frame.filter(region=region), targets=self.targets.filter(region=region)
        )

    def of_region(self, region: str) -> dict[str, Row]:
        """Return the leading rows of a region by scenario; empty where it has no target."""
        rows = self.headline.filter(region=region).iter_rows(named=True)
        return {row["scenario"]: row for row in rows}

    @property
    def middle(self) -> pl.DataFrame:
        """The rows on the target or the middle of its range."""
        return self.frame.filter(reading="middle")

    @property
    def ledger(self) -> pl.DataFrame:
        """The ledger of one region that is asked for; of several it is left to the table of targets."""
        return self.targets if self.region is not None else self.targets.clear()

    @property
    def followed(self) -> pl.DataFrame:
        """The targets of one region that a series of the package follows."""
        return self.ledger.filter(pl.col("state") != "no_data")

    @property
    def overview(self) -> pl.DataFrame:
        """What leads, a row for every region: target, required growth by scenario, and measured growth."""
        index = ["region", "low", "high", "measured"]
        return self.headline.pivot("scenario", index=index, values="required")

    @property
    def gaps(self) -> pl.DataFrame:
        """The gap of every region with investment in step, where there are several."""
        rows = self.headline.filter(scenario=SCENARIOS[0])
        return rows if self.region is None else rows.clear()

    @property
    def scenarios(self) -> pl.DataFrame:
        """Measured and required growth of the region that is asked for, with intervals."""
        schema = {"item": pl.String, "value": pl.Float64, "low": pl.Float64, "high": pl.Float64}
        rows = {} if self.region is None else self.of_region(self.region)
        lines: list[tuple[str, float | None, float | None, float | None]] = []
        for scenario, row in rows.items():
            if not lines:
                lines.append(("measured", row["measured"], row["measured_low"], row["measured_high"]))
            lines.append((scenario, row["required"], row["required_low"], row["required_high"]))
        return pl.DataFrame(lines, schema=schema, orient="row").drop_nulls("value")

    @property
    def remarks(self) -> tuple[Text, ...]:
        """What was assumed, and which simple rule orders misses better."""
        words_of_rule = {
            "population": words.goals.note_outlook,
            "trend": words.goals.note_trend,
            FIXED: words.goals.note_set,
        }
        notes: list[Text] = [words_of_rule[self.rule](base=self.base), words.goals.note_log()]
        areas = dict(self.order.iter_rows())
        if areas and areas["simple"] > areas["gap"]:
            notes.append(words.goals.note_simple(simple=areas["simple"], gap=areas["gap"]))
        return tuple(notes)

    def answer(self) -> Iterator[Fact]:
        """Yield what the target requires, how sure it is, and what it does not mean."""
        if self.region is not None:
            yield from self.requirement(self.region)
            yield from self.context(self.region)
        else:
            yield from self._all()
        yield from self.meaning()

    def requirement(self, region: str) -> Iterator[Fact]:
        """Yield the target of a region, and the growth of TFP that it requires."""
        rows, name = self.of_region(region), self.names.region(region)
        if not rows:
            yield words.goals.answer_no_target(name=name)
            return
        first = next(iter(rows.values()))
        yield words.goals.answer_target(name=name, target=target_text(first))
        if FIXED in rows:
            yield words.goals.headline_given(growth=first["investment_growth"], required=first["required"])
        else:
            step, level = (rows[scenario]["required"] for scenario in SCENARIOS)
            yield words.goals.headline_requires(in_step=step, level=level, base=self.base)

    def context(self, region: str) -> Iterator[Fact]:
        """Yield measured growth beside what is required, which investment would do, and how often TFP did as much."""
        rows = self.of_region(region)
        first = next(iter(rows.values()), None)
        if first is None or first["measured"] is None:
            return
        span, value = span_text(*self.span), first["measured"]
        if first["measured_low"] is None:
            yield words.goals.answer_measured_plain(span=span, value=value)
        else:
            low, high = first["measured_low"], first["measured_high"]
            yield words.goals.answer_measured(span=span, value=value, low=low, high=high)
        side = gap_side(rows)
        if side is not None:
            yield words.goals.side_of(side)
        investment = first["needed_investment"]
        if investment is not None and investment >= 0:
            yield words.goals.answer_investment(value=investment)
        elif investment is not None:
            yield words.goals.answer_investment_fall(value=-investment)
        if first["past_share"] is not None and first["gap"] > 0:
            yield words.goals.answer_accelerated(
                since=convention("record.accelerations_from"), share=first["past_share"]
            )

    def _all(self) -> Iterator[Fact]:
        """Yield the median of what is required, and where that is significantly above measured growth."""
        by_scenario = {name: rows for (name,), rows in self.headline.group_by("scenario", maintain_order=True)}
        if FIXED in by_scenario:
            rows = by_scenario[FIXED]
            yield words.goals.answer_all_given(n=rows.height, required=_median(rows))
            return
        step, level = (by_scenario[scenario] for scenario in SCENARIOS)
        yield words.goals.answer_all(n=step.height, in_step=_median(step), level=_median(level))
        if step["gap_low"].null_count() < step.height:
            above = step.filter(pl.col("gap_low") > 0)["region"].to_list()
            names = [self.names.region(region) for region in above]
            yield words.goals.headline_above(names=names) if names else words.goals.headline_none_above()
            yield words.goals.answer_above_level(n=level.filter(pl.col("gap_low") > 0).height)
        for row in self.nation.drop_nulls(["weighted", "low"]).iter_rows(named=True):
            percent = {name: None if row[name] is None else 100 * row[name] for name in ("low", "high")}
            yield words.goals.answer_nation(
                weighted=row["weighted"], target=range_text(percent["low"], percent["high"]), year=row["year"]
            )

    def meaning(self) -> Iterator[Fact]:
        """Yield that this is an identity and no forecast, with the record of such targets."""
        yield words.goals.answer_identity()
        rates = {(row["scenario"], row["verdict"]): row["share"] for row in self.record.iter_rows(named=True)}
        above, pooled = rates.get((SCENARIOS[0], "above")), rates.get((SCENARIOS[0], "all"))
        if above is not None and pooled is not None:
            yield words.goals.answer_record(above=above, all=pooled)


def _median(rows: pl.DataFrame) -> float:
    """Return the median of what is required."""
    return float(np.median(rows["required"].to_numpy()))


def range_text(low: float | None, high: float | None) -> Text:
    """Return a target in percent as it is written: one figure, or a range."""
    figure = f"{low:g}"
    return (
        words.goals.target_one(low=figure) if high is None else words.goals.target_range(low=figure, high=f"{high:g}")
    )


def target_text(row: Row) -> Text:
    """Return the target of a row with its document."""
    target = range_text(row["low"], row["high"])
    if row["document"] == FIXED:
        return words.goals.source_given(target=target)
    if row["document"] == "report":
        return words.goals.source_report(target=target, year=row["document_year"])
    span = span_text(row["start"], row["end"])
    if row["document"] == "outline":
        return words.goals.source_outline(target=target, span=span)
    return words.goals.source_plan(target=target, span=span, year=row["document_year"])


def gap_side(rows: Mapping[str, Row]) -> Side | None:
    """Return in which scenarios more, or less, than measured is required; None where nothing is drawn."""
    gaps = list(rows.values())
    if any(row["gap_low"] is None for row in gaps):
        return None
    above = [row["gap_low"] > 0 for row in gaps]
    below = [row["gap_high"] < 0 for row in gaps]
    if any(above):
        return "above" if all(above) else "partly"
    if any(below):
        return "below" if all(below) else "eased"
    return "within"

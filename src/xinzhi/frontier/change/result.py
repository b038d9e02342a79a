"""The result of measuring productivity change."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.errors import UsageError
from xinzhi.core.facts import Fact
from xinzhi.core.names import arrangement
from xinzhi.core.result import Facts
from xinzhi.core.schema import Column, text_columns
from xinzhi.core.text import Text, clauses, number, span_text
from xinzhi.frontier.change.panel import Failure
from xinzhi.frontier.change.points import IndexPoints, part_text
from xinzhi.frontier.lines import Lines, first_lines
from xinzhi.frontier.unit_names import good_text, rts_text

_INTERVAL = ("index_lower", "index_upper", "index_error")
_SHOWN = 3
_ROLES = {"inputs": "inputs", "outputs": "outputs", "bads": "bad"}
_ROUNDING = 1e-6  # points: capital and labour that grow alike weigh alike


@dataclass(frozen=True, repr=False, kw_only=True)
class ProductivityChange(IndexPoints, verb="productivity_change", key=("unit", "period")):
    """Productivity change of units: a row for each unit and pair of adjacent periods, `period` the later one.

    Indices are ratios, above one for progress; the Luenberger indicator is a difference, above zero for progress, and
    its parts add up (`additive`). What needs a program without a solution is null, and `status` names the program;
    `failures` has its verdict by unit and period.

    `levels` has a row for each observation against its own technology: efficiencies, inefficiencies of directional
    measures, or O'Donnell's levels. `distances` has a row for each distance behind the index, Shephard output, Farrell
    input or directional; none for fixed weights. `left_out` has the observations that follow a gap, so that no pair
    ends with them. `weights` has a row for each good of a Färe-Primont or Lowe index; a range says that the shadow
    price is not unique. `programs` counts linear programs, rows and columns of the largest, and those that the general
    solver took. `accounts` has the growth accounts of the same output, capital and labour, where they were measured, in
    log points: ``unit, period``, the growth of each, ``human_capital_contribution``, ``labour_share, tfp_growth``.
    """

    distances: pl.DataFrame
    left_out: pl.DataFrame
    weights: pl.DataFrame | None
    programs: dict[str, int]
    failures: dict[tuple[object, object], list[Failure] | None] = field(default_factory=dict)

    def cumulative(self) -> pl.DataFrame:
        """Return ``unit, period`` and index and parts chained from the first period of each unbroken run.

        A change that could not be computed leaves the rest of its run null: a chain with a link missing says nothing.
        """
        names = ["index", *self.parts]
        follows = self.frame.select("unit", pl.col("period").rank("dense").cast(int).alias("at"))
        run = ((follows["at"].diff() != 1) | (follows["unit"] != follows["unit"].shift(1))).fill_null(value=True)
        columns = []
        for name in names:
            chain = pl.col(name).cum_sum() if self.additive else pl.col(name).cum_prod()
            broken = pl.col(name).is_null().cast(int).cum_sum() > 0
            columns.append(pl.when(~broken.over("run")).then(chain.over("run")).alias(name))
        return self.frame.with_columns(run.cum_sum().alias("run")).select("unit", "period", *columns)

    def mean(self) -> pl.DataFrame:
        """Return ``period, pairs``, and the mean of index and parts over the pairs that have them all.

        Means are geometric, or arithmetic if additive, so that the mean parts make up the mean index.
        """
        names = ["index", *self.parts]
        means = [pl.col(name).mean() if self.additive else pl.col(name).log().mean().exp() for name in names]
        return self.frame.drop_nulls(names).group_by("period").agg(pl.len().alias("pairs"), *means).sort("period")

    def explain(self, unit: object, period: object) -> pl.DataFrame:
        """Return every distance behind one number; `UsageError` when there is no such row."""
        rows = self.distances.filter((pl.col("unit") == unit) & (pl.col("period") == period))
        if self.frame.filter((pl.col("unit") == unit) & (pl.col("period") == period)).is_empty():
            raise UsageError("frontier.no-change", unit=unit, period=period)
        return rows

    def reason(self, unit: object, period: object) -> Text:
        """Return in words which programs of a pair have no solution."""
        parts = self.failures.get((unit, period))
        if parts is None:
            return words.frontier.answer_no_program()
        texts = []
        for verdict, x, y, rts, (span, group) in parts:
            values = {"verdict": words.frontier.status_of(f"{verdict}_short"), "x": x, "y": y, "rts": rts_text(rts)}
            key = "frontier.answer.against" if x == y else "frontier.answer.mixed"
            texts.append(words.by_key(key, name=f"{span} ({group})" if group else span, **values))
        return clauses(texts)

    @property
    def writers(self) -> Mapping[str, Callable[[str], Text | None]]:
        """What units, goods and their roles are called."""
        return {**super().writers, "role": words.frontier.chart_of}

    def column(self, name: str, frame: str = "frame") -> Column:
        """Return the description of a column; of a named frame in its own unit, under the name of the index."""
        if frame == "chains.by_period":
            return self.chains.column(name)
        titles = {"index": self.index_name, **self.stack_names}
        if frame == "interval_rows" and name.startswith("index"):
            end = name.removeprefix("index_")
            return Column(name=name, title=titles.get(name) or words.frontier.column_of(end), kind="score")
        if frame not in {"unit_means", "period_means", "accounts_means"} or name in {"unit", "period"}:
            return super().column(name, frame)
        if name == "group":
            return Column(name=name, title=words.frontier.column_group(), kind="name")
        if name == "pairs":
            return Column(name=name, title=words.frontier.column_pairs(), kind="integer")
        titles |= {part: part_text(part) for part in self.parts}
        titles |= {"tfp_growth": words.frontier.column_accounts(), "difference": words.frontier.column_difference()}
        unit = self.period_unit if frame == "period_means" else self.mean_unit
        return Column(name=name, title=titles[name], kind="points", unit=unit)

    @property
    def mean_unit(self) -> Text:
        """The unit of means over periods."""
        return (words.frontier.unit_of_mean_sum if self.additive else words.frontier.unit_of_mean_change)(per=self.per)

    @property
    def period_unit(self) -> Text:
        """The unit of means over units."""
        return words.frontier.unit_of_period_sum() if self.additive else words.frontier.unit_of_period_change()

    @cached_property
    def unit_means(self) -> pl.DataFrame:
        """``unit, pairs``, the mean points of index and parts, and ``group`` where units have one, highest first."""
        frame = self.with_groups(self.mean_points("unit"))
        first = [name for name in ("unit", "group") if name in frame.columns]
        return frame.select(*first, pl.exclude(first))

    @cached_property
    def period_means(self) -> pl.DataFrame:
        """``period, pairs`` and the mean points of index and parts; without rows where there is one period."""
        frame = self.mean_points("period")
        return frame if frame.height > 1 else frame.clear()

    @property
    def stacked_periods(self) -> pl.DataFrame:
        """`period_means` where the index has parts that are stacked."""
        return self.period_means if self.stack else self.period_means.clear()

    @property
    def plain_periods(self) -> pl.DataFrame:
        """`period_means` where it has none."""
        return self.period_means.clear() if self.stack else self.period_means

    @property
    def period_headline(self) -> Fact:
        """The periods in which the index rose most and least."""
        rows = self.period_means.sort("index", descending=True).select("period", "index").rows()
        (first, most), (last, least) = rows[0], rows[-1]
        name, unit = self.index_name, self.sign
        return words.frontier.headline_by_period(index=name, unit=unit, first=first, most=most, last=last, least=least)

    @property
    def tiles(self) -> Mapping[str, Sequence[object]]:
        """Where the units stand on a map of tiles; nothing where no map holds them all."""
        return arrangement(self.points["unit"].unique().to_list())

    @property
    def tile_values(self) -> pl.DataFrame:
        """``code, mean_index``: the mean index of the units on a map; without rows where there is no map."""
        frame = self.unit_means.select(code="unit", mean_index="index")
        return frame if self.tiles else frame.clear()

    @property
    def tile_headline(self) -> Fact:
        """Where the index rose most and least."""
        rows = self.unit_means.select("unit", "index").rows()
        (first, most), (last, least) = rows[0], rows[-1]
        ends = {"first": self.names.region(first), "last": self.names.region(last)}
        return words.frontier.headline_map(index=self.index_name, unit=self.sign, most=most, least=least, **ends)

    @cached_property
    def chains(self) -> Lines:
        """The index chained from the first period: of the chosen unit with its parts, of groups, or of the mean."""
        suffix = "_sum" if self.additive else ""
        unit = words.frontier.unit_of_of(f"cumulated{suffix}", start=self.first)
        if not self.complete.height or not self.frame["period"].dtype.is_numeric():
            return Lines(frames={}, kind="quantity", unit=unit)
        frames = self._group_chains() if self.labels.unit is None else {}
        if not frames:
            rows = self.mean_points("period")
            if self.labels.unit is not None:
                rows = self.points.filter(pl.col("unit") == self.labels.unit).sort("period")
            names = {"index": self.index_name, **self.stack_names}
            frames = {text: self._chain(rows, name) for name, text in names.items()}
        return Lines(frames=first_lines(frames), kind="quantity", unit=unit)

    def _group_chains(self) -> dict[Text, pl.DataFrame]:
        """Return the chained mean index of each group; none without groups."""
        groups = dict.fromkeys(self.labels.groups[unit] for unit in self.codes if unit in self.labels.groups)
        if not groups:
            return {}
        means = self.with_groups(self.complete).group_by("group", "period").agg(pl.col("index").mean()).sort("period")
        return {group: self._chain(means.filter(pl.col("group") == group.en), "index") for group in groups}

    def _chain(self, rows: pl.DataFrame, name: str) -> pl.DataFrame:
        """Return ``period, value`` from the first period on; what follows an unknown change is unknown."""
        level = rows[name].fill_null(0.0).cum_sum()
        values = level if self.additive else pl.Series(100 * np.exp(level.to_numpy() / 100))
        unknown = rows[name].is_null().cum_sum() > 0
        chain = rows.select("period", value=pl.when(~unknown).then(values))
        start = pl.DataFrame({"period": [self.first], "value": [self.chain_start]})
        return pl.concat([start, chain], how="vertical_relaxed")

    @property
    def chain_start(self) -> float:
        """Where a chain begins."""
        return 0.0 if self.additive else 100.0

    @property
    def chain_title(self) -> Fact:
        """Whose chains they are."""
        if self.labels.unit is None:
            return words.frontier.title_cumulated_all()
        return words.frontier.title_cumulated(name=self.names.region(self.labels.unit))

    @property
    def chain_headline(self) -> Fact | None:
        """Where each chain ends; None where there is no second period."""
        points = self.chains.points.drop_nulls("value")
        if self.chains.points["period"].n_unique() <= 1:
            return None
        ends = {name: frame["value"].drop_nulls() for name, frame in self.chains.frames.items()}
        parts = [words.frontier.chart_end(name=name, value=number(values[-1], 1)) for name, values in ends.items()]
        headline = words.frontier.headline_cumulated_sum if self.additive else words.frontier.headline_cumulated
        return headline(start=self.first, end=points["period"].sort()[-1], parts=parts)

    @property
    def interval_rows(self) -> pl.DataFrame:
        """The index with its bootstrap interval and error; without rows where there was no bootstrap."""
        names = ("unit", "period", "index", *_INTERVAL)
        rows = self.frame.select(
            pl.col(name) if name in self.frame.columns else pl.lit(0.0).alias(name) for name in names
        )
        return rows if "index_lower" in self.frame.columns else rows.clear()

    @property
    def last_intervals(self) -> pl.DataFrame:
        """``unit, value, low, high``: index and interval of the last period in points, highest first."""
        rows = self.interval_rows.drop_nulls(("index", "index_lower", "index_upper"))
        rows = rows.filter(pl.col("period") == pl.col("period").max()).sort("index", descending=True)
        ends = {"value": "index", "low": "index_lower", "high": "index_upper"}
        return rows.select("unit", **{name: _to_points(column) for name, column in ends.items()})

    @property
    def percent_level(self) -> str:
        """The level of the intervals in percent."""
        return f"{100 * float(self.provenance.options.get('confidence', 0.95)):g}"

    @property
    def interval_title(self) -> Fact:
        """Of which period the intervals are."""
        return words.frontier.title_intervals(period=self.interval_rows.drop_nulls()["period"].sort()[-1])

    @property
    def interval_headline(self) -> Fact:
        """How many changes have an interval that leaves out zero."""
        rows = self.interval_rows.drop_nulls(("index", "index_lower", "index_upper"))
        sure = rows.filter((pl.col("index_lower") > 1) | (pl.col("index_upper") < 1)).height
        return words.frontier.headline_intervals(k=sure, n=rows.height, level=self.percent_level)

    @property
    def unsolved(self) -> pl.DataFrame:
        """``unit, period, reason``: the changes that lack a solution, each with the programs that have none."""
        rows = self.frame.filter(pl.col("status") != "optimal").select("unit", "period")
        return rows.with_columns(text_columns(reason=[self.reason(unit, period) for unit, period in rows.rows()]))

    @property
    def shadow_prices(self) -> pl.DataFrame:
        """`weights`, without rows where the index has none."""
        return pl.DataFrame() if self.weights is None else self.weights

    @property
    def accounts_means(self) -> pl.DataFrame:
        """``unit``, mean index and stacked parts, ``tfp_growth`` of the accounts, the difference; none without them."""
        if self.accounts is None or not self.complete.height or not self.stack:
            return pl.DataFrame()
        return self.beside_accounts().select("unit", "index", *self.stack, "tfp_growth", "difference")

    @property
    def accounts_headline(self) -> Fact | None:
        """Which of the two is the growth figure; None where they have no pair in common."""
        verdict = self.facts().get("answer.verdict")
        return None if verdict is None else words.frontier.headline_beside(**verdict)

    @property
    def accounts_axis(self) -> Fact:
        """What the axis of both shows."""
        return words.frontier.unit_of_beside(per=self.per)

    @property
    def form_notes(self) -> tuple[Fact, ...]:
        """What the figures are: logs or differences, and whether parts can be taken in another way."""
        form = words.frontier.note_differences() if self.additive else words.frontier.note_logs()
        other_ways = self.parts and set(self.stack) != set(self.parts)
        return (form, words.frontier.note_two_ways()) if other_ways else (form,)

    def facts(self) -> Facts:
        """Return mean change and parts, who gained most and least, what could not be computed, and how it was."""
        facts: Facts = self._means_facts() if self.complete.height else {"answer.no_pair": {}}
        if self.accounts is not None and self.complete.height:
            first, last = _against_accounts(self)
            facts = {**first, **facts, **last}
        lost = self.frame.height - self.complete.height
        if lost:
            facts["answer.unsolved"] = {"k": lost, "n": self.frame.height}
        if self.gaps:
            facts["answer.gap"] = {"parts": [span_text(*gap) for gap in self.gaps], "n": len(self.gaps)}
        if self.left_out.height:
            facts["answer.left_out"] = {"n": self.left_out.height}
        options = self.provenance.options
        goods = {name: [good_text(good) for good in options[key]] for name, key in _ROLES.items()}
        counts = {"count": self.programs["count"], "pairs": self.frame.height}
        reference = words.frontier.chart_of(f"reference_{options['reference']}")
        how = {"index": self.index_name, "rts": rts_text(options["rts"]), "reference": reference}
        facts["note.index"] = {**how, **goods, "kinds": len(goods["bads"]), **counts}
        return facts

    def _means_facts(self) -> Facts:
        units = self.mean_points("unit")
        means = self.complete.select(["index", *self.parts]).mean().row(0, named=True)
        values: dict[str, object] = {
            "index": self.index_name,
            "value": means["index"],
            "span": self.span,
            "rose": units.filter(units["index"] > 0).height,
            "n": units.height,
            "what": self.what(units["unit"]),
            "per": self.per,
            "unit": self.sign,
        }
        parts = [words.frontier.chart_change(part=part_text(name), value=means[name]) for name in self.stack]
        facts: Facts = {"headline.change": {**values, "parts": parts}} if parts else {"headline.change_alone": values}
        if units.height > 2 * _SHOWN:
            ranked = [(self.names.region(unit), index) for unit, index in units.select("unit", "index").rows()]
            texts = [words.frontier.chart_change(part=name, value=index) for name, index in ranked]
            facts["answer.ends"] = {"first": texts[:_SHOWN], "last": texts[: -_SHOWN - 1 : -1], "unit": self.sign}
        return facts


def _to_points(column: str) -> pl.Expr:
    """Return a ratio in points, 100 times its log."""
    return pl.when(pl.col(column) > 0).then(100 * pl.col(column).log())


def _against_accounts(result: ProductivityChange) -> tuple[Facts, Facts]:
    """Return which of the two is the growth figure, and why they differ: the weights that they give to capital."""
    # The weight of capital in the frontier is the one at which the index would be the residual.
    frame = result.beside_accounts()
    rows = frame.drop_nulls([*result.compared[:4], "share"])
    if not rows.height:
        return {}, {}
    names = ("index", *result.compared[:4], "share")
    index, tfp, output, capital, labour, share = (float(rows[name].to_numpy().mean()) for name in names)
    verdict = {"index": index, "accounts": tfp, "span": result.span, "n": rows.height, "per": result.per}
    first: Facts = {"answer.verdict": verdict | {"what": result.what(rows["unit"])}}
    if abs(capital - labour) < _ROUNDING:
        return first, {}
    human = rows["human_capital_contribution"].fill_null(0.0).to_numpy().mean()
    values = {"share": share, "capital": capital, "labour": labour, "human": float(human)}
    implied = 100 * (output - labour - index) / (capital - labour)
    if 0 <= implied / 100 <= 1:
        return first, {"answer.why": values | {"implied": implied}}
    return first, {"answer.why_plain": values}

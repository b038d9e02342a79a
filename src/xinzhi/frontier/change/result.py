"""The result of measuring productivity change."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any, ClassVar

import polars as pl

from xinzhi import words
from xinzhi.core.errors import UsageError
from xinzhi.core.result import Facts
from xinzhi.core.schema import describe
from xinzhi.core.text import Text, clauses, span_text
from xinzhi.frontier.unit_names import Labelled, good_text, rts_text

INDICES = (
    "malmquist", "malmquist-luenberger", "luenberger", "hicks-moorsteen", "fare-primont", "lowe", "laspeyres",
    "paasche", "fisher",
)  # fmt: skip
PARTS = (
    "efficiency_change", "technical_change", "pure_efficiency_change", "pure_technical_change",
    "scale_efficiency_change", "scale_change", "mix_change", "output_bias", "input_bias", "magnitude",
    "best_practice_change", "technology_gap_change", "output_change", "input_change", "scale_mix_change",
    "productivity_efficiency_change", "technical_efficiency_change", "mix_efficiency_change", "residual_scale_change",
    "residual_mix_change",
)  # fmt: skip
# Which parts may stand in one stack, the finest first; the first that adds up to the index is drawn.
STACKS = (
    ("pure_efficiency_change", "scale_efficiency_change", "technical_change"),
    ("pure_efficiency_change", "pure_technical_change", "scale_change", "mix_change"),
    ("pure_efficiency_change", "pure_technical_change", "scale_change"),
    ("efficiency_change", "best_practice_change", "technology_gap_change"),
    ("efficiency_change", "output_bias", "input_bias", "magnitude"),
    ("technical_change", "technical_efficiency_change", "mix_efficiency_change", "residual_scale_change"),
    ("efficiency_change", "technical_change", "scale_mix_change"),
    ("efficiency_change", "technical_change"),
)
_SHOWN = 3
_YEARS = (1000, 2999)  # whole numbers between them are years
_ROLES = {"inputs": "inputs", "outputs": "outputs", "bads": "bad"}
_EXACT = 1e-7
_ROUNDING = 1e-6  # points: capital and labour that grow alike weigh alike


def index_text(index: str) -> Text:
    """Return the name of an index."""
    return words.frontier.index_of(index)


def part_text(part: str) -> Text:
    """Return the name of a part of an index."""
    return describe("productivity_change", part).title


@dataclass(frozen=True, repr=False, kw_only=True)
class ProductivityChange(Labelled, verb="productivity_change", key=("unit", "period")):
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

    levels: pl.DataFrame
    distances: pl.DataFrame
    left_out: pl.DataFrame
    weights: pl.DataFrame | None
    additive: bool
    programs: dict[str, int]
    failures: dict[tuple[Any, Any], Any] = field(default_factory=dict)
    accounts: pl.DataFrame | None = None
    compared: ClassVar = (
        "tfp_growth",
        "output_growth",
        "capital_growth",
        "labour_growth",
        "human_capital_contribution",
    )

    @property
    def parts(self) -> list[str]:
        """Names of the parts."""
        return [name for name in PARTS if name in self.frame.columns]

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

    @cached_property
    def points(self) -> pl.DataFrame:
        """``unit, period``, index and parts times 100, logs of ratios first; null where they are unknown."""
        names = ["index", *self.parts]
        points = [pl.col(name) * 100 if self.additive else pl.col(name).log() * 100 for name in names]
        return self.frame.select(pl.col("unit").cast(pl.String), "period", *points)

    @cached_property
    def complete(self) -> pl.DataFrame:
        """The points of the pairs that have the index and all parts."""
        return self.points.drop_nulls()

    def beside_accounts(self) -> pl.DataFrame:
        """Return ``unit``, mean index and parts, and the growth accounts of the same pairs, in points a period."""
        if self.accounts is None:
            raise UsageError("frontier.no-accounts")
        growth = self.accounts.select(
            "unit", "period", *(pl.col(name) * 100 for name in self.compared), share=100 * (1 - pl.col("labour_share"))
        )
        joined = self.complete.join(growth, on=["unit", "period"], how="left")
        means = [pl.col(name).mean() for name in ("index", *self.stack, *self.compared, "share")]
        frame = joined.group_by("unit").agg(*means).sort("index", "unit", descending=[True, False])
        return frame.with_columns(difference=pl.col("tfp_growth") - pl.col("index"))

    @cached_property
    def stack(self) -> tuple[str, ...]:
        """The parts that add up to the index, to be drawn as one stack."""
        for names in STACKS if self.complete.height else ():
            if set(names) <= set(self.parts):
                gap = self.complete.select((pl.sum_horizontal(names) - pl.col("index")).abs()).to_numpy()
                if gap.max() <= 100 * _EXACT:
                    return names
        return ()

    def mean_points(self, by: str) -> pl.DataFrame:
        """Return the mean points by ``unit``, highest index first, or by ``period``, with the number of ``pairs``."""
        means = [pl.col(name).mean() for name in ("index", *self.parts)]
        frame = self.complete.group_by(by).agg(pl.len().alias("pairs"), *means)
        return frame.sort("period") if by == "period" else frame.sort("index", "unit", descending=[True, False])

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
    def first(self) -> Any:  # noqa: ANN401 - a period
        """The period from which the first change is counted."""
        return self.levels["period"].sort()[0]

    @property
    def span(self) -> Text:
        """The periods, such as ``1996–2017``."""
        return span_text(self.first, self.frame["period"].sort()[-1])

    @property
    def per(self) -> Text:
        """``a year`` where the periods are years, one after the other, else ``a period``."""
        periods = self.levels["period"].unique().sort().to_list()
        years = all(isinstance(period, int) and _YEARS[0] <= period <= _YEARS[1] for period in periods)
        years = years and all(after - before == 1 for before, after in pairwise(periods))
        return words.frontier.chart_a_year() if years else words.frontier.chart_a_period()

    @cached_property
    def gaps(self) -> list[tuple[int, int]]:
        """The steps from one period to the next that are longer than the shortest, where periods are whole numbers."""
        periods = self.levels["period"].unique().sort().to_list()
        steps = list(pairwise(periods)) if all(isinstance(period, int) for period in periods) else []
        shortest = min((after - before for before, after in steps), default=0)
        return [(before, after) for before, after in steps if after - before > shortest]

    @property
    def sign(self) -> Text:
        """What stands behind a figure: percent of a ratio, points of a difference."""
        return words.frontier.chart_points() if self.additive else words.frontier.chart_percent()

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
        how = {"index": index_text(options["index"]), "rts": rts_text(options["rts"]), "reference": reference}
        facts["note.index"] = {**how, **goods, "kinds": len(goods["bads"]), **counts}
        return facts

    def _means_facts(self) -> Facts:
        units = self.mean_points("unit")
        means = self.complete.select(["index", *self.parts]).mean().row(0, named=True)
        values: dict[str, object] = {
            "index": index_text(str(self.provenance.options["index"])),
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

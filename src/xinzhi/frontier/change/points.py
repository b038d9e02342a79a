"""An index of productivity and its parts in points, whose means add up; which parts are stacked; and its periods."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import ClassVar

import polars as pl

from xinzhi import words
from xinzhi.core.errors import UsageError
from xinzhi.core.schema import describe
from xinzhi.core.text import Text, span_text
from xinzhi.frontier.unit_names import Labelled

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
_YEARS = (1000, 2999)  # whole numbers between them are years
_EXACT = 1e-7


def index_text(index: str) -> Text:
    """Return the name of an index."""
    return words.frontier.index_of(index)


def part_text(part: str) -> Text:
    """Return the name of a part of an index."""
    return describe("productivity_change", part).title


@dataclass(frozen=True, repr=False, kw_only=True)
class IndexPoints(Labelled):
    """An index of units over periods and its parts, from which the points are taken."""

    levels: pl.DataFrame
    additive: bool
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

    @property
    def first(self) -> int | str:
        """The period from which the first change is counted."""
        first: int | str = self.levels["period"].sort()[0]
        return first

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

    @property
    def index_name(self) -> Text:
        """The name of the index."""
        return index_text(str(self.provenance.options["index"]))

    @property
    def stack_names(self) -> dict[str, Text]:
        """The names of the stacked parts."""
        return {name: part_text(name) for name in self.stack}

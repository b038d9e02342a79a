"""A productivity change as its pictures and tables read it: log points by unit, by period, and chained."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from xinzhi.frontier.change.result import INDICES, PARTS
from xinzhi.report.catalogue import words
from xinzhi.report.rooms.frontier.names import Names, are_years

if TYPE_CHECKING:
    from xinzhi.core.text import Text
    from xinzhi.frontier.change import ProductivityChange

Chain = list[tuple[Any, float | None]]
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
_EXACT = 1e-7


@dataclass(frozen=True)
class Facts:
    """A productivity change with what is read off it, in 100 times logs (ratios) or 100 times differences."""

    result: ProductivityChange

    @cached_property
    def names(self) -> Names:
        """Return the names of the units."""
        return Names.of(self.result.labels, self.result.frame["unit"].unique(maintain_order=True))

    @cached_property
    def frame(self) -> pl.DataFrame:
        """Return ``unit, period`` and index and parts in points, nulls where they are unknown."""
        wanted = ["index", *self.result.parts]
        points = [pl.col(name) * 100 if self.result.additive else pl.col(name).log() * 100 for name in wanted]
        return self.result.frame.select(pl.col("unit").cast(pl.String), "period", *points)

    @cached_property
    def complete(self) -> pl.DataFrame:
        """Return the pairs that have the index and all parts."""
        return self.frame.drop_nulls()

    @cached_property
    def stack(self) -> tuple[str, ...]:
        """Return the parts that add up to the index."""
        for names in STACKS:
            if set(names) <= set(self.result.parts) and self._fits(names):
                return names
        return ()

    @property
    def adds_up(self) -> bool:
        """Say whether the parts stand in one stack that holds them all."""
        return set(self.stack) == set(self.result.parts)

    def _fits(self, names: tuple[str, ...]) -> bool:
        rows = self.complete
        if not rows.height:
            return False
        gap = rows.select(pl.sum_horizontal(names) - pl.col("index")).to_numpy()
        return bool(np.abs(gap).max() <= 100 * _EXACT)

    @cached_property
    def units(self) -> pl.DataFrame:
        """Return the mean of every unit, highest index first: ``unit, pairs`` and points a period."""
        names = ["index", *self.result.parts]
        means = self.complete.group_by("unit").agg(pl.len().alias("pairs"), *(pl.col(name).mean() for name in names))
        return means.sort("index", "unit", descending=[True, False])

    @cached_property
    def periods(self) -> pl.DataFrame:
        """Return the mean over units by period."""
        names = ["index", *self.result.parts]
        means = self.complete.group_by("period").agg(pl.len().alias("pairs"), *(pl.col(name).mean() for name in names))
        return means.sort("period")

    @cached_property
    def overall(self) -> dict[str, float]:
        """Return the mean over all pairs."""
        return self.complete.select(["index", *self.result.parts]).mean().row(0, named=True)

    @property
    def index(self) -> Text:
        """Return the name of the index."""
        return INDICES[str(self.result.provenance.options["index"])]

    def part(self, name: str) -> Text:
        """Return the name of a part."""
        return PARTS[name]

    @property
    def level(self) -> str:
        """Return the level of the intervals."""
        return f"{100 * float(self.result.provenance.options.get('confidence', 0.95)):g}"

    @cached_property
    def first(self) -> Any:  # noqa: ANN401 - a period
        """Return the period from which the first change is counted."""
        return self.result.levels["period"].sort()[0]

    @property
    def start(self) -> str:
        """Return the first period, in words."""
        return str(self.first)

    @property
    def span(self) -> str:
        """Return the periods, such as ``1996–2017``."""
        return f"{self.first}–{self.frame['period'].sort()[-1]}"

    @cached_property
    def are_years(self) -> bool:
        """Say whether periods are years, one after the other."""
        known = self.result.levels["period"].unique().sort().to_list()
        return are_years(known) and all(after - before == 1 for before, after in pairwise(known))

    @property
    def are_numbers(self) -> bool:
        """Say whether periods are numbers, so that they have places on an axis."""
        return self.result.frame["period"].dtype.is_numeric()

    @property
    def per(self) -> Text:
        """Return ``a year`` or ``a period``."""
        return words("frontier.chart.a_year") if self.are_years else words("frontier.chart.a_period")

    @property
    def sign(self) -> Text:
        """Return what stands behind a figure: percent of a ratio, points of a difference."""
        return words("frontier.chart.points") if self.result.additive else words("frontier.chart.percent")

    @property
    def unit(self) -> Text:
        """Return the unit of means over periods."""
        return words(
            "frontier.unit_of.mean_sum" if self.result.additive else "frontier.unit_of.mean_change", per=self.per
        )

    @property
    def mean_unit(self) -> Text:
        """Return the unit of means over units."""
        return words("frontier.unit_of.period_sum" if self.result.additive else "frontier.unit_of.period_change")

    @property
    def log_unit(self) -> Text:
        """Return the unit of single changes."""
        return words("frontier.unit_of.one_change")

    @property
    def chain_unit(self) -> Text:
        """Return the unit of cumulated changes."""
        key = "frontier.unit_of.cumulated_sum" if self.result.additive else "frontier.unit_of.cumulated"
        return words(key, start=self.start)

    def chain_of(self, unit: str | None) -> dict[Text, Chain]:
        """Return index and stacked parts chained from the first period: of one unit, or of the mean of all."""
        rows = self.periods if unit is None else self.frame.filter(pl.col("unit") == unit).sort("period")
        names = ["index", *self.stack]
        return {self.index if name == "index" else self.part(name): self._chain(rows, name) for name in names}

    def chain_of_groups(self) -> dict[Text, Chain]:
        """Return the index of every group's mean, chained; nothing where the units have no groups."""
        groups = self.names.labels.groups
        named = {unit: groups[unit] for unit in self.names.codes if unit in groups}
        if not named:
            return {}
        found = {}
        for group in dict.fromkeys(named.values()):
            members = [unit for unit, mine in named.items() if mine == group]
            rows = self.complete.filter(pl.col("unit").is_in(members)).group_by("period").agg(pl.col("index").mean())
            found[group] = self._chain(rows.sort("period"), "index")
        return found

    def _chain(self, rows: pl.DataFrame, name: str) -> Chain:
        """Return ``(period, value)`` from the first period on; what follows an unknown change is unknown."""
        level, base = 0.0, 0.0 if self.result.additive else 100.0
        chain: Chain = [(self.first, base)]
        broken = False
        for period, points in rows.select("period", name).rows():
            broken = broken or points is None
            if not broken:
                level += points
            value = level if self.result.additive else 100 * float(np.exp(level / 100))
            chain.append((period, None if broken else value))
        return chain

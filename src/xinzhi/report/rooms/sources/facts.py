"""What the pictures and tables of a decomposition need, looked up once: names, the span that leads, the known parts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import polars as pl

from xinzhi.core.errors import UsageError
from xinzhi.report import palette
from xinzhi.report.view import Span, View
from xinzhi.sources.facts import part_name, whole_span

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinzhi.core.text import Text
    from xinzhi.sources.decompose import Sources

INKS: Mapping[str, str] = {
    "breakthrough": palette.ACCENT,
    "allocation": palette.DEEP,
    "allocation_labour": palette.DEEP,
    "allocation_capital": "#8fb9dc",
    "upgrading": "#4f8a5b",
    "upgrading_traditional": "#4f8a5b",
    "upgrading_emerging": "#a9cdb0",
    "within": "#7f9a99",
    "allocation_between": "#5b4a8a",
    "unallocated": palette.BAND,
    "tfp_growth": palette.INK,
}


@dataclass(frozen=True)
class Facts:
    """A decomposition with its names and its leading span.

    The whole span leads: best practice of a short period rests on very few regions.
    """

    result: Sources

    @cached_property
    def view(self) -> View:
        """Return the official accounts with their names."""
        return View(self.result.measurement)

    @cached_property
    def groups(self) -> Mapping[str, Text]:
        """Return the names of the macro-regions and of the whole."""
        codes = ["total", *self.result.group_periods["region"].unique()]
        return {code: self.result.names.text("group", code) for code in codes}

    @cached_property
    def rows(self) -> pl.DataFrame:
        """Return the regions over the whole span, highest TFP growth first, with what the charts draw."""
        return with_own(whole_span(self.result, self.result.periods)).sort("tfp_growth", descending=True)

    @cached_property
    def group_rows(self) -> pl.DataFrame:
        """Return the macro-regions and the whole over the whole span, highest TFP growth first, the whole last."""
        frame = whole_span(self.result, self.result.group_periods)
        if not frame.height:
            return frame
        frame = frame.with_columns(upgrading=pl.col("upgrading_traditional") + pl.col("upgrading_emerging"))
        rest = pl.sum_horizontal("allocation", "allocation_between", "unallocated")
        whole = pl.col("region") == "total"
        return with_own(frame.with_columns(within=pl.col("tfp_growth") - rest)).sort(
            whole, "tfp_growth", descending=[False, True]
        )

    @cached_property
    def span(self) -> Span:
        """Return the whole span."""
        return Span(*self.rows.select("start", "end").row(0))

    def parts(self, frame: pl.DataFrame, *, split: bool = False) -> list[str]:
        """Return the parts that a frame knows, in the order in which they are stacked.

        Parameters
        ----------
        frame
            Rows with the parts as columns.
        split
            Whether allocation stands as labour and capital.
        """
        moved = ["allocation_labour", "allocation_capital"] if split else ["allocation"]
        grown = ["upgrading_traditional", "upgrading_emerging"] if self.emerging else ["upgrading"]
        wanted = ["within_only", "breakthrough", *moved, *grown, "allocation_between", "unallocated"]
        shown = [name for name in wanted if name in frame.columns and frame[name].is_not_null().any()]
        return [name for name in shown if name != "unallocated" or (frame[name].abs() > 0).any()]

    @cached_property
    def grouped(self) -> bool:
        """Return whether there are accounts of several regions together: one region alone is no group."""
        return self.result.groups.height > 0 and self.result.frame["region"].n_unique() > 1

    @cached_property
    def emerging(self) -> bool:
        """Return whether any industry counts as emerging."""
        return bool(self.result.industries["emerging"].any())

    def code(self, region: str | None) -> str:
        """Return the code of the region that pictures of one region show.

        Raises
        ------
        UsageError
            When there is no such region, or it has no figures.
        """
        if region is None:
            known = self.rows.drop_nulls("allocation")
            if not known.height:
                return str(self.rows["region"][0])
            return str(known.sort(pl.col("allocation").abs(), descending=True)["region"][0])
        code = self.result.names.resolve(region, self.result.measurement.panel.regions)
        if code not in set(self.rows["region"]):
            name = self.result.names.region(code)
            raise UsageError("sources.not-in-span", name=name, span=str(self.span.label))
        return code


def with_own(frame: pl.DataFrame) -> pl.DataFrame:
    """Add ``within_only``: what the industries did themselves, where no frontier tells its two parts apart."""
    return frame.with_columns(within_only=pl.when(pl.col("breakthrough").is_null()).then(pl.col("within")))


def word(part: str) -> Text:
    """Return the short name of a part."""
    from xinzhi.report.catalogue import words

    if part in {"allocation_labour", "allocation_capital", "tfp_growth"}:
        return words(f"sources.chart.{part}")
    return part_name(part.removesuffix("_only"))


def ink(part: str) -> str:
    """Return the colour of a part."""
    return INKS[part.removesuffix("_only")]


def points(row: Mapping[str, Any], name: str) -> float | None:
    """Return log points as percentage points."""
    value = row.get(name)
    return None if value is None else 100 * float(value)

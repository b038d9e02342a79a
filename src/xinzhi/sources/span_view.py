"""A decomposition over its whole span: the frames that its page shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from xinzhi.core import flags
from xinzhi.core.errors import UsageError
from xinzhi.core.periods import with_period
from xinzhi.core.text import Text
from xinzhi.sources.result import Sources, whole_span
from xinzhi.yardstick.internal import Span, View


@dataclass(frozen=True)
class SpanView:
    """A decomposition with what its pictures and tables need; the whole span leads: short ones rest on few."""

    result: Sources

    @cached_property
    def accounts(self) -> View:
        """Return the official accounts with their names."""
        return View(self.result.measurement)

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
        rest = pl.sum_horizontal("allocation", "allocation_between", "unallocated")
        frame = with_upgrading(frame).with_columns(within=pl.col("tfp_growth") - rest)
        return with_own(frame).sort(pl.col("region") == "total", "tfp_growth", descending=[False, True])

    @cached_property
    def views(self) -> tuple[SpanView, ...]:
        """Return the same of the decomposition and of that under the other labour shares, where there is one."""
        return (self, *(SpanView(result) for result in self.result.views[1:]))

    @cached_property
    def span(self) -> Span:
        """Return the whole span."""
        return Span(*self.rows.select("start", "end").row(0))

    @cached_property
    def span_text(self) -> Text:
        """Return the whole span in words, with the mark of extrapolated figures."""
        return flags.marked_span(self.span.start, self.span.end, self.rows["flags"])

    def parts(self, frame: pl.DataFrame, *, split: bool = False) -> list[str]:
        """Return the parts that a frame knows, in the order in which they are stacked; `split` halves allocation."""
        allocation = ["allocation_labour", "allocation_capital"] if split else ["allocation"]
        grown = ["upgrading_traditional", "upgrading_emerging"] if self.emerging else ["upgrading"]
        order = ["within_only", *allocation, *grown, "breakthrough", "allocation_between", "unallocated"]
        parts = [name for name in order if name in frame.columns and frame[name].is_not_null().any()]
        return [name for name in parts if name != "unallocated" or (frame[name].abs() > 0).any()]

    def halves(self, frame: pl.DataFrame) -> list[str]:
        """Return the two halves of allocation where they are known."""
        sums = self.parts(frame)
        return [name for name in self.parts(frame, split=True) if name not in sums]

    @cached_property
    def grouped(self) -> bool:
        """Return whether there are accounts of several regions together: one region alone is no group."""
        return self.result.groups.height > 0 and self.result.frame["region"].n_unique() > 1

    @cached_property
    def emerging(self) -> bool:
        """Return whether any industry counts as emerging."""
        return bool(self.result.industries["emerging"].any())

    def name(self, code: str) -> Text:
        """Return the name of a row of `Sources.groups` where there are groups, else of a region."""
        names = self.result.names
        return names.text("group", code) if self.grouped else names.region(code)

    def year(self, year: int) -> Text:
        """Return a year in words, with the mark of extrapolated figures."""
        return flags.marked_span(year, year, self.result.frame.filter(year=year)["flags"])

    def _moved_most(self) -> str:
        """Return the region that reallocation moved most under all labour shares: by the smaller of its two figures."""
        sizes = pl.concat([view.rows.select("region", pl.col("allocation").abs()) for view in self.views]).drop_nulls()
        least = sizes.group_by("region").agg(pl.col("allocation").min())
        order = least.sort("allocation", "region", descending=[True, False]) if sizes.height else self.rows
        return str(order["region"][0])

    def code(self, region: str | None) -> str:
        """Return the code of the region that pictures of one region show."""
        if region is None:
            return self._moved_most()
        names = self.result.names
        code = names.resolve(region, self.result.measurement.panel.regions)
        if code not in set(self.rows["region"]):
            raise UsageError("sources.not-in-span", name=names.region(code), span=self.span.label)
        return code

    @cached_property
    def differences(self) -> pl.DataFrame:
        """The regions less all of them together; no rows where the regions have no sum."""
        total = self.group_rows.filter(pl.col("region") == "total") if self.group_rows.height else self.group_rows
        if not total.height:
            return self.rows.clear()
        names = [name for name in (*self.parts(self.rows), "tfp_growth") if total[name][0] is not None]
        return self.rows.with_columns(pl.col(name) - total[name][0] for name in names)

    @cached_property
    def leading_parts(self) -> pl.DataFrame:
        """``region, source, contribution``: the part that holds most of a region's difference under all shares.

        Where the labour shares decide which part it is, `source` is ``open`` and `contribution` the difference of TFP.
        """
        # It is the largest part of the sign that the whole has: what is ahead where TFP is, what is behind where it is.
        signed = pl.col("contribution") * pl.when(pl.col("tfp_growth") < 0).then(-1).otherwise(1)
        first, *rest = (
            rows.drop_nulls("breakthrough")
            .unpivot(
                [name for name in view.parts(rows) if name not in {"unallocated", "within_only"}],
                index=["region", "tfp_growth"],
                variable_name="source",
                value_name="contribution",
            )
            .drop_nulls("contribution")
            .sort("region", signed, descending=[False, True])
            .group_by("region", maintain_order=True)
            .first()
            for view, rows in ((view, view.differences) for view in self.views)
        )
        for alternative in rest:
            first = first.join(
                alternative.select("region", other="source"), on="region", how="left", maintain_order="left"
            )
            differs = pl.col("source") != pl.col("other")
            first = first.with_columns(
                source=pl.when(differs).then(pl.lit("open")).otherwise("source"),
                contribution=pl.when(differs).then("tfp_growth").otherwise("contribution"),
            ).drop("other")
        return first.select("region", "source", "contribution")

    @property
    def rows_with_groups(self) -> pl.DataFrame:
        """`rows` with the macro-region of each region as ``group``."""
        groups = self.result.measurement.regions.select("region", group="group_en")
        return self.rows.join(groups, on="region", how="left", maintain_order="left")

    @property
    def beside_shares(self) -> pl.DataFrame:
        """The parts of `rows`, and those under the other labour shares as ``<part>_other``."""
        parts = self.parts(self.rows)
        frame = self.rows.select("region", "tfp_growth", *parts)
        alternative = self.views[1].rows.select("region", *parts)
        return frame.join(alternative, on="region", maintain_order="left", suffix="_other")

    @property
    def periods(self) -> pl.DataFrame:
        """The sources of every region in every period."""
        return with_period(with_own(self.result.periods)).sort("region", maintain_order=True)

    @property
    def group_periods(self) -> pl.DataFrame:
        """The sources of the macro-regions and of the whole in every period, in the order of `group_rows`."""
        frame = with_period(with_upgrading(self.result.group_periods))
        order = {name: number for number, name in enumerate(self.group_rows["region"])}
        place = pl.col("region").replace_strict(order, default=len(order), return_dtype=pl.Int64)
        return frame.sort(place, maintain_order=True)

    def periods_of(self, region: str) -> pl.DataFrame:
        """Return the sources of a region in every period."""
        return with_period(self.result.periods.filter(region=region)).drop("flags")

    @property
    def years(self) -> pl.DataFrame:
        """The years of the macro-regions, or of the regions where there are none, with allocation."""
        frame = self.result.groups if self.grouped else self.result.frame
        return frame.drop_nulls("allocation").sort("region", "year")

    def allocation(self, code: str, year: int) -> float:
        """Return allocation of a macro-region (of a region, where there are none) in a year."""
        frame = self.result.groups if self.grouped else self.result.frame
        value: float = frame.filter(region=code, year=year)["allocation"][0]
        return value

    def years_of(self, codes: Sequence[str]) -> pl.DataFrame:
        """Return allocation and its parts by year of some macro-regions or regions, in their order."""
        columns = ("allocation", "allocation_labour", "allocation_capital", "allocation_between")
        frame = pl.concat([self.years.filter(region=code) for code in codes])
        return frame.select("region", "year", *(name for name in columns if name in frame.columns))

    @property
    def first_extrapolated(self) -> int | None:
        """The first year in which investment by sector is extrapolated; None where it never is."""
        years = self.result.frame.filter(pl.col("flags").str.contains("extrapolated:sector_investment"))["year"]
        return None if years.is_empty() else int(years.sort()[0])

    @property
    def beside_means(self) -> pl.DataFrame:
        """The parts beside those of a frontier analysis, means per year by region over the years that they share."""
        if self.result.beside is None:
            return pl.DataFrame(schema=dict.fromkeys(("region", "source"), pl.String))
        numbers = ("ours", "frontier", "difference")
        means = [pl.when(pl.col(name).null_count() == 0).then(pl.col(name).mean()).alias(name) for name in numbers]
        rows = self.result.beside.group_by("region", "source", maintain_order=True)
        return rows.agg(*means, years=pl.len().cast(pl.Int64))

    @property
    def beside_breakthrough(self) -> pl.DataFrame:
        """Breakthrough beside the technical change of a frontier analysis, largest there first."""
        rows = self.beside_means.filter(source="breakthrough").drop_nulls()
        pair = ("ours", "frontier")
        ends = {"low": 100 * pl.min_horizontal(pair), "high": 100 * pl.max_horizontal(pair)}
        return rows.sort("frontier", descending=True).with_columns(**ends)


def with_own(frame: pl.DataFrame) -> pl.DataFrame:
    """Add ``within_only``: what the industries did themselves, where no frontier tells its two parts apart."""
    return frame.with_columns(within_only=pl.when(pl.col("breakthrough").is_null()).then(pl.col("within")))


def with_upgrading(frame: pl.DataFrame) -> pl.DataFrame:
    """Add ``upgrading``, of traditional and emerging industries together."""
    return frame.with_columns(upgrading=pl.col("upgrading_traditional") + pl.col("upgrading_emerging"))

"""A decomposition with what its pictures need, and its tables: by region, period and group, and what it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

from xinzhi.core import flags
from xinzhi.core.errors import UsageError
from xinzhi.core.text import Text, listing, words
from xinzhi.report import palette
from xinzhi.report.table import Column, Table, column, table, with_period
from xinzhi.sources import Sources, assumption_frame, lacking, part_name, whole_span
from xinzhi.yardstick import Span, View

MANY = 6  # names in one cell
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
class Shown:
    """A decomposition with what its pictures and tables need; the whole span leads: short ones rest on few."""

    result: Sources

    @cached_property
    def view(self) -> View:
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
    def span(self) -> Span:
        """Return the whole span."""
        return Span(*self.rows.select("start", "end").row(0))

    def parts(self, frame: pl.DataFrame, *, split: bool = False) -> list[str]:
        """Return the parts that a frame knows, in the order in which they are stacked; `split` halves allocation."""
        moved = ["allocation_labour", "allocation_capital"] if split else ["allocation"]
        grown = ["upgrading_traditional", "upgrading_emerging"] if self.emerging else ["upgrading"]
        wanted = ["within_only", *moved, *grown, "breakthrough", "allocation_between", "unallocated"]
        known = [name for name in wanted if name in frame.columns and frame[name].is_not_null().any()]
        return [name for name in known if name != "unallocated" or (frame[name].abs() > 0).any()]

    def halves(self, frame: pl.DataFrame) -> list[str]:
        """Return the two halves of allocation where they are known."""
        whole = self.parts(frame)
        return [name for name in self.parts(frame, split=True) if name not in whole]

    @cached_property
    def grouped(self) -> bool:
        """Return whether there are accounts of several regions together: one region alone is no group."""
        return self.result.groups.height > 0 and self.result.frame["region"].n_unique() > 1

    @cached_property
    def emerging(self) -> bool:
        """Return whether any industry counts as emerging."""
        return bool(self.result.industries["emerging"].any())

    def called(self, code: str) -> Text:
        """Return the name of a row of `Sources.groups` where there are groups, else of a region."""
        names = self.result.names
        return names.text("group", code) if self.grouped else names.region(code)

    def code(self, region: str | None) -> str:
        """Return the code of the region that pictures of one region show."""
        if region is None:
            known = self.rows.drop_nulls("allocation")
            known = known.sort(pl.col("allocation").abs(), descending=True) if known.height else self.rows
            return str(known["region"][0])
        names = self.result.names
        code = names.resolve(region, self.result.measurement.panel.regions)
        if code not in set(self.rows["region"]):
            raise UsageError("sources.not-in-span", name=names.region(code), span=self.span.label)
        return code


def with_own(frame: pl.DataFrame) -> pl.DataFrame:
    """Add ``within_only``: what the industries did themselves, where no frontier tells its two parts apart."""
    return frame.with_columns(within_only=pl.when(pl.col("breakthrough").is_null()).then(pl.col("within")))


def with_upgrading(frame: pl.DataFrame) -> pl.DataFrame:
    """Add ``upgrading``, of traditional and emerging industries together."""
    return frame.with_columns(upgrading=pl.col("upgrading_traditional") + pl.col("upgrading_emerging"))


def word(part: str) -> Text:
    """Return the short name of a part."""
    plain = part in {"allocation_labour", "allocation_capital", "tfp_growth"}
    return words(f"sources.chart.{part}") if plain else part_name(part.removesuffix("_only"))


def ink(part: str) -> str:
    """Return the colour of a part."""
    return INKS[part.removesuffix("_only")]


def grouping(name: str = "region") -> Column:
    """Return the column of macro-regions."""
    return Column(title=words("sources.column.group"), kind="name", name=name, names="group")


def sums(
    shown: Shown,
    key: str,
    frame: pl.DataFrame,
    leading: Sequence[str | Column],
    parts: Iterable[str],
    *,
    notes: Sequence[Text] = (),
    **values: object,
) -> Table:
    """Return TFP growth and parts of it behind some leading columns; marks come last where the frame has them."""
    columns = [*leading, *(Column(name=part, title=word(part), kind="percent") for part in parts)]
    if "flags" in frame.columns:
        columns.append("flags")
        notes = flags.legend(set(frame["flags"]))
    return table(key, frame, columns, shown.result, notes=notes, **dict[str, Any](values))


def by_region(shown: Shown) -> Table:
    """Return the parts of every region over the whole span, highest TFP growth first."""
    groups = shown.result.measurement.regions.select("region", group="group_en")
    frame = shown.rows.join(groups, on="region", how="left", maintain_order="left")
    parts = ["tfp_growth", *shown.parts(frame), *shown.halves(frame)]
    return sums(shown, "sources_regions", frame, ["region", grouping("group")], parts, span=shown.span.label)


def deviations(shown: Shown, frame: pl.DataFrame) -> Table:
    """Return the regions less all of them together over the whole span, highest TFP growth first."""
    return sums(
        shown, "sources_deviations", frame, ["region"], ["tfp_growth", *shown.parts(frame)], span=shown.span.label
    )


def by_period(shown: Shown) -> Table:
    """Return the sources of every region in every period."""
    frame = with_period(with_own(shown.result.periods)).sort("region", maintain_order=True)
    return sums(shown, "sources_periods", frame, ["region", _period()], ["tfp_growth", *shown.parts(frame)])


def _period() -> Column:
    return column("sources.period", "code")


def by_group(shown: Shown) -> Table:
    """Return the sources of the macro-regions and of the whole in every period, in the order of the picture."""
    frame = with_period(with_upgrading(shown.result.group_periods))
    order = {name: i for i, name in enumerate(shown.group_rows["region"])}
    place = pl.col("region").replace_strict(order, default=len(order), return_dtype=pl.Int64)
    parts = ["tfp_growth", *shown.parts(frame), *shown.halves(frame)]
    notes = (words("sources.note.between"),)
    frame = frame.sort(place, maintain_order=True)
    return sums(shown, "sources_groups", frame, [grouping(), _period()], parts, notes=notes)


def of_region(shown: Shown, code: str, parts: Sequence[str]) -> Table:
    """Return the sources of one region in every period, one row a period."""
    frame = with_period(shown.result.periods.filter(region=code)).drop("flags")
    names = [name.removesuffix("_only") for name in sorted(parts, key=lambda name: name not in frame.columns)]
    called = shown.view.name(code)
    return sums(shown, "sources_region", frame, [_period()], ["tfp_growth", *names], name=called)


def leading(shown: Shown, found: pl.DataFrame) -> Table:
    """Return the figures of the tile map: the part that sets a region apart."""
    source = Column(
        name="source", title=words("sources.column.leading"), values={name: word(name) for name in found["source"]}
    )
    points = column("sources.contribution", "percent", words("sources.unit_of.points"))
    return table("sources_apart", found, ["region", source, points], shown.result)


def reallocation(shown: Shown, rows: pl.DataFrame, names: Sequence[str]) -> Table:
    """Return what reallocation gave by year: labour, capital, and between regions where there are groups."""
    wanted = ("allocation", "allocation_labour", "allocation_capital", "allocation_between")
    frame = pl.concat([rows.filter(region=name) for name in names])
    frame = frame.select("region", "year", *(name for name in wanted if name in frame.columns))
    leads = [grouping() if shown.grouped else "region", "year"]
    return sums(shown, "sources_reallocation", frame, leads, frame.columns[2:])


def beside_means(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the parts beside those of a frontier analysis, means per year by region."""
    numbers = ("ours", "frontier", "difference")
    whole = [pl.when(pl.col(name).null_count() == 0).then(pl.col(name).mean()).alias(name) for name in numbers]
    return frame.group_by("region", "source", maintain_order=True).agg(*whole, years=pl.len().cast(pl.Int64))


def beside(shown: Shown, means: pl.DataFrame) -> Table:
    """Return both by region, means per year over the years that they share."""
    values = {name: words(f"sources.chart.{name}") for name in means["source"].unique()}
    part = Column(name="source", title=words("sources.column.part"), values=values)
    return table("sources_beside", means, ["region", part, "years", "ours", "frontier", "difference"], shown.result)


def coverage(shown: Shown) -> Table:
    """Return what could be computed, and why the rest could not."""
    frame = shown.result.coverage
    values = {name: words(f"sources.quantity.{name}") for name in frame["quantity"]}
    quantity = Column(name="quantity", title=words("sources.column.quantity"), values=values)
    return table("sources_coverage", frame, [quantity, "status", column("sources.reason", "name")], shown.result)


def omitted(shown: Shown) -> Table | None:
    """Return the region-years without a decomposition, one row a reason; None when there are none."""
    result = shown.result
    if not result.omitted.height:
        return None
    found = result.omitted.group_by("region", "missing", maintain_order=True).agg("year")
    regions: dict[tuple[Text, str], list[str]] = {}
    for code, missing, years in found.iter_rows():
        regions.setdefault((flags.year_ranges(years), missing), []).append(code)
    n = len(shown.view.codes)
    everyone = words("label.all_regions", n=n)
    rows = [
        (
            years,
            everyone if len(codes) == n > 1 else listing([shown.view.name(code) for code in codes], MANY),
            lacking(missing, result.names),
        )
        for (years, missing), codes in regions.items()
    ]
    columns = (column("years", "code"), column("regions", "name"), column("missing", "name"))
    return Table(key="sources_omitted", title=words("sources.table.omitted"), columns=columns, rows=rows)


def assumptions(shown: Shown) -> Table:
    """Return what the decomposition assumes beyond the protocol, and what of it departs from the file."""
    first = {"zh": "。", "en": ". "}
    frame = assumption_frame(shown.result).with_columns(
        (pl.col(f"description_{language}").str.split(stop).list.first().str.strip_chars_end(stop) + stop.strip()).alias(
            f"description_{language}"
        )
        for language, stop in first.items()
    )
    changed = pl.when("departs").then(pl.lit(value=True)).alias("departs")
    columns = [
        column("sources.assumption", "code"),
        column("value", "value"),
        column("sources.departs", "flag"),
        column("description", "value"),
    ]
    return table("sources_assumptions", frame.with_columns(changed), columns, shown.result)


def findings(shown: Shown) -> Table | None:
    """Return what does not add up in the figures; None when all does."""
    found = shown.result.findings
    if not found:
        return None
    places = [(one.key or "").partition("/") for one in found]
    rows = [(shown.view.name(code), year, one.message) for (code, _, year), one in zip(places, found, strict=True)]
    columns = (column("sources.region", "name"), column("sources.year", "code"), column("message", "name"))
    notes = tuple(dict.fromkeys(one.hint for one in found))
    return Table(key="sources_findings", title=words("sources.table.findings"), columns=columns, rows=rows, notes=notes)

"""A scope with what its pictures and tables need looked up once: names, the measure, the year, one row an industry."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import polars as pl

from xinzhi.report.catalogue import has, same, words
from xinzhi.report.numbers import unit_text
from xinzhi.report.tables import NO_UNIT
from xinzhi.report.view import region_names
from xinzhi.scope import definition, industry_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinzhi.core.text import Text
    from xinzhi.scope.result import Scope

ORDER = {"in": 0, "part": 1, "out": 2}


@dataclass(frozen=True)
class ScopeView:
    """A scope as the report reads it: the last year where there are several, weighed by the first measure."""

    scope: Scope

    @property
    def day(self) -> str:
        """Return the day that was asked about."""
        return self.scope.question.day.isoformat()

    @property
    def weighed(self) -> str | None:
        """Return the measure that weighs; None where there is none and every industry counts alike."""
        return self.scope.measures[0] if self.scope.measures else None

    @cached_property
    def year(self) -> int | None:
        """Return the last year, None where the industries have none."""
        return int(str(self.scope.frame["year"].max())) if "year" in self.scope.frame.columns else None

    @cached_property
    def measured(self) -> Text:
        """Return what the shares are shares of, in words."""
        if self.weighed is None:
            return words("scope.label.industries")
        name = self.scope.title(self.weighed)
        return name if self.year is None else words("scope.label.of_year", measure=name, year=self.year)

    @property
    def unit(self) -> Text:
        """Return the unit of the measure; empty where it is not known."""
        unit = self.scope.units.get(self.weighed or "")
        return unit_text(unit) if unit else NO_UNIT

    @cached_property
    def codes(self) -> pl.DataFrame:
        """One row an industry, regions summed in the last year, what counts most first.

        The columns of ``Scope.frame`` with ``value`` and ``in_scope``.
        """
        frame = self.scope.frame
        if self.year is not None:
            frame = frame.filter(pl.col("year") == self.year)
        value = pl.col(self.weighed).sum() if self.weighed else pl.lit(1.0).first()
        rest = pl.col("share", "lower", "upper", "verdict", "definitions", "reason_zh", "reason_en").first()
        rows = frame.group_by("code", maintain_order=True).agg(rest, value=value)
        order = pl.col("verdict").replace_strict(ORDER, return_dtype=pl.Int8)
        return rows.with_columns(in_scope=pl.col("share") * pl.col("value")).sort(
            order, "in_scope", "value", descending=[False, True, True], maintain_order=True
        )

    @cached_property
    def count(self) -> Mapping[str, int]:
        """Return how many industries are in, in part and out."""
        return {name: self.codes.filter(verdict=name).height for name in ORDER}

    @cached_property
    def whole(self) -> Mapping[str, float] | None:
        """Return total, share and bounds of all industries together; None where the total is zero."""
        total = float(self.codes["value"].sum())
        if not total > 0:
            return None
        parts = {name: float((self.codes[name] * self.codes["value"]).sum()) for name in ("share", "lower", "upper")}
        return {"total": total, **{name: part / total for name, part in parts.items()}}

    @cached_property
    def by_region(self) -> pl.DataFrame:
        """Share and bounds of every region in the last year, the highest first; empty without regions."""
        rows = self.scope.totals
        if "region" not in rows.columns or self.weighed is None:
            return rows.clear()
        rows = rows.filter(measure=self.weighed).drop_nulls("share")
        if self.year is not None:
            rows = rows.filter(pl.col("year") == self.year)
        return rows.sort("share", "region", descending=[True, False])

    @cached_property
    def by_year(self) -> pl.DataFrame:
        """Share and bounds of all regions together by year; empty without years."""
        rows = self.scope.overall
        if "year" not in rows.columns or self.weighed is None:
            return rows.clear()
        return rows.filter(measure=self.weighed).drop_nulls("share").sort("year")

    @cached_property
    def by_list(self) -> pl.DataFrame:
        """``definition, named, share, lower, upper``: how much of the whole every list names by itself."""
        rows = self.scope.lists.join(self.codes.select("code", "value"), on="code")
        total = pl.col("value").sum()
        return rows.group_by("definition", maintain_order=True).agg(
            (pl.col("upper") > 0).sum().alias("named"),
            *((pl.col(name) * pl.col("value")).sum() / total for name in ("share", "lower", "upper")),
        )

    @cached_property
    def _regions(self) -> Mapping[str, Text]:
        frame = self.scope.regions
        wanted = {"region", "name_zh", "name_en"}
        return region_names(frame) if frame is not None and wanted <= set(frame.columns) else {}

    def region(self, code: Any) -> Text:  # noqa: ANN401 - a code of any kind
        """Return the name of a region."""
        return self._regions.get(code, same(code))

    def name(self, code: str) -> Text:
        """Return the name of an industry."""
        return industry_name(code, self.scope.question.name)

    def coded(self, code: str) -> Text:
        """Return the name of an industry with its code."""
        return words("scope.label.coded", name=self.name(code), code=code)

    def list_name(self, name: str) -> Text:
        """Return the short name of a definition."""
        if name == "use":
            return words("scope.label.use")
        key = f"scope.chart.{name}"
        return words(key) if has(key) else self.list_title(name)

    def list_title(self, name: str) -> Text:
        """Return the full title of a definition."""
        mine = next((one.title for one in self.scope.question.chosen if one.id == name), None)
        return mine or definition(name).title

"""The result of the use test, in rows, by year, and in words."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar

from xinzhi.core.errors import UsageError
from xinzhi.core.result import Result
from xinzhi.scope.words import interval, percent

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from xinzhi.core.text import Language


@dataclass(frozen=True, repr=False, kw_only=True)
class Dependence(Result):
    """How far industries depend on digital input.

    Parameters
    ----------
    frame
        ``year, industry, name, output, core, core_lower, core_upper, direct, total, total_lower, total_upper,
        total_domestic, total_imported, ict_capital, share, lower, upper, because``. Dependence is digital input per
        unit of output; `total` counts all rounds of supply and is `total_domestic` plus `total_imported`. `share` of
        the industry is in scope, within its bounds; `because` is ``core``, ``use``, ``ict capital``, ``below`` or ``no
        output`` (the shares are then null). `year` is null where one table without a year was given.
    threshold, rule
        The digital input per unit of output at which an industry is in, and the rule that gave it.
    region
        Whose industries these are.
    residual, spectral_radius
        The largest over the tables: how far (I - A) L is from I, and the spectral radius of A.
    """

    key: ClassVar[tuple[str, ...]] = ("year", "industry")

    threshold: float
    rule: Mapping[str, Any]
    region: str
    residual: float
    spectral_radius: float

    def __post_init__(self) -> None:
        """Leave the year out of the key where there is none."""
        if self.frame["year"].has_nulls():
            object.__setattr__(self, "key", ("industry",))

    @cached_property
    def by_year(self) -> pl.DataFrame:
        """How much of output is in scope.

        ``year, output, core, in_scope, lower, upper, dependence, dependence_others``: shares of output of the core and
        of all that is in scope with its bounds; mean total dependence, weighted by output, of all industries and of
        those outside the core.
        """
        import polars as pl

        def mean(value: pl.Expr, which: pl.Expr | None = None) -> pl.Expr:
            weight = pl.col("output") if which is None else pl.col("output").filter(which)
            picked = value if which is None else value.filter(which)
            return (weight * picked.fill_null(0.0)).sum() / weight.sum()

        outside = pl.col("core") <= 0
        return self.frame.group_by("year", maintain_order=True).agg(
            pl.col("output").sum(),
            mean(pl.col("core")).alias("core"),
            mean(pl.col("share")).alias("in_scope"),
            mean(pl.col("lower")).alias("lower"),
            mean(pl.col("upper")).alias("upper"),
            mean(pl.col("total")).alias("dependence"),
            mean(pl.col("total"), outside).alias("dependence_others"),
        )

    def use(self, year: int | None = None) -> pl.DataFrame:
        """Return the use test for `classify`: ``code, total, lower, upper, threshold`` of one year.

        Parameters
        ----------
        year
            One of the years; not needed where there is one.

        Raises
        ------
        UsageError
            When the year is not there.
        """
        import polars as pl

        years = self.frame["year"].unique(maintain_order=True).to_list()
        if (year is None and len(years) > 1) or (year is not None and year not in years):
            message = f"year = {year}: say which of {', '.join(map(str, years))}."
            raise UsageError(message)
        rows = self.frame.filter(pl.col("year") == year) if year is not None else self.frame
        rows = rows.filter(pl.col("output") > 0)
        return rows.select(
            code="industry",
            total="total",
            lower="total_lower",
            upper="total_upper",
            threshold=pl.lit(self.threshold),
        )

    def explain(self, industry: str, year: int | None = None) -> pl.DataFrame:
        """Return the row of an industry with the rule that decided.

        Parameters
        ----------
        industry, year
            Which row; without a year, those of all years.

        Raises
        ------
        UsageError
            When there is no such row.
        """
        import polars as pl

        rows = self.frame.filter(pl.col("industry") == industry)
        rows = rows.filter(pl.col("year") == year) if year is not None else rows
        if rows.is_empty():
            known = ", ".join(self.frame["industry"].unique(maintain_order=True))
            message = f"there is no {industry}{f' in {year}' if year else ''}; industries: {known}."
            raise UsageError(message)
        return rows.with_columns(
            threshold=pl.lit(self.threshold), rule=pl.lit(self.rule["id"]), reference=pl.lit(self.rule["reference"])
        )

    def summary(self, language: Language = "en") -> str:
        """Return the share of output in scope by year, and whether it rises."""
        zh = language == "zh"
        rows = self.by_year.to_dicts()
        lines = []
        for row in rows:
            share, core = interval(row["lower"], row["in_scope"], row["upper"]), percent(row["core"])
            year = f"{row['year']}" if row["year"] is not None else ""
            lines.append(
                f"{year} 总产出的 {share} 属于范围，其中核心产业 {core}；"
                f"其余行业每单位产出含数字投入 {row['dependence_others']:.3f}。"
                if zh
                else f"{year} {share} of output in scope, {core} of it the core; the other industries have "
                f"{row['dependence_others']:.3f} of digital input behind a unit of output."
            )
        if len(rows) > 1:
            lines.append(self._trend(rows, zh=zh))
        rule = (
            f"门槛：每单位产出数字投入 {self.threshold:.4f}"
            if zh
            else f"Threshold: {self.threshold:.4f} of digital input per unit of output"
        )
        lines.append(f"{rule} ({self.rule['id']})。" if zh else f"{rule} ({self.rule['id']}).")
        return "\n".join([*(line.strip() for line in lines), self.provenance.foot()])

    @staticmethod
    def _trend(rows: list[dict[str, Any]], *, zh: bool) -> str:
        shares = [row["in_scope"] for row in rows]
        rises = all(a < b for a, b in pairwise(shares))
        certain = all(a["upper"] < b["lower"] for a, b in pairwise(rows))
        if not rises:
            return (
                "属于范围的份额并非逐期上升。"
                if zh
                else "The share does not rise from one year to the next throughout."
            )
        if certain:
            return (
                "份额逐期上升，界限互不重叠。" if zh else "The share rises throughout, and the bounds do not overlap."
            )
        return (
            "份额逐期上升；但界限重叠，因为表中行业比核心产业粗。"
            if zh
            else "The share rises throughout, but the bounds overlap: the table's industries are coarser than the core."
        )

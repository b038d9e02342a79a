"""The figures of an `Index` looked up once, and as tables."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import polars as pl

from xinzhi.report.catalogue import words
from xinzhi.report.rooms.sectors.names import column, distinct, sector_inks, short
from xinzhi.report.tables import Table
from xinzhi.sectors.conventions import method, region_text

if TYPE_CHECKING:
    from xinzhi.core.text import Text
    from xinzhi.sectors import Index

LONG, LEGEND = (
    30.0,
    14.0,
)  # widths of an indicator beside a chart, and of a sector in its legend, in units of their size


@dataclass(frozen=True)
class View:
    """An index with what its pictures and tables share: the last year that has one leads."""

    result: Index

    @cached_property
    def now(self) -> pl.DataFrame:
        """Return the rows of the last year, best first."""
        done = self.result.frame.drop_nulls("index")
        return done.filter(pl.col("year") == pl.col("year").max()).sort("rank", "region")

    @cached_property
    def year(self) -> int:
        """Return the last year."""
        return int(self.now["year"][0])

    @cached_property
    def groups(self) -> list[str]:
        """Return the sectors that have indicators, in the order of the system."""
        return list(dict.fromkeys(item.sector for item in self.result.system.indicators))

    @cached_property
    def _regions(self) -> dict[str, Text]:
        codes = self.result.frame["region"].unique().sort().to_list()
        return distinct({code: region_text(code, self.result.names) for code in codes})

    @cached_property
    def _words(self) -> dict[str, Text]:
        system = self.result.system
        items = {item.code: item.name for item in (*system.indicators, *system.missing)}
        return distinct(items | {name: group.name for name, group in system.sectors.items()})

    @cached_property
    def _labels(self) -> dict[str, Text]:
        most = dict.fromkeys(self.result.system.codes, LONG) | dict.fromkeys(self.groups, LEGEND)
        return distinct({code: short(self.word(code), limit) for code, limit in most.items()})

    def name(self, code: str) -> Text:
        """Return the name of a region."""
        return self._regions[code]

    def label(self, code: str) -> Text:
        """Return the name of an indicator or a sector as a chart holds it."""
        return self._labels[code]

    def word(self, code: str) -> Text:
        """Return the name of an indicator or a sector."""
        return self._words[code]

    @property
    def legend(self) -> list[Text]:
        """Return the sectors as charts hold them, in the order of the system."""
        return [self.label(name) for name in self.groups]

    @property
    def inks(self) -> list[str]:
        """Return the colours of the sectors, in the order of the legend."""
        return list(sector_inks(self.groups).values())

    @cached_property
    def weights(self) -> pl.DataFrame:
        """Return the weights, the mean of the years where every year has its own, heaviest first."""
        rows = self.result.weights.group_by("indicator", "sector", maintain_order=True).agg(pl.col("weight").mean())
        return rows.sort("weight", descending=True, maintain_order=True)

    def places(self, code: str) -> pl.DataFrame:
        """Return the indicators of a region with its place among the regions of the year, best first."""
        codes = self.result.system.codes
        scores = self.result.normalised.filter(year=self.year)
        ranks = scores.select("region", pl.col(codes).rank("min", descending=True).cast(pl.Int64))
        mine = ranks.filter(region=code).drop("region").unpivot(variable_name="indicator", value_name="place")
        return self.result.explain(code, self.year).join(mine, on="indicator").sort("place", "indicator")


def ranking(view: View) -> Table:
    """Return index, rank and scores of the sectors in the last year."""
    rows = [
        (row["rank"], view.name(row["region"]), row["index"], *(row[name] for name in view.groups), row["imputed"])
        for row in view.now.iter_rows(named=True)
    ]
    columns = (
        column("rank", "integer"),
        column("region", "name"),
        column("index", "score"),
        *(column("score_of", "score", name=view.word(name)) for name in view.groups),
        column("imputed", "integer"),
    )
    return Table(key="index_ranking", title=words("sectors.table.index", year=view.year), columns=columns, rows=rows)


def weights(view: View) -> Table:
    """Return the weights, with direction, unit and denominator of every indicator."""
    items = {item.code: item for item in view.result.system.indicators}
    rows = [
        (
            view.word(code),
            view.word(sector),
            100 * weight,
            words("sectors.chart.more" if items[code].direction > 0 else "sectors.chart.less"),
            items[code].unit,
            method("denominator", items[code].denominator),
            items[code].note,
        )
        for code, sector, weight in view.weights.iter_rows()
    ]
    columns = (
        column("indicator", "name"),
        column("sector", "text"),
        column("weight", "percent", words("sectors.unit.percent")),
        column("direction", "text"),
        column("unit", "text"),
        column("denominator", "text"),
        column("note", "text"),
    )
    notes = (words("sectors.note.mean_weights"),) if "year" in view.result.weights.columns else ()
    return Table(key="index_weights", title=words("sectors.table.weights"), columns=columns, rows=rows, notes=notes)


def region(view: View, code: str) -> Table:
    """Return every figure behind the index of one region."""
    rows = view.places(code)
    has = "contribution" in rows.columns
    cells = [
        (
            view.word(row["indicator"]),
            row["value"],
            row["unit"],
            row["place"],
            row["score"],
            100 * row["weight"],
            *([row["contribution"]] if has else []),
        )
        for row in rows.iter_rows(named=True)
    ]
    columns = (
        column("indicator", "name"),
        column("value", "figure"),
        column("unit", "text"),
        column("place", "integer"),
        column("score", "score"),
        column("weight", "percent", words("sectors.unit.percent")),
        *([column(f"contribution_{view.result.convention.aggregation}", "score")] if has else []),
    )
    title = words("sectors.table.index_region", region=view.name(code), year=view.year)
    return Table(key="index_region", title=title, columns=columns, rows=cells)


def coverage(view: View) -> Table:
    """Return what the data have of every indicator of the system, those that they lack named."""
    rows = [
        (
            view.word(row["indicator"]),
            view.word(row["sector"]),
            words("sectors.chart.covered" if row["covered"] else "sectors.chart.missing"),
            row["observations"],
            row["imputed"],
            row["first_year"],
            row["last_year"],
        )
        for row in view.result.coverage.sort("covered", maintain_order=True).iter_rows(named=True)
    ]
    columns = (
        column("indicator", "name"),
        column("sector", "text"),
        column("covered", "text"),
        column("observations", "integer"),
        column("imputed", "integer"),
        column("first_year", "year"),
        column("last_year", "year"),
    )
    return Table(key="index_coverage", title=words("sectors.table.coverage"), columns=columns, rows=rows)


def years(view: View) -> Table:
    """Return the index of every region and year that has one."""
    done = view.result.frame.drop_nulls("index").sort("year", "region")
    wide = done.pivot("year", index="region", values="index").sort("region")
    rows = [(view.name(code), *values) for code, *values in wide.rows()]
    columns = (column("region", "name"), *(column("in_year", "score", year=year) for year in wide.columns[1:]))
    return Table(key="index_years", title=words("sectors.table.index_years"), columns=columns, rows=rows)

"""The figures of `Sectors` looked up once, and as tables."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import polars as pl

from xinzhi.core.text import Text
from xinzhi.report.catalogue import listing, words
from xinzhi.report.palette import SOFT
from xinzhi.report.rooms.sectors.names import column, distinct, sector_parts
from xinzhi.report.tables import Table
from xinzhi.sectors.conventions import region_text
from xinzhi.sectors.conventions import setting
from xinzhi.sectors.advance import indicator_text, sector_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinzhi.report.tables import Column
    from xinzhi.sectors.advance import Sectors

DEGREE = "coordination_corrected"


@dataclass(frozen=True)
class View:
    """A result with what its pictures and tables share."""

    result: Sectors

    @property
    def frame(self) -> pl.DataFrame:
        """Return the coordination map."""
        return self.result.frame

    @cached_property
    def sectors(self) -> list[str]:
        """Return the sectors in their order."""
        return self.result.sectors["sector"].unique(maintain_order=True).to_list()

    @cached_property
    def codes(self) -> list[str]:
        """Return the regions of the last year."""
        return self.now["region"].to_list()

    @cached_property
    def first(self) -> int:
        """Return the first year."""
        return int(self.result.years["year"][0])

    @cached_property
    def last(self) -> int:
        """Return the last year."""
        return int(self.result.years["year"][-1])

    @cached_property
    def ends(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the means of the first and of the last year."""
        return self.result.years.row(0, named=True), self.result.years.row(-1, named=True)

    @cached_property
    def now(self) -> pl.DataFrame:
        """Return the coordination map of the last year, best coordinated first."""
        last = self.frame.filter(year=self.last)
        return last.sort(DEGREE, "region", descending=[True, False], nulls_last=True)

    @cached_property
    def parts(self) -> pl.DataFrame:
        """Return the sectors of the regions in the last year."""
        return self.result.sectors.filter(year=self.last)

    @cached_property
    def obstacles(self) -> pl.DataFrame:
        """Return the means of the last year by sector."""
        return self.result.obstacles.filter(year=self.last)

    @cached_property
    def _names(self) -> dict[str, Text]:
        codes = {*self.frame["region"], *self.result.omitted["region"]}
        return distinct({code: region_text(code, self.result.names) for code in sorted(codes)})

    def name(self, code: str) -> Text:
        """Return the name of a region."""
        return self._names[code]

    def lagging(self, cell: str | None) -> Text:
        """Return the lowest sectors of a region in words."""
        names = [sector_text(name) for name in (cell or "").split(";") if name]
        return listing(names) if names else words("sectors.chart.alike")

    def coloured(self, rows: Sequence[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[str]]:
        """Return rows with a `group` (the lowest sector) in the order of the sectors, and the colours of these."""
        parts = dict(sector_parts(self.sectors).values())
        order = {word: i for i, word in enumerate(parts)}
        ordered = sorted(rows, key=lambda row: order.get(row["group"], len(order)))
        groups = dict.fromkeys(row["group"] for row in ordered)
        return ordered, [parts.get(group, SOFT) for group in groups]


def _levels(view: View) -> list[Column]:
    return [column("level", "level", name=sector_text(name)) for name in view.sectors]


def coordination(view: View) -> Table:
    """Return development, coupling and coordination of every region in the first and the last year."""
    names = ("development", "coupling_corrected", DEGREE)
    ends = view.frame.select("region", "year", *names)
    before = ends.filter(year=view.first).drop("year")
    joined = view.now.select("region", *names).join(before, on="region", how="left", suffix="_0", maintain_order="left")
    rows = [
        (view.name(row["region"]), *(row[f"{name}_0"] for name in names), *(row[name] for name in names))
        for row in joined.iter_rows(named=True)
    ]
    columns = [column(f"{name}_in", "score", year=year) for year in (view.first, view.last) for name in names]
    title = words("sectors.table.map", first=view.first, last=view.last)
    return Table(key="sectors_map", title=title, columns=(column("region", "name"), *columns), rows=rows)


def years(view: View) -> Table:
    """Return the means of the regions by year."""
    names = ("development", "coordination_standard", DEGREE, "rank_correlation")
    rows = [
        (row["year"], row["regions"], *(row[name] for name in (*view.sectors, *names)))
        for row in view.result.years.iter_rows(named=True)
    ]
    columns = (
        column("year", "year"),
        column("regions", "integer"),
        *_levels(view),
        *(column(name, "score") for name in names),
    )
    return Table(key="sectors_years", title=words("sectors.table.years"), columns=columns, rows=rows)


def obstacles_wide(view: View) -> pl.DataFrame:
    """Return the obstacle degrees of the last year, one row a region, where the heaviest sector weighs most first."""
    wide = view.parts.select("region", "sector", "obstacle").pivot("sector", index="region", values="obstacle")
    heavy = view.obstacles.sort("obstacle", descending=True)["sector"][0]
    return wide.sort(heavy, "region", descending=[True, False], nulls_last=True)


def obstacles(view: View) -> Table:
    """Return the obstacle degrees of every region, and of their mean."""
    rows = [
        (view.name(row["region"]), *(None if row[name] is None else 100 * row[name] for name in view.sectors))
        for row in obstacles_wide(view).iter_rows(named=True)
    ]
    means = dict(view.obstacles.select("sector", "obstacle").rows())
    mean = (words("sectors.chart.mean"), *(None if means[name] is None else 100 * means[name] for name in view.sectors))
    percent = words("sectors.unit.percent")
    columns = [column("obstacle", "figure", percent, name=sector_text(name)) for name in view.sectors]
    return Table(
        key="sectors_obstacles",
        title=words("sectors.table.obstacles", year=view.last),
        columns=(column("region", "name"), *columns),
        rows=[mean, *rows],
    )


def lagging(view: View) -> Table:
    """Return the lowest sector of every region, by level and by rank, and what bringing it up would give."""
    gains = {
        row["region"]: row["gain"]
        for row in view.parts.sort("gain").iter_rows(named=True)  # the last one of a region is its largest
    }
    rows = [
        (
            view.name(row["region"]),
            view.lagging(row["lagging"]),
            None if row["relative"] is None else 100 * row["relative"],
            words("sectors.chart.holds") if row["lags"] else words("sectors.chart.not"),
            view.lagging(row["lagging_by_rank"]),
            gains[row["region"]],
        )
        for row in view.now.iter_rows(named=True)
    ]
    margin = round(100 * setting("lag.margin"))
    columns = (
        column("region", "name"),
        column("lagging", "text"),
        column("relative", "share", words("sectors.unit.percent")),
        column("lags", "text", margin=margin),
        column("lagging_by_rank", "text"),
        column("gain", "score"),
    )
    return Table(
        key="sectors_lagging", title=words("sectors.table.lagging", year=view.last), columns=columns, rows=rows
    )


def region(view: View, code: str) -> Table:
    """Return the levels of one region by year."""
    rows = [
        (row["year"], *(row[name] for name in view.sectors), row[DEGREE], row["grade_corrected"])
        for row in _graded(view.frame.filter(region=code).sort("year"))
    ]
    columns = (column("year", "year"), *_levels(view), column(DEGREE, "score"), column("grade", "text"))
    title = words("sectors.table.region", region=view.name(code))
    return Table(key="sectors_region", title=title, columns=columns, rows=rows)


def _graded(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """Return rows with their grade in both languages."""
    return [
        row | {"grade_corrected": Text(zh=row["grade_corrected_zh"] or "–", en=row["grade_corrected_en"] or "–")}
        for row in frame.iter_rows(named=True)
    ]


def of_sectors(view: View) -> list[Table]:
    """Return the tables that stand beside the pictures."""
    found = [_regions(view)]
    found += [_bounds(view)] if view.result.bounds.height else []
    return [*found, _drag(view)]


def _regions(view: View) -> Table:
    before = dict(view.frame.filter(year=view.first).select("region", DEGREE).rows())

    def change(row: dict[str, Any]) -> float | None:
        was = before.get(row["region"])
        return None if was is None or row[DEGREE] is None else row[DEGREE] - was

    rows = [
        (
            i,
            view.name(row["region"]),
            row[DEGREE],
            row["grade_corrected"],
            change(row),
            row["coordination_standard"],
            *(row[name] for name in view.sectors),
            view.lagging(row["lagging"]),
        )
        for i, row in enumerate(_graded(view.now), start=1)
    ]
    columns = (
        column("rank", "integer"),
        column("region", "name"),
        column(DEGREE, "score"),
        column("grade", "text"),
        column("change_since", "score", year=view.first),
        column("coordination_standard", "score"),
        *_levels(view),
        column("lagging", "text"),
    )
    return Table(
        key="sectors_regions", title=words("sectors.table.regions", year=view.last), columns=columns, rows=rows
    )


def _bounds(view: View) -> Table:
    def at(cell: str | None) -> Text | str:
        code, _, when = (cell or "").rpartition(" ")
        return words("sectors.chart.in_year", name=view.name(code), year=when) if code else ""

    rows = [
        (
            indicator_text(row["indicator"]),
            sector_text(row["sector"]),
            row["lower"],
            at(row["lower_at"]),
            row["upper"],
            at(row["upper_at"]),
        )
        for row in view.result.bounds.iter_rows(named=True)
    ]
    columns = (
        column("indicator", "name"),
        column("sector", "text"),
        column("lower", "figure"),
        column("lower_at", "text"),
        column("upper", "figure"),
        column("upper_at", "text"),
    )
    return Table(key="sectors_bounds", title=words("sectors.table.bounds"), columns=columns, rows=rows)


def _drag(view: View) -> Table:
    rows = [
        (sector_text(row["sector"]), row["slope"], row["standard_error"], row["p"], row["rows"], row["regions"])
        for row in view.result.drag.iter_rows(named=True)
    ]
    columns = (
        column("sector", "name"),
        column("slope", "score"),
        column("standard_error", "score"),
        column("p", "figure"),
        column("rows", "integer"),
        column("regions", "integer"),
    )
    years = view.result.drag["years"][0]
    return Table(
        key="sectors_drag",
        title=words("sectors.table.drag", years=years),
        columns=columns,
        rows=rows,
        notes=(words("sectors.note.drag"),),
    )


def gone(view: View) -> Sequence[tuple[Text, Text]]:
    """Return the regions of the span that are never there, by reason."""
    have = set(view.frame["region"])
    rows = view.result.omitted.filter(
        ~pl.col("region").is_in(list(have)) & pl.col("year").is_between(view.first, view.last)
    )
    found: dict[tuple[str, str], list[Text]] = {}
    reasons = rows.group_by("region").agg(pl.col("reason_zh", "reason_en").mode().sort().first()).sort("region")
    for code, zh, en in reasons.iter_rows():
        found.setdefault((zh, en), []).append(view.name(code))
    return [(Text(zh=zh, en=en), listing(names, 4)) for (zh, en), names in found.items()]

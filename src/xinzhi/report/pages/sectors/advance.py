"""The page of `advance`: do education, culture and green keep up with the economy, and which holds a region back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

from xinzhi import words
from xinzhi.core.errors import UsageError
from xinzhi.core.result import Facts
from xinzhi.core.text import Text, listing, sentences
from xinzhi.report.charts import kinds
from xinzhi.report.palette import GROUPS, SOFT
from xinzhi.report.section import Picture, Section, picture, rows_of
from xinzhi.report.section_rows import section
from xinzhi.report.sentence import answer_of, arrangement
from xinzhi.report.table import Column, Table, column, table
from xinzhi.sectors import Index, Sectors
from xinzhi.sectors.internal import sector_text, setting

INKS = {"economy": GROUPS[0], "education": GROUPS[4], "culture": GROUPS[2], "green": GROUPS[5]}
DEGREE = "coordination_corrected"
AXES = ("development", "coupling_corrected")


def chosen(
    region: str | None, codes: Sequence[str], result: Sectors | Index, year: int, left: Iterable[str], default: str
) -> str:
    """Return the code of the region asked for by code or name; of one that was left out, `explain` raises why."""
    if region is None:
        return default
    try:
        return result.names.resolve(region, codes)
    except UsageError:
        try:
            absent = result.names.resolve(region, sorted(set(left) - set(codes)))
        except UsageError:
            absent = None
        if absent is not None:
            result.explain(absent, year)
        raise


def sector_inks(names: Sequence[str]) -> dict[str, str]:
    """Return the colour of every sector, the same on every page."""
    others = [ink for ink in GROUPS if ink not in INKS.values()]
    free = [name for name in names if name not in INKS]
    return {name: INKS.get(name) or others[free.index(name) % len(others)] for name in names}


@section.register
def together(result: Sectors, *, region: str | None = None) -> Section:
    """Return the section; `region` is the one drawn, else the one that its lowest sector holds back most."""
    view, facts = View(result), result.facts()
    default = view.parts.sort("gain", "region", descending=[True, False])["region"][0]
    code = chosen(region, view.codes, result, view.span["last"], result.omitted["region"], default)
    return Section.of(
        "sectors.sectors",
        [_map(view), _levels(view), _obstacles(view), _lagging(view), _region(view, code)],
        [_regions(view), _bounds(view), _drag(view)],
        anchor="sectors",
        answer=answer_of(facts, "sectors"),
        notes=tuple(_notes(view, facts)),
    )


@dataclass(frozen=True)
class View:
    """A result with what its pictures and tables share: the last year leads."""

    result: Sectors

    @cached_property
    def codes(self) -> list[str]:
        """The regions of the last year."""
        return self.now["region"].sort().to_list()

    @cached_property
    def sectors(self) -> list[str]:
        """The sectors in their order."""
        return self.result.codes()

    @cached_property
    def inks(self) -> dict[str, str]:
        """The colour of every sector."""
        return sector_inks(self.sectors)

    @cached_property
    def ends(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The means of the first and of the last year."""
        return self.result.years.row(0, named=True), self.result.years.row(-1, named=True)

    @property
    def span(self) -> dict[str, Any]:
        """The first and the last year, and the number of regions: in most sentences."""
        first, last = self.ends
        return {"first": first["year"], "last": last["year"], "year": last["year"], "regions": len(self.codes)}

    @property
    def moves(self) -> bool:
        """Whether there is more than one year."""
        return bool(self.span["first"] != self.span["last"])

    @cached_property
    def now(self) -> pl.DataFrame:
        """The coordination map of the last year, best coordinated first; the lowest sector in words beside it."""
        last = self.result.frame.filter(year=self.ends[1]["year"])
        return last.sort(DEGREE, "region", descending=[True, False], nulls_last=True)

    @cached_property
    def parts(self) -> pl.DataFrame:
        """The sectors of the regions in the last year."""
        return self.result.sectors.filter(year=self.ends[1]["year"])

    @cached_property
    def obstacles(self) -> pl.DataFrame:
        """The means of the last year by sector."""
        return self.result.obstacles.filter(year=self.ends[1]["year"])

    @cached_property
    def called(self) -> dict[str, Text]:
        """The names of the regions, no two alike."""
        codes = {*self.result.frame["region"], *self.result.omitted["region"]}
        return self.result.names.distinct("region", sorted(codes))

    @property
    def names(self) -> dict[str, Any]:
        """What writes the codes of each column."""
        return {
            "sector": sector_text,
            "lagging": lowest,
            "lagging_by_rank": lowest,
            "region": self.called.__getitem__,
            "indicator": lambda code: self.result.names.text("indicator", code),
        }

    def columns(self) -> list[Column]:
        """Return the columns of the levels of the sectors."""
        return [column("sectors.level", "level", of=name, name=sector_text(name)) for name in self.sectors]

    def coloured(self, rows: Sequence[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[str]]:
        """Return rows with a `group` (the lowest sector) in the order of the sectors, and the colours of these."""
        parts = {sector_text(name): ink for name, ink in self.inks.items()}
        order = {word: i for i, word in enumerate(parts)}
        ordered = sorted(rows, key=lambda row: order.get(row["group"], len(order)))
        groups = dict.fromkeys(row["group"] for row in ordered)
        return ordered, [parts.get(group, SOFT) for group in groups]


def lowest(cell: str | None) -> Text:
    """Return the lowest sectors of a region in words."""
    names = [sector_text(name) for name in (cell or "").split(";") if name]
    return listing(names) if names else words.sectors.chart_alike()


def _map(view: View) -> Picture:
    frame, (first, last) = view.result.frame, view.ends
    ends = frame.filter(pl.col("year").is_in([first["year"], last["year"]])).sort("region", "year")
    change = ends.group_by("region").agg(pl.col(DEGREE).last() - pl.col(DEGREE).first())
    up = change.filter(pl.col(DEGREE) > 0).height
    group = dict(view.now.select("region", "lagging").iter_rows())
    shown = ends.drop_nulls(AXES[1]).filter(pl.col("region").is_in(view.codes))
    rows, inks = view.coloured(
        [
            {"id": code, "year": year, "x": x, "y": y, "name": view.called[code], "group": lowest(group[code])}
            for code, year, x, y in shown.select("region", "year", *AXES).iter_rows()
        ]
    )
    # Sorted, a group is added up by one thread: the last digit does not hang on how many there are.
    means = frame.group_by("year").agg(pl.col(AXES).sort().mean()).sort("year").drop_nulls()
    names = (*AXES, DEGREE)
    before = frame.filter(year=first["year"]).select("region", *(pl.col(name).alias(f"{name}_0") for name in names))
    columns = [
        column(f"sectors.{name}_in", "score", of=f"{name}{mark}", year=end["year"])
        for mark, end in (("_0", first), ("", last))
        for name in names
    ]
    twin = table(
        "sectors_map",
        view.now.join(before, on="region", how="left", maintain_order="left"),
        ["region", *columns],
        view.result,
        names=view.names,
        **view.span,
    )
    mean = means.rename({AXES[0]: "x", AXES[1]: "y"}).to_dicts()
    return picture(
        "sectors.map",
        kinds.paths,
        rows,
        twin,
        view.span | {"up": up, "before": first[DEGREE], "after": last[DEGREE]},
        headline=None if view.moves else "map_once",
        unit="level",
        mean=mean,
        x="development",
        y="coupling",
        inks=inks,
    )


def _levels(view: View) -> Picture:
    first, last = view.ends
    rise = {name: last[name] - first[name] for name in view.sectors}
    most, least = max(rise, key=lambda name: rise[name]), min(rise, key=lambda name: rise[name])
    facts = view.span | {"most": sector_text(most), "most_value": rise[most]}
    facts |= {"least": sector_text(least), "least_value": rise[least]}
    scores = ("development", "coordination_standard", DEGREE, "rank_correlation")
    years = view.result.years
    twin = table("sectors_years", years, ["year", "regions", *view.columns(), *scores], view.result, part="years")
    return picture(
        "sectors.levels",
        kinds.lines,
        _paths(view, years),
        twin,
        facts,
        headline=None if view.moves else "one_year",
        unit="level",
        y="mean_level",
        inks=[*view.inks.values()],
    )


def _paths(view: View, frame: pl.DataFrame) -> list[dict[str, Any]]:
    """Return the levels of every sector by year."""
    return [row for name in view.sectors for row in rows_of(frame, year="year", value=name, group=sector_text(name))]


def _obstacles(view: View) -> Picture:
    means = view.obstacles.sort("obstacle", descending=True)
    top = means.row(0, named=True)
    wide = view.parts.pivot("sector", index="region", values="obstacle")
    wide = wide.sort(top["sector"], "region", descending=[True, False], nulls_last=True)
    largest = view.parts.filter(pl.col("obstacle") == pl.col("obstacle").max().over("region"), sector=top["sector"])
    heavy = dict(means.select("sector", "obstacle").iter_rows())
    called = [(view.called[row["region"]], row) for row in wide.iter_rows(named=True)]
    cells = [
        (name, *(None if row[one] is None else 100 * row[one] for one in view.sectors))
        for name, row in ((words.sectors.chart_mean(), heavy), *called)
    ]
    unit = words.sectors.unit_of_percent()
    columns = [column("sectors.obstacle", "figure", unit, of=name, name=sector_text(name)) for name in view.sectors]
    title = words.sectors.table_obstacles(**view.span)
    twin = Table(key="sectors_obstacles", title=title, columns=(column("sectors.region", "name"), *columns), rows=cells)
    rows = [
        {"name": row[0], **{name: cell for name, cell in zip(view.sectors, row[1:], strict=True) if cell is not None}}
        for row in cells[1:]
    ]
    facts = view.span | {"name": sector_text(top["sector"]), "share": top["obstacle"], "count": largest.height}
    # the heaviest stands at the foot, where lengths can be compared
    return picture(
        "sectors.obstacles",
        kinds.stacked,
        rows,
        twin,
        facts,
        unit="percent",
        x="obstacle",
        parts={name: (sector_text(name), view.inks[name]) for name in means["sector"]},
        domain=(0.0, 100.0),
    )


def _lagging(view: View) -> Picture | None:
    """Return the tiles of the lowest sectors; None where the regions have no tiles."""
    tiles = arrangement(view.codes)
    if not tiles:
        return None
    counts = view.obstacles.filter(pl.col("lagging") > 0).sort("lagging", descending=True)
    named = [
        words.sectors.answer_count(name=sector_text(name), count=count)
        for name, count in counts.select("sector", "lagging").iter_rows()
    ]
    shown = view.now.with_columns(pl.col("lagging", "lagging_by_rank").fill_null(""))
    rows, inks = view.coloured(
        [
            {"region": code, "group": lowest(cell), "value": None if value is None else 100 * value}
            for code, cell, value in view.now.select("region", "lagging", "relative").iter_rows()
        ]
    )
    gains = view.parts.group_by("region").agg(pl.col("gain").max())
    lags = column("sectors.lags", "flag", margin=round(100 * setting("lag.margin")))
    twin = table(
        "sectors_lagging",
        shown.join(gains, on="region", how="left", maintain_order="left"),
        ["region", "lagging", "relative", lags, "lagging_by_rank", column("sectors.gain", "score")],
        view.result,
        names=view.names,
        units={"relative": words.sectors.unit_of_percent()},
        **view.span,
    )
    return picture(
        "sectors.lagging",
        kinds.tiles,
        rows,
        twin,
        view.span | {"counts": named},
        headline=None if named else words.sectors.answer_level(**view.span),
        unit="relative",
        legend=words.sectors.title_lagging(),
        arrangement=tiles,
        decimals=0,
        inks=inks,
    )


def _region(view: View, code: str) -> Picture:
    parts = view.parts.filter(region=code)
    low = parts.sort("level").row(0, named=True)
    facts = view.span | {"region": view.called[code], "name": sector_text(low["sector"]), "level": low["level"]}
    mine = view.result.frame.filter(region=code).sort("year")
    twin = table(
        "sectors_region",
        mine.with_columns(pl.col("^grade_.*$").fill_null("–")),
        ["year", *view.columns(), DEGREE, "grade_corrected"],
        view.result,
        region=view.called[code],
    )
    return picture(
        "sectors.region",
        kinds.lines,
        _paths(view, mine),
        twin,
        facts | {"mean": parts["level"].to_numpy().mean()},
        headline=None if parts["gain"].to_numpy().max() > 0 else "region_level",
        unit="level",
        y="level",
        inks=[*view.inks.values()],
    )


def _regions(view: View) -> Table:
    before = view.result.frame.filter(year=view.span["first"]).select("region", _before=DEGREE)
    joined = view.now.join(before, on="region", how="left", maintain_order="left").with_row_index("rank", 1)
    shown = joined.with_columns(change=pl.col(DEGREE) - pl.col("_before"), lagging=pl.col("lagging").fill_null(""))
    change = column("sectors.change_since", "score", of="change", year=view.span["first"])
    return table(
        "sectors_regions",
        shown.with_columns(pl.col("^grade_.*$").fill_null("–")),
        ["rank", "region", DEGREE, "grade_corrected", change, "coordination_standard", *view.columns(), "lagging"],
        view.result,
        names=view.names,
        **view.span,
    )


def _bounds(view: View) -> Table | None:
    def at(cell: str) -> Text | str:
        code, _, when = cell.rpartition(" ")
        return words.sectors.chart_in_year(name=view.called[code], year=when) if code else ""

    bounds = view.result.bounds.with_columns(pl.col("lower_at", "upper_at").fill_null(""))
    names = {**view.names, "lower_at": at, "upper_at": at}
    return table("sectors_bounds", bounds, of=view.result, names=names) if bounds.height else None


def _drag(view: View) -> Table:
    years, notes = view.result.drag["years"][0], [words.sectors.note_drag()]
    return table("sectors_drag", of=view.result, names=view.names, years=years, notes=notes)


def _notes(view: View, facts: Facts) -> list[Text]:
    """Return what the levels rest on, who is left out, what the form does, and what this cannot tell."""
    result = view.result
    keys = []
    if result.bounds.height:
        keys += ["note.measured" if result.provenance.options.get("measured") else "note.per_worker", "note.bounds"]
    said: Facts = {key: {} for key in keys}
    said |= {key: values for key, values in facts.items() if key.startswith("note.")}
    if result.frame.filter(pl.col("flags") != "").height:
        said["note.interpolated"] = {}
    return sentences(said | {"note.thin": {}, "note.no_cause": {}}, "sectors")

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
    region: str | None, codes: Sequence[str], result: Sectors | Index, year: int, excluded: Iterable[str], default: str
) -> str:
    """Return the code of the region asked for by code or name; of one that was left out, `explain` raises why."""
    if region is None:
        return default
    try:
        return result.names.resolve(region, codes)
    except UsageError:
        try:
            absent = result.names.resolve(region, sorted(set(excluded) - set(codes)))
        except UsageError:
            absent = None
        if absent is not None:
            result.explain(absent, year)
        raise


def sector_inks(names: Sequence[str]) -> dict[str, str]:
    """Return the colour of every sector, the same on every page."""
    unused = [ink for ink in GROUPS if ink not in INKS.values()]
    free = [name for name in names if name not in INKS]
    return {name: INKS.get(name) or unused[free.index(name) % len(unused)] for name in names}


@section.register
def advance_and_services(result: Sectors, *, region: str | None = None) -> Section:
    """Return the section; `region` is the one drawn, else the one that its lowest sector holds back most."""
    view, facts = View(result), result.facts()
    code = chosen(region, view.codes, result, view.span["last"], result.omitted["region"], result.most_held_back)
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
        return sorted(self.result.last["region"])

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
        return self.result.ends

    @property
    def span(self) -> dict[str, Any]:
        """The first and the last year, and the number of regions: in most sentences."""
        first, last = self.ends
        return {"first": first["year"], "last": last["year"], "year": last["year"], "regions": len(self.codes)}

    @property
    def moves(self) -> bool:
        """Whether there is more than one year."""
        return bool(self.span["first"] != self.span["last"])

    @property
    def names(self) -> dict[str, Any]:
        """What writes the codes of each column."""
        return {
            "sector": sector_text,
            "lagging": lowest,
            "lagging_by_rank": lowest,
            "region": self.result.region_names.__getitem__,
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
    first, last = view.ends
    rows, inks = view.coloured(
        [
            {
                "id": row["region"],
                "year": row["year"],
                "x": row[AXES[0]],
                "y": row[AXES[1]],
                "name": view.result.region_names[row["region"]],
                "group": lowest(row["lagging"]),
            }
            for row in view.result.paths.iter_rows(named=True)
        ]
    )
    columns = [
        column(f"sectors.{name}_in", "score", of=f"{name}{mark}", year=end["year"])
        for mark, end in (("_0", first), ("", last))
        for name in (*AXES, DEGREE)
    ]
    twin = table(
        "sectors_map",
        view.result.first_and_last,
        ["region", *columns],
        view.result,
        names=view.names,
        **view.span,
    )
    mean = view.result.mean_path.rename({AXES[0]: "x", AXES[1]: "y"}).to_dicts()
    return picture(
        "sectors.map",
        kinds.paths,
        rows,
        twin,
        view.span | {"up": view.result.risen, "before": first[DEGREE], "after": last[DEGREE]},
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
    means = view.result.last_obstacles
    top = means.row(0, named=True)
    heavy = dict(zip(means["sector"], means["obstacle"], strict=True))
    regions = [
        (view.result.region_names[row["region"]], row) for row in view.result.obstacles_by_region.iter_rows(named=True)
    ]
    cells = [
        (name, *(None if row[sector] is None else 100 * row[sector] for sector in view.sectors))
        for name, row in ((words.sectors.chart_mean(), heavy), *regions)
    ]
    unit = words.sectors.unit_of_percent()
    columns = [column("sectors.obstacle", "figure", unit, of=name, name=sector_text(name)) for name in view.sectors]
    title = words.sectors.table_obstacles(**view.span)
    twin = Table(key="sectors_obstacles", title=title, columns=(column("sectors.region", "name"), *columns), rows=cells)
    rows = [
        {"name": row[0], **{name: cell for name, cell in zip(view.sectors, row[1:], strict=True) if cell is not None}}
        for row in cells[1:]
    ]
    facts = view.span | {
        "name": sector_text(top["sector"]),
        "share": top["obstacle"],
        "count": view.result.largest_in(top["sector"]),
    }
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
    labels = [
        words.sectors.answer_count(name=sector_text(row["sector"]), count=row["lagging"])
        for row in view.result.lagging_counts.iter_rows(named=True)
    ]
    rows, inks = view.coloured(
        [
            {
                "region": row["region"],
                "group": lowest(row["lagging"]),
                "value": None if row["relative"] is None else 100 * row["relative"],
            }
            for row in view.result.last.iter_rows(named=True)
        ]
    )
    lags = column("sectors.lags", "flag", margin=round(100 * setting("lag.margin")))
    twin = table(
        "sectors_lagging",
        view.result.lagging_by_region,
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
        view.span | {"counts": labels},
        headline=None if labels else words.sectors.answer_level(**view.span),
        unit="relative",
        legend=words.sectors.title_lagging(),
        arrangement=tiles,
        decimals=0,
        inks=inks,
    )


def _region(view: View, code: str) -> Picture:
    parts = view.result.sectors_of(code)
    low = parts.row(0, named=True)
    facts = view.span | {
        "region": view.result.region_names[code],
        "name": sector_text(low["sector"]),
        "level": low["level"],
    }
    path = view.result.path_of(code)
    twin = table(
        "sectors_region",
        path,
        ["year", *view.columns(), DEGREE, "grade_corrected"],
        view.result,
        region=view.result.region_names[code],
    )
    return picture(
        "sectors.region",
        kinds.lines,
        _paths(view, path),
        twin,
        facts | {"mean": parts["level"].to_numpy().mean()},
        headline=None if parts["gain"].to_numpy().max() > 0 else "region_level",
        unit="level",
        y="level",
        inks=[*view.inks.values()],
    )


def _regions(view: View) -> Table:
    change = column("sectors.change_since", "score", of="change", year=view.span["first"])
    return table(
        "sectors_regions",
        view.result.first_and_last,
        ["rank", "region", DEGREE, "grade_corrected", change, "coordination_standard", *view.columns(), "lagging"],
        view.result,
        names=view.names,
        **view.span,
    )


def _bounds(view: View) -> Table | None:
    if view.result.bounds.is_empty():
        return None

    def at(cell: str) -> Text | str:
        code, _, when = cell.rpartition(" ")
        return words.sectors.chart_in_year(name=view.result.region_names[code], year=when) if code else ""

    names = {**view.names, "lower_at": at, "upper_at": at}
    return table("sectors_bounds", view.result.bounds_as_text, of=view.result, names=names)


def _drag(view: View) -> Table:
    years, notes = view.result.drag["years"][0], [words.sectors.note_drag()]
    return table("sectors_drag", of=view.result, names=view.names, years=years, notes=notes)


def _notes(view: View, facts: Facts) -> list[Text]:
    """Return what the levels rest on, who is left out, what the form does, and what this cannot tell."""
    result = view.result
    keys = []
    if result.bounds.height:
        keys += ["note.measured" if result.provenance.options.get("measured") else "note.per_worker", "note.bounds"]
    values: Facts = {key: {} for key in keys}
    values |= {key: values for key, values in facts.items() if key.startswith("note.")}
    if result.interpolated:
        values["note.interpolated"] = {}
    return sentences(values | {"note.thin": {}, "note.no_cause": {}}, "sectors")

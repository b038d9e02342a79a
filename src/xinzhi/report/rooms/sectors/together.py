"""`Sectors` as a section: do education, culture and green keep up with the economy, and which holds a region back."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import polars as pl

from xinzhi.core.errors import InputError, UsageError
from xinzhi.report.catalogue import listing, words
from xinzhi.report.charts import kit
from xinzhi.report.numbers import number, percent
from xinzhi.report.rooms.sectors import map as chart
from xinzhi.report.rooms.sectors import tables
from xinzhi.report.rooms.sectors.names import arrangement, chosen, sector_parts
from xinzhi.report.section import Picture, Section
from xinzhi.sectors.conventions import setting
from xinzhi.sectors.advance import advance, sector_text

if TYPE_CHECKING:
    from altair.typing import ChartType

    from xinzhi.core.text import Text
    from xinzhi.data import Package
    from xinzhi.report.charts.style import Words
    from xinzhi.sectors.advance import Sectors

ECONOMY = "economy"
DEGREE = tables.DEGREE


def assessed(package: Package, measurement: Any) -> Section | None:  # noqa: ANN401 - a Measurement, as `advance` takes it
    """Return what an assessment says of the sectors; None where the package does not reach so far.

    Parameters
    ----------
    package, measurement
        What was read, and what `xinzhi.measure` made of it.
    """
    try:
        return together(advance(package, measurement))
    except InputError:
        return None


def together(result: Sectors, *, region: str | None = None) -> Section:
    """Return what `Sectors` says.

    Parameters
    ----------
    result
        What `advance` returns.
    region
        The region, by code or name, whose levels are drawn; None: the one that its lowest sector holds back most.

    Raises
    ------
    UsageError
        When the region has no coordination degree; says why.
    """
    view = tables.View(result)
    one = _one(view, region)
    pictures = [_map(view), _levels(view), _obstacles(view)]
    pictures += [_lagging(view)] if arrangement(view.codes) else []
    pictures += [_region(view, one)]
    return Section(
        key="sectors",
        title=words("sectors.title.sectors"),
        answer=tuple(_answer(view)),
        pictures=tuple(pictures),
        tables=tuple(tables.of_sectors(view)),
        notes=tuple(_notes(view)),
    )


def _one(view: tables.View, region: str | None) -> str:
    """Return the region that is shown alone."""
    try:
        default = view.parts.sort("gain", "region", descending=[True, False])["region"][0]
        return chosen(region, view.codes, view.result.names, default)
    except UsageError:
        code = chosen(region, view.result.omitted["region"].unique().sort().to_list(), view.result.names, "")
        view.result.explain(code, view.last)  # raises, and says why the region has none
        raise


def _answer(view: tables.View) -> list[Text]:
    """Return the finding in sentences: together or not, who is behind the economy, who lags where, does it matter."""
    first, last = view.ends
    ends = {name: (number(first[name], 2), number(last[name], 2)) for name in view.sectors}
    moves = [
        words("sectors.answer.move", name=sector_text(name), before=before, after=after)
        for name, (before, after) in ends.items()
    ]
    down = [sector_text(name) for name in view.sectors if last[name] < first[name]]
    span = {"first": view.first, "last": view.last, "regions": len(view.codes), "moves": listing(moves)}
    found = []
    if view.first == view.last:
        found.append(words("sectors.answer.one_year", **span))
    elif down:
        found.append(words("sectors.answer.not_all", names=listing(down), **span))
    else:
        found.append(words("sectors.answer.all", **span))
    found += [*_behind(view), *_ends(view), *_who(view), *_drag(view)]
    return found


def _behind(view: tables.View) -> list[Text]:
    """Name the sectors whose mean level rose less than that of the economy."""
    first, last = view.ends
    if ECONOMY not in view.sectors or view.first == view.last:
        return []
    rise = {name: last[name] - first[name] for name in view.sectors}
    behind = [name for name in view.sectors if name != ECONOMY and rise[name] < rise[ECONOMY]]
    economy = number(rise[ECONOMY], 2, sign=True)
    if not behind:
        return [words("sectors.answer.keep_up", economy=economy)]
    risen = {name: number(rise[name], 2, sign=True) for name in behind}
    named = [words("sectors.answer.rise", name=sector_text(name), value=value) for name, value in risen.items()]
    return [words("sectors.answer.behind", names=listing(named), economy=economy)]


def _who(view: tables.View) -> list[Text]:
    """Say which sector is lowest in how many regions, and what it costs."""
    rows = view.obstacles.sort("lagging", descending=True)
    top = rows.row(0, named=True)
    if not top["lagging"]:
        return [words("sectors.answer.level", year=view.last)]
    gain = rows.sort("gain", descending=True).row(0, named=True)
    even = rows.filter(lagging=top["lagging"])
    if even.height > 1:
        names = listing([sector_text(name) for name in even["sector"]])
        return [
            words("sectors.answer.even", year=view.last, names=names, count=top["lagging"], regions=len(view.codes))
        ]
    return [
        words(
            "sectors.answer.lags",
            year=view.last,
            name=sector_text(top["sector"]),
            count=top["lagging"],
            regions=len(view.codes),
            ranked=top["lagging_by_rank"],
        ),
        words("sectors.answer.gain", name=sector_text(gain["sector"]), gain=number(gain["gain"], 3)),
    ]


def _drag(view: tables.View) -> list[Text]:
    """Say whether the others advanced less where a sector lagged."""
    known = view.result.drag.drop_nulls("slope")
    if not known.height:
        return []
    found = known.filter((pl.col("slope") > 0) & (pl.col("p") <= setting("significance.value")))
    years = known["years"][0]
    if not found.height:
        return [words("sectors.answer.no_drag", years=years)]
    # a lag of a tenth of the scale is a size that occurs
    slopes = [
        words("sectors.answer.slope", name=sector_text(name), value=number(slope / 10, 3), error=number(error / 10, 3))
        for name, slope, error in found.select("sector", "slope", "standard_error").iter_rows()
    ]
    return [words("sectors.answer.drag", names=listing(slopes), years=years)]


def _map(view: tables.View) -> Picture:
    ends = view.frame.filter(pl.col("year").is_in([view.first, view.last])).sort("year")
    change = ends.group_by("region").agg(pl.col(DEGREE).last() - pl.col(DEGREE).first())
    first, last = view.ends
    key = "sectors.headline.map" if view.first != view.last else "sectors.headline.map_once"
    headline = words(
        key,
        up=change.filter(pl.col(DEGREE) > 0).height,
        regions=len(view.codes),
        before=number(first[DEGREE], 3),
        after=number(last[DEGREE], 3),
        first=view.first,
        last=view.last,
    )
    return Picture(
        kind="map",
        title=words("sectors.title.map"),
        headline=headline,
        draw=partial(_draw_map, view),
        how=words("sectors.how.map"),
        unit=words("sectors.unit.level"),
        twin=tables.coordination(view),
    )


def _ends(view: tables.View) -> list[Text]:
    """Name the region that is coordinated best, and the one that is so least."""
    ranked = view.now.drop_nulls(DEGREE)
    if ranked.height <= 1:
        return []
    high, low = ranked.row(0, named=True), ranked.row(-1, named=True)
    return [
        words(
            "sectors.answer.ends",
            year=view.last,
            high=view.name(high["region"]),
            high_value=number(high[DEGREE], 3),
            low=view.name(low["region"]),
            low_value=number(low[DEGREE], 3),
        )
    ]


def _draw_map(view: tables.View, w: Words) -> ChartType:
    lowest = {row["region"]: row["lagging"] for row in view.now.iter_rows(named=True)}
    ends = view.frame.filter(pl.col("year").is_in([view.first, view.last])).drop_nulls("coupling_corrected")
    rows = [
        {
            "id": row["region"],
            "year": row["year"],
            "x": row["development"],
            "y": row["coupling_corrected"],
            "name": view.name(row["region"]),
            "group": view.lagging(lowest[row["region"]]),
        }
        for row in ends.sort("region", "year").iter_rows(named=True)
        if row["region"] in lowest
    ]
    means = view.frame.group_by("year").agg(pl.col("development", "coupling_corrected").mean()).sort("year")
    mean = [{"year": year, "x": x, "y": y} for year, x, y in means.drop_nulls().iter_rows()]
    rows, inks = view.coloured(rows)
    x, y = words("sectors.chart.development"), words("sectors.chart.coupling")
    return chart.paths(w, rows, mean, x=x, y=y, inks=inks)


def _levels(view: tables.View) -> Picture:
    first, last = view.ends
    rise = {name: last[name] - first[name] for name in view.sectors}
    most, least = max(rise, key=lambda name: rise[name]), min(rise, key=lambda name: rise[name])
    headline = words(
        "sectors.headline.levels",
        most=sector_text(most),
        most_value=number(rise[most], 2, sign=True),
        least=sector_text(least),
        least_value=number(rise[least], 2, sign=True),
        first=view.first,
        last=view.last,
    )
    return Picture(
        kind="levels",
        title=words("sectors.title.levels"),
        headline=headline if view.first != view.last else words("sectors.headline.one_year", year=view.last),
        draw=partial(_draw_levels, view, None),
        how=words("sectors.how.levels"),
        unit=words("sectors.unit.level"),
        twin=tables.years(view),
    )


def _draw_levels(view: tables.View, region: str | None, w: Words) -> ChartType:
    frame = view.result.years if region is None else view.frame.filter(region=region).sort("year")
    rows = [
        {"group": sector_text(name), "year": row["year"], "value": row[name]}
        for name in view.sectors
        for row in frame.iter_rows(named=True)
    ]
    title = words("sectors.chart.mean_level") if region is None else words("sectors.chart.level")
    inks = [ink for _, ink in sector_parts(view.sectors).values()]
    return kit.lines(w, rows, y=title, inks=inks)


def _obstacles(view: tables.View) -> Picture:
    top = view.obstacles.sort("obstacle", descending=True).row(0, named=True)
    many = view.parts.filter(pl.col("obstacle") == pl.col("obstacle").max().over("region"))
    count = many.filter(sector=top["sector"]).height
    return Picture(
        kind="obstacles",
        title=words("sectors.title.obstacles"),
        headline=words(
            "sectors.headline.obstacles",
            name=sector_text(top["sector"]),
            share=percent(top["obstacle"]),
            count=count,
            regions=len(view.codes),
            year=view.last,
        ),
        draw=partial(_draw_obstacles, view),
        how=words("sectors.how.obstacles"),
        unit=words("sectors.unit.percent"),
        twin=tables.obstacles(view),
    )


def _draw_obstacles(view: tables.View, w: Words) -> ChartType:
    wide = tables.obstacles_wide(view)
    rows = [
        {"name": view.name(row["region"]), **{name: 100 * row[name] for name in view.sectors if row[name] is not None}}
        for row in wide.iter_rows(named=True)
    ]
    # the heaviest stands at the foot, where lengths can be compared
    parts = sector_parts(view.sectors)
    order = view.obstacles.sort("obstacle", descending=True)["sector"]
    stack = {name: parts[name] for name in order}
    return kit.stacked(w, rows, stack, x=words("sectors.chart.obstacle"), domain=(0.0, 100.0))


def _lagging(view: tables.View) -> Picture:
    counts = view.obstacles.filter(pl.col("lagging") > 0).sort("lagging", descending=True)
    named = [
        words("sectors.answer.count", name=sector_text(name), count=count)
        for name, count in counts.select("sector", "lagging").iter_rows()
    ]
    headline = words("sectors.headline.lagging", year=view.last, counts=listing(named))
    return Picture(
        kind="lagging",
        title=words("sectors.title.lagging"),
        headline=headline if named else words("sectors.answer.level", year=view.last),
        draw=partial(_draw_lagging, view),
        how=words("sectors.how.lagging"),
        unit=words("sectors.unit.none"),
        twin=tables.lagging(view),
    )


def _draw_lagging(view: tables.View, w: Words) -> ChartType:
    rows, inks = view.coloured(
        [
            {
                "region": row["region"],
                "group": view.lagging(row["lagging"]),
                "value": None if row["relative"] is None else 100 * row["relative"],
            }
            for row in view.now.iter_rows(named=True)
        ]
    )
    return kit.tiles(w, rows, arrangement(view.codes), title=words("sectors.title.lagging"), decimals=0, inks=inks)


def _region(view: tables.View, code: str) -> Picture:
    part = view.parts.filter(region=code).sort("gain", descending=True).row(0, named=True)
    low = view.parts.filter(region=code).sort("level").row(0, named=True)
    key = "sectors.headline.region" if part["gain"] > 0 else "sectors.headline.region_level"
    return Picture(
        kind="region",
        title=words("sectors.title.region", region=view.name(code)),
        headline=words(
            key,
            region=view.name(code),
            year=view.last,
            name=sector_text(low["sector"]),
            level=number(low["level"], 2),
            mean=number(view.parts.filter(region=code)["level"].to_numpy().mean(), 2),
        ),
        draw=partial(_draw_levels, view, code),
        how=words("sectors.how.region"),
        unit=words("sectors.unit.level"),
        twin=tables.region(view, code),
    )


def _notes(view: tables.View) -> list[Text]:
    """Return what the levels rest on, who is left out, what the form does, and what this cannot tell."""
    result = view.result
    found: list[Text] = []
    if result.bounds.height:
        measured = bool(result.provenance.options.get("measured"))
        found.append(words("sectors.note.measured" if measured else "sectors.note.per_worker"))
        found.append(words("sectors.note.bounds"))
    found += [words("sectors.note.left_out", names=names, reason=reason) for reason, names in tables.gone(view)]
    last = view.ends[1]
    if last["rank_correlation"] is not None:
        found.append(
            words(
                "sectors.note.forms",
                year=view.last,
                standard=number(last["coordination_standard"], 3),
                corrected=number(last["coordination_corrected"], 3),
                correlation=number(last["rank_correlation"], 2),
            )
        )
    if view.frame.filter(pl.col("flags") != "").height:
        found.append(words("sectors.note.interpolated"))
    return [*found, words("sectors.note.thin"), words("sectors.note.no_cause")]

"""How much of a rank is convention: `Uncertainty`, `Gaming` and `Sensitivity` of an index as sections."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import polars as pl

from xinzhi.core.text import Text
from xinzhi.report.catalogue import listing, same, words
from xinzhi.report.charts import kit
from xinzhi.report.numbers import number, percent
from xinzhi.report.rooms.sectors.names import column, distinct
from xinzhi.report.section import Picture, Section
from xinzhi.report.tables import Table
from xinzhi.sectors.conventions import CHOICES, departures, method, region_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from altair.typing import ChartType

    from xinzhi.report.charts.style import Words
    from xinzhi.sectors.composite.gaming import Gaming
    from xinzhi.sectors.composite.sensitivity import Sensitivity
    from xinzhi.sectors.composite.uncertainty import Uncertainty

Names = dict[str, Text]


def uncertain(result: Uncertainty, *, region: str | None = None) -> Section:
    """Return what an `Uncertainty` says: the interval of every rank."""
    del region  # all are drawn
    now = _last(result.frame)
    names = _names(now, result.names)
    width = (now["rank_p95"] - now["rank_p05"]).to_numpy()
    widest = now.row(int(width.argmax()), named=True)
    first = now.sort("first", "region", descending=[True, False]).row(0, named=True)
    span = number(float(width.mean()), 1)
    varied = result.levels.group_by("choice", maintain_order=True).len().filter(pl.col("len") > 1)["choice"].to_list()
    choices = listing([CHOICES[name] for name in [*varied, "noise"]])
    size = {"draws": f"{result.draws:,}", "regions": now.height, "span": span}
    places = {"low": widest["rank_p05"], "high": widest["rank_p95"], "rank": widest["rank"]}
    return Section(
        key="index-uncertainty",
        title=words("sectors.title.uncertainty"),
        answer=(
            words("sectors.answer.uncertain", choices=choices, year=widest["year"], **size),
            words("sectors.answer.widest", widest=names[widest["region"]], **places),
            words("sectors.answer.surest", first=names[first["region"]], share=percent(first["first"], 0)),
        ),
        pictures=(
            Picture(
                kind="ranks",
                title=words("sectors.title.ranks"),
                headline=words("sectors.headline.ranks", **size),
                draw=partial(_draw_ranks, now, names, ("rank_p05", "rank_p95"), words("sectors.chart.interval")),
                how=words("sectors.how.ranks"),
                unit=words("sectors.unit.place"),
                twin=_ranks(now, names),
            ),
        ),
        tables=(_levels(result.levels),),
        notes=(*_left_out(result.left_out), words("sectors.note.no_error")),
    )


def gamed(result: Gaming, *, region: str | None = None) -> Section:
    """Return what a `Gaming` says: how far every region could move by convention alone."""
    del region  # all are drawn
    now = _last(result.frame)
    names = _names(now, result.names)
    top = now.sort("gain", "region", descending=[True, False]).row(0, named=True)
    room = number(float((now["worst_rank"] - now["best_rank"]).to_numpy().mean()), 1)
    gain = number(float(now["gain"].to_numpy().mean()), 1)
    size = {
        "count": result.conventions.height,
        "first": int((now["best_rank"] == 1).sum()),
        "regions": now.height,
        "year": top["year"],
    }
    answer = [words("sectors.answer.gaming", gain=gain, **size)]
    if top["gain"]:
        how = departures(top["convention"])
        places = {"rank": top["rank"], "best": top["best_rank"]}
        answer.append(words("sectors.answer.furthest", region=names[top["region"]], how=how, **places))
    return Section(
        key="index-gaming",
        title=words("sectors.title.gaming"),
        answer=tuple(answer),
        pictures=(
            Picture(
                kind="room",
                title=words("sectors.title.room"),
                headline=words("sectors.headline.room", room=room, **size),
                draw=partial(_draw_ranks, now, names, ("best_rank", "worst_rank"), words("sectors.chart.room")),
                how=words("sectors.how.room"),
                unit=words("sectors.unit.place"),
                twin=_room(now, names),
            ),
            _shift(result),
        ),
        notes=(*_refused(result), words("sectors.note.same_for_all")),
    )


def sensitive(result: Sensitivity, *, region: str | None = None) -> Section:
    """Return what a `Sensitivity` says: which choice moves ranks."""
    del region  # all are counted
    by = "shapley" if "shapley" in result.overall.columns else "total"
    rows = result.overall.fill_nan(None).drop_nulls(by).sort(by, descending=True)
    count = f"{result.evaluations:,}"
    title = words("sectors.title.sensitivity")
    if not rows.height:
        return Section(key="index-sensitivity", title=title, answer=(words("sectors.answer.unmoved", count=count),))
    shares = {CHOICES[name]: percent(share, 0) for name, share in rows.select("choice", by).iter_rows()}
    parts = listing([words("sectors.answer.part", name=name, share=share) for name, share in shares.items()])
    top, share = next(iter(shares.items()))
    return Section(
        key="index-sensitivity",
        title=title,
        answer=(words("sectors.answer.sensitivity", count=count, parts=parts),),
        pictures=(
            Picture(
                kind="variance",
                title=words("sectors.title.variance"),
                headline=words("sectors.headline.variance", name=top, share=share),
                draw=partial(_draw_variance, rows, by),
                how=words(f"sectors.how.variance_{by}"),
                unit=words("sectors.unit.percent"),
                twin=_variance(rows),
            ),
        ),
        notes=tuple(_left_out(result.left_out)),
    )


def _last(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of the last year, in the order of the index."""
    return frame.filter(pl.col("year") == pl.col("year").max()).sort("rank", "region")


def _names(now: pl.DataFrame, names: Mapping[str, Text]) -> Names:
    return distinct({code: region_text(code, names) for code in now["region"]})


def _draw_ranks(now: pl.DataFrame, names: Names, ends: tuple[str, str], title: Text, w: Words) -> ChartType:
    rows = [
        {"name": names[code], "value": rank, "low": low, "high": high}
        for code, rank, low, high in now.select("region", "rank", *ends).iter_rows()
    ]
    return kit.dots(w, rows, x=title, decimals=0, domain=(0.0, now.height + 1.0))


def _ranks(now: pl.DataFrame, names: Names) -> Table:
    places = ("rank", "rank_minimum", "rank_p05", "rank_median", "rank_p95", "rank_maximum")
    rows = [
        (names[row["region"]], *(row[name] for name in places), 100 * row["first"]) for row in now.iter_rows(named=True)
    ]
    columns = (
        column("region", "name"),
        *(column(name, "integer") for name in places),
        column("first", "share", words("sectors.unit.percent")),
    )
    return Table(key="index_ranks", title=words("sectors.table.ranks", year=now["year"][0]), columns=columns, rows=rows)


def _room(now: pl.DataFrame, names: Names) -> Table:
    rows = [
        (
            names[row["region"]],
            row["rank"],
            row["best_rank"],
            row["worst_rank"],
            row["departures"],
            departures(row["convention"]),
            row["single_rank"],
            departures(row["single"]),
        )
        for row in now.iter_rows(named=True)
    ]
    columns = (
        column("region", "name"),
        *(column(name, "integer") for name in ("rank", "best_rank", "worst_rank", "departures")),
        column("convention", "text"),
        column("single_rank", "integer"),
        column("single", "text"),
    )
    return Table(key="index_room", title=words("sectors.table.room", year=now["year"][0]), columns=columns, rows=rows)


def _shift(result: Gaming) -> Picture:
    """Return what a constant before the logarithm of the entropy does to ranks."""
    worst = result.shifts.sort("furthest", descending=True).row(0, named=True)
    return Picture(
        kind="shift",
        title=words("sectors.title.shift"),
        headline=words("sectors.headline.shift", shift=_plain(worst["shift"]), furthest=worst["furthest"]),
        draw=partial(_draw_shift, result),
        how=words("sectors.how.shift"),
        unit=words("sectors.unit.places"),
        twin=_shifts(result),
    )


def _plain(value: float) -> Text:
    """Return a constant as a person writes it, 0.00001 and not 1e-05."""
    return same(f"{value:.6f}".rstrip("0").rstrip("."))


def _draw_shift(result: Gaming, w: Words) -> ChartType:
    rows = [
        {"name": words("sectors.chart.shift", shift=_plain(shift)), "value": furthest}
        for shift, furthest in result.shifts.select("shift", "furthest").iter_rows()
    ]
    return kit.bars(w, rows, x=words("sectors.chart.furthest"), decimals=0)


def _shifts(result: Gaming) -> Table:
    rows = [
        (_plain(row["shift"]), row["furthest"], row["moved"], 100 * row["largest_weight"], 100 * row["largest_change"])
        for row in result.shifts.iter_rows(named=True)
    ]
    percent_ = words("sectors.unit.percent")
    columns = (
        column("shift", "name"),
        column("furthest", "integer"),
        column("moved", "integer"),
        column("largest_weight", "percent", percent_),
        column("largest_change", "percent", percent_),
    )
    return Table(key="index_shift", title=words("sectors.table.shift"), columns=columns, rows=rows)


def _levels(levels: pl.DataFrame) -> Table:
    rows = [(CHOICES[choice], method(choice, level), draws) for choice, level, draws in levels.iter_rows()]
    columns = (column("choice", "name"), column("level_of", "text"), column("draws", "integer"))
    return Table(key="index_levels", title=words("sectors.table.levels"), columns=columns, rows=rows)


def _draw_variance(rows: pl.DataFrame, by: str, w: Words) -> ChartType:
    bars = [{"name": CHOICES[name], "value": 100 * share} for name, share in rows.select("choice", by).iter_rows()]
    return kit.bars(w, bars, x=words("sectors.chart.variance"))


def _variance(rows: pl.DataFrame) -> Table:
    names = [name for name in ("shapley", "first_order", "total") if name in rows.columns]
    cells = [
        (CHOICES[row["choice"]], *(None if row[name] is None else 100 * row[name] for name in names))
        for row in rows.iter_rows(named=True)
    ]
    columns = (column("choice", "name"), *(column(name, "percent", words("sectors.unit.percent")) for name in names))
    return Table(key="index_variance", title=words("sectors.table.variance"), columns=columns, rows=cells)


def _left_out(frame: pl.DataFrame) -> list[Text]:
    """Say which levels the data cannot carry, and why."""
    return [
        words("sectors.note.level_left_out", choice=CHOICES[choice], level=method(choice, level), reason=reason)
        for choice, level, reason in frame.iter_rows()
    ]


def _refused(result: Gaming) -> list[Text]:
    if not result.left_out.height:
        return []
    reason = result.left_out["reason"][0]
    return [words("sectors.note.refused", count=result.left_out.height, reason=reason)]

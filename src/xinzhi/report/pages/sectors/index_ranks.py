"""The pages of `Uncertainty`, `Gaming` and `Sensitivity` of an index: how much of a rank is convention."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from xinzhi.core.text import Text, same, sentences, words
from xinzhi.report.charts import kit
from xinzhi.report.picture import picture, rows_of
from xinzhi.report.section import Picture, Section
from xinzhi.report.table import Column, Table, column, table
from xinzhi.sectors import Gaming, Sensitivity, Uncertainty, departures, method

PLACES = ("rank", "rank_minimum", "rank_p05", "rank_median", "rank_p95", "rank_maximum")


def uncertain(result: Uncertainty, *, region: str | None = None) -> Section:
    """Return the section on the interval of every rank."""
    del region  # all are drawn
    now, facts = result.last(), result.facts()
    twin = table("index_ranks", now, ("region", *PLACES, "first"), result, title=_in_year("ranks", now))
    size: Any = facts["answer.uncertain"]
    return Section.of(
        "sectors.uncertainty",
        [_ranks("sectors.ranks", now, result, ("rank_p05", "rank_p95"), twin, size, axis="interval")],
        [_levels(result.levels)],
        anchor="index-uncertainty",
        answer=sentences(facts, "sectors"),
        notes=(*_left_out(result.left_out), words("sectors.note.no_error")),
    )


def gamed(result: Gaming, *, region: str | None = None) -> Section:
    """Return the section on how far every region could move by convention alone."""
    del region  # all are drawn
    now, facts = result.last(), result.facts()
    columns = ("region", "rank", "best_rank", "worst_rank", "departures", "convention", "single_rank", "single")
    said = now.with_columns(pl.col("convention", "single").fill_null(""))
    names: dict[str, Any] = {
        "convention": departures,
        "single": departures,
        "region": result.names.distinct("region", now["region"]).__getitem__,
    }
    twin = table("index_room", said, columns, result, names=names, title=_in_year("room", now))
    size: Any = facts["answer.gaming"]
    refused = [
        words("sectors.note.refused", count=result.left_out.height, reason=Text(zh=zh, en=en))
        for zh, en in result.left_out.select("reason_zh", "reason_en").head(1).iter_rows()
    ]
    answer = {key: values for key, values in facts.items() if key.startswith("answer.")}
    return Section.of(
        "sectors.gaming",
        [
            _ranks("sectors.room", now, result, ("best_rank", "worst_rank"), twin, size, axis="room"),
            _shift(result, facts),
        ],
        anchor="index-gaming",
        answer=sentences(answer, "sectors"),
        notes=(*refused, words("sectors.note.same_for_all")),
    )


def sensitive(result: Sensitivity, *, region: str | None = None) -> Section:
    """Return the section on which choice moves ranks."""
    del region  # all are counted
    by = "shapley" if "shapley" in result.overall.columns else "total"
    shares = result.shares()
    drawn = None
    if shares.height:
        rows = result.overall.fill_nan(None).drop_nulls(by).sort(by, descending=True)
        columns = ["choice", *(name for name in ("shapley", "first_order", "total") if name in rows.columns)]
        title = words("sectors.table.variance")
        twin = table("index_variance", rows, columns, result, names={"choice": _choice}, title=title)
        facts = {"name": _choice(shares["choice"][0]), "share": shares["share"][0]}
        bars = [{"name": _choice(name), "value": 100 * share} for name, share in shares.iter_rows()]
        drawn = picture(
            "sectors.variance", kit.bars, bars, twin, facts, how=f"variance_{by}", unit="percent", x="variance"
        )
    return Section.of(
        "sectors.sensitivity",
        [drawn],
        anchor="index-sensitivity",
        answer=sentences(result.facts(), "sectors"),
        notes=tuple(_left_out(result.left_out)) if drawn else (),
    )


def _choice(name: str) -> Text:
    return words(f"sectors.choice.{name}")


def _in_year(name: str, now: pl.DataFrame) -> Text:
    return words(f"sectors.table.{name}", year=now["year"][0])


def _ranks(
    key: str,
    now: pl.DataFrame,
    result: Uncertainty | Gaming,
    ends: tuple[str, str],
    twin: Table,
    facts: Mapping[str, object],
    *,
    axis: str,
) -> Picture:
    rows = rows_of(now, result, name="region", value="rank", low=ends[0], high=ends[1])
    return picture(key, kit.dots, rows, twin, facts, unit="place", x=axis, decimals=0, domain=(0.0, now.height + 1.0))


def _shift(result: Gaming, facts: Any) -> Picture:  # noqa: ANN401 - facts of the result
    """Return what a constant before the logarithm of the entropy does to ranks."""
    columns = ("shift", "furthest", "moved", "largest_weight", "largest_change")
    title = words("sectors.table.shift")
    plain = result.shifts.with_columns(
        pl.col("shift").map_elements(lambda value: f"{value:.6f}".rstrip("0").rstrip("."), return_dtype=pl.String)
    )
    named: list[str | Column] = [column("sectors.shift", "name"), *columns[1:]]
    twin = table("index_shift", plain, named, result, part="shifts", title=title, names={"shift": same})
    rows = [
        {"name": words("sectors.chart.shift", shift=shift), "value": furthest}
        for shift, furthest in plain.select("shift", "furthest").iter_rows()
    ]
    return picture(
        "sectors.shift", kit.bars, rows, twin, facts["headline.shift"], unit="places", x="furthest", decimals=0
    )


def _levels(levels: pl.DataFrame) -> Table:
    said = [method(choice, level) for choice, level in levels.select("choice", "level").iter_rows()]
    frame = levels.with_columns(
        level_zh=pl.Series([one.zh for one in said]), level_en=pl.Series([one.en for one in said])
    )
    columns = [
        column("sectors.choice", "name"),
        column("sectors.level_of", "text", of="level"),
        column("sectors.draws", "integer"),
    ]
    return table(
        "index_levels", frame.drop("level"), columns, names={"choice": _choice}, title=words("sectors.table.levels")
    )


def _left_out(frame: pl.DataFrame) -> list[Text]:
    """Say which levels the data cannot carry, and why."""
    return [
        words(
            "sectors.note.level_left_out",
            choice=_choice(choice),
            level=method(choice, level),
            reason=Text(zh=zh, en=en),
        )
        for choice, level, zh, en in frame.iter_rows()
    ]

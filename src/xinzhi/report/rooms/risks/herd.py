"""The section on the wave: what becomes of utilisation, prices and profit if every region builds what its plan says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from xinzhi.report.catalogue import words
from xinzhi.report.charts import kit
from xinzhi.report.numbers import number, percent
from xinzhi.report.rooms.pathways.names import sentence
from xinzhi.report.rooms.risks.capacity_names import column, times
from xinzhi.report.rooms.risks.herd_facts import Wave
from xinzhi.report.rooms.risks.herd_outcomes import chances, idle, offsets, ordinary, outlook, prices
from xinzhi.report.rooms.risks.herd_tables import assumed, categories, left_out
from xinzhi.report.section import Picture, Section
from xinzhi.report.tables import Table

if TYPE_CHECKING:
    from xinzhi.risks import HerdEntry

ROOM = 1.25  # the axis of entrants ends this much beyond the category that most regions name


def herd(result: HerdEntry, *, region: str | None = None) -> Section:
    """Return what a wave of entry does.

    Parameters
    ----------
    result
        What `herd_entry` returns.
    region
        The category, by code or name, whose range of outcomes is drawn; None: the one furthest beyond what its market
        bears.

    Raises
    ------
    UsageError
        When there is no such category.
    """
    wave = Wave(result)
    code = wave.chosen(region)
    tables = (*categories(wave), *left_out(wave), *assumed(wave))
    if not wave.rows.height:
        answer = words("overcapacity.answer.no_category", n=wave.left.height)
        return Section(key="herd", title=words("overcapacity.title.herd"), answer=(answer,), tables=tables)
    drawn = [crowd(wave), lure(wave), idle(wave), chances(wave), outlook(wave, code), prices(wave), offsets(wave)]
    kept = [one for one in drawn if one]
    said = [sentence(one.headline) for one in kept if one.kind in {"crowd", "lure", "idle", "chances", "offsets"}]
    if sure := wave.rows.filter(pl.col("regions") > pl.col("break_even_high")).height:
        said.insert(1, words("overcapacity.answer.sure", k=sure))
    if code is not None and code in wave.reasons:
        said.insert(0, words("overcapacity.answer.not_computed", name=wave.names[code], why=wave.reasons[code]))
    if wave.left.height:
        said.append(words("overcapacity.answer.left_out", k=wave.left.height, n=wave.left.height + wave.rows.height))
    return Section(
        key="herd",
        title=words("overcapacity.title.herd"),
        answer=tuple(said),
        pictures=tuple(kept),
        tables=tables,
        notes=wave.notes(),
    )


def crowd(wave: Wave) -> Picture:
    """Return how many regions name each category against the number of entrants that its market bears."""
    frame = wave.rows.sort(pl.col("regions") - pl.col("break_even"), "category", descending=[True, False])
    rows = [
        {
            "name": wave.brief[r["category"]], "value": r["regions"], "bound": r["break_even"],
            "low": r["break_even_low"], "high": r["break_even_high"], "named": str(r["regions"]),
            "bears": number(r["break_even"], 0),
            "mark": words("overcapacity.chart.wave") if r["wave"] else None,
        }
        for r in frame.iter_rows(named=True)
    ]  # fmt: skip
    top = frame.row(0, named=True)
    over = frame.filter(pl.col("regions") > pl.col("break_even")).height
    values = {
        "k": over, "n": frame.height, "name": wave.names[top["category"]], "named": top["regions"],
        "bears": number(top["break_even"], 0),
    }  # fmt: skip
    crowded = words("overcapacity.headline.crowd", **values)
    headline = crowded if over else words("overcapacity.headline.no_crowd", **values)
    most = ROOM * float(frame["regions"].to_numpy().max())
    heads = (("named_short", "named"), ("bears_short", "bears"), ("waves", "mark"))
    names = ("break_even", "break_even_low", "break_even_high")
    columns = (column("category", "name"), column("regions", "integer"), *(ordinary(name) for name in names),
               column("wave", "text"))  # fmt: skip
    cells = [
        (wave.names[r["category"]], r["regions"], *(r[name] for name in names), wave.yes(r["wave"]))
        for r in frame.iter_rows(named=True)
    ]
    title = words("overcapacity.title.crowd")
    return Picture(
        kind="crowd",
        title=title,
        headline=headline,
        draw=lambda w: kit.bullets(
            w, rows, (words("overcapacity.chart.within"), words("overcapacity.chart.beyond")),
            x=words("overcapacity.chart.entrants"), most=most,
            columns=[(words(f"overcapacity.chart.{head}"), key) for head, key in heads],
        ),
        how=words("overcapacity.how.crowd"),
        unit=words("overcapacity.unit_of.regions"),
        twin=Table(key="herd_crowd", title=title, columns=columns, rows=cells),
    )  # fmt: skip


def lure(wave: Wave) -> Picture:
    """Return what an entrant expects that knows nothing of the others, and what all get if all enter."""
    frame = wave.rows.sort("profit_if_all", "category")
    rows = [
        {
            "name": wave.brief[r["category"]], "a": times(r["expected_profit"]), "b": times(r["profit_if_all"]),
            "alone": percent(r["expected_profit"], sign=True), "all": percent(r["profit_if_all"], sign=True),
            "mark": words("overcapacity.chart.wave") if r["wave"] else None,
        }
        for r in frame.iter_rows(named=True)
    ]  # fmt: skip
    waves = frame.filter("wave")
    if waves.height:
        top = waves.row(0, named=True)
        headline = words(
            "overcapacity.headline.lure", k=waves.height, n=frame.height, name=wave.names[top["category"]],
            alone=percent(top["expected_profit"], sign=True), all=percent(top["profit_if_all"], sign=True),
        )  # fmt: skip
    else:
        lose = frame.filter(pl.col("profit_if_all") < 0).height
        headline = words("overcapacity.headline.no_wave", n=frame.height, lose=lose)
    heads = (("alone_short", "alone"), ("all_short", "all"), ("waves", "mark"))
    columns = (column("category", "name"), column("expected_profit", "percent"), column("chance_alone", "percent"),
               column("profit_if_all", "percent"), column("wave", "text"))  # fmt: skip
    cells = [
        (wave.names[r["category"]], times(r["expected_profit"]), times(r["chance_loss_alone"]),
         times(r["profit_if_all"]), wave.yes(r["wave"]))
        for r in frame.iter_rows(named=True)
    ]  # fmt: skip
    title = words("overcapacity.title.lure")
    return Picture(
        kind="lure",
        title=title,
        headline=headline,
        draw=lambda w: kit.pairs(
            w, rows, (words("overcapacity.chart.alone"), words("overcapacity.chart.all_enter")),
            x=words("overcapacity.chart.profit"), reference=0.0,
            columns=[(words(f"overcapacity.chart.{head}"), key) for head, key in heads],
        ),
        how=words("overcapacity.how.lure"),
        unit=words("overcapacity.unit_of.profit"),
        twin=Table(key="herd_lure", title=title, columns=columns, rows=cells),
    )  # fmt: skip

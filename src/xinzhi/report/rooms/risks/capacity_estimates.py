"""The sections on utilisation that is estimated: by the trend through peaks, and by what the same plant could make."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from xinzhi.report import palette
from xinzhi.report.catalogue import same, words
from xinzhi.report.charts import kit
from xinzhi.report.numbers import number, percent
from xinzhi.report.rooms.pathways.names import capital, sentence, told
from xinzhi.report.rooms.risks.capacity_names import FULL, chosen, column, known, times, unit_names
from xinzhi.report.section import Picture, Section
from xinzhi.report.tables import Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinzhi.core.text import Text
    from xinzhi.risks import PeakToPeak, PlantCapacity

WIDE = 0.12  # part of the years that has room for a word
DECIMALS = ((1000.0, 0), (100.0, 1), (10.0, 2))
FEW = 5  # units whose rates are drawn as lines


def peaks(result: PeakToPeak, *, region: str | None = None) -> Section:
    """Return what the trend through peaks says of each unit.

    Parameters
    ----------
    result
        What `peak_to_peak` returns.
    region
        The unit whose output and trend are drawn; None: the one with the lowest rate in its last year.

    Raises
    ------
    UsageError
        When there is no such unit.
    """
    last = result.frame.sort("year").group_by("unit", maintain_order=True).last().sort("utilisation", "unit")
    names = unit_names(last["unit"])
    code = chosen(region, names, last["unit"][0])
    drawn = [_trend(result, code, names), _rates(result, code, last, names), *_last(last, names)]
    return Section(
        key="peak-to-peak",
        title=words("overcapacity.title.peaks"),
        answer=tuple(sentence(one.headline) for one in drawn),
        pictures=tuple(drawn),
        notes=(words("overcapacity.note.peaks"), *told(result.findings)),
    )


def _trend(result: PeakToPeak, code: str, names: Mapping[str, Text]) -> Picture:
    """Return the output of a unit and the line through its peaks; what is carried on is shaded."""
    own = result.frame.filter(unit=code).sort("year")
    value = known("series", str(result.provenance.options["value"]))
    fixed = result.provenance.options["fixed"]
    if fixed is not None:
        value = words("overcapacity.chart.per", value=value, fixed=known("series", str(fixed)))
    line = words("overcapacity.chart.through_peaks")
    rows = [{"group": line, "year": r["year"], "value": r["trend"]} for r in own.iter_rows(named=True)]
    rows += [
        {"group": value, "year": r["year"], "value": r["value"], "dot": r["peak"]} for r in own.iter_rows(named=True)
    ]
    at = own.filter("peak")["year"].to_list()
    first, end = own["year"][0], own["year"][-1]
    carried = words("overcapacity.chart.carried_on")
    marks = [
        {"start": start, "end": stop, "word": carried if stop - start >= WIDE * (end - first) else None}
        for start, stop in ((first, at[0]), (at[-1], end))
        if start < stop
    ]
    now = own.row(-1, named=True)
    decimals = next((digits for size, digits in DECIMALS if now["trend"] >= size), 3)
    values = {
        "name": names[code], "year": now["year"], "rate": percent(now["utilisation"]), "peak": at[-1],
        "k": len(at), "first": first,
    }  # fmt: skip
    columns = (column("year", "year"), column("value", "figure"), column("trend", "figure"),
               column("rate", "percent"), column("peak", "text"), column("section", "text"))  # fmt: skip
    cells = [
        (r["year"], r["value"], r["trend"], times(r["utilisation"]),
         words("overcapacity.chart.peak") if r["peak"] else None, known("chart", r["section"]))
        for r in own.iter_rows(named=True)
    ]  # fmt: skip
    title = words("overcapacity.title.trend", name=names[code])
    idle, trend = at[-1] < now["year"], words("overcapacity.headline.trend", **values)
    return Picture(
        kind="peaks",
        title=title,
        headline=capital(trend if idle else words("overcapacity.headline.at_peak", **values)),
        draw=lambda w: kit.lines(w, rows, y=value, marks=marks, inks=(palette.BAND, palette.DEEP), decimals=decimals),
        how=words("overcapacity.how.trend"),
        unit=value,
        twin=Table(key="peaks_trend", title=title, columns=columns, rows=cells),
    )


def _rates(result: PeakToPeak, code: str, last: pl.DataFrame, names: Mapping[str, Text]) -> Picture:
    """Return the rates of the unit and of the lowest others over the years."""
    shown = list(dict.fromkeys([code, *last["unit"].to_list()]))[:FEW]
    frame = result.frame.filter(pl.col("unit").is_in(shown)).sort("year")
    rows = [
        {"group": names[r["unit"]], "year": r["year"], "value": times(r["utilisation"])}
        for unit in shown
        for r in frame.filter(unit=unit).iter_rows(named=True)
    ]
    own = frame.filter(unit=code)
    low = own.sort("utilisation", "year").row(0, named=True)
    columns = (column("unit", "name"), column("year", "year"), column("rate", "percent"), column("section", "text"))
    cells = [
        (names[r["unit"]], r["year"], times(r["utilisation"]), known("chart", r["section"]))
        for r in result.frame.sort("unit", "year").iter_rows(named=True)
    ]
    title = words("overcapacity.title.rates")
    peak = own.filter("peak")["year"].to_list()
    headline = words("overcapacity.headline.one_peak", name=names[code], peak=peak[0])
    if len(peak) > 1:
        headline = words(
            "overcapacity.headline.rates", name=names[code], start=own["year"][0], end=own["year"][-1],
            mean=percent(own["utilisation"].to_numpy().mean()), low=percent(low["utilisation"]), year=low["year"],
        )  # fmt: skip
    return Picture(
        kind="rates",
        title=title,
        headline=capital(headline),
        draw=lambda w: kit.lines(w, rows, y=words("overcapacity.chart.utilisation"), reference=FULL, decimals=1),
        how=words("overcapacity.how.rates"),
        unit=words("overcapacity.unit_of.percent"),
        twin=Table(key="peaks_rates", title=title, columns=columns, rows=cells),
    )  # fmt: skip


def _last(last: pl.DataFrame, names: Mapping[str, Text]) -> list[Picture]:
    """Return the rates of all units in their last year, parted by whether the line is carried on; none for one unit."""
    if last.height == 1:
        return []
    groups = {name: words(f"overcapacity.chart.{name}") for name in ("between", "after")}
    rows = [
        {"name": names[r["unit"]], "value": times(r["utilisation"]), "group": groups[r["section"]]}
        for r in last.iter_rows(named=True)
    ]
    low = last.row(0, named=True)
    columns = (column("unit", "name"), column("year", "year"), column("rate", "percent"), column("section", "text"))
    cells = [
        (row["name"], r["year"], row["value"], row["group"])
        for row, r in zip(rows, last.iter_rows(named=True), strict=True)
    ]
    title = words("overcapacity.title.last")
    values = {
        "n": last.height, "name": names[low["unit"]], "rate": percent(low["utilisation"]), "year": low["year"],
        "k": last.filter(pl.col("section") == "after").height,
    }  # fmt: skip
    lowest = words("overcapacity.headline.last", **values)
    full = percent(low["utilisation"]) == percent(1.0)
    return [
        Picture(
            kind="last",
            title=title,
            headline=capital(words("overcapacity.headline.all_at_line", **values) if full else lowest),
            draw=lambda w: kit.dots(
                w, rows, x=words("overcapacity.chart.utilisation"), reference=FULL, decimals=1,
                groups=list(groups.values()),
            ),
            how=words("overcapacity.how.last"),
            unit=words("overcapacity.unit_of.percent"),
            twin=Table(key="peaks_last", title=title, columns=columns, rows=cells),
        )
    ]  # fmt: skip


def plants(result: PlantCapacity, *, region: str | None = None) -> Section:
    """Return how much of its plant each unit uses, with and without its inefficiency.

    Parameters
    ----------
    result
        What `plant_capacity` returns.
    region
        A unit whose figures the answer names; None: none.

    Raises
    ------
    UsageError
        When there is no such unit.
    """
    names = unit_names(result.frame["unit"])
    code = None if region is None else chosen(region, names, "")
    every = result.frame.sort("utilisation", "unit", nulls_last=True)
    solved = every.drop_nulls("utilisation")
    columns = (
        column("unit", "name"), column("unbiased", "percent"), column("biased", "percent"),
        column("efficiency", "score"), column("plant_efficiency", "score"), column("status", "text"),
    )  # fmt: skip
    cells = [
        (names[r["unit"]], times(r["utilisation"]), times(r["observed_utilisation"]), r["efficiency"],
         r["plant_efficiency"], known("status", r["status"]))
        for r in every.iter_rows(named=True)
    ]  # fmt: skip
    table = Table(key="plants", title=words("overcapacity.title.plants"), columns=columns, rows=cells)
    drawn = [_plants(solved, names, table)] if solved.height else []
    answer = [sentence(one.headline) for one in drawn] or [words("overcapacity.answer.no_unit")]
    if code is not None:
        own = result.frame.filter(unit=code).row(0, named=True)
        values = {
            "name": names[code], "rate": percent(own["utilisation"]), "biased": percent(own["observed_utilisation"]),
            "why": known("status", own["status"]),
        }  # fmt: skip
        solved_here = own["utilisation"] is not None
        answer.append(
            words("overcapacity.answer.unit", **values)
            if solved_here
            else words("overcapacity.answer.unit_not", **values)
        )
    return Section(
        key="plant-capacity",
        title=words("overcapacity.title.plant_section"),
        answer=tuple(answer),
        pictures=tuple(drawn),
        tables=(table, *_needed(result, names)),
        notes=(words("overcapacity.note.plants"), *told(result.findings)),
    )


def _plants(solved: pl.DataFrame, names: Mapping[str, Text], table: Table) -> Picture:
    rows = [
        {
            "name": names[r["unit"]], "a": times(r["observed_utilisation"]), "b": times(r["utilisation"]),
            "biased": number(times(r["observed_utilisation"]), 1), "unbiased": number(times(r["utilisation"]), 1),
        }
        for r in solved.iter_rows(named=True)
    ]  # fmt: skip
    low = solved.row(0, named=True)
    ends = (words("overcapacity.chart.biased"), words("overcapacity.chart.unbiased"))
    heads = (("biased_short", "biased"), ("unbiased_short", "unbiased"))
    return Picture(
        kind="plants",
        title=words("overcapacity.title.plants"),
        headline=words(
            "overcapacity.headline.plants", n=solved.height, mean=percent(solved["utilisation"].to_numpy().mean()),
            biased=percent(solved["observed_utilisation"].to_numpy().mean()), name=names[low["unit"]],
            low=percent(low["utilisation"]),
        ),
        draw=lambda w: kit.pairs(
            w, rows, ends, x=words("overcapacity.chart.plant_utilisation"), reference=FULL,
            columns=[(words(f"overcapacity.chart.{head}"), key) for head, key in heads],
        ),
        how=words("overcapacity.how.plants"),
        unit=words("overcapacity.unit_of.percent"),
        twin=table,
    )  # fmt: skip


def _needed(result: PlantCapacity, names: Mapping[str, Text]) -> tuple[Table, ...]:
    if not result.variable.height:
        return ()
    columns = (column("unit", "name"), column("input", "text"), column("needed", "score"))
    cells = [
        (names[unit], same(one), needed)
        for unit, one, needed in result.variable.select("unit", "input", "needed").rows()
    ]
    return (Table(key="plants_needed", title=words("overcapacity.table.needed"), columns=columns, rows=cells),)

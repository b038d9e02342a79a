"""The page of `history`: which power led where over two centuries of energy, and one country's shares of energy."""

from __future__ import annotations

from typing import Any

import altair as alt
import polars as pl
from altair.typing import ChartType

from xinzhi.core.errors import UsageError
from xinzhi.core.text import same, sentences, words
from xinzhi.report import palette
from xinzhi.report.charts import kit, style
from xinzhi.report.charts.style import Words
from xinzhi.report.pages.scope.eras import eras
from xinzhi.report.picture import picture
from xinzhi.report.section import Picture, Section
from xinzhi.report.table import Column, Table, column, table
from xinzhi.scope import History, document

FACTS = "powers.yaml"
STEP, WIDTH, LINE = 22, 600, 13
LED = ("human", "horse", "electric")  # the powers that data on energy can show


def history(result: History, *, region: str | None = None) -> Section:
    """Return what the history of energy says of the five powers; `region` is the country whose energy is drawn."""
    answer, notes = (
        sentences({key: values for key, values in result.facts().items() if key.startswith(shelf)}, "scope")
        for shelf in ("answer.", "note.")
    )
    reference = same(str(document(FACTS)["reference"]).strip())
    return Section.of(
        "scope.history",
        [_leads(result), _carriers(result, region)],
        [_changes(result), _seen(result)],
        anchor="scope-history",
        answer=answer,
        notes=(*notes, words("scope.note.energy"), *result.findings, reference),
    )


def _reading() -> str:
    """Return the first reading of horse power, the one that is drawn."""
    return str(next(iter(document(FACTS)["readings"])))


def _runs(result: History) -> pl.DataFrame:
    """Return the runs of years that one power led, by country, under the first reading."""
    rows = result.frame.filter(reading=_reading()).drop_nulls("power").sort("country", "year")
    new = (
        (pl.col("country") != pl.col("country").shift())
        | (pl.col("power") != pl.col("power").shift())
        | (pl.col("year") != pl.col("year").shift() + 1)
    )
    runs = rows.with_columns(_run=new.fill_null(value=True).cum_sum()).group_by("_run", maintain_order=True)
    ends = (pl.col("year").min().alias("begins"), pl.col("year").max().alias("ends"))
    return runs.agg(pl.col("country", "power").first(), *ends).drop("_run")


def _leads(result: History) -> Picture:
    """Return which power led where."""
    led = dict(result.eras.filter(reading=_reading()).select("power", "countries_led").iter_rows())
    runs = _runs(result)
    facts = {"reading": result.names.text("reading", _reading()), "count": result.frame["country"].n_unique()}
    facts |= {name: led.get(name) or 0 for name in ("horse", "electric")}
    columns: list[str | Column] = ["country", "power", column("scope.begins", "year"), column("scope.ends", "year")]
    twin = table("scope_leads", runs, columns, result, title=words("scope.table.scope_leads"))
    return picture("scope.leads", _drawn, runs, twin, facts, unit=words("scope.unit_of.year"), result=result)


def _drawn(w: Words, runs: pl.DataFrame, *, result: History) -> ChartType:
    powers = {name: w(result.names.text("power", name)) for name in LED}
    rows = [
        {"name": w(result.names.text("country", country)), "power": powers[power], "start": start, "end": end + 1}
        for country, power, start, end in runs.iter_rows()
    ]
    order = list(dict.fromkeys(row["name"] for row in rows))
    low, high = min(row["start"] for row in rows), max(row["end"] for row in rows)
    scale = alt.Scale(domain=[low, high], nice=False, zero=False)
    inks = alt.Scale(domain=list(powers.values()), range=[palette.GROUPS[i] for i in (7, 2, 0)])
    axis = alt.Axis(format="d", domain=False, tickCount=6)
    across = alt.X("start:Q", title=None, scale=scale, axis=axis)
    bar = alt.Chart(style.data(rows)).mark_bar(height=12)
    y = style.ordinal(order, labelPadding=6)
    layers = [bar.encode(x=across, x2=alt.X2("end:Q"), y=y, color=alt.Color("power:N", scale=inks))]
    starts = [
        {"at": one.begins.year, "text": w(words("scope.label.era", power=one.title, year=one.begins.year))}
        for one in eras()
        if one.begins and low < one.begins.year < high
    ]
    for at, start in enumerate(starts):
        mark = alt.Chart(style.data([start]))
        layers.append(mark.mark_rule(color=palette.INK, strokeDash=[3, 3]).encode(x=alt.X("at:Q", scale=scale)))
        text = mark.mark_text(align="right", dx=-4, fontSize=9.5, color=palette.SOFT, baseline="top")
        foot = STEP * len(order) + 22 + LINE * at
        layers.append(text.encode(x=alt.X("at:Q", scale=scale), y=style.y_at(foot), text="text:N"))
    return style.configure(style.layers(*layers, width=WIDTH, height=STEP * len(order)))


def _carriers(result: History, region: str | None) -> Picture:
    """Return one country's shares of energy, with the eras."""
    shares = result.shares.drop_nulls("share")
    if region is not None and region not in shares["country"].unique():
        raise UsageError("scope.no-country", country=region, known=shares["country"].unique().sort().to_list())
    country = region or _longest(result)
    rows = shares.filter(country=country).sort("year")
    first, last = int(rows["year"][0]), int(rows["year"][-1])
    top = rows.filter(year=last).sort("share", descending=True).row(0, named=True)
    facts = {"country": result.names.text("country", country), "last": last, "share": top["share"]}
    facts |= {"carrier": result.names.text("carrier", top["carrier"])}
    wide = rows.pivot(on="carrier", index="year", values="share")
    columns: list[str | Column] = ["year"]
    columns += [
        Column(name=name, title=result.names.text("carrier", name), kind="points", unit=same("%"))
        for name in wide.columns[1:]
    ]
    twin = table("scope_carriers", wide, columns, title=words("scope.table.scope_carriers"))
    unit = words("scope.unit_of.energy")
    return picture(
        "scope.carriers", kit.lines, _lines(rows, result), twin, facts, unit=unit, y=unit, decimals=1,
        marks=_marks(first, last),
    )  # fmt: skip


def _longest(result: History) -> str:
    """Return the country in which draught animals led longest, their era being in dispute; else the first."""
    rows = result.frame.filter(reading=_reading())
    led = rows.group_by("country").agg((pl.col("power") == "horse").sum().alias("years"))
    return str(led.sort("years", "country", descending=[True, False])["country"][0])


def _lines(rows: pl.DataFrame, result: History) -> list[dict[str, Any]]:
    """Return the lines of the carriers; a year without a figure breaks a line."""
    lines = []
    for (carrier,), part in rows.partition_by("carrier", as_dict=True, maintain_order=True).items():
        known = dict(part.select("year", "share").iter_rows())
        name = result.names.text("carrier", carrier)
        lines += [{"group": name, "year": year, "value": known.get(year)} for year in range(min(known), max(known) + 1)]
    return lines


def _marks(first: int, last: int) -> list[dict[str, Any]]:
    """Return every second era as a shade, so that all can be told apart."""
    marks = []
    for place, one in enumerate(eras()):
        start, end = (one.begins.year if one.begins else first), (one.ends.year if one.ends else last)
        low, high = max(start, first), min(end, last)
        if low < high and place % 2 == 0:
            marks.append({"start": low, "end": high, "word": one.title})
    return marks


def _changes(result: History) -> Table:
    """Return the changes of the leading power that lasted; the others are in the result."""
    columns = ("country", "year", "before", "after", "era_date", "distance", "reading")
    title = words("scope.table.scope_changes")
    return table("scope_changes", result.changes.filter(lasting=True), columns, result, part="changes", title=title)


def _seen(result: History) -> Table:
    columns = ("power", "reading", "first_lead", "countries_led", "note")
    return table("scope_eras", result.eras, columns, result, part="eras", title=words("scope.table.scope_eras"))

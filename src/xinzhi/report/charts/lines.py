"""Lines over time: cumulated TFP of the macro-regions, and their level against the mean of the regions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt
import polars as pl

from xinzhi.report import flags, palette
from xinzhi.report.catalogue import words
from xinzhi.report.charts import style
from xinzhi.report.numbers import number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from altair.typing import ChartType

    from xinzhi.core.text import Text
    from xinzhi.report.charts.style import Words
    from xinzhi.report.view import View

LABEL = 0.067  # height of a label at the end of a line, as part of the height of the values


def groups(view: View, w: Words) -> ChartType:
    """Return lines of cumulated TFP by macro-region and of their TFP level; the contrasted pair stands out."""
    panels = [_panel(view, w, cumulated(view), words("chart.cumulated", year=view.whole.start), 100.0, 0)]
    level = group_levels(view)
    if level.height:
        panels.append(_panel(view, w, level, words("chart.level"), 1.0, 2))
    return style.configure(alt.hconcat(*panels, spacing=24))


def cumulated(view: View) -> pl.DataFrame:
    """Return ``group, year, value``: TFP of each macro-region cumulated from the first year (= 100)."""
    frame = view.measurement.groups.fill_nan(None).drop_nulls("tfp_growth").sort("region", "year")
    start = frame.group_by("region", maintain_order=True).agg(year=pl.col("year").min() - 1, value=pl.lit(100.0))
    later = frame.select(
        "region", "year", value=100 * pl.col("tfp_growth").cum_sum().over("region").exp()
    )  # fmt: skip
    both = pl.concat([start, later], how="vertical_relaxed")
    return both.rename({"region": "group"}).sort("group", "year")


def group_levels(view: View) -> pl.DataFrame:
    """Return ``group, year, value``: mean in logs of the TFP levels of the regions of each macro-region."""
    member = view.measurement.regions.select("region", group="group_en").drop_nulls("group")
    frame = view.measurement.levels.fill_nan(None).drop_nulls("tfp_level").join(member, on="region")
    return (
        frame.group_by("group", "year").agg(value=pl.col("tfp_level").log().mean().exp()).sort("group", "year")
    )  # fmt: skip


def extrapolated_years(view: View, code: str | None = None) -> list[tuple[int, int]]:
    """Return the runs of years that rest on extrapolated figures, in one region or in any: first and last year."""
    frame = view.measurement.frame
    frame = frame if code is None else frame.filter(pl.col("region") == code)
    marked = frame.group_by("year").agg(pl.col("flags").fill_null("").str.join(";")).sort("year").rows()
    runs: list[tuple[int, int]] = []
    for year in (year for year, cell in marked if flags.is_extrapolated(cell)):
        if runs and year == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], year)
        else:
            runs.append((year, year))
    return runs


def shade(
    view: View, w: Words, first: float, *, code: str | None = None, before: float = 1.0, after: float = 0.0
) -> list[alt.Chart]:
    """Return the bands behind the years that rest on extrapolated figures, and the word that says so.

    Parameters
    ----------
    view, w
        The measurement and the words of the chart.
    first
        The first year of the axis.
    code
        The region, or None for the years of any region.
    before, after
        How far a band reaches before its first and after its last year: growth in a line starts a year earlier.
    """
    runs = [{"from": max(start - before, first), "to": end + after} for start, end in extrapolated_years(view, code)]
    if not runs:
        return []
    bands = alt.Chart(style.data(runs)).mark_rect(color=palette.SHADE, opacity=1)
    widest = max(runs, key=lambda run: run["to"] - run["from"])
    note = alt.Chart(style.data([{"x": (widest["from"] + widest["to"]) / 2, "text": w(words("chart.extrapolated"))}]))
    label = note.mark_text(fontSize=9, color=palette.SOFT, baseline="bottom")
    return [
        bands.encode(x=alt.X("from:Q"), x2=alt.X2("to:Q")),
        label.encode(x=alt.X("x:Q"), y=style.y_at("height"), text="text:N"),
    ]


def year_axis(first: int, last: int) -> alt.X:
    """Return a horizontal axis of years."""
    axis = alt.Axis(format="d", grid=False, tickCount=6, domain=False)
    return alt.X("year:Q", title=None, axis=axis, scale=alt.Scale(domain=[first, last], nice=False, zero=False))


def _panel(view: View, w: Words, frame: pl.DataFrame, title: Text, even: float, decimals: int) -> alt.LayerChart:
    years = frame["year"].to_list()
    first, last = min(years), max(years)
    chosen = {group.en for group in view.contrast} or {group.en for group in view.shown_groups}
    rows: list[dict[str, Any]] = [
        {"group": w(view.name(group)), "year": year, "value": value, "bold": group in chosen}
        for group, year, value in frame.rows()
    ]
    colour = alt.Color("group:N", scale=style.group_colours(view, w), legend=None)
    scale = value_scale(frame["value"].to_list())
    x, y = year_axis(first, last), value_axis(w(title), scale)
    lines = [
        alt.Chart(style.data(row for row in rows if row["bold"] == bold)).mark_line(strokeWidth=2.6 if bold else 1.3)
        for bold in (True, False)
    ]
    rule = alt.Chart(style.data([{"value": even}])).mark_rule(color=palette.SOFT, strokeWidth=0.8, strokeDash=[3, 3])
    ends = [row for row in rows if row["year"] == last]
    labels = alt.Chart(style.data(_apart(ends, frame["value"].to_list(), decimals, w))).mark_text(
        align="left", dx=5, fontSize=10
    )
    return style.layers(
        *shade(view, w, first),
        rule.encode(y=alt.Y("value:Q", scale=scale)),
        *(line.encode(x=x, y=y, color=colour) for line in lines),
        labels.encode(x=alt.X("year:Q"), y=alt.Y("place:Q", scale=scale), text="label:N", color=colour),
        width=285,
        height=270,
    )


def value_scale(values: Sequence[float]) -> alt.Scale:
    """Return a scale that spans the values and little more."""
    low, high = min(values), max(values)
    room = 0.08 * ((high - low) or 1.0)
    return alt.Scale(domain=[low - room, high + room], nice=False)


def value_axis(title: str, scale: alt.Scale) -> alt.Y:
    """Return a vertical axis whose title lies above it."""
    axis = alt.Axis(
        titleAngle=0, titleAlign="left", titleAnchor="start", titleBaseline="bottom", titleY=-8, titleX=-28,
        domain=False, ticks=False, tickCount=5, titleLimit=320,
    )  # fmt: skip
    return alt.Y("value:Q", title=title, axis=axis, scale=scale)


def _apart(ends: list[dict[str, Any]], values: Sequence[float], decimals: int, w: Words) -> list[dict[str, Any]]:
    """Move the labels at the ends of the lines apart, so that none covers another."""
    least = LABEL * ((max(values) - min(values)) or 1.0)
    placed: list[dict[str, Any]] = []
    for row in sorted(ends, key=lambda row: row["value"]):
        place = max(row["value"], placed[-1]["place"] + least) if placed else row["value"]
        pair = w.pairs[row["group"]]
        label = w(words("chart.end", name=pair, value=number(row["value"], decimals)))
        placed.append({**row, "place": place, "label": label})
    return placed

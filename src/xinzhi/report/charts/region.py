"""One region: contributions year by year, and the level of its TFP against the mean of the regions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt
import polars as pl

from xinzhi.core.errors import UsageError
from xinzhi.report import palette
from xinzhi.report.catalogue import words
from xinzhi.report.charts import style
from xinzhi.report.charts.lines import shade, value_axis, value_scale, year_axis
from xinzhi.report.view import PARTS, View

if TYPE_CHECKING:
    from altair.typing import ChartType

    from xinzhi.report.charts.style import Words


def region(view: View, w: Words, code: str | None) -> ChartType:
    """Return the chart of one region.

    Raises
    ------
    UsageError
        When no region is named, or it was not measured.
    """
    if code not in view.codes:
        message = f"name the region of the chart, one of {', '.join(view.codes)}: {code!r} was not measured."
        raise UsageError(message)
    frame = view.measurement.frame.fill_nan(None).filter(pl.col("region") == code).sort("year")
    panels: list[alt.LayerChart] = [_contributions(view, w, frame, code)]
    level = frame.drop_nulls("tfp_level")
    if level.height:
        panels.append(_level(view, w, level, code))
    return style.configure(alt.hconcat(*panels, spacing=24))


def _contributions(view: View, w: Words, frame: pl.DataFrame, code: str) -> alt.LayerChart:
    first, last = int(frame["year"][0]), int(frame["year"][-1])
    rows = [
        {"year": row["year"], "factor": w(words(f"chart.{name}")), "order": i, "value": 100 * row[PARTS[name]]}
        for row in frame.rows(named=True)
        for i, name in enumerate(palette.FACTORS)
    ]
    x = year_axis(first - 1, last + 1)
    y = alt.Y("value:Q", stack="zero", title=w(words("chart.points")))
    bars = alt.Chart(style.data(rows)).mark_bar(width=max(3, 330 / (last - first + 3) - 2))
    totals = [{"year": year, "value": 100 * value} for year, value in frame.select("year", "output_growth").rows()]
    dots = alt.Chart(style.data(totals)).mark_point(filled=True, size=22, color=palette.INK, opacity=1)
    colour = alt.Color("factor:N", scale=style.factor_colours(w))
    return style.layers(
        *shade(view, w, first - 1, code=code, before=0.5, after=0.5),
        bars.encode(x=x, y=y, order=alt.Order("order:Q"), color=colour),
        style.zero("y"),
        dots.encode(x=x, y=alt.Y("value:Q")),
        width=330,
        height=180,
    )


def _level(view: View, w: Words, frame: pl.DataFrame, code: str) -> alt.LayerChart:
    first, last = int(frame["year"][0]), int(frame["year"][-1])
    rows = [{"year": year, "value": value} for year, value in frame.select("year", "tfp_level").rows()]
    scale = value_scale([*frame["tfp_level"].to_list(), 1.0])
    line = alt.Chart(style.data(rows)).mark_line(color=palette.FACTORS["tfp"], strokeWidth=2.2, point=len(rows) == 1)
    mean = alt.Chart(style.data([{"value": 1.0}])).mark_rule(color=palette.SOFT, strokeDash=[3, 3])
    layers = [
        *shade(view, w, first, code=code),
        mean.encode(y=alt.Y("value:Q", scale=scale)),
        line.encode(x=year_axis(first, max(last, first + 1)), y=value_axis(w(words("chart.level")), scale)),
    ]
    return style.layers(*layers, width=210, height=180)

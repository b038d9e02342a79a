"""Which choice makes the spread, and which pairs of regions change places with the ruler."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt
import polars as pl

from xinzhi.report import palette
from xinzhi.report.catalogue import words
from xinzhi.report.charts import bars, style
from xinzhi.report.charts.audit_curve import share
from xinzhi.report.rooms.yardstick import levels

if TYPE_CHECKING:
    from altair.typing import ChartType

    from xinzhi.report.charts.style import Words
    from xinzhi.report.rooms.yardstick.audit_view import AuditView

STEP, CELL = 24, 19
BARS, STRIP = 190, 400
LARGEST = 620


def variance(view: AuditView, w: Words) -> ChartType:
    """Return the part of each choice in the spread: over all regions as bars, region by region as cells."""
    order = {choice.name: w(levels.title(choice)) for choice in view.ordered}
    rows = [
        {"name": order[name], "value": 100 * part, "text": f"{share(part)} %"} for name, part in view.shares.items()
    ]
    height = STEP * len(order)
    y = style.ordinal(list(order.values()), labelPadding=6, labelLimit=220)
    x = alt.X(
        "value:Q",
        title=w(words("chart.part_of_spread" if view.rows.height > 1 else "chart.part_of_one")),
        scale=alt.Scale(domain=style.padded([100 * part for part in view.shares.values()], by=0.2), nice=False),
        axis=alt.Axis(tickCount=4),
    )
    base = alt.Chart(style.data(rows))
    left = style.layers(
        base.mark_bar(height=14, color=palette.ACCENT).encode(x=x, y=y),
        base.mark_text(align="left", dx=4, fontSize=11, color=palette.INK).encode(x=x, y=y, text="text:N"),
        width=BARS,
        height=height,
    )
    if view.rows.height < 2:  # noqa: PLR2004 - one region is all regions
        return style.configure(left)
    right = _by_region(view, w, order, height)
    resolve = alt.Resolve(scale=alt.ScaleResolveMap(y="shared", color="independent"))
    return style.configure(alt.hconcat(left, right, spacing=14, resolve=resolve))


def _by_region(view: AuditView, w: Words, order: dict[str, str], height: int) -> alt.LayerChart:
    shown = bars.ends(view.rows)["region"].to_list()
    names = {code: w(view.name(code)) for code in shown}
    inside = view.audit.variance.filter(view.span.holds(), pl.col("region").is_in(shown))
    rows = [
        {"name": order[choice], "region": names[code], "value": round(100 * part, 2)}
        for code, choice, part in inside.select("region", "choice", "share").rows()
    ]
    legend = alt.Legend(
        title=w(words("chart.part_by_region")), titleFontSize=10, titleFontWeight="normal", titleColor=palette.SOFT,
        orient="bottom", direction="horizontal", gradientLength=150, gradientThickness=8, tickCount=4, titleLimit=300,
    )  # fmt: skip
    colour = alt.Color(
        "value:Q", scale=alt.Scale(domain=[0, 100], range=["#fbf3ea", palette.ACCENT, "#6b2f06"]), legend=legend
    )  # fmt: skip
    cells = alt.Chart(style.data(rows)).mark_rect(stroke="white", strokeWidth=1)
    return style.layers(
        cells.encode(
            x=_columns(list(names.values())), y=style.ordinal(list(order.values()), labels=False), color=colour
        ),
        width=STRIP,
        height=height,
    )


def _columns(order: list[str]) -> alt.X:
    """Return a horizontal axis of upright names above the cells."""
    axis = alt.Axis(orient="top", labelAngle=-90, labelPadding=3, domain=False, ticks=False, labelFontSize=10)
    return alt.X("region:N", sort=order, axis=axis, title=None)


def reversals(view: AuditView, w: Words) -> ChartType:
    """Return the share of the protocols in which the region of a row grows faster than that of a column."""
    shown = bars.ends(view.rows)["region"].to_list()
    names = {code: w(view.name(code)) for code in shown}
    order = list(names.values())
    inside = view.audit.reversals.filter(
        view.span.holds(), pl.col("region").is_in(shown), pl.col("other").is_in(shown)
    )  # fmt: skip
    rows: list[dict[str, Any]] = [
        {"name": names[code], "region": names[other], "value": round(100 * above, 1)}
        for code, other, above in inside.select("region", "other", "above").rows()
    ]
    legend = alt.Legend(
        title=w(words("chart.row_above")), titleFontSize=style.TEXT_SIZE, titleFontWeight="normal",
        titleColor=palette.SOFT, orient="bottom", direction="horizontal", gradientLength=260, gradientThickness=10,
        tickCount=5, titleLimit=420,
    )  # fmt: skip
    colour = alt.Color(
        "value:Q", scale=alt.Scale(domain=[0, 100], range=list(palette.DIVERGING), interpolate="lab"), legend=legend
    )  # fmt: skip
    side = min(LARGEST, max(CELL, STEP if len(order) < CELL else CELL) * len(order))
    cells = alt.Chart(style.data(rows)).mark_rect(stroke="white", strokeWidth=0.6)
    return style.configure(
        style.layers(
            cells.encode(x=_columns(order), y=style.ordinal(order, labelPadding=4, labelFontSize=10), color=colour),
            width=side,
            height=side,
        )
    )

"""Figures of many names, each against a limit of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from xinzhi.core.text import number
from xinzhi.report import palette
from xinzhi.report.charts import style
from xinzhi.report.charts.kit.names import UNCUT, colours

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from altair.typing import ChartType

    from xinzhi.core.text import Text
    from xinzhi.report.charts.style import Words

STEP, ONE, TWO = 16, 500, 210  # pixels of a row, and the width of one column or of each of two
COLUMN = 40  # rows of a column; with more names than two columns hold, the first are drawn


def limits(
    w: Words,
    rows: Sequence[Mapping[str, Any]],
    *,
    x: Text,
    groups: Sequence[Text] = (),
    inks: Sequence[str] = (palette.ACCENT, palette.BAND),
    decimals: int = 2,
) -> ChartType:
    """Return a dot for the figure of every name and a stroke for its limit, in one column or in two.

    Parameters
    ----------
    w
        The words of the chart.
    rows
        ``name`` (Text), ``value``, ``limit`` and ``group`` (Text, the colour of the dot), in the order in which they
        are drawn.
    x
        Title of the axis.
    groups, inks
        The order in which groups take their colours, and these.
    decimals
        Of the figures at the right: the value, and the limit behind a stroke.
    """
    shown = rows[: 2 * COLUMN]
    scale = colours(w, shown, inks, groups)
    reach = [row[key] for row in shown for key in ("value", "limit")]
    low, high = min(reach), max(reach)
    room = 0.05 * ((high - low) or 1.0)
    plane = alt.Scale(domain=[low - room, high + room], nice=False, zero=False)
    height = -(-len(shown) // 2) if len(shown) > COLUMN else len(shown)
    parts = [shown[at : at + height] for at in range(0, len(shown), height)]
    width = ONE if len(parts) == 1 else TWO
    drawn: list[alt.LayerChart] = []
    for part in parts:
        drawn += _column(w, part, x, plane, scale, width, decimals)
    return style.configure(alt.hconcat(*drawn, spacing=6))


def _column(
    w: Words,
    rows: Sequence[Mapping[str, Any]],
    x: Text,
    plane: alt.Scale,
    scale: alt.Scale | None,
    width: int,
    decimals: int,
) -> list[alt.LayerChart]:
    """Return one column of names: the dots and strokes, and the figures beside them."""
    worded = [
        {"name": w(row["name"]), "value": row["value"], "limit": row["limit"], "group": w(row["group"]),
         "text": f"{number(row['value'], decimals)} | {number(row['limit'], decimals)}"}
        for row in rows
    ]  # fmt: skip
    order = [row["name"] for row in worded]
    y = style.ordinal(order, labelPadding=4, labelLimit=UNCUT, labelFontSize=10, grid=True)
    base = alt.Chart(style.data(worded))
    across = alt.X("value:Q", title=w(x), scale=plane, axis=alt.Axis(tickCount=4))
    # the axis belongs to the figures of both ends of the rule
    rule = base.mark_rule(color=palette.BAND).encode(x=across, x2=alt.X2("limit:Q"), y=y)
    stroke = base.mark_tick(color=palette.INK, thickness=2, height=11).encode(x=alt.X("limit:Q", scale=plane), y=y)
    colour = alt.Color("group:N", scale=scale, legend=alt.Legend())
    dot = base.mark_circle(size=58, opacity=1).encode(x=across, y=y, color=colour)
    left = style.layers(rule, stroke, dot, width=width, height=STEP * len(order))
    text = base.mark_text(align="right", fontSize=9.5, color=palette.INK)
    figures = text.encode(y=style.ordinal(order, labels=False), text="text:N", x=style.x_at(66))
    return [left, style.layers(figures, width=68, height=STEP * len(order))]

"""The specification curve: every admissible protocol by its TFP growth, and below it which choices it makes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np

from xinzhi.report import palette
from xinzhi.report.catalogue import words
from xinzhi.report.charts import style
from xinzhi.report.numbers import number, percent
from xinzhi.report.rooms.yardstick import levels

if TYPE_CHECKING:
    from altair.typing import ChartType

    from xinzhi.core.text import Text
    from xinzhi.report.charts.style import Words
    from xinzhi.report.rooms.yardstick.audit_view import AuditView, Curve

WIDTH, HEIGHT = 520, 210
POINTS, STRIPS = 240, 60  # a page tells no more places of the curve apart
ROW, HEAD, GAP = 13, 17, 5
LABELS = 190
NEAR = 25  # a label this near to an end of the curve is written towards its middle


def curve(view: AuditView, w: Words, region: str | None = None) -> ChartType:
    """Return the specification curve of one region over the panel of its choices.

    Raises
    ------
    UsageError
        When the region was not measured in the leading period.
    """
    found = view.curve(region)
    panels = [_line(found, w), _panel(view, found, w)]
    return style.configure(alt.vconcat(*panels, spacing=14))


def thinned(count: int, most: int = POINTS) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return at most so many places of a list, evenly spread, with its first and last.

    Examples
    --------
    >>> thinned(5, 3).tolist(), thinned(2, 3).tolist()
    ([0, 2, 4], [0, 1])
    """
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.int64))


def _line(found: Curve, w: Words) -> alt.LayerChart:
    count = len(found.values)
    at = thinned(count)
    rows = [
        {"x": round(100 * (place + 0.5) / count, 3), "y": round(100 * float(found.values[place]), 4)}
        for place in at.tolist()
    ]
    reach = [100 * float(found.values[0]), 100 * float(found.values[-1])]
    needed = None if found.needed is None else 100 * found.needed
    domain = style.padded([*reach, needed])
    scale = alt.Scale(domain=domain, nice=False)
    axis = alt.Axis(
        titleAngle=0, titleAlign="left", titleAnchor="start", titleBaseline="bottom", titleY=-8, titleX=-LABELS,
        domain=False, ticks=False, tickCount=6, titleLimit=360,
    )  # fmt: skip
    x = alt.X("x:Q", scale=alt.Scale(domain=[0, 100], nice=False), axis=None)
    y = alt.Y("y:Q", scale=scale, axis=axis, title=w(words("chart.tfp_per_year")))
    base = alt.Chart(style.data(rows))
    layers = [
        base.mark_area(opacity=0.16, color=palette.DEEP).encode(x=x, y=y),
        base.mark_line(color=palette.DEEP, strokeWidth=2).encode(x=x, y=y),
        alt.Chart(style.data([{"y": 0}])).mark_rule(color=palette.SOFT, strokeWidth=0.8).encode(y=y),
    ]
    if needed is not None:
        rule = alt.Chart(style.data([{"y": needed, "x": 0, "text": w(_needed(found))}]))
        layers += [
            rule.mark_rule(color=palette.ACCENT, strokeDash=[5, 3], strokeWidth=1.2).encode(y=y),
            rule.mark_text(align="left", baseline="bottom", dx=4, dy=-3, fontSize=10, color=palette.ACCENT).encode(
                x=x, y=y, text="text:N"
            ),
        ]
    return style.layers(*layers, *_official(found, w, x, y, domain[0]), width=WIDTH, height=HEIGHT)


def _needed(found: Curve) -> Text:
    if not found.first:
        return words("chart.none_first")
    return words("chart.ranks_first", share=share(found.first))


def share(part: float) -> str:
    """Write a share of the protocols in percent: whole, finer where it is small.

    Examples
    --------
    >>> share(0.256), share(0.0312), share(0.0)
    ('26', '3.1', '0')
    """
    return number(100 * part, 0 if part == 0 or part >= 0.095 else 1)  # noqa: PLR2004 - one digit is left


def _official(found: Curve, w: Words, x: alt.X, y: alt.Y, floor: float) -> list[alt.Chart]:
    """Return the official protocol on the curve: a line down to the panel, a dot and its value."""
    place, value = 100 * found.place, 100 * found.official
    label = w(words("chart.official_value", value=percent(found.official)))
    base = alt.Chart(style.data([{"x": place, "y": value, "floor": floor, "text": label}]))
    align: style.Align = "left" if place < 100 - NEAR else "right"
    side = 1 if align == "left" else -1
    drawn: list[alt.Chart] = [
        base.mark_rule(color=palette.INK, strokeWidth=0.8).encode(x=x, y=y, y2=alt.Y2("floor:Q")),
        base.mark_circle(size=80, color=palette.INK, opacity=1, stroke="white", strokeWidth=1.2).encode(x=x, y=y),
        base.mark_text(align=align, dx=9 * side, dy=13, fontSize=11, fontWeight=600, color=palette.INK).encode(
            x=x, y=y, text="text:N"
        ),
    ]
    return drawn


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the panel: the head of a choice, or one of its levels."""

    top: int
    text: Text
    choice: int
    level: int | None


def layout(view: AuditView, code: str) -> list[Row]:
    """Return the rows of the panel, the choice that makes most of the spread of the region first."""
    rows: list[Row] = []
    top, parts = 0, view.parts(code)
    for choice in sorted(view.choices, key=lambda choice: -parts.get(choice.name, 0.0)):
        axis = view.choices.index(choice)
        share_ = parts.get(choice.name)
        name = levels.title(choice)
        head = name if share_ is None else words("chart.choice_share", name=name, share=share(share_))
        rows.append(Row(top, head, axis, None))
        top += HEAD
        for at in range(len(choice.levels)):
            rows.append(Row(top, levels.level(choice, at), axis, at))
            top += ROW
        top += GAP
    return rows


def _panel(view: AuditView, found: Curve, w: Words) -> alt.LayerChart:
    """Return which levels the protocols at each place of the curve have: the darker, the more of them."""
    rows = layout(view, found.code)
    height = rows[-1].top + ROW
    cells = [cell for row in rows if row.level is not None for cell in strip(found, row)]
    plane = alt.Scale(domain=[0, height], range=[0, height], nice=False)
    y = alt.Y("y:Q", scale=plane, axis=None)
    axis = alt.Axis(grid=False, domain=False, ticks=False, tickCount=5, titlePadding=4)
    x = alt.X(
        "x:Q", scale=alt.Scale(domain=[0, 100], nice=False), axis=axis, title=w(words("chart.place_on_curve"))
    )  # fmt: skip
    colour = alt.Color(
        "part:Q", scale=alt.Scale(domain=[0, 1], range=["#ffffff", palette.DEEP], interpolate="lab"), legend=None
    )  # fmt: skip
    strips = alt.Chart(style.data(cells)).mark_rect(opacity=1).encode(
        x=x, x2=alt.X2("x2:Q"), y=y, y2=alt.Y2("y2:Q"), color=colour
    )  # fmt: skip
    blocks = [
        {"x": 100 * found.place, "y": row.top + HEAD, "y2": row.top + HEAD + ROW * len(view.choices[row.choice].levels)}
        for row in rows
        if row.level is None
    ]
    official = alt.Chart(style.data(blocks)).mark_rule(color=palette.INK, strokeWidth=0.8)
    return style.layers(
        strips,
        official.encode(x=alt.X("x:Q"), y=y, y2=alt.Y2("y2:Q")),
        *_labels([row for row in rows if row.level is None], w, y, bold=True, at=-LABELS),
        *_labels([row for row in rows if row.level == 0], w, y, ink=palette.INK, mark="●"),
        *_labels([row for row in rows if row.level], w, y),
        width=WIDTH,
        height=height,
    )


def strip(found: Curve, row: Row) -> list[dict[str, float]]:
    """Return one level along the curve: the part of the protocols at each place that have it."""
    has = (found.levels[:, row.choice] == row.level).astype(np.float64)
    count = len(has)
    edges = np.linspace(0, count, min(STRIPS, count) + 1).round().astype(np.int64)
    part = np.add.reduceat(has, edges[:-1]) / np.diff(edges)
    scaled = 100 * edges / count
    y, y2 = row.top + 1.0, float(row.top + ROW - 1)
    return [
        {"x": round(float(scaled[i]), 2), "x2": round(float(scaled[i + 1]), 2), "y": y, "y2": y2, "part": round(p, 3)}
        for i, p in enumerate(part.tolist())
        if p > 0
    ]


def _labels(
    rows: list[Row], w: Words, y: alt.Y, *, bold: bool = False, at: int = -8, ink: str = palette.SOFT, mark: str = ""
) -> list[alt.Chart]:
    middle = (HEAD if bold else ROW) / 2
    data: list[dict[str, Any]] = [{"y": row.top + middle, "text": w(row.text), "mark": mark} for row in rows]
    base = alt.Chart(style.data(data))
    align: style.Align = "left" if bold else "right"
    weight: Any = 600 if bold else "normal"
    text = base.mark_text(
        align=align,
        fontSize=11 if bold else 10,
        fontWeight=weight,
        color=palette.INK if bold else ink,
        dx=0 if bold or not mark else -9,
    ).encode(x=style.x_at(at), y=y, text="text:N")
    if not mark:
        return [text]
    dot = base.mark_text(align="right", fontSize=6, color=palette.INK).encode(x=style.x_at(at), y=y, text="mark:N")
    return [text, dot]

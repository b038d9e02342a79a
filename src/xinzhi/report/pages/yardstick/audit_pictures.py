"""The pictures of an audit: ranks, the specification curve, which choice matters most, small curves of all regions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
import polars as pl
from altair.typing import ChartType

from xinzhi import words
from xinzhi.core.text import Text, number, percent, share
from xinzhi.report import palette
from xinzhi.report.charts import kit, style
from xinzhi.report.charts.kit.names import ends
from xinzhi.report.charts.style import Words, padded, wrapped
from xinzhi.report.page import both_svg
from xinzhi.report.pages.yardstick.audit_tables import AuditView, Curve, level_text, thinned
from xinzhi.report.palette import ACCENT, DEEP, FAINT, INK, SOFT
from xinzhi.yardstick import choice_title

WIDTH, HEIGHT = 520, 210
STRIPS = 60  # a page tells no more places of the curve apart
ROW, HEAD, GAP = 13, 17, 5
LABELS = 190
NARROW, GUTTER = 288, 24  # width of the curve on a narrow screen, and what the figures of its axis need
NEAR = 25  # a label this near to an end of the curve is written towards its middle
STEP = 24
BARS, STRIP = 190, 400


def room(view: AuditView) -> list[dict[str, Any]]:
    """Return, by reference rank, the ranks that each region could get while the others keep the reference protocol."""
    rows = []
    for row in view.ranked.iter_rows(named=True):
        reference, best = row["reference_rank"], row["best_rank"]
        text = f"{reference} → {best}" if best < reference else str(reference)
        rows.append(_ranked(view, row, text) | {"bands": [(best, row["worst_rank"])]})
    return rows


def ranks(view: AuditView) -> list[dict[str, Any]]:
    """Return, by reference rank, the ranks of every region when all are measured with the same protocol."""
    return [
        _ranked(view, row, f"{row['rank_p05']:.0f}–{row['rank_p95']:.0f}")
        | {
            "tick": row["rank_median"],
            "bands": [(row["rank_minimum"], row["rank_maximum"]), (row["rank_p05"], row["rank_p95"])],
        }
        for row in view.ranked.iter_rows(named=True)
    ]


def _ranked(view: AuditView, row: Mapping[str, Any], text: str) -> dict[str, Any]:
    """Return what both pictures of ranks draw of a region: its reference rank, and the best under its own choice."""
    better = row["best_rank"] if row["best_rank"] < row["reference_rank"] else None
    return {"name": view.name(row["region"]), "value": row["reference_rank"], "mark": better, "text": text}


def curve(w: Words, found: Curve, view: AuditView) -> ChartType:
    """Return the specification curve of one region over the panel of its choices."""
    panels = [_line(found, w), _panel(view, found, w)]
    return style.configure(alt.vconcat(*panels, spacing=14))


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
    axis = style.above(titleY=-8, titleX=-GUTTER if w.narrow else -LABELS, tickCount=6)
    x = alt.X("x:Q", scale=alt.Scale(domain=[0, 100], nice=False), axis=None)
    y = alt.Y("y:Q", scale=scale, axis=axis, title=w(words.shared.chart_tfp_per_year()))
    base = alt.Chart(style.data(rows))
    layers = [
        base.mark_area(opacity=0.16, color=palette.DEEP).encode(x=x, y=y),
        base.mark_line(color=palette.DEEP, strokeWidth=2).encode(x=x, y=y),
        alt.Chart(style.data([{"y": 0}])).mark_rule(color=palette.SOFT, strokeWidth=0.8).encode(y=y),
    ]
    if needed is not None:
        lines = wrapped(w(_needed(found)), 24.0) if w.narrow else [w(_needed(found))]
        rule = alt.Chart(style.data([{"y": needed, "x": 0, "text": "\n".join(lines)}]))
        up = -3 - 12 * (len(lines) - 1)
        layers += [
            rule.mark_rule(color=palette.ACCENT, strokeDash=[5, 3], strokeWidth=1.2).encode(y=y),
            rule.mark_text(
                align="left", baseline="bottom", dx=4, dy=up, fontSize=10, color=palette.ACCENT, lineBreak="\n"
            ).encode(x=x, y=y, text="text:N"),
        ]
    width = NARROW if w.narrow else WIDTH
    return style.layers(*layers, *_official(found, w, x, y, domain[0]), width=width, height=HEIGHT)


def _needed(found: Curve) -> Text:
    if not found.first:
        return words.shared.chart_none_first()
    return words.shared.chart_ranks_first(share=share(found.first))


def _official(found: Curve, w: Words, x: alt.X, y: alt.Y, floor: float) -> list[alt.Chart]:
    """Return the reference protocol on the curve: a line down to the panel, a dot and its value."""
    place, value = 100 * found.place, 100 * found.reference
    label = w(words.shared.chart_reference_value(value=percent(found.reference)))
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


def layout(view: AuditView, code: str, step: int = ROW) -> list[Row]:
    """Return the rows of the panel, `step` pixels each, the choice that makes most of the spread first."""
    rows: list[Row] = []
    top, parts = 0, view.parts(code)
    for choice in sorted(view.choices, key=lambda choice: -parts.get(choice.name, 0.0)):
        axis = view.choices.index(choice)
        share_ = parts.get(choice.name)
        name = choice_title(choice.name)
        head = name if share_ is None else words.shared.chart_choice_share(name=name, share=share(share_))
        rows.append(Row(top, head, axis, None))
        top += HEAD
        for at in range(len(choice.levels)):
            rows.append(Row(top, level_text(choice, at), axis, at))
            top += step
        top += GAP
    return rows


def _panel(view: AuditView, found: Curve, w: Words) -> alt.LayerChart:
    """Return which levels the protocols at each place of the curve have: the darker, the more of them."""
    step = 2 * ROW if w.narrow else ROW  # on a narrow screen a level stands above its strip
    rows = layout(view, found.code, step)
    height = rows[-1].top + step
    cells: list[dict[str, Any]] = [
        {**cell, "name": w(row.text)} for row in rows if row.level is not None for cell in strip(found, row, step - ROW)
    ]
    plane = alt.Scale(domain=[0, height], range=[0, height], nice=False)
    y = alt.Y("y:Q", scale=plane, axis=None)
    axis = alt.Axis(grid=False, domain=False, ticks=False, tickCount=5, titlePadding=4)
    x = alt.X(
        "x:Q", scale=alt.Scale(domain=[0, 100], nice=False), axis=axis, title=w(words.shared.chart_place_on_curve())
    )
    colour = alt.Color(
        "part:Q", scale=alt.Scale(domain=[0, 1], range=["#ffffff", palette.DEEP], interpolate="lab"), legend=None
    )
    strips = (
        alt.Chart(style.data(cells))
        .mark_rect(opacity=1)
        .encode(x=x, x2=alt.X2("x2:Q"), y=y, y2=alt.Y2("y2:Q"), color=colour)
    )
    blocks = [
        {
            "x": 100 * found.place,
            "y": row.top + HEAD,
            "y2": row.top + HEAD + step * len(view.choices[row.choice].levels),
        }
        for row in rows
        if row.level is None
    ]
    reference = alt.Chart(style.data(blocks)).mark_rule(color=palette.INK, strokeWidth=0.8)
    return style.layers(
        strips,
        reference.encode(x=alt.X("x:Q"), y=y, y2=alt.Y2("y2:Q")),
        *_labels([row for row in rows if row.level is None], w, y, bold=True, at=0 if w.narrow else -LABELS),
        *_labels([row for row in rows if row.level == 0], w, y, ink=palette.INK, mark="●"),
        *_labels([row for row in rows if row.level], w, y),
        width=NARROW if w.narrow else WIDTH,
        height=height,
    )


def strip(found: Curve, row: Row, below: int = 0) -> list[dict[str, float]]:
    """Return one level along the curve, `below` the top of its row: the part of the protocols that have it."""
    has = (found.levels[:, row.choice] == row.level).astype(np.float64)
    count = len(has)
    edges = np.linspace(0, count, min(STRIPS, count) + 1).round().astype(np.int64)
    part = np.add.reduceat(has, edges[:-1]) / np.diff(edges)
    scaled = 100 * edges / count
    y, y2 = row.top + below + 1.0, float(row.top + below + ROW - 1)
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
    if w.narrow:
        at, mark = 0, ""
    align: style.Align = "left" if bold or w.narrow else "right"
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


def variance(w: Words, view: AuditView) -> ChartType:
    """Return the part of each choice in the spread: over all regions as bars, region by region as cells."""
    order = {choice.name: w(choice_title(choice.name)) for choice in view.ordered}
    rows = [
        {"name": order[name], "value": 100 * part, "text": f"{share(part)} %"} for name, part in view.shares.items()
    ]
    height = STEP * len(order)
    y = style.ordinal(list(order.values()), labelPadding=6)
    x = alt.X(
        "value:Q",
        title=w(words.shared.chart_part_of_spread() if view.rows.height > 1 else words.shared.chart_part_of_one()),
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
    shown = _shown(view)
    names = {code: w(view.name(code)) for code in shown}
    inside = view.audit.variance.filter(view.span.holds(), pl.col("region").is_in(shown))
    rows = [
        {"name": order[choice], "region": names[code], "value": round(100 * part, 2)}
        for code, choice, part in inside.select("region", "choice", "share").rows()
    ]
    legend = alt.Legend(
        title=w(words.shared.chart_part_by_region()),
        titleFontSize=10,
        titleFontWeight="normal",
        titleColor=palette.SOFT,
        orient="bottom",
        direction="horizontal",
        gradientLength=150,
        gradientThickness=8,
        tickCount=4,
    )
    colour = alt.Color(
        "value:Q", scale=alt.Scale(domain=[0, 100], range=["#fbf3ea", palette.ACCENT, "#6b2f06"]), legend=legend
    )
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


def reversals(w: Words, view: AuditView) -> ChartType:
    """Return the share of the protocols in which the region of a row grows faster than that of a column."""
    shown = _shown(view)
    inside = view.audit.reversals.filter(view.span.holds(), pl.col("region").is_in(shown), pl.col("other").is_in(shown))
    above = {(code, other): 100 * value for code, other, value in inside.select("region", "other", "above").rows()}
    cells = [
        {"row": view.name(code), "column": view.name(other), "value": above.get((code, other))}
        for code in shown
        for other in shown
    ]
    return kit.matrix(w, cells, title=words.shared.chart_row_above(), domain=(0.0, 100.0), diverging=True)


def _shown(view: AuditView) -> list[str]:
    """Return the regions of a chart of one row a region, by reference rank."""
    return [row["region"] for row in ends(view.rows.select("region").rows(named=True))]


ACROSS, FEW, WIDE, HIGH = 8, 3, 84, 84
SIDE, BETWEEN, TITLE = 24, 10, 20
POINTS = 50


def small_curves(name: str, view: AuditView, *, narrow: bool = False) -> str:
    """Return one small specification curve a region, by reference rank, all on one scale."""
    across = FEW if narrow else ACROSS
    shown = _shown(view)
    found = {code: view.curve(code) for code in shown}
    values = [100 * float(end) for one in found.values() for end in (one.values[0], one.values[-1], one.needed or 0.0)]
    low, high = padded(values, by=0.04)
    cells = [_cell(view, code, found[code], at, across, (low, high)) for at, code in enumerate(shown)]
    lines = -(-len(shown) // across)
    width = SIDE + across * (WIDE + BETWEEN)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="{name}-title" class="sketch" '
        f'viewBox="0 0 {width} {lines * (HIGH + TITLE + BETWEEN)}" style="max-width:{width}px" font-size="10" '
        f'fill="{SOFT}">{"".join(cells)}</svg>'
    )


def _cell(view: AuditView, code: str, found: Curve, at: int, across: int, ends: tuple[float, float]) -> str:
    left = SIDE + at % across * (WIDE + BETWEEN)
    top = at // across * (HIGH + TITLE + BETWEEN) + TITLE
    low, high = ends

    def y(value: float) -> float:
        return round(top + HIGH * (high - 100 * value) / (high - low), 1)

    def x(place: float) -> float:
        return round(left + WIDE * place, 1)

    count = len(found.values)
    points = " ".join(f"{x((i + 0.5) / count)},{y(float(found.values[i]))}" for i in thinned(count, POINTS).tolist())
    zero = y(0.0)
    area = f"{x(0.5 / count)},{zero} {points} {x(1 - 0.5 / count)},{zero}"
    parts = [
        f'<line x1="{left}" x2="{left + WIDE}" y1="{zero}" y2="{zero}" stroke="{FAINT}"/>',
        f'<polygon points="{area}" fill="{DEEP}" opacity=".16"/>',
        f'<polyline points="{points}" fill="none" stroke="{DEEP}" stroke-width="1.5"/>',
        f'<circle cx="{x(found.place)}" cy="{y(found.reference)}" r="3" fill="{INK}"/>',
        f'<g fill="{INK}">{both_svg(view.name(code), left, top - 6, size=11)}</g>',
    ]
    if found.needed is not None:
        line = y(found.needed)
        parts.append(
            f'<line x1="{left}" x2="{left + WIDE}" y1="{line}" y2="{line}" stroke="{ACCENT}" stroke-dasharray="4 3"/>'
        )
    if at % across == 0:
        parts += [
            f'<text x="{left - 4}" y="{y(value / 100) + 3:.1f}" text-anchor="end">{number(value, 0)}</text>'
            for value in (low, 0.0, high)
        ]
    return "".join(parts)

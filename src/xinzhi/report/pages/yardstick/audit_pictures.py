"""The pictures of an audit: ranks, the specification curve, which choice matters most, small curves of all regions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from xinzhi import words
from xinzhi.core.schema import Column
from xinzhi.core.text import Text, number, percent, share
from xinzhi.report.charts import kinds
from xinzhi.report.charts.axes import Row, both_ends, padded
from xinzhi.report.charts.chart import PADDING, PAGE, PHONE, Canvas, Chart, Drawing, Panels
from xinzhi.report.charts.labels import of_lines
from xinzhi.report.lettering import wrapped
from xinzhi.report.pages.yardstick.audit_tables import thinned
from xinzhi.report.palette import ACCENT, DEEP, INK, SOFT
from xinzhi.yardstick.internal import AuditView, Curve, choice_title, level_text

HEIGHT = 210
STRIPS = 60  # a page tells no more places of the curve apart
ROW, HEAD, GAP = 13, 17, 5
LABELS = 190
GUTTER = 30  # pixels of the figures of the axis on a phone
NEAR = 25  # a label this near to an end of the curve is written towards its middle
STEP = 24


def headroom(view: AuditView) -> Sequence[Row]:
    """Return, by reference rank, the ranks that each region could get while the others keep the reference protocol."""
    rows = []
    for row in view.ranked.iter_rows(named=True):
        reference, best = row["reference_rank"], row["best_rank"]
        text = f"{reference} → {best}" if best < reference else str(reference)
        rows.append(_ranked(view, row, text) | {"bands": [(best, row["worst_rank"])]})
    return rows


def ranks(view: AuditView) -> Sequence[Row]:
    """Return, by reference rank, the ranks of every region when all are measured with the same protocol."""
    return [
        _ranked(view, row, f"{row['rank_p05']:.0f}–{row['rank_p95']:.0f}")
        | {
            "tick": row["rank_median"],
            "bands": [(row["rank_minimum"], row["rank_maximum"]), (row["rank_p05"], row["rank_p95"])],
        }
        for row in view.ranked.iter_rows(named=True)
    ]


def _ranked(view: AuditView, row: Row, text: str) -> dict[str, object]:
    """Return what both pictures of ranks draw of a region: its reference rank, and the best under its own choice."""
    better = row["best_rank"] if row["best_rank"] < row["reference_rank"] else None
    return {"name": view.name(row["region"]), "value": row["reference_rank"], "mark": better, "text": text}


def curve(selected_curve: Curve, view: AuditView) -> Drawing:
    """Return the specification curve of one region over the panel of its choices."""
    return Panels(charts=[_line(selected_curve), _panel(view, selected_curve)], across=1, gap=0)


def _line(selected_curve: Curve) -> Chart:
    """Return the curve with the reference protocol: a line down to the panel, a dot and its value."""
    count = len(selected_curve.values)
    places = thinned(count).tolist()
    rows = [
        {"year": round(100 * (place + 0.5) / count, 3), "value": round(100 * float(selected_curve.values[place]), 4)}
        for place in places
    ]
    step = -(-len(rows) // POINTS)
    needed = None if selected_curve.needed is None else 100 * selected_curve.needed
    reach = padded([100 * float(selected_curve.values[0]), 100 * float(selected_curve.values[-1]), needed])
    place, value = 100 * selected_curve.place, 100 * selected_curve.reference
    title = words.shared.chart_tfp_per_year()
    label = words.shared.chart_reference_value(value=percent(selected_curve.reference))
    at_left = place < 100 - NEAR
    values = {
        "y": title,
        "domain": [0, 100],
        "reach": reach,
        "height": HEIGHT,
        "places": [],
        "axis_line": False,
        "grid_x": False,
        "areas": [{"cells": [{**row, "low": 0, "high": row["value"], "piece": 0} for row in rows], "tint": 0.16}],
        "series": rows,
        "series_ink": DEEP,
        "stroke": 2,
        "zero": True,
        "reference": needed,
        "reference_ink": ACCENT,
        "stems": [{"year": place, "low": reach[0], "high": value}],
        "heads": [{"year": place, "value": value, "label": label}],
        "strips": [_place_strip(row, title, 50 * step / len(rows)) for row in rows[step // 2 :: step]],
    }
    note = {"at_x": place, "at_y": value, "text": label, "align": "left" if at_left else "right", "dy": 13}
    note |= {"dx": 9 if at_left else -9, "letter": 11, "weight": 600, "text_ink": INK, "baseline": "middle"}
    return Chart(template="lines", values=values, titles={}, layout=partial(_curve_notes, selected_curve, needed, note))


def _place_strip(row: Mapping[str, float], title: Text, half: float) -> dict[str, object]:
    """Return a place on the curve with the growth that the protocols give there."""
    place = words.shared.chart_told_line(name=words.shared.chart_place_on_curve(), value=number(row["year"], 0))
    growth = words.shared.chart_told_line(name=title, value=number(row["value"], 2))
    start, end = max(0.0, row["year"] - half), min(100.0, row["year"] + half)
    return {"start": start, "end": end, "label": of_lines([place, growth])}


def _curve_notes(
    selected_curve: Curve, needed: float | None, note: Mapping[str, object], canvas: Canvas
) -> dict[str, object]:
    """Return the room at the side, and the words at the line of what a first place needs."""
    gutter = {"gutter": GUTTER if canvas.phone else LABELS, "title_x": -GUTTER if canvas.phone else -LABELS}
    if needed is None:
        return {**gutter, "notes": [note]}
    lines = wrapped(canvas.word(_needed_text(selected_curve)), 24.0 if canvas.phone else 200.0)
    place = {
        "at_x": 0,
        "at_y": needed,
        "align": "left",
        "baseline": "bottom",
        "dx": 4,
        "dy": -3 - 12 * (len(lines) - 1),
    }
    return {**gutter, "notes": [note, {**place, "text": lines, "letter": 10, "text_ink": ACCENT}]}


def _needed_text(selected_curve: Curve) -> Text:
    if not selected_curve.first:
        return words.shared.chart_none_first()
    return words.shared.chart_ranks_first(share=share(selected_curve.first))


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the panel: the head of a choice, or one of its levels."""

    top: int
    text: Text
    choice: int
    level: int | None


def layout(view: AuditView, code: str, step: int = ROW) -> list[Line]:
    """Return the rows of the panel, `step` pixels each, the choice that makes most of the spread first."""
    rows: list[Line] = []
    top, parts = 0, view.parts(code)
    for choice in sorted(view.choices, key=lambda choice: -parts.get(choice.name, 0.0)):
        axis = view.choices.index(choice)
        share_ = parts.get(choice.name)
        name = choice_title(choice.name)
        head = name if share_ is None else words.shared.chart_choice_share(name=name, share=share(share_))
        rows.append(Line(top, head, axis, None))
        top += HEAD
        for at in range(len(choice.levels)):
            rows.append(Line(top, level_text(choice, at), axis, at))
            top += step
        top += GAP
    return rows


def _panel(view: AuditView, selected_curve: Curve) -> Chart:
    """Return which levels the protocols at each place of the curve have: the darker, the more of them."""
    values = {
        "scale": {"domain": [0, 1], "range": ["#ffffff", DEEP], "interpolate": "lab"},
        "by_value": True,
        "silent": True,
        "x_title": words.shared.chart_place_on_curve(),
    }
    titles = {"value": Column(title=words.shared.chart_told_part(), kind="level")}
    return Chart(template="strips", values=values, titles=titles, layout=partial(_strips, view, selected_curve))


def _strips(view: AuditView, selected_curve: Curve, canvas: Canvas) -> dict[str, object]:
    """Return the strips with their names at the left; on a phone a level stands above its strip."""
    step = 2 * ROW if canvas.phone else ROW
    rows = layout(view, selected_curve.code, step)
    gutter = GUTTER if canvas.phone else LABELS
    levels = [row for row in rows if row.level is not None]
    cells = [{**cell, "name": row.text} for row in levels for cell in strip(selected_curve, row, step - ROW)]
    heads = [row for row in rows if row.level is None]
    stems = [
        {
            "at": 100 * selected_curve.place,
            "y": row.top + HEAD,
            "y2": row.top + HEAD + step * len(view.choices[row.choice].levels),
        }
        for row in heads
    ]
    first = [row for row in levels if row.level == 0]
    at_left = 0 if canvas.phone else -8
    align = "left" if canvas.phone else "right"
    dots = [{"y": row.top + ROW / 2, "text": "●"} for row in first]
    texts = [
        _texts(
            heads,
            HEAD,
            {"at": 0 if canvas.phone else -LABELS, "align": "left", "letter": 11, "weight": 600, "text_ink": INK},
        ),
        _texts(first, ROW, {"at": at_left - (0 if canvas.phone else 9), "align": align, "letter": 10, "text_ink": INK}),
        _texts(
            [row for row in levels if row.level], ROW, {"at": at_left, "align": align, "letter": 10, "text_ink": SOFT}
        ),
        *([] if canvas.phone else [{"rows": dots, "at": at_left, "align": "right", "letter": 6, "text_ink": INK}]),
    ]
    height = rows[-1].top + step
    return {
        "height": height,
        "cells": cells,
        "stems": stems,
        "texts": texts,
        "left": gutter - PADDING + 6 if canvas.phone else 2,
    }


def _texts(rows: Sequence[Line], step: float, look: Mapping[str, object]) -> dict[str, object]:
    """Return the names of rows in the middle of the lines that they begin."""
    return {"rows": [{"y": row.top + step / 2, "text": row.text} for row in rows], **look}


def strip(selected_curve: Curve, row: Line, below: int = 0) -> list[dict[str, float]]:
    """Return one level along the curve, `below` the top of its row: the part of the protocols that have it."""
    has = (selected_curve.levels[:, row.choice] == row.level).astype(np.float64)
    count = len(has)
    edges = np.linspace(0, count, min(STRIPS, count) + 1).round().astype(np.int64)
    part = (np.add.reduceat(has, edges[:-1]) / np.diff(edges)).round(3)
    begins = np.flatnonzero(np.diff(part, prepend=-1.0))  # equal neighbours are one cell
    ends = np.append(begins[1:], len(part))
    scaled = (100 * edges / count).round(2).tolist()
    y, y2 = row.top + below + 1.0, float(row.top + below + ROW - 1)
    return [
        {"x": scaled[begin], "x2": scaled[end], "y": y, "y2": y2, "value": float(part[begin])}
        for begin, end in zip(begins.tolist(), ends.tolist(), strict=True)
        if part[begin] > 0
    ]


def variance(view: AuditView) -> Drawing:
    """Return the part of each choice in the spread: over all regions as bars, region by region as cells."""
    several = view.rows.height > 1
    title = words.shared.chart_part_of_spread() if several else words.shared.chart_part_of_one()
    order = {choice.name: choice_title(choice.name) for choice in view.ordered}
    rows = [
        {"name": order[name], "value": 100 * part, "text": f"{share(part)} %"} for name, part in view.shares.items()
    ]
    values = {
        "x": title,
        "order": list(order.values()),
        "step": STEP,
        "thickness": 14,
        "domain": padded([100 * part for part in view.shares.values()], by=0.25),
        "ticks": 4,
        "bars": [{**row, "start": 0, "end": row["value"], "ink": ACCENT} for row in rows],
        "bar_ink": ACCENT,
        "texts": [
            {
                "cells": [{"name": row["name"], "at": row["value"], "text": row["text"]} for row in rows],
                "align": "left",
                "dx": 4,
                "letter": 11,
                "text_ink": INK,
            }
        ],
    }
    bars = Chart(template="rows", values=values, titles={"value": title}, width=PAGE, phone_width=PHONE)
    return Panels(charts=[bars, _by_region(view, order)], across=1, gap=8) if several else bars


def _by_region(view: AuditView, order: Mapping[str, Text]) -> Chart:
    """Return the part of each choice region by region as cells."""
    regions = _regions(view)
    shares = view.shares_by_region
    places = [(code, choice) for choice in order for code in regions]
    cells = [
        {"row": order[choice], "column": view.name(code), "value": round(100 * shares[code, choice], 2)}
        for code, choice in places
        if shares.get((code, choice)) is not None
    ]
    return kinds.matrix(
        cells,
        title=words.shared.chart_part_by_region(),
        domain=(0.0, 100.0),
        inks=("#fbf3ea", ACCENT, "#6b2f06"),
        cell=17,
    )


def reversals(view: AuditView) -> Drawing:
    """Return the share of the protocols in which the region of a row grows faster than that of a column."""
    regions = _regions(view)
    above = {pair: 100 * part for pair, part in view.above.items()}
    cells = [
        {"row": view.name(code), "column": view.name(other), "value": above.get((code, other))}
        for code in regions
        for other in regions
    ]
    return kinds.matrix(cells, title=words.shared.chart_row_above(), domain=(0.0, 100.0), diverging=True)


def _regions(view: AuditView) -> list[str]:
    """Return the regions of a chart of one row a region, by reference rank."""
    return both_ends(view.rows["region"].to_list())


ACROSS, FEW, CELL, BETWEEN, TITLE, SIDE = 8, 3, 76, 10, 20, 28  # small curves: how many side by side, and pixels
POINTS = 50


def small_curves(view: AuditView) -> Drawing:
    """Return one small specification curve a region, by reference rank, all on one scale."""
    curves = [view.curve(code) for code in _regions(view)]
    ends = [end for curve in curves for end in (curve.values[0], curve.values[-1], curve.needed or 0.0)]
    layout = partial(_cells, view, curves, padded([100 * float(end) for end in ends], by=0.04))
    return Chart(template="cells", values={}, layout=layout)


def _cells(view: AuditView, curves: Sequence[Curve], reach: Sequence[float], canvas: Canvas) -> dict[str, object]:
    """Return every small curve at its place."""
    across = FEW if canvas.phone else ACROSS
    lines: list[Row] = []
    cells: dict[str, list[Row]] = {name: [] for name in ("names", "dots", "zeros", "needs", "scale")}
    for at, curve in enumerate(curves):
        start = SIDE + at % across * (CELL + BETWEEN)
        top = at // across * (CELL + TITLE + BETWEEN) + TITLE

        def y(value: float, top: float = top) -> float:
            return round(top + CELL * (reach[1] - value) / (reach[1] - reach[0]), 1)

        count, name, foot = len(curve.values), view.name(curve.code), y(0.0)
        places = thinned(count, POINTS).tolist()
        for place in places:
            x = round(start + CELL * (place + 0.5) / count, 1)
            lines.append({"cell": at, "x": x, "y": y(100 * float(curve.values[place])), "foot": foot})
        label = words.shared.chart_told_line(
            name=name, value=words.shared.chart_reference_value(value=percent(curve.reference))
        )
        cells["names"].append({"x": start, "y": top - 6, "text": name})
        cells["dots"].append({"x": start + CELL * curve.place, "y": y(100 * curve.reference), "label": label})
        cells["zeros"].append({"x": start, "x2": start + CELL, "y": foot})
        if curve.needed is not None:
            cells["needs"].append({"x": start, "x2": start + CELL, "y": y(100 * curve.needed)})
        if at % across == 0:
            cells["scale"] += [
                {"x": start - 4, "y": y(value), "text": number(value, 0)} for value in (reach[0], 0.0, reach[1])
            ]
    high = -(-len(curves) // across) * (CELL + TITLE + BETWEEN)
    return {"width": SIDE + across * (CELL + BETWEEN), "height": high, "lines": lines, **cells}

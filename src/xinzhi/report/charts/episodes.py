"""A statistic against its critical line over dates, with the episodes in which it passes shaded."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Literal

from xinzhi import words
from xinzhi.core.text import Text, number, same
from xinzhi.report import palette
from xinzhi.report.charts.axes import Row, colours, figures_in, fitted, grouped, names_of
from xinzhi.report.charts.chart import PADDING, PAGE, PHONE, Canvas, Chart, Drawing, Panels
from xinzhi.report.charts.keys import key
from xinzhi.report.charts.labels import of_lines
from xinzhi.report.lettering import width

Unit = Literal["position", "year", "quarter", "month", "day"]
_PER_YEAR = {"month": 12, "quarter": 4}
_STEPS = {"month": (1, 2, 3, 6, 12, 24, 60, 120, 240, 600), "quarter": (1, 2, 4, 8, 20, 40, 80, 200)}
_DAYS = 62  # with fewer, single days are marked
_EPOCH = dt.date(1970, 1, 1)
HEIGHT, CELL_HEIGHT, ABREAST = 170, 92, 3
LANE, LANES = 16, 6  # pixels of a line of labels, and how many there are at most
LETTER = 9.5
GUTTER, SMALL_GUTTER = 44, 26  # pixels left of every panel, so that dates stand under each other
DATES, FEW_DATES, CELL_DATES = 9, 5, 4  # that an axis marks at most
INKS = (palette.ACCENT, palette.DEEP, *palette.GROUPS[2:])


def episodes(panels: Sequence[Row], spans: Sequence[Row], *, dates: Unit, groups: Sequence[Text] = ()) -> Drawing:
    """Return lines under each other over the same dates, with spans shaded through all of them and named above."""
    # panels: title (Text) and rows: x (a date, as in `written`), value (None breaks the line), where there is one limit
    # (dashed). spans: start, end (dates, both inside), group (Text, its colour), word (Text); of many the longest are
    # named.
    low, high = _ends(panels)
    inks = colours(spans, INKS, groups)
    charts = [
        _panel(
            panel["rows"],
            spans,
            inks,
            dates,
            (low, high),
            y=panel["title"],
            height=HEIGHT if len(panels) > 1 else 1.4 * HEIGHT,
            gutter=GUTTER,
            title_x=-GUTTER,
        )
        for panel in panels
    ]
    if spans:
        charts.insert(0, _names(spans, inks, low, high))
    return charts[0] if len(charts) == 1 else Panels(charts=charts, across=1, gap=8)


def _ends(panels: Iterable[Row]) -> tuple[int, int]:
    """Return the first and the last date of panels."""
    places = [row["x"] for panel in panels for row in panel["rows"]]
    return min(places, default=0), max(places, default=1)


def _panel(
    rows: Sequence[Row],
    spans: Sequence[Row],
    inks: Mapping[Text, str],
    dates: Unit,
    ends: tuple[int, int],
    *,
    across: float = PAGE,
    phone: float | None = None,
    most: tuple[int, int] = (DATES, FEW_DATES),
    **values: object,
) -> Chart:
    """Return one line with the dashed one that it is compared with, over shaded spans."""
    reach = figures_in(rows, "value", "limit")
    y = values.get("y")
    filled = {
        "reach": fitted(reach),
        "episodes": [_span(span) for span in spans],
        **grouped(inks),
        "series": [{"year": row["x"], "value": row["value"], "limit": row.get("limit")} for row in rows],
        "limit": any(row.get("limit") is not None for row in rows),
        "rungs": 4,
        "strips": [_strip(row, dates, y if isinstance(y, Text) else None) for row in rows if row["value"] is not None],
        **values,
    }
    return Chart(
        template="lines", values=filled, width=across, phone_width=phone, layout=partial(_dates, *ends, dates, most)
    )


def _span(span: Row) -> dict[str, object]:
    """Return a span from half a step before its first date to half a step after its last."""
    return {"start": span["start"] - 0.5, "end": span["end"] + 0.5, "group": span["group"]}


def _strip(row: Row, dates: Unit, title: Text | None) -> dict[str, object]:
    """Return the place of a date with what the line is there."""
    lines = [same(written(row["x"], dates))]
    value = number(row["value"], 2)
    lines.append(same(value) if title is None else words.shared.chart_told_line(name=title, value=value))
    if row.get("limit") is not None:
        lines.append(words.shared.chart_told_line(name=words.shared.chart_told_limit(), value=number(row["limit"], 2)))
    return {"start": row["x"] - 0.5, "end": row["x"] + 0.5, "label": of_lines(lines)}


def _dates(low: int, high: int, dates: Unit, most: tuple[int, int], canvas: Canvas) -> dict[str, object]:
    """Return the axis of dates."""
    return {**axis_of_dates(low, high, dates, most[1] if canvas.phone else most[0]), "flush": True}


def axis_of_dates(low: int, high: int, dates: Unit, most: int) -> dict[str, object]:
    """Return an axis on which every date has half a step of room on either side."""
    places = marks(low, high, dates, most)
    names = ",".join(f"'{place}':'{written(place, dates)}'" for place in places)
    return {
        "domain": [low - 0.5, high + 0.5],
        "places": places,
        "dates": f"{{{names}}}[datum.value]",
        "axis_line": False,
        "tick_marks": False,
    }


def _names(spans: Sequence[Row], inks: Mapping[Text, str], low: int, high: int) -> Chart:
    """Return the spans that are named, above the panels."""
    values = {
        "domain": [low - 0.5, high + 0.5],
        "places": [],
        "axis_line": False,
        "name_ink": "transparent",
        "extent": GUTTER + 1,
        "step": LANE,
        "thickness": 6,
        "opacity": 0.75,
        "silent": True,
        **grouped(inks),
    }
    return Chart(template="rows", values=values, layout=partial(_lanes, spans, low, high))


def _lanes(spans: Sequence[Row], low: int, high: int, canvas: Canvas) -> dict[str, object]:
    """Return spans in the first lane in which bar and name have room, the longest first."""
    across = canvas.width - GUTTER - 2 * PADDING - 2
    pixels = across / (high - low + 1)
    lanes: list[list[tuple[float, float]]] = []
    bars = []
    for span in sorted(spans, key=lambda span: span["start"] - span["end"]):
        start, right = (span["start"] - low) * pixels, (span["end"] + 1 - low) * pixels
        room = LETTER * width(canvas.word(span["word"])) + 10
        after = right + room <= across
        reach = (start, right + room) if after else (start - room, right)
        lane = _first_free(lanes, reach)
        if lane < LANES:
            lanes[lane].append(reach)
            bars.append({**_span(span), "name": f"{lane}", "word": span["word"], "after": after})
    texts = [
        {
            "cells": [
                {"name": bar["name"], "at": bar[end], "text": bar["word"]} for bar in bars if bar["after"] is after
            ],
            "align": align,
            "dx": dx,
            "letter": LETTER,
            "text_ink": palette.INK,
        }
        for after, end, align, dx in ((True, "end", "left", 5), (False, "start", "right", -5))
    ]
    labels = [{**bar, "label": of_lines([bar["word"], bar["group"]])} for bar in bars]
    return {"order": [f"{lane}" for lane in range(min(LANES, len(lanes)))], "bars": labels, "texts": texts}


def _first_free(lanes: list[list[tuple[float, float]]], reach: tuple[float, float]) -> int:
    """Return the first lane in which a stretch meets no other; a new one where there is none."""
    for at, lane in enumerate(lanes):
        if all(reach[1] < start or reach[0] > end for start, end in lane):
            return at
    lanes.append([])
    return len(lanes) - 1


def episode_grid(cells: Sequence[Row], *, dates: Unit, groups: Sequence[Text] = (), abreast: int = ABREAST) -> Drawing:
    """Return small pictures of `episodes`, one a name, all over the same dates."""
    # cells: name (Text), rows (x, value, limit) and spans (start, end, group); abreast: how many stand side by side
    spans = [span for cell in cells for span in cell["spans"]]
    inks = colours(spans, INKS, groups)
    gap = 12
    across = (PAGE - gap * (abreast - 1)) / abreast
    charts = [
        _panel(
            cell["rows"],
            cell["spans"],
            inks,
            dates,
            _ends(cells),
            across=across,
            phone=PHONE,
            most=(CELL_DATES, CELL_DATES),
            head=cell["name"],
            height=CELL_HEIGHT,
            rungs=3,
            stroke=1.3,
            gutter=SMALL_GUTTER,
        )
        for cell in cells
    ]
    return Panels(charts=charts, across=abreast, gap=gap, key=key(inks, tint=0.45) if spans else None)


def spells(rows: Sequence[Row], *, dates: Unit, groups: Sequence[Text] = (), step: int = 20) -> Chart:
    """Return the spells of every name on a line of dates, over the span in which it was observed."""
    # rows: name (Text), first, last (observed, drawn as a thin line) and spans: start, end, group (Text, its colour),
    # mark (a sign on the bar), where wanted after (one behind); step: pixels of a row
    low, high = min((row["first"] for row in rows), default=0), max((row["last"] for row in rows), default=1)
    bars = [{"name": row["name"], **_span(span), **_signs(span)} for row in rows for span in row["spans"]]
    for bar in bars:
        begin, end = (same(written(round(bar[name] + half), dates)) for name, half in (("start", 0.5), ("end", -0.5)))
        span = same(begin.en if begin == end else f"{begin.en} – {end.en}")
        bar["label"] = of_lines([bar["name"], bar["group"], span])
    signs = [
        {
            "cells": [{"name": bar["name"], "at": bar[at], "text": bar[sign]} for bar in bars if bar[sign]],
            "letter": letter,
            "dx": dx,
            "text_ink": palette.INK,
        }
        for sign, at, letter, dx in (("mark", "middle", 9, 0), ("after", "end", 11, 9))
    ]
    values = {
        "order": names_of(rows),
        "step": step,
        "thickness": step - 6,
        "opacity": 0.55,
        "spans": [{"name": row["name"], "start": row["first"] - 0.5, "end": row["last"] + 0.5} for row in rows],
        "bars": bars,
        **grouped(colours(bars, INKS, groups)),
        "texts": [sign for sign in signs if sign["cells"]],
        "grid_x": True,
    }
    return Chart(template="rows", values=values, layout=partial(_dates, low, high, dates, (DATES, FEW_DATES)))


def _signs(span: Row) -> dict[str, object]:
    middle = (span["start"] + span["end"]) / 2
    return {"middle": middle, "mark": span["mark"], "after": span.get("after", "")}


def written(place: int, unit: Unit) -> str:
    """Return a date as it is written."""
    if unit == "day":
        return str(_EPOCH + dt.timedelta(days=place))
    if unit in _PER_YEAR:
        year, part = divmod(place, _PER_YEAR[unit])
        return f"{year}-{part + 1:02d}" if unit == "month" else f"{year}Q{part + 1}"
    return str(place)


def marks(low: int, high: int, unit: Unit, most: int = DATES) -> list[int]:
    """Return the dates that an axis marks: at most so many, at the beginning of years or of rounded spans."""
    if unit == "day" and high - low > _DAYS:
        first, last = (_EPOCH + dt.timedelta(days=place) for place in (low, high))
        begins = marks(first.year * 12 + first.month - 1, last.year * 12 + last.month - 1, "month", most)
        days = [(dt.date(month // 12, month % 12 + 1, 1) - _EPOCH).days for month in begins]
        return [day for day in days if low <= day <= high]
    steps = _STEPS.get(unit) or [ten * digit for ten in (1, 10, 100, 1_000, 10_000, 100_000) for digit in (1, 2, 5)]
    step = next((step for step in steps if (high - low) // step + 1 <= most), steps[-1])
    return list(range(-(-low // step) * step, high + 1, step))

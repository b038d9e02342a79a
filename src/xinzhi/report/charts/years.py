"""Time across: lines with bands, the past and bands of what may come, densities above each other, periods on a line."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from itertools import pairwise

from xinzhi import words
from xinzhi.core.text import Text, number
from xinzhi.report import palette
from xinzhi.report.charts.axes import Row, Zones, colours, figures_in, fitted, grouped, names_of, spread, stretches
from xinzhi.report.charts.chart import PAGE, Canvas, Chart
from xinzhi.report.charts.labels import name_text, of_lines
from xinzhi.report.lettering import least_width, shortfall

HEIGHT = 280
FEW = 7  # years that each have a label
PALEST, DARKEST = 0.16, 0.62  # how much of the full colour the widest and the narrowest band have
DENSE = 6  # with more points than this the past is a plain line
LABEL = 0.062  # height of a label at the end of a line, as part of the height of the values, at a height of 280 pixels
LINES = 12  # of which the label of a year tells the figures
STEP, ROW = 34, 26  # pixels between two ridges, and of a row of a time line
END = 10  # size of a label at the end of a line


def lines(  # noqa: PLR0913 - what a line chart can show
    rows: Sequence[Row],
    *,
    y: Text,
    reference: float | None = None,
    decimals: int = 2,
    marks: Sequence[Row] = (),
    inks: Sequence[str] = palette.GROUPS,
    levels: Zones = (),
    strong: Collection[Text] | None = None,
    width: float = PAGE,
    height: float = HEIGHT,
) -> Chart:
    """Return one line a group over the years, named at its end, with a band where the rows have one."""
    # rows: group (Text), year (months and quarters as fractions), value (None breaks the line), where known low and
    # high, the ends of its band; dot sets a dot on it. marks: spans of years to shade, start, end and where wanted word
    # (Text). levels: stretches of the upright axis, ends (None: open) and word; every second one is shaded. strong: the
    # groups whose lines stand out (None: all).
    shades = colours(rows, inks)
    points = [row for row in rows if row["value"] is not None]
    reach = figures_in(points, "value", "low", "high")
    reach += [] if reference is None else [reference]
    domain = fitted(reach)
    least = LABEL * HEIGHT / height * ((max(reach, default=1.0) - min(reach, default=0.0)) or 1.0)
    zones = stretches(levels, domain)
    bold = [row for row in rows if strong is None or row["group"] in strong]
    values = {
        "y": y,
        "height": height,
        "reach": domain,
        "reference": reference,
        **years_axis([row["year"] for row in rows]),
        **grouped(shades),
        "shades": marks,
        "shade_words": [
            {"x": (row["start"] + row["end"]) / 2, "text": row["word"]} for row in marks if row.get("word")
        ],
        "levels": [{"start": start, "end": end} for start, end, _, shaded in zones if shaded],
        "level_words": [_level_word(start, end, word, domain) for start, end, word, _ in zones if end - start >= least],
        "areas": [{"cells": _pieces(rows), "tint": 0.18}],
        "lines": [
            {"cells": bold, "thick": 2.2},
            {"cells": [row for row in rows if row not in bold] if strong is not None else [], "thick": 1.2},
        ],
        "dots": [row for row in points if row.get("dot")],
        "strips": _strips(points, y, decimals) if len(shades) <= LINES else [],
    }
    layout = partial(_ends, _end_labels(points, least, decimals, shades))
    return Chart(template="lines", values=values, decimals=decimals, width=width, layout=layout)


def years_axis(years: Sequence[float]) -> dict[str, object]:
    """Return the axis of years below a chart; where they are few each has its label, and none stands twice."""
    first, last = min(years, default=0), max(years, default=1)
    few = list(range(math.ceil(first), math.floor(last) + 1)) if last - first < FEW else None
    return {"domain": [first, last], "places": few, "format": "d", "ticks": 6, "grid_x": False}


def _level_word(start: float, end: float, word: Text, domain: Sequence[float]) -> dict[str, object]:
    """Return the word of a stretch; at the foot of the picture it is further from the lines."""
    lowest = start == domain[0]
    side = {"baseline": "bottom", "dy": -3} if lowest else {"baseline": "top", "dy": 3}
    return {"at": start if lowest else end, "text": word, **side}


def _pieces(rows: Sequence[Row]) -> list[dict[str, object]]:
    """Return the rows that have a band, numbered so that it breaks where the line does."""
    pieces: list[dict[str, object]] = []
    breaks: dict[Text, int] = {}
    for row in rows:
        piece = breaks.setdefault(row["group"], 0)
        if row["value"] is None or row.get("low") is None or row.get("high") is None:
            breaks[row["group"]] = piece + 1
        else:
            pieces.append({**row, "piece": piece})
    return pieces


def _strips(rows: Sequence[Row], y: Text, decimals: int) -> list[dict[str, object]]:
    """Return the place of every year with what the lines are there."""
    years = sorted({row["year"] for row in rows})
    half = min((after - before for before, after in pairwise(years)), default=1.0) / 2
    strips = []
    for year in years:
        cells = [row for row in rows if row["year"] == year]
        head = words.shared.chart_told_line(name=name_text(year), value=y)
        figures = [words.shared.chart_told_line(name=row["group"], value=figure(row, decimals)) for row in cells]
        strips.append({"start": year - half, "end": year + half, "label": of_lines([head, *figures])})
    return strips


def figure(row: Row, decimals: int) -> str:
    """Return the value of a row with its band."""
    value = number(row["value"], decimals)
    if row.get("low") is None or row.get("high") is None:
        return value
    return f"{value} ({number(row['low'], decimals)} … {number(row['high'], decimals)})"


def _end_labels(
    points: Sequence[Row], least: float, decimals: int, inks: Mapping[Text, str]
) -> list[dict[str, object]]:
    """Return the labels at the ends of the lines, so far from each other that none covers another."""
    last: dict[Text, Row] = {}
    for row in points:
        if row["group"] not in last or row["year"] >= last[row["group"]]["year"]:
            last[row["group"]] = row
    return [
        {
            "year": row["year"],
            "place": row["place"],
            "text": words.shared.chart_end(name=row["group"], value=number(row["value"], decimals)),
            "ink": palette.readable_shade(inks[row["group"]]),
        }
        for row in spread(last.values(), least)
    ]


def _ends(labels: Sequence[Row], canvas: Canvas) -> dict[str, object]:
    """Return the labels at the ends of lines, with the room that they need."""
    texts = [canvas.word(row["text"]) for row in labels]
    return {"ends": labels, "right": round(shortfall(texts, END))}


def fan(
    past: Sequence[tuple[float, float | None]],
    bands: Mapping[Text, Sequence[tuple[float, float, float]]],
    middle: Sequence[tuple[float, float]] = (),
    *,
    y: Text,
    ends: Sequence[tuple[float, Text]] = (),
    reference: tuple[float, Text] | None = None,
) -> Chart:
    """Return a line of the past and, from its end on, nested bands of the future around a middle line."""
    # past: year and value (None breaks the line); bands by word, the widest first: year, lower and upper end, which
    # open from the last known value of the past; middle: year and value; ends: values to name at the right; reference:
    # a level, its word
    points = [(year, value) for year, value in past if value is not None]
    start = points[-1:]
    reach = [value for _, value in (*points, *middle)] + [
        end for rows in bands.values() for row in rows for end in row[1:]
    ]
    reach += [reference[0]] if reference else []
    domain = fitted(reach)
    years = [year for year, _ in (*past, *middle)] + [row[0] for rows in bands.values() for row in rows]
    areas = [
        {"year": year, "low": low, "high": high, "group": word, "piece": 0}
        for word, rows in bands.items()
        for year, low, high in [*((year, value, value) for year, value in start), *rows]
    ]
    span = (max(reach, default=1.0) - min(reach, default=0.0)) or 1.0
    labels = spread([{"value": value, "text": word} for value, word in ends], LABEL * span)
    last = max(years, default=0)
    values = {
        "y": y,
        "height": HEIGHT,
        "reach": domain,
        **years_axis(years),
        **grouped(dict(zip(bands, tints(len(bands)), strict=True))),
        "legend": True,
        "key_place": "bottom",
        "areas": [{"cells": [row for row in areas if row["group"] == word], "tint": 1} for word in bands],
        "reference": reference[0] if reference else None,
        "level_words": [{"at": reference[0], "text": reference[1], "baseline": "bottom", "dy": -3}]
        if reference
        else [],
        "dashes": [{"year": year, "value": value} for year, value in (*start, *middle)] if middle else [],
        "past": [{"year": year, "value": value} for year, value in past],
        "past_dots": [{"year": year, "value": value} for year, value in points] if len(points) <= DENSE else [],
        "strips": _fan_strips(points, bands, middle, y),
    }
    ends_of = [{"year": last, "place": row["place"], "text": row["text"], "ink": palette.INK} for row in labels]
    return Chart(template="lines", values=values, layout=partial(_ends, ends_of))


def _fan_strips(
    points: Sequence[tuple[float, float]],
    bands: Mapping[Text, Sequence[tuple[float, float, float]]],
    middle: Sequence[tuple[float, float]],
    y: Text,
) -> list[dict[str, object]]:
    """Return the place of every year with its value, or what may come."""
    lines_of: dict[float, list[Text]] = {}
    for year, value in (*points, *middle):
        lines_of.setdefault(year, []).append(words.shared.chart_told_line(name=y, value=number(value, 1)))
    for word, rows in bands.items():
        for year, low, high in rows:
            ends = f"{number(low, 1)} … {number(high, 1)}"
            lines_of.setdefault(year, []).append(words.shared.chart_told_line(name=word, value=ends))
    return [
        {"start": year - 0.5, "end": year + 0.5, "label": of_lines([name_text(year), *texts])}
        for year, texts in sorted(lines_of.items())
    ]


def tints(count: int) -> list[str]:
    """Return tints of one colour, the palest first."""
    full = [int(palette.DEEP[start : start + 2], 16) for start in (1, 3, 5)]
    step = (DARKEST - PALEST) / max(1, count - 1)
    parts = [PALEST + step * at for at in range(count)]
    return ["#" + "".join(f"{round(255 - part * (255 - shade)):02x}" for shade in full) for part in parts]


def ridges(rows: Sequence[Row], *, x: Text, step: int = STEP, overlap: float = 1.6) -> Chart:
    """Return densities one above the other, a line of years from top to bottom."""
    # rows: name (Text, such as a year), x and density, a grid for every name, in the order of the lines; step: pixels
    # between two lines, of which the highest density fills `overlap`
    order = names_of(rows)
    top = max((row["density"] for row in rows), default=1.0) or 1.0
    height = step * (len(order) - 1) + step * overlap
    feet = {name: height - step * (len(order) - 1 - at) for at, name in enumerate(order)}
    ridges = [
        {
            "cells": [
                {"x": row["x"], "foot": feet[name], "top": feet[name] - row["density"] / top * step * overlap}
                for row in rows
                if row["name"] == name
            ]
        }
        for name in order
    ]
    values = {
        "x": x,
        "height": height,
        "ridges": ridges,
        "names": [{"text": name, "foot": foot} for name, foot in feet.items()],
        "strips": [
            {"foot": feet[name], "top": feet[name] - 0.8 * step, "label": _peak(rows, name, x)} for name in order
        ],
    }

    def layout(canvas: Canvas) -> dict[str, object]:
        widest = max((least_width(canvas.word(name)) for name in order), default=0.0)
        return {"left": round(10 * widest + 8)}

    return Chart(template="ridges", values=values, titles={"x": x}, layout=layout)


def _peak(rows: Sequence[Row], name: Text, x: Text) -> Text:
    """Return where the density of a name is highest."""
    peak = max((row for row in rows if row["name"] == name), key=lambda row: float(row["density"]))
    return of_lines([name, words.shared.chart_told_line(name=x, value=number(peak["x"], 2))])


def timeline(rows: Sequence[Row], *, x: Text | None = None) -> Chart:
    """Return periods as bars on a time line, one row a name."""
    # rows: name (Text), start, end, where wanted group (Text, its colour) and word (Text, at its start); a name may
    # have several
    inks = colours(rows)
    values = {
        "x": x,
        "order": names_of(rows),
        "step": ROW,
        "thickness": 15,
        "opacity": 0.5,
        "domain": [min((row["start"] for row in rows), default=0), max((row["end"] for row in rows), default=1)],
        "format": "d",
        "axis_line": False,
        "silent": True,
        "bars": rows,
        **grouped(inks),
        "texts": [
            {
                "cells": [
                    {"name": row["name"], "at": row["start"], "text": row["word"]} for row in rows if row.get("word")
                ],
                "align": "left",
                "dx": 4,
                "letter": 9.5,
                "text_ink": palette.INK,
            }
        ],
    }
    return Chart(template="rows", values=values, titles={}, decimals=0)

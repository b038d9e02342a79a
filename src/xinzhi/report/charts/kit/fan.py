"""A fan chart: what was, then nested bands of what may come."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt

from xinzhi.report import palette
from xinzhi.report.charts import style
from xinzhi.report.charts.kit.years import HEIGHT, LABEL, WIDTH, across_years

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from altair.typing import ChartType

    from xinzhi.core.text import Text
    from xinzhi.report.charts.style import Words

PALEST, DARKEST = 0.16, 0.62  # how much of the full colour the widest and the narrowest band have
DENSE = 6  # with more points than this the past is a plain line


def fan(
    w: Words,
    past: Sequence[tuple[float, float | None]],
    bands: Mapping[Text, Sequence[tuple[float, float, float]]],
    middle: Sequence[tuple[float, float]] = (),
    *,
    y: Text,
    ends: Sequence[tuple[float, Text]] = (),
    reference: tuple[float, Text] | None = None,
) -> ChartType:
    """Return a line of the past and, from its end on, nested bands of the future around a middle line.

    Parameters
    ----------
    w
        The words of the chart.
    past
        Year and value; None breaks the line.
    bands
        By word, the widest first: year, lower and upper end. All of them open from the last known value of the past.
    middle
        Year and value of the line in the middle, where there is one.
    y
        Title of the axis, above it.
    ends
        Values to name at the right end.
    reference
        A level that a dashed line marks, and its word.

    Examples
    --------
    >>> from xinzhi.core.text import Text
    >>> from xinzhi.report.charts.style import Words
    >>> band = {Text(zh="八成", en="eighty per cent"): [(2021, 0.9, 1.2), (2022, 0.8, 1.5)]}
    >>> chart = fan(Words("en"), [(2019, 1.0), (2020, 1.1)], band, y=Text(zh="比率", en="ratio"))
    >>> [layer["mark"]["type"] for layer in chart.to_dict()["layer"]]
    ['area', 'line', 'text']
    """
    known = [(year, value) for year, value in past if value is not None]
    start = known[-1:]
    reach = [value for _, value in (*known, *middle)] + [
        one for rows in bands.values() for row in rows for one in row[1:]
    ]
    reach += [reference[0]] if reference else []
    low, high = min(reach, default=0.0), max(reach, default=1.0)
    room = 0.06 * ((high - low) or 1.0)
    up = alt.Scale(domain=[low - room, high + room], nice=False, zero=False)
    years = [year for year, _ in (*past, *middle)] + [row[0] for rows in bands.values() for row in rows]
    across = across_years(years)
    title = alt.Axis(
        titleAngle=0, titleAlign="left", titleAnchor="start", titleBaseline="bottom", titleY=-8, titleX=-30,
        domain=False, ticks=False, tickCount=6, titleLimit=520,
    )  # fmt: skip
    layers: list[alt.Chart] = []
    inks = alt.Scale(domain=[w(word) for word in bands], range=shades(len(bands)))
    for word, rows in bands.items():
        opened = [(year, value, value) for year, value in start] + list(rows)
        area = alt.Chart(
            style.data({"year": year, "low": a, "high": b, "group": w(word)} for year, a, b in opened)
        ).mark_area(opacity=1)
        # below, as the title of the axis stands above
        colour = alt.Color("group:N", scale=inks, legend=alt.Legend(orient="bottom"))
        layers.append(area.encode(x=across, y=alt.Y("low:Q", scale=up), y2=alt.Y2("high:Q"), color=colour))
    if reference:
        layers += style.reference(reference[0], "y", up)
        said = alt.Chart(style.data([{"year": min(years), "value": reference[0], "text": w(reference[1])}]))
        text = said.mark_text(align="left", baseline="bottom", dx=3, dy=-3, fontSize=9.5, color=palette.SOFT)
        layers.append(text.encode(x=across, y=alt.Y("value:Q", scale=up), text="text:N"))
    if middle:
        line = alt.Chart(style.data({"year": year, "value": value} for year, value in (*start, *middle)))
        drawn = line.mark_line(color=palette.INK, strokeWidth=1.6, strokeDash=[5, 3])
        layers.append(drawn.encode(x=across, y=alt.Y("value:Q", scale=up)))
    line = alt.Chart(style.data({"year": year, "value": value} for year, value in past))
    point = {"color": palette.INK, "size": 22} if len(known) <= DENSE else False
    drawn = line.mark_line(color=palette.INK, strokeWidth=2.2, point=point, invalid="break-paths-show-path-domains")
    layers.append(drawn.encode(x=across, y=alt.Y("value:Q", title=w(y), axis=title, scale=up)))
    named = style.apart(({"value": value, "label": w(word)} for value, word in ends), LABEL * ((high - low) or 1.0))
    text = alt.Chart(style.data({**row, "year": max(years, default=0)} for row in named))
    label = text.mark_text(align="left", dx=6, fontSize=10, color=palette.INK)
    layers.append(label.encode(x=across, y=alt.Y("place:Q", scale=up), text="label:N"))
    return style.configure(style.layers(*layers, width=WIDTH, height=HEIGHT))


def shades(count: int) -> list[str]:
    """Return tints of one colour, the palest first."""
    full = [int(palette.DEEP[i : i + 2], 16) for i in (1, 3, 5)]
    step = (DARKEST - PALEST) / max(1, count - 1)
    parts = [PALEST + step * i for i in range(count)]
    return ["#" + "".join(f"{round(255 - part * (255 - one)):02x}" for one in full) for part in parts]

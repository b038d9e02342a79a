"""The tile-grid map: every region one tile, placed near its neighbours, coloured by TFP growth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from xinzhi.core.errors import UsageError
from xinzhi.core.text import Text
from xinzhi.report import palette
from xinzhi.report.catalogue import words
from xinzhi.report.charts import style
from xinzhi.report.numbers import number

if TYPE_CHECKING:
    from altair.typing import ChartType

    from xinzhi.report.charts.style import Words
    from xinzhi.report.view import View

TILE = 66
GAP = 3
DARK = 0.62


def tile_map(view: View, w: Words) -> ChartType:
    """Return the tile-grid map of TFP growth in the leading period.

    Raises
    ------
    UsageError
        When no arrangement knows all the regions.
    """
    if not view.tiles:
        message = "there is no tile map for these regions: tiles.yaml arranges the provinces of China only."
        raise UsageError(message)
    growth: dict[str, float] = dict(view.of(view.lead).drop_nulls("tfp_growth").select("region", "tfp_growth").rows())
    rows: list[dict[str, Any]] = []
    for code in view.codes:
        column, row, zh, en = view.tiles[code]
        value = 100 * growth[code] if code in growth else None
        place = {"x": TILE * int(str(column)), "y": TILE * int(str(row))}
        name = w(Text(zh=str(zh), en=str(en)))
        rows.append({"name": name, "value": value, "label": number(value), **place})
    reach = max((abs(row["value"]) for row in rows if row["value"] is not None), default=1.0) or 1.0
    return style.configure(_tiles(rows, reach, w(words("chart.tfp_per_year"))))


def _tiles(rows: list[dict[str, Any]], reach: float, title: str) -> alt.LayerChart:
    width, height = (TILE * (1 + int(max(row[axis] for row in rows) / TILE)) for axis in ("x", "y"))
    scale = alt.Scale(domain=[-reach, reach], range=list(palette.DIVERGING), interpolate="lab")
    legend = alt.Legend(title=title, titleFontSize=style.TEXT_SIZE, titleFontWeight="normal", titleColor=palette.SOFT,
                        orient="top-left", direction="horizontal", gradientLength=190, gradientThickness=10,
                        tickCount=5, titleLimit=260)  # fmt: skip
    plane = {
        "x": alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, width], range=[0, width], nice=False)),
        "y": alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[0, height], range=[0, height], nice=False)),
    }
    half = TILE / 2
    known = [row for row in rows if row["value"] is not None]
    unknown = [row for row in rows if row["value"] is None]
    dark = [row for row in known if abs(row["value"]) > DARK * reach]
    light = [row for row in rows if row not in dark]
    colours = {True: alt.Color("value:Q", scale=scale, legend=legend), False: alt.value(palette.SHADE)}
    layers = [
        alt.Chart(style.data(shown))
        .mark_square(size=(TILE - GAP) ** 2, opacity=1, xOffset=half, yOffset=half)
        .encode(**plane, color=colours[shown is known])
        for shown in (unknown, known)
        if shown
    ]
    for shown, ink in ((dark, "white"), (light, palette.INK)):
        base = alt.Chart(style.data(shown))
        layers += [
            base.mark_text(fontSize=10, dx=half, dy=half - 10, color=ink).encode(**plane, text="name:N"),
            base.mark_text(fontSize=15, fontWeight=600, dx=half, dy=half + 9, color=ink).encode(
                **plane, text="label:N"
            ),
        ]
    return style.layers(*layers, width=width, height=height)

"""What was said against what came true: a dot with an interval for every group, and the line where both are equal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from xinzhi.report import palette
from xinzhi.report.charts import style

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from altair.typing import ChartType

    from xinzhi.core.text import Text
    from xinzhi.report.charts.style import Words

SIDE = 380


def reliability(w: Words, rows: Sequence[Mapping[str, Any]], *, x: Text, y: Text) -> ChartType:
    """Return a reliability diagram."""
    scale = alt.Scale(domain=[-2, 104], nice=False)
    axis = alt.Axis(values=list(range(0, 101, 20)), domain=False, ticks=False)
    across, up = alt.X("x:Q", scale=scale, title=w(x), axis=axis), alt.Y("y:Q", scale=scale, title=w(y), axis=axis)
    equal = alt.Chart(style.data([{"x": 0, "y": 0}, {"x": 100, "y": 100}]))
    base = alt.Chart(style.data({**row, "text": f"{row['n']:,}"} for row in rows))
    text = base.mark_text(align="left", baseline="bottom", dx=5, dy=12, fontSize=9.5, color=palette.SOFT)
    return style.configure(
        style.layers(
            equal.mark_line(color=palette.SOFT, strokeDash=[4, 3], strokeWidth=1).encode(x=across, y=up),
            base.mark_rule(strokeWidth=3, color=palette.BAND).encode(
                x=across, y=alt.Y("low:Q", scale=scale, title=w(y)), y2=alt.Y2("high:Q")
            ),
            base.mark_circle(size=62, opacity=1, color=palette.DEEP).encode(x=across, y=up),
            text.encode(x=across, y=up, text="text:N"),
            width=SIDE,
            height=SIDE,
        )
    )

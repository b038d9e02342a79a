"""A key of its own, above charts beside each other: signs in their colours and what they mean."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from xinzhi.core.text import Text
from xinzhi.report import palette
from xinzhi.report.charts.chart import PADDING, PAGE, Canvas, Chart
from xinzhi.report.lettering import SIGN, SIZE, width

LINE = 18  # pixels of a line


def key(inks: Mapping[Text, str], *, tint: float = 1.0, dot: Text | None = None, across: float = PAGE) -> Chart:
    """Return the colours of groups with their names, and what a dot means."""
    layout = partial(_layout, inks, dot)
    return Chart(template="key", values={"tint": tint}, width=across, layout=layout)


def _layout(inks: Mapping[Text, str], dot: Text | None, canvas: Canvas) -> dict[str, object]:
    """Return the signs and names in as many lines as they need."""
    signs, x, y = [], 0.0, LINE / 2
    entries = [*inks.items(), *([] if dot is None else [(dot, palette.INK)])]
    for name, ink in entries:
        room = SIGN + SIZE * width(canvas.word(name))
        if x and x + room > canvas.width - 2 * PADDING:
            x, y = 0.0, y + LINE
        signs.append({"x": x + 6, "text_x": x + 16, "y": y, "word": name, "ink": ink, "dot": name is dot})
        x += room
    return {
        "width": canvas.width - 2 * PADDING,
        "height": y + LINE / 2,
        "squares": [sign for sign in signs if not sign["dot"]],
        "circles": [sign for sign in signs if sign["dot"]],
        "signs": signs,
    }

"""The look of every chart: colours that colour-blind readers tell apart, system fonts, and words in two languages."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import altair as alt
from altair.typing import ChartType

from xinzhi import words
from xinzhi.core.text import Language, Text, printable
from xinzhi.report.palette import FACTORS, FAINT, INK, SHADE, SOFT

FONT = (
    "system-ui, -apple-system, 'Segoe UI', 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', 'Noto Sans SC', "
    "sans-serif"
)
PALE = 0.45
TEXT_SIZE = 11
THIN = frozenset("fijlrtI .,:;'|!()[]/-")
BREAK = "break-paths-show-path-domains"  # of a line where a value is not known
APART = 8  # least pixels between two labels of an axis: else every second one is left out
UNCUT = 0  # no limit: a name that was cut off would have no twin in the other language
Align = Literal["left", "center", "right"]
KEY = 28  # pixels of a sign of a key and around its name
PAD = "·"  # stands for room only: the page puts the words themselves in its place
HIDDEN = "\u200b"  # tells apart two names that read alike


class Words:
    """The words of one chart: gives each text in the language drawn and remembers the other."""

    def __init__(self, language: Language, *, roomy: bool = False, narrow: bool = False) -> None:
        self.language = language
        self.roomy = roomy
        self.narrow = narrow  # drawn for a screen of 360 pixels
        self.pairs: dict[str, Text] = {}

    def __call__(self, text: Text) -> str:
        """Return the text in the language drawn."""
        shown = printable(text.lang(self.language))
        if self.roomy:
            other = text.zh if self.language == "en" else text.en
            lacking = 0.0 if other == shown else width(other) - _least(shown)
            shown += PAD * max(0, math.ceil(lacking / width(PAD)))
        while self.pairs.setdefault(shown, text) != text:  # two that read alike, such as Shaanxi and Shanxi in pinyin
            shown += PAD if self.roomy else HIDDEN
        return shown


def width(text: str) -> float:
    """Return about how wide a text is, in units of its size: Chinese signs are square, others half as wide."""
    return sum(1.0 if unicodedata.east_asian_width(sign) in "WF" else 0.33 if sign == PAD else 0.55 for sign in text)


def _least(text: str) -> float:
    """Return how wide a text is at least: thin letters count for what they are, so that its twin has room."""
    return sum(0.22 if sign in THIN else 0.5 if width(sign) < 1 else 1.0 for sign in text)


def wrapped(text: str, most: float) -> list[str]:
    """Return a text in lines of at most so many letters: between words, and Chinese between signs."""
    if width(text) <= most:
        return [text]
    parts = re.findall(r"[^\s\u2e80-\uffef]+\s*|[\u2e80-\uffef]\s*", text)
    count = -(-width(text) // most)
    each = min(most, width(text) / count * 1.05 + 0.5)  # lines of about the same length
    lines = [""]
    for part in parts:
        if lines[-1] and width((lines[-1] + part).strip()) > each:
            lines.append("")
        lines[-1] += part
    return [line.strip() for line in lines]


def columns_of(names: Sequence[Text], room: float) -> alt.Legend | alt.UndefinedType:
    """Return a key in as many columns as have room, where its names do not fit in one line."""
    widths = [KEY + TEXT_SIZE * max(width(name.zh), width(name.en)) for name in names]
    return alt.Legend(columns=max(1, int(room / max(widths)))) if sum(widths) > room else alt.Undefined


def data(rows: Iterable[dict[str, Any]]) -> alt.InlineData:
    """Return rows as data of a chart."""
    return alt.InlineData(values=tuple(rows))


def mark(
    kind: str,
    rows: Iterable[Mapping[str, Any]] | alt.InlineData,
    channels: Mapping[str, Any],
    **properties: object,
) -> alt.Chart:
    """Return marks of a kind, ``rule`` or ``text``, one for every row, by what says where each stands."""
    base = alt.Chart(rows if isinstance(rows, alt.InlineData) else data(map(dict, rows)))
    drawn: alt.Chart = getattr(base, f"mark_{kind}")(**properties).encode(**channels)
    return drawn


def marks(
    kind: str, rows: Iterable[Mapping[str, Any]], channels: Mapping[str, Any], **properties: object
) -> list[alt.Chart]:
    """Return marks as a layer, none where there are no rows."""
    held = list(rows)
    return [mark(kind, held, channels, **properties)] if held else []


def worded(w: Words, rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return rows in the words of a chart."""
    return [{key: w(cell) if isinstance(cell, Text) else cell for key, cell in row.items()} for row in rows]


def configure(chart: ChartType) -> ChartType:
    """Give a finished chart the common look."""
    chart.config = alt.Config(
        font=FONT,
        background="white",
        padding=4,
        aria=False,
        view=alt.ViewConfig(stroke=None),
        axis=alt.AxisConfig(
            labelColor=SOFT,
            labelFontSize=TEXT_SIZE,
            labelLimit=UNCUT,
            labelFlush=False,
            labelSeparation=APART,
            titleColor=SOFT,
            titleFontSize=TEXT_SIZE,
            titleFontWeight="normal",
            gridColor=FAINT,
            domainColor=FAINT,
            tickColor=FAINT,
            titlePadding=6,
        ),
        legend=alt.LegendConfig(
            labelColor=INK,
            labelFontSize=TEXT_SIZE,
            title=None,
            orient="top",
            symbolType="square",
            symbolSize=90,
            labelLimit=UNCUT,
            titleLimit=UNCUT,
            columnPadding=14,
        ),
        title=alt.TitleConfig(
            color=INK, fontSize=12, fontWeight=600, anchor="start", subtitleColor=SOFT, subtitleFontSize=10
        ),
    )
    return chart


def shades(w: Words, spells: Sequence[Mapping[str, Any]]) -> list[alt.Chart]:
    """Return bands behind spans of years, with their words."""
    spans = ({"start": one["start"], "end": one["end"]} for one in spells)
    named = [{"x": (one["start"] + one["end"]) / 2, "text": w(one["word"])} for one in spells if one.get("word")]
    place = {"x": alt.X("x:Q"), "y": y_at("height"), "text": "text:N"}
    return [
        *marks("rect", spans, {"x": alt.X("start:Q"), "x2": "end:Q"}, color=SHADE, opacity=1),
        *marks("text", named, place, fontSize=9, color=SOFT, baseline="bottom"),
    ]


def abreast(*charts: Any) -> ChartType:  # noqa: ANN401 - charts of any kind
    """Return finished charts side by side, each with its own colours."""
    for one in charts:
        one.config = alt.Undefined
    resolve = alt.Resolve(scale=alt.ScaleResolveMap(color="independent"))
    return configure(alt.hconcat(*charts, spacing=24, resolve=resolve))


def factor_colours(w: Words) -> alt.Scale:
    """Return the colours of the factors."""
    return alt.Scale(domain=[w(words.shared.chart_of(name)) for name in FACTORS], range=list(FACTORS.values()))


def padded(values: Iterable[float | None], *, by: float = 0.12) -> list[float]:
    """Return a domain that holds zero and all values, with room for labels where the values reach."""
    known = [0.0, *(value for value in values if value is not None)]
    low, high = min(known), max(known)
    room = by * ((high - low) or 1.0)
    return [low - room if low < 0 else 0.0, high + room if high > 0 else 0.0 if low < 0 else room]


def around(values: Sequence[float]) -> tuple[float, float]:
    """Return the ends of an axis that holds all values, with little more."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    room = 0.05 * ((high - low) or abs(high) or 1.0)
    return low - room, high + room


def fitted(values: Sequence[float], *, by: float = 0.06) -> alt.Scale:
    """Return an axis that holds all values, with a part of their span as room."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    room = by * ((high - low) or 1.0)
    return alt.Scale(domain=[low - room, high + room], nice=False, zero=False)


def above(**more: Any) -> alt.Axis:  # noqa: ANN401 - properties of an altair axis
    """Return an upright axis whose title stands above it, level."""
    return alt.Axis(
        titleAngle=0, titleAlign="left", titleAnchor="start", titleBaseline="bottom", domain=False, ticks=False, **more
    )


def apart(rows: Iterable[Mapping[str, Any]], least: float) -> list[dict[str, Any]]:
    """Return rows by their `value`, each with a `place` so far from the one below that no label covers another."""
    placed: list[dict[str, Any]] = []
    for row in sorted(rows, key=lambda row: row["value"]):
        place = max(row["value"], placed[-1]["place"] + least) if placed else row["value"]
        placed.append({**row, "place": place})
    return placed


def layers(*charts: alt.Chart, **properties: Any) -> alt.LayerChart:  # noqa: ANN401 - properties of an altair chart
    """Return charts drawn over each other, the first at the bottom."""
    return alt.LayerChart(layer=list(charts), **properties)


def x_at(place: float) -> alt.XValue:
    """Return a fixed place from the left, in pixels."""
    return alt.XValue(place)  # type: ignore[no-untyped-call] # altair leaves it untyped


def y_at(place: float | str) -> alt.YValue:
    """Return a fixed place from the top, in pixels, or ``height`` for the bottom."""
    return alt.YValue(place)  # type: ignore[no-untyped-call] # altair leaves it untyped


def head(text: str, *, x: float, y: float = -9, align: Align = "right") -> alt.Chart:
    """Return the head of a column of figures."""
    mark: alt.Chart = alt.Chart(data([{"text": text}])).mark_text(align=align, fontSize=10, color=SOFT)
    drawn: alt.Chart = mark.encode(text=alt.Text("text:N"), x=x_at(x), y=y_at(y))
    return drawn


def ordinal(order: Sequence[str], **axis: Any) -> alt.Y:  # noqa: ANN401 - properties of an altair axis
    """Return a vertical axis of names in a given order."""
    return alt.Y("name:N", sort=list(order), title=None, axis=alt.Axis(domain=False, ticks=False, **axis))


def reference(value: float | None, axis: Literal["x", "y"], scale: alt.Scale) -> list[alt.Chart]:
    """Return the dashed line at a value of the axis, none without a value."""
    rows = [] if value is None else [{"value": value}]
    place = {"x": alt.X("value:Q", scale=scale)} if axis == "x" else {"y": alt.Y("value:Q", scale=scale)}
    return marks("rule", rows, place, color=SOFT, strokeDash=[3, 3])


def zero(axis: str) -> alt.Chart:
    """Return the line at zero across the axis ``x`` or ``y``."""
    place = {"x": alt.X("value:Q")} if axis == "x" else {"y": alt.Y("value:Q")}
    return mark("rule", [{"value": 0}], place, color=SOFT, strokeWidth=0.8)

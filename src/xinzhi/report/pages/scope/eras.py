"""The five powers on a time line: their eras, the events that part them, and other dates that could be taken."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Any

import altair as alt
from altair.typing import ChartType

from xinzhi.core.text import Text, listing, same, words
from xinzhi.report import palette
from xinzhi.report.charts import style
from xinzhi.report.charts.style import Words
from xinzhi.report.section import Picture
from xinzhi.report.table import Table, column
from xinzhi.scope import Era, definition

FIRST, STEP, WIDTH = 1700, 40, 640
MIDDLE = 1850  # the words of eras that begin later stand to the left of their end


def eras() -> tuple[Era, ...]:
    """Return the five eras in their order."""
    return definition("five-powers").eras


def year_of(day: date) -> float:
    """Return a day as a year with its fraction."""
    return day.year + (day.timetuple().tm_yday - 1) / 366


def era_of(day: date) -> Era:
    """Return the era that a day lies in."""
    return [one for one in eras() if one.begins is None or one.begins <= day][-1]


def timeline(day: date) -> Picture:
    """Return the picture of the five powers, with the day that was asked about."""
    now = era_of(day)
    begins = {"power": now.title, "day": day.isoformat()}
    headline = (
        words("scope.headline.timeline", **begins, event=now.event, begins=now.begins.isoformat())
        if now.begins
        else words("scope.headline.timeline_open", **begins)
    )
    return Picture(
        kind="timeline",
        title=words("scope.title.timeline"),
        headline=headline,
        draw=partial(_draw, day=day),
        how=words("scope.how.timeline"),
        unit=words("scope.unit_of.year"),
        twin=powers_table(),
    )


def powers_table() -> Table:
    """Return the five powers with event, other dates, leading sectors and evidence."""
    columns = ("power", "begins", "ends", "event", "others", "leading", "evidence")
    return Table(
        key="scope_powers",
        title=words("scope.table.scope_powers"),
        columns=tuple(column(f"scope.{name}", "name" if name == "power" else "text") for name in columns),
        rows=[
            (
                one.title,
                one.begins.isoformat() if one.begins else None,
                one.ends.isoformat() if one.ends else None,
                one.event,
                listing([_dated(event, when) for when, event in one.alternatives]) if one.alternatives else None,
                listing([_coded(name, codes) for name, codes in one.leading]),
                same(one.evidence),
            )
            for one in eras()
        ],
        notes=(words("scope.note.eras"),),
    )


def _dated(event: Text, when: date) -> Text:
    return words("scope.label.event", event=event, begins=when.isoformat())


def _coded(name: Text, codes: tuple[str, ...]) -> Text:
    if not codes:
        return name
    return Text(zh=f"{name.zh}（{'、'.join(codes)}）", en=f"{name.en} ({', '.join(codes)})")


def _draw(w: Words, *, day: date) -> ChartType:
    last = year_of(day) if day.year > FIRST else float(FIRST)
    end = max(last, 2026.0) + 4
    bars, events, others = _rows(w, end)
    order = [row["name"] for row in bars]
    scale = alt.Scale(domain=[FIRST, end], nice=False, zero=False)
    axis = alt.Axis(format="d", domain=False, tickCount=7, grid=False)
    y = style.ordinal(order, labelPadding=6, labelFontSize=12)
    across = alt.X("start:Q", title=None, scale=scale, axis=axis)
    colours = alt.Scale(domain=order, range=[palette.GROUPS[i] for i in (7, 2, 0, 1, 3)])
    bar = alt.Chart(style.data(bars)).mark_bar(height=11, yOffset=-7, opacity=0.85)
    layers = [bar.encode(x=across, x2=alt.X2("end:Q"), y=y, color=alt.Color("name:N", scale=colours, legend=None))]
    point = alt.Chart(style.data(others)).mark_point(
        shape="diamond", size=60, yOffset=-7, filled=True, fill="white", stroke=palette.INK, strokeWidth=1.2, opacity=1
    )
    layers.append(point.encode(x=alt.X("at:Q", scale=scale), y=y))
    for align in ("left", "right"):
        some = [row for row in events if row["align"] == align]
        text = alt.Chart(style.data(some)).mark_text(align=align, dy=8, fontSize=10, color=palette.SOFT)
        layers.append(text.encode(x=alt.X("at:Q", scale=scale), y=y, text="text:N"))
    if day.year >= FIRST:
        rule = alt.Chart(style.data([{"at": last}])).mark_rule(color=palette.ACCENT, strokeDash=[4, 3])
        layers.append(rule.encode(x=alt.X("at:Q", scale=scale)))
    return style.configure(style.layers(*layers, width=WIDTH, height=STEP * len(order)))


def _rows(w: Words, end: float) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    bars, events, others = [], [], []
    for one in eras():
        name = w(one.title)
        start = year_of(one.begins) if one.begins else float(FIRST)
        stop = year_of(one.ends) if one.ends else end
        bars.append({"name": name, "start": start, "end": stop})
        said = _dated(one.event, one.begins) if one.begins else one.event
        left = start < MIDDLE
        events.append(
            {"name": name, "at": start if left else stop, "align": "left" if left else "right", "text": w(said)}
        )
        others += [{"name": name, "at": year_of(when)} for when, _ in one.alternatives if when.year >= FIRST]
    return bars, events, others

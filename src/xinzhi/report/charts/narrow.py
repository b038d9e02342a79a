"""The narrow form of a chart, for a screen of 360 pixels: less width, fewer ticks, long names over several lines."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from xinzhi.report.charts.style import width as ems
from xinzhi.report.charts.style import wrapped

Spec = dict[str, Any]

SCREEN = 332  # pixels that a page has there beside its margins
LEAST = 96  # pixels of a plot below which its marks cannot be told apart
TICKS, LINE = 4, 12  # ticks of an axis of figures; pixels of a line of a name
NAME, TITLE, KEY = 10.0, 27.0, 15.0  # how wide, in letters, a line of a name and of a title is, and a word of a key
SLACK = 14  # pixels that a chart may miss the screen by: it is drawn a little smaller, or less wide
SMALLEST = 7.5  # size of letters
CELL = 17  # pixels of a cell below which no figure is written in it
PLOTS = ("hconcat", "vconcat", "concat")
_SIZE = re.compile(r'<svg[^>]*?\bwidth="([\d.]+)"')


def narrowed(spec: Spec, render: Callable[[Spec], str]) -> str:
    """Return a chart drawn so narrow that a phone shows the whole of it."""
    # `spec`: the chart as Vega-Lite; it is changed; `render`: gives its SVG.
    stacked(spec)
    plots = [one for one in views(spec) if is_plot(one)]
    before = {id(one): float(one["width"]) for one in plots}
    for row in _rows_of(spec):
        for one in (plot for plot in views(row) if is_plot(plot)):
            reshape(one, spec)
            resize(one, before[id(one)], max(LEAST, min(before[id(one)], SCREEN - _beside(row, one))))
    drawn = render(spec)
    beyond = _width(drawn) - SCREEN
    if not plots or -SLACK <= beyond <= SLACK:
        return drawn
    now = {id(one): float(one["width"]) for one in plots}
    for one in plots:
        resize(one, now[id(one)], max(LEAST, min(before[id(one)], now[id(one)] - beyond)))
    return render(spec)


def _rows_of(spec: Spec) -> list[Spec]:
    """Return the parts of a chart that stand under each other."""
    return [row for one in spec.get("vconcat", [spec]) for row in (_rows_of(one) if "vconcat" in one else [one])]


def _beside(row: Spec, plot: Spec) -> float:
    """Return about how many pixels of a row are not the plot: the names at its left, the figures at its right."""
    names = [str(name) for one in encodings(plot) for name in _domain(one.get("y", {}))]
    left = min(NAME, max(map(ems, names))) * 11 + 8 if names else 30
    others = [one for one in views(row) if one is not plot]
    return 8 + left + sum(float(one.get("width", 0) + row.get("spacing", 0)) for one in others)


def _width(svg: str) -> float:
    found = _SIZE.search(svg)
    return float(found[1]) if found else 0.0


def views(spec: Spec) -> Iterator[Spec]:
    """Return the views of a chart that have a size of their own."""
    inside = [one for name in PLOTS for one in spec.get(name, ())]
    if not inside:
        yield spec
    for one in inside:
        yield from views(one)


def is_plot(view: Spec) -> bool:
    """Say whether a view can be less wide: not one of figures beside a plot, nor one whose pixels are its data."""
    across = [one["x"] for one in encodings(view) if "field" in one.get("x", {})]
    fixed = any((one.get("scale") or {}).get("range") for one in across)
    return bool(across) and not fixed and "width" in view


def stacked(spec: Spec) -> None:
    """Put plots that stand side by side under each other; a plot and the figures beside it stay together."""
    for name in PLOTS:
        for one in spec.get(name, ()):
            stacked(one)
    if sum(any(is_plot(part) for part in views(one)) for one in spec.get("hconcat", ())) > 1:
        spec["vconcat"] = _rows(spec.pop("hconcat"))
        spec["spacing"] = 26


def _rows(parts: list[Spec]) -> list[Spec]:
    """Return the rows of plots that stood side by side: what is no plot stays with the plot before it."""
    rows: list[list[Spec]] = []
    for one in parts:
        if not rows or any(is_plot(part) for part in views(one)):
            rows.append([one])
        else:
            rows[-1].append(one)
    for row in rows:
        for one in encodings(row[0]):
            axis = one.get("y", {}).get("axis")
            if isinstance(axis, dict) and axis.get("labels") is False:  # they stood at the plot to the left
                del axis["labels"]
    return [row[0] if len(row) == 1 else {"hconcat": row, "spacing": 4} for row in rows]


def encodings(spec: Spec) -> Iterator[Spec]:
    """Return the encodings of every mark."""
    if "encoding" in spec:
        yield spec["encoding"]
    for name in ("layer", *PLOTS):
        for one in spec.get(name, ()):
            yield from encodings(one)


def reshape(view: Spec, spec: Spec) -> None:
    """Break long names and titles, and leave fewer ticks."""
    names = {str(name) for one in encodings(view) for name in _domain(one.get("y", {}))}
    broken = {name: lines for name in names if len(lines := wrapped(name, NAME)) > 1}
    for one in encodings(view):
        across, up = one.get("x", {}), one.get("y", {})
        _break_titles(across, up, one.get("color", {}).get("legend") or {})
        _leave_ticks(across)
        if broken and up.get("type") in {"nominal", "ordinal"} and up.get("axis"):
            up["axis"] |= {"labelExpr": _lookup(broken), "labelLineHeight": LINE}
    title = view.get("title")
    if isinstance(title, dict) and isinstance(title.get("text"), str):
        title["text"] = wrapped(title["text"], TITLE)
    if broken and isinstance(view.get("height"), int | float):
        room = LINE * max(len(lines) for lines in broken.values()) + 4
        view["height"] = max(view["height"], room * len(names))
    _key(view, spec)


def _leave_ticks(across: Spec) -> None:
    axis = across.setdefault("axis", {}) if across.get("type") == "quantitative" else None
    if axis is not None and "values" not in axis:
        axis["tickCount"] = min(TICKS, axis.get("tickCount", TICKS))


def _break_titles(*parts: Spec) -> None:
    """Write long titles of axes and keys in lines."""
    for one in parts:
        if isinstance(one.get("title"), str):
            one["title"] = wrapped(one["title"], TITLE)


def _key(view: Spec, spec: Spec) -> None:
    """Let the words of a key stand below each other where they are long, else in as few columns as they need."""
    words = [str(word) for one in encodings(view) for word in _domain(one.get("color", {}))]
    if words:
        longest = max(ems(word) for word in words)
        legend = spec.setdefault("config", {}).setdefault("legend", {})
        columns = 1 if longest > KEY else 2 if longest > KEY / 2 else 3
        legend["columns"] = min(columns, legend.get("columns", columns))
        legend["orient"] = "bottom"


def _domain(channel: Mapping[str, Any]) -> list[Any]:
    """Return the names along a channel in their order."""
    if channel.get("type") not in {"nominal", "ordinal"}:
        return []
    scale = channel.get("scale") or {}
    found = scale.get("domain") or channel.get("sort") or []
    return list(found) if isinstance(found, list) else []


def resize(view: Spec, before: float, after: float) -> None:
    """Change the width of a plot, and with it what stands at a fixed place in its right half."""
    view["width"] = after
    for one in encodings(view):
        for channel in ("x", "x2"):
            at = one.get(channel, {}).get("value")
            if isinstance(at, int | float) and at > before / 2:
                one[channel]["value"] = at - before + after
    columns = max((len(_domain(one.get("x", {}))) for one in encodings(view)), default=0)
    if not columns or after / columns >= CELL:
        return
    cells = any(mark_of(one) == "rect" for one in view.get("layer", ()))
    if cells:
        view["layer"] = [one for one in view["layer"] if mark_of(one) != "text"]
    for one in encodings(view):
        axis = one.get("x", {}).get("axis")
        if isinstance(axis, dict):
            axis |= {"labelAngle": -90, "labelFontSize": max(SMALLEST, min(10.0, after / columns - 1))}


def mark_of(view: Spec) -> str:
    """Return the kind of a mark."""
    held = view.get("mark", "")
    return str(held["type"] if isinstance(held, dict) else held)


def _lookup(broken: Mapping[str, list[str]]) -> str:
    """Return the expression that writes a name in its lines."""
    pairs = ",".join(f"{json.dumps(name)}:{json.dumps(lines)}" for name, lines in broken.items())
    return f"({{{pairs}}})[datum.label] || datum.label"

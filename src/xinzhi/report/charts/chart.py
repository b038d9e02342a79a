"""The one chart system: a Vega-Lite template as data, filled with rows, drawn for one language and one screen.

A template is a JSON file of ``templates/charts``. A string ``"$x"`` stands for the value of that name, a colour of the
palette or a fragment (of the template's ``define`` or of ``common.json``); an entry without a value is left out. A part
with ``"if": "x"`` is there where the chart has this value, with ``"if": "!x"`` where it has not. ``{"use": "x", ...}``
is a fragment with entries of its own, and ``{"each": "x", "part": ...}`` in a list a part for every row of a value. A
mark with a ``description`` bears its label as ``aria-label``: a screen reader and the script of the page say it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import TypeAlias
from xml.etree import ElementTree as ET

from xinzhi.core.errors import translate_native_errors
from xinzhi.core.extras import require
from xinzhi.core.text import Language, Text, printable
from xinzhi.report import palette
from xinzhi.report.charts.labels import Titles, label
from xinzhi.report.charts.tree import Cell, Level, arrange, finish
from xinzhi.report.lettering import SIZE, key_columns, least_width, shortfall, wrapped

Json: TypeAlias = "dict[str, Json] | list[Json] | str | float | int | bool | None"
Values: TypeAlias = Mapping[str, object]
Layout: TypeAlias = "Callable[[Canvas], Values]"

PAGE, PHONE = 720, 340  # pixels of a drawing, its words included
LETTERS, LINE = 10.0, 12  # how many letters a line of a name has on a phone, and its height in pixels
TITLE = 27.0  # letters of a line of a title on a phone
TICKS = 4  # of an axis of figures on a phone
PADDING = 4
DRAWINGS = 128  # that are kept
FONTS = "FONTCONFIG_FILE"  # of the environment: which fonts a machine has
AXIS = '{"mark": "point", "data": {"values": [{"a": 1}]}, "encoding": {"x": {"field": "a", "type": "ordinal"}}}'
NAMES = frozenset({"name", "row", "order", "row_order"})  # what is written along an upright axis
COLUMNS = frozenset({"column", "column_order"})
GROUPS = frozenset({"group", "groups"})  # what else must be told from its likes
TITLES = frozenset({"x", "y", "title", "head"})
HIDDEN = "\u200b"  # tells apart two names that read alike
COLOURS = ("INK", "SOFT", "FAINT", "SHADE", "ACCENT", "BAND", "DEEP")
MISSING = object()  # a part whose condition does not hold


class Canvas:
    """What a chart is drawn for: a language and a screen. It gives each text as it is written there."""

    def __init__(self, language: Language, width: float, *, phone: bool) -> None:
        self.language = language
        self.width = width
        self.phone = phone
        self.column_letters: float | None = None  # of a line of a name below a column
        self._texts: dict[str, Text] = {}

    def word(self, text: Text) -> str:
        """Return a text in the language."""
        return printable(text.lang(self.language))

    def cell(self, cell: object, name: str = "") -> Json:
        """Return a value, or the cell of a row, as it stands in the specification."""
        if isinstance(cell, Text):
            return self._text(cell, name)
        if isinstance(cell, Mapping):
            return {key: self.cell(part, key) for key, part in cell.items()}
        if isinstance(cell, list | tuple):
            return [self.cell(part, name) for part in cell]
        return cell  # type: ignore[return-value] # a number, a string or nothing

    def _text(self, text: Text, name: str) -> Json:
        written = self.word(text)
        if name in TITLES:
            lines = wrapped(written, TITLE if self.phone else self.width / 12)
            return written if len(lines) == 1 else list(lines)
        if name in NAMES and self.phone:
            written = "\n".join(wrapped(written, LETTERS))
        if name in COLUMNS and self.column_letters is not None:
            written = "\n".join(wrapped(written, self.column_letters))
        if name in NAMES | GROUPS | COLUMNS:
            while self._texts.setdefault(written, text) != text:  # such as Shaanxi and Shanxi in pinyin
                written += HIDDEN
        return written


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A template and what fills it; `layout` gives the values that depend on the language and the screen."""

    template: str
    values: Values
    titles: Titles = field(default_factory=dict)  # what the fields of its rows are, for the labels of marks
    decimals: int = 1
    width: float = PAGE
    phone_width: float | None = None  # where it is not that of a phone
    layout: Layout | None = None

    def spec(self, language: Language, *, phone: bool = False) -> dict[str, Json]:
        """Return the chart as a Vega-Lite specification."""
        canvas = Canvas(language, self._width(phone=phone), phone=phone)
        values = {"width": canvas.width, "phone": phone or None, **self.values}
        values |= self.layout(canvas) if self.layout else {}
        letters = values.get("column_letters")
        canvas.column_letters = letters if isinstance(letters, int | float) else None
        filled = {name: canvas.cell(value, name) for name, value in values.items()}
        filled |= _measures(filled, canvas)
        template = _template(self.template)
        fragments = {**_template("common"), **_mapping(template["define"])}
        spec = _filled({name: part for name, part in template.items() if name != "define"}, filled, fragments)
        assert isinstance(spec, dict)  # noqa: S101 - a template is an object
        return spec | {"datasets": self._datasets(spec, values, filled, language), "config": dict(_template("config"))}

    def _width(self, *, phone: bool) -> float:
        if not phone:
            return self.width
        return min(self.width, PHONE) if self.phone_width is None else self.phone_width

    def _datasets(
        self, spec: Mapping[str, Json], values: Values, filled: Mapping[str, Json], language: Language
    ) -> dict[str, Json]:
        """Return the rows that the marks are drawn from, each with its label where the marks bear one."""
        datasets: dict[str, Json] = {}
        for layer in _layers(spec):
            name = str(_mapping(layer.get("data")).get("name", ""))
            rows = filled.get(name)
            if not isinstance(rows, list):
                continue
            datasets.setdefault(name, rows)
            if "description" in _mapping(layer.get("encoding")):
                sources = values[name]
                assert isinstance(sources, Sequence)  # noqa: S101 - rows
                labels = (label(source, self.titles, self.decimals).lang(language) for source in sources)
                texts = ["\n".join(map(printable, text.split("\n"))) for text in labels]
                datasets[name] = [{**_mapping(row), "label": text} for row, text in zip(rows, texts, strict=True)]
        return datasets

    def tree(self, language: Language, *, phone: bool = False, name: str = "") -> ET.Element:
        """Return the chart as it is drawn."""
        with translate_native_errors("report.not-drawn", ValueError, name=name):
            return ET.fromstring(_drawing(json.dumps(self.spec(language, phone=phone))))  # noqa: S314 - drawn here


@dataclass(frozen=True, slots=True, kw_only=True)
class Panels:
    """Charts beside and under each other, such as small multiples; each is drawn by itself."""

    charts: Sequence[Chart]
    across: int = 2
    across_phone: int = 1
    gap: float = 14
    level: Level = "top"  # where charts beside each other are on one level
    key: Chart | None = None  # of all of them, above

    def spec(self, language: Language, *, phone: bool = False) -> dict[str, Json]:
        """Return the charts as a Vega-Lite specification."""
        parts: list[Json] = [self._part(chart, language, phone=phone) for chart in self.charts]
        config = dict(_template("config"))
        panels: dict[str, Json] = {"concat": parts, "columns": self.across_phone if phone else self.across}
        if self.key is None:
            return panels | {"config": config}
        return {"vconcat": [self._part(self.key, language, phone=phone), panels], "config": config}

    def _part(self, chart: Chart, language: Language, *, phone: bool) -> Json:
        """Return a chart as a part of a larger specification, which has the datasets of none by name."""
        spec = chart.spec(language, phone=phone)
        datasets = _mapping(spec["datasets"])
        view = {name: part for name, part in spec.items() if name not in {"datasets", "config", "autosize", "padding"}}
        return _inlined(view, datasets)

    def tree(self, language: Language, *, phone: bool = False, name: str = "") -> ET.Element:
        """Return the charts as they are drawn."""
        count = self.across_phone if phone else self.across
        cells = [Cell(chart.tree(language, phone=phone, name=name)) for chart in self.charts]
        lines = [cells[start : start + count] for start in range(0, len(cells), count)]
        if self.key is not None:
            lines.insert(0, [Cell(self.key.tree(language, phone=phone, name=name))])
        return arrange(lines, self.gap, self.level)


Drawing: TypeAlias = Chart | Panels


def described(drawing: Drawing, titles: Titles, decimals: int) -> Drawing:
    """Return a drawing whose marks say their figures under other titles, with so many decimals."""
    if isinstance(drawing, Panels):
        return replace(drawing, charts=[_described(chart, titles, decimals) for chart in drawing.charts])
    return _described(drawing, titles, decimals)


def _described(chart: Chart, titles: Titles, decimals: int) -> Chart:
    return replace(chart, titles={**chart.titles, **titles}, decimals=decimals)


def svg_of(drawing: Drawing, language: Language, key: str, *, phone: bool = False, heading: str = "") -> str:
    """Return a drawing as SVG for a page; it takes its name from the element with the id `heading`."""
    root = drawing.tree(language, phone=phone, name=key)
    return ET.tostring(finish(root, key, heading or f"{key}-title"), encoding="unicode")


@lru_cache(maxsize=DRAWINGS)
def _drawing(spec: str) -> str:
    """Return a specification as SVG; the pages of two regions share most of their charts."""
    require("vl_convert")
    import vl_convert

    _read_fonts()
    svg: str = vl_convert.vegalite_to_svg(json.loads(spec))  # as a dictionary: its own parser takes no Infinity
    return svg


@cache
def _read_fonts() -> None:
    """Let the renderer list its own fonts alone, which it does once, at the first text that it measures.

    So a drawing is the same on every machine; and the fonts of the machine are not opened one after another for each
    text, which took more time than all else.
    """
    import vl_convert

    before = os.environ.get(FONTS)
    os.environ[FONTS] = str(_templates().joinpath("fonts.conf"))
    vl_convert.vegalite_to_svg(AXIS)
    os.environ.pop(FONTS)
    os.environ.update({} if before is None else {FONTS: before})


def _templates() -> Traversable:
    return files("xinzhi.report").joinpath("templates", "charts")


@cache
def _template(name: str) -> Mapping[str, Json]:
    text = _templates().joinpath(f"{name}.json").read_text(encoding="utf-8")
    template: Mapping[str, Json] = json.loads(text)
    return template


def _mapping(part: Json | object) -> Mapping[str, Json]:
    return part if isinstance(part, dict) else {}


def _measures(values: Mapping[str, Json], canvas: Canvas) -> dict[str, Json]:
    """Return what follows from the names of a chart: its height, the room at their side, the columns of its key."""
    measures: dict[str, Json] = {
        "ticks": TICKS if canvas.phone else None,
        **{name: getattr(palette, name) for name in COLOURS},
    }
    measures |= {name: value for name, value in values.items() if name in measures and value is not None}
    order, groups, step = values.get("order"), values.get("groups"), values.get("step")
    if isinstance(order, list) and isinstance(step, int | float):
        lines = max((str(name).count("\n") + 1 for name in order), default=1)
        row = max(step, LINE * lines + 4) if lines > 1 else step
        measures |= {"step": row, "height": row * max(1, len(order))}
        widest = max((least_width(line) for name in order for line in str(name).split("\n")), default=0.0)
        measures["extent"] = round(SIZE * widest + 6)
    if isinstance(groups, list):
        names = [str(name) for name in groups]
        measures["key_columns"] = key_columns(names, canvas.width - 20)
        measures["key_padding"] = round(14 + shortfall(names))
    start, right = (PADDING + _pixels(values.get(side)) for side in ("left", "right"))
    measures["padding"] = {"top": PADDING, "bottom": PADDING, "left": start, "right": right}
    return measures


def _pixels(value: Json) -> float:
    return value if isinstance(value, int | float) else 0.0


def _layers(spec: Mapping[str, Json]) -> Iterator[Mapping[str, Json]]:
    """Return a view and its layers."""
    yield spec
    layers = spec.get("layer")
    for layer in layers if isinstance(layers, list) else ():
        yield from _layers(_mapping(layer))


def _inlined(part: Json, datasets: Mapping[str, Json]) -> Json:
    """Return a part of a specification whose data stand where they are used."""
    if isinstance(part, list):
        return [_inlined(entry, datasets) for entry in part]
    if not isinstance(part, dict):
        return part
    if part.keys() == {"name"} and part["name"] in datasets:
        return {"values": datasets[str(part["name"])]}
    return {name: entry if name == "values" else _inlined(entry, datasets) for name, entry in part.items()}


def _filled(node: Json, values: Mapping[str, Json], fragments: Mapping[str, Json]) -> Json | object:
    """Return a part of a template with its values; `MISSING` where it has none or its condition does not hold."""
    if isinstance(node, str):
        return _value(node, values, fragments)
    if isinstance(node, list):
        return [part for part in _parts(node, values, fragments) if part is not MISSING]
    if not isinstance(node, dict):
        return node
    if not all(_holds(condition, values) for condition in str(node.get("if", "")).split()):
        return MISSING
    base = _value(f"${node['use']}", values, fragments) if "use" in node else {}
    entries = {name: _filled(part, values, fragments) for name, part in node.items() if name not in {"if", "use"}}
    return {**_mapping(base), **{name: entry for name, entry in entries.items() if entry is not MISSING}}


def _value(node: str, values: Mapping[str, Json], fragments: Mapping[str, Json]) -> Json | object:
    if not node.startswith("$"):
        return node
    value = values.get(node[1:])
    if value is not None:
        return value
    return _filled(fragments[node[1:]], values, fragments) if node[1:] in fragments else MISSING


def _parts(nodes: Sequence[Json], values: Mapping[str, Json], fragments: Mapping[str, Json]) -> Iterator[Json | object]:
    """Return the parts of a list; one for ``each`` row of a value as often as there are rows."""
    for node in nodes:
        if not isinstance(node, dict) or "each" not in node:
            yield _filled(node, values, fragments)
            continue
        rows = values.get(str(node["each"]))
        for row in rows if isinstance(rows, list) else ():
            yield _filled(node["part"], {**values, **_mapping(row)}, fragments)


def _holds(condition: str, values: Mapping[str, Json]) -> bool:
    """Say whether there is a value of a name, or none behind a ``!``."""
    value = values.get(condition.lstrip("!"))
    return (value is None or value is False or value in ([], "")) is condition.startswith("!")

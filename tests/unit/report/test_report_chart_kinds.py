from __future__ import annotations

import json
import math
import random
import xml.etree.ElementTree as ET
from importlib.resources import files
from typing import Any

import pytest

from xinzhi.core.text import LANGUAGES, Text
from xinzhi.report import palette
from xinzhi.report.charts import kinds
from xinzhi.report.charts.blocks import squarify
from xinzhi.report.charts.chart import PAGE, PHONE, svg_of

TEMPLATES = ("blocks", "cells", "columns", "key", "lines", "matrix", "plane", "ridges", "rows", "strips")


def text(i: int) -> Text:
    return Text(zh=f"地区{i}", en=f"Region {i}")


EAST, WEST = Text(zh="东部", en="East"), Text(zh="西部", en="West")
AXIS = Text(zh="每年百分点", en="points per year")
NAMED = [
    {"name": text(i), "value": i / 4 - 1, "low": i / 4 - 1.4, "high": i / 4 - 0.5, "group": EAST if i % 2 else WEST}
    for i in range(9)
]
PARTS = {
    "a": (Text(zh="突破", en="breakthrough"), palette.ACCENT),
    "b": (Text(zh="配置", en="allocation"), palette.DEEP),
}
STACKS = [{"name": text(i), "a": i / 3 - 1, "b": 1.5 - i / 4, "sum": 0.5 + i / 12} for i in range(9)]
YEARS = [
    {"group": group, "year": 2000 + t, "value": None if t == 4 else at + t / 10, "low": at + t / 12, "high": at + t / 8}
    for group, at in ((EAST, 1.0), (WEST, 0.6))
    for t in range(12)
]
TILES = {"1": (0, 0, "京", "BJ"), "2": (1, 0, "津", "TJ"), "3": (0, 1, "冀", "HE")}
DENSITY = [
    {"name": Text(zh=f"{year}年", en=str(year)), "x": x / 10, "density": math.exp(-((x / 10 - shift) ** 2))}
    for year, shift in ((2000, 1.0), (2010, 1.6), (2020, 2.4))
    for x in range(45)
]
MONTHS = [{"x": 24240 + t, "value": t % 9, "limit": 5} for t in range(60)]
SPANS = [{"start": 24246, "end": 24250, "group": EAST, "word": AXIS, "mark": "▲", "after": "→"}]
CHARTS = {
    "episodes": lambda kinds: kinds.episodes([{"title": AXIS, "rows": MONTHS}], SPANS, dates="month"),
    "episode_grid": lambda kinds: kinds.episode_grid(
        [{"name": text(i), "rows": MONTHS, "spans": SPANS} for i in range(4)], dates="month"
    ),
    "spells": lambda kinds: kinds.spells(
        [{"name": text(i), "first": 24240, "last": 24299, "spans": SPANS} for i in range(3)], dates="month"
    ),
    "reliability": lambda kinds: kinds.reliability(
        [{"x": 20.0, "y": 25.0, "low": 10.0, "high": 40.0, "n": 12}], x=AXIS, y=AXIS
    ),
    "limits": lambda kinds: kinds.limits(
        [{"name": text(i), "value": i / 9, "limit": 4, "group": EAST if i > 36 else WEST} for i in range(70)], x=AXIS
    ),
    "dots": lambda kinds: kinds.dots([*NAMED, {"name": text(99), "value": None}], x=AXIS, reference=0),
    "bars": lambda kinds: kinds.bars(NAMED, x=AXIS),
    "stacked": lambda kinds: kinds.stacked(STACKS, PARTS, x=AXIS, total="sum"),
    "waterfall": lambda kinds: kinds.waterfall(
        [(PARTS["a"][0], 1.2, palette.ACCENT), (PARTS["b"][0], -0.5, palette.DEEP), (AXIS, 0.7, palette.INK)], y=AXIS
    ),
    "matrix": lambda kinds: kinds.matrix(
        [{"row": text(i), "column": text(50 + j), "value": i * j - 9} for i in range(6) for j in range(7)],
        title=AXIS,
        decimals=0,
        diverging=True,
    ),
    "bullets": lambda kinds: kinds.bullets(
        [
            {"name": text(i), "value": float(i), "bound": (None, -1.0, 3.5, 60.0)[i % 4], "low": 2.0, "high": 70.0}
            for i in range(9)
        ],
        (EAST, WEST),
        x=AXIS,
        most=10.0,
    ),
    "pairs": lambda kinds: kinds.pairs(
        [{"name": text(i), "a": i / 2, "b": None if i == 3 else 4 - i, "mark": text(20 + i)} for i in range(9)],
        (EAST, WEST),
        x=AXIS,
        reference=0,
        columns=[(AXIS, "mark")],
    ),
    "spreads": lambda kinds: kinds.spreads(
        [
            {"name": text(i), "group": group, "value": i + at, "bands": [(i - 2, i + 4), (i - 1, i + 3)], "tick": 2.0}
            for i in range(9)
            for at, group in enumerate((EAST, WEST))
        ],
        x=AXIS,
        zones=[(None, 2, text(30)), (2, 5, text(31)), (5, None, text(32))],
        reference=3,
        groups=(EAST, WEST),
    ),
    "levels": lambda kinds: kinds.lines(
        [{**row, "dot": True} for row in YEARS], y=AXIS, levels=[(None, 1, EAST), (1, None, WEST)]
    ),
    "lines": lambda kinds: kinds.lines(YEARS, y=AXIS, reference=1, marks=[{"start": 2008, "end": 2011, "word": AXIS}]),
    "fan": lambda kinds: kinds.fan(
        [(2000 + t, None if t == 2 else 1 + t / 9) for t in range(6)],
        {word: [(2006, 1.5 - d, 1.7 + d), (2007, 1.4 - 2 * d, 1.9 + 2 * d)] for word, d in ((EAST, 0.3), (WEST, 0.1))},
        [(2006, 1.6), (2007, 1.7)],
        y=AXIS,
        ends=[(1.7, text(1)), (1.71, text(2))],
        reference=(1.55, text(3)),
    ),
    "timeline": lambda kinds: kinds.timeline(
        [
            {"name": text(i), "start": 1800 + 40 * i, "end": 1900 + 30 * i, "group": text(i), "word": EAST}
            for i in range(4)
        ],
    ),
    "ridges": lambda kinds: kinds.ridges(DENSITY, x=AXIS),
    "points": lambda kinds: kinds.points(
        [{"x": i % 5, "y": i * 0.3, "name": text(i), "group": EAST if i % 3 else WEST, "size": i} for i in range(12)],
        x=AXIS,
        y=EAST,
        split=(2.0, 1.5),
        corners=[text(i) for i in range(20, 24)],
        line=[(0, 0), (2, 2), (4, 3)],
    ),
    "tiles": lambda kinds: kinds.tiles(
        [{"region": "1", "value": 1.0}, {"region": "2", "value": -0.2}], TILES, title=AXIS
    ),
    "groups": lambda kinds: kinds.tiles(
        [{"region": "1", "group": EAST}, {"region": "2", "group": WEST}], TILES, title=AXIS
    ),
    "treemap": lambda kinds: kinds.treemap([{"name": text(i), "value": 1 + i * i, "group": EAST} for i in range(9)]),
    "network": lambda kinds: kinds.network(
        [{"id": str(i), "x": i % 3, "y": i // 3, "name": text(i), "size": i} for i in range(9)],
        [("0", "4"), ("4", "8")],
    ),
}


ALPHABETS = {
    "latin": "abcdefghijklmnopqrstuvwxyzABCDEFXYZ  -'.,()&<>\"/\\[]{}%$#@!?;:|",
    "accents": "áàâäãåçéèêëíñóöőøšßúüýžÁÇÉÑÖŠĐłŁαβΩжЖяЯ -",
    "chinese": "新疆维吾尔自治区生产建设兵团（）、·—　",
    "signs": "😀👩‍🔬🇨🇳✓☃ֿ\u0301\u200b\u200d\u202e\u00ad\u00a0\u2028\ufeff\t\n\r",
    "controls": "a\x00\x01\x08\x0b\x1b\x7f\x85\ufffe\uffff\ud800z",
}


class Renamed:
    """The kinds of charts, given other names and figures than those that the caller writes."""

    def __init__(self, seed: int, scale: float = 1.0) -> None:
        self.random, self.scale, self.names = random.Random(seed), scale, {}  # noqa: S311 - names

    def __getattr__(self, kind: str) -> Any:
        return lambda *rows, **options: kinds.KINDS[kind](*map(self.of, rows), **self.of(options))

    def of(self, value: Any, key: str = "") -> Any:
        if isinstance(value, Text):
            return self.names.setdefault(value, Text(zh=self.name(), en=self.name()))
        if isinstance(value, dict):
            return {self.of(name): self.of(cell, str(name)) for name, cell in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(self.of(one, key) for one in value)
        return value * self.scale if isinstance(value, float) and key not in {"year", "start", "end"} else value

    def name(self) -> str:
        letters = ALPHABETS[self.random.choice([*ALPHABETS])]
        return "".join(self.random.choices(letters, k=self.random.randint(1, 80)))


@pytest.mark.parametrize("kind", CHARTS)
def test_no_name_of_up_to_eighty_letters_and_no_figure_stops_a_chart(kind: str) -> None:
    for seed, scale in enumerate((1.0, 1e300, -1e308)):
        renamed = Renamed(seed, scale)
        ET.fromstring(svg_of(CHARTS[kind](renamed), "en", kind))  # noqa: S314 - our own picture


@pytest.mark.parametrize("phone", [False, True])
@pytest.mark.parametrize("kind", CHARTS)
def test_every_kind_is_drawn_in_both_languages_for_both_screens(kind: str, phone: bool) -> None:  # noqa: FBT001 - a parameter
    chart = CHARTS[kind](kinds)
    for language in LANGUAGES:
        root = ET.fromstring(svg_of(chart, language, kind, phone=phone))  # noqa: S314 - our own picture
        assert root.get("aria-labelledby") == f"{kind}-title"
        assert float(root.get("width", "0")) <= (PHONE + 2 if phone else PAGE + 2)
        assert root.findall(".//*[@aria-label]")
        assert json.dumps(chart.spec(language, phone=phone))


def test_kinds_are_all_drawn_here() -> None:
    assert set(kinds.KINDS) <= {*CHARTS, "paths"}


def test_templates_use_every_value_by_its_name() -> None:
    folder = files("xinzhi.report").joinpath("templates", "charts")
    names = {path.name.removesuffix(".json") for path in folder.iterdir() if path.name.endswith(".json")}
    assert names == {*TEMPLATES, "common", "config"}
    for name in names:
        json.loads(folder.joinpath(f"{name}.json").read_text("utf-8"))


def test_of_many_names_the_ends_are_drawn() -> None:
    many = [{"name": text(i), "value": float(i)} for i in range(70)]
    drawn = svg_of(kinds.bars(many, x=AXIS), "en", "bars")
    assert "Region 0<" in drawn
    assert "Region 69<" in drawn
    assert "Region 35<" not in drawn


def test_squares_fill_the_plane_and_keep_their_areas() -> None:
    areas = [50.0, 30.0, 10.0, 6.0, 4.0]
    boxes = squarify(areas, 10.0, 10.0)
    assert [round(dx * dy, 9) for _, _, dx, dy in boxes] == areas
    assert max(x + dx for x, _, dx, _ in boxes) == pytest.approx(10)
    assert max(y + dy for _, y, _, dy in boxes) == pytest.approx(10)


def test_a_bar_beyond_its_bound_is_parted_there_and_a_bound_off_the_axis_is_an_arrow() -> None:
    rows = [{"name": text(i), "value": 8.0, "bound": bound} for i, bound in enumerate((5.0, 12.0, 99.0, -3.0))]
    drawn = kinds.bullets(rows, (EAST, WEST), x=AXIS, most=20.0).spec("en")["datasets"]
    pieces = {(row["name"], row["group"]): (row["start"], row["end"]) for row in drawn["bars"]}
    assert pieces[("Region 0", "East")] == (0, 5)
    assert pieces[("Region 0", "West")] == (5, 8)
    assert pieces[("Region 1", "East")] == pieces[("Region 2", "East")] == (0, 8)
    assert pieces[("Region 3", "West")] == (0, 8)
    assert ("Region 1", "West") not in pieces
    assert drawn["arrows"] == [{"name": "Region 2", "at": 20.0}]


def test_stretches_of_an_axis_that_lie_outside_it_are_not_drawn() -> None:
    zones = [(None, 5.0, text(0)), (5.0, 7.0, text(1)), (7.0, None, text(2))]
    rows = [{"name": text(9), "value": 8.0}, {"name": text(8), "value": 9.0}]
    drawn = svg_of(kinds.spreads(rows, x=AXIS, zones=zones), "en", "spreads")
    assert "Region 2<" in drawn
    assert "Region 0<" not in drawn

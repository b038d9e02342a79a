"""Figures in coloured cells can be read, and a key has room."""

from __future__ import annotations

import itertools
import re

import pytest

from xinzhi.core.text import Text
from xinzhi.report import palette
from xinzhi.report.charts import kinds
from xinzhi.report.lettering import key_columns

BLUES = (palette.SHADE, palette.BAND, palette.DEEP, "#0b3a5e")


def luminance(colour):
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return sum(weight * one for weight, one in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def ratio(a, b):
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("shades", [BLUES, palette.DIVERGING])
def test_ink_is_readable_on_the_colours_of_a_scale(shades):
    steps = len(shades) - 1
    for at, shade in enumerate(shades):
        assert ratio(palette.ink_on(at / steps, shades), shade) >= 4.5
    for share in (at / 200 for at in range(201)):
        ground = palette.interpolate_colour(share, shades)
        ink = palette.luminance(palette.linear_of(palette.ink_on(share, shades)))
        assert palette.contrast(ink, palette.luminance(ground)) >= 4.5


@pytest.mark.parametrize("diverging", [False, True])
def test_colours_are_those_that_the_chart_draws(diverging):
    import vl_convert

    word = Text(zh="a", en="a")
    values = (0.0, 13.0, 40.0, 62.0, 81.0, 100.0)
    cells = [{"row": word, "column": Text(zh=f"{at}", en=f"{at}"), "value": value} for at, value in enumerate(values)]
    chart = kinds.matrix(cells, title=word, domain=(0.0, 100.0), diverging=diverging)
    svg = vl_convert.vegalite_to_svg(chart.spec("en"))
    fills = re.findall(r'aria-roledescription="rect mark"[^>]*fill="rgb\((\d+), (\d+), (\d+)\)"', svg)
    fills = fills or re.findall(r'<path d="M[^"]*h30[^"]*" fill="rgb\((\d+), (\d+), (\d+)\)"', svg)
    assert len(fills) == len(values)
    for fill, value in zip(fills, values, strict=True):
        drawn = "#" + "".join(f"{int(one):02x}" for one in fill)
        ours = palette.interpolate_colour(value / 100, palette.DIVERGING if diverging else BLUES)
        assert palette.luminance(ours) == pytest.approx(luminance(drawn), abs=0.004)


def test_cells_of_both_signs_are_readable_on_a_scale_of_one_colour():
    word = {name: Text(zh=name, en=name) for name in "abcd"}
    cells = [
        {"row": word["a"], "column": word[name], "value": value}
        for name, value in zip("abcd", (-7.5, 0.0, 5.6, 11.1), strict=True)
    ]
    chart = kinds.matrix(cells, title=word["a"], decimals=1).spec("en")
    inks = {
        row["value"]: layer["mark"]["color"]
        for layer in chart["layer"]
        if layer["mark"]["type"] == "text"
        for row in layer["data"]["values"]
    }
    for value, ink in inks.items():
        ground = palette.luminance(palette.interpolate_colour((value + 7.5) / 18.6, BLUES))
        assert palette.contrast(luminance(ink), ground) >= 4.5
    assert inks[-7.5] == palette.INK  # the palest cell had white figures


@pytest.mark.parametrize("colour", palette.GROUPS)
def test_words_in_the_colour_of_a_group_are_readable_on_white(colour):
    assert ratio(palette.readable_shade(colour), "#ffffff") >= 4.5


def test_colours_that_stand_side_by_side_are_told_apart_in_grey():
    from xinzhi.report.pages.sources import INKS

    parts = [INKS[name] for name in ("allocation", "upgrading", "breakthrough", "allocation_between")]
    for colours in (palette.GROUPS[:4], parts):
        shades = sorted(luminance(one) + 0.05 for one in colours)
        assert min(high / low for low, high in itertools.pairwise(shades)) > 1.3


def test_words_on_tiles_and_in_blocks_are_readable():
    word = {name: Text(zh=name, en=name) for name in "abcdefgh"}
    rows = [{"name": word[name], "value": 1.0, "group": word[name]} for name in word]
    drawn = kinds.treemap(rows).spec("en")["layer"]
    grounds = dict(zip(drawn[0]["encoding"]["color"]["scale"]["domain"], palette.GROUPS, strict=True))
    inked = {row["text"]: layer["mark"]["color"] for layer in drawn[1:] for row in layer["data"]["values"]}
    assert all(ratio(inked[name], ground) >= 4.5 for name, ground in grounds.items())


def test_a_key_has_the_columns_that_have_room():
    names = ["a name of some length"] * 6
    assert [key_columns(names, room) for room in (200.0, 400.0, 4000.0)] == [1, 2, 6]

"""Charts as SVG for the page: rendered once, without browser or network, with the words in both languages."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from xinzhi.core.errors import translate_native_errors
from xinzhi.core.text import Language, Text, printable

if TYPE_CHECKING:  # a brief draws without altair
    from altair.typing import ChartType

    from xinzhi.report.charts.style import Words

_TEXT = re.compile(r"<text([^>]*)>([^<]*)</text>")
_ROOT = re.compile(r"<svg[^>]*?\bwidth=\"([\d.]+)\"[^>]*?\bheight=\"([\d.]+)\"[^>]*>")
_FONT = re.compile(r' font-family="[^"]*"')
_ID = re.compile(r'(?<=\bid=")[^"]+|(?<=url\(#)[^)]+|(?<=href="#)[^"]+')
_PLACES = re.compile(r'(?<=\s)(?:d|transform|[xy][12]?|width|height)="[^"]*"')
_LONG = re.compile(r"-?\d+\.\d{4,}(?:e[-+]?\d+)?")
LAYOUT_FONT = "sans-serif"  # measured three times faster than a list of fonts; the page's own fonts are as wide
TALL, WIDE = 1.2, 0.5  # height over width from which on a picture has most of a printed page, or only a strip of it
DRAWN = 64  # drawings that are kept
_LANG = {"zh": "zh-CN", "en": "en"}


def inline(draw: Callable[[Words], ChartType], name: str) -> str:
    """Return a chart as inline SVG in both languages."""
    # It is laid out in English, with room for the Chinese where that is longer; each word is then followed by its
    # Chinese twin at the same place, and the page shows one of the two.
    from altair.utils.schemapi import debug_mode

    from xinzhi.report.charts.style import Words

    w = Words("en", roomy=True)
    with debug_mode(arg=False):  # a third of the time is checking against the schema, which the tests do for every kind
        spec = draw(w).to_dict(validate=False)
    spec["config"]["font"] = LAYOUT_FONT
    with translate_native_errors("report.not-drawn", ValueError, name=name):
        drawn = _converted(json.dumps(spec), narrow=False)
    return bilingual(drawn, w.pairs, name=name)


def alone(draw: Callable[[Words], ChartType], name: str, language: Language, *, narrow: bool = False) -> str:
    """Return a chart as inline SVG in one language, or its form for a narrow screen."""
    spec = vega_lite(draw, language, narrow=narrow)
    spec["config"]["font"] = LAYOUT_FONT
    with translate_native_errors("report.not-drawn", ValueError, name=name):
        drawn = _converted(json.dumps(spec), narrow=narrow)
    return bilingual(drawn, {}, name=name)


@lru_cache(maxsize=DRAWN)
def _converted(spec: str, *, narrow: bool) -> str:
    """Return a specification as SVG; the pages of two regions share most of their pictures."""
    import vl_convert

    from xinzhi.report.charts.narrow import narrowed

    drawn = vl_convert.vegalite_to_svg
    read = json.loads(spec)  # as a dictionary: the parser of the drawing takes no Infinity
    return narrowed(read, drawn) if narrow else drawn(read)


def vega_lite(draw: Callable[[Words], ChartType], language: Language, *, narrow: bool = False) -> dict[str, Any]:
    """Return a chart in one language as a Vega-Lite specification."""
    from altair.utils.schemapi import debug_mode

    from xinzhi.report.charts.style import Words

    with debug_mode(arg=False):
        spec: dict[str, Any] = draw(Words(language, narrow=narrow)).to_dict(validate=False)
    return spec


def script() -> str:
    """Return the library that makes specifications of Vega-Lite move: ``window.vegaEmbed`` and what it needs."""
    import vl_convert

    return vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")


def bilingual(svg: str, pairs: Mapping[str, Text], *, name: str) -> str:
    """Give every word of an SVG in both languages, and make its ids its own."""

    def both(match: re.Match[str]) -> str:
        attributes, shown = match[1], html.unescape(match[2])
        text = pairs.get(shown)
        if text is None:  # a figure, or its power of ten
            return match[0]
        if text.zh == text.en:
            return f"<text{attributes}>{html.escape(printable(text.en))}</text>"
        return "".join(
            f'<text{attributes} class="{language}" lang="{_LANG[language]}">{html.escape(printable(word))}</text>'
            for language, word in (("zh", text.zh), ("en", text.en))
        )

    places: dict[str, str] = {}  # the renderer counts its ids over all pictures; here each picture begins anew

    def own(match: re.Match[str]) -> str:
        return places.setdefault(match[0], f"{name}-{len(places)}")

    return _framed(_ID.sub(own, _FONT.sub("", _TEXT.sub(both, _rounded(svg)))), name)


def _rounded(svg: str) -> str:
    """Round coordinates to a thousandth of a pixel: what lies below differs between machines, and no eye sees it."""

    def short(match: re.Match[str]) -> str:
        return f"{round(float(match[0]), 3) + 0.0:.3f}".rstrip("0").rstrip(".")

    return _PLACES.sub(lambda place: place[0] if "scale" in place[0] else _LONG.sub(short, place[0]), svg)


def _framed(svg: str, name: str) -> str:
    """Let the picture shrink to the page and take its name from the headline."""

    def root(match: re.Match[str]) -> str:
        width, height = match[1], match[2]
        ratio = float(height) / float(width)
        shape = ' class="tall"' if ratio > TALL else ' class="wide"' if ratio < WIDE else ""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="{name}-title"{shape} '
            f'viewBox="0 0 {width} {height}" style="max-width:{width}px">'
        )

    return _ROOT.sub(root, svg, count=1)

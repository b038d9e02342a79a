"""A chart as a user has it: with a title, in one language, to look at, to save, or to take elsewhere as Vega-Lite."""

from __future__ import annotations

import html
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from os import PathLike
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from xinzhi.core.errors import UsageError
from xinzhi.core.extras import require
from xinzhi.core.files import whole_file
from xinzhi.core.text import Language, Text
from xinzhi.report.charts.chart import Drawing, Json
from xinzhi.report.charts.tree import finish, with_title
from xinzhi.report.lettering import wrapped

SCALE = 2  # pixels of a PNG per pixel of the chart
PIXELS = (  # SVG in, PNG out
    "import sys, vl_convert; svg = sys.stdin.buffer.read().decode()\n"
    "sys.stdout.buffer.write(vl_convert.svg_to_png(svg, scale=float(sys.argv[1])))"
)
HEADLINE = 41  # letters of a line of the title
FONTS = "Arial, 'Liberation Sans', 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif"


@dataclass(frozen=True, slots=True, repr=False)
class Plot:
    """A chart of a result in one language, with a title that states what it finds.

    Parameters
    ----------
    drawing
        The chart without title.
    headline
        What it finds.
    foot
        The line below the title: program, protocol, data.
    language
        ``en`` or ``zh``.

    Examples
    --------
    >>> import xinzhi
    >>> plot = xinzhi.measure("china-provinces").plot("ranking")
    >>> plot.svg[:4], sorted(plot.to_dict())[:3]
    ('<svg', ['$schema', 'config', 'title'])
    """

    drawing: Drawing
    headline: Text
    foot: str
    language: Language = "en"

    @property
    def svg(self) -> str:
        """Return the chart as an SVG that stands for itself."""
        return self._svg_with("chart")

    @property
    def inline(self) -> str:
        """Return the chart as an SVG beside others on one page: its ids are those of no other chart."""
        return self._svg_with(None)

    def _svg_with(self, key: str | None) -> str:
        """Return the chart as an SVG whose ids begin with a key; of None, with one made from its content."""
        root = with_title(self.drawing.tree(self.language), self._lines(), self.foot)
        mark = blake2b(ET.tostring(root), digest_size=4).hexdigest()
        finish(root, key or f"chart-{mark}", "")
        root.attrib |= {"font-family": FONTS, "aria-label": self.headline.lang(self.language)}
        del root.attrib["aria-labelledby"]
        return ET.tostring(root, encoding="unicode")

    def _lines(self) -> list[str]:
        return wrapped(self.headline.lang(self.language), HEADLINE)

    def to_dict(self) -> dict[str, Json]:
        """Return the chart as a Vega-Lite specification.

        Examples
        --------
        >>> import xinzhi
        >>> xinzhi.measure("china-provinces").plot("map").to_dict()["title"]["subtitle"][:6]
        'xinzhi'
        """
        title: dict[str, Json] = {"text": [*self._lines()], "subtitle": self.foot, "fontSize": 14, "offset": 10}
        return {"$schema": SCHEMA, **self.drawing.spec(self.language), "title": title}

    def to_bytes(self, kind: str) -> bytes:
        """Return the chart as a file: ``svg``, ``png``, ``html`` (with a script of its own) or ``json`` (Vega-Lite).

        Parameters
        ----------
        kind
            The suffix of such a file.

        Raises
        ------
        UsageError
            When the kind is unknown.

        Examples
        --------
        >>> import xinzhi
        >>> xinzhi.measure("china-provinces").plot("map").to_bytes("png")[1:4]
        b'PNG'
        """
        writers: Mapping[str, Callable[[], bytes]] = {
            "svg": self._svg_bytes,
            "png": self._png,
            "html": self._html_bytes,
            "json": self._json_bytes,
        }
        if kind not in writers:
            raise UsageError("report.unknown-suffix", file=kind, suffixes=list(writers))
        return writers[kind]()

    def _png(self) -> bytes:
        """Return the chart in pixels: a process of its own reads the fonts of the machine, which drawing leaves out."""
        require("vl_convert")
        command = [sys.executable, "-c", PIXELS, str(SCALE)]
        return subprocess.run(command, input=self.svg.encode(), capture_output=True, check=True).stdout  # noqa: S603 - ours

    def _svg_bytes(self) -> bytes:
        return self.svg.encode()

    def _json_bytes(self) -> bytes:
        return json.dumps(self.to_dict(), ensure_ascii=False).encode()

    def _html_bytes(self) -> bytes:
        """Return a page with the chart and the script that tells what its marks are."""
        from xinzhi.report.page import LANG, asset

        title = html.escape(self.headline.lang(self.language))
        head = f'<meta charset="utf-8"><title>{title}</title><style>{asset("marks.css")}</style>'
        body = f"<body>{self.svg}<script>{asset('marks.js')}</script></body>"
        page = f'<!DOCTYPE html><html lang="{LANG[self.language]}"><head>{head}</head>{body}</html>'
        return page.encode()

    def save(self, path: str | PathLike[str]) -> Path:
        """Write the chart to a file, whole or not at all; the suffix says how (see `to_bytes`).

        Parameters
        ----------
        path
            Where to.

        Examples
        --------
        >>> import tempfile, xinzhi
        >>> xinzhi.measure("china-provinces").plot("map").save(Path(tempfile.mkdtemp()) / "map.svg").name
        'map.svg'
        """
        target = Path(path)
        content = self.to_bytes(target.suffix.lower().removeprefix("."))
        with whole_file(target) as temporary:
            temporary.write_bytes(content)
        return target

    def altair(self) -> Any:  # noqa: ANN401 - a chart of a package that need not be installed
        """Return the chart as an altair chart; needs the package altair.

        Raises
        ------
        UsageError
            When altair is not installed.
        """
        require("altair")
        import altair as alt

        return alt.Chart.from_dict(self.to_dict())

    def _repr_svg_(self) -> str:
        return self.inline

    def _repr_html_(self) -> str:
        return self.inline

    def __repr__(self) -> str:
        """Return what the chart finds."""
        return f"<chart: {self.headline.lang(self.language)}>"


SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"

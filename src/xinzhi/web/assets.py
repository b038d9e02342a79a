"""What a page loads beside its text: style, scripts, the index of the search; none of them from elsewhere."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

from xinzhi.report.svg import script
from xinzhi.web.search import index
from xinzhi.web.store import Store

TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
FILES = ("site.css", "site.js", "theme.js", "charts.js", "icon.svg")
SEARCH, VEGA = "search.js", "vega.js"
NAMES = (*FILES, SEARCH, VEGA)
SERVED = "window.xinzhiServer = true;\n"  # tells the script that questions can be asked anew
FOLDER = ".server { display: none !important; }\n"  # what only a server can do; shown there without any script


def asset(store: Store, name: str, *, served: bool) -> bytes:
    """Return a file by one of `NAMES`, as a server or a folder has it.

    Examples
    --------
    >>> from xinzhi.web import Store
    >>> asset(Store("china-provinces"), "site.css", served=False)[:6]
    b':root '
    """
    if name == SEARCH:
        return f"window.xinzhiIndex = {json.dumps(index(store), ensure_ascii=False)};\n".encode()
    if name == VEGA:
        return script().encode()
    text = _read(name)
    if served and name == "site.js":
        text = SERVED + text
    if not served and name == "site.css":
        text += FOLDER
    return text.encode()


def media(name: str) -> str:
    """Return the media type of a file."""
    return TYPES[name.rpartition(".")[2]]


@cache
def _read(name: str) -> str:
    return (files("xinzhi.web") / "assets" / name).read_text(encoding="utf-8")

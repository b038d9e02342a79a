"""What a page loads beside its text: style, scripts, the index of the search; none of them from elsewhere."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from xinzhi.core.text import read_words, words
from xinzhi.report.svg import script
from xinzhi.web import pages

if TYPE_CHECKING:
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
        return _index(store).encode()
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


def _index(store: Store) -> str:
    """Return what the search looks through: for each page its names, what it may be called besides, and its file."""
    known = read_words("regions.yaml")
    rows: list[dict[str, Any]] = []
    for name in pages.menu(store):
        title = words(f"web.nav.{name}")
        rows.append({"zh": title.zh, "en": title.en, "file": f"{name}.html", "also": [name]})
    for code in store.regions:
        title = store.names.region(code)
        also = [code, *known["codes"].get(code, ()), *known["also"].get(code, ())]
        rows.append({"zh": title.zh, "en": title.en, "file": f"region/{code}.html", "also": list(dict.fromkeys(also))})
    return f"window.xinzhiIndex = {json.dumps(rows, ensure_ascii=False)};\n"

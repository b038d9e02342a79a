"""The same pages as a folder, for any web server or a shared drive, and the files that stand beside them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from threading import TIMEOUT_MAX

from xinzhi.core.files import whole
from xinzhi.core.text import LANGUAGES, words
from xinzhi.report.svg import script
from xinzhi.web import pages, render
from xinzhi.web.address import HOME
from xinzhi.web.downloads import Suffix, content, linked, path_of
from xinzhi.web.queue import Limits
from xinzhi.web.render import environment
from xinzhi.web.search import index
from xinzhi.web.store import Store

TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
FILES = ("site.css", "site.js", "theme.js", "charts.js", "icon.svg")
SEARCH, VEGA = "search.js", "vega.js"
NAMES = (*FILES, SEARCH, VEGA)
SERVED = "window.xinzhiServer = true;\n"  # tells the script that questions can be asked anew
FOLDER = ".server { display: none !important; }\n"  # what only a server can do; shown there without any script
LIVE = b" data-live"  # marks a chart that moves


def asset(store: Store, name: str, *, served: bool) -> bytes:
    """Return a file by one of `NAMES`, as a server or a folder has it."""
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


def patient() -> Limits:
    """Return the limits of a store that no visitor waits for: a study may take as long as it takes."""
    return replace(Limits.shipped(), seconds=TIMEOUT_MAX)


def site(
    store: Store, folder: Path | str, count: Callable[[int, int], None] = lambda _done, _total: None
) -> list[Path]:
    """Write every page of a store into a folder, in both languages."""
    # `store`: the package, and the protocol of the pages; `folder`: it is made when it is not there; `count`: told how
    # many pages are done, and of how many.
    found = list(pages.addresses(store))
    made = {"index.html": front().encode()}
    made |= {f"assets/{name}": asset(store, name, served=False) for name in NAMES}
    files: set[tuple[str, str, Suffix]] = set()
    for done, address in enumerate(found, 1):
        made[address.path] = page = render.html(store, address)
        files |= linked(page)
        if LIVE in page:
            made[address.charts] = render.charts(store, address)
        count(done, len(found))
    made |= {path_of(*one): content(store, *one) for one in sorted(files)}
    out = Path(folder)
    written: list[Path] = []
    for part in dict.fromkeys(str(Path(name).parent) for name in made):
        names = [name for name in made if str(Path(name).parent) == part]
        with whole(out / part, [Path(name).name for name in names]) as paths:
            for path, name in zip(paths, names, strict=True):
                path.write_bytes(made[name])
        written += [out / name for name in names]
    return written


def front() -> str:
    """Return the page that leads to the language of the browser."""
    links = {language: (f"{language}/{HOME}.html", words("web.spoken").lang(language)) for language in LANGUAGES}
    return environment().get_template("front.html.j2").render(links=links, title=words("web.site"))

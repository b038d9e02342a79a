"""The same pages as a folder, for any web server or a shared drive, and the files that stand beside them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from xinzhi import words
from xinzhi.core.files import require_own, whole, write_files
from xinzhi.core.schema import describe
from xinzhi.core.text import LANGUAGES, Text, read_words
from xinzhi.report.internal import asset as report_asset
from xinzhi.web import pages, render
from xinzhi.web.downloads import Suffix, content, linked_files, path_of
from xinzhi.web.page import HOME
from xinzhi.web.pages import category, figures, reference, topic
from xinzhi.web.parameters import assessment_of
from xinzhi.web.render import environment
from xinzhi.web.store import Store
from xinzhi.yardstick.internal import View

Row = dict[str, Any]
TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
FILES = ("site.css", "site.js", "theme.js", "icon.svg")
SEARCH, MARKS = "search.js", "marks.js"
NAMES = (*FILES, SEARCH, MARKS)
SERVED = "window.xinzhiServer = true;\n"  # tells the script that questions can be asked anew
FOLDER = ".server { display: none !important; }\n"  # what only a server can do; shown there without any script


def index(store: Store) -> list[Row]:
    """Return what the search looks through: for each page its names, what it is called besides, and its file.

    Examples
    --------
    >>> from xinzhi.web import Store
    >>> [row["file"] for row in index(Store("china-provinces")) if "nmg" in row["also"]]
    ['region/150000.html']
    """
    also: Mapping[str, list[str]] = read_words("search.yaml")["also"]
    rows = []
    terms = [(f"glossary.html#{term.place}", term.name, term.parts) for _, part in reference.terms() for term in part]
    for file, title, besides in (*_search_entries(store), *terms):
        page, _, place = file.partition("#")
        name = place or page.rpartition("/")[2].partition(".")[0]
        names = [*besides, *also.get(name, ()), *pinyin(title.zh)]
        rows.append({"zh": title.zh, "en": title.en, "file": file, "also": list(dict.fromkeys(names))})
    return rows


def _search_entries(store: Store) -> Iterator[tuple[str, Text, Iterable[str]]]:
    """Return file, title and further names of everything that can be found, but for the terms."""
    regions = read_words("regions.yaml")
    for name in pages.single(store):
        yield f"{name}.html", words.web.nav_of(name), [name]
    for code in store.regions:
        besides = [code, *regions["codes"].get(code, ()), *regions["also"].get(code, ())]
        yield f"region/{code}.html", store.names.region(code), besides
    study = assessment_of(store)
    newest = View(study.measurement).spans[-1]
    for name in figures.growth(study):
        yield f"figures/{name}.{newest.start}-{newest.end}.html", describe("measure", name).title, [name]
    for name, level in figures.indicators_by_name(store, study).items():
        yield f"figures/{name}.{figures.YEARS}.html", level.about.title, [name]
    for key, title, _ in topic.topic_answers(store):
        yield f"topic/{key}.html", title, [key]
    if category.ready(store):
        names = store.study("able").results["able"].names
        for code in category.keys(store):
            yield f"category/{code}.html", names.text("category", code), [code]
    for protocol in store.protocols():
        yield f"protocol/{protocol.id}.html", protocol.title, [protocol.id]
    for path, parameter in store.rules.parameters.items():
        yield f"protocol/{store.rules.id}.html#{path}", parameter.title, [path]


def pinyin(text: str) -> list[str]:
    """Return the pinyin of the characters of a text without tones, and its initials; nothing of a text without any."""
    syllables = []
    at = 0
    while at < len(text):
        for length in (3, 2, 1):  # where a character is read in several ways, words decide
            reading = _readings().get(text[at : at + length])
            if reading is not None:
                syllables += reading
                break
        at += length
    return ["".join(syllables), "".join(syllable[0] for syllable in syllables)] if syllables else []


@cache
def _readings() -> Mapping[str, list[str]]:
    """Return how characters, and words of several of them, are read."""
    search_words = read_words("search.yaml")
    single = {sign: [syllable] for syllable, signs in search_words["pinyin"].items() for sign in signs}
    return single | {word: reading.split() for word, reading in search_words["words"].items()}


def asset(store: Store, name: str, *, served: bool) -> bytes:
    """Return a file by one of `NAMES`, as a server or a folder has it."""
    if name == SEARCH:
        return f"window.xinzhiIndex = {json.dumps(index(store), ensure_ascii=False)};\n".encode()
    if name == MARKS:
        return report_asset(MARKS).encode()
    text = (files("xinzhi.web") / "assets" / name).read_text(encoding="utf-8")
    if name == "site.css":
        text += report_asset("marks.css")
    if served and name == "site.js":
        text = SERVED + text
    if not served and name == "site.css":
        text += FOLDER
    return text.encode()


def site(
    store: Store, folder: Path | str, count: Callable[[int, int], None] = lambda _done, _total: None
) -> list[Path]:
    """Write every page of a store into a folder, in both languages."""
    # `store`: the package, and the protocol of the pages; `folder`: it is made when it is not there; `count`: told how
    # many pages are done, and of how many.
    pages_of_site = list(pages.addresses(store))
    contents = {"index.html": front().encode()}
    contents |= {f"assets/{name}": asset(store, name, served=False) for name in NAMES}
    files: set[tuple[str, str, Suffix]] = set()
    for done, address in enumerate(pages_of_site, 1):
        contents[address.path] = page = render.html(store, address)
        files |= linked_files(page)
        count(done, len(pages_of_site))
    contents |= {path_of(*link): content(store, *link) for link in sorted(files)}
    out, folders = Path(folder), list(dict.fromkeys(name.partition("/")[0] for name in contents if "/" in name))
    names = [*(name for name in contents if "/" not in name), *folders]

    def check() -> None:
        """Refuse to replace what no site has written: other files among the assets, other kinds among the pages."""
        kinds = {Path(name).suffix for name in contents if not name.startswith("assets/")}
        require_own((out / name for name in LANGUAGES), lambda path: path.suffix in kinds)
        require_own([out / "assets"], lambda path: path.name in NAMES)

    check()
    with whole(out, names, folders=folders, check=check) as paths:
        write_files(paths[0].parent, contents)
    return [out / name for name in contents]


def front() -> str:
    """Return the page that leads to the language of the browser."""
    links = {language: (f"{language}/{HOME}.html", words.web.spoken().lang(language)) for language in LANGUAGES}
    return environment().get_template("front.html.j2").render(links=links, title=words.web.site())

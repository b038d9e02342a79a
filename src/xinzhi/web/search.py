"""The index of the search: every page and parameter by its names in both languages, by pinyin and by its initials."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from xinzhi.core.schema import describe
from xinzhi.core.text import Text, read_words, words
from xinzhi.web import pages
from xinzhi.web.pages import category, levels, topic
from xinzhi.web.pages.figures import growth
from xinzhi.web.store import Store
from xinzhi.yardstick import View

Row = dict[str, Any]


def index(store: Store) -> list[Row]:
    """Return what the search looks through: for each page its names, what it is called besides, and its file.

    Examples
    --------
    >>> from xinzhi.web import Store
    >>> [row["file"] for row in index(Store("china-provinces")) if "nmg" in row["also"]]
    ['region/150000.html']
    """
    also: Mapping[str, list[str]] = read_words("search.yaml")["also"]
    made = []
    for file, title, besides in _found(store):
        page, _, place = file.partition("#")
        name = place or page.rpartition("/")[2].partition(".")[0]
        names = [*besides, *also.get(name, ()), *spelled(title.zh)]
        made.append({"zh": title.zh, "en": title.en, "file": file, "also": list(dict.fromkeys(names))})
    return made


def _found(store: Store) -> Iterator[tuple[str, Text, Iterable[str]]]:
    """Return file, title and further names of everything that can be found."""
    from xinzhi.web.pages.overall import overall

    known = read_words("regions.yaml")
    for name in pages.single(store):
        yield f"{name}.html", words(f"web.nav.{name}"), [name]
    for code in store.regions:
        besides = [code, *known["codes"].get(code, ()), *known["also"].get(code, ())]
        yield f"region/{code}.html", store.names.region(code), besides
    study = overall(store)
    newest = View(study.measurement).spans[-1]
    for name in growth(study):
        yield f"figures/{name}.{newest.start}-{newest.end}.html", describe("measure", name).title, [name]
    for name, level in levels.known(store, study).items():
        yield f"figures/{name}.{levels.YEARS}.html", level.about.title, [name]
    for key, title, _ in topic.said(store):
        yield f"topic/{key}.html", title, [key]
    if category.ready(store):
        names = store.study("able").results["able"].names
        for code in category.keys(store):
            yield f"category/{code}.html", names.text("category", code), [code]
    for one in store.protocols():
        yield f"protocol/{one.id}.html", one.title, [one.id]
    for path, parameter in store.rules.parameters.items():
        yield f"protocol/{store.rules.id}.html#{path}", parameter.title, [path]


def spelled(text: str) -> list[str]:
    """Return the pinyin of the characters of a text without tones, and its initials; nothing of a text without any."""
    syllables = []
    at = 0
    while at < len(text):
        for length in (3, 2, 1):  # where a character is read in several ways, words decide
            known = _readings().get(text[at : at + length])
            if known is not None:
                syllables += known
                break
        at += length
    return ["".join(syllables), "".join(one[0] for one in syllables)] if syllables else []


@cache
def _readings() -> Mapping[str, list[str]]:
    """Return how characters, and words of several of them, are read."""
    held = read_words("search.yaml")
    single = {sign: [syllable] for syllable, signs in held["pinyin"].items() for sign in signs}
    return single | {word: reading.split() for word, reading in held["words"].items()}

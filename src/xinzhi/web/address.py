"""The address of a page and its path: relative links with the name of a file, the same from a server and a folder."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from xinzhi.core.text import LANGUAGES, Language

HOME = "index"
PROTOCOL = "protocol"  # what a link takes along to the next page, where that is computed under it
SETTINGS = "set"  # parameters of a protocol that a visitor changes
RULED = frozenset({HOME, "region", "compare", "measure", "figures", "explain", "claim"})  # the pages that are
SETTLED = frozenset({HOME, "compare", "measure", "figures", "explain"})  # those that a parameter can be changed for
CHARTS = ".charts.js"  # ends the path of what makes the charts of a page move
_PATH = re.compile(r"(zh|en)/([a-z]+)(?:/([A-Za-z0-9_.-]{1,60}))?\.html")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a page stands: its language, its name, its key, and what is asked of it."""

    language: Language  # of the page
    page: str = HOME  # its name in the registry of pages
    key: str = ""  # what it is about, such as the code of a region
    # what is asked of it: ``protocol``, and what else the page reads
    query: Mapping[str, str] = field(default_factory=dict)
    at: str = ""  # the path that was asked for, where there is no page: links lead from there

    @classmethod
    def of(cls, path: str, query: Mapping[str, str] | None = None) -> Address | None:
        """Return the address of a path; None of what is no path of a page."""
        found = _PATH.fullmatch(path)
        if found is None:
            return None
        language = next(one for one in LANGUAGES if one == found[1])
        return cls(language, found[2], found[3] or "", dict(query or {}))

    @property
    def file(self) -> str:
        """The file of the page in the folder of its language."""
        return f"{self.page}/{self.key}.html" if self.key else f"{self.page}.html"

    @property
    def path(self) -> str:
        """The path of the page from the root of the site."""
        return f"{self.language}/{self.file}"

    @property
    def charts(self) -> str:
        """The path of the script of its charts."""
        return self.path.removesuffix(".html") + CHARTS

    @property
    def up(self) -> str:
        """What leads from the page to the folder of its language."""
        if self.at:
            return "../" * self.at.count("/") + f"{self.language}/"
        return "../" if self.key else ""

    def to(self, page: str = HOME, key: str = "", **asked: str) -> str:
        """Return the link to a page of the same language, under the same protocol where it is computed under one."""
        places = {PROTOCOL: RULED, SETTINGS: SETTLED}
        kept = {name: self.query[name] for name, pages in places.items() if name in self.query and page in pages}
        there = Address(self.language, page, key)
        inside = bool(key) and bool(self.key) and page == self.page
        return (f"{key}.html" if inside else f"{self.up}{there.file}") + again(kept | asked)

    def held(self, topic: str, result: str, kind: str, **asked: str) -> str:
        """Return the link to the file of a result, under the protocol of the page."""
        kept = {name: self.query[name] for name in (PROTOCOL, SETTINGS) if name in self.query}
        return f"{self.up}../files/{topic}/{result}.{kind}" + again(kept | asked)

    def asset(self, name: str) -> str:
        """Return the link to a file of the site."""
        return f"{self.up}../assets/{name}"

    def spoken(self, language: Language) -> str:
        """Return the link to the same page, asked the same, in a language."""
        return f"{self.up}../{language}/{self.file}" + again(self.query)


def again(asked: Mapping[str, str]) -> str:
    """Return a query; a name that is asked for several times has its values in lines."""
    pairs = [(name, one) for name, value in sorted(asked.items()) for one in value.split("\n")]
    return f"?{urlencode(pairs)}" if pairs else ""


def query_of(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return what is asked by name, without what is empty; several values of `SETTINGS` are lines of one."""
    found: dict[str, str] = {}
    for name, value in pairs:
        if value:
            found[name] = f"{found[name]}\n{value}" if name == SETTINGS and name in found else value
    return found

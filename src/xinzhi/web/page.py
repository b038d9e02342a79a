"""A page of the explorer and its address: what is said, the sections below, the calls that give the same, and links."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

from xinzhi import words
from xinzhi.core.text import LANGUAGES, Language, Text, option_words, read_words
from xinzhi.report.internal import Section
from xinzhi.studies.internal import PROTOCOL as DEFAULT_PROTOCOL
from xinzhi.studies.internal import Study

HOME = "index"
PROTOCOL = "protocol"  # what a link takes along to the next page, where that is computed under it
SETTINGS = "set"  # parameters of a protocol that a visitor changes
PROTOCOL_PAGES = frozenset({HOME, "region", "compare", "measure", "figures", "explain", "claim"})  # the pages under it
SETTINGS_PAGES = frozenset({HOME, "compare", "measure", "figures", "explain"})  # where parameters can be changed
_PATH = re.compile(r"(zh|en)/([a-z]+)(?:/([A-Za-z0-9_.-]{1,60}))?\.html")
BRIEF = "brief"  # the verb whose region is an argument


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
    def parse(cls, path: str, query: Mapping[str, str] | None = None) -> Address | None:
        """Return the address of a path; None of what is no path of a page."""
        match = _PATH.fullmatch(path)
        if match is None:
            return None
        language = next(code for code in LANGUAGES if code == match[1])
        return cls(language, match[2], match[3] or "", dict(query or {}))

    @property
    def file(self) -> str:
        """The file of the page in the folder of its language."""
        return f"{self.page}/{self.key}.html" if self.key else f"{self.page}.html"

    @property
    def path(self) -> str:
        """The path of the page from the root of the site."""
        return f"{self.language}/{self.file}"

    @property
    def up(self) -> str:
        """What leads from the page to the folder of its language."""
        if self.at:
            return "../" * self.at.count("/") + f"{self.language}/"
        return "../" if self.key else ""

    def to(self, page: str = HOME, key: str = "", **query: str) -> str:
        """Return the link to a page of the same language, under the same protocol where it is computed under one."""
        places = {PROTOCOL: PROTOCOL_PAGES, SETTINGS: SETTINGS_PAGES}
        inherited = {name: self.query[name] for name, pages in places.items() if name in self.query and page in pages}
        target = Address(self.language, page, key)
        inside = bool(key) and bool(self.key) and page == self.page
        return (f"{key}.html" if inside else f"{self.up}{target.file}") + query_string(inherited | query)

    def file_link(self, topic: str, result: str, kind: str, **query: str) -> str:
        """Return the link to the file of a result, under the protocol of the page."""
        inherited = {name: self.query[name] for name in (PROTOCOL, SETTINGS) if name in self.query}
        return f"{self.up}../files/{topic}/{result}.{kind}" + query_string(inherited | query)

    def asset(self, name: str) -> str:
        """Return the link to a file of the site."""
        return f"{self.up}../assets/{name}"

    def spoken(self, language: Language) -> str:
        """Return the link to the same page, asked the same, in a language."""
        return f"{self.up}../{language}/{self.file}" + query_string(self.query)


def query_string(query: Mapping[str, str]) -> str:
    """Return a query; a name that is asked for several times has its values in lines."""
    pairs = [(name, line) for name, value in sorted(query.items()) for line in value.split("\n")]
    return f"?{urlencode(pairs)}" if pairs else ""


def query_of(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return what is asked by name, without what is empty; several values of `SETTINGS` are lines of one."""
    query: dict[str, str] = {}
    for name, value in pairs:
        if value:
            query[name] = f"{query[name]}\n{value}" if name == SETTINGS and name in query else value
    return query


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call that gives a study, as a person types it."""

    topic: str  # of the study
    data: str = ""  # the package, by name or path; by default what the site was given
    options: Mapping[str, str] = field(default_factory=dict)  # those that differ from the default
    settings: Mapping[str, object] = field(default_factory=dict)  # parameters of the protocol that are changed, by path

    def lines(self) -> dict[str, str]:
        """Return the call for Python, the command line where it has the topic, R and Stata."""
        arguments = [_quote(self.topic), _quote(self.data)]
        options = dict(self.options)
        rules = _quote(options.pop("protocol", DEFAULT_PROTOCOL)) if self.settings else ""
        python = ", ".join([*arguments, *(f"{name}={_quote(value)}" for name, value in options.items())])
        r = ", ".join([*arguments, *(f"{name} = {_quote(value)}" for name, value in options.items())])
        if self.settings:
            python += f", protocol=xinzhi.protocol.load({rules}).replace({json.dumps(self.settings)})"
            changes = ", ".join(f"`{path}` = {json.dumps(value)}" for path, value in self.settings.items())
            r += f", protocol = xinzhi$protocol$load({rules})$replace(list({changes}))"
        shell = {"cli": self._command()} if self.topic in read_words("verbs.yaml") else {}
        return {
            "python": f"import xinzhi; xinzhi.study({python})",
            **shell,
            "r": f'xinzhi <- reticulate::import("xinzhi"); xinzhi$study({r})',
            "stata": f'python: import xinzhi; xinzhi.study({python}).write("out")',
        }

    def _command(self) -> str:
        """Return the call by the words of the command line."""
        options = dict(self.options)
        first = [options.pop("region")] if self.topic == BRIEF and "region" in options else []
        line = ["xinzhi", self.topic, *first, self.data]
        for name, value in options.items():
            line += [f"--{str(option_words(self.topic, name).get('called', name)).replace('_', '-')}", value]
        for path, change in self.settings.items():
            line += ["--set", f"{path}={change}"]
        return shlex.join(line)


def _quote(value: str) -> str:
    """Return a word as Python and R read it."""
    return json.dumps(value, ensure_ascii=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A section of a page, and the call that gives it where that is not the one of the page."""

    section: Section
    call: Call | None = None
    link: tuple[str, str] | None = None  # page and key of what says more
    result: str = ""  # of the call, whose tables and pictures a server offers as files
    file: tuple[str, str] | None = None  # topic and name of the result that is shown, a file beside the pages
    titled: bool = True  # not where the page is of that name
    folded: bool = False  # whether its pictures and tables wait behind a line


def file(topic: str, name: str) -> tuple[str, str, Text]:
    """Return a result of a topic that a page offers as a file, with what it is called."""
    return topic, name, words.by_key(f"web.file.{name}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a page shows; texts in both languages, of which it shows one."""

    title: Text  # what the page is about
    kicker: Text | None = None  # the line above the title: which data, which period
    lead: Sequence[Text] = ()  # the answer, the first sentence of which stands large
    study: Study | None = None  # what it is made from: its provenance stands at the foot
    reads: Sequence[str] = ()  # the tables of the package that the page reads beside those of the study
    call: Call | None = None  # the call that gives the study
    parts: Sequence[Part] = ()  # the sections below
    template: str = "page.html.j2"  # the template that lays it out
    more: Mapping[str, object] = field(default_factory=dict)  # what the template shows beside the sections
    # the results behind the page beside those of its parts: topic, name, and what each is called
    files: Sequence[tuple[str, str, Text]] = ()
    decimals: int = 2  # of growth in percent

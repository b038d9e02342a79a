"""A page of the explorer: what is said first, the sections of the report below it, and the calls that give the same."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from xinzhi.core.text import Text, option_words, read_words, words
from xinzhi.report.section import Section
from xinzhi.studies import Study, options_of

DEFAULT = "xinzhi-cn-2026"  # the protocol of a call that names none
WHOLE, BRIEF = "assess", "brief"  # the verb that gives everything; the one whose region is an argument
HELD = "measure"  # has no verb of its own: the assessment holds it


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A call that gives a study, as a person types it."""

    topic: str  # of the study
    data: str = ""  # the package, by name or path; by default what the site was given
    options: Mapping[str, str] = field(default_factory=dict)  # those that differ from the default
    settings: Mapping[str, Any] = field(default_factory=dict)  # parameters of the protocol that are changed, by path

    def lines(self) -> dict[str, str]:
        """Return the call for Python, the command line where it has the topic, R and Stata."""
        named = [_quoted(self.topic), _quoted(self.data)]
        options = dict(self.options)
        rules = _quoted(options.pop("protocol", DEFAULT)) if self.settings else ""
        python = ", ".join([*named, *(f"{name}={_quoted(value)}" for name, value in options.items())])
        r = ", ".join([*named, *(f"{name} = {_quoted(value)}" for name, value in options.items())])
        if self.settings:
            python += f", protocol=xinzhi.protocol.load({rules}).replace({json.dumps(self.settings)})"
            changes = ", ".join(f"`{path}` = {json.dumps(value)}" for path, value in self.settings.items())
            r += f", protocol = xinzhi$protocol$load({rules})$replace(list({changes}))"
        known = {"cli": self._command()} if self.topic in {HELD, *read_words("verbs.yaml")} else {}
        return {
            "python": f"import xinzhi; xinzhi.study({python})",
            **known,
            "r": f'xinzhi <- reticulate::import("xinzhi"); xinzhi$study({r})',
            "stata": f'python: import xinzhi; xinzhi.study({python}).write("out")',
        }

    def _command(self) -> str:
        """Return the call by the words of the command line."""
        verb = WHOLE if self.topic == HELD else self.topic
        known = options_of(verb).__dataclass_fields__
        own = {name: value for name, value in self.options.items() if name in known}
        first = [own.pop("region")] if verb == BRIEF and "region" in own else []
        line = ["xinzhi", verb, *first, self.data]
        for name, value in own.items():
            line += [f"--{str(option_words(verb, name).get('called', name)).replace('_', '-')}", value]
        for path, value in self.settings.items():
            line += ["--set", f"{path}={value}"]
        return shlex.join(line)


def _quoted(value: str) -> str:
    """Return a word as Python and R read it."""
    return json.dumps(value, ensure_ascii=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A section of a page, and the call that gives it where that is not the one of the page."""

    section: Section
    asked: Asked | None = None
    link: tuple[str, str] | None = None  # page and key of what says more
    result: str = ""  # of the call, whose tables and pictures a server offers as files
    file: tuple[str, str] | None = None  # topic and name of the result that is shown, a file beside the pages
    titled: bool = True  # not where the page is of that name
    folded: bool = False  # whether its pictures and tables wait behind a line


def file(topic: str, name: str) -> tuple[str, str, Text]:
    """Return a result of a topic that a page offers as a file, with what it is called."""
    return topic, name, words(f"web.file.{name}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a page shows; texts in both languages, of which it shows one."""

    title: Text  # what the page is about
    kicker: Text | None = None  # the line above the title: which data, which period
    lead: Sequence[Text] = ()  # the answer, the first sentence of which stands large
    study: Study | None = None  # what it is made from: its provenance stands at the foot
    reads: Sequence[str] = ()  # the tables of the package that the page reads beside those of the study
    asked: Asked | None = None  # the call that gives the study
    parts: Sequence[Part] = ()  # the sections below
    template: str = "page.html.j2"  # the template that lays it out
    more: Mapping[str, Any] = field(default_factory=dict)  # what the template shows beside the sections
    # the results behind the page beside those of its parts: topic, name, and what each is called
    files: Sequence[tuple[str, str, Text]] = ()
    decimals: int = 2  # of growth in percent

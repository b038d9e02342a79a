"""One data package and what was asked of it: every study is computed once, and kept while it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from xinzhi import protocol as protocols
from xinzhi import studies
from xinzhi.core.errors import XinzhiError
from xinzhi.core.finding import Finding
from xinzhi.core.result import Result
from xinzhi.core.text import Text
from xinzhi.data import Package, as_package, names_of
from xinzhi.protocol import Protocol
from xinzhi.report import Section, sections
from xinzhi.report.pages.yardstick.assessment import topics
from xinzhi.studies import Assessment, Study
from xinzhi.web.queue import BusyError, Job, Kept, Limits, Queue

DRAWN = frozenset({"measure", "bands", "audit"})  # topics whose `region` says only of which one pictures are drawn


class Store:
    """One package, read once, and the studies of it.

    Parameters
    ----------
    data
        A data package, its name or path.
    protocol
        The protocol of pages and answers that name none.
    limits
        What the service allows itself; by default what ships.
    guarded
        Whether visitors bring a token, which a cookie remembers: pages say so.

    Examples
    --------
    >>> store = Store("china-provinces")
    >>> store.study("measure") is store.study("measure", "xinzhi-cn-2026")
    True
    >>> store.region("Guizhou"), store.names.region("520000").zh
    ('520000', '贵州')
    """

    def __init__(
        self,
        data: Package | Path | str = "china-provinces",
        *,
        protocol: Protocol | str = studies.PROTOCOL,
        limits: Limits | None = None,
        guarded: bool = False,
    ) -> None:
        self.guarded = guarded
        self.package: Package = as_package(data)
        self.rules = protocols.load(protocol)
        self.given = (data.source or data.name) if isinstance(data, Package) else str(data)
        self.ruled = protocol.id if isinstance(protocol, Protocol) else protocol
        self.limits = limits or Limits.shipped()
        self.names = names_of(self.package)
        self.queue = Queue(self.limits)
        self._studies = Kept(self.queue, self.limits.studies)
        self._own = Kept(self.queue, self.limits.own)  # under protocols that visitors make: there is no end of them
        self._answers = Kept(self.queue, self.limits.answers, len)
        self._known = frozenset(one.fingerprint for one in self.protocols())
        self._refusals: Mapping[str, Text] | None = None

    @property
    def regions(self) -> list[str]:
        """The codes of the regions of the package, in the order of the codes."""
        found = next(table for name in ("regions", "accounts") if (table := self.package.tables.get(name)) is not None)
        return [str(code) for code in found["region"].unique().sort().to_list()]

    def region(self, asked: str) -> str:
        """Return the code of a region that is named by code, two digits, or name in either language."""
        return self.names.resolve(asked, self.regions)

    def search(self, asked: str) -> list[dict[str, str]]:
        """Return the regions that are called so, or begin or go on so: by code, zh, en, or initials of pinyin.

        Examples
        --------
        >>> [row["en"] for row in Store("china-provinces").search("nei meng")]
        ['Inner Mongolia']
        """
        wish = _letters(asked)
        found = []
        for code in self.regions:
            spellings = [_letters(one) for one in self.names.spellings(code)]
            place = min((one.find(wish) for one in spellings if wish in one), default=None)
            if place is not None:
                name = self.names.region(code)
                found.append((place, {"code": code, "zh": name.zh, "en": name.en}))
        return [row for _, row in sorted(found, key=lambda pair: pair[0])]

    def protocol(self, asked: Protocol | str | None = None) -> Protocol:
        """Return the protocol of that id; of None, the one of the pages. An id is never read as a path."""
        if asked is None:
            return self.rules
        if isinstance(asked, Protocol):
            return asked
        known = {one.id: one for one in self.protocols()}
        return known[asked] if asked in known else protocols.load(asked.replace(".", "-"))  # it says which are near

    def study(self, topic: str, protocol: Protocol | str | None = None, **asked: Any) -> Study:  # noqa: ANN401 - options
        """Return the study of a topic, under a protocol where the topic has one.

        Parameters
        ----------
        topic
            As in `xinzhi.study`.
        protocol
            An id of the registry, or a protocol; by default that of the pages.
        asked
            The options of the topic; None is left out.

        Raises
        ------
        BusyError
            When the server is at its limit, or the study takes too long.
        UsageError, InputError, ProtocolError
            As in `xinzhi.study`.

        Examples
        --------
        >>> Store("china-provinces").study("plan").name
        'plan'
        """
        wish = {name: value for name, value in asked.items() if value is not None}
        if topic in DRAWN and "region" in wish:
            region, study = wish.pop("region"), self.study(topic, protocol, **wish)
            result: Any = next(iter(study.results.values()))
            codes = getattr(result, "regions", result.frame)["region"].unique().sort().to_list()
            return replace(study, region=self.names.resolve(region, codes))
        if "protocol" in studies.options_of(topic):
            wish["protocol"] = self.protocol(protocol)
        work = partial(studies.study, topic, self.package, **wish)
        if topic == "brief" and set(wish) == {"region", "protocol"}:  # what all regions share is measured once
            work = partial(self._brief, wish["region"], wish["protocol"])
        try:
            key = _hashable((topic, wish))
        except TypeError:  # a frame, or another value of its own
            return self.once(work)  # type: ignore[no-any-return] # a study
        return self._room(getattr(wish.get("protocol"), "fingerprint", None), key, work)  # type: ignore[no-any-return] # as above

    def _brief(self, region: str, rules: Protocol) -> Study:
        of = self._room(rules.fingerprint, ("briefs", rules.fingerprint), partial(studies.briefs, self.package, rules))
        return of(region)  # type: ignore[no-any-return] # a brief

    def _room(self, rules: str | None, key: Hashable, work: Callable[[], Any]) -> Any:  # noqa: ANN401 - what work gives
        """Return what work gives, kept beside what is under the same kind of protocol."""
        own = rules is not None and rules not in self._known
        return (self._own if own else self._studies).get(key, work, aside=own)

    def refusals(self) -> Mapping[str, Text]:
        """Return the protocols that the package cannot be measured under, by id, each with what it lacks.

        Examples
        --------
        >>> "solow-1957" in Store("china-provinces").refusals()
        True
        """
        if self._refusals is None:
            found = {}
            for one in self.protocols():
                try:
                    self.study("measure", one)
                except BusyError:
                    raise
                except XinzhiError as error:
                    found[one.id] = error.text
            self._refusals = found
        return self._refusals

    def findings(self) -> Sequence[Finding]:
        """Return what the check of the package finds, made once: pages, programs and assistants count the same.

        Examples
        --------
        >>> from xinzhi import studies
        >>> len(Store("china-provinces").findings()) == len(studies.check("china-provinces"))
        True
        """
        found: Sequence[Finding] = self._studies.get("findings", partial(studies.check, self.package))
        return found

    def protocols(self) -> list[Protocol]:
        """Return the protocol of the site and those of the registry."""
        return [self.rules, *(one for one in protocols.registry() if one.id != self.rules.id)]

    def section(self, study: Study, name: str | None = None, *, region: str | None = None) -> Section:
        """Return what one result of a study says, as a section of a page: its first one where none is named."""
        result: Result = next(iter(study.results.values())) if name is None else study.results[name]
        key = (id(result), region)  # the result is kept beside, so that no other one gets its id
        made = self._room(
            result.provenance.protocol_fingerprint, key, lambda: (result, sections([result], region=region)[0])
        )
        return made[1]  # type: ignore[no-any-return] # a section

    def topics(self, study: Assessment) -> list[Section]:
        """Return what the topics of an assessment say, each as a section that has an answer, made once."""
        made = self._studies.get(("topics", id(study)), lambda: (study, [one for one in topics(study) if one.answer]))
        return made[1]  # type: ignore[no-any-return] # sections

    def answer(self, key: Hashable, work: Callable[[], bytes], *, aside: bool = False) -> bytes:
        """Return a rendered answer, such as a page or a drawn picture, made once and kept while there is room.

        What visitors can ask without end, such as protocols of their own, stands `aside`: one at a time is computed.
        """
        return self._answers.get(key, work, aside=aside)  # type: ignore[no-any-return] # bytes

    def known(self, key: Hashable) -> bytes | None:
        """Return a rendered answer that is kept, without waiting for anything.

        Examples
        --------
        >>> Store("china-provinces").known("what nobody asked")
        """
        return self._answers.known(key)  # type: ignore[no-any-return] # bytes

    def once(self, work: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever the work gives
        """Return what work gives, computed by the queue and not kept: for what a visitor brings."""
        job = Job(work)
        self.queue.put(job)
        return self.queue.wait(job)

    def close(self) -> None:
        """Let the workers end."""
        self.queue.close()


def _letters(text: str) -> str:
    """Return a text for a search: lower case, nothing but letters, digits and characters."""
    return "".join(one for one in text.casefold() if one.isalnum())


def _hashable(value: object) -> Hashable:
    """Return a question as a key; `TypeError` for one that holds a frame or another value of its own."""
    match value:
        case Protocol():
            return value.fingerprint
        case Mapping():
            return tuple(sorted((str(name), _hashable(one)) for name, one in value.items()))
        case str() | int() | float() | bool() | None:
            return type(value).__name__, value
        case Sequence():
            return tuple(_hashable(one) for one in value)
    raise TypeError(type(value))

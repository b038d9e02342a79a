"""One data package and its studies: each is computed once, and kept while visitors use it."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from xinzhi import protocol as protocols
from xinzhi import studies
from xinzhi.core.errors import XinzhiError
from xinzhi.core.finding import Finding
from xinzhi.core.result import Result
from xinzhi.core.text import Text
from xinzhi.data import Package, as_package, names_of
from xinzhi.protocol import Protocol
from xinzhi.report import Section, sections
from xinzhi.report.internal import topics
from xinzhi.studies.internal import PROTOCOL, Assessment, Study, briefs, options_of, recipe_of
from xinzhi.web.cache import Cache
from xinzhi.web.workers import Limits, Workers
from xinzhi.yardstick import Audit, Measurement

LEVEL = 6  # of compression, of 9: where more time buys hardly any bytes
REGION_OF_PICTURES = frozenset({"measure", "bands", "audit"})  # topics whose `region` says only what pictures show


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
        protocol: Protocol | str = PROTOCOL,
        limits: Limits | None = None,
        guarded: bool = False,
    ) -> None:
        self.guarded = guarded
        self.package: Package = as_package(data)
        self.rules = protocols.load(protocol)
        self.data_argument = (data.source or data.name) if isinstance(data, Package) else str(data)
        self.protocol_argument = protocol.id if isinstance(protocol, Protocol) else protocol
        self.limits = limits or Limits.load()
        self.names = names_of(self.package)
        self.workers = Workers(self.limits)
        self.answers = Cache(self.limits.answers, len, partial(gzip.compress, compresslevel=LEVEL, mtime=0))  # bodies
        self._studies = Cache(self.limits.studies)
        self._changed = Cache(self.limits.changed_studies)  # under protocols of visitors: there is no end of them
        self._registered = frozenset(rules.fingerprint for rules in self.protocols())

    @property
    def regions(self) -> list[str]:
        """The codes of the regions of the package, in the order of the codes."""
        tables = self.package.tables
        frame = next(tables[name] for name in ("regions", "accounts") if name in tables)
        return sorted(map(str, set(frame["region"])))

    def region(self, name: str) -> str:
        """Return the code of a region by code, two digits, or name in either language."""
        return self.names.resolve(name, self.regions)

    def search(self, text: str) -> list[dict[str, str]]:
        """Return the regions whose code, name or initials of pinyin hold a text, those that begin with it first.

        Examples
        --------
        >>> [row["en"] for row in Store("china-provinces").search("nei meng")]
        ['Inner Mongolia']
        """
        letters = _letters(text)
        matches = []
        for code in self.regions:
            spellings = [_letters(spelling) for spelling in self.names.spellings(code)]
            place = min((spelling.find(letters) for spelling in spellings if letters in spelling), default=None)
            if place is not None:
                name = self.names.region(code)
                matches.append((place, {"code": code, "zh": name.zh, "en": name.en}))
        return [row for _, row in sorted(matches, key=lambda match: match[0])]

    def protocol(self, name: Protocol | str | None = None) -> Protocol:
        """Return the protocol of an id; of None, the one of the pages. An id is never read as a path."""
        if name is None:
            return self.rules
        if isinstance(name, Protocol):
            return name
        by_id = {rules.id: rules for rules in self.protocols()}
        return by_id[name] if name in by_id else protocols.load(name.replace(".", "-"))  # the error lists near ids

    def study(self, topic: str, protocol: Protocol | str | None = None, **options: object) -> Study:
        """Return the study of a topic, under a protocol where the topic has one.

        Parameters
        ----------
        topic
            As in `xinzhi.study`.
        protocol
            An id of the registry, or a protocol; by default that of the pages.
        options
            The options of the topic; None is left out.

        Raises
        ------
        UsageError, InputError, ProtocolError
            As in `xinzhi.study`.

        Examples
        --------
        >>> Store("china-provinces").study("plan").name
        'plan'
        """
        options = {name: value for name, value in options.items() if value is not None}
        pictured = options.pop("region", None) if topic in REGION_OF_PICTURES else None
        rules = self.protocol(protocol) if "protocol" in options_of(topic) else None
        if rules is not None:
            options["protocol"] = rules
        work: Callable[[], Study] = partial(recipe_of(topic, options), self.package, **options)
        if rules is not None and topic == "brief" and set(options) == {"region", "protocol"}:
            work = partial(self._brief, str(options["region"]), rules)
        try:
            key = _hashable((topic, options))
        except TypeError:  # a frame, or another value of its own
            return work()
        study = self._cache(rules.fingerprint if rules else None).compute(key, work)
        return study if pictured is None else self._of_region(str(pictured), study)

    def _of_region(self, name: str, study: Study) -> Study:
        """Return a study whose pictures are of one region."""
        result = next(iter(study.results.values()))
        frame = result.regions if isinstance(result, Measurement | Audit) else result.frame
        return replace(study, region=self.names.resolve(name, sorted(set(frame["region"]))))

    def _brief(self, region: str, protocol: Protocol) -> Study:
        """Return the brief of a region; what all regions share is measured once."""
        cache, key = self._cache(protocol.fingerprint), ("briefs", protocol.fingerprint)
        brief_of: Callable[[str], Study] = cache.compute(key, lambda: briefs(self.package, protocol))
        return brief_of(region)

    def _cache(self, fingerprint: str | None) -> Cache:
        """Return where results under a protocol are kept, by its fingerprint."""
        return self._studies if fingerprint is None or fingerprint in self._registered else self._changed

    def refusals(self) -> Mapping[str, Text]:
        """Return the protocols that the package cannot be measured under, by id, each with what it lacks.

        Examples
        --------
        >>> "solow-1957" in Store("china-provinces").refusals()
        True
        """
        return self._studies.compute("refusals", self._refusals)

    def _refusals(self) -> dict[str, Text]:
        reasons = {}
        for rules in self.protocols():
            try:
                self.study("measure", rules)
            except XinzhiError as error:
                reasons[rules.id] = error.text
        return reasons

    def findings(self) -> Sequence[Finding]:
        """Return what the check of the package finds; pages, programs and assistants count the same.

        Examples
        --------
        >>> from xinzhi import studies
        >>> len(Store("china-provinces").findings()) == len(studies.check("china-provinces"))
        True
        """
        return self._studies.compute("findings", lambda: studies.check(self.package))

    def protocols(self) -> list[Protocol]:
        """Return the protocol of the site and those of the registry."""
        return [self.rules, *(rules for rules in protocols.registry() if rules.id != self.rules.id)]

    def section(self, study: Study, name: str | None = None, *, region: str | None = None) -> Section:
        """Return one result of a study as a section of a page: its first one where none is named."""
        result: Result = next(iter(study.results.values())) if name is None else study.results[name]
        cache = self._cache(result.provenance.protocol_fingerprint)
        # the result is kept beside, so that no other one gets its id
        _, section = cache.compute((id(result), region), lambda: (result, sections([result], region=region)[0]))
        return section

    def topics(self, study: Assessment) -> list[Section]:
        """Return the topics of an assessment that have an answer, each as a section."""
        _, answers = self._studies.compute(
            ("topics", id(study)), lambda: (study, [section for section in topics(study) if section.answer])
        )
        return answers

    def close(self) -> None:
        """Let the workers end."""
        self.workers.close()


def _letters(text: str) -> str:
    """Return a text for a search: lower case, nothing but letters, digits and characters."""
    return "".join(sign for sign in text.casefold() if sign.isalnum())


def _hashable(value: object) -> Hashable:
    """Return a question as a key; `TypeError` for one that holds a frame or another value of its own."""
    match value:
        case Protocol():
            return value.fingerprint
        case Mapping():
            return tuple(sorted((str(name), _hashable(entry)) for name, entry in value.items()))
        case str() | int() | float() | bool() | None:
            return type(value).__name__, value
        case Sequence():
            return tuple(_hashable(entry) for entry in value)
    raise TypeError(type(value))

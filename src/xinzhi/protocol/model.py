"""A resolved protocol: one yardstick, every value with its argument, its sources and its alternatives; its sha256."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from xinzhi import words
from xinzhi.core.errors import ProtocolError
from xinzhi.core.text import Text, join_names, same
from xinzhi.protocol.adoption import Adoption
from xinzhi.protocol.parameters import DatedValue, Fault, catalogue, specification
from xinzhi.protocol.release import Release

Status = Literal["adopted", "proposed", "published", "unverified"]
State = Literal["signed", "unsigned", "altered", "proposed", "published", "unverified"]  # a status as it may be said

# Part of what is digested, so that a later change of the canonical text cannot pass for the old one.
_FORMAT = "xinzhi-protocol-1"

_SHOWN = 3  # years of a series that are spelt out; of more, the first and the last

# The one key inside a value that is prose: the source of a row of capital.initial_table.
_PROSE = "reference"


def fingerprint(protocol: Protocol) -> str:
    """Return the sha256 of the canonical text of a protocol, as 64 hexadecimal digits."""
    return hashlib.sha256(canonical(protocol).encode()).hexdigest()


def canonical(protocol: Protocol) -> str:
    """Return the text that is digested: JSON with sorted keys and the shortest form of every number.

    It holds what decides a computation or its standing: id, version, status; the set of regions that it is declared
    for; the value (or dated values) and unit of every parameter; the values of the alternatives and what they are used
    for, which an audit computes from; and the excluded combinations. The order of alternatives and of exclusions does
    not count.

    It leaves out series that a release of the data brings, which have a fingerprint of their own; what only persons
    read: titles, authority, descriptions, references, notes, and who uses an
    alternative, so that a mended translation is no new yardstick; and `extends`, so that a file that writes everything
    out equals one that inherits it.

    >>> import xinzhi.protocol
    >>> canonical(xinzhi.protocol.load("solow-1957"))[:40]
    '{"exclude":[],"format":"xinzhi-protocol-'
    """

    def other(alternative: Alternative) -> str:
        value = _bare(plain(alternative.value))
        return _json({"value": value, "used_for": sorted(alternative.used_for)} if alternative.used_for else value)

    document = {
        "format": _FORMAT,
        "id": protocol.id,
        "version": protocol.version,
        "status": protocol.status,
        "parameters": {
            path: {
                "value": _bare(plain(parameter.value)),
                "unit": parameter.unit,
                "alternatives": sorted({other(alternative) for alternative in parameter.alternatives}),
            }
            for path, parameter in protocol.parameters.items()
            if not parameter.released
        },
        "exclude": sorted({_json(_bare(plain(exclusion.when))) for exclusion in protocol.exclude}),
    }
    return _json(document | ({"regions": sorted(protocol.regions)} if protocol.regions else {}))


def plain(value: object) -> object:
    """Return a value as JSON can hold it: lists for tuples, ISO dates for the keys of dated values.

    >>> plain(DatedValue.from_mapping({1952: "geometric", 1994: "reported"}))
    {'dated': {'1952-01-01': 'geometric', '1994-01-01': 'reported'}}
    """
    if isinstance(value, DatedValue):
        return {"dated": {start.isoformat(): plain(version) for start, version in value.entries}}
    if isinstance(value, dict):
        return {str(name): plain(entry) for name, entry in value.items()}
    if isinstance(value, tuple | list):
        return [plain(entry) for entry in value]
    return value


def spell(value: object) -> str:
    """Return a value for a person: ``geometric``, ``0.096``, ``1952-01-01: geometric, 1994-01-01: reported``.

    A blank is spelt as a dash.

    >>> spell(((4.0, 0.134), (None, 0.068)))
    '[[4.0, 0.134], [null, 0.068]]'
    >>> spell(None)
    '-'
    """
    if value is None:
        return "-"
    if isinstance(value, DatedValue):
        return ", ".join(f"{start.isoformat()}: {spell(version)}" for start, version in value.entries)
    if isinstance(value, str):
        return value
    if isinstance(value, dict) and value and all(isinstance(series, dict) for series in value.values()):
        years = sorted({int(year) for series in value.values() for year in series})
        return f"{len(value)} x {years[0]}-{years[-1]}"
    if isinstance(value, dict) and all(isinstance(year, int) for year in value):
        first, last = min(value), max(value)
        return f"{first}: {value[first]:g}, ..., {last}: {value[last]:g}" if len(value) > _SHOWN else f"{value}"
    return json.dumps(_bare(plain(value)), ensure_ascii=False)


def _bare(value: object) -> object:
    if isinstance(value, dict):
        return {name: _bare(entry) for name, entry in value.items() if name != _PROSE}
    if isinstance(value, list):
        return [_bare(entry) for entry in value]
    return value


def _json(document: object) -> str:
    return json.dumps(document, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Reference:
    """A source, and the place in it."""

    title: str
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """A value that others use for the same parameter.

    `used_by` names protocols of the registry, or works by the short names of the reference; `used_for` the economies
    that a source in the reference measures with it, which admits it to an audit; `note` is what there is to say.
    """

    value: object
    used_by: tuple[str, ...] = ()
    used_for: tuple[str, ...] = ()
    reference: tuple[Reference, ...] = ()
    note: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter of a protocol, by its dotted `path`, with the `unit` and the `title` of the catalogue.

    `value` may be a `DatedValue`, or None where it was left blank; `description` is the argument for it, or the
    catalogue's meaning of the parameter where the file gives none; `reference` has its sources, `alternatives` the
    values that others use, `origin` is the protocol in the chain of `extends` that fixed it. `released` says that the
    value is a series that a release of the data brought, and no choice of the rule.
    """

    path: str
    value: object
    unit: str
    title: Text
    description: Text
    reference: tuple[Reference, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    origin: str = ""
    released: bool = False

    def at(self, year: int | None = None) -> Any:  # noqa: ANN401 - the catalogue fixes the type
        """Return the value that is valid at the end of `year`; without a year the value must not be dated.

        A `ProtocolError` says that the parameter is blank, or dated and no value is valid in that year.
        """
        if self.value is None:
            raise ProtocolError("protocol.blank-parameter", path=self.path, title=self.title)
        if not isinstance(self.value, DatedValue):
            return self.value
        if year is None:
            raise ProtocolError("protocol.year-needed", path=self.path)
        try:
            return self.value.at(year)
        except ProtocolError as error:
            raise ProtocolError("protocol.of-parameter", path=self.path, why=error.text) from None

    def to_dict(self) -> dict[str, object]:
        """Return a JSON-ready dictionary."""
        alternatives = [
            {
                "value": plain(alternative.value),
                "used_by": list(alternative.used_by),
                "used_for": list(alternative.used_for),
                "reference": [asdict(source) for source in alternative.reference],
                "note": asdict(alternative.note) if alternative.note else None,
            }
            for alternative in self.alternatives
        ]
        return {
            "value": plain(self.value),
            "unit": self.unit,
            "title": asdict(self.title),
            "description": asdict(self.description),
            "reference": [asdict(source) for source in self.reference],
            "origin": self.origin,
            "alternatives": alternatives,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """A combination of values that makes no sense, with the reason."""

    when: Mapping[str, object]
    reason: Text

    def holds(self, protocol: Protocol) -> bool:
        """Return whether the protocol has every one of these values (a dated one in any of its years)."""
        return all(value in _versions(protocol, path) for path, value in self.when.items())


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Protocol:
    """One yardstick: who stands behind it, and every parameter by its dotted path, in the order of the catalogue.

    `regions` are the codes of the set that sums, ranks and levels refer to; empty where the protocol declares none.
    `reference` are the sources of the whole; `extends` is the protocol whose parameters it takes over where it gives
    none of its own; `exclude` lists combinations of alternatives that make no sense; `departs` the paths that `replace`
    has changed, which `label` shows. `adoption` is a signature of it, by whatever key. `release_of` names the data
    whose release brings the series that the rule needs and does not write out, `release` is the one it was given.
    """

    id: str
    version: str
    title: Text
    status: Status
    authority: Text
    description: Text
    reference: tuple[Reference, ...] = ()
    extends: str | None = None
    regions: tuple[str, ...] = ()
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    exclude: tuple[Exclusion, ...] = ()
    departs: tuple[str, ...] = ()
    adoption: Adoption | None = None
    release_of: str | None = None
    release: Release | None = None
    _digest: dict[str, str] = field(default_factory=dict, init=False, compare=False)

    @property
    def label(self) -> str:
        """The id, and what departs from the protocol of that id: a changed yardstick does not bear its plain name."""
        return "+".join([self.id, *self.departs])

    @property
    def full_title(self) -> Text:
        """The title, with the values that depart from the protocol of that id."""
        if not self.departs:
            return self.title
        changes = [same(f"{path}={spell(self.parameters[path].value)}") for path in self.departs]
        return words.protocol.departing(title=self.title, changes=join_names(changes))

    @property
    def state(self) -> State:
        """The status as it may be said to anybody: who writes a protocol can call it adopted, and any key sign it.

        Whether the key is one to trust is for each reader to judge: `xinzhi.protocol.judge`.
        """
        if self.departs and self.status in {"adopted", "published"}:
            return "altered"
        if self.status != "adopted":
            return self.status
        is_signed = self.adoption is not None and self.adoption.fingerprint == self.fingerprint
        return "signed" if is_signed else "unsigned"

    @property
    def standing(self) -> Text:
        """Who has adopted it, from its `state`: what stands under every title and chart that it made."""
        adoption = self.adoption
        if adoption is None:
            return words.protocol.standing_of(self.state, authority=self.authority)
        return words.protocol.standing_of(
            self.state,
            authority=self.authority,
            act=adoption.act.text,
            date=adoption.in_force.isoformat(),
            key=adoption.signature.key_id[:16],
        )

    @property
    def fingerprint(self) -> str:
        """sha256 of everything that decides a computation, see `xinzhi.protocol.model.canonical`."""
        if not self._digest:
            self._digest["sha256"] = fingerprint(self)
        return self._digest["sha256"]

    def __repr__(self) -> str:
        """Return id, version, status and the head of the fingerprint."""
        return f"Protocol({self.id!r}, version {self.version}, {self.status}, sha256 {self.fingerprint[:12]})"

    def declares(self, path: str) -> bool:
        """Return whether `path` has a value here: it is neither absent nor blank. Unknown paths are a `UsageError`."""
        return specification(path).path in self.parameters and self.parameters[path].value is not None

    def choice(self, path: str, absent: str = "") -> str:
        """Return the word that a parameter chooses; `absent` where it is left out."""
        return str(self.value(path)) if self.declares(path) else absent

    def value(self, path: str, year: int | None = None) -> Any:  # noqa: ANN401 - the catalogue fixes the type
        """Return the value of `path` that is valid at the end of `year`.

        A `ProtocolError` says that it is absent or blank, or changes with time and no year is given.

        >>> import xinzhi.protocol
        >>> xinzhi.protocol.load("xinzhi-cn-2026").value("capital.initial_year")
        1952
        """
        if specification(path).path not in self.parameters:
            raise ProtocolError("protocol.not-fixed", id=self.id, path=path, title=specification(path).title)
        try:
            return self.parameters[path].at(year)
        except ProtocolError as error:
            raise ProtocolError("protocol.of-protocol", id=self.id, why=error.text) from None

    def values(self, path: str, years: Iterable[int]) -> list[Any]:
        """Return the value of `path` at the end of each of `years`."""
        requested = [int(year) for year in years]
        parameter = self.parameters.get(path)
        if parameter is None or parameter.value is None or isinstance(parameter.value, DatedValue):
            return [self.value(path, year) for year in requested]
        return [parameter.value] * len(requested)

    def series(self, path: str, years: Iterable[int]) -> list[float]:
        """Return a series of the protocol at each of `years`, NaN where it has none; all NaN where it is left out."""
        series = self.value(path) if self.declares(path) else {}
        return [series.get(int(year), math.nan) for year in years]

    def required_paths(self) -> tuple[str, ...]:
        """Return the paths that a computation under this protocol needs, filled or not."""
        awaited = self.release_of is not None and self.release is None
        return tuple(
            path
            for path, spec in catalogue().items()
            if not (spec.optional or (awaited and spec.role == "series"))
            and all(set(values) & set(_versions(self, condition)) for condition, values in spec.needed_when.items())
        )

    def blank(self, paths: Iterable[str] | None = None) -> tuple[str, ...]:
        """Return those of `paths` (all that are needed, by default) that have no value."""
        return tuple(path for path in (self.required_paths() if paths is None else paths) if not self.declares(path))

    def require(self, paths: Iterable[str] | None = None) -> None:
        """Refuse to compute while one of `paths` (all needed ones, by default) is blank, or the status ``unverified``.

        A `ProtocolError` names every blank parameter, a `UsageError` a path that the catalogue does not know.
        """
        if self.status == "unverified":
            raise ProtocolError("protocol.refuses-unverified", id=self.id)
        blank = self.blank(paths)
        if blank:
            names = [words.protocol.titled(path=path, title=specification(path).title) for path in blank]
            raise ProtocolError("protocol.leaves-blank", id=self.id, names=names)

    @property
    def identity(self) -> dict[str, str | None]:
        """What tells the protocol from others: id, version, status, what it extends, and its fingerprint."""
        return {
            "id": self.id,
            "version": self.version,
            "status": self.status,
            "extends": self.extends,
            "fingerprint": self.fingerprint,
        }

    def replace(self, values: Mapping[str, object]) -> Protocol:
        """Return the protocol with other values by dotted path: the id stays, the fingerprint changes.

        A `DatedValue` or None (leave blank) is fine, too; a `ProtocolError` says which value is not allowed.

        >>> import xinzhi.protocol
        >>> ours = xinzhi.protocol.load("xinzhi-cn-2026")
        >>> ours.replace({"capital.depreciation": 0.1096}).label
        'xinzhi-cn-2026+capital.depreciation'
        """
        parameters = dict(self.parameters)
        departs = dict.fromkeys(self.departs)
        for path, value in values.items():
            changed = self._with_value(path, value)
            if path not in self.parameters or changed.value != self.parameters[path].value:
                parameters[path], departs[path] = changed, None
        return replace(
            self,
            parameters={path: parameters[path] for path in catalogue() if path in parameters},
            departs=tuple(departs),
            adoption=None if departs else self.adoption,
        )

    def without_release(self) -> Protocol:
        """Return the rule alone, without the series that a release brought."""
        own = {path: parameter for path, parameter in self.parameters.items() if not parameter.released}
        return replace(self, parameters=own, release=None)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary with everything, in both languages."""
        return {
            "id": self.id,
            "version": self.version,
            "title": asdict(self.title),
            "status": self.status,
            "authority": asdict(self.authority),
            "description": asdict(self.description),
            "reference": [asdict(source) for source in self.reference],
            "extends": self.extends,
            "regions": list(self.regions),
            "fingerprint": self.fingerprint,
            "parameters": {path: item.to_dict() for path, item in self.parameters.items() if not item.released},
            "exclude": [
                {"when": plain(exclusion.when), "reason": asdict(exclusion.reason)} for exclusion in self.exclude
            ],
            **({} if self.adoption is None else {"adoption": self.adoption.model_dump(mode="json")}),
            **({} if self.release_of is None else {"release_of": self.release_of}),
            **({} if self.release is None else {"release": self.release.to_dict()}),
        }

    def excluded_combination(self) -> Exclusion | None:
        """Return the first declared combination that makes no sense and holds here."""
        return next((exclusion for exclusion in self.exclude if exclusion.holds(self)), None)

    def _with_value(self, path: str, value: object) -> Parameter:
        spec = specification(path)
        try:
            checked = spec.read(value)
        except Fault as fault:
            raise ProtocolError("protocol.no-value", path=path, why=fault.text) from None
        old = self.parameters.get(path)
        alternative = (
            next((candidate for candidate in old.alternatives if candidate.value == checked), None) if old else None
        )
        return Parameter(
            path=path,
            value=checked,
            unit=spec.unit,
            title=spec.title,
            description=(alternative.note if alternative else None) or spec.description,
            reference=alternative.reference if alternative else (),
            alternatives=old.alternatives if old else (),
            origin=f"{self.id} (replaced)",
        )


def _versions(protocol: Protocol, path: str) -> tuple[object, ...]:
    """Return every value that `path` takes over time; nothing where it is absent or blank."""
    if not protocol.declares(path):
        return ()
    value = protocol.parameters[path].value
    return value.values() if isinstance(value, DatedValue) else (value,)

"""A resolved protocol: one yardstick, every value with its argument, its sources and its alternatives."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from xinzhi.core.errors import ProtocolError
from xinzhi.core.text import Text
from xinzhi.protocol.catalogue import catalogue, specification
from xinzhi.protocol.dated import Dated
from xinzhi.protocol.fault import Fault
from xinzhi.protocol.fingerprint import fingerprint, plain, spell
from xinzhi.protocol.parameter import Parameter

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from xinzhi.protocol.parameter import Reference
    from xinzhi.protocol.schema import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """A combination of values that makes no sense, with the reason."""

    when: Mapping[str, Any]
    reason: Text

    def holds(self, protocol: Protocol) -> bool:
        """Return whether the protocol has every one of these values (a dated one in any of its years)."""
        return all(wanted in _versions(protocol, path) for path, wanted in self.when.items())


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Protocol:
    """One yardstick.

    Parameters
    ----------
    id, version, title, status, authority, description, reference
        What it is, who stands behind it, and the sources of the whole.
    extends
        The protocol whose parameters it takes over where it gives none of its own.
    parameters
        Every parameter by its dotted path, in the order of the catalogue.
    exclude
        Combinations of alternatives that make no sense.
    departs
        Paths that `replace` has changed, which `label` shows.
    """

    id: str
    version: str
    title: Text
    status: Status
    authority: Text
    description: Text
    reference: tuple[Reference, ...] = ()
    extends: str | None = None
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    exclude: tuple[Exclusion, ...] = ()
    departs: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The id, and what departs from the protocol of that id: a changed yardstick does not bear its plain name.

        Examples
        --------
        >>> import xinzhi.protocol
        >>> xinzhi.protocol.load("xinzhi-cn-2026").replace({"capital.depreciation": 0.05}).label
        'xinzhi-cn-2026+capital.depreciation'
        """
        return "+".join([self.id, *self.departs])

    @property
    def full_title(self) -> Text:
        """The title, with the values that depart from the protocol of that id."""
        if not self.departs:
            return self.title
        words = ", ".join(f"{path}={spell(self.parameters[path].value)}" for path in self.departs)
        return Text(zh=f"{self.title.zh}（改动：{words}）", en=f"{self.title.en}, departing in {words}")

    @property
    def fingerprint(self) -> str:
        """sha256 of everything that decides a computation, see `xinzhi.protocol.fingerprint.canonical`."""
        return fingerprint(self)

    def __repr__(self) -> str:
        """Return id, version, status and the head of the fingerprint."""
        return f"Protocol({self.id!r}, version {self.version}, {self.status}, sha256 {self.fingerprint[:12]})"

    def declares(self, path: str) -> bool:
        """Return whether `path` has a value here: it is neither absent nor blank.

        Raises
        ------
        UsageError
            When the catalogue does not know `path`.
        """
        return specification(path).path in self.parameters and self.parameters[path].value is not None

    def value(self, path: str, year: int | None = None) -> Any:  # noqa: ANN401 - the catalogue fixes the type
        """Return the value of `path` that is valid at the end of `year`.

        Raises
        ------
        ProtocolError
            When the parameter is absent or blank, or changes with time and no year is given.
        UsageError
            When the catalogue does not know `path`.

        Examples
        --------
        >>> import xinzhi.protocol
        >>> xinzhi.protocol.load("xinzhi-cn-2026").value("capital.initial_year")
        1952
        """
        if specification(path).path not in self.parameters:
            message = f"protocol {self.id} does not fix {path} ({specification(path).title.en}): declare it there."
            raise ProtocolError(message)
        try:
            return self.parameters[path].at(year)
        except ProtocolError as error:
            message = f"protocol {self.id}: {error}"
            raise ProtocolError(message) from None

    def values(self, path: str, years: Iterable[int]) -> list[Any]:
        """Return the value of `path` at the end of each of `years`."""
        return [self.value(path, int(year)) for year in years]

    def needed(self) -> tuple[str, ...]:
        """Return the paths that a computation under this protocol needs, filled or not."""
        return tuple(path for path, spec in catalogue().items() if self._meets(spec.needed_when))

    def blank(self, paths: Iterable[str] | None = None) -> tuple[str, ...]:
        """Return those of `paths` (all that are needed, by default) that have no value."""
        return tuple(path for path in (self.needed() if paths is None else paths) if not self.declares(path))

    def require(self, paths: Iterable[str] | None = None) -> None:
        """Refuse to compute while one of `paths` (all that are needed, by default) is blank.

        Raises
        ------
        ProtocolError
            Names every blank parameter; also when the status is ``unverified``.
        UsageError
            When the catalogue does not know a path.
        """
        cure = "Fill it in a protocol that extends this one (`xinzhi protocol new FILE`)."
        if self.status == "unverified":
            message = f"protocol {self.id} is unverified: nobody has checked its values against the source. {cure}"
            raise ProtocolError(message)
        blank = self.blank(paths)
        if blank:
            names = ", ".join(f"{path} ({specification(path).title.en})" for path in blank)
            message = f"protocol {self.id} leaves blank what the computation needs: {names}. {cure}"
            raise ProtocolError(message)

    def replace(self, values: Mapping[str, Any]) -> Protocol:
        """Return the protocol with other values: the id stays, the fingerprint changes.

        Parameters
        ----------
        values
            New values by dotted path; a `Dated`, or None to leave blank, are fine too.

        Raises
        ------
        UsageError
            When the catalogue does not know a path.
        ProtocolError
            When a value is not allowed.

        Examples
        --------
        >>> import xinzhi.protocol
        >>> ours = xinzhi.protocol.load("xinzhi-cn-2026")
        >>> ours.replace({"capital.depreciation": 0.1096}).value("capital.depreciation")
        0.1096
        """
        parameters = dict(self.parameters)
        departs = dict.fromkeys(self.departs)
        for path, value in values.items():
            parameters[path] = self._replaced(path, value)
            if path not in self.parameters or parameters[path].value != self.parameters[path].value:
                departs[path] = None
        return replace(
            self,
            parameters={path: parameters[path] for path in catalogue() if path in parameters},
            departs=tuple(departs),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary with everything, in both languages.

        Examples
        --------
        >>> import xinzhi.protocol
        >>> xinzhi.protocol.load("shan-2008").to_dict()["parameters"]["capital.depreciation"]["value"]
        0.1096
        """
        return {
            "id": self.id,
            "version": self.version,
            "title": asdict(self.title),
            "status": self.status,
            "authority": asdict(self.authority),
            "description": asdict(self.description),
            "reference": [asdict(item) for item in self.reference],
            "extends": self.extends,
            "fingerprint": self.fingerprint,
            "parameters": {path: item.to_dict() for path, item in self.parameters.items()},
            "exclude": [{"when": plain(item.when), "reason": asdict(item.reason)} for item in self.exclude],
        }

    def excluded(self) -> Exclusion | None:
        """Return the first declared combination that makes no sense and holds here."""
        return next((exclusion for exclusion in self.exclude if exclusion.holds(self)), None)

    def _replaced(self, path: str, value: object) -> Parameter:
        spec = specification(path)
        try:
            checked = spec.read(value)
        except Fault as fault:
            message = f"{path}: {fault.message.en} {fault.hint.en}"
            raise ProtocolError(message) from None
        old = self.parameters.get(path)
        known = next((item for item in old.alternatives if item.value == checked), None) if old else None
        return Parameter(
            path=path,
            value=checked,
            unit=spec.unit,
            title=spec.title,
            description=(known.note if known else None) or spec.description,
            reference=known.reference if known else (),
            alternatives=old.alternatives if old else (),
            origin=f"{self.id} (replaced)",
        )

    def _meets(self, conditions: Mapping[str, tuple[str, ...]]) -> bool:
        return all(any(word in wanted for word in _versions(self, path)) for path, wanted in conditions.items())


def _versions(protocol: Protocol, path: str) -> tuple[Any, ...]:
    """Return every value that `path` takes over time; nothing where it is absent or blank."""
    if not protocol.declares(path):
        return ()
    value = protocol.parameters[path].value
    return value.values() if isinstance(value, Dated) else (value,)

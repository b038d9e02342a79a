"""Protocol files: read, check the shape, follow `extends`, check every value; load one by path or from the registry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from xinzhi.core import yamlfile
from xinzhi.core.errors import InputError, ProtocolError, UsageError
from xinzhi.core.finding import Finding, finding, format_findings
from xinzhi.protocol.adoption import read_adoption
from xinzhi.protocol.documents import AlternativeEntry, Document, ParameterEntry, ReferenceEntry, parse
from xinzhi.protocol.model import Alternative, Exclusion, Parameter, Protocol, Reference
from xinzhi.protocol.parameters import DatedValue, Fault, Specification, catalogue, groups, nearest

REGISTRY = Path(__file__).with_name("registry")
SUFFIXES = (".yaml", ".yml")


@dataclass(slots=True)
class _Reading:
    """One file while it is resolved, with what was found wrong so far."""

    source: yamlfile.Source
    findings: list[Finding] = field(default_factory=list)

    def note(self, fault: Fault, path: tuple[object, ...]) -> None:
        """Turn a fault into a finding at its place in the file."""
        place = (*path, *fault.at)
        key = ".".join(str(part) for part in place if part != "parameters")
        self.findings.append(
            finding(fault.code, words=fault.values, file=self.source.file, line=self.source.line(place), key=key)
        )


def registry_files() -> tuple[Path, ...]:
    """Return the files of the registry, by name."""
    return tuple(sorted(REGISTRY.glob("*.yaml")))


def resolve(path: Path, chain: tuple[Path, ...] = ()) -> tuple[Protocol | None, tuple[Finding, ...]]:
    """Return the protocol of a file with everything it inherits, and what is wrong with it."""
    # The protocol is None when there is an error; blanks are no errors here, they refuse to compute later. `chain`
    # holds the files that led here, so that a circle of `extends` ends.
    try:
        source = yamlfile.read(path)
    except yamlfile.YamlError as fault:
        return None, (fault.finding,)
    document, findings = parse(source, Document)
    reading = _Reading(source, [*source.findings, *findings])
    if document is None:
        return None, tuple(reading.findings)
    base, inherited = _base(reading, document, path, (*chain, path.resolve()))
    protocol = _protocol(reading, document, base)
    broken = any(finding.severity == "error" for finding in (*reading.findings, *inherited))
    return None if broken else protocol, (*reading.findings, *inherited)


def _base(
    reading: _Reading, document: Document, path: Path, chain: tuple[Path, ...]
) -> tuple[Protocol | None, tuple[Finding, ...]]:
    """Return the protocol that the document extends, and what is wrong with that one."""
    if document.extends is None:
        return None, ()
    file = path.parent / document.extends if document.extends.endswith(SUFFIXES) else None
    target = file or REGISTRY / f"{document.extends}.yaml"
    if target.resolve() in chain:
        circle = " → ".join(file.stem for file in (*chain, target))
        reading.note(Fault("protocol.extends-circle", circle=circle), ("extends",))
        return None, ()
    if not target.is_file():
        nearest_id = nearest(document.extends, [file.stem for file in registry_files()])
        reading.note(Fault("protocol.unknown-protocol", name=document.extends, near=nearest_id), ("extends",))
        return None, ()
    return resolve(target, chain)


def _protocol(reading: _Reading, document: Document, base: Protocol | None) -> Protocol:
    parameters = _parameters(reading, document, base)
    merged = {**(base.parameters if base else {}), **parameters}
    unverified = base is not None and base.status == "unverified"
    inherited_regions = base.regions if base else ()
    return Protocol(
        id=document.id,
        version=document.version,
        title=document.title.text(),
        status="unverified" if unverified else document.status,
        authority=document.authority.text(),
        description=document.description.text(),
        reference=_references(document.reference),
        extends=document.extends,
        release_of=document.release or (base.release_of if base else None),
        regions=tuple(sorted(set(document.regions))) if document.regions else inherited_regions,
        parameters={path: merged[path] for path in catalogue() if path in merged},
        exclude=(
            *(base.exclude if base else ()),
            *(
                Exclusion(when=_when(reading, entry.when, position), reason=entry.reason.text())
                for position, entry in enumerate(document.exclude)
            ),
        ),
    )


def _parameters(reading: _Reading, document: Document, base: Protocol | None) -> dict[str, Parameter]:
    parameters: dict[str, Parameter] = {}
    for group, entries in (document.parameters or {}).items():
        for name, entry in entries.items():
            path, place = f"{group}.{name}", ("parameters", group, name)
            spec = catalogue().get(path)
            if group not in groups():
                reading.note(Fault("protocol.unknown-group", name=group, near=nearest(group, groups())), place[:2])
                continue
            if spec is None:
                siblings = [
                    sibling_path.partition(".")[2]
                    for sibling_path, sibling in catalogue().items()
                    if sibling.group == group
                ]
                reading.note(Fault("protocol.unknown-parameter", name=path, near=nearest(name, siblings)), place)
                continue
            inherited = base.parameters.get(path) if base else None
            parameters[path] = _parameter(reading, spec, entry, inherited, origin=document.id)
    return parameters


def _parameter(
    reading: _Reading, spec: Specification, entry: ParameterEntry, inherited: Parameter | None, *, origin: str
) -> Parameter:
    place = ("parameters", *spec.path.split("."))
    value = _value(reading, spec, entry, place)
    if entry.unit is not None and entry.unit != spec.unit:
        reading.note(Fault("protocol.wrong-unit", unit=entry.unit, wanted=spec.unit), (*place, "unit"))
    return Parameter(
        path=spec.path,
        value=value,
        unit=spec.unit,
        title=spec.title,
        description=entry.description.text() if entry.description else spec.description,
        reference=_references(entry.reference),
        alternatives=_alternatives(reading, spec, entry, inherited, value),
        origin=origin,
    )


def _value(
    reading: _Reading, spec: Specification, entry: ParameterEntry | AlternativeEntry, place: tuple[object, ...]
) -> object:
    """Return the checked value of an entry; a fault is noted and leaves it blank."""
    try:
        return spec.read(_entry_value(entry))
    except Fault as fault:
        key = "values" if entry.values is not None else "value"
        reading.note(fault, (*place, key))
        return None


def _entry_value(entry: ParameterEntry | AlternativeEntry) -> object:
    """Return what an entry gives, its `value` or its dated `values`."""
    single = "value" in entry.model_fields_set
    if single and entry.values is not None:
        raise Fault("protocol.two-values")
    if entry.values is not None:
        try:
            return DatedValue.from_mapping(entry.values)
        except (ValueError, OverflowError):
            raise Fault("protocol.keys-not-dates") from None
    if not single:
        raise Fault("protocol.value-absent")
    return entry.value


def _alternatives(
    reading: _Reading, spec: Specification, entry: ParameterEntry, inherited: Parameter | None, value: object
) -> tuple[Alternative, ...]:
    """Return the file's own alternatives, or the inherited ones with the value that this file departs from."""
    if entry.alternatives is not None or inherited is None:
        return tuple(
            _alternative(reading, spec, alternative, position)
            for position, alternative in enumerate(entry.alternatives or ())
        )
    # What the alternatives of a parameter are used for, the value that they stand beside is for too.
    used_for = tuple(sorted({name for alternative in inherited.alternatives for name in alternative.used_for}))
    departed = Alternative(
        value=inherited.value,
        used_by=(inherited.origin,),
        used_for=used_for,
        reference=inherited.reference,
        note=inherited.description,
    )
    rest = [alternative for alternative in inherited.alternatives if alternative.value != departed.value]
    return tuple(
        alternative for alternative in (departed, *rest) if alternative.value is not None and alternative.value != value
    )


def _alternative(reading: _Reading, spec: Specification, entry: AlternativeEntry, position: int) -> Alternative:
    place = ("parameters", *spec.path.split("."), "alternatives", position)
    value = _value(reading, spec, entry, place)
    if value is None and "value" in entry.model_fields_set and entry.value is None:
        reading.note(Fault("protocol.alternative-blank"), place)
    return Alternative(
        value=value,
        used_by=tuple(entry.used_by),
        used_for=tuple(entry.used_for),
        reference=_references(entry.reference),
        note=entry.note.text() if entry.note else None,
    )


def _when(reading: _Reading, conditions: dict[str, object], position: int) -> dict[str, object]:
    checked: dict[str, object] = {}
    for path, value in conditions.items():
        place = ("exclude", position, "when", path)
        spec = catalogue().get(path)
        if spec is None:
            reading.note(Fault("protocol.unknown-parameter", name=path, near=nearest(path, catalogue())), place)
            continue
        try:
            checked[path] = spec.read(value)
        except Fault as fault:
            reading.note(fault, place)
    return checked


def _references(entries: Sequence[ReferenceEntry]) -> tuple[Reference, ...]:
    return tuple(Reference(title=entry.title, where=entry.where) for entry in entries)


IMPOSTOR = "id-taken"


def load(name_or_path: str | Path | Protocol) -> Protocol:
    """Return a protocol with everything it inherits.

    Parameters
    ----------
    name_or_path
        An id of the registry, or the path of a file that ends in ``.yaml`` or ``.yml``; a protocol is handed back. A
        signature beside the file that is made for another rule, such as before an edit, does not count.

    Raises
    ------
    UsageError, ProtocolError
        When the registry has no such id: names the nearest one; when the file is no valid protocol: says every place,
        fault and cure.

    Examples
    --------
    >>> load("zhang-2004").value("capital.depreciation")
    0.096
    """
    if isinstance(name_or_path, Protocol):
        return name_or_path
    path = find(name_or_path)
    return _shipped(path) if path.parent == REGISTRY else _read(path)


def _read(path: Path) -> Protocol:
    protocol, findings = resolve(path)
    findings = (*findings, *impostor(protocol, path))
    if protocol is None or any(finding.rule == IMPOSTOR for finding in findings):
        errors = [finding for finding in findings if finding.severity == "error"]
        raise ProtocolError("protocol.invalid", file=path.name, what=format_findings(errors))
    adoption = read_adoption(path)
    is_own = adoption is not None and adoption.is_of(protocol.fingerprint)
    return replace(protocol, adoption=adoption) if is_own else protocol


_shipped = cache(_read)  # a protocol of the registry is read once


def registry() -> tuple[Protocol, ...]:
    """Return the protocols that ship with xinzhi, by id.

    >>> "xinzhi-cn-2026" in [protocol.id for protocol in registry()]
    True
    """
    return tuple(load(path) for path in registry_files())


def impostor(protocol: Protocol | None, path: Path) -> tuple[Finding, ...]:
    """Return what is wrong when a file bears the id of a registered protocol and is not that protocol."""
    registered_files = {file.stem: file for file in registry_files()}
    if (
        protocol is None
        or protocol.id not in registered_files
        or registered_files[protocol.id].resolve() == path.resolve()
    ):
        return ()
    registered, _ = resolve(registered_files[protocol.id])
    if registered is not None and registered.fingerprint == protocol.fingerprint:
        return ()
    return (finding(f"protocol.{IMPOSTOR}", file=path.name, key="id", value=protocol.id),)


def find(name_or_path: str | Path) -> Path:
    """Return the file of a registry id or path."""
    path = Path(name_or_path)
    if isinstance(name_or_path, Path) or path.suffix in SUFFIXES:
        if not path.is_file():
            raise InputError("protocol.no-file", path=path)
        return path
    registered_files = {file.stem: file for file in registry_files()}
    if name_or_path not in registered_files:
        raise UsageError("protocol.unknown-id", name=name_or_path, near=nearest(name_or_path, registered_files))
    return registered_files[name_or_path]

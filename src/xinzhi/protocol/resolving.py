"""From a protocol file to a resolved protocol: read, check the shape, follow `extends`, check every value."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xinzhi.core.finding import Finding, Severity
from xinzhi.core.text import Text
from xinzhi.protocol import yamlfile
from xinzhi.protocol.catalogue import Specification, catalogue, groups
from xinzhi.protocol.dated import Dated
from xinzhi.protocol.fault import Fault, nearest
from xinzhi.protocol.model import Exclusion, Protocol
from xinzhi.protocol.parameter import Alternative, Parameter, Reference
from xinzhi.protocol.schema import AlternativeEntry, Document, ParameterEntry, ReferenceEntry, parse

if TYPE_CHECKING:
    from collections.abc import Sequence

REGISTRY = Path(__file__).with_name("registry")
SUFFIXES = (".yaml", ".yml")


@dataclass(slots=True)
class _Reading:
    """One file while it is resolved, with what was found wrong so far."""

    source: yamlfile.Source
    findings: list[Finding] = field(default_factory=list)

    def note(self, fault: Fault, path: tuple[object, ...], severity: Severity = "error") -> None:
        """Turn a fault into a finding at its place in the file."""
        place = (*path, *fault.at)
        key = ".".join(str(part) for part in place if part != "parameters")
        finding = Finding(
            rule=fault.rule,
            severity=severity,
            message=fault.message,
            hint=fault.hint,
            file=self.source.file,
            line=self.source.line(place),
            key=key,
        )
        self.findings.append(finding)


def registry_files() -> tuple[Path, ...]:
    """Return the files of the registry, by name."""
    return tuple(sorted(REGISTRY.glob("*.yaml")))


def resolve(path: Path, chain: tuple[Path, ...] = ()) -> tuple[Protocol | None, tuple[Finding, ...]]:
    """Return the protocol of a file with everything it inherits, and what is wrong with it.

    The protocol is None when there is an error; blanks are no errors here, they refuse to compute later.
    `chain` holds the files that led here, so that a circle of `extends` ends.
    """
    try:
        source = yamlfile.read(path)
    except yamlfile.YamlError as fault:
        return None, (fault.finding,)
    document, findings = parse(source)
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
    named = path.parent / document.extends if document.extends.endswith(SUFFIXES) else None
    target = named or REGISTRY / f"{document.extends}.yaml"
    if target.resolve() in chain:
        circle = " → ".join(item.stem for item in (*chain, target))
        message = Text(zh=f"extends 形成循环：{circle}。", en=f"`extends` runs in a circle: {circle}.")
        hint = Text(zh="请断开其中一环。", en="Break one link of it.")
        reading.note(Fault(rule="extends-circle", message=message, hint=hint), ("extends",))
        return None, ()
    if not target.is_file():
        message = Text(zh=f"找不到协议“{document.extends}”。", en=f"there is no protocol '{document.extends}'.")
        known = nearest(document.extends, [item.stem for item in registry_files()])
        reading.note(Fault(rule="unknown-protocol", message=message, hint=known), ("extends",))
        return None, ()
    return resolve(target, chain)


def _protocol(reading: _Reading, document: Document, base: Protocol | None) -> Protocol:
    own = _parameters(reading, document, base)
    merged = {**(base.parameters if base else {}), **own}
    unverified = base is not None and base.status == "unverified"
    return Protocol(
        id=document.id,
        version=document.version,
        title=document.title.text(),
        status="unverified" if unverified else document.status,
        authority=document.authority.text(),
        description=document.description.text(),
        reference=_references(document.reference),
        extends=document.extends,
        parameters={path: merged[path] for path in catalogue() if path in merged},
        exclude=(*(base.exclude if base else ()), *_exclusions(reading, document)),
    )


def _parameters(reading: _Reading, document: Document, base: Protocol | None) -> dict[str, Parameter]:
    found: dict[str, Parameter] = {}
    for group, entries in (document.parameters or {}).items():
        for name, entry in entries.items():
            path, place = f"{group}.{name}", ("parameters", group, name)
            spec = catalogue().get(path)
            if spec is None:
                reading.note(_unknown(group, name), place if group in groups() else place[:2])
                continue
            inherited = base.parameters.get(path) if base else None
            found[path] = _parameter(reading, spec, entry, inherited, origin=document.id)
    return found


def _unknown(group: str, name: str) -> Fault:
    if group not in groups():
        message = Text(zh=f"未知参数组“{group}”。", en=f"unknown group '{group}'.")
        return Fault(rule="unknown-parameter", message=message, hint=nearest(group, groups()))
    message = Text(zh=f"未知参数“{group}.{name}”。", en=f"unknown parameter '{group}.{name}'.")
    siblings = [path.partition(".")[2] for path, spec in catalogue().items() if spec.group == group]
    return Fault(rule="unknown-parameter", message=message, hint=nearest(name, siblings))


def _parameter(
    reading: _Reading, spec: Specification, entry: ParameterEntry, inherited: Parameter | None, *, origin: str
) -> Parameter:
    place = ("parameters", *spec.path.split("."))
    value = _value(reading, spec, entry, place)
    if entry.unit is not None and entry.unit != spec.unit:
        message = Text(zh=f"单位是 {entry.unit!r}。", en=f"the unit is {entry.unit!r}.")
        hint = Text(zh=f"请以“{spec.unit}”为单位。", en=f"Give the value in '{spec.unit}'.")
        reading.note(Fault(rule="wrong-unit", message=message, hint=hint), (*place, "unit"))
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
) -> Any:  # noqa: ANN401 - the catalogue fixes the type
    """Return the checked value of an entry; a fault is noted and leaves it blank."""
    try:
        return spec.read(_given(entry))
    except Fault as fault:
        key = "values" if entry.values is not None else "value"
        reading.note(fault, (*place, key))
        return None


def _given(entry: ParameterEntry | AlternativeEntry) -> object:
    """Return what an entry gives, its `value` or its dated `values`."""
    single = "value" in entry.model_fields_set
    if single and entry.values is not None:
        raise Fault(
            rule="two-values",
            message=Text(zh="value 与 values 只能有一个。", en="both `value` and `values` are given."),
            hint=Text(zh="请删去其中一个。", en="Remove one of them."),
        )
    if entry.values is not None:
        return _dated(entry.values)
    if not single:
        raise Fault(
            rule="missing-key",
            message=Text(zh="没有给出值。", en="there is no value."),
            hint=Text(
                zh="请给出 value 或 values；留空写 value: null。",
                en="Give `value` or `values`; `value: null` leaves it blank.",
            ),
        )
    return entry.value


def _dated(values: dict[Any, Any]) -> Dated:
    try:
        return Dated.of(values)
    except (ValueError, OverflowError):
        message = Text(zh="values 的键必须是互不重复的日期。", en="the keys of `values` have to be dates, each once.")
        hint = Text(zh="例如 {1952-01-01: 0.096}。", en="For example {1952-01-01: 0.096}.")
        raise Fault(rule="no-such-date", message=message, hint=hint) from None


def _alternatives(
    reading: _Reading, spec: Specification, entry: ParameterEntry, inherited: Parameter | None, value: object
) -> tuple[Alternative, ...]:
    """Return the file's own alternatives, or the inherited ones with the value that this file departs from."""
    if entry.alternatives is not None or inherited is None:
        return tuple(
            _alternative(reading, spec, item, position) for position, item in enumerate(entry.alternatives or ())
        )
    departed = Alternative(
        value=inherited.value,
        used_by=(inherited.origin,),
        reference=inherited.reference,
        note=inherited.description,
    )
    known = [item for item in inherited.alternatives if item.value != departed.value]
    return tuple(item for item in (departed, *known) if item.value is not None and item.value != value)


def _alternative(reading: _Reading, spec: Specification, entry: AlternativeEntry, position: int) -> Alternative:
    place = ("parameters", *spec.path.split("."), "alternatives", position)
    value = _value(reading, spec, entry, place)
    if value is None and "value" in entry.model_fields_set and entry.value is None:
        message = Text(zh="替代取值不能留空。", en="an alternative cannot be blank.")
        reading.note(
            Fault(rule="blank", message=message, hint=Text(zh="请填写或删去。", en="Fill or remove it.")), place
        )
    return Alternative(
        value=value,
        used_by=tuple(entry.used_by),
        reference=_references(entry.reference),
        note=entry.note.text() if entry.note else None,
    )


def _exclusions(reading: _Reading, document: Document) -> tuple[Exclusion, ...]:
    return tuple(
        Exclusion(when=_when(reading, entry.when, position), reason=entry.reason.text())
        for position, entry in enumerate(document.exclude)
    )


def _when(reading: _Reading, conditions: dict[str, Any], position: int) -> dict[str, Any]:
    checked: dict[str, Any] = {}
    for path, value in conditions.items():
        place = ("exclude", position, "when", path)
        spec = catalogue().get(path)
        if spec is None:
            message = Text(zh=f"未知参数“{path}”。", en=f"unknown parameter '{path}'.")
            reading.note(Fault(rule="unknown-parameter", message=message, hint=nearest(path, catalogue())), place)
            continue
        try:
            checked[path] = spec.read(value)
        except Fault as fault:
            reading.note(fault, place)
    return checked


def _references(entries: Sequence[ReferenceEntry]) -> tuple[Reference, ...]:
    return tuple(Reference(title=entry.title, where=entry.where) for entry in entries)

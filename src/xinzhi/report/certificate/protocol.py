"""The protocol inside a certificate: written out, read back, and held against another one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from xinzhi.core.errors import XinzhiError
from xinzhi.core.finding import Finding, Severity, finding
from xinzhi.core.text import Text
from xinzhi.protocol import (
    Alternative,
    Dated,
    Exclusion,
    Fault,
    Parameter,
    Protocol,
    Reference,
    canonical,
    diff,
    load,
    plain,
    registry_files,
    specification,
    spell,
)
from xinzhi.report.certificate.schema import Departure, ProtocolPart


def describe(protocol: Protocol) -> ProtocolPart:
    """Return the part of a certificate that holds the protocol."""
    known = registered(protocol.id)
    changed = diff(known, protocol) if known else ()
    return ProtocolPart(
        id=protocol.id,
        version=protocol.version,
        fingerprint=protocol.fingerprint,
        departures={item.path: Departure(registered=plain(item.left), here=plain(item.right)) for item in changed},
        document=protocol.to_dict(),
    )


def registered(name: str) -> Protocol | None:
    """Return the protocol of the registry that has this id, if there is one."""
    return next((load(file) for file in registry_files() if file.stem == name), None)


def rebuild(document: Mapping[str, Any]) -> Protocol:
    """Return the protocol that `xinzhi.protocol.Protocol.to_dict` wrote out, every value checked anew."""
    return Protocol(
        id=document["id"],
        version=document["version"],
        title=Text(**document["title"]),
        status=document["status"],
        authority=Text(**document["authority"]),
        description=Text(**document["description"]),
        reference=_references(document["reference"]),
        extends=document["extends"],
        regions=tuple(document.get("regions", ())),
        parameters={path: _parameter(path, entry) for path, entry in document["parameters"].items()},
        exclude=tuple(
            Exclusion(
                when={path: _value(path, value) for path, value in entry["when"].items()},
                reason=Text(**entry["reason"]),
            )
            for entry in document["exclude"]
        ),
    )


def _parameter(path: str, entry: Mapping[str, Any]) -> Parameter:
    return Parameter(
        path=path,
        value=_value(path, entry["value"]),
        unit=entry["unit"],
        title=Text(**entry["title"]),
        description=Text(**entry["description"]),
        reference=_references(entry["reference"]),
        alternatives=tuple(
            Alternative(
                value=_value(path, item["value"]),
                used_by=tuple(item["used_by"]),
                used_for=tuple(item.get("used_for", ())),
                reference=_references(item["reference"]),
                note=Text(**item["note"]) if item["note"] else None,
            )
            for item in entry["alternatives"]
        ),
        origin=entry["origin"],
    )


def _value(path: str, value: Any) -> Any:  # noqa: ANN401 - the catalogue fixes the type
    dated = isinstance(value, dict) and value.keys() == {"dated"}
    try:
        return specification(path).read(Dated.of(value["dated"]) if dated else value)
    except Fault as fault:
        raise fault.below(path) from None


def _references(entries: Sequence[Mapping[str, str]]) -> tuple[Reference, ...]:
    return tuple(Reference(**entry) for entry in entries)


def compare_protocol(
    part: ProtocolPart, reference: Protocol | None, file: str, texts: Severity = "error"
) -> tuple[Protocol | None, list[Finding]]:
    """Return the protocol of a certificate, None where it cannot be used, and where it is not what it says it is.

    `texts` is how bad it is when titles, arguments or references are others: later versions of xinzhi may mend them.
    """
    try:
        protocol = rebuild(part.document)
    except (AttributeError, KeyError, TypeError, ValueError, XinzhiError, Fault) as error:
        problem = error.text if isinstance(error, XinzhiError | Fault) else error
        key = str(error.at[0]) if isinstance(error, Fault) else "protocol"
        return None, [finding("certificate.protocol-unusable", words={"problem": problem}, file=file, key=key)]
    found = []
    if protocol.fingerprint != part.fingerprint or (protocol.id, protocol.version) != (part.id, part.version):
        here, stated = protocol.fingerprint, part.fingerprint
        found.append(finding("certificate.protocol-altered", file=file, key="protocol", value=here, expected=stated))
    known = registered(part.id) if reference is None else reference
    if known is None:
        return protocol, [*found, finding("certificate.protocol-unregistered", file=file, key=part.id)]
    allowed = {} if reference is not None else part.departures
    found += _differences(protocol, known, allowed, file)
    if not found or all(one.severity != "error" for one in found):
        found += _texts(part.document, protocol, known, texts, file)
    return protocol, found


def _texts(
    told: Mapping[str, Any], protocol: Protocol, known: Protocol, severity: Severity, file: str
) -> Iterator[Finding]:
    """Yield where a protocol of the same values says other words than the known one, or words beside them."""
    own = [path for path, one in protocol.parameters.items() if one.origin == f"{protocol.id} (replaced)"]
    there = known.replace({path: protocol.parameters[path].value for path in own}).to_dict()
    ours, theirs = ({**document, **document["parameters"], "parameters": None} for document in (told, there))
    pairs = {name: (ours.get(name), theirs.get(name)) for name in ours.keys() | theirs.keys()}
    for place in sorted(name for name, (one, other) in pairs.items() if one != other):
        yield finding("certificate.protocol-text", severity=severity, file=file, key=place)


def _differences(protocol: Protocol, known: Protocol, allowed: Mapping[str, Departure], file: str) -> Iterator[Finding]:
    """Yield every respect in which a protocol is not the known one; a declared departure is only noted."""
    values = {item.path: (plain(item.left), plain(item.right)) for item in diff(known, protocol)}
    for path, (theirs, ours) in values.items():
        declared = path in allowed and plain(allowed[path].here) == ours
        rule = "certificate.departure" if declared else "certificate.parameter"
        yield finding(rule, file=file, key=path, value=spell(ours), expected=spell(theirs))
    for path, stated in allowed.items():
        theirs, ours = values.get(path, (None, None))
        if (plain(stated.registered), plain(stated.here)) != (theirs, ours):
            value, expected = f"{spell(theirs)} -> {spell(ours)}", f"{spell(stated.registered)} -> {spell(stated.here)}"
            yield finding("certificate.departure-altered", file=file, key=path, value=value, expected=expected)
    ours, theirs = json.loads(canonical(protocol)), json.loads(canonical(known))
    for name in ("id", "version", "status", "regions", "exclude"):
        here, stated = ours.get(name), theirs.get(name)
        if here != stated:
            yield finding("certificate.protocol-differs", file=file, key=name, value=str(here), expected=str(stated))
    for path in ours["parameters"].keys() & theirs["parameters"].keys():
        one, other = ours["parameters"][path], theirs["parameters"][path]
        if path not in values and one != other:
            yield finding("certificate.alternatives", file=file, key=path)

"""The tables of the data and the protocol: their digests, and where two packages or two protocols differ."""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

import polars as pl

from xinzhi.core.errors import XinzhiError
from xinzhi.core.finding import Finding, Place, finding
from xinzhi.core.provenance import fingerprint
from xinzhi.core.text import Text, read_words
from xinzhi.data import Package, tables_by_name
from xinzhi.protocol import (
    Alternative,
    DatedValue,
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
from xinzhi.protocol.internal import Adoption, attach, from_document
from xinzhi.report.certificate.schema import ColumnDigest, Departure, InputTable, ProtocolPart, is_reordered

T = TypeVar("T")
Stated: TypeAlias = str | int | list[str] | None

SEPARATOR = "/"  # rows stand by their key in two steps, so that a long key is not written once for every row
_MARK = 2  # characters of base64 for every cell: 12 bits, so that a changed cell stays unnamed once in 4,096 times


def describe(protocol: Protocol) -> ProtocolPart:
    """Return the part of a certificate that holds the protocol."""
    baseline = registry_protocol(protocol.id)
    changed = {item.path: item for item in (diff(baseline, protocol) if baseline else ())}
    paths = dict.fromkeys([*(path for path in protocol.departs if path in changed), *changed])
    return ProtocolPart(
        id=protocol.id,
        version=protocol.version,
        fingerprint=protocol.fingerprint,
        departures={
            path: Departure(registered=plain(changed[path].left), here=plain(changed[path].right)) for path in paths
        },
        document=protocol.to_dict(),
    )


def settings(protocol: Protocol) -> list[str]:
    """Return what departs from the protocol of its id as the call gave it, such as ``labour.unit=hours``."""
    return [f"{path}={spell(protocol.parameters[path].value)}" for path in protocol.departs]


def registry_protocol(name: str) -> Protocol | None:
    """Return the protocol of the registry that has this id, if there is one."""
    return next((load(file) for file in registry_files() if file.stem == name), None)


def rebuild(document: Mapping[str, Any]) -> Protocol:
    """Return the protocol that `xinzhi.protocol.Protocol.to_dict` wrote out, every value checked anew."""
    attributes = {name: document[name] for name in ("id", "version", "status", "extends")}
    if any(not isinstance(value, str) for name, value in attributes.items() if name != "extends" or value is not None):
        raise TypeError(attributes)
    texts: dict[str, Any] = {name: Text(**document[name]) for name in ("title", "authority", "description")}
    exclude = (
        Exclusion(
            when={path: _value(path, value) for path, value in entry["when"].items()}, reason=Text(**entry["reason"])
        )
        for entry in document["exclude"]
    )
    rules = Protocol(
        **attributes,
        **texts,
        reference=_references(document["reference"]),
        regions=tuple(document.get("regions", ())),
        parameters={path: _parameter(path, entry) for path, entry in document["parameters"].items()},
        exclude=tuple(exclude),
        adoption=_adoption(document),
        release_of=document.get("release_of"),
    )
    return attach(rules, from_document(document["release"])) if "release" in document else rules


def _adoption(document: Mapping[str, object]) -> Adoption | None:
    """Return the signature that a protocol was adopted by; a `ValueError` says that it is none of this rule."""
    if "adoption" not in document:
        return None
    adoption = Adoption.model_validate_json(json.dumps(document["adoption"]))
    if not adoption.is_of(str(document["fingerprint"])):
        raise ValueError(document["fingerprint"])
    return adoption


def _parameter(path: str, entry: Mapping[str, Any]) -> Parameter:
    alternatives = (
        Alternative(
            value=_value(path, item["value"]),
            used_by=tuple(item["used_by"]),
            used_for=tuple(item.get("used_for", ())),
            reference=_references(item["reference"]),
            note=Text(**item["note"]) if item["note"] else None,
        )
        for item in entry["alternatives"]
    )
    return Parameter(
        path=path,
        value=_value(path, entry["value"]),
        unit=entry["unit"],
        title=Text(**entry["title"]),
        description=Text(**entry["description"]),
        reference=_references(entry["reference"]),
        alternatives=tuple(alternatives),
        origin=entry["origin"],
    )


def _value(path: str, value: Any) -> Any:  # noqa: ANN401 - the catalogue fixes the type
    dated = isinstance(value, dict) and value.keys() == {"dated"}
    try:
        return specification(path).read(DatedValue.from_mapping(value["dated"]) if dated else value)
    except Fault as fault:
        raise fault.below(path) from None


def _references(entries: Sequence[Mapping[str, str]]) -> tuple[Reference, ...]:
    return tuple(Reference(**entry) for entry in entries)


def compare_protocol(
    part: ProtocolPart, reference: Protocol | None, file: str
) -> tuple[Protocol | None, list[Finding]]:
    """Return the protocol of a certificate, None where it cannot be used, and where it is not what it says it is."""
    try:
        protocol = rebuild(part.document)
    except (AttributeError, KeyError, TypeError, ValueError, XinzhiError, Fault) as error:
        problem = error.text if isinstance(error, XinzhiError | Fault) else error
        key = str(error.at[0]) if isinstance(error, Fault) else "protocol"
        return None, [finding("certificate.protocol-unusable", words={"problem": problem}, file=file, key=key)]
    findings = []
    if protocol.fingerprint != part.fingerprint or (protocol.id, protocol.version) != (part.id, part.version):
        actual, stated = protocol.fingerprint, part.fingerprint
        findings.append(
            finding("certificate.protocol-altered", file=file, key="protocol", value=actual, expected=stated)
        )
    baseline = registry_protocol(part.id) if reference is None else reference
    if baseline is None:
        findings.append(finding("certificate.protocol-unregistered", file=file, key=part.id))
    else:
        findings += _differences(protocol, baseline, {} if reference is not None else part.departures, file)
    if all(entry.severity != "error" for entry in findings):
        findings += _texts(part.document, protocol, baseline or protocol, file)
    return protocol, findings


def _texts(stated: Mapping[str, Any], protocol: Protocol, baseline: Protocol, file: str) -> Iterator[Finding]:
    """Yield where a protocol of the same values says other words than the known one, words beside them, or reorders."""
    replaced = [
        path for path, parameter in protocol.parameters.items() if parameter.origin == f"{protocol.id} (replaced)"
    ]
    departed = baseline.replace({path: protocol.parameters[path].value for path in replaced})
    expected = (departed if protocol.release is None else attach(departed, protocol.release)).to_dict()
    ours, theirs = ({**document, **document["parameters"], "parameters": None} for document in (stated, expected))
    pairs = {name: (ours.get(name), theirs.get(name)) for name in ours.keys() | theirs.keys()}
    places = sorted(name for name, (first, second) in pairs.items() if first != second)
    yield from (finding("certificate.protocol-text", file=file, key=place) for place in places)
    if not places and is_reordered(stated, expected):
        yield finding("certificate.reordered", file=file, key="protocol")


def _differences(
    protocol: Protocol, baseline: Protocol, allowed: Mapping[str, Departure], file: str
) -> Iterator[Finding]:
    """Yield every respect in which a protocol is not the known one; a declared departure is only noted."""
    values = {item.path: (plain(item.left), plain(item.right)) for item in diff(baseline, protocol)}
    for path, (theirs, ours) in values.items():
        declared = path in allowed and plain(allowed[path].here) == ours
        rule = "certificate.departure" if declared else "certificate.parameter"
        yield finding(rule, file=file, key=path, value=spell(ours), expected=spell(theirs))
    for path, stated in allowed.items():
        theirs, ours = values.get(path, (None, None))
        if (plain(stated.registered), plain(stated.here)) != (theirs, ours):
            value, expected = f"{spell(theirs)} -> {spell(ours)}", f"{spell(stated.registered)} -> {spell(stated.here)}"
            yield finding("certificate.departure-altered", file=file, key=path, value=value, expected=expected)
    ours, theirs = json.loads(canonical(protocol)), json.loads(canonical(baseline))
    for name in ("id", "version", "status", "regions", "exclude"):
        actual, stated = ours.get(name), theirs.get(name)
        if actual != stated:
            yield finding("certificate.protocol-differs", file=file, key=name, value=str(actual), expected=str(stated))
    for path in ours["parameters"].keys() & theirs["parameters"].keys():
        if path not in values and ours["parameters"][path] != theirs["parameters"][path]:
            yield finding("certificate.alternatives", file=file, key=path)


def digest_tables(package: Package, inputs: Collection[str]) -> dict[str, InputTable]:
    """Return the digests of every table of a package, with those of single cells for the tables that were read."""
    return {name: _digest(package, name, is_input=name in inputs) for name in sorted(package.tables)}


def _digest(package: Package, name: str, *, is_input: bool) -> InputTable:
    frame, units = package.tables[name], package.units.get(name, {})
    table = tables_by_name().get(name)
    key = [column for column in table.key if column in frame.columns] if table else []
    columns = {
        column: ColumnDigest(unit=units.get(column), sha256=fingerprint(frame.select(column), {}))
        for column in sorted(frame.columns)
    }
    return InputTable(
        sha256=package.fingerprint(name),
        rows=frame.height,
        read=is_input,
        key=key,
        columns=columns,
        cells=_cells(frame, key) if is_input and key else None,
    )


def _cells(frame: pl.DataFrame, key: Sequence[str]) -> dict[str, dict[str, str]]:
    marks = [_marks(frame[column]) for column in _value_columns(frame.columns, key)]
    if not marks:
        marks = [[""] * frame.height]
    rows = sorted(zip(keys(frame, key), ("".join(row) for row in zip(*marks, strict=True)), strict=True))
    return nest(*zip(*rows, strict=True)) if rows else {}


def _value_columns(columns: Iterable[str], key: Sequence[str]) -> list[str]:
    """Return the columns that are not part of the key, in the order of their marks."""
    return sorted(column for column in columns if column not in key)


def _marks(column: pl.Series) -> list[str]:
    """Return the mark of every cell: the head of the sha256 of its value, in base64."""
    cells = column.fill_nan(None).to_list() if column.dtype.is_float() else column.to_list()
    marks: dict[object, str] = {}
    for value in set(cells):
        # A letter in front keeps a text from passing for a number; adding zero makes one of the two zeros.
        number = isinstance(value, int | float)
        raw = b"n" + struct.pack("<d", value + 0.0) if number else b"t" + str(value).encode()
        mark = hashlib.sha256(b"" if value is None else raw).digest()
        marks[value] = base64.b64encode(mark[:3])[:_MARK].decode()
    return [marks[value] for value in cells]


def compare_tables(stated: Mapping[str, InputTable], package: Package) -> Iterator[Finding]:
    """Yield what differs between the tables of a certificate and those of a package, by name."""
    recomputed = digest_tables(package, [name for name, table in stated.items() if table.cells is not None])
    findings = [finding("certificate.table-missing", table=name) for name in stated if name not in package.tables]
    findings += [finding("certificate.table-extra", table=name) for name in package.tables if name not in stated]
    for name, table in stated.items():
        if name in package.tables:  # whatever its digest says: who changes a part may have changed the digest too
            findings += _compare(name, table, recomputed[name], package)
    documents = [{name: table.model_dump() for name, table in side.items()} for side in (stated, recomputed)]
    if not findings and is_reordered(*documents):
        findings.append(finding("certificate.reordered", key="tables"))
    yield from findings


def _compare(name: str, stated: InputTable, recomputed: InputTable, package: Package) -> Iterator[Finding]:
    findings = [
        *_columns(name, stated, recomputed),
        *_rows(name, stated, recomputed, package),
        *_values(name, stated, recomputed, package),
    ]
    if all(entry.column is not None for entry in findings):  # the same rows
        common = stated.columns.keys() & recomputed.columns.keys() - {entry.column for entry in findings}
        differing = sorted(
            column for column in common if stated.columns[column].sha256 != recomputed.columns[column].sha256
        )
        findings += [finding("certificate.column-differs", table=name, column=column) for column in differing]
    findings += mismatch("key", recomputed.key, stated.key, table=name)
    if not findings and stated.sha256 != recomputed.sha256:
        findings.append(finding("certificate.table-differs", table=name))
    yield from findings


def _columns(name: str, stated: InputTable, recomputed: InputTable) -> Iterator[Finding]:
    missing = [column for column in stated.columns if column not in recomputed.columns]
    new = [column for column in recomputed.columns if column not in stated.columns]
    yield from (finding("certificate.column-missing", table=name, column=column) for column in missing)
    yield from (finding("certificate.column-extra", table=name, column=column) for column in new)
    for column in sorted(stated.columns.keys() & recomputed.columns.keys()):
        before, now = stated.columns[column].unit, recomputed.columns[column].unit
        if before != now:
            yield finding("certificate.unit", table=name, column=column, value=now or "-", expected=before or "-")


def _rows(name: str, stated: InputTable, recomputed: InputTable, package: Package) -> Iterator[Finding]:
    rows = recomputed.rows if stated.cells is None else len(flat(stated.cells))
    if stated.rows != rows:
        yield finding("certificate.row-count", table=name, value=str(recomputed.rows), expected=str(stated.rows))
    if stated.cells is None or recomputed.cells is None:
        return
    old, new = flat(stated.cells), flat(recomputed.cells)
    counted = Counter(join_key(*key) for key in keys(package.tables[name], recomputed.key))
    yield from limit_findings("certificate.row-missing", name, [key for key in old if key not in new])
    yield from limit_findings("certificate.row-extra", name, [key for key in new if key not in old])
    yield from limit_findings("certificate.row-twice", name, [key for key, count in counted.items() if count > 1])


def _values(name: str, stated: InputTable, recomputed: InputTable, package: Package) -> Iterator[Finding]:
    """Yield the cells whose marks differ."""
    if stated.cells is None or recomputed.cells is None:
        return
    old, new = flat(stated.cells), flat(recomputed.cells)
    frame = package.tables[name]
    line = {join_key(*key): number for number, key in enumerate(keys(frame, recomputed.key))}
    origin, explained = package.origins.get(name), set[str]()
    starts = {column: number * _MARK for number, column in enumerate(_value_columns(stated.columns, stated.key))}
    for number, column in enumerate(_value_columns(recomputed.columns, recomputed.key)):
        if column not in starts:
            continue
        old_start, new_start = starts[column], number * _MARK
        differing = [
            key
            for key, marks in old.items()
            if key in new and marks[old_start : old_start + _MARK] != new[key][new_start : new_start + _MARK]
        ]
        explained.update(differing)
        places: dict[str, Place] = {}
        for key in differing:
            cell = frame[column][line[key]]
            places[key] = {"value": "-" if cell is None else str(cell)}
            if origin is not None:
                places[key] |= {"file": origin.file, "line": int(origin.lines[line[key]])}
        yield from limit_findings("certificate.cell", name, differing, column=column, places=places)
    if stated.columns.keys() == recomputed.columns.keys():  # marks that belong to no column
        odd = [key for key, marks in old.items() if key in new and key not in explained and marks != new[key]]
        yield from limit_findings("certificate.row-marks", name, odd)


def mismatch(
    key: str, actual: Stated, stated: Stated, *, table: str | None = None, rule: str = "stated"
) -> Iterator[Finding]:
    """Yield that a certificate states something else than there is."""
    if actual != stated:
        value, expected = (", ".join(side) if isinstance(side, list) else str(side or "") for side in (actual, stated))
        yield finding(f"certificate.{rule}", table=table, key=key, value=value or "-", expected=expected or "-")


def keys(frame: pl.DataFrame, key: Sequence[str]) -> list[tuple[str, str]]:
    """Return the key of every row: all parts but the last, joined, and the last."""
    parts = frame.select(pl.col(key).cast(pl.String).fill_null("")).rows()
    return [(SEPARATOR.join(heads), last) for *heads, last in parts]


def nest(names: Iterable[tuple[str, str]], values: Iterable[T]) -> dict[str, dict[str, T]]:
    """Return values by the two steps of their keys."""
    nested: dict[str, dict[str, T]] = {}
    for (head, last), value in zip(names, values, strict=True):
        nested.setdefault(head, {})[last] = value
    return nested


def flat(nested: Mapping[str, Mapping[str, T]]) -> dict[str, T]:
    """Return values by their whole keys, such as ``220000/2017``."""
    return {join_key(head, last): value for head, below in nested.items() for last, value in below.items()}


def join_key(head: str, last: str) -> str:
    """Return the whole key of its two steps."""
    return f"{head}{SEPARATOR}{last}" if head else last


def limit_findings(
    rule: str,
    table: str,
    differing: Sequence[str],
    *,
    column: str | None = None,
    places: Mapping[str, Place] | None = None,
) -> Iterator[Finding]:
    """Yield a finding for every row of `differing`, up to the limit, and one that counts the others."""
    limit = int(read_words("pages/certificate.yaml")["limits"]["named"])
    for key in differing[:limit]:
        place: Place = {"table": table, "column": column, "key": key}
        yield finding(rule, **(place | places[key] if places else place))
    if more := differing[limit:]:
        words = {"count": len(more), "first": more[0], "last": more[-1]}
        yield finding(f"{rule}-more", words=words, table=table, column=column)

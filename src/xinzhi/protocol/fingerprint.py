"""The fingerprint: one sha256 that names a whole yardstick."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from xinzhi.protocol.dated import Dated

if TYPE_CHECKING:
    from xinzhi.protocol.model import Protocol

# Part of what is digested, so that a later change of the canonical text cannot pass for the old one.
_FORMAT = "xinzhi-protocol-1"

# The one key inside a value that is prose: the source of a row of capital.initial_table.
_PROSE = "reference"


def fingerprint(protocol: Protocol) -> str:
    """Return the sha256 of the canonical text of a protocol, as 64 hexadecimal digits.

    Examples
    --------
    >>> import xinzhi.protocol
    >>> len(fingerprint(xinzhi.protocol.load("xinzhi-cn-2026")))
    64
    """
    return hashlib.sha256(canonical(protocol).encode()).hexdigest()


def canonical(protocol: Protocol) -> str:
    """Return the text that is digested: JSON with sorted keys and the shortest form of every number.

    It holds what decides a computation or its standing: id, version, status; the value (or dated values) and unit of
    every parameter; the values of the alternatives, which an audit computes from; and the excluded combinations. The
    order of alternatives and of exclusions does not count.

    It leaves out what only persons read: titles, authority, descriptions, references, notes, and who uses an
    alternative, so that a mended translation is no new yardstick; and `extends`, so that a file that writes everything
    out equals one that inherits it.

    Examples
    --------
    >>> import xinzhi.protocol
    >>> canonical(xinzhi.protocol.load("solow-1957"))[:40]
    '{"exclude":[],"format":"xinzhi-protocol-'
    """
    document = {
        "format": _FORMAT,
        "id": protocol.id,
        "version": protocol.version,
        "status": protocol.status,
        "parameters": {
            path: {
                "value": _bare(plain(item.value)),
                "unit": item.unit,
                "alternatives": sorted({_json(_bare(plain(other.value))) for other in item.alternatives}),
            }
            for path, item in protocol.parameters.items()
        },
        "exclude": sorted({_json(_bare(plain(item.when))) for item in protocol.exclude}),
    }
    return _json(document)


def plain(value: object) -> object:
    """Return a value as JSON can hold it: lists for tuples, ISO dates for the keys of dated values.

    Examples
    --------
    >>> plain(Dated.of({1952: "geometric", 1994: "reported"}))
    {'dated': {'1952-01-01': 'geometric', '1994-01-01': 'reported'}}
    """
    if isinstance(value, Dated):
        return {"dated": {start.isoformat(): plain(item) for start, item in value.entries}}
    if isinstance(value, dict):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    return value


def spell(value: object) -> str:
    """Return a value for a person: ``geometric``, ``0.096``, ``geometric from 1952-01-01, reported from 1994-01-01``.

    A blank is spelt as a dash.

    Examples
    --------
    >>> spell(((4.0, 0.134), (None, 0.068)))
    '[[4.0, 0.134], [null, 0.068]]'
    >>> spell(None)
    '-'
    """
    if value is None:
        return "-"
    if isinstance(value, Dated):
        return ", ".join(f"{spell(item)} from {start.isoformat()}" for start, item in value.entries)
    if isinstance(value, str):
        return value
    return json.dumps(_bare(plain(value)), ensure_ascii=False)


def _bare(value: object) -> object:
    if isinstance(value, dict):
        return {name: _bare(item) for name, item in value.items() if name != _PROSE}
    if isinstance(value, list):
        return [_bare(item) for item in value]
    return value


def _json(document: object) -> str:
    return json.dumps(document, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))

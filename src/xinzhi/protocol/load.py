"""Load protocols by id or path, and list the registry."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from xinzhi.core.errors import InputError, ProtocolError, UsageError
from xinzhi.core.finding import Finding, finding, listed
from xinzhi.protocol.model import Protocol
from xinzhi.protocol.reading import REGISTRY, SUFFIXES, registry_files, resolve
from xinzhi.protocol.values import nearest

IMPOSTOR = "id-taken"


def load(name_or_path: str | Path | Protocol) -> Protocol:
    """Return a protocol with everything it inherits.

    Parameters
    ----------
    name_or_path
        An id of the registry, or the path of a file that ends in ``.yaml`` or ``.yml``; a protocol is handed back.

    Raises
    ------
    UsageError
        When the registry has no such id; names the nearest one.
    InputError
        When there is no such file.
    ProtocolError
        When the file is no valid protocol; says every place, fault and cure.

    Examples
    --------
    >>> load("zhang-2004").value("capital.depreciation")
    0.096
    """
    if isinstance(name_or_path, Protocol):
        return name_or_path
    path = find(name_or_path)
    return _shipped(path) if path.parent == REGISTRY else _read(path)


@cache
def _shipped(path: Path) -> Protocol:
    """Return a protocol of the registry, read once."""
    return _read(path)


def _read(path: Path) -> Protocol:
    protocol, findings = resolve(path)
    findings = (*findings, *impostor(protocol, path))
    if protocol is None or any(finding.rule == IMPOSTOR for finding in findings):
        errors = [finding for finding in findings if finding.severity == "error"]
        raise ProtocolError("protocol.invalid", file=path.name, what=listed(errors))
    return protocol


def registry() -> tuple[Protocol, ...]:
    """Return the protocols that ship with xinzhi, by id.

    Examples
    --------
    >>> "xinzhi-cn-2026" in [protocol.id for protocol in registry()]
    True
    """
    return tuple(load(path) for path in registry_files())


def impostor(protocol: Protocol | None, path: Path) -> tuple[Finding, ...]:
    """Return what is wrong when a file bears the id of a registered protocol and is not that protocol."""
    known = {file.stem: file for file in registry_files()}
    if protocol is None or protocol.id not in known or known[protocol.id].resolve() == path.resolve():
        return ()
    registered, _ = resolve(known[protocol.id])
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
    known = {file.stem: file for file in registry_files()}
    if name_or_path not in known:
        raise UsageError("protocol.unknown-id", name=name_or_path, near=nearest(name_or_path, known))
    return known[name_or_path]

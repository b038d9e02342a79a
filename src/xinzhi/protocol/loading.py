"""Load protocols by id or path, and list the registry."""

from __future__ import annotations

from pathlib import Path

from xinzhi.core.errors import InputError, ProtocolError, UsageError
from xinzhi.core.finding import Finding
from xinzhi.core.text import Text
from xinzhi.protocol.fault import nearest
from xinzhi.protocol.model import Protocol
from xinzhi.protocol.resolving import SUFFIXES, registry_files, resolve

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
    protocol, findings = resolve(path)
    findings = (*findings, *impostor(protocol, path))
    if protocol is None or any(finding.rule == IMPOSTOR for finding in findings):
        errors = [finding.sentence() for finding in findings if finding.severity == "error"]
        message = "\n".join([f"{path.name} is no valid protocol.", *errors])
        raise ProtocolError(message)
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
    finding = Finding(
        rule=IMPOSTOR,
        severity="error",
        message=Text(
            zh=f"编号“{protocol.id}”属于登记的协议，本文件的取值与之不同。",
            en=f"the id '{protocol.id}' belongs to a registered protocol, and this file has other values.",
        ),
        hint=Text(
            zh="请另取编号，并用 extends 注明所依据的协议。",
            en="Give it an id of its own, and name the other under extends.",
        ),
        file=path.name,
        key="id",
        value=protocol.id,
    )
    return (finding,)


def find(name_or_path: str | Path) -> Path:
    """Return the file of a registry id or path.

    Raises
    ------
    UsageError, InputError
        When there is no such id or file.
    """
    path = Path(name_or_path)
    if isinstance(name_or_path, Path) or path.suffix in SUFFIXES:
        if not path.is_file():
            message = f"{path}: there is no such file. Check the path, or see the registry with `xinzhi protocol list`."
            raise InputError(message)
        return path
    known = {file.stem: file for file in registry_files()}
    if name_or_path not in known:
        message = f"unknown protocol '{name_or_path}'. {nearest(name_or_path, known).en} A file has to end in .yaml."
        raise UsageError(message)
    return known[name_or_path]

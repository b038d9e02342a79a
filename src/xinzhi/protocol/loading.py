"""Load protocols by id or path, and list the registry."""

from __future__ import annotations

from pathlib import Path

from xinzhi.core.errors import InputError, ProtocolError, UsageError
from xinzhi.protocol.fault import nearest
from xinzhi.protocol.model import Protocol
from xinzhi.protocol.resolving import SUFFIXES, registry_files, resolve


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
    if protocol is None:
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

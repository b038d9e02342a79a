"""Check a protocol file: everything that is wrong or missing, each with its line and the cure."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from xinzhi.core import yamlfile
from xinzhi.core.finding import Finding, finding
from xinzhi.protocol.catalogue import specification
from xinzhi.protocol.load import find, impostor
from xinzhi.protocol.model import Parameter, Protocol, spell
from xinzhi.protocol.reading import resolve


def check(name_or_path: str | Path) -> tuple[Finding, ...]:
    """Return everything that is wrong with a protocol file (or with a protocol of the registry).

    Errors make the file unusable or refuse a computation: a fault of form, a value that is not allowed, a parameter
    that is needed and blank, the status ``unverified``. Warnings do not: a value without an argument or a source, an
    alternative that nobody is said to use, a combination that the protocol itself excludes.

    Raises
    ------
    UsageError, InputError
        When there is no such protocol or file.

    Examples
    --------
    >>> [finding.key for finding in check("shan-2008")]
    ['capital.initial_rule']
    """
    path = find(name_or_path)
    protocol, findings = resolve(path)
    if protocol is None:
        return findings
    source = yamlfile.read(path)
    findings = (*findings, *impostor(protocol, path))
    return (*findings, *_standing(protocol, source), *_blank(protocol, source), *_argument(protocol, source))


def _standing(protocol: Protocol, source: yamlfile.Source) -> Iterator[Finding]:
    if protocol.status == "unverified":
        yield _at(source, "unverified", ("status",))
    exclusion = protocol.excluded()
    if exclusion is not None:
        yield _at(source, "excluded", ("parameters",), key=", ".join(exclusion.when), reason=exclusion.reason)


def _blank(protocol: Protocol, source: yamlfile.Source) -> Iterator[Finding]:
    for path in protocol.blank():
        yield _at(source, "blank", ("parameters", *path.split(".")), key=path, title=specification(path).title)


def _argument(protocol: Protocol, source: yamlfile.Source) -> Iterator[Finding]:
    """Warn where this file gives a value without saying why, or an alternative without saying whose."""
    for path, parameter in protocol.parameters.items():
        place = ("parameters", *path.split("."))
        if place not in source.lines:
            continue
        if parameter.description is specification(path).description:
            yield _at(source, "no-description", place, key=path)
        if not parameter.reference:
            yield _at(source, "no-reference", place, key=path)
        if (*place, "alternatives") in source.lines:
            yield from _alternatives(parameter, source, (*place, "alternatives"))


def _alternatives(parameter: Parameter, source: yamlfile.Source, place: tuple[str, ...]) -> Iterator[Finding]:
    for position, item in enumerate(parameter.alternatives):
        here, shown = (*place, str(position)), spell(item.value)
        if item.value == parameter.value:
            yield _at(source, "same-value", here, key=parameter.path, shown=shown)
        if not (item.used_by or item.reference or item.note):
            yield _at(source, "no-source", here, key=parameter.path, shown=shown)
        if item.used_for and not item.reference:
            yield _at(source, "no-use", here, key=parameter.path, shown=shown)


def _at(
    source: yamlfile.Source, what: str, place: tuple[object, ...], *, key: str | None = None, **words: object
) -> Finding:
    return finding(f"protocol.{what}", words=words, file=source.file, line=source.line(place), key=key)

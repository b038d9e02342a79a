"""What a protocol changes in another, and what is blank or wrong in one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from xinzhi.core import yamlfile
from xinzhi.core.finding import Finding, finding
from xinzhi.core.text import Text
from xinzhi.protocol.catalogue import catalogue, specification
from xinzhi.protocol.load import find, impostor, load
from xinzhi.protocol.model import Parameter, Protocol, plain, spell
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One parameter in which two protocols differ: its value (or `Dated` values) in each, None where there is none."""

    path: str
    title: Text
    unit: str
    left: Any
    right: Any

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary."""
        return {
            "path": self.path,
            "title": asdict(self.title),
            "unit": self.unit,
            "left": plain(self.left),
            "right": plain(self.right),
        }


def diff(left: str | Path | Protocol, right: str | Path | Protocol) -> tuple[Difference, ...]:
    """Return the parameters whose values differ, in the order of the catalogue.

    Examples
    --------
    >>> [(item.path, item.left, item.right) for item in diff("zhang-2004", "chenpu-2021")][0]
    ('capital.investment_after_official', 'extrapolated', 'stop')
    """
    one, other = load(left), load(right)
    pairs = ((spec, _value(one, path), _value(other, path)) for path, spec in catalogue().items())
    return tuple(
        Difference(path=spec.path, title=spec.title, unit=spec.unit, left=a, right=b) for spec, a, b in pairs if a != b
    )


def _value(protocol: Protocol, path: str) -> Any:  # noqa: ANN401 - the catalogue fixes the type
    return protocol.parameters[path].value if path in protocol.parameters else None

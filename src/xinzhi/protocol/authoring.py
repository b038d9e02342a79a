"""For who writes a protocol: what it changes in another, what is blank or wrong in it, and a file to start from."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from xinzhi.core import yamlfile
from xinzhi.core.errors import InputError, UsageError, system_reason
from xinzhi.core.finding import Finding, finding
from xinzhi.core.text import Text
from xinzhi.protocol.adoption import adoption_path, read_adoption
from xinzhi.protocol.model import Parameter, Protocol, plain, spell
from xinzhi.protocol.parameters import DatedValue, catalogue, groups, specification
from xinzhi.protocol.reading import SUFFIXES, find, impostor, load, resolve


def check(name_or_path: str | Path) -> tuple[Finding, ...]:
    """Return everything that is wrong with a protocol file (or with a protocol of the registry).

    Errors make the file unusable or refuse a computation: a fault of form, a value that is not allowed, a parameter
    that is needed and blank, the status ``unverified``. Warnings do not: a value without an argument or a source, an
    alternative that nobody is said to use, a combination that the protocol itself excludes.

    >>> [finding.key for finding in check("shan-2008")]
    ['capital.initial_rule']
    """
    path = find(name_or_path)
    protocol, findings = resolve(path)
    if protocol is None:
        return findings
    source = yamlfile.read(path)
    findings = (*findings, *impostor(protocol, path), *adoption_faults(protocol, path))
    if protocol.status == "unverified":
        findings = (*findings, _at(source, "unverified", ("status",)))
    if (exclusion := protocol.excluded_combination()) is not None:
        key = ", ".join(exclusion.when)
        findings = (*findings, _at(source, "excluded", ("parameters",), key=key, reason=exclusion.reason))
    blank = (
        _at(source, "blank", ("parameters", *path.split(".")), key=path, title=specification(path).title)
        for path in protocol.blank()
    )
    return (*findings, *blank, *_argument(protocol, source))


def adoption_faults(protocol: Protocol, name_or_path: str | Path) -> Iterator[Finding]:
    """Warn of a signature beside a protocol file that is not one of this rule, or adopts what is not called adopted."""
    path = find(name_or_path)
    adoption = read_adoption(path)
    if adoption is None:
        return
    place = adoption_path(path).name
    if not adoption.is_of(protocol.fingerprint):
        yield finding("protocol.adoption-other", file=place, key="fingerprint", value=adoption.fingerprint[:12])
    elif protocol.status != "adopted":
        yield finding("protocol.adoption-idle", file=place, key="status", value=protocol.status)


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
    for position, alternative in enumerate(parameter.alternatives):
        key_path, text = (*place, str(position)), spell(alternative.value)
        if alternative.value == parameter.value:
            yield _at(source, "same-value", key_path, key=parameter.path, shown=text)
        if not (alternative.used_by or alternative.reference or alternative.note):
            yield _at(source, "no-source", key_path, key=parameter.path, shown=text)
        if alternative.used_for and not alternative.reference:
            yield _at(source, "no-use", key_path, key=parameter.path, shown=text)


def _at(
    source: yamlfile.Source, what: str, place: tuple[object, ...], *, key: str | None = None, **words: object
) -> Finding:
    return finding(f"protocol.{what}", words=words, file=source.file, line=source.line(place), key=key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One parameter in which two protocols differ: its value (or `DatedValue`) in each, None where there is none."""

    path: str
    title: Text
    unit: str
    left: object
    right: object

    def to_dict(self) -> dict[str, object]:
        """Return a JSON-ready dictionary."""
        return {
            "path": self.path,
            "title": asdict(self.title),
            "unit": self.unit,
            "left": plain(self.left),
            "right": plain(self.right),
        }


def diff(left: str | Path | Protocol, right: str | Path | Protocol) -> tuple[Difference, ...]:
    """Return the parameters whose values differ, in the order of the catalogue; series of a release are none of them.

    >>> [(item.path, item.left, item.right) for item in diff("zhang-2004", "chenpu-2021")][0]
    ('capital.investment_after_official', 'extrapolated', 'stop')
    """
    first, second = load(left), load(right)

    def value(protocol: Protocol, path: str) -> object:
        parameter = protocol.parameters.get(path)
        return None if parameter is None or parameter.released else parameter.value

    pairs = ((spec, value(first, path), value(second, path)) for path, spec in catalogue().items())
    return tuple(
        Difference(path=spec.path, title=spec.title, unit=spec.unit, left=a, right=b) for spec, a, b in pairs if a != b
    )


_HEAD = Path(__file__).with_name("new.txt")  # what a new file begins with


def new(path: str | Path, *, extends: str = "xinzhi-cn-2026") -> Path:
    """Write a commented template and return its path; the file appears complete or not at all.

    Parameters
    ----------
    path
        A new file that ends in ``.yaml`` or ``.yml``; its name becomes the id.
    extends
        The protocol of the registry that it starts from.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     load(new(Path(folder, "liaoning.yaml"))).value("capital.depreciation")
    0.096
    """
    target = Path(path)
    if target.suffix not in SUFFIXES:
        raise UsageError("protocol.ending", path=target)
    if target.exists():
        raise UsageError("protocol.exists", path=target)
    text = template(load(extends), target)
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        temporary.write_text(text, encoding="utf-8", newline="\n")
        temporary.replace(target)
    except OSError as error:
        raise InputError("protocol.unwritable", path=target, reason=system_reason(error)) from None
    finally:
        temporary.unlink(missing_ok=True)
    return target


def template(base: Protocol, target: Path) -> str:
    """Return the text of the template that `new` writes to `target`."""
    identity = re.sub(r"[^a-z0-9.-]+", "-", target.stem.lower()).strip("-.") or "my-protocol"
    head = _HEAD.read_text("utf-8").format(
        title_zh=base.title.zh,
        title_en=base.title.en,
        base=base.id,
        file=target.name,
        id=identity if identity != base.id else f"{identity}-variant",
    )
    parts = [head]
    for name, title in groups().items():
        if entries := [
            _parameter(parameter) for path, parameter in base.parameters.items() if path.startswith(f"{name}.")
        ]:
            parts += [f"#  {name}:  # {title.zh} {title.en}\n", *entries]
    return "".join(parts)


def _parameter(parameter: Parameter) -> str:
    spec = catalogue()[parameter.path]
    choices = f"{{{', '.join(spec.allowed)}}}" if spec.allowed else f"{spec.unit} {spec.bounds}"
    used = ", ".join(spell(alternative.value) for alternative in parameter.alternatives)
    lines = [
        f"    # {spec.title.zh} {spec.title.en}: {choices}",
        *([f"    # 他处采用 used elsewhere: {used}"] if used else []),
        f"    {parameter.path.partition('.')[2]}:",
        *(f"      {line}" for line in _value(parameter)),
        "      description: {zh: 理由, en: the reason}",
        "      reference: [{title: 来源 source, where: 位置 place in it}]",
    ]
    return "".join(f"#{line}\n" for line in lines)


def _value(parameter: Parameter) -> list[str]:
    value = parameter.value
    if isinstance(value, DatedValue):
        return ["values:", *(f"  {start.isoformat()}: {_word(version)}" for start, version in value.entries)]
    return [f"value: {_word(value)}"]


def _word(value: object) -> str:
    """Write a value on one line; JSON is YAML too, and choices are bare words."""
    return value if isinstance(value, str) else json.dumps(plain(value), ensure_ascii=False)

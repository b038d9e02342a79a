"""Check a protocol file: everything that is wrong or missing, each with its line and the cure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinzhi.core.finding import Finding, Severity
from xinzhi.core.text import Text
from xinzhi.protocol import yamlfile
from xinzhi.protocol.catalogue import specification
from xinzhi.protocol.fingerprint import spell
from xinzhi.protocol.loading import find, impostor
from xinzhi.protocol.resolving import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from xinzhi.protocol.model import Protocol
    from xinzhi.protocol.parameter import Parameter


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
        yield _finding(
            source,
            ("unverified", "error"),
            ("status",),
            Text(
                zh="状态为 unverified（本身或所继承的协议）：取值未与来源核对，不予计算。",
                en="the status is unverified, its own or an inherited one, so nothing is computed.",
            ),
            Text(
                zh="核对来源后改为 published 或 proposed。",
                en="Check them against the source, then write published or proposed.",
            ),
        )
    exclusion = protocol.excluded()
    if exclusion is not None:
        yield _finding(
            source,
            ("excluded", "warning"),
            ("parameters",),
            Text(
                zh=f"取值组合已被排除：{exclusion.reason.zh}",
                en=f"the values form an excluded combination: {exclusion.reason.en}",
            ),
            Text(zh="请更改其中一个取值。", en="Change one of them."),
            key=", ".join(exclusion.when),
        )


def _blank(protocol: Protocol, source: yamlfile.Source) -> Iterator[Finding]:
    for path in protocol.blank():
        title = specification(path).title
        yield _finding(
            source,
            ("blank", "error"),
            ("parameters", *path.split(".")),
            Text(
                zh=f"计算需要的参数“{title.zh}”为空，计算会拒绝。",
                en=f"the computation needs the {title.en}, which is blank, and refuses.",
            ),
            Text(zh="请填写，或用 extends 继承。", en="Fill it, or inherit it with `extends`."),
            key=path,
        )


def _argument(protocol: Protocol, source: yamlfile.Source) -> Iterator[Finding]:
    """Warn where this file gives a value without saying why, or an alternative without saying whose."""
    for path, parameter in protocol.parameters.items():
        place = ("parameters", *path.split("."))
        if place not in source.lines:
            continue
        if parameter.description is specification(path).description:
            yield _finding(
                source,
                ("no-description", "warning"),
                place,
                Text(zh="没有说明取值的理由。", en="nothing says why the value is taken."),
                Text(zh="请写 description: {zh, en}。", en="Write a `description` in zh and en."),
                key=path,
            )
        if not parameter.reference:
            yield _finding(
                source,
                ("no-reference", "warning"),
                place,
                Text(zh="没有来源。", en="the value has no source."),
                Text(zh="请写 reference: [{title, where}]。", en="Write a `reference` with title and where."),
                key=path,
            )
        if (*place, "alternatives") in source.lines:
            yield from _alternatives(parameter, source, (*place, "alternatives"))


def _alternatives(parameter: Parameter, source: yamlfile.Source, place: tuple[str, ...]) -> Iterator[Finding]:
    for position, item in enumerate(parameter.alternatives):
        here, value = (*place, str(position)), spell(item.value)
        if item.value == parameter.value:
            yield _finding(
                source,
                ("same-value", "warning"),
                here,
                Text(zh=f"替代取值 {value} 就是采用的取值。", en=f"the alternative {value} is the value itself."),
                Text(zh="请删去。", en="Remove it."),
                key=parameter.path,
            )
        if not (item.used_by or item.reference or item.note):
            yield _finding(
                source,
                ("no-source", "warning"),
                here,
                Text(zh=f"没有说明替代取值 {value} 由谁采用。", en=f"nothing says who uses the alternative {value}."),
                Text(zh="请写 used_by、reference 或 note。", en="Write `used_by`, `reference` or `note`."),
                key=parameter.path,
            )


def _finding(
    source: yamlfile.Source,
    kind: tuple[str, Severity],
    place: tuple[object, ...],
    message: Text,
    hint: Text,
    *,
    key: str | None = None,
) -> Finding:
    rule, severity = kind
    return Finding(
        rule=rule,
        severity=severity,
        message=message,
        hint=hint,
        file=source.file,
        line=source.line(place),
        key=key,
    )

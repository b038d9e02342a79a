"""What is wrong with an indicator system or its data: findings of the catalogue, and the error that carries them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from xinzhi.core.errors import InputError
from xinzhi.core.finding import finding as core_finding
from xinzhi.core.text import LANGUAGES, Text, words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xinzhi.core.finding import Finding

_SHOWN = 8


def finding(rule: str, *, place: Mapping[str, Any] | None = None, **values: object) -> Finding:
    """Return a finding of ``words/messages/sectors.yaml``, with its message filled in."""
    return core_finding(f"sectors.{rule}", words=values, **(place or {}))


def errors(findings: Sequence[Finding]) -> list[Finding]:
    """Return those that stop a computation."""
    return [one for one in findings if one.severity == "error"]


def refuse(code: str, findings: Sequence[Finding], **values: object) -> NoReturn:
    """Raise what is wrong, the errors first; the exception carries all findings."""
    bad = errors(findings)
    lines = {
        language: [f"  {one.sentence(language).strip().removeprefix(': ').removeprefix('：')}" for one in bad[:_SHOWN]]
        for language in LANGUAGES
    }
    if len(bad) > _SHOWN:
        more = words("sectors.more", count=len(bad) - _SHOWN)
        lines = {language: [*lines[language], f"  {more.lang(language)}"] for language in LANGUAGES}
    problems = Text(zh="\n".join(lines["zh"]), en="\n".join(lines["en"]))
    raise InputError(code, findings, problems=problems, **values)

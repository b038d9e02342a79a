"""What can be wrong, in two languages: findings from ``messages.yaml``."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from xinzhi.core.errors import InputError
from xinzhi.core.finding import Finding
from xinzhi.core.text import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

_SHOWN = 8


@cache
def _catalogue() -> dict[str, dict[str, Any]]:
    import yaml

    found: dict[str, dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("messages.yaml").read_text("utf-8"))
    return found


def finding(rule: str, *, place: dict[str, Any] | None = None, **values: object) -> Finding:
    """Return a finding with its message filled in.

    Parameters
    ----------
    rule
        A name of ``messages.yaml``.
    place
        Fields of `Finding` that say where it stands: file, line, column, key, table.
    values
        What the message names.

    Examples
    --------
    >>> finding("no-direction", name="rd_intensity").message.en
    "the indicator 'rd_intensity' has no direction."
    """
    entry = _catalogue()[rule]
    return Finding(
        rule=rule,
        severity=entry["severity"],
        message=Text(zh=entry["zh"], en=entry["en"]).format(**values),
        hint=Text(zh=entry["hint_zh"], en=entry["hint_en"]).format(**values),
        **(place or {}),
    )


def errors(findings: Sequence[Finding]) -> list[Finding]:
    """Return those that stop a computation."""
    return [found for found in findings if found.severity == "error"]


def refuse(what: str, findings: Sequence[Finding]) -> NoReturn:
    """Raise what is wrong, the errors first.

    Raises
    ------
    InputError
        Always; it carries all findings.
    """
    bad = errors(findings)
    lines = [f"  {found.sentence().strip().removeprefix(': ')}" for found in bad[:_SHOWN]]
    more = [f"  … and {len(bad) - _SHOWN} more"] if len(bad) > _SHOWN else []
    raise InputError("\n".join([f"{what}:", *lines, *more]), findings)

"""What the command line prints: tables, findings, one JSON document."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from xinzhi.core.text import Text, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console

    from xinzhi.core.finding import Finding
    from xinzhi.core.text import Language

FILE_WIDTH = 160
ORDER = {"error": ("bold red", 0), "warning": ("yellow", 1), "note": ("dim", 2)}


def console(*, stderr: bool = False) -> Console:
    """Return a rich console; plain and wide when the stream is no terminal, so that a file holds whole rows."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    return Console(stderr=stderr, highlight=False, soft_wrap=True, width=None if stream.isatty() else FILE_WIDTH)


def say(key: str, language: Language, **values: object) -> str:
    """Return a text of the page `terminal`."""
    return words(f"terminal.{key}", **values).lang(language)


def lines(texts: Iterable[object], language: Language, *, stderr: bool = False, style: str | None = None) -> None:
    """Print texts, a line each; a style is for terminals."""
    said = [text.lang(language) if isinstance(text, Text) else str(text) for text in texts]
    stream = sys.stderr if stderr else sys.stdout
    if style is None or not stream.isatty():  # what has no style needs no rich, whose import costs 30 ms
        stream.writelines(f"{one}\n" for one in said)
        return
    out = console(stderr=stderr)
    for one in said:
        out.print(one, markup=False, style=style)


def grid(heads: Sequence[object], rows: Iterable[Sequence[object]], language: Language) -> None:
    """Print a table; a head that is a word names a column of the page `terminal`."""
    from rich import box
    from rich.table import Table

    made = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for head in heads:
        text = head.lang(language) if isinstance(head, Text) else say(f"column.{head}", language)
        made.add_column(text, overflow="fold")
    for row in rows:
        made.add_row(*(cell.lang(language) if isinstance(cell, Text) else str(cell) for cell in row))
    console().print(made)


def print_json(document: Any) -> None:  # noqa: ANN401 - whatever a verb has to say
    """Print one JSON document on stdout."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2, default=str) + "\n")


def print_findings(findings: Iterable[Finding], language: Language, *, stderr: bool = False) -> None:
    """Print findings, one line each, errors first."""
    kept = sorted(findings, key=lambda item: ORDER[item.severity][1])
    if not kept:
        return
    out = console(stderr=stderr)
    for finding in kept:
        if not out.is_terminal:  # rich lays out every line, which takes longer than finding what is wrong
            out.file.write(
                f"{say(f'severity.{finding.severity}', language)} [{finding.rule}] {finding.sentence(language)}\n"
            )
            continue
        out.print(f"{say(f'severity.{finding.severity}', language)} ", style=ORDER[finding.severity][0], end="")
        out.print(f"[{finding.rule}] {finding.sentence(language)}", markup=False)


def counted(findings: Iterable[Finding], language: Language) -> str:
    """Return how many errors, warnings and notes there are."""
    severities: list[str] = [finding.severity for finding in findings]
    return say("counted", language, **{f"{name}s": severities.count(name) for name in ORDER})

"""What the command line prints: tables, findings, one JSON document, how far it is; and the streams that take it."""

from __future__ import annotations

import errno
import io
import json
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from xinzhi import words
from xinzhi.core.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rich.console import Console

    from xinzhi.cli.call import Call
    from xinzhi.core.finding import Finding
    from xinzhi.core.text import Language
    from xinzhi.studies.internal import Progress

FILE_WIDTH = 160
_NAMES = {1: "stdout", 2: "stderr"}
_GONE = {errno.EPIPE, errno.EINVAL}  # EINVAL: a closed pipe on Windows
ORDER = {"error": ("bold red", 0), "warning": ("yellow", 1), "note": ("dim", 2)}


def console(*, stderr: bool = False) -> Console:
    """Return a rich console; plain and wide when the stream is no terminal, so that a file holds whole rows."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    return Console(stderr=stderr, highlight=False, soft_wrap=True, width=None if stream.isatty() else FILE_WIDTH)


def say(key: str, language: Language, **values: object) -> str:
    """Return a text of the page `terminal`."""
    return words.by_key(f"terminal.{key}", **values).lang(language)


def lines(texts: Iterable[object], language: Language, *, stderr: bool = False, style: str | None = None) -> None:
    """Print texts, a line each; a style is for terminals."""
    sentences = [text.lang(language) if isinstance(text, Text) else str(text) for text in texts]
    stream = sys.stderr if stderr else sys.stdout
    if style is None or not stream.isatty():  # what has no style needs no rich, whose import costs 30 ms
        stream.writelines(f"{line}\n" for line in sentences)
        return
    out = console(stderr=stderr)
    for line in sentences:
        out.print(line, markup=False, style=style)


def grid(heads: Sequence[object], rows: Iterable[Sequence[object]], language: Language) -> None:
    """Print a table; a head that is a word names a column of the page `terminal`."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for head in heads:
        text = head.lang(language) if isinstance(head, Text) else say(f"column.{head}", language)
        table.add_column(text, overflow="fold")
    for row in rows:
        table.add_row(*(cell.lang(language) if isinstance(cell, Text) else str(cell) for cell in row))
    console().print(table)


def print_json(document: object) -> None:
    """Print one JSON document on stdout."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2, default=str) + "\n")


def answer(call: Call, document: object, texts: Iterable[object]) -> None:
    """Print one JSON document where that was asked for, else texts, a line each."""
    if call.json:
        print_json(document)
    else:
        lines(texts, call.language)


def print_findings(findings: Iterable[Finding], language: Language, *, stderr: bool = False) -> None:
    """Print findings, one line each, errors first."""
    ordered = sorted(findings, key=lambda item: ORDER[item.severity][1])
    if not ordered:
        return
    out = console(stderr=stderr)
    for finding in ordered:
        if not out.is_terminal:  # rich lays out every line, which takes longer than finding what is wrong
            out.file.write(
                f"{say(f'severity.{finding.severity}', language)} [{finding.rule}] {finding.sentence(language)}\n"
            )
            continue
        out.print(f"{say(f'severity.{finding.severity}', language)} ", style=ORDER[finding.severity][0], end="")
        out.print(f"[{finding.rule}] {finding.sentence(language)}", markup=False)


def print_kinds(findings: Iterable[Finding], language: Language) -> None:
    """Print every error, and of warnings and notes one of a kind with the places of the others, rare kinds first.

    What stands in a package for years then takes a line a kind, and what is new is seen.
    """
    kinds: dict[tuple[str | None, ...], list[Finding]] = {}
    for finding in findings:
        bound = finding.expected if finding.rule == "admission" else None  # tests of several things have one rule
        kinds.setdefault((finding.severity, finding.rule, finding.table, finding.column, bound), []).append(finding)
    for alike in sorted(kinds.values(), key=lambda kind: (ORDER[kind[0].severity][1], len(kind))):
        if alike[0].severity == "error":
            print_findings(alike, language)
            continue
        print_findings(alike[:1], language)
        if places := [finding.key or finding.where(language) for finding in alike[1:]]:
            lines([say("alike", language, n=len(places), places=places)], language, style="dim")


def counts_text(findings: Iterable[Finding], language: Language) -> str:
    """Return how many errors, warnings and notes there are."""
    severities: list[str] = [finding.severity for finding in findings]
    return say("counted", language, **{f"{name}s": severities.count(name) for name in ORDER})


@contextmanager
def progress(language: Language, *, quiet: bool = False) -> Iterator[Progress]:
    """Show the step that runs and what it counts; silent when stderr is no terminal, or when `quiet`."""
    from xinzhi.studies.internal import Progress

    if quiet or not sys.stderr.isatty():
        yield Progress()
        return
    from rich.console import Console
    from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(say("step.read", language), total=None)

        def step(name: str) -> None:
            bar.update(task, completed=0, total=None, description=say(f"step.{name}", language))

        yield Progress(step, lambda done, total: bar.update(task, completed=done, total=total))


class _Patient(io.FileIO):
    """A stream whose end drops what nobody reads any more, so that a verb ends with its own code."""

    dead = False

    def write(self, data: Any, /) -> int:  # noqa: ANN401 - whatever holds bytes
        """Write; what a full disk refuses is an error once."""
        try:
            return len(data) if self.dead else super().write(data)
        except OSError as error:
            self.dead = True
            if error.errno not in _GONE:
                raise OSError(error.errno, error.strerror, _NAMES[self.fileno()]) from error
            return len(data)


def steady() -> None:
    """Let stdout and stderr write whatever is said: letters that they lack as a question mark, nothing where closed."""
    for number, name in _NAMES.items():
        stream = getattr(sys, name)
        if stream is None:  # a service, or `>&-`; the number must not go to the next file that is opened
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123 - for the whole run
        elif stream is getattr(sys, f"__{name}__"):
            raw = io.BufferedWriter(_Patient(number, "w", closefd=False))
            soon = stream.line_buffering or stream.write_through
            wrapper = io.TextIOWrapper(raw, stream.encoding, "replace", line_buffering=soon)
            setattr(sys, name, wrapper)


def flushed() -> None:
    """Write what is still held, so that nothing is left to fail when the interpreter ends."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()

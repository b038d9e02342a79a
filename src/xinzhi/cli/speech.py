"""What the command line says, and in which language."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

    from xinzhi.core.finding import Finding
    from xinzhi.core.text import Language


FILE_WIDTH = 160


def preferred() -> Language:
    """Return the language of the user: ``XINZHI_LANG``, else the locale, else English."""
    wish = os.environ.get("XINZHI_LANG") or os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
    return "zh" if wish.lower().startswith("zh") else "en"


def say(zh: str, en: str) -> str:
    """Return the sentence in the language of the user."""
    return zh if preferred() == "zh" else en


def chosen(lang: str | None) -> Language:
    """Return the language of the option ``--lang``, else that of the user.

    Raises
    ------
    UsageError
        When it is neither zh nor en.
    """
    if lang is None:
        return preferred()
    if lang not in {"zh", "en"}:
        from xinzhi.core.errors import UsageError

        message = f"--lang {lang}: it is zh or en."
        raise UsageError(message)
    # From here on `say` follows the option.
    os.environ["XINZHI_LANG"] = lang
    return preferred()


DataArgument = Annotated[
    str, typer.Argument(metavar="DATA", help=say("数据包名称或路径（文件夹、.xlsx）", "name or path of a data package"))
]
LangOption = Annotated[str | None, typer.Option("--lang", help=say("输出语言 zh|en", "language of the output, zh|en"))]
JsonOption = Annotated[
    bool, typer.Option("--json", help=say("仅在标准输出打印一个 JSON 文档", "print one JSON document and nothing else"))
]
EncodingOption = Annotated[
    str | None, typer.Option("--encoding", help=say("CSV 的编码，如 gb18030", "encoding of CSV files, such as gb18030"))
]


def console(*, stderr: bool = False) -> Console:
    """Return a rich console; plain and wide when the stream is no terminal, so that a file holds whole rows."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    return Console(stderr=stderr, highlight=False, soft_wrap=True, width=None if stream.isatty() else FILE_WIDTH)


def print_json(document: Any) -> None:  # noqa: ANN401 - whatever a verb has to say
    """Print one JSON document on stdout."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2, default=str) + "\n")


def print_findings(findings: Iterable[Finding], lang: Language, *, stderr: bool = False) -> None:
    """Print findings, one line each, errors first."""
    order = {"error": 0, "warning": 1, "note": 2}
    word = {
        "error": ("错误", "error", "bold red"),
        "warning": ("警告", "warning", "yellow"),
        "note": ("提示", "note", "dim"),
    }
    out = console(stderr=stderr)
    for finding in sorted(findings, key=lambda item: order[item.severity]):
        zh, en, style = word[finding.severity]
        label = zh if lang == "zh" else en
        out.print(f"{label} ", style=style, end="")
        out.print(f"[{finding.rule}] {finding.sentence(lang)}", markup=False)


def count_findings(findings: Iterable[Finding], lang: Language) -> str:
    """Return how many errors, warnings and notes there are."""
    severities = [finding.severity for finding in findings]
    errors, warnings, notes = (severities.count(name) for name in ("error", "warning", "note"))
    if lang == "zh":
        return f"{errors} 个错误，{warnings} 个警告，{notes} 个提示"
    return f"{errors} errors, {warnings} warnings, {notes} notes"

"""`xinzhi protocol list | show | diff | new | check`: the yardsticks, and what sets them apart."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xinzhi.cli.speech import (
    JsonOption,
    LangOption,
    chosen,
    console,
    count_findings,
    print_findings,
    print_json,
    say,
)
from xinzhi.cli.tables import table

if TYPE_CHECKING:
    from xinzhi.core.text import Language
    from xinzhi.protocol import Protocol

app = typer.Typer(
    help=say("列出、查看、比较、新建、检查协议。", "List, show, compare, start and check protocols."),
    no_args_is_help=True,
)
Identifier = Annotated[
    str, typer.Argument(metavar="ID", help=say("协议编号或文件", "identifier or file of a protocol"))
]


@app.command("list")
def list_protocols(*, lang: LangOption = None, as_json: JsonOption = False) -> None:
    """List the protocols of the registry."""
    from xinzhi.protocol import registry

    language = chosen(lang)
    protocols = registry()
    if as_json:
        print_json([_head(item, language) for item in protocols])
        return
    found = table(say("编号", "id"), say("状态", "status"), say("名称", "title"), say("指纹", "fingerprint"))
    for item in protocols:
        found.add_row(item.id, item.status, item.title.lang(language), item.fingerprint[:12])
    console().print(found)


def _head(item: Protocol, language: Language) -> dict[str, Any]:
    """Return what identifies a protocol."""
    return {
        "id": item.id,
        "version": item.version,
        "status": item.status,
        "title": item.title.lang(language),
        "extends": item.extends,
        "fingerprint": item.fingerprint,
    }


@app.command("show")
def show(identifier: Identifier, *, lang: LangOption = None, as_json: JsonOption = False) -> None:
    """Show every parameter of a protocol with its value, argument and references."""
    from xinzhi.protocol import load

    language = chosen(lang)
    rules = load(identifier)
    rows = [
        {
            "parameter": path,
            "value": _plain(item.value),
            "unit": item.unit,
            "description": item.description.lang(language),
            "reference": [f"{source.title}, {source.where}" for source in item.reference],
            "alternatives": [_plain(other.value) for other in item.alternatives],
        }
        for path, item in rules.parameters.items()
    ]
    if as_json:
        print_json({**_head(rules, language), "parameters": rows})
        return
    out = console()
    out.print(f"{rules.id} {rules.version} ({rules.status})  {rules.title.lang(language)}", style="bold", markup=False)
    out.print(rules.description.lang(language), markup=False)
    found = table(
        say("参数", "parameter"), say("取值", "value"), say("说明", "description"), say("备选", "alternatives")
    )
    for row in rows:
        others = ", ".join(str(value) for value in row["alternatives"])
        found.add_row(row["parameter"], _word(row["value"], language), row["description"], others)
    out.print(found)
    out.print(f"sha256 {rules.fingerprint}", style="dim")


def _plain(value: object) -> Any:  # noqa: ANN401 - JSON-ready
    """Return a value as JSON can hold it."""
    entries = getattr(value, "entries", None)
    if entries is not None:
        return {start.isoformat(): item for start, item in entries}
    return value


def _word(value: object, language: Language) -> str:
    """Return a value for a table; a blank one says so."""
    if value is None:
        return "（空）" if language == "zh" else "(blank)"
    return str(value)


@app.command("diff")
def diff(first: Identifier, second: Identifier, *, lang: LangOption = None, as_json: JsonOption = False) -> None:
    """Show the parameters in which two protocols differ."""
    from xinzhi.protocol import diff as difference
    from xinzhi.protocol import load

    language = chosen(lang)
    left, right = load(first), load(second)
    rows = difference(left, right)
    if as_json:
        print_json([{"parameter": row.path, left.id: _plain(row.left), right.id: _plain(row.right)} for row in rows])
        return
    found = table(say("参数", "parameter"), left.id, right.id)
    for row in rows:
        found.add_row(row.path, _word(_plain(row.left), language), _word(_plain(row.right), language))
    console().print(found)


@app.command("new")
def new(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=say("要新建的 YAML 文件", "the YAML file to start"))],
) -> None:
    """Start a protocol of one's own that extends xinzhi-cn-2026."""
    from xinzhi.protocol import new as start

    start(file)
    console().print(say(f"已新建 {file}", f"started {file}"), markup=False)


@app.command("check")
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=say("协议文件", "file of a protocol"))],
    *,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """List everything that is wrong with a protocol file; exit with 1 when there are errors."""
    from xinzhi.protocol import check as check_file

    language = chosen(lang)
    findings = check_file(file)
    if as_json:
        print_json([finding.to_dict() for finding in findings])
    else:
        print_findings(findings, language)
        console().print(count_findings(findings, language), style="bold")
    if any(finding.severity == "error" for finding in findings):
        raise typer.Exit(1)

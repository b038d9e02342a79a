"""`xinzhi data list | export`: the data packages that ship, and a copy of one to work on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from xinzhi.cli.speech import DataArgument, EncodingOption, JsonOption, LangOption, chosen, console, print_json, say

app = typer.Typer(
    help=say("列出随软件发布的数据包，导出副本。", "List the data packages that ship; export a copy."),
    no_args_is_help=True,
)


@app.command("list")
def list_packages(*, lang: LangOption = None, as_json: JsonOption = False) -> None:
    """List the data packages that ship with xinzhi, and their tables."""
    from xinzhi.data import load, packages

    language = chosen(lang)
    shipped = [load(name) for name in packages()]
    if as_json:
        print_json(
            [
                {
                    "name": item.name,
                    "version": item.version,
                    "title": item.title.lang(language),
                    "tables": {name: table.height for name, table in item.tables.items()},
                }
                for item in shipped
            ]
        )
        return
    out = console()
    for item in shipped:
        out.print(f"{item.name} {item.version}  {item.title.lang(language)}", style="bold", markup=False)
        for name, table in item.tables.items():
            out.print(f"  {name}: {table.height} × {table.width}", markup=False)


@app.command("export")
def export(
    data: DataArgument,
    target: Annotated[Path, typer.Argument(metavar="TARGET", help=say("目标文件夹", "folder to write"))],
    *,
    encoding: EncodingOption = None,
) -> None:
    """Write a data package as a folder of CSV tables with its descriptor, to start one's own from."""
    from xinzhi.data import export as write
    from xinzhi.data import load

    write(load(data, encoding=encoding), target)
    console().print(str(target), markup=False)

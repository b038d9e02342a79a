"""Options that verbs share: the protocol, ``--set PATH=VALUE`` for one of its parameters, the folder to write into."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xinzhi.cli.speech import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinzhi.protocol import Protocol

ProtocolOption = Annotated[
    str, typer.Option("--protocol", "-p", help=say("协议编号或文件", "identifier or file of the protocol"))
]
OutOption = Annotated[
    Path | None,
    typer.Option("--out", "-o", help=say("写出网页、工作簿与数据的文件夹", "folder for page, workbook and tables")),
]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="PATH=VALUE",
        help=say("改动一个参数，如 capital.depreciation=0.1096", "change a parameter, capital.depreciation=0.1096"),
    ),
]


def with_settings(rules: Protocol, settings: Sequence[str]) -> Protocol:
    """Return the protocol with the values of ``--set``; values are written as in YAML.

    Raises
    ------
    UsageError
        When a setting has no ``=``, the value is no YAML, or the path is unknown.
    ProtocolError
        When the value is not allowed.
    """
    from xinzhi.core.errors import UsageError
    from xinzhi.protocol.yamlfile import YamlError, parse

    values: dict[str, Any] = {}
    for setting in settings:
        path, equals, value = setting.partition("=")
        if not equals:
            message = f"--set {setting}: write it as PATH=VALUE, such as capital.depreciation=0.1096."
            raise UsageError(message)
        try:
            values[path.strip()] = parse(value, "--set").content
        except YamlError as error:
            raise UsageError(str(error)) from error
    return rules.replace(values) if values else rules

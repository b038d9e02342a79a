"""``--set PATH=VALUE``: one parameter changed on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from xinzhi.cli.speech import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinzhi.protocol import Protocol

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

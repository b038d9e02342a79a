"""The facts and conventions that stand beside the code as YAML: read once, never changed."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from xinzhi.core.errors import InputError

HERE = Path(__file__).parent
_LOADER: type[yaml.SafeLoader | yaml.CSafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@cache
def facts(name: str) -> Any:  # noqa: ANN401 - the shape is the YAML file's
    """Return a YAML file of this room, such as ``tables.yaml``; callers must not change it."""
    return yaml.load((HERE / name).read_text("utf-8"), _LOADER)  # noqa: S506 - a safe loader, the C one where there is one


def read_document(text: str, file: str) -> Any:  # noqa: ANN401 - whatever the user wrote
    """Return a YAML (or JSON, which is YAML) document written by a user.

    Raises
    ------
    InputError
        When the text is not YAML; the message names the line.
    """
    try:
        return yaml.load(text, _LOADER)  # noqa: S506 - a safe loader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}" if mark else ""
        raise InputError(
            "data.not-yaml", file=file, place=place, problem=getattr(error, "problem", None) or error
        ) from error

"""Parameters and conventions: YAML files that stand beside the code, read once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any


@cache
def read_yaml(path: Path) -> Any:  # noqa: ANN401 - the file decides
    """Return a YAML file that stands beside the code; callers must not change it."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(path.read_text("utf-8"), Loader=loader)  # noqa: S506 - a safe loader, the C one where there is one


@cache
def setting(path: Path, name: str) -> Any:  # noqa: ANN401 - the file decides
    """Return the value at a dotted name of such a file; of a mapping with a `value`, that value."""
    value = read_yaml(path)
    for part in name.split("."):
        value = value[part]
    return value["value"] if isinstance(value, Mapping) and "value" in value else value

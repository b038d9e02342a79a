"""The conventions of this method, read from ``bubbles.yaml`` once."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from xinzhi.core.text import Text

HERE = Path(__file__).parent


@cache
def document() -> dict[str, Any]:
    """Return ``bubbles.yaml``; callers must not change it."""
    loaded: dict[str, Any] = yaml.safe_load((HERE / "bubbles.yaml").read_text("utf-8"))
    return loaded


@cache
def setting(path: str) -> Any:  # noqa: ANN401 - the shape is the YAML file's
    """Return what stands at a dotted path of ``bubbles.yaml``.

    Examples
    --------
    >>> setting("shortest")
    10
    """
    found: Any = document()
    for part in path.split("."):
        found = found[part]
    return found


def text(path: str, **values: object) -> Text:
    """Return the Chinese and English words at a path, with the values filled in.

    Examples
    --------
    >>> text("methods.simulated.name").en
    'simulated'
    """
    node = setting(path)
    return Text(zh=node["zh"], en=node["en"]).format(**values)

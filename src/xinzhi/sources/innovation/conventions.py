"""Conventions: the rates of the knowledge stock, from the YAML file of this folder."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

_FILE = Path(__file__).with_name("conventions.yaml")


@cache
def conventions() -> dict[str, Any]:
    """Return every convention with its reference.

    Examples
    --------
    >>> conventions()["obsolescence"]["value"]
    0.15
    """
    import yaml

    loaded: dict[str, Any] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return loaded

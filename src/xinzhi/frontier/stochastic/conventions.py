"""The conventions of the estimation, read from their file once."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

import yaml


@cache
def conventions() -> dict[str, Any]:
    """Return the conventions.

    Examples
    --------
    >>> conventions()["level"]
    0.95
    """
    text = (resources.files("xinzhi.frontier.stochastic") / "conventions.yaml").read_text(encoding="utf-8")
    document: dict[str, Any] = yaml.safe_load(text)
    return document

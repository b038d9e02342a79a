"""The conventions of composite indicators, read from ``conventions.yaml``."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any


@cache
def _document() -> dict[str, Any]:
    import yaml

    content: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("conventions.yaml").read_text("utf-8"))
    return content


def convention(name: str) -> Any:  # noqa: ANN401 - the shape is the YAML file's
    """Return the value of a convention.

    Examples
    --------
    >>> convention("skewness")
    2
    """
    return _document()[name]["value"]

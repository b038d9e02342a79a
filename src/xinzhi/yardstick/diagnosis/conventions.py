"""The conventions of the diagnosis."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from xinzhi.core.parameters import setting as at

FILE = Path(__file__).with_name("diagnosis.yaml")


def setting(name: str) -> Any:  # noqa: ANN401 - the file decides
    """Return the value at a dotted name of ``diagnosis.yaml``."""
    return at(FILE, name)

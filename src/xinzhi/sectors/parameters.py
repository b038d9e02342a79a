"""The conventions of this room, read from ``sectors.yaml`` once."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from xinzhi.core.errors import InputError
from xinzhi.core.text import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    Returns = Sequence[tuple[float | None, float]]

HERE = Path(__file__).parent


@cache
def document(name: str = "sectors.yaml") -> dict[str, Any]:
    """Return a YAML file of this room; callers must not change it."""
    loaded: dict[str, Any] = yaml.safe_load((HERE / name).read_text("utf-8"))
    return loaded


def setting(path: str) -> Any:  # noqa: ANN401 - the shape is the YAML file's
    """Return what stands at a dotted path of ``sectors.yaml``.

    Examples
    --------
    >>> setting("decoupling.lower")
    0.8
    """
    found: Any = document()
    for part in path.split("."):
        found = found[part]
    return found


def text(path: str) -> Text:
    """Return the Chinese and English words at a path.

    Examples
    --------
    >>> text("advance.sectors.green").zh
    '绿色'
    """
    node = setting(path)
    return Text(zh=node["zh"], en=node["en"])


def returns_to_schooling(year: int) -> Returns:
    """Return the piecewise returns to schooling in force in a year.

    Raises
    ------
    InputError
        When the year lies before the first that is dated.

    Examples
    --------
    >>> returns_to_schooling(2010)
    ((4, 0.134), (8, 0.101), (None, 0.068))
    """
    values = setting("returns_to_schooling.values")
    valid = [item for item in values if int(item["since"]) <= year]
    if not valid:
        message = f"no returns to schooling are dated to {year}: sectors.yaml begins in {values[0]['since']}."
        raise InputError(message)
    newest = max(valid, key=lambda item: int(item["since"]))
    return tuple((upper, rate) for upper, rate in newest["value"])

"""One JSON text for one document: what is digested and signed, and how a document is laid out for a reader."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_DEPTH = 5  # members of objects nested less deep stand on lines of their own,
_LEAF = 3  # but for objects of single values from this depth on


def canonical(document: object) -> bytes:
    """Return the canonical text of a JSON document, in UTF-8.

    Keys are sorted by code point, there is no space, text is not escaped beyond what JSON asks, and a number has the
    shortest form that reads back to the same double, as Python writes it.

    Raises
    ------
    ValueError
        When a number is not finite.

    Examples
    --------
    >>> canonical({"b": 0.10, "a": ["吉林", None]}).decode()
    '{"a":["吉林",null],"b":0.1}'
    """
    text = json.dumps(document, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode()


def digest(document: object) -> str:
    """Return the sha256 of the canonical text."""
    return hashlib.sha256(canonical(document)).hexdigest()


def without(document: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Return a document without some of its members: what a digest or signature that stands inside it covers."""
    return {name: value for name, value in document.items() if name not in names}


def layout(document: object, depth: int = 0) -> str:
    """Return JSON text with a line for every member of the outer objects, so that a reader and `diff` find their way.

    Examples
    --------
    >>> print(layout({"a": {"b": [1, 2]}}))
    {
     "a": {
      "b": [1,2]
     }
    }
    """
    if not isinstance(document, dict) or not document or depth >= _DEPTH or (depth >= _LEAF and _plain(document)):
        return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    margin = " " * (depth + 1)
    members = [
        f"{margin}{json.dumps(name, ensure_ascii=False)}: {layout(value, depth + 1)}"
        for name, value in document.items()
    ]
    return "{\n" + ",\n".join(members) + "\n" + " " * depth + "}"


def _plain(document: Mapping[str, Any]) -> bool:
    return not any(isinstance(value, dict | list) for value in document.values())

"""Documents for machines: texts, frames and numbers as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from xinzhi.core.text import Text


def text(one: Text) -> dict[str, str]:
    """Return a text as a pair."""
    return {"zh": one.zh, "en": one.en}


def rows(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a frame; what is not a number is null."""
    import polars.selectors as cs

    return frame.with_columns(cs.float().fill_nan(None)).to_dicts()


def dump(document: Mapping[str, Any]) -> str:
    """Write a document as JSON, readable as it stands."""
    return json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1, default=str) + "\n"

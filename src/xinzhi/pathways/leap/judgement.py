"""How a condition of leapfrogging is judged in a region."""

from __future__ import annotations

from typing import TypedDict

from xinzhi.core.text import Text


class Judgement(TypedDict, total=False):
    """Whether a condition holds in a region, what of, what it rests on, and what is lacking to judge it."""

    year: int | None
    value: float | None
    reference: float | None
    met: bool | None
    evidence: Text
    missing: Text


Judged = dict[str, Judgement]  # by region

"""Amounts as a reader expects them: in yi and wan or in millions; and units in words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache

from xinzhi.core.text import NOTHING, Language, Text, read_words, same, words
from xinzhi.core.unit_words import split_unit, unit_name, unit_text

__all__ = ["amount", "split_unit", "unit_text"]


@cache
def _scales() -> Mapping[Language, list[tuple[float, str]]]:
    scales: Mapping[Language, list[tuple[float, str]]] = read_words("scales.yaml")
    return scales


def amount(value: float | None, unit: str, *, digits: int = 4, base: bool = False) -> Text:
    """Write an amount in the words of each language: wan and yi in Chinese, thousand to trillion in English."""
    if value is None or not math.isfinite(value):
        return same(NOTHING)
    scale, name, year = split_unit(unit)
    plain = value * scale
    text = Text(
        zh=f"{_scaled(plain, 'zh', digits)}{unit_name(name).zh}",
        en=f"{_scaled(plain, 'en', digits)} {unit_name(name).en}",
    )
    return words("scale.at_prices", unit=text, year=year) if base and year else text


def _scaled(value: float, language: Language, digits: int) -> str:
    size, word = next(((s, w) for s, w in _scales()[language] if abs(value) >= s), (1.0, ""))
    shown = value / size
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(shown)))) if shown else 0
    rounded = round(shown, digits - 1 - math.floor(math.log10(abs(shown)))) if shown else 0.0
    space = " " if word and language == "en" else ""
    return f"{rounded:,.{decimals}f}{space}{word}".replace("-", "−")

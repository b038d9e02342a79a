"""Units in words, ``1e8 CNY at 2000 prices`` in both languages, and amounts in yi or in millions."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import cache

from xinzhi.core.text import NOTHING, Language, Text, has, read_words, same, words

_UNIT = re.compile(r"^(?:(?P<scale>[0-9.]+(?:e[0-9]+)?)\s+)?(?P<name>.+?)(?:\s+at\s+(?P<base>\d{4})\s+prices)?$")


def split_unit(unit: str) -> tuple[float, str, str | None]:
    """Return scale, name and price year of a unit."""
    match = _UNIT.match(unit.strip())
    if match is None:
        return 1.0, unit, None
    return float(match["scale"] or 1), match["name"], match["base"]


def unit_text(unit: str) -> Text:
    """Write a unit in words: ``1e8 CNY at 2000 prices`` is 亿元（2000年价格）."""
    scale, name, base = split_unit(unit)
    over, per, under = name.partition(" per ")
    if per:
        text = words("scale.per", over=unit_text(f"{scale:g} {over}"), under=unit_text(under))
        return words("scale.at_prices", unit=text, year=base) if base else text
    key = f"scale.{scale:g}"
    size = words(key) if scale != 1 and has(key) else same("" if scale == 1 else f"{scale:g}")
    space = " " if size.zh[:1].isdigit() else ""
    text = Text(zh=f"{size.zh}{space}{unit_name(name).zh}", en=f"{size.en} {unit_name(name).en}".strip())
    return words("scale.at_prices", unit=text, year=base) if base else text


def unit_name(name: str) -> Text:
    """Write the name of a unit in words; one that has none stays as it is."""
    key = f"unit.{name}"
    return words(key) if has(key) else same(name)


@cache
def _scales() -> Mapping[Language, list[tuple[float, str]]]:
    scales: Mapping[Language, list[tuple[float, str]]] = read_words("scales.yaml")
    return scales


def amount(value: float | None, unit: str, *, digits: int = 4, base: bool = False, trim: bool = False) -> Text:
    """Write an amount in the words of each language: wan and yi in Chinese, thousand to trillion in English."""
    if value is None or not math.isfinite(value):
        return same(NOTHING)
    scale, name, year = split_unit(unit)
    plain = value * scale
    text = Text(
        zh=f"{_scaled(plain, 'zh', digits, trim=trim)}{unit_name(name).zh}",
        en=f"{_scaled(plain, 'en', digits, trim=trim)} {unit_name(name).en}",
    )
    return words("scale.at_prices", unit=text, year=year) if base and year else text


def _scaled(value: float, language: Language, digits: int, *, trim: bool) -> str:
    size, word = next(((s, w) for s, w in _scales()[language] if abs(value) >= s), (1.0, ""))
    shown = value / size
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(shown)))) if shown else 0
    rounded = round(shown, digits - 1 - math.floor(math.log10(abs(shown)))) if shown else 0.0
    space = " " if word and language == "en" else ""
    said = f"{rounded:,.{decimals}f}"
    said = said.rstrip("0").rstrip(".") if trim and "." in said else said
    return f"{said}{space}{word}".replace("-", "−")

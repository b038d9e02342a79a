"""Amounts as a reader expects them, and units in words, as pages name them."""

from __future__ import annotations

from xinzhi.core.unit_words import amount, split_unit, unit_text

__all__ = ["amount", "split_unit", "unit_text"]

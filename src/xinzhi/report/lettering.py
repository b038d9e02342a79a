"""How wide texts are, where their lines break, and columns that hold them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

SIZE = 11  # of the letters of an axis and of a key
CHINESE, LATIN, THIN = 1.0, 0.55, 0.4  # how wide a sign is, in units of its size; the least width of a Latin letter
MEASURED = 0.75  # what a renderer without a Chinese font takes for a Chinese sign
SIGN = 28  # pixels of a sign of a key and around its name


def width(text: str) -> float:
    """Return about how wide a text is, in units of its size: Chinese signs are square, others half as wide."""
    return sum(CHINESE if is_square(sign) else LATIN for sign in text)


def least_width(text: str) -> float:
    """Return how wide a text is at least."""
    return sum(CHINESE if is_square(sign) else THIN for sign in text)


def shortfall(texts: Iterable[str], size: float = SIZE) -> float:
    """Return how many pixels more than measured the widest of some texts needs where no Chinese font is installed."""
    return max((size * (CHINESE - MEASURED) * sum(map(is_square, text)) for text in texts), default=0.0)


def is_square(sign: str) -> bool:
    """Say whether a sign is as wide as high."""
    return unicodedata.east_asian_width(sign) in "WF"


def wrapped(text: str, most: float) -> list[str]:
    """Return a text in lines of at most so many letters: between words, and Chinese between signs."""
    if width(text) <= most:
        return [text]
    parts = re.findall(r"[^\s\u2e80-\uffef]+\s*|[\u2e80-\uffef]\s*", text)
    count = -(-width(text) // most)
    length = min(most, width(text) / count * 1.05 + 0.5)  # lines of about the same length
    lines = [""]
    for part in parts:
        if lines[-1] and width((lines[-1] + part).strip()) > length:
            lines.append("")
        lines[-1] += part
    return [line.strip() for line in lines]


def key_columns(names: Sequence[str], room: float) -> int:
    """Return in how many columns a key has room."""
    widths = [SIGN + SIZE * width(name) for name in names]
    if sum(widths) <= room:
        return len(names)
    return max(1, int(room / max(widths, default=room)))

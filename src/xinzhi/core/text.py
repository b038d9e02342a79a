"""Text in the two languages that xinzhi speaks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Language = Literal["zh", "en"]

LANGUAGES: tuple[Language, ...] = get_args(Language)


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence or label in Chinese and English.

    Examples
    --------
    >>> Text(zh="全要素生产率", en="total factor productivity").lang("zh")
    '全要素生产率'
    """

    zh: str
    en: str

    def lang(self, language: Language) -> str:
        """Return the text in `language`."""
        return self.zh if language == "zh" else self.en

    def format(self, **values: object) -> Text:
        """Fill the same values into both languages."""
        return Text(zh=self.zh.format(**values), en=self.en.format(**values))

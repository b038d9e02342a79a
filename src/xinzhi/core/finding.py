"""A finding: one thing that is wrong with the input, where it stands, and the cure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from xinzhi.core.text import Language, Text

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong with the input.

    Parameters
    ----------
    rule
        Short name of the rule, such as ``text-in-number``.
    severity
        ``error`` stops a computation that needs the value; ``warning`` and ``note`` do not.
    message, hint
        What is wrong and how to mend it, in Chinese and English.
    table, file, line, column
        Where it stands; `line` counts from 1 and includes the header, as an editor shows it.
    key
        The key of the row, such as ``220000/2021``.
    value, expected
        What was found and what should stand there.
    """

    rule: str
    severity: Severity
    message: Text
    hint: Text
    table: str | None = None
    file: str | None = None
    line: int | None = None
    column: str | None = None
    key: str | None = None
    value: str | None = None
    expected: str | None = None

    def where(self, language: Language = "en") -> str:
        """Return the place as ``accounts.csv, line 7, column 'output_real' (220000/2021)``."""
        zh = language == "zh"
        parts = [self.file or self.table or ""]
        if self.line is not None:
            parts.append(f"第 {self.line} 行" if zh else f"line {self.line}")
        if self.column is not None:
            parts.append(f"“{self.column}”列" if zh else f"column '{self.column}'")
        place = ("，" if zh else ", ").join(part for part in parts if part)
        if self.key is None:
            return place
        return f"{place}（{self.key}）" if zh else f"{place} ({self.key})"

    def sentence(self, language: Language = "en") -> str:
        """Return place, message and hint as one line."""
        colon, space = ("：", "") if language == "zh" else (": ", " ")
        return f"{self.where(language)}{colon}{self.message.lang(language)}{space}{self.hint.lang(language)}"

    def to_dict(self) -> dict[str, object]:
        """Return a JSON-ready dictionary with both languages."""
        names = ("rule", "severity", "table", "file", "line", "column", "key", "value", "expected")
        row: dict[str, object] = {name: getattr(self, name) for name in names}
        for name, text in (("message", self.message), ("hint", self.hint)):
            row |= {f"{name}_zh": text.zh, f"{name}_en": text.en}
        return row

"""A finding: one thing that is wrong with the input, where it stands, and the cure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypedDict, Unpack, cast

from xinzhi.core.text import Language, Text, join_lines, page, quote_safely, read_words, words

Severity = Literal["error", "warning", "note"]


class Place(TypedDict, total=False):
    """Where a finding stands, and what was found there."""

    table: str | None
    file: str | None
    line: int | None
    column: str | None
    key: str | None
    value: str | None
    expected: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong with the input.

    `rule` is the short name of the rule, such as ``text-in-number``. A `severity` of ``error`` stops a computation that
    needs the value; ``warning`` and ``note`` do not. `message` and `hint` say what is wrong and how to mend it,
    `table`, `file`, `line` (from 1, with the header, as an editor shows it) and `column` where it stands, `key` in
    which row (``220000/2021``), `value` and `expected` what was found and what should stand there.
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
        if self.table not in {None, parts[0]} and parts[0].lower().endswith((".xlsx", ".xls")):
            parts.append(words("place.sheet", sheet=self.table).lang(language))
        if self.line is not None:
            parts.append(words("place.line", line=self.line).lang(language))
        if self.column is not None:
            parts.append(words("place.column", column=self.column).lang(language))
        place = ("，" if zh else ", ").join(part for part in parts if part)
        if self.key is None:
            return place
        return f"{place}（{self.key}）" if zh else f"{place} ({self.key})"

    def sentence(self, language: Language = "en") -> str:
        """Return place, message and hint as one line."""
        colon, space = ("：", "") if language == "zh" else (": ", " ")
        place = self.where(language)
        text = f"{self.message.lang(language)}{space}{self.hint.lang(language)}".rstrip()
        return f"{place}{colon}{text}" if place else text

    @property
    def text(self) -> Text:
        """Place, message and hint as one line, in both languages."""
        return Text(zh=self.sentence("zh"), en=self.sentence("en"))

    def to_dict(self) -> dict[str, object]:
        """Return a JSON-ready dictionary with both languages."""
        names = ("rule", "severity", *Place.__annotations__)
        row: dict[str, object] = {name: getattr(self, name) for name in names}
        for name, text in (("message", self.message), ("hint", self.hint)):
            row |= {f"{name}_zh": text.zh, f"{name}_en": text.en}
        return row


def finding(
    code: str, *, severity: Severity | None = None, words: Mapping[str, object] | None = None, **place: Unpack[Place]
) -> Finding:
    """Return the finding of a code ``package.what`` of the catalogue at a place, with further values for its sentence.

    The entry has `severity`, the sentence, its `cure`, and `rule` where that is not ``what``.
    """
    package, _, what = code.partition(".")
    entry, texts = read_words(f"messages/{package}.yaml")[what], page("messages", package)
    place = cast(
        "Place", {name: quote_safely(value) if isinstance(value, str) else value for name, value in place.items()}
    )
    slots: dict[str, object] = {**dict.fromkeys(Place.__annotations__), **place, **(words or {})}
    cure = texts.get(f"{what}.cure")
    return Finding(
        rule=entry.get("rule", what),
        severity=severity or entry["severity"],
        message=texts[what].format(**slots),
        hint=Text(zh="", en="") if cure is None else cure.format(**slots),
        **place,
    )


def format_findings(findings: Sequence[Finding], limit: int | None = None) -> Text:
    """Return findings as lines, the first few of many, and how many more there are."""
    head = findings[:limit]
    rest = len(findings) - len(head)
    more = [words("place.more", rest=rest)] if rest else []
    return join_lines([*(entry.text for entry in head), *more])

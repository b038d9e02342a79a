"""The shapes of files: which keys a protocol may have and of which type, and in our words what is wrong with one."""

from __future__ import annotations

import re
from typing import TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from xinzhi.core.finding import Finding, finding
from xinzhi.core.text import Text
from xinzhi.core.yamlfile import Source
from xinzhi.protocol.model import Status
from xinzhi.protocol.parameters import nearest

STATUSES: tuple[Status, ...] = get_args(Status)

_CHINESE = "[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]"
_FOLD = re.compile(f"(?<={_CHINESE}) (?={_CHINESE})")


Shape = TypeVar("Shape", bound="BaseModel")


class Strict(BaseModel):
    """A part of a file: of no other keys than its own, and of no other types."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class TextEntry(Strict):
    """A text in both languages."""

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)

    def text(self) -> Text:
        """Return the text as the rest of xinzhi knows it."""
        # YAML joins folded lines with a space, which Chinese does not write.
        return Text(zh=_FOLD.sub("", self.zh), en=self.en)


class ReferenceEntry(Strict):
    """A source, and the place in it."""

    title: str = Field(min_length=1)
    where: str = Field(min_length=1)


class AlternativeEntry(Strict):
    """A value that others use."""

    value: object = None
    values: dict[object, object] | None = None
    used_by: list[str] = Field(default_factory=list)
    used_for: list[str] = Field(default_factory=list)
    reference: list[ReferenceEntry] = Field(default_factory=list)
    note: TextEntry | None = None


class ParameterEntry(Strict):
    """One parameter: its value, the argument for it, and the alternatives."""

    value: object = None
    values: dict[object, object] | None = None
    unit: str | None = None
    description: TextEntry | None = None
    reference: list[ReferenceEntry] = Field(default_factory=list)
    alternatives: list[AlternativeEntry] | None = None


class ExclusionEntry(Strict):
    """A combination of values that makes no sense."""

    when: dict[str, object]
    reason: TextEntry


class Document(Strict):
    """A whole protocol file."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")
    version: str = Field(min_length=1)
    title: TextEntry
    status: Status
    authority: TextEntry
    description: TextEntry
    reference: list[ReferenceEntry] = Field(default_factory=list)
    extends: str | None = None
    release: str | None = Field(default=None, pattern=r"^[a-z0-9][a-z0-9.-]*$")
    regions: list[str] | None = None
    parameters: dict[str, dict[str, ParameterEntry]] | None = None
    exclude: list[ExclusionEntry] = Field(default_factory=list)


_TEXTS = ("title", "authority", "description", "reason", "note")
_ENTRIES: dict[str, type[BaseModel]] = {
    "alternatives": AlternativeEntry,
    "reference": ReferenceEntry,
    "exclude": ExclusionEntry,
    **dict.fromkeys(_TEXTS, TextEntry),
}


# Our message for pydantic's own error types.
_PLAIN = {
    "missing": "missing-key",
    "string_type": "not-text",
    "string_too_short": "empty-text",
    "string_pattern_mismatch": "bad-id",
}


def parse(source: Source, model: type[Shape]) -> tuple[Shape | None, list[Finding]]:
    """Return the document of a file in the shape of `model`, or what is wrong with its shape."""
    try:
        return model.model_validate(source.content), []
    except ValidationError as error:
        return None, [_finding(source, details) for details in error.errors(include_url=False)]


def _finding(source: Source, error: ErrorDetails) -> Finding:
    """Return what is wrong in our words."""
    loc: tuple[object, ...] = tuple(part for part in error["loc"] if part != "[key]")
    name, value, kind = str(loc[-1]) if loc else "file", error["input"], error["type"]
    words: dict[str, object] = {"name": name, "shown": repr(value), "problem": error["msg"]}
    what = _PLAIN.get(kind, "wrong-shape")
    if kind == "extra_forbidden":
        what, words["near"] = "unknown-key", nearest(name, _entry(loc).model_fields)
    elif kind == "literal_error":
        what, words["near"], words["value"] = "not-allowed", nearest(value, STATUSES), repr(value)
    return finding(
        f"protocol.{what}",
        words=words,
        file=source.file,
        line=source.line(loc),
        key=".".join(map(str, loc)) or None,
        value=None if what in {"unknown-key", "missing-key"} else repr(value)[:60],
    )


def _entry(loc: tuple[object, ...]) -> type[BaseModel]:
    """Return the model whose keys may stand beside the last part of `loc`."""
    above = loc[:-1]
    for part in reversed(above):
        if part in _ENTRIES:
            return _ENTRIES[str(part)]
    return ParameterEntry if above else Document

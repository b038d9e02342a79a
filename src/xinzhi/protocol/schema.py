"""The shape of a protocol file: which keys may stand where, checked by pydantic with unknown keys forbidden."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from xinzhi.core.finding import Finding
from xinzhi.core.text import Text
from xinzhi.protocol.fault import nearest

if TYPE_CHECKING:
    from xinzhi.protocol.yamlfile import Source

Status = Literal["adopted", "proposed", "published", "unverified"]

STATUSES: tuple[Status, ...] = get_args(Status)

_CHINESE = "[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]"
_FOLD = re.compile(f"(?<={_CHINESE}) (?={_CHINESE})")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class TextEntry(_Strict):
    """A text in both languages."""

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)

    def text(self) -> Text:
        """Return the text as the rest of xinzhi knows it."""
        # YAML joins folded lines with a space, which Chinese does not write.
        return Text(zh=_FOLD.sub("", self.zh), en=self.en)


class ReferenceEntry(_Strict):
    """A source, and the place in it."""

    title: str = Field(min_length=1)
    where: str = Field(min_length=1)


class AlternativeEntry(_Strict):
    """A value that others use."""

    value: Any = None
    values: dict[Any, Any] | None = None
    used_by: list[str] = Field(default_factory=list)
    reference: list[ReferenceEntry] = Field(default_factory=list)
    note: TextEntry | None = None


class ParameterEntry(_Strict):
    """One parameter: its value, the argument for it, and the alternatives."""

    value: Any = None
    values: dict[Any, Any] | None = None
    unit: str | None = None
    description: TextEntry | None = None
    reference: list[ReferenceEntry] = Field(default_factory=list)
    alternatives: list[AlternativeEntry] | None = None


class ExclusionEntry(_Strict):
    """A combination of values that makes no sense."""

    when: dict[str, Any]
    reason: TextEntry


class Document(_Strict):
    """A whole protocol file."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")
    version: str = Field(min_length=1)
    title: TextEntry
    status: Status
    authority: TextEntry
    description: TextEntry
    reference: list[ReferenceEntry] = Field(default_factory=list)
    extends: str | None = None
    parameters: dict[str, dict[str, ParameterEntry]] | None = None
    exclude: list[ExclusionEntry] = Field(default_factory=list)


_TEXTS = ("title", "authority", "description", "reason", "note")
_ENTRIES: dict[str, type[BaseModel]] = {
    "alternatives": AlternativeEntry,
    "reference": ReferenceEntry,
    "exclude": ExclusionEntry,
    **dict.fromkeys(_TEXTS, TextEntry),
}


# Message and cure of pydantic's own error types, in our words.
_PLAIN = {
    "missing": (
        "missing-key",
        Text(zh="缺少必需的键“{name}”。", en="the key '{name}' is missing."),
        Text(zh="请补上该键。", en="Add it."),
    ),
    "string_type": (
        "wrong-type",
        Text(zh="“{name}”必须是文字，而不是 {value!r}。", en="'{name}' has to be text, not {value!r}."),
        Text(zh='请加引号，例如 "2026.1"。', en='Write it in quotes, such as "2026.1".'),
    ),
    "string_too_short": (
        "empty-text",
        Text(zh="“{name}”为空。", en="'{name}' is empty."),
        Text(zh="请填写。", en="Fill it."),
    ),
    "string_pattern_mismatch": (
        "bad-id",
        Text(zh="{value!r} 不能作为标识。", en="{value!r} cannot be an id."),
        Text(zh="只用小写字母、数字、点和连字符。", en="Use small letters, digits, dots and hyphens."),
    ),
}
_SHAPE = (
    "wrong-type",
    Text(zh="“{name}”的结构不对（{problem}）。", en="'{name}' has the wrong shape ({problem})."),
    Text(zh="请对照文档中的协议文件格式。", en="Compare the file format in the documentation."),
)


def parse(source: Source) -> tuple[Document | None, list[Finding]]:
    """Return the document, or what is wrong with its shape."""
    try:
        return Document.model_validate(source.content), []
    except ValidationError as error:
        return None, [_finding(source, dict(item)) for item in error.errors(include_url=False)]


def _finding(source: Source, error: dict[str, Any]) -> Finding:
    loc: tuple[object, ...] = tuple(part for part in error["loc"] if part != "[key]")
    key = ".".join(map(str, loc))
    rule, message, hint = _explain(error, loc)
    return Finding(
        rule=rule,
        severity="error",
        message=message,
        hint=hint,
        file=source.file,
        line=source.line(loc),
        key=key or None,
        value=None if rule in {"unknown-key", "missing-key"} else repr(error["input"])[:60],
    )


def _explain(error: dict[str, Any], loc: tuple[object, ...]) -> tuple[str, Text, Text]:
    """Return the rule that is broken, what is wrong, and the cure."""
    name, value, kind = str(loc[-1]) if loc else "file", error["input"], error["type"]
    if kind == "extra_forbidden":
        message = Text(zh=f"未知键“{name}”。", en=f"unknown key '{name}'.")
        return "unknown-key", message, nearest(name, _entry(loc).model_fields)
    if kind == "literal_error":
        message = Text(zh=f"{value!r} 不是允许的取值。", en=f"{value!r} is not an allowed value.")
        return "not-allowed", message, nearest(value, STATUSES)
    rule, message, hint = _PLAIN.get(kind, _SHAPE)
    filled = {"name": name, "value": value, "problem": error["msg"]}
    return rule, message.format(**filled), hint


def _entry(loc: tuple[object, ...]) -> type[BaseModel]:
    """Return the model whose keys may stand beside the last part of `loc`."""
    above = loc[:-1]
    for part in reversed(above):
        if part in _ENTRIES:
            return _ENTRIES[str(part)]
    return ParameterEntry if above else Document

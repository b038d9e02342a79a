"""Read a YAML file as text that remembers its lines, and refuse what YAML would quietly reinterpret."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, NoReturn

import yaml

from xinzhi.core.errors import system_reason
from xinzhi.core.finding import Finding, finding
from xinzhi.core.parameters import setting

KeyPath = tuple[str, ...]
_LIMITS = Path(__file__).with_name("yamlfile.yaml")
_SHOWN = 60

# YAML 1.2's core schema instead of PyYAML's 1.1: `no` and `off` are words, 1e-3 is a number, 010 and 1:30 are text.
_SCALARS = {
    "tag:yaml.org,2002:null": r"^(?:~|null|Null|NULL|)$",
    "tag:yaml.org,2002:bool": r"^(?:true|True|TRUE|false|False|FALSE)$",
    "tag:yaml.org,2002:int": r"^[-+]?(?:0|[1-9][0-9]*)$",
    "tag:yaml.org,2002:float": r"^[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$",
    "tag:yaml.org,2002:timestamp": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
}

_CONVERT: dict[str, Callable[[str], Any]] = {
    "tag:yaml.org,2002:str": str,
    "tag:yaml.org,2002:null": lambda _: None,
    "tag:yaml.org,2002:bool": lambda text: bool(("false", "true").index(text.lower())),
    # A number of absurd length becomes a float, so that it fails as out of bounds and not in the arithmetic.
    "tag:yaml.org,2002:int": lambda text: int(text) if len(text) <= sys.float_info.dig else float(text),
    "tag:yaml.org,2002:float": float,
    "tag:yaml.org,2002:timestamp": date.fromisoformat,
}


_LOADER: type[yaml.SafeLoader] = type(
    "SafeTextLoader", (getattr(yaml, "CSafeLoader", yaml.SafeLoader),), {"yaml_implicit_resolvers": {}}
)
for _tag, _pattern in _SCALARS.items():
    _LOADER.add_implicit_resolver(_tag, re.compile(_pattern), None)


class YamlError(Exception):
    """The text is no usable YAML; carries the finding that says where."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.sentence())
        self.finding = finding


@dataclass(frozen=True, slots=True)
class Source:
    """The content of a YAML file."""

    file: str
    content: Any
    lines: dict[KeyPath, int] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()

    def line(self, path: tuple[object, ...]) -> int:
        """Return the line of `path`, or of the nearest key above it that stands in the file."""
        names = tuple(map(str, path))
        while names and names not in self.lines:
            names = names[:-1]
        return self.lines.get(names, 1)


def read(path: Path) -> Source:
    r"""Read a UTF-8 YAML file, with or without a byte order mark."""
    file = str(path)
    return parse(_text(path, file), file)


def parse(text: str, file: str) -> Source:
    """Read YAML text; `file` is the name that messages show."""
    if len(text) > (most := setting(_LIMITS, "characters")):
        _refuse("yaml-size", file, None, most=most)
    try:
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
        _refuse("yaml", file, mark.line + 1 if mark else 1, problem=problem)
    except RecursionError:  # the parser in Python, where there is none in C
        _refuse("yaml-depth", file, None, most=setting(_LIMITS, "levels"))
    if node is None:
        _refuse("empty-file", file, 1)
    builder = _Builder(file)
    content = builder.build(node, ())
    return Source(file, content, builder.lines, tuple(builder.findings))


def write(content: Mapping[str, object], *, flow: bool = False, width: int = 80) -> str:
    """Return YAML text; with `flow`, a list of words stands on one line."""
    style = None if flow else False
    text: str = yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=width, default_flow_style=style)
    return text


def _text(path: Path, file: str) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        _refuse("unreadable-file", file, None, reason=system_reason(error))
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        _refuse("wrong-encoding", file, line, encoding="GB18030" if _is_gb18030(raw) else "other")


def _is_gb18030(raw: bytes) -> bool:
    try:
        raw.decode("gb18030")
    except UnicodeDecodeError:
        return False
    return True


def _refuse(what: str, file: str, line: int | None, **words: object) -> NoReturn:
    raise YamlError(finding(f"core.{what}", words=words, file=file, line=line))


class _Builder:
    """Turn YAML nodes into plain values and note the line of every key."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.lines: dict[KeyPath, int] = {}
        self.findings: list[Finding] = []
        self._seen: set[int] = set()

    def build(self, node: yaml.Node, path: KeyPath) -> Any:  # noqa: ANN401 - whatever the file holds
        self.lines.setdefault(path, node.start_mark.line + 1)
        if id(node) in self._seen:
            self._stop(node, "yaml-alias")
        if len(path) > (most := setting(_LIMITS, "levels")):
            self._stop(node, "yaml-depth", most=most)
        self._seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(child, (*path, str(position))) for position, child in enumerate(node.value)]
        return self._scalar(node)

    def _mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[Hashable, Any]:
        content: dict[Hashable, Any] = {}
        for key_node, value_node in node.value:
            key = self._scalar(key_node)
            key_path = (*path, str(key))
            line = key_node.start_mark.line + 1
            if key in content:
                words = {"first": self.lines[key_path]}
                self.findings.append(
                    finding("core.duplicate-key", words=words, file=self.file, line=line, key=".".join(key_path))
                )
                continue
            self.lines[key_path] = line
            content[key] = self.build(value_node, key_path)
        return content

    def _scalar(self, node: yaml.Node) -> Any:  # noqa: ANN401 - whatever the file holds
        if not isinstance(node, yaml.ScalarNode):
            self._stop(node, "yaml-key")
        convert = _CONVERT.get(node.tag)
        if convert is None:
            self._stop(node, "yaml-tag", tag=node.tag)
        try:
            return convert(str(node.value))
        except ValueError:
            if node.tag.endswith(":timestamp"):
                self._stop(node, "no-such-date", day=node.value)
            self._stop(node, "yaml-value", value=node.value[:_SHOWN], tag=node.tag.rpartition(":")[2])

    def _stop(self, node: yaml.Node, what: str, **words: object) -> NoReturn:
        _refuse(what, self.file, node.start_mark.line + 1, **words)

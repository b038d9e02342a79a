"""Write the reference of every protocol parameter and of every protocol in the registry as MyST pages."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from xinzhi import protocol
from xinzhi.protocol import spell

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xinzhi.protocol import Parameter, Protocol, Reference, Specification


def generate(out_dir: str | Path) -> list[Path]:
    """Write the pages below `out_dir` and return their paths; a page that would not change is left alone."""
    folder = Path(out_dir) / "protocols"
    folder.mkdir(parents=True, exist_ok=True)
    protocols = protocol.registry()
    pages = {"parameters": _parameters_page(), "index": _registry_page(protocols)}
    pages |= {_file(item): _protocol_page(item) for item in protocols}
    return [_write(folder / f"{name}.md", text) for name, text in pages.items()]


def _write(path: Path, text: str) -> Path:
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8", newline="\n")
    return path


def _file(item: Protocol) -> str:
    """Return the page's name; without dots, which would look like an ending."""
    return item.id.replace(".", "-")


def _registry_page(protocols: Iterable[Protocol]) -> str:
    items = tuple(protocols)
    rows = [
        (f"[{item.id}]({_file(item)}.md)", item.status, f"{item.title.en} {item.title.zh}", _blanks(item))
        for item in items
    ]
    return "\n\n".join(
        [
            "# The registry",
            "Every protocol that ships with xinzhi. A blank refuses to compute; see each page for what it is.",
            _table(("id", "status", "title", "blank"), rows),
            _toctree(_file(item) for item in items),
            "",
        ]
    )


def _blanks(item: Protocol) -> str:
    return ", ".join(_code(path) for path in item.blank()) or "none"


def _protocol_page(item: Protocol) -> str:
    facts = [
        ("version", item.version),
        ("status", item.status),
        ("authority", f"{item.authority.en} {item.authority.zh}"),
        ("extends", f"[{item.extends}]({item.extends.replace('.', '-')}.md)" if item.extends else "nothing"),
        ("blank", _blanks(item)),
        ("fingerprint", _code(item.fingerprint)),
    ]
    parts = [
        f"# {item.id}",
        f"**{item.title.en}** · {item.title.zh}",
        _escape(item.description.en),
        _escape(item.description.zh),
        _table(("", ""), facts),
        _references(item.reference),
    ]
    for group, title in protocol.groups().items():
        own = [parameter for path, parameter in item.parameters.items() if path.startswith(f"{group}.")]
        if own:
            parts += [f"## {title.en} {title.zh}", *(_parameter(item, parameter) for parameter in own)]
    if item.exclude:
        parts += ["## Excluded combinations 排除的组合", _exclusions(item)]
    return "\n\n".join(part for part in [*parts, ""] if part or part == "")


def _parameter(item: Protocol, parameter: Parameter) -> str:
    unit = "" if parameter.unit == "choice" else f" {parameter.unit}"
    inherited = "" if parameter.origin == item.id else f" (from {parameter.origin})"
    value = "**blank**" if parameter.value is None else f"{_code(spell(parameter.value))}{unit}"
    parts = [
        f"### {parameter.path}",
        f"{parameter.title.en} {parameter.title.zh}: {value}{inherited}",
        _escape(parameter.description.en),
        _escape(parameter.description.zh),
        _references(parameter.reference),
    ]
    if parameter.alternatives:
        rows = [
            (
                _code(spell(other.value)),
                ", ".join(other.used_by),
                ", ".join(other.used_for),
                f"{_escape(other.note.en)} {_escape(other.note.zh)}" if other.note else "",
                "; ".join(f"{source.title}: {source.where}" for source in other.reference),
            )
            for other in parameter.alternatives
        ]
        parts.append(_table(("alternative", "used by", "used for", "note", "reference"), rows))
    return "\n\n".join(part for part in parts if part)


def _exclusions(item: Protocol) -> str:
    rows = [
        (
            ", ".join(_code(f"{path}: {spell(value)}") for path, value in exclusion.when.items()),
            f"{exclusion.reason.en} {exclusion.reason.zh}",
        )
        for exclusion in item.exclude
    ]
    return _table(("combination", "reason"), rows)


def _parameters_page() -> str:
    parts = [
        "# Every parameter",
        "What a protocol may fix, group by group. A path that does not stand here is an error in a protocol file.",
    ]
    for group, title in protocol.groups().items():
        own = [spec for spec in protocol.catalogue().values() if spec.group == group]
        parts += [f"## {title.en} {title.zh}", *(_specification(spec) for spec in own)]
    return "\n\n".join([*parts, ""])


def _specification(spec: Specification) -> str:
    kind = spec.kind.replace("_", " ")
    facts = [kind] if spec.unit == "choice" else [kind, spec.unit, _code(spec.bounds)]
    facts += ["may change from year to year"] if spec.dated else []
    facts += ["may be left out"] if spec.optional else []
    facts += ["documentation: no computation reads it"] if spec.role == "documentation" else []
    conditions = [f"{_code(path)} is {' or '.join(map(_code, words))}" for path, words in spec.needed_when.items()]
    needed = f"Needed when {' and '.join(conditions)}." if conditions else "Always needed."
    parts = [
        f"### {spec.path}",
        f"{spec.title.en} {spec.title.zh} · {' · '.join(facts)}",
        _escape(spec.description.en),
        _escape(spec.description.zh),
        needed,
    ]
    if spec.allowed:
        rows = [(_code(word), meaning.en, meaning.zh) for word, meaning in spec.allowed.items()]
        parts.append(_table(("value", "meaning", "含义"), rows))
    return "\n\n".join(parts)


def _references(references: Iterable[Reference]) -> str:
    return "\n".join(f"- {_escape(item.title)}: {_escape(item.where)}" for item in references)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def _toctree(names: Iterable[str]) -> str:
    return "\n".join(["```{toctree}", ":hidden:", "", *names, "```"])


def _code(text: str) -> str:
    return f"`{text}`"


def _escape(text: str) -> str:
    """Keep characters that MyST would read as markup."""
    for mark in "*_[]<$":
        text = text.replace(mark, f"\\{mark}")
    return text

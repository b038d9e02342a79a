"""Write the reference of the known tables, of the rules and of the units as MyST pages."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from xinzhi.core.parameters import read_yaml
from xinzhi.core.text import read_words
from xinzhi.data import tables_by_name
from xinzhi.data.catalogue import HERE
from xinzhi.data.units import atoms, chained, scales

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from xinzhi.data.catalogue import Column, Table


def generate(out_dir: str | Path) -> list[Path]:
    """Write the pages below `out_dir` and return their paths; a page that would not change is left alone."""
    folder = Path(out_dir) / "data"
    folder.mkdir(parents=True, exist_ok=True)
    pages = {"tables": _tables_page(), "rules": _rules_page(), "units": _units_page()}
    return [_write(folder / f"{name}.md", text) for name, text in pages.items()]


def _write(path: Path, text: str) -> Path:
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8", newline="\n")
    return path


def _tables_page() -> str:
    status = ", ".join(read_yaml(HERE / "tables.yaml")["status"])
    intro = (
        "Every table that xinzhi knows, with the unit in which it computes. A column may come in any unit that "
        "converts into it; of several units the one whose dimension fits counts, and currency, price year and base "
        "year stay those of the source. Columns marked ● must be there, everything else only where a verb asks for "
        f"it. Any column `X` or `X_nominal` may have a column `X_status` beside it ({status})."
    )
    parts = ["# Tables and columns", intro, *(_table_section(table) for table in tables_by_name().values())]
    return "\n\n".join([*parts, _limits(), ""])


def _table_section(table: Table) -> str:
    rows = [
        (
            _name(column),
            _unit(column),
            f"{column.text.en}<br>{column.text.zh}",
            _may(column),
        )
        for column in table.columns.values()
    ]
    key = ", ".join(f"`{name}`" for name in table.key)
    about = f"Key: {key}."
    if table.annual:
        about += f" A year missing inside a series: {table.annual}."
    if table.open:
        about += " Further columns are your own."
    grid = _grid(("column", "unit or type", "what it is", "what it may be"), rows)
    return f"## {table.name}\n\n{table.title.en} · {table.title.zh}. {about}\n\n{grid}{_arguments(table)}"


def _name(column: Column) -> str:
    return f"`{column.name}` ●" if column.required else f"`{column.name}`"


def _unit(column: Column) -> str:
    if column.units:
        return " or ".join(f"`{unit}`" for unit in column.units)
    return {"code": "code", "text": "text", "flag": "0 or 1", "number": "number"}.get(column.type, column.type)


def _may(column: Column) -> str:
    parts = []
    if column.sign:
        parts.append(f"> 0 ({column.sign})")
    if column.share:
        parts.append("0 to 1")
    elif column.minimum is not None or column.maximum is not None:
        low = "" if column.minimum is None else f"{column.minimum:g}"
        high = "" if column.maximum is None else f"{column.maximum:g}"
        parts.append(f"{low} to {high}".strip() if high else f"{low} or more")
    if column.values:
        parts.append(", ".join(f"`{value}`" for value in column.values))
    if column.refers or column.codes:
        parts.append(" or ".join(name for name in (column.refers, column.codes) if name))
    if column.growth:
        since = f" from {column.growth.since}" if column.growth.since else ""
        parts.append(f"step up to ±{column.growth.bound:g} log points a year{since}")
    return "; ".join(parts)


def _arguments(table: Table) -> str:
    """Return the argument behind each bound on growth."""
    lines = [f"- `{name}`: {column.growth.reference.en}." for name, column in table.columns.items() if column.growth]
    return "\n\nWhy these bounds on a year's step:\n\n" + "\n".join(lines) if lines else ""


def _limits() -> str:
    limits = read_yaml(HERE / "tables.yaml")["limits"]
    rows = [(f"`{name}`", f"{about['value']:g}", about["reason"]) for name, about in limits.items()]
    return "## Thresholds\n\n" + _grid(("threshold", "value", "why"), rows)


def _rules_page() -> str:
    rows = [
        (f"`{about.get('rule', name)}`", about["severity"], f"{about['en']}<br>{about['zh']}", about["cure"]["en"])
        for name, about in read_words("messages/data.yaml").items()
        if "severity" in about
    ]
    intro = (
        "Words in braces are filled in from the place of the finding. An `error` stops every verb that reads the "
        "table; a `warning` or a `note` does not."
    )
    return "\n\n".join(["# Rules", intro, _grid(("rule", "severity", "what it says", "cure"), rows), ""])


def _units_page() -> str:
    known = [
        (
            f"`{atom.name}`",
            atom.dimension,
            _code(atom.spellings),
            "; ".join(f"{_code(words)} = {float(size):g}" for size, words in atom.multiples),
        )
        for atom in atoms().values()
    ]
    sizes = [(word, f"{float(size):g}") for word, size in sorted(scales().items(), key=lambda item: item[1])]
    bases = ", ".join(f"`{word}=100`" for word in chained())
    return "\n\n".join(
        [
            "# Units",
            "## What is counted",
            _grid(("unit", "dimension", "also written", "multiples with names"), known),
            "## Scales",
            _grid(("word", "size"), sizes),
            "## Indices",
            f"`index YEAR=VALUE`, or against the period before: {bases}.",
            "",
        ]
    )


def _code(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _grid(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |" for row in rows]
    return "\n".join(lines)

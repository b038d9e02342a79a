"""The words of pages as they were last read over: stored text, which a change of a sentence shows as a difference.

``pytest --snapshot-update tests/web tests/unit/report`` writes them anew; the difference in git is what to read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from difflib import unified_diff
from html.parser import HTMLParser
from pathlib import Path

from xinzhi.core.text import Text

FOLDER = Path(__file__).parent / "snapshots"
BLOCKS = {"h1", "h2", "h3", "h4", "p", "li", "caption", "figcaption", "summary", "dt", "dd", "label", "button"}
DRAWN = {"charts", "pictures", "tables", "rows"}
SILENT = {"script", "style", "svg", "table", "title", "select", "code", "pre"}


class _Words(HTMLParser):
    """The headings, paragraphs, items and captions of a page, one a line; no cell of a table, no drawing."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.lines: list[str] = [""]
        self.silent = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self.silent += tag in SILENT
        if tag in BLOCKS:
            self.lines.append("")

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in SILENT
        if tag in BLOCKS:
            self.lines.append("")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.lines[-1] += data


def words_of(html: str) -> str:
    """Return the text of a page, one line for each block."""
    lines = [" ".join(line.split()) for line in _Words(html).lines]
    return "\n".join(line for line in lines if line) + "\n"


def difference(name: str, text: str, *, update: bool) -> str:
    """Return how a text differs from the stored one, or store it."""
    path = FOLDER / f"{name}.txt"
    if update:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return ""
    before = path.read_text("utf-8") if path.is_file() else ""
    return "\n".join(unified_diff(before.splitlines(), text.splitlines(), "stored", "now", lineterm="", n=1))


def texts_of(part: object) -> list[str]:
    """Return each text that a section holds, Chinese and English on one line, in the order in which it holds them."""
    if isinstance(part, Text):
        return [f"{part.zh} | {part.en}"] if part.zh or part.en else []
    if is_dataclass(part):
        part = [getattr(part, field.name) for field in fields(part) if field.name not in DRAWN]
    elif isinstance(part, Mapping):
        part = list(part.values())
    return [line for item in part for line in texts_of(item)] if isinstance(part, list | tuple) else []

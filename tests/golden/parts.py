"""The numbers and the words of files: what a digest is made of."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
import re
import zipfile
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

SUCH_AS_NOTHING = 1e-12
SKIPPED_KEYS = {"files", "software", "created"}


@dataclass(slots=True)
class Part:
    """The numbers and the words of one part of a result."""

    numbers: list[float] = field(default_factory=list)
    words: list[str] = field(default_factory=list)

    def digest(self) -> str:
        """Return count, digest in order, digest sorted and weighted sum."""
        texts = [canonical(value) for value in self.numbers]
        return f"{len(texts)} {digest_of(texts)} {digest_of(sorted(texts))} {self._sum():.10e}"

    def _sum(self) -> float:
        total = 0.0
        for place, value in enumerate(self.numbers):
            if math.isfinite(value):
                total += (0.5 + (place * 0.6180339887498949) % 1.0) * math.copysign(math.log1p(abs(value)), value)
        return total

    def spoken(self) -> str:
        """Return the digest of the words."""
        return digest_of(self.words)


def canonical(value: float) -> str:
    """Return a number with 10 significant digits."""
    return "0" if abs(value) < SUCH_AS_NOTHING else f"{value:.9e}"


def digest_of(texts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:10]


# ---------------------------------------------------------------------------------------------------- what is read


def number(text: str) -> float | None:
    """Return the number that a cell shows, None when it shows none."""
    plain = text.strip().replace("−", "-").replace(",", "").removesuffix("%").removeprefix("+").strip()
    try:
        return float(plain) if plain else None
    except ValueError:
        return None


def of_value(value: object, part: Part) -> None:
    """Put a value of a JSON document or of a frame into a part."""
    if isinstance(value, bool) or value is None:
        part.words.append(str(value))
    elif isinstance(value, int | float):
        part.numbers.append(float(value))
    elif isinstance(value, dict):
        for key in sorted(value):
            if key not in SKIPPED_KEYS:
                part.words.append(str(key))
                of_value(value[key], part)
    elif isinstance(value, list | tuple):
        for one in value:
            of_value(one, part)
    else:
        part.words.append(str(value))


def of_json(text: str) -> dict[str, Part]:
    """Return the parts of a JSON document: one for each key at its top, for `results` one each."""
    document = json.loads(text)
    parts: dict[str, Part] = {}
    top = document if isinstance(document, dict) else {"": document}
    for key, value in top.items():
        if key in SKIPPED_KEYS:
            continue
        results = key == "results" and isinstance(value, list)
        for place, one in enumerate(value if results else [value]):
            name = f"{key}.{one['provenance']['verb']}.{place}" if results else key
            of_value(one, parts.setdefault(name, Part()))
    return parts


def of_csv(text: str) -> dict[str, Part]:
    """Return the numbers of a CSV table, column by column in order of their names."""
    rows = list(csv.reader(io.StringIO(text)))
    part = Part()
    if not rows:
        return {"": part}
    head = rows[0]
    for place in sorted(range(len(head)), key=lambda column: head[column]):
        part.words.append(head[place])
        for row in rows[1:]:
            _cell(row[place], part)
    return {"": part}


def _cell(text: str, part: Part) -> None:
    value = number(text)
    if value is None:
        part.words.append(text)
    else:
        part.numbers.append(value)


def of_workbook(path: Path) -> dict[str, Part]:
    """Return the numbers of every sheet of a workbook."""
    parts: dict[str, Part] = {}
    with zipfile.ZipFile(path) as archive:
        texts = archive.read("xl/sharedStrings.xml").decode() if "xl/sharedStrings.xml" in archive.namelist() else ""
        shared = [_plain(item) for item in re.findall(r"<si>(.*?)</si>", texts, re.DOTALL)]
        names = re.findall(r'<sheet name="([^"]*)"', archive.read("xl/workbook.xml").decode())
        for place, name in enumerate(names, start=1):
            part = parts.setdefault(name, Part())
            sheet = archive.read(f"xl/worksheets/sheet{place}.xml").decode()
            for kind, inner in re.findall(r'<c r="[A-Z0-9]+"(?: s="\d+")?(?: t="(\w+)")?>(.*?)</c>', sheet, re.DOTALL):
                value = re.search(r"<v>(.*?)</v>", inner)
                if kind == "s" and value is not None:
                    part.words.append(shared[int(value[1])])
                elif kind in {"", "n"} and value is not None:
                    part.numbers.append(float(value[1]))
                else:
                    part.words.append(_plain(inner))
    return parts


def _plain(markup: str) -> str:
    return re.sub(r"<[^>]*>", "", markup)


class Page(HTMLParser):
    """Reads the tables, the marks of pictures and the words of a page, in English where it has both languages."""

    VOID = frozenset({"meta", "link", "br", "img", "input", "hr", "col", "wbr", "source"})

    def __init__(self) -> None:
        super().__init__()
        self.parts: dict[str, Part] = {}
        self._open: list[tuple[str, bool]] = []
        self._table: Part | None = None
        self._cell: list[str] | None = None
        self._picture: Part | None = None

    def _part(self, name: str) -> Part:
        free = next(
            f"{name}#{place}" if place else name
            for place in range(999)
            if (f"{name}#{place}" if place else name) not in self.parts
        )
        return self.parts.setdefault(free, Part())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note where the reader is."""
        given = dict(attrs)
        chinese = (given.get("lang") or "").startswith("zh") and tag != "html"
        if tag == "table":
            self._table = self._part(f"table {given.get('class') or given.get('id') or ''}".strip())
        elif tag == "td":
            self._cell = []
        elif tag == "svg":
            self._picture = self._part("picture")
        if self._picture is not None and (label := given.get("aria-label")):
            self._picture.words.append(label)
            self._picture.numbers += [float(found) for found in re.findall(r"-?\d+(?:\.\d+)?", label.replace("−", "-"))]
        if tag not in self.VOID:
            self._open.append((tag, chinese))

    def handle_endtag(self, tag: str) -> None:
        """Close what ends here."""
        while self._open and self._open.pop()[0] != tag:
            pass
        if tag == "td" and self._cell is not None:
            if self._table is not None:
                _cell("".join(self._cell).strip(), self._table)
            self._cell = None
        elif tag == "table":
            self._table = None
        elif tag == "svg":
            self._picture = None

    def handle_data(self, data: str) -> None:
        """Take a text where it counts."""
        tags = {tag for tag, _ in self._open}
        if any(chinese for _, chinese in self._open) or tags & {"style", "script", "svg"}:
            return
        if self._cell is not None:
            self._cell.append(data)
        elif data.strip():
            self.parts.setdefault("words", Part()).words.append(data.strip())


def of_page(text: str) -> dict[str, Part]:
    """Return the numbers of every table and picture of a page."""
    page = Page()
    page.feed(text)
    return page.parts


def of_file(path: Path) -> dict[str, Part]:
    """Return the parts of a file, by its kind."""
    match path.suffix:
        case ".csv":
            return of_csv(path.read_text(encoding="utf-8-sig"))
        case ".json":
            return of_json(path.read_text(encoding="utf-8"))
        case ".xlsx":
            return of_workbook(path)
        case ".html":
            return of_page(path.read_text(encoding="utf-8"))
        case ".md":
            return {"": Part(words=[path.read_text(encoding="utf-8")])}
    return {}

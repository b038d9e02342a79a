"""The known tables and their columns, as ``tables.yaml`` defines them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from xinzhi import words
from xinzhi.core.finding import Severity
from xinzhi.core.parameters import read_yaml
from xinzhi.core.text import Text
from xinzhi.data.units import Unit, parse

ColumnType = Literal["code", "text", "number", "integer", "flag", "year", "time", "period", "month"]
HERE = Path(__file__).parent
STATUS = "_status"
NOMINAL = "_nominal"
_BRACKET = re.compile(r"[（(]")


@dataclass(frozen=True, slots=True)
class Growth:
    """The largest plausible change of a column per year, in log points, and the argument for it."""

    bound: float
    reference: Text
    since: int | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """How bad a figure is that is missing inside a series, and what it spoils."""

    severity: Severity
    why: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A known column: what it holds, in which unit, and what its values may be."""

    name: str
    type: ColumnType
    role: str
    text: Text
    units: tuple[Unit, ...] = ()
    required: bool = False
    values: tuple[str, ...] = ()
    codes: str | None = None
    refers: str | None = None
    sign: Severity | None = None
    share: bool = False
    minimum: float | None = None
    maximum: float | None = None
    growth: Growth | None = None
    break_flag: str | None = None
    gap: Gap | None = None
    nation: bool = False  # whether the nation may stand among the regions

    @property
    def percentage(self) -> bool:
        """Whether it is a part of a whole in percent, so that it runs from 0 to 100."""
        return self.minimum == 0 and self.maximum == 100  # noqa: PLR2004 - a hundred percent


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A known table: its title, the columns that name a row, and what is known of every column, by name."""

    name: str
    title: Text
    key: tuple[str, ...]
    columns: Mapping[str, Column]
    annual: Severity | None = None
    open: bool = False

    def column(self, name: str) -> Column | None:
        """Return a known column; ``X_status`` is known wherever ``X`` or ``X_nominal`` is."""
        if name in self.columns:
            return self.columns[name]
        if not name.endswith(STATUS):
            return None
        stem = name.removesuffix(STATUS)
        of = self.columns.get(stem) or self.columns.get(stem + NOMINAL)
        if of is None:
            return None
        status = tuple(read_yaml(HERE / "tables.yaml")["status"])
        return Column(name=name, type="text", role="status", text=words.data.status_of(title=of.text), values=status)


@cache
def tables_by_name() -> Mapping[str, Table]:
    """Return the known tables by name.

    >>> tables_by_name()["investment"].key
    ('region', 'asset', 'year')
    >>> str(tables_by_name()["accounts"].columns["employment"].units[0])
    '1e4 persons'
    """
    return {
        name: Table(
            name=name,
            title=Text(**entry["title"]),
            key=tuple(entry["key"]),
            columns={column: _column(column, about) for column, about in entry["columns"].items()},
            annual=entry.get("annual"),
            open=entry.get("open", False),
        )
        for name, entry in read_yaml(HERE / "tables.yaml")["tables"].items()
    }


def limit(name: str) -> float:
    """Return a threshold of ``tables.yaml``, such as ``index_tolerance``."""
    return float(read_yaml(HERE / "tables.yaml")["limits"][name]["value"])


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate that `name` most likely misspells, if there is one."""
    close = difflib.get_close_matches(name.lower(), list(candidates), n=1, cutoff=limit("nearest_name"))
    return close[0] if close else None


def table_name(name: str, names: Iterable[str] = ()) -> str:
    """Return the known table that a name means, whatever its case and blanks, unless one of the others bears it."""
    bare = name.strip().lower()
    return bare if bare in tables_by_name() and bare not in names else name


def nearest_table(name: str) -> str | None:
    """Return the known table that a name most likely means: its title in either language, or a misspelt name."""
    bare = name.strip().lower()
    titles = {
        title.lower(): table.name for table in tables_by_name().values() for title in (table.title.zh, table.title.en)
    }
    return titles.get(bare) or nearest(bare, tables_by_name())


def nearest_column(name: str, table: Table) -> str | None:
    """Return the known column that a header most likely means: a misspelt name, or the Chinese label."""
    columns = [*table.columns.values()][::-1]  # of two with one label, at current and at constant prices, the first
    labels = {_BRACKET.split(column.text.zh, maxsplit=1)[0]: column.name for column in columns}
    bare = _BRACKET.split(name, maxsplit=1)[0].strip()
    begun = [column for label, column in labels.items() if len(bare) > 1 and label.startswith(bare)]  # 地区: 地区代码
    return labels.get(bare) or next(iter(begun[::-1]), None) or nearest(name, table.columns)


def _column(name: str, entry: Mapping[str, Any]) -> Column:
    units, growth, gap = entry.get("unit", ()), entry.get("growth"), entry.get("gap")
    attributes = ("type", "role", "required", "codes", "refers", "sign", "share", "nation")
    return Column(
        name=name,
        text=Text(zh=entry["zh"], en=entry["en"]),
        units=tuple(parse(unit) for unit in ([units] if isinstance(units, str) else units)),
        values=tuple(entry.get("values", ())),
        minimum=entry.get("min"),
        maximum=entry.get("max"),
        growth=Growth(growth["bound"], Text(**growth["reference"]), growth.get("since")) if growth else None,
        break_flag=entry.get("break"),
        gap=Gap(gap["severity"], Text(**gap["why"])) if gap else None,
        **{part: entry[part] for part in attributes if part in entry},
    )

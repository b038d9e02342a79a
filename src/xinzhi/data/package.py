"""A data package in memory: typed tables in canonical units, their sha256, and what was found wrong with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from xinzhi.core.errors import InputError
from xinzhi.core.finding import Finding, format_findings
from xinzhi.core.names import Names
from xinzhi.core.provenance import fingerprint
from xinzhi.core.result import FrameKind
from xinzhi.core.text import Text, join_names
from xinzhi.data.catalogue import tables_by_name
from xinzhi.data.digests import digest_figures

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a table was read from: its file, and the line of each row in it; None for a frame."""

    file: str | None
    lines: pl.Series


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Package:
    """A data package: tables in canonical units, sorted by their keys.

    `tables` have codes as String, years as Int64 and figures as Float64; `units` the unit of every column that has one,
    by table and column, such as ``1e8 CNY at 2000 prices``. `name`, `title` and `version` are what the descriptor says
    (a workbook or parquet folder has the name of its file), `findings` everything that was found, in the order of the
    tables, `kind` is the kind of frame that the caller handed in, `source` the place that it was read from. `origins`
    has the file of every table with the line of each of its rows, `descriptor` the descriptor as written, `issuers` the
    offices that issued the figures of each table, and of the package by the empty name, as its `sources` name them.

    >>> from xinzhi.data import load
    >>> package = load("china-provinces")
    >>> package.tables["regions"].height, package.units["accounts"]["employment"]
    (31, '1e4 persons')
    """

    name: str
    title: Text
    version: str | None = None
    tables: Mapping[str, pl.DataFrame]
    units: Mapping[str, Mapping[str, str]]
    findings: tuple[Finding, ...] = ()
    origins: Mapping[str, Origin] = field(default_factory=dict)
    kind: FrameKind = "polars"
    source: str = ""
    descriptor: Mapping[str, Any] = field(default_factory=dict)
    issuers: Mapping[str, Sequence[Text]] = field(default_factory=dict)
    _digests: dict[str, str] = field(default_factory=dict, init=False, compare=False)
    _figures: dict[str, dict[str, str]] = field(default_factory=dict, init=False, compare=False)
    _lines: dict[tuple[str, tuple[str, ...]], dict[tuple[Any, ...], Any]] = field(
        default_factory=dict, init=False, compare=False
    )

    def require(self, table: str, columns: Sequence[str], *, verb: str, despite: Sequence[str] = ()) -> pl.DataFrame:
        """Return a table that has all the columns and no errors.

        `verb` says who needs it, for the message; `despite` are the rules whose errors the verb can live with, such as
        ``missing-year`` where a gap is left out. An `InputError` carries the errors of the table as its `findings`.

        >>> from xinzhi.data import load
        >>> load("china-provinces").require("accounts", ["output_real"], verb="measure").height
        930
        """
        errors = [
            problem
            for problem in self.findings
            if problem.severity == "error" and problem.table == table and problem.rule not in despite
        ]
        if table not in self.tables:
            values = {
                "verb": verb,
                "table": table,
                "wanted": list(columns),
                "name": self.name,
                "tables": list(self.tables),
            }
            if errors and not columns:  # a table that need not be there, but cannot be read
                raise _errors_of(table, errors, verb, self.name)
            why = errors[0].text if errors else ""
            raise InputError("data.table-unread" if errors else "data.table-missing", errors, why=why, **values)
        frame = self.tables[table]
        if missing := [name for name in columns if name not in frame.columns]:
            raise InputError(
                "data.columns-missing", findings=errors, verb=verb, table=table, name=self.name, missing=list(missing)
            )
        if errors:
            raise _errors_of(table, errors, verb, self.name)
        return frame

    def optional(self, table: str, *, verb: str, despite: Sequence[str] = ("missing-year",)) -> pl.DataFrame | None:
        """Return a table that a verb reads where there is one; None where there is none.

        Errors of a table that is there, or that could not be read, stop the verb all the same.

        >>> from xinzhi.data import load
        >>> load("china-provinces").optional("firms", verb="firms") is None
        True
        """
        wrong = any(problem.severity == "error" and problem.table == table for problem in self.findings)
        return self.require(table, (), verb=verb, despite=despite) if table in self.tables or wrong else None

    def place(self, table: str, **key: str | int) -> tuple[str | None, int | None]:
        """Return the file of a table and the line of the row with this key; None where it has none.

        >>> from xinzhi.data import load
        >>> load("china-provinces").place("accounts", region="120000", year=2007)
        ('accounts.csv', 43)
        """
        origin = self.origins.get(table)
        if origin is None:
            return None, None
        names = tuple(key)
        if (table, names) not in self._lines:
            cells = self.tables[table].select(names).rows()
            self._lines[table, names] = dict(zip(reversed(cells), reversed(origin.lines.to_list()), strict=True))
        return origin.file, self._lines[table, names].get(tuple(key.values()))

    def fingerprint(self, table: str) -> str:
        """Return the sha256 of a table in canonical form; an `InputError` says that there is no such table.

        It does not depend on the order of rows and columns, on line ends, or on how numbers are written; it does on
        every value and on the units.
        """
        if table not in self.tables:
            raise InputError("data.no-table", name=self.name, table=table, tables=list(self.tables))
        if table not in self._digests:
            self._digests[table] = fingerprint(self.tables[table], self.units.get(table, {}))
        return self._digests[table]

    def figures(self, columns: Iterable[str]) -> dict[str, dict[str, str]]:
        """Return for each column that the package has, such as ``accounts.employment``, its digests by region.

        See `xinzhi.data.digests.digest_figures`; those of a series of the nation stand under the empty code.

        >>> from xinzhi.data import load
        >>> len(load("china-provinces").figures(["accounts.employment"])["accounts.employment"])
        31
        """
        wanted = list(columns)
        for column in wanted:
            if column not in self._figures:
                self._figures[column] = digest_figures(self.tables, column)
        return {column: self._figures[column] for column in wanted if self._figures[column]}

    def issued_by(self, tables: Iterable[str]) -> Text | None:
        """Return the offices that issued the figures of some tables; None where the package does not say.

        >>> from xinzhi.data import load
        >>> load("china-provinces").issued_by(["accounts", "debt"]).zh
        '国家统计局、财政部'
        """
        rest = self.issuers.get("", ())  # of what is no table by itself: what was made from several
        offices = dict.fromkeys(office for table in tables for office in self.issuers.get(table, rest))
        return join_names(list(offices)) if offices else None

    def __repr__(self) -> str:
        sizes = ", ".join(f"{name} {frame.height}×{frame.width}" for name, frame in self.tables.items())
        name = f"{self.name} {self.version}" if self.version else self.name
        return f"Package({name}: {sizes}; {len(self.findings)} findings)"


def _errors_of(table: str, errors: Sequence[Finding], verb: str, name: str) -> InputError:
    """Return the error that a table has errors."""
    what = format_findings(errors, _SHOWN)
    return InputError("data.table-errors", errors, verb=verb, table=table, name=name, what=what)


def names_of(package: Package | None) -> Names:
    """Return what the codes of a package are called, from every table that names its rows; None has no names.

    Kinds are the columns of the codes (``region, industry, category, ...``), and ``group`` for macro-regions.

    >>> from xinzhi.data import load
    >>> names = names_of(load("china-provinces"))
    >>> names.region("220000").en, names.text("group", "Northeast").zh, names.text("industry", "26").zh[:2]
    ('Jilin', '东北', '化学')
    """
    kinds: dict[str, dict[str, Text]] = {}
    for table, frame in ({} if package is None else package.tables).items():
        spec = tables_by_name().get(table)
        key = spec.key[0] if spec is not None else frame.columns[0]
        _add(kinds, frame, key, key, ("name_zh", "name_en"))
        _add(kinds, frame, "group", "group_en", ("group_zh", "group_en"))
    return Names(kinds)


def _add(kinds: dict[str, dict[str, Text]], frame: pl.DataFrame, kind: str, code: str, names: tuple[str, str]) -> None:
    """Add the names of one table; a code that is named already keeps its name."""
    if code not in frame.columns or set(names).isdisjoint(frame.columns):
        return
    zh, en = (pl.col(name) if name in frame.columns else pl.lit(None) for name in names)
    rows = frame.select(pl.col(code).alias("code"), zh=zh, en=en).drop_nulls("code").unique(maintain_order=True)
    for key, zh_name, en_name in rows.iter_rows():
        if zh_name or en_name:
            name = Text(zh=zh_name or en_name, en=en_name or zh_name)
            kinds.setdefault(kind, {}).setdefault(str(key), name)

"""The headings of tables of projects: which column is what, under the names that offices give them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from os import PathLike
from pathlib import Path
from typing import Any

import polars as pl

from xinzhi.core.arrays import AnyFrame
from xinzhi.core.errors import InputError, system_reason
from xinzhi.core.finding import Finding, finding
from xinzhi.core.result import FrameKind
from xinzhi.core.text import Text
from xinzhi.data import Package, load
from xinzhi.data.catalogue import nearest
from xinzhi.data.package import Origin
from xinzhi.data.raw import RawTable
from xinzhi.risks.projects import notices
from xinzhi.risks.projects.conventions import convention, document

KNOWN = ("id", "title", "text", "region", "year")


def plain_heading(name: str) -> str:
    """Return a heading without what is written differently from table to table: width, case, brackets, spaces."""
    narrow = unicodedata.normalize("NFKC", name).casefold()
    return re.sub(r"[\s()\[\]【】〔〕{}《》<>:,、/_*.-]", "", re.sub(r"([(\[【〔{])\s*单位[:\s]*", r"\1", narrow))


def rename_columns(
    frame: pl.DataFrame, table: str, file: str | None = None
) -> tuple[pl.DataFrame, tuple[Finding, ...]]:
    """Return a table with the names that `screen` knows, and a note on every column that was taken for another."""
    headings = {name: plain_heading(name) for name in frame.columns}
    renames: dict[str, str] = {}
    for standard in KNOWN:
        if standard in frame.columns:
            continue
        aliases = [plain_heading(name) for name in document("words.yaml")["headings"][standard]]
        ranked = [
            (aliases.index(heading), name)
            for name, heading in headings.items()
            if heading in aliases and name not in KNOWN
        ]
        if ranked:
            renames[min(ranked, key=lambda entry: entry[0])[1]] = standard
    notes = [
        finding("projects.heading-taken", table=table, file=file, column=name, expected=standard)
        for name, standard in renames.items()
    ]
    out = frame.rename(renames)
    if "id" in renames.values() and out["id"].dtype.is_float():
        out = out.with_columns(pl.col("id").cast(pl.String).str.replace(r"\.0$", ""))
    if "id" not in out.columns and frame.width:
        digits = len(str(frame.height))
        numbers = [f"{row:0{digits}}" for row in range(1, frame.height + 1)]
        out = out.insert_column(0, pl.Series("id", numbers, dtype=pl.String))
        notes.append(finding("projects.rows-numbered", table=table, file=file))
    return out, tuple(notes)


def sentences(columns: list[str]) -> dict[str, str]:
    """Return the further columns that a table has, and the sentence that each adds to the text."""
    texts_by_heading = _sentences()
    return {
        name: texts_by_heading[plain_heading(name)]
        for name in columns
        if name not in KNOWN and plain_heading(name) in texts_by_heading
    }


@cache
def _sentences() -> Mapping[str, str]:
    texts_by_heading: dict[str, str] = {}
    words = document("words.yaml")
    for entry in words["columns"]:
        for name in entry["names"]:
            units = entry.get("units", [""])
            for unit in units:
                texts_by_heading[plain_heading(name + unit)] = entry["sentence"].replace(
                    "{unit}", unit or next(iter(units))
                )
    for name in words["headings"]["text"]:
        texts_by_heading.setdefault(plain_heading(name), "{}。")
    return texts_by_heading


_OWN_RULES = ("control-character", "duplicate-key", "missing-key", "more-findings", "unknown-region")
_LONGEST_SHOWN = 40
_SUMS = "金额|价款?$|预算|限价|总价|投资额"


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """A table of projects."""

    frame: pl.DataFrame
    fingerprint: str
    findings: tuple[Finding, ...]
    kind: FrameKind


def library(source: AnyFrame, table: str, *, encoding: str | None = None) -> Library:
    """Read a table of projects or of an archive, as `screen` does.

    Examples
    --------
    >>> library(pl.DataFrame({"项目编号": ["a1"], "项目名称": ["水厂"]}), "archive").frame.row(0)
    ('a1', '水厂', '水厂。')
    """
    package, early = _package(source, table, encoding)
    if table not in package.tables and len(package.tables) == 1:
        package = replace(package, tables={table: next(iter(package.tables.values()))})
    package, notes = _with_known_headings(package, table)
    early = (*early, *notes)
    frame = package.require(table, ["id"], verb="screen", despite=_OWN_RULES)
    if not {"title", "text"} & set(frame.columns) and not sentences(frame.columns):
        similar = dict.fromkeys(filter(None, (nearest(name, frame.columns) for name in ("title", "text"))))
        raise InputError(
            "projects.no-text-but-near" if similar else "projects.no-text",
            table=table,
            known=frame.columns,
            near=list(similar),
        )
    texts = project_text(frame)
    frame, long = _cut(frame, table, package)
    frame = frame.with_columns(pl.Series("id", _identifiers(frame["id"])))
    columns = [name for name in ("id", "title", "region", "year") if name in frame.columns]
    table_read = frame.select(columns).with_columns(texts.alias("text"))
    own_findings = (
        problem for problem in package.findings if problem.table not in {*package.tables} - {table, "regions"}
    )
    findings = (*early, *own_findings, *long, *_odd(table_read, table, package), *_unread(frame, table, package))
    return Library(frame=table_read, fingerprint=package.fingerprint(table), findings=findings, kind=package.kind)


def project_text(frame: pl.DataFrame) -> pl.Series:
    """Return one text a project: title, content, and what further known columns say, as sentences."""
    parts = [pl.col(name).cast(pl.String) for name in ("title", "text") if name in frame.columns]
    ended = [
        pl.when(part.str.strip_chars() != "")
        .then(part.str.replace(r"[。.]?\s*$", "。"))
        .otherwise(pl.lit(""))
        .fill_null("")
        for part in parts
    ]
    for name, sentence in sentences(frame.columns).items():
        before, _, after = sentence.partition("{}")
        words = pl.col(name).cast(pl.String).str.strip_chars()
        words = words.str.replace(r"\.0$", "") if frame[name].dtype.is_float() else words.str.replace("。$", "")
        # a cell that says its unit needs none of its heading
        has_unit = words.str.contains("元$") & pl.lit(after.endswith("元。"))
        sentence_text = pl.lit(before) + words + pl.when(has_unit).then(pl.lit("。")).otherwise(pl.lit(after))
        ended.append(pl.when(pl.col(name).cast(pl.String).str.strip_chars() != "").then(sentence_text).fill_null(""))
    return frame.select(pl.concat_str([*ended, pl.lit("")]).alias("text"))["text"]


def _with_known_headings(package: Package, table: str) -> tuple[Package, tuple[Finding, ...]]:
    """Return a package whose table has the names that `screen` knows, read again where that changes a column."""
    if table not in package.tables or not set(package.tables[table].columns) - set(KNOWN):
        return package, ()
    old = package.tables[table]
    origin = package.origins.get(table)
    frame, notes = rename_columns(old, table, origin.file if origin else None)
    if frame.columns == old.columns:
        return package, notes
    again = load({table: frame})
    lines = again.origins[table].lines
    remaining = tuple(problem for problem in package.findings if problem.rule != "missing-column")
    if origin is not None and len(origin.lines) == len(lines):
        lines = origin.lines.gather(lines - 1)
    origins = {table: Origin(origin.file if origin else None, lines)}
    findings = (
        *remaining,
        *(problem for problem in again.findings if problem.severity == "error" or problem.rule in _OWN_RULES),
    )
    return replace(again, origins=origins, findings=findings, kind=package.kind, source=package.source), notes


def _package(source: AnyFrame, table: str, encoding: str | None) -> tuple[Package, tuple[Finding, ...]]:
    if isinstance(source, Package):
        return source, ()
    if isinstance(source, (str, PathLike)):
        path = Path(source)
        if path.suffix.lower() in {".csv", ".tsv", ".txt"}:
            return _read_csv(path, table, encoding)
        return load(source, encoding=encoding), ()
    return load({table: source}), ()


def _read_csv(path: Path, table: str, encoding: str | None) -> tuple[Package, tuple[Finding, ...]]:
    """Read one CSV file as a table."""
    from xinzhi.data.delimited import read_delimited

    try:
        grid = read_delimited(path, table, encoding=encoding)
    except OSError as error:
        raise InputError("projects.not-read", path=path, why=system_reason(error)) from error
    if not grid.cells.width:
        if not grid.findings:
            raise InputError("projects.no-columns", path=path.name)
        first = Text(zh=grid.findings[0].sentence("zh"), en=grid.findings[0].sentence("en"))
        raise InputError("projects.broken", grid.findings, why=first)
    cells, notes = rename_columns(grid.cells, table, path.name)
    raw = RawTable(name=table, cells=cells, lines=grid.lines, header=grid.header, file=path.name)
    return load({table: raw}), (*grid.findings, *notes)


def _identifiers(ids: pl.Series) -> list[str]:
    """Return identifiers that tell rows apart: of a repeated one the later rows get their number behind it."""
    counts: dict[str, int] = {}
    out = []
    for at, name in enumerate(ids.to_list(), start=1):
        identifier = str(name) if name is not None else f"row {at}"
        counts[identifier] = counts.get(identifier, 0) + 1
        out.append(identifier if counts[identifier] == 1 else f"{identifier}#{counts[identifier]}")
    return out


def _cut(frame: pl.DataFrame, table: str, package: Package) -> tuple[pl.DataFrame, list[Finding]]:
    """Return a table whose identifiers and titles are no longer than names are, and a finding for each that was."""
    most, problems = int(convention("longest_name")), []
    for name in (name for name in ("id", "title") if frame.schema.get(name) == pl.String):
        long = frame.with_row_index("row").with_columns(pl.col(name).str.len_chars().alias("length"))
        for row in long.filter(pl.col("length") > most).iter_rows(named=True):
            words = {"length": row["length"], "most": most}
            problems.append(_finding(package, table, row, "projects.too-long", name, row[name], words))
        frame = frame.with_columns(pl.col(name).str.head(most))
    return frame, problems


def _odd(frame: pl.DataFrame, table: str, package: Package) -> list[Finding]:
    """Return what the screening itself finds odd: empty texts and codes of unknown places."""
    from xinzhi.risks.projects.places import is_division_code

    rows = frame.with_row_index("row")
    problems = [
        _finding(package, table, row, "projects.empty-text", "text", None)
        for row in rows.filter(pl.col("text").str.strip_chars() == "").iter_rows(named=True)
    ]
    if "region" in frame.columns:
        stated = rows.filter(pl.col("region").is_not_null() & (pl.col("region").str.strip_chars() != ""))
        strange = stated.filter(~is_division_code(stated["region"]))
        problems += [
            _finding(package, table, row, "projects.unknown-place", "region", row["region"])
            for row in strange.iter_rows(named=True)
        ]
    return problems


def _unread(frame: pl.DataFrame, table: str, package: Package) -> list[Finding]:
    """Return a finding for every column that seems to hold sums and is not read, and for days that are none."""
    origin, texts_by_heading, problems = package.origins.get(table), sentences(frame.columns), []
    file = origin.file if origin else None
    for name in frame.columns:
        if name not in texts_by_heading and name not in KNOWN and re.search(_SUMS, plain_heading(name)):
            problems.append(finding("projects.sum-not-read", table=table, file=file, column=name))
        elif re.search("(?<![万亿])元。$", texts_by_heading.get(name, "")) and "元" not in plain_heading(name):
            if frame[name].cast(pl.String).str.contains(r"^[0-9.,\s]+$").any():
                problems.append(finding("projects.sum-in-yuan", table=table, file=file, column=name))
        elif texts_by_heading.get(name, "").startswith(notices.SAYS_DAY):
            cells = frame[name].cast(pl.String).str.normalize("NFKC").str.strip_chars()
            counts = cells.filter(cells != "").value_counts(sort=True)
            odd = counts.filter([not notices.day_of(cell) for cell in counts[name].to_list()])
            if odd.height:
                words = {"n": int(odd["count"].sum()), "first": odd[name].sort()[0][:_LONGEST_SHOWN]}
                problems.append(finding("projects.no-day", words=words, table=table, file=file, column=name))
    return problems


def _finding(
    package: Package,
    table: str,
    row: Mapping[str, Any],
    code: str,
    column: str,
    value: str | None,
    words: Mapping[str, object] | None = None,
) -> Finding:
    origin = package.origins.get(table)
    return finding(
        code,
        words=words,
        table=table,
        file=origin.file if origin else None,
        line=int(origin.lines[row["row"]]) if origin else None,
        column=column,
        key=row["id"],
        value=value[:_LONGEST_SHOWN] if value else None,
    )


def unknown_place(table: str, name: str, value: str) -> Finding:
    """Return the finding for a text that names a place which GB/T 2260 has not."""
    return finding("projects.unknown-place", table=table, column="text", key=name, value=value)

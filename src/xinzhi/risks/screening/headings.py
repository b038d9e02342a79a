"""The headings of tables of projects: which column is what, under the names that offices give them."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

import polars as pl

from xinzhi.core.finding import Finding
from xinzhi.core.text import Text
from xinzhi.risks.screening.facts import document

if TYPE_CHECKING:
    from collections.abc import Mapping

KNOWN = ("id", "title", "text", "region", "year")


def plain_heading(name: str) -> str:
    """Return a heading without what is written differently from table to table: width, case, brackets, spaces.

    Examples
    --------
    >>> plain_heading("总投资（单位：万元）"), plain_heading("Project Name"), plain_heading("总投资/万元")
    ('总投资万元', 'projectname', '总投资万元')
    """
    narrow = unicodedata.normalize("NFKC", name).casefold()
    return re.sub(r"[\s()\[\]【】〔〕{}《》<>:,、/_*.-]", "", re.sub(r"([(\[【〔{])\s*单位[:\s]*", r"\1", narrow))


def renamed(frame: pl.DataFrame, table: str, file: str | None = None) -> tuple[pl.DataFrame, tuple[Finding, ...]]:
    """Return a table with the names that `screen` knows, and a note on every column that was taken for another.

    Parameters
    ----------
    frame
        The table as written. A column with a known name keeps it; another is looked up only for a name that is free.
        Without any identifiers the rows are numbered.
    table, file
        Where it stands, for the notes.

    Examples
    --------
    >>> found, notes = renamed(pl.DataFrame({"项目名称": ["水厂"], "建设内容及规模": ["日供水5万吨"]}), "archive")
    >>> found.columns, len(notes)
    (['id', 'title', 'text'], 3)
    """
    plain = {name: plain_heading(name) for name in frame.columns}
    chosen: dict[str, str] = {}
    for known in KNOWN:
        if known in frame.columns:
            continue
        wanted = [plain_heading(name) for name in document("words.yaml")["headings"][known]]
        ranked = [(wanted.index(said), name) for name, said in plain.items() if said in wanted and name not in KNOWN]
        if ranked:
            chosen[min(ranked, key=lambda entry: entry[0])[1]] = known
    notes = [_note("heading-taken", table, file, column=name, value=known) for name, known in chosen.items()]
    out = frame.rename(chosen)
    if "id" in chosen.values() and out["id"].dtype.is_float():
        out = out.with_columns(pl.col("id").cast(pl.String).str.replace(r"\.0$", ""))
    if "id" not in out.columns and frame.width:
        digits = len(str(frame.height))
        numbers = [f"{row:0{digits}}" for row in range(1, frame.height + 1)]
        out = out.insert_column(0, pl.Series("id", numbers, dtype=pl.String))
        notes.append(_note("rows-numbered", table, file, column=None, value=None))
    return out, tuple(notes)


def sentences(columns: list[str]) -> dict[str, str]:
    """Return the further columns that a table has, and the sentence that each adds to the text.

    Examples
    --------
    >>> sentences(["id", "计划总投资（亿元）", "建设性质", "联系人"])
    {'计划总投资（亿元）': '总投资{}亿元。', '建设性质': '建设性质:{}。'}
    """
    known = _sentences()
    return {name: known[plain_heading(name)] for name in columns if name not in KNOWN and plain_heading(name) in known}


@cache
def _sentences() -> Mapping[str, str]:
    found: dict[str, str] = {}
    words = document("words.yaml")
    for entry in words["columns"]:
        for name in entry["names"]:
            for unit in entry.get("units", [""]):
                found[plain_heading(name + unit)] = entry["sentence"].replace("{unit}", unit)
    for name in words["headings"]["text"]:
        found.setdefault(plain_heading(name), "{}。")
    return found


def _note(rule: str, table: str, file: str | None, *, column: str | None, value: str | None) -> Finding:
    message, hint = _WORDS[rule]
    return Finding(
        rule=rule,
        severity="note",
        message=Text(zh=message.zh.format(value=value), en=message.en.format(value=value)),
        hint=hint,
        table=table,
        file=file,
        column=column,
        expected=value,
    )


_WORDS = {
    "heading-taken": (
        Text(zh="按“{value}”读取。", en="is read as '{value}'."),
        Text(zh="如有不符，请将应读的列改名为该名称。", en="If that is wrong, give that name to the right column."),
    ),
    "rows-numbered": (
        Text(zh="没有编号列，各行按顺序编号。", en="has no column of identifiers; its rows are numbered."),
        Text(
            zh="如需以自有编号显示结果，请将编号列命名为“id”。",
            en="Name the column of your own identifiers 'id' to see them in the results.",
        ),
    ),
}

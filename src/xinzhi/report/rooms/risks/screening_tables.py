"""The tables of a `Screening`: verdicts, ledger, changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from xinzhi.core.text import Text
from xinzhi.report.catalogue import words
from xinzhi.report.rooms.risks.screening_names import chance, span
from xinzhi.report.tables import Column, Table
from xinzhi.risks.projects.sentences import FIELDS, LEVELS, VERDICTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinzhi.report.rooms.risks.screening_names import Names
    from xinzhi.report.tables import Kind
    from xinzhi.risks import Screening

ON_PAGE = 60  # rows of the page; the workbook has all
IN_BOOK = 5_000  # projects whose ledgers the workbook holds
WHAT = {"facts": "screen.chart.facts", "wording": "screen.chart.wording"}


def column(name: str, kind: Kind, unit: Text | None = None) -> Column:
    """Return a column of a table of this room."""
    title = words(f"screen.column.{name}")
    return Column(title=title, kind=kind, unit=unit) if unit else Column(title=title, kind=kind)


def first_verdicts(frame: pl.DataFrame, names: Names) -> Table:
    """Return the verdicts as the page shows them, the most probable first."""
    columns = (
        column("id", "name"), column("title", "text"), column("verdict", "value"), column("chance", "value"),
        column("archive_id", "text"), column("evidence", "value"),
    )  # fmt: skip
    rows = [
        (
            row["id"], names.projects.get(row["id"], ""), VERDICTS[row["verdict"]],
            words("screen.chart.interval", chance=chance(row["probability"]), span=span(row["lower"], row["upper"])),
            names.source(row["archive_id"]), _evidence(row),
        )
        for row in frame.head(ON_PAGE).iter_rows(named=True)
    ]  # fmt: skip
    cut = frame.height > ON_PAGE
    title = words("screen.table.first_verdicts", shown=ON_PAGE) if cut else words("screen.table.verdicts")
    return Table(key="screen_verdicts", title=title, columns=columns, rows=rows)


def verdicts(frame: pl.DataFrame, names: Names) -> Table:
    """Return every verdict in figures, as the workbook has it."""
    percent = words("screen.unit_of.percent")
    columns = (
        column("id", "name"), column("title", "text"), column("verdict", "value"),
        *(column(name, "percent", percent) for name in ("probability", "lower", "upper")),
        column("archive_id", "code"), column("archive_title", "text"), column("basis", "value"),
        column("evidence", "value"),
    )  # fmt: skip
    rows = [
        (
            row["id"], names.projects.get(row["id"], ""), VERDICTS[row["verdict"]],
            *(100 * row[name] for name in ("probability", "lower", "upper")),
            row["archive_id"], names.archive.get(row["archive_id"] or "", ""), words(WHAT[row["basis"]]),
            _evidence(row),
        )
        for row in frame.iter_rows(named=True)
    ]  # fmt: skip
    return Table(key="screen_verdicts", title=words("screen.table.verdicts"), columns=columns, rows=rows)


def _evidence(row: Mapping[str, Any]) -> Text:
    return Text(zh=row["evidence_zh"] or "–", en=row["evidence"] or "–")


def behind(frame: pl.DataFrame, result: Screening) -> tuple[Table, ...]:
    """Return the ledger and the changes of every project beside the record that comes closest."""
    pairs = frame.head(IN_BOOK).select("id", "archive_id").drop_nulls()
    both = ["id", "archive_id"]
    kept = result.ledger.filter((pl.col("rank") == 1) & (pl.col("level") >= 0))
    entries = pairs.join(kept, on=both, how="inner", maintain_order="left_right")
    changed = pairs.join(result.changes, on=both, how="inner", maintain_order="left_right")
    keys = (column("id", "name"), column("archive_id", "code"))
    weight = column("weight", "figure", words("screen.unit_of.log"))
    note = (words("screen.note.cut", shown=f"{IN_BOOK:,}"),) if frame.height > IN_BOOK else ()
    found = Table(
        key="screen_ledger",
        title=words("screen.table.ledger"),
        columns=(*keys, column("field", "value"), column("agreement", "value"), weight,
                 column("project", "text"), column("archive", "text")),
        rows=[
            (row["id"], row["archive_id"], FIELDS[row["field"]], agreement(row["agreement"]), row["weight"],
             row["project"], row["archive"])
            for row in entries.iter_rows(named=True)
        ],
        notes=note,
    )  # fmt: skip
    moved = Table(
        key="screen_changes",
        title=words("screen.table.changes"),
        columns=(*keys, column("changed", "value")),
        rows=[(one, other, Text(zh=zh, en=en)) for one, other, zh, en in changed.select(*both, "zh", "en").rows()],
        notes=note,
    )  # fmt: skip
    return tuple(one for one in (found, moved) if one.rows)


def agreement(level: str) -> Text:
    """Return a level of agreement in words."""
    return Text(zh=LEVELS[level], en=level)

"""A workbook of the checked tables in which every bad cell is coloured and says what is wrong."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from xinzhi import words
from xinzhi.core.arrays import AnyFrame
from xinzhi.core.errors import UsageError
from xinzhi.core.extras import require
from xinzhi.core.files import whole_file
from xinzhi.core.finding import Finding
from xinzhi.core.text import Language
from xinzhi.data import Package
from xinzhi.data.internal import RawTable
from xinzhi.report.palette import SEVERITY

if TYPE_CHECKING:  # of the extra `report`
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

SHEET_NAME = 31  # the most that Excel allows
ROWS = 100_000  # tables longer than this show the rows with findings only
ORDER = {"error": 0, "warning": 1, "note": 2}


def write_marked(
    findings: Sequence[Finding],
    source: Package | str | PathLike[str] | Mapping[str, AnyFrame],
    path: Path,
    *,
    encoding: str | None = None,
    language: Language = "en",
) -> Path:
    """Write the tables that have findings as they were read, bad cells coloured and commented, and a list of findings.

    Rows stand in the lines that the findings name, headers in the first, so that the cells can be mended in place.

    Parameters
    ----------
    findings
        What ``xinzhi.data.check`` found.
    source
        What was checked: a package, the name or path of one, or a mapping of tables.
    path
        Where to write, a ``.xlsx``.
    encoding
        The encoding of CSV files that are not UTF-8.
    language
        The language of the comments and of the name of the list.

    Raises
    ------
    UsageError
        When the suffix is not ``.xlsx``, or the place cannot be written.

    Examples
    --------
    >>> import tempfile, pathlib, polars as pl
    >>> from xinzhi.data import check
    >>> bad = {"accounts": pl.DataFrame({"region": ["110000"], "year": [2000], "labour_share": [5.0]})}
    >>> write_marked(check(bad), bad, pathlib.Path(tempfile.mkdtemp()) / "marked.xlsx").name
    'marked.xlsx'
    """
    require("xlsxwriter")
    from xlsxwriter import Workbook

    from xinzhi.report.workbook import MADE, SAFE

    if path.suffix.lower() != ".xlsx":
        raise UsageError("report.marked-not-xlsx", file=path.name)
    by_table: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        if finding.table is not None:
            by_table[finding.table].append(finding)
    raw = [table for table in _read(source, encoding) if table.name in by_table]
    with whole_file(path) as temporary:
        book = Workbook(temporary, SAFE)
        book.set_properties({"created": MADE})
        colours = {name: book.add_format({"bg_color": colour}) for name, colour in SEVERITY.items()}
        _list(book, findings, language)
        for table in raw:
            sheet = book.add_worksheet(table.name[:SHEET_NAME])
            _table(sheet, table, by_table[table.name], colours, book.add_format({"bold": True}), language)
        book.close()
    return path


def _read(source: Package | str | PathLike[str] | Mapping[str, AnyFrame], encoding: str | None) -> list[RawTable]:
    """Return the tables as they were read; those of a package whose source is gone, as they are."""
    from pathlib import Path

    from xinzhi.data import Package, packages
    from xinzhi.data.internal import read_source

    if not isinstance(source, Package):
        return read_source(source, encoding=encoding).tables
    available = source.source and (source.source in packages() or Path(source.source).exists())
    return read_source(source.source if available else source.tables, encoding=encoding).tables


def _list(book: Workbook, findings: Sequence[Finding], language: Language) -> None:
    from xinzhi.report.pages.yardstick.tables import findings as list_of

    sheet = book.add_worksheet(words.shared.marked_findings().lang(language)[:SHEET_NAME])
    bold, wrap = book.add_format({"bold": True}), book.add_format({"text_wrap": True, "valign": "top"})
    count = words.shared.marked_rows(n=len(findings))
    colours = words.shared.marked_severity_colours()
    sheet.write_string(0, 0, f"{count.zh}  {count.en}", bold)
    sheet.write_string(1, 0, f"{colours.zh}  {colours.en}")
    table = list_of(findings)
    place = 0
    for i, column in enumerate(table.columns):
        bilingual = column.kind == "name"
        for side in ("zh", "en") if bilingual else ("",):
            title = words.shared.column_of(f"in_{side}", title=column.title) if side else column.title
            sheet.write_string(3, place, f"{title.zh}  {title.en}", bold)
            sheet.set_column(place, place, 34 if bilingual else 18)
            for line, row in enumerate(table.rows, start=4):
                text = getattr(row[i], side) if side else str(row[i])
                sheet.write_string(line, place, text, wrap)
            place += 1
    sheet.freeze_panes(4, 0)


def _table(
    sheet: Worksheet,
    table: RawTable,
    findings: Sequence[Finding],
    colours: Mapping[str, Format],
    bold: Format,
    language: Language,
) -> None:
    """Write one table; a finding without a line stands at its header, one without a column at the row's first cell."""
    names = [name for name in table.cells.columns if not name.startswith("__")]
    rows = _rows(table, {finding.line for finding in findings if finding.line is not None})
    cells = {name: table.cells[name].gather([index for index, _ in rows.values()]).to_list() for name in names}
    order = {line: i for i, line in enumerate(rows)}
    numeric = _numeric(table)
    sheet.write_row(0, 0, names, bold)
    sheet.freeze_panes(1, 0)
    for line, (_, place) in rows.items():
        for i, name in enumerate(names):
            _cell(sheet, place, i, cells[name][order[line]], None, numeric=name in numeric)
    marks: dict[tuple[int | None, int], list[Finding]] = defaultdict(list)
    for finding in findings:
        row_line = finding.line if finding.line in rows else None
        marks[row_line, names.index(finding.column) if finding.column in names else 0].append(finding)
    for (at, column), cell_findings in marks.items():
        name = names[column]
        colour = colours[min(cell_findings, key=lambda finding: ORDER[finding.severity]).severity]
        place = 0 if at is None else rows[at][1]
        value = name if at is None else cells[name][order[at]]
        _cell(sheet, place, column, value, colour, numeric=at is not None and name in numeric)
        comment = "\n".join(
            f"{finding.message.lang(language)} {finding.hint.lang(language)}" for finding in cell_findings
        )
        sheet.write_comment(place, column, comment, {"x_scale": 2.5, "y_scale": 1.4})


def _rows(table: RawTable, bad_lines: set[int]) -> dict[int, tuple[int, int]]:
    """Return the rows to write: by line, the index in the table and the row of the sheet; of a long table few."""
    lines = table.lines.to_list()
    if len(lines) > ROWS:
        selected = [(line, index) for index, line in enumerate(lines) if line in bad_lines]
        return {line: (index, place) for place, (line, index) in enumerate(selected, start=1)}
    first = 1 if table.file is None else 0  # a frame counts its rows from 1 and has no header line
    return {line: (index, line - 1 + first) for index, line in enumerate(lines)}


def _numeric(table: RawTable) -> set[str]:
    """Return the columns whose cells are to be numbers."""
    from xinzhi.data import tables_by_name

    definition = tables_by_name().get(table.name)
    names = (
        {column.name for column in definition.columns.values() if column.type in {"number", "integer", "year", "flag"}}
        if definition
        else set()
    )
    return names | {name for name in table.cells.columns if table.cells[name].dtype.is_numeric()}


def _cell(sheet: Worksheet, row: int, column: int, value: object, colour: Format | None, *, numeric: bool) -> None:
    """Write a cell as it was read: a number where it reads as one, text otherwise."""
    if value is None:
        sheet.write_blank(row, column, None, colour)
        return
    try:
        number = float(str(value)) if numeric else None
    except ValueError:
        number = None
    if number is not None and abs(number) != float("inf") and number == number:  # noqa: PLR0124 - not NaN
        sheet.write_number(row, column, number, colour)
    else:
        sheet.write_string(row, column, str(value), colour)

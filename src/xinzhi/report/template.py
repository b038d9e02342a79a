"""A data package to fill in: a workbook whose sheets, headings, units and rules are those of the known tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from xinzhi import words
from xinzhi.core.errors import UsageError
from xinzhi.core.extras import require
from xinzhi.core.files import whole
from xinzhi.core.parameters import read_yaml
from xinzhi.core.text import LANGUAGES, Language, Text, Values
from xinzhi.core.yamlfile import write
from xinzhi.data import tables_by_name
from xinzhi.data.internal import Column, Table, nearest

if TYPE_CHECKING:  # of the extra `report`
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

BOOK, DESCRIPTOR, README = "data.xlsx", "datapackage.yaml", "README.md"
UNITS = "units"
HEADER = 4  # the row of the column names, from 0: title, headings in both languages and units stand above
WIDE, TITLE, MESSAGE = 18, 32, 255  # width of a column, and what Excel shows of a title and of a message


def new_package(folder: str | PathLike[str], tables: Sequence[str] = (), *, language: Language = "en") -> Path:
    """Lay out a data package to fill in: a workbook with headings, units and rules, its descriptor, and a README.

    Sheets, columns, units, allowed values and bounds are those of the known tables, so that what Excel lets one type is
    what `xinzhi.load` accepts. `xinzhi.load` reads the folder as soon as it is filled.

    Parameters
    ----------
    folder
        The folder to make; none of the three files may be there.
    tables
        Known tables; by default those that the yardstick reads: regions, accounts and investment.
    language
        Of comments, messages and the README; headings are in both.

    Raises
    ------
    UsageError
        When a table is not known, one of the files exists, or the place cannot be written.

    Examples
    --------
    >>> import tempfile, xinzhi
    >>> folder = new_package(tempfile.mkdtemp() + "/mine", ["accounts"])
    >>> sorted(path.name for path in folder.iterdir())
    ['README.md', 'data.xlsx', 'datapackage.yaml']
    >>> [found.rule for found in xinzhi.data.check(folder)]
    ['empty-table']
    """
    require("xlsxwriter")
    usual, target = read_yaml(Path(__file__).with_suffix(".yaml")), Path(folder)
    if unknown := next((name for name in tables if name not in tables_by_name()), None):
        names = list(tables_by_name())
        raise UsageError("report.template-table", given=unknown, near=nearest(unknown, names) or "-", known=names)
    if existing := next((name for name in (BOOK, DESCRIPTOR, README) if (target / name).exists()), None):
        raise UsageError("report.template-there", file=target / existing)
    layout = {name: _columns(tables_by_name()[name], usual["tables"].get(name)) for name in tables or usual["tables"]}
    with whole(target, [BOOK, README, DESCRIPTOR]) as (book, readme, descriptor):
        steps = _steps(layout, target, language)
        _write_template(book, layout, usual["rows"]["value"], steps, language)
        listed = [f"- `{name}`: {tables_by_name()[name].title.lang(language)}" for name in layout]
        title = words.template.title().lang(language)
        numbered = [f"{number}. {step}" for number, step in enumerate(steps, start=1)]
        lines = [f"# `{target.name}`: {title}", "", *numbered, "", words.template.named().lang(language), ""]
        lines += [f"## {words.template.tables().lang(language)}", "", *listed, ""]
        readme.write_text("\n".join(lines), "utf-8")
        descriptor.write_text(_descriptor(target.resolve().name, layout), "utf-8")
    return target


def _columns(table: Table, names: Sequence[str] | None) -> list[Column]:
    """Return the columns of a sheet: those of the list, else all."""
    columns = [table.column(name) for name in names] if names else list(table.columns.values())
    return [column for column in columns if column is not None]


def _descriptor(name: str, layout: Mapping[str, Sequence[Column]]) -> str:
    """Return the descriptor, whose tables are the sheets of the workbook."""
    title = words.template.your_title()
    document = {
        "name": name,
        "title": title.en,
        "title_zh": title.zh,
        "resources": [{"name": table, "path": BOOK, "dialect": {"sheet": table}} for table in layout],
    }
    # the source is for the user to say: a placeholder would stand under charts as the office that issued the figures
    hint = "# sources:\n#   - {title: ..., title_zh: ..., issuer: ..., issuer_zh: ...}\n"
    return write(document) + hint


def _steps(layout: Mapping[str, Sequence[Column]], folder: Path, language: Language) -> list[str]:
    """Return what to do, step by step."""
    first = next(iter(layout))
    key = tables_by_name()["accounts" if "accounts" in layout else first].key
    values: Values = {"row": HEADER + 2, "key": "×".join(key), "folder": folder.name}
    return [words.template.steps_of(str(number), **values).lang(language) for number in range(1, 7)]


def _write_template(
    path: Path, layout: Mapping[str, Sequence[Column]], rows: int, steps: Sequence[str], language: Language
) -> None:
    """Write the workbook: what to do, a sheet for each table, and the units."""
    from xlsxwriter import Workbook
    from xlsxwriter.utility import xl_rowcol_to_cell

    from xinzhi.report.workbook import MADE, SAFE

    book = Workbook(path, SAFE)
    book.set_properties({"created": MADE})
    look = {
        "bold": book.add_format({"bold": True}),
        "soft": book.add_format({"font_color": "#595959", "text_wrap": True, "valign": "top"}),
        "head": book.add_format({"bold": True, "bg_color": "#DDEBF7", "bottom": 1}),
        "code": book.add_format({"num_format": "@"}),
    }
    about = book.add_worksheet(words.template.about().lang(language))
    about.set_column(0, 0, 110)
    for line, step in enumerate(steps):
        about.write_string(line, 0, f"{line + 1}. {step.replace('`', '')}")
    sheets = {name: book.add_worksheet(name) for name in layout}
    units = book.add_worksheet(UNITS)
    units.write_row(0, 0, ["table", "column", "unit"], look["head"])
    units.set_column(0, 2, 30)
    at: dict[tuple[str, str], str] = {}
    for name, columns in layout.items():
        for column in columns:
            if not column.units:
                continue
            line = len(at) + 1
            units.write_row(line, 0, [name, column.name, _unit(column)])
            at[name, column.name] = f"{UNITS}!{xl_rowcol_to_cell(line, 2, row_abs=True, col_abs=True)}"
    for name, columns in layout.items():
        _sheet(sheets[name], tables_by_name()[name], columns, look, at, language)
        for place, column in enumerate(columns):
            codes = _codes(name, column, layout, rows)
            rule = _rule(column, xl_rowcol_to_cell(HEADER + 1, place), at.get((name, column.name)), codes, language)
            if rule is not None:
                sheets[name].data_validation(HEADER + 1, place, HEADER + rows, place, rule)
    book.close()


def _codes(name: str, column: Column, layout: Mapping[str, Sequence[Column]], rows: int) -> str | None:
    """Return the range of the codes that a column refers to, where their table is in the workbook."""
    table = "regions" if column.name == "region" else (column.refers or "").partition(".")[0]
    if table == name or table not in layout:
        return None
    return f"={table}!$A${HEADER + 2}:$A${HEADER + 1 + rows}"


def _unit(column: Column) -> str:
    """Return a unit to begin with; a year stands for a base that the column leaves open."""
    return str(column.units[0]).replace("constant", "2000").replace("BASE", "2000")


def _sheet(
    sheet: Worksheet,
    table: Table,
    columns: Sequence[Column],
    look: Mapping[str, Format],
    units: Mapping[tuple[str, str], str],
    language: Language,
) -> None:
    """Write the rows above the figures: title, headings in both languages, units, and the names of the columns."""
    first, second = language, next(code for code in LANGUAGES if code != language)
    sheet.write_string(0, 0, f"# {table.title.lang(first)} {table.title.lang(second)}", look["bold"])
    unit = words.template.unit()
    for place, column in enumerate(columns):
        mark = "# " if place == 0 else ""
        sheet.write_string(1, place, mark + column.text.lang(first), look["soft"])
        sheet.write_string(2, place, mark + column.text.lang(second), look["soft"])
        if column.units:
            sheet.write_formula(3, place, f"={units[table.name, column.name]}", look["soft"], _unit(column))
        elif place == 0:
            sheet.write_string(3, 0, f"# {unit.lang(first)} {unit.lang(second)}", look["soft"])
        sheet.write_string(HEADER, place, column.name, look["head"])
        sheet.write_comment(HEADER, place, _comment(column, language), {"x_scale": 2})
        sheet.set_column(place, place, WIDE, look["code"] if column.type in {"code", "month", "period"} else None)
    sheet.freeze_panes(HEADER + 1, sum(column.name in table.key for column in columns))


def _comment(column: Column, language: Language) -> str:
    """Return what a column holds and what may stand in it."""
    texts = [column.text, words.template.column_required()] if column.required else [column.text]
    if column.role == "status":
        texts.append(words.template.column_status())
    if column.units:
        texts.append(words.template.column_unit(unit=_unit(column)))
    if (what := _allowed_text(column)) is not None:
        texts.append(what)
    return "\n".join(text.lang(language) for text in texts)


def _bounds(column: Column) -> tuple[float | None, float | None]:
    return (0, 1) if column.share else (column.minimum, column.maximum)


def _allowed_text(column: Column) -> Text | None:
    """Return in words what a cell may hold."""
    low, high = _bounds(column)
    kinds = {"year": "year", "time": "time", "month": "month", "flag": "flag", "integer": "whole"}
    if column.values:
        return words.template.rule_values(values=", ".join(column.values))
    if column.type in kinds:
        return words.template.rule_of(kinds[column.type])
    if column.type != "number":
        return None
    if low is not None and high is not None:
        return words.template.rule_between(low=f"{low:g}", high=f"{high:g}")
    if low is not None:
        return words.template.rule_minimum(low=f"{low:g}")
    return words.template.rule_positive() if column.sign == "error" else words.template.rule_number()


def _rule(
    column: Column, cell: str, unit: str | None, codes: str | None, language: Language
) -> dict[str, object] | None:
    """Return what Excel lets one type into a column; None where anything may stand."""
    # `cell` is the first one of the column, `unit` the one that holds its unit, `codes` the range of the codes that it
    # refers to: these may be filled in later, so that another one is only asked about.
    message, listed = _allowed_text(column), sum(map(len, column.values)) + len(column.values)
    year = f"AND(ISNUMBER({cell}),LEN({cell})=4)"
    custom = {
        "year": year,
        "time": f"OR({year},AND(ISNUMBER(--LEFT({cell},4)),LEN({cell})>=6))",
        "month": f'AND(LEN({cell})=7,MID({cell},5,1)="-",ISNUMBER(--LEFT({cell},4)))',
        "integer": f"IF(ISNUMBER({cell}),{cell}=INT({cell}))",
    }
    rule: dict[str, object]
    if codes is not None:
        message = words.template.rule_listed(table=codes.strip("=").partition("!")[0])
        rule = {"validate": "list", "source": codes, "error_type": "warning"}
    elif column.values and listed <= MESSAGE:
        rule = {"validate": "list", "source": list(column.values)}
    elif column.type == "flag":
        rule = {"validate": "list", "source": ["0", "1"]}
    elif column.type in custom:
        rule = {"validate": "custom", "value": f"={custom[column.type]}"}
    elif column.type == "number":
        rule = _decimal(column, cell, unit)
    else:
        return None
    if message is None:
        return None
    text = message.lang(language)[:MESSAGE]
    prompt = {"input_title": column.name[:TITLE], "input_message": text}
    return rule | prompt | {"error_title": column.name[:TITLE], "error_message": text}


def _decimal(column: Column, cell: str, unit: str | None) -> dict[str, object]:
    """Return the rule of a column of figures; the bound of a share follows its unit, ratio or percent."""
    low, high = _bounds(column)
    if low is not None and high is not None:
        most = f'=IF({unit}="ratio",1,100)' if column.share and unit else high
        return {"validate": "decimal", "criteria": "between", "minimum": low, "maximum": most}
    if low is not None:
        return {"validate": "decimal", "criteria": ">=", "value": low}
    if column.sign == "error":
        return {"validate": "decimal", "criteria": ">", "value": 0}
    return {"validate": "custom", "value": f"=ISNUMBER({cell})"}

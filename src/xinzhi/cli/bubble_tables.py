"""Price series as people have them: a data package, a long table, or a wide one with a column for each series."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from xinzhi.cli.bubble_cells import are_dates, figures, heading, read_dates, separated
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.finding import Finding
from xinzhi.core.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import polars as pl

    from xinzhi.cli.plain import Plain

SERIES, DATE, VALUE = "series", "date", "value"
DATES = (
    "date",
    "month",
    "quarter",
    "year",
    "period",
    "time",
    "day",
    "日期",
    "月份",
    "季度",
    "年份",
    "年",
    "月",
    "时期",
)
ROW = "row"  # --date row numbers the rows of a table without dates
_LISTED = 8


@dataclass(slots=True, kw_only=True)
class Prices:
    """Series in long form, and where each figure stands.

    Parameters
    ----------
    frame
        ``series, date, value``.
    source, file
        What was read, in words, and the file or table that findings name.
    value
        What the figures are, as a column is called.
    lines, columns
        Line and column of every row of `frame`; empty for a package, whose figures are computed.
    names
        What a place is called by its code and by its names, for a package.
    notes, left
        What was assumed, and what keeps series from the test before it begins.
    logarithms
        Whether logarithms were taken.
    package
        Name of the package.
    """

    frame: pl.DataFrame
    source: Text
    file: str
    value: str
    lines: Sequence[int] = ()
    columns: Sequence[str] = ()
    names: Mapping[str, Text] = field(default_factory=dict)
    notes: list[Text] = field(default_factory=list)
    left: list[Finding] = field(default_factory=list)
    logarithms: bool = False
    package: str | None = None

    def placed(self, found: Finding) -> Finding:
        """Return a finding that names file, line and column."""
        from dataclasses import replace

        at = None if not self.lines else self._hole(found.key) if found.line is None else found.line - 1
        own = dict(zip(self.frame[SERIES].to_list(), self.columns, strict=False))
        column = self.columns[at] if at is not None else own.get(found.key or "", self.value)
        line = None if at is None else self.lines[at]
        return replace(found, file=self.file, line=line, column=column)

    def _hole(self, series: str | None) -> int | None:
        """Return the row of the first empty cell inside a series, which a finding does not number."""
        import polars as pl

        rows = self.frame.with_row_index("at").filter(pl.col(SERIES) == series)
        known = rows[VALUE].is_not_null().arg_true()
        inside = rows.slice(int(known[0]), int(known[-1]) - int(known[0])) if len(known) else rows.clear()
        holes = inside.filter(pl.col(VALUE).is_null())["at"]
        return int(holes[0]) if len(holes) else None

    def in_logarithms(self) -> None:
        """Take logarithms; a series with a figure that has none is set aside and named."""
        import polars as pl

        def finding(rows: pl.DataFrame) -> tuple[str, Text, Text]:
            first = rows.row(0, named=True)
            return (
                "bubbles-not-positive",
                Text(
                    zh=f"有{rows.height}个值不是正数（首个为{first[DATE]}的{first[VALUE]:g}），没有对数。",
                    en=f"not positive, so that there is no logarithm: {first[VALUE]:g} in {first[DATE]}"
                    + (f" and {rows.height - 1} more values." if rows.height > 1 else "."),
                ),
                Text(
                    zh="未知时请留空；确为零或负数时不要用 --log。",
                    en="Leave the cells empty if they are not known; leave --log out if they are true.",
                ),
            )

        self.set_aside(self.frame[VALUE] <= 0, finding)
        self.frame = self.frame.with_columns(pl.col(VALUE).log())
        self.logarithms = True

    def set_aside(self, bad: pl.Series, finding: Callable[[pl.DataFrame], tuple[str, Text, Text]]) -> None:
        """Take out the series with bad rows, each with a finding at the first of them: its rule, message and cure."""
        rows = self.frame.with_row_index("at").filter(bad)
        aside = {str(name) for name in rows[SERIES].drop_nulls()}
        for (name,), some in rows.partition_by(SERIES, as_dict=True, maintain_order=True).items():
            at = int(some["at"][0])
            rule, message, hint = finding(some)
            self.left.append(
                Finding(
                    rule=rule, severity="error", message=message, hint=hint, table="bubbles", file=self.file,
                    line=self.lines[at] if self.lines else None,
                    column=self.columns[at] if self.columns else self.value, key=str(name),
                )
            )  # fmt: skip
        kept = [at for at, name in enumerate(self.frame[SERIES].to_list()) if name not in aside]
        self.frame = self.frame[kept]
        self.lines = [self.lines[at] for at in kept] if self.lines else ()
        self.columns = [self.columns[at] for at in kept] if self.columns else ()


def read_table(data: str, encoding: str | None, *, series: str | None, date: str | None, value: str | None) -> Prices:
    """Return the series of a plain table.

    Parameters
    ----------
    data, encoding
        The file.
    series, date, value
        Columns of a long table; without `series` the table is wide: dates in one column, a series in each other, or
        dates in the heading and a series in each row. `value` of a wide table names the columns to take, by commas.

    Raises
    ------
    UsageError
        When there is no such column.
    InputError
        When a date cannot be read or stands twice, or nothing is a number.
    """
    from xinzhi.cli.plain import TEXTS, read_plain

    table = read_plain(data, encoding, text=[one for one in (series, date) if one is not None])
    for name in (series, None if date == ROW else date, value if series is not None else None):
        _has(table, name)
    _refuse_unnamed(table)
    head = series or table.frame.columns[0]
    others = [one for one in table.frame.columns if one != head]
    if date is None and value is None and head.strip().lower() not in DATES and are_dates(others):
        return _across(read_plain(data, encoding, text=[head]), head)
    chosen = date or _date_column(table.frame.columns, series)
    if chosen not in {ROW, date} and table.frame[chosen].dtype.is_numeric() and table.path.suffix in TEXTS:
        # as written: 2021.10 is no number
        table = read_plain(data, encoding, text=[one for one in (series, chosen) if one is not None])
    return _long(table, series, chosen, value) if series is not None else _wide(table, chosen, value)


def _refuse_unnamed(table: Plain) -> None:
    """Raise, because figures of a workbook stand beneath headings that are dates of Excel, which its reader drops."""
    frame = table.frame
    blank = [one for one in frame.columns if one.startswith("__UNNAMED__") and len(frame[one].drop_nulls())]
    if blank:
        message = (
            f"{table.path.name}, line 1: {len(blank)} columns with figures have a heading that is empty or a date of "
            "Excel; write the headings as text, such as 2024-01."
        )
        raise InputError(message)


def _date_column(columns: Sequence[str], series: str | None) -> str:
    """Return the column that is called like one of dates; of a wide table else the first."""
    named = next((name for name in columns if name.strip().lower() in DATES and name != series), None)
    if named is None and series is not None:
        message = f"no column is called {', '.join(DATES[:6])}; name the dates with --date COLUMN."
        raise UsageError(message)
    return named or columns[0]


def _long(table: Plain, series: str, date: str, value: str | None) -> Prices:
    """Return the series of a table with one row a series and date."""
    import polars as pl

    frame = table.frame
    if value is None:
        others = [name for name in frame.columns if name not in {series, date} and len(frame[name].drop_nulls())]
        cells = {name: len(frame[name].drop_nulls()) for name in others}
        read = {name: len(figures(frame[name]).drop_nulls()) for name in others}
        numbers = [name for name in others if read[name] == cells[name]]
        numbers = numbers or [name for name in others if 2 * read[name] > cells[name]]
        if len(numbers) != 1:
            message = (
                f"{table.path.name}: name the figures with --value COLUMN; there are {', '.join(numbers) or 'none'}."
            )
            raise UsageError(message)
        value = numbers[0]
    keys = frame[series].cast(pl.String).str.strip_chars().replace("", None)
    dates = read_dates(table, date) if date != ROW else pl.int_range(1, frame.height + 1, eager=True)
    return _read(table, value, keys, dates, frame[value], table.lines, [value] * frame.height)


def _across(table: Plain, head: str) -> Prices:
    """Return the series of a table with one row each and the dates in its heading, as yearbooks print them."""
    import polars as pl

    frame = table.frame
    dates = [one for one in frame.columns if one != head]
    keys = frame[head].cast(pl.String).str.strip_chars().replace("", None)
    cells = pl.concat([frame[one].cast(pl.String) for one in dates])
    found = _read(
        table, "", pl.concat([keys] * len(dates)),
        pl.Series([heading(one) for one in dates for _ in range(frame.height)]), cells,
        [line for _ in dates for line in table.lines], [one for one in dates for _ in range(frame.height)],
    )  # fmt: skip
    found.notes.append(
        Text(zh=f"{table.path.name} 的日期在表头，每行一个序列",
             en=f"{table.path.name} has the dates in its heading and a series in each row")
    )  # fmt: skip
    return found


def _read(
    table: Plain, value: str, keys: pl.Series, dates: pl.Series, cells: pl.Series, lines: Sequence[int],
    columns: Sequence[str],
) -> Prices:  # fmt: skip
    """Return series in long form as numbers; one with a cell that is no number is set aside and named."""
    import polars as pl

    name = table.path.name
    numbers = figures(cells)
    found = Prices(
        frame=pl.DataFrame({SERIES: keys, DATE: dates, VALUE: numbers}), source=Text(zh=name, en=name), file=name,
        value=value, lines=lines, columns=columns,
    )  # fmt: skip
    if (like := separated(cells)) is not None:
        read = figures(pl.Series([like]))[0]
        found.notes.append(
            Text(
                zh=f"千位分隔符已去掉：{like} 读作 {read:.12g}",
                en=f"thousands separators were read as such: {like} is {read:.12g}",
            )
        )

    def finding(rows: pl.DataFrame) -> tuple[str, Text, Text]:
        word, more = cells[int(rows["at"][0])], rows.height - 1
        rest = "is 1 more cell" if more == 1 else f"are {more} more cells"
        return (
            "bubbles-word",
            Text(zh=f"“{word}”不是数值" + (f"，另有{more}个单元格也不是。" if more else "。"),
                 en=f"'{word}' is no number" + (f", nor {rest}." if more else ".")),
            Text(zh="请改正；未知时请留空。", en="Mend it, or leave the cell empty if it is not known."),
        )  # fmt: skip

    bad = numbers.is_null() & cells.is_not_null()
    if bad.any():
        found.set_aside(bad & found.frame[SERIES].is_not_null(), finding)
    return found


def _wide(table: Plain, date: str, value: str | None) -> Prices:
    """Return the series of a table with a column each."""
    import polars as pl

    frame, name = table.frame, table.path.name
    wanted = [one.strip() for one in value.split(",")] if value else [one for one in frame.columns if one != date]
    for one in wanted:
        _has(table, one)
    dates = read_dates(table, date) if date != ROW else pl.int_range(1, frame.height + 1, eager=True)
    notes, taken = [], []
    for one in wanted:
        column = frame[one]
        words = not figures(column).is_not_null().any()
        if words and column.null_count() < len(column) and not value:
            notes.append(
                Text(zh=f"“{one}”列没有数字，未作为序列", en=f"column '{one}' has no numbers and is no series")
            )
        else:
            taken.append(one)
    if not taken:
        message = f"{name}: no column beside '{date}' has numbers; a long table needs --series, --date and --value."
        raise InputError(message)
    empty = dates.is_null()
    if empty.any():
        first = table.lines[int(empty.arg_true()[0])]
        notes.append(
            Text(zh=f"{name} 有 {empty.sum()} 行没有日期（首个为第 {first} 行），已略去",
                 en=f"{name}: {empty.sum()} rows without a date were left out (the first is line {first})")
        )  # fmt: skip
    twice = dates.is_duplicated() & ~empty
    if twice.any():
        _refuse_twice(table, date, dates, twice)
    keep = (~empty).arg_true().to_list()
    found = _read(
        table, value or "", pl.Series([one for one in taken for _ in keep], dtype=pl.String),
        pl.concat([dates[keep]] * len(taken)), pl.concat([frame[one].cast(pl.String)[keep] for one in taken]),
        [table.lines[at] for _ in taken for at in keep], [one for one in taken for _ in keep],
    )  # fmt: skip
    found.notes = [*notes, *found.notes]
    return found


def _refuse_twice(table: Plain, date: str, dates: pl.Series, twice: pl.Series) -> None:
    """Raise, because a date stands in a wide table more than once: most likely the table is long."""
    first, second = (int(at) for at in (dates == dates.filter(twice)[0]).arg_true()[:2])
    words = [name for name in table.frame.columns if name != date and not table.frame[name].dtype.is_numeric()]
    like = f", such as --series {words[0]}" if words else ""
    message = (
        f"{table.path.name}, line {table.lines[second]}, column '{date}': the date {dates[second]} stands already in "
        f"line {table.lines[first]}; keep one of them, or name the column of the series if the table is long{like}."
    )
    raise InputError(message)


def _has(table: Plain, name: str | None) -> None:
    from xinzhi.data.catalogue import nearest

    columns = table.frame.columns
    if name is not None and name not in columns:
        like = nearest(name, columns)
        guess = f" Did you mean '{like}'?" if like else ""
        more = f" and {len(columns) - _LISTED} more" if len(columns) > _LISTED else ""
        message = f"{table.path.name} has no column '{name}'.{guess} It has {', '.join(columns[:_LISTED])}{more}."
        raise UsageError(message)

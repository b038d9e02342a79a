"""Plain tables as people have them; and price series, long, or wide with a column or a row for each series."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xinzhi import data, words
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.extras import require
from xinzhi.core.finding import finding
from xinzhi.core.lazy import pl
from xinzhi.core.text import by_commas, same
from xinzhi.data import internal as data_internal
from xinzhi.risks import internal as risks_internal

if TYPE_CHECKING:
    from xinzhi.core.arrays import AnyFrame, AnyPackage
    from xinzhi.core.finding import Finding
    from xinzhi.core.text import Text

PERIODS = ("year", "period", "time", "年份", "年", "时期")
SERIES, DATE, VALUE = "series", "date", "value"
DATES = (
    "date", "month", "quarter", "year", "period", "time", "day", "日期", "月份", "季度", "年份", "年", "月", "时期",
)  # fmt: skip
ROW = "row"  # in the place of a column of dates: number the rows
FEWEST = 3  # dates in a heading that are no coincidence
_THOUSANDS = r"^[+-]?\d{1,3}([,，]\d{3})+(\.\d+)?$"
_MIDNIGHT = r"[ T]00:00:00(\.0+)?$"


@dataclass(frozen=True, slots=True)
class Plain:
    """A table with numbers where all cells of a column are numbers, and the line of every row."""

    name: str
    frame: pl.DataFrame
    lines: Sequence[int]

    @property
    def source(self) -> Text:
        """What was read, in words."""
        return same(self.name)

    @property
    def raw(self) -> data_internal.RawTable:
        """The table with its lines, as a verb takes it that names cells."""
        return data_internal.RawTable(
            name=self.name, file=self.name, cells=self.frame, lines=pl.Series(self.lines, dtype=pl.UInt32)
        )

    def require(self, *columns: str | None) -> None:
        """Refuse a column that is not there, with the nearest that is."""
        present = self.frame.columns
        for name in columns:
            if name is not None and name not in present:
                by_case = {column.lower(): column for column in present}
                cell = {"table": self.name, "column": name}
                if joint := next((column for column in present if "," in column and name in column.split(",")), None):
                    raise UsageError("studies.no-column-comma", near=joint, **cell)
                texts = [column for column in present if self.frame[column].dtype == pl.String]
                if long := next((column for column in texts if (self.frame[column] == name).any()), None):
                    raise UsageError("studies.no-column-long", near=long, **cell)
                if like := by_case.get(name.lower()) or data_internal.nearest(name, present):
                    raise UsageError(
                        "studies.no-column-near", near=like, known=[same(column) for column in present], **cell
                    )
                raise UsageError("studies.no-column", known=[same(column) for column in present], **cell)


def is_plain(source: AnyFrame) -> bool:
    """Say whether a source is a plain table: a frame, or a file that is no data package."""
    if not isinstance(source, (str, Path)):
        return hasattr(source, "columns")
    path, suffix = Path(source), Path(source).suffix.lower()
    return (
        suffix in data_internal.FILES and path.is_file() and not (suffix in data_internal.BOOKS and known_sheets(path))
    )


def known_sheets(path: Path) -> set[str]:
    """Return the sheets of a workbook that bear the name of a known table."""
    require("fastexcel")
    import fastexcel

    try:
        sheets = {name.strip().lower() for name in fastexcel.read_excel(path).sheet_names}
    except (fastexcel.FastExcelError, ValueError, OSError) as error:
        raise InputError("studies.bad-workbook", path=path) from error
    return sheets & set(data.tables_by_name())


def read_plain(source: AnyFrame, encoding: str | None = None, *, text: Iterable[str] = ()) -> Plain:
    """Return a plain table; the columns `text` stay as they are written, such as codes with leading zeros."""
    name = Path(source).name if isinstance(source, (str, Path)) else "table"
    raw, _ = data_internal.read_any(source, name, encoding=encoding, labels=True)
    if not raw.cells.height or not raw.cells.columns:
        raise InputError("studies.no-rows", table=name)
    return Plain(name, data_internal.infer_numbers(raw.cells, text=text), raw.lines.to_list())


def load(source: AnyPackage, encoding: str | None = None) -> data.Package:
    """Return a data package; a path with a suffix that is not there is said to be no file."""
    if isinstance(source, data.Package):
        return source
    if isinstance(source, (str, Path)):
        require_file(source, only_suffixed=True)
    return data.load(source, encoding=encoding)


def require_file(path: AnyFrame, *, only_suffixed: bool = False) -> AnyFrame:
    """Return a path of a file that is there, or a frame."""
    is_path = isinstance(path, (str, Path))
    if is_path and not Path(path).exists() and (Path(path).suffix or not only_suffixed):
        raise InputError("studies.no-file", path=path)
    return path


def period_of(frame: pl.DataFrame) -> str | None:
    """Return the column of a plain table that is called like one of periods."""
    return next((name for name in frame.columns if name.lower() in PERIODS), None)


def whole(column: pl.Series) -> pl.Series:
    """Return whole numbers as such: 2005 instead of 2005.0."""
    exact = column.dtype == pl.Float64 and (column.drop_nulls() % 1 == 0).all()
    return column.cast(pl.Int64) if exact else column


def in_order(periods: pl.Series) -> pl.Series:
    """Return years, quarters, months and days that are written as text as they sort: 2021-09 for 2021年9月."""
    if periods.dtype != pl.String:
        return periods
    try:
        calendar = risks_internal.read_calendar(periods)
    except InputError:
        return periods
    of = pl.Series(periods.name, calendar.ordinal)
    if calendar.unit == "year":
        return of
    if calendar.unit == "day":
        return of.cast(pl.Int32).cast(pl.Date).cast(pl.String)
    rows = {"quarter": (4, "Q", 1), "month": (12, "-", 2)}
    many, between, digits = rows[calendar.unit]
    return pl.Series(periods.name, [f"{at // many}{between}{at % many + 1:0{digits}}" for at in of.to_list()])


@dataclass(slots=True, kw_only=True)
class Prices:
    """Series in long form, and where each figure stands."""

    frame: pl.DataFrame  # series, date, value
    source: Text
    file: str  # the file or table that findings name
    value: str  # what the figures are, as a column is called
    lines: Sequence[int] = ()  # of every row of the frame; empty for a package, whose figures are computed
    columns: Sequence[str] = ()
    names: Mapping[str, Text] = field(default_factory=dict)
    notes: list[Text] = field(default_factory=list)
    aside: list[Finding] = field(default_factory=list)  # what keeps series from the test before it begins
    logarithms: bool = False
    package: str | None = None

    def with_places(self, findings: Iterable[Finding]) -> list[Finding]:
        """Return findings that name file, line and column."""
        columns = dict(zip(self.frame[SERIES].to_list(), self.columns, strict=False)) if self.columns else {}
        holes: dict[str | None, int] = {}
        if self.lines:  # the row of the first empty cell inside every series that has one, which no finding numbers
            at, present = pl.col("at"), pl.col(VALUE).is_not_null()
            ends = (at.filter(present).min().over(SERIES), at.filter(present).max().over(SERIES))
            inside = self.frame.with_row_index("at").filter(~present & at.is_between(*ends))
            holes = dict(inside.group_by(SERIES).agg(at.min()).iter_rows())

        def place(item: Finding) -> Finding:
            row = holes.get(item.key) if item.line is None else item.line - 1
            at = row if self.lines else None
            column = self.columns[at] if at is not None else columns.get(item.key or "", self.value)
            return replace(item, file=self.file, line=None if at is None else self.lines[at], column=column)

        return [place(item) for item in findings]

    def take_logarithms(self) -> None:
        """Take logarithms; a series with a figure that has none is set aside and named."""

        def values(rows: pl.DataFrame) -> dict[str, object]:
            return {"date": rows[DATE][0], "figure": f"{rows[VALUE][0]:g}", "n": rows.height, "more": rows.height - 1}

        self.set_aside(self.frame[VALUE] <= 0, "studies.not-positive", values)
        self.frame = self.frame.with_columns(pl.col(VALUE).log())
        self.logarithms = True

    def set_aside(self, bad: pl.Series, code: str, values: Callable[[pl.DataFrame], dict[str, object]]) -> None:
        """Take out the series with bad rows, each with a finding at the first of them."""
        rows = self.frame.with_row_index("at").filter(bad)
        names = {str(name) for name in rows[SERIES].drop_nulls()}
        for (name,), group in rows.partition_by(SERIES, as_dict=True, maintain_order=True).items():
            at = int(group["at"][0])
            place: dict[str, Any] = {
                "table": "bubbles",
                "file": self.file,
                "line": self.lines[at] if self.lines else None,
                "column": self.columns[at] if self.columns else self.value,
                "key": str(name),
            }
            self.aside.append(finding(code, words=values(group), **place))
        keep = [at for at, name in enumerate(self.frame[SERIES].to_list()) if name not in names]
        self.frame = self.frame[keep]
        self.lines = [self.lines[at] for at in keep] if self.lines else ()
        self.columns = [self.columns[at] for at in keep] if self.columns else ()


def read_prices(
    source: AnyFrame, encoding: str | None, *, series: str | None, date: str | None, value: str | None
) -> Prices:
    """Return the series of a plain table: long with `series`, else wide, and `value` names the columns by commas."""
    table = read_plain(source, encoding, text=[column for column in (series, date) if column is not None])
    table.require(series, None if date == ROW else date, value if series is not None else None)
    if str(source).endswith(data_internal.BOOKS):  # headings that are dates of Excel, which readers drop
        frame = pl.read_excel(source)
        if n := sum(
            column.startswith("__UNNAMED__") and len(frame[column].drop_nulls()) > 0 for column in frame.columns
        ):
            raise InputError("studies.unnamed-columns", table=table.name, n=n)
    head = series or table.frame.columns[0]
    rest = [column for column in table.frame.columns if column != head]
    if date is None and value is None and head.strip().lower() not in DATES and _are_dates(rest):
        return _across(read_plain(source, encoding, text=[head]), head)
    date_column = date or _date_column(table.frame.columns, series)
    if (
        date_column not in {ROW, date}
        and table.frame[date_column].dtype.is_numeric()
        and table.name.endswith(data_internal.TEXTS)
    ):
        # as written: 2021.10 is no number
        table = read_plain(source, encoding, text=[column for column in (series, date_column) if column is not None])
    return _long(table, series, date_column, value) if series is not None else _wide(table, date_column, value)


def _date_column(columns: Sequence[str], series: str | None) -> str:
    """Return the column that is called like one of dates; of a wide table else the first."""
    heading = next((name for name in columns if name.strip().lower() in DATES and name != series), None)
    if heading is None and series is not None:
        raise UsageError("studies.no-dates", known=list(DATES[:6]))
    return heading or columns[0]


def _dates_of(table: Plain, date: str) -> pl.Series:
    """Return the dates of a table, or the numbers of its rows."""
    return read_dates(table, date) if date != ROW else pl.int_range(1, table.frame.height + 1, eager=True)


def _codes(column: pl.Series) -> pl.Series:
    return column.cast(pl.String).str.strip_chars().replace("", None)


def _long(table: Plain, series: str, date: str, value: str | None) -> Prices:
    """Return the series of a table with one row a series and date."""
    frame = table.frame
    if value is None:
        candidates = [name for name in frame.columns if name not in {series, date} and len(frame[name].drop_nulls())]
        cells = {name: len(frame[name].drop_nulls()) for name in candidates}
        readable = {name: len(figures(frame[name]).drop_nulls()) for name in candidates}
        numbers = [name for name in candidates if readable[name] == cells[name]]
        numbers = numbers or [name for name in candidates if 2 * readable[name] > cells[name]]
        if len(numbers) != 1:
            raise UsageError("studies.name-value", table=table.name, known=list(numbers) or "-")
        value = numbers[0]
    cells_of = [value] * frame.height
    return _read(table, value, _codes(frame[series]), _dates_of(table, date), frame[value], table.lines, cells_of)


def _across(table: Plain, head: str) -> Prices:
    """Return the series of a table with one row each and the dates in its heading, as yearbooks print them."""
    frame = table.frame
    dates = [heading for heading in frame.columns if heading != head]
    prices = _read(
        table,
        "",
        pl.concat([_codes(frame[head])] * len(dates)),
        pl.Series([_heading(heading) for heading in dates for _ in range(frame.height)]),
        pl.concat([frame[heading].cast(pl.String) for heading in dates]),
        [line for _ in dates for line in table.lines],
        [heading for heading in dates for _ in range(frame.height)],
    )
    prices.notes.append(words.studies.note_dates_across(table=table.name))
    return prices


def _wide(table: Plain, date: str, value: str | None) -> Prices:
    """Return the series of a table with a column each."""
    frame, name = table.frame, table.name
    listed = [value] if value in frame.columns else by_commas(value or "")
    columns = listed or [column for column in frame.columns if column != date]
    table.require(*columns)
    dates = _dates_of(table, date)
    notes, numeric = [], []
    for column in columns:
        text_alone = not figures(frame[column]).is_not_null().any()
        if text_alone and frame[column].null_count() < frame.height and not value:
            notes.append(words.studies.note_no_numbers(column=column))
        else:
            numeric.append(column)
    if not numeric:
        raise InputError("studies.no-figures", table=name, date=date)
    empty = dates.is_null()
    if empty.any():
        first = table.lines[int(empty.arg_true()[0])]
        notes.append(words.studies.note_no_date(table=name, n=int(empty.sum()), line=first))
    twice = dates.is_duplicated() & ~empty
    if twice.any():
        _refuse_twice(table, date, dates, twice)
    keep = (~empty).arg_true().to_list()
    prices = _read(
        table,
        value or "",
        pl.Series([column for column in numeric for _ in keep], dtype=pl.String),
        pl.concat([dates[keep]] * len(numeric)),
        pl.concat([frame[column].cast(pl.String)[keep] for column in numeric]),
        [table.lines[at] for _ in numeric for at in keep],
        [column for column in numeric for _ in keep],
    )
    prices.notes = [*notes, *prices.notes]
    return prices


def _refuse_twice(table: Plain, date: str, dates: pl.Series, twice: pl.Series) -> None:
    """Raise, because a date stands in a wide table more than once: most likely the table is long."""
    first, second = (int(at) for at in (dates == dates.filter(twice)[0]).arg_true()[:2])
    columns = [name for name in table.frame.columns if name != date]
    texts = [name for name in columns if not figures(table.frame[name]).is_not_null().any()]
    raise InputError(
        "studies.date-twice",
        table=table.name,
        line=table.lines[second],
        column=date,
        date=dates[second],
        first=table.lines[first],
        like=f" (--series {texts[0]})" if texts else "",
    )


def _read(
    table: Plain,
    value: str,
    keys: pl.Series,
    dates: pl.Series,
    cells: pl.Series,
    lines: Sequence[int],
    columns: Sequence[str],
) -> Prices:
    """Return series in long form as numbers; one with a cell that is no number is set aside and named."""
    numbers = figures(cells)
    prices = Prices(
        frame=pl.DataFrame({SERIES: keys, DATE: dates, VALUE: numbers}),
        source=table.source,
        file=table.name,
        value=value,
        lines=lines,
        columns=columns,
    )
    text = cells if cells.dtype == pl.String else pl.Series([], dtype=pl.String)
    grouped = text.filter(text.str.strip_chars().str.contains(_THOUSANDS).fill_null(value=False))
    if len(grouped):
        as_read = f"{figures(grouped[:1])[0]:.12g}"
        prices.notes.append(words.studies.note_thousands(given=str(grouped[0]), read=as_read))

    def values(rows: pl.DataFrame) -> dict[str, object]:
        return {"word": cells[int(rows["at"][0])], "more": rows.height - 1}

    bad = numbers.is_null() & cells.is_not_null()
    if bad.any():
        prices.set_aside(bad & prices.frame[SERIES].is_not_null(), "studies.word-in-prices", values)
    return prices


def read_dates(table: Plain, name: str) -> pl.Series:
    """Return the dates as they are written, whole numbers that count periods as such; a date unread names its line."""
    column = table.frame[name]
    text = (
        column.cast(pl.Int64).cast(pl.String)
        if column.dtype.is_numeric() and (column.drop_nulls() % 1 == 0).all()
        else column.cast(pl.String).str.strip_chars().str.replace(_MIDNIGHT, "").replace("", None)
    )
    dates = text.drop_nulls()
    if dates.str.contains(r"^\d{8}$").all():
        text = text.str.replace(r"^(\d{4})(\d{2})(\d{2})$", "$1-$2-$3")
    elif dates.str.contains(r"^-?\d+$").all() and not dates.str.contains(r"^\d{4}((0[1-9]|1[0-2]))?$").all():
        return text.cast(pl.Int64)
    units: dict[str, str] = {}
    for date in text.drop_nulls().unique(maintain_order=True).to_list():
        place: dict[str, Any] = {
            "table": table.name,
            "line": table.lines[int((text == date).arg_true()[0])],
            "column": name,
        }
        try:
            units.setdefault(risks_internal.read_calendar(pl.Series(name, [date])).unit, date)
        except InputError:
            raise InputError("studies.no-date", date=date, **place) from None
        if len(units) > 1:
            raise InputError("studies.mixed-dates", date=date, other=next(iter(units.values())), **place)
    return text


def _heading(name: str) -> str:
    """Return a heading as a date is written: workbooks add the hour to it."""
    return re.sub(_MIDNIGHT, "", name.strip())


def _are_dates(names: Sequence[str]) -> bool:
    """Say whether the columns of a heading are dates of one frequency."""
    if len(names) < FEWEST:
        return False
    try:
        risks_internal.read_calendar(pl.Series("heading", [_heading(name) for name in names]))
    except InputError:
        return False
    return True


def figures(column: pl.Series) -> pl.Series:
    """Return cells as numbers, with or without thousands separators, those that are none as nulls."""
    if column.dtype != pl.String:
        return column.cast(pl.Float64)
    text = pl.col("text").str.strip_chars()
    cleaned = (
        column.alias("text")
        .to_frame()
        .select(pl.when(text.str.contains(_THOUSANDS)).then(text.str.replace_all("[,，]", "")).otherwise(text))
    )
    return cleaned.to_series().cast(pl.Float64, strict=False).alias(column.name)

"""The reader of tables: any frame or file becomes the typed columns of a schema, or an error that names the cells."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import polars as pl

from xinzhi import words
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.finding import Finding
from xinzhi.core.provenance import fingerprint, provenance
from xinzhi.core.result import FrameKind, Provenance
from xinzhi.core.text import Text, same
from xinzhi.data.casting import Cast, cast, figures
from xinzhi.data.catalogue import nearest
from xinzhi.data.frames import read_any
from xinzhi.data.raw import ROW, RawTable, Say, findings_at
from xinzhi.data.rules.figures import slips

Kind = Literal["number", "whole", "year", "period", "date", "text", "code", "any"]
Sign = Literal["positive", "non-negative"]
_SIGNS: Mapping[Sign, tuple[str, Callable[[pl.Expr], pl.Expr]]] = {
    "positive": ("data.above-zero", lambda value: value <= 0),
    "non-negative": ("data.negative", lambda value: value < 0),
}
_NUMBERED = r"^(\D*)(\d+)(\D*)$"


@dataclass(frozen=True, slots=True)
class Field:
    """One column that a verb wants: `name` in the tidy frame, `column` in the source where that differs.

    The `kind` is ``number`` (Float64), ``whole`` (Int64), ``year`` (Int64; of dates the year), ``period`` (whole
    numbers, dates, or labels that sort in the order of their numbers), ``date``, ``text`` (stripped), ``code`` (text
    without the ``.0`` of a spreadsheet) or ``any`` (as it stands). Text is read as numbers where a number is wanted. A
    column that is not `required` may be left out; empty cells are null, or refused where `missing` says so (key columns
    are never empty); `sign` allows ``positive`` or ``non-negative`` figures only.
    """

    name: str
    kind: Kind = "number"
    column: str | None = None
    required: bool = True
    missing: Literal["keep", "refuse"] = "keep"
    sign: Sign | None = None

    @property
    def source(self) -> str:
        """Its name in the source."""
        return self.column or self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Tidy:
    """What was read.

    `frame` has the columns asked for, in the order of the fields, sorted by the `key`; `kind` is the kind of frame that
    the caller handed in, for `Result.kind`. `raw` are the cells as they were given, with file and lines, and `rows`
    says for each row of `frame` which one of them it is. `findings` are warnings and notes on a file, `verb` is who
    asked, `columns` say what a field is called in the source.
    """

    frame: pl.DataFrame
    kind: FrameKind
    raw: RawTable
    rows: pl.Series
    findings: tuple[Finding, ...] = ()
    verb: str = ""
    key: tuple[str, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)

    def refuse(self, bad: pl.Expr | pl.Series, message: str, *, column: str | None = None, **words: object) -> None:
        """Raise when a rule of the verb's own does not hold; every such row is a finding of that message.

        `bad` says which rows of `frame` are wrong (null counts as right), `message` is a code such as
        ``data.above-zero``, `column` the column concerned by its name in the source; further values are for the
        sentence.

        Raises `InputError` when a row is wrong.
        """
        mask = self.frame.select(bad.alias("bad")).to_series().fill_null(value=False)
        if mask.any():
            rows = pl.DataFrame({ROW: self.rows.filter(mask)})
            say = Say(message=message, column=column, words=(lambda _: words) if words else None)
            refuse(self.verb, list(findings_at(self.raw, self.key, rows, say)))

    def slips(self, *columns: str, unit: str | None = None, period: str | None = None) -> tuple[Finding, ...]:
        """Return a warning for every figure of these fields that is a thousandfold off, such as 1e4 CNY among 1e8 CNY.

        >>> goods = {"plant": ["a", "b", "c"], "labour": [2.0, 3.0, 4.0], "output": [5.0, 7e4, 9.0]}
        >>> read = tidy(goods, [Field("plant", "text"), Field("labour"), Field("output")], key=["plant"])
        >>> [found.text.en.partition(". ")[0] for found in read.slips("labour", "output", unit="plant")]
        ["table, line 2, column 'output' (b): 70000 is about 9,300 times what the other columns and rows make it"]
        """
        findings: list[Finding] = []
        for name, message, rows in slips(self.frame, columns, unit, period):
            say = Say(
                message=message, column=self.columns.get(name, name), words=lambda row: {"times": _times(row["off"])}
            )
            findings += findings_at(self.raw, self.key, rows.with_columns(self.rows.gather(rows[ROW]).alias(ROW)), say)
        return tuple(findings)

    def digest(self) -> str:
        """Return the sha256 of the tidy frame, whatever the order of its rows and columns."""
        return fingerprint(self.frame, {})

    @property
    def inputs(self) -> Mapping[str, str]:
        """The digest of the frame by its name."""
        return {self.raw.name: self.digest()}

    def provenance(self, verb: str | None = None, **options: Any) -> Provenance:  # noqa: ANN401 - options of any kind
        """Return the provenance of a result that rests on this frame alone."""
        return provenance(verb or self.verb, self, **options)


def tidy(  # noqa: PLR0913 - a table, a schema, and what may differ
    source: Any,  # noqa: ANN401 - any kind of table
    fields: Sequence[Field],
    *,
    key: Sequence[str] = (),
    verb: str = "",
    table: str = "table",
    columns_from_caller: bool = False,
    extra: bool = False,
    empty: bool = False,
    encoding: str | None = None,
) -> Tidy:
    """Return the columns asked for, typed; whatever cannot be used is named, cell by cell.

    Parameters
    ----------
    source
        A frame of any kind (pandas, polars eager or lazy, pyarrow, duckdb), a mapping of columns, a result, or the path
        of a CSV file, workbook or parquet file.
    fields
        The columns.
    key
        Names of fields that together name a row: none may be empty, none occurs twice, and rows are sorted by them.
        Without a key the order of rows stays.
    verb, table
        Who asks, and what messages call the table; a file is called by its name.
    columns_from_caller
        Whether the caller named the columns himself, so that a missing one is misuse (`UsageError`).
    extra, empty
        Whether further columns of the source stay, as they are, after those asked for; whether a table without rows
        will do.
    encoding
        The encoding of a CSV file that is not UTF-8.

    Raises
    ------
    UsageError, InputError
        When a column is missing: the nearest name is suggested; when cells cannot be cast, are infinite, empty where
        they must not be, of the wrong sign, or a key stands twice: all are in `findings`, the first in the message.

    Examples
    --------
    >>> fields = [Field("region", "code"), Field("year", "year"), Field("debt", sign="non-negative")]
    >>> columns = {"region": ["b", "a"], "year": ["2005", "2005"], "debt": ["1.5", ""]}
    >>> read = tidy(columns, fields, key=["region", "year"], verb="debt")
    >>> read.frame.rows()
    [('a', 2005, None), ('b', 2005, 1.5)]
    >>> read.refuse(pl.col("debt") > 1, "data.above-zero", column="debt")
    Traceback (most recent call last):
    xinzhi.core.errors.InputError: debt: table, line 1, column 'debt' (b/2005): 1.5 is not positive. Check it; ...
    >>> tidy({"region": ["a"], "yaer": [2005]}, fields[:2], verb="debt")
    Traceback (most recent call last):
    xinzhi.core.errors.InputError: debt: the table has no column 'year'. Did you mean 'yaer'? It has region and yaer.
    """
    raw, kind = read_any(source, table, encoding=encoding)
    present = [field for field in fields if field.source in raw.cells.columns or field.required]
    _require(raw, present, verb, UsageError if columns_from_caller else InputError)
    if raw.cells.is_empty() and not empty:
        raise InputError("data.no-rows", verb=_prefix(verb), table=_table_label(raw))
    by_name = {field.name: field for field in present}
    places = tuple(by_name[name].source for name in key)
    columns: list[pl.Series] = []
    findings: list[Finding] = []
    for want in present:
        values, wrong = _column(raw, want, places, refuse_empty=want.missing == "refuse" or want.name in key)
        columns.append(values)
        findings += wrong
    frame = pl.DataFrame(columns)
    if extra:
        used = {field.source for field in present} | {field.name for field in present}
        frame = frame.with_columns(column for column in raw.cells if column.name not in used)
    findings += _duplicate_keys(raw, frame, key, places) if key else []
    if findings:
        refuse(verb, findings)
    rows = pl.int_range(frame.height, dtype=pl.UInt32, eager=True)
    if key:
        frame = frame.with_columns(rows.alias(ROW)).sort(*key, maintain_order=True)
        rows, frame = frame[ROW], frame.drop(ROW)
    return Tidy(
        frame=frame,
        kind=kind,
        raw=raw,
        rows=rows,
        verb=verb,
        key=places,
        columns={field.name: field.source for field in present},
    )


def refuse(verb: str, findings: Sequence[Finding]) -> None:
    """Raise for findings: the message says the first and how many more there are, the error carries all."""
    values = {"verb": _prefix(verb), "what": findings[0].text, "more": len(findings) - 1}
    raise InputError("data.cell" if len(findings) == 1 else "data.cells", findings, **values)


def _times(off: float) -> str:
    """Return a distance in logarithms as how many times, such as 10,000 or 1/10,000."""
    size = float(f"{math.exp(abs(off)):.2g}")
    return f"{size:,.0f}" if off > 0 else f"1/{size:,.0f}"


def _require(raw: RawTable, fields: Sequence[Field], verb: str, error: type[InputError | UsageError]) -> None:
    """Raise for the columns that the table has not, and suggest the nearest names."""
    have = raw.cells.columns
    missing = [field.source for field in fields if field.source not in have]
    if not missing:
        return
    by_case = {name.lower(): name for name in have}
    like = list(
        dict.fromkeys(similar for name in missing if (similar := by_case.get(name.lower()) or nearest(name, have)))
    )
    code = "data.column-misspelt" if like else "data.column-unknown"
    names: dict[str, Any] = {"missing": _quote_names(missing), "near": _quote_names(like), "have": have or ["-"]}
    raise error(code, verb=_prefix(verb), table=_table_label(raw), **names)


def _quote_names(names: Sequence[str]) -> list[Text]:
    return [Text(zh=f"“{name}”", en=f"'{name}'") for name in names]


def _prefix(verb: str) -> Text:
    return Text(zh=f"{verb}：", en=f"{verb}: ") if verb else Text(zh="", en="")


def _table_label(raw: RawTable) -> Text:
    return same(raw.file) if raw.file else words.data.the_table(name=raw.name)


def _column(
    raw: RawTable, field: Field, key: tuple[str, ...], *, refuse_empty: bool
) -> tuple[pl.Series, list[Finding]]:
    """Return a column as its field wants it, and a finding for every cell that cannot be used."""
    cells = raw.cells[field.source]
    done = _CASTS[field.kind](cells if field.sign is None else figures(cells))
    values = done.values.alias(field.name)
    wrong: list[Finding] = []
    infinite = cells.is_infinite().fill_null(value=False) & done.bad if cells.dtype.is_float() else _none(cells)
    rules: list[tuple[pl.Series, str]] = [(done.bad & ~infinite, done.message), (infinite, "data.infinite")]
    if refuse_empty:
        is_key = field.source in key
        rules.append((values.is_null() & ~done.bad, "data.missing-key" if is_key else "data.missing-value"))
    if field.sign is not None:
        message, breaks = _SIGNS[field.sign]
        rules.append((values.to_frame().select(breaks(pl.col(field.name))).to_series(), message))
    for bad, message in rules:
        if bad.any():
            rows = pl.DataFrame({ROW: bad.fill_null(value=False).arg_true()})
            wrong += findings_at(raw, key, rows, Say(message=message, column=field.source, expected=done.expected))
    return values, wrong


def _duplicate_keys(raw: RawTable, frame: pl.DataFrame, key: Sequence[str], places: tuple[str, ...]) -> list[Finding]:
    """Return a finding for every row whose key stands in an earlier one."""
    keys = frame.select(key).with_row_index(ROW).drop_nulls()
    if not keys.select(key).is_duplicated().any():
        return []
    later = keys.with_columns(pl.col(ROW).min().over(*key).alias("first")).filter(pl.col(ROW) != pl.col("first"))
    say = Say(
        message="data.duplicate-key", column=places[-1], words=lambda row: {"first": int(raw.lines[int(row["first"])])}
    )
    return list(findings_at(raw, places, later, say))


def _year(cells: pl.Series) -> Cast:
    if cells.dtype.is_temporal():
        cells = cells.dt.year()
    return cast(cells, "integer")._replace(message="data.invalid-year", expected="2024")


def _date(cells: pl.Series) -> Cast:
    if cells.dtype.is_temporal():
        return _as_it_stands(cells)
    text = cast(cells, "text").values
    dates = text.str.to_date("%Y-%m-%d", strict=False)
    return Cast(dates, dates.is_null() & text.is_not_null(), "data.not-a-date", "2024-03-15")


def _period(cells: pl.Series) -> Cast:
    """Return whole numbers, dates or labels; labels that sort in another order than their numbers are marked."""
    if cells.dtype.is_temporal():
        return _as_it_stands(cells)
    if cells.dtype.is_numeric():
        integers = cast(cells, "integer")
        return integers if not integers.bad.any() else cast(cells, "number")
    text = cast(cells, "text").values
    present = text.drop_nulls()
    if len(present) and present.str.contains(r"^-?\d+$").all():
        return cast(text, "integer")
    parts = present.unique().str.extract_groups(_NUMBERED).struct.unnest().drop_nulls()
    parts = parts.with_columns(pl.col("2").str.len_chars().n_unique().over("1", "3").alias("lengths"))
    uneven = parts.filter(pl.col("lengths") > 1).sort(pl.col("2").str.len_chars(), "1", "2")
    if uneven.is_empty():
        return Cast(text, _none(cells), "data.period-order")
    most = int(uneven["2"].str.len_chars().max() or 0)  # type: ignore[arg-type] # lengths
    expected = f"{uneven['1'][0]}{uneven['2'][0].zfill(most)}{uneven['3'][0]}"
    labels = uneven.select(pl.concat_str("1", "2", "3"))["1"]
    return Cast(text, text.is_in(labels.implode()).fill_null(value=False), "data.period-order", expected)


def _as_it_stands(cells: pl.Series) -> Cast:
    return Cast(cells, _none(cells), "")


def _none(cells: pl.Series) -> pl.Series:
    return pl.repeat(value=False, n=len(cells), eager=True)


_CASTS: Mapping[Kind, Callable[[pl.Series], Cast]] = {
    "number": lambda cells: cast(cells, "number"),
    "whole": lambda cells: cast(cells, "integer"),
    "year": _year,
    "period": _period,
    "date": _date,
    "text": lambda cells: cast(cells, "text"),
    "code": lambda cells: cast(cells, "code"),
    "any": _as_it_stands,
}

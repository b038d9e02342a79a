"""Price series of any frame: their names, their dates in steps, gaps, zeros, and which of them can be tested."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypedDict

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.arrays import AnyFrame, FloatArray, IntArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.finding import Finding, finding
from xinzhi.core.names import Names
from xinzhi.core.text import Text
from xinzhi.data import Field, Tidy, tidy
from xinzhi.risks.prices.conventions import Gaps, Zeros, setting
from xinzhi.risks.projects.places import place_text

Unit = Literal["position", "month", "quarter", "year", "day"]
_PATTERNS: tuple[tuple[Unit, str], ...] = (
    ("month", r"(\d{4})[-/.年M]?(0[1-9]|1[0-2])月?"),
    ("month", r"(\d{4})[-/.年M]([1-9]|1[0-2])月?"),
    ("quarter", r"(\d{4})[-/. ]?[Qq]([1-4])"),
    ("quarter", r"(\d{4})年第?([1-4一二三四])季度?"),
    ("year", r"(\d{4})年?()"),
    ("day", r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[T ]00:00(?::00(?:\.0+)?)?)?"),
)
_NUMERALS = str.maketrans("一二三四", "1234")
_PER_YEAR = {"month": 12, "quarter": 4, "year": 1}
_MONTH_END = 28
_MONTH_DIGITS, _FIRST_MONTH, _FIRST_DAY = 100, 1000_01, 1000_01_01  # of 202403 and 20240315


@dataclass(frozen=True, slots=True)
class Calendar:
    """The dates of all rows as whole numbers."""

    ordinal: IntArray
    unit: Unit


def read_calendar(dates: pl.Series) -> Calendar:
    """Return dates as whole numbers, and what one step is: dates, whole numbers, or text such as 2024-03 and 2024Q1.

    Examples
    --------
    >>> calendar = read_calendar(pl.Series(["2023-12", "2024-01"]))
    >>> calendar.unit, int(calendar.ordinal[1] - calendar.ordinal[0])
    ('month', 1)
    """
    kind = dates.dtype
    if kind.is_integer():
        return _whole_numbers(dates.cast(pl.Int64))
    if kind.is_float():
        odd = dates.filter(~dates.is_finite() | (dates != dates.round()))
        if len(odd):
            raise InputError("prices.fractional-dates", column=dates.name, given=str(odd[0]))
        return _whole_numbers(dates.cast(pl.Int64))
    if isinstance(kind, pl.Datetime):
        if dates.dt.time().n_unique() > 1:
            raise InputError("prices.times-of-day", column=dates.name)
        return _days(dates.dt.date())
    return _days(dates) if kind == pl.Date else _written(dates.cast(pl.String))


def _whole_numbers(dates: pl.Series) -> Calendar:
    """Return whole numbers as they are, unless all of them are months (202403) or days (20240315)."""
    least, most = dates.min(), dates.max()
    months = dates % _MONTH_DIGITS
    if least >= _FIRST_MONTH and most < _FIRST_DAY // 10 and months.is_between(1, 12).all():  # type: ignore[operator] # whole numbers
        return Calendar((dates // _MONTH_DIGITS * _PER_YEAR["month"] + months - 1).to_numpy(), "month")
    days = dates.cast(pl.String).str.to_date("%Y%m%d", strict=False)
    if least >= _FIRST_DAY and not days.has_nulls():  # type: ignore[operator] # whole numbers
        return _days(days)
    return Calendar(dates.to_numpy(), "position")


def _written(dates: pl.Series) -> Calendar:
    """Return dates that are written as text."""
    stripped = [value.strip() for value in dates.to_list()]
    examples: dict[Unit, str] = {}
    numbers = np.zeros(len(stripped), dtype=np.int64)
    days: list[str] = []
    for at, value in enumerate(stripped):
        for unit, pattern in _PATTERNS:
            match = re.fullmatch(pattern, value)
            if match is None:
                continue
            examples.setdefault(unit, value)
            if unit == "day":
                days.append("-".join(part.zfill(2) for part in match.groups()))
            else:
                numbers[at] = int(match[1]) * _PER_YEAR[unit] + int((match[2] or "1").translate(_NUMERALS)) - 1
            break
        else:
            raise InputError("prices.unread-date", given=value, column=dates.name)
    if len(examples) > 1:
        raise InputError("prices.mixed-dates", column=dates.name, shown=list(examples.values()))
    if "day" in examples:
        parsed = pl.Series(dates.name, days).str.to_date("%Y-%m-%d", strict=False)
        if parsed.has_nulls():
            raise InputError("prices.no-such-date", column=dates.name, given=days[int(parsed.is_null().arg_true()[0])])
        return _days(parsed)
    return Calendar(numbers, next(iter(examples)))


def _days(dates: pl.Series) -> Calendar:
    """Return dates as months where all stand on one day of the month, or on its last (trading) day; else as days."""
    day = dates.dt.day()
    at_end = ((dates.dt.month_end() == dates) & (day >= _MONTH_END)).all()
    distinct = dates.unique()  # each the only one of its month, as near its end as markets close before one
    days_to_end = (distinct.dt.month_end() - distinct).dt.total_days()
    lonely = distinct.dt.month_end().n_unique() == len(distinct)
    closing = lonely and bool((days_to_end < int(setting("calendar")["trading_gap_days"])).all())
    if len(dates) > 1 and (day.n_unique() == 1 or at_end or closing):
        months = dates.dt.year().cast(pl.Int64) * _PER_YEAR["month"] + dates.dt.month().cast(pl.Int64) - 1
        return Calendar(months.to_numpy(), "month")
    return Calendar(dates.to_physical().to_numpy().astype(np.int64), "day")


@dataclass(frozen=True, slots=True)
class Steps:
    """How the dates of one series follow each other."""

    usual: int
    breaks: IntArray
    missing: int
    irregular: tuple[int, int] | None = None
    trading: bool = False


def read_steps(ordinal: IntArray, unit: Unit) -> Steps:
    """Return how sorted, distinct dates follow each other."""
    distance = np.diff(ordinal)
    if not len(distance):
        return Steps(1, np.array([], dtype=np.int64), 0)
    values, counts = np.unique(distance, return_counts=True)
    usual = int(values[np.argmax(counts)])
    off = np.flatnonzero(distance != usual)
    rule = setting("calendar")
    if unit == "day" and usual == 1 and distance.max() <= rule["trading_gap_days"]:
        return Steps(usual, np.array([], dtype=np.int64), 0, trading=bool(len(off)))
    if len(off):
        strange = values[values != usual]
        many = int(strange[np.argmax(counts[values != usual])])
        share = (distance == many).sum() / len(distance)
        if (many % usual and usual % many) or (share > rule["mixed_share"] and (distance == many).sum() > 1):
            return Steps(usual, off + 1, 0, irregular=(many, int(np.flatnonzero(distance == many)[0])))
    missing = int(np.maximum(distance[off] // usual - 1, 1).sum()) if len(off) else 0
    return Steps(usual, off + 1, missing)


def written(ordinal: int, unit: Unit) -> str:
    """Return a date that is not in the data as it would be written."""
    if unit in ("month", "quarter"):
        year, part = divmod(ordinal, _PER_YEAR[unit])
        return f"{year}-{part + 1:02d}" if unit == "month" else f"{year}Q{part + 1}"
    return str(np.datetime64(ordinal, "D")) if unit == "day" else str(ordinal)


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One series in order of time."""

    name: str
    dates: pl.Series
    level: FloatArray
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """All series of a frame."""

    series: tuple[Series, ...]
    findings: tuple[Finding, ...]
    source: Tidy


def read_series(
    frame: AnyFrame, series: str, date: str, value: str, *, gaps: Gaps = "refuse", zeros: Zeros = "refuse"
) -> Reading:
    """Return the series of a long frame."""
    source_table = tidy(
        frame, _fields(series, date, value, "any"), verb="bubbles", columns_from_caller=True, empty=True
    )
    if not source_table.frame["_value"].dtype.is_numeric():
        source_table = tidy(
            frame, _fields(series, date, value, "number"), verb="bubbles", columns_from_caller=True, empty=True
        )
    cells = source_table.frame.with_columns(
        source_table.raw.lines.gather(source_table.rows).alias("_line"),
        pl.col("_value").cast(pl.Float64).fill_nan(None),
    )
    findings: list[Finding] = []
    keyed = pl.col("_date").is_not_null() & pl.col("_series").is_not_null()
    undated = cells.filter(~keyed)
    if undated.height:
        findings.append(
            bubble_finding("prices.no-date", column=date, line=int(undated["_line"][0]), count=undated.height)
        )
        cells = cells.filter(keyed)
    if not cells.height:
        raise InputError("prices.no-rows", findings, series=series, date=date)
    calendar = read_calendar(cells["_date"].alias(date))
    cells = cells.with_columns(pl.Series("_ordinal", calendar.ordinal))
    reader = _Reader(column=value, calendar=calendar, gaps=gaps, zeros=zeros, findings=findings)
    names = cells["_series"].unique(maintain_order=True).to_list()
    groups = cells.partition_by("_series", as_dict=True, maintain_order=True)
    series_read = tuple(reader.read(name, groups[(name,)]) for name in names)
    return Reading(series=series_read, findings=tuple(findings), source=source_table)


def _fields(series: str, date: str, value: str, kind: Literal["any", "number"]) -> list[Field]:
    return [Field("_series", "text", series), Field("_date", "any", date), Field("_value", kind, value)]


def bubble_finding(
    code: str,
    *,
    column: str | None = None,
    key: str | None = None,
    line: int | None = None,
    **words: object,
) -> Finding:
    """Return a finding of the messages of this package."""
    return finding(code, table="bubbles", column=column, key=key, line=line, words=words)


@dataclass(slots=True, kw_only=True)
class _Reader:
    """Reads one series after the other and gathers the findings."""

    column: str
    calendar: Calendar
    gaps: Gaps
    zeros: Zeros
    findings: list[Finding]

    def read(self, name: str, rows: pl.DataFrame) -> Series:
        """Return one series."""
        if not rows["_ordinal"].is_sorted():
            self._note("prices.unsorted", name)
            rows = rows.sort("_ordinal", maintain_order=True)
        ordinal = rows["_ordinal"]
        twice = rows.filter(ordinal.is_duplicated())
        if twice.height:
            first = twice["_date"][0]
            count = twice.filter(pl.col("_ordinal") == twice["_ordinal"][0]).height
            return self._refuse("prices.duplicate", name, rows, line=int(twice["_line"][1]), first=first, count=count)
        present = rows["_value"].is_not_null()
        if not present.any():
            return self._refuse("prices.too-short", name, rows, count=0, least=setting("shortest"))
        places = present.arg_true()
        inner = rows.slice(int(places[0]), int(places[-1]) - int(places[0]) + 1)
        if inner.height < rows.height:
            ends = {"first": inner["_date"][0], "last": inner["_date"][-1]}
            self._note("prices.trimmed", name, count=rows.height - inner.height, **ends)
        infinite = inner.filter(pl.col("_value").is_infinite())
        if infinite.height:
            return self._refuse(
                "prices.infinite", name, rows, line=int(infinite["_line"][0]), first=infinite["_date"][0]
            )
        return self._unbroken(name, inner)

    def _unbroken(self, name: str, rows: pl.DataFrame) -> Series:
        """Return a series without holes, or name the first hole."""
        present = rows.filter(pl.col("_value").is_not_null())
        ordinal = present["_ordinal"].to_numpy()
        steps = read_steps(rows["_ordinal"].to_numpy(), self.calendar.unit)
        if steps.irregular is not None:
            irregular_step, at = steps.irregular
            return self._refuse(
                "prices.mixed-frequency",
                name,
                rows,
                first=rows["_date"][at],
                usual=steps.usual,
                other=irregular_step,
                unit=self.calendar.unit,
            )
        if steps.trading:
            self._note("prices.trading-days", name)
        empty = rows["_value"].null_count()
        if steps.missing or empty:
            if self.gaps == "refuse":
                places = rows["_ordinal"].to_list()
                holes = [places[position - 1] + steps.usual for position in steps.breaks.tolist()]
                holes += rows.filter(pl.col("_value").is_null())["_ordinal"].to_list()
                first = written(min(holes), self.calendar.unit)
                return self._refuse("prices.gap", name, rows, first=first, count=steps.missing + empty)
            present = self._longest(name, present, ordinal, steps)
        return self._values(name, present)

    def _longest(self, name: str, present: pl.DataFrame, ordinal: IntArray, steps: Steps) -> pl.DataFrame:
        """Return the longest stretch without a hole (the latest of equals)."""
        cuts = np.flatnonzero(np.diff(ordinal) != steps.usual) + 1
        bounds = np.concatenate([[0], cuts, [len(ordinal)]])
        lengths = np.diff(bounds)
        at = int(np.flatnonzero(lengths == lengths.max())[-1])
        part = present.slice(int(bounds[at]), int(lengths[at]))
        ends = {"first": part["_date"][0], "last": part["_date"][-1]}
        self._note("prices.longest", name, count=part.height, left=present.height - part.height, **ends)
        return part

    def _values(self, name: str, rows: pl.DataFrame) -> Series:
        """Return a series whose values can be tested."""
        level = rows["_value"].to_numpy().astype(np.float64)
        zero = np.flatnonzero(level == 0)
        if len(zero) and len(zero) < len(level) and (level >= 0).all():
            if self.zeros == "refuse":
                at = int(zero[0])
                return self._refuse(
                    "prices.zero", name, rows, line=int(rows["_line"][at]), count=len(zero), first=rows["_date"][at]
                )
            self._note("prices.zeros-kept", name, count=len(zero))
        if len(level) < setting("shortest"):
            return self._refuse("prices.too-short", name, rows, count=len(level), least=setting("shortest"))
        if np.ptp(level) == 0:
            return self._refuse("prices.constant", name, rows)
        return Series(name=name, dates=rows["_date"], level=level)

    def _refuse(
        self,
        code: str,
        name: str,
        rows: pl.DataFrame,
        *,
        line: int | None = None,
        **values: object,
    ) -> Series:
        self.findings.append(finding(code, table="bubbles", column=self.column, key=name, line=line, words=values))
        return Series(name=name, dates=rows["_date"], level=np.empty(0), problem=code.removeprefix("prices."))

    def _note(self, code: str, name: str, **values: object) -> None:
        self.findings.append(finding(code, table="bubbles", column=self.column, key=name, words=values))


_YEARS = (1000, 2999)  # whole numbers between are years


def series_names(series: Iterable[str]) -> Names:
    """Return the names of series: those of places of China in both languages."""
    return Names({"series": {code: place_text(code) for code in series}})


def find_series(names: Mapping[str, Text], name: str) -> str:
    """Return the series that is called so in either language, or by the code of its place.

    Examples
    --------
    >>> find_series({"Anqing": place_text("Anqing")}, "安庆")
    'Anqing'
    """
    for series, text in names.items():
        if name in {series, text.zh, text.en} or place_text(name) == text:
            return series
    raise UsageError("prices.no-series", asked=name, known=list(names.values()))


class Episode(TypedDict):
    """A row of episodes; dates are of the caller's kind."""

    series: str
    start: object
    peak: object
    last: object
    duration: int
    ongoing: bool
    signal: Literal["positive", "negative"]


@dataclass(frozen=True, slots=True)
class Timeline:
    """The dates of a result: the place of each on a line of time, and what one step is."""

    places: Mapping[object, int]
    unit: Unit

    @classmethod
    def from_dates(cls, dates: pl.Series) -> Timeline:
        """Return the line of time of dates; whole numbers that look like years are years."""
        distinct = dates.unique(maintain_order=True).drop_nulls()
        calendar = read_calendar(distinct)
        places = dict(zip(distinct.to_list(), calendar.ordinal.tolist(), strict=True))
        years = calendar.unit == "position" and all(_YEARS[0] <= place <= _YEARS[1] for place in places.values())
        return cls(places, "year" if years else calendar.unit)

    def date(self, date: object) -> str | None:
        """Return a date as it is written."""
        return None if date is None else written(self.places[date], self.unit)

    def date_at(self, place: int) -> str:
        """Return the date of a place as it is written."""
        return written(place, self.unit)

    def duration_text(self, periods: int) -> Text:
        """Return a number of dates in words: ``8 months``."""
        return words.bubbles.unit_of_of(self.unit, n=periods)

    def episode_text(self, row: Mapping[str, object]) -> Text:
        """Return an episode in a few words: what it is, from when to when."""
        start, last, signal = (str(text) for text in (self.date(row["start"]), self.date(row["last"]), row["signal"]))
        if row["ongoing"]:
            return words.bubbles.label_ongoing(start=start, signal=signal)
        if start == last:
            return words.bubbles.label_once(start=start, signal=signal)
        return words.bubbles.label_span(start=start, last=last, signal=signal)

    def with_dates(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return a frame whose dates are written as text."""
        date_columns = [name for name in ("date", "start", "peak", "last", "first", "end") if name in frame.columns]
        return frame.with_columns(
            pl.Series(name, [self.date(date) for date in frame[name]], dtype=pl.String) for name in date_columns
        )


def excluded_series(findings: Iterable[Finding]) -> list[str]:
    """Return the series that findings keep from the test."""
    return list(
        dict.fromkeys(problem.key for problem in findings if problem.severity == "error" and problem.key is not None)
    )

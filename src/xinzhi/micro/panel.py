"""A table of firms and years: its columns, what is wrong with its rows, and who is new, gone or out of the sample."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Literal

import polars as pl

from xinzhi import words
from xinzhi.core.arrays import AnyEngine, AnyFrame, Ibis
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.finding import Finding, finding, format_findings
from xinzhi.core.names import NO_NAMES, provinces
from xinzhi.core.text import Text, same
from xinzhi.micro.cohorts import COHORTS, cells, pair_sums
from xinzhi.micro.delimited_files import first_no_number, is_text
from xinzhi.micro.engine import Engine, engine_of, files_of, ibis

Duplicates = Literal["refuse", "largest", "plants", "unchecked"]
POLICIES: tuple[Duplicates, ...] = ("refuse", "largest", "plants", "unchecked")
KEY = ("firm", "year")
GROUPS = ("industry", "region", "ownership")
YEARS = ("born", "closed")
# amounts, which are positive; `value` and `weight` are any number that a verb was given
AMOUNTS = ("output", "sales", "capital", "labour", "wages", "intermediates", "investment")
FIGURES = (*AMOUNTS, "value", "weight")
MISSING, NOT_POSITIVE = "missing", "not-positive"
ROLES = (*KEY, *GROUPS, *YEARS, *FIGURES)
NO_ROWS = pl.DataFrame({"year": [0]})  # until they are counted
Sums = Callable[[Ibis], dict[str, Ibis]]  # sums of the columns of a table, by their names


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Firms by year on an engine, their columns under the names that the verbs use.

    Parameters
    ----------
    engine, table
        Where it is computed, and the expression: ``firm, year`` and the columns of `columns`.
    columns
        What each is called in the source.
    findings
        What is wrong with the rows, counted.
    rows
        How many there are, by year: ``year, rows``.
    least
        Counts below it are not told, because they could identify a firm; 0 tells all.
    sums
        What a verb asked to be summed in the pass that counts the rows, by year and the groups that it named; None
        where rows or figures were left out, which those sums count.
    """

    engine: Engine
    table: Ibis
    columns: Mapping[str, str]
    findings: tuple[Finding, ...] = ()
    rows: pl.DataFrame
    least: int = 0
    sums: pl.DataFrame | None = None

    @property
    def years(self) -> list[int]:
        """The years, in order."""
        return [int(year) for year in self.rows["year"]]

    def has(self, *roles: str) -> bool:
        """Say whether all of some columns are there."""
        return set(roles) <= set(self.columns)

    def need(self, *roles: str) -> None:
        """Refuse a panel without some columns, with their names."""
        if missing := [role for role in roles if role not in self.columns]:
            raise no_column(missing, self.columns)

    def positive(self, *roles: str) -> Panel:
        """Return the rows whose amounts are positive, so that they have logarithms; those left out are counted."""
        self.need(*roles)
        rows = self.table.filter([self.table[role] > 0 for role in roles])  # also without what is missing
        counted = self.engine.collect(rows.group_by("year").agg(firms=rows.count()))
        return replace(self.with_count_findings(counted, *roles), table=rows, sums=None)

    def with_count_findings(self, sums: pl.DataFrame, *roles: str) -> Panel:
        """Return the panel with a finding of how many rows some amounts leave out, by what is left: ``year, firms``."""
        counted = sums.group_by("year").agg(rows=pl.col("firms").sum()).sort("year")
        lost = int(self.rows["rows"].sum()) - int(counted["rows"].sum() or 0)
        if counted.is_empty():
            raise InputError("micro.nothing-left", (), columns=[same(role) for role in roles])
        more = (counted_finding("micro.left-out", lost, self.least, columns=[same(role) for role in roles]),)
        return replace(self, rows=counted, findings=(*self.findings, *(more if lost else ())))

    def of_region(self, name: str, *, provincial: bool = False) -> Panel:
        """Return the firms of a region, the rows of others counted; refuse a table that has none of it.

        A column without any entry is none. Where the table knows provinces only (`provincial`), a smaller place cannot
        be checked against it, and a finding says so.

        Examples
        --------
        >>> import polars as pl
        >>> firms = pl.DataFrame({"firm": [1, 2], "year": [2020, 2020], "region": ["220102", "浙江省"]})
        >>> panel(firms).of_region("Jilin").rows["rows"].to_list()
        [1]
        """
        column, province = self.columns["region"], _province(name)
        counts = self.engine.collect(self.table.group_by("region").agg(rows=self.table.count()))
        if not any(counts["region"]):
            return self
        if provincial and province is None:
            note = finding("micro.region-unread", words={"region": name}, table="firms", column=column)
            return replace(self, findings=(*self.findings, note))
        regions = [
            region
            for region in counts["region"]
            if region == name
            or (province is not None and _province(region[:2] if region[:2].isdigit() else region) == province)
        ]
        if not regions:
            raise InputError("micro.no-region", (), region=name, column=column)
        lost = int(counts.filter(~pl.col("region").is_in(regions))["rows"].sum())
        if not lost:
            return self
        table = self.table.filter(self.table.region.isin(regions))
        rows = self.engine.collect(table.group_by("year").agg(rows=table.count())).sort("year")
        note = counted_finding("micro.other-region", lost, self.least, column, region=name)
        return replace(self, table=table, rows=rows, findings=(*self.findings, note), sums=None)

    def lag(self, *roles: str, years: int = 1) -> Ibis:
        """Return the table with ``<role>_lag``: the value of the same firm exactly so many years before, else null.

        Examples
        --------
        >>> import polars as pl
        >>> firms = pl.DataFrame({"firm": [1, 1, 1], "year": [2000, 2001, 2003], "output": [5.0, 6.0, 8.0]})
        >>> held = panel(firms)
        >>> held.engine.collect(held.lag("output").order_by("year"))["output_lag"].to_list()
        [None, 5.0, None]
        """
        rows = self.table
        lags = {f"{role}_lag": rows[role] for role in roles}
        past = rows.select(_firm=rows.firm, _year=rows.year + years, **lags)
        joined = rows.left_join(past, [rows.firm == past["_firm"], rows.year == past["_year"]])
        return joined.drop("_firm", "_year")

    def turnover(self, by: Sequence[str] = ()) -> pl.DataFrame:
        """Return how many firms stay, enter, exit, and merely come into the sample or leave it, by group and year.

        Examples
        --------
        >>> import polars as pl
        >>> firms = pl.DataFrame({"firm": [1, 2, 1, 3], "year": [1, 1, 2, 2], "output": [1.0, 1.0, 1.0, 1.0]})
        >>> panel(firms).turnover().select("year", "stay", "entry", "exit").row(0)
        (2, 1, 1, 1)
        """
        ones = self.table.mutate(value=self.table.year * 0.0, weight=self.table.year * 0.0 + 1.0)
        later = dict(pairwise(self.years))
        sums = self.engine.collect(pair_sums(ones, by, later, [name for name in YEARS if self.has(name)]))
        table = cells(sums, by, movers_apart=True)
        return table.select("year", *by, *(pl.col(f"n_{name}").cast(pl.Int64).alias(name) for name in COHORTS))


def _province(name: str) -> str | None:
    """Return the code of the province that is called so."""
    try:
        return NO_NAMES.resolve(name, provinces())
    except UsageError:
        return None


def choose(name: str, choices: Sequence[str], *values: str) -> None:
    """Refuse a word that is no choice."""
    for word in values:
        if word not in choices:
            raise UsageError("micro.choice", name=name, given=word, known=[same(choice) for choice in choices])


def no_column(missing: Iterable[str], columns: Iterable[str], *, with_findings: bool = True) -> InputError:
    """Return the error of missing columns; `with_findings` adds a finding for each, where a panel lacks them."""
    lost = list(missing)
    findings = [finding("micro.missing-column", table="firms", column=name) for name in (lost if with_findings else ())]
    return InputError("micro.no-column", findings, missing=list(map(same, lost)), known=list(map(same, columns)))


def counted_finding(
    code: str,
    n: int,
    least: int,
    column: str | None = None,
    *,
    file: str | None = None,
    line: int | None = None,
    **values: object,
) -> Finding:
    """Return a finding that counts rows; a number below `least` is reported as fewer than that."""
    number: Text = words.firms.fewer(least=least) if n < least else same(f"{n:,}")
    return finding(code, words={"n": number, **values}, table="firms", column=column, file=file, line=line)


def panel(  # noqa: PLR0913 - a table, its columns, and the policies
    source: AnyFrame,
    columns: Mapping[str, str] | None = None,
    groups: Sequence[str] = (),
    *,
    engine: AnyEngine = None,
    duplicates: Duplicates = "refuse",
    least: int = 0,
    encoding: str | None = None,
    roles: Sequence[str] | None = None,
    sums: tuple[Sequence[str], Sums] | None = None,
) -> Panel:
    """Read a table of firms and years, and name and count what is wrong with it.

    Parameters
    ----------
    source
        A frame of any kind, the path of a parquet or CSV file or of a folder of them, or an Ibis table.
    columns
        What the columns are called in the source, by their names here: ``firm, year, industry, region, ownership,
        output, sales, capital, labour, wages, intermediates, investment, value, weight, born, closed``. A column that
        bears its name here need not be given.
    groups
        Further columns by which firms are grouped, by their own names.
    engine
        See `connect`.
    duplicates
        Several rows of a firm in a year: ``refuse``; ``largest``, the one with the largest output stays; ``plants``,
        a firm in two industries counts as two; ``unchecked``, which skips the costliest check.
    least
        Counts below it are reported as "fewer than", so that messages identify nobody.
    encoding
        Of text files that are not in UTF-8, such as ``gb18030``.
    roles
        The columns that are read and looked at, beside firm and year; by default all that are there. Where the largest
        of several rows stays, all are.
    sums
        Groups, and a function that returns sums of a table by name: they are taken in the pass that counts the rows.

    Examples
    --------
    >>> import polars as pl
    >>> firms = pl.DataFrame({"firm": [1, 2], "year": [2020, 2020], "output": [3.0, -1.0], "capital": [1.0, 1.0]})
    >>> [one.rule for one in panel(firms).findings]
    ['not-positive']
    """
    choose("duplicates", POLICIES, duplicates)
    engine = engine_of(source, engine)
    raw = engine.table(source, encoding)
    names = _source_columns(
        {name: name for name in groups if name not in GROUPS} | dict(columns or {}), raw.columns, groups
    )
    if roles is not None and duplicates not in {"largest", "plants"}:
        used = {*KEY, *roles, *(columns or {}), *([] if duplicates == "unchecked" else ["industry"])}
        names = {role: column for role, column in names.items() if role in used}
    files = [path for path in files_of(source) or () if is_text(path)]
    findings = unreadable(engine, raw, names, files, least, encoding)
    table = raw.select(**{role: typed(raw[column], role, text=bool(files)) for role, column in names.items()})
    if files:  # text is read and cast once, not in every pass
        table = engine.keep(table)
    firms = Panel(engine=engine, table=table, columns=names, findings=findings, rows=NO_ROWS, least=least)
    return validate(firms, duplicates, sums)


def validate(firms: Panel, duplicates: Duplicates, sums: tuple[Sequence[str], Sums] | None = None) -> Panel:
    """Return a panel whose cells and keys have been looked at; findings are counted."""
    firms = _count_rows(firms, *(sums or ((), None)))
    if duplicates == "plants":
        firms.need("industry")
        key = firms.table.firm.cast("string") + "/" + firms.table.industry
        firms = replace(firms, table=firms.table.mutate(firm=key, owner=firms.table.firm))
    return firms if duplicates == "unchecked" else _single(firms, duplicates)


def _source_columns(columns: Mapping[str, str], available: Sequence[str], groups: Sequence[str]) -> dict[str, str]:
    """Return what every column is called in the source."""
    choose("columns", ROLES, *(role for role in columns if role not in groups))
    for role, column in columns.items():
        if column not in available:
            raise UsageError("micro.column-gone", role=role, column=column, known=[same(name) for name in available])
    roles = dict.fromkeys((*ROLES, *groups))
    names = {role: columns.get(role, role) for role in roles if columns.get(role, role) in available}
    if lost := [name for name in groups if name not in names]:
        raise UsageError("micro.column-gone", role=lost[0], column=lost[0], known=[same(name) for name in available])
    if missing := [role for role in KEY if role not in names]:
        raise no_column(missing, available)
    return names


def typed(column: Ibis, role: str, *, text: bool = False) -> Ibis:
    """Return a column in the type of its role: text that is no number is missing; a blank group is reported as blank.

    Of a `text` file names and codes lose the blanks around them.
    """
    kind = column.type()
    if role in {"year", *YEARS}:
        if not kind.is_string():
            return column.cast("int64")
        number = column.strip().try_cast("float64")
        return (number % 1 == 0).ifelse(number, None).cast("int64")
    if role in FIGURES:
        number = column.strip().try_cast("float64") if kind.is_string() else column.cast("float64")
        return number.between(-sys.float_info.max, sys.float_info.max).ifelse(number, None)  # neither NaN nor infinite
    if role not in KEY:
        code = column.cast("string")
        return (code.strip() if text else code).fill_null("")
    if kind.is_string():
        return column.strip().nullif("") if text else column
    return column if kind.is_integer() else column.cast("string")


def unreadable(
    engine: Engine,
    table: Ibis,
    names: Mapping[str, str],
    files: Sequence[Path] = (),
    least: int = 0,
    encoding: str | None = None,
) -> tuple[Finding, ...]:
    """Return findings that count the cells of text that should be numbers and are none, with the first one's place.

    A column without any number is refused.
    """
    numbers = [role for role in names if role in {"year", *YEARS, *FIGURES}]
    kinds = {role: table[names[role]].type() for role in numbers}
    for role in numbers:
        if not (kinds[role].is_string() or kinds[role].is_numeric()):
            raise InputError("micro.no-numbers", (), column=names[role], kind=str(kinds[role]))
    texts = [role for role in numbers if kinds[role].is_string()]
    if not texts:
        return ()
    sums: dict[str, Ibis] = {}
    for role in texts:
        text = table[names[role]].strip()
        blank, number = text.isnull() | (text == ""), typed(table[names[role]], role)
        sums |= {f"{role}:bad": (~blank & number.isnull()).cast("int64").sum()}
        sums |= {f"{role}:good": number.notnull().cast("int64").sum()}
    counts = engine.collect(table.aggregate(**sums)).row(0, named=True)
    bad = {role: int(n) for role in texts if (n := counts[f"{role}:bad"])}
    places = first_no_number(files, {role: names[role] for role in bad}, encoding) if bad and files else {}
    findings = []
    for role, n in bad.items():
        file, line = places.get(role, (None, None))
        code = "micro.unreadable" if line is None else "micro.unreadable-at"
        findings.append(counted_finding(code, n, least, names[role], file=file, line=line))
    for role in bad:
        if not counts[f"{role}:good"]:
            raise InputError("micro.no-numbers", findings, column=names[role], kind=str(kinds[role]))
    return tuple(findings)


def _count_rows(firms: Panel, by: Sequence[str], sums: Sums | None) -> Panel:
    """Return the rows that have firm and year, with their number by year, and findings about cells."""
    table = firms.table
    tests = {"rows": table.count()}
    for role in firms.columns:
        cell = table[role]
        if role != "year":  # to count what is there is half the work of adding up what is not
            present = cell if role in {*KEY, *YEARS, *FIGURES} else cell.nullif("")
            tests[f"{role}:{MISSING}"] = present.count()
        if role in AMOUNTS:
            tests[f"{role}:{NOT_POSITIVE}"] = (cell <= 0).cast("int64").sum()
    totals = firms.engine.collect(table.group_by(["year", *by]).agg(**tests, **(sums(table) if sums else {})))
    missing = [name for name in tests if name.endswith(MISSING)]
    totals = totals.with_columns((pl.col("rows") - pl.col(name)).alias(name) for name in missing)
    counts = totals.group_by("year", maintain_order=True).agg(pl.col(name).sum() for name in tests)
    if counts.is_empty():
        raise InputError("micro.no-rows", ())
    findings = []
    for name in list(tests)[1:]:
        role, _, what = name.partition(":")
        n = int(counts[name].sum() or 0)
        if n and role not in YEARS:  # most firms have no year of closure
            code = "micro.blank" if role in GROUPS else f"micro.{what}"
            code = "micro.no-firm" if role == "firm" else code
            findings.append(counted_finding(code, n, firms.least, firms.columns[role]))
    nameless = counts.filter(pl.col("year").is_null())["rows"].sum()
    if nameless:
        findings.append(counted_finding("micro.no-year", int(nameless), firms.least, firms.columns["year"]))
    rows = counts.filter(pl.col("year").is_not_null()).select(
        "year", rows=pl.col("rows") - pl.col("firm:missing").fill_null(0)
    )
    if any(note.rule in {"no-firm", "no-year"} for note in findings):
        table = table.filter(table.firm.notnull() & table.year.notnull())
    if rows.is_empty():
        raise InputError("micro.no-rows", findings)
    blank = [f"{role}:{MISSING}" for role in firms.columns if role in {"firm", *FIGURES}]
    complete = sums is not None and not nameless and not counts[blank].sum().sum_horizontal().item()
    reusable = totals.sort("year", *by) if complete else None
    return replace(firms, table=table, rows=rows.sort("year"), findings=(*firms.findings, *findings), sums=reusable)


def _single(firms: Panel, duplicates: Duplicates) -> Panel:
    """Return one row of a firm in a year, or refuse the table with how many there are."""
    table = firms.table
    tests = {"n": table.count()}
    if firms.has("industry"):
        tests |= {"low": table.industry.min(), "high": table.industry.max()}
    keys = table.group_by(list(KEY)).agg(**tests)
    several = keys.filter(keys.n > 1)
    torn = (several.low != several.high).cast("int64").sum() if firms.has("industry") else several.n.sum() * 0
    counted = several.aggregate(keys=several.count(), rows=several.n.sum(), torn=torn)
    counts = firms.engine.collect(counted).row(0, named=True)
    if not counts["keys"]:
        return firms
    kind = "micro.two-industries" if counts["torn"] else "micro.duplicate"
    findings = [counted_finding(kind, int(counts["torn"] or counts["keys"]), firms.least)]
    if counts["torn"] and counts["keys"] > counts["torn"]:
        findings.append(counted_finding("micro.duplicate", int(counts["keys"] - counts["torn"]), firms.least))
    if duplicates != "largest":
        raise InputError("micro.double", [*firms.findings, *findings], what=format_findings(findings))
    order = [table[role].desc(nulls_first=False) for role in firms.columns if role in FIGURES]
    order += [table[role] for role in firms.columns if role not in {*KEY, *FIGURES}]
    window = ibis().window(group_by=[table.firm, table.year], order_by=order)
    single = table.mutate(_n=ibis().row_number().over(window))
    single = single.filter(single["_n"] == 0).drop("_n")
    rows = firms.engine.collect(single.group_by("year").agg(rows=single.count())).sort("year")
    softer = [replace(note, severity="warning") for note in findings]
    return replace(firms, table=single, rows=rows, findings=(*firms.findings, *softer), sums=None)

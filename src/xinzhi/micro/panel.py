"""A table of firms and years: its columns, what is wrong with its rows, and who is new, gone or out of the sample."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import polars as pl

from xinzhi.core.arrays import AnyEngine, AnyFrame, Ibis
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.finding import Finding, finding, format_findings
from xinzhi.core.names import NO_NAMES, provinces
from xinzhi.core.text import Text, same, words
from xinzhi.micro.cohorts import COHORTS, cells, pair_sums
from xinzhi.micro.engine import Engine, engine_of, files_of, ibis
from xinzhi.micro.text_files import first_no_number, is_text

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
Sums = Callable[[Any], dict[str, Any]]  # sums of the columns of a table, by their names


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
    table: Any
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
        kept = self.table.filter([self.table[role] > 0 for role in roles])  # also without what is missing
        counted = self.engine.collect(kept.group_by("year").agg(firms=kept.count()))
        return replace(self.counted(counted, *roles), table=kept, sums=None)

    def counted(self, sums: pl.DataFrame, *roles: str) -> Panel:
        """Return the panel with a finding of how many rows some amounts leave out, by what is left: ``year, firms``."""
        counted = sums.group_by("year").agg(rows=pl.col("firms").sum()).sort("year")
        lost = int(self.rows["rows"].sum()) - int(counted["rows"].sum() or 0)
        if counted.is_empty():
            raise InputError("micro.nothing-left", (), columns=[same(role) for role in roles])
        more = (counted_finding("micro.left-out", lost, self.least, columns=[same(one) for one in roles]),)
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
        column, wish = self.columns["region"], _province(name)
        counts = self.engine.collect(self.table.group_by("region").agg(rows=self.table.count()))
        if not any(counts["region"]):
            return self
        if provincial and wish is None:
            found = finding("micro.region-unread", words={"region": name}, table="firms", column=column)
            return replace(self, findings=(*self.findings, found))
        mine = [
            one
            for one in counts["region"]
            if one == name or (wish is not None and _province(one[:2] if one[:2].isdigit() else one) == wish)
        ]
        if not mine:
            raise InputError("micro.no-region", (), region=name, column=column)
        lost = int(counts.filter(~pl.col("region").is_in(mine))["rows"].sum())
        if not lost:
            return self
        table = self.table.filter(self.table.region.isin(mine))
        rows = self.engine.collect(table.group_by("year").agg(rows=table.count())).sort("year")
        found = counted_finding("micro.other-region", lost, self.least, column, region=name)
        return replace(self, table=table, rows=rows, findings=(*self.findings, found), sums=None)

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
        here = self.table
        lags = {f"{role}_lag": here[role] for role in roles}
        past = here.select(_firm=here.firm, _year=here.year + years, **lags)
        joined = here.left_join(past, [here.firm == past["_firm"], here.year == past["_year"]])
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
        sums = self.engine.collect(pair_sums(ones, by, later, [one for one in YEARS if self.has(one)]))
        wide = cells(sums, by, movers_apart=True)
        return wide.select("year", *by, *(pl.col(f"n_{name}").cast(pl.Int64).alias(name) for name in COHORTS))


def _province(name: str) -> str | None:
    """Return the code of the province that is called so."""
    try:
        return NO_NAMES.resolve(name, provinces())
    except UsageError:
        return None


def choose(name: str, known: Sequence[str], *given: str) -> None:
    """Refuse a word that is no choice."""
    for word in given:
        if word not in known:
            raise UsageError("micro.choice", name=name, given=word, known=[same(one) for one in known])


def no_column(missing: Iterable[str], known: Iterable[str], *, found: bool = True) -> InputError:
    """Return the error of columns that are not there, with a finding each where they are `found` missing in a panel."""
    lost = list(missing)
    seen = [finding("micro.missing-column", table="firms", column=name) for name in (lost if found else ())]
    return InputError("micro.no-column", seen, missing=list(map(same, lost)), known=list(map(same, known)))


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
    """Return a finding that counts rows; a number below `least` is told as such."""
    number: Text = words("firms.fewer", least=least) if n < least else same(f"{n:,}")
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
        Counts below it are told as "fewer than", so that messages identify nobody.
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
    own = engine_of(source, engine)
    given = own.table(source, encoding)
    named = _named({name: name for name in groups if name not in GROUPS} | dict(columns or {}), given.columns, groups)
    if roles is not None and duplicates not in {"largest", "plants"}:
        kept = {*KEY, *roles, *(columns or {}), *([] if duplicates == "unchecked" else ["industry"])}
        named = {role: column for role, column in named.items() if role in kept}
    files = [path for path in files_of(source) or () if is_text(path)]
    found = unreadable(own, given, named, files, least, encoding)
    table = given.select(**{role: typed(given[column], role, text=bool(files)) for role, column in named.items()})
    if files:  # text is read and cast once, not in every pass
        table = own.keep(table)
    held = Panel(engine=own, table=table, columns=named, findings=found, rows=NO_ROWS, least=least)
    return checked(held, duplicates, sums)


def checked(held: Panel, duplicates: Duplicates, sums: tuple[Sequence[str], Sums] | None = None) -> Panel:
    """Return a panel whose cells and keys have been looked at; findings are counted."""
    held = _counted(held, *(sums or ((), None)))
    if duplicates == "plants":
        held.need("industry")
        key = held.table.firm.cast("string") + "/" + held.table.industry
        held = replace(held, table=held.table.mutate(firm=key, owner=held.table.firm))
    return held if duplicates == "unchecked" else _single(held, duplicates)


def _named(columns: Mapping[str, str], known: Sequence[str], groups: Sequence[str]) -> dict[str, str]:
    """Return what every column is called in the source."""
    choose("columns", ROLES, *(role for role in columns if role not in groups))
    for role, column in columns.items():
        if column not in known:
            raise UsageError("micro.column-gone", role=role, column=column, known=[same(one) for one in known])
    roles = dict.fromkeys((*ROLES, *groups))
    named = {role: columns.get(role, role) for role in roles if columns.get(role, role) in known}
    if lost := [name for name in groups if name not in named]:
        raise UsageError("micro.column-gone", role=lost[0], column=lost[0], known=[same(one) for one in known])
    if missing := [role for role in KEY if role not in named]:
        raise no_column(missing, known)
    return named


def typed(column: Ibis, role: str, *, text: bool = False) -> Ibis:
    """Return a column in the type of its role: text that is no number is missing; a blank group is told as such.

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
    named: Mapping[str, str],
    files: Sequence[Path] = (),
    least: int = 0,
    encoding: str | None = None,
) -> tuple[Finding, ...]:
    """Return findings that count the cells of text that should be numbers and are none, with the first one's place.

    A column without any number is refused.
    """
    numbers = [role for role in named if role in {"year", *YEARS, *FIGURES}]
    kinds = {role: table[named[role]].type() for role in numbers}
    for role in numbers:
        if not (kinds[role].is_string() or kinds[role].is_numeric()):
            raise InputError("micro.no-numbers", (), column=named[role], kind=str(kinds[role]))
    texts = [role for role in numbers if kinds[role].is_string()]
    if not texts:
        return ()
    sums: dict[str, Any] = {}
    for role in texts:
        text = table[named[role]].strip()
        blank, number = text.isnull() | (text == ""), typed(table[named[role]], role)
        sums |= {f"{role}:bad": (~blank & number.isnull()).cast("int64").sum()}
        sums |= {f"{role}:good": number.notnull().cast("int64").sum()}
    seen = engine.collect(table.aggregate(**sums)).row(0, named=True)
    bad = {role: int(n) for role in texts if (n := seen[f"{role}:bad"])}
    places = first_no_number(files, {role: named[role] for role in bad}, encoding) if bad and files else {}
    found = []
    for role, n in bad.items():
        file, line = places.get(role, (None, None))
        code = "micro.unreadable" if line is None else "micro.unreadable-at"
        found.append(counted_finding(code, n, least, named[role], file=file, line=line))
    for role in bad:
        if not seen[f"{role}:good"]:
            raise InputError("micro.no-numbers", found, column=named[role], kind=str(kinds[role]))
    return tuple(found)


def _counted(held: Panel, by: Sequence[str], sums: Sums | None) -> Panel:
    """Return the rows that have firm and year, with their number by year, and findings about cells."""
    table = held.table
    tests = {"rows": table.count()}
    for role in held.columns:
        cell = table[role]
        if role != "year":  # to count what is there is half the work of adding up what is not
            there = cell if role in {*KEY, *YEARS, *FIGURES} else cell.nullif("")
            tests[f"{role}:{MISSING}"] = there.count()
        if role in AMOUNTS:
            tests[f"{role}:{NOT_POSITIVE}"] = (cell <= 0).cast("int64").sum()
    asked = held.engine.collect(table.group_by(["year", *by]).agg(**tests, **(sums(table) if sums else {})))
    seen = [name for name in tests if name.endswith(MISSING)]
    asked = asked.with_columns((pl.col("rows") - pl.col(name)).alias(name) for name in seen)
    counts = asked.group_by("year", maintain_order=True).agg(pl.col(name).sum() for name in tests)
    if counts.is_empty():
        raise InputError("micro.no-rows", ())
    found = []
    for name in list(tests)[1:]:
        role, _, what = name.partition(":")
        n = int(counts[name].sum() or 0)
        if n and role not in YEARS:  # most firms have no year of closure
            code = "micro.no-firm" if role == "firm" else "micro.blank" if role in GROUPS else f"micro.{what}"
            found.append(counted_finding(code, n, held.least, held.columns[role]))
    nameless = counts.filter(pl.col("year").is_null())["rows"].sum()
    if nameless:
        found.append(counted_finding("micro.no-year", int(nameless), held.least, held.columns["year"]))
    rows = counts.filter(pl.col("year").is_not_null()).select(
        "year", rows=pl.col("rows") - pl.col("firm:missing").fill_null(0)
    )
    if any(one.rule in {"no-firm", "no-year"} for one in found):
        table = table.filter(table.firm.notnull() & table.year.notnull())
    if rows.is_empty():
        raise InputError("micro.no-rows", found)
    blank = [f"{role}:{MISSING}" for role in held.columns if role in {"firm", *FIGURES}]
    whole = sums is not None and not nameless and not counts[blank].sum().sum_horizontal().item()
    made = asked.sort("year", *by) if whole else None
    return replace(held, table=table, rows=rows.sort("year"), findings=(*held.findings, *found), sums=made)


def _single(held: Panel, duplicates: Duplicates) -> Panel:
    """Return one row of a firm in a year, or refuse the table with how many there are."""
    table = held.table
    tests = {"n": table.count()}
    if held.has("industry"):
        tests |= {"low": table.industry.min(), "high": table.industry.max()}
    keys = table.group_by(list(KEY)).agg(**tests)
    several = keys.filter(keys.n > 1)
    torn = (several.low != several.high).cast("int64").sum() if held.has("industry") else several.n.sum() * 0
    counted = several.aggregate(keys=several.count(), rows=several.n.sum(), torn=torn)
    seen = held.engine.collect(counted).row(0, named=True)
    if not seen["keys"]:
        return held
    kind = "micro.two-industries" if seen["torn"] else "micro.duplicate"
    found = [counted_finding(kind, int(seen["torn"] or seen["keys"]), held.least)]
    if seen["torn"] and seen["keys"] > seen["torn"]:
        found.append(counted_finding("micro.duplicate", int(seen["keys"] - seen["torn"]), held.least))
    if duplicates != "largest":
        raise InputError("micro.double", [*held.findings, *found], what=format_findings(found))
    order = [table[role].desc(nulls_first=False) for role in held.columns if role in FIGURES]
    order += [table[role] for role in held.columns if role not in {*KEY, *FIGURES}]
    window = ibis().window(group_by=[table.firm, table.year], order_by=order)
    single = table.mutate(_n=ibis().row_number().over(window))
    single = single.filter(single["_n"] == 0).drop("_n")
    rows = held.engine.collect(single.group_by("year").agg(rows=single.count())).sort("year")
    softer = [replace(one, severity="warning") for one in found]
    return replace(held, table=single, rows=rows, findings=(*held.findings, *softer), sums=None)

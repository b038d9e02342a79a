"""The goods of a frontier from a data package: columns of its accounts, levels of a measurement, indicators."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import polars as pl

from xinzhi import words
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.names import REGION, Names
from xinzhi.core.text import clauses, join_names, same
from xinzhi.data import Package
from xinzhi.frontier.unit_names import NONE, Labels, setting

KEYS = ("region", "year")
_LEVELS = ("output", "capital", "labour", "human_capital", "labour_share")


class Measured(Protocol):
    """What is needed of a measurement: its levels by region and year, and how far official figures carry."""

    @property
    def inputs(self) -> pl.DataFrame:
        """``region, year`` and the levels."""

    @property
    def coverage(self) -> pl.DataFrame:
        """``series, last_official_year``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageGoods:
    """The goods by region and year; null where there is no figure.

    `frame` has a column for each of the `goods` and, where asked for, ``group``. `ends` is the last official year of
    every good; `labels` name the regions, their macro-regions and the units of measurement; `tables` are those of the
    package that were read, those behind a measurement aside.
    """

    frame: pl.DataFrame
    goods: tuple[str, ...]
    ends: Mapping[str, int]
    labels: Labels = NONE
    tables: tuple[str, ...] = ()

    @property
    def end(self) -> int:
        """The last year in which every good has an official figure."""
        return min(self.ends.values())

    def official_years(self) -> list[int]:
        """Return the years in which nearly all regions have figures of all goods, all of them official.

        Raises `InputError` when there is none.
        """
        counts = self.frame.drop_nulls(self.goods).filter(pl.col("year") <= self.end).group_by("year").len()
        if not counts.height:
            ends = [f"{name} {year}" for name, year in self.ends.items()]
            raise InputError("frontier.no-official-year", goods=list(self.goods), ends=ends)
        least = setting("complete_share") * counts["len"].to_numpy().max()
        return sorted(counts.filter(pl.col("len") >= least)["year"].to_list())

    def take(self, years: Iterable[int]) -> tuple[pl.DataFrame, Labels]:
        """Return the rows of some years that have every figure, and the labels with a note on what has not.

        Raises `InputError` when a year has no region with all figures.
        """
        years = sorted(set(years))
        rows = self.frame.filter(pl.col("year").is_in(years))
        complete = rows.drop_nulls(list(self.goods))
        present = set(complete["year"].to_list())
        if lost := [year for year in years if year not in present]:
            goods = list(self.goods)
            available = self.frame.drop_nulls(goods)["year"].unique().sort().to_list()
            first_lost = self.frame.filter(pl.col("year") == lost[0])
            wanting = [good for good in goods if not first_lost[good].is_not_null().any()] or goods
            first, last = (available[0], available[-1]) if available else ("", "")
            raise InputError(
                "frontier.no-figures",
                years=lost,
                wanting=wanting,
                goods=goods,
                n=len(available),
                first=first,
                last=last,
            )
        notes = [*self.labels.notes]
        for good in self.goods:  # which regions were left out, for want of which good
            codes = rows.filter(rows[good].is_null())["region"]
            names = [self.labels.names.region(code) for code in codes.unique().sort()]
            notes += [words.frontier.note_gaps(good=good, n=len(codes), names=names)] if names else []
        beyond = {good: end for good, end in self.ends.items() if end < max(years)}  # the last official year
        notes += [words.frontier.note_beyond(good=good, end=end) for good, end in beyond.items()]
        return complete, replace(self.labels, notes=tuple(notes))


def package_goods(
    package: Package, goods: Sequence[str], measure: Callable[[], Measured], *, group: str | None = None
) -> PackageGoods:
    """Return the columns of a package that take part in a frontier.

    Parameters
    ----------
    package
        The loaded package.
    goods
        Their names: columns of ``accounts``, levels of a measurement (``output, capital, labour, human_capital``), or
        indicators of ``indicators``; a name that several have is taken from the first.
    measure
        Gives the measurement; called only when a level is asked for.
    group
        A column of ``regions`` or ``accounts`` that groups the regions; it becomes the column ``group``.

    Examples
    --------
    >>> import xinzhi
    >>> package = xinzhi.load("china-provinces")
    >>> found = package_goods(package, ["capital", "employment", "output_real"], lambda: xinzhi.measure(package))
    >>> found.ends["capital"], found.official_years()[-1], found.frame.columns
    (2017, 2017, ['region', 'year', 'capital', 'employment', 'output_real'])
    """
    names = list(dict.fromkeys(goods))
    _require_columns(package, names)
    columns = [_column(package, name, measure) for name in names]
    frame = columns[0][0]
    for column, _ in columns[1:]:
        frame = frame.join(column, on=KEYS, how="full", coalesce=True)
    if group is not None:
        frame = _grouped(package, frame, group)
    table_columns = _tables(package)
    of_accounts = [name in table_columns["accounts"] for name in names]
    of_indicators = [name in table_columns["indicators"] and name not in table_columns["accounts"] for name in names]
    usage = {"accounts": any(of_accounts), "indicators": any(of_indicators), "regions": group is not None}
    return PackageGoods(
        frame=frame.sort("year", "region"),
        goods=tuple(names),
        ends={name: end for name, (_, end) in zip(names, columns, strict=True)},
        labels=region_labels(package),
        tables=tuple(table for table, used in usage.items() if used),
    )


def region_labels(package: Package) -> Labels:
    """Return the names of the regions of a package and of their macro-regions, as far as it has them."""
    from xinzhi.data import names_of

    names, regions = names_of(package), package.optional("regions", verb="frontier")
    if regions is None:
        return NONE
    names_by_kind = {**names.by_kind, REGION: names.distinct(REGION, regions["region"])}
    groups = regions.select("region", "group_en").drop_nulls() if "group_en" in regions.columns else None
    group_of = {} if groups is None else {code: names.text("group", group) for code, group in groups.rows()}
    return Labels(names=Names(names_by_kind), groups=group_of)


def _tables(package: Package) -> dict[str, list[str]]:
    """Return the columns that may take part, by where they are."""
    accounts, indicators = (package.optional(name, verb="frontier") for name in ("accounts", "indicators"))
    numbers = [] if accounts is None else [name for name, kind in accounts.schema.items() if kind == pl.Float64]
    listed = [] if indicators is None else indicators["indicator"].unique().sort().to_list()
    return {"accounts": numbers, "measurement": list(_LEVELS), "indicators": listed}


def _require_columns(package: Package, names: Sequence[str]) -> None:
    from xinzhi.data.catalogue import nearest

    tables = _tables(package)
    available = {name for columns in tables.values() for name in columns}
    for name in names:
        if name not in available:
            joined = {
                where: join_names([same(column) for column in columns]) for where, columns in tables.items() if columns
            }
            places = [words.frontier.of_table(table=where, columns=columns) for where, columns in joined.items()]
            values = {
                "package": package.name,
                "column": name,
                "places": clauses(places),
                "like": nearest(name, available),
            }
            raise UsageError("frontier.no-column-near" if values["like"] else "frontier.no-column-in", **values)


def _column(package: Package, name: str, measure: Callable[[], Measured]) -> tuple[pl.DataFrame, int]:
    """Return ``region, year`` and a good, and its last official year."""
    tables = _tables(package)
    if name in tables["accounts"]:
        frame = package.tables["accounts"]
        status = f"{name}_status"
        values = frame.filter(pl.col(name).is_not_null())
        official = (
            values.filter(pl.col(status).fill_null("official") == "official") if status in frame.columns else values
        )
        return frame.select(*KEYS, name), _last(official, name)
    if name in tables["indicators"] and name not in _LEVELS:
        long = package.tables["indicators"].filter((pl.col("indicator") == name) & pl.col("value").is_not_null())
        return long.select(*KEYS, pl.col("value").alias(name)), _last(long, name)
    measured = measure()
    coverage = measured.coverage.filter(pl.col("series").is_in(setting("series")[name]))
    ends = coverage["last_official_year"].drop_nulls()
    frame = measured.inputs.select(*KEYS, name)
    return frame, int(ends.to_numpy().min()) if ends.len() else _last(frame.drop_nulls(name), name)


def _last(rows: pl.DataFrame, name: str) -> int:
    if not rows.height:
        raise InputError("frontier.no-official-figure", column=name)
    return int(rows["year"].to_numpy().max())


def _grouped(package: Package, frame: pl.DataFrame, group: str) -> pl.DataFrame:
    """Return the frame with the group of every region."""
    for table, on in (("regions", ["region"]), ("accounts", list(KEYS))):
        source = package.optional(table, verb="frontier")
        if source is not None and group in source.columns and group not in KEYS:
            labels = source.select(*on, pl.col(group).cast(pl.String).alias("group"))
            return frame.join(labels, on=on, how="left").with_columns(pl.col("group").fill_null("-"))
    tables = [package.optional(table, verb="frontier") for table in ("regions", "accounts")]
    present = [table for table in tables if table is not None]
    columns = dict.fromkeys(name for table in present for name in table.columns)
    choices = [name for name in columns if name not in KEYS]
    raise UsageError("frontier.no-group", group=group, known=choices)

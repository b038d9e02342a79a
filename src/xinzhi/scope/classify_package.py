"""The industries of a data package: held to the definitions of a day, with employment or output as weight."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import polars as pl

from xinzhi.core.finding import finding
from xinzhi.data import known_tables, names_of
from xinzhi.scope.classify import classify
from xinzhi.scope.conventions import read_date

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from xinzhi.core.finding import Finding
    from xinzhi.data import Package
    from xinzhi.scope.definition import Definition
    from xinzhi.scope.scope import Scope

# Tables that hold industries, and their columns that add up over industries; the first that is there is used.
TABLES = {
    "industry_accounts": ("employment", "output_nominal", "gross_output_nominal"),
    "activity": ("employment",),
    "industries": (),
}


def classify_package(
    package: Package,
    *,
    as_of: object,
    definitions: Sequence[str | Path | Definition] | None = None,
    standard: str | None = None,
    use: Any = None,  # noqa: ANN401 - any kind of frame
) -> Scope | None:
    """Say of the industries of a data package what is in scope on a day, weighed in the latest year by that day.

    Parameters
    ----------
    package
        A package with one of the tables ``industry_accounts`` (weighed by employment and output), ``activity``
        (employment) and ``industries`` (without weights), taken in this order.
    as_of, definitions, standard, use
        As in `classify`.

    Returns
    -------
    Scope or None
        With the package's names of regions; None when the package has no industries.

    Raises
    ------
    UsageError, InputError
        As `classify` does; codes that are not of the standard are named.

    Notes
    -----
    The year is the last with figures that had begun by the day, or the first with figures when all are later. Rows
    without a figure are left out and counted in a finding.

    Examples
    --------
    >>> from xinzhi.data import load
    >>> scope = classify_package(load("china-provinces"), as_of="2024-01-01")
    >>> scope.overall.select("year", "measure").rows()
    [(2016, 'employment')]
    """
    name = next((one for one in TABLES if one in package.tables and package.tables[one].height), None)
    if name is None:
        return None
    rows, found = _rows(package.tables[name], name, read_date(as_of).year)
    scope = classify(rows, as_of=as_of, definitions=definitions, standard=standard, use=use)
    return replace(
        scope,
        findings=(*found, *scope.findings),
        regions=package.tables.get("regions"),
        names=names_of(package),
        titles={one: column.text for one in scope.measures if (column := known_tables()[name].column(one))},
        units={one: unit for one, unit in package.units.get(name, {}).items() if one in scope.measures},
        kind=package.kind,
        provenance=replace(
            scope.provenance, package=package.name, inputs={name: package.fingerprint(name)}
        ),
    )  # fmt: skip


def _rows(table: pl.DataFrame, name: str, until: int) -> tuple[pl.DataFrame, list[Finding]]:
    """Return the industries of one year with the measures that have figures, and what was left out."""
    measures = [column for column in TABLES[name] if column in table.columns and table[column].drop_nulls().len()]
    keys = [key for key in ("region", "year") if key in table.columns]
    rows = table.select(*keys, "industry", *measures).rename({"industry": "code"})
    if not measures:
        return rows.select("code").unique(maintain_order=True), []
    some = rows.filter(pl.col(measures[0]).is_not_null())
    if "year" in keys:
        years = some["year"].unique().sort()
        by = years.filter(years <= until)
        year = by[-1] if by.len() else years[0]
        rows, some = rows.filter(pl.col("year") == year), some.filter(pl.col("year") == year)
    kept = [column for column in measures if not some[column].null_count()]
    found = [_blank(rows.height - some.height, name, measures[0])] if some.height < rows.height else []
    found += [_blank(some[column].null_count(), name, column, whole=True) for column in measures if column not in kept]
    return some.select(*keys, "code", *kept), found


def _blank(count: int, table: str, column: str, *, whole: bool = False) -> Finding:
    """Say that figures are missing, and what was left out for it: the rows, or the whole column."""
    code = "scope.no-weight-column" if whole else "scope.no-weight"
    return finding(code, table=table, column=column, words={"count": count})

"""The verbs `classify`, `classify_package`, `explain`: industries in, shares in scope with bounds and reasons out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl

from xinzhi.core.arrays import AnyFrame, FloatArray
from xinzhi.core.errors import InputError
from xinzhi.core.finding import Finding, finding
from xinzhi.core.provenance import provenance
from xinzhi.data import Package, names_of, tables_by_name
from xinzhi.scope.catalogue import choose
from xinzhi.scope.dated import Definition
from xinzhi.scope.membership import Question, answer, concordance, read_use
from xinzhi.scope.scope import Scope
from xinzhi.scope.standard import Standard, read_date, unknown_code_error
from xinzhi.scope.standard import standard as tree_of
from xinzhi.scope.tables import detail, read_industries, shares, totals

# Tables that hold industries, and their columns that add up over industries; the first that is there is used.
TABLES = {
    "industry_accounts": ("employment", "output_nominal", "gross_output_nominal"),
    "activity": ("employment",),
    "industries": (),
}


def classify(
    industries: AnyFrame,
    *,
    as_of: object,
    definitions: Sequence[str | Path | Definition] | None = None,
    standard: str | None = None,
    weights: Mapping[str, float] | None = None,
    splits: Mapping[str, float] | None = None,
    use: AnyFrame = None,
) -> Scope:
    """Say of every industry whether it is in scope on a day, by how much, why, and by which definition.

    Parameters
    ----------
    industries
        A frame of any kind, or the path of a CSV, .xlsx or parquet file: ``code`` (any level, with or without the
        letter of its section), ``region`` and ``year`` where there are any, and columns of numbers that add up, such as
        output or employment, which weigh the totals. Or the codes alone, in a list.
    as_of
        The day whose definitions count: a date, ``YYYY-MM-DD``, or a year, which means its last day.
    definitions
        Names, paths of files of your own, or definitions; by default those in force on the day that are meant for it.
    standard
        Standard of the codes, ``GB/T 4754-2017`` (the default) or ``ISIC Rev.4``.
    weights
        Output or employment of its classes by code: with them an industry that holds several classes has an exact
        share; without, its share is bounded by its classes, which weigh equally in between.
    splits
        Output or employment, by code, of the classes into which the concordance splits a class where a definition is
        written in the other standard; without, a class is split equally, and bounded.
    use
        The use test: ``code, total`` (as `digital_dependence` gives), ``lower, upper`` where there are bounds, and the
        ``threshold`` from which on an industry is in scope because it uses.

    Raises
    ------
    InputError
        When a column is missing, a code is unknown (the nearest is offered) or stands twice, or would count twice
        because another one holds it.

    Notes
    -----
    An industry in two lists counts once. Where a class belongs only in part to both, the part in either
    has the bounds of Fréchet (1935): at least the larger share, at most the sum of the two and 1; the share in between
    is that of lists that know nothing of each other. What no list names is ``out`` only where every list asked about is
    entered completely; else it is ``unknown``, and the sums are of the codes entered.

    Examples
    --------
    >>> import polars as pl
    >>> table = pl.DataFrame({"code": ["39", "17", "C27"], "output": [120.0, 60.0, 20.0]})
    >>> scope = classify(table, as_of="2024-01-01")
    >>> scope.frame.select("code", "share", "verdict").rows()
    [('39', 1.0, 'in'), ('17', None, 'unknown'), ('27', 1.0, 'in')]
    >>> scope.totals.select("measure", "share").rows()
    [('output', 0.7)]
    """
    from xinzhi.core.provenance import fingerprint

    day = read_date(as_of)
    tree = tree_of(standard)
    name, table = tree.name, read_industries(industries, tree.name)
    definitions_in_force = choose(definitions, day)
    test = read_use(use, name) if use is not None else None
    question = Question(day, name, definitions_in_force, concordance(), splits, _class_weights(weights, tree), test)
    verdicts = answer(question, table.codes)
    lists = detail(question, verdicts)
    ids = [definition.id for definition in definitions_in_force]
    source = provenance("scope", as_of=day.isoformat(), standard=name, definitions=ids, use=test is not None)
    frame = shares(question, verdicts, lists, table)
    return Scope(
        frame=frame,
        totals=totals(frame, table),
        lists=lists,
        question=question,
        findings=table.findings,
        measures=table.measures,
        kind=table.kind,
        provenance=replace(source, inputs={"industries": fingerprint(table.rows, {})}),
    )


def _class_weights(weights: Mapping[str, float] | None, tree: Standard) -> FloatArray | None:
    """Return the weight of every class, zero where none is given."""
    if weights is None:
        return None
    result = np.zeros(len(tree.classes))
    for code, weight in weights.items():
        class_code = tree.normal(code)
        if class_code is None or tree.level(class_code) != "class":
            nearest_class = tree.suggest(code) or "–"
            raise InputError("scope.weight-by-class", standard=tree.name, code=code, near=nearest_class)
        if not np.isfinite(weight) or weight < 0:
            raise InputError("scope.bad-weight-of", code=code, weight=weight)
        result[tree.positions[class_code]] = weight
    return result


def classify_package(
    package: Package,
    *,
    as_of: object,
    definitions: Sequence[str | Path | Definition] | None = None,
    standard: str | None = None,
    use: AnyFrame = None,
) -> Scope | None:
    """Say of the industries of a data package what is in scope on a day, weighed in the latest year by that day.

    Parameters
    ----------
    package
        With one of the tables ``industry_accounts`` (weighed by employment and output), ``activity`` (employment) and
        ``industries`` (without weights), taken in this order.
    as_of, definitions, standard, use
        As in `classify`, which also says the errors.

    Returns
    -------
    Scope or None
        With the package's names of regions; None when the package has no industries.

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
    name = next(
        (table_name for table_name in TABLES if table_name in package.tables and package.tables[table_name].height),
        None,
    )
    if name is None:
        return None
    table = package.require(name, (), verb="scope", despite=("missing-year",))
    rows, findings = _rows(table, name, read_date(as_of).year)
    scope = classify(rows, as_of=as_of, definitions=definitions, standard=standard, use=use)
    return replace(
        scope,
        findings=(*findings, *scope.findings),
        regions=package.optional("regions", verb="scope"),
        names=names_of(package),
        titles={
            measure: column.text for measure in scope.measures if (column := tables_by_name()[name].column(measure))
        },
        units={measure: unit for measure, unit in package.units.get(name, {}).items() if measure in scope.measures},
        wholes=_wholes(package, rows) if name == "activity" else {},
        kind=package.kind,
        provenance=replace(scope.provenance, package=package.name, inputs={name: package.fingerprint(name)}),
    )


def _wholes(package: Package, rows: pl.DataFrame) -> dict[str, float]:
    """Return employment of all urban units and of everyone in the industries' year; empty where one is unknown."""
    unit = package.units.get("activity", {}).get("employment")
    totals = {}
    for key, table in (("urban", "activity_sections"), ("everyone", "accounts")):
        frame = package.tables.get(table)
        if frame is None or "employment" not in frame.columns or package.units.get(table, {}).get("employment") != unit:
            return {}
        year = rows["year"].max() if "year" in rows.columns else None
        employment = frame.filter(pl.col("year") == year, pl.col("region").is_in(rows["region"].unique().to_list()))
        if employment["region"].n_unique() < rows["region"].n_unique():
            return {}
        totals[key] = float(employment["employment"].sum())
    return totals if totals["urban"] > 0 and totals["everyone"] > 0 else {}


def _rows(table: pl.DataFrame, name: str, until: int) -> tuple[pl.DataFrame, list[Finding]]:
    """Return the industries of one year with the measures that have figures, and what was left out."""
    measures = [column for column in TABLES[name] if column in table.columns and table[column].drop_nulls().len()]
    keys = [key for key in ("region", "year") if key in table.columns]
    rows = table.select(*keys, "industry", *measures).rename({"industry": "code"})
    if not measures:
        return rows.select("code").unique(maintain_order=True), []
    weighable = rows.filter(pl.col(measures[0]).is_not_null())
    if "year" in keys:
        years = weighable["year"].unique().sort()
        by = years.filter(years <= until)
        year = by[-1] if by.len() else years[0]
        rows, weighable = rows.filter(pl.col("year") == year), weighable.filter(pl.col("year") == year)
    complete = [column for column in measures if not weighable[column].null_count()]
    findings = [_blank(rows.height - weighable.height, name, measures[0])] if weighable.height < rows.height else []
    findings += [
        _blank(weighable[column].null_count(), name, column, entire_column=True)
        for column in measures
        if column not in complete
    ]
    return weighable.select(*keys, "code", *complete), findings


def _blank(count: int, table: str, column: str, *, entire_column: bool = False) -> Finding:
    """Say that figures are missing, and what was left out for it: the rows, or the whole column."""
    code = "scope.no-weight-column" if entire_column else "scope.no-weight"
    return finding(code, table=table, column=column, words={"count": count})


def explain(
    industry: object,
    date: object,
    *,
    definitions: Sequence[str | Path | Definition] | None = None,
    standard: str | None = None,
) -> pl.DataFrame:
    """Say whether an industry is in scope on a day, why, and by which definition.

    Parameters
    ----------
    industry
        A code, such as ``39`` or ``C3973``.
    date
        A date, ``YYYY-MM-DD``, or a year, which means its last day.
    definitions, standard
        As in `classify`; rows and errors are those of `Scope.explain`.

    Examples
    --------
    >>> explain("3973", "2019-01-01").select("definition", "category", "verdict").rows()[-3::2]
    [('high-tech-manufacturing-2017', '03', 'in'), ('union', '', 'in')]
    """
    tree = tree_of(standard)
    code = tree.normal(industry)
    if code is None:
        raise unknown_code_error(tree, industry)
    scope = classify(pl.DataFrame({"code": [code]}), as_of=date, definitions=definitions, standard=standard)
    return scope.explain(code)

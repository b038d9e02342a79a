"""The verb `index`: a composite indicator from a declared system."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from xinzhi.core.result import Provenance
from xinzhi.core.text import Text
from xinzhi.data.package import Package
from xinzhi.sectors.composite.compute import Built, Convention, build, yearly_ranks
from xinzhi.sectors.composite.conventions import convention
from xinzhi.sectors.composite.files import is_table, read_indicators
from xinzhi.sectors.composite.imputation import impute
from xinzhi.sectors.composite.messages import finding, refuse
from xinzhi.sectors.composite.normalisation import Normalisation
from xinzhi.sectors.composite.packages import from_package
from xinzhi.sectors.composite.reading import load_system
from xinzhi.sectors.composite.result import Index
from xinzhi.sectors.composite.table import Table, read_table
from xinzhi.sectors.composite.weighting import handed_findings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinzhi.core.arrays import BoolArray, FloatArray, IntArray
    from xinzhi.sectors.composite.system import System


def index(
    frame: Any,  # noqa: ANN401 - a frame of any kind
    system: System | str | Path | Mapping[str, Any] = "xinzhi-sectors",
    *,
    weights: str | Mapping[str, float] = "entropy",
    aggregation: str = "arithmetic",
    normalisation: str | Normalisation = "min-max",
    treatment: str = "none",
    imputation: str = "none",
    pooled: bool = True,
) -> Index:
    """Build a composite index from an indicator system.

    Parameters
    ----------
    frame
        A frame of any kind with ``region``, ``year`` and one column per indicator (or the columns that it is made
        from), or the path of such a file (.csv, .parquet, .xlsx); or a data package, of which the system takes what it
        can reach.
    system
        The id of a system that ships with xinzhi, the path of a YAML file, its text or content, or a system.
    weights
        ``equal`` (within every group), ``expert`` (given in the system), ``ahp`` (its pairwise comparisons),
        ``entropy``, ``critic``, ``deviation``, ``pca``, ``merec``, or weights by indicator, which are divided by their
        sum.
    aggregation
        ``arithmetic``, ``geometric``, ``harmonic``, ``topsis``, ``vikor`` or ``grey``.
    normalisation
        A method, or a `Normalisation` with its scale.
    treatment
        Of outliers: ``none``, ``winsorise``, ``log`` or ``box-cox``.
    imputation
        ``none`` (what is incomplete has no index), ``mean``, ``median``, ``group-mean``, ``linear`` or ``nearest``.
    pooled
        One set of bounds and weights for all years, so that levels can be compared over time; False sets them anew
        every year, with a warning.

    Returns
    -------
    Index
        Index, rank and scores by region and year; weights, coverage, and the methods that say how far to trust them.

    Raises
    ------
    UsageError
        When a method is not known or has no answer on these data.
    InputError
        When the system or the data have errors; the exception carries the findings.

    Notes
    -----
    OECD and JRC (2008), Handbook on Constructing Composite Indicators, for the steps and their order.

    Examples
    --------
    >>> result = index("china-provinces", "xinzhi-sectors")
    >>> result.frame.filter(year=2017, rank=1)["region"].to_list()
    ['110000']
    """
    rules = load_system(system)
    package = _package(frame)
    if package is None and is_table(frame):
        frame = read_indicators(frame)
    if package is not None:
        frame = from_package(package, rules)
        rules = rules.within(frame.columns)
    scale = normalisation if isinstance(normalisation, Normalisation) else Normalisation(normalisation)
    how = Convention(
        weights=weights,
        aggregation=aggregation,
        normalisation=scale,
        treatment=treatment,
        imputation=imputation,
        pooled=pooled,
    )
    table = read_table(frame, rules)
    filled = impute(table.values, table.keys, imputation)
    complete = _complete(table, filled)
    if not complete.any():
        fewest = int(np.isnan(filled).sum(axis=1).argmin())
        names = ", ".join(rules.codes[at] for at in np.flatnonzero(np.isnan(filled[fewest])).tolist())
        refuse("there is no index", [finding("nothing-complete", count=len(rules.codes), names=names)])
    built = build(filled[complete], table.years[complete], rules, how)
    warnings = [*handed_findings(rules, weights), *([] if pooled else [finding("not-comparable")])]
    return Index(
        frame=_frame(table, filled, complete, built, rules),
        provenance=_provenance(package, rules, how),
        kind=table.kind if package is None else package.kind,
        weights=_weights(built, table.years[complete], rules, pooled=pooled),
        coverage=_coverage(table, filled, complete, rules),
        normalised=table.keys.filter(complete).select("region", "year").hstack(_columns(rules, built.scores)),
        treatment=_treatment(built, rules),
        names=_names(package),
        system=rules,
        convention=how,
        findings=(*rules.findings, *table.findings, *warnings),
        table=table,
        built=built,
        filled=filled,
        complete=complete,
    )


def _package(frame: object) -> Package | None:
    """Return the package that a caller hands in, by itself or by name."""
    if isinstance(frame, Package):
        return frame
    if isinstance(frame, str | Path) and not is_table(frame):
        from xinzhi.data import load

        return load(frame)
    return None


def _names(package: Package | None) -> dict[str, Text]:
    regions = package.tables.get("regions") if package is not None else None
    if regions is None or not {"name_zh", "name_en"} <= set(regions.columns):
        return {}
    rows = regions.select("region", "name_zh", "name_en").drop_nulls().iter_rows()
    return {region: Text(zh=zh, en=en) for region, zh, en in rows}


def _complete(table: Table, filled: FloatArray) -> BoolArray:
    """Return the rows that get an index: nothing missing, and not too much of it filled in."""
    share = np.isnan(table.values).mean(axis=1)
    complete: BoolArray = np.isfinite(filled).all(axis=1) & (share <= convention("imputed_most"))
    return complete


def _frame(table: Table, filled: FloatArray, complete: BoolArray, built: Built, system: System) -> pl.DataFrame:
    gaps = np.isnan(table.values)
    names = np.array(system.codes, dtype=object)
    missing = [None if done else ";".join(names[gap]) for done, gap in zip(complete, gaps, strict=True)]
    imputed = np.where(complete, gaps.sum(axis=1), 0)
    status = np.where(complete, np.where(imputed > 0, "imputed", "observed"), "incomplete")
    done = np.flatnonzero(complete)
    columns = {"index": built.index, **built.groups}
    scores = {name: _spread(values, done, len(filled)) for name, values in columns.items()}
    rank = _spread(yearly_ranks(built.index, table.years[complete]).astype(np.float64), done, len(filled))
    return table.keys.select("region", "year").with_columns(
        index=scores.pop("index"),
        rank=rank.cast(pl.Int64),
        status=pl.Series(status.tolist(), dtype=pl.String),
        imputed=pl.Series(imputed),
        missing=pl.Series(missing, dtype=pl.String),
        **scores,
    )


def _spread(values: FloatArray, rows: IntArray, size: int) -> pl.Series:
    whole = np.full(size, np.nan)
    whole[rows] = values
    return pl.Series(whole, nan_to_null=True)


def _columns(system: System, values: FloatArray) -> pl.DataFrame:
    return pl.DataFrame({code: values[:, at] for at, code in enumerate(system.codes)})


def _weights(built: Built, years: IntArray, system: System, *, pooled: bool) -> pl.DataFrame:
    base = system.to_frame().head(len(system.indicators))
    base = base.select("indicator", "name_zh", "name_en", "sector", "dimension")
    if pooled:
        return base.with_columns(weight=pl.Series(built.weights[0]))
    firsts = np.unique(years, return_index=True)[1].tolist()
    return pl.concat(
        base.with_columns(weight=pl.Series(built.weights[row]), year=pl.lit(int(years[row]))) for row in firsts
    )


def _coverage(table: Table, filled: FloatArray, complete: BoolArray, system: System) -> pl.DataFrame:
    known = np.isfinite(table.values)
    counted = (np.isfinite(filled) & ~known)[complete].sum(axis=0).tolist()
    rows = []
    for at, item in enumerate((*system.indicators, *system.missing)):
        covered = at < len(system.indicators)
        years = table.years[known[:, at]] if covered else np.empty(0, dtype=np.int64)
        rows.append(
            {
                "indicator": item.code,
                "name_zh": item.name.zh,
                "name_en": item.name.en,
                "sector": item.sector,
                "covered": covered,
                "observations": len(years),
                "missing": len(known) - len(years),
                "imputed": counted[at] if covered else 0,
                "first_year": int(years.min()) if len(years) else None,
                "last_year": int(years.max()) if len(years) else None,
            }
        )
    return pl.DataFrame(rows, schema_overrides={"first_year": pl.Int64, "last_year": pl.Int64})


def _treatment(built: Built, system: System) -> pl.DataFrame:
    rows = [
        {
            "year": year,
            "indicator": code,
            "treatment": item.done,
            "winsorised": item.count,
            "exponent": item.exponent if np.isfinite(item.exponent) else None,
        }
        for year, items in built.treatments.items()
        for code, item in zip(system.codes, items, strict=True)
    ]
    return pl.DataFrame(rows, schema_overrides={"year": pl.Int64, "exponent": pl.Float64})


def _provenance(package: Package | None, system: System, how: Convention) -> Provenance:
    from xinzhi import __version__

    names = ("weights", "aggregation", "normalisation", "treatment", "imputation", "pooled")
    tables = {
        part.table for item in system.indicators for part in (item.numerator, item.divisor) if part and part.table
    }
    return Provenance(
        verb="index",
        version=__version__,
        package=package.name if package else None,
        inputs={name: package.fingerprint(name) for name in sorted(tables)} if package else {},
        options={"system": system.id, **{name: how.label(name) for name in names}},
    )

"""An index under one set of conventions: its data, from a frame, file or package; treat, normalise, weigh, add up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import numpy as np
import polars as pl

from xinzhi.core.arrays import AnyFrame, BoolArray, FloatArray, IntArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.extras import require
from xinzhi.core.finding import Finding, Place
from xinzhi.core.result import FrameKind, Result
from xinzhi.data import Field, Package, as_package, tables_by_name, tidy
from xinzhi.data.casting import cast
from xinzhi.data.frames import BOOKS, FILES, read_file, read_frames
from xinzhi.sectors.composite import transform
from xinzhi.sectors.composite.load_system import load_system
from xinzhi.sectors.composite.system import Indicator, Part, System, errors, finding, listed_errors
from xinzhi.sectors.composite.transform import Normalisation, Treated, constant, normalise, treat
from xinzhi.sectors.conventions import convention
from xinzhi.sectors.figures import KEYS

AGGREGATIONS = ("arithmetic", "geometric", "harmonic", "topsis", "vikor", "grey")
MEANS = ("arithmetic", "geometric", "harmonic")


def aggregate(scores: FloatArray, weights: FloatArray, method: str) -> FloatArray:
    """Return one number per row; a mean of means is the mean over all, with the products of the weights."""
    share = weights / weights.sum()
    if method == "arithmetic":
        return np.asarray(scores @ share)
    if method in MEANS:
        if not (scores > 0).all():
            raise UsageError("sectors.mean-of-positive", method=method, lowest=float(scores.min()))
        return np.asarray(np.exp(np.log(scores) @ share) if method == "geometric" else 1 / ((1 / scores) @ share))
    if method == "topsis":
        return topsis(scores, share)
    if method == "vikor":
        return 1 - vikor(scores, share)
    if method == "grey":
        return grey(scores, share)
    raise UsageError("sectors.unknown-aggregation", method=method, known=list(AGGREGATIONS))


def topsis(scores: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the closeness to the best of every indicator. Hwang and Yoon (1981): Euclidean distances."""
    to_best = np.sqrt((scores - scores.max(axis=0)) ** 2 @ weights**2)
    to_worst = np.sqrt((scores - scores.min(axis=0)) ** 2 @ weights**2)
    total = to_best + to_worst
    return np.asarray(np.divide(to_worst, total, out=np.full(len(scores), 0.5), where=total > 0))


def vikor(scores: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the compromise Q of VIKOR (Opricovic and Tzeng 2004): half utility, half the worst regret; 0 is best."""
    best, worst = scores.max(axis=0), scores.min(axis=0)
    regret = weights * (best - scores) / np.where(best > worst, best - worst, 1.0)
    balance = convention("vikor_balance")
    return np.asarray(balance * _span(regret.sum(axis=1)) + (1 - balance) * _span(regret.max(axis=1)))


def grey(scores: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the grey relational grade to the best of every indicator. Deng (1989), distances of the whole table."""
    best = scores.max(axis=0)
    furthest = float((best - scores.min(axis=0)).max())
    return np.asarray(grey_coefficients(scores, best, furthest) @ weights)


def grey_coefficients(scores: FloatArray, best: FloatArray, furthest: float) -> FloatArray:
    """Return the grey relational coefficients."""
    share = convention("grey_distinguishing") * furthest
    return np.asarray(share / (best - scores + share))


def ranks(index: FloatArray) -> IntArray:
    """Return ranks along the last axis, 1 for the highest; what differs by less than rounding shares a rank."""
    order = np.argsort(-index, axis=-1)
    falling = np.take_along_axis(index, order, axis=-1)
    spread = np.maximum(np.abs(falling[..., :1]), np.abs(falling[..., -1:]))
    distinct = falling[..., :-1] - falling[..., 1:] > convention("tie") * spread
    place = np.broadcast_to(np.arange(1, index.shape[-1] + 1), index.shape)
    if not distinct.all():
        place = place.copy()
        place[..., 1:][~distinct] = 1
        place = np.maximum.accumulate(place, axis=-1)
    ranked = np.empty(index.shape, dtype=np.int64)
    np.put_along_axis(ranked, order, place, axis=-1)
    return ranked


def _span(values: FloatArray) -> FloatArray:
    low, high = values.min(), values.max()
    return (values - low) / (high - low) if high > low else np.zeros_like(values)


UNIT = Normalisation("min-max")


@dataclass(frozen=True, slots=True, kw_only=True)
class Convention:
    """One way to build the index."""

    weights: str | Mapping[str, float] = "entropy"
    aggregation: str = "arithmetic"
    normalisation: Normalisation = UNIT
    treatment: str = "none"
    imputation: str = "none"
    pooled: bool = True

    def label(self, name: str) -> str:
        """Return the value of one of them as text."""
        value = getattr(self, name)
        if isinstance(value, Normalisation):
            return value.label()
        if isinstance(value, bool):
            return str(value).lower()
        return value if isinstance(value, str) else "given"


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """An index under one convention."""

    treated: FloatArray
    scores: FloatArray
    weights: FloatArray
    index: FloatArray
    groups: dict[str, FloatArray]
    treatments: dict[int | None, list[Treated]]


@dataclass(frozen=True, repr=False, kw_only=True)
class Ranking(Result):
    """An index with everything that it was built from, which its uncertainty and its gaming need."""

    system: System
    convention: Convention
    table: Indicators
    built: Built
    filled: FloatArray  # after imputation
    complete: BoolArray  # rows that have an index


def build(values: FloatArray, years: IntArray, system: System, how: Convention) -> Built:
    """Build the index of a complete table."""
    treated, scores, weights = (np.empty_like(values) for _ in range(3))
    treatments = {}
    for year, rows in blocks(years, pooled=how.pooled):
        refuse_constant(values[rows], system, year)
        done = [treat(values[rows, at], how.treatment) for at in range(values.shape[1])]
        treatments[year] = done
        treated[rows] = np.column_stack([item.values for item in done])
        refuse_constant(treated[rows], system, year)
        scores[rows] = normalise(treated[rows], system.directions, how.normalisation, system.targets)
        weights[rows] = weigh(how.weights, treated[rows], system)
    index = np.empty(len(values))
    groups = {code: np.empty(len(values)) for code in system.groups()}
    for _, rows in blocks(years, pooled=how.pooled):
        share = weights[rows[0]]
        index[rows] = aggregate(scores[rows], share, how.aggregation)
        for code, members in system.groups().items():
            part = share[members]  # members that all weigh nothing count the same
            part = part if part.sum() > 0 else np.ones_like(part)
            groups[code][rows] = aggregate(scores[np.ix_(rows, members)], part, how.aggregation)
    return Built(treated=treated, scores=scores, weights=weights, index=index, groups=groups, treatments=treatments)


def blocks(years: IntArray, *, pooled: bool) -> Iterator[tuple[int | None, IntArray]]:
    """Yield the rows that share bounds and weights: all of them, or those of each year."""
    if pooled:
        yield None, np.arange(len(years))
        return
    for year in np.unique(years).tolist():
        yield year, np.flatnonzero(years == year)


def weigh(weights: str | Mapping[str, float], treated: FloatArray, system: System) -> FloatArray:
    """Return the weight of every indicator in the index, `(m,)`, summing to one."""
    if not isinstance(weights, str):
        return transform.given_weights(system, weights)
    if weights == "equal":
        return system.equal()
    if weights == "expert":
        return transform.expert(system)
    if weights == "ahp":
        return transform.pairwise_weights(system)[0]
    return transform.objective(weights, normalise(treated, system.directions, UNIT), treated, system.directions)


def refuse_constant(values: FloatArray, system: System, year: int | None) -> None:
    """Raise when an indicator is the same everywhere."""
    wrong = [
        finding(
            "constant-indicator",
            place={"column": system.codes[at], "key": None if year is None else str(year)},
            name=system.codes[at],
            value=f"{values[0, at]:g}",
        )
        for at in constant(values).tolist()
    ]
    if wrong:
        raise InputError("sectors.not-buildable", wrong, problems=listed_errors(wrong))


def yearly_ranks(index: FloatArray, years: IntArray) -> IntArray:
    """Return ranks within each year, 1 for the highest."""
    ranked = np.empty(len(index), dtype=np.int64)
    for _, rows in blocks(years, pooled=False):
        ranked[rows] = ranks(index[rows])
    return ranked


def positive_where_needed(scores: FloatArray, aggregation: str) -> FloatArray:
    """Return scores that the aggregation can take: a geometric or harmonic mean needs the positive range."""
    short = aggregation in MEANS[1:] and not (scores > 0).all()
    return transform.positive(scores) if short else scores


_NAMED = 5
_LONG = "indicators"  # the table of a package that has one row an indicator


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicators:
    """Indicators by region and year, sorted by year and region."""

    keys: pl.DataFrame
    values: FloatArray
    kind: FrameKind
    findings: tuple[Finding, ...]

    @property
    def years(self) -> IntArray:
        """`(n,)` the years."""
        return self.keys["year"].to_numpy()


def read_table(frame: AnyFrame, system: System) -> Indicators:
    """Return the table of a system; an indicator that the frame lacks under its own name is made from its parts."""
    raw, kind = read_frames({"frame": frame})
    cells = raw[0].cells
    problems: list[Finding] = []
    if "region" not in cells.columns:
        raise _unusable([finding("no-key-column", name="region")])
    if not cells.height:
        raise _unusable([finding("no-rows")])
    if "year" not in cells.columns:
        cells = cells.with_columns(year=pl.lit(0, dtype=pl.Int64))
    cells = cells.with_columns(year=_years(cells["year"]))
    problems += _key_findings(cells)
    columns = {}
    for item in system.indicators:
        series, wrong = _indicator(cells, item)
        problems += wrong
        columns[item.code] = series
    if errors(problems):
        raise _unusable(problems)
    names = [name for name in ("region", "year", "group") if name in cells.columns]
    table = cells.select(pl.col("region").cast(pl.String), pl.col("year").cast(pl.Int64), *names[2:]).with_columns(
        **columns
    )
    table = table.sort("year", "region")
    values = table.select(system.codes).to_numpy().astype(np.float64)
    problems += _value_findings(table, values, system)
    parts = [part for item in system.indicators for part in (item.numerator, item.divisor)]
    used = {*system.codes, "region", "year", "group", *(part.column for part in parts if part)}
    unused = [name for name in cells.columns if name not in used]
    problems += [finding("unused-column", name=name) for name in unused]
    if errors(problems):
        raise _unusable(problems)
    return Indicators(keys=table.select(names), values=values, kind=kind, findings=tuple(problems))


def _unusable(problems: list[Finding]) -> InputError:
    return InputError("sectors.frame-unusable", problems, problems=listed_errors(problems))


def _years(column: pl.Series) -> pl.Series:
    """Return years as whole numbers, also from dates and from text; any whole number may number the periods."""
    if column.dtype.is_integer():
        return column
    years = cast(column, "year")
    if years.bad.any():
        value = column.filter(years.bad)[0]
        raise _unusable([finding("not-a-year", place={"column": "year"}, value=value)])
    return years.values.alias("year")


def _key_findings(cells: pl.DataFrame) -> list[Finding]:
    blank = cells.filter(pl.col("region").is_null() | pl.col("year").is_null()).height
    problems = [finding("blank-key", count=blank)] if blank else []
    twice = cells.group_by("region", "year").len().filter(pl.col("len") > 1).sort("region", "year").head(_NAMED)
    return problems + [
        finding("duplicate-row", place={"key": f"{region}/{year}"}, count=count)
        for region, year, count in twice.iter_rows()
    ]


def _indicator(cells: pl.DataFrame, item: Indicator) -> tuple[pl.Series, list[Finding]]:
    empty = pl.Series(item.code, [None] * cells.height, dtype=pl.Float64)
    parts = [item.numerator, item.divisor] if item.numerator and item.divisor else [item.numerator]
    if item.code in cells.columns:
        names = [item.code]
    elif all(part and part.table is None and part.column in cells.columns for part in parts):
        names = [part.column for part in parts if part]
    else:
        matches = get_close_matches(item.code, cells.columns, n=3) or cells.columns[:3]
        return empty, [finding("unknown-indicator", name=item.code, near=", ".join(matches))]
    bad = [name for name in names if not (cells[name].dtype.is_numeric() or cells[name].dtype == pl.Null)]
    if bad:
        return empty, [finding("not-numeric", place={"column": name}, name=name) for name in bad]
    series = cells[names[0]].cast(pl.Float64).fill_nan(None)
    if names[0] != item.code:
        series = series * item.factor
        series = series / cells[names[1]].cast(pl.Float64).fill_nan(None) if len(names) > 1 else series
    if (series.is_infinite() | series.is_nan()).any():
        return empty, [finding("infinite-value", place={"column": names[-1]}, name=item.code)]
    return series.alias(item.code), []


def _value_findings(table: pl.DataFrame, values: FloatArray, system: System) -> list[Finding]:
    problems = [
        finding("constant-indicator", place={"column": system.codes[at]}, name=system.codes[at], value=f"{level:g}")
        for at in constant(values).tolist()
        for level in [float(np.nanmax(values[:, at]))]
    ]
    available = table.group_by("region").agg(pl.col(name).is_not_null().any() for name in system.codes).sort("region")
    for name in system.codes:
        empty = available.filter(~pl.col(name))["region"].to_list()
        if empty and len(empty) == available.height:
            problems.append(finding("unknown-indicator", place={"column": name}, name=name, near=name))
        else:
            problems += [finding("region-without-indicator", place={"key": region}, name=name) for region in empty]
    return problems


def is_table(source: object) -> bool:
    """Return whether a place is one table of indicators and no data package.

    A workbook is one where no sheet bears the name of a table of a package.

    Examples
    --------
    >>> is_table("indicators.csv"), is_table("china-provinces")
    (True, False)
    """
    if not isinstance(source, str | Path):
        return False
    path = Path(source)
    suffix = path.suffix.lower()
    if suffix in BOOKS and path.is_file():
        return not {name.strip().lower() for name in _sheets(path)} & set(tables_by_name())
    return suffix in FILES and not path.is_dir()


def read_indicators(path: str | Path, *, encoding: str | None = None) -> pl.DataFrame:
    """Return the table of indicators that a file holds.

    Parameters
    ----------
    path
        A .csv, .parquet or .xlsx file (its first sheet) with ``region``, ``year`` and one column per indicator.
    encoding
        The encoding of a text file that is not UTF-8, such as ``gb18030``.
    """
    raw = read_file(Path(path), "indicators", encoding=encoding)
    keys = [Field("region", "code", required=False), Field("year", "year", required=False)]
    fields = [*keys, Field("group", "text", required=False)]
    for cells in raw.cells:
        filled = cells.len() - cells.null_count()
        # a column without any number is text, such as a name; one with a few cells that are none has errors
        if cells.name not in {field.name for field in fields} and int(cast(cells, "number").bad.sum()) < max(filled, 1):
            fields.append(Field(cells.name))
    return tidy(raw, fields, verb="index", extra=True).frame


def _sheets(path: Path) -> list[str]:
    import zipfile
    import zlib

    require("fastexcel")
    import fastexcel

    try:
        return list(fastexcel.read_excel(path).sheet_names)
    except (fastexcel.FastExcelError, zipfile.BadZipFile, zlib.error, ValueError) as error:
        raise InputError("sectors.bad-workbook", path=path) from error


def from_package(package: Package | str | Path, system: System | str | Path | Mapping[str, object]) -> pl.DataFrame:
    """Return the indicators of a system that a package can fill, as ratios in the unit that the system states.

    Parameters
    ----------
    package, system
        A data package, its name or path, and a system as in `index`.

    Returns
    -------
    polars.DataFrame
        ``region, year`` and a column for every indicator within reach, for the years in which there is any.

    Examples
    --------
    >>> frame = from_package("china-provinces", "xinzhi-sectors")
    >>> frame.columns[:3], frame["region"].n_unique()
    (['region', 'year', 'schooling'], 31)
    """
    source = as_package(package)
    rules = load_system(system)
    table: pl.DataFrame | None = None
    for item in rules.indicators:
        column = _column(source, item)
        if column is None:
            continue
        table = column if table is None else table.join(column, on=KEYS, how="full", coalesce=True)
    if table is None:
        raise InputError("sectors.nothing-in-reach", package=source.name, system=rules.id)
    return table.sort("year", "region")


def _column(package: Package, item: Indicator) -> pl.DataFrame | None:
    """Return one indicator by region and year, or None where the package does not reach."""
    parts = [part for part in (item.numerator, item.divisor) if part]
    if not parts or any(part.table is None for part in parts):
        return None
    frames = [_part(package, part) for part in parts]
    available = [frame for frame in frames if frame is not None]
    if len(available) < len(frames):
        return None
    column = available[0].with_columns(pl.col("value") * item.factor)
    if item.divisor:
        column = column.join(available[1].rename({"value": "below"}), on=KEYS).with_columns(
            pl.col("value") / pl.col("below")
        )
        if (bad := column.filter(pl.col("value").is_infinite() | pl.col("value").is_nan())).height:
            place: Place = {"column": item.divisor.label(), "key": f"{bad['region'][0]}/{bad['year'][0]}"}
            problem = finding("infinite-value", place=place, name=item.code)
            raise InputError(
                "sectors.package-unusable", [problem], package=package.name, problems=listed_errors([problem])
            )
    return column.select(*KEYS, pl.col("value").alias(item.code))


def _part(package: Package, part: Part) -> pl.DataFrame | None:
    """Return a column by region and year, without gaps; None where the package does not have it."""
    name = str(part.table)
    frame = package.optional(name, verb="index")
    if frame is None:
        return None
    if name == _LONG and part.key is None:
        frame, column = frame.filter(pl.col("indicator") == part.column), "value"
    else:
        column = part.column
        if part.key is not None:
            if part.key not in frame.columns:
                return None
            frame = frame.filter(pl.col(part.key).cast(pl.String) == part.value)
    if not {*KEYS, column} <= set(frame.columns):
        return None
    package.require(name, [*KEYS, column], verb="index", despite=["missing-year"])
    rows = frame.select(*KEYS, pl.col(column).cast(pl.Float64).alias("value")).drop_nulls()
    if not rows.height:
        return None
    if rows.select(KEYS).is_duplicated().any():
        raise InputError("sectors.several-rows", part=part.label(), table=name, column=part.column)
    return rows

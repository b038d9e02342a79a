"""From a package or any kind of frame to one tidy table of region, year and figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from xinzhi.core.errors import InputError
from xinzhi.core.result import FrameKind, Provenance
from xinzhi.core.text import Text
from xinzhi.data import Package, load
from xinzhi.data.frames import read_frames

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np

    from xinzhi.core.arrays import FloatArray

KEYS = ("region", "year")
GAPS = ("missing-year",)  # a year that is missing is left out, filled with a flag, or named; it stops nothing
_SHOWN = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Figures as a verb wants them.

    Parameters
    ----------
    frame
        ``region`` (String), ``year`` (Int64) and the columns asked for (Float64, null where missing), sorted.
    kind, package, inputs
        The caller's kind of frame, the name of the package, and the sha256 of the tables read.
    """

    frame: pl.DataFrame
    kind: FrameKind = "polars"
    package: str | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)

    def provenance(self, verb: str, **options: object) -> Provenance:
        """Return the provenance of a result that rests on these figures."""
        from xinzhi import __version__

        return Provenance(verb=verb, version=__version__, package=self.package, inputs=self.inputs, options=options)


def as_package(source: object) -> Package | None:
    """Return the package that a source is or names; None for a frame."""
    if isinstance(source, Package):
        return source
    return load(source) if isinstance(source, str | Path | Mapping) else None


def frame_of(source: object, columns: Sequence[str], *, verb: str) -> tuple[pl.DataFrame, FrameKind]:
    """Return any kind of frame as polars, with `columns` checked.

    Raises
    ------
    InputError
        When it is no frame or lacks a column.
    """
    tables, kind = read_frames({verb: source})
    frame = tables[0].cells
    if missing := [name for name in columns if name not in frame.columns]:
        message = f"{verb} needs the columns {', '.join(missing)}; the frame has {', '.join(frame.columns)}."
        raise InputError(message)
    return frame, kind


def read(source: object, columns: Sequence[str], *, verb: str, optional: Sequence[str] = ()) -> Source:
    """Return the figures of a package or a frame by region and year.

    Parameters
    ----------
    source
        A package (or its name or path), or a frame with the columns `region`, `year` and those asked for. In a package
        a column is one of `accounts`, an indicator of `indicators`, or ``section:NAME`` of `activity_sections`
        (``section:*`` for the sum of all).
    columns, optional
        What must be there, and what may be.
    verb
        Who asks, for messages.

    Raises
    ------
    InputError
        When something is missing, no number, infinite, or given twice for one region and year.
    """
    package = as_package(source)
    if package is None:
        frame, kind = frame_of(source, [*KEYS, *columns], verb=verb)
        wanted = [*columns, *(name for name in optional if name in frame.columns)]
        return Source(frame=tidy(frame, wanted, verb=verb), kind=kind)
    frames, used = [], set()
    for name in dict.fromkeys((*columns, *optional)):
        found = _series(package, name, verb)
        if found is None:
            if name in columns:
                raise InputError(_nowhere(package, name, verb))
            continue
        frames.append(found[1])
        used.add(found[0])
    both = frames[0]
    for one in frames[1:]:
        both = both.join(one, on=KEYS, how="full", coalesce=True)
    inputs = {name: package.fingerprint(name) for name in sorted(used)}
    names = [name for name in both.columns if name not in KEYS]
    return Source(frame=tidy(both, names, verb=verb), kind=package.kind, package=package.name, inputs=inputs)


def _series(package: Package, name: str, verb: str) -> tuple[str, pl.DataFrame] | None:
    """Return the table that has a series, and the series; None where none has it."""
    tables = package.tables
    if name.startswith("section:"):
        if "activity_sections" not in tables:
            return None
        wanted = name.removeprefix("section:")
        rows = package.require("activity_sections", ["employment"], verb=verb, despite=GAPS)
        rows = rows if wanted == "*" else rows.filter(section=wanted)
        # a section that is missing makes the sum of all unknown, not smaller
        value = pl.when(pl.col("employment").is_null().any()).then(None).otherwise(pl.col("employment").sum())
        return "activity_sections", rows.group_by(KEYS).agg(value.alias(name))
    if "accounts" in tables and name in tables["accounts"].columns:
        return "accounts", package.require("accounts", [name], verb=verb, despite=GAPS).select(*KEYS, name)
    if "indicators" in tables:
        rows = package.require("indicators", ["value"], verb=verb, despite=GAPS).filter(indicator=name)
        if rows.height:
            return "indicators", rows.select(*KEYS, pl.col("value").alias(name))
    return None


def _nowhere(package: Package, name: str, verb: str) -> str:
    """Say that a package has no such series, and which it has."""
    tables = package.tables
    indicators = tables["indicators"]["indicator"].unique().sort().to_list() if "indicators" in tables else []
    columns = [item for item in tables["accounts"].columns if item not in KEYS] if "accounts" in tables else []
    return (
        f"{verb} needs '{name}', which {package.name} has neither as a column of `accounts` nor as an indicator; "
        f"accounts: {', '.join(columns) or '-'}; indicators: {', '.join(indicators) or '-'}."
    )


def tidy(frame: pl.DataFrame, columns: Sequence[str], *, verb: str) -> pl.DataFrame:
    """Return region, year and numbers, sorted; what is no number, infinite or twice there is an error.

    Raises
    ------
    InputError
        As said.
    """
    try:
        numbers = frame.select(
            pl.col("region").cast(pl.String),
            pl.col("year").cast(pl.Int64),
            *(pl.col(name).cast(pl.Float64).fill_nan(None) for name in columns),
        ).sort(KEYS)
    except pl.exceptions.PolarsError as error:
        message = f"{verb}: a column that must hold numbers does not ({str(error).splitlines()[0]})."
        raise InputError(message) from error
    if numbers["year"].null_count() or numbers["region"].null_count():
        message = f"{verb}: a row has no region or no year; every row needs both."
        raise InputError(message)
    twice = numbers.group_by(KEYS).len().filter(pl.col("len") > 1).sort(KEYS)
    if twice.height:
        region, year, count = twice.row(0)
        message = f"{verb}: region {region} has {count} rows in {year}; keep one of them."
        raise InputError(message)
    for name in columns:
        if numbers[name].is_infinite().any():
            region, year = numbers.filter(pl.col(name).is_infinite()).select(KEYS).row(0)
            message = f"{verb}: '{name}' is infinite in region {region}, {year}; leave it empty if it is not known."
            raise InputError(message)
    return numbers


def refuse_below(frame: pl.DataFrame, columns: Iterable[str], *, verb: str, positive: bool = True) -> None:
    """Raise when a figure is negative (or zero, where it must be positive); the message names the first.

    Raises
    ------
    InputError
        As said.
    """
    for name in columns:
        bad = frame.filter(pl.col(name) <= 0 if positive else pl.col(name) < 0)
        if bad.height:
            region, year, value = bad.select(*KEYS, name).row(0)
            rule = "must be positive" if positive else "cannot be negative"
            message = (
                f"{verb}: '{name}' is {value:g} in region {region}, {year}, and {rule} "
                f"({bad.height} such rows); mend it or leave the cell empty."
            )
            raise InputError(message)


def grid(frame: pl.DataFrame, column: str) -> tuple[tuple[str, ...], tuple[int, ...], FloatArray]:
    """Return the regions, every year from the first to the last, and a column as `(R, T)`, NaN where missing."""
    import numpy as np

    regions = tuple(frame["region"].unique().sort().to_list())
    first, last = int(frame["year"].min() or 0), int(frame["year"].max() or 0)  # type: ignore[arg-type] # whole years
    out = np.full((len(regions), last - first + 1), np.nan)
    row = np.searchsorted(np.array(regions), frame["region"].to_numpy())
    out[row, frame["year"].to_numpy() - first] = frame[column].to_numpy()
    return regions, tuple(range(first, last + 1)), out


def long(regions: Sequence[str], years: Sequence[int], columns: Mapping[str, np.ndarray[Any, Any]]) -> pl.DataFrame:
    """Return arrays `(R, T)` as rows of region and year; NaN becomes null."""
    import numpy as np

    keys = {
        "region": pl.Series(np.repeat(np.array(regions), len(years)), dtype=pl.String),
        "year": pl.Series(np.tile(np.array(years, dtype=np.int64), len(regions))),
    }
    frame = pl.DataFrame(keys | {name: np.ascontiguousarray(values).ravel() for name, values in columns.items()})
    return frame.with_columns(pl.selectors.float().fill_nan(None))


def omitted(rows: Iterable[tuple[str, int, Text]]) -> pl.DataFrame:
    """Return what was left out as ``region, year, reason_zh, reason_en``."""
    schema = {"region": pl.String, "year": pl.Int64, "reason_zh": pl.String, "reason_en": pl.String}
    return pl.DataFrame(
        [(region, year, reason.zh, reason.en) for region, year, reason in rows], schema=schema, orient="row"
    ).sort("region", "year", maintain_order=True)


def missing_reasons(frame: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """Return the rows in which one of the columns is null, and which."""
    rows = []
    for row in frame.filter(pl.any_horizontal(pl.col(columns).is_null())).iter_rows(named=True):
        names = [name for name in columns if row[name] is None]
        rows.append(
            (row["region"], row["year"], Text(zh=f"缺少 {'、'.join(names)}", en=f"missing: {', '.join(names)}"))
        )
    return omitted(rows)


def names_of(source: object) -> dict[str, Text]:
    """Return the names of the regions where the source is a package that has them."""
    package = source if isinstance(source, Package) else None
    if package is None or "regions" not in package.tables:
        return {}
    frame = package.tables["regions"]
    if not {"name_zh", "name_en"} <= set(frame.columns):
        return {}
    return {row["region"]: Text(zh=row["name_zh"], en=row["name_en"]) for row in frame.iter_rows(named=True)}


def shorten(items: Sequence[str]) -> str:
    """Return the first few of many names."""
    more = f", ... ({len(items)})" if len(items) > _SHOWN else ""
    return ", ".join(items[:_SHOWN]) + more

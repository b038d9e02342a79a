"""From a package or any kind of frame to one table of region, year and figures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import polars as pl

from xinzhi.core.arrays import FloatArray
from xinzhi.core.errors import InputError
from xinzhi.core.names import NO_NAMES, Names
from xinzhi.core.result import FrameKind, Provenance
from xinzhi.core.text import Text, words
from xinzhi.data import Field, Package, is_package, names_of, tidy
from xinzhi.data import as_package as load_package

KEYS = ("region", "year")
GAPS = ("missing-year",)  # a year that is missing is left out, filled with a flag, or named; it stops nothing
OMITTED: dict[str, Any] = {"region": pl.String, "year": pl.Int64, "reason_zh": pl.String, "reason_en": pl.String}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Region, year and numbers, sorted, with where they come from and what regions are called."""

    frame: pl.DataFrame
    kind: FrameKind = "polars"
    package: str | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)
    names: Names = NO_NAMES

    def provenance(self, verb: str, **options: object) -> Provenance:
        """Return the provenance of a result that rests on these figures."""
        from xinzhi import __version__

        return Provenance(verb=verb, version=__version__, package=self.package, inputs=self.inputs, options=options)


def as_package(source: object) -> Package | None:
    """Return the package that a source is or names; None for a frame."""
    return load_package(source) if is_package(source) else None  # type: ignore[arg-type] # is_package has looked


def figures(
    source: object, columns: Sequence[str], *, verb: str, texts: Sequence[str] = (), optional: Sequence[str] = ()
) -> Figures:
    """Return the columns of a frame by region and year; those in `texts` as text."""
    fields = [
        Field("region", "code"),
        Field("year", "year"),
        *(Field(name, required=name not in optional) for name in (*columns, *optional)),
        *(Field(name, "text") for name in texts),
    ]
    read = tidy(source, fields, key=KEYS, verb=verb, empty=True)
    return Figures(frame=read.frame, kind=read.kind, inputs={"frame": read.digest()})


def read(source: object, columns: Sequence[str], *, verb: str, optional: Sequence[str] = ()) -> Figures:
    """Return columns of `accounts`, indicators, or ``section:NAME`` of sections, by region and year."""
    package = as_package(source)
    if package is None:
        return figures(source, columns, verb=verb, optional=optional)
    frames, used = [], set()
    for name in dict.fromkeys((*columns, *optional)):
        series = _series(package, name, verb)
        if series is not None:
            used.add(series[0])
            frames.append(series[1])
        elif name in columns:
            series_of = _offer(package)
            raise InputError("sectors.no-series", verb=verb, name=name, package=package.name, **series_of)
    both = frames[0]
    for frame in frames[1:]:
        both = both.join(frame, on=KEYS, how="full", coalesce=True)
    names = [name for name in both.columns if name not in KEYS]
    return replace(
        figures(both, names, verb=verb),
        kind=package.kind,
        package=package.name,
        names=names_of(package),
        inputs={name: package.fingerprint(name) for name in sorted(used)},
    )


def _series(package: Package, name: str, verb: str) -> tuple[str, pl.DataFrame] | None:
    """Return the table that has a series, and the series; None where none has it."""
    tables = package.tables
    if name.startswith("section:"):
        if "activity_sections" not in tables:
            return None
        wanted = name.removeprefix("section:")
        rows = package.require("activity_sections", ["employment"], verb=verb, despite=GAPS)
        rows = rows if wanted == "*" else rows.filter(section=wanted)
        return "activity_sections", rows.group_by(KEYS).agg(whole_sum("employment").alias(name))
    if "accounts" in tables and name in tables["accounts"].columns:
        return "accounts", package.require("accounts", [name], verb=verb, despite=GAPS).select(*KEYS, name)
    if "indicators" in tables:
        rows = package.require("indicators", ["value"], verb=verb, despite=GAPS).filter(indicator=name)
        if rows.height:
            return "indicators", rows.select(*KEYS, pl.col("value").alias(name))
    return None


def _offer(package: Package) -> dict[str, Any]:
    """Return the series that a package has, for the message that one is missing."""
    tables = package.tables
    indicators = tables["indicators"]["indicator"].unique().sort().to_list() if "indicators" in tables else []
    columns = [item for item in tables["accounts"].columns if item not in KEYS] if "accounts" in tables else []
    return {"columns": columns or ["-"], "indicators": indicators or ["-"]}


def whole_sum(column: str) -> pl.Expr:
    """Return the sum of a column; a part that is missing makes it unknown, not smaller."""
    return pl.when(pl.col(column).is_null().any()).then(None).otherwise(pl.col(column).sum())


def refuse_below(frame: pl.DataFrame, columns: Iterable[str], *, verb: str, positive: bool = True) -> None:
    """Raise when a figure is negative (or zero, where it must be positive); the message names the first."""
    for name in columns:
        bad = frame.filter(pl.col(name) <= 0 if positive else pl.col(name) < 0)
        if bad.height:
            region, year, value = bad.select(*KEYS, name).row(0)
            said = {"verb": verb, "name": name, "value": value, "region": region, "year": year, "rows": bad.height}
            raise InputError("sectors.not-positive" if positive else "sectors.negative", **said)


def grid(frame: pl.DataFrame, column: str) -> tuple[tuple[str, ...], tuple[int, ...], FloatArray]:
    """Return the regions, every year from the first to the last, and a column as `(R, T)`, NaN where missing."""
    regions = tuple(frame["region"].unique().sort().to_list())
    first, last = int(frame["year"].min() or 0), int(frame["year"].max() or 0)  # type: ignore[arg-type] # whole years
    out = np.full((len(regions), last - first + 1), np.nan)
    row = frame["region"].cast(pl.Enum(regions)).to_physical().to_numpy()
    out[row, frame["year"].to_numpy() - first] = frame[column].to_numpy()
    return regions, tuple(range(first, last + 1)), out


def long(regions: Sequence[str], years: Sequence[int], columns: Mapping[str, np.ndarray[Any, Any]]) -> pl.DataFrame:
    """Return arrays `(R, T)` as rows of region and year; NaN becomes null."""
    keys = {
        "region": pl.Series(np.repeat(np.array(regions), len(years)), dtype=pl.String),
        "year": pl.Series(np.tile(np.array(years, dtype=np.int64), len(regions))),
    }
    frame = pl.DataFrame(keys | {name: np.ascontiguousarray(values).ravel() for name, values in columns.items()})
    return frame.with_columns(pl.selectors.float().fill_nan(None))


def reason(key: str, **values: object) -> Text:
    """Return why something was not computed, in words."""
    return words(f"sectors.reason.{key}", **values)


def omitted(rows: Iterable[tuple[Any, ...]], why: Text | None = None) -> pl.DataFrame:
    """Return what was left out as ``region, year, reason_zh, reason_en``; one reason for all, or one in every row."""
    given = [(region, year, *(rest or [why])) for region, year, *rest in rows]
    said = [(region, year, text.zh, text.en) for region, year, text in given if text is not None]
    return pl.DataFrame(said, schema=OMITTED, orient="row").sort(KEYS, maintain_order=True)


def missing_reasons(frame: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """Return the rows in which one of the columns is null, and which."""
    return omitted(
        (row["region"], row["year"], reason("missing", names=[name for name in columns if row[name] is None]))
        for row in frame.filter(pl.any_horizontal(pl.col(columns).is_null())).iter_rows(named=True)
    )


def named(names: Names, **kinds: Iterable[tuple[str, Text]]) -> Names:
    """Return names with those of further kinds of codes."""
    return Names({**names.by_kind, **{kind: dict(texts) for kind, texts in kinds.items()}})


def latest(frame: pl.DataFrame, column: str) -> pl.DataFrame:
    """Return the rows of the last year that has the figure, the largest first."""
    known = frame.drop_nulls(column)
    return known.filter(pl.col("year") == known["year"].max()).sort(column, "region", descending=[True, False])


def ends_of(rows: pl.DataFrame, column: str, names: Names) -> dict[str, object]:
    """Return the regions at both ends of ordered rows, and what they have."""
    high, low = rows.row(0, named=True), rows.row(-1, named=True)
    return {
        "year": high.get("year"),
        "high": names.region(high["region"]),
        "high_value": high[column],
        "low": names.region(low["region"]),
        "low_value": low[column],
    }


def with_protocol(provenance: Provenance, measurement: Any) -> Provenance:  # noqa: ANN401 - a Measurement of yardstick, which this package does not import
    """Return the provenance with the protocol of the measurement, where there is one."""
    if measurement is None:
        return provenance
    theirs = measurement.provenance
    named = {name: getattr(theirs, name) for name in ("protocol", "protocol_fingerprint", "standing")}
    return replace(provenance, **named)

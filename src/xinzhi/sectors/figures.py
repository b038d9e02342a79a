"""From a package or any kind of frame to one table of region, year and figures, and to levels between pooled bounds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.arrays import BoolArray, FloatArray, inside, interpolate
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.index_numbers import multilateral_levels
from xinzhi.core.names import NO_NAMES, Names
from xinzhi.core.result import FrameKind, Provenance
from xinzhi.core.text import Text
from xinzhi.data import Field, Package, is_package, names_of, tidy
from xinzhi.data import as_package as load_package
from xinzhi.sectors.conventions import setting
from xinzhi.yardstick import Measurement

KEYS = ("region", "year")
GAPS = ("missing-year",)  # a year that is missing is left out, filled with a flag, or named; it stops nothing
OMITTED: dict[str, type[pl.DataType]] = {
    "region": pl.String,
    "year": pl.Int64,
    "reason_zh": pl.String,
    "reason_en": pl.String,
}


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
    source_table = tidy(source, fields, key=KEYS, verb=verb, empty=True)
    return Figures(frame=source_table.frame, kind=source_table.kind, inputs={"frame": source_table.digest()})


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
        elif name in columns and name.startswith("section:"):
            raise InputError("sectors.no-section", section=name.removeprefix("section:"), package=package.name)
        elif name in columns:
            tables = package.tables
            series_of = tables["accounts"].columns if "accounts" in tables else []
            listed = tables["indicators"]["indicator"].unique().sort().to_list() if "indicators" in tables else []
            available = {
                "columns": [column for column in series_of if column not in KEYS] or ["-"],
                "indicators": listed or ["-"],
            }
            raise InputError("sectors.no-series", verb=verb, name=name, package=package.name, **available)
    joined = frames[0]
    for frame in frames[1:]:
        joined = joined.join(frame, on=KEYS, how="full", coalesce=True)
    names = [name for name in joined.columns if name not in KEYS]
    return replace(
        figures(joined, names, verb=verb),
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
        section = name.removeprefix("section:")
        rows = package.require("activity_sections", ["employment"], verb=verb, despite=GAPS)
        rows = rows if section == "*" else rows.filter(section=section)
        return "activity_sections", rows.group_by(KEYS).agg(whole_sum("employment").alias(name))
    if "accounts" in tables and name in tables["accounts"].columns:
        return "accounts", package.require("accounts", [name], verb=verb, despite=GAPS).select(*KEYS, name)
    if "indicators" in tables:
        rows = package.require("indicators", ["value"], verb=verb, despite=GAPS).filter(indicator=name)
        if rows.height:
            return "indicators", rows.select(*KEYS, pl.col("value").alias(name))
    return None


def whole_sum(column: str) -> pl.Expr:
    """Return the sum of a column; a part that is missing makes it unknown, not smaller."""
    return pl.when(pl.col(column).is_null().any()).then(None).otherwise(pl.col(column).sum())


def refuse_below(frame: pl.DataFrame, columns: Iterable[str], *, verb: str, positive: bool = True) -> None:
    """Raise when a figure is negative (or zero, where it must be positive); the message names the first."""
    for name in columns:
        bad = frame.filter(pl.col(name) <= 0 if positive else pl.col(name) < 0)
        if bad.height:
            region, year, value = bad.select(*KEYS, name).row(0)
            values = {"verb": verb, "name": name, "value": value, "region": region, "year": year, "rows": bad.height}
            raise InputError("sectors.not-positive" if positive else "sectors.negative", **values)


def grid(frame: pl.DataFrame, column: str) -> tuple[tuple[str, ...], tuple[int, ...], FloatArray]:
    """Return the regions, every year from the first to the last, and a column as `(R, T)`, NaN where missing."""
    regions = tuple(frame["region"].unique().sort().to_list())
    first, last = int(frame["year"].min() or 0), int(frame["year"].max() or 0)  # type: ignore[arg-type] # whole years
    out = np.full((len(regions), last - first + 1), np.nan)
    row = frame["region"].cast(pl.Enum(regions)).to_physical().to_numpy()
    out[row, frame["year"].to_numpy() - first] = frame[column].to_numpy()
    return regions, tuple(range(first, last + 1)), out


def long(regions: Sequence[str], years: Sequence[int], columns: Mapping[str, FloatArray]) -> pl.DataFrame:
    """Return arrays `(R, T)` as rows of region and year; NaN becomes null."""
    keys = {
        "region": pl.Series(np.repeat(np.array(regions), len(years)), dtype=pl.String),
        "year": pl.Series(np.tile(np.array(years, dtype=np.int64), len(regions))),
    }
    frame = pl.DataFrame(keys | {name: np.ascontiguousarray(values).ravel() for name, values in columns.items()})
    return frame.with_columns(pl.selectors.float().fill_nan(None))


def reason(key: str, **values: object) -> Text:
    """Return why something was not computed, in words."""
    return words.by_key(f"sectors.reason.{key}", **values)


def omission_frame(rows: Iterable[tuple[object, ...]], why: Text | None = None) -> pl.DataFrame:
    """Return what was left out as ``region, year, reason_zh, reason_en``; one reason for all, or one in every row."""
    reasoned = [(region, year, *(rest or [why])) for region, year, *rest in rows]
    records = [(region, year, text.zh, text.en) for region, year, text in reasoned if isinstance(text, Text)]
    return pl.DataFrame(records, schema=OMITTED, orient="row").sort(KEYS, maintain_order=True)


def missing_reasons(frame: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """Return the rows in which one of the columns is null, and which."""
    return omission_frame(
        (row["region"], row["year"], reason("missing", names=[name for name in columns if row[name] is None]))
        for row in frame.filter(pl.any_horizontal(pl.col(columns).is_null())).iter_rows(named=True)
    )


def with_names(names: Names, **kinds: Iterable[tuple[str, Text]]) -> Names:
    """Return names with those of further kinds of codes."""
    return Names({**names.by_kind, **{kind: dict(texts) for kind, texts in kinds.items()}})


def latest(frame: pl.DataFrame, column: str) -> pl.DataFrame:
    """Return the rows of the last year that has the figure, the largest first."""
    available = frame.drop_nulls(column)
    return available.filter(pl.col("year") == available["year"].max()).sort(column, "region", descending=[True, False])


def ends_of(rows: pl.DataFrame, column: str, names: Names, *, digits: int | None = None) -> dict[str, object]:
    """Return the regions at both ends of ordered rows and what they have; whether so many digits tell them apart."""
    high, low = rows.row(0, named=True), rows.row(-1, named=True)
    return {
        "year": high.get("year"),
        "high": names.region(high["region"]),
        "high_value": high[column],
        "low": names.region(low["region"]),
        "low_value": low[column],
    } | ({} if digits is None else {"apart": round(high[column], digits) != round(low[column], digits)})


def with_protocol(provenance: Provenance, measurement: Measurement | None) -> Provenance:
    """Return the provenance with the protocol of the measurement, where there is one."""
    if measurement is None:
        return provenance
    theirs = measurement.provenance
    rule = {name: getattr(theirs, name) for name in ("protocol", "protocol_fingerprint", "standing")}
    return replace(provenance, **rule)


Bounds = Mapping[str, tuple[float, float]]


TFP = "tfp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """An indicator of a sector: a ratio of two series, or TFP of a measurement."""

    name: str
    sector: str
    numerator: str
    denominator: str | None
    logs: bool
    direction: int


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Levels of the sectors."""

    indicators: pl.DataFrame
    bounds: pl.DataFrame
    levels: pl.DataFrame
    source: Figures


def shipped_indicators(*, measured: bool) -> tuple[Indicator, ...]:
    """Return the indicators of ``sectors.yaml``; with a measurement the economy is its TFP."""
    out = []
    for sector, node in setting("advance.sectors").items():
        if sector == "economy" and measured:
            out.append(Indicator(name=TFP, sector=sector, numerator=TFP, denominator=None, logs=True, direction=1))
            continue
        for name, item in node["indicators"].items():
            out.append(
                Indicator(
                    name=name,
                    sector=sector,
                    numerator=item["numerator"],
                    denominator=item.get("denominator"),
                    logs=item["scale"] == "log",
                    direction=int(item["direction"]),
                )
            )
    return tuple(out)


def pooled_tfp(measurement: Measurement) -> pl.DataFrame:
    """Return TFP to the mean of all region-years (Caves, Christensen and Diewert 1982, equation 34)."""
    columns = ["output", "capital", "labour", "human_capital", "labour_share"]
    inputs = figures(measurement.inputs, columns, verb="advance").frame
    share = inputs["labour_share"].to_numpy()[:, None]
    labour = (inputs["labour"] * inputs["human_capital"]).to_numpy()[:, None]
    quantities = np.stack([inputs["capital"].to_numpy()[:, None], labour])
    level = multilateral_levels(inputs["output"].to_numpy()[:, None], quantities, np.stack([1 - share, share]))
    return inputs.select(*KEYS, pl.Series(TFP, np.exp(level[:, 0])).fill_nan(None))


def balanced_cells(complete: BoolArray) -> BoolArray:
    """Return the cells of regions that are complete in all years in which at least half as many are as in the best."""
    count = complete.sum(axis=0)
    span = (count > 0) & (2 * count >= count.max())
    always: BoolArray = np.asarray(complete[:, span].all(axis=1))
    return np.asarray(always[:, None] & span[None, :])


def state(
    source: object,
    measurement: Measurement | None = None,
    *,
    bounds: Bounds | None = None,
    years: tuple[int, int] | None = None,
    balanced: bool = True,
) -> State:
    """Return the levels of the sectors declared in ``sectors.yaml``, between bounds pooled over regions and years."""
    indicators = shipped_indicators(measured=measurement is not None)
    if unknown := set(bounds or {}) - {item.name for item in indicators}:
        raise UsageError("sectors.unknown-bounds", names=sorted(unknown), known=[item.name for item in indicators])
    names = [name for item in indicators for name in (item.numerator, item.denominator)]
    series = [name for name in names if name and name != TFP]
    source_figures = read(source, list(dict.fromkeys(series)), verb="advance")
    frame = source_figures.frame
    if measurement is not None:
        frame = frame.join(pooled_tfp(measurement), on=KEYS, how="full", coalesce=True).sort(KEYS)
    refuse_below(frame, [name for name in frame.columns if name not in KEYS], verb="advance")
    # short gaps are filled on a straight line
    longest, filled, bridged = int(setting("advance.fill.longest")), {}, {}
    for name in [*dict.fromkeys(series), *([TFP] if measurement is not None else [])]:
        regions, span, cells = grid(frame, name)
        missing = inside(cells) & ~np.isfinite(cells) & np.isfinite(cells).any(axis=1, keepdims=True)
        bridged[name] = missing & (_run_length(missing) <= longest)
        filled[name] = np.where(bridged[name], interpolate(cells), cells)
    values = {
        item.name: filled[item.numerator] / (filled[item.denominator] if item.denominator else 1.0)
        for item in indicators
    }
    inside_years = np.ones(len(span), dtype=bool)
    if years is not None:
        inside_years = (np.array(span) >= years[0]) & (np.array(span) <= years[1])
    # the pool is the region-years in which every sector has a figure: bounds of one sector rest on the same cases as
    # another's
    complete: BoolArray = np.isfinite(np.stack(list(values.values()))).all(axis=0) & inside_years
    if balanced:
        complete = balanced_cells(complete)
    if not complete.any():
        reach = [_reach(name, value, span) for name, value in values.items()]
        raise InputError("sectors.never-all-balanced" if balanced else "sectors.never-all", reach=reach)
    rows, limits = [], []
    levels: dict[str, list[FloatArray]] = {}
    for item in indicators:
        level, limit = _level(item, values[item.name], complete, (regions, span), (bounds or {}).get(item.name))
        levels.setdefault(item.sector, []).append(level)
        limits.append(limit)
        lines = bridged[item.numerator] | bridged[item.denominator or item.numerator]
        flag = np.where(lines, f"interpolated:{item.name}", "")
        part = long(regions, span, {"value": values[item.name], "level": np.where(complete, level, np.nan)})
        rows.append(
            part.with_columns(
                sector=pl.lit(item.sector), indicator=pl.lit(item.name), flag=pl.Series(flag.ravel(), dtype=pl.String)
            ).filter(pl.Series(np.tile(inside_years, len(regions))))
        )
    means = {sector: np.where(complete, np.mean(parts, axis=0), np.nan) for sector, parts in levels.items()}
    schema = {"sector": pl.String, "indicator": pl.String, "lower": pl.Float64, "upper": pl.Float64}
    schema |= {"lower_at": pl.String, "upper_at": pl.String, "given": pl.Boolean}
    return State(
        indicators=pl.concat(rows)
        .drop_nulls("value")
        .select(*KEYS, "sector", "indicator", "value", "level", "flag")
        .sort(*KEYS, "sector", "indicator"),
        bounds=pl.DataFrame(limits, schema=schema),
        levels=long(regions, span, means).filter(pl.Series(np.tile(inside_years, len(regions)))),
        source=Figures(
            frame=frame, kind=source_figures.kind, package=source_figures.package, inputs=source_figures.inputs
        ),
    )


def _run_length(mask: BoolArray) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """Return, for every cell of a run of True along the last axis, how long the run is; 0 elsewhere."""
    out = np.zeros(mask.shape, dtype=np.int64)
    for row in range(mask.shape[0]):
        edges = np.flatnonzero(np.diff(np.concatenate([[0], mask[row].astype(np.int64), [0]])))
        for start, end in zip(edges[::2], edges[1::2], strict=True):
            out[row, start:end] = end - start
    return out


def _reach(name: str, values: FloatArray, years: Sequence[int]) -> Text:
    """Return the years in which any region has a value, in words."""
    available = np.array(years)[np.flatnonzero(np.isfinite(values).sum(axis=0))].tolist()
    if not available:
        return words.sectors.answer_never(name=name)
    return words.sectors.answer_reach(name=name, first=available[0], last=available[-1])


def _level(
    item: Indicator,
    values: FloatArray,
    complete: BoolArray,
    names: tuple[tuple[str, ...], tuple[int, ...]],
    bounds: tuple[float, float] | None,
) -> tuple[FloatArray, dict[str, object]]:
    """Return an indicator between its bounds, and the bounds."""
    pool = np.where(complete, values, np.nan)
    lower, upper = (
        (float(np.nanmin(pool)), float(np.nanmax(pool))) if bounds is None else (float(bounds[0]), float(bounds[1]))
    )
    if not lower < upper or (item.logs and lower <= 0):
        raise InputError("sectors.no-range", name=item.name, lower=lower, upper=upper)
    outside = complete & ((values < lower) | (values > upper))
    if outside.any():
        row, column = np.argwhere(outside)[0]
        place = {"region": names[0][row], "year": names[1][column], "value": float(values[row, column])}
        raise InputError("sectors.outside-bounds", name=item.name, lower=lower, upper=upper, **place)
    scale = np.log if item.logs else np.positive
    level = (scale(values) - scale(lower)) / (scale(upper) - scale(lower))
    level = np.clip(level, 0.0, 1.0) if item.direction > 0 else 1 - np.clip(level, 0.0, 1.0)

    def where(value: float) -> str | None:
        positions = np.argwhere(pool == value)
        return f"{names[0][positions[0][0]]} {names[1][positions[0][1]]}" if positions.size else None

    limit: dict[str, object] = {"sector": item.sector, "indicator": item.name, "lower": lower, "upper": upper}
    return level, limit | {"lower_at": where(lower), "upper_at": where(upper), "given": bounds is not None}

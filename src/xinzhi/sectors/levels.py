"""The state space: every sector of every region and year as a level between pooled bounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from xinzhi.core.arrays import BoolArray, FloatArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.gaps import inside, interpolate
from xinzhi.core.index_numbers import multilateral_levels
from xinzhi.core.text import Text, words
from xinzhi.sectors.conventions import setting
from xinzhi.sectors.figures import KEYS, Figures, figures, grid, long, read, refuse_below

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


def declared(*, measured: bool) -> tuple[Indicator, ...]:
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


def pooled_tfp(measurement: Any) -> pl.DataFrame:  # noqa: ANN401 - a Measurement of the room yardstick, which this room does not import
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
    measurement: Any = None,  # noqa: ANN401 - a Measurement of the room yardstick, which this room does not import
    *,
    bounds: Bounds | None = None,
    years: tuple[int, int] | None = None,
    balanced: bool = True,
) -> State:
    """Return the levels of the sectors declared in ``sectors.yaml``, between bounds pooled over regions and years."""
    wanted = declared(measured=measurement is not None)
    if unknown := set(bounds or {}) - {item.name for item in wanted}:
        raise UsageError("sectors.unknown-bounds", names=sorted(unknown), known=[item.name for item in wanted])
    series = [name for item in wanted for name in (item.numerator, item.denominator) if name and name != TFP]
    given = read(source, list(dict.fromkeys(series)), verb="advance")
    frame = given.frame
    if measurement is not None:
        frame = frame.join(pooled_tfp(measurement), on=KEYS, how="full", coalesce=True).sort(KEYS)
    refuse_below(frame, [name for name in frame.columns if name not in KEYS], verb="advance")
    regions, span, filled, made = _filled(frame, [*dict.fromkeys(series), *([TFP] if measurement is not None else [])])
    values = {
        item.name: filled[item.numerator] / (filled[item.denominator] if item.denominator else 1.0) for item in wanted
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
    for item in wanted:
        level, limit = _level(item, values[item.name], complete, (regions, span), (bounds or {}).get(item.name))
        levels.setdefault(item.sector, []).append(level)
        limits.append(limit)
        lines = made[item.numerator] | made[item.denominator or item.numerator]
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
        source=Figures(frame=frame, kind=given.kind, package=given.package, inputs=given.inputs),
    )


def _filled(
    frame: pl.DataFrame, names: Sequence[str]
) -> tuple[tuple[str, ...], tuple[int, ...], dict[str, FloatArray], dict[str, BoolArray]]:
    """Return regions, years, series `(R, T)` with short gaps on a straight line, and which cells these are."""
    longest = int(setting("advance.fill.longest"))
    filled, made = {}, {}
    for name in names:
        regions, years, cells = grid(frame, name)
        missing = inside(cells) & ~np.isfinite(cells) & np.isfinite(cells).any(axis=1, keepdims=True)
        made[name] = missing & (_run_length(missing) <= longest)
        filled[name] = np.where(made[name], interpolate(cells), cells)
    return regions, years, filled, made


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
    known = np.array(years)[np.flatnonzero(np.isfinite(values).sum(axis=0))].tolist()
    if not known:
        return words("sectors.answer.never", name=name)
    return words("sectors.answer.reach", name=name, first=known[0], last=known[-1])


def _level(
    item: Indicator,
    values: FloatArray,
    complete: BoolArray,
    names: tuple[tuple[str, ...], tuple[int, ...]],
    given: tuple[float, float] | None,
) -> tuple[FloatArray, dict[str, object]]:
    """Return an indicator between its bounds, and the bounds."""
    pool = np.where(complete, values, np.nan)
    lower, upper = (
        (float(np.nanmin(pool)), float(np.nanmax(pool))) if given is None else (float(given[0]), float(given[1]))
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
        found = np.argwhere(pool == value)
        return f"{names[0][found[0][0]]} {names[1][found[0][1]]}" if found.size else None

    limit: dict[str, object] = {"sector": item.sector, "indicator": item.name, "lower": lower, "upper": upper}
    return level, limit | {"lower_at": where(lower), "upper_at": where(upper), "given": given is not None}

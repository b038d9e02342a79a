"""Detail: what the decomposition knows of the industries of every region, as arrays and as rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import polars as pl

from xinzhi.core.arrays import BoolArray, FloatArray, IntArray, yearly_change
from xinzhi.protocol import Protocol
from xinzhi.yardstick.internal import Growth, Inputs, Marks, Panel

Level = Literal["industry", "sector", "total"]


@dataclass(frozen=True, slots=True)
class MeasuredInputs:
    """The measured side: inputs and growth of the regions `(R, T)` under the protocol, and the base of its prices."""

    panel: Panel
    rules: Protocol
    inputs: Inputs
    growth: Growth
    base: int | None

    @property
    def capital_weight(self) -> FloatArray:
        """Weight of capital in the index of inputs `(R, T)`."""
        return 1.0 - self.growth.labour_share


@dataclass(frozen=True, slots=True)
class Gross:
    """Gross output and intermediate inputs `(I, R, T)`: real, and the share of intermediates in gross output."""

    output: FloatArray
    intermediate: FloatArray
    share: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """The industries of every region, each array `(I, R, T)` with NaN where a figure is missing."""

    level: Level
    names: tuple[str, ...]
    nominal: FloatArray
    output: FloatArray
    capital: FloatArray
    labour: FloatArray
    human_capital: FloatArray
    labour_share: FloatArray | None
    exists: BoolArray
    comparable: bool
    gross: Gross | None = None
    anew: BoolArray | None = None
    marks: Marks = field(default_factory=dict)
    gaps: Mapping[str, FloatArray] = field(default_factory=dict)
    lacks: Mapping[str, BoolArray] = field(default_factory=dict)

    def complete(self) -> BoolArray:
        """Return the cells `(I, R, T)` in which every figure is known and positive."""
        arrays = [self.nominal, self.output, self.capital, self.labour, self.human_capital]
        if self.labour_share is not None:
            arrays.append(self.labour_share)
        return np.asarray(np.logical_and.reduce([np.isfinite(values) & (values > 0) for values in arrays]))


def of_totals(measured: MeasuredInputs) -> Detail:
    """Return the whole region as its only industry."""
    inputs = measured.inputs
    return Detail(
        level="total",
        names=("total",),
        nominal=inputs.output[None],
        output=inputs.output[None],
        capital=inputs.capital[None],
        labour=inputs.labour[None],
        human_capital=inputs.human_capital[None],
        labour_share=None,
        exists=np.ones((1, len(measured.panel.regions)), dtype=np.bool_),
        comparable=quantities(measured.rules),
    )


def quantities(rules: Protocol) -> bool:
    """Return whether inputs are quantities that add up and compare; an index of services does neither."""
    return "given_services" not in {rules.value("capital.measure"), rules.value("labour.unit")}


def growth(levels: FloatArray) -> FloatArray:
    """Return the log change over the year before; the first year is NaN, and so is a change from or to nothing."""
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(np.where(levels > 0, levels, np.nan))
    return yearly_change(logs)


def chain_volumes(change: FloatArray, nominal: FloatArray, at: int) -> tuple[FloatArray, BoolArray]:
    """Return volumes at the prices of one year, and where they begin anew."""
    # They are the values of year position `at`, moved by `change` in both directions. Where a change is missing, or the
    # value of that year, volumes begin anew with the value of the nearest year that has one, at the mean price of the
    # industry in the regions that go on; so a gap costs the years beside it and not all years behind it.
    level, anew = np.full(change.shape, np.nan), np.zeros(change.shape, dtype=np.bool_)
    level[..., at] = nominal[..., at]
    for year in range(at + 1, change.shape[-1]):
        continued = level[..., year - 1] * np.exp(change[..., year])
        level[..., year], anew[..., year] = _or_anew(continued, nominal[..., year])
    for year in range(at - 1, -1, -1):
        continued = level[..., year + 1] / np.exp(change[..., year + 1])
        level[..., year], anew[..., year + 1] = _or_anew(continued, nominal[..., year])
    return level, anew


def _or_anew(continued: FloatArray, nominal: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Return volumes `(I, R)`, where the chain is broken from the value and the mean price of the other regions."""
    linked = np.isfinite(continued) & np.isfinite(nominal)
    with np.errstate(divide="ignore", invalid="ignore"):
        price = np.where(linked, np.log(nominal / continued), 0.0).sum(axis=1) / np.maximum(linked.sum(axis=1), 1)
    begun = ~np.isfinite(continued) & np.isfinite(nominal)
    return np.where(begun, nominal / np.exp(price)[:, None], continued), begun


def without(values: FloatArray) -> BoolArray:
    """Return where there is no figure above 0."""
    return np.asarray(~(np.isfinite(values) & (values > 0)))


def scale_to(parts: FloatArray, total: FloatArray, exists: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Scale industries `(I, R, T)` to the region's total `(R, T)`; also return their log gap to it."""
    sums = np.where(exists[..., None], parts, 0.0).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(sums > 0, total / sums, np.nan)
        return parts * ratio, -np.log(ratio)


@dataclass(frozen=True, slots=True)
class Cube:
    """A table on the axes of a panel: columns come out as arrays `(I, R, T)` with NaN where there is no row."""

    rows: pl.DataFrame
    names: tuple[str, ...]
    place: tuple[IntArray, IntArray, IntArray]
    shape: tuple[int, int, int]

    @classmethod
    def from_table(cls, table: pl.DataFrame, key: str, panel: Panel) -> Cube:
        """Place the rows of a table; those of unknown regions and years are left out."""
        first, last = int(panel.years[0]), int(panel.years[-1])
        rows = table.filter(pl.col("region").is_in(list(panel.regions)) & pl.col("year").is_between(first, last))
        names = tuple(rows[key].unique().sort().to_list())
        axes = ((rows[key], names), (rows["region"], panel.regions))
        of, region = (codes.cast(pl.Enum(list(axis))).to_physical().to_numpy().astype(np.int64) for codes, axis in axes)
        year = rows["year"].to_numpy().astype(np.int64) - first
        return cls(rows, names, (of, region, year), (len(names), *panel.shape))

    def column(self, name: str) -> FloatArray:
        """Return a column; all NaN when the table has none, or none that are numbers."""
        out = np.full(self.shape, np.nan)
        if name in self.rows.columns:
            out[self.place] = self.rows[name].cast(pl.Float64, strict=False).fill_null(np.nan).to_numpy()
        return out

    def gives(self, name: str) -> bool:
        """Return whether the table has any figure in a column."""
        return name in self.rows.columns and bool(np.isfinite(self.column(name)).any())

    def unofficial(self, status: str) -> FloatArray:
        """Return 1 where a status column says something other than official, 0 elsewhere."""
        out = np.zeros(self.shape)
        if status in self.rows.columns:
            out[self.place] = (self.rows[status].fill_null("official") != "official").cast(int).to_numpy()
        return out


def by_region(
    names: Sequence[str], years: IntArray, columns: Mapping[str, FloatArray], keep: BoolArray, flags: Sequence[str] = ()
) -> pl.DataFrame:
    """Return the cells `(R, T)` that are kept as rows ``region, year`` and the columns."""
    row, column = np.nonzero(keep)
    out = {
        "region": _words(names, row),
        "year": pl.Series(years[column], dtype=pl.Int64),
        **{name: _numbers(values[row, column]) for name, values in columns.items()},
    }
    if len(flags):
        marks = np.array(flags, dtype=object).reshape(keep.shape)[row, column]
        out["flags"] = pl.Series(marks.tolist(), dtype=pl.String)
    return pl.DataFrame(out)


def by_industry(
    axes: tuple[Sequence[str], Sequence[str], IntArray],
    columns: Mapping[str, FloatArray],
    keep: BoolArray,
    codes: Mapping[str, tuple[Sequence[str], IntArray]],
) -> pl.DataFrame:
    """Return the cells that are kept as rows ``region, industry, year``, sorted so, and the columns."""
    industries, regions, years = axes
    # Region first, so that the rows of one region stand together.
    region, industry, year = np.nonzero(keep.transpose(1, 0, 2))
    at = (industry, region, year)
    return pl.DataFrame(
        {
            "region": _words(regions, region),
            "industry": _words(industries, industry),
            "year": pl.Series(years[year], dtype=pl.Int64),
            **{name: _numbers(values[at]) for name, values in columns.items()},
            **{name: _words(words, position[at]) for name, (words, position) in codes.items()},
        }
    )


def _numbers(values: FloatArray) -> pl.Series:
    return pl.Series(np.ascontiguousarray(values), dtype=pl.Float64, nan_to_null=True)


def _words(names: Sequence[str], position: IntArray) -> pl.Series:
    """Return the name at every position; null where it is negative."""
    index = pl.Series(np.where(position < 0, len(names), position), dtype=pl.UInt32)
    return pl.Series([*names, None], dtype=pl.String).gather(index)

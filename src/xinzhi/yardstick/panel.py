"""Panel: the tables of a package aligned by region and year, what a protocol asks of them, and marks of figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from xinzhi.core.arrays import BoolArray, FloatArray, IntArray
from xinzhi.core.errors import InputError
from xinzhi.data import Package
from xinzhi.protocol import Protocol

DEFAULT_PROTOCOL = "xinzhi-cn-2026"
Marks = dict[str, "BoolArray"]


@dataclass(frozen=True, slots=True)
class Series:
    """Values `(R, T)` and masks of the same shape, named ``kind:series``."""

    # The kinds are ``extrapolated`` (no official figure behind it), ``proxy`` (another series stands in), ``carried``
    # (the nearest observed year), ``spliced`` (joined to another vintage), ``first_published`` (not yet revised),
    # ``break`` (the statistics changed in that year) and ``missing`` (done without).

    values: FloatArray
    marks: Mapping[str, BoolArray] = field(default_factory=dict)


def either(first: Mapping[str, BoolArray], second: Mapping[str, BoolArray]) -> Marks:
    """Merge two sets of marks; a mark in both is set where either is."""
    merged = dict(first)
    for name, mask in second.items():
        merged[name] = merged[name] | mask if name in merged else mask
    return merged


def both_ends(mask: BoolArray) -> BoolArray:
    """Spread a mark of a level to the growth that starts from it: growth touches this year and the year before."""
    out = mask.copy()
    out[..., 1:] |= mask[..., :-1]
    return out


def spell(marks: Mapping[str, BoolArray], shape: tuple[int, int]) -> list[str]:
    """Return the marks of every cell joined by ``;``, cells in row order."""
    code = np.zeros(shape, dtype=np.int64)
    names = sorted(name for name, mask in marks.items() if mask.any())
    for bit, name in enumerate(names):
        code |= marks[name].astype(np.int64) << bit
    kinds, where = np.unique(code.ravel(), return_inverse=True)
    words = [";".join(name for bit, name in enumerate(names) if kind >> bit & 1) for kind in kinds.tolist()]
    return [words[kind] for kind in where.ravel().tolist()]


TOTAL_ASSET = "total"
# Growth over a gap in the accounts is left out and listed; a gap in investment would break every later stock.
BEARABLE = ("missing-year",)


@dataclass(frozen=True, slots=True)
class Panel:
    """Every series of a package that the yardstick reads, aligned on regions `(R,)` and consecutive years `(T,)`.

    `accounts` and `investment` hold columns `(R, T)` and `(A, R, T)`, NaN without a figure; `vintages` the log growth
    of output in each. Masks: `unofficial` by column, where its status is not ``official``; `preliminary`, output first
    published; `breaks` in employment. `hours_per_person` says whether ``accounts.hours`` are per person.
    """

    regions: tuple[str, ...]
    years: IntArray
    accounts: Mapping[str, FloatArray]
    assets: tuple[str, ...]
    investment: Mapping[str, FloatArray]
    vintages: Mapping[str, FloatArray]
    unofficial: Mapping[str, BoolArray]
    preliminary: BoolArray
    breaks: BoolArray
    hours_per_person: bool

    @property
    def shape(self) -> tuple[int, int]:
        """Number of regions and years."""
        return len(self.regions), len(self.years)

    def account(self, column: str) -> FloatArray:
        """Return a column of `accounts`; all NaN when the package does not have it."""
        found = self.accounts.get(column)
        return np.full(self.shape, np.nan) if found is None else found

    def region_index(self, region: str) -> int:
        """Return the position of a region; an `InputError` says that the package has none such."""
        if region not in self.regions:
            raise InputError("yardstick.unknown-region", region=region, known=list(self.regions[:8]))
        return self.regions.index(region)


@dataclass(frozen=True, slots=True)
class _Axes:
    """Positions of the rows of a table on the axes of the panel."""

    regions: tuple[str, ...]
    first: int
    shape: tuple[int, int]

    def place(self, table: pl.DataFrame) -> tuple[pl.DataFrame, IntArray, IntArray]:
        """Return the rows that lie on the axes, with their region and year positions."""
        last = self.first + self.shape[1] - 1
        rows = table.filter(pl.col("region").is_in(self.regions) & pl.col("year").is_between(self.first, last))
        region = rows["region"].cast(pl.Enum(self.regions)).to_physical().to_numpy().astype(np.int64)
        return rows, region, rows["year"].to_numpy().astype(np.int64) - self.first

    def spread(self, rows: pl.DataFrame, column: str, *index: IntArray, leading: tuple[int, ...] = ()) -> FloatArray:
        """Spread a column over an array that is NaN where there is no row."""
        out = np.full((*leading, *self.shape), np.nan)
        out[index] = rows[column].to_numpy().astype(np.float64)
        return out

    def mask(
        self, rows: pl.DataFrame, condition: pl.Expr, *index: IntArray, leading: tuple[int, ...] = ()
    ) -> BoolArray:
        """Spread a condition over an array that is False where there is no row."""
        out = np.zeros((*leading, *self.shape), dtype=np.bool_)
        out[index] = rows.select(condition).to_series().fill_null(value=False).to_numpy()
        return out


def read_panel(package: Package) -> Panel:
    """Align the tables of a package on regions and years."""
    # Regions are those of `accounts`, sorted; years run from the first of `accounts` or `investment` to the last of
    # `accounts`. Which columns must be there is the business of the builders, not of this function.
    accounts = package.require("accounts", ["region", "year"], verb="measure", despite=BEARABLE)
    investment = package.tables.get("investment")
    regions = tuple(accounts["region"].unique().sort().to_list())
    first, last = _year(accounts, "min"), _year(accounts, "max")
    if investment is not None and investment.height:
        first = min(first, _year(investment, "min"))
    axes = _Axes(regions, first, (len(regions), last - first + 1))
    rows, region, year = axes.place(accounts)
    numbers = [name for name, kind in rows.schema.items() if kind.is_numeric() and name != "year"]
    status = _status_columns(rows)
    names = rows.columns
    assets, invested, unofficial = _read_investment(investment, axes)
    return Panel(
        regions=regions,
        years=np.arange(first, last + 1, dtype=np.int64),
        accounts={name: axes.spread(rows, name, region, year) for name in numbers},
        assets=assets,
        investment=invested,
        vintages=_read_vintages(package.tables.get("vintages"), axes),
        unofficial=unofficial
        | {name: axes.mask(rows, pl.col(mark).ne_missing("official"), region, year) for name, mark in status.items()},
        preliminary=axes.mask(
            rows,
            pl.col("output_vintage") == "first_published" if "output_vintage" in names else pl.lit(value=False),
            region,
            year,
        ),
        breaks=axes.mask(
            rows, pl.col("employment_break") == 1 if "employment_break" in names else pl.lit(value=False), region, year
        ),
        hours_per_person="per person" in package.units.get("accounts", {}).get("hours", ""),
    )


def _year(table: pl.DataFrame, end: str) -> int:
    """Return the first or last year of a table."""
    value = table["year"].min() if end == "min" else table["year"].max()
    if not isinstance(value, int):
        raise InputError("yardstick.no-rows")
    return value


def _status_columns(rows: pl.DataFrame) -> dict[str, str]:
    """Map every column to its status column, where there is one."""
    suffix = "_status"
    return {name.removesuffix(suffix): name for name in rows.columns if name.endswith(suffix)}


def _read_investment(
    table: pl.DataFrame | None, axes: _Axes
) -> tuple[tuple[str, ...], dict[str, FloatArray], dict[str, BoolArray]]:
    """Spread the table `investment` over assets, regions and years."""
    if table is None or not table.height:
        return (), {}, {}
    if "asset" not in table.columns:
        table = table.with_columns(asset=pl.lit(TOTAL_ASSET))
    rows, region, year = axes.place(table.drop_nulls("asset"))
    if rows.is_empty():
        return (), {}, {}
    assets = tuple(rows["asset"].unique().sort().to_list())
    asset = rows["asset"].cast(pl.Enum(assets)).to_physical().to_numpy().astype(np.int64)
    leading = (len(assets),)
    numbers = [name for name, kind in rows.schema.items() if kind.is_numeric() and name != "year"]
    values = {name: axes.spread(rows, name, asset, region, year, leading=leading) for name in numbers}
    marks = {
        name: axes.mask(rows, pl.col(mark).ne_missing("official"), asset, region, year, leading=leading)
        for name, mark in _status_columns(rows).items()
    }
    # In the package format `investment_status` speaks of the amount, `investment_price_status` of its price.
    if "investment" in marks:
        marks["investment_nominal"] = marks.pop("investment")
    return assets, values, marks


def _read_vintages(table: pl.DataFrame | None, axes: _Axes) -> dict[str, FloatArray]:
    """Return the log growth of output of every vintage."""
    if table is None or not table.height or "output_growth" not in table.columns:
        return {}
    names = table["vintage"].unique().sort().to_list()
    out = {}
    for name in names:
        rows, region, year = axes.place(table.filter(pl.col("vintage") == name))
        out[name] = np.log1p(axes.spread(rows, "output_growth", region, year) / 100)
    return out


def require(package: Package, protocol: Protocol) -> list[str]:
    """Check that the protocol can be computed and the package has what it asks; return the tables that are read."""
    protocol.require()
    needed = columns(protocol, given="investment" not in package.tables and _gives_capital(package))
    for table, names in needed.items():
        package.require(table, names, verb="measure", despite=BEARABLE if table == "accounts" else ())
    optional = [name for name in ("regions",) if name in package.tables]
    return [*needed, *optional]


def _gives_capital(package: Package) -> bool:
    """Return whether the accounts carry a capital stock of their own."""
    return "accounts" in package.tables and "capital" in package.tables["accounts"].columns


def columns(protocol: Protocol, *, given: bool = False) -> dict[str, list[str]]:
    """Return the columns of every table that the protocol asks for."""
    # Where two columns would do (real output, or nominal output with its price), neither is asked for here: the builder
    # of that input says what is missing.
    accounts = ["region", "year"]
    needed = {"accounts": accounts}
    match protocol.value("capital.measure"):
        case "given_stock":
            accounts.append("capital")
        case "given_services":
            accounts.append("capital_services")
        case "stock" if given:
            accounts.append("capital")
        case _:
            needed["investment"] = ["region", "year", "investment_nominal", "investment_price"]
    unit = protocol.value("labour.unit")
    accounts.append({"persons": "employment", "hours": "hours", "given_services": "labour_services"}[unit])
    if protocol.value("labour.quality") == "given":
        accounts.append("human_capital")
    if protocol.value("output.vintage") != "latest":
        needed["vintages"] = ["region", "year", "vintage", "output_growth"]
    return needed

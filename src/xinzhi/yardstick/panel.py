"""Panel: the tables of a package aligned by region and year, what a protocol asks of them, and marks of figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl

from xinzhi.core.arrays import BoolArray, FloatArray, IntArray, fill_with_last
from xinzhi.core.errors import InputError
from xinzhi.core.finding import Finding
from xinzhi.core.quarters import is_quarter, label, year_of
from xinzhi.core.result import Provenance
from xinzhi.data import Package, national_series
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


def spread_to_growth(mask: BoolArray) -> BoolArray:
    """Spread a mark of a level to the growth that starts from it: growth touches this year and the year before."""
    out = mask.copy()
    out[..., 1:] |= mask[..., :-1]
    return out


def flag_texts(marks: Mapping[str, BoolArray], shape: tuple[int, int]) -> list[str]:
    """Return the marks of every cell joined by ``;``, cells in row order."""
    code = np.zeros(shape, dtype=np.int64)
    names = sorted(name for name, mask in marks.items() if mask.any())
    for bit, name in enumerate(names):
        code |= marks[name].astype(np.int64) << bit
    kinds, where = np.unique(code.ravel(), return_inverse=True)
    words = [";".join(name for bit, name in enumerate(names) if kind >> bit & 1) for kind in kinds.tolist()]
    return [words[kind] for kind in where.ravel().tolist()]


Source = Package | str | Path | Mapping[str, object]  # a package, its name or path, or a mapping of tables
Ruler = Protocol | str | Path  # a protocol, its identifier, or the path of its file
TOTAL_ASSET, STATUS = "total", "_status"
INVESTMENT_SERIES = ("gfcf_nominal", "gcf_nominal", "gcf_growth_real")
GROWTH = "gdp_growth"  # of the nation's own output
NATIONAL_SERIES = ("labour_share", GROWTH, *INVESTMENT_SERIES)
# Intermediate inputs of gross output: the three kinds where a region has any of them, else all of them together.
KINDS = ("energy", "materials", "services")
TOGETHER = "intermediate"
BOUGHT = (*KINDS, TOGETHER)
BREAK = "series-break"  # the rule of breaks in a series
# Growth over a gap in the accounts is left out and listed; a gap in investment would break every later stock.
READ = ("accounts", "investment", "nation", "vintages")
BEARABLE = ("missing-year",)


def under(rules: Protocol, source: Provenance) -> Provenance:
    """Return a provenance with the protocol that the figures were computed under."""
    return replace(
        source,
        protocol=rules.label,
        protocol_fingerprint=rules.fingerprint,
        standing=rules.standing,
        release=rules.release.mark if rules.release else None,
    )


@dataclass(frozen=True, slots=True)
class Panel:
    """Every series of a package that the yardstick reads, aligned on regions `(R,)` and consecutive years `(T,)`.

    `years` are years, or quarters as the whole numbers of `xinzhi.core.quarters`; `labels` writes them.
    `accounts` and `investment` hold columns `(R, T)` and `(A, R, T)`, NaN without a figure; `vintages` the log growth
    of output in each. Masks: `unofficial` by column, where its status is not ``official``; `preliminary`, output first
    published; `breaks` in employment. `hours_per_person` says whether ``accounts.hours`` are per person.
    `nation` holds the series of the table `nation` that the yardstick reads, each by year; `digests` the fingerprints
    of the tables that all this comes from.
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
    nation: Mapping[str, Mapping[int, float]] = field(default_factory=dict)
    control: Mapping[str, FloatArray] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)

    @property
    def shape(self) -> tuple[int, int]:
        """Number of regions and years."""
        return len(self.regions), len(self.years)

    @property
    def quarterly(self) -> bool:
        """Whether the periods are quarters."""
        return is_quarter(int(self.years[0]))

    @property
    def calendar(self) -> IntArray:
        """The calendar year of every period `(T,)`."""
        return year_of(self.years)

    def account(self, column: str) -> FloatArray:
        """Return a column of `accounts`; all NaN when the package does not have it."""
        values = self.accounts.get(column)
        return np.full(self.shape, np.nan) if values is None else values

    def marked(self, column: str) -> BoolArray:
        """Return the cells of a column that are not official: `(R, T)`, of investment `(A, R, T)`."""
        cells, mask = self.investment.get(column), self.unofficial.get(column)
        if mask is not None:
            return mask
        return np.zeros(self.shape if cells is None else cells.shape, dtype=np.bool_)

    def region_index(self, region: str) -> int:
        """Return the position of a region; an `InputError` says that the package has none such."""
        if region not in self.regions:
            raise InputError("yardstick.unknown-region", region=region, known=list(self.regions[:8]))
        return self.regions.index(region)


@dataclass(frozen=True, slots=True)
class _Cells:
    """Rows of a table with their places on the axes of the panel."""

    rows: pl.DataFrame
    index: tuple[IntArray, ...]
    shape: tuple[int, ...]

    @classmethod
    def from_table(
        cls, table: pl.DataFrame, *, regions: tuple[str, ...], first: int, last: int, assets: tuple[str, ...] = ()
    ) -> _Cells:
        """Take the rows that lie on the axes: assets where there are any, regions and years."""
        rows = table.filter(pl.col("region").is_in(regions) & pl.col("year").is_between(first, last))
        axes = {name: codes for name, codes in (("asset", assets), ("region", regions)) if codes}
        codes = [rows[name].cast(pl.Enum(codes)).to_physical().to_numpy() for name, codes in axes.items()]
        index = tuple(code.astype(np.int64) for code in (*codes, rows["year"].to_numpy() - first))
        return cls(rows, index, (*map(len, axes.values()), last - first + 1))

    def spread(self, column: str) -> FloatArray:
        """Spread a column over an array that is NaN where there is no row."""
        out = np.full(self.shape, np.nan)
        out[self.index] = self.rows[column].to_numpy().astype(np.float64)
        return out

    def figures(self) -> dict[str, FloatArray]:
        """Spread every column of numbers."""
        schema = self.rows.schema.items()
        return {name: self.spread(name) for name, kind in schema if kind.is_numeric() and name != "year"}

    def mask(self, condition: pl.Expr) -> BoolArray:
        """Spread a condition over an array that is False where there is no row."""
        out = np.zeros(self.shape, dtype=np.bool_)
        out[self.index] = self.rows.select(condition).to_series().fill_null(value=False).to_numpy()
        return out

    def unofficial(self) -> dict[str, BoolArray]:
        """Return for every column with a status where it is not official."""
        status = [name for name in self.rows.columns if name.endswith(STATUS)]
        return {name.removesuffix(STATUS): self.mask(pl.col(name).ne_missing("official")) for name in status}


def _is(rows: pl.DataFrame, column: str, value: object) -> pl.Expr:
    return pl.col(column).eq(value) if column in rows.columns else pl.lit(value=False)


def read_panel(package: Package) -> Panel:
    """Align the tables of a package on regions and years."""
    # Regions are those of `accounts`, sorted; years run from the first of `accounts` or `investment` to the last of
    # `accounts`. Which columns must be there is the business of the builders, not of this function.
    accounts = package.require("accounts", ["region", "year"], verb="measure", despite=BEARABLE)
    investment = package.optional("investment", verb="measure", despite=BEARABLE)
    regions = tuple(accounts["region"].unique().sort().to_list())
    first, last = _year(accounts, "min"), _year(accounts, "max")
    if investment is not None and investment.height:
        first = min(first, _year(investment, "min"))
    axes = partial(_Cells.from_table, regions=regions, first=first, last=last)
    nation, cells = _read_nation(package), axes(accounts)
    assets, invested, unofficial = _read_investment(investment, axes)
    return Panel(
        regions=regions,
        years=np.arange(first, last + 1, dtype=np.int64),
        accounts=cells.figures(),
        assets=assets,
        investment=invested,
        vintages=_read_vintages(package.optional("vintages", verb="measure", despite=BEARABLE), axes),
        unofficial=unofficial | cells.unofficial(),
        preliminary=cells.mask(_is(accounts, "output_vintage", "first_published")),
        breaks=cells.mask(_is(accounts, "employment_break", 1)),
        hours_per_person="per person" in package.units.get("accounts", {}).get("hours", ""),
        nation=nation,
        control=control_index(nation, np.arange(first, last + 1, dtype=np.int64)),
        digests={name: package.fingerprint(name) for name in READ if name in package.tables},
    )


def _read_nation(package: Package) -> dict[str, dict[int, float]]:
    """Return the national series that the yardstick reads, by year; what cannot be read `require` has refused."""
    if "nation" not in package.tables:
        return {}
    series_by_name = {}
    for name in NATIONAL_SERIES:
        with suppress(InputError):
            series_by_name[name] = _national(package, name)
    return series_by_name


def _national(package: Package, name: str) -> dict[int, float]:
    """Return a series of the table `nation` by year, in the unit that the yardstick reads it in."""
    amounts = package.units.get("investment", {}).get("investment_nominal") or None
    units = {"labour_share": "ratio", GROWTH: "percent", "gfcf_nominal": amounts, "gcf_nominal": amounts}
    series = national_series(package, name, unit=units.get(name), verb="measure")
    return dict(series.select("year", "value").iter_rows())


def labels(periods: IntArray) -> pl.Series:
    """Return periods as frames show them: years as they are, quarters as ``1947Q2``."""
    if periods.size and is_quarter(int(periods.flat[0])):
        return pl.Series("year", [str(label(period)) for period in periods.tolist()], dtype=pl.String)
    return pl.Series("year", periods, dtype=pl.Int64)


def require_yearly(panel: Panel, verb: str) -> None:
    """Refuse quarters for a verb that goes by years: an `InputError` says so."""
    if panel.quarterly:
        raise InputError("yardstick.yearly-only", verb=verb)


def control_index(nation: Mapping[str, Mapping[int, float]], years: IntArray) -> dict[str, FloatArray]:
    """Return the log index `(T,)` of national gross fixed capital formation: at current prices, and in volume."""
    # The volume is published for capital formation with inventories. It is brought to fixed capital formation by the
    # ratio of both at current prices, held after its last year: inventories are taken to have the price of the whole.

    def series(name: str) -> FloatArray:
        by_year = nation.get(name, {})
        return np.array([by_year.get(year, np.nan) for year in years.tolist()])

    with np.errstate(invalid="ignore", divide="ignore"):
        fixed, total = np.log(series("gfcf_nominal")), np.log(series("gcf_nominal"))
    growth = np.log1p(series("gcf_growth_real") / 100)
    indices: dict[str, FloatArray] = {}
    if np.isfinite(fixed).any():
        indices["national_value"] = fixed
    if np.isfinite(growth).any() and np.isfinite(fixed - total).any():
        first = int(np.isfinite(growth).argmax())
        path = np.cumsum(np.where(np.isfinite(growth), growth, np.where(np.arange(len(years)) < first, 0.0, np.nan)))
        indices["national_volume"] = np.where(
            np.arange(len(years)) < first - 1, np.nan, path + fill_with_last(fixed - total)
        )
    return indices


def _year(table: pl.DataFrame, end: str) -> int:
    """Return the first or last year of a table."""
    value = table["year"].min() if end == "min" else table["year"].max()
    if not isinstance(value, int):
        raise InputError("yardstick.no-rows")
    return value


def _read_investment(
    table: pl.DataFrame | None, axes: Callable[..., _Cells]
) -> tuple[tuple[str, ...], dict[str, FloatArray], dict[str, BoolArray]]:
    """Spread the table `investment` over assets, regions and years."""
    if table is None or not table.height:
        return (), {}, {}
    if "asset" not in table.columns:
        table = table.with_columns(asset=pl.lit(TOTAL_ASSET))
    assets = tuple(axes(table).rows["asset"].drop_nulls().unique().sort().to_list())
    if not assets:
        return (), {}, {}
    cells = axes(table.drop_nulls("asset"), assets=assets)
    marks = cells.unofficial()
    # In the package format `investment_status` speaks of the amount, `investment_price_status` of its price.
    if "investment" in marks:
        marks["investment_nominal"] = marks.pop("investment")
    return assets, cells.figures(), marks


def _read_vintages(table: pl.DataFrame | None, axes: Callable[..., _Cells]) -> dict[str, FloatArray]:
    """Return the log growth of output of every vintage."""
    if table is None or not table.height or "output_growth" not in table.columns:
        return {}
    names = table["vintage"].unique().sort().to_list()
    cells = {name: axes(table.filter(pl.col("vintage") == name)) for name in names}
    return {name: np.log1p(cells_of_vintage.spread("output_growth") / 100) for name, cells_of_vintage in cells.items()}


def require(package: Package, protocol: Protocol) -> list[str]:
    """Check that the protocol can be computed and the package has what it asks; return the tables that are read."""
    protocol.require()
    has_stock = "accounts" in package.tables and "capital" in package.tables["accounts"].columns
    needed = columns(protocol, has_stock=has_stock and "investment" not in package.tables)
    for table, names in needed.items():
        package.require(table, names, verb="measure", despite=BEARABLE if table == "accounts" else ())
    national = _from_nation(protocol)
    nation = package.tables.get("nation")
    if nation is not None and "variable" in nation.columns:
        present = set(nation["variable"].to_list())
        for name in national:
            if name in present or name == "labour_share":
                _national(package, name)
    optional = ["regions", *(["nation"] if national else [])]
    return [*needed, *(name for name in optional if name in package.tables)]


def _from_nation(protocol: Protocol) -> list[str]:
    """Return the national series that the protocol takes from the package; the drift of bands is learned from them."""
    share = protocol.value("shares.rule") == "observed_national" and not protocol.declares("shares.national")
    level = protocol.choice("capital.benchmark") == "national" and not protocol.declares("capital.national_ratio")
    controlled = level or protocol.choice("estimates.control_total", "none") != "none"
    return [*(["labour_share"] if share else []), *(INVESTMENT_SERIES if controlled else [])]


def touching(package: Package, protocol: Protocol) -> tuple[Finding, ...]:
    """Return the findings of a package that touch what a protocol reads from it: tables, columns, and their status.

    Breaks are judged from the series themselves, which a protocol mends or not; they are left to who lists them.
    """
    columns_read = columns(protocol)
    columns_read["accounts"] += list(_figures(protocol))
    columns_read["regions"] = ["region"]
    if "investment" in columns_read and protocol.value("capital.measure") == "stock":
        columns_read["accounts"].append("capital")
    if "investment" in columns_read:
        columns_read["investment"].append("depreciation_nominal")
    if _from_nation(protocol):
        columns_read["nation"] = ["value", "year"]
    cells = {
        (table, name)
        for table, names in columns_read.items()
        for column in names
        for name in (column, f"{column.removesuffix('_nominal')}_status", f"{column}_status")
    }
    return tuple(
        entry
        for entry in package.findings
        if entry.table in columns_read
        and (entry.column is None or (entry.table, entry.column) in cells)
        and entry.rule != BREAK
    )


def _figures(protocol: Protocol) -> Iterator[str]:
    """Yield the columns of `accounts` from which the inputs are built, beside those that a package must have."""
    if protocol.value("output.concept") == "gross_output":
        yield from (f"{name}_{kind}" for name in BOUGHT for kind in ("nominal", "real"))
    else:
        yield from ("output_real", "output_nominal", "output_price", "output_vintage")
    if protocol.value("labour.unit") != "given_services":
        yield from ("employment", "employment_break")
        if protocol.value("labour.quality") == "schooling":
            yield from ("schooling", "human_capital")
    if protocol.choice("capital.benchmark", "none") != "none":
        yield "expenditure_gdp"
    if protocol.value("shares.rule") == "observed_regional":
        yield from ("labour_share", "labour_compensation", "employee_compensation", "employee_hours", "hours")


def columns(protocol: Protocol, *, has_stock: bool = False) -> dict[str, list[str]]:
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
        case "stock" if has_stock:
            accounts.append("capital")
        case _:
            needed["investment"] = ["region", "year", "investment_nominal", "investment_price"]
    unit = protocol.value("labour.unit")
    accounts.append({"persons": "employment", "hours": "hours", "given_services": "labour_services"}[unit])
    if protocol.value("output.concept") == "gross_output":
        accounts += ["gross_output_nominal", "gross_output_real"]
    if protocol.value("labour.quality") == "given":
        accounts.append("human_capital")
    if protocol.value("output.vintage") != "latest":
        needed["vintages"] = ["region", "year", "vintage", "output_growth"]
    return needed

"""Knowledge: stocks of R&D or patents, shares that show innovation, and how much more productive knowledge makes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from xinzhi.core.arrays import AnyFrame, FloatArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.inventory import geometric, steady_state
from xinzhi.core.regression import Engine, Regression, codes, fixed_effects
from xinzhi.data import Package
from xinzhi.sources.assumptions import setting
from xinzhi.sources.reading import read, require_positive


def knowledge_stock(
    frame: AnyFrame,
    *,
    value: str,
    price: str | None = None,
    obsolescence: float | None = None,
    keys: tuple[str, str] = ("region", "year"),
) -> pl.DataFrame:
    """Return the stock of knowledge that R&D spending or patents leave behind.

    Parameters
    ----------
    frame
        One row per region and year (the `keys`).
    value, price
        Columns: the flow (R&D at current prices, or patents granted), and its price index where it is money.
    obsolescence
        Rate at which knowledge loses its worth; by default that of the conventions, 15 %.

    Returns
    -------
    polars.DataFrame
        Region and year, ``flow`` (real) and ``stock`` at the end of the year, in the unit of the flow.

    Raises
    ------
    InputError, UsageError
        When a figure is missing inside a region's years, or negative; when the rate is no ratio.

    Notes
    -----
    Griliches (1979), Bell Journal of Economics 10(1): ``S[t] = (1 - d) S[t-1] + R[t]``, beginning with the steady state
    ``R / (g + d)``. The growth g is that of all regions together over the first years: the single region's first years
    may be a handful of projects.

    Examples
    --------
    >>> import polars as pl
    >>> rows = pl.DataFrame({"region": ["r"] * 3, "year": [0, 1, 2], "rd": [10.0, 10.0, 10.0]})
    >>> knowledge_stock(rows, value="rd")["stock"].round(3).to_list()
    [66.667, 66.667, 66.667]
    """
    rate = setting("obsolescence") if obsolescence is None else obsolescence
    if not 0 < rate < 1:
        raise UsageError("sources.obsolescence", rate=rate)
    region, year = keys
    rows, _ = read(frame, keys, [value, *([price] if price else [])], year=year)
    rows = rows.with_columns(flow=pl.col(value) / pl.col(price) if price else pl.col(value))
    _whole(rows, keys, value)
    regions, years = rows[region].unique().sort(), rows[year].unique().sort()
    flow = np.full((len(regions), len(years)), np.nan)
    place = (regions.search_sorted(rows[region]).to_numpy(), years.search_sorted(rows[year]).to_numpy())
    flow[place] = rows["flow"].to_numpy()
    start = np.isfinite(flow).argmax(axis=1)
    first = np.take_along_axis(flow, start[:, None], axis=1)[:, 0]
    begin = steady_state(first, _common_growth(flow), rate)
    if not np.isfinite(begin).all():
        raise InputError("sources.no-steady-state", value=value)
    stock = geometric(flow, rate, begin, start=start)
    return rows.select(region, year, "flow").with_columns(pl.Series("stock", stock[place]))


def _whole(rows: pl.DataFrame, keys: tuple[str, str], value: str) -> None:
    """Refuse missing and negative flows, and years missing inside a region's span: a stock adds up every year."""
    region, year = keys
    bad = rows.filter(pl.col("flow").is_null() | (pl.col("flow") < 0))
    gap = rows.with_columns(step=pl.col(year).diff().over(region)).filter(pl.col("step") != 1)
    if bad.height or gap.height:
        place = (bad if bad.height else gap).select(keys).row(0)
        raise InputError(
            "sources.flow-unusable" if bad.height else "sources.flow-gap", value=value, region=place[0], year=place[1]
        )


def _common_growth(flow: FloatArray) -> float:
    """Return the yearly growth of the flow of all regions together over their first common years."""
    whole = np.flatnonzero(np.isfinite(flow).all(axis=0))
    if whole.size <= 1:
        raise InputError("sources.no-common-years")
    last = whole[min(int(setting("growth_years")), whole.size - 1)]
    total = flow.sum(axis=0)
    if not total[whole[0]] > 0:
        raise InputError("sources.flow-of-nothing")
    return float((total[last] / total[whole[0]]) ** (1 / (last - whole[0])) - 1)


@dataclass(frozen=True, slots=True)
class InnovationShares:
    """Shares that show innovation."""

    frame: pl.DataFrame
    missing: pl.DataFrame


def innovation_shares(package: Package) -> InnovationShares:
    """Return the shares of high technology, R&D and new products that the package's indicators give.

    An `InputError` says that a table is missing or has errors, or that two figures are in units that do not convert.

    Examples
    --------
    >>> from xinzhi.data import load
    >>> found = innovation_shares(load("china-provinces"))
    >>> found.frame["share"].unique().sort().to_list()
    ['hightech_revenue_to_output', 'new_product_share', 'rd_intensity', 'technology_market_to_output']
    """
    indicators = package.require("indicators", ["region", "year", "indicator", "value"], verb="sources.innovation")
    package.require("accounts", ["region", "year"], verb="sources.innovation", despite=("missing-year",))
    tables, lacking = [], []
    for name, entry in setting("shares").items():
        parts = [_series(package, indicators, entry[end]) for end in ("numerator", "denominator")]
        missing = [entry[end] for end, part in zip(("numerator", "denominator"), parts, strict=True) if part is None]
        if missing:
            lacking.append((name, ", ".join(missing), entry["zh"], entry["en"]))
            continue
        top, bottom = (part for part in parts if part is not None)
        scale = _scale(_unit(package, entry["numerator"]), _unit(package, entry["denominator"]))
        tables.append(
            top.join(bottom, on=["region", "year"], suffix="_bottom")
            .filter(pl.col("value_bottom") > 0)
            .select("region", "year", share=pl.lit(name), value=pl.col("value") * scale / pl.col("value_bottom"))
        )
    schema = {"region": pl.String, "year": pl.Int64, "share": pl.String, "value": pl.Float64}
    names = {"share": pl.String, "missing": pl.String, "title_zh": pl.String, "title_en": pl.String}
    frame = pl.concat([pl.DataFrame(schema=schema), *tables]).sort("share", "region", "year")
    return InnovationShares(frame, pl.DataFrame(lacking, schema=names, orient="row"))


def _series(package: Package, indicators: pl.DataFrame, name: str) -> pl.DataFrame | None:
    """Return an indicator, or a column of accounts, as ``region, year, value``; None where the package has none."""
    table, _, column = name.rpartition(".")
    if table:
        source = package.tables[table]
        rows = source.select("region", "year", value=column) if column in source.columns else source.head(0)
    else:
        rows = indicators.filter(pl.col("indicator") == name).select("region", "year", "value")
    known = rows.drop_nulls()
    return known if known.height else None


def _unit(package: Package, name: str) -> str:
    """Return the unit of an indicator from the descriptor, or of a column."""
    table, _, column = name.rpartition(".")
    if table:
        return package.units.get(table, {}).get(column, "")
    for resource in package.descriptor.get("resources", ()):
        if resource.get("name") == "indicators":
            return str(resource.get("indicators", {}).get(name, {}).get("unit", ""))
    return ""


def _scale(numerator: str, denominator: str) -> float:
    """Return the factor that brings both to one unit; 1 where a unit is not declared."""
    from xinzhi.data import units

    if not numerator or not denominator:
        return 1.0
    return float(units.factor(units.parse(numerator), units.parse(denominator)))


def knowledge_elasticity(
    tfp: AnyFrame,
    stock: AnyFrame,
    spillover: AnyFrame | None = None,
    *,
    level: str = "tfp_level",
    keys: tuple[str, str] = ("region", "year"),
    engine: Engine = "numpy",
) -> Regression:
    r"""Regress the log of TFP on the log of the knowledge stock of the year before, and of the spillovers.

    Parameters
    ----------
    tfp
        One row per region and year (the `keys`) with the `level` of TFP, a ratio, such as `Measurement.levels`.
    stock, spillover
        ``stock`` from `knowledge_stock` and ``spillover`` from `spillovers`, by region and year.
    engine
        ``numpy`` or ``linearmodels`` (the extra `panel`).

    Returns
    -------
    Regression
        Effects of regions and years; standard errors clustered by region.

    Raises
    ------
    InputError
        When no region-year has both, or figures are not positive.

    Notes
    -----
    Griliches (1979), Bell Journal of Economics 10(1), equation 7 with TFP on the left:
    :math:`\ln A_{rt} = \gamma \ln S_{rt-1} + \mu \ln P_{rt-1} + \alpha_r + \tau_t + \varepsilon_{rt}`. An association
    within regions, no proof of cause: what raises TFP also pays for research.

    Examples
    --------
    >>> import polars as pl
    >>> grid = [(r, t, 1.0 + n + 0.1 * t * n * n) for n, r in enumerate("abc") for t in range(5)]
    >>> stock = pl.DataFrame(grid, schema=["region", "year", "stock"], orient="row")
    >>> tfp = stock.select("region", pl.col("year") + 1, tfp_level=pl.col("stock") ** 0.1)
    >>> knowledge_elasticity(tfp, stock).coefficients.round(9).tolist()
    [0.1]
    """
    region, year = keys
    rows, _ = read(tfp, keys, [level], year=year)
    parts = [("stock", stock)] + ([] if spillover is None else [("spillover", spillover)])
    for name, frame in parts:
        own = read(frame, keys, [name], year=year)[0].with_columns(pl.col(year) + 1)
        rows = rows.join(own, on=list(keys), maintain_order="left")
    rows = rows.drop_nulls()
    names = [name for name, _ in parts]
    if rows.height <= len(names) + 1:
        raise InputError("sources.no-knowledge-years")
    require_positive(rows, [level, *names], keys)
    logs = rows.select(pl.col(level, *names).log())
    unit = codes(rows[region].to_list())
    terms = [f"log {name}, year before" for name in names]
    effects = [unit, codes(rows[year].to_list())]
    return fixed_effects(logs[level].to_numpy(), logs.select(names).to_numpy(), terms, effects, unit, engine=engine)

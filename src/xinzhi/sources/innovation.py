"""Breakthrough in depth: what regions know, what their neighbours know, and what it does to productivity.

Verbs: `knowledge_stock` adds up R&D or patents, `spillovers` weighs the stocks of other regions by nearness in space or
in technology, `knowledge_elasticity` relates TFP to both, `innovation_shares` returns shares of high technology and new
products.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.arrays import AnyFrame, FloatArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.inventory import geometric, steady_state
from xinzhi.core.regression import Engine, Regression, codes, fixed_effects
from xinzhi.core.result import Facts, Result
from xinzhi.core.text import Text
from xinzhi.data import Package, units
from xinzhi.sources.assumptions import (
    in_depth_parts,
    left_out,
    left_out_facts,
    read,
    require_positive,
    setting,
    span_text,
)
from xinzhi.sources.result import Sources

__all__ = [
    "Innovation", "geographic_proximity", "in_depth", "innovation_shares",
    "knowledge_elasticity", "knowledge_stock", "spillovers", "technological_proximity",
]  # fmt: skip


def technological_proximity(
    frame: AnyFrame, *, value: str = "employment", keys: tuple[str, str] = ("region", "industry")
) -> pl.DataFrame:
    r"""Return how alike the regions are in what they make: the cosine of their shares.

    Parameters
    ----------
    frame
        One row per region and industry or technology class (the `keys`).
    value
        Column: employment, output or patents.

    Returns
    -------
    polars.DataFrame
        ``region, other, weight``, every pair of different regions; 0 is nothing in common, 1 the same shares.

    Notes
    -----
    Jaffe (1986), American Economic Review 76(5): :math:`P_{rs} = f_r'f_s / (\|f_r\|\,\|f_s\|)`.

    Examples
    --------
    >>> import polars as pl
    >>> rows = {"region": ["r", "r", "s"], "industry": ["a", "b", "a"], "employment": [1.0, 1.0, 2.0]}
    >>> technological_proximity(pl.DataFrame(rows))["weight"].round(4).to_list()
    [0.7071, 0.7071]
    """
    rows = read(frame, keys, [value])
    regions, fields = rows[keys[0]].unique().sort(), rows[keys[1]].unique().sort()
    table = np.zeros((len(regions), len(fields)))
    place = (regions.search_sorted(rows[keys[0]]).to_numpy(), fields.search_sorted(rows[keys[1]]).to_numpy())
    table[place] = rows[value].fill_null(0.0).to_numpy()
    if (table < 0).any() or not (table.sum(axis=1) > 0).all():
        raise InputError("sources.no-profile", value=value)
    unit = table / np.sqrt((table**2).sum(axis=1, keepdims=True))
    return _pairs(regions, unit @ unit.T)


def geographic_proximity(
    frame: AnyFrame,
    *,
    decay_km: float | None = None,
    columns: tuple[str, str, str] = ("region", "latitude", "longitude"),
) -> pl.DataFrame:
    r"""Return how near the regions are: an exponential of the distance between them.

    Parameters
    ----------
    frame
        One row per region with latitude and longitude in degrees, of its capital or centre (the `columns`).
    decay_km
        Distance over which the weight falls to 1/e; by default that of the conventions.

    Returns
    -------
    polars.DataFrame
        ``region, other, weight``, every pair of different regions.

    Notes
    -----
    Keller (2002), American Economic Review 92(1): :math:`\exp(-d_{rs}/\lambda)` of the great-circle distance.

    Examples
    --------
    >>> import polars as pl
    >>> rows = pl.DataFrame({"region": ["bj", "tj"], "latitude": [39.904, 39.125], "longitude": [116.407, 117.19]})
    >>> geographic_proximity(rows, decay_km=100)["weight"].round(2).to_list()
    [0.33, 0.33]
    """
    reach = float(setting("decay_km")) if decay_km is None else decay_km
    if not reach > 0:
        raise UsageError("sources.decay", decay_km=decay_km)
    region, latitude, longitude = columns
    rows = read(frame, [region], [latitude, longitude])
    north, east = (np.radians(rows[name].fill_null(np.nan).to_numpy()) for name in (latitude, longitude))
    if not (np.isfinite(north).all() and np.isfinite(east).all() and (np.abs(north) <= np.pi / 2).all()):
        raise InputError("sources.no-coordinates", latitude=latitude, longitude=longitude)
    half = np.sin((north[:, None] - north) / 2) ** 2
    half = half + np.cos(north[:, None]) * np.cos(north) * np.sin((east[:, None] - east) / 2) ** 2
    distance = 2 * setting("earth_radius_km") * np.arcsin(np.sqrt(np.clip(half, 0, 1)))
    return _pairs(rows[region], np.exp(-distance / reach))


def spillovers(
    stock: AnyFrame, weights: AnyFrame, *, value: str = "stock", keys: tuple[str, str] = ("region", "year")
) -> pl.DataFrame:
    """Return the knowledge of the other regions, weighted.

    Parameters
    ----------
    stock
        One row per region and year (the `keys`) with the column `value`, such as `knowledge_stock` returns.
    weights
        ``region, other, weight`` from `technological_proximity`, `geographic_proximity`, or of one's own.

    Returns
    -------
    polars.DataFrame
        Region and year, ``spillover``; only for years in which every other region with a weight has a stock.

    Examples
    --------
    >>> import polars as pl
    >>> stock = pl.DataFrame({"region": ["r", "s"], "year": [1, 1], "stock": [10.0, 20.0]})
    >>> weights = pl.DataFrame({"region": ["r", "s"], "other": ["s", "r"], "weight": [0.5, 0.5]})
    >>> spillovers(stock, weights)["spillover"].to_list()
    [10.0, 5.0]
    """
    region, year = keys
    rows = read(stock, keys, [value], year=year)
    pairs = read(weights, ["region", "other"], ["weight"])
    pairs = pairs.filter(pl.col("region") != pl.col("other"), pl.col("weight") != 0)
    lone = [name for name in rows[region].unique().sort().to_list() if name not in set(pairs["region"].to_list())]
    if lone:
        raise InputError("sources.no-weights", regions=list(map(str, lone[:5])))
    needed = pairs.group_by("region").agg(others=pl.len())
    return (
        pairs.join(rows.drop_nulls().rename({region: "other"}), on="other")
        .group_by("region", year)
        .agg(spillover=(pl.col("weight") * pl.col(value)).sum(), here=pl.len())
        .join(needed, on="region")
        .filter(pl.col("here") == pl.col("others"))
        .select(pl.col("region").alias(region), year, "spillover")
        .sort(keys)
    )


def _pairs(regions: pl.Series, matrix: FloatArray) -> pl.DataFrame:
    """Return the cells off the diagonal."""
    row, column = np.nonzero(~np.eye(len(regions), dtype=np.bool_))
    return pl.DataFrame({"region": regions.gather(row), "other": regions.gather(column), "weight": matrix[row, column]})


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
    rows = read(frame, keys, [value, *([price] if price else [])], year=year)
    rows = rows.with_columns(flow=pl.col(value) / pl.col(price) if price else pl.col(value))
    # a stock adds up every year: no flow may be missing or negative, nor a year inside a region's span
    bad = rows.filter(pl.col("flow").is_null() | (pl.col("flow") < 0))
    gap = rows.with_columns(step=pl.col(year).diff().over(region)).filter(pl.col("step") != 1)
    if bad.height or gap.height:
        code, date = (bad if bad.height else gap).select(keys).row(0)
        if bad.height:
            raise InputError("sources.flow-unusable", value=value, region=code, year=date)
        raise InputError("sources.flow-gap", value=value, region=code, year=date)
    regions, years = rows[region].unique().sort(), rows[year].unique().sort()
    flow = np.full((len(regions), len(years)), np.nan)
    place = (regions.search_sorted(rows[region]).to_numpy(), years.search_sorted(rows[year]).to_numpy())
    flow[place] = rows["flow"].to_numpy()
    start = np.isfinite(flow).argmax(axis=1)
    first = np.take_along_axis(flow, start[:, None], axis=1)[:, 0]
    # the yearly growth of the flow of all regions together over their first common years
    common = np.flatnonzero(np.isfinite(flow).all(axis=0))
    if common.size <= 1:
        raise InputError("sources.no-common-years")
    last, total = common[min(int(setting("growth_years")), common.size - 1)], flow.sum(axis=0)
    if not total[common[0]] > 0:
        raise InputError("sources.flow-of-nothing")
    growth = float((total[last] / total[common[0]]) ** (1 / (last - common[0])) - 1)
    begin = steady_state(first, growth, rate)
    if not np.isfinite(begin).all():
        raise InputError("sources.no-steady-state", value=value)
    stock = geometric(flow, rate, begin, start=start)
    return rows.select(region, year, "flow").with_columns(pl.Series("stock", stock[place]))


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
        ends = (entry["numerator"], entry["denominator"])
        top, bottom = (_series(package, indicators, end) for end in ends)
        missing = [end for end, part in zip(ends, (top, bottom), strict=True) if not part.height]
        if missing:
            lacking.append((name, ", ".join(missing), entry["zh"], entry["en"]))
            continue
        over, under = (_unit(package, end) for end in ends)  # 1 where a unit is not declared
        scale = float(units.factor(units.parse(over), units.parse(under))) if over and under else 1.0
        tables.append(
            top.join(bottom, on=["region", "year"], suffix="_bottom")
            .filter(pl.col("value_bottom") > 0)
            .select("region", "year", share=pl.lit(name), value=pl.col("value") * scale / pl.col("value_bottom"))
        )
    schema = {"region": pl.String, "year": pl.Int64, "share": pl.String, "value": pl.Float64}
    names = {"share": pl.String, "missing": pl.String, "title_zh": pl.String, "title_en": pl.String}
    frame = pl.concat([pl.DataFrame(schema=schema), *tables]).sort("share", "region", "year")
    return InnovationShares(frame, pl.DataFrame(lacking, schema=names, orient="row"))


def _series(package: Package, indicators: pl.DataFrame, name: str) -> pl.DataFrame:
    """Return an indicator, or a column of accounts, as ``region, year, value``; no rows where the package has none."""
    table, _, column = name.rpartition(".")
    if table:
        source = package.tables[table]
        rows = source.select("region", "year", value=column) if column in source.columns else source.head(0)
    else:
        rows = indicators.filter(pl.col("indicator") == name).select("region", "year", "value")
    return rows.drop_nulls()


def _unit(package: Package, name: str) -> str:
    """Return the unit of an indicator from the descriptor, or of a column."""
    table, _, column = name.rpartition(".")
    if table:
        return package.units.get(table, {}).get(column, "")
    for resource in package.descriptor.get("resources", ()):
        if resource.get("name") == "indicators":
            return str(resource.get("indicators", {}).get(name, {}).get("unit", ""))
    return ""


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
    rows = read(tfp, keys, [level], year=year)
    parts = [("stock", stock)] + ([] if spillover is None else [("spillover", spillover)])
    for name, frame in parts:
        column = read(frame, keys, [name], year=year).with_columns(pl.col(year) + 1)
        rows = rows.join(column, on=list(keys), maintain_order="left")
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


@dataclass(frozen=True, repr=False, kw_only=True)
class Innovation(Result, verb="sources_innovation", topic="sources", key=("region", "year", "share")):
    """What the regions put into new technology: shares as ratios, from `innovation_shares`.

    `stock` of knowledge is at constant prices, None without R&D expenditure; `elasticity` is of TFP on the stock of the
    year before, over the `years`, None where it cannot be estimated; `left_out` is what the package does not allow.
    `guessed` are years in which figures of some region are extrapolated.
    """

    stock: pl.DataFrame | None
    elasticity: Regression | None
    left_out: pl.DataFrame
    regions: pl.DataFrame
    guessed: tuple[int, ...]
    years: tuple[int, int] | None

    def leading(self) -> pl.DataFrame:
        """Return ``region, year, value`` of the first share of the conventions that there is, its last year."""
        available = self.frame["share"].unique().to_list()
        name = next(name for name in setting("shares") if name in available)
        rows = self.frame.filter(pl.col("share") == name)
        last = rows.group_by("year").len().sort("len", "year").row(-1)[0]
        return rows.filter(pl.col("year") == last).sort("value", descending=True)

    @property
    def last_years(self) -> dict[str, int]:
        """The last year of every share."""
        return dict(self.frame.group_by("share").agg(pl.col("year").max()).sort("share").iter_rows())

    @property
    def latest_shares(self) -> pl.DataFrame:
        """The shares by region, one column each, in the last year that it has."""
        last = self.last_years
        ends = pl.DataFrame({"share": list(last), "year": list(last.values())})
        rows = self.frame.join(ends, on=["share", "year"], maintain_order="left")
        return rows.pivot("share", index="region", values="value", maintain_order=True)

    def facts(self) -> Facts:
        """Return which regions lead and trail in the leading share, and what TFP has to do with knowledge."""
        rows = self.leading()
        first, last = rows.row(0, named=True), rows.row(-1, named=True)
        high, low = self.names.region(first["region"]), self.names.region(last["region"])
        ends = {"high": high, "low": low, "most": first["value"], "least": last["value"], "year": first["year"]}
        ends["alone"] = rows.height == 1
        facts: Facts = {"innovation.ends": ends | {"title": share_title(first["share"])}}
        if self.elasticity is not None and self.years is not None:  # whether TFP grew with knowledge
            fit = self.elasticity
            value, error = float(fit.coefficients[0]), float(fit.standard_errors[0])
            clear = abs(value) >= setting("significant") * error
            way = "none"
            if clear:
                way = "faster" if value > 0 else "slower"
            span = span_text(*self.years, self.guessed)
            facts["innovation.elasticity"] = {"way": way, "value": value, "error": error, "span": span}
        return {**facts, **left_out_facts(self.left_out)}


def share_title(name: str) -> Text:
    """Return the title of a share of the conventions."""
    entry = setting("shares")[name]
    return Text(zh=entry["zh"], en=entry["en"])


def in_depth(result: Sources, package: Package) -> Innovation:
    """Look deeper into breakthrough: shares of innovation, the stock of knowledge, and what TFP has to do with it.

    Parameters
    ----------
    result, package
        A decomposition of the package, and the package, for its tables `indicators` and `accounts`.

    Raises
    ------
    InputError
        When the package has no indicator that a share takes.

    Examples
    --------
    >>> import xinzhi
    >>> package = xinzhi.load("china-provinces")
    >>> found = in_depth(xinzhi.sources.decompose(package), package)
    >>> found.leading()["region"][0], found.left_out["measure_en"].to_list()
    ('110000', [])
    """
    innovation = innovation_shares(package)
    lacking: list[tuple[Text, Text]] = [
        (share_title(name), words.sources.measure_no_indicator(missing=missing.split(", ")))
        for name, missing, *_ in innovation.missing.rows()
    ]
    if not innovation.frame.height:
        raise InputError("sources.no-innovation", name=package.name, why=[why for _, why in lacking])
    stock = fit = years = None
    try:
        stock = knowledge_stock(_research(package), value="value", price="price")
        fit = knowledge_elasticity(result.measurement.levels, stock)
        used = set(stock["year"] + 1) & set(result.measurement.levels.drop_nulls("tfp_level")["year"])
        years = min(used), max(used)
    except InputError as error:
        lacking.append((words.sources.measure_knowledge(), error.text))
    parts = in_depth_parts(result.measurement, result, "innovation")
    read_tables = {**result.provenance.inputs, "indicators": package.fingerprint("indicators")}
    return Innovation(
        frame=innovation.frame.select("region", "year", "share", "value"),
        stock=stock,
        elasticity=fit,
        years=years,
        left_out=left_out(lacking),
        **parts | {"provenance": replace(parts["provenance"], inputs=read_tables)},
    )


def _research(package: Package) -> pl.DataFrame:
    """Return R&D expenditure and the price of the region's output, a proxy for the price of research."""
    name = setting("flow")
    spent = package.tables["indicators"].filter(pl.col("indicator") == name).select("region", "year", "value")
    if not spent.height:
        raise InputError("sources.no-research", package=package.name, name=name)
    columns = ["region", "year", "output_nominal", "output_real"]
    accounts = package.require("accounts", columns, verb="sources.innovation", despite=("missing-year",))
    price = accounts.select("region", "year", price=pl.col("output_nominal") / pl.col("output_real"))
    return spent.drop_nulls().join(price.drop_nulls(), on=["region", "year"], how="left")

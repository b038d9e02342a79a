"""Marginal products of capital and labour: how unequal they are, what equal ones would give, and what flows to them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.arrays import AnyFrame
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.regression import Regression, codes, fixed_effects
from xinzhi.core.result import Facts
from xinzhi.core.text import Text
from xinzhi.sources.allocation.allocation_frames import PRODUCTS, AllocationFrames
from xinzhi.sources.allocation.shift_share import shift_share
from xinzhi.sources.assumptions import (
    catalogue,
    in_depth_parts,
    left_out,
    left_out_facts,
    read_positive,
    setting,
    span_text,
)
from xinzhi.sources.part_words import share_range_text
from xinzhi.sources.result import Sources

_COLUMNS = ("output", "capital", "labour", "labour_share")


def marginal_products(
    frame: AnyFrame,
    *,
    columns: tuple[str, str, str, str] = _COLUMNS,
    keys: tuple[str, str, str] = ("region", "industry", "year"),
) -> pl.DataFrame:
    """Return the value of the marginal products of capital and labour.

    Parameters
    ----------
    frame
        One row per region, industry and year (the `keys`).
    columns
        Names of value added, capital, labour and the labour share.

    Returns
    -------
    polars.DataFrame
        Keys, ``output, capital, labour, labour_share, mpk, mpl``: the share of a factor times output per unit of it,
        the marginal product of a function with these elasticities.

    Examples
    --------
    >>> import polars as pl
    >>> row = {"region": ["r"], "industry": ["a"], "year": [1], "output": [100.0], "capital": [200.0]}
    >>> marginal_products(pl.DataFrame(row | {"labour": [10.0], "labour_share": [0.4]})).select("mpk", "mpl").rows()
    [(0.3, 4.0)]
    """
    rows = read_positive(frame, keys, columns).rename(dict(zip(columns, _COLUMNS, strict=True)))
    if rows.filter(pl.col("labour_share") >= 1).height:
        raise InputError("sources.share-of-one")
    share = pl.col("labour_share")
    return rows.with_columns(
        mpk=(1 - share) * pl.col("output") / pl.col("capital"), mpl=share * pl.col("output") / pl.col("labour")
    )


def dispersion(
    frame: AnyFrame,
    *,
    products: tuple[str, ...] = ("mpk", "mpl"),
    keys: tuple[str, str, str] = ("region", "industry", "year"),
) -> pl.DataFrame:
    """Return how unequal marginal products are between regions, between industries and altogether.

    Parameters
    ----------
    frame
        What `marginal_products` returns, or any frame by region, industry and year (the `keys`) with such `products`.

    Returns
    -------
    polars.DataFrame
        ``year, factor, dimension, sd_log, gap_90_10, units``. Between ``regions``: within the same industry, mean over
        industries; between ``industries``: within the same region, mean over regions; ``all``: over both. The standard
        deviation is of logs, the gap the log of the ninth over the first decile (Hsieh and Klenow 2009, Quarterly
        Journal of Economics 124(4), table II).

    Examples
    --------
    >>> import polars as pl
    >>> rows = {"region": ["r", "s"], "industry": ["a", "a"], "year": [1, 1]}
    >>> out = dispersion(pl.DataFrame(rows | {"mpk": [1.0, 1.0], "mpl": [1.0, 2.718281828]}))
    >>> out.filter(dimension="regions").select("factor", pl.col("sd_log").round(3)).rows()
    [('mpk', 0.0), ('mpl', 0.5)]
    """
    rows = read_positive(frame, keys, products)
    region, industry, year = keys
    tables = []
    for factor in products:
        logs = pl.col(factor).log()
        gap, units = logs.quantile(0.9, "linear") - logs.quantile(0.1, "linear"), pl.len().cast(pl.Int64)
        for dimension, within in (("regions", [year, industry]), ("industries", [year, region]), ("all", [year])):
            cells = rows.group_by(within, maintain_order=True).agg(sd=logs.std(ddof=0), gap=gap, units=units)
            means = cells.group_by(pl.col(year).alias("year"), maintain_order=True).agg(
                sd_log=pl.col("sd").mean(), gap_90_10=pl.col("gap").mean(), units=pl.col("units").sum()
            )
            labels = {"factor": pl.lit(factor), "dimension": pl.lit(dimension)}
            tables.append(means.select("year", **labels, sd_log="sd_log", gap_90_10="gap_90_10", units="units"))
    return pl.concat([table.sort("year") for table in tables]).sort("year", maintain_order=True)


def equalising_gain(
    frame: AnyFrame,
    *,
    substitution: float,
    columns: tuple[str, str, str, str] = _COLUMNS,
    keys: tuple[str, str, str] = ("region", "industry", "year"),
) -> pl.DataFrame:
    r"""Return the log gain of output from equal marginal products between regions and between industries.

    Parameters
    ----------
    frame
        One row per region, industry and year (the `keys`); output at current prices.
    substitution
        Elasticity of substitution between the goods of different regions within an industry, above 1; Hsieh and Klenow
        take 3 and call it low, and the gain grows with it.
    columns
        Names of value added, capital, labour and the labour share (its output-weighted mean over regions is used).

    Returns
    -------
    polars.DataFrame
        ``year, gain_regions, gain_industries, gain, units``, in logs: from equalising between the regions of every
        industry, then between industries, and both.

    Notes
    -----
    Hsieh and Klenow (2009) with regions for firms. Output of the nation is a Cobb-Douglas function of industries with
    their shares :math:`\theta_i`, that of an industry a CES function of its regions. With
    :math:`A_{ri} \propto Y_{ri}^{\sigma/(\sigma-1)} / (K_{ri}^{\alpha_i} L_{ri}^{1-\alpha_i})` from revenue
    :math:`Y_{ri}`, efficient output is :math:`(\sum_r A_{ri}^{\sigma-1})^{1/(\sigma-1)} K_i^{\alpha_i}
    L_i^{1-\alpha_i}`; between industries capital goes in proportion to :math:`\alpha_i\theta_i`.

    Examples
    --------
    >>> import polars as pl
    >>> rows = {"region": ["r", "s"], "industry": ["a", "a"], "year": [1, 1], "output": [2.0, 2.0]}
    >>> made = {"capital": [1.0, 4.0], "labour": [1.0, 1.0], "labour_share": [0.5, 0.5]}
    >>> equalising_gain(pl.DataFrame(rows | made), substitution=3)["gain_regions"].round(4).to_list()
    [0.2231]
    """
    _check(substitution)
    rows = marginal_products(frame, columns=columns, keys=keys)
    _, industry, year = keys
    power = substitution / (substitution - 1)
    output, alpha = pl.col("output"), pl.col("alpha")
    capital, labour = alpha * pl.col("capital").log(), (1 - alpha) * pl.col("labour").log()
    rows = rows.with_columns(alpha=(1 - (pl.col("labour_share") * output).sum() / output.sum()).over(industry, year))
    # In logs: levels to the power of an elasticity would overflow.
    rows = rows.with_columns(a=power * output.log() - capital - labour)
    efficient = _log_sum((substitution - 1) * pl.col("a")) / (substitution - 1)
    totals = pl.col("output", "capital", "labour").sum()
    sums = rows.group_by(industry, year, maintain_order=True).agg(
        alpha.first(), totals, units=pl.len().cast(pl.Int64), efficient=efficient
    )
    sums = sums.with_columns(theta=(output / output.sum()).over(year))
    sums = sums.with_columns(own=pl.col("efficient") + capital + labour - power * output.log())
    rent, wage = alpha * pl.col("theta"), (1 - alpha) * pl.col("theta")
    best_capital = pl.col("capital").sum() * rent / rent.sum()
    best_labour = pl.col("labour").sum() * wage / wage.sum()
    industry_gain = rent * (best_capital / pl.col("capital")).log() + wage * (best_labour / pl.col("labour")).log()
    return (
        sums.group_by(pl.col(year).alias("year"), maintain_order=True)
        .agg(
            gain_regions=(pl.col("theta") * pl.col("own")).sum(),
            gain_industries=industry_gain.sum(),
            units=pl.col("units").sum(),
        )
        .with_columns(gain=pl.col("gain_regions") + pl.col("gain_industries"))
        .select("year", "gain_regions", "gain_industries", "gain", "units")
        .sort("year")
    )


def nested_gain(
    frame: AnyFrame,
    *,
    labour_share: float,
    substitution: tuple[float, float],
    columns: tuple[str, str, str] = ("output", "capital", "labour"),
    keys: tuple[str, str, str] = ("region", "ownership", "year"),
) -> pl.DataFrame:
    r"""Return the log gain of output from equal marginal products inside and between regions, state and non-state.

    Parameters
    ----------
    frame
        One row per region, inner sector (state, non-state) and year (the `keys`).
    labour_share
        Elasticity of output to labour, one for all.
    substitution
        Elasticities of substitution between regions, and between the sectors of one region, each above 1.
    columns
        Names of value added, capital and labour.

    Returns
    -------
    polars.DataFrame
        ``year, gain_within, gain_between, gain, units``, in logs: ``gain_within`` equalises the sectors of each region
        with the region's capital and labour, ``gain_between`` then the regions.

    Notes
    -----
    Brandt, Tombe and Zhu (2013), Factor market distortions across time, space and sectors in China, Review of Economic
    Dynamics 16(1), for the nest of provinces and ownership. They add capital and labour wedges one by one; here
    both factors move at once, in two steps.

    Examples
    --------
    >>> import polars as pl
    >>> rows = {"region": ["r", "r"], "ownership": ["state", "other"], "year": [1, 1], "output": [2.0, 2.0]}
    >>> frame = pl.DataFrame(rows | {"capital": [4.0, 1.0], "labour": [1.0, 1.0]})
    >>> nested_gain(frame, labour_share=0.5, substitution=(1.5, 1.5))["gain_within"].round(4).to_list()
    [0.1415]
    """
    outer, inner = substitution
    for elasticity in substitution:
        _check(elasticity)
    if not 0 < labour_share < 1:
        raise UsageError("sources.share-no-ratio", labour_share=labour_share)
    region, _, year = keys
    rows = read_positive(frame, keys, columns).rename(dict(zip(columns, _COLUMNS, strict=False)))
    bundle = (1 - labour_share) * pl.col("capital").log() + labour_share * pl.col("labour").log()
    # Revenue Y_s of the sectors gives real output of the region's good Y_r^(outer/(outer-1)), shared by
    # Y_s^(inner/(inner-1)).
    power = inner / (inner - 1)
    regions = (
        rows.with_columns(tilt=power * pl.col("output").log() - bundle)
        .group_by(region, year, maintain_order=True)
        .agg(
            pl.col("output", "capital", "labour").sum(),
            best=_log_sum((inner - 1) * pl.col("tilt")) / (inner - 1),
            units=pl.len().cast(pl.Int64),
        )
        .with_columns(bundle=bundle)
        .with_columns(within=pl.col("best") + pl.col("bundle") - power * pl.col("output").log())
    )
    real = outer / (outer - 1) * pl.col("output").log() + pl.col("within")
    fixed = (outer - 1) / outer
    return (
        regions.with_columns(after=real, a=real - pl.col("bundle"))
        .group_by(pl.col(year).alias("year"), maintain_order=True)
        .agg(
            before=outer / (outer - 1) * pl.col("output").sum().log(),
            middle=_log_sum(fixed * pl.col("after")) / fixed,
            last=_log_sum((outer - 1) * pl.col("a")) / (outer - 1)
            + (1 - labour_share) * pl.col("capital").sum().log()
            + labour_share * pl.col("labour").sum().log(),
            units=pl.col("units").sum(),
        )
        .select(
            "year",
            gain_within=pl.col("middle") - pl.col("before"),
            gain_between=pl.col("last") - pl.col("middle"),
            gain=pl.col("last") - pl.col("before"),
            units="units",
        )
        .sort("year")
    )


def _log_sum(logs: pl.Expr) -> pl.Expr:
    """Return the log of a sum of exponentials."""
    return logs.max() + (logs - logs.max()).exp().sum().log()


def _check(substitution: float) -> None:
    """Refuse an elasticity with which goods do not replace each other."""
    if not substitution > 1:
        raise UsageError("sources.substitution-low", substitution=substitution)


@dataclass(frozen=True, slots=True)
class Flows:
    """Whether a factor follows its return.

    `regression` is of the factor's growth on its log marginal product of the year before, within years (or industries
    and years); `correlation` of the two after those means; `by_year` has the plain one of every year.
    """

    regression: Regression
    correlation: float
    by_year: pl.DataFrame

    @property
    def frame(self) -> pl.DataFrame:
        """``term, coefficient, standard_error, t, correlation, observations, clusters``."""
        fit = self.regression
        extra = {"correlation": self.correlation, "observations": fit.observations, "clusters": fit.clusters}
        return fit.frame.with_columns(pl.lit(value).alias(name) for name, value in extra.items())


def flows(
    frame: AnyFrame,
    *,
    factor: str = "capital",
    product: str = "mpk",
    keys: tuple[str, str, str] = ("region", "industry", "year"),
    within_industries: bool = False,
) -> Flows:
    """Regress the growth of a factor on its marginal product the year before; errors are clustered by region.

    Parameters
    ----------
    frame
        One row per region, industry and year (the `keys`), such as `marginal_products` returns; migration and
        investment enter as the factor that they build.
    factor, product
        Columns: capital or labour, and its marginal product.
    within_industries
        Compare regions within the same industry and year, instead of all units within the year.

    Examples
    --------
    >>> import polars as pl
    >>> rows = [(r, "a", t, (1 + 0.1 * n) ** t, 1.0 + n) for n, r in enumerate("rstu") for t in (0, 1, 2)]
    >>> table = pl.DataFrame(rows, schema=["region", "industry", "year", "capital", "mpk"], orient="row")
    >>> flows(table).correlation > 0.9
    True
    """
    region, industry, year = keys
    rows = read_positive(frame, keys, [factor, product])
    before = rows.with_columns(pl.col(year) + 1)
    pairs = rows.join(before, on=list(keys), suffix="_0", maintain_order="left").with_columns(
        growth=(pl.col(factor) / pl.col(f"{factor}_0")).log(), product=pl.col(f"{product}_0").log()
    )
    if not pairs.height:
        raise InputError("sources.no-two-years")
    group = codes(list(pairs.select(industry, year).iter_rows()) if within_industries else pairs[year].to_list())
    y, x = pairs["growth"].to_numpy(), pairs["product"].to_numpy()[:, None]
    fit = fixed_effects(y, x, [f"log {product}, year before"], [group], codes(pairs[region].to_list()))
    inner = [values - (np.bincount(group, values) / np.bincount(group))[group] for values in (y, x[:, 0])]
    correlation = float(inner[0] @ inner[1] / np.sqrt((inner[0] @ inner[0]) * (inner[1] @ inner[1])))
    by_year = (
        pairs.group_by(pl.col(year).alias("year"))
        .agg(correlation=pl.corr("growth", "product"), units=pl.len().cast(pl.Int64))
        .with_columns(pl.col("correlation").fill_nan(None))
        .sort("year")
    )
    return Flows(fit, correlation, by_year)


COLUMNS = ("output_nominal", "capital", "labour", "labour_share")


@dataclass(frozen=True, repr=False, kw_only=True)
class Allocation(AllocationFrames, verb="sources_allocation", topic="sources", key=("year", "factor", "dimension")):
    """How well capital and labour are placed over the industries of the regions.

    `frame, gains, products, flows` are what `dispersion`, `equalising_gain` (in logs, at the elasticity
    `substitution`), `marginal_products` and `flows` (by factor) return; `productivity` the shift-share of labour
    productivity, means per year; `left_out` what these industries do not allow. `alternative` is the same under the
    other labour shares that ship, None where the data leave none open: sentences hold under both. `guessed` are years
    in which figures of some region are extrapolated.
    """

    gains: pl.DataFrame
    left_out: pl.DataFrame
    substitution: float
    regions: pl.DataFrame
    guessed: tuple[int, ...]
    alternative: Allocation | None = None

    @property
    def views(self) -> tuple[Allocation, ...]:
        """The look in depth, and that under the other labour shares where the data leave them open."""
        return (self,) if self.alternative is None else (self, self.alternative)

    @property
    def shares(self) -> str:
        """The assumption on labour shares that frames and pictures rest on."""
        return str(self.provenance.options.get("assume.shares", catalogue()["shares"]["value"]))

    def facts(self) -> Facts:
        """Return what equal marginal products would bring, first and last, and whether factors follow returns."""
        gain: dict[str, object] = {}
        for name, at in (("start", 0), ("end", -1)):
            gain[name] = span_text(self.gains["year"][at], self.gains["year"][at], self.guessed)
        ends = {"then": ("gain", 0), "now": ("gain", -1), "industries": ("gain_industries", -1)}
        for name, (column, at) in {**ends, "regions": ("gain_regions", -1)}.items():
            gain[name] = share_range_text([view.gains[column][at] for view in self.views], "whole")
        flows = [self._flow(row["factor"]) for row in self.flows.iter_rows(named=True)]
        return {"allocation.gain": gain, "allocation.flow": flows, **left_out_facts(self.left_out)}

    def follows(self, factor: str) -> str:
        """Return whether a factor goes where it earns more, as `way`; ``open`` where the labour shares decide."""
        ways = {way(row["t"]) for view in self.views for row in view.flows.filter(factor=factor).to_dicts()}
        return ways.pop() if len(ways) == 1 else "open"

    def coefficients_of(self, factor: str) -> pl.DataFrame:
        """Return the coefficients of a factor, under the other labour shares too where the data leave them open."""
        return pl.concat([view.flows.filter(factor=factor) for view in self.views])

    def _flow(self, factor: str) -> dict[str, object]:
        """Return whether a factor goes where it earns more, with the range of its coefficient."""
        fits = self.coefficients_of(factor)
        coefficient, error = (
            share_range_text(fits["coefficient"], "score"),
            share_range_text(fits["standard_error"], "error"),
        )
        span = span_text(self.gains["year"][0], self.gains["year"][-1], self.guessed)
        return {"factor": factor, "way": self.follows(factor), "span": span, "coefficient": coefficient, "error": error}


def way(t: float) -> str:
    """Return whether a factor goes where it earns more, by the t of its coefficient: follows, against or either."""
    if abs(t) < setting("significant"):
        return "either"
    return "follows" if t > 0 else "against"


def in_depth(result: Sources, *, substitution: float | None = None) -> Allocation:
    """Look deeper into allocation: dispersion of marginal products, gains from equal ones, flows, shift-share.

    Parameters
    ----------
    result
        A decomposition by industries or sectors.
    substitution
        Elasticity between the goods of different regions; by default that of the conventions, 3.

    Raises
    ------
    InputError
        When levels do not compare between regions, or there is one industry only.

    Examples
    --------
    >>> from xinzhi.sources import decompose
    >>> found = in_depth(decompose("china-provinces"))
    >>> found.flows.select("factor", (found.flows["coefficient"] > 0).alias("follows")).rows()
    [('labour', True), ('capital', False)]
    """
    if result.inputs["industry"].n_unique() <= 1 or not result.industries["distance"].is_not_null().any():
        raise InputError("sources.allocation-needs")
    sigma = float(setting("substitution")) if substitution is None else substitution
    products = marginal_products(result.inputs, columns=COLUMNS)
    follow, no_flows = _flows(products)
    productivity, no_shares = _productivity(result)
    return Allocation(
        frame=dispersion(products),
        gains=equalising_gain(result.inputs, substitution=sigma, columns=COLUMNS),
        products=products,
        flows=follow,
        productivity=productivity,
        left_out=left_out([*no_flows, *no_shares]),
        substitution=sigma,
        alternative=None if result.alternative is None else in_depth(result.alternative, substitution=sigma),
        **in_depth_parts(result.measurement, result, "allocation", substitution=sigma),
    )


def _flows(products: pl.DataFrame) -> tuple[pl.DataFrame, list[tuple[Text, Text]]]:
    """Return whether either factor follows its return, and why that cannot be told."""
    numbers = ("coefficient", "standard_error", "t", "correlation")
    counts = ("observations", "clusters")
    schema = {"factor": pl.String, **dict.fromkeys(numbers, pl.Float64), **dict.fromkeys(counts, pl.Int64)}
    fits = [pl.DataFrame(schema=schema)]
    lacking: list[tuple[Text, Text]] = []
    for factor, product in PRODUCTS.items():
        try:
            fit = flows(products, factor=factor, product=product).frame
        except InputError as error:
            lacking.append((words.sources.measure_of(f"flows_{factor}"), error.text))
            continue
        fits.append(fit.select(pl.lit(factor).alias("factor"), pl.col(numbers), pl.col(counts).cast(pl.Int64)))
    return pl.concat(fits), lacking


def _productivity(result: Sources) -> tuple[pl.DataFrame, list[tuple[Text, Text]]]:
    """Return the shift-share of labour productivity, means per year over the years that each region has."""
    effects = ("within", "static", "dynamic", "total")
    schema = {"region": pl.String, "start": pl.Int64, "end": pl.Int64, **dict.fromkeys(effects, pl.Float64)}
    try:
        parts = shift_share(result.inputs)
    except InputError as error:
        return pl.DataFrame(schema=schema), [(words.sources.measure_shift_share(), error.text)]
    yearly = parts.group_by("region", "year").agg(pl.col(effects).sum()).sort("region", "year")
    means = yearly.group_by("region", maintain_order=True).agg(
        pl.col(effects).mean(), start=pl.col("year").min() - 1, end=pl.col("year").max()
    )
    return means.select(*schema), []

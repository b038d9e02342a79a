"""In depth: how unequal returns are under a decomposition, what equal ones would bring, and whether factors follow."""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl

from xinzhi.core.errors import InputError
from xinzhi.core.result import Facts, Result
from xinzhi.core.text import Text, words
from xinzhi.sources.allocation.marginal_products import dispersion, equalising_gain, flows, marginal_products
from xinzhi.sources.allocation.shift_share import shift_share
from xinzhi.sources.assumptions import left_out, left_out_facts, setting
from xinzhi.sources.result import Sources

COLUMNS = ("output_nominal", "capital", "labour", "labour_share")
PRODUCTS = {"labour": "mpl", "capital": "mpk"}


@dataclass(frozen=True, repr=False, kw_only=True)
class Allocation(Result, verb="sources_allocation", topic="sources", key=("year", "factor", "dimension")):
    """How well capital and labour are placed over the industries of the regions.

    `frame, gains, products, flows` are what `dispersion`, `equalising_gain` (in logs, at the elasticity
    `substitution`), `marginal_products` and `flows` (by factor) return; `productivity` the shift-share of labour
    productivity, means per year; `left_out` what these industries do not allow.
    """

    gains: pl.DataFrame
    products: pl.DataFrame
    flows: pl.DataFrame
    productivity: pl.DataFrame
    left_out: pl.DataFrame
    substitution: float
    regions: pl.DataFrame

    def facts(self) -> Facts:
        """Return what equal marginal products would bring, first and last, and whether factors follow returns."""
        first, last = self.gains.row(0, named=True), self.gains.row(-1, named=True)
        ends = {"start": first["year"], "end": last["year"], "then": first["gain"], "now": last["gain"]}
        between = {"industries": last["gain_industries"], "regions": last["gain_regions"]}
        flows = [row | {"way": way(row["t"])} for row in self.flows.iter_rows(named=True)]
        return {"allocation.gain": ends | between, "allocation.flow": flows, **left_out_facts(self.left_out)}


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
        regions=result.measurement.regions,
        names=result.names,
        kind=result.kind,
        provenance=replace(
            result.provenance, verb="sources.allocation", options={**result.provenance.options, "substitution": sigma}
        ),
    )


def _flows(products: pl.DataFrame) -> tuple[pl.DataFrame, list[tuple[Text, Text]]]:
    """Return whether either factor follows its return, and why that cannot be told."""
    numbers = ("coefficient", "standard_error", "t", "correlation")
    counts = ("observations", "clusters")
    schema = {"factor": pl.String, **dict.fromkeys(numbers, pl.Float64), **dict.fromkeys(counts, pl.Int64)}
    found, lacking = [pl.DataFrame(schema=schema)], []
    for factor, product in PRODUCTS.items():
        try:
            fit = flows(products, factor=factor, product=product).frame
        except InputError as error:
            lacking.append((words(f"sources.measure.flows_{factor}"), error.text))
            continue
        found.append(fit.select(pl.lit(factor).alias("factor"), pl.col(numbers), pl.col(counts).cast(pl.Int64)))
    return pl.concat(found), lacking


def _productivity(result: Sources) -> tuple[pl.DataFrame, list[tuple[Text, Text]]]:
    """Return the shift-share of labour productivity, means per year over the years that each region has."""
    effects = ("within", "static", "dynamic", "total")
    schema = {"region": pl.String, "start": pl.Int64, "end": pl.Int64, **dict.fromkeys(effects, pl.Float64)}
    try:
        parts = shift_share(result.inputs)
    except InputError as error:
        return pl.DataFrame(schema=schema), [(words("sources.measure.shift_share"), error.text)]
    yearly = parts.group_by("region", "year").agg(pl.col(effects).sum()).sort("region", "year")
    means = yearly.group_by("region", maintain_order=True).agg(
        pl.col(effects).mean(), start=pl.col("year").min() - 1, end=pl.col("year").max()
    )
    return means.select(*schema), []

"""The frames of an allocation that its page shows: spreads of returns, flows of factors and what each had earned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from xinzhi.core.periods import with_period
from xinzhi.core.result import Result

PRODUCTS: Mapping[str, str] = {"labour": "mpl", "capital": "mpk"}  # the marginal product of each factor
DIMENSIONS = ("regions", "industries")
SPREADS = tuple(f"{factor}_{dimension}" for factor in PRODUCTS for dimension in DIMENSIONS)


@dataclass(frozen=True, repr=False, kw_only=True)
class AllocationFrames(Result):
    """What marginal products, flows and the shift-share of an allocation give to show."""

    products: pl.DataFrame
    flows: pl.DataFrame
    productivity: pl.DataFrame

    @property
    def spreads(self) -> pl.DataFrame:
        """The dispersion of returns among regions and among industries, `spread` naming factor and dimension."""
        factors = pl.col("factor").replace({product: factor for factor, product in PRODUCTS.items()})
        rows = self.frame.filter(pl.col("dimension").is_in(DIMENSIONS))
        named = rows.with_columns(spread=pl.format("{}_{}", factors, "dimension"))
        return named.sort(pl.col("spread").cast(pl.Enum(SPREADS)), "year")

    @property
    def whole_flows(self) -> pl.DataFrame:
        """The flows, their observations as whole numbers."""
        return self.flows.with_columns(pl.col("observations").cast(pl.Int64))

    @property
    def productivity_by_growth(self) -> pl.DataFrame:
        """The shift-share of labour productivity, fastest first."""
        return with_period(self.productivity).sort("total", descending=True)

    def spread_ends(self, spread: str) -> tuple[float, float]:
        """Return the standard deviation of logarithms of a spread, first and last year."""
        values = self.spreads.filter(spread=spread)["sd_log"]
        return values[0], values[-1]

    def flow_means(self, factor: str) -> pl.DataFrame:
        """Return ``region, industry, product, growth``: log product the year before, and growth, less the year's mean.

        Means over the years; the slope through them is that of the regression within years.
        """
        rows = self.products.select(
            "region", "industry", "year", pl.col(factor).log(), product=pl.col(PRODUCTS[factor]).log()
        )
        before = rows.with_columns(pl.col("year") + 1)
        pairs = rows.join(before, on=["region", "industry", "year"], suffix="_0").select(
            "region", "industry", "year", product="product_0", growth=pl.col(factor) - pl.col(f"{factor}_0")
        )
        around = [(pl.col(name) - pl.col(name).mean().over("year")).alias(name) for name in ("product", "growth")]
        means = pairs.with_columns(around).group_by("region", "industry", maintain_order=True)
        return means.agg(pl.col("product", "growth").mean()).sort("region", "industry")

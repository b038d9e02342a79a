"""Flows: whether capital and labour go where their marginal product is higher."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from xinzhi.core.arrays import AnyFrame
from xinzhi.core.errors import InputError
from xinzhi.core.regression import Regression, codes, fixed_effects
from xinzhi.sources.reading import read, require_positive


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

    Raises
    ------
    InputError
        When figures are missing or not positive, or no unit has two consecutive years.

    Examples
    --------
    >>> import polars as pl
    >>> rows = [(r, "a", t, (1 + 0.1 * n) ** t, 1.0 + n) for n, r in enumerate("rstu") for t in (0, 1, 2)]
    >>> table = pl.DataFrame(rows, schema=["region", "industry", "year", "capital", "mpk"], orient="row")
    >>> flows(table).correlation > 0.9
    True
    """
    region, industry, year = keys
    rows, _ = read(frame, keys, [factor, product], year=year)
    require_positive(rows, [factor, product], keys)
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
    both = float(inner[0] @ inner[1] / np.sqrt((inner[0] @ inner[0]) * (inner[1] @ inner[1])))
    by_year = (
        pairs.group_by(pl.col(year).alias("year"))
        .agg(correlation=pl.corr("growth", "product"), units=pl.len().cast(pl.Int64))
        .with_columns(pl.col("correlation").fill_nan(None))
        .sort("year")
    )
    return Flows(fit, both, by_year)

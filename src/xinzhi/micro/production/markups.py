"""The verb `markups`: price over marginal cost, from an elasticity and the share of an input's cost in revenue."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from xinzhi.core.arrays import AnyFrame
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.result import Facts, Result
from xinzhi.data import Field, tidy
from xinzhi.micro.production.estimator import ANSWERS, usable
from xinzhi.micro.production.result import ProductionFunction, dropped_facts


@dataclass(frozen=True, repr=False, kw_only=True)
class Markups(Result, verb="markups", topic="production", key=("firm", "year")):
    """Markups by firm and year: `elasticity` of the input, `share` of its cost in revenue, and their ratio `markup`.

    `years` has by group and year the number of firms, the quartiles, and the mean by revenue; `dropped` counts the rows
    without a markup by reason.
    """

    years: pl.DataFrame
    dropped: pl.DataFrame

    def facts(self) -> Facts:
        """Return the median and the mean by revenue, and what was left out."""
        markup, weight = (self.frame[name].to_numpy() for name in ("markup", "revenue"))
        values = {"median": float(np.median(markup)), "mean": float(np.average(markup, weights=weight))}
        return {"headline.markups": {"n": self.frame.height, **values}, "note.dropped": dropped_facts(self.dropped)}


def markups(
    production: ProductionFunction,
    frame: AnyFrame,
    input: str,  # noqa: A002 - what it is
    *,
    cost: str,
    revenue: str,
    method: str | None = None,
) -> Markups:
    """Return the markup of every firm and year (De Loecker and Warzynski 2012).

    A firm that minimises cost sets the elasticity of an input that it can vary freely equal to its share in revenue
    times the markup. Revenue is taken without the noise of output where the first stage tells it apart.

    Parameters
    ----------
    production
        A production function, of the rows of `frame`.
    frame
        A frame of any kind with the firm and year of the production function.
    input
        A free input of the production function.
    cost, revenue
        The columns of what the firm pays for it, and of its revenue.
    method
        A method of the production function; the first by default.

    Returns
    -------
    Markups
        A row for each firm and year, and years by group.

    Examples
    --------
    >>> import numpy as np
    >>> from xinzhi.micro import production_function
    >>> rng = np.random.default_rng(1)
    >>> l, k = rng.normal(size=(2, 300))
    >>> data = {"firm": np.arange(300) // 3, "year": np.arange(300) % 3, "l": l, "k": k, "y": 0.6 * l + 0.4 * k}
    >>> data = pl.DataFrame(data).with_columns(wages=0.5, sales=1.0)
    >>> result = production_function(data, "y", ["l"], ["k"], method="ols", logs=False)
    >>> round(markups(result, data, "l", cost="wages", revenue="sales").frame["markup"].median(), 3)
    1.2
    """
    options = production.provenance.options
    name = method or production.methods[0]
    if name not in production.methods or input not in options["free"] + options["proxy"]:
        raise UsageError("production.no-input", input=input, known=[*options["free"], *options["proxy"]])
    if production.diagnostics.filter(pl.col("method") == name, pl.col("status").is_in(ANSWERS)).is_empty():
        raise InputError("production.no-term", (), term=input, method=name, group="-")
    firm, year = options["firm"], options["year"]
    fields = [Field(firm, "any"), Field(year, "year"), Field(cost), Field(revenue)]
    table = tidy(frame, fields, key=[firm, year], verb="markups", table="firms", columns_from_caller=True)
    elasticity = production.elasticities.filter(pl.col("method") == name, pl.col("term") == input)
    rows = production.productivity.filter(pl.col("method") == name).join(
        elasticity.select("group", _mean="estimate"), on="group", how="left", maintain_order="left"
    )
    row_elasticity = f"elasticity:{input}"
    by_row = pl.coalesce(row_elasticity, "_mean") if row_elasticity in rows.columns else pl.col("_mean")
    columns = {"firm": pl.col(firm), "year": pl.col(year), "cost": pl.col(cost), "revenue": pl.col(revenue)}
    joined = rows.select("group", "firm", "year", elasticity=by_row, noise=pl.col("noise").fill_null(0.0)).join(
        table.frame.select(**columns), on=["firm", "year"], how="left", maintain_order="left"
    )
    faults = [(column, why) for column in ("elasticity", "cost", "revenue") for why in ("missing", "zero", "negative")]
    good, dropped = usable(joined, faults)
    dropped = dropped.with_columns(pl.col("column").replace({"cost": cost, "revenue": revenue, "elasticity": input}))
    share = pl.col("cost") / (pl.col("revenue") * (-pl.col("noise")).exp())
    markup_rows = good.with_columns(share=share, markup=pl.col("elasticity") / share)
    markup_rows = markup_rows.select("group", "firm", "year", "elasticity", "share", "markup", "revenue")
    if markup_rows.is_empty():
        raise InputError("production.no-markup")
    markup, weight = pl.col("markup"), pl.col("revenue")
    years = markup_rows.group_by("group", "year", maintain_order=True).agg(
        firms=pl.len(),
        low=markup.quantile(0.25, "linear"),
        median=markup.median(),
        high=markup.quantile(0.75, "linear"),
        mean=(markup * weight).sum() / weight.sum(),
    )
    about = table.provenance("markups", input=input, cost=cost, revenue=revenue, method=name)
    return Markups(
        frame=markup_rows, provenance=about, kind=table.kind, years=years.sort("group", "year"), dropped=dropped
    )

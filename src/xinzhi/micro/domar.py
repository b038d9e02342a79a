"""Aggregation of industries with markups: cost-based Domar weights (Baqaee and Farhi 2020)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from xinzhi.core.arrays import AnyFrame, FloatArray
from xinzhi.core.errors import InputError
from xinzhi.core.result import Facts, Result
from xinzhi.core.text import same
from xinzhi.data import provenance, read_any

FINAL, FACTORS = "final", ("capital", "labour")


@dataclass(frozen=True, repr=False, kw_only=True)
class Domar(Result, verb="domar", topic="firms", key=("industry",)):
    """Weights of industries: by sales and by cost; `factors` those of capital and labour."""

    factors: pl.DataFrame

    def growth(
        self, tfp: Mapping[str, float], markups: Mapping[str, float], shares: Mapping[str, float]
    ) -> dict[str, float]:
        """Return aggregate TFP growth by technology and by allocation, to first order.

        Parameters
        ----------
        tfp, markups
            Changes of log productivity and of log markups by industry.
        shares
            Changes of the log shares of factors in income.
        """
        weight = dict(self.frame.select("industry", "cost_based").iter_rows())
        factor = dict(self.factors.select("factor", "cost_based").iter_rows())
        technology = sum(weight[name] * change for name, change in tfp.items())
        allocation = -sum(weight[name] * change for name, change in markups.items())
        allocation -= sum(factor[name] * change for name, change in shares.items())
        return {"technology": technology, "allocation": allocation, "total": technology + allocation}

    def facts(self) -> Facts:
        """Return the sums of both weights."""
        sums = self.frame.select(pl.col("sales_based", "cost_based").sum()).row(0, named=True)
        return {"answer.domar": sums | {"n": self.frame.height}}


def domar(table: AnyFrame, markups: Mapping[str, float] | None = None) -> Domar:
    """Return the Domar weights of industries by sales and by cost from an input-output table.

    Parameters
    ----------
    table
        Long: ``from, to, value``; what industries sell to one another, `from` capital and labour what they pay, `to`
        final what they sell to final users. Values of costs are at cost: without the markup of the buyer.
    markups
        Sales over cost by industry; 1 where it is not named.

    Notes
    -----
    With cost shares Ω̃ and final shares b, cost-based weights are b(I - Ω̃)⁻¹ and sales-based ones b(I - Ω)⁻¹ with
    Ω = Ω̃/μ. Where every markup is one they are the same (Hulten 1978).

    Examples
    --------
    >>> import polars as pl
    >>> flows = [("a", "b", 2.0), ("labour", "a", 2.0), ("labour", "b", 2.0), ("b", "final", 4.0)]
    >>> made = domar(pl.DataFrame(flows, schema=["from", "to", "value"], orient="row"))
    >>> made.frame.rows()
    [('a', 0.5, 0.5), ('b', 1.0, 1.0)]
    """
    flows = read_any(table, "flows")[0].cells
    if missing := {"from", "to", "value"} - set(flows.columns):
        raise InputError(
            "micro.no-column", (), missing=[same(x) for x in sorted(missing)], known=[same(x) for x in flows.columns]
        )
    cells: dict[tuple[str, str], float] = {}
    for source, target, value in flows.select("from", "to", pl.col("value").cast(pl.Float64)).iter_rows():
        cells[source, target] = cells.get((source, target), 0.0) + value
    names = sorted({one for pair in cells for one in pair} - {FINAL, *FACTORS})
    rows = [*names, *FACTORS]
    cost = np.array([[cells.get((source, target), 0.0) for source in rows] for target in names])
    total, final = cost.sum(axis=1), np.array([cells.get((name, FINAL), 0.0) for name in names])
    if (cost < 0).any() or (final < 0).any() or not (total > 0).all() or final.sum() <= 0:
        raise InputError("micro.flows", ())
    share = cost / total[:, None]
    markup = np.array([(markups or {}).get(name, 1.0) for name in names])
    if not (markup > 0).all():
        raise InputError("micro.flows", ())
    b = final / final.sum()
    by_cost, by_sales = _weights(share, b), _weights(share / markup[:, None], b)
    frame = pl.DataFrame(
        {"industry": names, "sales_based": by_sales[: len(names)], "cost_based": by_cost[: len(names)]}
    )
    factors = {"factor": FACTORS, "sales_based": by_sales[len(names) :], "cost_based": by_cost[len(names) :]}
    return Domar(
        frame=frame, factors=pl.DataFrame(factors), provenance=provenance("domar", markups=dict(markups or {}))
    )


def _weights(share: FloatArray, final: FloatArray) -> FloatArray:
    """Return the weights of industries and factors."""
    n = len(final)
    industries = np.linalg.solve((np.eye(n) - share[:, :n]).T, final)
    weights: FloatArray = np.concatenate([industries, industries @ share[:, n:]]).astype(float)
    return weights

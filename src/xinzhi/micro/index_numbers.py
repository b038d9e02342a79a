"""Index numbers: firms against their industry (Törnqvist), industries in the aggregate (cost-based Domar weights)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.arrays import AnyEngine, AnyFrame, Ibis
from xinzhi.core.errors import InputError
from xinzhi.core.facts import Fact
from xinzhi.core.finding import Finding
from xinzhi.core.provenance import provenance
from xinzhi.core.result import Result
from xinzhi.data.internal import read_any
from xinzhi.micro.panel import Duplicates, Panel, choose, no_column, panel

CELL = ("industry", "year")
INPUTS = {"labour": "wages", "intermediates": "intermediates"}  # what an input costs; capital has the rest


@dataclass(frozen=True, repr=False, kw_only=True)
class FirmIndex(Result, verb="tfp_index", topic="firms", key=CELL):
    """Productivity of firms: ``frame`` by industry and year, `table` an expression with ``firm, year, ln_tfp``.

    Parameters
    ----------
    table
        The productivity of every firm, in log points; of an engine, so that it may be as long as it likes.
    held
        The panel it is of.
    """

    table: Ibis
    panel: Panel
    findings: tuple[Finding, ...] = ()

    def write(self, path: Path | str) -> Path:
        """Write the productivity of every firm as parquet, without bringing it home."""
        return self.panel.engine.write(self.table, path)

    def answer(self) -> Iterator[Fact]:
        """Yield of how many industries and years."""
        yield words.firms.answer_index(n=self.frame.height, firms=int(self.frame["firms"].sum()))


def tfp_index(
    table: AnyFrame,
    columns: Mapping[str, str] | None = None,
    *,
    inputs: Sequence[str] = ("capital", "labour"),
    chained: bool = True,
    duplicates: Duplicates = "refuse",
    engine: AnyEngine = None,
) -> FirmIndex:
    """Compare every firm with the mean firm of its industry and year, and that firm with the one of the year before.

    Parameters
    ----------
    table, columns
        A table of any kind and what its columns are called, or a `Panel`. Needed: ``firm, year, industry, output,
        wages`` and the inputs. With ``intermediates`` among them, output is gross.
    inputs
        ``capital, labour`` and, for gross output, ``intermediates``. Labour costs its wages, intermediates themselves,
        and capital has the rest, which is cut at zero.
    chained
        Whether the mean firms of an industry are chained over years (Good, Nadiri and Sickles 1997), so that levels
        compare over time; else every year stands for itself.
    duplicates, engine
        See `panel` and `connect`.

    Examples
    --------
    >>> from xinzhi.micro import mock
    >>> made = tfp_index(mock(300, (2000, 2003), seed=1))
    >>> made.frame.columns
    ['industry', 'year', 'firms', 'mean_ln_tfp', 'sd_ln_tfp']
    """
    choose("inputs", ("capital", *INPUTS), *inputs)
    amounts = tuple(dict.fromkeys(("output", "wages", *inputs)))
    firms = table if isinstance(table, Panel) else None
    if firms is None:
        used = ("industry", *amounts)
        firms = panel(table, columns, engine=engine, duplicates=duplicates, roles=used)
    firms.need("industry", *amounts)
    rows = firms.table.filter([firms.table[name] > 0 for name in amounts])
    costs = {name: rows[INPUTS[name]] / rows.output for name in inputs if name != "capital"}
    logs = {f"x_{name}": rows[name].ln() for name in inputs} | {f"s_{name}": cost for name, cost in costs.items()}
    rows = rows.select("firm", "year", "industry", y=rows.output.ln(), **logs)
    if "capital" in inputs:
        rest = 1.0 - sum(rows[f"s_{name}"] for name in costs)
        rows = rows.mutate(s_capital=(rest > 0).ifelse(rest, 0.0))
    names = ["y", *(f"{kind}_{name}" for kind in "xs" for name in inputs)]
    means = firms.engine.collect(
        rows.group_by(list(CELL)).agg(firms=rows.count(), **{f"m_{n}": rows[n].mean() for n in names})
    )
    firms = firms.with_count_findings(means, *amounts)
    means = _chained(means.sort(CELL), inputs) if chained else means.with_columns(base=pl.lit(0.0))
    small = firms.engine.table(means.drop("firms").rename({key: f"_{key}" for key in CELL}))
    rows = rows.join(small, [rows[key] == small[f"_{key}"] for key in CELL])
    value = rows.base + rows.y - rows.m_y
    for name in inputs:
        weight = (rows[f"s_{name}"] + rows[f"m_s_{name}"]) / 2
        value = value - weight * (rows[f"x_{name}"] - rows[f"m_x_{name}"])
    productivity = rows.select("firm", "year", "industry", ln_tfp=value)
    sums = productivity.group_by(list(CELL)).agg(
        firms=productivity.count(), mean_ln_tfp=productivity.ln_tfp.mean(), sd=productivity.ln_tfp.var(how="pop")
    )
    frame = firms.engine.collect(sums).sort(CELL).select(*CELL, "firms", "mean_ln_tfp", sd_ln_tfp=pl.col("sd").sqrt())
    about = provenance("tfp_index", inputs=list(inputs), chained=chained)
    return FirmIndex(frame=frame, table=productivity, panel=firms, findings=firms.findings, provenance=about)


def _chained(means: pl.DataFrame, inputs: Sequence[str]) -> pl.DataFrame:
    """Return the mean firms with their own index over the years of the industry."""
    change = pl.col("m_y").diff()
    for name in inputs:
        weight = (pl.col(f"m_s_{name}") + pl.col(f"m_s_{name}").shift(1)) / 2
        change = change - weight * pl.col(f"m_x_{name}").diff()
    return means.with_columns(base=change.fill_null(0.0).cum_sum().over("industry", order_by="year"))


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

    def answer(self) -> Iterator[Fact]:
        """Yield the sums of both weights."""
        sums = self.frame.select(pl.col("sales_based", "cost_based").sum()).row(0, named=True)
        yield words.firms.answer_domar(
            n=self.frame.height, sales_based=sums["sales_based"], cost_based=sums["cost_based"]
        )


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
        raise no_column(sorted(missing), flows.columns, with_findings=False)
    cells: dict[tuple[str, str], float] = {}
    for source, target, value in flows.select("from", "to", pl.col("value").cast(pl.Float64)).iter_rows():
        cells[source, target] = cells.get((source, target), 0.0) + value
    names = sorted({name for pair in cells for name in pair} - {FINAL, *FACTORS})
    rows = [*names, *FACTORS]
    cost = np.array([[cells.get((source, target), 0.0) for source in rows] for target in names])
    total, final = cost.sum(axis=1), np.array([cells.get((name, FINAL), 0.0) for name in names])
    if (cost < 0).any() or (final < 0).any() or not (total > 0).all() or final.sum() <= 0:
        raise InputError("micro.flows", ())
    share = cost / total[:, None]
    markup = np.array([(markups or {}).get(name, 1.0) for name in names])
    if not (markup > 0).all():
        raise InputError("micro.flows", ())
    n, weights = len(names), {}
    for name, part in (("sales_based", share / markup[:, None]), ("cost_based", share)):
        industries = np.linalg.solve((np.eye(n) - part[:, :n]).T, final / final.sum())
        weights[name] = np.concatenate([industries, industries @ part[:, n:]])
    all_weights = pl.DataFrame({"industry": rows, **weights})
    about = provenance("domar", markups=dict(markups or {}))
    return Domar(frame=all_weights[:n], factors=all_weights[n:].rename({"industry": "factor"}), provenance=about)
